/* Keys, notes, checkpoints, proofs: published vectors, and everything that is not quite one. */
#include "testing.h"

#include <stdlib.h>

#include "dsse.h"
#include "kit.h"
#include "proof.h"

#define DASH "\xe2\x80\x94 "

/* From C2SP signed-note, "Example", and golang.org/x/mod/sumdb/note, package documentation. */
#define SPEC_VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define SPEC_SIG                                                                                   \
	DASH                                                                                       \
	    "example.com/foo "                                                                     \
	    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72" \
	    "IneyaQM=\n"
#define SPEC_NOTE "This is an example message.\n\n" SPEC_SIG
#define GO_SKEY "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
#define GO_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define GO_TEXT                                                                                    \
	"If you think cryptography is the answer to your problem,\n"                               \
	"then you don't know what your problem is.\n"
#define GO_SIG                                                                                     \
	DASH                                                                                       \
	    "PeterNeumann "                                                                        \
	    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6Ry" \
	    "yBwJnAM=\n"

static ov_status open_note(struct ov_str bytes, const char *vkey, struct ov_note *out,
			   struct ov_arena *a)
{
	struct ov_hasher *h = NULL;
	struct ov_vkey k;
	struct ov_note_key known = { .key = &k };
	ov_status s;

	assert_int_equal(ov_hasher_new(OV_SHA256, &h), OV_OK);
	assert_int_equal(ov_vkey_parse(h, ov_str_of(vkey), &k), OV_OK);
	ov_hasher_free(&h);
	s = ov_note_parse(bytes, a, out);
	return s == OV_OK ? ov_note_verify(out, &known, 1) : s;
}

static const struct {
	const char *what, *note, *vkey;
	ov_status st;
} notes[] = {
	{ "the specification's example", SPEC_NOTE, SPEC_VKEY, OV_OK },
	{ "Go's example", GO_TEXT "\n" GO_SIG, GO_VKEY, OV_OK },
	{ "signed by nobody whom we know", GO_TEXT "\n" GO_SIG, SPEC_VKEY, OV_END },
	{ "an unknown signature beside a good one",
	  "This is an example message.\n\n" DASH "other.example AAAAAAAA\n" SPEC_SIG, SPEC_VKEY,
	  OV_OK },
	{ "a text that was changed", "This is an example massage.\n\n" SPEC_SIG, SPEC_VKEY,
	  OV_BAD },
	{ "a good and a bad signature of one key",
	  "This is an example message.\n\n" SPEC_SIG DASH "example.com/foo Uw2QOkn8srU=\n",
	  SPEC_VKEY, OV_BAD },
	{ "no signature", "text\n\n", SPEC_VKEY, OV_BAD },
	{ "no empty line", "text\n" SPEC_SIG, SPEC_VKEY, OV_BAD },
	{ "no text", "\n" SPEC_SIG, SPEC_VKEY, OV_BAD },
	{ "no end of the last line",
	  "This is an example message.\n\n" DASH "example.com/foo AAAAAAAA", SPEC_VKEY, OV_BAD },
	{ "a control character", "te\txt\n\n" SPEC_SIG, SPEC_VKEY, OV_BAD },
	{ "not UTF-8", "te\xffxt\n\n" SPEC_SIG, SPEC_VKEY, OV_BAD },
	{ "a hyphen for the dash", "text\n\n- example.com/foo AAAAAAAA\n", SPEC_VKEY, OV_BAD },
	{ "a line without a signature", "text\n\n" DASH "example.com/foo\n", SPEC_VKEY, OV_BAD },
	{ "a name with a plus", "text\n\n" DASH "a+b AAAAAAAA\n", SPEC_VKEY, OV_BAD },
	{ "lenient base64", "text\n\n" DASH "a AAAAAAB=\n", SPEC_VKEY, OV_BAD },
	{ "an id alone", "text\n\n" DASH "a AAAAAA==\n", SPEC_VKEY, OV_BAD },
	{ "nothing", "", SPEC_VKEY, OV_BAD },
};

