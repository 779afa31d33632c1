/* The code of YARA strings: opened, verified, its atoms. See ystr_int.h for the layout. */
#include "ystr_int.h"

#include <string.h>

struct ys_view ys_open(struct ov_cur code)
{
	const uint8_t *p = ov_cur_rest(&code); /* NULL: nothing is left */

	return (struct ys_view){ .p = p,
				 .npieces = ov_le16(p + 8),
				 .nlits = ov_le16(p + 10),
				 .nrows = ov_le16(p + 12),
				 .flags = ov_le16(p + 14),
				 .xor_lo = p[16],
				 .xor_hi = p[17],
				 .wake_lits = ov_le16(p + 18),
				 .wake_rows = ov_le16(p + 20) };
}

static void read_ext(const uint8_t *block, const uint8_t *e, struct ys_piece *out)
{
	out->gap_min = ov_le32(e);
	out->gap_max = ov_le32(e + 4);
	out->len_min = ov_le32(e + 8);
	out->len_max = ov_le32(e + 12);
	if (out->kind != YS_EXPR)
		return;
	out->fwd = (struct re_prog){ .code = out->data,
				     .n = out->n,
				     .nstates = ov_le32(e + 24),
				     .pool = block + ov_le32(e + 32),
				     .npool = ov_le32(e + 36),
				     .sets = block + ov_le32(e + 40),
				     .nsets = ov_le32(e + 44) };
	out->rev = out->fwd;
	out->rev.code = block + ov_le32(e + 16);
	out->rev.n = ov_le32(e + 20);
	out->rev.nstates = ov_le32(e + 28);
}

void ys_piece_at(const struct ys_view *v, uint32_t i, struct ys_piece *out)
{
	const uint8_t *p = v->p + YS_HEAD + (size_t)i * YS_PIECE;
	const uint32_t ext = ov_le32(p + 12);

	*out = (struct ys_piece){ .kind = (enum ys_kind)p[0],
				  .flags = p[1],
				  .n = ov_le32(p + 8),
				  .data = v->p + ov_le32(p + 4) };
	out->len_min = out->len_max = ys_literal_len(out);
	if (ext != 0)
		read_ext(v->p, v->p + ext, out);
	if (out->kind == YS_EXPR && (out->flags & YS_WIDE) != 0) {
		const uint8_t *first = v->p + YS_HEAD;

		out->has_narrow = (first[1] & YS_WIDE) == 0 && ov_le32(first + 4) == ov_le32(p + 4);
	}
}

static uint32_t xor_values(const struct ys_view *v)
{
	return (v->flags & YS_XOR) != 0 ? v->xor_hi - v->xor_lo + 1u : 1;
}

uint32_t ys_ntold(const struct ys_view *v)
{
	return v->wake_lits * xor_values(v) + v->wake_rows;
}

uint32_t ys_nrows(const struct ys_view *v)
{
	return v->nlits * xor_values(v) + v->nrows;
}

void ys_byte_of(const struct ys_piece *p, uint32_t i, uint8_t xor_key, uint8_t *value,
		uint8_t *mask)
{
	const bool wide = (p->flags & YS_WIDE) != 0;
	const uint32_t k = wide ? i / 2 : i;

	*mask = 0xff;
	if (wide && i % 2 != 0) {
		*value = xor_key;
		return;
	}
	*value = p->data[k] ^ xor_key;
	if (p->kind == YS_MASKED) {
		*mask = p->data[p->n + k];
	} else if ((p->flags & YS_NOCASE) != 0 && re_is_letter(*value)) {
		*value &= 0xdf;
		*mask = 0xdf;
	}
}

static void lit_at(const struct ys_view *v, uint32_t i, uint8_t xor_key, struct ys_row *out)
{
	const uint8_t *e = v->p + YS_HEAD + (size_t)v->npieces * YS_PIECE + (size_t)i * YS_LIT;
	struct ys_piece p;

	out->is_lit = true;
	out->piece = ov_le16(e);
	out->key.n = e[2];
	out->dist = ov_le32(e + 4);
	out->xor_key = xor_key;
	ys_piece_at(v, out->piece, &p);
	for (uint32_t k = 0; k < out->key.n; k++)
		ys_byte_of(&p, out->dist + k, xor_key, &out->key.value[k], &out->key.mask[k]);
}

