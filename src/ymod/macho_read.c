/*
 * macho: where the load commands stand. What counts is what Debian's yara counts: commands go on to
 * the end of the image whatever the header says of their size, a segment is read by its command's
 * width, the last command that tells an entry point wins.
 */
#include <string.h>

#include "checked.h"
#include "macho_int.h"
#include "ymod_give.h"

#define COMMANDS_MAX 16384u
#define HEADER_LEAST 32u /* bytes of a file that yara looks at, of 32-bit ones too */
#define CPU_64 0x01000000u

ov_status macho_text(struct ov_yenv *env, struct ymod_macho *m, uint64_t at, uint64_t max,
		     struct ov_str *out)
{
	struct ov_cur c;
	size_t n;

	OV_TRY(ov_window_upto(&m->names, at, (size_t)ov_min_u64(max, OV_WINDOW_MAX), &c));
	n = c.len > 0 ? strnlen((const char *)c.base, c.len) : 0;
	OV_TRY(ov_ymod_spend(env, 1 + n / 16));
	if (n == OV_WINDOW_MAX)
		ov_ymod_note(env, OV_LIMIT, "a name in a Mach-O is too long");
	*out = (struct ov_str){ .p = n > 0 ? (const char *)c.base : "", .n = n };
	return m->names.src->mem != NULL ? OV_OK : ov_arena_str(env->arena, *out, out);
}

/* Each kind's commands are counted first, so that the lists fit. */
struct counts {
	uint32_t segments, dylibs, rpaths, options;
};

static bool is_dylib(uint32_t kind)
{
	return kind == OV_LC_LOAD_DYLIB || kind == OV_LC_ID_DYLIB ||
	       kind == OV_LC_LOAD_WEAK_DYLIB || kind == OV_LC_REEXPORT_DYLIB;
}

static bool is_segment(uint32_t kind)
{
	return kind == OV_LC_SEGMENT || kind == OV_LC_SEGMENT_64;
}

/* The n-th register's place in a thread's state, for the processors that YARA knows. */
static bool counter_of(uint32_t cpu, uint32_t *at)
{
	static const struct {
		uint32_t cpu, at;
	} rows[] = { { 7, 10 * 4 }, { 7 | CPU_64, 16 * 8 }, { 12, 15 * 4 }, { 12 | CPU_64, 32 * 8 },
		     { 18, 0 },	    { 18 | CPU_64, 0 },	    { 14, 1 * 4 },  { 6, 17 * 4 },
		     { 13, 31 * 4 } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].cpu == cpu) {
			*at = rows[i].at;
			return true;
		}
	return false;
}

/* File offset, in the image, of an address: by the first segment that has it. */
static ov_status offset_of(struct macho_image *x, uint64_t addr, bool *has, uint64_t *out)
{
	for (uint32_t i = 0; i < x->segments.n; i++) {
		struct ov_macho_command k;
		struct ov_macho_segment s;

		OV_TRY(ov_macho_command_at(&x->h, &x->of->win, x->segments.at[i], x->base + x->size,
					   &k));
		OV_TRY(ov_macho_segment_at(&x->h, &x->of->win, &k, &s));
		if (addr < s.addr || addr - s.addr >= s.vmsize)
			continue;
		*has = true;
		*out = s.off + (addr - s.addr);
		return OV_OK;
	}
	return OV_OK;
}

static ov_status read_thread(struct macho_image *x, const struct ov_macho_command *k)
{
	const bool is_wide = (x->h.cpu & CPU_64) != 0;
	uint64_t addr = 0;
	struct ov_cur c;
	uint32_t at;

	if (k->size < 16 || !counter_of(x->h.cpu, &at))
		return OV_OK;
	/* A state that ends before the register is taken for zeros. */
	if (k->size - 16 >= at + (is_wide ? 8u : 4u)) {
		OV_TRY(ov_window_get(&x->of->win, k->at + 16 + at, is_wide ? 8 : 4, &c));
		addr = is_wide ? ov_macho_u64(&x->h, &c) : ov_macho_u32(&x->h, &c);
	}
	return offset_of(x, addr, &x->has_entry, &x->entry);
}

static ov_status read_main(struct macho_image *x, const struct ov_macho_command *k)
{
	struct ov_cur c;

	if (k->size < 24)
		return OV_OK;
	OV_TRY(ov_window_get(&x->of->win, k->at, 24, &c));
	ov_cur_soft_skip(&c, 8);
	x->entry = ov_macho_u64(&x->h, &c);
	x->stack = ov_macho_u64(&x->h, &c);
	x->has_entry = x->has_stack = true;
	return OV_OK;
}

