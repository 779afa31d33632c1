/* The verdict. See covered_judge.h. */
#include "covered_judge.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "versions.h"

#define PATTERN_MAX 512

/*
 * Kinds of evidence that may come from one hand: two of one group say no more than one. Two of
 * different groups bear each other out.
 */
enum group {
	GROUP_SELF =
	    0,	      /* what a thing says of itself; a signer's name too, while no key is known */
	GROUP_ID,     /* identities in a shared name space */
	GROUP_RECORD, /* records that the system keeps */
	GROUP_LAYOUT, /* places and names of files */
	GROUP_TEXT,   /* words in texts */
	GROUP_CODE,   /* what code shows */
	GROUP_SIGNED,
	GROUP_ALTITUDE
};

static enum group group_of(enum ov_inv_kind kind)
{
	switch (kind) {
	case OV_EV_PURL:
	case OV_EV_CPE:
	case OV_EV_SWID:
	case OV_EV_BUNDLE_ID:
	case OV_EV_ANDROID_PKG:
	case OV_EV_EXT_ID:
	case OV_EV_NATIVE_HOST:
		return GROUP_ID;
	case OV_EV_DEB:
	case OV_EV_RPM:
	case OV_EV_APK:
	case OV_EV_PACMAN:
	case OV_EV_FLATPAK:
	case OV_EV_SNAP:
	case OV_EV_UNIT:
	case OV_EV_SERVICE:
	case OV_EV_DRIVER:
	case OV_EV_MODULE:
	case OV_EV_REGKEY:
	case OV_EV_UNINSTALL:
	case OV_EV_CERT_CN:
		return GROUP_RECORD;
	case OV_EV_PATH:
	case OV_EV_FILE_NAME:
	case OV_EV_LAYOUT:
		return GROUP_LAYOUT;
	case OV_EV_HOST:
	case OV_EV_KEYWORD:
	case OV_EV_TEXT:
		return GROUP_TEXT;
	case OV_EV_CLASS_PREFIX:
	case OV_EV_SYMBOL:
	case OV_EV_SONAME:
	case OV_EV_BUILD_ID:
	case OV_EV_PACKAGE_NOTE:
		return GROUP_CODE;
	case OV_EV_SIGNER_KEY:
	case OV_EV_ROOT_KEY:
	case OV_EV_TEAM_ID:
		return GROUP_SIGNED;
	case OV_EV_ALTITUDE:
		return GROUP_ALTITUDE;
	default:
		return GROUP_SELF;
	}
}

/* ---- matching ---- */

static struct ov_str lower(struct ov_str s, char to[PATTERN_MAX])
{
	const size_t n = s.n < PATTERN_MAX ? s.n : PATTERN_MAX;

	for (size_t i = 0; i < n; i++)
		to[i] = s.p[i] >= 'A' && s.p[i] <= 'Z' ? (char)(s.p[i] | 0x20) : s.p[i];
	return (struct ov_str){ to, n };
}

static bool holds(struct ov_str s, struct ov_str part)
{
	return part.n == 0 || (s.n >= part.n && memmem(s.p, s.n, part.p, part.n) != NULL);
}

/* Texts hold a word, classes and places begin with one; all else is the whole value. */
static bool meets(enum ov_inv_kind kind, struct ov_str value, struct ov_str pattern)
{
	char a[PATTERN_MAX], b[PATTERN_MAX];
	const struct ov_str v = lower(value, a), p = lower(pattern, b);

	switch (kind) {
	case OV_EV_HOST:
	case OV_EV_KEYWORD:
	case OV_EV_TEXT:
		return holds(v, p);
	case OV_EV_CLASS_PREFIX:
	case OV_EV_PATH:
		return ov_str_starts(v, p) || ov_text_glob(p, v);
	default:
		return ov_text_glob(p, v);
	}
}

static bool is_met(const struct ov_cov_indicator *x, const struct ov_inv_evidence *e)
{
	if ((x->kinds >> e->kind & 1) == 0)
		return false;
	for (size_t i = 0; i < x->values.n; i++)
		if (meets(e->kind, e->value, x->values.v[i]))
			return true;
	return false;
}

