/*
 * A source of YARA rules, compiled and run; and an image with some of its bytes changed.
 *
 *   input: 's' source            what the compiler writes must pass its own verifier, and what is
 *                                told of a rule without its strings must stand with them
 *          'l' source            laid out anew
 *          'i' (at u16, xor u8)... a fixed image, damaged: opened, checked and run, calmly
 */
#include <stdlib.h>
#include <string.h>

#include "layout.h"
#include "le.h"
#include "text.h"
#include "yara_run.h"

#define STEPS 100000

static const char data[] = "MZ abcabc hello hello world 0123456789 \x00\x01\x02 foo";

static const char fixed[] =
    "import \"math\" import \"hash\" rule a : t { meta: m = \"v\" n = 2 strings: $a = \"hello\" "
    "nocase wide "
    "ascii $b = { 61 ?? 63 [1-3] (61 | 62) } $c = /fo+/ $d = \"abc\" xor condition: uint16(0) == "
    "0x5A4D "
    "and filesize < 1KB and (2 of them or for any i in (1..#a) : (@a[i] > 3)) }\n"
    "rule b { strings: $x = \"world\" condition: a and $x in (0..100) or with q = seven : (q == 7) "
    "}\n"
    "rule c { condition: for all s in (\"x\", \"y\") : (s matches /[xy]/) and math.mean(0, 10) > "
    "1.0 and "
    "hash.md5(0, 3) != filename and 1 of (a, b) }";

static void run_all(const struct ov_yimage *y)
{
	for (uint32_t i = 0; i < y->nrules && i < 8; i++) {
		enum ov_yresult blind, full;
		struct ov_yrule r;
		char name[160];

		ov_yimage_rule(y, i, &r);
		if (r.name.n == 0 || r.name.n >= sizeof name ||
		    memchr(r.name.p, 0, r.name.n) != NULL)
			continue;
		memcpy(name, r.name.p, r.name.n);
		name[r.name.n] = '\0';
		blind = yara_eval(y, data, sizeof data - 1, name, true, STEPS);
		full = yara_eval(y, data, sizeof data - 1, name, false, STEPS);
		if (blind != OV_YR_UNKNOWN && full != OV_YR_UNKNOWN && blind != full)
			abort();
	}
}

static void source(const uint8_t *p, size_t n)
{
	char *text = malloc(n + 1);
	struct yara_told told;
	struct ov_yimage y;
	struct ov_buf b;

	if (text == NULL)
		return;
	memcpy(text, p, n);
	text[n] = '\0';
	b = yara_compile(text, &told);
	free(text);
	if (b.n == 0)
		return; /* a limit */
	if (ov_yimage_open(ov_buf_cur(&b), &y) != OV_OK)
		abort();
	for (uint32_t i = 0; i < y.nrules; i++)
		if (ov_yimage_check_rule(&y, i) != OV_OK)
			abort();
	run_all(&y);
	ov_buf_free(&b);
}

/* Laid out: but for white space the same bytes, and a second time nothing changes. */
static void layout(const uint8_t *p, size_t n)
{
	struct ov_buf once = ov_buf_of((size_t)1 << 20), twice = once;
	struct ov_yerror err;
	struct ov_arena a;
	ov_status s;

	ov_arena_init(&a, (size_t)16 << 20);
	s = ov_yformat(ov_cur_of(p, n), &a, &once, &err);
	if (s == OV_BUG)
		abort();
	if (s == OV_OK &&
	    (!ov_text_same_but_space((struct ov_str){ (const char *)p, n }, ov_buf_text(&once)) ||
	     ov_yformat(ov_buf_cur(&once), &a, &twice, &err) != OV_OK || once.n != twice.n ||
	     (once.n > 0 && memcmp(once.p, twice.p, once.n) != 0)))
		abort();
	ov_buf_free(&once);
	ov_buf_free(&twice);
	ov_arena_free(&a);
}

static void image(const uint8_t *p, size_t n)
{
	struct yara_told told;
	struct ov_yimage y;
	struct ov_buf b = yara_compile(fixed, &told);

	if (told.n != 0)
		abort();
	for (; n >= 3; p += 3, n -= 3)
		b.p[ov_le16(p) % b.n] ^= p[2];
	if (ov_yimage_open(ov_buf_cur(&b), &y) == OV_OK)
		for (uint32_t i = 0; i < y.nrules && i < 64; i++)
			(void)yara_eval(&y, data, sizeof data - 1, "c", false, STEPS);
	ov_buf_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n == 0 || n > 4096)
		return 0;
	if (p[0] == 's')
		source(p + 1, n - 1);
	else if (p[0] == 'l')
		layout(p + 1, n - 1);
	else if (p[0] == 'i')
		image(p + 1, n - 1);
	return 0;
}
