/*
 * overt migrate record, verify: what was there before the move and after it, as signed notes (C2SP
 * signed-note, Ed25519; src/tlog). The one of after names the other by its SHA-256, so that the two
 * can't be put together of different machines' records unnoticed.
 */
#include "migrate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "keyfile.h"
#include "mig_note.h"
#include "note.h"
#include "text.h"

#define COMMAND "overt migrate"
#define SIGNERS 16

static int refuse(struct cli *c, const char *what, const char *why)
{
	(void)cli_fail(c, COMMAND, what, why);
	return COVERED_ERROR;
}

/* ---- writing ---- */

static bool read_key(struct cli *c, const struct migrate_settings *s, struct ov_hasher *h,
		     char room[OV_KEYFILE_MAX], struct ov_skey *out)
{
	struct ov_buf b = ov_buf_of(8192), pass = ov_buf_of(8192);
	ov_status st = OV_IO;
	const uint8_t *end;

	if (migrate_read(c, s->key, 4096, &b) &&
	    (s->passphrase_file == NULL || migrate_read(c, s->passphrase_file, 4096, &pass))) {
		end = pass.n > 0 ? memchr(pass.p, '\n', pass.n) : NULL;
		if (end != NULL)
			pass.n = (size_t)(end - pass.p);
		st = ov_keyfile_read(h, ov_buf_text(&b), ov_buf_text(&pass), room, out);
		if (st != OV_OK)
			(void)refuse(c, s->key,
				     st == OV_ENCRYPTED ? "it needs its passphrase: "
							  "--passphrase-file"
							: "it is no key file");
		else if (out->public.type != OV_KEY_PLAIN)
			(void)refuse(c, s->key, "it is a cosigner's key: records take a plain one");
	}
	if (b.n > 0)
		explicit_bzero(b.p, b.n);
	if (pass.n > 0)
		explicit_bzero(pass.p, pass.n);
	ov_buf_free(&b);
	ov_buf_free(&pass);
	return st == OV_OK && out->public.type == OV_KEY_PLAIN;
}

/* The hash of the record before, once it is one. */
static bool hash_before(struct cli *c, const struct migrate_settings *s, struct ov_hasher *h,
			char hex[OV_MIG_HASH + 1])
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(OV_NOTE_MAX + 4096);
	uint8_t d[OV_DIGEST_MAX];
	struct ov_mig_record r;
	struct ov_arena a;
	struct ov_note n;
	bool ok;

	hex[0] = '\0';
	if (s->before == NULL)
		return true;
	if (!migrate_read(c, s->before, OV_NOTE_MAX, &b))
		return false;
	ov_arena_init(&a, (size_t)1 << 20);
	ok = ov_note_parse(ov_buf_text(&b), &a, &n) == OV_OK && ov_mig_read(n.text, &r) == OV_OK &&
	     !r.is_after && ov_hasher_once(h, b.p, b.n, d) == OV_OK;
	ov_arena_free(&a);
	if (ok)
		ov_hex_encode(d, OV_MIG_HASH / 2, hex);
	else
		(void)refuse(c, s->before, "it is no record from before a move");
	return ok;
}

bool migrate_write(struct cli *c, const char *path, struct ov_str bytes)
{
	bool ok = false;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);

	if (fd >= 0) {
		ok = ov_fd_write(fd, bytes.p, bytes.n) == OV_OK && fsync(fd) == 0;
		if (close(fd) != 0)
			ok = false;
	}
	if (!ok)
		(void)refuse(c, path,
			     errno == EEXIST ? "is there already; it is never written over"
					     : strerror(errno));
	return ok;
}

static bool write_out(struct cli *c, const char *path, const struct ov_buf *b)
{
	if (path != NULL)
		return migrate_write(c, path, ov_buf_text(b));
	cli_raw(&c->out, ov_buf_text(b));
	return true;
}

