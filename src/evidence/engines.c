/*
 * Whose engine is in this file? Looks for the clues of src/known in one pass of the gram filter
 * over the file's bytes; reads an ELF file's symbol tables; reads overt's own record; and tells
 * when a program is packed, so that nothing of it can be seen. Only when the inventory was asked
 * for it (OV_WATCH_ENGINES): it reads whole files.
 *
 * In a file that is no program a clue is a mention: documents and rules speak of engines.
 */
#include "carrier.h"
#include "elf_names.h"
#include "engines.h"
#include "ev_sources.h"
#include "exe.h"
#include "gram.h"
#include "images.h"
#include "packer.h"
#include "type.h"

#define WINDOW ((size_t)1 << 20)
#define OVERLAP ((size_t)512)
#define DOCUMENT_MAX ((uint64_t)64 << 20) /* of a file that is no program */

static bool is_asked(const struct ov_ev *e)
{
	for (size_t i = 0; i < e->nwatch; i++)
		if (e->watch[i].kind == OV_WATCH_ENGINES)
			return true;
	return false;
}

bool ov_ev_engines_wants(const struct ov_ev_file *f)
{
	return f->src->size >= 64;
}

/* A key of each clue, its first 16 bytes; and overt's record. */
static ov_status build_table(struct ov_ev *e)
{
	struct ov_gram_key *keys;
	size_t n = 0;

	OV_TRY(ov_arena_array(&e->arena, ov_nclues + 1, &keys));
	for (size_t i = 0; i < ov_nclues; i++) {
		char room[OV_CLUE_MAX];
		const struct ov_str s = ov_clue_text(&ov_clues[i], room);
		struct ov_gram_key *k = &keys[n];

		if (ov_clues[i].kind == OV_CLUE_NAME || ov_clues[i].kind == OV_CLUE_NEEDED)
			continue;
		*k = (struct ov_gram_key){ .n = (uint8_t)ov_min_size(s.n, OV_GRAM_MAX),
					   .token = (uint32_t)i };
		memcpy(k->value, s.p, k->n);
		memset(k->mask, 0xff, k->n);
		n++;
	}
	keys[n] = (struct ov_gram_key){ .n = OV_CARRIER_MAGIC, .token = (uint32_t)ov_nclues };
	ov_carrier_magic(keys[n].value);
	memset(keys[n].mask, 0xff, OV_CARRIER_MAGIC);
	return ov_gram_build(keys, n + 1, &e->engines);
}

/* [p, p + n) of the file, from `base` on. */
struct window {
	struct ov_hunt *h;
	const uint8_t *p;
	size_t n;
	uint64_t base;
	size_t fresh; /* places before this are this window's, later ones the next one's */
};

static bool is_version(uint8_t b)
{
	return (b >= '0' && b <= '9') || b == '.';
}

/* "1.4.6" behind the clue; the longest one met counts, a number without a dot is none. */
static void take_version(struct window *w, const struct ov_clue *c, size_t at)
{
	struct ov_hunt *h = w->h;
	const size_t from = at + c->n;
	size_t n = 0, dots = 0;

	while (from + n < w->n && n < OV_VERSION_MAX && is_version(w->p[from + n]))
		dots += w->p[from + n++] == '.';
	while (n > 0 && w->p[from + n - 1] == '.') {
		n--;
		dots--;
	}
	if (dots < 1 || w->p[from] == '.' || n <= h->version[c->engine].n)
		return;
	h->version[c->engine].n = n;
	memcpy(h->version[c->engine].text, w->p + from, n);
}

static bool on_hit(void *ctx, uint32_t token, uint64_t at)
{
	struct window *w = ctx;
	struct ov_hunt *h = w->h;
	const size_t i = (size_t)(at - w->base);

	if (i >= w->fresh)
		return true;
	if (token == ov_nclues) {
		if (h->ncarriers < OV_CARRIERS)
			h->carrier[h->ncarriers] = at;
		h->ncarriers++;
		return true;
	}
	if (!ov_clue_at(&ov_clues[token], w->p + i, w->n - i))
		return true;
	if (ov_clues[token].kind == OV_CLUE_VERSION)
		take_version(w, &ov_clues[token], i);
	if (h->met[token].count++ == 0)
		h->met[token].at = at;
	return true;
}

/* Bytes of the parts that run, for their entropy. */
static void count_bytes(struct ov_hunt *h, const struct window *w)
{
	for (uint32_t k = 0; k < h->nruns; k++) {
		const uint64_t end = w->base + w->fresh;
		const uint64_t lo = h->run[k].off > w->base ? h->run[k].off : w->base;
		const uint64_t hi =
		    h->run[k].off + h->run[k].size < end ? h->run[k].off + h->run[k].size : end;

		for (uint64_t i = lo; i < hi; i++)
			h->bytes[w->p[i - w->base]]++;
	}
}

static ov_status search(struct ov_ev *e, const struct ov_ev_file *f, struct ov_hunt *h)
{
	struct ov_gram table;
	uint64_t at = 0;

	if (e->engines.n == 0)
		OV_TRY(build_table(e));
	OV_TRY(ov_gram_view(ov_buf_cur(&e->engines), &table));
	while (at < f->src->size) {
		const struct ov_arena_mark mark = ov_arena_mark(&e->arena);
		struct window w = { .h = h, .base = at };
		struct ov_cur c;

		OV_TRY(ov_src_view_upto(f->src, at, WINDOW + OVERLAP, &e->arena, &c));
		w.p = c.base;
		w.n = c.len;
		w.fresh = c.len < WINDOW + OVERLAP ? c.len : WINDOW;
		if (c.len == 0)
			return OV_SHORT; /* the file shrank */
		OV_TRY(ov_gram_scan(&table, w.p, w.n, at, on_hit, &w));
		count_bytes(h, &w);
		ov_arena_release(&e->arena, mark);
		at += w.fresh;
		if (e->sink->progress != NULL) {
			e->broke = e->sink->progress(e->sink->ctx);
			OV_TRY(e->broke);
		}
	}
	return OV_OK;
}

