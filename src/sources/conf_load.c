/* Reading a folder of sources. */
#include "source_conf.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "store.h"
#include "text.h"

static int is_conf(const struct dirent *e)
{
	return e->d_name[0] != '.' && ov_text_ends_with(ov_str_of(e->d_name), OV_STR(".conf")) != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static ov_status load_one(const char *folder, const char *name, struct ov_arena *a,
			  struct ov_source_list *out, char error[OV_CONF_ERROR])
{
	const struct ov_str stem = { name, strlen(name) - 5 };
	struct ov_buf b = ov_buf_of(OV_CONF_MAX + 1);
	char *path = ov_store_path(folder, name);
	ov_status s = path != NULL ? ov_store_read(folder, name, OV_CONF_MAX, &b) : OV_NOMEM;

	if (path != NULL && s != OV_OK)
		(void)snprintf(error, OV_CONF_ERROR, "%s: %s", path,
			       s == OV_LIMIT ? "larger than a configuration can be"
			       : s == OV_IO  ? strerror(errno)
					     : ov_status_name(s));
	if (s == OV_OK && out->n == OV_CONF_SOURCES) {
		(void)snprintf(error, OV_CONF_ERROR, "%s: more than %d sources", folder,
			       OV_CONF_SOURCES);
		s = OV_LIMIT;
	}
	if (s == OV_OK)
		s = ov_source_conf_parse(path, stem, (struct ov_str){ (const char *)b.p, b.n }, a,
					 &out->v[out->n], error);
	if (s == OV_OK)
		out->n++;
	ov_buf_free(&b);
	free(path);
	return s;
}

ov_status ov_source_conf_load(const char *folder, struct ov_arena *a, struct ov_source_list *out,
			      char error[OV_CONF_ERROR])
{
	struct dirent **entries = NULL;
	struct ov_source_list l = { .n = 0 };
	int n;
	ov_status s = OV_OK;

	error[0] = '\0';
	OV_TRY(ov_arena_array(a, OV_CONF_SOURCES, &l.v));
	n = scandir(folder, &entries, is_conf, by_bytes);
	if (n < 0 && errno != ENOENT) {
		(void)snprintf(error, OV_CONF_ERROR, "%s: %s", folder, strerror(errno));
		return OV_IO;
	}
	for (int i = 0; i < n; i++) {
		if (s == OV_OK)
			s = load_one(folder, entries[i]->d_name, a, &l, error);
		free(entries[i]);
	}
	free(entries);
	if (s == OV_OK)
		*out = l;
	return s;
}
