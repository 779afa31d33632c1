/* A client's own files: memory, roots. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client_int.h"
#include "fd.h"
#include "store.h"
#include "text.h"

#define ROOT_STEPS_MAX 1000 /* versions taken in one run */

ov_status ov_client_fail(struct ov_client_run *x, ov_status s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(x->r->error, sizeof x->r->error, fmt, ap);
	va_end(ap);
	return s;
}

static void root_name(uint64_t version, char out[40])
{
	(void)snprintf(out, 40, "root/%llu", (unsigned long long)version);
}

/* A machine that never updated: a secret of its own, and the root that its user trusts. */
static ov_status start(struct ov_client_run *x)
{
	const char *why = NULL;
	char name[40];

	if (getrandom(x->memory.secret, sizeof x->memory.secret, 0) !=
	    (ssize_t)sizeof x->memory.secret)
		return ov_client_fail(x, OV_IO, "no random numbers: %s", strerror(errno));
	if (x->o->first_root.n == 0)
		return ov_client_fail(x, OV_BAD,
				      "this machine trusts no root yet: give one with --root FILE "
				      "(from the package, or from whom you trust)");
	if (ov_root_parse(x->h, x->o->first_root, &x->root_arena, &x->root, &why) != OV_OK)
		return ov_client_fail(x, OV_BAD, "the root file: %s", why);
	if (ov_root_enough(&x->root.note, &x->root.roots) != OV_OK)
		return ov_client_fail(x, OV_BAD, "the root file is not signed by its own keys");
	x->memory.root = x->root.version;
	root_name(x->root.version, name);
	OV_TRY(ov_store_write(x->o->folder, name, x->o->first_root.p, x->o->first_root.n, false));
	return ov_client_save(x);
}

ov_status ov_client_load(struct ov_client_run *x)
{
	const char *why = NULL;
	char name[40];
	ov_status s = ov_store_read(x->o->folder, "memory", 1 << 19, &x->memory_text);

	if (s == OV_END)
		return start(x);
	if (s != OV_OK)
		return ov_client_fail(x, s, "%s/memory: %s", x->o->folder,
				      s == OV_IO ? strerror(errno) : ov_status_name(s));
	if (ov_memory_parse(ov_buf_text(&x->memory_text), &x->memory) != OV_OK)
		return ov_client_fail(
		    x, OV_BAD,
		    "%s/memory is damaged. It is what keeps this machine from going back: restore "
		    "it, or remove the folder and start anew with --root",
		    x->o->folder);
	root_name(x->memory.root, name);
	s = ov_store_read(x->o->folder, name, OV_NOTE_MAX, &x->root_bytes);
	if (s == OV_OK)
		s = ov_root_parse(x->h, ov_buf_text(&x->root_bytes), &x->root_arena, &x->root,
				  &why);
	return s == OV_OK ? OV_OK
			  : ov_client_fail(x, s, "%s/%s can't be read: %s", x->o->folder, name,
					   why != NULL ? why : ov_status_name(s));
}

ov_status ov_client_save(struct ov_client_run *x)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	ov_status s = ov_memory_write(&x->memory, &b);

	if (s == OV_OK)
		s = ov_store_write(x->o->folder, "memory", b.p, b.n, true);
	ov_buf_free(&b);
	return s == OV_OK ? OV_OK
			  : ov_client_fail(x, s, "%s/memory can't be written: %s", x->o->folder,
					   s == OV_IO ? strerror(errno) : ov_status_name(s));
}

/* Is this the root after ours? Then it is ours from now on. @return OV_END: it is not, as if it
 * were not there. */
static ov_status take_root(struct ov_client_run *x, struct ov_buf *bytes, const char *name)
{
	struct ov_root *next = calloc(1, sizeof *next);
	struct ov_arena a;
	ov_status s = next != NULL ? OV_OK : OV_NOMEM;

	ov_arena_init(&a, 4 << 20);
	if (s == OV_OK)
		s = ov_root_parse(x->h, ov_buf_text(bytes), &a, next, NULL);
	if (s == OV_OK)
		s = ov_root_follows(&x->root, next);
	if (s != OV_OK && s != OV_NOMEM)
		s = OV_END;
	if (s == OV_OK)
		s = ov_store_write(x->o->folder, name, bytes->p, bytes->n, false);
	if (s == OV_OK) {
		ov_arena_free(&x->root_arena);
		ov_buf_free(&x->root_bytes);
		x->root_arena = a;
		x->root_bytes = *bytes;
		*bytes = ov_buf_of(bytes->max);
		x->root = *next;
		x->memory.root = next->version;
		x->has_new_root = true;
		s = ov_client_save(x);
	} else {
		ov_arena_free(&a);
	}
	free(next);
	return s;
}

