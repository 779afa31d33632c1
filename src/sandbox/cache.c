/* The cache of compiled databases. See cache.h. */
#include "cache.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "digest.h"
#include "text.h"

#define KEY_VERSION "overt cache 1"
#define READ_SIZE ((size_t)256 * 1024)

void ov_cache_free(struct ov_cache *c)
{
	free(c->path);
	c->path = NULL;
}

static ov_status hash_file(struct ov_hasher *h, struct ov_source_file *f, uint8_t *room,
			   uint8_t out[OV_DIGEST_MAX])
{
	uint64_t at = 0;
	size_t got;

	OV_TRY(ov_hasher_start(h));
	do {
		OV_TRY(ov_fd_pread(&f->fd, at, room, READ_SIZE, &got));
		OV_TRY(ov_hasher_add(h, room, got));
		at += got;
	} while (got == READ_SIZE);
	return ov_hasher_end(h, out);
}

/*
 * Everything that the compiled bytes depend on: the compiler (its program file stands for its
 * version), options, and name and content of each source. Each text goes with its length, so that
 * no two lists read the same.
 */
static ov_status describe(const struct overt_options *o, const struct ov_sources *s,
			  struct ov_hasher *h, uint8_t *room, struct ov_buf *b)
{
	uint8_t digest[OV_DIGEST_MAX];
	struct stat st = { .st_size = 0 };
	char *worker = ov_options_worker(o);

	if (worker == NULL)
		return OV_NOMEM;
	(void)stat(worker, &st); /* one that isn't there can't compile either */
	free(worker);
	OV_TRY(ov_buf_str(b, OV_STR(KEY_VERSION)));
	OV_TRY(ov_buf_u64(b, (uint64_t)st.st_size));
	OV_TRY(ov_buf_u64(b, (uint64_t)st.st_mtim.tv_sec * 1000000000U +
				 (uint64_t)st.st_mtim.tv_nsec));
	OV_TRY(ov_buf_u8(b, o->value[OVERT_OPT_PUA] != 0));
	OV_TRY(ov_buf_u8(b, o->value[OVERT_OPT_STRICT] != 0));
	OV_TRY(ov_buf_u64(b, s->n));
	for (size_t i = 0; i < s->n; i++) {
		const struct ov_str name = ov_str_of(ov_source_name(&s->files[i]));

		OV_TRY(ov_buf_u64(b, name.n));
		OV_TRY(ov_buf_str(b, name));
		OV_TRY(ov_buf_u8(b, s->files[i].is_from_folder));
		memset(digest, 0, sizeof digest);
		if (!s->files[i].is_builtin)
			OV_TRY(hash_file(h, &s->files[i], room, digest));
		OV_TRY(ov_buf_put(b, digest, sizeof digest));
	}
	return OV_OK;
}

static ov_status compute_key(const struct overt_options *o, const struct ov_sources *s,
			     char hex[65])
{
	struct ov_buf b = ov_buf_of((size_t)64 << 20);
	uint8_t *room = malloc(READ_SIZE), digest[OV_DIGEST_MAX];
	struct ov_hasher *h = NULL;
	ov_status st = room != NULL ? ov_hasher_new(OV_SHA256, &h) : OV_NOMEM;

	if (st == OV_OK)
		st = describe(o, s, h, room, &b);
	if (st == OV_OK)
		st = ov_hasher_once(h, b.p, b.n, digest);
	if (st == OV_OK)
		ov_hex_encode(digest, 32, hex);
	ov_hasher_free(&h);
	ov_buf_free(&b);
	free(room);
	return st;
}

enum overt_status ov_cache_key(const struct overt_options *o, const struct ov_sources *s,
			       struct ov_cache *out, char error[OV_ERROR_MAX])
{
	char *folder = ov_options_cache(o);
	char hex[65];
	ov_status st;

	out->path = NULL;
	if (folder == NULL)
		return OVERT_OK;
	if (ov_save_folder(folder) !=
	    OV_OK) { /* slower, and nothing else: the database is compiled each time */
		ov_options_warn(o, "no cache for compiled databases: %s: %s", folder,
				strerror(errno));
		free(folder);
		return OVERT_OK;
	}
	st = compute_key(o, s, hex);
	if (st == OV_OK && asprintf(&out->path, "%s/%s.odb", folder, hex) < 0) {
		out->path = NULL;
		st = OV_NOMEM;
	}
	free(folder);
	if (st == OV_OK)
		return OVERT_OK;
	return ov_fail(error, st == OV_NOMEM ? OVERT_NO_MEMORY : OVERT_IO,
		       "a database source can't be read: %s", ov_status_name(st));
}

ov_status ov_cache_find(const struct ov_cache *c, struct ov_db_file *out)
{
	struct ov_fd_facts f;
	int fd = -1;

	if (c->path == NULL || ov_fd_open_read(c->path, &fd) != OV_OK)
		return OV_END;
	/* Another user who could write here could change what we detect. */
	if (ov_fd_facts(fd, &f) != OV_OK || f.kind != OV_FD_FILE || f.size == 0 ||
	    f.owner != geteuid() || (f.mode & 022) != 0) {
		ov_fd_close(&fd);
		return OV_END;
	}
	*out = (struct ov_db_file){ .fd = fd, .size = f.size, .is_cached = true };
	return OV_OK;
}
