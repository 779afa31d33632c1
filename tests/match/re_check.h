/* One expression and one text: the search against the reference. Shared by a test and a harness. */
#ifndef OV_RE_CHECK_H
#define OV_RE_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "re_reference.h"
#include "ystr.h"

static inline void re_must(int is_true)
{
	if (!is_true)
		abort();
}

/* What is reported is a match; and each place where only one match is possible is reported with it.
 */
static inline void re_check_list(const struct rr *r, const uint8_t *text, size_t n,
				 struct ov_ylist l)
{
	uint32_t k = 0;

	for (size_t from = 0; from < n; from++) {
		const uint64_t ends = rr_ends(r, text, n, from);
		const uint64_t some = ends & ~(((uint64_t)2 << from) - 1);
		const bool is_listed = k < l.n && l.at[k].off == from;

		if (is_listed) {
			re_must((some >> (from + l.at[k].len) & 1) != 0);
			k++;
		} else {
			/* An empty match may be preferred, and does not count. */
			re_must(some == 0 || some != ends);
		}
	}
	re_must(k == l.n);
}

static inline void re_check(const uint8_t *data, size_t size)
{
	struct rr_dice d = { data, size };
	struct ov_ystr_facts facts;
	struct ov_ystr_error err;
	struct ov_ysearch *s = NULL;
	struct ov_buf code = ov_buf_of((size_t)1 << 22);
	uint64_t steps = (uint64_t)1 << 24;
	struct ov_ystr_ir ir = { .kind = OV_YSTR_REGEX };
	struct ov_arena a;
	struct ov_src src;
	struct rr r;
	uint8_t text[RR_TEXT];
	size_t n = 0;
	uint32_t slot;

	if (!rr_make(&r, &d))
		return;
	for (; n < RR_TEXT && d.n > 0; n++)
		text[n] = (uint8_t)("abcd\n\0 -"[rr_roll(&d, 8)]);
	ir.body = (struct ov_str){ r.body, r.nbody };
	ir.flags = r.wide ? OV_YSTR_WIDE : 0;
	ov_arena_init(&a, (size_t)1 << 27);
	if (ov_ystr_compile(&ir, &a, &code, &facts, &err) == OV_OK) {
		re_must(ov_ystr_check(ov_buf_cur(&code)) == OV_OK);
		re_must(ov_ysearch_new(&s) == OV_OK);
		ov_ysearch_begin(s);
		re_must(ov_ysearch_add(s, ov_buf_cur(&code), 1000, &slot) == OV_OK);
		src = ov_src_mem(text, n);
		re_must(ov_ysearch_run(s, &src, 0, 0, &steps) == OV_OK);
		re_check_list(&r, text, n, ov_ysearch_list(s, slot));
		ov_ysearch_free(&s);
	}
	ov_buf_free(&code);
	ov_arena_free(&a);
}

#endif
