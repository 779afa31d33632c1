/* What a PE exports. Source: "Microsoft PE and COFF Specification", export directory. */
#include "checked.h"
#include "pe_view.h"

struct table { /* of the directory */
	uint32_t base, nfunctions, nnames;
	uint64_t functions, names, ordinals; /* file offsets; names and ordinals if nnames */
};

/* @return OV_OK; OV_BAD: nothing can be listed; OV_SHORT. */
static ov_status read_directory(struct ov_pe *p, const struct ov_pe_dir *dir, struct table *t,
				struct ov_pe_exports *out)
{
	uint32_t library, functions, names, ordinals;
	uint64_t at, where;
	struct ov_cur c;

	OV_TRY(ov_pe_map(p, dir->rva, &at));
	OV_TRY(ov_window_get(&p->win, at, 40, &c));
	ov_cur_soft_skip(&c, 4);
	out->time = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4);
	library = ov_cur_soft_u32le(&c);
	t->base = ov_cur_soft_u32le(&c);
	t->nfunctions = ov_cur_soft_u32le(&c);
	t->nnames = ov_cur_soft_u32le(&c);
	functions = ov_cur_soft_u32le(&c);
	names = ov_cur_soft_u32le(&c);
	ordinals = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	out->is_there = true;
	if (ov_pe_map(p, library, &where) == OV_OK) {
		OV_TRY(ov_window_text(&p->names, p->arena, where, OV_PE_LIBRARY_NAME_MAX,
				      &out->library));
		out->has_library = true;
	}
	OV_TRY(ov_pe_map(p, functions, &t->functions));
	if (t->nnames == 0)
		return OV_OK;
	OV_TRY(ov_pe_map(p, names, &t->names));
	return ov_pe_map(p, ordinals, &t->ordinals);
}

/* The n-th little-endian number of a table. */
static ov_status number_at(struct ov_window *w, uint64_t table, uint64_t n, unsigned width,
			   uint32_t *out)
{
	struct ov_cur c;
	uint16_t low = 0;

	OV_TRY(ov_window_get(w, table + n * width, width, &c));
	if (width == 4)
		return ov_cur_u32le(&c, out);
	OV_TRY(ov_cur_u16le(&c, &low));
	*out = low;
	return OV_OK;
}

static ov_status read_functions(struct ov_pe *p, const struct ov_pe_dir *dir, const struct table *t,
				struct ov_pe_exports *out)
{
	for (uint32_t i = 0; i < out->n; i++) {
		struct ov_pe_exported *e = &out->list[i];

		e->ordinal = t->base + i;
		OV_TRY(number_at(&p->win, t->functions, i, 4, &e->rva));
		e->is_mapped = ov_pe_map(p, e->rva, &e->off) == OV_OK;
		if (!e->is_mapped || e->rva < dir->rva || e->rva - dir->rva >= dir->size)
			continue;
		e->is_forward = true;
		OV_TRY(ov_window_text(&p->names, p->arena, e->off, OV_PE_SYMBOL_NAME_MAX,
				      &e->forward));
	}
	return OV_OK;
}

/* Of several names of a function the first counts. */
static ov_status read_names(struct ov_pe *p, const struct table *t, struct ov_pe_exports *out)
{
	for (uint32_t i = 0; i < t->nnames; i++) {
		uint32_t index, rva;
		uint64_t at;

		OV_TRY(number_at(&p->win, t->ordinals, i, 2, &index));
		OV_TRY(number_at(&p->win, t->names, i, 4, &rva));
		if (index >= out->n || out->list[index].has_name ||
		    ov_pe_map(p, rva, &at) != OV_OK || at == 0)
			continue;
		OV_TRY(ov_window_text(&p->names, p->arena, at, OV_PE_SYMBOL_NAME_MAX,
				      &out->list[index].name));
		out->list[index].has_name = true;
	}
	return OV_OK;
}

static ov_status read_exports(struct ov_pe *p, struct ov_pe_exports *out)
{
	struct ov_pe_dir dir;
	struct table t;

	if (!ov_pe_dir(p, OV_PE_EXPORT, &dir))
		return OV_OK;
	OV_TRY(read_directory(p, &dir, &t, out));
	if (t.nfunctions > OV_PE_EXPORTS_MAX || t.nnames > OV_PE_EXPORTS_MAX)
		p->is_capped = true;
	t.nnames = (uint32_t)ov_min_u64(t.nnames, OV_PE_EXPORTS_MAX);
	t.nfunctions = (uint32_t)ov_min_u64(t.nfunctions, OV_PE_EXPORTS_MAX);
	if (t.nfunctions > (p->src->size - t.functions) / 4 ||
	    (t.nnames > 0 && (t.nnames > (p->src->size - t.names) / 4 ||
			      t.nnames > (p->src->size - t.ordinals) / 2)))
		return OV_BAD; /* tables that leave the file: nobody knows what is in them */
	OV_TRY(ov_arena_array(p->arena, t.nfunctions, &out->list));
	out->n = t.nfunctions;
	OV_TRY(read_functions(p, &dir, &t, out));
	return read_names(p, &t, out);
}

ov_status ov_pe_list_exports(struct ov_pe *p, struct ov_pe_exports *out)
{
	struct ov_pe_exports x = { .n = 0 };
	const ov_status s = read_exports(p, &x);

	if (s != OV_OK && s != OV_BAD && s != OV_SHORT)
		return s;
	*out = x;
	return OV_OK;
}
