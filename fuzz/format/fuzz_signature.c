/*
 * Authenticode; the first byte selects a program or a bare message. Claims: all that a message's
 * view shows lies in the message; nothing is ever trusted by an anchor whose key nobody has; a
 * digest is as long as its kind says; and what is found in the message does not depend on what
 * stands behind it.
 */
#include <stdlib.h>
#include <string.h>

#include "signature.h"

#define CLAIM(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

static void within(struct ov_cur c, const uint8_t *p, size_t n)
{
	CLAIM(c.len == 0 || (c.base >= p && c.base <= p + n && c.len <= (size_t)(p + n - c.base)));
}

static void check_message(const struct ov_pkcs7 *m, const uint8_t *p, size_t n, struct ov_arena *a)
{
	uint8_t modulus[128];
	struct ov_sign_anchor anchors[2] = {
		{ .is_trusted = true, .may_code = true, .may_time = true, .may_cert = true }
	};
	struct ov_sign_id ids[OV_PKCS7_CERTS_MAX];
	struct ov_sign_digest d;
	uint32_t nids;
	ov_status s;

	memset(modulus, 0xc5, sizeof modulus);
	CLAIM(m->ncerts <= OV_PKCS7_CERTS_MAX);
	for (uint32_t i = 0; i < m->ncerts; i++)
		within(m->certs[i], p, n);
	within(m->content, p, n);
	within(m->signer.signature, p, n);
	within(m->signer.attributes, p, n);
	within(m->signer.unauthorised, p, n);
	nids = ov_signature_ids(m, ids);
	CLAIM(nids <= m->ncerts);
	if (ov_signature_claim(m, &d) == OV_OK)
		CLAIM(d.n >= 16 && d.n <= sizeof d.bytes);
	(void)ov_signature_lists(m, &(struct ov_sign_digest){ .kind = OV_PKCS7_SHA1, .n = 20 });
	anchors[0].modulus = ov_cur_of(modulus, sizeof modulus);
	if (nids > 0) { /* with the names of the message's own, so that its chain is walked */
		memcpy(anchors[0].subject, ids[nids - 1].subject, OV_SHA1_BYTES);
		anchors[1] = anchors[0];
		memcpy(anchors[1].subject, ids[0].subject, OV_SHA1_BYTES);
	}
	s = ov_signature_verify(m, anchors, nids > 0 ? 2 : 1, 1800000000, a);
	CLAIM(s == OV_BAD || s == OV_LIMIT);
}

static void check_program(const uint8_t *p, size_t n, struct ov_arena *a)
{
	const struct ov_src src = ov_src_mem(p, n);
	struct ov_sign_digest d;
	struct ov_pkcs7 m;
	struct ov_exe x;

	if (ov_exe_read(OV_T_MSEXE, &src, a, &x) != OV_OK)
		return;
	for (int k = OV_PKCS7_MD5; k <= OV_PKCS7_SHA512; k++) {
		const ov_status s = ov_signature_digest(&src, &x, (enum ov_pkcs7_digest)k, &d);

		CLAIM(s == OV_OK || s == OV_BAD);
	}
	if (ov_signature_find(&src, &x, a, &m) == OV_OK)
		check_message(&m, p, n, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct ov_pkcs7 m;
	struct ov_arena a;

	if (n < 2)
		return 0;
	ov_arena_init(&a, (size_t)16 << 20);
	if (p[0] % 2 == 0)
		check_program(p + 1, n - 1, &a);
	else if (ov_pkcs7_read(ov_cur_of(p + 1, n - 1), &m) == OV_OK)
		check_message(&m, p + 1, n - 1, &a);
	ov_arena_free(&a);
	return 0;
}
