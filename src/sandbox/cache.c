/* The cache of compiled databases. See cache.h. */
#include "cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "buf.h"
#include "digest.h"
#include "text.h"

#define KEY_VERSION "overt cache 1"
#define SETTLED_SECONDS 2 /* the coarsest clock of a common file system */
#define DAY_SECONDS 86400
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

/* The compiler (its program file stands for its version) and the options. */
static ov_status describe_compiler(const struct overt_options *o, struct ov_buf *b)
{
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
	return ov_buf_u8(b, o->value[OVERT_OPT_STRICT] != 0);
}

/* Each text goes with its length, so that no two lists read the same. */
static ov_status describe_name(const struct ov_source_file *f, struct ov_buf *b)
{
	const struct ov_str name = ov_str_of(ov_source_name(f));

	OV_TRY(ov_buf_u64(b, name.n));
	OV_TRY(ov_buf_str(b, name));
	return ov_buf_u8(b, f->is_from_folder);
}

/* Everything that the compiled bytes depend on. */
static ov_status describe(const struct overt_options *o, const struct ov_sources *s,
			  struct ov_hasher *h, uint8_t *room, struct ov_buf *b)
{
	uint8_t digest[OV_DIGEST_MAX];

	OV_TRY(describe_compiler(o, b));
	OV_TRY(ov_buf_u64(b, s->n));
	for (size_t i = 0; i < s->n; i++) {
		OV_TRY(describe_name(&s->files[i], b));
		memset(digest, 0, sizeof digest);
		if (!s->files[i].is_builtin)
			OV_TRY(hash_file(h, &s->files[i], room, digest));
		OV_TRY(ov_buf_put(b, digest, sizeof digest));
	}
	return OV_OK;
}

/*
 * The same by what the file system says of the sources instead of their content: device, inode,
 * size, times. The time of the last change of the inode can't be set by a program, so a file that
 * changed has another stamp.
 */
static ov_status describe_stamps(const struct overt_options *o, const struct ov_sources *s,
				 struct ov_buf *b)
{
	OV_TRY(ov_buf_str(b, OV_STR("stamps of ")));
	OV_TRY(describe_compiler(o, b));
	OV_TRY(ov_buf_u64(b, s->n));
	for (size_t i = 0; i < s->n; i++) {
		const struct ov_fd_facts *f = &s->files[i].facts;

		OV_TRY(describe_name(&s->files[i], b));
		OV_TRY(ov_buf_u64(b, f->device));
		OV_TRY(ov_buf_u64(b, f->inode));
		OV_TRY(ov_buf_u64(b, f->size));
		OV_TRY(ov_buf_u64(b, (uint64_t)f->mtime_ns));
		OV_TRY(ov_buf_u64(b, (uint64_t)f->ctime_ns));
	}
	return OV_OK;
}

/* Files changed just now could change again within one tick of the file system's clock: no stamp is
 * kept of those. */
static bool are_settled(const struct ov_sources *s)
{
	struct timespec now;

	if (clock_gettime(CLOCK_REALTIME, &now) != 0)
		return false;
	for (size_t i = 0; i < s->n; i++)
		if (!s->files[i].is_builtin &&
		    s->files[i].facts.ctime_ns / 1000000000 + SETTLED_SECONDS >= now.tv_sec)
			return false;
	return true;
}

static bool is_ours(const struct ov_fd_facts *f)
{
	return f->kind == OV_FD_FILE && f->owner == geteuid() && (f->mode & 022) == 0;
}

/* Reads a key that was noted under a stamp. */
static bool recall(const char *path, char hex[65])
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	struct ov_fd_facts f;
	size_t got = 0, n = 0;
	uint8_t digest[32];

	if (ov_fd_open_read(path, &fd) != OV_OK || ov_fd_facts(fd, &f) != OV_OK || !is_ours(&f) ||
	    f.size != 64)
		return false;
	if (ov_fd_read(fd, hex, 64, &got) != OV_OK || got != 64)
		return false;
	hex[64] = '\0';
	return ov_hex_decode(ov_str_of(hex), digest, sizeof digest, &n) == OV_OK && n == 32;
}

