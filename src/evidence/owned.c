/* Paths that a package owns, on their way out in portions. */
#include "ev_sources.h"

ov_status ov_ev_owned_begin(struct ov_ev *e, struct ov_ev_owned *o, enum ov_inv_what what,
			    struct ov_str name, struct ov_str arch, int64_t since)
{
	o->r = (struct ov_rec_rows){
		.what = what, .name = name, .arch = arch, .since = since, .layer = e->layer
	};
	return ov_arena_array(&e->arena, (size_t)OV_EV_OWNED * OV_REC_ROW, &o->rows);
}

ov_status ov_ev_owned_path(struct ov_ev *e, struct ov_ev_owned *o, struct ov_str path,
			   bool is_folder)
{
	uint8_t *row = o->rows + (size_t)o->r.n * OV_REC_ROW;
	const uint64_t hash = ov_rec_hash(path);

	for (size_t i = 0; i < 8; i++)
		row[i] = (uint8_t)(hash >> 8 * i);
	row[8] = ov_rec_own_flags(path) | (is_folder ? OV_OWN_FOLDER : 0);
	return ++o->r.n == OV_EV_OWNED ? ov_ev_owned_end(e, o) : OV_OK;
}

ov_status ov_ev_owned_end(struct ov_ev *e, struct ov_ev_owned *o)
{
	o->r.rows = o->rows;
	OV_TRY(ov_ev_rows(e, OV_REC_OWNS, &o->r));
	o->r.n = 0;
	return OV_OK;
}
