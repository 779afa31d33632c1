#include "canary.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "program.h"
#include "recent.h"
#include "sample.h"
#include "store.h"
#include "text.h"
#include "trial.h"

#define LOAD_MS 60000
#define SCAN_MS 60000
#define SLOWER 3     /* times */
#define SLOW_MS 3000 /* and at least so much more, before it counts */
#define LARGER_NUM 3 /* 1.5 times */
#define LARGER_DEN 2
#define LARGER_SLACK ((uint64_t)64 << 20) /* small databases: the program itself is most of it */
#define FILES_MAX 4000
#define OWN_MAX 16 /* signatures of its own */
#define MEASURED_BYTES ((uint64_t)32 << 20)

static const char *const clean[] = {
	"The quick brown fox jumps over the lazy dog.\n",
	"#!/bin/sh\nexit 0\n",
	"<html><head><title>t</title></head><body><p>hello</p></body></html>\n",
	"From: a@example.org\nTo: b@example.org\nSubject: hello\n\nhello\n",
	"{\"a\": [1, 2, 3], \"b\": null}\n",
};

/* EICAR's test file, backwards, so that no scanner takes this program for it. */
static const char eicar_reversed[] =
    "*H+H$!ELIF-TSET-SURIVITNA-DRADNATS-RACIE$}7)CC7)^P(45XZP\\4[PA@%P!O5X";

/* What a file is in the set for. */
enum kind { OWN = 0, TEST, CLEAN, SYSTEM, NAMED, RECENT };

struct set {
	struct trial_file files[FILES_MAX];
	uint8_t kind[FILES_MAX]; /* enum kind */
	size_t n, nmeasured;
	struct sample sample; /* SYSTEM files, in order */
	size_t first_system;
	char *programs[3];
	struct ov_buf own[OWN_MAX]; /* bytes */
	size_t nown;
	char eicar[sizeof eicar_reversed];
	struct ov_buf recent_text;
	struct cli_list recent;
};

static void put(struct set *s, enum kind kind, struct trial_file f)
{
	if (s->n == FILES_MAX)
		return;
	s->kind[s->n] = (uint8_t)kind;
	s->files[s->n++] = f;
}

/*
 * A file that a plain body signature must find: "Name:0:*:hex", the hex without wildcards. Read
 * only here, of bytes that were verified; what does not look so is passed over.
 */
static bool make_own(struct ov_str line, struct ov_buf *out)
{
	struct ov_str rest = line, name, target, offset;
	uint8_t bytes[1024];
	size_t n = 0;

	if (!ov_text_split(&rest, ':', &name) || !ov_text_split(&rest, ':', &target) ||
	    !ov_text_split(&rest, ':', &offset) || !ov_str_is(target, "0") ||
	    !ov_str_is(offset, "*") || rest.n < 16 || rest.n > 2 * sizeof bytes ||
	    ov_hex_decode(rest, bytes, sizeof bytes, &n) != OV_OK)
		return false;
	*out = ov_buf_of(4096);
	return ov_buf_zero(out, 64) == OV_OK && ov_buf_put(out, bytes, n) == OV_OK &&
	       ov_buf_zero(out, 64) == OV_OK;
}

/* Some signatures of the database itself, from all over it. */
static void put_own(struct set *s, const char *path, struct ov_str name)
{
	struct ov_buf b = ov_buf_of((size_t)1 << 30);
	struct ov_str rest, line;
	size_t lines = 0, step, i = 0;

	if (!ov_text_ends_with(name, OV_STR(".ndb")) ||
	    ov_store_read(NULL, path, (size_t)1 << 29, &b) != OV_OK) {
		ov_buf_free(&b);
		return;
	}
	for (rest = ov_buf_text(&b); ov_text_split(&rest, '\n', &line);)
		lines++;
	step = lines / OWN_MAX + 1;
	for (rest = ov_buf_text(&b); s->nown < OWN_MAX && ov_text_split(&rest, '\n', &line); i++) {
		struct ov_buf *own = &s->own[s->nown];

		if (i % step != 0 || !make_own(line, own))
			continue;
		put(s, OWN, (struct trial_file){ .bytes = own->p, .n = own->n });
		s->nown++;
	}
	ov_buf_free(&b);
}

static void put_fixed(struct set *s)
{
	const size_t n = sizeof eicar_reversed - 1;

	for (size_t i = 0; i < n; i++)
		s->eicar[i] = eicar_reversed[n - 1 - i];
	put(s, TEST, (struct trial_file){ .bytes = s->eicar, .n = n });
	for (size_t i = 0; i < sizeof clean / sizeof *clean; i++)
		put(s, CLEAN, (struct trial_file){ .bytes = clean[i], .n = strlen(clean[i]) });
	s->programs[0] = ov_program_find("overt-worker", NULL);
	s->programs[1] = ov_program_find("overt-update", NULL);
	s->programs[2] = ov_program_find("overt", NULL);
	for (size_t i = 0; i < 3; i++)
		if (s->programs[i] != NULL)
			put(s, CLEAN, (struct trial_file){ .path = s->programs[i] });
}

