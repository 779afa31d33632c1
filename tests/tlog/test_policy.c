/* Policies: what is refused and where, and what a quorum comes to. */
#include "testing.h"

#include "kit.h"
#include "policy.h"

#define WITNESSES 7

struct cast {
	struct ov_hasher *h;
	struct ov_skey log, w[WITNESSES];
	char log_key[128], key[WITNESSES][128], name[WITNESSES][16];
};

static void write_key(const struct ov_vkey *k, char out[128])
{
	struct ov_buf b = ov_buf_of(127);

	assert_int_equal(ov_vkey_write(&b, k), OV_OK);
	memcpy(out, b.p, b.n);
	out[b.n] = '\0';
	ov_buf_free(&b);
}

static void make_cast(struct cast *c)
{
	uint8_t seed[OV_KEY_BYTES] = { 1 };

	assert_int_equal(ov_hasher_new(OV_SHA256, &c->h), OV_OK);
	assert_int_equal(ov_skey_make(c->h, OV_STR("log.example"), OV_KEY_PLAIN, seed, &c->log),
			 OV_OK);
	write_key(&c->log.public, c->log_key);
	for (int i = 0; i < WITNESSES; i++) {
		seed[1] = (uint8_t)(i + 1);
		(void)snprintf(c->name[i], sizeof c->name[i], "w%d.example", i);
		assert_int_equal(
		    ov_skey_make(c->h, ov_str_of(c->name[i]), OV_KEY_COSIGN, seed, &c->w[i]),
		    OV_OK);
		write_key(&c->w[i].public, c->key[i]);
	}
}

/* In a row's text L is the log's key and 0 .. 6 between angles a witness's. */
static void expand(const struct cast *c, const char *text, struct ov_buf *b)
{
	b->n = 0;
	for (const char *p = text; *p != '\0'; p++) {
		if (p[0] == '<' && p[2] == '>') {
			const char *key = p[1] == 'L' ? c->log_key : c->key[p[1] - '0'];

			assert_int_equal(ov_buf_str(b, ov_str_of(key)), OV_OK);
			p += 2;
		} else {
			assert_int_equal(ov_buf_u8(b, (uint8_t)*p), OV_OK);
		}
	}
}

static const struct {
	const char *what, *text;
	ov_status st;
	uint32_t line;
} rows[] = {
	{ "a log and no quorum", "log <L>\nquorum none\n", OV_OK, 0 },
	{ "no log", "quorum none\n", OV_OK, 0 },
	{ "comments, tabs, blanks", "# us\n\n \t\nlog\t<L>  https://l.example\n \tquorum none \n",
	  OV_OK, 0 },
	{ "one witness", "witness a <0>\nquorum a\n", OV_OK, 0 },
	{ "groups of groups",
	  "witness a <0>\nwitness b <1>\ngroup g any a\ngroup h all g b\nquorum h\n", OV_OK, 0 },
	{ "a log's key as a witness's", "witness a <L>\nquorum a\n", OV_BAD, 1 },
	{ "a witness's key as a log's", "log <0>\nquorum none\n", OV_BAD, 1 },
	{ "no quorum", "log <L>\n", OV_BAD, 0 },
	{ "two quorums", "quorum none\nquorum none\n", OV_BAD, 2 },
	{ "a quorum of nobody", "quorum a\n", OV_BAD, 1 },
	{ "a quorum that stands below", "quorum a\nwitness a <0>\n", OV_BAD, 1 },
	{ "a log twice", "log <L>\nlog <L>\nquorum none\n", OV_BAD, 2 },
	{ "a witness's key twice", "witness a <0>\nwitness b <0>\nquorum a\n", OV_BAD, 2 },
	{ "a name twice", "witness a <0>\nwitness a <1>\nquorum a\n", OV_BAD, 2 },
	{ "the name none", "witness none <0>\nquorum none\n", OV_BAD, 1 },
	{ "a member twice", "witness a <0>\ngroup g 1 a a\nquorum g\n", OV_BAD, 2 },
	{ "a member of two groups", "witness a <0>\ngroup g any a\ngroup h any a\nquorum g\n",
	  OV_BAD, 3 },
	{ "a group in itself", "group g any g\nquorum g\n", OV_BAD, 1 },
	{ "a group of nobody", "group g any\nquorum g\n", OV_BAD, 1 },
	{ "a group that wants none", "witness a <0>\ngroup g 0 a\nquorum g\n", OV_BAD, 2 },
	{ "a group that wants more than it has", "witness a <0>\ngroup g 2 a\nquorum g\n", OV_BAD,
	  2 },
	{ "another word", "wittness a <0>\nquorum a\n", OV_BAD, 1 },
	{ "too many words", "log <L> u more\nquorum none\n", OV_BAD, 1 },
	{ "a control character", "quorum none\x01\n", OV_BAD, 1 },
	{ "a carriage return", "quorum none\r\n", OV_BAD, 1 },
	{ "no end of the last line", "quorum none", OV_BAD, 0 },
	{ "nothing", "", OV_BAD, 0 },
};

