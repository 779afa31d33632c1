/*
 * Universal binaries: one Mach-O for each of several processors.
 *
 *   0xcafebabe | count | count x { cpu, kind of cpu, offset, size, alignment }      all big-endian,
 * 32 bits 0xcafebabf | count | count x { cpu, kind of cpu, offset:64, size:64, alignment, reserved
 * }
 *
 * Source: Apple's <mach-o/fat.h>. Each is a slice; what stands behind the last is handed out as
 * well.
 */
#include <stdio.h>

#include "checked.h"
#include "formats.h"
#include "macho.h"

#define ARCHS_MAX 256u

struct fat {
	const struct ov_fmt_env *env;
	bool is_64, is_done;
	uint32_t n, next;
	uint64_t end; /* of the furthest slice so far */
	char name[48];
};

static ov_status fat_open(const struct ov_fmt_env *env, void **state)
{
	struct fat *f = NULL;
	uint8_t head[8];
	struct ov_cur c = ov_cur_of(head, sizeof head);
	uint32_t magic;

	OV_TRY(ov_arena_new(env->arena, &f));
	OV_TRY(ov_src_read(env->src, 0, head, sizeof head));
	magic = ov_cur_soft_u32be(&c);
	f->env = env;
	f->is_64 = magic == 0xcafebabf;
	f->n = ov_cur_soft_u32be(&c);
	f->end = 8;
	if (magic != 0xcafebabe && magic != 0xcafebabf)
		return OV_BAD;
	if (f->n > ARCHS_MAX) {
		env->note(env->ctx, OV_LIMIT, (struct ov_str){ 0 },
			  "more architectures than are read");
		f->n = ARCHS_MAX;
	}
	*state = f;
	return OV_OK;
}

static const char *cpu_name(uint32_t cpu)
{
	static const struct {
		uint32_t cpu;
		const char *name;
	} rows[] = { { 7, "i386" },	      { 0x01000007, "x86_64" },	  { 12, "arm" },
		     { 0x0100000c, "arm64" }, { 0x0200000c, "arm64_32" }, { 18, "ppc" },
		     { 0x01000012, "ppc64" } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (rows[i].cpu == cpu)
			return rows[i].name;
	return NULL;
}

/* Behind the last slice: usually nothing. */
static ov_status rest(struct fat *f, struct ov_child *out)
{
	const uint64_t size = f->env->src->size;

	if (f->is_done || f->end >= size)
		return OV_END;
	f->is_done = true;
	*out = (struct ov_child){ .kind = OV_CHILD_SLICE,
				  .name = OV_STR("rest"),
				  .off = f->end,
				  .size = size - f->end,
				  .packed = size - f->end,
				  .position = (uint64_t)f->n + 1 };
	return OV_OK;
}

static struct ov_str slice_name(struct fat *f, uint32_t cpu)
{
	const char *known = cpu_name(cpu);
	const int n = known != NULL ? snprintf(f->name, sizeof f->name, "%s", known)
				    : snprintf(f->name, sizeof f->name, "cpu %#x", (unsigned)cpu);

	return (struct ov_str){ .p = f->name, .n = (size_t)n };
}

static ov_status fat_next(void *state, struct ov_child *out)
{
	struct fat *f = state;
	const size_t size = f->is_64 ? 32 : 20;
	const uint64_t all = f->env->src->size;
	uint8_t row[32];
	struct ov_cur c = ov_cur_of(row, size);
	struct ov_macho_arch a;
	struct ov_str name;
	uint64_t had;

	if (f->next >= f->n)
		return rest(f, out);
	OV_TRY(ov_src_read(f->env->src, 8 + (uint64_t)f->next * size, row, size));
	f->next++;
	OV_TRY(ov_macho_arch_of(&c, f->is_64, &a));
	name = slice_name(f, a.cpu);
	had = a.off < all ? ov_min_u64(a.size, all - a.off) : 0;
	if (had < a.size)
		f->env->note(f->env->ctx, OV_SHORT, name,
			     "this architecture reaches past the end of the file");
	f->end = ov_max_u64(f->end, a.off < all ? a.off + had : 0);
	*out = (struct ov_child){ .kind = had > 0 && a.off > 0 ? OV_CHILD_SLICE : OV_CHILD_NONE,
				  .name = name,
				  .off = a.off,
				  .size = had,
				  .packed = had,
				  .position = f->next };
	if (had > 0 && a.off == 0)
		f->env->note(f->env->ctx, OV_BAD, name, "this architecture is the whole file");
	return OV_OK;
}

/* Parts are slices: nothing is read from here. */
static ov_status fat_read(void *state, void *to, size_t n, size_t *got)
{
	(void)state, (void)to, (void)n, (void)got;
	return OV_BUG;
}

const struct ov_format ov_format_macho_fat = {
	.name = "macho-fat", .open = fat_open, .next = fat_next, .read = fat_read
};