static void test_notes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof notes / sizeof *notes; i++) {
		struct ov_arena a;
		struct ov_note n;

		ov_arena_init(&a, 1 << 20);
		ov_expect_eq(notes[i].what,
			     open_note(ov_str_of(notes[i].note), notes[i].vkey, &n, &a),
			     notes[i].st);
		ov_arena_free(&a);
	}
}

/* No prefix and no changed byte of a note verifies. */
static void test_nothing_less(void **state)
{
	char note[] = SPEC_NOTE;
	const size_t n = sizeof note - 1;

	(void)state;
	for (size_t i = 0; i < n; i++) {
		struct ov_arena a;
		struct ov_note out;

		ov_arena_init(&a, 1 << 20);
		assert_int_not_equal(open_note((struct ov_str){ note, i }, SPEC_VKEY, &out, &a),
				     OV_OK);
		note[i] ^= 1;
		assert_int_not_equal(open_note((struct ov_str){ note, n }, SPEC_VKEY, &out, &a),
				     OV_OK);
		note[i] ^= 1;
		ov_arena_free(&a);
	}
}

static const struct {
	const char *what, *key;
	ov_status st;
} keys[] = {
	{ "the specification's", SPEC_VKEY, OV_OK },
	{ "another id", "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	  OV_BAD },
	{ "an id in capitals",
	  "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", OV_BAD },
	{ "a short id", "example.com/foo+530d90+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
	  OV_BAD },
	{ "no name", "+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", OV_BAD },
	{ "a name with a space of Unicode",
	  "a\xe2\x80\x83"
	  "b+530d903a+Aeky",
	  OV_BAD },
	{ "two parts", "example.com/foo+530d903a", OV_BAD },
	{ "a short key", "example.com/foo+530d903a+Aeky", OV_BAD },
	{ "nothing", "", OV_BAD },
};

static void test_keys(void **state)
{
	struct ov_hasher *h = NULL;
	struct ov_skey s;
	struct ov_vkey k;
	struct ov_buf b = ov_buf_of(4096);

	(void)state;
	assert_int_equal(ov_hasher_new(OV_SHA256, &h), OV_OK);
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		ov_expect_eq(keys[i].what, ov_vkey_parse(h, ov_str_of(keys[i].key), &k),
			     keys[i].st);
	assert_int_equal(ov_skey_parse(h, OV_STR(GO_SKEY), &s), OV_OK);
	assert_int_equal(ov_vkey_write(&b, &s.public), OV_OK);
	assert_true(ov_str_is((struct ov_str){ (char *)b.p, b.n }, GO_VKEY));
	b.n = 0;
	assert_int_equal(ov_skey_write(&b, &s), OV_OK);
	assert_true(ov_str_is((struct ov_str){ (char *)b.p, b.n }, GO_SKEY));
	b.n = 0;
	assert_int_equal(ov_note_sign(&s, OV_STR(GO_TEXT), 0, &b), OV_OK);
	assert_true(ov_str_is((struct ov_str){ (char *)b.p, b.n }, GO_SIG)); /* deterministic */
	ov_skey_wipe(&s);
	ov_buf_free(&b);
	ov_hasher_free(&h);
}

/* The vectors of the key "overt interop test": ids, verifier key, and a cosignature of the tree of
 * 300 leaves at a given time, made by Go's library and OpenSSL apart from this code. */
static void test_cosignature(void **state)
{
	struct ov_checkpoint c = { .origin = OV_STR("overt.example/db"), .size = 300 };
	struct ov_buf text = ov_buf_of(4096), line = ov_buf_of(4096);
	struct ov_skey plain, timed;
	struct ov_arena a;
	struct ov_note n;
	struct kit_log l;

	(void)state;
	kit_log_make(&l, 300);
	kit_root(&l, 0, 300, &c.root);
	kit_key(l.h, OV_KEY_PLAIN, &plain);
	kit_key(l.h, OV_KEY_COSIGN, &timed);
	assert_int_equal(plain.public.id, 0x403cddc6);
	assert_int_equal(timed.public.id, 0xbfcfe988);
	assert_int_equal(ov_vkey_write(&line, &plain.public), OV_OK);
	assert_true(ov_str_is((struct ov_str){ (char *)line.p, line.n },
			      "overt.example/db+403cddc6+AcM3/Vv1m17vhBDw3R+nh/dXhEv+"
			      "g40c1UwoKWsI6iZg"));
	line.n = 0;
	assert_int_equal(ov_checkpoint_write(&c, &text), OV_OK);
	assert_int_equal(
	    ov_note_sign(&timed, (struct ov_str){ (char *)text.p, text.n }, 1679315147, &line),
	    OV_OK);
	assert_true(
	    ov_str_is((struct ov_str){ (char *)line.p, line.n },
		      DASH "overt.example/db v8/piAAAAABkGFDL7sxvhPLzEATL/lTb4BleOnwOOVfUjGlyueHTFH"
			   "V975wU1w7UaAXaH1MV8+AdBe51rdZdWGAdHTZdM2Qz6ciuDA==\n"));
	assert_int_equal(ov_buf_u8(&text, '\n'), OV_OK);
	assert_int_equal(ov_buf_put(&text, line.p, line.n), OV_OK);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_note_parse((struct ov_str){ (char *)text.p, text.n }, &a, &n), OV_OK);
	{
		struct ov_note_key known[] = { { .key = &plain.public }, { .key = &timed.public } };

		assert_int_equal(ov_note_verify(&n, known, 2), OV_OK);
		assert_true(!known[0].is_good && known[1].is_good);
		assert_int_equal(known[1].time, 1679315147);
	}
	ov_arena_free(&a);
	ov_buf_free(&text);
	ov_buf_free(&line);
	kit_log_free(&l);
}

