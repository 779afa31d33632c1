/*
 * The database's web addresses, indexed when a first link is met: plain texts and hashes in one
 * table, hashed from their end, so that all endings of a host are looked up in one walk; and the
 * regular expressions, each asked only when its plain ending occurs.
 */
#include "phishing.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "regex_pcre.h"
#include "url.h"

#define RE_BYTES ((size_t)1 << 20)
#define TAIL_MAX 64

struct expression {
	struct ov_str text;
	char tail[TAIL_MAX]; /* plain characters that every match holds */
	size_t ntail;
	bool is_allow, is_broken;
	struct ov_pcre_re *re; /* compiled when first asked */
};

struct ov_phish_db {
	struct ov_url *rows;
	size_t nrows;
	uint32_t *slots; /* number of a row and one, or 0 */
	size_t mask;
	struct expression *expr;
	size_t nexpr;
	struct ov_pcre_matcher *matcher;
	bool has_hashes;
};

/* FNV-1a, from the text's end to its start. */
#define HASH_START UINT64_C(0xcbf29ce484222325)
static uint64_t hash_step(uint64_t h, uint8_t c)
{
	return (h ^ c) * UINT64_C(0x100000001b3);
}

static uint64_t hash_end(uint64_t h, enum ov_url_kind kind, unsigned list)
{
	h = hash_step(hash_step(h, (uint8_t)kind), (uint8_t)list);
	return h ^ h >> 29;
}

static uint64_t hash_text(struct ov_str s, enum ov_url_kind kind, unsigned list)
{
	uint64_t h = HASH_START;

	for (size_t i = s.n; i-- > 0;)
		h = hash_step(h, (uint8_t)s.p[i]);
	return hash_end(h, kind, list);
}

static bool has(const struct ov_phish_db *p, uint64_t h, enum ov_url_kind kind, unsigned list,
		struct ov_str s)
{
	for (size_t i = (size_t)h & p->mask; p->slots[i] != 0; i = (i + 1) & p->mask) {
		const struct ov_url *u = &p->rows[p->slots[i] - 1];

		if (u->kind == kind && u->list == list && ov_str_eq(u->text, s))
			return true;
	}
	return false;
}

static bool is_regex(enum ov_url_kind k)
{
	return k == OV_URL_CHECK_REGEX || k == OV_URL_ALLOW_REGEX;
}

static void insert(struct ov_phish_db *p, size_t row)
{
	const struct ov_url *u = &p->rows[row];
	const uint64_t h = hash_text(u->text, u->kind, u->list);
	size_t i = (size_t)h & p->mask;

	if (has(p, h, u->kind, u->list, u->text))
		return;
	while (p->slots[i] != 0)
		i = (i + 1) & p->mask;
	p->slots[i] = (uint32_t)row + 1;
}

/*
 * The plain characters at the end of an expression, or before a last "([/?].*)?", which may match
 * nothing. An escaped one counts as itself; anything with a meaning of its own ends them. Where a
 * '|' stands at all, no ending is sure.
 */
static void find_tail(struct expression *e)
{
	static const char optional[] = "([/?].*)?";
	static const char special[] = ".*+?[](){}|^$\\";
	struct ov_str s = e->text;
	size_t from;

	if (memchr(s.p, '|', s.n) != NULL || memchr(s.p, 'Q', s.n) != NULL)
		return;
	if (s.n > sizeof optional - 1 &&
	    memcmp(s.p + s.n - (sizeof optional - 1), optional, sizeof optional - 1) == 0)
		s.n -= sizeof optional - 1;
	for (from = s.n; from > 0 && s.n - from < TAIL_MAX; from--) {
		const char c = s.p[from - 1];
		const bool is_escaped = from > 1 && s.p[from - 2] == '\\';

		if (is_escaped && (from < 3 || s.p[from - 3] != '\\') &&
		    memchr(special, c, sizeof special - 1) != NULL) {
			from--; /* the backslash goes with it */
			continue;
		}
		if (is_escaped || memchr(special, c, sizeof special) != NULL)
			break;
	}
	for (size_t i = from; i < s.n; i++)
		if (s.p[i] != '\\')
			e->tail[e->ntail++] = s.p[i];
}

static ov_status make_tables(struct ov_phish_db *p, struct ov_cur table, size_t count, size_t nexpr)
{
	struct ov_extra_row row;
	size_t slots = 16;

	while (slots < count * 2)
		slots *= 2;
	p->rows = calloc(count + 1, sizeof *p->rows);
	p->expr = calloc(nexpr + 1, sizeof *p->expr);
	p->slots = calloc(slots, sizeof *p->slots);
	p->mask = slots - 1;
	if (p->rows == NULL || p->expr == NULL || p->slots == NULL)
		return OV_NOMEM;
	while (ov_extra_next(&table, &row) == OV_OK) {
		struct ov_url *u = &p->rows[p->nrows];

		OV_TRY(ov_url_read(row.body, u));
		p->has_hashes |= u->kind == OV_URL_HASH;
		if (is_regex(u->kind)) {
			struct expression *e = &p->expr[p->nexpr++];

			e->text = u->text;
			e->is_allow = u->kind == OV_URL_ALLOW_REGEX;
			find_tail(e);
		} else {
			insert(p, p->nrows);
		}
		p->nrows++;
	}
	return OV_OK;
}

