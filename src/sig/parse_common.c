/* What the rule languages of ClamAV share: engine levels, ranges, places. */
#include "build_int.h"
#include "text.h"

ov_status ov_sig_level(struct ov_sig_line *l, struct ov_str min, struct ov_str max)
{
	const struct ov_build_options *o = &l->b->options;
	uint32_t lo = 0, hi = UINT32_MAX;

	if ((min.n > 0 && ov_text_u32(min, UINT32_MAX, &lo) != OV_OK) ||
	    (max.n > 0 && ov_text_u32(max, UINT32_MAX, &hi) != OV_OK))
		return ov_sig_bad(l, "an engine level is not a number");
	if (lo > o->flevel_max || hi < o->flevel_min)
		return ov_sig_skip(l, "for other engine levels than ours");
	return OV_OK;
}

ov_status ov_sig_range(struct ov_str s, struct ov_u64_range *out)
{
	struct ov_u64_range r = { 0, UINT64_MAX };
	const bool has_dash = s.n > 0 && memchr(s.p, '-', s.n) != NULL;
	struct ov_str lo;

	if (!ov_text_split(&s, '-', &lo) || (lo.n == 0 && s.n == 0))
		return OV_BAD;
	if (lo.n > 0)
		OV_TRY(ov_text_u64(lo, &r.lo));
	if (!has_dash)
		r.hi = r.lo;
	else if (s.n > 0)
		OV_TRY(ov_text_u64(s, &r.hi));
	if (r.lo > r.hi)
		return OV_BAD;
	*out = r;
	return OV_OK;
}

static struct ov_str after(struct ov_str s, size_t n)
{
	return (struct ov_str){ .p = s.p + n, .n = s.n - n };
}

static ov_status number(struct ov_sig_line *l, struct ov_str s, uint64_t max, int64_t *out)
{
	uint64_t v;

	if (ov_text_u64(s, &v) != OV_OK || v > max)
		return ov_sig_bad(
		    l, "the offset's number is missing, not decimal or above 4294967295");
	*out = (int64_t)v;
	return OV_OK;
}

/* "EP+n", "EP-n": relative to the entry point. */
static ov_status entry_place(struct ov_sig_line *l, struct ov_str s, struct ov_place *p)
{
	p->kind = OV_PLACE_EP;
	if (s.n < 4 || (s.p[2] != '+' && s.p[2] != '-'))
		return ov_sig_bad(l, "EP needs +n or -n");
	OV_TRY(number(l, after(s, 3), UINT32_MAX, &p->n));
	if (s.p[2] == '-')
		p->n = -p->n;
	return OV_OK;
}

/* "Sx+n", "SEx", "SL+n". */
static ov_status section_place(struct ov_sig_line *l, struct ov_str s, struct ov_place *p)
{
	struct ov_str index = after(s, 1);
	int64_t section = 0;

	if (ov_str_starts(s, OV_STR("SL+"))) {
		p->kind = OV_PLACE_LAST_SECTION;
		return number(l, after(s, 3), UINT32_MAX, &p->n);
	}
	if (ov_str_starts(s, OV_STR("SE"))) {
		p->kind = OV_PLACE_IN_SECTION;
		index = after(s, 2);
	} else {
		p->kind = OV_PLACE_SECTION;
		if (!ov_text_split(&index, '+', &(struct ov_str){ 0 }) || index.p == NULL)
			return ov_sig_bad(l, "a section offset is Sx+n, SL+n or SEx");
		OV_TRY(number(l, index, UINT32_MAX, &p->n));
		index = (struct ov_str){ .p = s.p + 1, .n = s.n - index.n - 2 };
	}
	OV_TRY(number(l, index, UINT32_MAX, &section));
	p->section = (uint32_t)section;
	return OV_OK;
}

/* ",s" at the end: how many bytes later the match may start. Cuts it off. */
static ov_status read_shift(struct ov_sig_line *l, struct ov_str *s, struct ov_place *p)
{
	struct ov_str rest = *s, head;
	int64_t shift = 0;

	if (!ov_text_split(&rest, ',', &head))
		return ov_sig_bad(l, "an empty offset");
	if (rest.p != NULL && rest.n > 0) {
		OV_TRY(number(l, rest, UINT32_MAX, &shift));
		p->shift = (uint32_t)shift;
	}
	if (rest.p != NULL && ov_str_is(head, "*"))
		return ov_sig_bad(l, "offset * can't have a shift");
	*s = head;
	return OV_OK;
}

static bool has_sections(enum ov_target t)
{
	return t == OV_TARGET_PE || t == OV_TARGET_ELF || t == OV_TARGET_MACHO;
}

ov_status ov_sig_place(struct ov_sig_line *l, struct ov_str s, enum ov_target target,
		       struct ov_place *out)
{
	struct ov_place p = { .kind = OV_PLACE_ANY };

	OV_TRY(read_shift(l, &s, &p));
	if (s.n == 0)
		return ov_sig_bad(l, "an empty offset: * stands for anywhere");
	if (s.p[0] == '$')
		return ov_sig_bad(l, "macro groups ($n$) stand in body lines (.ndb) only");
	if (s.p[0] >= '0' && s.p[0] <= '9') {
		p.kind = OV_PLACE_ABS;
		OV_TRY(number(l, s, UINT32_MAX, &p.n));
	} else if (ov_str_starts(s, OV_STR("EOF-"))) {
		p.kind = OV_PLACE_EOF;
		OV_TRY(number(l, after(s, 4), UINT32_MAX, &p.n));
	} else if (!ov_str_is(s, "*")) {
		if (!has_sections(target))
			return ov_sig_bad(
			    l,
			    "this offset is unknown, or needs a target with sections (1, 6 or 9)");
		if (ov_str_starts(s, OV_STR("EP")))
			OV_TRY(entry_place(l, s, &p));
		else if (ov_str_starts(s, OV_STR("VI")))
			p.kind = OV_PLACE_VERSION;
		else if (s.p[0] == 'S')
			OV_TRY(section_place(l, s, &p));
		else
			return ov_sig_bad(l, "an unknown offset");
	}
	*out = p;
	return OV_OK;
}
