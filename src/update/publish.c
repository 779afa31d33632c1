#include "publish.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "delta.h"
#include "fd.h"
#include "publish_int.h"
#include "store.h"
#include "text.h"

#define ROOT_MAX OV_NOTE_MAX
#define ROOTS_MAX 100000
#define LEAF_MAX OV_ENTRY_MAX
#define LOCK_SECONDS 10

#define fail ov_publish_fail

ov_status ov_publish_fail(char *error, ov_status s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(error, OV_PUBLISH_ERROR, fmt, ap);
	va_end(ap);
	return s;
}

static ov_status io(char *error, ov_status s, const char *what)
{
	return fail(error, s, "%s: %s", what, s == OV_IO ? strerror(errno) : ov_status_name(s));
}

/* The newest root file: versions rise without gaps from the first that is there. @return 0: none.
 */
static uint64_t newest_root(const char *public, char name[40])
{
	uint64_t found = 0;

	for (uint64_t version = 1; version < ROOTS_MAX; version++) {
		(void)snprintf(name, 40, "root/%llu", (unsigned long long)version);
		if (ov_store_has(public, name))
			found = version;
		else if (found != 0)
			break;
	}
	(void)snprintf(name, 40, "root/%llu", (unsigned long long)found);
	return found;
}

ov_status ov_publish_init(const char *folder, struct ov_str bytes, char *error)
{
	char *public = ov_store_path(folder, "public"), *private = ov_store_path(folder, "private");
	struct ov_hasher *h = NULL;
	const char *why = NULL;
	static struct ov_root root; /* large; one thread makes a folder */
	struct ov_arena a;
	char name[40];
	ov_status s = public != NULL && private != NULL ? ov_hasher_new(OV_SHA256, &h) : OV_NOMEM;

	ov_arena_init(&a, 1 << 20);
	if (s == OV_OK && newest_root(public, name) != 0)
		s = fail(error, OV_BAD, "%s is a publisher's folder already", folder);
	if (s == OV_OK) {
		s = ov_root_parse(h, bytes, &a, &root, &why);
		if (s != OV_OK)
			s = fail(error, s, "the root file: %s", why);
		else if (ov_root_enough(&root.note, &root.roots) != OV_OK)
			s = fail(error, OV_BAD, "the root file is not signed by %u of its own keys",
				 root.roots.threshold);
	}
	if (s == OV_OK) {
		(void)snprintf(name, sizeof name, "root/%llu", (unsigned long long)root.version);
		/* The public part first: its folders are for a web server to read. */
		s = ov_store_write(public, name, bytes.p, bytes.n, false);
		if (s == OV_OK)
			s = ov_store_write(private, "history", "", 0, true);
		if (s != OV_OK)
			s = io(error, s, folder);
	}
	ov_arena_free(&a);
	ov_hasher_free(&h);
	free(public);
	free(private);
	return s;
}

static ov_status open_root(struct ov_publisher *p)
{
	const char *why = NULL;
	char name[40];

	if (newest_root(p->public, name) == 0 ||
	    ov_store_read(p->public, name, ROOT_MAX, &p->root_bytes) != OV_OK)
		return fail(p->error, OV_IO, "no publisher's folder: it has no root file");
	if (ov_root_parse(p->h, ov_buf_text(&p->root_bytes), &p->arena, &p->root, &why) != OV_OK)
		return fail(p->error, OV_BAD, "%s: %s", name, why);
	return OV_OK;
}

ov_status ov_publish_open(const char *folder, struct ov_publisher *out)
{
	memset(out, 0, sizeof *out);
	out->lock = -1;
	out->root_bytes = ov_buf_of(2 * ROOT_MAX);
	ov_arena_init(&out->arena, 4 << 20);
	out->public = ov_store_path(folder, "public");
	out->private = ov_store_path(folder, "private");
	if (out->public == NULL || out->private == NULL)
		return fail(out->error, OV_NOMEM, "no memory");
	OV_TRY(ov_hasher_new(OV_SHA256, &out->h));
	OV_TRY(open_root(out));
	if (ov_store_lock(out->private, LOCK_SECONDS, &out->lock) != OV_OK)
		return fail(out->error, OV_IO, "another publisher is at work here, or no rights");
	return OV_OK;
}

void ov_publish_close(struct ov_publisher *p)
{
	free(p->public);
	free(p->private);
	ov_hasher_free(&p->h);
	ov_buf_free(&p->root_bytes);
	ov_arena_free(&p->arena);
	ov_fd_close(&p->lock);
}

