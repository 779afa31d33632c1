/*
 * Texts and files of updates; the first byte chooses which. Claims: strict texts that are read and
 * written again are the same bytes (state, memory, attempts, site, plain keys), and so is a bundle;
 * what parses has its numbers in range; nothing is taken by a root that names no log; a root does
 * not follow itself; a delta gives exactly the bytes that were asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "attempts.h"
#include "bundle.h"
#include "delta.h"
#include "evidence.h"
#include "judge.h"
#include "keyfile.h"
#include "recent.h"
#include "sample.h"
#include "site.h"

static void same(const struct ov_buf *b, struct ov_str s)
{
	if (!ov_str_eq(ov_buf_text(b), s))
		abort();
}

static void state(struct ov_str s, struct ov_arena *a)
{
	struct ov_buf b = ov_buf_of(1 << 20);
	struct ov_state x;

	if (ov_state_parse(s, a, &x, NULL) == OV_OK) {
		if (ov_state_write(&x, &b) != OV_OK)
			abort();
		same(&b, s);
		for (uint32_t i = 0; i < x.nrollouts; i++)
			for (uint32_t k = 1; k < x.rollouts[i].nsteps; k++)
				if (ov_state_due(&x, x.rollouts[i].sha256, k) >
				    ov_state_due(&x, x.rollouts[i].sha256, 999))
					abort();
	}
	ov_buf_free(&b);
}

static void root(struct ov_hasher *h, struct ov_str s, struct ov_arena *a)
{
	static struct ov_root r;

	if (ov_root_parse(h, s, a, &r, NULL) != OV_OK)
		return;
	if (r.roots.threshold == 0 || r.roots.threshold > r.roots.n || r.releases.threshold == 0 ||
	    r.releases.threshold > r.releases.n || r.policy.nlogs == 0 ||
	    ov_root_follows(&r, &r) == OV_OK)
		abort();
}

static void memory(struct ov_str s)
{
	static struct ov_memory m;
	struct ov_buf b = ov_buf_of(1 << 20);

	if (ov_memory_parse(s, &m) == OV_OK) {
		if (ov_memory_write(&m, &b) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_buf_free(&b);
}

static void attempts(struct ov_str s)
{
	struct ov_buf b = ov_buf_of(1 << 13);
	struct ov_attempts x;

	if (ov_attempts_parse(s, &x) == OV_OK) {
		if (ov_attempts_write(&x, &b) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_buf_free(&b);
}

static void site(struct ov_str s)
{
	struct ov_buf b = ov_buf_of(1 << 16);
	static struct site x;

	if (site_parse(s, &x) == OV_OK) {
		if (site_write(&x, &b) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_buf_free(&b);
}

/* By a root without logs, and by one that expired: nothing is ever taken. */
static void judge(struct ov_hasher *h, struct ov_str s, struct ov_arena *a)
{
	static const struct ov_root none = { .version = 1, .expires = UINT64_MAX };
	static const struct ov_memory fresh;
	static struct ov_judgement j;

	if (ov_judge(h, &none, &fresh, s, 1763800000, a, &j) == OV_OK && j.refusal == OV_TAKEN)
		abort();
}

static void keyfile(struct ov_hasher *h, struct ov_str s)
{
	static char room[OV_KEYFILE_MAX];
	struct ov_buf b = ov_buf_of(1 << 13);
	struct ov_skey k;

	if (ov_keyfile_read(h, s, OV_STR(""), room, &k) == OV_OK) {
		if (ov_keyfile_write(&k, OV_STR(""), &b) != OV_OK)
			abort();
		while (s.n > 0 &&
		       (s.p[s.n - 1] == '\n' || s.p[s.n - 1] == '\r' || s.p[s.n - 1] == ' '))
			s.n--;
		while (b.n > 0 && b.p[b.n - 1] == '\n')
			b.n--;
		same(&b, s);
		ov_skey_wipe(&k);
	}
	ov_buf_free(&b);
}

