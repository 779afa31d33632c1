/* Files that were taken, the set that scanners read, and what is left over. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checked.h"
#include "fd.h"
#include "history.h"
#include "save.h"
#include "source_int.h"
#include "store.h"
#include "text.h"

#define STEP ((size_t)256 << 10)
#define HEAD_MAX 256

static void db_name(const uint8_t sha256[OV_SHA256_BYTES], char out[80])
{
	memcpy(out, "db/", 3);
	ov_hex_encode(sha256, OV_SHA256_BYTES, out + 3);
}

/* One way through the bytes: their digest, and with `to` a copy. */
static ov_status pass(struct ov_sources_run *x, int fd, uint64_t from, uint64_t size, int to,
		      uint8_t *room, uint8_t digest[OV_DIGEST_MAX])
{
	OV_TRY(ov_hasher_start(x->h));
	for (uint64_t at = 0; at < size;) {
		const size_t want = size - at < STEP ? (size_t)(size - at) : STEP;
		size_t got;

		OV_TRY(ov_fd_pread(&fd, from + at, room, want, &got));
		if (got == 0)
			return OV_IO;
		OV_TRY(ov_hasher_add(x->h, room, got));
		if (to >= 0)
			OV_TRY(ov_fd_write(to, room, got));
		at += got;
	}
	return ov_hasher_end(x->h, digest);
}

static ov_status copy_to(struct ov_sources_run *x, int fd, uint64_t from, uint64_t size,
			 uint8_t *room, const char *path)
{
	uint8_t again[OV_DIGEST_MAX];
	struct ov_save save;
	ov_status s;

	OV_TRY(ov_save_begin(path, 0644, &save));
	s = pass(x, fd, from, size, save.fd, room, again);
	if (s == OV_OK)
		s = ov_save_commit(&save);
	ov_save_drop(&save);
	return s;
}

ov_status ov_source_store(struct ov_sources_run *x, int fd, uint64_t from, uint64_t size,
			  uint8_t sha256[OV_SHA256_BYTES])
{
	uint8_t *room = malloc(STEP), digest[OV_DIGEST_MAX];
	char name[80], *folder = ov_store_path(x->o->folder, "db"), *path = NULL;
	ov_status s = room != NULL && folder != NULL ? ov_save_folder(folder) : OV_NOMEM;

	if (s == OV_OK)
		s = pass(x, fd, from, size, -1, room, digest);
	if (s == OV_OK) {
		db_name(digest, name);
		path = ov_store_path(x->o->folder, name);
		s = path != NULL ? OV_OK : OV_NOMEM;
	}
	if (s == OV_OK && access(path, F_OK) != 0)
		s = copy_to(x, fd, from, size, room, path);
	if (s == OV_OK)
		memcpy(sha256, digest, OV_SHA256_BYTES);
	free(path);
	free(folder);
	free(room);
	return s;
}

/* "<name> <bytes> <0|1>\n" at `at`. A worker wrote it: all of it is held against its bounds. */
static ov_status read_head(int fd, uint64_t at, uint64_t total, struct ov_record_file *f,
			   size_t *length)
{
	uint8_t room[HEAD_MAX];
	struct ov_str line, w[3];
	const uint8_t *end;
	size_t got;

	OV_TRY(ov_fd_pread(&fd, at, room, sizeof room, &got));
	end = got > 0 ? memchr(room, '\n', got) : NULL;
	if (end == NULL)
		return OV_BAD;
	line = (struct ov_str){ (const char *)room, (size_t)(end - room) };
	*length = line.n + 1;
	memset(f, 0, sizeof *f);
	OV_TRY(ov_lines_words(line, w, 3, false));
	if (!ov_record_name_ok(w[0]) || ov_lines_u64(w[1], &f->size) != OV_OK || w[2].n != 1 ||
	    (w[2].p[0] != '0' && w[2].p[0] != '1') || f->size > total - at - *length)
		return OV_BAD;
	memcpy(f->name, w[0].p, w[0].n);
	f->is_read = w[2].p[0] == '1';
	return OV_OK;
}

ov_status ov_source_split(struct ov_sources_run *x, int out, uint64_t nfiles,
			  struct ov_record_file *files, size_t *n)
{
	struct ov_fd_facts facts;
	uint64_t at = 0;

	OV_TRY(ov_fd_facts(out, &facts));
	for (uint64_t i = 0; i < nfiles; i++) {
		size_t length;

		if (*n == OV_RECORD_FILES)
			return OV_LIMIT;
		OV_TRY(read_head(out, at, facts.size, &files[*n], &length));
		for (size_t k = 0; k < *n; k++)
			if (strcmp(files[k].name, files[*n].name) == 0)
				return OV_BAD;
		at += length;
		OV_TRY(ov_source_store(x, out, at, files[*n].size, files[*n].sha256));
		at += files[(*n)++].size;
	}
	return at == facts.size ? OV_OK : OV_BAD;
}