#define ROOT "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct {
	const char *what, *text;
	ov_status st;
	uint64_t size;
} checkpoints[] = {
	{ "an empty log", "a.example\n0\n" ROOT "\n", OV_OK, 0 },
	{ "a large one", "a.example/x\n36500\n" ROOT "\n", OV_OK, 36500 },
	{ "a zero before", "a\n01\n" ROOT "\n", OV_BAD, 0 },
	{ "a sign", "a\n+1\n" ROOT "\n", OV_BAD, 0 },
	{ "no size", "a\n\n" ROOT "\n", OV_BAD, 0 },
	{ "beyond 2^62", "a\n9223372036854775807\n" ROOT "\n", OV_BAD, 0 },
	{ "a short root", "a\n1\nAAAA\n", OV_BAD, 0 },
	{ "no origin", "\n1\n" ROOT "\n", OV_BAD, 0 },
	{ "a fourth line", "a\n1\n" ROOT "\nmore\n", OV_BAD, 0 },
	{ "an empty fourth line", "a\n1\n" ROOT "\n\n", OV_BAD, 0 },
	{ "no line end", "a\n1\n" ROOT, OV_BAD, 0 },
	{ "two lines", "a\n1\n", OV_BAD, 0 },
	{ "nothing", "", OV_BAD, 0 },
};

static void test_checkpoints(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof checkpoints / sizeof *checkpoints; i++) {
		struct ov_buf b = ov_buf_of(4096);
		struct ov_checkpoint c;

		ov_expect_eq(checkpoints[i].what,
			     ov_checkpoint_parse(ov_str_of(checkpoints[i].text), &c),
			     checkpoints[i].st);
		if (checkpoints[i].st != OV_OK)
			continue;
		ov_expect_eq(checkpoints[i].what, c.size, checkpoints[i].size);
		assert_int_equal(ov_checkpoint_write(&c, &b), OV_OK);
		ov_expect(checkpoints[i].what,
			  ov_str_is((struct ov_str){ (char *)b.p, b.n }, checkpoints[i].text));
		ov_buf_free(&b);
	}
}

