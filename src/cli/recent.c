#include "recent.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keep.h"

#define FILE_NAME "recent-files"
#define HEAD "overt-recent-files/v1\n"
#define BYTES_MAX ((size_t)1 << 20)

void recent_add(struct recent *r, struct ov_str path)
{
	char **at = &r->path[r->n % RECENT_MAX];
	char cwd[PATH_MAX], *whole = NULL;

	if (path.n == 0 || path.n >= PATH_MAX)
		return;
	if (path.p[0] == '/')
		whole = strndup(path.p, path.n);
	else if (getcwd(cwd, sizeof cwd) == NULL ||
		 asprintf(&whole, "%s/%.*s", cwd, (int)path.n, path.p) < 0)
		whole = NULL;
	if (whole == NULL)
		return;
	free(*at);
	*at = whole;
	r->n++;
}

void recent_free(struct recent *r)
{
	for (size_t i = 0; i < RECENT_MAX; i++)
		free(r->path[i]);
	*r = (struct recent){ .n = 0 };
}

static bool has(const struct cli_list *l, const char *path)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], path) == 0)
			return true;
	return false;
}

static bool add_once(struct cli_list *l, const char *path)
{
	return l->n >= RECENT_MAX || has(l, path) || cli_list_add(l, path) == OV_OK;
}

bool recent_parse(const struct ov_buf *text, struct cli_list *paths)
{
	const size_t head = sizeof HEAD - 1;
	const char *p = (const char *)text->p, *end = p + text->n;

	if (text->n < head || memcmp(p, HEAD, head) != 0)
		return false;
	for (p += head; p < end;) {
		const char *stop = memchr(p, 0, (size_t)(end - p));

		if (stop == NULL || *p != '/')
			return false;
		if (!add_once(paths, p))
			return false;
		p = stop + 1;
	}
	return true;
}

bool recent_load(struct ov_buf *text, struct cli_list *paths)
{
	*text = ov_buf_of(BYTES_MAX);
	return keep_read(FILE_NAME, text) == OV_OK && recent_parse(text, paths);
}

static bool save(const struct cli_list *paths)
{
	struct ov_buf b = ov_buf_of(2 * BYTES_MAX);
	const int folder = keep_folder(true);
	ov_status s = ov_buf_str(&b, OV_STR(HEAD));
	bool good;

	for (size_t i = 0; s == OV_OK && i < paths->n; i++)
		s = ov_buf_put(&b, paths->v[i], strlen(paths->v[i]) + 1);
	good = s == OV_OK && folder >= 0 && keep_save(folder, FILE_NAME, &b);
	if (folder >= 0)
		(void)close(folder);
	ov_buf_free(&b);
	return good;
}

bool recent_save(struct recent *r)
{
	struct cli_list paths = { 0 }, before = { 0 };
	struct ov_buf text;
	bool good = true;

	for (size_t i = 0; good && i < RECENT_MAX && i < r->n; i++)
		good = add_once(&paths, r->path[(r->n - 1 - i) % RECENT_MAX]);
	if (recent_load(&text, &before))
		for (size_t i = 0; good && i < before.n; i++)
			good = add_once(&paths, before.v[i]);
	good = good && (r->n == 0 || save(&paths));
	cli_list_free(&paths);
	cli_list_free(&before);
	ov_buf_free(&text);
	recent_free(r);
	return good;
}
