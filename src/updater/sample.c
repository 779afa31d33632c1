#include "sample.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "buf.h"
#include "digest.h"
#include "fd.h"
#include "store.h"
#include "text.h"

#define LIST_MAX ((size_t)32 << 20) /* bytes of one package's list */
#define FROM_ONE 8		    /* files of one package, so that many packages have a part */
#define STEP ((size_t)128 << 10)
#define FILE_MAX ((uint64_t)64 << 20)

ov_status sample_line(struct ov_str line, uint8_t md5[SAMPLE_MD5], struct ov_str *path)
{
	const struct ov_str digits = { line.p, line.n < 32 ? line.n : 32 };
	size_t n = 0;

	if (line.n < 35 || line.p[32] != ' ' || line.p[33] != ' ')
		return OV_BAD;
	if (ov_hex_decode(digits, md5, SAMPLE_MD5, &n) != OV_OK || n != SAMPLE_MD5)
		return OV_BAD;
	*path = (struct ov_str){ line.p + 34, line.n - 34 };
	for (size_t i = 0; i < path->n; i++)
		if ((unsigned char)path->p[i] < ' ')
			return OV_BAD;
	return OV_OK;
}

static uint32_t draw(uint32_t below)
{
	uint32_t v = 0;

	if (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v)
		v = 0;
	return below > 0 ? v % below : 0; /* which files are looked at needs no perfect dice */
}

/* Names of all lists, shuffled. */
struct lists {
	char **v;
	size_t n, cap;
};

static void lists_free(struct lists *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i]);
	free(l->v);
}

static bool lists_add(struct lists *l, const char *name)
{
	if (l->n == l->cap) {
		const size_t cap = l->cap == 0 ? 256 : l->cap * 2;
		char **more = reallocarray(l->v, cap, sizeof *more);

		if (more == NULL)
			return false;
		l->v = more;
		l->cap = cap;
	}
	l->v[l->n] = strdup(name);
	return l->v[l->n++] != NULL;
}

static ov_status lists_read(const char *folder, struct lists *l)
{
	DIR *dir = opendir(folder);
	const struct dirent *e;
	bool good = true;

	while (good && dir != NULL && (e = readdir(dir)) != NULL)
		if (ov_text_ends_with(ov_str_of(e->d_name), OV_STR(".md5sums")))
			good = lists_add(l, e->d_name);
	if (dir != NULL)
		(void)closedir(dir);
	for (size_t i = l->n; good && i > 1; i--) {
		const size_t k = draw((uint32_t)i);
		char *swap = l->v[i - 1];

		l->v[i - 1] = l->v[k];
		l->v[k] = swap;
	}
	return good ? OV_OK : OV_NOMEM;
}

static ov_status add(struct sample *s, struct ov_str path, const uint8_t md5[SAMPLE_MD5])
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	struct ov_fd_facts facts;
	struct sample_file f;

	if (asprintf(&f.path, "/%.*s", (int)path.n, path.p) < 0)
		return OV_NOMEM;
	if (ov_fd_open_read(f.path, &fd) != OV_OK || ov_fd_facts(fd, &facts) != OV_OK ||
	    facts.kind != OV_FD_FILE || facts.size == 0 || facts.size > FILE_MAX) {
		free(f.path);
		return OV_OK; /* gone, or nothing for a sample */
	}
	if (s->n == s->cap) {
		const size_t cap = s->cap == 0 ? 256 : s->cap * 2;
		struct sample_file *more = reallocarray(s->files, cap, sizeof *more);

		if (more == NULL) {
			free(f.path);
			return OV_NOMEM;
		}
		s->files = more;
		s->cap = cap;
	}
	f.size = facts.size;
	memcpy(f.md5, md5, SAMPLE_MD5);
	s->files[s->n++] = f;
	s->bytes += f.size;
	return OV_OK;
}

static size_t count_lines(struct ov_str text)
{
	size_t n = 0;

	for (size_t i = 0; i < text.n; i++)
		n += text.p[i] == '\n';
	return n;
}

