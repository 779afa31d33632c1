/* YARA rules that hold, as a list with all their strings' matches: what `overt yara` prints. */
#include "yara_scan.h"

#include <string.h>

#include "ast.h"
#include "checked.h"

/*
 * Strings of the rules that hold are searched again, all of them and to the end: conditions ask for
 * less. Only files of which a rule holds pay for it.
 */
static ov_status search_again(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;
	const uint64_t asked = ov_min_u64(e->o->yara_matches, OV_YMATCH_MAX);
	bool any = false;

	ov_ysearch_begin(y->search);
	memset(y->slot_in, 0, sizeof *y->slot_in * y->image->nstrings);
	for (uint32_t k = 0; k < y->nwoken; k++) {
		struct ov_yrule r;

		ov_yimage_rule(y->image, y->woken[k], &r);
		if ((r.flags & OV_YRULE_PRIVATE) != 0 || !ov_yara_holds(e, y->woken[k]))
			continue;
		for (uint32_t i = 0; i < r.nstrings; i++) {
			const uint32_t str = r.first_string + i;
			struct ov_ystring s;
			uint32_t max = (uint32_t)asked;

			ov_yimage_string(y->image, str, &s);
			if (e->o->yara_fast && (s.flags & OV_YS_LISTED) == 0)
				max = 1;
			OV_TRY(ov_ysearch_add(y->search, s.code, max, &y->slot[str]));
			y->slot_in[str] = y->generation;
			any = true;
		}
	}
	y->is_searched = false;
	return any ? ov_yara_search(e, n) : OV_OK;
}

static ov_status copy_match(struct ov_engine *e, struct ov_node *n, uint32_t str,
			    const struct ov_ymatch *from, struct ov_report_ymatch *to)
{
	const size_t want = (size_t)ov_min_u64(from->len, OV_YARA_DATA_MAX);
	void *p = NULL;

	*to = (struct ov_report_ymatch){
		.string = str, .off = from->off, .len = from->len, .xor_key = from->xor_key
	};
	/* A copy: the file's bytes are gone when the report is read. */
	OV_TRY(ov_arena_alloc(&e->report_arena, want, &p));
	if (ov_yara_read(n, e->yara->env.is_process, from->off, p, want) != OV_OK)
		return OV_OK; /* of memory: it goes on in a region that is not there */
	to->data = p;
	to->data_len = (uint32_t)want;
	return OV_OK;
}

/* Matches of a string that are listed: all, or the one at the only place that counts. */
static struct ov_ylist listed(const struct ov_yara *y, uint32_t str, const struct ov_ystring *s)
{
	struct ov_ylist l = { .n = 0 };

	if ((s->flags & OV_YS_PRIVATE) != 0 || y->slot_in[str] != y->generation || !y->is_searched)
		return l;
	l = ov_ysearch_list(y->search, y->slot[str]);
	if ((s->flags & OV_YS_FIXED) == 0)
		return l;
	for (uint32_t i = 0; i < l.n; i++)
		if (l.at[i].off == s->fixed) {
			l.at += i;
			l.n = 1;
			return l;
		}
	l.n = 0;
	return l;
}

static ov_status list_matches(struct ov_engine *e, struct ov_node *n, const struct ov_yrule *r,
			      struct ov_report_yara *out)
{
	const struct ov_yara *y = e->yara;
	struct ov_report_ymatch *m = NULL;

	for (uint32_t i = 0; i < r->nstrings; i++) {
		struct ov_ystring s;

		ov_yimage_string(y->image, r->first_string + i, &s);
		out->total += listed(y, r->first_string + i, &s).n;
	}
	if (out->total == 0 || out->total > UINT32_MAX)
		return OV_OK;
	OV_TRY(ov_arena_array(&e->report_arena, (size_t)out->total, &m));
	out->matches = m;
	for (uint32_t i = 0; i < r->nstrings; i++) {
		struct ov_ystring s;
		struct ov_ylist l;

		ov_yimage_string(y->image, r->first_string + i, &s);
		l = listed(y, r->first_string + i, &s);
		for (uint32_t k = 0; k < l.n; k++)
			OV_TRY(
			    copy_match(e, n, r->first_string + i, &l.at[k], &m[out->nmatches++]));
	}
	return OV_OK;
}

static ov_status add(struct ov_engine *e, struct ov_node *n, const struct ov_yrule *r,
		     struct ov_report_yara ***tail)
{
	struct ov_report_yara *row = NULL;
	ov_status s;

	OV_TRY(ov_arena_new(&e->report_arena, &row));
	row->rule = r->id;
	s = e->o->yara_matches > 0 ? list_matches(e, n, r, row) : OV_OK;
	if (s == OV_LIMIT) {
		ov_report_incomplete(e, n, OVERT_LIMIT_SIZE, (struct ov_str){ 0 },
				     "too many matches of strings to be listed");
		s = OV_OK;
	}
	OV_TRY(s);
	**tail = row;
	*tail = &row->next;
	return OV_OK;
}

ov_status ov_yara_list(struct ov_engine *e, struct ov_node *n)
{
	struct ov_yara *y = e->yara;
	struct ov_report_yara **tail = &e->report.yara;
	const uint32_t count = e->o->yara_negate ? y->image->nrules : y->nwoken;

	if (e->o->yara_matches > 0 && !e->o->yara_negate)
		OV_TRY(search_again(e, n));
	for (uint32_t i = 0; i < count; i++) {
		const uint32_t id = e->o->yara_negate ? i : y->woken[i];
		struct ov_yrule r;

		ov_yimage_rule(y->image, id, &r);
		if ((r.flags & OV_YRULE_PRIVATE) == 0 && ov_yara_holds(e, id) != e->o->yara_negate)
			OV_TRY(add(e, n, &r, &tail));
	}
	return OV_OK;
}
