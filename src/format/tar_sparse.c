/*
 * Sparse members of tar archives, as GNU tar writes them: the old header ("S"), and the pax forms
 * 0.0, 0.1 and 1.0 (GNU tar manual, "Storing Sparse Files"). The archive holds the pieces; what
 * lies between them reads as zeros.
 */
#include "tar_int.h"

#include <string.h>

#include "checked.h"
#include "text.h"

#define DIGITS_MAX 20

ov_status ov_tar_piece_add(struct ov_tar_sparse *s, struct ov_arena *a, uint64_t off, uint64_t n)
{
	uint64_t end, before = 0;

	OV_TRY(ov_add_u64(off, n, &end));
	if (s->npieces > 0)
		before = s->pieces[s->npieces - 1].off + s->pieces[s->npieces - 1].n;
	if (off < before)
		return OV_BAD;
	if (n == 0)
		return OV_OK; /* ends the map; the size tells the same */
	if (s->npieces == s->room) {
		const uint64_t room =
		    s->room * 2 + 32; /* old ones stay in the arena: twice at most */
		struct ov_tar_piece *p;

		OV_TRY(ov_arena_array(a, (size_t)room, &p));
		if (s->npieces > 0)
			memcpy(p, s->pieces, (size_t)s->npieces * sizeof *p);
		s->pieces = p;
		s->room = room;
	}
	s->pieces[s->npieces++] = (struct ov_tar_piece){ .off = off, .n = n };
	return OV_OK;
}

/* Up to `n` pairs of 12-byte numbers; an empty one ends them. */
static ov_status read_pairs(struct ov_tar_sparse *s, struct ov_cur *c, unsigned n,
			    struct ov_arena *a)
{
	for (unsigned i = 0; i < n; i++) {
		struct ov_cur off_field, n_field;
		uint64_t off, len;

		OV_TRY(ov_cur_take(c, 12, &off_field));
		OV_TRY(ov_cur_take(c, 12, &n_field));
		if (ov_cur_rest(&n_field)[0] == 0)
			return OV_OK;
		OV_TRY(ov_tar_number(off_field, &off));
		OV_TRY(ov_tar_number(n_field, &len));
		OV_TRY(ov_tar_piece_add(s, a, off, len));
	}
	return OV_OK;
}

ov_status ov_tar_sparse_old(struct ov_tar_sparse *s, struct ov_window *w, struct ov_cur header,
			    uint64_t *at, struct ov_arena *a)
{
	struct ov_cur pairs, real;
	uint8_t more;

	OV_TRY(ov_cur_sub(&header, 386, 96, &pairs));
	OV_TRY(ov_cur_seek(&header, 482));
	OV_TRY(ov_cur_u8(&header, &more));
	OV_TRY(ov_cur_take(&header, 12, &real));
	OV_TRY(ov_tar_number(real, &s->size));
	OV_TRY(read_pairs(s, &pairs, 4, a));
	while (more != 0) { /* each turn takes a block of the archive */
		struct ov_cur block;

		OV_TRY(ov_window_get(w, *at, OV_TAR_BLOCK, &block));
		*at += OV_TAR_BLOCK;
		OV_TRY(ov_cur_sub(&block, 0, 504, &pairs));
		OV_TRY(ov_cur_seek(&block, 504));
		OV_TRY(ov_cur_u8(&block, &more));
		OV_TRY(read_pairs(s, &pairs, 21, a));
	}
	return OV_OK;
}

ov_status ov_tar_sparse_list(struct ov_tar_sparse *s, struct ov_str list, struct ov_arena *a)
{
	struct ov_str first, second;
	uint64_t off, n;

	while (ov_text_split(&list, ',', &first)) {
		if (!ov_text_split(&list, ',', &second))
			return OV_BAD;
		OV_TRY(ov_text_u64(first, &off));
		OV_TRY(ov_text_u64(second, &n));
		OV_TRY(ov_tar_piece_add(s, a, off, n));
	}
	return OV_OK;
}

/* A decimal line at *at, inside the member's data. */
static ov_status line_number(struct ov_window *w, uint64_t *at, uint64_t end, uint64_t *out)
{
	struct ov_str line;
	struct ov_cur c;
	const size_t most = (size_t)ov_min_u64(DIGITS_MAX + 1, end - *at);

	OV_TRY(ov_window_get(w, *at, most, &c));
	if (most == 0 || memchr(ov_cur_rest(&c), '\n', most) == NULL)
		return OV_BAD;
	OV_TRY(ov_cur_line(&c, &line));
	OV_TRY(ov_text_u64(line, out));
	*at += c.pos;
	return OV_OK;
}

ov_status ov_tar_sparse_data(struct ov_tar_sparse *s, struct ov_window *w, struct ov_arena *a)
{
	const uint64_t end = s->data + s->ndata;
	uint64_t at = s->data, count, off, n;

	OV_TRY(line_number(w, &at, end, &count));
	for (; count > 0; count--) { /* each turn takes at least four bytes */
		OV_TRY(line_number(w, &at, end, &off));
		OV_TRY(line_number(w, &at, end, &n));
		OV_TRY(ov_tar_piece_add(s, a, off, n));
	}
	at += (OV_TAR_BLOCK - (at - s->data) % OV_TAR_BLOCK) % OV_TAR_BLOCK;
	if (at > end)
		return OV_SHORT;
	s->ndata = end - at;
	s->data = at;
	return OV_OK;
}

ov_status ov_tar_sparse_read(struct ov_tar_sparse *s, const struct ov_src *src, uint8_t *to,
			     size_t n, size_t *got)
{
	const struct ov_tar_piece *p = s->piece < s->npieces ? &s->pieces[s->piece] : NULL;
	uint64_t border = s->size;
	size_t some;

	*got = 0;
	if (s->at >= s->size)
		return s->piece < s->npieces ? OV_BAD : OV_END; /* pieces beyond the size */
	if (p != NULL && s->at >= p->off) {
		const uint64_t inside = s->at - p->off;

		some = (size_t)ov_min_u64(n, ov_min_u64(p->n - inside, s->ndata - s->used));
		if (some == 0)
			return OV_SHORT; /* the map tells of more than is stored */
		OV_TRY(ov_src_read_upto(src, s->data + s->used, to, some, got));
		if (*got == 0)
			return OV_SHORT;
		s->used += *got;
		s->at += *got;
		if (inside + *got == p->n)
			s->piece++;
		return OV_OK;
	}
	if (p != NULL)
		border = ov_min_u64(border, p->off);
	some = (size_t)ov_min_u64(n, border - s->at);
	memset(to, 0, some);
	s->at += some;
	*got = some;
	return OV_OK;
}
