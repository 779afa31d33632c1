/* Which steps apply. See plan.h. */
#include "plan.h"

static bool is_in(const struct ov_cov_texts *t, struct ov_str s)
{
	for (size_t i = 0; i < t->n; i++)
		if (ov_str_eq(t->v[i], s))
			return true;
	return false;
}

static bool speaks_of(const struct ov_cov_step *s, const struct ov_cov_finding *f)
{
	return f->grade >= OV_E3 && ov_str_eq(f->product->entity, s->entity) &&
	       (s->classes == 0 || (s->classes >> f->class_ & 1) != 0) &&
	       (s->products.n == 0 || is_in(&s->products, f->product->id));
}

ov_status ov_cov_plan_make(const struct ov_cov_list *l, const struct ov_cov_result *r,
			   struct ov_arena *a, struct ov_cov_plan *out)
{
	*out = (struct ov_cov_plan){ .nfound = r->nfound };
	OV_TRY(ov_arena_array(a, l->nsteps > 0 ? l->nsteps : 1, &out->steps));
	for (size_t i = 0; i < l->nsteps; i++) {
		struct ov_cov_plan_step *p = &out->steps[out->nsteps];

		*p = (struct ov_cov_plan_step){ .step = &l->steps[i] };
		OV_TRY(ov_arena_array(a, r->nfindings > 0 ? r->nfindings : 1, &p->because));
		for (size_t k = 0; k < r->nfindings; k++)
			if (speaks_of(p->step, &r->findings[k]))
				p->because[p->nbecause++] = &r->findings[k];
		out->nsteps += p->nbecause > 0;
	}
	for (size_t k = 0; k < r->nfindings; k++) {
		bool has = false;

		for (size_t i = 0; i < l->nsteps; i++)
			has |= speaks_of(&l->steps[i], &r->findings[k]);
		out->without += r->findings[k].grade >= OV_E3 && !has;
	}
	return OV_OK;
}
