/*
 * The covered list as text, and its verdict: the bytes up to the first NUL are a list (and are read
 * as a record of overt migrate as well); behind it stand the kind of one piece of evidence, its
 * grade and flags, the day asked, and its value.
 *
 * Claims: OV_OK is said exactly when no error was told, OV_BAD exactly when one was; what the list
 * holds leads somewhere (an indicator to its product, a product and a rule to an entity); the
 * watches can be made of it; a verdict keeps its bounds, and never stands on an event that is later
 * than the day asked; the same evidence compares as the same; a step of a plan has an undo, and
 * something that it is for; a record that is written is read back.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "covered_diff.h"
#include "mig_note.h"
#include "plan.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_error(void *ctx, uint32_t line, const char *why)
{
	if (line == 0 || why == NULL || why[0] == '\0')
		abort();
	(*(size_t *)ctx)++;
}

static void check_list(const struct ov_cov_list *l)
{
	for (size_t i = 0; i < l->nproducts; i++)
		if (ov_cov_entity_by_id(l, l->products[i].entity) == NULL ||
		    l->products[i].class_ >= OV_COV_CLASSES || l->products[i].most > OV_E5)
			abort();
	for (size_t i = 0; i < l->nindicators; i++)
		if (l->indicators[i].product_at >= l->nproducts || l->indicators[i].kinds == 0 ||
		    l->indicators[i].values.n == 0)
			abort();
	for (size_t i = 0; i < l->nrules; i++) {
		for (size_t k = 0; k < l->rules[i].entities.n; k++)
			if (ov_cov_entity_by_id(l, l->rules[i].entities.v[k]) == NULL)
				abort();
		for (size_t k = 1; k < l->rules[i].nevents; k++)
			if (l->rules[i].events[k].at < l->rules[i].events[k - 1].at)
				abort();
	}
}

static void check_finding(const struct ov_cov_finding *f, int64_t at)
{
	if ((f->nhits == 0 && f->embedding == NULL) || f->nhits > OV_COV_HITS_MAX ||
	    f->hits_total < f->nhits || f->grade > f->product->most ||
	    f->class_ >= OV_COV_CLASSES || f->state == NULL)
		abort();
	for (size_t i = 0; i < f->nverdicts; i++) {
		const struct ov_cov_verdict *v = &f->verdicts[i];

		if (v->since != NULL && v->since->at > at)
			abort();
		if (v->since == NULL && v->answer != OV_COV_NO && v->answer != OV_COV_SILENT)
			abort(); /* prohibited by a rule that is not in force */
	}
}

static void check_plan(const struct ov_cov_list *l, const struct ov_cov_result *r,
		       struct ov_arena *a)
{
	struct ov_cov_plan p;

	if (ov_cov_plan_make(l, r, a, &p) != OV_OK)
		return;
	if (p.nsteps > l->nsteps || (r->nfound == 0 && p.nsteps > 0) || p.without > r->nfound)
		abort();
	for (size_t i = 0; i < p.nsteps; i++)
		if (p.steps[i].nbecause == 0 || p.steps[i].step->undo.n == 0)
			abort();
}

/* What is written is read back as it was. */
static void check_record(const struct ov_cov_list *l, const struct ov_inventory *inv,
			 const struct ov_cov_result *r, int64_t at)
{
	const struct ov_mig_facts f = { .list = l,
					.inventory = inv,
					.result = r,
					.profile = OV_STR(""),
					.at = at,
					.before = OV_STR("") };
	struct ov_buf b = ov_buf_of((size_t)1 << 20);
	struct ov_mig_record back;

	if (ov_mig_write(&b, &f) == OV_OK &&
	    (ov_mig_read(ov_buf_text(&b), &back) != OV_OK || back.found != r->nfound ||
	     back.findings + back.more != r->nfindings))
		abort();
	ov_buf_free(&b);
}

static void judge(const struct ov_cov_list *l, const uint8_t *p, size_t n, struct ov_arena *a)
{
	struct ov_str path[4] = { OV_STR("a"), OV_STR("b"), OV_STR("c"), OV_STR("d") };
	struct ov_inv_evidence e = { .count = 1 };
	struct ov_inv_component c = { .path = path, .owner = OV_INV_NONE, .evidence = &e };
	struct ov_inventory inv = { .components = &c, .ncomponents = 1, .target = OV_STR("t") };
	struct ov_cov_result r;
	struct ov_cov_side side = { &inv, &r };
	struct ov_cov_diff d;
	int64_t at = 0;

	if (n < 8)
		return;
	e.kind = (enum ov_inv_kind)(p[0] % OV_EV_KINDS);
	e.grade = (enum ov_grade)(p[1] % OV_GRADES);
	e.detail = (p[1] & 0x80) != 0	? OV_STR(OV_SIGNED_SELF_MADE)
		   : (p[1] & 0x40) != 0 ? OV_STR(OV_SIGNED_INTACT)
					: OV_STR("");
	e.where = OV_STR("");
	c.what = (enum ov_inv_what)(p[2] % OV_WHATS);
	c.state = (enum ov_inv_state)(p[3] % OV_STATES);
	c.npath = p[3] >> 6;
	c.since.earliest = c.since.latest = OV_INV_NO_DATE;
	memcpy(&at, p + 4, 4);
	c.updates.last = (p[2] & 0x80) != 0 ? at : OV_INV_NO_DATE;
	c.nevidence = 1;
	e.value = (struct ov_str){ (const char *)p + 8, n - 8 };
	c.name = e.value;
	c.version = c.id = c.purl = c.cpe = c.supplier = OV_STR("");
	if (ov_cov_judge(l, &inv, OV_STR(""), at, a, &r) != OV_OK)
		return; /* a list so large that the arena is at its end */
	if (r.nfindings > 1 || r.nfound > r.nfindings)
		abort();
	for (size_t i = 0; i < r.nfindings; i++)
		check_finding(&r.findings[i], at);
	check_plan(l, &r, a);
	check_record(l, &inv, &r, at);
	if (ov_cov_compare(&side, &side, a, &d) == OV_OK && (d.n != 0 || d.same != r.nfindings))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
	const size_t n = nul != NULL ? (size_t)(nul - data) : size;
	struct ov_inv_watch *watch = NULL;
	size_t errors = 0, nwatch = 0;
	struct ov_mig_record record;
	struct ov_cov_list l;
	struct ov_arena a;
	ov_status s;

	if (ov_mig_read((struct ov_str){ (const char *)data, n }, &record) == OV_OK &&
	    (record.target.n == 0 || record.is_after != (record.before.n == OV_MIG_HASH)))
		abort();
	ov_cov_list_init(&l);
	ov_arena_init(&a, (size_t)16 << 20);
	s = ov_cov_list_add(&l, (struct ov_str){ (const char *)data, n }, on_error, &errors);
	if ((s == OV_OK && errors != 0) || (s == OV_BAD && errors == 0) ||
	    (s != OV_OK && s != OV_BAD && s != OV_LIMIT && s != OV_NOMEM))
		abort();
	if (s == OV_OK) {
		check_list(&l);
		if (ov_cov_watches(&l, &watch, &nwatch) != OV_OK)
			abort();
		if (nul != NULL)
			judge(&l, nul + 1, size - n - 1, &a);
	}
	ov_arena_free(&a);
	ov_cov_list_free(&l);
	return 0;
}