/* Takes version + 1 from the first mirror that has it. @return OV_END: none has. */
static ov_status next_root(struct ov_client_run *x)
{
	struct ov_buf bytes = ov_buf_of(2 * OV_NOTE_MAX);
	ov_status s = OV_END, worst = OV_END;
	bool has_answer = false;
	char name[40];

	root_name(x->root.version + 1, name);
	for (size_t i = 0; i < x->o->from.nsources && s == OV_END; i++) {
		s = ov_fetch_get_from(x->f, i, name, OV_NOTE_MAX, &bytes);
		if (s == OV_OK)
			s = take_root(x, &bytes, name);
		has_answer = has_answer || s == OV_END;
		if (s == OV_IO || s == OV_LIMIT) { /* the next one may do */
			worst = s;
			s = OV_END;
		}
	}
	ov_buf_free(&bytes);
	return s == OV_END && !has_answer ? worst : s;
}

ov_status ov_client_roots(struct ov_client_run *x)
{
	for (unsigned i = 0; i < ROOT_STEPS_MAX; i++) {
		const ov_status s = next_root(x);

		if (s == OV_IO)
			return ov_client_fail(x, s, "the repository can't be reached: %s",
					      ov_fetch_error(x->f));
		if (s == OV_END || s == OV_LIMIT)
			break;
		OV_TRY(s);
	}
	x->memory.asked = x->o->now;
	return OV_OK;
}

static bool begins_with(const uint8_t sha256[OV_SHA256_BYTES], struct ov_str digits)
{
	char hex[2 * OV_SHA256_BYTES + 1];

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	return digits.n >= 8 && ov_str_starts(ov_str_of(hex), digits);
}

/* Which of the databases kept is meant; from 1, since 0 is in use. 0: none. */
static uint32_t find_kept(const struct ov_client_run *x, const struct ov_client_rollback *o)
{
	for (uint32_t i = 1;; i++) {
		const struct ov_memory_have *k = ov_memory_have(&x->memory, o->channel, o->name, i);

		if (k == NULL)
			return 0;
		if (o->to.n > 0 ? begins_with(k->sha256, o->to)
				: !ov_memory_is_quarantined(&x->memory, k->sha256))
			return i;
	}
}

static ov_status roll_back(struct ov_client_run *x, const struct ov_client_rollback *o)
{
	const uint32_t nth = find_kept(x, o);
	const struct ov_memory_have *kept;
	uint8_t next[OV_SHA256_BYTES];
	uint64_t time;

	if (nth == 0)
		return ov_client_fail(x, OV_END,
				      o->to.n > 0
					  ? "no database that is kept here has that SHA-256 "
					    "(8 digits at least)"
					  : "there is no earlier database of that name here");
	kept = ov_memory_have(&x->memory, o->channel, o->name, nth);
	memcpy(next, kept->sha256, sizeof next);
	time = kept->time;
	for (uint32_t i = 0; i < nth; i++) {
		uint8_t was[OV_SHA256_BYTES];

		memcpy(was, ov_memory_have(&x->memory, o->channel, o->name, i)->sha256, sizeof was);
		if (!ov_memory_is_quarantined(&x->memory, was))
			OV_TRY(ov_client_set_aside(x, was, o->why));
	}
	ov_memory_readmit(&x->memory, next); /* who names it wants it */
	OV_TRY(ov_memory_took(&x->memory, o->channel, o->name, next, time));
	/* The link first: when we end here, scanners have the good one, and the memory's order is
	 * mended by doing it again. */
	OV_TRY(ov_client_activate(x, o->name, next));
	return ov_client_save(x);
}

ov_status ov_client_rollback(const struct ov_client_rollback *how, char error[OV_CLIENT_ERROR])
{
	const char *folder = how->folder;
	const struct ov_client_options o = { .folder = folder, .now = how->now };
	struct ov_client_report *r = calloc(1, sizeof *r);
	struct ov_client_run *x = calloc(1, sizeof *x);
	ov_status s = r != NULL && x != NULL ? OV_OK : OV_NOMEM;

	if (s == OV_OK) {
		x->o = &o;
		x->r = r;
		x->lock = -1;
		x->memory_text = x->root_bytes = ov_buf_of(1 << 20);
		ov_arena_init(&x->arena, 1 << 20);
		ov_arena_init(&x->root_arena, 4 << 20);
		s = ov_hasher_new(OV_SHA256, &x->h);
		if (s == OV_OK && !ov_store_has(folder, "memory"))
			s = ov_client_fail(x, OV_END, "%s: nothing was ever updated here", folder);
		if (s == OV_OK && ov_store_lock(folder, 10, &x->lock) != OV_OK)
			s = ov_client_fail(x, OV_IO, "%s: an update is running", folder);
		if (s == OV_OK)
			s = ov_client_load(x);
		if (s == OV_OK)
			s = roll_back(x, how);
		ov_hasher_free(&x->h);
		ov_arena_free(&x->arena);
		ov_arena_free(&x->root_arena);
		ov_buf_free(&x->memory_text);
		ov_buf_free(&x->root_bytes);
		ov_fd_close(&x->lock);
		(void)snprintf(error, OV_CLIENT_ERROR, "%s", r->error);
	}
	free(x);
	free(r);
	return s;
}
