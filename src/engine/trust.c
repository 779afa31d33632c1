/* Publishers that are trusted or blocked. See trust.h. */
#include "trust.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cert_row.h"
#include "extra.h"
#include "signature.h"
#include "text.h"

#define ARENA_MAX ((size_t)64 << 20) /* all certificates of a database, as they are held */

struct publisher {
	struct ov_str name;
	uint32_t source, line;
};

struct ov_trust {
	struct ov_arena arena;
	struct ov_sign_anchor *anchors; /* in database order */
	struct publisher *publishers;	/* beside them       */
	size_t n;
	bool some_blocked, some_trusted;
};

static size_t count_rows(struct ov_cur table)
{
	struct ov_extra_row r;
	size_t n = 0;

	while (ov_extra_next(&table, &r) == OV_OK)
		n++;
	return n;
}

static void read_row(struct ov_trust *t, const struct ov_extra_row *r)
{
	struct ov_sign_anchor *a = &t->anchors[t->n];
	const uint8_t *p = r->body.base;

	memcpy(a->subject, p + 1, OV_SHA1_BYTES);
	memcpy(a->serial, p + 1 + OV_SHA1_BYTES, OV_SHA1_BYTES);
	a->has_serial = (p[0] & OV_CERT_SERIAL) != 0;
	a->is_trusted = (p[0] & OV_CERT_TRUSTED) != 0;
	a->may_code = (p[0] & OV_CERT_CODE) != 0;
	a->may_time = (p[0] & OV_CERT_TIME) != 0;
	a->may_cert = (p[0] & OV_CERT_CERT) != 0;
	a->modulus = ov_cur_of(p + OV_CERT_HEAD, r->body.len - OV_CERT_HEAD);
	t->publishers[t->n] =
	    (struct publisher){ .name = r->name, .source = r->source, .line = r->line };
	t->some_blocked |= !a->is_trusted;
	t->some_trusted |= a->is_trusted;
	t->n++;
}

static ov_status read_rows(struct ov_trust *t, const struct ov_odb *db)
{
	const size_t n = count_rows(db->extra[OV_EXTRA_CERT]);
	struct ov_cur table = db->extra[OV_EXTRA_CERT];
	struct ov_extra_row r;

	ov_arena_init(&t->arena, ARENA_MAX);
	OV_TRY(ov_arena_array(&t->arena, n, &t->anchors));
	OV_TRY(ov_arena_array(&t->arena, n, &t->publishers));
	while (t->n < n && ov_extra_next(&table, &r) == OV_OK)
		read_row(t, &r);
	return OV_OK;
}

ov_status ov_trust_new(const struct ov_odb *db, struct ov_trust **out)
{
	struct ov_trust *t;
	ov_status s;

	*out = NULL;
	if (db->extra[OV_EXTRA_CERT].len == 0)
		return OV_OK; /* a catalog alone is nobody's word */
	t = calloc(1, sizeof *t);
	if (t == NULL)
		return OV_NOMEM;
	s = read_rows(t, db);
	if (s != OV_OK)
		ov_trust_free(&t);
	*out = t;
	return s;
}

void ov_trust_free(struct ov_trust **t)
{
	if (*t == NULL)
		return;
	ov_arena_free(&(*t)->arena);
	free(*t);
	*t = NULL;
}

/* A program, and certificates are looked at. */
static bool is_program(const struct ov_engine *e, const struct ov_node *n)
{
	return e->trust != NULL && n->has_exe && n->type == OV_T_MSEXE && n->view_of == NULL &&
	       ov_is_on(e, OVERT_FEATURE_CERTIFICATES);
}

/* The line's own text, as far as it is kept. */
static ov_status row_text(struct ov_engine *e, const struct ov_trust *t, size_t i,
			  struct ov_str *out)
{
	const struct ov_sign_anchor *a = &t->anchors[i];
	char subject[2 * OV_SHA1_BYTES + 1], serial[2 * OV_SHA1_BYTES + 1] = "";
	struct ov_buf b = ov_buf_of(4096);
	ov_status s;

