/* Two verdicts held against each other. See covered_diff.h. */
#include "covered_diff.h"

#include <stdlib.h>
#include <string.h>

/* A finding with what it is found again by. */
struct row {
	const struct ov_cov_finding *f;
	uint32_t skip;	/* elements of the path that are the target itself */
	uint32_t order; /* of equal ones, the first goes with the first */
};

static int by_text(struct ov_str a, struct ov_str b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	const int c = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return c != 0 ? c : (a.n > b.n) - (a.n < b.n);
}

static int same_thing(const struct row *a, const struct row *b)
{
	const struct ov_inv_component *x = a->f->component, *y = b->f->component;
	const uint32_t nx = x->npath - a->skip, ny = y->npath - b->skip;
	int c = by_text(a->f->product->id, b->f->product->id);

	if (c == 0)
		c = (x->what > y->what) - (x->what < y->what);
	if (c == 0)
		c = by_text(x->name, y->name);
	if (c == 0)
		c = by_text(x->id, y->id);
	if (c == 0)
		c = (nx > ny) - (nx < ny);
	for (uint32_t i = 0; c == 0 && i < nx; i++)
		c = by_text(x->path[a->skip + i], y->path[b->skip + i]);
	return c;
}

static int by_thing(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	const int c = same_thing(a, b);

	return c != 0 ? c : (a->order > b->order) - (a->order < b->order);
}

/* Is the first element of the path the target's own name? */
static bool starts_at_target(const struct ov_inventory *inv, const struct ov_inv_component *c)
{
	struct ov_str name = inv->target;

	while (name.n > 0 && memchr(name.p, '/', name.n) != NULL) {
		name.p++;
		name.n--;
	}
	return c->npath > 0 && name.n > 0 && ov_str_eq(c->path[0], name);
}

static ov_status sorted(const struct ov_cov_side *s, struct ov_arena *a, struct row **out)
{
	const size_t n = s->result->nfindings;

	OV_TRY(ov_arena_array(a, n > 0 ? n : 1, out));
	for (size_t i = 0; i < n; i++) {
		const struct ov_cov_finding *f = &s->result->findings[i];

		(*out)[i] = (struct row){ .f = f,
					  .skip = starts_at_target(s->inventory, f->component),
					  .order = (uint32_t)i };
	}
	if (n > 1)
		qsort(*out, n, sizeof **out, by_thing);
	return OV_OK;
}

const struct ov_cov_verdict *ov_cov_says(const struct ov_cov_finding *f,
					 const struct ov_cov_rule *rule)
{
	for (size_t i = 0; i < f->nverdicts; i++)
		if (f->verdicts[i].rule == rule)
			return &f->verdicts[i];
	return NULL;
}

static bool rules_differ(const struct ov_cov_finding *a, const struct ov_cov_finding *b)
{
	if (a->nverdicts != b->nverdicts)
		return true;
	for (size_t i = 0; i < a->nverdicts; i++) {
		const struct ov_cov_verdict *v = ov_cov_says(b, a->verdicts[i].rule);

		if (v == NULL || v->answer != a->verdicts[i].answer ||
		    v->since != a->verdicts[i].since)
			return true;
	}
	return false;
}

static unsigned differs(const struct ov_cov_finding *a, const struct ov_cov_finding *b)
{
	return (a->grade != b->grade ? OV_COV_DIFF_GRADE : 0U) |
	       (a->class_ != b->class_ ? OV_COV_DIFF_CLASS : 0U) |
	       (strcmp(a->state, b->state) != 0 ? OV_COV_DIFF_STATE : 0U) |
	       (!ov_str_eq(a->component->version, b->component->version) ? OV_COV_DIFF_VERSION
									 : 0U) |
	       (a->still != b->still ? OV_COV_DIFF_UPDATES : 0U) |
	       (rules_differ(a, b) ? OV_COV_DIFF_RULES : 0U);
}

static void add(struct ov_cov_diff *out, enum ov_cov_change change, const struct row *before,
		const struct row *after, unsigned what)
{
	out->d[out->n++] = (struct ov_cov_difference){ .change = change,
						       .before = before != NULL ? before->f : NULL,
						       .after = after != NULL ? after->f : NULL,
						       .what = what };
}

static int by_kind(const void *pa, const void *pb)
{
	const struct ov_cov_difference *a = pa, *b = pb;
	const struct ov_cov_finding *x = a->after != NULL ? a->after : a->before;
	const struct ov_cov_finding *y = b->after != NULL ? b->after : b->before;

	if (a->change != b->change)
		return a->change < b->change ? -1 : 1;
	if (x->grade != y->grade)
		return x->grade > y->grade ? -1 : 1;
	return (x > y) - (x < y);
}

ov_status ov_cov_compare(const struct ov_cov_side *before, const struct ov_cov_side *after,
			 struct ov_arena *a, struct ov_cov_diff *out)
{
	const size_t nx = before->result->nfindings, ny = after->result->nfindings;
	struct row *x = NULL, *y = NULL;
	size_t i = 0, k = 0;

	*out = (struct ov_cov_diff){ .n = 0 };
	OV_TRY(sorted(before, a, &x));
	OV_TRY(sorted(after, a, &y));
	OV_TRY(ov_arena_array(a, nx + ny + 1, &out->d));
	while (i < nx || k < ny) {
		const int c = i == nx ? 1 : k == ny ? -1 : same_thing(&x[i], &y[k]);

		if (c < 0) {
			add(out, OV_COV_GONE, &x[i++], NULL, 0);
		} else if (c > 0) {
			add(out, OV_COV_NEW, NULL, &y[k++], 0);
		} else {
			const unsigned what = differs(x[i].f, y[k].f);

			if (what != 0)
				add(out, OV_COV_CHANGED, &x[i], &y[k], what);
			else
				out->same++;
			i++;
			k++;
		}
	}
	if (out->n > 1)
		qsort(out->d, out->n, sizeof *out->d, by_kind);
	return OV_OK;
}

const char *ov_cov_change_name(enum ov_cov_change c)
{
	static const char *const names[OV_COV_CHANGES] = { "new", "gone", "changed" };

	return (unsigned)c < OV_COV_CHANGES ? names[c] : "?";
}
