/* Where a subsignature may start in a layer: offsets, entry point, sections, version information.
 */
#include "engine_int.h"

#include "checked.h"

/* base + n with n of either sign. @return OV_END when the result is no offset. */
static ov_status add_signed(uint64_t base, int64_t n, uint64_t *out)
{
	if (n >= 0)
		return ov_add_u64(base, (uint64_t)n, out) == OV_OK ? OV_OK : OV_END;
	return ov_sub_u64(base, (uint64_t) - (n + 1) + 1, out) == OV_OK ? OV_OK : OV_END;
}

static ov_status section_of(const struct ov_node *n, const struct ov_place *p,
			    const struct ov_section **out)
{
	uint32_t i = p->section;

	if (!n->has_exe || n->exe.nsections == 0)
		return OV_END;
	if (p->kind == OV_PLACE_LAST_SECTION)
		i = n->exe.nsections - 1;
	if (i >= n->exe.nsections)
		return OV_END;
	*out = &n->exe.sections[i];
	return OV_OK;
}

ov_status ov_place_exact(const struct ov_node *n, const struct ov_place *p, uint64_t *at)
{
	const struct ov_section *s = NULL;

	switch (p->kind) {
	case OV_PLACE_ABS:
		return add_signed(0, p->n, at);
	case OV_PLACE_EOF:
		/* An offset before the start of the file never matches. */
		return p->n < 0 || (uint64_t)p->n > n->src.size
			   ? OV_END
			   : add_signed(n->src.size, -p->n, at);
	case OV_PLACE_EP:
		if (!n->has_exe || !n->exe.has_entry)
			return OV_END;
		return add_signed(n->exe.entry, p->n, at);
	case OV_PLACE_SECTION:
	case OV_PLACE_IN_SECTION:
	case OV_PLACE_LAST_SECTION:
		OV_TRY(section_of(n, p, &s));
		return add_signed(s->off, p->n, at);
	case OV_PLACE_ANY:
	case OV_PLACE_VERSION:
	case OV_PLACE_MACRO:
	case OV_PLACE_IMAGE:
		break;
	}
	return OV_END;
}

static ov_status version_ranges(const struct ov_node *n, struct ov_arena *a,
				struct ov_range **ranges, size_t *nranges)
{
	if (!n->has_exe || n->exe.nversions == 0)
		return OV_END;
	OV_TRY(ov_arena_array(a, n->exe.nversions, ranges));
	for (uint32_t i = 0; i < n->exe.nversions; i++) {
		(*ranges)[i].lo = n->exe.versions[i].off;
		(*ranges)[i].hi = n->exe.versions[i].off;
	}
	*nranges = n->exe.nversions;
	return OV_OK;
}

ov_status ov_place_resolve(const struct ov_node *n, const struct ov_place *p, struct ov_arena *a,
			   struct ov_range **ranges, size_t *nranges)
{
	const struct ov_section *s = NULL;
	uint64_t at = 0, width = p->shift;

	*ranges = NULL;
	*nranges = 0;
	if (p->kind == OV_PLACE_ANY)
		return OV_OK;
	if (p->kind == OV_PLACE_VERSION)
		return version_ranges(n, a, ranges, nranges);
	OV_TRY(ov_place_exact(n, p, &at));
	if (p->kind == OV_PLACE_IN_SECTION) {
		OV_TRY(section_of(n, p, &s));
		width = s->size; /* the end itself included, as ClamAV does */
	}
	OV_TRY(ov_arena_new(a, ranges));
	(*ranges)[0].lo = at;
	if (ov_add_u64(at, width, &(*ranges)[0].hi) != OV_OK)
		(*ranges)[0].hi = UINT64_MAX;
	*nranges = 1;
	return OV_OK;
}