	ov_hex_encode(a->subject, sizeof a->subject, subject);
	if (a->has_serial)
		ov_hex_encode(a->serial, sizeof a->serial, serial);
	s = ov_buf_fmt(&b, "%.*s;0;%s;%s;...", (int)t->publishers[i].name.n,
		       t->publishers[i].name.p, subject, serial);
	if (s == OV_OK)
		s = ov_arena_str(&e->scratch, (struct ov_str){ .p = (char *)b.p, .n = b.n }, out);
	ov_buf_free(&b);
	return s;
}

/* A blocked certificate weighs more than a trusted one in the same chain: only hashes allow it. */
static ov_status report(struct ov_engine *e, struct ov_node *n, size_t i)
{
	const struct publisher *p = &e->trust->publishers[i];
	struct ov_report_detection d = { .kind = OV_RULE_CERTIFICATE,
					 .name = p->name,
					 .source = p->source,
					 .line = p->line,
					 .rule = UINT32_MAX,
					 .off = n->exe.certs,
					 .len = n->exe.certs_size };
	ov_status s;

	OV_TRY(row_text(e, e->trust, i, &d.rule_text));
	n->trusted = -1;
	s = ov_report_detection(e, n, &d);
	n->trusted = 0;
	return s;
}

ov_status ov_trust_blocks(struct ov_engine *e, struct ov_node *n)
{
	struct ov_sign_id ids[OV_PKCS7_CERTS_MAX];
	struct ov_pkcs7 m;
	uint32_t nids;

	if (!is_program(e, n) || !e->trust->some_blocked || n->exe.certs_size == 0)
		return OV_OK;
	if (ov_signature_find(&n->src, &n->exe, &n->arena, &m) != OV_OK)
		return OV_OK; /* broken or none: nobody's */
	nids = ov_signature_ids(&m, ids);
	for (size_t i = 0; i < e->trust->n && !e->is_done; i++) {
		bool is_named = false;

		for (uint32_t k = 0; k < nids && !e->trust->anchors[i].is_trusted; k++)
			is_named |= ov_signature_is(&ids[k], &e->trust->anchors[i]);
		if (is_named)
			OV_TRY(report(e, n, i));
	}
	return OV_OK;
}

static bool is_signed_well(struct ov_engine *e, struct ov_node *n, const struct ov_pkcs7 *m)
{
	return ov_signature_verify(m, e->trust->anchors, e->trust->n, (int64_t)time(NULL),
				   &n->arena) == OV_OK;
}

/* By its own signature. The digest first: it is cheaper than the chain. */
static bool own_signature(struct ov_engine *e, struct ov_node *n)
{
	struct ov_sign_digest claim, is;
	struct ov_pkcs7 m;

	return n->exe.certs_size > 0 &&
	       ov_signature_find(&n->src, &n->exe, &n->arena, &m) == OV_OK &&
	       ov_signature_claim(&m, &claim) == OV_OK &&
	       ov_signature_digest(&n->src, &n->exe, claim.kind, &is) == OV_OK &&
	       memcmp(claim.bytes, is.bytes, is.n) == 0 && is_signed_well(e, n, &m);
}

/* By a signed list that names its digest. */
static bool in_catalog(struct ov_engine *e, struct ov_node *n)
{
	static const enum ov_pkcs7_digest kinds[] = { OV_PKCS7_SHA1, OV_PKCS7_SHA256 };
	struct ov_sign_digest d[2] = { 0 };
	struct ov_cur table = e->db->extra[OV_EXTRA_CATALOG];
	struct ov_extra_row r;

	if (table.len == 0)
		return false;
	for (size_t i = 0; i < 2; i++)
		if (ov_signature_digest(&n->src, &n->exe, kinds[i], &d[i]) != OV_OK)
			return false;
	while (ov_extra_next(&table, &r) == OV_OK) {
		struct ov_pkcs7 m;

		if (ov_pkcs7_read(r.body, &m) == OV_OK &&
		    (ov_signature_lists(&m, &d[0]) || ov_signature_lists(&m, &d[1])) &&
		    is_signed_well(e, n, &m))
			return true;
	}
	return false;
}

bool ov_trust_allows(struct ov_engine *e, struct ov_node *n)
{
	if (n->trusted == 0)
		n->trusted = is_program(e, n) && e->trust->some_trusted &&
				     (own_signature(e, n) || in_catalog(e, n))
				 ? 1
				 : -1;
	return n->trusted == 1;
}