/* Two bytes of size, then the delta of a fixed text. */
static void delta(struct ov_str s)
{
	static const char old[] = "the old file, which is the window's beginning\n";
	struct ov_buf b = ov_buf_of(1 << 20);
	uint64_t size;

	if (s.n < 2)
		return;
	size = (uint64_t)(uint8_t)s.p[0] << 8 | (uint8_t)s.p[1];
	if (ov_delta_apply(ov_cur_of(old, sizeof old - 1), ov_cur_of(s.p + 2, s.n - 2), size, &b) ==
		OV_OK &&
	    b.n != size)
		abort();
	ov_buf_free(&b);
}

/* What opens is, file by file, what we would write. */
static void bundle(struct ov_str s)
{
	struct ov_buf b = ov_buf_of(4 << 20);
	struct ov_bundle x;

	if (ov_bundle_open(ov_src_mem(s.p, s.n), &x) == OV_OK) {
		for (size_t i = 0; i < x.n; i++) {
			uint8_t head[OV_BUNDLE_BLOCK];
			const size_t n = (size_t)x.files[i].size;

			if (ov_bundle_header(ov_str_of(x.files[i].name), n, head) != OV_OK ||
			    ov_buf_put(&b, head, sizeof head) != OV_OK ||
			    ov_buf_put(&b, s.p + x.files[i].at, n) != OV_OK ||
			    ov_buf_zero(&b, -n & (OV_BUNDLE_BLOCK - 1)) != OV_OK)
				abort();
		}
		if (ov_buf_zero(&b, (size_t)2 * OV_BUNDLE_BLOCK) != OV_OK)
			abort();
		same(&b, s);
	}
	ov_bundle_close(&x);
	ov_buf_free(&b);
}

static void evidence(struct ov_hasher *h, struct ov_str s, struct ov_arena *a)
{
	static struct ov_evidence e;

	if (ov_evidence_parse(h, s, a, &e) != OV_OK)
		return;
	if (!ov_evidence_is(s) || e.how.proof.n > OV_MERKLE_PROOF_MAX)
		abort();
	if (ov_evidence_check(h, &e) == OV_OK && e.checkpoint[0].size > e.checkpoint[1].size)
		abort();
}

static void lists(struct ov_str s)
{
	const struct ov_buf b = { .p = (uint8_t *)(uintptr_t)s.p, .n = s.n };
	struct cli_list paths = { 0 };
	uint8_t md5[SAMPLE_MD5];
	struct ov_str path;

	(void)recent_parse(&b, &paths);
	if (paths.n > RECENT_MAX)
		abort();
	for (size_t i = 0; i < paths.n; i++)
		if (paths.v[i][0] != '/')
			abort();
	if (sample_line(s, md5, &path) == OV_OK && (path.n == 0 || memchr(path.p, '\n', path.n)))
		abort();
	cli_list_free(&paths);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	const struct ov_str s = { (const char *)p + 1, n - 1 };
	struct ov_hasher *h = NULL;
	struct ov_arena a;

	if (n == 0 || n > (1 << 18) || ov_hasher_new(OV_SHA256, &h) != OV_OK)
		return 0;
	ov_arena_init(&a, 8 << 20);
	switch (p[0]) {
	case 's':
		state(s, &a);
		break;
	case 'r':
		root(h, s, &a);
		break;
	case 'm':
		memory(s);
		break;
	case 'a':
		attempts(s);
		break;
	case 'w':
		site(s);
		break;
	case 'j':
		judge(h, s, &a);
		break;
	case 'k':
		keyfile(h, s);
		break;
	case 'd':
		delta(s);
		break;
	case 'b':
		bundle(s);
		break;
	case 'e':
		evidence(h, s, &a);
		break;
	case 'l':
		lists(s);
		break;
	default:
		break;
	}
	ov_arena_free(&a);
	ov_hasher_free(&h);
	return 0;
}
