/* Included files. See include.h. */
#include "include.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "wire.h"

void ov_include_free(struct include_list *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->paths[i]);
	free(l->paths);
	l->paths = NULL;
	l->n = 0;
}

/* Path of the file with this number, or NULL. */
static const char *path_of(const struct include_list *l, uint32_t number)
{
	if (number < l->sources->n)
		return l->sources->files[number].path;
	return number - l->sources->n < l->n ? l->paths[number - l->sources->n] : NULL;
}

/* A name as the including file gives it: beside that file, unless it begins with a slash. */
static char *resolve(const char *from, struct ov_str name)
{
	const char *slash = strrchr(from, '/');
	char *path = NULL;

	if (name.n == 0 || name.n > 4096 || memchr(name.p, 0, name.n) != NULL)
		return NULL;
	if (name.p[0] == '/' || slash == NULL)
		return strndup(name.p, name.n);
	if (asprintf(&path, "%.*s/%.*s", (int)(slash - from), from, (int)name.n, name.p) < 0)
		return NULL;
	return path;
}

static ov_status remember(struct include_list *l, const char *path)
{
	char **more = reallocarray(l->paths, l->n + 1, sizeof *more);

	if (more == NULL)
		return OV_NOMEM;
	l->paths = more;
	l->paths[l->n] = strdup(path);
	if (l->paths[l->n] == NULL)
		return OV_NOMEM;
	l->n++;
	return OV_OK;
}

ov_status ov_include_serve(struct include_list *l, struct ov_link *link, struct ov_arrival *m)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(8192);
	OV_CLEANUP(ov_fd_close) int fd = -1;
	struct ov_fd_facts f;
	struct ov_str name;
	uint32_t from;
	char *path;
	ov_status s = OV_OK;

	OV_TRY(ov_wire_get_need(&m->body, &from, &name));
	if (path_of(l, from) == NULL || l->n == OV_INCLUDES_MAX)
		return OV_BAD;
	path = resolve(path_of(l, from), name);
	if (path != NULL && (ov_fd_open_read(path, &fd) != OV_OK || ov_fd_facts(fd, &f) != OV_OK ||
			     f.kind != OV_FD_FILE))
		ov_fd_close(&fd);
	if (fd >= 0) {
		s = ov_buf_str(&b, ov_str_of(path));
		if (s == OV_OK)
			s = remember(l, path);
	}
	free(path);
	OV_TRY(s);
	return ov_link_send(link, OV_WIRE_INCLUDE, m->job, ov_buf_cur(&b), &fd, fd >= 0 ? 1 : 0,
			    true);
}