ov_status ov_phish_db_new(const struct ov_odb *db, struct ov_phish_db **out)
{
	struct ov_phish_db *p = calloc(1, sizeof *p);
	struct ov_cur table = db->extra[OV_EXTRA_URL];
	struct ov_extra_row row;
	size_t count = 0, nexpr = 0;
	struct ov_url u;
	ov_status s;

	if (p == NULL)
		return OV_NOMEM;
	while (ov_extra_next(&table, &row) == OV_OK && ov_url_read(row.body, &u) == OV_OK) {
		count++;
		nexpr += is_regex(u.kind);
	}
	s = count < UINT32_MAX / 4 ? make_tables(p, db->extra[OV_EXTRA_URL], count, nexpr)
				   : OV_LIMIT;
	if (s == OV_OK)
		s = ov_pcre_matcher_new(OV_PCRE_LIMITS, (size_t)32 << 20, &p->matcher);
	if (s != OV_OK)
		ov_phish_db_free(&p);
	*out = p;
	return s;
}

void ov_phish_db_free(struct ov_phish_db **pp)
{
	struct ov_phish_db *p = *pp;

	if (p == NULL)
		return;
	for (size_t i = 0; i < p->nexpr; i++)
		ov_pcre_free(&p->expr[i].re);
	ov_pcre_matcher_free(&p->matcher);
	free(p->rows);
	free(p->expr);
	free(p->slots);
	free(p);
	*pp = NULL;
}

/* Is the text, or an ending of it behind a '.' or a blank, among the plain ones? */
static bool match_plain(const struct ov_phish_db *p, enum ov_url_kind kind, struct ov_str s)
{
	uint64_t h = HASH_START;

	for (size_t i = s.n; i-- > 0;) {
		h = hash_step(h, (uint8_t)s.p[i]);
		if ((i == 0 || s.p[i - 1] == '.' || s.p[i - 1] == ' ') &&
		    has(p, hash_end(h, kind, 0), kind, 0,
			(struct ov_str){ .p = s.p + i, .n = s.n - i }))
			return true;
	}
	return false;
}

/* An expression may begin anywhere, and ends where the text ends, at a '/' that both get. */
static ov_status match_expression(struct ov_phish_db *p, struct expression *e, struct ov_str s)
{
	char buf[2 * sizeof(struct ov_address)];
	size_t start, end;
	ov_status r;

	if (e->is_broken || s.n + 1 > sizeof buf ||
	    (e->ntail > 0 && memmem(s.p, s.n, e->tail, e->ntail) == NULL))
		return OV_END;
	if (e->re == NULL) {
		struct ov_buf text = ov_buf_of(8192);

		r = ov_buf_fmt(&text, "(?:%.*s)/$", (int)e->text.n, e->text.p);
		if (r == OV_OK)
			r = ov_pcre_compile((struct ov_str){ .p = (char *)text.p, .n = text.n },
					    OV_STR(""), RE_BYTES, &e->re, NULL);
		ov_buf_free(&text);
		e->is_broken = r != OV_OK;
		if (r != OV_OK)
			return r == OV_NOMEM ? r : OV_LIMIT;
	}
	memcpy(buf, s.p, s.n);
	buf[s.n] = '/';
	return ov_pcre_match(p->matcher, e->re, (const uint8_t *)buf, s.n + 1, 0, false, &start,
			     &end);
}

ov_status ov_phish_db_match(struct ov_phish_db *p, bool is_allow, struct ov_str s)
{
	ov_status worst = OV_END;

	if (match_plain(p, is_allow ? OV_URL_ALLOW_HOSTS : OV_URL_CHECK_HOST, s))
		return OV_OK;
	for (size_t i = 0; i < p->nexpr; i++) {
		ov_status r;

		if (p->expr[i].is_allow != is_allow)
			continue;
		r = match_expression(p, &p->expr[i], s);
		if (r == OV_OK)
			return OV_OK;
		if (r != OV_END)
			worst = r;
	}
	return worst;
}

static bool has_hash(const struct ov_phish_db *p, enum ov_url_kind kind, unsigned list,
		     const uint8_t *hash, size_t n)
{
	const struct ov_str s = { .p = (const char *)hash, .n = n };

	return has(p, hash_text(s, kind, list), kind, list, s);
}

bool ov_phish_db_has_hashes(const struct ov_phish_db *p)
{
	return p->has_hashes;
}

bool ov_phish_db_hash(const struct ov_phish_db *p, unsigned list, const uint8_t sha256[32])
{
	return has_hash(p, OV_URL_HASH, list, sha256, 32);
}

bool ov_phish_db_hash_allowed(const struct ov_phish_db *p, const uint8_t sha256[32])
{
	return has_hash(p, OV_URL_HASH_ALLOWED, 0, sha256, 32) ||
	       has_hash(p, OV_URL_HASH_ALLOWED, 1, sha256, 32) ||
	       has_hash(p, OV_URL_HASH_ALLOWED, 2, sha256, 32);
}
