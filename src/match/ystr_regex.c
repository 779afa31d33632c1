/*
 * Regular expressions of YARA's conditions: searched in texts, without atoms.
 *
 *   0       4       8        12        16      20     24      28
 *   | magic | bytes | ncodes | nstates | npool | nsets| codes (8 each) | sets (32 each) | pool |
 * pad
 */
#include "ystr_find.h"

#define RE_MAGIC 0x31455259u /* "YRE1" */
#define RE_HEAD 24u

static struct re_prog open_prog(struct ov_cur code)
{
	const uint8_t *p = ov_cur_rest(&code); /* NULL: nothing is left */
	struct re_prog r = { .code = p + RE_HEAD,
			     .n = ov_le32(p + 8),
			     .nstates = ov_le32(p + 12),
			     .npool = ov_le32(p + 16),
			     .nsets = ov_le32(p + 20) };

	r.sets = r.code + (size_t)r.n * RC_SIZE;
	r.pool = r.sets + (size_t)r.nsets * RC_SET_SIZE;
	return r;
}

static ov_status put(struct re_writer *w, struct ov_buf *code, uint32_t n, uint32_t nstates,
		     struct ov_buf *out)
{
	const size_t bytes = RE_HEAD + code->n + w->sets.n + w->pool.n;

	OV_TRY(ov_buf_align(out, 4));
	OV_TRY(ov_buf_u32(out, RE_MAGIC));
	OV_TRY(ov_buf_u32(out, (uint32_t)(bytes + 3) / 4 * 4));
	OV_TRY(ov_buf_u32(out, n));
	OV_TRY(ov_buf_u32(out, nstates));
	OV_TRY(ov_buf_u32(out, (uint32_t)w->pool.n));
	OV_TRY(ov_buf_u32(out, (uint32_t)(w->sets.n / RC_SET_SIZE)));
	OV_TRY(ov_buf_put(out, code->p, code->n));
	OV_TRY(ov_buf_put(out, w->sets.p, w->sets.n));
	OV_TRY(ov_buf_put(out, w->pool.p, w->pool.n));
	return ov_buf_align(out, 4);
}

ov_status ov_re_compile(struct ov_str body, uint32_t flags, struct ov_arena *scratch,
			struct ov_buf *out, struct ov_ystr_error *err)
{
	struct re_parse p = { .arena = scratch, .body = body, .flags = flags, .err = err };
	struct re_writer w = { .arena = scratch, .err = err };
	struct ov_buf code = ov_buf_of(YS_BYTES_MAX);
	const size_t start = out->n;
	uint32_t n = 0, nstates = 0;
	struct re_tree t;
	ov_status s;

	*err = (struct ov_ystr_error){ .why = "it could not be compiled" };
	w.pool = w.sets = ov_buf_of(YS_BYTES_MAX);
	OV_TRY(re_parse_whole(&p, &t));
	s = re_emit(&w, &t, false, &code, &n, &nstates);
	if (s == OV_OK)
		s = put(&w, &code, n, nstates, out);
	if (s != OV_OK)
		out->n = start;
	ov_buf_free(&code);
	ov_buf_free(&w.pool);
	ov_buf_free(&w.sets);
	return s;
}

ov_status ov_re_check(struct ov_cur code)
{
	const uint8_t *p = ov_cur_rest(&code); /* NULL: nothing is left */
	struct re_prog r;
	uint64_t need;

	if (ov_cur_left(&code) < RE_HEAD || ov_le32(p) != RE_MAGIC)
		return OV_BAD;
	if (ov_le32(p + 8) > RC_CODES_MAX || ov_le32(p + 20) > RC_CODES_MAX)
		return OV_BAD;
	need = (uint64_t)RE_HEAD + (uint64_t)ov_le32(p + 8) * RC_SIZE +
	       (uint64_t)ov_le32(p + 20) * RC_SET_SIZE + ov_le32(p + 16);
	if (ov_le32(p + 4) > ov_cur_left(&code) || need > ov_le32(p + 4) ||
	    ov_le32(p + 4) - need > 3)
		return OV_BAD;
	r = open_prog(code);
	return re_verify(&r);
}

ov_status ov_re_find(struct ov_ysearch *s, struct ov_cur code, const uint8_t *p, size_t n,
		     uint64_t *steps, struct ov_ymatch *out)
{
	const struct re_prog r = open_prog(code);
	const struct re_text t = { .p = p, .n = n, .size = n, .limit = SIZE_MAX };
	struct re_end e;

	OV_TRY(re_run_room(&s->look.run, r.nstates));
	OV_TRY(re_search(&r, &s->look.run, &t, steps, &e));
	*out = (struct ov_ymatch){ .off = e.at };
	return OV_OK;
}
