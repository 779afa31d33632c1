/* Trying what was taken before it serves: the one place where the canary is called. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "overt/database.h"
#include "save.h"
#include "source_int.h"
#include "store.h"
#include "text.h"

/* The name by which it will be in force: the canary finds the one that is in force now by it. */
static ov_status try_one(struct ov_sources_run *x, const char *path, const char *file)
{
	char name[OV_CONF_NAME_MAX + OV_RECORD_NAME + 2];

	(void)snprintf(name, sizeof name, "%s.%s", x->c->name, file);
	return x->o->canary(x->o->ctx, path, ov_str_of(name), x->item->why);
}

static ov_status try_single(struct ov_sources_run *x, const struct ov_record_file *f)
{
	char name[80] = "db/", *path;
	ov_status s;

	ov_hex_encode(f->sha256, OV_SHA256_BYTES, name + 3);
	path = ov_store_path(x->o->folder, name);
	s = path != NULL ? try_one(x, path, f->name) : OV_NOMEM;
	free(path);
	return s;
}

static ov_status link_all(const char *folder, const struct ov_record_file *f, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char target[96] = "../../db/";

		if (!f[i].is_read)
			continue;
		ov_hex_encode(f[i].sha256, OV_SHA256_BYTES, target + 9);
		OV_TRY(ov_store_link(folder, f[i].name, target));
	}
	return OV_OK;
}

static void unlink_all(const char *folder, const struct ov_record_file *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].is_read)
			(void)!ov_store_remove(folder, f[i].name);
	(void)rmdir(folder);
}

/* Compiles the folder of links to one database. */
static ov_status compile(struct ov_sources_run *x, const char *folder, const char *out)
{
	struct overt_options *o = overt_options_new();
	struct overt_build_result r = { .refused = 0 };
	enum overt_status st = OVERT_NO_MEMORY;

	if (o != NULL)
		st = overt_options_add_database(o, folder);
	if (st == OVERT_OK)
		st = overt_options_set_cache(o, NULL);
	if (st == OVERT_OK)
		st = overt_database_build(o, out, x->o->told, x->o->told_ctx, &r, x->item->why);
	overt_options_free(o != NULL ? &o : &(struct overt_options *){ NULL });
	x->item->refused += r.refused;
	if (st == OVERT_OK && r.signatures == 0) {
		(void)snprintf(x->item->why, sizeof x->item->why,
			       "there is no rule in it that can be read (%llu refused)",
			       (unsigned long long)r.refused);
		return OV_BAD;
	}
	return st == OVERT_OK	       ? OV_OK
	       : st == OVERT_NO_MEMORY ? OV_NOMEM
	       : st == OVERT_REFUSED   ? OV_BAD
				       : OV_IO;
}

/* Many files: tried as one database, in the time of one. */
static ov_status try_set(struct ov_sources_run *x, const struct ov_record_file *f, size_t n)
{
	char *folder = ov_store_path(x->o->folder, "incoming/trial");
	char *out = ov_store_path(x->o->folder, "incoming/trial.odb");
	ov_status s = folder != NULL && out != NULL ? ov_save_folder(folder) : OV_NOMEM;

	if (s == OV_OK)
		s = link_all(folder, f, n);
	if (s == OV_OK)
		s = compile(x, folder, out);
	if (s == OV_OK && x->o->canary != NULL)
		s = try_one(x, out, "odb");
	if (folder != NULL)
		unlink_all(folder, f, n);
	if (out != NULL)
		(void)unlink(out);
	free(folder);
	free(out);
	return s;
}

ov_status ov_source_try(struct ov_sources_run *x, const struct ov_record_file *f, size_t n)
{
	const struct ov_record_file *single = NULL;
	size_t nread = 0;

	for (size_t i = 0; i < n; i++)
		if (f[i].is_read) {
			single = &f[i];
			nread++;
		}
	if (nread == 0)
		return OV_OK;
	/* Rules are compiled even when they are not tried: an error's page is no set of rules. */
	if (nread > 1 || x->c->kind == OV_SOURCE_YARA)
		return try_set(x, f, n);
	return x->o->canary != NULL ? try_single(x, single) : OV_OK;
}
