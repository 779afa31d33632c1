/*
 * Hostile gram tables, pattern sections, hash sets and regular expressions, by the first byte.
 * Claims: what a gram table reports is what a naive search with its entries finds; results of
 * patterns lie inside the text; a hash that is found is one of the entries when the table is in
 * order.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "finder.h"
#include "gram.h"
#include "gram_int.h"
#include "hashset.h"
#include "regex_pcre.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t text[] = "abababab aaaa\0\0\0\0AbaB\r\n ab..cd  abcabcab\xff\xff\xff\xff"
			      "word WORD w\0o\0r\0d\0 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static void must(int is_true)
{
	if (!is_true)
		abort();
}

static bool count_hit(void *ctx, uint32_t token, uint64_t at)
{
	(void)token;
	must(at < sizeof text);
	++*(uint64_t *)ctx;
	return true;
}

static void run_gram(struct ov_cur c)
{
	uint64_t got = 0, again = 0, want = 0;
	struct ov_gram g;

	if (ov_gram_open(c, &g) != OV_OK)
		return;
	must(ov_gram_scan(&g, text, sizeof text, 0, count_hit, &got) == OV_OK);
	must(ov_gram_scan_with(OV_KERNEL_SCALAR, &g, text, sizeof text, 0, count_hit, &again) ==
	     OV_OK);
	for (uint32_t k = 0; k < g.nentries; k++) {
		const uint8_t *e = g.entries + (size_t)k * GRAM_ENTRY;

		for (size_t at = 0; at + e[36] <= sizeof text; at++) {
			bool is_match = true;

			for (size_t i = 0; i < e[36]; i++)
				is_match &= (text[at + i] & e[16 + i]) == e[i];
			want += is_match;
		}
	}
	must(got == want && again == want);
}

static void run_pats(struct ov_cur c)
{
	const struct ov_src src = ov_src_mem(text, sizeof text);
	struct ov_finder *f = NULL;
	struct ov_pats p;
	uint32_t slot, n;
	bool is_whole = true;

	if (ov_pats_view(c, &p) != OV_OK)
		return;
	for (uint32_t i = 0; i < p.count && is_whole; i++)
		is_whole = ov_pats_check(&p, i) == OV_OK;
	must(is_whole || ov_pats_open(c, &p) != OV_OK);
	if (!is_whole || p.count > 4096)
		return;
	must(ov_finder_new(&f) == OV_OK);
	ov_finder_begin(f, &p);
	n = p.count < 32 ? p.count : 32;
	for (uint32_t i = 0; i < n; i++)
		must(ov_finder_add(f, i, NULL, 0, &slot) == OV_OK);
	must(ov_finder_run(f, &src, 0) == OV_OK);
	for (uint32_t i = 0; i < n; i++) {
		const struct ov_find *r = ov_finder_result(f, i);
		const struct ov_range *spans;

		must(r->count == 0 ||
		     (r->first <= sizeof text && r->first_len <= sizeof text - r->first));
		for (size_t k = ov_finder_matches(f, i, &spans); k-- > 0;)
			must(spans[k].lo <= spans[k].hi && spans[k].hi <= sizeof text);
	}
	ov_finder_free(&f);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t len;
		const ov_status s =
		    ov_pat_match_at(&p, i, text + 3, 40, 3, sizeof text, 5 + i, &len);

		must(s != OV_OK || len <= sizeof text);
	}
}

static void run_hashset(struct ov_cur c)
{
	struct ov_hashset h;
	struct ov_hash_entry e;
	uint32_t token;

	if (ov_hashset_open(c, &h) != OV_OK)
		return;
	for (uint64_t i = 0; i < h.count && i < 64; i++) {
		must(ov_hashset_at(&h, i, &e) == OV_OK);
		(void)ov_hashset_wants(&h, e.size);
		if (ov_hashset_find(&h, e.key, e.size, &token)) {
			bool is_there = false;

			for (uint64_t k = 0; k < h.count; k++) {
				must(ov_hashset_at(&h, k, &e) == OV_OK);
				is_there |= e.token == token;
			}
			must(is_there);
		}
	}
	must(ov_hashset_at(&h, h.count, &e) == OV_END);
}

static void run_pcre(struct ov_cur c)
{
	static const char flags[] = "gresimxAEU";
	struct ov_pcre_matcher *m = NULL;
	struct ov_pcre_re *re = NULL;
	size_t start, end, nflags = c.len > 0 ? c.base[0] % sizeof flags : 0;
	ov_status s;

	if (c.len < 1 ||
	    ov_pcre_compile((struct ov_str){ (const char *)c.base + 1, c.len - 1 },
			    (struct ov_str){ flags, nflags }, 1 << 18, &re, NULL) != OV_OK)
		return;
	must(ov_pcre_matcher_new(OV_PCRE_LIMITS, 1 << 20, &m) == OV_OK);
	s = ov_pcre_match(m, re, text, sizeof text, 1, false, &start, &end);
	must(s == OV_OK || s == OV_END || s == OV_LIMIT || s == OV_NOMEM);
	must(s != OV_OK || (start <= end && end <= sizeof text));
	ov_pcre_matcher_free(&m);
	ov_pcre_free(&re);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_cur c;

	if (size == 0)
		return 0;
	c = ov_cur_of(data + 1, size - 1);
	switch (data[0] % 4) {
	case 0:
		run_gram(c);
		break;
	case 1:
		run_pats(c);
		break;
	case 2:
		run_hashset(c);
		break;
	default:
		run_pcre(c);
	}
	return 0;
}
