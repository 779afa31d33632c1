/* Messages between broker and worker: written and read again, cut everywhere, each bit flipped. */
#include "testing.h"

#include <stdlib.h>

#include "bodies.h"
#include "link.h"
#include "samples.h"
#include "fd.h"

static const struct ov_wire_inspect sample_inspect = {
	.path = { "usr/bin/x", 9 }, .mtime = -1, .mode = 04755, .is_target = true
};

/* The sample of kind `i`, in the order of bodies[]. */
static void make_sample(size_t i, struct ov_buf *b)
{
	const struct ov_wire_head head = {
		.kind = OV_WIRE_SCAN, .has_more = true, .job = 7, .length = 0
	};
	const struct ov_wire_setup setup = { .version = OV_WIRE_VERSION,
					     .role = OV_ROLE_COMPILE,
					     .max_memory = 1,
					     .max_fds = 32,
					     .scan = { .max_depth = 20, .want_context = true } };
	const struct ov_wire_ready ready = {
		.id = { 1 }, .signatures = 2, .labels = sample_labels, .nlabels = 2
	};
	const struct ov_wire_source source = { .name = OV_STR("x.ndb"),
					       .is_from_folder = true,
					       .is_compiled = true };
	const struct ov_wire_compile compile = { .is_strict = true, .max_memory = 9 };
	const struct overt_diagnostic diagnostic = {
		.file = T("x.ndb"), .text = T("bad"), .line = 3, .reason = T("no")
	};
	const struct ov_wire_compiled compiled = { .signatures = 1, .bytes = 2, .id = { 3 } };
	const struct overt_signature hash = {
		.name = T("h"), .source = T("s"), .text = T("t"), .kind = "hash", .target = -1
	};
	const struct overt_signature allow = { .name = T("a"),
					       .source = T("s"),
					       .text = T(""),
					       .kind = "allow",
					       .line = 2,
					       .target = 9 };
	struct ov_jail_report report;
	ov_status st = OV_BUG;

	memset(&report, 0, sizeof report);
	report.part[OV_JAIL_LANDLOCK].state = OV_JAIL_WEAKER;
	strcpy(report.part[OV_JAIL_LANDLOCK].text, "ABI 2");
	b->n = 0;
	switch (i) {
	case 0: {
		uint8_t bytes[OV_WIRE_HEAD];

		ov_wire_put_head(bytes, &head);
		st = ov_buf_put(b, bytes, sizeof bytes);
		break;
	}
	case 1:
		st = ov_wire_put_setup(b, &setup);
		break;
	case 2:
		st = ov_wire_put_hello(b, &report);
		break;
	case 3:
		st = ov_wire_put_ready(b, &ready);
		break;
	case 4:
		st = ov_wire_put_verdict(b, &sample_verdict, 5);
		break;
	case 5:
		st = ov_wire_put_source(b, &source);
		break;
	case 6:
		st = ov_wire_put_compile(b, &compile);
		break;
	case 7:
		st = ov_wire_put_diagnostic(b, &diagnostic);
		break;
	case 8:
		st = ov_wire_put_compiled(b, &compiled);
		break;
	case 9:
		st = ov_wire_put_signature(b, &hash);
		if (st == OV_OK)
			st = ov_wire_put_signature(b, &allow);
		break;
	case 10:
		st = ov_wire_put_facts(b, &sample_facts);
		break;
	case 11:
		st = ov_wire_put_u32(b, 12);
		break;
	case 12:
		st = ov_wire_put_failed(b, OV_BAD, OV_STR("broken"));
		break;
	case 13:
		st = ov_wire_put_inspect(b, &sample_inspect);
		break;
	default:
		break;
	}
	assert_int_equal(st, OV_OK);
}

/* Reads `n` bytes (in memory of exactly that size, so that the sanitizer sees a step too far) and
 * writes them again. */
static ov_status again(size_t i, const uint8_t *p, size_t n, struct ov_buf *b, long fail_in)
{
	uint8_t *exact = malloc(n > 0 ? n : 1);
	struct ov_arena a;
	struct ov_cur c;
	ov_status st;

	assert_non_null(exact);
	if (n > 0)
		memcpy(exact, p, n);
	ov_arena_init(&a, 1 << 20);
	a.fail_in = fail_in;
	c = ov_cur_of(exact, n);
	b->n = 0;
	st = bodies[i].again(&c, &a, b);
	ov_arena_free(&a);
	free(exact);
	return st;
}

static void what_is_written_is_read(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20), r = ov_buf_of(1 << 20);

	(void)state;
	for (size_t i = 0; i < BODIES; i++) {
		make_sample(i, &b);
		ov_expect_eq(bodies[i].what, again(i, b.p, b.n, &r, -1), OV_OK);
		ov_expect_eq(bodies[i].what, r.n, b.n);
		ov_expect(bodies[i].what, memcmp(r.p, b.p, b.n) == 0);
	}
	ov_buf_free(&b);
	ov_buf_free(&r);
}