static bool is_forged(const struct ov_inv_evidence *e)
{
	return e->kind == OV_EV_SIGNER && (ov_str_is(e->detail, OV_SIGNED_SELF_MADE) ||
					   ov_str_is(e->detail, OV_SIGNED_BROKEN) ||
					   ov_str_is(e->detail, OV_SIGNED_BAD_CHAIN));
}

static bool is_intact(const struct ov_inv_component *c)
{
	for (uint32_t i = 0; i < c->nevidence; i++)
		if (c->evidence[i].kind == OV_EV_SIGNER &&
		    ov_str_is(c->evidence[i].detail, OV_SIGNED_INTACT))
			return true;
	return false;
}

/* What a piece can carry: as much as it is worth, and as the list lets it. A known key is worth
 * all, if the signature holds. */
static enum ov_grade worth(const struct ov_cov_indicator *x, const struct ov_inv_component *c,
			   const struct ov_inv_evidence *e)
{
	enum ov_grade g = e->grade < x->most ? e->grade : x->most;

	if (is_forged(e))
		return OV_E1;
	if (e->kind == OV_EV_SIGNER_KEY || e->kind == OV_EV_ROOT_KEY)
		g = is_intact(c) ? x->most : OV_E1;
	return g;
}

static void hit(struct ov_cov_finding *f, const struct ov_cov_indicator *x,
		const struct ov_inv_evidence *e)
{
	f->hits_total++;
	f->is_impersonation |= is_forged(e);
	if (f->nhits < OV_COV_HITS_MAX)
		f->hits[f->nhits++] = (struct ov_cov_hit){ e, x, worth(x, f->component, e) };
}

/* ---- one component ---- */

/* Of which product: a decoy before all, then what the strongest piece speaks of. */
static void choose_product(const struct ov_cov_list *l, struct ov_cov_finding *f)
{
	const struct ov_cov_hit *best = NULL;

	for (size_t i = 0; i < f->nhits; i++) {
		const struct ov_cov_hit *h = &f->hits[i];

		if (best == NULL || (h->indicator->is_decoy && !best->indicator->is_decoy) ||
		    (h->indicator->is_decoy == best->indicator->is_decoy && h->grade > best->grade))
			best = h;
	}
	f->product = &l->products[best->indicator->product_at];
	f->entity = ov_cov_entity_by_id(l, f->product->entity);
	f->class_ = f->product->class_;
}

/* Two independent pieces of which one is at least E2 make E3. */
static void grade(struct ov_cov_finding *f)
{
	uint32_t groups = 0; /* a bit for each that says something */

	f->grade = OV_E0;
	for (size_t i = 0; i < f->nhits; i++) {
		const struct ov_cov_hit *h = &f->hits[i];

		if (is_forged(h->evidence))
			continue;
		if (h->grade >= OV_E1)
			groups |= UINT32_C(1) << group_of(h->evidence->kind);
		f->grade = h->grade > f->grade ? h->grade : f->grade;
	}
	if (f->grade == OV_E2 && (groups & (groups - 1)) != 0)
		f->grade = OV_E3;
	if (f->is_impersonation && f->grade > OV_E2)
		f->grade = OV_E2; /* a forged name beside it: somebody wants it to be believed */
	if (f->grade > f->product->most)
		f->grade = f->product->most;
}

/* A part of somebody else's product, as a document tells. */
static bool is_inside(const struct ov_inv_component *c)
{
	return c->what == OV_WHAT_LISTED && c->npath >= 3;
}

/* What is part of somebody else's product is no product of the entity's own: class B. */
static void call_it_embedded(const struct ov_cov_list *l, struct ov_cov_finding *f)
{
	f->class_ = 1;
	for (size_t i = 0; i < l->nproducts; i++) {
		if (l->products[i].class_ == 1 &&
		    ov_str_eq(l->products[i].entity, f->product->entity)) {
			f->product = &l->products[i];
			return;
		}
	}
}