/* Writes the proof of leaf 77 in 300, with the leaf as extra. */
static void make_proof(struct ov_buf *out)
{
	struct ov_checkpoint c = { .origin = OV_STR("overt.example/db"), .size = 300 };
	struct ov_buf note = ov_buf_of(4096);
	struct ov_merkle_proof p;
	struct ov_skey key;
	struct kit_log l;

	kit_log_make(&l, 300);
	kit_key(l.h, OV_KEY_PLAIN, &key);
	kit_root(&l, 0, 300, &c.root);
	assert_int_equal(ov_checkpoint_write(&c, &note), OV_OK);
	{
		const struct ov_str text = { (char *)note.p, note.n };
		struct ov_buf sig = ov_buf_of(4096);

		assert_int_equal(ov_note_sign(&key, text, 0, &sig), OV_OK);
		assert_int_equal(ov_buf_u8(&note, '\n'), OV_OK);
		assert_int_equal(ov_buf_put(&note, sig.p, sig.n), OV_OK);
		ov_buf_free(&sig);
	}
	assert_int_equal(ov_merkle_prove(l.h, kit_read, &l, 77, 300, &p), OV_OK);
	assert_int_equal(ov_tlog_proof_write(77, &p, ov_cur_of("leaf 77\n", 8),
					     (struct ov_str){ (char *)note.p, note.n }, out),
			 OV_OK);
	ov_buf_free(&note);
	kit_log_free(&l);
}

static void test_proofs(void **state)
{
	struct ov_buf b = ov_buf_of(1 << 16);
	struct ov_hasher *h = NULL;
	struct ov_tlog_proof p;
	struct ov_arena a;

	(void)state;
	make_proof(&b);
	ov_arena_init(&a, 1 << 20);
	assert_int_equal(ov_hasher_new(OV_SHA256, &h), OV_OK);
	assert_int_equal(ov_tlog_proof_parse((struct ov_str){ (char *)b.p, b.n }, &a, &p), OV_OK);
	assert_true(p.has_extra && p.extra.len == 8 && p.index == 77 && p.hashes.n == 9);
	assert_int_equal(ov_tlog_proof_check(h, &p, p.extra.base, p.extra.len), OV_OK);
	assert_int_equal(ov_tlog_proof_check(h, &p, "leaf 78\n", 8), OV_BAD);
	p.index = 76;
	assert_int_equal(ov_tlog_proof_check(h, &p, "leaf 77\n", 8), OV_BAD);
	for (size_t i = 0; i < b.n; i++) { /* a prefix is no proof */
		ov_arena_reset(&a, 1 << 20);
		assert_int_not_equal(ov_tlog_proof_parse((struct ov_str){ (char *)b.p, i }, &a, &p),
				     OV_OK);
	}
	for (long nth = 0; nth < 3; nth++) {
		ov_arena_reset(&a, 0);
		a.fail_in = nth;
		assert_int_equal(ov_tlog_proof_parse((struct ov_str){ (char *)b.p, b.n }, &a, &p),
				 OV_NOMEM);
		a.fail_in = -1;
	}
	ov_hasher_free(&h);
	ov_arena_free(&a);
	ov_buf_free(&b);
}

/* The vector of DSSE's protocol document; and both alphabets, padded and not. */
static void test_envelopes(void **state)
{
	static const struct {
		const char *what, *text;
		ov_status want;
		size_t n;
	} cases[] = {
		{ "nothing", "", OV_OK, 0 },
		{ "padded", "+/8=", OV_OK, 2 },
		{ "URL-safe", "-_8=", OV_OK, 2 },
		{ "without padding", "-_8", OV_OK, 2 },
		{ "bits beyond", "-_9", OV_BAD, 0 },
		{ "one letter", "A", OV_BAD, 0 },
		{ "a blank inside", "A A=", OV_BAD, 0 },
		{ "padding inside", "A=AA", OV_BAD, 0 },
	};
	struct ov_buf b = ov_buf_of(4096);

	(void)state;
	assert_int_equal(
	    ov_dsse_pae(&b, OV_STR("http://example.com/HelloWorld"), OV_STR("hello world")), OV_OK);
	assert_true(
	    ov_str_is(ov_buf_text(&b), "DSSEv1 29 http://example.com/HelloWorld 11 hello world"));
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		b.n = 0;
		if (ov_dsse_b64(ov_str_of(cases[i].text), &b) != cases[i].want || b.n != cases[i].n)
			fail_msg("%s", cases[i].what);
	}
	ov_buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes),	    cmocka_unit_test(test_nothing_less),
		cmocka_unit_test(test_keys),	    cmocka_unit_test(test_cosignature),
		cmocka_unit_test(test_checkpoints), cmocka_unit_test(test_proofs),
		cmocka_unit_test(test_envelopes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