/* ---- the set ---- */

struct set {
	struct ov_buf names;   /* "<link> <sha256>\n": what the folder holds */
	struct ov_buf sources; /* the history's lines */
	struct ov_buf keep;    /* digests of files that stay in db/, 32 bytes each */
};

static ov_status keep_files(struct set *set, const struct ov_record_file *f, size_t n)
{
	for (size_t i = 0; i < n; i++)
		OV_TRY(ov_buf_put(&set->keep, f[i].sha256, OV_SHA256_BYTES));
	return OV_OK;
}

static ov_status keep_before(struct ov_sources_run *x, struct set *set, const struct ov_record *rec,
			     struct ov_record_file *room)
{
	struct ov_buf b = ov_buf_of(2 * OV_RECORD_MAX);
	char name[80] = "lists/";
	size_t n = 0;
	ov_status s;

	if (!rec->has_before)
		return OV_OK;
	ov_hex_encode(rec->before, OV_SHA256_BYTES, name + 6);
	s = ov_store_read(x->o->folder, name, OV_RECORD_MAX, &b);
	if (s == OV_OK &&
	    ov_record_list_parse((struct ov_str){ (const char *)b.p, b.n }, room, &n) == OV_OK)
		s = keep_files(set, room, n);
	ov_buf_free(&b);
	return s == OV_END || s == OV_BAD ? OV_OK : s;
}

/* Links to files that are not there would keep scanners from starting. */
static bool is_there(struct ov_sources_run *x, const struct ov_record_file *f)
{
	char name[80];

	db_name(f->sha256, name);
	return ov_store_has(x->o->folder, name);
}

static ov_status add_source(struct ov_sources_run *x, struct set *set,
			    const struct ov_source_conf *c, const struct ov_record *rec)
{
	struct ov_buf list = ov_buf_of(OV_RECORD_MAX);
	uint8_t digest[OV_DIGEST_MAX];
	char hex[2 * OV_SHA256_BYTES + 1];
	ov_status s = ov_record_list_write(rec->files, rec->nfiles, &list);

	if (s == OV_OK)
		s = ov_hasher_once(x->h, list.p, list.n, digest);
	ov_buf_free(&list);
	OV_TRY(s);
	ov_hex_encode(digest, OV_SHA256_BYTES, hex);
	OV_TRY(ov_buf_fmt(&set->sources, "source %s %s %s %zu %s\n", c->name,
			  ov_source_kind_name(c->kind),
			  rec->version[0] != '\0' ? rec->version : "-", rec->nfiles, hex));
	for (size_t i = 0; i < rec->nfiles; i++) {
		if (!rec->files[i].is_read || !is_there(x, &rec->files[i]))
			continue;
		ov_hex_encode(rec->files[i].sha256, OV_SHA256_BYTES, hex);
		OV_TRY(ov_buf_fmt(&set->names, "%s.%s %s\n", c->name, rec->files[i].name, hex));
	}
	return keep_files(set, rec->files, rec->nfiles);
}

static ov_status gather(struct ov_sources_run *x, struct set *set)
{
	struct ov_record *rec = calloc(2, sizeof *rec); /* the second: room for an older list */
	ov_status s = rec != NULL ? OV_OK : OV_NOMEM;

	for (size_t i = 0; i < x->o->list->n && s == OV_OK; i++) {
		const struct ov_source_conf *c = &x->o->list->v[i];

		if (ov_sources_record(x->o->folder, c->name, &rec[0]) != OV_OK)
			continue;
		if (c->enabled && rec[0].nfiles > 0)
			s = add_source(x, set, c, &rec[0]);
		else /* switched off: it may come back */
			s = keep_files(set, rec[0].files, rec[0].nfiles);
		if (s == OV_OK)
			s = keep_before(x, set, &rec[0], rec[1].files);
	}
	free(rec);
	return s;
}

static void remove_folder(const char *path)
{
	DIR *d = opendir(path);
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(path);
}

