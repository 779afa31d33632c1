/*
 * Icons: hashes against those that clamscan --debug gives, likeness, texts that are no hashes, and
 * resources cut and changed. The difference run (tests/differential/cases_icons.py) holds many more
 * against clamscan itself.
 */
#include "testing.h"

#include "exe.h"
#include "icon.h"

typedef struct ov_pixel (*paint_fn)(unsigned x, unsigned y);

static struct ov_pixel slope(unsigned x, unsigned y)
{
	return (struct ov_pixel){ (uint8_t)(8 * x), (uint8_t)(8 * y), 128 };
}

static struct ov_pixel brown(unsigned x, unsigned y)
{
	(void)x;
	(void)y;
	return (struct ov_pixel){ 200, 100, 50 };
}

static struct ov_pixel white_block(unsigned x, unsigned y)
{
	const uint8_t v = x >= 12 && x < 20 && y >= 12 && y < 20 ? 255 : 0;

	return (struct ov_pixel){ v, v, v };
}

static void paint(paint_fn fn, struct ov_pixel *p)
{
	for (unsigned i = 0; i < 32 * 32; i++)
		p[i] = fn(i % 32, i / 32);
}

/* What clamscan 1.4.6 --debug says of these icons. */
static const struct {
	const char *what, *hash;
	paint_fn fn;
	unsigned self; /* likeness with itself */
} rows[] = {
	{ "two slopes",
	  "20c8a0017c3a16009d3000f2270d0d4cb15105310d15db1617d40017d408178000008008008000"
	  "08e20b12e10c07dc04045116005e000b690e0026261755",
	  slope, 100 },
	{ "one colour",
	  "20a8d0000a8d0800a8d1000a8d0000a8d0800a8d1000c80000c80800c81000c80000c80800c810"
	  "00310203310a0331120322000027001729080043002264",
	  brown, 100 },
	{ "no colour",
	  "2001b140c01a0c140020404000140c0000c140000404ff0c0c0000000000000000000008000010"
	  "00650c0c1d0c041b040c00000000080000100000000000",
	  white_block, 83 },
};

static void test_hashes(void **state)
{
	struct ov_pixel p[32 * 32];

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct ov_icon made, listed;
		const char *why = "";

		paint(rows[i].fn, p);
		ov_icon_hash(p, 32, &made);
		ov_expect_eq(rows[i].what, ov_icon_parse(ov_str_of(rows[i].hash), &listed, &why),
			     OV_OK);
		ov_expect_eq(rows[i].what, made.coloured, listed.coloured);
		ov_expect_eq(rows[i].what, made.red, listed.red);
		ov_expect_eq(rows[i].what, made.green, listed.green);
		ov_expect_eq(rows[i].what, made.blue, listed.blue);
		for (unsigned kind = 0; kind < OV_ICON_KINDS; kind++) {
			for (unsigned k = 0; k < OV_ICON_SPOTS; k++) {
				const struct ov_icon_spot *a = &made.spots[kind][k],
							  *b = &listed.spots[kind][k];

				if (a->average != b->average || a->x != b->x || a->y != b->y)
					fail_msg(
					    "%s: kind %u, spot %u: %u at %u,%u, not %u at %u,%u",
					    rows[i].what, kind, k, a->average, a->x, a->y,
					    b->average, b->x, b->y);
			}
		}
		ov_expect_eq(rows[i].what, ov_icon_likeness(&made, &listed), rows[i].self);
		ov_expect(rows[i].what, ov_icon_is_like(&made, &listed));
	}
}

static void test_likeness(void **state)
{
	struct ov_icon a, b;
	const char *why;

	(void)state;
	assert_int_equal(ov_icon_parse(ov_str_of(rows[0].hash), &a, &why), OV_OK);
	b = a;
	b.spots[OV_ICON_DARK][0].x += 6; /* as far as counts: 60 of its 100 are lost */
	assert_int_equal(ov_icon_likeness(&a, &b), 96);
	b.spots[OV_ICON_DARK][0].x++;
	assert_int_equal(ov_icon_likeness(&a, &b), 94);
	b = a;
	b.spots[OV_ICON_GREY][0] = a.spots[OV_ICON_GREY][2]; /* spots have no order */
	b.spots[OV_ICON_GREY][2] = a.spots[OV_ICON_GREY][0];
	assert_int_equal(ov_icon_likeness(&a, &b), 100);
	b.spots[OV_ICON_GREY][1].average += 814;
	assert_int_equal(ov_icon_likeness(&a, &b), 100);
	b.spots[OV_ICON_GREY][1].average++;
	assert_int_equal(ov_icon_likeness(&a, &b), 96);
	b = a;
	b.coloured = 0; /* colours are not compared */
	assert_int_equal(ov_icon_likeness(&a, &b), 68);
	b = a;
	b.side = 24;
	assert_int_equal(ov_icon_likeness(&a, &b), 0);
	assert_false(ov_icon_is_like(&a, &b));
}