static ov_status make_set(const struct canary *c, const char *path, struct ov_str name,
			  struct set *s)
{
	uint64_t bytes = 0;

	put_own(s, path, name);
	put_fixed(s);
	s->nmeasured = s->n;
	if (c->sample > 0)
		OV_TRY(sample_draw(SAMPLE_FOLDER, c->sample, FILES_MAX - 500, &s->sample));
	s->first_system = s->n;
	for (size_t i = 0; i < s->sample.n; i++) {
		put(s, SYSTEM, (struct trial_file){ .path = s->sample.files[i].path });
		bytes += s->sample.files[i].size;
		if (bytes <= MEASURED_BYTES)
			s->nmeasured = s->n;
	}
	for (size_t i = 0; i < c->tries->n; i++)
		put(s, NAMED, (struct trial_file){ .path = c->tries->v[i] });
	if (!c->no_recent && recent_load(&s->recent_text, &s->recent))
		for (size_t i = 0; i < s->recent.n; i++)
			put(s, RECENT, (struct trial_file){ .path = s->recent.v[i] });
	return OV_OK;
}

static void free_set(struct set *s)
{
	for (size_t i = 0; i < s->nown; i++)
		ov_buf_free(&s->own[i]);
	for (size_t i = 0; i < 3; i++)
		free(s->programs[i]);
	sample_free(&s->sample);
	cli_list_free(&s->recent);
	ov_buf_free(&s->recent_text);
	free(s);
}

static ov_status bad(char why[OV_CLIENT_ERROR], const char *what, const char *name,
		     const char *where)
{
	(void)snprintf(why, OV_CLIENT_ERROR, "%s%s%s%s", what, name, *where != '\0' ? " in " : "",
		       where);
	return OV_BAD;
}

static const char *shown(const struct set *s, size_t i)
{
	return s->files[i].path != NULL ? s->files[i].path : "a sample of its own";
}

/* Scans one file by the old database alone. */
static enum trial_outcome old_says(const char *old, const struct trial_file *f)
{
	const struct trial t = {
		.database = old, .files = f, .nfiles = 1, .load_ms = LOAD_MS * 3, .scan_ms = SCAN_MS
	};
	struct trial_result *r = NULL;
	enum trial_outcome o = TRIAL_UNSEEN;

	if (old != NULL && trial_run(&t, &r) == OV_OK)
		o = (enum trial_outcome)r->outcomes[0];
	trial_free(&r);
	return o;
}

/* One file's outcome. `old` is NULL when there is none. */
static ov_status judge_file(const struct set *s, size_t i, const struct trial_result *r,
			    const char *old, char why[OV_CLIENT_ERROR])
{
	const enum trial_outcome o = (enum trial_outcome)r->outcomes[i];
	const struct trial_file *f = &s->files[i];

	switch ((enum kind)s->kind[i]) {
	case OWN:
		return o == TRIAL_NOTHING ? bad(why, "it does not find its own signatures", "", "")
					  : OV_OK;
	case TEST:
		return o == TRIAL_NOTHING && old_says(old, f) == TRIAL_FOUND
			   ? bad(why, "it does not find EICAR's test file, as the old one does", "",
				 "")
			   : OV_OK;
	case CLEAN:
		return o == TRIAL_FOUND
			   ? bad(why, "it detects ", trial_name(r, i),
				 f->path != NULL ? f->path : "a sample, which is clean")
			   : OV_OK;
	case SYSTEM:
		if (o != TRIAL_FOUND || !sample_is_right(&s->sample.files[i - s->first_system]) ||
		    old_says(old, f) == TRIAL_FOUND)
			return OV_OK;
		return bad(why, "it detects ", trial_name(r, i), f->path);
	case NAMED:
		return o == TRIAL_FOUND && old_says(old, f) != TRIAL_FOUND
			   ? bad(why, "it detects ", trial_name(r, i), f->path)
			   : OV_OK;
	case RECENT:
		break; /* what it newly finds there may be right: crashes are what counts */
	}
	return OV_OK;
}

/* Loading, crashes, then each file. */
static ov_status judge(const struct set *s, const struct trial_result *r, const char *old,
		       char why[OV_CLIENT_ERROR])
{
	if (!r->is_loaded)
		return bad(why, "it does not load: ", r->why, "");
	if (r->signatures == 0)
		return bad(why, "it holds no signature", "", "");
	for (size_t i = 0; i < s->n; i++) /* by the old one too: then it is the engine's fault */
		if (r->outcomes[i] == TRIAL_CRASHED && old_says(old, &s->files[i]) != TRIAL_CRASHED)
			return bad(why, "a worker crashed or hung with it", "", shown(s, i));
	if (!r->is_done)
		return bad(why, "the trial did not end: ", r->why, "");
	for (size_t i = 0; i < s->n; i++)
		OV_TRY(judge_file(s, i, r, old, why));
	return OV_OK;
}