/* The folder of links, made aside and then named by its content. */
static ov_status make_set(struct ov_sources_run *x, const struct set *set, const char *path)
{
	struct ov_cur c = ov_buf_cur(&set->names);
	char *aside = ov_store_path(x->o->folder, "sets/new");
	struct ov_str line, name;
	ov_status s = aside != NULL ? OV_OK : OV_NOMEM;

	if (s == OV_OK) {
		remove_folder(aside);
		s = ov_save_folder(aside);
	}
	while (s == OV_OK && ov_cur_line(&c, &line) == OV_OK) {
		char link_name[OV_RECORD_NAME + OV_CONF_NAME_MAX + 2], target[96];

		(void)ov_text_split(&line, ' ', &name);
		(void)snprintf(link_name, sizeof link_name, "%.*s", (int)name.n, name.p);
		(void)snprintf(target, sizeof target, "../../db/%.*s", (int)line.n, line.p);
		s = ov_store_link(aside, link_name, target);
	}
	if (s == OV_OK && (chmod(aside, 0755) != 0 || rename(aside, path) != 0))
		s = OV_IO;
	free(aside);
	return s;
}

static bool is_kept(const struct set *set, const char *hex)
{
	uint8_t digest[OV_SHA256_BYTES];
	size_t n;

	if (ov_hex_decode(ov_str_of(hex), digest, sizeof digest, &n) != OV_OK || n != sizeof digest)
		return false;
	for (size_t at = 0; at < set->keep.n; at += OV_SHA256_BYTES)
		if (memcmp(set->keep.p + at, digest, sizeof digest) == 0)
			return true;
	return false;
}

/* What neither is in force nor was before goes. `was`: the set before, which a scan may be reading.
 */
static void prune(struct ov_sources_run *x, const struct set *set, const char *is, const char *was)
{
	static const char *const folders[] = { "db", "sets" };

	for (size_t i = 0; i < 2; i++) {
		char *folder = ov_store_path(x->o->folder, folders[i]);
		DIR *d = folder != NULL ? opendir(folder) : NULL;
		const struct dirent *e;

		while (d != NULL && (e = readdir(d)) != NULL) {
			char *path;

			if (e->d_name[0] == '.')
				continue;
			if (i == 0 && !is_kept(set, e->d_name))
				(void)unlinkat(dirfd(d), e->d_name, 0);
			else if (i == 1 && strcmp(e->d_name, is) != 0 &&
				 strcmp(e->d_name, was) != 0 &&
				 asprintf(&path, "%s/%s", folder, e->d_name) > 0) {
				remove_folder(path);
				free(path);
			}
		}
		if (d != NULL)
			(void)closedir(d);
		free(folder);
	}
}

/* The name of the set that is in force, without "sets/"; "" when none is. */
static void active_set(const struct ov_sources_run *x, char out[80])
{
	char *path = ov_store_path(x->o->folder, "active"), to[256];
	const ssize_t n = path != NULL ? readlink(path, to, sizeof to - 1) : -1;

	free(path);
	out[0] = '\0';
	if (n <= 5 || n >= 80)
		return;
	memcpy(out, to + 5, (size_t)n - 5);
	out[n - 5] = '\0';
}

static ov_status swap(struct ov_sources_run *x, const struct set *set)
{
	uint8_t digest[OV_DIGEST_MAX];
	char hex[2 * OV_DIGEST_MAX + 1], target[80], was[80], *path;
	ov_status s = OV_OK;

	OV_TRY(ov_hasher_once(x->h, set->names.p != NULL ? (const void *)set->names.p : "",
			      set->names.n, digest));
	ov_hex_encode(digest, 16, hex);
	active_set(x, was);
	if (strcmp(was, hex) == 0)
		return OV_OK;
	(void)snprintf(target, sizeof target, "sets/%s", hex);
	path = ov_store_path(x->o->folder, target);
	if (path == NULL)
		return OV_NOMEM;
	if (access(path, F_OK) != 0)
		s = make_set(x, set, path);
	if (s == OV_OK)
		s = ov_store_link(x->o->folder, "active", target);
	if (s == OV_OK)
		prune(x, set, hex, was);
	free(path);
	return s;
}

ov_status ov_source_settle(struct ov_sources_run *x)
{
	struct set set = { .names = ov_buf_of(64 << 20),
			   .sources = ov_buf_of(48 << 10),
			   .keep = ov_buf_of(64 << 20) };
	char error[OV_HISTORY_ERROR] = "";
	bool added = false;
	ov_status s = gather(x, &set);

	if (s == OV_OK)
		s = swap(x, &set);
	if (s == OV_OK) {
		s = ov_history_note(x->o->folder, x->o->now,
				    (struct ov_str){ (const char *)set.sources.p, set.sources.n },
				    &added, error);
		x->r->is_noted = x->r->is_noted || added;
	}
	if (s != OV_OK && x->r->error[0] == '\0')
		(void)snprintf(x->r->error, sizeof x->r->error, "%s",
			       error[0] != '\0' ? error
			       : s == OV_IO	? strerror(errno)
						: ov_status_name(s));
	ov_buf_free(&set.names);
	ov_buf_free(&set.sources);
	ov_buf_free(&set.keep);
	return s;
}
