/* Artifacts: which are wanted, whether they may be taken now, fetching, trying, switching. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client_int.h"
#include "delta.h"
#include "store.h"
#include "text.h"

#define ARTIFACT_MAX OV_DELTA_MAX

static void hex_name(const char *folder, const uint8_t sha256[OV_SHA256_BYTES], char out[80])
{
	char hex[2 * OV_SHA256_BYTES + 1];

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	(void)snprintf(out, 80, "%s/%s", folder, hex);
}

static bool is_wanted(const struct ov_client_options *o, const struct ov_state_artifact *a)
{
	if (!ov_str_eq(a->channel, o->channel))
		return false;
	for (size_t i = 0; i < o->nnames; i++)
		if (ov_str_is(a->name, o->names[i]))
			return true;
	return o->nnames == 0;
}

static bool is_right(struct ov_client_run *x, const struct ov_buf *b,
		     const uint8_t sha256[OV_SHA256_BYTES])
{
	uint8_t digest[OV_DIGEST_MAX];

	return ov_hasher_once(x->h, b->p, b->n, digest) == OV_OK &&
	       memcmp(digest, sha256, OV_SHA256_BYTES) == 0;
}

/* A file of the repository by its digest; each mirror that gives other bytes is passed over. */
static ov_status get_right(struct ov_client_run *x, const uint8_t sha256[OV_SHA256_BYTES],
			   uint64_t size, struct ov_buf *out, struct ov_client_item *item)
{
	char name[80];

	hex_name("a", sha256, name);
	if (size > ARTIFACT_MAX)
		return OV_LIMIT;
	for (size_t i = 0; i < x->o->from.nsources; i++) {
		OV_TRY(ov_fetch_get(x->f, name, (size_t)size, out));
		item->bytes += out->n;
		if (out->n == size && is_right(x, out, sha256))
			return OV_OK;
		ov_fetch_prefer(x->f, (ov_fetch_source(x->f) + 1) % x->o->from.nsources);
	}
	return OV_BAD;
}

/* By a delta from what is in use, if the state names one. @return OV_END: it names none. */
static ov_status get_by_delta(struct ov_client_run *x, const struct ov_state_artifact *a,
			      struct ov_buf *out, struct ov_client_item *item)
{
	const struct ov_memory_have *have = ov_memory_have(&x->memory, a->channel, a->name, 0);
	struct ov_buf old = ov_buf_of(ARTIFACT_MAX), delta = ov_buf_of(ARTIFACT_MAX);
	const struct ov_state_delta *d = NULL;
	char name[80];
	ov_status s = OV_END;

	for (uint32_t i = 0; have != NULL && i < x->j.state.ndeltas && d == NULL; i++)
		if (ov_state_is_short(x->j.state.deltas[i].from, have->sha256) &&
		    ov_state_is_short(x->j.state.deltas[i].to, a->sha256))
			d = &x->j.state.deltas[i];
	if (d == NULL)
		return OV_END;
	hex_name("db", have->sha256, name);
	s = ov_store_read(x->o->folder, name, ARTIFACT_MAX, &old);
	if (s == OV_OK && !is_right(x, &old, have->sha256))
		s = OV_BAD;
	if (s == OV_OK)
		s = get_right(x, d->sha256, d->size, &delta, item);
	if (s == OV_OK)
		s = ov_delta_apply(ov_buf_cur(&old), ov_buf_cur(&delta), a->size, out);
	if (s == OV_OK && !is_right(x, out, a->sha256))
		s = OV_BAD;
	ov_buf_free(&old);
	ov_buf_free(&delta);
	return s;
}

static ov_status get(struct ov_client_run *x, const struct ov_state_artifact *a, struct ov_buf *out,
		     struct ov_client_item *item)
{
	ov_status s = get_by_delta(x, a, out, item);

	item->by_delta = s == OV_OK;
	if (s == OV_OK || s == OV_NOMEM)
		return s;
	out->n = 0; /* a delta is a help, no need */
	return get_right(x, a->sha256, a->size, out, item);
}

ov_status ov_client_set_aside(struct ov_client_run *x, const uint8_t sha256[OV_SHA256_BYTES],
			      const char *why)
{
	struct ov_state_withdrawn *q = x->memory.quarantined;
	struct ov_str reason;

	OV_TRY(ov_arena_str(&x->arena, ov_str_of(why), &reason));
	for (size_t i = 0; i < reason.n; i++)
		if ((unsigned char)reason.p[i] < ' ')
			((char *)(uintptr_t)reason.p)[i] = ' ';
	if (x->memory.nquarantined == OV_MEMORY_QUARANTINED) { /* the oldest goes */
		memmove(q, q + 1, (OV_MEMORY_QUARANTINED - 1) * sizeof *q);
		x->memory.nquarantined--;
	}
	q += x->memory.nquarantined++;
	memcpy(q->sha256, sha256, OV_SHA256_BYTES);
	q->reason = reason.n > 0 ? reason : OV_STR("refused");
	return ov_client_save(x);
}