static int sign(struct cli *c, const struct migrate_settings *s, struct covered_lists *l,
		const struct ov_inventory *inv, const char *before, const struct ov_skey *k)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf text = ov_buf_of(OV_NOTE_MAX);
	OV_CLEANUP(ov_buf_free) struct ov_buf note = ov_buf_of(OV_NOTE_MAX + 4096);
	struct ov_cov_result result;
	struct ov_arena a;
	int64_t at;
	ov_status st;

	if (!covered_day(c, COMMAND, s->at, &at))
		return COVERED_ERROR;
	ov_arena_init(&a, (size_t)256 << 20);
	st = ov_cov_judge(&l->list, inv, ov_str_of(s->profile), at, &a, &result);
	if (st == OV_OK)
		st = ov_mig_write(&text, &(struct ov_mig_facts){ .list = &l->list,
								 .inventory = inv,
								 .result = &result,
								 .profile = ov_str_of(s->profile),
								 .at = at,
								 .before = ov_str_of(before) });
	ov_arena_free(&a);
	if (st == OV_OK && !ov_note_text_ok(ov_buf_text(&text)))
		st = OV_BUG;
	if (st == OV_OK)
		st = ov_buf_put(&note, text.p, text.n);
	if (st == OV_OK)
		st = ov_buf_u8(&note, '\n');
	if (st == OV_OK)
		st = ov_note_sign(k, ov_buf_text(&text), 0, &note);
	if (st != OV_OK)
		return refuse(c, "the record could not be made", ov_status_name(st));
	return write_out(c, s->output, &note) ? COVERED_NONE : COVERED_ERROR;
}

static int record(struct cli *c, const struct migrate_settings *s, const char *target,
		  struct ov_hasher *h)
{
	struct inventory_what what = { .root = target, .one_fs = s->one_fs };
	const struct ov_inventory *inv = NULL;
	char hex[OV_MIG_HASH + 1], room[OV_KEYFILE_MAX];
	struct inventory_taken *t = NULL;
	struct covered_lists l = { .c = c };
	struct ov_skey k;
	int code = COVERED_ERROR;

	if (!hash_before(c, s, h, hex) || !read_key(c, s, h, room, &k))
		return code;
	if (covered_lists_open(&l, c, COMMAND, &s->lists, s->only_lists) &&
	    covered_lists_profile(&l, s->profile) &&
	    covered_lists_take(&l, &what, &t, &inv) == COVERED_NONE)
		code = sign(c, s, &l, inv, hex, &k);
	inventory_drop(&t);
	covered_lists_close(&l);
	ov_skey_wipe(&k);
	explicit_bzero(room, sizeof room);
	return code;
}

int migrate_record(struct cli *c, const struct migrate_settings *s, const char *target)
{
	struct ov_hasher *h = NULL;
	int code;

	if (s->key == NULL)
		return refuse(c, "record needs --key FILE",
			      "overt publish key NAME -o FILE makes one");
	if (ov_hasher_new(OV_SHA256, &h) != OV_OK)
		return refuse(c, "out of memory", NULL);
	code = record(c, s, target, h);
	ov_hasher_free(&h);
	return code;
}

/* ---- verifying ---- */

struct verified {
	struct ov_buf bytes;
	struct ov_note note;
	struct ov_mig_record record;
	struct ov_note_key keys[SIGNERS];
};

struct verifier {
	struct cli *c;
	struct ov_hasher *h;
	struct ov_arena arena;
	struct ov_vkey keys[SIGNERS];
	size_t nkeys;
};

/* @return COVERED_NONE it holds; COVERED_FOUND it does not, and that was told; COVERED_ERROR. */
static int check(struct verifier *v, const char *path, struct verified *x)
{
	if (!migrate_read(v->c, path, OV_NOTE_MAX, &x->bytes))
		return COVERED_ERROR;
	if (ov_note_parse(ov_buf_text(&x->bytes), &v->arena, &x->note) != OV_OK ||
	    ov_mig_read(x->note.text, &x->record) != OV_OK) {
		(void)refuse(v->c, path, "it is no record of overt migrate");
		return COVERED_FOUND;
	}
	for (size_t i = 0; i < v->nkeys; i++)
		x->keys[i] = (struct ov_note_key){ .key = &v->keys[i] };
	if (ov_note_verify(&x->note, x->keys, v->nkeys) == OV_OK)
		return COVERED_NONE;
	(void)refuse(v->c, path, "no key that was given has signed it, or its text was changed");
	return COVERED_FOUND;
}

