/*
 * elf: where the tables stand of which the module tells. What counts as there is what Debian's yara
 * counts: rows are as wide as the class says whatever the header tells, a table that leaves the
 * file is none, and the last table of a kind is the one.
 */
#include <string.h>

#include "checked.h"
#include "elf_int.h"
#include "ymod_give.h"

#define SECTIONS_LORESERVE 0xff00u
#define SEGMENTS_ELSEWHERE 0xffffu
#define TEXT_MAX OV_WINDOW_MAX

enum {
	ET_EXEC = 2,
	SHT_SYMTAB = 2,
	SHT_STRTAB = 3,
	SHT_NOBITS = 8,
	SHT_DYNSYM = 11,
	PT_DYNAMIC = 2
};

static bool is_inside(const struct ymod_elf *e, uint64_t at, uint64_t size)
{
	return at <= e->win.src->size && size <= e->win.src->size - at;
}

/* A text in [at, at + size) of the file. One without an end, or outside, is not there: p is NULL.
 */
static ov_status text_at(struct ymod_elf *e, struct ov_yenv *env, uint64_t at, uint64_t size,
			 uint64_t from, struct ov_str *out)
{
	const uint64_t left = from < size ? size - from : 0;
	const size_t most = left < TEXT_MAX ? (size_t)left : TEXT_MAX;
	struct ov_cur c;
	size_t n;

	*out = (struct ov_str){ .p = NULL };
	if (left == 0 || !is_inside(e, at, size))
		return OV_OK;
	OV_TRY(ov_window_get(&e->names, at, 1, &c));
	if (ov_cur_soft_u8(&c) != 0)
		return OV_OK;
	OV_TRY(ov_window_upto(&e->names, at + from, most, &c));
	n = c.len > 0 ? strnlen((const char *)c.base, c.len) : 0;
	OV_TRY(ov_ymod_spend(env, 1 + n / 16));
	if (n == c.len) {
		if (left > TEXT_MAX)
			ov_ymod_note(env, OV_LIMIT, "a name in an ELF table is too long");
		return OV_OK;
	}
	*out = (struct ov_str){ .p = (const char *)c.base, .n = n };
	return e->names.src->mem != NULL ? OV_OK : ov_arena_str(env->arena, *out, out);
}

static ov_status symbol_table(struct ymod_elf *e, const struct ov_elf_section *s,
			      struct ymod_elf_symbols *out)
{
	struct ov_elf_section strings;

	*out = (struct ymod_elf_symbols){ .of = e };
	if (s->link >= e->h.shnum)
		return OV_OK;
	OV_TRY(ov_elf_section_at(
	    &e->h, &e->win, e->h.shoff + (uint64_t)s->link * ov_elf_section_size(&e->h), &strings));
	if (strings.type != SHT_STRTAB || !is_inside(e, strings.off, strings.size) ||
	    !is_inside(e, s->off, s->size))
		return OV_OK;
	out->is_there = true;
	out->at = s->off;
	out->n = s->size / ov_elf_symbol_size(&e->h);
	out->strings = strings.off;
	out->strings_size = strings.size;
	return OV_OK;
}

static ov_status read_sections(struct ymod_elf *e, struct ov_yenv *env)
{
	const uint64_t size = ov_elf_section_size(&e->h);
	struct ov_elf_section s;

	if (e->h.shnum == 0 || e->h.shnum >= SECTIONS_LORESERVE || e->h.shstrndx >= e->h.shnum ||
	    !is_inside(e, e->h.shoff, size * e->h.shnum))
		return OV_OK;
	OV_TRY(ov_ymod_spend(env, e->h.shnum));
	OV_TRY(ov_elf_section_at(&e->h, &e->win, e->h.shoff + size * e->h.shstrndx, &s));
	e->has_sections = true;
	e->names_at = s.off; /* up to the end of the file: their size is not asked */
	e->names_size = env->src->size - ov_min_u64(s.off, env->src->size);
	for (uint32_t i = 0; i < e->h.shnum; i++) {
		OV_TRY(ov_elf_section_at(&e->h, &e->win, e->h.shoff + size * i, &s));
		if (s.type == SHT_SYMTAB)
			OV_TRY(symbol_table(e, &s, &e->symtab));
		if (s.type == SHT_DYNSYM)
			OV_TRY(symbol_table(e, &s, &e->dynsym));
	}
	return OV_OK;
}

/* Rows up to the one that ends them, or to the end of the file: the segment's size is not asked. */
static ov_status count_dynamic(struct ymod_elf *e, struct ov_yenv *env, uint64_t at)
{
	const uint32_t size = ov_elf_dyn_size(&e->h);
	struct ov_elf_dyn d = { .tag = 1 };

	e->has_dynamic = true;
	e->dynamic_at = at;
	e->ndynamic = 0;
	while (d.tag != 0 && is_inside(e, at, size)) {
		OV_TRY(ov_ymod_spend(env, 1));
		OV_TRY(ov_elf_dyn_at(&e->h, &e->win, at, &d));
		at += size;
		e->ndynamic++;
	}
	return OV_OK;
}

