/*
 * Embedded and appended files: programs in documents, archives behind programs and pictures.
 *
 * When it is run: over each layer that no format opened, or whose format failed, once, from its
 * first byte to its last; never over the parts that it handed out itself, unless they are archives
 * that then fail to open (struct ov_child, is_searched). So each byte is searched once a layer,
 * however deep parts nest.
 *
 * What it hands out, in the order of offsets: each program (PE, ELF) with the size that its headers
 * claim, and each archive from its mark to its known or possible end. What lies inside a ZIP with a
 * directory or a 7z with a right checksum is left to that archive. The layer itself, offset 0, is
 * never handed out. PDF, pictures and Mach-O are not looked for.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "carve_int.h"
#include "checked.h"

#define PARTS_MAX 1024u	       /* handed out of one layer                            */
#define CHECKS_MAX 65536u      /* headers looked at; real files have a few hundred   */
#define STEP ((size_t)1 << 18) /* bytes of one read, where the layer is not in memory */
#define LOOKS_A_CLOCK 64       /* marks between two looks at the clock */
#define OVERLAP OV_CARVE_MARK_MAX
#define NONE UINT64_MAX

struct carver {
	const struct ov_fmt_env *env;
	struct ov_window win; /* for headers */
	struct ov_carve_tables tables;
	struct ov_carve_part *parts; /* PARTS_MAX places */
	uint32_t n, next, checks;
	uint64_t zip_open; /* first local header that no directory has claimed yet, or NONE */
	bool is_searched, is_capped;
	uint32_t looks; /* marks that were looked at closer */
	char name[48];
};

static const char *const names[OV_CARVE_KINDS] = {
	[OV_CARVE_PE] = "exe",	    [OV_CARVE_ELF] = "elf",   [OV_CARVE_ZIP] = "zip",
	[OV_CARVE_ZIP_END] = "zip", [OV_CARVE_RAR] = "rar",   [OV_CARVE_7Z] = "7z",
	[OV_CARVE_CAB] = "cab",	    [OV_CARVE_ARJ] = "arj",   [OV_CARVE_EGG] = "egg",
	[OV_CARVE_GZ] = "gz",	    [OV_CARVE_BZ] = "bz2",    [OV_CARVE_XZ] = "xz",
	[OV_CARVE_OLE2] = "ole",    [OV_CARVE_NSIS] = "nsis", [OV_CARVE_AUTOIT] = "autoit",
};

static ov_status add(struct carver *v, const struct ov_carve_part *part)
{
	if (part->off == 0 || part->end <= part->off)
		return OV_OK;
	if (v->parts == NULL)
		OV_TRY(ov_arena_array(v->env->arena, PARTS_MAX, &v->parts));
	if (v->n == PARTS_MAX)
		v->is_capped = true;
	else
		v->parts[v->n++] = *part;
	return OV_OK;
}

/* The record that ends a ZIP: the ZIP begins where the directory says, else at the open local
 * header. */
static ov_status end_zip(struct carver *v, struct ov_carve_part part, uint64_t at)
{
	if (part.off == UINT64_MAX)
		part.off = v->zip_open;
	if (part.off == NONE || part.off >= at)
		return OV_OK;
	if (v->zip_open != NONE && v->zip_open >= part.off)
		v->zip_open = NONE;
	return add(v, &part);
}

static ov_status look(struct carver *v, enum ov_carve_kind kind, uint64_t at)
{
	struct ov_carve_part part;
	ov_status s;

	if (kind == OV_CARVE_ZIP && v->zip_open != NONE)
		return OV_OK; /* one of the members */
	if (at == 0)
		return OV_OK;
	if (v->checks >= CHECKS_MAX) {
		v->is_capped = true;
		return OV_OK;
	}
	v->checks++;
	s = ov_carve_check(&v->win, v->env->arena, kind, at, &part);
	if (s == OV_BAD)
		return OV_OK;
	OV_TRY(s);
	if (kind == OV_CARVE_ZIP_END)
		return end_zip(v, part, at);
	if (kind != OV_CARVE_ZIP)
		return add(v, &part);
	v->zip_open = at;
	return OV_OK;
}

/* Marks whose keys stand in [from, to) of the `n` bytes at `p`, which are at offset `base` of the
 * layer. */
static ov_status search(struct carver *v, const uint8_t *p, size_t n, size_t from, size_t to,
			uint64_t base)
{
	for (size_t at = ov_carve_scan(&v->tables, p, n, from); at < to;
	     at = ov_carve_scan(&v->tables, p, n, at + 1)) {
		enum ov_carve_kind kind;
		size_t back;

		if (!ov_carve_mark(p, n, at, &kind, &back))
			continue;
		if (++v->looks % LOOKS_A_CLOCK == 0 && ov_fmt_is_late(v->env))
			return OV_LIMIT;
		OV_TRY(look(v, kind, base + at - back));
	}
	return OV_OK;
}

/*
 * Windows overlap on both sides, because a mark reaches before and behind its key:
 *
 *   | seen before |     keys are looked for here      | the next window's |
 *   0          OVERLAP                         STEP - OVERLAP            STEP
 */
