/* Heuristics of the engine: each only when asked for, and every prefix of its input gives a report.
 */
#include <string.h>

#include "engine_kit.h"
#include "testing.h"

static const struct kit_source sources[] = { { "t.ndb", "T.None:0:*:deadbeefcafebabe0011\n" },
					     { NULL, NULL } };

struct row {
	const char *what, *bytes;
	size_t n;
	enum overt_alert alert;
	const char *want; /* name, or NULL */
};

#define B(literal) literal, sizeof(literal) - 1

static const struct row rows[] = {
	{ "three cards", B("4111111111111111 4111-1111-1111-1111, 5500 0000 0000 0004\n"),
	  OVERT_ALERT_STRUCTURED, "Heuristics.Structured.CreditCardNumber" },
	{ "two cards", B("4111111111111111 4111-1111-1111-1111\n"), OVERT_ALERT_STRUCTURED, NULL },
	{ "cards without their check digit",
	  B("4111111111111112 4111111111111113 5500000000000005\n"), OVERT_ALERT_STRUCTURED, NULL },
	{ "three people", B("123-45-6789 124-45-6789 125-45-6789\n"), OVERT_ALERT_STRUCTURED,
	  "Heuristics.Structured.SSN" },
	{ "areas that were never given", B("000-45-6789 666-45-6789 900-45-6789\n"),
	  OVERT_ALERT_STRUCTURED, NULL },
	{ "a GIF without an image", B("GIF89a\1\0\1\0\0\0\0"), OVERT_ALERT_BROKEN_MEDIA,
	  "Heuristics.Broken.Media.GIF.MissingImageData" },
	{ "a GIF with its end", B("GIF89a\1\0\1\0\0\0\0\x3b"), OVERT_ALERT_BROKEN_MEDIA, NULL },
	{ "a PNG whose chunk is cut", B("\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"),
	  OVERT_ALERT_BROKEN_MEDIA, "Heuristics.Broken.Media.PNG.EOFReadingChunk" },
};

static void scan(struct kit *k, const struct row *r, size_t n, bool is_asked)
{
	const struct ov_report *report;

	k->options.alerts = is_asked ? UINT64_C(1) << r->alert : 0;
	report = kit_scan(k, r->bytes, n);
	if (n < r->n)
		return;
	if (is_asked && r->want != NULL) {
		if (report->ndetections != 1)
			fail_msg("%s: %u detections", r->what, report->ndetections);
		assert_int_equal(report->detections->name.n, strlen(r->want));
		assert_memory_equal(report->detections->name.p, r->want, strlen(r->want));
	} else if (report->ndetections != 0) {
		fail_msg("%s: %u detections", r->what, report->ndetections);
	}
}

static void test_rows(void **state)
{
	struct kit k;

	(void)state;
	kit_open(&k, sources);
	k.options.min_cards = k.options.min_ssns = 3;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (size_t n = 0; n <= rows[i].n; n++)
			scan(&k, &rows[i], n, true);
		scan(&k, &rows[i], rows[i].n, false);
	}
	kit_close(&k);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_rows) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