static void wild_at(const struct ys_view *v, uint32_t i, struct ys_row *out)
{
	const uint8_t *e = v->p + YS_HEAD + (size_t)v->npieces * YS_PIECE +
			   (size_t)v->nlits * YS_LIT + (size_t)i * YS_ROW;

	memcpy(out->key.value, e, OV_GRAM_MAX);
	memcpy(out->key.mask, e + OV_GRAM_MAX, OV_GRAM_MAX);
	out->piece = ov_le16(e + 32);
	out->key.n = e[34];
	out->is_variable = (e[35] & YS_ROW_VARIES) != 0;
	out->is_short = (e[35] & YS_ROW_SHORT) != 0;
	out->dist = ov_le32(e + 36);
	out->fwd = (struct re_thread){ ov_le32(e + 40), ov_le32(e + 44) };
	out->rev = (struct re_thread){ ov_le32(e + 48), ov_le32(e + 52) };
}

/* Told: lits, then rows; the others behind in the same order. */
void ys_row_at(const struct ys_view *v, uint32_t i, struct ys_row *out)
{
	const uint32_t n = xor_values(v), lits = v->wake_lits * n, told = lits + v->wake_rows;
	const uint32_t rest = (v->nlits - v->wake_lits) * n;

	*out = (struct ys_row){ .piece = 0 };
	if (i < lits)
		lit_at(v, i / n, (uint8_t)(v->xor_lo + i % n), out);
	else if (i < told)
		wild_at(v, i - lits, out);
	else if (i < told + rest)
		lit_at(v, v->wake_lits + (i - told) / n, (uint8_t)(v->xor_lo + (i - told) % n),
		       out);
	else
		wild_at(v, v->wake_rows + (i - told - rest), out);
}

struct bounds {
	uint32_t bytes; /* of the block */
};

static bool is_inside(const struct bounds *b, uint32_t at, uint64_t n)
{
	return at <= b->bytes && n <= b->bytes - at;
}

static bool is_expr_good(const struct bounds *b, const uint8_t *block, const uint8_t *e,
			 const struct ys_piece *p)
{
	const uint32_t nrev = ov_le32(e + 20);

	if (nrev > RC_CODES_MAX || p->n > RC_CODES_MAX)
		return false;
	if (!is_inside(b, (uint32_t)(p->data - block), (uint64_t)p->n * RC_SIZE) ||
	    !is_inside(b, ov_le32(e + 16), (uint64_t)nrev * RC_SIZE) ||
	    !is_inside(b, ov_le32(e + 32), ov_le32(e + 36)) ||
	    !is_inside(b, ov_le32(e + 40), (uint64_t)ov_le32(e + 44) * RC_SET_SIZE))
		return false;
	return re_verify(&p->fwd) == OV_OK && (nrev == 0 || re_verify(&p->rev) == OV_OK);
}

static bool is_piece_good(const struct ys_view *v, const struct bounds *b, uint32_t i)
{
	const uint8_t *raw = v->p + YS_HEAD + (size_t)i * YS_PIECE;
	const uint32_t data = ov_le32(raw + 4), n = ov_le32(raw + 8), ext = ov_le32(raw + 12);
	struct ys_piece p;

	if (raw[0] < YS_LITERAL || raw[0] > YS_EXPR || (raw[1] & ~YS_PIECE_FLAGS) != 0 ||
	    ov_le16(raw + 2) != 0 || n == 0 || data > b->bytes)
		return false;
	if (i == 0 && (raw[1] & YS_HEAD_PIECE) == 0)
		return false;
	if (ext != 0 && !is_inside(b, ext, YS_EXT))
		return false;
	if ((raw[1] & YS_HEAD_PIECE) == 0 && ext == 0)
		return false;
	if (raw[0] == YS_EXPR) {
		if (ext == 0)
			return false;
		ys_piece_at(v, i, &p);
		return is_expr_good(b, v->p, v->p + ext, &p);
	}
	return n <= YS_TEXT_MAX && is_inside(b, data, (uint64_t)n * (raw[0] == YS_MASKED ? 2 : 1));
}

static bool is_key_good(const struct ov_gram_key *k)
{
	if (k->n < OV_GRAM_MIN || k->n > OV_GRAM_MAX)
		return false;
	for (unsigned i = 0; i < OV_GRAM_MAX; i++) {
		const uint8_t v = k->value[i], m = k->mask[i];

		if ((v & ~m) != 0 || (i >= k->n && m != 0))
			return false;
		if (i < OV_GRAM_MIN && m != 0xff && !(m == 0xdf && v >= 'A' && v <= 'Z'))
			return false;
	}
	return true;
}

