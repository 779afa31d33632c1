/* What was met of known engines in a file, as records. */
#include <math.h>

#include "carrier.h"
#include "engines.h"
#include "exe.h"
#include "type.h"

/*
 * Machine code has 5 to 6.8 bits a byte, compressed or encrypted data 7.9 and more. On this
 * project's test machine no program of a Debian system comes near the bound: docs/WHOIS.md.
 */
#define PACKED_BITS 7.4
#define PACKED_LEAST 8192 /* bytes; fewer say nothing */

/* Names of sections, to tell places by. */
struct map {
	struct ov_exe exe;
	bool is_read;
};

static struct ov_str place(struct ov_ev *e, const struct map *m, uint64_t at)
{
	for (uint32_t i = 0; m->is_read && i < m->exe.nsections; i++) {
		const struct ov_section *s = &m->exe.sections[i];

		if (s->name.n > 0 && at >= s->off && at - s->off < s->size)
			return ov_ev_fmt(e, "offset 0x%llx, %.*s", (unsigned long long)at,
					 (int)ov_min_size(s->name.n, 32), s->name.p);
	}
	return ov_ev_fmt(e, "offset 0x%llx", (unsigned long long)at);
}

static struct ov_str text_of(struct ov_ev *e, const struct ov_clue *c)
{
	char room[OV_CLUE_MAX];
	const struct ov_str s = ov_clue_text(c, room);
	struct ov_str out = { .p = "", .n = 0 };

	if (c->kind == OV_CLUE_BYTES) { /* enough to find it again */
		char hex[2 * 16 + 1];

		ov_hex_encode((const uint8_t *)s.p, ov_min_size(s.n, 16), hex);
		return ov_ev_fmt(e, "%s... (%zu bytes)", hex, s.n);
	}
	return ov_arena_str(&e->arena, s, &out) == OV_OK ? out : (struct ov_str){ .p = "", .n = 0 };
}

static void add_symbol(struct ov_ev *e, struct ov_ev_found *x, const struct ov_hunt *h, size_t i)
{
	const struct ov_clue *c = &ov_clues[i];

	if ((h->symbol[i] & OV_SYMBOL_DEFINED) != 0)
		ov_ev_add_detail(x, OV_EV_SYMBOL, OV_E2, text_of(e, c), OV_STR("symbol table"),
				 "defined");
	else if ((h->symbol[i] & OV_SYMBOL_IMPORTED) != 0)
		ov_ev_add_detail(x, OV_EV_SYMBOL, OV_E1, text_of(e, c), OV_STR("symbol table"),
				 "imported");
}

static void add_clue(struct ov_ev *e, struct ov_ev_found *x, const struct ov_hunt *h,
		     const struct map *m, size_t i)
{
	const struct ov_clue *c = &ov_clues[i];
	const struct ov_met *met = &h->met[i];
	const char *detail = h->is_program ? "" : "mention";

	if (c->kind == OV_CLUE_SYMBOL)
		add_symbol(e, x, h, i);
	if (met->count == 0)
		return;
	if (c->kind == OV_CLUE_STRING)
		ov_ev_add_detail(x, OV_EV_STRING, h->is_program ? OV_E1 : OV_E0, text_of(e, c),
				 place(e, m, met->at), detail);
	else if (c->kind == OV_CLUE_BYTES)
		ov_ev_add_detail(x, OV_EV_CONSTANT, h->is_program ? OV_E2 : OV_E0, text_of(e, c),
				 place(e, m, met->at), detail);
	else if (c->kind == OV_CLUE_SYMBOL && h->is_program && !h->has_symbols && h->symbol[i] == 0)
		ov_ev_add_detail(x, OV_EV_SYMBOL, OV_E1, text_of(e, c), place(e, m, met->at),
				 "named");
	else if (c->kind == OV_CLUE_VERSION && h->version[c->engine].n > 0)
		ov_ev_add_detail(x, OV_EV_FIELD, OV_E0, text_of(e, c), place(e, m, met->at),
				 "version behind it");
}

/* Whole: its digest holds. Altered: it has our form, and another digest. @return false: it only
 * begins like one, as a program does that reads such records. */
