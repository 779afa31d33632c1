/* Packed names: what went in comes out, joined or not; broken sections are harmless. */
#include <stdlib.h>

#include "names.h"
#include "testing.h"

static uint64_t seed = 0x9e3779b97f4a7c15u;

static uint32_t roll(uint32_t sides)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % sides;
}

struct row {
	char text[64];
	uint32_t source, line;
};

/* Names of the kinds that databases have: families, running numbers, none at all. */
static void random_rows(struct row *r, size_t n)
{
	uint32_t line = 0, source = 0, number = 0;

	for (size_t i = 0; i < n; i++) {
		if (i > 0 && roll(200) == 0) {
			source++;
			line = 0;
		}
		line += roll(9) == 0 ? roll(1000) : 1;
		number += roll(5) == 0 ? roll(100000) : 1;
		r[i].source = source;
		r[i].line = line;
		switch (roll(12)) {
		case 0:
			(void)snprintf(r[i].text, sizeof r[i].text, "Win.Trojan.F%u-%u", roll(90),
				       roll(1000));
			break;
		case 1:
			(void)snprintf(r[i].text, sizeof r[i].text, "Agent%u/CRDF-1",
				       roll(1u << 31));
			break;
		case 2:
			(void)snprintf(r[i].text, sizeof r[i].text, "NoNumber.%c",
				       'a' + (char)roll(26));
			break;
		case 3:
			(void)snprintf(r[i].text, sizeof r[i].text,
				       "Long.00%u-98765432109876543210987654321", roll(9));
			break;
		default:
			(void)snprintf(r[i].text, sizeof r[i].text, "Win.Malware.Agent-%u-0",
				       number);
		}
	}
}

static void add_rows(struct ov_names_builder *b, const struct row *r, size_t n, uint32_t base)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t before = ov_names_count(b);
		uint32_t token;

		assert_int_equal(
		    ov_names_add(b, ov_str_of(r[i].text), r[i].source - base, r[i].line, &token),
		    OV_OK);
		assert_int_equal(token, before);
	}
}

static void expect_row(const struct ov_name *got, const struct row *want)
{
	assert_int_equal(got->n, strlen(want->text));
	assert_memory_equal(got->text, want->text, got->n);
	assert_int_equal(got->source, want->source);
	assert_int_equal(got->line, want->line);
}

static void what_went_in_comes_out(void **state)
{
	static struct row rows[5000];
	static const size_t counts[] = { 0, 1, 2, 127, 128, 129, 1000, 5000 };

	(void)state;
	for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
		struct ov_buf out = ov_buf_of(1 << 24);
		struct ov_names_builder *b = NULL;
		struct ov_names_walk walk = { .next = 0 };
		struct ov_names n;
		struct ov_name name;

		random_rows(rows, counts[c]);
		assert_int_equal(ov_names_builder_new(1 << 24, &b), OV_OK);
		add_rows(b, rows, counts[c], 0);
		assert_int_equal(ov_names_finish(b, &out), OV_OK);
		assert_int_equal(ov_names_open(ov_buf_cur(&out), 1000, &n), OV_OK);
		assert_int_equal(n.count, counts[c]);
		walk.names = &n;
		for (size_t i = 0; i < counts[c]; i++) {
			assert_int_equal(ov_names_next(&walk, &name), OV_OK);
			expect_row(&name, &rows[i]);
			assert_int_equal(ov_names_at(&n, (uint32_t)i, &name), OV_OK);
			expect_row(&name, &rows[i]);
		}
		assert_int_equal(ov_names_next(&walk, &name), OV_END);
		assert_int_equal(ov_names_at(&n, n.count, &name), OV_END);
		ov_names_builder_free(&b);
		ov_buf_free(&out);
	}
}

