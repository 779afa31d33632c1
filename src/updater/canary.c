#include "canary.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fd.h"

#define WAIT_MS 60000

static const char *const clean[] = {
	"The quick brown fox jumps over the lazy dog.\n",
	"#!/bin/sh\nexit 0\n",
	"<html><head><title>t</title></head><body><p>hello</p></body></html>\n",
};

/* Scans one descriptor. @return OV_OK with *found; else why. */
static ov_status scan(struct overt_engine *e, int fd, const char *what, bool *found,
		      char why[OV_CLIENT_ERROR])
{
	struct overt_verdict *v = NULL;
	enum overt_status st = overt_engine_submit(e, fd, 1);

	*found = false;
	if (st == OVERT_OK)
		st = overt_engine_next(e, WAIT_MS, &v);
	if (st != OVERT_OK || v->kind == OVERT_ERROR) {
		(void)snprintf(why, OV_CLIENT_ERROR, "the trial scan of %s failed: %s", what,
			       overt_engine_error(e));
		overt_verdict_free(&v);
		return OV_BAD;
	}
	for (size_t i = 0; i < v->nincompletes; i++) {
		if (v->incompletes[i].reason != OVERT_CRASHED)
			continue;
		(void)snprintf(why, OV_CLIENT_ERROR, "a worker crashed with it on %s", what);
		overt_verdict_free(&v);
		return OV_BAD;
	}
	if (v->kind == OVERT_DETECTED) {
		*found = true;
		(void)snprintf(why, OV_CLIENT_ERROR, "it detects %.*s in %s, which is clean",
			       (int)v->detections[0].name.length, v->detections[0].name.bytes,
			       what);
	}
	overt_verdict_free(&v);
	return OV_OK;
}

static ov_status scan_text(struct overt_engine *e, const char *text, bool *found,
			   char why[OV_CLIENT_ERROR])
{
	int fd = -1;

	OV_TRY(ov_fd_memory("overt-canary", &fd));
	if (ov_fd_write(fd, text, strlen(text)) != OV_OK) {
		ov_fd_close(&fd);
		return OV_IO;
	}
	return scan(e, fd, "a sample of its own", found, why);
}

static ov_status try_all(const struct canary *c, struct overt_engine *e, char why[OV_CLIENT_ERROR])
{
	bool found;

	for (size_t i = 0; i < sizeof clean / sizeof *clean; i++) {
		OV_TRY(scan_text(e, clean[i], &found, why));
		if (found)
			return OV_BAD;
	}
	for (size_t i = 0; i < c->tries->n; i++) {
		int fd = -1;

		if (ov_fd_open_read(c->tries->v[i], &fd) != OV_OK)
			continue; /* gone since: that is no fault of the database */
		OV_TRY(scan(e, fd, c->tries->v[i], &found, why));
		if (found)
			return OV_BAD;
	}
	return OV_OK;
}

ov_status canary_try(void *ctx, const char *path, struct ov_str name, char why[OV_CLIENT_ERROR])
{
	const struct canary *c = ctx;
	struct overt_options *o = overt_options_new();
	struct overt_engine *e = NULL;
	char *typed = NULL;
	ov_status s = OV_NOMEM;

	/* The file has its digest for a name; what it is stands in the artifact's. */
	if (o != NULL && asprintf(&typed, "%s.%.*s", path, (int)name.n, name.p) > 0 &&
	    link(path, typed) == 0) {
		s = OV_BAD;
		if (overt_options_add_database(o, typed) == OVERT_OK &&
		    overt_options_set(o, OVERT_OPT_WORKERS, 1) == OVERT_OK &&
		    overt_options_set_cache(o, NULL) == OVERT_OK &&
		    overt_engine_open(o, &e) == OVERT_OK)
			s = try_all(c, e, why);
		else
			(void)snprintf(why, OV_CLIENT_ERROR, "it does not load: %s",
				       e != NULL ? overt_engine_error(e) : "no memory");
		(void)unlink(typed);
	}
	overt_engine_close(&e);
	overt_options_free(o != NULL ? &o : &(struct overt_options *){ NULL });
	free(typed);
	return s;
}