static void remember(struct macho_image *x, const struct ov_macho_command *k)
{
	const struct {
		uint32_t kind, least;
		uint64_t *at;
	} rows[] = { { OV_LC_SYMTAB, 24, &x->symtab },
		     { OV_LC_DYSYMTAB, 80, &x->dysymtab },
		     { OV_LC_DYLD_INFO, 48, &x->dyld_info },
		     { OV_LC_DYLD_INFO_ONLY, 48, &x->dyld_info },
		     { OV_LC_CODE_SIGNATURE, 16, &x->signature },
		     { OV_LC_UUID, 24, &x->uuid },
		     { OV_LC_BUILD_VERSION, 24, &x->build },
		     { OV_LC_VERSION_MIN_MACOSX, 16, &x->min_version },
		     { OV_LC_VERSION_MIN_IPHONEOS, 16, &x->min_version },
		     { OV_LC_VERSION_MIN_TVOS, 16, &x->min_version },
		     { OV_LC_VERSION_MIN_WATCHOS, 16, &x->min_version },
		     { OV_LC_SOURCE_VERSION, 16, &x->source },
		     { OV_LC_LOAD_DYLINKER, 12, &x->dylinker },
		     { OV_LC_DYLD_EXPORTS_TRIE, 16, &x->trie },
		     { OV_LC_DYLD_CHAINED_FIXUPS, 16, &x->fixups } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].kind == k->kind && k->size >= rows[i].least)
			*rows[i].at = k->at;
}

typedef ov_status (*command_fn)(struct macho_image *x, const struct ov_macho_command *k, void *ctx);

static ov_status each_command(struct ov_yenv *env, struct macho_image *x, command_fn fn, void *ctx)
{
	const uint64_t end = x->base + x->size;
	const uint32_t n = x->h.ncmds < COMMANDS_MAX ? x->h.ncmds : COMMANDS_MAX;
	uint64_t at = x->base + ov_macho_header_size(&x->h);
	struct ov_macho_command k;

	for (uint32_t i = 0; i < n; i++) {
		const ov_status s = ov_macho_command_at(&x->h, &x->of->win, at, end, &k);

		if (s == OV_BAD || s == OV_SHORT)
			return OV_OK;
		OV_TRY(s);
		OV_TRY(ov_ymod_spend(env, 1));
		OV_TRY(fn(x, &k, ctx));
		at += k.size;
	}
	if (n < x->h.ncmds)
		ov_ymod_note(env, OV_LIMIT, "more load commands than are read");
	return OV_OK;
}

/* A segment whose fixed part leaves the file is not there. */
static bool is_whole(const struct macho_image *x, const struct ov_macho_command *k)
{
	return x->base + x->size - k->at >= ov_macho_segment_size(k->kind == OV_LC_SEGMENT_64);
}

static ov_status count(struct macho_image *x, const struct ov_macho_command *k, void *ctx)
{
	struct counts *c = ctx;

	c->segments += is_segment(k->kind) && is_whole(x, k);
	c->dylibs += is_dylib(k->kind) && k->size >= 24;
	c->rpaths += k->kind == OV_LC_RPATH && k->size >= 12;
	c->options += k->kind == OV_LC_LINKER_OPTION && k->size >= 12;
	return OV_OK;
}

static ov_status keep(struct macho_image *x, const struct ov_macho_command *k, void *ctx)
{
	(void)ctx;
	if (is_segment(k->kind) && is_whole(x, k))
		x->segments.at[x->segments.n++] = k->at;
	else if (is_dylib(k->kind) && k->size >= 24)
		x->dylibs.at[x->dylibs.n++] = k->at;
	else if (k->kind == OV_LC_RPATH && k->size >= 12)
		x->rpaths.at[x->rpaths.n++] = k->at;
	else if (k->kind == OV_LC_LINKER_OPTION && k->size >= 12)
		x->options.at[x->options.n++] = k->at;
	else
		remember(x, k);
	return OV_OK;
}

static ov_status find_entry(struct macho_image *x, const struct ov_macho_command *k, void *ctx)
{
	(void)ctx;
	if (k->kind == OV_LC_UNIXTHREAD)
		return read_thread(x, k);
	return k->kind == OV_LC_MAIN ? read_main(x, k) : OV_OK;
}

