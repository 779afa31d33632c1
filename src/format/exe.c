/* Facts about programs: what is common to PE, ELF and Mach-O. */
#include "exe.h"

#include <string.h>

#include "checked.h"
#include "exe_int.h"

void ov_exe_broken(struct ov_exe_in *in, const char *why)
{
	if (in->x->broken == NULL)
		in->x->broken = why;
}

uint64_t ov_exe_claim(struct ov_exe_in *in, uint64_t off, uint64_t size)
{
	const uint64_t all = in->win.src->size;
	uint64_t some;

	if (size == 0)
		return 0;
	if (off >= all) {
		in->x->is_cut = true;
		return 0;
	}
	some = ov_min_u64(size, all - off);
	if (some < size)
		in->x->is_cut = true;
	in->x->end = ov_max_u64(in->x->end, off + some);
	return some;
}

ov_status ov_exe_text(struct ov_exe_in *in, uint64_t off, uint64_t max, struct ov_str *out)
{
	return ov_window_text(&in->names, in->arena, off, (size_t)ov_min_u64(max, OV_EXE_NAME_MAX),
			      out);
}

ov_status ov_exe_sections(struct ov_exe_in *in, uint64_t n, uint32_t *room)
{
	if (n > OV_EXE_SECTIONS_MAX) {
		n = OV_EXE_SECTIONS_MAX;
		in->x->is_capped = true;
	}
	OV_TRY(ov_arena_array(in->arena, (size_t)n, &in->x->sections));
	*room = (uint32_t)n;
	return OV_OK;
}

/* Doubles the list; the old one stays in the arena unused, which at most doubles what the list
 * takes. */
static ov_status grow_imports(struct ov_exe_in *in)
{
	const uint32_t room = in->imports_room == 0 ? 64 : in->imports_room * 2;
	struct ov_import *list = NULL;

	OV_TRY(ov_arena_array(in->arena, room, &list));
	if (in->x->nimports > 0)
		memcpy(list, in->x->imports, in->x->nimports * sizeof *list);
	in->x->imports = list;
	in->imports_room = room;
	return OV_OK;
}

ov_status ov_exe_import(struct ov_exe_in *in, const struct ov_import *im)
{
	struct ov_exe *x = in->x;

	if (x->nimports >= OV_EXE_IMPORTS_MAX) {
		x->is_capped = true;
		return OV_END;
	}
	if (x->nimports == in->imports_room)
		OV_TRY(grow_imports(in));
	x->imports[x->nimports++] = *im;
	return OV_OK;
}

ov_status ov_exe_read(enum ov_type t, const struct ov_src *src, struct ov_arena *a,
		      struct ov_exe *out)
{
	struct ov_exe x = { .type = t };
	struct ov_exe_in in = { .arena = a, .x = &x };

	OV_TRY(ov_window_init(&in.win, src, a));
	OV_TRY(ov_window_init(&in.names, src, a));

	switch (t) {
	case OV_T_MSEXE:
		OV_TRY(ov_pe_read(&in));
		break;
	case OV_T_ELF:
		OV_TRY(ov_elf_read(&in));
		break;
	case OV_T_MACHO:
		OV_TRY(ov_macho_read(&in));
		break;
	default:
		return OV_UNSUPPORTED;
	}
	*out = x;
	return OV_OK;
}
