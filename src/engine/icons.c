/*
 * Icons. Few programs wake a rule that asks for them, so they are read only then, once a layer. An
 * icon that is no bitmap (most large ones are PNG) has no hash, as in ClamAV.
 */
#include "icons.h"

#include "icon_row.h"

static ov_status read_icons(struct ov_engine *e, struct ov_node *n)
{
	const size_t max = e->o->limits.max_icons > 0 ? (size_t)e->o->limits.max_icons : UINT16_MAX;
	struct ov_icons places;
	ov_status s;

	n->nicons = 0;
	n->has_icons = true;
	OV_TRY(ov_exe_icons(&n->exe, &n->src, &n->arena, max, &places));
	if (places.has_more)
		ov_report_incomplete(e, n, OVERT_LIMIT_FILES, (struct ov_str){ 0 },
				     "only its first icons were compared (--max-iconspe)");
	if (places.n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&n->arena, places.n, &n->icons));
	for (size_t i = 0; i < places.n; i++) {
		const struct ov_arena_mark mark = ov_arena_mark(&n->arena);

		s = ov_icon_read(&n->src, places.at[i], &n->arena, &n->icons[n->nicons].icon);
		ov_arena_release(&n->arena, mark);
		if (s == OV_OK)
			n->icons[n->nicons++].at = places.at[i];
		else if (s != OV_UNSUPPORTED && s != OV_SHORT && s != OV_BAD)
			return s;
	}
	return OV_OK;
}

static bool is_of(struct ov_str wanted, struct ov_str group)
{
	return ov_str_is(wanted, "*") || ov_str_eq(wanted, group);
}

ov_status ov_icons_find(struct ov_engine *e, struct ov_node *n, const struct ov_str group[2],
			uint64_t *at)
{
	struct ov_cur table = e->db->extra[OV_EXTRA_ICON];
	struct ov_extra_row r;

	if (n->view_of != NULL || !n->has_exe || n->type != OV_T_MSEXE)
		return OV_END;
	if (!n->has_icons)
		OV_TRY(read_icons(e, n));
	for (table.pos = 0; n->nicons > 0 && ov_extra_next(&table, &r) == OV_OK;) {
		struct ov_icon_row row;

		if (ov_icon_row_get(r.body, &row) != OV_OK || !is_of(group[0], row.group[0]) ||
		    !is_of(group[1], row.group[1]))
			continue;
		for (size_t i = 0; i < n->nicons; i++) {
			if (ov_icon_is_like(&n->icons[i].icon, &row.icon)) {
				*at = n->icons[i].at;
				return OV_OK;
			}
		}
	}
	return OV_END;
}
