#include "history.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "lines.h"
#include "logdir.h"
#include "store.h"
#include "text.h"
#include "tile.h"

#define NAME "overt-sources.local"
#define HEAD "overt-in-force/v1\ntime "
#define KEY_MAX ((size_t)4096)

struct history {
	char *folder; /* ".../history" */
	struct ov_hasher *h;
	struct ov_logdir log;
	bool is_open;
	char *error;
};

static ov_status fail(const struct history *x, ov_status s, const char *why)
{
	(void)snprintf(x->error, OV_HISTORY_ERROR, "the history %s: %s", x->folder, why);
	return s;
}

static ov_status open_history(const char *folder, char *error, struct history *x)
{
	ov_status s;

	*x = (struct history){ .error = error };
	x->folder = ov_store_path(folder, "history");
	if (x->folder == NULL)
		return OV_NOMEM;
	OV_TRY(ov_hasher_new(OV_SHA256, &x->h));
	s = ov_logdir_open(x->folder, x->h, &x->log);
	x->is_open = s == OV_OK;
	return s == OV_OK ? s : fail(x, s, "it can't be read");
}

static void close_history(struct history *x)
{
	if (x->is_open)
		ov_logdir_close(&x->log);
	ov_hasher_free(&x->h);
	free(x->folder);
}

/* This machine's key; made once. */
static ov_status load_key(struct history *x, struct ov_buf *text, struct ov_skey *key)
{
	uint8_t seed[OV_KEY_BYTES];
	struct ov_buf public = ov_buf_of(2 * KEY_MAX);
	ov_status s = ov_store_read(x->folder, "key", KEY_MAX, text);

	if (s == OV_END) {
		if (x->log.size > 0)
			return fail(x, OV_BAD, "its key is gone");
		if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
			return OV_IO;
		s = ov_skey_make(x->h, OV_STR(NAME), OV_KEY_PLAIN, seed, key);
		explicit_bzero(seed, sizeof seed);
		if (s == OV_OK)
			s = ov_skey_write(text, key);
		if (s == OV_OK)
			s = ov_vkey_write(&public, &key->public);
		if (s == OV_OK)
			s = ov_store_write(x->folder, "key", text->p, text->n, true);
		if (s == OV_OK)
			s = ov_store_write(x->folder, "key.pub", public.p, public.n, false);
		ov_buf_free(&public);
		return s;
	}
	OV_TRY(s);
	return ov_skey_parse(x->h, (struct ov_str){ (const char *)text->p, text->n }, key);
}

/* "time N" and the sources' lines behind it. */
static ov_status read_entry(struct ov_str text, struct ov_history_entry *out)
{
	struct ov_str rest = text, line;
	uint64_t time;

	if (!ov_str_starts(text, OV_STR(HEAD)))
		return OV_BAD;
	rest.p += sizeof HEAD - 1;
	rest.n -= sizeof HEAD - 1;
	if (!ov_text_split(&rest, '\n', &line) || ov_lines_u64(line, &time) != OV_OK)
		return OV_BAD;
	out->time = time;
	out->sources = rest;
	return OV_OK;
}

static ov_status get_entry(struct history *x, uint64_t index, struct ov_buf *b,
			   struct ov_history_entry *e)
{
	b->n = 0;
	OV_TRY(ov_logdir_entry(&x->log, index, b));
	e->index = index;
	return read_entry((struct ov_str){ (const char *)b->p, b->n }, e);
}

static ov_status append(struct history *x, uint64_t now, struct ov_str sources)
{
	struct ov_buf b = ov_buf_of(OV_ENTRY_MAX), key_text = ov_buf_of(2 * KEY_MAX);
	struct ov_skey key = { .public = { .id = 0 } };
	ov_status s = load_key(x, &key_text, &key);

	if (s == OV_OK)
		s = ov_buf_fmt(&b, HEAD "%llu\n%.*s", (unsigned long long)now, (int)sources.n,
			       sources.p);
	if (s == OV_OK)
		s = ov_logdir_append(&x->log, &key, ov_buf_cur(&b));
	ov_skey_wipe(&key);
	if (key_text.p != NULL)
		explicit_bzero(key_text.p, key_text.n);
	ov_buf_free(&key_text);
	ov_buf_free(&b);
	return s == OV_OK || x->error[0] != '\0' ? s : fail(x, s, "it can't be written");
}

ov_status ov_history_note(const char *folder, uint64_t now, struct ov_str sources, bool *added,
			  char error[OV_HISTORY_ERROR])
{
	struct ov_buf b = ov_buf_of(2 * (size_t)OV_ENTRY_MAX);
	struct ov_history_entry last = { .time = 0 };
	struct history x;
	ov_status s;

	*added = false;
	error[0] = '\0';
	s = open_history(folder, error, &x);
	if (s == OV_OK && x.log.size > 0)
		s = get_entry(&x, x.log.size - 1, &b, &last);
	if (s == OV_OK && (x.log.size == 0 ? sources.n > 0 : !ov_str_eq(last.sources, sources))) {
		if (now < last.time) /* a clock that went back: the log's times do not */
			now = last.time;
		s = append(&x, now, sources);
		*added = s == OV_OK;
	} else if (s != OV_OK && error[0] == '\0')
		(void)fail(&x, s, "its newest entry can't be read");
	ov_buf_free(&b);
	close_history(&x);
	return s;
}