static const char *state_of(const struct ov_cov_finding *f)
{
	if (f->is_impersonation)
		return "impersonation";
	switch (f->component->state) {
	case OV_STATE_FILES_GONE:
		return "in-DB-files-gone";
	case OV_STATE_DISABLED:
		return "installed-not-running";
	case OV_STATE_REMOVED:
		return "remains";
	case OV_STATE_SHADOWED:
		return "hidden-in-layer";
	case OV_STATE_NAMED:
		return f->grade <= OV_E2 ? "supplier-only" : "named";
	default:
		if (f->class_ == 'E' - 'A')
			return "remains";
		return f->component->what == OV_WHAT_TRACES && f->grade <= OV_E1 ? "trace"
										 : "present";
	}
}

static bool is_in(const struct ov_cov_texts *t, struct ov_str s)
{
	for (size_t i = 0; i < t->n; i++)
		if (ov_str_eq(t->v[i], s))
			return true;
	return false;
}

static ov_status apply_rules(const struct ov_cov_list *l, struct ov_str profile, int64_t at,
			     struct ov_arena *a, struct ov_cov_finding *f)
{
	OV_TRY(ov_arena_array(a, l->nrules > 0 ? l->nrules : 1, &f->verdicts));
	for (size_t i = 0; i < l->nrules; i++) {
		const struct ov_cov_rule *r = &l->rules[i];
		struct ov_cov_verdict *v = &f->verdicts[f->nverdicts];

		if (!is_in(&r->entities, f->product->entity) ||
		    (profile.n > 0 && !is_in(&r->profiles, profile)))
			continue;
		*v = (struct ov_cov_verdict){ .rule = r, .answer = r->answer[f->class_] };
		for (size_t k = 0; k < r->nevents && r->events[k].at <= at; k++)
			v->since = &r->events[k];
		if (v->since == NULL)
			v->answer =
			    v->answer == OV_COV_SILENT ? v->answer : OV_COV_NO; /* not yet */
		f->nverdicts++;
		if (r->updates_end != OV_INV_NO_DATE &&
		    f->component->updates.last != OV_INV_NO_DATE && f->still != OV_COV_STILL_YES)
			f->still = f->component->updates.last > r->updates_end ? OV_COV_STILL_YES
									       : OV_COV_STILL_NO;
	}
	return OV_OK;
}

/* ---- documented embeddings ---- */

static bool is_any(const struct ov_cov_texts *patterns, struct ov_str value)
{
	char a[PATTERN_MAX], b[PATTERN_MAX];

	for (size_t i = 0; i < patterns->n && value.n > 0; i++)
		if (ov_text_glob(lower(patterns->v[i], b), lower(value, a)))
			return true;
	return false;
}

/* Is it the host of a documented embedding whose versions are known? *in: of one that has it. */
static bool is_host(const struct ov_cov_embedding *e, const struct ov_inv_component *c, bool *in)
{
	return e->versions.n > 0 && (is_any(&e->names, c->name) || is_any(&e->cpes, c->cpe)) &&
	       ov_version_in(c->version, e->versions, in) == OV_OK;
}

/* A component in which nothing was met, and of which a document says what is inside. */
static ov_status judge_host(const struct ov_cov_list *l, const struct ov_inv_component *c,
			    struct ov_cov_finding *f)
{
	for (size_t i = 0; i < l->nembeddings; i++) {
		const struct ov_cov_embedding *e = &l->embeddings[i];
		bool in = false;

		if (!is_host(e, c, &in) || !in)
			continue;
		f->embedding = e;
		f->product = &l->products[e->product_at];
		f->entity = ov_cov_entity_by_id(l, f->product->entity);
		f->class_ = f->product->class_;
		f->grade = f->product->most < OV_E1 ? f->product->most : OV_E1;
		f->state = "documented";
		return OV_OK;
	}
	return OV_END;
}

/* "etc/junos.conf:3": the file is the component's own place. */
static bool is_of_file(const struct ov_inv_evidence *e, const struct ov_inv_component *host)
{
	const char *colon = e->where.n > 0 ? memrchr(e->where.p, ':', e->where.n) : NULL;
	const struct ov_str file = { e->where.p, colon != NULL ? (size_t)(colon - e->where.p) : 0 };

	return file.n > 0 && host->npath > 0 && ov_str_eq(host->path[host->npath - 1], file);
}