static void test_rows(void **state)
{
	static struct cast c;
	struct ov_buf b = ov_buf_of(1 << 16);

	(void)state;
	make_cast(&c);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static struct ov_policy p;
		struct ov_arena a;
		uint32_t line = 99;
		const char *why = NULL;

		ov_arena_init(&a, 1 << 20);
		expand(&c, rows[i].text, &b);
		ov_expect_eq(
		    rows[i].what,
		    ov_policy_parse(c.h, (struct ov_str){ (char *)b.p, b.n }, &a, &p, &line, &why),
		    rows[i].st);
		if (rows[i].st != OV_OK) {
			ov_expect_eq(rows[i].what, line, rows[i].line);
			ov_expect(rows[i].what, why != NULL);
		}
		ov_arena_free(&a);
	}
	ov_buf_free(&b);
	ov_hasher_free(&c.h);
}

static const struct {
	const char *what, *groups;
	uint64_t times[4], want;
} quorums[] = {
	{ "one witness", "quorum w0\n", { 5 }, 5 },
	{ "it did not sign", "quorum w0\n", { 0, 9, 9, 9 }, 0 },
	{ "any: the newest", "group g any w0 w1 w2 w3\nquorum g\n", { 1, 7, 3, 0 }, 7 },
	{ "all: the oldest", "group g all w0 w1 w2 w3\nquorum g\n", { 4, 7, 3, 9 }, 3 },
	{ "all, one is missing", "group g all w0 w1 w2 w3\nquorum g\n", { 4, 7, 0, 9 }, 0 },
	{ "3 of 4: the third newest", "group g 3 w0 w1 w2 w3\nquorum g\n", { 4, 7, 3, 9 }, 4 },
	{ "equal times", "group g 3 w0 w1 w2 w3\nquorum g\n", { 5, 5, 5, 1 }, 5 },
	{ "3 of 4, two signed", "group g 3 w0 w1 w2 w3\nquorum g\n", { 4, 7, 0, 0 }, 0 },
	{ "witnesses and a mirror",
	  "group g 2 w0 w1 w2\ngroup q all g w3\nquorum q\n",
	  { 8, 6, 1, 7 },
	  6 },
	{ "no mirror", "group g 2 w0 w1 w2\ngroup q all g w3\nquorum q\n", { 8, 6, 1, 0 }, 0 },
	{ "none needed", "quorum none\n", { 0 }, UINT64_MAX },
};

