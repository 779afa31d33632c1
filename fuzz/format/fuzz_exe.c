/*
 * Facts of programs; the first byte selects PE, ELF or Mach-O, or lets the bytes tell. Claims: what
 * is told lies in the file, and is the same from memory and from a read function; the import hash
 * exists exactly when imports do; what ClamAV calls broken
 * is found in both.
 */
#include <stdlib.h>
#include <string.h>

#include "exe.h"
#include "exe_fault.h"
#include "icon.h"

#define CLAIM(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

struct bytes {
	const uint8_t *p;
	size_t n;
};

static ov_status piecewise(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct bytes *b = ctx;

	CLAIM(off < b->n && n <= b->n - off);
	memcpy(to, b->p + off, n);
	*got = n;
	return OV_OK;
}

static void check(const struct ov_exe *x, size_t size)
{
	CLAIM(x->end <= size);
	CLAIM(!x->has_entry || x->entry < size);
	CLAIM(x->nsections <= OV_EXE_SECTIONS_MAX && x->nimports <= OV_EXE_IMPORTS_MAX &&
	      x->nversions <= OV_EXE_VERSIONS_MAX);
	for (uint32_t i = 0; i < x->nsections; i++) {
		const struct ov_section *s = &x->sections[i];

		CLAIM(s->size == 0 || (s->off <= size && s->size <= size - s->off));
		CLAIM(s->name.n == 0 || memchr(s->name.p, 0, s->name.n) == NULL);
	}
	for (uint32_t i = 0; i < x->nversions; i++)
		CLAIM(x->versions[i].off <= size &&
		      x->versions[i].size <= size - x->versions[i].off);
}

static void same(const struct ov_exe *x, const struct ov_exe *y)
{
	CLAIM(x->end == y->end && x->has_entry == y->has_entry && x->entry == y->entry);
	CLAIM(x->nsections == y->nsections && x->nimports == y->nimports &&
	      x->nversions == y->nversions);
	CLAIM(x->broken == y->broken && x->is_cut == y->is_cut && x->is_capped == y->is_capped);
	for (uint32_t i = 0; i < x->nimports; i++)
		CLAIM(ov_str_eq(x->imports[i].library, y->imports[i].library) &&
		      ov_str_eq(x->imports[i].symbol, y->imports[i].symbol));
	for (uint32_t i = 0; i < x->nversions; i++)
		CLAIM(ov_str_eq(x->versions[i].key, y->versions[i].key) &&
		      ov_str_eq(x->versions[i].value, y->versions[i].value));
}

/* What ClamAV calls broken: the same from both, and a static text. */
static void check_fault(enum ov_type t, const struct ov_src *mem, const struct ov_src *file,
			struct ov_arena *a)
{
	const char *one = "", *two = "";

	CLAIM(ov_exe_find_fault(t, mem, a, &one) == OV_OK);
	CLAIM(ov_exe_find_fault(t, file, a, &two) == OV_OK);
	CLAIM(one == two);
}

static void check_hash(const struct ov_exe *x)
{
	static struct ov_hasher *h; /* one for all runs: making one costs more than a run */
	uint8_t out[OV_DIGEST_MAX];
	uint64_t size = 0;
	ov_status s;

	CLAIM(h != NULL || ov_hasher_new(OV_MD5, &h) == OV_OK);
	s = ov_exe_imphash(x, h, out, &size);
	CLAIM(s == OV_OK || s == OV_END);
	CLAIM(s != OV_OK || (x->nimports > 0 && size > 0));
}

/* Icons: the same from memory and piece by piece, and each like itself. */
static void check_icons(const struct ov_exe *x, const struct ov_src *mem, const struct ov_src *file,
			struct ov_arena *a)
{
	struct ov_icons at, again;

	CLAIM(ov_exe_icons(x, mem, a, 20, &at) == OV_OK);
	CLAIM(ov_exe_icons(x, file, a, 20, &again) == OV_OK);
	CLAIM(at.n == again.n && at.n <= 20 && at.has_more == again.has_more);
	for (size_t i = 0; i < at.n; i++) {
		struct ov_icon one, other;
		const ov_status s = ov_icon_read(mem, at.at[i], a, &one);

		CLAIM(at.at[i] == again.at[i] && ov_icon_read(file, at.at[i], a, &other) == s);
		if (s != OV_OK)
			continue;
		CLAIM(ov_icon_likeness(&one, &other) == (one.coloured > 0 ? 100 : 83));
		CLAIM(ov_icon_is_like(&one, &one));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static const enum ov_type types[] = { OV_T_MSEXE, OV_T_ELF, OV_T_MACHO };
	struct bytes b = { .p = p + 1, .n = n - 1 };
	struct ov_src mem, file;
	struct ov_arena a, c;
	struct ov_exe x, y;
	ov_status s;

	if (n < 2)
		return 0;
	mem = ov_src_mem(b.p, b.n);
	file = (struct ov_src){ .size = b.n, .read = piecewise, .ctx = &b };
	ov_arena_init(&a, (size_t)64 << 20);
	ov_arena_init(&c, (size_t)64 << 20);
	s = ov_exe_read(types[p[0] % 3], &mem, &a, &x);
	CLAIM(s == OV_OK || s == OV_BAD);
	CLAIM(ov_exe_read(types[p[0] % 3], &file, &c, &y) == s);
	if (s == OV_OK) {
		check(&x, b.n);
		same(&x, &y);
		check_hash(&x);
		if (types[p[0] % 3] == OV_T_MSEXE)
			check_icons(&x, &mem, &file, &a);
	}
	check_fault(types[p[0] % 3], &mem, &file, &a);
	ov_arena_free(&a);
	ov_arena_free(&c);
	return 0;
}
