/* The publisher's history: from which releases there are deltas. */
#include "testing.h"

#include <stdlib.h>

#include "keyfile.h"
#include "publish.h"
#include "store.h"

#define DAY ((uint64_t)86400)
#define FIRST ((uint64_t)2000 * 604800) /* the beginning of a week */

struct site {
	char folder[64], file[96];
	struct ov_hasher *h;
	struct ov_skey root, release, log;
	struct ov_fetch *f;
};

static void make_key(struct site *s, const char *name, uint8_t seed, struct ov_skey *out)
{
	const uint8_t bytes[OV_KEY_BYTES] = { seed };

	assert_int_equal(ov_skey_make(s->h, ov_str_of(name), OV_KEY_PLAIN, bytes, out), OV_OK);
}

static void make_site(struct site *s)
{
	static const struct ov_fetch_options nothing;
	struct ov_buf policy = ov_buf_of(4096), root = ov_buf_of(8192), sig = ov_buf_of(4096);
	struct ov_root *r = calloc(1, sizeof *r);
	char error[OV_PUBLISH_ERROR] = "";

	(void)snprintf(s->folder, sizeof s->folder, "/tmp/overt-publish-XXXXXX");
	assert_non_null(r);
	assert_non_null(mkdtemp(s->folder));
	(void)snprintf(s->file, sizeof s->file, "%s/content", s->folder);
	assert_int_equal(ov_hasher_new(OV_SHA256, &s->h), OV_OK);
	make_key(s, "root.example", 1, &s->root);
	make_key(s, "release.example", 2, &s->release);
	make_key(s, "log.example", 3, &s->log);
	assert_int_equal(ov_buf_str(&policy, OV_STR("log ")), OV_OK);
	assert_int_equal(ov_vkey_write(&policy, &s->log.public), OV_OK);
	assert_int_equal(ov_buf_str(&policy, OV_STR("\nquorum none\n")), OV_OK);
	r->version = 1;
	r->expires = 4000000000;
	r->roots.threshold = r->releases.threshold = 1;
	r->roots.key[r->roots.n++] = s->root.public;
	r->releases.key[r->releases.n++] = s->release.public;
	assert_int_equal(ov_root_write(r, ov_buf_text(&policy), &root), OV_OK);
	assert_int_equal(ov_note_sign(&s->root, ov_buf_text(&root), 0, &sig), OV_OK);
	assert_int_equal(ov_buf_fmt(&root, "\n%.*s", (int)sig.n, (char *)sig.p), OV_OK);
	assert_int_equal(ov_publish_init(s->folder, ov_buf_text(&root), error), OV_OK);
	assert_int_equal(ov_fetch_open(&nothing, &s->f), OV_OK);
	ov_buf_free(&policy);
	ov_buf_free(&root);
	ov_buf_free(&sig);
	free(r);
}

static void free_site(struct site *s)
{
	char command[96];

	(void)snprintf(command, sizeof command, "rm -r %s", s->folder);
	assert_int_equal(system(command), 0); /* NOLINT(cert-env33-c): our own folder */
	ov_fetch_close(&s->f);
	ov_hasher_free(&s->h);
}

/* The bytes of release n: random, but for a few, so that a delta is worth it. */
static void content_of(unsigned n, struct ov_buf *out)
{
	uint32_t x = 1;

	out->n = 0;
	for (unsigned i = 0; i < 2000; i++) {
		x = x * 1103515245 + 12345;
		assert_int_equal(ov_buf_u8(out, (uint8_t)(x >> 16)), OV_OK);
	}
	assert_int_equal(ov_buf_fmt(out, "release %u", n), OV_OK);
}

/* Releases, and reads the state that stands in the log then. */
static void release(struct site *s, unsigned n, uint64_t now, struct ov_arena *a,
		    struct ov_buf *leaf, struct ov_state *out)
{
	const struct ov_cosign_caller who = { .told = NULL };
	struct ov_publish_artifact x = { .channel = OV_STR("stable"),
					 .name = OV_STR("main.odb"),
					 .version = OV_STR("1"),
					 .file = s->file };
	struct ov_publisher *p = calloc(1, sizeof *p);
	struct ov_buf b = ov_buf_of(1 << 16), text = ov_buf_of(1 << 17), line = ov_buf_of(4096);
	struct ov_logdir l;
	struct ov_note note;

	assert_non_null(p);
	content_of(n, &b);
	assert_int_equal(ov_store_write("", s->file, b.p, b.n, false), OV_OK);
	assert_int_equal(ov_publish_open(s->folder, p), OV_OK);
	assert_int_equal(ov_publish_add(p, &x, now), OV_OK);
	assert_int_equal(ov_publish_draft(p, &text), OV_OK);
	assert_int_equal(ov_note_sign(&s->release, ov_buf_text(&text), 0, &line), OV_OK);
	assert_int_equal(ov_publish_signature(p, ov_buf_text(&line)), OV_OK);
	assert_int_equal(ov_publish_release(p, &s->log, s->f, &who), OV_OK);
	assert_int_equal(ov_logdir_open(p->public, p->h, &l), OV_OK);
	leaf->n = 0;
	assert_int_equal(ov_logdir_entry(&l, l.size - 1, leaf), OV_OK);
	ov_arena_reset(a, 1 << 20);
	assert_int_equal(ov_note_parse(ov_buf_text(leaf), a, &note), OV_OK);
	assert_int_equal(ov_state_parse(note.text, a, out, NULL), OV_OK);
	ov_logdir_close(&l);
	ov_publish_close(p);
	ov_buf_free(&b);
	ov_buf_free(&text);
	ov_buf_free(&line);
	free(p);
}

static bool has_delta_from(struct site *s, const struct ov_state *st, unsigned n)
{
	struct ov_buf b = ov_buf_of(1 << 16);
	uint8_t digest[OV_DIGEST_MAX];
	bool has = false;

	content_of(n, &b);
	assert_int_equal(ov_hasher_once(s->h, b.p, b.n, digest), OV_OK);
	for (uint32_t i = 0; i < st->ndeltas; i++)
		has = has || ov_state_is_short(st->deltas[i].from, digest);
	ov_buf_free(&b);
	return has;
}

/* Two releases a day for seven weeks: the last eight, and the last one of each of four weeks before
 * those. Releases 0 .. 13 are week 0, and so on. */
static void test_deltas_of_a_release(void **state)
{
	static const unsigned weekly[] = { 83, 69, 55, 41 };
	struct ov_buf leaf = ov_buf_of(1 << 17);
	struct ov_arena a;
	struct ov_state st;
	struct site s;

	(void)state;
	make_site(&s);
	ov_arena_init(&a, 1 << 22);
	for (unsigned n = 0; n < 97; n++) {
		release(&s, n, FIRST + n * DAY / 2, &a, &leaf, &st);
		assert_true(st.ndeltas <= OV_PUBLISH_DELTAS);
		assert_true(n > OV_PUBLISH_NEWEST || st.ndeltas == n);
	}
	assert_int_equal(st.ndeltas, OV_PUBLISH_DELTAS);
	for (unsigned n = 96 - OV_PUBLISH_NEWEST; n < 96; n++)
		assert_true(has_delta_from(&s, &st, n));
	for (size_t i = 0; i < sizeof weekly / sizeof *weekly; i++)
		assert_true(has_delta_from(&s, &st, weekly[i]));
	ov_arena_free(&a);
	ov_buf_free(&leaf);
	free_site(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_deltas_of_a_release) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