static void each_prefix_is_refused(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20), r = ov_buf_of(1 << 20);

	(void)state;
	for (size_t i = 0; i < BODIES; i++) {
		make_sample(i, &b);
		for (size_t n = 0; n < b.n; n++) {
			const ov_status st = again(i, b.p, n, &r, -1);

			if (st != OV_OK)
				continue;
			/* Only a list of signatures may end early, at a signature's end. */
			ov_expect(bodies[i].what, bodies[i].again == again_signatures && r.n == n);
		}
		assert_int_equal(ov_buf_u8(&b, 0), OV_OK); /* and so is one byte too many */
		ov_expect(bodies[i].what, again(i, b.p, b.n, &r, -1) != OV_OK);
	}
	ov_buf_free(&b);
	ov_buf_free(&r);
}

/* A flipped bit is refused, or read as what it says: never as something else. */
static void each_bit_flipped(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20), r = ov_buf_of(1 << 20);

	(void)state;
	for (size_t i = 0; i < BODIES; i++) {
		make_sample(i, &b);
		for (size_t bit = 0; bit < b.n * 8; bit++) {
			b.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
			if (again(i, b.p, b.n, &r, -1) == OV_OK)
				ov_expect(bodies[i].what, r.n == b.n && memcmp(r.p, b.p, b.n) == 0);
			b.p[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
	}
	ov_buf_free(&b);
	ov_buf_free(&r);
}

static void each_allocation_fails_in_turn(void **state)
{
	static const size_t with_arena[] = { 3, 4, 10 };
	struct ov_buf b = ov_buf_of(1 << 20), r = ov_buf_of(1 << 20);

	(void)state;
	for (size_t k = 0; k < 3; k++) {
		long n = 0;

		make_sample(with_arena[k], &b);
		while (again(with_arena[k], b.p, b.n, &r, n) == OV_NOMEM)
			n++;
		ov_expect(bodies[with_arena[k]].what, n > 0);
		ov_expect_eq(bodies[with_arena[k]].what, again(with_arena[k], b.p, b.n, &r, n),
			     OV_OK);
	}
	ov_buf_free(&b);
	ov_buf_free(&r);
}

/* Found by fuzz_wire: a text with a NUL inside would be read as a shorter one. */
static void a_setup_holds_no_hidden_text(void **state)
{
	struct ov_wire_setup s = { .version = OV_WIRE_VERSION, .scan = { .pua = "Win,Packer" } },
			     got;
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_cur c;
	uint8_t *comma;

	(void)state;
	assert_int_equal(ov_wire_put_setup(&b, &s), OV_OK);
	c = ov_buf_cur(&b);
	assert_int_equal(ov_wire_get_setup(&c, &got), OV_OK);
	assert_string_equal(got.scan.pua, "Win,Packer");
	comma = memchr(b.p, ',', b.n);
	assert_non_null(comma);
	*comma = 0;
	c = ov_buf_cur(&b);
	assert_int_equal(ov_wire_get_setup(&c, &got), OV_BAD);
	ov_buf_free(&b);
}

static void a_verdict_keeps_all_it_says(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_wire_verdict w;
	struct ov_arena a;
	struct ov_cur c;

	(void)state;
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_wire_put_verdict(&b, &sample_verdict, 5), OV_OK);
	c = ov_buf_cur(&b);
	assert_int_equal(ov_wire_get_verdict(&c, &a, &w), OV_OK);
	assert_int_equal(w.v.kind, OVERT_DETECTED);
	assert_string_equal(w.v.type, "CL_TYPE_ZIP");
	assert_true(w.v.size == 1234567890123);
	assert_int_equal(w.v.sha256[1], 8);
	assert_int_equal(w.v.ndetections, 2);
	assert_true(w.v.detections_total == 2000);
	assert_string_equal(w.v.detections[0].kind, "logical");
	assert_int_equal(w.v.detections[0].view, OVERT_VIEW_SCRIPT);
	assert_int_equal(w.v.detections[1].view, OVERT_VIEW_BYTES);
	assert_int_equal(w.v.detections[0].nlayer, 2);
	assert_memory_equal(w.v.detections[0].layer[1].bytes, "b\n\xff.doc", 7);
	assert_true(w.v.detections[0].matches[1].offset == 1ULL << 40);
	assert_memory_equal(w.v.detections[0].matches[0].context, sample_context, 4);
	assert_int_equal(w.v.incompletes[0].reason, OVERT_LIMIT_RATIO);
	assert_int_equal(w.v.nreported, 1);
	assert_true(w.v.reported_total == 3);
	assert_int_equal(w.v.reported[0].severity, OVERT_SUSPICIOUS);
	assert_int_equal(w.v.detections[0].severity, OVERT_UNGRADED);
	assert_int_equal(w.memory, 5);
	ov_arena_free(&a);
	ov_buf_free(&b);
}

/* What is reported beside the detections makes no verdict, and a grade that does not exist none
 * at all. */