static void add_run(struct ov_hunt *h, const struct ov_src *src, uint64_t off, uint64_t size)
{
	if (h->nruns == OV_RUNS || off >= src->size)
		return;
	h->run[h->nruns].off = off;
	h->run[h->nruns++].size = ov_min_u64(size, src->size - off);
}

static ov_status take_name(void *ctx, enum ov_ev_elf_name kind, struct ov_str name)
{
	struct ov_hunt *h = ctx;

	for (size_t i = 0; i < ov_nclues; i++) {
		const struct ov_clue *c = &ov_clues[i];
		const bool is_library = kind == OV_ELF_NEEDED || kind == OV_ELF_SONAME;

		if (is_library && c->kind == OV_CLUE_NEEDED &&
		    ov_clue_at(c, (const uint8_t *)name.p, name.n)) {
			h->library[c->engine] = name;
			h->is_own[c->engine] |= kind == OV_ELF_SONAME;
		} else if (!is_library && c->kind == OV_CLUE_SYMBOL && ov_clue_is(c, name)) {
			h->symbol[i] |=
			    kind == OV_ELF_DEFINED ? OV_SYMBOL_DEFINED : OV_SYMBOL_IMPORTED;
		}
	}
	return OV_OK;
}

static ov_status look_at_elf(struct ov_ev *e, const struct ov_ev_file *f, struct ov_hunt *h)
{
	struct ov_ev_elf x = { .src = f->src };
	struct ov_ev_elf_part p;
	struct ov_cur all;

	OV_TRY(ov_ev_elf_header(&x, f->head));
	OV_TRY(ov_ev_elf_table(e, &x, x.phoff, x.phnum < 256 ? x.phnum : 256, x.phentsize, &all));
	while (ov_ev_elf_segment(&x, &all, &p))
		if (p.type == 1 && (p.flags & 1) != 0)
			add_run(h, f->src, p.off, p.size);
	h->has_symbols = true;
	return ov_ev_elf_names(e, &x, take_name, h);
}

/* What the headers say: symbols, what runs, a packer's marks. */
static ov_status look_at_program(struct ov_ev *e, const struct ov_ev_file *f, enum ov_type type,
				 struct ov_hunt *h)
{
	struct ov_exe exe;
	ov_status st = OV_OK;

	if (ov_ev_head_is(f, "\177ELF", 4))
		st = look_at_elf(e, f, h);
	else if (type == OV_T_MSEXE)
		st = ov_ev_pe_names(e, f->src, take_name, h);
	else
		st = ov_ev_macho_names(e, f->src, take_name, h);
	if (st == OV_LIMIT)
		st = ov_ev_unread(e, OV_LIMIT, (struct ov_str){ 0 },
				  "more symbols than are looked at");
	OV_TRY(st);
	if (ov_exe_read(type, f->src, &e->arena, &exe) != OV_OK)
		return OV_OK;
	h->packer = ov_exe_packer(&exe, f->src);
	for (uint32_t i = 0; type == OV_T_MSEXE && i < exe.nsections; i++)
		if ((exe.sections[i].flags & 0x20000000U) != 0)
			add_run(h, f->src, exe.sections[i].off, exe.sections[i].size);
	return OV_OK;
}

static bool is_program(const struct ov_ev_file *f, enum ov_type t)
{
	if (ov_ev_head_is(f, "\177ELF", 4)) /* a core dump is none */
		return f->head.len >= 20 && f->head.base[16] != 4 && f->head.base[17] != 4;
	return ov_type_nature(t) == OV_NATURE_EXE || ov_ev_head_is(f, "!<arch>\n", 8) ||
	       ov_ev_head_is(f, "\0asm", 4);
}

/* Containers and images are opened: their parts come here themselves. */
static bool is_opened(struct ov_ev *e, const struct ov_ev_file *f, enum ov_type t)
{
	struct ov_tree_facts facts;

	for (size_t i = 0; f->is_target && ov_tree_forms[i] != NULL; i++)
		if (ov_tree_forms[i]->probe(e, f->src, &facts))
			return true;
	return ov_type_nature(t) == OV_NATURE_CONTAINER;
}

ov_status ov_ev_engines_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_hunt *h;
	enum ov_type type;

	if (!is_asked(e))
		return OV_OK;
	OV_TRY(ov_arena_new(&e->arena, &h));
	OV_TRY(ov_arena_array(&e->arena, ov_nclues, &h->met));
	OV_TRY(ov_arena_array(&e->arena, ov_nclues, &h->symbol));
	type = ov_type_detect(f->head, f->src);
	h->is_program = is_program(f, type);
	if (!h->is_program && (f->src->size > DOCUMENT_MAX || is_opened(e, f, type)))
		return OV_OK;
	if (h->is_program)
		OV_TRY(look_at_program(e, f, type, h));
	OV_TRY(search(e, f, h));
	return ov_hunt_report(e, f, h);
}
