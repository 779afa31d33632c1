/* Paths from the command line and from a list of any length, in bounded memory. */
#include "operands.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "walk.h"

#define CHUNK ((size_t)16 * 1024)
#define NAME_MAX_BYTES ((size_t)1024 * 1024) /* of one path; the kernel takes 4,096 */

bool operands_open(struct operands *o, const struct cli_list *given, const char *list,
		   char separator)
{
	*o = (struct operands){ .given = given,
				.fd = -1,
				.separator = separator,
				.at_end = list == NULL,
				.buf = ov_buf_of(NAME_MAX_BYTES) };
	if (list == NULL)
		return true;
	o->owns_fd = strcmp(list, "-") != 0;
	o->fd = o->owns_fd ? open(list, O_RDONLY | O_CLOEXEC | O_NOCTTY) : STDIN_FILENO;
	if (o->fd >= 0)
		return true;
	o->error = walk_error_text(errno);
	return false;
}

void operands_close(struct operands *o)
{
	if (o->owns_fd && o->fd >= 0)
		(void)close(o->fd);
	o->fd = -1;
	ov_buf_free(&o->buf);
}

/* Reads on. What was handed out before is dropped first. */
static bool read_more(struct operands *o)
{
	ssize_t n;

	if (o->from > 0) {
		memmove(o->buf.p, o->buf.p + o->from, o->buf.n - o->from);
		o->buf.n -= o->from;
		o->from = 0;
	}
	if (ov_buf_reserve(&o->buf, CHUNK) != OV_OK) {
		o->error = "a path in the list is too long";
		return false;
	}
	do {
		n = read(o->fd, o->buf.p + o->buf.n, CHUNK - 1); /* one byte stays for a NUL */
	} while (n < 0 && errno == EINTR);
	if (n < 0)
		o->error = walk_error_text(errno);
	if (n <= 0)
		return false;
	o->buf.n += (size_t)n;
	return true;
}

/* The next piece of the list, NUL-terminated in place; NULL at its end. */
static char *next_piece(struct operands *o)
{
	size_t looked = 0;

	for (;;) {
		const size_t left = o->buf.n - o->from;
		char *start = left > 0 ? (char *)o->buf.p + o->from : NULL; /* nothing yet */
		char *end =
		    left > looked ? memchr(start + looked, o->separator, left - looked) : NULL;

		if (end != NULL) {
			*end = '\0';
			o->from += (size_t)(end - start) + 1;
			return start;
		}
		looked = left;
		if (read_more(o))
			continue;
		o->at_end = true;
		if (left == 0 || o->error != NULL)
			return NULL;
		o->buf.p[o->buf.n] = '\0';
		start = (char *)o->buf.p + o->from;
		o->from = o->buf.n;
		return start;
	}
}

const char *operands_next(struct operands *o)
{
	if (o->at < o->given->n)
		return o->given->v[o->at++];
	while (!o->at_end) {
		const char *piece = next_piece(o);

		if (piece != NULL && *piece != '\0')
			return piece;
	}
	return NULL;
}