ov_status ov_publish_root(struct ov_publisher *p, struct ov_str bytes)
{
	struct ov_root *next = calloc(1, sizeof *next);
	const char *why = NULL;
	struct ov_arena a;
	char name[40];
	ov_status s;

	if (next == NULL)
		return OV_NOMEM;
	ov_arena_init(&a, 4 << 20);
	s = ov_root_parse(p->h, bytes, &a, next, &why);
	if (s != OV_OK)
		s = fail(p->error, s, "the root file: %s", why);
	else if (ov_root_follows(&p->root, next) != OV_OK)
		s = fail(
		    p->error, OV_BAD,
		    "it does not follow version %llu: it must have the next number and be signed "
		    "by enough keys of both versions",
		    (unsigned long long)p->root.version);
	(void)snprintf(name, sizeof name, "root/%llu", (unsigned long long)next->version);
	if (s == OV_OK && ov_store_write(p->public, name, bytes.p, bytes.n, false) != OV_OK)
		s = io(p->error, OV_IO, name);
	ov_arena_free(&a);
	free(next);
	return s;
}

/* The newest state's text: of the draft, else of the log's last entry. @return OV_END: none yet. */
static ov_status newest_text(struct ov_publisher *p, struct ov_buf *out, bool *is_draft)
{
	struct ov_logdir l;
	ov_status s = ov_store_read(p->private, "draft", LEAF_MAX, out);
	const char *end;

	*is_draft = s == OV_OK;
	if (s == OV_END) {
		out->n = 0;
		s = ov_logdir_open(p->public, p->h, &l);
		if (s == OV_OK)
			s = l.size > 0 ? ov_logdir_entry(&l, l.size - 1, out) : OV_END;
		ov_logdir_close(&l);
	}
	OV_TRY(s);
	end = memmem(out->p, out->n, "\n\n", 2); /* signatures are dropped */
	if (end != NULL)
		out->n = (size_t)(end - (const char *)out->p) + 1;
	return OV_OK;
}

/* The state that is being prepared: a draft goes on, a released one is the next one's beginning. */
static ov_status begin_draft(struct ov_publisher *p, struct ov_arena *a, struct ov_buf *text,
			     uint64_t now, struct ov_state *out)
{
	bool is_draft = false;
	ov_status s;

	if (ov_store_has(p->private, "pending")) {
		(void)fail(p->error, OV_BAD,
			   "a release is half done: finish it with overt publish release");
		return OV_BAD;
	}
	s = newest_text(p, text, &is_draft);
	if (s == OV_END) {
		OV_TRY(ov_buf_fmt(text, "overt-state/v1\nseq 0\ntime 0\nroot 1\n"));
		s = OV_OK;
	}
	OV_TRY(s);
	s = ov_state_parse(ov_buf_text(text), a, out, NULL);
	if (s != OV_OK) {
		(void)fail(p->error, s, "the newest state can't be read: %s", ov_status_name(s));
		return s;
	}
	if (!is_draft)
		out->seq++;
	out->time = now;
	out->root = p->root.version;
	return out->artifacts != NULL && out->withdrawn != NULL ? OV_OK : OV_BUG;
}

static ov_status save_draft(struct ov_publisher *p, const struct ov_state *s)
{
	struct ov_buf b = ov_buf_of(LEAF_MAX);
	ov_status st = ov_state_write(s, &b);

	if (st == OV_OK)
		st = ov_store_write(p->private, "draft", b.p, b.n, false);
	ov_buf_free(&b);
	return st == OV_OK ? OV_OK
			   : fail(p->error, st,
				  "the state could not be written (%s): names are lower-case "
				  "letters, digits and ._+-",
				  ov_status_name(st));
}

static bool is_offered(const struct ov_state *s, const uint8_t sha256[OV_SHA256_BYTES])
{
	for (uint32_t i = 0; i < s->nartifacts; i++)
		if (memcmp(s->artifacts[i].sha256, sha256, OV_SHA256_BYTES) == 0)
			return true;
	return false;
}