static bool is_larger(const struct trial_result *r, const struct trial_result *old)
{
	return r->peak > old->peak / LARGER_DEN * LARGER_NUM + LARGER_SLACK;
}

/* Memory and time, held against the old one's for the same files. */
static ov_status judge_cost(const struct trial *t, const struct trial_result *r,
			    struct trial_result **old, char why[OV_CLIENT_ERROR])
{
	if (is_larger(r, *old) &&
	    t->nfiles > t->nmeasured) { /* it scanned more: so must the old one */
		trial_free(old);
		OV_TRY(trial_run(t, old));
	}
	if (!(*old)->is_loaded || !(*old)->is_done)
		return OV_OK; /* the old one is no measure */
	if (is_larger(r, *old)) {
		(void)snprintf(why, OV_CLIENT_ERROR,
			       "it takes %llu MB of memory, where the old one takes %llu",
			       (unsigned long long)(r->peak >> 20),
			       (unsigned long long)((*old)->peak >> 20));
		return OV_BAD;
	}
	if (r->measured_ms > (*old)->measured_ms * SLOWER + SLOW_MS) {
		(void)snprintf(why, OV_CLIENT_ERROR,
			       "it takes %llu ms for files that the old one scans in %llu",
			       (unsigned long long)r->measured_ms,
			       (unsigned long long)(*old)->measured_ms);
		return OV_BAD;
	}
	return OV_OK;
}

static ov_status try_it(const struct set *s, const char *path, const char *old,
			char why[OV_CLIENT_ERROR])
{
	struct trial was = { .database = old,
			     .files = s->files,
			     .nfiles = s->nmeasured,
			     .nmeasured = s->nmeasured,
			     .load_ms = LOAD_MS * 3,
			     .scan_ms = SCAN_MS };
	struct trial is = was;
	struct trial_result *before = NULL, *r = NULL;
	ov_status st = OV_OK;

	if (old != NULL)
		st = trial_run(&was, &before);
	is.database = path;
	is.nfiles = was.nfiles = s->n;
	is.load_ms = LOAD_MS;
	if (before != NULL && before->is_loaded) {
		if (before->load_ms * 3 > LOAD_MS)
			is.load_ms = (unsigned)(before->load_ms * 3);
		is.max_memory = before->peak / LARGER_DEN * LARGER_NUM + 4 * LARGER_SLACK;
	}
	if (st == OV_OK)
		st = trial_run(&is, &r);
	if (st == OV_OK)
		st = judge(s, r, old, why);
	if (st == OV_OK && before != NULL && before->is_loaded)
		st = judge_cost(&was, r, &before, why);
	trial_free(&before);
	trial_free(&r);
	return st;
}

/* The database that serves under this name, or NULL. */
static char *old_of(const struct canary *c, struct ov_str name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/active/%.*s", c->folder, (int)name.n, name.p) < 0)
		return NULL;
	if (access(path, R_OK) == 0)
		return path;
	free(path);
	return NULL;
}

ov_status canary_try(void *ctx, const char *path, struct ov_str name, char why[OV_CLIENT_ERROR])
{
	const struct canary *c = ctx;
	struct set *s = calloc(1, sizeof *s);
	char *typed = NULL, *old = old_of(c, name);
	ov_status st = s != NULL ? make_set(c, path, name, s) : OV_NOMEM;

	/* The file has its digest for a name; what it is stands in the artifact's. */
	if (st == OV_OK && asprintf(&typed, "%s.%.*s", path, (int)name.n, name.p) < 0)
		st = OV_NOMEM;
	if (st == OV_OK) {
		(void)unlink(typed); /* left by a run that was killed */
		st = link(path, typed) == 0 ? try_it(s, typed, old, why) : OV_IO;
		(void)unlink(typed);
	}
	if (st != OV_OK && st != OV_BAD)
		(void)snprintf(why, OV_CLIENT_ERROR, "it could not be tried: %s",
			       ov_status_name(st));
	if (s != NULL)
		free_set(s);
	free(typed);
	free(old);
	return st;
}

ov_status canary_compare(const char *bad_one, const char *good, const struct cli_list *paths,
			 char why[OV_CLIENT_ERROR])
{
	for (size_t i = 0; i < paths->n; i++) {
		const struct trial_file f = { .path = paths->v[i] };
		const enum trial_outcome now = old_says(bad_one, &f);
		struct sample_file known;
		bool is_right;

		if (now == TRIAL_CRASHED && old_says(good, &f) != TRIAL_CRASHED)
			return bad(why, "workers crash with it", "", f.path);
		if (now != TRIAL_FOUND || sample_find(SAMPLE_FOLDER, f.path, &known) != OV_OK)
			continue;
		is_right = sample_is_right(&known);
		free(known.path);
		if (is_right && old_says(good, &f) != TRIAL_FOUND)
			return bad(why, "it detects a file of the system", "", f.path);
	}
	return OV_OK;
}