static void reported_is_no_detection(void **state)
{
	struct overt_detection odd = sample_reported[0];
	struct overt_verdict v = sample_verdict;
	struct ov_buf b = ov_buf_of(1 << 20), r = ov_buf_of(1 << 20);
	struct ov_wire_verdict w;
	struct ov_arena a;
	struct ov_cur c;

	(void)state;
	ov_arena_init(&a, 1 << 20);
	v.ndetections = v.nincompletes = 0;
	v.detections_total = v.incompletes_total = 0;
	assert_int_equal(ov_wire_put_verdict(&b, &v, 0), OV_OK);
	c = ov_buf_cur(&b);
	assert_int_equal(ov_wire_get_verdict(&c, &a, &w), OV_OK);
	assert_int_equal(w.v.kind, OVERT_CLEAN);
	assert_int_equal(w.v.nreported, 1);
	b.n = 0;
	v.nreported = 0; /* and a total of three */
	assert_int_equal(ov_wire_put_verdict(&b, &v, 0), OV_OK);
	assert_int_equal(again(4, b.p, b.n, &r, -1), OV_BAD);
	b.n = 0;
	odd.severity = OVERT_SEVERITIES;
	v.reported = &odd;
	v.nreported = 1;
	assert_int_equal(ov_wire_put_verdict(&b, &v, 0), OV_OK);
	assert_int_equal(again(4, b.p, b.n, &r, -1), OV_BAD);
	ov_arena_free(&a);
	ov_buf_free(&b);
	ov_buf_free(&r);
}

/* What a lying worker could say to have a file called clean, or to have us count wrong. */
static void verdicts_that_contradict_themselves(void **state)
{
	static const struct {
		const char *what;
		uint64_t ndetections, total, nincompletes, incomplete_total;
		ov_status want;
	} rows[] = {
		{ "found some, listed none", 0, 1, 0, 0, OV_BAD },
		{ "listed more than found", 2, 1, 0, 0, OV_BAD },
		{ "not read some, listed none", 0, 0, 0, 3, OV_BAD },
		{ "listed, but none in total", 1, 0, 0, 0, OV_BAD },
		{ "found more than listed", 1, 5, 1, 2, OV_OK },
		{ "nothing at all", 0, 0, 0, 0, OV_OK },
	};
	struct ov_buf b = ov_buf_of(1 << 20), r = ov_buf_of(1 << 20);

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct overt_verdict v = sample_verdict;

		v.ndetections = rows[i].ndetections;
		v.detections_total = rows[i].total;
		v.nincompletes = rows[i].nincompletes;
		v.incompletes_total = rows[i].incomplete_total;
		b.n = 0;
		assert_int_equal(ov_wire_put_verdict(&b, &v, 0), OV_OK);
		ov_expect_eq(rows[i].what, again(4, b.p, b.n, &r, -1), rows[i].want);
	}
	ov_buf_free(&b);
	ov_buf_free(&r);
}

static void long_messages_travel_in_pieces(void **state)
{
	static const size_t sizes[] = { 0, 1, OV_WIRE_PIECE - OV_WIRE_HEAD,
					OV_WIRE_PIECE - OV_WIRE_HEAD + 1, 100000 };
	struct ov_link a, b;
	int x = -1, y = -1;
	uint8_t *bytes = malloc(100000);

	(void)state;
	assert_non_null(bytes);
	for (size_t i = 0; i < 100000; i++)
		bytes[i] = (uint8_t)(i * 31);
	assert_int_equal(ov_message_pair(&x, &y), OV_OK);
	assert_int_equal(ov_link_open(x, &a), OV_OK);
	assert_int_equal(ov_link_open(y, &b), OV_OK);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct ov_arrival m;

		assert_int_equal(ov_link_send(&a, OV_WIRE_VERDICT, 5, ov_cur_of(bytes, sizes[i]),
					      &x, i == 4, true),
				 OV_OK);
		assert_int_equal(ov_link_recv(&b, false, &m), OV_OK);
		assert_int_equal(m.kind, OV_WIRE_VERDICT);
		assert_int_equal(m.job, 5);
		assert_int_equal(ov_cur_left(&m.body), sizes[i]);
		assert_int_equal(m.fds.nfds, i == 4);
		ov_received_close(&m.fds);
		if (sizes[i] > 0)
			assert_memory_equal(ov_cur_rest(&m.body), bytes, sizes[i]);
		assert_int_equal(ov_link_recv(&b, false, &m), OV_SHORT);
	}
	ov_link_close(&a);
	ov_link_close(&b);
	free(bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(each_prefix_is_refused),
		cmocka_unit_test(each_bit_flipped),
		cmocka_unit_test(each_allocation_fails_in_turn),
		cmocka_unit_test(a_verdict_keeps_all_it_says),
		cmocka_unit_test(a_setup_holds_no_hidden_text),
		cmocka_unit_test(reported_is_no_detection),
		cmocka_unit_test(verdicts_that_contradict_themselves),
		cmocka_unit_test(long_messages_travel_in_pieces),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