static ov_status read_segments(struct ymod_elf *e, struct ov_yenv *env)
{
	const uint64_t size = ov_elf_segment_size(&e->h);
	struct ov_elf_segment s;
	uint64_t dynamic = 0;
	bool any = false;

	if (e->h.phnum == 0 || e->h.phnum == SEGMENTS_ELSEWHERE ||
	    !is_inside(e, e->h.phoff, size * e->h.phnum))
		return OV_OK;
	OV_TRY(ov_ymod_spend(env, e->h.phnum));
	e->has_segments = true;
	for (uint32_t i = 0; i < e->h.phnum; i++) {
		OV_TRY(ov_elf_segment_at(&e->h, &e->win, e->h.phoff + size * i, &s));
		if (s.type == PT_DYNAMIC) {
			any = true;
			dynamic = s.off;
		}
	}
	return any ? count_dynamic(e, env, dynamic) : OV_OK;
}

static ov_status read(struct ymod_elf *e, struct ov_yenv *env)
{
	ov_status s;

	OV_TRY(ov_window_init(&e->win, env->src, env->arena));
	OV_TRY(ov_window_init(&e->names, env->src, env->arena));
	s = ov_elf_open(&e->win, &e->h);
	if (s == OV_BAD || s == OV_SHORT)
		return OV_OK;
	OV_TRY(s);
	if (e->h.class < 1 || e->h.class > 2 || e->h.order < 1 || e->h.order > 2 ||
	    env->src->size <= ov_elf_header_size(&e->h))
		return OV_OK;
	OV_TRY(read_sections(e, env));
	OV_TRY(read_segments(e, env));
	e->is_elf = true;
	return OV_OK;
}

ov_status ymod_elf_load(struct ov_yenv *env, unsigned module, struct ymod_elf **out)
{
	struct ymod_elf *e = env->state[module];

	*out = NULL;
	if (env->is_process)
		return OV_OK;
	if (e == NULL) {
		ov_status s;

		OV_TRY(ov_arena_new(env->arena, &e));
		e->symtab.of = e->dynsym.of = e;
		s = read(e, env);
		if (s == OV_SHORT) { /* it changed under us */
			e->is_elf = false;
			s = OV_OK;
		}
		OV_TRY(s);
		env->state[module] = e;
	}
	*out = e->is_elf ? e : NULL;
	return OV_OK;
}

ov_status ymod_elf_symbol(const struct ymod_elf_symbols *t, struct ov_yenv *env, uint64_t i,
			  struct ov_elf_symbol *out, struct ov_str *name)
{
	struct ymod_elf *e = t->of;

	OV_TRY(ov_elf_symbol_at(&e->h, &e->win, t->at + i * ov_elf_symbol_size(&e->h), out));
	return text_at(e, env, t->strings, t->strings_size, out->name, name);
}

ov_status ymod_elf_section_name(struct ymod_elf *e, struct ov_yenv *env, uint32_t at,
				struct ov_str *out)
{
	return text_at(e, env, e->names_at, e->names_size, at, out);
}

/* The first section, or segment, that an address lies in. */
ov_status ymod_elf_entry(struct ymod_elf *e, bool *has, uint64_t *out)
{
	const uint64_t section = ov_elf_section_size(&e->h), segment = ov_elf_segment_size(&e->h);
	const bool by_segment = e->h.type == ET_EXEC;
	struct ov_elf_segment p;
	struct ov_elf_section s;

	*has = false;
	if (e->h.entry == 0 || (by_segment && e->h.phoff == 0))
		return OV_OK;
	for (uint32_t i = 0; by_segment && i < e->h.phnum; i++) {
		if (!is_inside(e, e->h.phoff, segment * e->h.phnum))
			return OV_OK;
		OV_TRY(ov_elf_segment_at(&e->h, &e->win, e->h.phoff + segment * i, &p));
		if (e->h.entry < p.addr || e->h.entry - p.addr >= p.memsz)
			continue;
		*has = true;
		*out = p.off + (e->h.entry - p.addr);
		return OV_OK;
	}
	for (uint32_t i = 0; !by_segment && e->has_sections && i < e->h.shnum; i++) {
		OV_TRY(ov_elf_section_at(&e->h, &e->win, e->h.shoff + section * i, &s));
		if (s.type == 0 || s.type == SHT_NOBITS || e->h.entry < s.addr ||
		    e->h.entry - s.addr >= s.size)
			continue;
		*has = true;
		*out = s.off + (e->h.entry - s.addr);
		return OV_OK;
	}
	return OV_OK;
}