/* Drops deltas and schedule of bytes that no artifact has. */
static void forget_unless_offered(struct ov_state *s, const uint8_t sha256[OV_SHA256_BYTES])
{
	uint32_t n = 0;

	if (is_offered(s, sha256))
		return;
	for (uint32_t i = 0; i < s->ndeltas; i++)
		if (!ov_state_is_short(s->deltas[i].to, sha256))
			s->deltas[n++] = s->deltas[i];
	s->ndeltas = n;
	n = 0;
	for (uint32_t i = 0; i < s->nrollouts; i++)
		if (memcmp(s->rollouts[i].sha256, sha256, OV_SHA256_BYTES) != 0)
			s->rollouts[n++] = s->rollouts[i];
	s->nrollouts = n;
}

/* Drops every line about these bytes. */
static void forget(struct ov_state *s, const uint8_t sha256[OV_SHA256_BYTES])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < s->nartifacts; i++)
		if (memcmp(s->artifacts[i].sha256, sha256, OV_SHA256_BYTES) != 0)
			s->artifacts[n++] = s->artifacts[i];
	s->nartifacts = n;
	forget_unless_offered(s, sha256);
}

/* Drops one artifact, `which` of the state's; its bytes may be another one's as well. */
static void replace(struct ov_state *s, const struct ov_state_artifact *which)
{
	const uint32_t at = (uint32_t)(which - s->artifacts);
	uint8_t sha256[OV_SHA256_BYTES];

	memcpy(sha256, which->sha256, sizeof sha256);
	memmove(&s->artifacts[at], &s->artifacts[at + 1],
		(s->nartifacts - at - 1) * sizeof *s->artifacts);
	s->nartifacts--;
	forget_unless_offered(s, sha256);
}

static void artifact_name(const uint8_t sha256[OV_SHA256_BYTES], char out[80])
{
	char hex[2 * OV_SHA256_BYTES + 1];

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	(void)snprintf(out, 80, "a/%s", hex);
}

static ov_status publish_bytes(struct ov_publisher *p, const struct ov_buf *b,
			       uint8_t sha256[OV_SHA256_BYTES])
{
	char name[80];

	OV_TRY(ov_hasher_once(p->h, b->p, b->n, sha256));
	artifact_name(sha256, name);
	if (ov_store_has(p->public, name))
		return OV_OK;
	return ov_store_write(p->public, name, b->p, b->n, false);
}

/* Is this delta there already, or all that these bytes may have? Two artifacts may be the same. */
static bool has_enough(const struct ov_state *s, const uint8_t from[OV_SHA256_BYTES],
		       const uint8_t to[OV_SHA256_BYTES])
{
	unsigned n = 0;

	for (uint32_t i = 0; i < s->ndeltas; i++) {
		if (!ov_state_is_short(s->deltas[i].to, to))
			continue;
		if (ov_state_is_short(s->deltas[i].from, from))
			return true;
		n++;
	}
	return n >= OV_PUBLISH_DELTAS;
}

/* One delta from an earlier artifact, if it is still here and worth it. */
static ov_status add_delta(struct ov_publisher *p, const uint8_t from[OV_SHA256_BYTES],
			   const struct ov_state_artifact *to, const struct ov_buf *bytes,
			   struct ov_state *s)
{
	struct ov_state_delta *d = &s->deltas[s->ndeltas];
	struct ov_buf old = ov_buf_of(OV_DELTA_MAX), delta = ov_buf_of(OV_DELTA_MAX);
	char name[80];
	ov_status st;

	if (has_enough(s, from, to->sha256))
		return OV_OK;
	artifact_name(from, name);
	st = ov_store_read(p->public, name, OV_DELTA_MAX, &old);
	if (st == OV_OK)
		st = ov_delta_make(ov_buf_cur(&old), ov_buf_cur(bytes), &delta);
	if (st == OV_OK && delta.n < bytes->n / 2 && s->ndeltas < OV_STATE_DELTAS) {
		st = publish_bytes(p, &delta, d->sha256);
		memcpy(d->from, from, OV_SHORT_BYTES);
		memcpy(d->to, to->sha256, OV_SHORT_BYTES);
		d->size = delta.n;
		s->ndeltas += st == OV_OK;
	}
	ov_buf_free(&old);
	ov_buf_free(&delta);
	return st == OV_END || st == OV_LIMIT ? OV_OK : st;
}

