/* The patch script. Edits are gathered between OPEN and CLOSE, sorted, and made in one pass. */
#include "cdiff.h"

#include <stdlib.h>

#include "text.h"

#define EDITS_MAX ((size_t)64 << 20) /* bytes of edits of one file; 40 each */

struct edit {
	uint64_t line, order;
	struct ov_str word, text; /* views into the script */
	bool is_delete;
};

struct run {
	struct ov_cdiff_files *files;
	struct ov_cdiff_file *open;
	struct ov_buf edits, added; /* struct edit; text of ADDs */
	uint64_t order;
	const char *why;
};

ov_status ov_cdiff_files_new(uint64_t max, struct ov_cdiff_files *out)
{
	out->f = calloc(OV_CDIFF_FILES, sizeof *out->f);
	out->n = 0;
	out->max = max;
	return out->f != NULL ? OV_OK : OV_NOMEM;
}

void ov_cdiff_files_free(struct ov_cdiff_files *f)
{
	for (size_t i = 0; i < f->n; i++)
		ov_buf_free(&f->f[i].bytes);
	free(f->f);
	f->f = NULL;
	f->n = 0;
}

struct ov_cdiff_file *ov_cdiff_find(struct ov_cdiff_files *f, struct ov_str name)
{
	for (size_t i = 0; i < f->n; i++)
		if (ov_str_is(name, f->f[i].name))
			return &f->f[i];
	return NULL;
}

/* Letters, digits and dots, as sigtool has it; never a path. */
static bool is_name(struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') &&
		    c != '.')
			return false;
	}
	return s.n > 0 && s.n <= OV_CDIFF_NAME && s.p[0] != '.';
}

ov_status ov_cdiff_new_file(struct ov_cdiff_files *f, struct ov_str name,
			    struct ov_cdiff_file **out)
{
	if (name.p == NULL || !is_name(name) || ov_cdiff_find(f, name) != NULL)
		return OV_BAD;
	if (f->n == OV_CDIFF_FILES)
		return OV_LIMIT;
	*out = &f->f[f->n++];
	**out = (struct ov_cdiff_file){ .bytes = ov_buf_of((size_t)f->max) };
	memcpy((*out)->name, name.p, name.n);
	return OV_OK;
}

ov_status ov_cdiff_head(struct ov_cur bytes, struct ov_cdiff_head *out)
{
	struct ov_str all = { (const char *)ov_cur_rest(&bytes), ov_cur_left(&bytes) }, f[3];
	const char *last = all.p != NULL ? memrchr(all.p, ':', all.n) : NULL;
	struct ov_cdiff_head h;
	struct ov_str rest = all;

	if (last == NULL)
		return OV_BAD;
	for (size_t i = 0; i < 3; i++)
		if (!ov_text_split(&rest, ':', &f[i]) || rest.p == NULL)
			return OV_BAD;
	if (!ov_str_is(f[0], "ClamAV-Diff") || ov_text_u64(f[1], &h.version) != OV_OK ||
	    ov_text_u64(f[2], &h.text_bytes) != OV_OK || rest.p > last)
		return OV_BAD;
	h.packed = ov_cur_of(rest.p, (size_t)(last - rest.p));
	h.is_signed = ov_cur_of(all.p, (size_t)(last - all.p));
	h.dsig = (struct ov_str){ last + 1, all.n - (size_t)(last + 1 - all.p) };
	while (h.dsig.n > 0 && (h.dsig.p[h.dsig.n - 1] == '\n' || h.dsig.p[h.dsig.n - 1] == ' '))
		h.dsig.n--;
	*out = h;
	return OV_OK;
}

static ov_status bad(struct run *r, const char *why)
{
	r->why = why;
	return OV_BAD;
}

static ov_status put_line(struct ov_buf *b, struct ov_str line)
{
	OV_TRY(ov_buf_str(b, line));
	return ov_buf_u8(b, '\n');
}