static void test_quorums(void **state)
{
	static struct cast c;
	struct ov_buf b = ov_buf_of(1 << 16), text = ov_buf_of(1 << 16);

	(void)state;
	make_cast(&c);
	for (size_t i = 0; i < sizeof quorums / sizeof *quorums; i++) {
		static struct ov_policy p;
		uint64_t times[OV_POLICY_MEMBERS] = { 0 };
		struct ov_arena a;

		ov_arena_init(&a, 1 << 20);
		text.n = 0;
		for (int w = 0; w < 4; w++)
			assert_int_equal(ov_buf_fmt(&text, "witness w%d <%d>\n", w, w), OV_OK);
		assert_int_equal(ov_buf_fmt(&text, "%s%c", quorums[i].groups, 0), OV_OK);
		expand(&c, (const char *)text.p, &b);
		assert_int_equal(
		    ov_policy_parse(c.h, (struct ov_str){ (char *)b.p, b.n }, &a, &p, NULL, NULL),
		    OV_OK);
		memcpy(times, quorums[i].times, sizeof quorums[i].times);
		ov_expect_eq(quorums[i].what, ov_policy_time(&p, times), quorums[i].want);
		ov_arena_free(&a);
	}
	ov_buf_free(&b);
	ov_buf_free(&text);
	ov_hasher_free(&c.h);
}

/* A note as it is checked: the log, the witnesses that signed in time, one that is ahead of time.
 */
static void test_verify(void **state)
{
	const char *text = "log <L>\nwitness a <0>\nwitness b <1>\nwitness c <2>\ngroup g 2 a b c\n"
			   "quorum g\n";
	struct ov_checkpoint cp = { .origin = OV_STR("log.example"), .size = 1 };
	struct ov_buf b = ov_buf_of(1 << 16), note = ov_buf_of(1 << 16), sigs = ov_buf_of(1 << 16);
	static struct ov_policy p;
	static struct cast c;
	uint64_t times[OV_POLICY_MEMBERS];
	struct ov_arena a;
	struct ov_note n;
	struct ov_str signed_text;
	uint32_t log = 99;

	(void)state;
	make_cast(&c);
	ov_arena_init(&a, 1 << 20);
	expand(&c, text, &b);
	assert_int_equal(
	    ov_policy_parse(c.h, (struct ov_str){ (char *)b.p, b.n }, &a, &p, NULL, NULL), OV_OK);
	assert_int_equal(ov_checkpoint_write(&cp, &note), OV_OK);
	signed_text = (struct ov_str){ (char *)note.p, note.n };
	assert_int_equal(ov_note_sign(&c.w[0], signed_text, 100, &sigs), OV_OK);
	assert_int_equal(ov_note_sign(&c.w[1], signed_text, 90, &sigs), OV_OK);
	assert_int_equal(ov_note_sign(&c.w[2], signed_text, 5000, &sigs), OV_OK);
	assert_int_equal(ov_note_sign(&c.w[5], signed_text, 95, &sigs), OV_OK); /* a stranger */
	assert_int_equal(ov_buf_fmt(&note, "\n%.*s", (int)sigs.n, (char *)sigs.p), OV_OK);
	assert_int_equal(ov_note_parse((struct ov_str){ (char *)note.p, note.n }, &a, &n), OV_OK);
	assert_int_equal(ov_policy_verify(&p, &n, cp.origin, 1000, &log, times),
			 OV_END); /* no log */
	note.n = signed_text.n;
	assert_int_equal(ov_note_sign(&c.log, n.text, 0, &sigs), OV_OK);
	assert_int_equal(ov_buf_fmt(&note, "\n%.*s", (int)sigs.n, (char *)sigs.p), OV_OK);
	assert_int_equal(ov_note_parse((struct ov_str){ (char *)note.p, note.n }, &a, &n), OV_OK);
	assert_int_equal(ov_policy_verify(&p, &n, cp.origin, 1000, &log, times), OV_OK);
	assert_int_equal(log, 0);
	assert_true(times[0] == 100 && times[1] == 90 && times[2] == 0);
	assert_int_equal(ov_policy_time(&p, times), 90);
	assert_int_equal(ov_policy_verify(&p, &n, OV_STR("other.example"), 1000, &log, times),
			 OV_END);
	ov_buf_free(&b);
	ov_buf_free(&note);
	ov_buf_free(&sigs);
	ov_arena_free(&a);
	ov_hasher_free(&c.h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_quorums),
		cmocka_unit_test(test_verify),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
