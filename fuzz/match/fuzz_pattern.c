/*
 * Random pattern trees and texts from the input. Claims: the finder, from memory, in small windows
 * and by the places of grams, and ov_pat_match_at() agree with the slow reference; what the gate or
 * the census calls absent is; and the compiled section opens.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "census.h"
#include "finder.h"
#include "gate.h"
#include "reference.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int is_true)
{
	if (!is_true)
		abort();
}

static ov_status read_text(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	memcpy(to, (const uint8_t *)ctx + off, n);
	*got = n;
	return OV_OK;
}

static struct ov_find find_in(struct ov_finder *f, const struct ov_pats *p, uint32_t id,
			      const struct ov_src *src, const struct ov_range *r, size_t nr)
{
	uint32_t slot;

	ov_finder_begin(f, p);
	must(ov_finder_add(f, id, r, nr, &slot) == OV_OK);
	must(ov_finder_run(f, src, 0) == OV_OK);
	return *ov_finder_result(f, slot);
}

static void check(const struct ov_pat_ir *ir, const struct ov_pats *p, uint32_t id, uint8_t *text,
		  size_t n, const struct ov_range *r, size_t nr)
{
	const struct ov_src mem = ov_src_mem(text, n),
			    file = { .size = n, .read = read_text, .ctx = text };
	struct ov_places places = { 0 };
	struct ov_finder *f = NULL;
	struct ref_found want;
	struct ov_find a, b;
	uint64_t len, shortest;

	must(ov_finder_new(&f) == OV_OK);
	a = find_in(f, p, id, &mem, r, nr);
	ov_finder_set_window(f, 64);
	b = find_in(f, p, id, &file, r, nr);
	must(memcmp(&a, &b, sizeof a) == 0);
	must(ov_places_take(&places, text, n) == OV_OK);
	ov_finder_set_sieve(f, OV_KERNEL_AUTO, 0);
	ov_finder_places(f, &places);
	b = find_in(f, p, id, &mem, r, nr);
	ov_places_free(&places);
	ov_finder_free(&f);
	must(memcmp(&a, &b, sizeof a) == 0);
	ref_find(ir, text, n, r, nr, &want);
	if (a.is_limited) {
		must(a.count <= want.count);
		return;
	}
	must(a.count == want.count);
	if (a.count > 0) {
		must(ref_matches(ir, text, n, a.first, a.first_len));
		must(ref_matches(ir, text, n, a.last, a.last_len));
		must(ov_pat_match_at(p, id, text, n, 0, n, a.first, &len) == OV_OK);
		must(ref_shortest(ir, text, n, a.first, &shortest) && shortest == len);
	}
}

/* @param window  Bytes that the gate sees at a time; it holds the three before them as well. */
static void check_absent(const struct ov_pat_ir *ir, const struct ov_pats *p, uint32_t id,
			 const uint8_t *text, size_t n, size_t window)
{
	struct ov_gate_pick picks[OV_GATE_PICKS];
	struct ov_census census = { 0 };
	struct ov_gate *g = NULL;
	struct ref_found found;
	uint64_t cost;
	size_t npicks;

	ref_find(ir, text, n, NULL, 0, &found);
	must(ov_census_take(&census, text, n) == OV_OK);
	must(ov_census_may_have(&census, p, id) || found.count == 0);
	ov_census_free(&census);
	must(ov_gate_new(&g) == OV_OK);
	ov_gate_begin(g, p, n);
	npicks = ov_gate_pick(p, id, OV_GATE_NO_PART, picks, &cost);
	if (npicks > 0) {
		const uint32_t slot = ov_gate_add(g, picks, npicks);

		for (size_t at = 0; at < n; at += window) {
			const size_t from = at < 3 ? 0 : at - 3;
			const size_t to = window < n - at ? at + window : n;

			must(ov_gate_run(g, text + from, to - from, from) == OV_OK);
		}
		must(!ov_gate_is_absent(g, slot) || found.count == 0);
	}
	ov_gate_free(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ref_dice d = { data, size };
	const struct ov_range range = { .lo = ref_roll(&d, 64), .hi = 64 + ref_roll(&d, 250) };
	const size_t nranges = ref_roll(&d, 2);
	struct ov_buf bytes = ov_buf_of(1 << 20);
	struct ov_pats_builder *b = NULL;
	uint8_t text[REF_TEXT];
	struct ov_pat_ir ir;
	struct ov_arena a;
	struct ov_pats p;
	uint32_t id;

	ov_arena_init(&a, 1 << 20);
	must(ov_pats_builder_new(&b) == OV_OK);
	if (ref_pattern(&d, &a, &ir)) {
		const size_t n = ref_text(&d, text) % 160; /* the reference is cubic */

		if (ov_pats_add(b, &ir, &id, NULL) == OV_OK) {
			must(ov_pats_finish(b, &bytes) == OV_OK);
			must(ov_pats_open(ov_buf_cur(&bytes), &p) == OV_OK);
			check(&ir, &p, id, text, n, &range, nranges);
			check_absent(&ir, &p, id, text, n, 1 + ref_roll(&d, 200));
		}
	}
	ov_pats_builder_free(&b);
	ov_buf_free(&bytes);
	ov_arena_free(&a);
	return 0;
}
