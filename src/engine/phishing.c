/*
 * The checks of a link, in ClamAV's order: listed addresses (.gdb), then, where a link shows an
 * address other than its target's: allowed pairs (.wdb), whether the shown host is one to be looked
 * at (.pdb), and what is wrong with the pair.
 */
#include "phishing.h"

#include <string.h>

#include "checked.h"
#include "links.h"

#define LINKS_MAX 20000		     /* of one layer */
#define TEXT_MAX ((uint64_t)8 << 20) /* bytes of a layer that are searched for links */
#define HOSTS 5 /* endings of a host that are looked up: Safe Browsing's rules */
#define PATHS 6 /* beginnings of a path */
#define CANON_MAX (2 * OV_LINK_MAX)

struct run {
	struct ov_engine *e;
	struct ov_node *n;
	uint32_t nlinks, told; /* bits of enum finding */
	ov_status s;
	bool is_limited;
};

enum finding { SPOOFED = 0, SSL, CLOAKED, LIST_MALWARE, LIST_BLOCKED, LIST_PHISHING };

static const char *const names[] = {
	[SPOOFED] = "Heuristics.Phishing.Email.SpoofedDomain",
	[SSL] = "Heuristics.Phishing.Email.SSL-Spoof",
	[CLOAKED] = "Heuristics.Phishing.Email.Cloaked.Null",
	[LIST_MALWARE] = "Heuristics.Safebrowsing.Suspected-malware_safebrowsing.clamav.net",
	[LIST_BLOCKED] = "Heuristics.Phishing.URL.Blocked",
	[LIST_PHISHING] = "Heuristics.Safebrowsing.Suspected-phishing_safebrowsing.clamav.net",
};

static void find(struct run *r, enum finding f)
{
	if ((r->told >> f & 1) != 0)
		return;
	r->told |= UINT32_C(1) << f;
	r->s = ov_heuristic(r->e, r->n, OV_JUDGED, names[f]);
}

static bool is_asked(const struct run *r, enum overt_alert a)
{
	return (r->e->o->alerts >> a & 1) != 0;
}

/* ---- listed addresses ---- */

/* A target as Safe Browsing's lists hash it: "host/path?query", the host in lower case. */
struct canon {
	char s[CANON_MAX];
	size_t host, n; /* lengths: of the host, of all; the path begins with '/' at `host` */
	size_t query;	/* where '?' stands, or n */
};

static bool canonical(struct ov_str target, const struct ov_address *a, struct canon *c)
{
	const char *p = target.p, *end = target.p + target.n, *slashes;

	if (a->nhost == 0 || a->nhost >= sizeof c->s / 2)
		return false;
	slashes = memmem(p, target.n, "//", 2);
	if (slashes != NULL)
		p = slashes + 2;
	while (p < end && *p != '/' && *p != '?' && *p != '#')
		p++;
	memcpy(c->s, a->host, a->nhost);
	c->host = c->n = a->nhost;
	if (p == end || *p != '/')
		c->s[c->n++] = '/';
	for (; p < end && *p != '#' && c->n < sizeof c->s; p++)
		if ((unsigned char)*p > ' ')
			c->s[c->n++] = *p;
	c->query = c->n;
	for (size_t i = c->host; i < c->n; i++)
		if (c->s[i] == '?') {
			c->query = i;
			break;
		}
	return true;
}

/* Starts of the host's endings: the whole, then its last five labels and fewer, at least two. */
static size_t host_starts(const struct canon *c, size_t start[HOSTS])
{
	size_t labels = 0, n = 1;

	start[0] = 0;
	for (size_t i = c->host; i-- > 1;) {
		if (c->s[i - 1] != '.')
			continue;
		labels++;
		if (labels >= 2 && labels <= 5 && n < HOSTS)
			start[n++] = i;
	}
	return n;
}

/* Ends of the path's beginnings: all of it, without its query, and folder by folder. */
static size_t path_ends(const struct canon *c, size_t end[PATHS])
{
	size_t n = 0;

	end[n++] = c->n;
	if (c->query < c->n)
		end[n++] = c->query;
	for (size_t i = c->host; i < c->query && n < PATHS; i++)
		if (c->s[i] == '/' && i + 1 != end[0])
			end[n++] = i + 1;
	return n;
}

static ov_status hash_of(struct run *r, const struct canon *c, size_t from, size_t path_end,
			 uint8_t out[OV_DIGEST_MAX])
{
	return ov_hasher_once(r->e->hasher[OV_SHA256], c->s + from, path_end - from, out);
}

/*
 * The manual asks for a P entry with the host's prefix beside each F; clamscan finds the F without
 * one, and so do we.
 */
static ov_status listed(struct run *r, const struct canon *c)
{
	size_t start[HOSTS], end[PATHS];
	const size_t nhosts = host_starts(c, start), npaths = path_ends(c, end);
	uint8_t hash[OV_DIGEST_MAX];

	for (size_t h = 0; h < nhosts; h++)
		for (size_t p = 0; p < npaths; p++) {
			OV_TRY(hash_of(r, c, start[h], end[p], hash));
			if (ov_phish_db_hash_allowed(r->e->phish, hash))
				return OV_OK;
			for (unsigned k = 0; k < 3; k++)
				if (ov_phish_db_hash(r->e->phish, k, hash)) {
					find(r, (enum finding)(LIST_MALWARE + k));
					return OV_END; /* known to be bad: no further check */
				}
		}
	return OV_OK;
}

