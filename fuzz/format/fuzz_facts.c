/*
 * Facts of files that are no containers; the first byte selects shell links, from 128 on .NET
 * metadata. Claims: what is told lies in the file, lists are within their caps, and the same comes
 * from memory and from a read function.
 */
#include <stdlib.h>
#include <string.h>

#include "dotnet_sig.h"
#include "lnk.h"

#define CLAIM(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

#define ROWS 64 /* looked at of a table */

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

static void inside(const struct ov_lnk_part *list, uint32_t n, size_t size)
{
	for (uint32_t i = 0; i < n; i++)
		CLAIM(list[i].off <= size && list[i].size <= size - list[i].off &&
		      list[i].size >= 2);
}

static bool same_text(struct ov_str a, struct ov_str b)
{
	return (a.p == NULL) == (b.p == NULL) && ov_str_eq(a, b);
}

static void links(const struct ov_src *mem, const struct ov_src *file, struct ov_arena *a,
		  struct ov_arena *b)
{
	static struct ov_lnk x, y; /* too large for the stack */
	const ov_status s = ov_lnk_read(mem, a, &x);

	CLAIM(s == OV_OK || s == OV_BAD);
	CLAIM(ov_lnk_read(file, b, &y) == s);
	if (s != OV_OK)
		return;
	CLAIM(x.nitems <= OV_LNK_ITEMS_MAX && x.nblocks <= OV_LNK_BLOCKS_MAX);
	inside(x.items, x.nitems, mem->size);
	inside(x.blocks, x.nblocks, mem->size);
	CLAIM(!x.has_end || x.end <= mem->size);
	CLAIM(x.has_end || x.broken != NULL || x.is_capped);
	CLAIM(x.nitems == y.nitems && x.nblocks == y.nblocks && x.end == y.end);
	CLAIM(same_text(x.name, y.name) && same_text(x.arguments, y.arguments) &&
	      same_text(x.local_base_path, y.local_base_path) &&
	      same_text(x.machine_id, y.machine_id) && same_text(x.environment, y.environment));
}

static void types(struct ov_dotnet *x, struct ov_dotnet *y)
{
	static const struct ov_str names[2] = { { "T", 1 }, { "U", 1 } };
	const struct ov_dotnet_generics g = { names, names, 2, 2 };

	for (uint32_t i = 0; i < ROWS && i < ov_dotnet_rows(x, OV_NET_TYPE_DEF); i++) {
		const uint32_t extends = ov_dotnet_cell(x, OV_NET_TYPE_DEF, i, 3);
		struct ov_str p, q;

		CLAIM(ov_dotnet_full_name(x, OV_NET_TYPE_DEF, i, &p) == OV_OK);
		CLAIM(ov_dotnet_full_name(y, OV_NET_TYPE_DEF, i, &q) == OV_OK);
		CLAIM(same_text(p, q) && p.n <= OV_DOTNET_TYPE_MAX);
		CLAIM(ov_dotnet_type_of(x, extends, &g, &p) == OV_OK);
		CLAIM(ov_dotnet_type_of(y, extends, &g, &q) == OV_OK);
		CLAIM(same_text(p, q) && p.n <= OV_DOTNET_TYPE_MAX);
	}
	for (uint32_t i = 0; i < ROWS && i < ov_dotnet_rows(x, OV_NET_METHOD); i++) {
		const uint32_t blob = ov_dotnet_cell(x, OV_NET_METHOD, i, 4);
		struct ov_dotnet_method m, n;

		CLAIM(ov_dotnet_method_of(x, blob, &g, &m) == OV_OK);
		CLAIM(ov_dotnet_method_of(y, blob, &g, &n) == OV_OK);
		CLAIM(m.nparams == n.nparams && m.nparams <= OV_DOTNET_PARAMS_MAX);
		CLAIM(same_text(m.returns, n.returns));
	}
}

static void metadata(const struct ov_src *mem, const struct ov_src *file, struct ov_arena *a,
		     struct ov_arena *b)
{
	static struct ov_dotnet x, y;
	const ov_status s = ov_dotnet_read(mem, a, &x);

	CLAIM(s == OV_OK || s == OV_BAD);
	CLAIM(ov_dotnet_read(file, b, &y) == s);
	if (s != OV_OK)
		return;
	CLAIM(x.nstreams == y.nstreams && x.nstreams <= OV_DOTNET_STREAMS_MAX);
	CLAIM(ov_str_eq(x.version, y.version) && x.has_tables == y.has_tables);
	for (unsigned t = 0; t < OV_NET_TABLES; t++) {
		CLAIM(x.t[t].rows == y.t[t].rows);
		CLAIM((uint64_t)x.t[t].rows * x.t[t].width <= x.tables.len);
		CLAIM(ov_dotnet_cell(&x, t, x.t[t].rows, 0) == 0);
	}
	types(&x, &y);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	struct bytes bytes = { .p = p + 1, .n = n - 1 };
	struct ov_src mem, file;
	struct ov_arena a, b;

	if (n < 2)
		return 0;
	mem = ov_src_mem(bytes.p, bytes.n);
	file = (struct ov_src){ .size = bytes.n, .read = piecewise, .ctx = &bytes };
	ov_arena_init(&a, (size_t)64 << 20);
	ov_arena_init(&b, (size_t)64 << 20);
	if (p[0] < 128)
		links(&mem, &file, &a, &b);
	else
		metadata(&mem, &file, &a, &b);
	ov_arena_free(&a);
	ov_arena_free(&b);
	return 0;
}