static void show(struct cli *c, const struct verifier *v, const char *path,
		 const struct verified *x)
{
	const struct ov_mig_record *r = &x->record;
	struct cli_out *out = &c->out;

	cli_fmt(out, "%-7s ", r->is_after ? "after" : "before");
	cli_shown(out, ov_str_of(path));
	cli_put(out, ": ");
	cli_shown(out, r->target);
	cli_put(out, " on ");
	cli_shown(out, r->taken);
	cli_fmt(out, ": %llu found, %llu undetermined, %llu not read\n        signed by ",
		(unsigned long long)r->found, (unsigned long long)r->undetermined,
		(unsigned long long)r->unread);
	for (size_t i = 0, n = 0; i < v->nkeys; i++) {
		if (!x->keys[i].is_good)
			continue;
		cli_put(out, n++ > 0 ? ", " : "");
		cli_shown(out, v->keys[i].name);
	}
	cli_put(out, "; judged by ");
	cli_shown(out, r->list);
	cli_put(out, "\n");
}

/* Does `after` speak of this very `before`, and of the same target? */
static int match(struct verifier *v, const struct verified *before, const struct verified *after,
		 const char *path)
{
	char hex[OV_MIG_HASH + 1];
	uint8_t d[OV_DIGEST_MAX];

	if (ov_hasher_once(v->h, before->bytes.p, before->bytes.n, d) != OV_OK)
		return refuse(v->c, "out of memory", NULL);
	ov_hex_encode(d, OV_MIG_HASH / 2, hex);
	if (before->record.is_after || !after->record.is_after ||
	    !ov_str_is(after->record.before, hex)) {
		(void)refuse(v->c, path, "it is not of the record before that was given");
		return COVERED_FOUND;
	}
	if (!ov_str_eq(before->record.target, after->record.target)) {
		(void)refuse(v->c, path, "it is of another target");
		return COVERED_FOUND;
	}
	return COVERED_NONE;
}

static int verify(struct verifier *v, const char *before, const char *after, struct verified x[2])
{
	const struct ov_mig_record *last = &x[after != NULL].record;
	int code = check(v, before, &x[0]);

	if (code == COVERED_NONE && after != NULL)
		code = check(v, after, &x[1]);
	if (code == COVERED_NONE && after != NULL)
		code = match(v, &x[0], &x[1], after);
	if (code != COVERED_NONE)
		return code;
	show(v->c, v, before, &x[0]);
	if (after == NULL)
		return COVERED_NONE;
	show(v->c, v, after, &x[1]);
	if (last->found == 0 && last->undetermined == 0 && last->unread == 0) {
		cli_put(&v->c->out, "nothing is left\n");
		return COVERED_NONE;
	}
	cli_put(&v->c->out,
		last->found > 0
		    ? "something is left\n"
		    : "nothing found is left, but not all could be read or told apart\n");
	return COVERED_UNDETERMINED;
}

int migrate_verify(struct cli *c, const struct migrate_settings *s, const char *before,
		   const char *after)
{
	struct verifier v = { .c = c };
	struct verified x[2] = { 0 };
	int code = COVERED_NONE;

	if (s->verifiers.n == 0 || s->verifiers.n > SIGNERS)
		return refuse(c, "verify needs --verifier VKEY",
			      "the line that overt publish key printed; at most 16");
	ov_arena_init(&v.arena, (size_t)4 << 20);
	x[0].bytes = ov_buf_of(OV_NOTE_MAX + 4096);
	x[1].bytes = ov_buf_of(OV_NOTE_MAX + 4096);
	if (ov_hasher_new(OV_SHA256, &v.h) != OV_OK)
		code = refuse(c, "out of memory", NULL);
	for (size_t i = 0; i < s->verifiers.n && code == COVERED_NONE; i++, v.nkeys++)
		if (ov_vkey_parse(v.h, ov_str_of(s->verifiers.v[i]), &v.keys[i]) != OV_OK ||
		    v.keys[i].type != OV_KEY_PLAIN)
			code = refuse(c, s->verifiers.v[i], "is no Ed25519 verifier key");
	if (code == COVERED_NONE)
		code = verify(&v, before, after, x);
	ov_buf_free(&x[0].bytes);
	ov_buf_free(&x[1].bytes);
	ov_arena_free(&v.arena);
	ov_hasher_free(&v.h);
	return code;
}