static void test_texts(void **state)
{
	char text[OV_ICON_DIGITS + 2];
	struct ov_icon i;
	const char *why;

	(void)state;
	(void)snprintf(text, sizeof text, "%s0", rows[0].hash);
	assert_int_equal(ov_icon_parse(ov_str_of(text), &i, &why), OV_BAD);
	for (size_t n = 0; n < OV_ICON_DIGITS; n++)
		assert_int_equal(ov_icon_parse((struct ov_str){ text, n }, &i, &why), OV_BAD);
	text[OV_ICON_DIGITS] = '\0';
	for (size_t at = 0; at < OV_ICON_DIGITS; at++) {
		const char c = text[at];

		text[at] = 'g';
		assert_int_equal(ov_icon_parse(ov_str_of(text), &i, &why), OV_BAD);
		text[at] = c;
	}
	memcpy(text, "1e", 2);
	assert_int_equal(ov_icon_parse(ov_str_of(text), &i, &why), OV_BAD);
	memcpy(text, "20ffff", 6); /* an average that no icon has */
	assert_int_equal(ov_icon_parse(ov_str_of(text), &i, &why), OV_BAD);
	memcpy(text, "20c8a1dff", 7); /* a place beyond its side */
	assert_int_equal(ov_icon_parse(ov_str_of(text), &i, &why), OV_BAD);
}

/* A resource of 32 bits a pixel with alpha. */
static size_t make_resource(uint8_t *to)
{
	static const uint8_t head[40] = { 40, 0, 0, 0, 32, 0, 0, 0, 64, 0, 0, 0, 1, 0, 32 };
	struct ov_pixel p[32 * 32];

	paint(slope, p);
	memcpy(to, head, sizeof head);
	for (unsigned i = 0; i < 32 * 32; i++) {
		const struct ov_pixel *from = &p[(31 - i / 32) * 32 + i % 32];
		uint8_t *px = to + sizeof head + 4 * (size_t)i;

		px[0] = from->b;
		px[1] = from->g;
		px[2] = from->r;
		px[3] = 255;
	}
	return sizeof head + sizeof p / sizeof *p * 4;
}

static void test_resources(void **state)
{
	uint8_t bytes[40 + 32 * 32 * 4];
	const size_t n = make_resource(bytes);
	struct ov_arena a;
	struct ov_icon i, listed;
	struct ov_src src = ov_src_mem(bytes, n);
	const char *why;

	(void)state;
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_icon_parse(ov_str_of(rows[0].hash), &listed, &why), OV_OK);
	assert_int_equal(ov_icon_read(&src, 0, &a, &i), OV_OK);
	assert_int_equal(ov_icon_likeness(&i, &listed), 100);
	for (size_t k = 0; k < n; k += k < 48 ? 1 : 97) {
		src = ov_src_mem(bytes, k);
		assert_int_not_equal(ov_icon_read(&src, 0, &a, &i), OV_OK);
		ov_arena_reset(&a, 0);
	}
	src = ov_src_mem(bytes, n);
	for (size_t k = 0; k < 40; k++) { /* any header: a status, nothing out of bounds */
		for (unsigned v = 0; v < 256; v += 5) {
			const uint8_t was = bytes[k];

			bytes[k] = (uint8_t)v;
			(void)!ov_icon_read(&src, 0, &a, &i);
			bytes[k] = was;
			ov_arena_reset(&a, 0);
		}
	}
	assert_int_equal(ov_icon_read(&src, UINT64_MAX - 3, &a, &i), OV_SHORT);
	ov_arena_free(&a);
	ov_arena_init(&a, 100);
	assert_int_equal(ov_icon_read(&src, 0, &a, &i), OV_LIMIT);
	ov_arena_free(&a);
}

/* A group that says it has 65535 icons: more than a window holds (found by fuzz_exe). */
static void test_large_group(void **state)
{
	static const uint8_t directory[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0 };
	static const uint8_t to_kind[] = { 14, 0, 0, 0, 24, 0, 0, 0x80 },
			     to_id[] = { 1, 0, 0, 0, 48, 0, 0, 0x80 },
			     to_data[] = { 9, 4, 0, 0, 72, 0, 0, 0 },
			     data[] = { 0x98, 0x10, 0, 0, 0xff, 0xff, 0x0f, 0 },
			     group[] = { 0, 0, 1, 0, 0xff, 0xff };
	static uint8_t bytes[300000];
	const struct ov_src src = ov_src_mem(bytes, sizeof bytes);
	struct ov_section section = { .addr = 0x1000, .size = sizeof bytes };
	struct ov_exe x = { .resources = 64, .sections = &section, .nsections = 1 };
	struct ov_icons at;
	struct ov_arena a;

	(void)state;
	for (size_t i = 0; i < 3; i++)
		memcpy(bytes + 64 + 24 * i, directory, sizeof directory);
	memcpy(bytes + 80, to_kind, sizeof to_kind);
	memcpy(bytes + 104, to_id, sizeof to_id);
	memcpy(bytes + 128, to_data, sizeof to_data);
	memcpy(bytes + 136, data, sizeof data);
	memcpy(bytes + 152, group, sizeof group);
	ov_arena_init(&a, (size_t)1 << 20);
	assert_int_equal(ov_exe_icons(&x, &src, &a, 20, &at), OV_OK);
	assert_true(at.has_more);
	ov_arena_free(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_large_group),
					    cmocka_unit_test(test_hashes),
					    cmocka_unit_test(test_likeness),
					    cmocka_unit_test(test_texts),
					    cmocka_unit_test(test_resources) };

	return cmocka_run_group_tests_name("icon", tests, NULL, NULL);
}