static ov_status search_windows(struct carver *v)
{
	const struct ov_src *src = v->env->src;
	uint64_t base = 0;
	uint8_t *buf = NULL;
	size_t from = 0;

	OV_TRY(ov_arena_array(v->env->arena, (size_t)ov_min_u64(src->size, STEP), &buf));
	for (;;) { /* each turn moves on by STEP - 2 * OVERLAP, or is the last */
		size_t got = 0;

		if (ov_fmt_is_late(v->env))
			return OV_LIMIT;
		OV_TRY(ov_src_read_upto(src, base, buf, (size_t)ov_min_u64(src->size, STEP), &got));
		if (got < STEP)
			return search(v, buf, got, from, got, base);
		OV_TRY(search(v, buf, got, from, got - OVERLAP, base));
		base += STEP - 2 * OVERLAP;
		from = OVERLAP;
	}
}

static int by_offset(const void *a, const void *b)
{
	const struct ov_carve_part *x = a, *y = b;

	if (x->off != y->off)
		return x->off < y->off ? -1 : 1;
	return x->end > y->end ? -1
			       : x->end < y->end; /* the longer first: it may cover the other */
}

/* Archives whose extent is sure: a ZIP by its directory, a 7z by its checksum. Their inside is
 * theirs to tell. */
static bool covers(const struct ov_carve_part *p)
{
	return p->is_exact && (p->kind == OV_CARVE_ZIP || p->kind == OV_CARVE_7Z);
}

static bool is_zip(enum ov_type t)
{
	return t == OV_T_ZIP || t == OV_T_OOXML_WORD || t == OV_T_OOXML_XL || t == OV_T_OOXML_PPT ||
	       t == OV_T_OOXML_HWP;
}

/*
 * A local header that no directory claimed: a ZIP that was cut, or chance. It reaches to the end
 * even when a whole ZIP stands between: that one may be a stored member, with other members behind
 * it. What is then read twice is read twice only, for there is at most one such part.
 */
static ov_status close_zip(struct carver *v)
{
	const struct ov_carve_part part = { .off = v->zip_open,
					    .end = v->env->src->size,
					    .kind = OV_CARVE_ZIP };

	return v->zip_open == NONE || is_zip(v->env->type) ? OV_OK : add(v, &part);
}

/* Sorts the parts and drops what a sure archive covers, and second finds of one place. */
static void settle(struct carver *v)
{
	uint64_t covered = 0, last = 0;
	uint32_t kept = 0;

	if (v->n > 1)
		qsort(v->parts, v->n, sizeof *v->parts, by_offset);
	for (uint32_t i = 0; i < v->n; i++) {
		const struct ov_carve_part p = v->parts[i];

		if (p.off < covered || (kept > 0 && p.off == last))
			continue;
		if (covers(&p))
			covered = p.end;
		last = p.off;
		v->parts[kept++] = p;
	}
	v->n = kept;
}

static ov_status search_all(struct carver *v)
{
	const struct ov_src *src = v->env->src;

	ov_carve_tables_make(&v->tables);
	if (src->mem != NULL)
		OV_TRY(search(v, src->mem, (size_t)src->size, 0, (size_t)src->size, 0));
	else if (src->size > 0)
		OV_TRY(search_windows(v));
	OV_TRY(close_zip(v));
	settle(v);
	if (v->is_capped)
		v->env->note(v->env->ctx, OV_LIMIT, (struct ov_str){ 0 },
			     "more marks of embedded files than are looked at");
	return OV_OK;
}

static ov_status carve_open(const struct ov_fmt_env *env, void **state)
{
	struct carver *v = NULL;

	OV_TRY(ov_arena_new(env->arena, &v));
	v->env = env;
	v->zip_open = NONE;
	OV_TRY(ov_window_init(&v->win, env->src, env->arena));
	*state = v;
	return OV_OK;
}

static ov_status carve_next(void *state, struct ov_child *out)
{
	struct carver *v = state;
	const struct ov_carve_part *p;
	int n;

	if (!v->is_searched) {
		v->is_searched = true;
		OV_TRY(search_all(v));
	}
	if (v->next >= v->n)
		return OV_END;
	p = &v->parts[v->next++];
	n = snprintf(v->name, sizeof v->name, "%s at 0x%llx", names[p->kind],
		     (unsigned long long)p->off);
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = { .p = v->name, .n = (size_t)n },
				  .off = p->off,
				  .size = p->end - p->off,
				  .packed = p->end - p->off,
				  .position = v->next,
				  .is_carved = true,
				  .is_searched = !covers(p) };
	return OV_OK;
}

/* Parts are slices: nothing is read from here. */
static ov_status carve_read(void *state, void *to, size_t n, size_t *got)
{
	(void)state, (void)to, (void)n, (void)got;
	return OV_BUG;
}

const struct ov_format ov_format_carve = {
	.name = "carve", .open = carve_open, .next = carve_next, .read = carve_read
};