ov_status ov_history_read(const char *folder, ov_history_fn fn, void *ctx,
			  char error[OV_HISTORY_ERROR])
{
	struct ov_buf b = ov_buf_of(2 * (size_t)OV_ENTRY_MAX);
	struct ov_history_entry e = { .time = 0 };
	struct history x;
	ov_status s;

	error[0] = '\0';
	s = open_history(folder, error, &x);
	if (s == OV_OK && x.log.size == 0)
		s = OV_END;
	for (uint64_t i = 0; s == OV_OK && i < x.log.size; i++) {
		s = get_entry(&x, i, &b, &e);
		if (s != OV_OK)
			(void)fail(&x, s, "an entry can't be read");
		else if (!fn(ctx, &e))
			break;
	}
	ov_buf_free(&b);
	close_history(&x);
	return s;
}

/* The public key that belongs to the log. */
static ov_status check_note(struct history *x, struct ov_str note, struct ov_checkpoint *out)
{
	struct ov_buf b = ov_buf_of(2 * KEY_MAX);
	struct ov_vkey v;
	struct ov_note_key known = { .key = &v };
	struct ov_note n;
	struct ov_arena a;
	ov_status s = ov_store_read(x->folder, "key.pub", KEY_MAX, &b);

	ov_arena_init(&a, 1 << 20);
	if (s == OV_OK)
		s = ov_vkey_parse(x->h, (struct ov_str){ (const char *)b.p, b.n }, &v);
	if (s == OV_OK)
		s = ov_note_parse(note, &a, &n);
	if (s == OV_OK)
		s = ov_note_verify(&n, &known, 1);
	if (s == OV_OK)
		s = ov_checkpoint_parse(n.text, out);
	ov_arena_free(&a);
	ov_buf_free(&b);
	return s == OV_OK ? s : OV_BAD;
}

/* The tree anew, out of the entries alone. With `stop`, the root of its first so many. */
static ov_status compute(struct history *x, uint64_t stop, struct ov_merkle_hash *root,
			 struct ov_merkle_hash *early)
{
	struct ov_buf b = ov_buf_of(2 * (size_t)OV_ENTRY_MAX);
	struct ov_merkle_edge edge = { .size = 0 };
	struct ov_merkle_hash leaf;
	struct ov_history_entry e = { .time = 0 };
	uint64_t time = 0;
	ov_status s = ov_merkle_empty(x->h, early);

	for (uint64_t i = 0; s == OV_OK && i < x->log.size; i++) {
		s = get_entry(x, i, &b, &e);
		if (s == OV_OK && e.time < time)
			s = OV_BAD;
		time = e.time;
		if (s == OV_OK)
			s = ov_merkle_leaf(x->h, b.p, b.n, &leaf);
		if (s == OV_OK)
			s = ov_merkle_append(x->h, &edge, &leaf);
		if (s == OV_OK && edge.size == stop)
			s = ov_merkle_root(x->h, &edge, early);
	}
	if (s == OV_OK)
		s = ov_merkle_root(x->h, &edge, root);
	ov_buf_free(&b);
	return s;
}

static ov_status verify(struct history *x, struct ov_str earlier)
{
	struct ov_checkpoint now, then = { .size = 0 };
	struct ov_merkle_hash root, early;

	if (x->log.size == 0)
		return OV_END;
	if (check_note(x, (struct ov_str){ (const char *)x->log.note.p, x->log.note.n }, &now) !=
	    OV_OK)
		return fail(x, OV_BAD, "its checkpoint is not signed by its key");
	if (earlier.n > 0 && check_note(x, earlier, &then) != OV_OK)
		return fail(x, OV_BAD, "the earlier checkpoint is not one of this log's key");
	if (then.size > now.size)
		return fail(x, OV_BAD, "it is shorter than it was");
	if (compute(x, then.size, &root, &early) != OV_OK)
		return fail(x, OV_BAD, "an entry can't be read, or goes back in time");
	if (memcmp(root.b, now.root.b, sizeof root.b) != 0)
		return fail(x, OV_BAD, "its entries are not those that the checkpoint is of");
	if (earlier.n > 0 && memcmp(early.b, then.root.b, sizeof early.b) != 0)
		return fail(x, OV_BAD, "its beginning was rewritten since the earlier checkpoint");
	return OV_OK;
}

ov_status ov_history_verify(const char *folder, struct ov_str earlier, uint64_t *size,
			    char error[OV_HISTORY_ERROR])
{
	struct history x;
	ov_status s;

	error[0] = '\0';
	s = open_history(folder, error, &x);
	if (s == OV_OK) {
		*size = x.log.size;
		s = verify(&x, earlier);
	}
	close_history(&x);
	return s;
}

ov_status ov_history_checkpoint(const char *folder, struct ov_buf *out)
{
	char *path = ov_store_path(folder, "history");
	const ov_status s =
	    path != NULL ? ov_store_read(path, "checkpoint", OV_NOTE_MAX, out) : OV_NOMEM;

	free(path);
	return s;
}