/* Parts of whole sources, joined, are the bytes of all at once. */
static void joined_is_all_at_once(void **state)
{
	static struct row rows[3000];
	struct ov_buf whole = ov_buf_of(1 << 24), joined = ov_buf_of(1 << 24);
	struct ov_names_builder *all = NULL, *parts = NULL;
	struct ov_names_mark mark;

	(void)state;
	random_rows(rows, 3000);
	assert_int_equal(ov_names_builder_new(1 << 24, &all), OV_OK);
	assert_int_equal(ov_names_builder_new(1 << 24, &parts), OV_OK);
	add_rows(all, rows, 3000, 0);
	for (size_t i = 0, end; i < 3000; i = end) {
		struct ov_buf out = ov_buf_of(1 << 24);
		struct ov_names_builder *b = NULL;
		struct ov_names n;
		uint32_t first;

		for (end = i; end < 3000 && rows[end].source == rows[i].source;)
			end++;
		assert_int_equal(ov_names_mark(parts, &mark), OV_OK);
		add_rows(parts, rows, 5, 0); /* and back again */
		ov_names_take_back(parts, &mark);
		assert_int_equal(ov_names_builder_new(1 << 24, &b), OV_OK);
		add_rows(b, rows + i, end - i, rows[i].source);
		assert_int_equal(ov_names_finish(b, &out), OV_OK);
		assert_int_equal(ov_names_open(ov_buf_cur(&out), 1, &n), OV_OK);
		assert_int_equal(ov_names_join(parts, &n, rows[i].source, &first), OV_OK);
		assert_int_equal(first, i);
		ov_names_builder_free(&b);
		ov_buf_free(&out);
	}
	assert_int_equal(ov_names_finish(all, &whole), OV_OK);
	assert_int_equal(ov_names_finish(parts, &joined), OV_OK);
	assert_int_equal(whole.n, joined.n);
	assert_memory_equal(whole.p, joined.p, whole.n);
	ov_names_builder_free(&all);
	ov_names_builder_free(&parts);
	ov_buf_free(&whole);
	ov_buf_free(&joined);
}

static void running_numbers_cost_next_to_nothing(void **state)
{
	struct ov_buf out = ov_buf_of(1 << 24);
	struct ov_names_builder *b = NULL;
	char name[64];
	uint32_t token;

	(void)state;
	assert_int_equal(ov_names_builder_new(1 << 24, &b), OV_OK);
	for (uint32_t i = 0; i < 100000; i++) {
		(void)snprintf(name, sizeof name, "Win.Malware.Agent-%u-0", 7000000 + i);
		assert_int_equal(ov_names_add(b, ov_str_of(name), 0, i + 1, &token), OV_OK);
	}
	assert_int_equal(ov_names_finish(b, &out), OV_OK);
	assert_true(out.n < 20000);
	ov_names_builder_free(&b);
	ov_buf_free(&out);
}

static void try_section(const uint8_t *p, size_t n)
{
	struct ov_names names;
	struct ov_name name;

	if (ov_names_open(ov_cur_of(p, n), 100, &names) != OV_OK)
		return;
	for (uint32_t i = 0; i < names.count && i < 400; i += 7)
		if (ov_names_at(&names, i, &name) == OV_OK)
			assert_true(name.n <= OV_NAMES_TEXT && name.source < 100);
}

static void broken_sections_are_harmless(void **state)
{
	static struct row rows[150];
	struct ov_buf out = ov_buf_of(1 << 24);
	struct ov_names_builder *b = NULL;

	(void)state;
	random_rows(rows, 150);
	assert_int_equal(ov_names_builder_new(1 << 24, &b), OV_OK);
	add_rows(b, rows, 150, 0);
	assert_int_equal(ov_names_finish(b, &out), OV_OK);
	for (size_t n = 0; n < out.n; n++) {
		uint8_t *copy = malloc(n + 1);
		struct ov_names names;

		memcpy(copy, out.p, n);
		assert_int_not_equal(ov_names_open(ov_cur_of(copy, n), 100, &names), OV_OK);
		free(copy);
	}
	for (size_t i = 0; i < out.n; i++) {
		static const uint8_t masks[] = { 0x01, 0x80, 0xff };

		for (size_t k = 0; k < sizeof masks; k++) {
			out.p[i] ^= masks[k];
			try_section(out.p, out.n);
			out.p[i] ^= masks[k];
		}
	}
	ov_names_builder_free(&b);
	ov_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_went_in_comes_out),
		cmocka_unit_test(joined_is_all_at_once),
		cmocka_unit_test(running_numbers_cost_next_to_nothing),
		cmocka_unit_test(broken_sections_are_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