static bool is_short_good(const struct ov_gram_key *k)
{
	if (k->n == 0 || k->n > OV_GRAM_MIN || k->mask[k->n - 1] == 0)
		return false;
	for (unsigned i = 0; i < OV_GRAM_MAX; i++)
		if ((k->value[i] & ~k->mask[i]) != 0 || (i >= k->n && k->mask[i] != 0))
			return false;
	return true;
}

static bool is_lit_good(const struct ys_view *v, uint32_t i)
{
	const uint8_t *e = v->p + YS_HEAD + (size_t)v->npieces * YS_PIECE + (size_t)i * YS_LIT;
	struct ys_piece p;
	struct ys_row row = { 0 };

	if (ov_le16(e) >= v->npieces || e[2] < OV_GRAM_MIN || e[2] > OV_GRAM_MAX || e[3] != 0)
		return false;
	ys_piece_at(v, ov_le16(e), &p);
	if (p.kind == YS_EXPR || ov_le32(e + 4) > ys_literal_len(&p) ||
	    ys_literal_len(&p) - ov_le32(e + 4) < e[2])
		return false;
	lit_at(v, i, 0, &row);
	return (v->flags & YS_XOR) != 0 || is_key_good(&row.key);
}

static bool is_thread_good(const struct re_prog *p, struct re_thread t)
{
	struct re_ins i;

	if (t.pc >= p->n)
		return false;
	i = re_ins_at(p->code, t.pc);
	return t.count == 0 || (i.op == RC_RUN && t.count <= i.b);
}

static bool is_row_good(const struct ys_view *v, uint32_t i)
{
	struct ys_row r = { 0 };
	struct ys_piece p;

	wild_at(v, i, &r);
	if (r.piece >= v->npieces)
		return false;
	if (r.is_short ? i < v->wake_rows || !is_short_good(&r.key) : !is_key_good(&r.key))
		return false;
	ys_piece_at(v, r.piece, &p);
	if (p.kind == YS_EXPR && !is_thread_good(&p.fwd, r.fwd))
		return false;
	if (!r.is_variable)
		return r.dist <= YS_TEXT_MAX * 2;
	return p.kind == YS_EXPR && p.rev.n > 0 && is_thread_good(&p.rev, r.rev);
}

static bool is_head_good(const struct ys_view *v, const struct bounds *b)
{
	const uint64_t tables = (uint64_t)YS_HEAD + (uint64_t)v->npieces * YS_PIECE +
				(uint64_t)v->nlits * YS_LIT + (uint64_t)v->nrows * YS_ROW;

	if (v->npieces == 0 || v->wake_lits > v->nlits || v->wake_rows > v->nrows ||
	    (v->flags & ~YS_FLAGS) != 0 || v->xor_lo > v->xor_hi || ov_le16(v->p + 22) != 0)
		return false;
	if ((v->flags & YS_XOR) == 0 && v->xor_hi != 0)
		return false;
	return tables <= b->bytes;
}

ov_status ov_ystr_check(struct ov_cur code)
{
	const uint8_t *p = ov_cur_rest(&code); /* NULL: nothing is left */
	struct bounds b;
	struct ys_view v;

	if (ov_cur_left(&code) < YS_HEAD || ov_le32(p) != YS_MAGIC)
		return OV_BAD;
	b.bytes = ov_le32(p + 4);
	if (b.bytes > YS_BYTES_MAX || b.bytes % 4 != 0 || b.bytes > ov_cur_left(&code) ||
	    b.bytes < YS_HEAD)
		return OV_BAD;
	v = ys_open(code);
	if (!is_head_good(&v, &b))
		return OV_BAD;
	for (uint32_t i = 0; i < v.npieces; i++)
		if (!is_piece_good(&v, &b, i))
			return OV_BAD;
	for (uint32_t i = 0; i < v.nlits; i++)
		if (!is_lit_good(&v, i))
			return OV_BAD;
	for (uint32_t i = 0; i < v.nrows; i++)
		if (!is_row_good(&v, i))
			return OV_BAD;
	return OV_OK;
}

uint32_t ov_ystr_natoms(struct ov_cur code)
{
	const struct ys_view v = ys_open(code);

	return (v.flags & YS_COVERED) != 0 ? ys_ntold(&v) : 0;
}

ov_status ov_ystr_atom(struct ov_cur code, uint32_t i, struct ov_gram_key *out)
{
	const struct ys_view v = ys_open(code);
	struct ys_row row;

	if (i >= ov_ystr_natoms(code))
		return OV_END;
	ys_row_at(&v, i, &row);
	*out = row.key;
	return OV_OK;
}