/* From what the history keeps, newest first. */
static ov_status add_deltas(struct ov_publisher *p, const struct ov_state_artifact *to,
			    const struct ov_buf *bytes, struct ov_state *s)
{
	struct ov_buf history = ov_buf_of(4 << 20);
	struct ov_str rest, line, w[4];
	uint8_t from[OV_SHA256_BYTES];
	unsigned made = 0;
	ov_status st = ov_store_read(p->private, "history", 1 << 20, &history);

	rest = ov_buf_text(&history);
	while (st == OV_OK && made < OV_PUBLISH_DELTAS && ov_text_split(&rest, '\n', &line)) {
		if (line.n == 0 || ov_lines_words(line, w, 4, false) != OV_OK ||
		    ov_lines_sha256(w[2], from) != OV_OK || !ov_str_eq(w[0], to->channel) ||
		    !ov_str_eq(w[1], to->name) || memcmp(from, to->sha256, sizeof from) == 0)
			continue;
		made++;
		st = add_delta(p, from, to, bytes, s);
	}
	ov_buf_free(&history);
	return st == OV_END ? OV_OK : st;
}

static ov_status put_artifact(struct ov_publisher *p, const struct ov_publish_artifact *x,
			      struct ov_state *s)
{
	struct ov_state_artifact a = {
		.channel = x->channel, .name = x->name, .version = x->version, .engine = x->engine
	};
	const struct ov_state_artifact *was = ov_state_find(s, x->channel, x->name);
	struct ov_buf bytes = ov_buf_of(OV_DELTA_MAX);
	ov_status st = ov_store_read(NULL, x->file, OV_DELTA_MAX, &bytes);

	if (st != OV_OK)
		st = io(p->error, st == OV_END ? OV_IO : st, x->file);
	a.size = bytes.n;
	if (st == OV_OK)
		st = publish_bytes(p, &bytes, a.sha256);
	if (st == OV_OK && ov_state_reason(s, a.sha256).n > 0)
		st = fail(p->error, OV_BAD, "these very bytes were withdrawn");
	if (st == OV_OK && was != NULL)
		replace(s, was);
	if (st == OV_OK && s->nartifacts == OV_STATE_ARTIFACTS)
		st = fail(p->error, OV_LIMIT, "more than %d artifacts", OV_STATE_ARTIFACTS);
	if (st == OV_OK) {
		s->artifacts[s->nartifacts++] = a;
		st = add_deltas(p, &a, &bytes, s);
	}
	if (st == OV_OK && x->rollout != NULL && s->nrollouts < OV_STATE_ARTIFACTS) {
		s->rollouts[s->nrollouts] = *x->rollout;
		memcpy(s->rollouts[s->nrollouts++].sha256, a.sha256, OV_SHA256_BYTES);
	}
	ov_buf_free(&bytes);
	return st;
}

ov_status ov_publish_add(struct ov_publisher *p, const struct ov_publish_artifact *x, uint64_t now)
{
	struct ov_buf text = ov_buf_of(2 * LEAF_MAX);
	struct ov_state s = { .seq = 0 };
	struct ov_arena a;
	ov_status st;

	ov_arena_init(&a, 4 << 20);
	st = begin_draft(p, &a, &text, now, &s);
	if (st == OV_OK)
		st = put_artifact(p, x, &s);
	if (st == OV_OK)
		st = save_draft(p, &s);
	else if (p->error[0] == '\0')
		st = io(p->error, st, x->file);
	ov_arena_free(&a);
	ov_buf_free(&text);
	return st;
}

ov_status ov_publish_withdraw(struct ov_publisher *p, const uint8_t sha256[OV_SHA256_BYTES],
			      struct ov_str reason, uint64_t now)
{
	struct ov_buf text = ov_buf_of(2 * LEAF_MAX);
	struct ov_state s = { .seq = 0 };
	struct ov_arena a;
	ov_status st;

	ov_arena_init(&a, 4 << 20);
	st = begin_draft(p, &a, &text, now, &s);
	if (st == OV_OK && s.nwithdrawn == OV_STATE_WITHDRAWN)
		st = fail(p->error, OV_LIMIT, "more than %d withdrawn", OV_STATE_WITHDRAWN);
	if (st == OV_OK && ov_state_reason(&s, sha256).n == 0) {
		forget(&s, sha256);
		s.withdrawn[s.nwithdrawn].reason = reason;
		memcpy(s.withdrawn[s.nwithdrawn++].sha256, sha256, OV_SHA256_BYTES);
	}
	if (st == OV_OK)
		st = save_draft(p, &s);
	ov_arena_free(&a);
	ov_buf_free(&text);
	return st;
}
