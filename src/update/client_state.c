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

/* Takes version + 1 if the repository has it. @return OV_END: it has not. */
static ov_status next_root(struct ov_client_run *x)
{
	struct ov_root *next = calloc(1, sizeof *next);
	struct ov_buf bytes = ov_buf_of(2 * OV_NOTE_MAX);
	struct ov_arena a;
	char name[40];
	ov_status s;

	if (next == NULL)
		return OV_NOMEM;
	ov_arena_init(&a, 4 << 20);
	root_name(x->root.version + 1, name);
	s = ov_fetch_get(x->f, name, OV_NOTE_MAX, &bytes);
	if (s == OV_OK && (ov_root_parse(x->h, ov_buf_text(&bytes), &a, next, NULL) != OV_OK ||
			   ov_root_follows(&x->root, next) != OV_OK))
		s = OV_END; /* not ours to follow: as if it were not there */
	if (s == OV_OK)
		s = ov_store_write(x->o->folder, name, bytes.p, bytes.n, false);
	if (s == OV_OK) {
		ov_arena_free(&x->root_arena);
		ov_buf_free(&x->root_bytes);
		x->root_arena = a;
		x->root_bytes = bytes;
		x->root = *next;
		x->memory.root = next->version;
		free(next);
		return ov_client_save(x);
	}
	ov_arena_free(&a);
	ov_buf_free(&bytes);
	free(next);
	return s;
}

ov_status ov_client_roots(struct ov_client_run *x)
{
	for (unsigned i = 0; i < ROOT_STEPS_MAX; i++) {
		const ov_status s = next_root(x);

		if (s == OV_END || s == OV_LIMIT)
			return OV_OK;
		if (s == OV_IO)
			return ov_client_fail(x, s, "the repository can't be reached: %s",
					      ov_fetch_error(x->f));
		OV_TRY(s);
	}
	return OV_OK;
}

static ov_status roll_back(struct ov_client_run *x, struct ov_str channel, struct ov_str name)
{
	const struct ov_memory_have *now = ov_memory_have(&x->memory, channel, name, 0);
	const struct ov_memory_have *before = ov_memory_have(&x->memory, channel, name, 1);
	uint8_t was[OV_SHA256_BYTES], next[OV_SHA256_BYTES];

	if (now == NULL || before == NULL)
		return ov_client_fail(x, OV_END, "there is no earlier database of that name here");
	memcpy(was, now->sha256, sizeof was);
	memcpy(next, before->sha256, sizeof next);
	OV_TRY(ov_client_set_aside(x, was, "set back by hand"));
	OV_TRY(ov_memory_took(&x->memory, channel, name, next, before->time));
	OV_TRY(ov_client_save(x));
	return ov_client_activate(x, name, next);
}

ov_status ov_client_rollback(const char *folder, struct ov_str channel, struct ov_str name,
			     char error[OV_CLIENT_ERROR])
{
	const struct ov_client_options o = { .folder = folder };
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
			s = roll_back(x, channel, name);
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