static ov_status read_commands(struct ov_yenv *env, struct macho_image *x)
{
	struct counts c = { 0 };

	OV_TRY(each_command(env, x, count, &c));
	OV_TRY(ov_arena_array(env->arena, c.segments, &x->segments.at));
	OV_TRY(ov_arena_array(env->arena, c.dylibs, &x->dylibs.at));
	OV_TRY(ov_arena_array(env->arena, c.rpaths, &x->rpaths.at));
	OV_TRY(ov_arena_array(env->arena, c.options, &x->options.at));
	OV_TRY(each_command(env, x, keep, NULL));
	return each_command(env, x, find_entry, NULL);
}

ov_status macho_read_image(struct ov_yenv *env, struct macho_image *x)
{
	ov_status s;

	if (x->is_read)
		return OV_OK;
	s = x->size < HEADER_LEAST ? OV_BAD : ov_macho_open(&x->of->win, x->base, x->size, &x->h);
	x->is_macho = s == OV_OK;
	if (x->is_macho) {
		s = read_commands(env, x);
		if (s == OV_SHORT) { /* it changed under us */
			x->is_macho = false;
			s = OV_OK;
		}
	}
	if (s != OV_OK && s != OV_BAD && s != OV_SHORT)
		return s;
	x->is_read = true;
	return OV_OK;
}

/* Rows of a file for several processors, and an image for each that lies inside. */
static ov_status read_fat(struct ov_yenv *env, struct ymod_macho *m)
{
	const uint32_t size = m->is_fat64 ? 32 : 20;
	const uint64_t all = env->src->size;
	/* A table that leaves the file is none. */
	uint64_t n = m->nfat <= (all - 8) / size ? m->nfat : 0;
	struct ov_cur c;

	if (n > MACHO_ARCHS_MAX) {
		ov_ymod_note(env, OV_LIMIT, "more architectures than are read");
		n = MACHO_ARCHS_MAX;
	}
	OV_TRY(ov_arena_array(env->arena, (size_t)n, &m->archs));
	OV_TRY(ov_arena_array(env->arena, (size_t)n, &m->images));
	for (uint32_t i = 0; i < n; i++) {
		struct ov_macho_arch *a = &m->archs[i];

		OV_TRY(ov_window_get(&m->win, 8 + (uint64_t)i * size, size, &c));
		OV_TRY(ov_macho_arch_of(&c, m->is_fat64, a));
		m->narchs = i + 1;
		m->images[i].of = m;
		if (a->off <= all && a->size <= all - a->off) {
			m->images[i].base = a->off;
			m->images[i].size = a->size;
			m->nimages = i + 1;
		}
	}
	return OV_OK;
}

static ov_status read(struct ov_yenv *env, struct ymod_macho *m)
{
	struct ov_cur c;

	OV_TRY(ov_window_init(&m->win, env->src, env->arena));
	OV_TRY(ov_window_init(&m->names, env->src, env->arena));
	m->thin = (struct macho_image){ .of = m, .size = env->src->size };
	OV_TRY(macho_read_image(env, &m->thin));
	if (m->thin.is_macho || env->src->size < 8)
		return OV_OK;
	OV_TRY(ov_window_get(&m->win, 0, 8, &c));
	m->fat_magic = ov_cur_soft_u32be(&c);
	m->nfat = ov_cur_soft_u32be(&c);
	m->is_fat64 = m->fat_magic == 0xcafebabf || m->fat_magic == 0xbfbafeca;
	m->is_fat = m->is_fat64 || m->fat_magic == 0xcafebabe || m->fat_magic == 0xbebafeca;
	return m->is_fat ? read_fat(env, m) : OV_OK;
}

ov_status macho_load(struct ov_yenv *env, unsigned module, struct ymod_macho **out)
{
	struct ymod_macho *m = env->state[module];

	*out = NULL;
	if (env->is_process)
		return OV_OK;
	if (m == NULL) {
		ov_status s;

		OV_TRY(ov_arena_new(env->arena, &m));
		s = read(env, m);
		if (s != OV_SHORT)
			OV_TRY(s);
		env->state[module] = m;
	}
	*out = m->thin.is_macho || m->is_fat ? m : NULL;
	return OV_OK;
}

ov_status macho_self(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
		     struct macho_image **out)
{
	struct ymod_macho *m = NULL;
	struct macho_image *x = (struct macho_image *)(uintptr_t)self->p;

	*out = NULL;
	if (x == NULL) {
		OV_TRY(macho_load(env, module, &m));
		x = m != NULL ? &m->thin : NULL;
	}
	if (x == NULL)
		return OV_OK;
	OV_TRY(macho_read_image(env, x));
	*out = x->is_macho ? x : NULL;
	return OV_OK;
}