/* ---- pairs ---- */

/* "a:b" on a list? A limit of an expression is told once. */
static bool on_list(struct run *r, bool is_allow, struct ov_str a, struct ov_str b)
{
	char s[2 * sizeof(struct ov_address)];
	ov_status st;

	if (r->e->phish == NULL || r->s != OV_OK)
		return false;
	if (a.n > 0)
		memcpy(s, a.p, a.n);
	s[a.n] = ':';
	memcpy(s + a.n + 1, b.p, b.n);
	st = ov_phish_db_match(r->e->phish, is_allow,
			       a.n > 0 ? (struct ov_str){ .p = s, .n = a.n + 1 + b.n } : b);
	if (st == OV_NOMEM || st == OV_BUG)
		r->s = st;
	r->is_limited |= st == OV_LIMIT;
	return st == OV_OK;
}

static struct ov_str whole(const struct ov_address *a)
{
	return (struct ov_str){ .p = a->text, .n = a->n };
}

static struct ov_str host(const struct ov_address *a)
{
	return (struct ov_str){ .p = a->host, .n = a->nhost };
}

/*
 * ClamAV's order. A shown host that the database names is checked for all; others only for what the
 * caller asked to be told of every link.
 */
static void check_pair(struct run *r, const struct ov_address *real, const struct ov_address *shown)
{
	bool is_target;

	if (ov_str_eq(whole(real), whole(shown)) && !real->is_cloaked)
		return;
	if (on_list(r, true, whole(real), whole(shown)))
		return;
	is_target = on_list(r, false, whole(real), whole(shown));
	if (on_list(r, true, host(real), host(shown)))
		return;
	is_target = is_target || on_list(r, false, OV_STR(""), host(shown));
	if (r->s != OV_OK)
		return;
	if (shown->is_ssl && !real->is_ssl && (is_target || is_asked(r, OVERT_ALERT_PHISHING_SSL)))
		find(r, SSL);
	else if (real->is_cloaked && (is_target || is_asked(r, OVERT_ALERT_PHISHING_CLOAK)))
		find(r, CLOAKED);
	else if (is_target &&
		 !ov_str_eq(ov_address_domain(host(real)), ov_address_domain(host(shown))))
		find(r, SPOOFED);
}

static bool on_link(void *ctx, struct ov_str target, struct ov_str shown)
{
	struct run *r = ctx;
	struct ov_address real, seen;
	struct canon c;

	if (++r->nlinks > LINKS_MAX || ov_budget_late(&r->e->budget)) {
		ov_report_incomplete(r->e, r->n, OVERT_LIMIT_FILES, OV_STR(""),
				     "it has more links than are looked at (20000), or no time was "
				     "left for them");
		return false;
	}
	if (!ov_address_real(target, &real))
		return true;
	if (r->e->phish != NULL && ov_phish_db_has_hashes(r->e->phish) &&
	    canonical(target, &real, &c)) {
		const ov_status s = listed(r, &c);

		if (s != OV_OK) {
			r->s = s == OV_END ? r->s : s;
			return r->s == OV_OK && !r->e->is_done;
		}
	}
	if (ov_address_shown(shown, &seen))
		check_pair(r, &real, &seen);
	if (r->s == OV_OK && ov_address_shown_end(shown, &seen))
		check_pair(r, &real, &seen);
	return r->s == OV_OK && !r->e->is_done;
}

/* Without addresses in the database, only what is asked of every link is looked at. */
static ov_status open_db(struct ov_engine *e)
{
	if (e->phish != NULL || e->db->extra[OV_EXTRA_URL].len == 0)
		return OV_OK;
	return ov_phish_db_new(e->db, &e->phish);
}

ov_status ov_phishing(struct ov_engine *e, struct ov_node *n)
{
	struct run r = { .e = e, .n = n };
	const struct ov_arena_mark mark = ov_arena_mark(&e->scratch);
	struct ov_links *links;
	struct ov_cur text;

	if ((n->type != OV_T_HTML && n->type != OV_T_HTML_UTF16) ||
	    !ov_is_on(e, OVERT_FEATURE_PHISHING_URLS))
		return OV_OK;
	if (e->db->extra[OV_EXTRA_URL].len == 0 && !is_asked(&r, OVERT_ALERT_PHISHING_SSL) &&
	    !is_asked(&r, OVERT_ALERT_PHISHING_CLOAK))
		return OV_OK;
	OV_TRY(open_db(e));
	OV_TRY(ov_arena_new(&e->scratch, &links));
	r.s = ov_src_view_upto(&n->src, 0, (size_t)ov_min_u64(n->src.size, TEXT_MAX), &e->scratch,
			       &text);
	if (n->src.size > TEXT_MAX)
		ov_report_incomplete(e, n, OVERT_LIMIT_SIZE, OV_STR(""),
				     "only its first 8 MiB were searched for links");
	if (r.s == OV_OK)
		ov_links(links, text, on_link, &r);
	if (r.is_limited)
		ov_report_incomplete(e, n, OVERT_LIMIT_TIME, OV_STR(""),
				     "an expression for web addresses met its limits on a link");
	ov_arena_release(&e->scratch, mark);
	return r.s;
}