/* A word in the settings of a host whose version has the engine no more says nothing: all hits must
 * be so. */
static void look_for_replaced(const struct ov_cov_list *l, const struct ov_inventory *inv,
			      struct ov_cov_finding *f)
{
	const struct ov_cov_embedding *found = NULL;
	size_t replaced = 0;

	for (size_t h = 0; h < f->nhits; h++) {
		bool is_replaced = false, in = true;

		for (uint32_t i = 0; i < inv->ncomponents && !is_replaced; i++) {
			const struct ov_inv_component *c = &inv->components[i];

			if (c->what != OV_WHAT_CONFIG || !is_of_file(f->hits[h].evidence, c))
				continue;
			for (size_t k = 0; k < l->nembeddings && !is_replaced; k++) {
				is_replaced = is_host(&l->embeddings[k], c, &in) && !in;
				found = is_replaced ? &l->embeddings[k] : found;
			}
		}
		replaced += is_replaced;
	}
	if (f->nhits == 0 || replaced < f->nhits || f->hits_total > f->nhits)
		return;
	f->embedding = found;
	f->state = "replaced";
	f->grade = f->grade < OV_E1 ? f->grade : OV_E1;
}

/* @return OV_OK; OV_END when nothing of it is met. */
static ov_status judge_component(const struct ov_cov_list *l, const struct ov_inventory *inv,
				 const struct ov_inv_component *c, struct ov_cov_finding *f)
{
	*f = (struct ov_cov_finding){ .component = c };
	for (uint32_t i = 0; i < c->nevidence; i++)
		for (size_t k = 0; k < l->nindicators; k++)
			if (is_met(&l->indicators[k], &c->evidence[i]))
				hit(f, &l->indicators[k], &c->evidence[i]);
	if (f->nhits == 0)
		return judge_host(l, c, f);
	choose_product(l, f);
	grade(f);
	if (is_inside(c) && f->class_ == 0)
		call_it_embedded(l, f);
	f->state = state_of(f);
	if (c->what == OV_WHAT_TRACES)
		look_for_replaced(l, inv, f);
	return OV_OK;
}

static int by_grade(const void *pa, const void *pb)
{
	const struct ov_cov_finding *a = pa, *b = pb;

	if (a->grade != b->grade)
		return a->grade > b->grade ? -1 : 1;
	return (a->component > b->component) - (a->component < b->component);
}

ov_status ov_cov_judge(const struct ov_cov_list *list, const struct ov_inventory *inv,
		       struct ov_str profile, int64_t at, struct ov_arena *a,
		       struct ov_cov_result *out)
{
	struct ov_cov_finding f, *more;
	size_t room = 0;

	*out = (struct ov_cov_result){ .nfindings = 0 };
	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		const ov_status s = judge_component(list, inv, &inv->components[i], &f);

		out->nundetermined += inv->components[i].is_undetermined;
		if (s == OV_END)
			continue;
		OV_TRY(s);
		OV_TRY(apply_rules(list, profile, at, a, &f));
		if (out->nfindings == room) {
			room = room == 0 ? 16 : 2 * room;
			OV_TRY(ov_arena_array(a, room, &more));
			if (out->nfindings > 0)
				memcpy(more, out->findings, out->nfindings * sizeof *more);
			out->findings = more;
		}
		out->findings[out->nfindings++] = f;
		out->nfound += f.grade >= OV_E3;
	}
	if (out->nfindings > 1)
		qsort(out->findings, out->nfindings, sizeof *out->findings, by_grade);
	return OV_OK;
}

const char *ov_cov_class_name(unsigned class_)
{
	static const char *const names[OV_COV_CLASSES] = { "A", "B", "C", "D", "E", "F" };

	return class_ < OV_COV_CLASSES ? names[class_] : "?";
}

const char *ov_cov_answer_name(enum ov_cov_answer a)
{
	static const char *const names[] = { "not said", "yes", "no", "ask" };

	return (unsigned)a < sizeof names / sizeof *names ? names[a] : "?";
}