static ov_status key_by_content(const struct overt_options *o, const struct ov_sources *s,
				struct ov_hasher *h, struct ov_buf *b, char hex[65])
{
	uint8_t *room = malloc(READ_SIZE), digest[OV_DIGEST_MAX];
	ov_status st = room != NULL ? OV_OK : OV_NOMEM;

	b->n = 0;
	if (st == OV_OK)
		st = describe(o, s, h, room, b);
	if (st == OV_OK)
		st = ov_hasher_once(h, b->p, b->n, digest);
	if (st == OV_OK)
		ov_hex_encode(digest, 32, hex);
	free(room);
	return st;
}

/* The key from a stamp where there is one, else from the content, which takes a second for a
 * gigabyte. */
static ov_status find_key(const struct overt_options *o, const struct ov_sources *s,
			  const char *folder, struct ov_hasher *h, struct ov_buf *b, char hex[65])
{
	const bool settled = are_settled(s); /* before anything is read */
	uint8_t digest[OV_DIGEST_MAX];
	char stamp[65], *path = NULL;
	ov_status st;

	OV_TRY(describe_stamps(o, s, b));
	OV_TRY(ov_hasher_once(h, b->p, b->n, digest));
	ov_hex_encode(digest, 32, stamp);
	if (asprintf(&path, "%s/%s.key", folder, stamp) < 0)
		return OV_NOMEM;
	if (settled && recall(path, hex)) {
		free(path);
		return OV_OK;
	}
	st = key_by_content(o, s, h, b, hex);
	if (st == OV_OK && settled)
		(void)!ov_save_bytes(path, 0600, hex, 64); /* a help, no need */
	free(path);
	return st;
}

static ov_status compute_key(const struct overt_options *o, const struct ov_sources *s,
			     const char *folder, char hex[65])
{
	struct ov_buf b = ov_buf_of((size_t)64 << 20);
	struct ov_hasher *h = NULL;
	ov_status st = ov_hasher_new(OV_SHA256, &h);

	if (st == OV_OK)
		st = find_key(o, s, folder, h, &b, hex);
	ov_hasher_free(&h);
	ov_buf_free(&b);
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
	st = compute_key(o, s, folder, hex);
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
	if (ov_fd_facts(fd, &f) != OV_OK || !is_ours(&f) || f.size == 0) {
		ov_fd_close(&fd);
		return OV_END;
	}
	if (f.mtime_ns / 1000000000 + DAY_SECONDS < (int64_t)time(NULL))
		(void)!futimens(fd, NULL); /* still in use: see ov_cache_prune() */
	*out = (struct ov_db_file){ .fd = fd, .size = f.size, .is_cached = true };
	return OV_OK;
}

/* 64 hexadecimal digits and the ending of what we keep. */
static bool is_entry_name(const char *name)
{
	uint8_t digest[32];
	size_t n = 0;

	if (strlen(name) != 68 ||
	    (strcmp(name + 64, ".odb") != 0 && strcmp(name + 64, ".key") != 0))
		return false;
	return ov_hex_decode((struct ov_str){ .p = name, .n = 64 }, digest, sizeof digest, &n) ==
	       OV_OK;
}

void ov_cache_prune(const struct ov_cache *c)
{
	const time_t oldest = time(NULL) - (time_t)OV_CACHE_DAYS * DAY_SECONDS;
	char *folder = c->path != NULL ? strdup(c->path) : NULL;
	const struct dirent *e;
	DIR *d = NULL;

	if (folder != NULL && strrchr(folder, '/') != NULL) {
		*strrchr(folder, '/') = '\0';
		d = opendir(folder);
	}
	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		if (is_entry_name(e->d_name) &&
		    fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISREG(st.st_mode) && st.st_uid == geteuid() && st.st_mtime < oldest)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		(void)closedir(d);
	free(folder);
}