/* Points the name that scanners use at a database. */
ov_status ov_client_activate(struct ov_client_run *x, struct ov_str name,
			     const uint8_t sha256[OV_SHA256_BYTES])
{
	char target[96], link[96], db[80];

	hex_name("../db", sha256, db);
	(void)snprintf(target, sizeof target, "%s", db);
	(void)snprintf(link, sizeof link, "active/%.*s", (int)name.n, name.p);
	return ov_store_link(x->o->folder, link, target);
}

static ov_status try_it(struct ov_client_run *x, const struct ov_state_artifact *a,
			struct ov_client_item *item)
{
	char name[80], *path;
	ov_status s;

	if (x->o->canary == NULL)
		return OV_OK;
	hex_name("db", a->sha256, name);
	path = ov_store_path(x->o->folder, name);
	if (path == NULL)
		return OV_NOMEM;
	s = x->o->canary(x->o->ctx, path, a->name, item->why);
	free(path);
	return s;
}

/* Beside a database, the proof that it was taken by: overt verify shows since when it counts. */
static ov_status keep_proof(struct ov_client_run *x, const char *db)
{
	char name[96];

	(void)snprintf(name, sizeof name, "%s.proof", db);
	return ov_store_write(x->o->folder, name, x->best_bytes.p, x->best_bytes.n, false);
}

static ov_status take(struct ov_client_run *x, const struct ov_state_artifact *a,
		      struct ov_client_item *item)
{
	struct ov_buf b = ov_buf_of(ARTIFACT_MAX);
	char name[80];
	ov_status s = get(x, a, &b, item);

	hex_name("db", a->sha256, name);
	if (s == OV_OK)
		s = ov_store_write(x->o->folder, name, b.p, b.n, false);
	ov_buf_free(&b);
	if (s != OV_OK) {
		item->outcome = OV_CLIENT_FAILED;
		(void)snprintf(
		    item->why, sizeof item->why, "%s",
		    s == OV_BAD	    ? "no mirror has the bytes that the log names"
		    : s == OV_LIMIT ? "a mirror sends more bytes than the log names"
		    : s == OV_END   ? "no mirror has it"
		    : s == OV_IO
			? (ov_fetch_error(x->f)[0] != '\0' ? ov_fetch_error(x->f) : strerror(errno))
			: ov_status_name(s));
		return s == OV_NOMEM ? s : OV_OK;
	}
	s = try_it(x, a, item);
	if (s != OV_OK) {
		item->outcome = OV_CLIENT_REFUSED;
		(void)!ov_store_remove(x->o->folder, name);
		return s == OV_BAD ? ov_client_set_aside(x, a->sha256, item->why) : OV_OK;
	}
	OV_TRY(keep_proof(x, name));
	OV_TRY(ov_memory_took(&x->memory, a->channel, a->name, a->sha256, x->o->now));
	OV_TRY(ov_client_save(x));
	item->outcome = OV_CLIENT_TOOK;
	return ov_client_activate(x, a->name, a->sha256);
}

/* "<digest>", with or without something behind a dot: of a database that is kept? */
static bool is_kept(const struct ov_client_run *x, const char *file)
{
	const struct ov_str digits = { file, strcspn(file, ".") };
	uint8_t sha256[OV_SHA256_BYTES];
	const char *rest = file + digits.n;

	if (ov_lines_sha256(digits, sha256) != OV_OK ||
	    (*rest != '\0' && strcmp(rest, ".proof") != 0))
		return false;
	for (uint32_t i = 0; i < x->memory.nhave; i++)
		if (memcmp(x->memory.have[i].sha256, sha256, sizeof sha256) == 0)
			return true;
	return false;
}

ov_status ov_client_sweep(struct ov_client_run *x)
{
	char *path = ov_store_path(x->o->folder, "db");
	DIR *dir = path != NULL ? opendir(path) : NULL;
	const struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0 &&
		    !is_kept(x, e->d_name))
			(void)unlinkat(dirfd(dir), e->d_name, 0); /* what is left is swept later */
	if (dir != NULL)
		(void)closedir(dir);
	free(path);
	return path != NULL ? OV_OK : OV_NOMEM;
}

