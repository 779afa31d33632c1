/* The saved findings. See last.h for the format. */
#include "last.h"
#include "keep.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text.h"

#define FILE_NAME "last-scan"
#define FILE_BYTES_MAX ((size_t)32 * 1024 * 1024)

static ov_status put_field(struct ov_buf *b, struct ov_str s)
{
	OV_TRY(ov_buf_u8(b, '\t'));
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c < 0x20 || c == '\\' || c == 0x7f)
			OV_TRY(ov_buf_fmt(b, "\\x%02x", c));
		else
			OV_TRY(ov_buf_u8(b, c));
	}
	return OV_OK;
}

/* Paths are kept whole: explain may be asked from another folder. */
static ov_status put_path(struct ov_buf *b, struct ov_str path)
{
	char cwd[4096];
	struct ov_buf whole = ov_buf_of(FILE_BYTES_MAX);
	ov_status s = OV_OK;

	if (path.n > 0 && path.p[0] == '/')
		return put_field(b, path);
	if (getcwd(cwd, sizeof cwd) != NULL)
		s = ov_buf_fmt(&whole, "%s/", cwd);
	if (s == OV_OK)
		s = ov_buf_str(&whole, path);
	if (s == OV_OK)
		s = put_field(b, ov_buf_text(&whole));
	ov_buf_free(&whole);
	return s;
}

static ov_status put_database(struct ov_buf *b, const char *path)
{
	OV_TRY(ov_buf_str(b, OV_STR("database")));
	if (strcmp(path, OVERT_BUILTIN) == 0) /* no path */
		OV_TRY(put_field(b, ov_str_of(path)));
	else
		OV_TRY(put_path(b, ov_str_of(path)));
	return ov_buf_u8(b, '\n');
}

void last_begin(struct last_writer *w, const struct cli_engine *engine)
{
	ov_status s;

	*w = (struct last_writer){ .text = ov_buf_of(FILE_BYTES_MAX) };
	s = ov_buf_str(&w->text, OV_STR("overt-last-scan\t1\n"));
	for (size_t i = 0; i < engine->databases.n && s == OV_OK; i++)
		s = put_database(&w->text, engine->databases.v[i]);
	w->has_failed = s != OV_OK;
}

static ov_status put_detection(struct ov_buf *b, const struct run_file *f,
			       const struct overt_detection *d, uint64_t number)
{
	OV_TRY(ov_buf_fmt(b, "found\t%llu", (unsigned long long)number));
	OV_TRY(put_field(b, cli_str(d->name)));
	OV_TRY(put_field(b, ov_str_of(d->kind)));
	OV_TRY(put_field(b, cli_str(d->source)));
	OV_TRY(ov_buf_fmt(b, "\t%llu\t%llu", (unsigned long long)d->offset,
			  (unsigned long long)d->length));
	if (f->is_stdin)
		OV_TRY(put_field(b, OV_STR("-")));
	else
		OV_TRY(put_path(b, f->path));
	for (size_t i = 0; i < d->nlayer && i < LAST_LAYERS_MAX; i++)
		OV_TRY(put_field(b, cli_str(d->layer[i])));
	return ov_buf_u8(b, '\n');
}

void last_add(struct last_writer *w, const struct run_file *f)
{
	const size_t n = f->verdict != NULL ? f->verdict->ndetections : 0;

	for (size_t i = 0; i < n && w->n < LAST_MAX && !w->has_failed; i++) {
		const size_t before = w->text.n;

		w->n++;
		if (put_detection(&w->text, f, &f->verdict->detections[i], f->number + i) !=
		    OV_OK) {
			w->text.n = before;
			w->has_failed = true;
		}
	}
}

bool last_can_save(void)
{
	const int fd = keep_folder(true);
	const bool can = fd >= 0 && faccessat(fd, ".", W_OK, AT_EACCESS) == 0;

	if (fd >= 0)
		(void)close(fd);
	return can;
}

bool last_save(struct last_writer *w)
{
	const int folder = w->has_failed ? -1 : keep_folder(true);
	const bool good = folder >= 0 && keep_save(folder, FILE_NAME, &w->text);

	if (folder >= 0)
		(void)close(folder);
	ov_buf_free(&w->text);
	return good;
}

/* Undoes put_field() in place. */
static struct ov_str unescape(char *p, size_t n)
{
	size_t k = 0;

	for (size_t i = 0; i < n; i++) {
		if (p[i] == '\\' && i + 3 < n && p[i + 1] == 'x' && ov_hex_digit(p[i + 2]) >= 0 &&
		    ov_hex_digit(p[i + 3]) >= 0) {
			p[k++] = (char)(ov_hex_digit(p[i + 2]) * 16 + ov_hex_digit(p[i + 3]));
			i += 3;
		} else {
			p[k++] = p[i];
		}
	}
	p[k] = '\0'; /* k <= n, and behind n stands a tab, a line end or our final NUL */
	return (struct ov_str){ p, k };
}

/* Splits a line into unescaped fields; the number of them, at most `max`. */
static size_t fields_of(char *line, size_t n, struct ov_str *fields, size_t max)
{
	size_t count = 0, from = 0;

	for (size_t i = 0; i <= n && count < max; i++) {
		if (i < n && line[i] != '\t')
			continue;
		fields[count++] = unescape(line + from, i - from);
		from = i + 1;
	}
	return count;
}

static ov_status read_entry(const struct ov_str *f, size_t n, struct last_entry *e)
{
	if (n < 8)
		return OV_BAD;
	OV_TRY(ov_text_u64(f[1], &e->number));
	e->name = f[2];
	e->kind = f[3];
	e->source = f[4];
	OV_TRY(ov_text_u64(f[5], &e->offset));
	OV_TRY(ov_text_u64(f[6], &e->length));
	e->path = f[7];
	e->nlayer = n - 8;
	for (size_t i = 8; i < n; i++)
		e->layer[i - 8] = f[i];
	return OV_OK;
}

ov_status last_parse(struct last_list *l, uint64_t number, struct last_entry *out)
{
	char *p = (char *)l->text.p;
	size_t left = l->text.n - 1; /* without the final NUL */
	bool is_first = true;

	while (left > 0) {
		struct ov_str f[8 + LAST_LAYERS_MAX];
		char *end = memchr(p, '\n', left);
		const size_t n = end != NULL ? (size_t)(end - p) : left;
		const size_t nf = fields_of(p, n, f, sizeof f / sizeof *f);
		struct last_entry e = { 0 };

		if (is_first &&
		    (nf != 2 || !ov_str_is(f[0], "overt-last-scan") || !ov_str_is(f[1], "1")))
			return OV_BAD;
		is_first = false;
		if (nf == 2 && ov_str_is(f[0], "database"))
			OV_TRY(cli_list_add(&l->databases, f[1].p));
		if (nf > 2 && ov_str_is(f[0], "found")) {
			OV_TRY(read_entry(f, nf, &e));
			if (e.number == number) {
				*out = e;
				return OV_OK;
			}
		}
		p += n + (end != NULL);
		left -= n + (end != NULL);
	}
	return OV_END;
}

ov_status last_load(struct last_list *l, uint64_t number, struct last_entry *out)
{
	*l = (struct last_list){ .text = ov_buf_of(FILE_BYTES_MAX + 128 * 1024) };
	OV_TRY(keep_read(FILE_NAME, &l->text));
	OV_TRY(ov_buf_u8(&l->text, 0));
	return last_parse(l, number, out);
}

void last_free(struct last_list *l)
{
	cli_list_free(&l->databases);
	ov_buf_free(&l->text);
}