/* Some lines of one list, at even distances from one drawn by chance. */
static ov_status draw_some(struct sample *s, struct ov_str text, uint64_t bytes, size_t max)
{
	const size_t n = count_lines(text), step = n < FROM_ONE ? 1 : n / FROM_ONE;
	const size_t first = draw((uint32_t)step);
	struct ov_str line;

	for (size_t i = 0; ov_text_split(&text, '\n', &line); i++) {
		uint8_t md5[SAMPLE_MD5];
		struct ov_str path;

		if (i % step != first || sample_line(line, md5, &path) != OV_OK)
			continue;
		if (s->bytes >= bytes || s->n >= max)
			break;
		OV_TRY(add(s, path, md5));
	}
	return OV_OK;
}

ov_status sample_draw(const char *folder, uint64_t bytes, size_t max, struct sample *out)
{
	struct lists lists = { .v = NULL };
	struct ov_buf b = ov_buf_of(2 * LIST_MAX);
	ov_status s = lists_read(folder, &lists);

	*out = (struct sample){ .files = NULL };
	for (size_t i = 0; s == OV_OK && i < lists.n && out->bytes < bytes && out->n < max; i++) {
		b.n = 0;
		if (ov_store_read(folder, lists.v[i], LIST_MAX, &b) == OV_OK)
			s = draw_some(out, ov_buf_text(&b), bytes, max);
	}
	ov_buf_free(&b);
	lists_free(&lists);
	if (s != OV_OK)
		sample_free(out);
	return s;
}

void sample_free(struct sample *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->files[i].path);
	free(s->files);
	*s = (struct sample){ .files = NULL };
}

static ov_status digest(int fd, struct ov_hasher *h, uint8_t out[OV_DIGEST_MAX])
{
	uint8_t *room = malloc(STEP);
	size_t got = STEP;
	ov_status s = room != NULL ? ov_hasher_start(h) : OV_NOMEM;

	while (s == OV_OK && got == STEP) {
		s = ov_fd_read(fd, room, STEP, &got);
		if (s == OV_OK)
			s = ov_hasher_add(h, room, got);
	}
	if (s == OV_OK)
		s = ov_hasher_end(h, out);
	free(room);
	return s;
}

bool sample_is_right(const struct sample_file *f)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	uint8_t got[OV_DIGEST_MAX];
	struct ov_hasher *h = NULL;
	bool is = false;

	if (ov_fd_open_read(f->path, &fd) == OV_OK && ov_hasher_new(OV_MD5, &h) == OV_OK)
		is = digest(fd, h, got) == OV_OK && memcmp(got, f->md5, SAMPLE_MD5) == 0;
	ov_hasher_free(&h);
	return is;
}

static bool find_in(struct ov_str text, const char *path, uint8_t md5[SAMPLE_MD5])
{
	const struct ov_str want = { path + 1, strlen(path) - 1 };
	struct ov_str line, has;

	while (ov_text_split(&text, '\n', &line))
		if (sample_line(line, md5, &has) == OV_OK && ov_str_eq(has, want))
			return true;
	return false;
}

ov_status sample_find(const char *folder, const char *path, struct sample_file *out)
{
	struct lists lists = { .v = NULL };
	struct ov_buf b = ov_buf_of(2 * LIST_MAX);
	ov_status s = path[0] == '/' ? lists_read(folder, &lists) : OV_END;
	bool is_found = false;

	*out = (struct sample_file){ .path = NULL };
	for (size_t i = 0; s == OV_OK && i < lists.n && !is_found; i++) {
		b.n = 0;
		is_found = ov_store_read(folder, lists.v[i], LIST_MAX, &b) == OV_OK &&
			   find_in(ov_buf_text(&b), path, out->md5);
	}
	if (s == OV_OK && is_found) {
		out->path = strdup(path);
		s = out->path != NULL ? OV_OK : OV_NOMEM;
	}
	ov_buf_free(&b);
	lists_free(&lists);
	return s == OV_OK && !is_found ? OV_END : s;
}