static int by_line(const void *pa, const void *pb)
{
	const struct edit *a = pa, *b = pb;

	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* One old line with the edit of its number. */
static ov_status edit_line(struct run *r, struct ov_buf *to, struct ov_str line,
			   const struct edit *e)
{
	if (!ov_str_starts(line, e->word))
		return bad(r, "the line to change is another one than the patch says");
	return e->is_delete ? OV_OK : put_line(to, e->text);
}

/* Lines between edits are copied together. Of several edits of a line the last counts. */
static ov_status edit_all(struct run *r, struct ov_buf *to)
{
	struct edit *e = (struct edit *)(void *)r->edits.p;
	const size_t n = r->edits.n / sizeof *e;
	const struct ov_buf *old = &r->open->bytes;
	size_t at = 0, copied = 0, i = 0;

	if (old->n > 0 && old->p[old->n - 1] != '\n')
		return bad(r, "the file's last line has no end");
	qsort(e, n, sizeof *e, by_line);
	for (uint64_t number = 1; at < old->n && i < n; number++) {
		const uint8_t *end = memchr(old->p + at, '\n', old->n - at);
		const size_t next = (size_t)(end - old->p) + 1; /* each line has its end */

		if (e[i].line == number) {
			while (i + 1 < n && e[i + 1].line == number)
				i++;
			OV_TRY(ov_buf_put(to, old->p + copied, at - copied));
			OV_TRY(edit_line(
			    r, to, (struct ov_str){ (const char *)old->p + at, next - 1 - at },
			    &e[i++]));
			copied = next;
		}
		at = next;
	}
	if (i < n)
		return bad(r, "it changes a line that is not there");
	return copied < old->n ? ov_buf_put(to, old->p + copied, old->n - copied) : OV_OK;
}

static ov_status close_file(struct run *r)
{
	struct ov_buf to = ov_buf_of((size_t)r->files->max);
	ov_status s = OV_OK;

	if (r->open == NULL)
		return bad(r, "no file is open");
	if (r->edits.n > 0) {
		s = edit_all(r, &to);
		if (s == OV_OK) {
			ov_buf_free(&r->open->bytes);
			r->open->bytes = to;
			to = ov_buf_of(0);
		}
	}
	if (s == OV_OK && r->added.n > 0)
		s = ov_buf_put(&r->open->bytes, r->added.p, r->added.n);
	ov_buf_free(&to);
	r->edits.n = r->added.n = 0;
	r->open = NULL;
	return s;
}

static ov_status open_file(struct run *r, struct ov_str name)
{
	if (r->open != NULL)
		return bad(r, "a file is still open");
	r->open = ov_cdiff_find(r->files, name);
	if (r->open != NULL)
		return OV_OK;
	if (ov_cdiff_new_file(r->files, name, &r->open) == OV_OK)
		return OV_OK;
	r->open = NULL;
	return bad(r, "that is no name of a file, or there are too many");
}

static ov_status add_edit(struct run *r, struct ov_str rest, bool is_delete)
{
	struct edit e = { .is_delete = is_delete, .order = r->order++ };
	struct ov_str number;

	if (r->open == NULL)
		return bad(r, "no file is open");
	if (!ov_text_split(&rest, ' ', &number) || ov_text_u64(number, &e.line) != OV_OK ||
	    e.line == 0 || !ov_text_split(&rest, ' ', &e.word))
		return bad(r, "a line's number and its beginning must follow");
	if (!is_delete && rest.p == NULL)
		return bad(r, "the new text is missing");
	e.text = rest;
	return ov_buf_put(&r->edits, &e, sizeof e);
}

/* Where line `number` begins, and where the next one does. */
static ov_status find_line(const struct ov_buf *b, uint64_t number, size_t *from, size_t *to)
{
	size_t at = 0;

	for (uint64_t i = 1; at < b->n; i++) {
		const uint8_t *end = memchr(b->p + at, '\n', b->n - at);
		const size_t next = end != NULL ? (size_t)(end - b->p) + 1 : b->n;

		if (i == number) {
			*from = at;
			*to = next;
			return OV_OK;
		}
		at = next;
	}
	return OV_BAD;
}

static bool begins(const struct ov_buf *b, size_t at, size_t end, struct ov_str word)
{
	return ov_str_starts((struct ov_str){ (const char *)b->p + at, end - at }, word);
}

static ov_status move(struct run *r, struct ov_str rest)
{
	struct ov_str f[6];
	struct ov_cdiff_file *from, *to;
	uint64_t first, last;
	size_t a, a_end, b, b_end;

	if (r->open != NULL)
		return bad(r, "a file is still open");
	for (size_t i = 0; i < 6; i++)
		if (!ov_text_split(&rest, ' ', &f[i]) || f[i].n == 0)
			return bad(r, "two files, and two times a line's number and beginning");
	from = ov_cdiff_find(r->files, f[0]);
	to = ov_cdiff_find(r->files, f[1]);
	if (from == NULL || to == NULL || from == to)
		return bad(r, "there is no such file");
	if (ov_text_u64(f[2], &first) != OV_OK || ov_text_u64(f[4], &last) != OV_OK ||
	    first > last || find_line(&from->bytes, first, &a, &a_end) != OV_OK ||
	    find_line(&from->bytes, last, &b, &b_end) != OV_OK)
		return bad(r, "there are no such lines");
	if (from->bytes.p[b_end - 1] != '\n')
		return bad(r, "the file's last line has no end");
	if (!begins(&from->bytes, a, a_end, f[3]) || !begins(&from->bytes, b, b_end, f[5]))
		return bad(r, "the lines to move are other ones than the patch says");
	OV_TRY(ov_buf_put(&to->bytes, from->bytes.p + a, b_end - a));
	memmove(from->bytes.p + a, from->bytes.p + b_end, from->bytes.n - b_end);
	from->bytes.n -= b_end - a;
	return OV_OK;
}

static ov_status unlink_file(struct run *r, struct ov_str rest)
{
	struct ov_str name;
	struct ov_cdiff_file *f;

	if (r->open != NULL)
		return bad(r, "a file is still open");
	if (!ov_text_split(&rest, ' ', &name) || (f = ov_cdiff_find(r->files, name)) == NULL)
		return bad(r, "there is no such file");
	ov_buf_free(&f->bytes);
	*f = r->files->f[--r->files->n];
	r->files->f[r->files->n] = (struct ov_cdiff_file){ .name = "" };
	return OV_OK;
}

static ov_status one(struct run *r, struct ov_str line)
{
	struct ov_str rest = line, word;

	if (!ov_text_split(&rest, ' ', &word))
		return bad(r, "an empty line");
	if (word.n > 0 && word.p[0] == '#')
		return OV_OK;
	if (ov_str_is(word, "ADD"))
		return r->open == NULL ? bad(r, "no file is open") : put_line(&r->added, rest);
	if (ov_str_is(word, "DEL"))
		return add_edit(r, rest, true);
	if (ov_str_is(word, "XCHG"))
		return add_edit(r, rest, false);
	if (ov_str_is(word, "OPEN"))
		return open_file(r, rest);
	if (ov_str_is(word, "CLOSE"))
		return close_file(r);
	if (ov_str_is(word, "MOVE"))
		return move(r, rest);
	if (ov_str_is(word, "UNLINK"))
		return unlink_file(r, rest);
	return bad(r, "no command of a patch");
}

/* All files together stay within the allowance; looked at after each file's edits. */
static bool is_too_large(const struct ov_cdiff_files *f)
{
	uint64_t n = 0;

	for (size_t i = 0; i < f->n; i++)
		n += f->f[i].bytes.n;
	return n > f->max;
}

static ov_status run_all(struct run *r, struct ov_cur script, uint64_t *line)
{
	while (ov_cur_left(&script) > 0) {
		const char *from = (const char *)ov_cur_rest(&script);
		const char *end = memchr(from, '\n', ov_cur_left(&script));
		const size_t len = end != NULL ? (size_t)(end - from) : ov_cur_left(&script);

		++*line;
		OV_TRY(ov_cur_skip(&script, len + (end != NULL)));
		OV_TRY(one(r, (struct ov_str){ from, len }));
		if (r->open == NULL && is_too_large(r->files))
			return OV_LIMIT;
	}
	return r->open != NULL ? bad(r, "it ends with a file open: it is cut") : OV_OK;
}

ov_status ov_cdiff_apply(struct ov_cdiff_files *f, struct ov_cur script, uint64_t *line,
			 const char **why)
{
	struct run r = { .files = f,
			 .edits = ov_buf_of(EDITS_MAX),
			 .added = ov_buf_of((size_t)OV_CDIFF_TEXT_MAX),
			 .why = "it is larger than a patch can be" };
	ov_status s;

	*line = 0;
	s = run_all(&r, script, line);
	*why = r.why;
	ov_buf_free(&r.edits);
	ov_buf_free(&r.added);
	return s;
}
