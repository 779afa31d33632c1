/* Universal binaries: slices by architecture, and files that lie about them. */
#include "formats.h"

#include "testing.h"

static void put_be(uint8_t *p, size_t at, uint64_t v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		p[at + n - 1 - i] = (uint8_t)(v >> (8 * i));
}

static void on_note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	(void)member, (void)detail;
	((unsigned *)ctx)[why]++;
}

struct result {
	struct ov_child parts[300];
	char names[300][48];
	size_t n;
	unsigned notes[OV_STATUS_COUNT];
	ov_status end;
};

static void list(const uint8_t *p, size_t n, struct result *r)
{
	const struct ov_src src = ov_src_mem(p, n);
	struct ov_arena a;
	struct ov_fmt_env env = {
		.src = &src, .type = OV_T_MACHO_UNIBIN, .arena = &a, .note = on_note
	};
	void *state = NULL;

	memset(r, 0, sizeof *r);
	env.ctx = r->notes;
	ov_arena_init(&a, 1 << 16);
	r->end = ov_format_macho_fat.open(&env, &state);
	while (r->end == OV_OK) {
		struct ov_child *c = &r->parts[r->n];

		r->end = ov_format_macho_fat.next(state, c);
		if (r->end != OV_OK)
			break;
		(void)snprintf(r->names[r->n], sizeof r->names[0], "%.*s", (int)c->name.n,
			       c->name.p);
		if (c->kind == OV_CHILD_SLICE)
			assert_true(c->off > 0 && c->off < n && c->size > 0 &&
				    c->size <= n - c->off);
		r->n++;
	}
	ov_arena_free(&a);
}

static void put_arch(uint8_t *p, unsigned i, uint32_t cpu, uint32_t off, uint32_t size)
{
	put_be(p, 8 + i * 20u, cpu, 4);
	put_be(p, 8 + i * 20u + 8, off, 4);
	put_be(p, 8 + i * 20u + 12, size, 4);
}

static void test_slices(void **state)
{
	static struct result r;
	uint8_t p[1000] = { 0xca, 0xfe, 0xba, 0xbe };

	(void)state;
	put_be(p, 4, 2, 4);
	put_arch(p, 0, 0x01000007, 200, 300);
	put_arch(p, 1, 0x0100000c, 500, 400);
	list(p, 900, &r);
	assert_int_equal(r.end, OV_END);
	assert_int_equal(r.n, 2);
	assert_string_equal(r.names[0], "x86_64");
	assert_string_equal(r.names[1], "arm64");
	assert_int_equal(r.parts[1].off, 500);
	assert_int_equal(r.parts[1].size, 400);
	list(p, 1000, &r); /* something behind the last */
	assert_int_equal(r.n, 3);
	assert_string_equal(r.names[2], "rest");
	assert_int_equal(r.parts[2].off, 900);
	list(p, 700, &r); /* cut */
	assert_int_equal(r.n, 2);
	assert_int_equal(r.parts[1].size, 200);
	assert_int_equal(r.notes[OV_SHORT], 1);
	list(p, 30, &r); /* the table is cut */
	assert_int_equal(r.end, OV_SHORT);
}

static void test_tricks(void **state)
{
	static struct result r;
	uint8_t p[1000] = { 0xca, 0xfe, 0xba, 0xbe };

	(void)state;
	put_be(p, 4, 1, 4);
	put_arch(p, 0, 99, 0, 1000);
	list(p, 1000, &r); /* itself: no slice, told */
	assert_int_equal(r.parts[0].kind, OV_CHILD_NONE);
	assert_string_equal(r.names[0], "cpu 0x63");
	assert_int_equal(r.notes[OV_BAD], 1);
	put_arch(p, 0, 7, 0xfffffff0u, 0xfffffff0u);
	list(p, 1000, &r);
	assert_int_equal(r.parts[0].kind, OV_CHILD_NONE);
	assert_int_equal(r.notes[OV_SHORT], 1);
	put_be(p, 4, 0xffffffff, 4);
	list(p, 1000, &r);
	assert_int_equal(r.notes[OV_LIMIT], 1);
	assert_int_equal(r.end, OV_SHORT);
	p[0] = 0;
	list(p, 1000, &r);
	assert_int_equal(r.end, OV_BAD);
}

static void test_wide_and_prefixes(void **state)
{
	static struct result r;
	uint8_t p[300] = { 0xca, 0xfe, 0xba, 0xbf };

	(void)state;
	put_be(p, 4, 1, 4);
	put_be(p, 8, 18, 4);
	put_be(p, 16, 100, 8);
	put_be(p, 24, 200, 8);
	list(p, 300, &r);
	assert_int_equal(r.end, OV_END);
	assert_int_equal(r.n, 1);
	assert_string_equal(r.names[0], "ppc");
	assert_int_equal(r.parts[0].size, 200);
	for (size_t n = 0; n < 300; n++)
		list(p, n, &r);
	assert_ptr_equal(ov_format_for(OV_T_MACHO_UNIBIN), &ov_format_macho_fat);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_tricks),
		cmocka_unit_test(test_wide_and_prefixes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