/* In use, and as long as it must be: one that lost its end since is fetched again. Its digest is
 * what overt verify looks at; here it would cost more than all the rest of a check. */
static bool is_in_use(const struct ov_client_run *x, const struct ov_memory_have *have,
		      const struct ov_state_artifact *a)
{
	char name[80], *path;
	struct stat st;
	bool is;

	if (have == NULL || memcmp(have->sha256, a->sha256, OV_SHA256_BYTES) != 0)
		return false;
	hex_name("db", a->sha256, name);
	path = ov_store_path(x->o->folder, name);
	is = path != NULL && stat(path, &st) == 0 && (uint64_t)st.st_size == a->size;
	free(path);
	return is;
}

static ov_status one(struct ov_client_run *x, const struct ov_state_artifact *a,
		     struct ov_client_item *item)
{
	const struct ov_memory_have *have = ov_memory_have(&x->memory, a->channel, a->name, 0);
	uint32_t cohort;

	(void)snprintf(item->channel, sizeof item->channel, "%.*s", (int)a->channel.n,
		       a->channel.p);
	(void)snprintf(item->name, sizeof item->name, "%.*s", (int)a->name.n, a->name.p);
	(void)snprintf(item->version, sizeof item->version, "%.*s", (int)a->version.n,
		       a->version.p);
	memcpy(item->sha256, a->sha256, OV_SHA256_BYTES);
	if (is_in_use(x, have, a))
		return OV_OK;
	OV_TRY(ov_cohort(x->h, x->memory.secret, a->sha256, &cohort));
	if (x->o->has_cohort)
		cohort = x->o->cohort;
	item->due = ov_state_due(&x->j.state, a->sha256, cohort);
	if (ov_memory_is_quarantined(&x->memory, a->sha256))
		item->outcome = OV_CLIENT_ASIDE;
	else if (a->engine > x->o->engine)
		item->outcome = OV_CLIENT_TOO_NEW;
	else if (item->due > x->o->now && !x->o->ignore_rollout)
		item->outcome = OV_CLIENT_WAITS;
	else
		return take(x, a, item);
	return OV_OK;
}

/* A database in use that was withdrawn gives way to the one before it, when that is still there. */
static ov_status leave_withdrawn(struct ov_client_run *x, const struct ov_memory_have *have)
{
	const struct ov_str reason = ov_state_reason(&x->j.state, have->sha256);
	const struct ov_memory_have *before =
	    ov_memory_have(&x->memory, have->channel, have->name, 1);
	struct ov_client_item *item = &x->r->items[x->r->nitems];
	const struct ov_memory_have was = *have;

	if (reason.n == 0 || x->r->nitems == OV_STATE_ARTIFACTS)
		return OV_OK;
	x->r->nitems++;
	item->outcome = OV_CLIENT_WITHDRAWN;
	(void)snprintf(item->channel, sizeof item->channel, "%.*s", (int)was.channel.n,
		       was.channel.p);
	(void)snprintf(item->name, sizeof item->name, "%.*s", (int)was.name.n, was.name.p);
	memcpy(item->sha256, was.sha256, OV_SHA256_BYTES);
	(void)snprintf(item->why, sizeof item->why, "%.*s", (int)reason.n, reason.p);
	OV_TRY(ov_client_set_aside(x, was.sha256, item->why));
	if (before == NULL || ov_memory_is_quarantined(&x->memory, before->sha256))
		return OV_OK; /* there is nothing else to scan with: it stays, and is told */
	OV_TRY(ov_memory_took(&x->memory, was.channel, was.name, before->sha256, x->o->now));
	OV_TRY(ov_client_save(x));
	return ov_client_activate(x, was.name,
				  ov_memory_have(&x->memory, was.channel, was.name, 0)->sha256);
}

ov_status ov_client_take(struct ov_client_run *x)
{
	for (uint32_t i = 0; i < x->memory.nhave; i++) {
		const struct ov_memory_have *have = &x->memory.have[i];

		if (have == ov_memory_have(&x->memory, have->channel, have->name, 0) &&
		    !ov_memory_is_quarantined(&x->memory, have->sha256))
			OV_TRY(leave_withdrawn(x, have));
	}
	for (uint32_t i = 0; i < x->j.state.nartifacts; i++) {
		if (!is_wanted(x->o, &x->j.state.artifacts[i]) ||
		    x->r->nitems == OV_STATE_ARTIFACTS)
			continue;
		x->r->nitems++;
		OV_TRY(one(x, &x->j.state.artifacts[i], &x->r->items[x->r->nitems - 1]));
	}
	return OV_OK;
}