static bool add_carrier(struct ov_ev *e, const struct ov_ev_file *f, struct ov_ev_found *x,
			const struct ov_hunt *h, const struct map *m, uint64_t at)
{
	struct ov_cur head, whole;
	struct ov_carrier c;
	size_t n = 0;
	ov_status st;

	if (ov_src_view_upto(f->src, at, OV_CARRIER_HEAD, &e->arena, &head) != OV_OK ||
	    ov_carrier_size(head, &n) != OV_OK ||
	    ov_src_view(f->src, at, OV_CARRIER_HEAD + n, &e->arena, &whole) != OV_OK ||
	    (e->sha256 == NULL && ov_hasher_new(OV_SHA256, &e->sha256) != OV_OK))
		return false;
	st = ov_carrier_read(whole, e->sha256, &c);
	if (st != OV_OK && ov_carrier_read(whole, NULL, &c) != OV_OK)
		return false;
	x->c.version = c.version;
	x->c.arch = c.machine;
	ov_ev_add_detail(x, OV_EV_CARRIER,
			 st != OV_OK	 ? OV_E1
			 : h->is_program ? OV_E3
					 : OV_E2,
			 ov_ev_fmt(e,
				   "version %.*s, commit %.*s, source %.*s, format %.*s, log %.*s",
				   (int)ov_min_size(c.version.n, 64), c.version.p,
				   (int)ov_min_size(c.commit.n, 64), c.commit.p,
				   (int)ov_min_size(c.source.n, 80), c.source.p,
				   (int)ov_min_size(c.format.n, 16), c.format.p,
				   (int)ov_min_size(c.log.n, 96), c.log.p),
			 place(e, m, at), st == OV_OK ? "whole" : "altered");
	if (st == OV_OK && c.sbom.n > 0)
		ov_ev_add_detail(x, OV_EV_FIELD, OV_E0,
				 ov_ev_fmt(e, "SBOM, CycloneDX, %zu bytes", c.sbom.n),
				 place(e, m, at + whole.len - c.sbom.n), "");
	return true;
}

static ov_status report_engine(struct ov_ev *e, const struct ov_ev_file *f, const struct ov_hunt *h,
			       const struct map *m, size_t engine)
{
	const char *id = ov_known_engines[engine].id;
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_ENGINE, ov_str_of(id));
	x.c.key = ov_ev_fmt(e, "engine:%s:%.*s", id, (int)ov_min_size(f->path.n, 8192), f->path.p);
	x.c.state = h->is_program ? OV_STATE_PRESENT : OV_STATE_NAMED;
	x.c.version = (struct ov_str){ .p = h->version[engine].text, .n = h->version[engine].n };
	for (uint32_t i = 0; engine == 0 && i < h->ncarriers && i < OV_CARRIERS; i++)
		(void)add_carrier(e, f, &x, h, m, h->carrier[i]);
	if (h->library[engine].n > 0)
		ov_ev_add_detail(&x, OV_EV_SONAME, OV_E2, h->library[engine],
				 ov_ev_head_is(f, "\177ELF", 4) ? OV_STR("dynamic section")
								: OV_STR("table of libraries"),
				 h->is_own[engine] ? "own" : "needed");
	for (size_t i = 0; i < ov_nclues; i++)
		if (ov_clues[i].engine == engine)
			add_clue(e, &x, h, m, i);
	return x.c.nevidence > 0 ? ov_ev_emit(e, &x) : OV_OK;
}

/* Bits of information in a byte of what is executed; 0 when there is too little of it. */
static double entropy(const struct ov_hunt *h)
{
	double bits = 0, all = 0;

	for (size_t b = 0; b < 256; b++)
		all += (double)h->bytes[b];
	for (size_t b = 0; all >= PACKED_LEAST && b < 256; b++)
		if (h->bytes[b] > 0)
			bits -= (double)h->bytes[b] / all * log2((double)h->bytes[b] / all);
	return bits;
}

static ov_status report_packer(struct ov_ev *e, const struct ov_ev_file *f, const struct ov_hunt *h)
{
	const double bits = h->is_program ? entropy(h) : 0;
	struct ov_ev_found x;

	if (h->packer == NULL && bits < PACKED_BITS)
		return OV_OK;
	ov_ev_program(e, &x, f, OV_WHAT_PROGRAM);
	if (h->packer != NULL)
		ov_ev_add_detail(&x, OV_EV_PACKER, OV_E2, ov_str_of(h->packer),
				 OV_STR("sections or header"), "");
	else
		ov_ev_add_detail(&x, OV_EV_PACKER, OV_E1,
				 ov_ev_fmt(e, "code of %.2f bits a byte", bits),
				 OV_STR("what is executed"), "entropy");
	return ov_ev_emit(e, &x);
}

ov_status ov_hunt_report(struct ov_ev *e, const struct ov_ev_file *f, const struct ov_hunt *h)
{
	struct map m = { .is_read = false };

	if (h->is_program)
		m.is_read = ov_exe_read(ov_type_detect(f->head, f->src), f->src, &e->arena,
					&m.exe) == OV_OK;
	for (size_t i = 0; i < ov_known_nengines && i < OV_ENGINES_MAX; i++)
		OV_TRY(report_engine(e, f, h, &m, i));
	if (h->ncarriers > OV_CARRIERS)
		OV_TRY(ov_ev_unread(e, OV_LIMIT, (struct ov_str){ 0 },
				    "more of overt's records than are read"));
	return report_packer(e, f, h);
}
