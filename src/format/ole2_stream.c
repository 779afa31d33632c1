/*
 * OLE2: the bytes of one stream, as a source of its own. Blocks are sectors, or for small streams
 * the mini stream's blocks of 64 bytes. A chain is followed once when it is opened; reading then
 * hops along it, forwards in one step a block.
 */
#include "ole2.h"

#include <string.h>

#include "checked.h"
#include "text.h"

#define SPECIAL 0xfffffffau

static unsigned bits_of(const struct ov_ole2_stream *s)
{
	return s->is_mini ? s->o->mini_bits : s->o->bits;
}

/* Where a block lies in the file. @return false when it does not. */
static bool place(const struct ov_ole2_stream *s, uint32_t block, uint64_t *at)
{
	const struct ov_ole2 *o = s->o;
	uint64_t in_mini, sector;

	if (!s->is_mini) {
		*at = ((uint64_t)block + 1) << o->bits;
		return block < o->nsectors;
	}
	in_mini = (uint64_t)block << o->mini_bits;
	sector = in_mini >> o->bits;
	if (sector >= o->nmini_at)
		return false;
	*at = (((uint64_t)o->mini_at[sector] + 1) << o->bits) +
	      (in_mini & ((UINT64_C(1) << o->bits) - 1));
	return true;
}

static uint32_t after(const struct ov_ole2_stream *s, uint32_t block)
{
	const struct ov_ole2 *o = s->o;

	if (s->is_mini)
		return block < o->nmini ? o->mini[block] : OV_OLE2_NONE;
	return block < o->nfat ? o->fat[block] : OV_OLE2_NONE;
}

static ov_status read_stream(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	struct ov_ole2_stream *s = ctx;
	const unsigned bits = bits_of(s);
	const uint64_t mask = (UINT64_C(1) << bits) - 1;

	*got = 0;
	if (off >= s->src.size)
		return OV_OK;
	n = (size_t)ov_min_u64(n, s->src.size - off);
	if (off >> bits < s->hop_index) { /* back: from the start */
		s->hop_index = 0;
		s->hop = s->start;
	}
	while (*got < n) {
		const uint32_t index = (uint32_t)(off >> bits);
		const size_t some = (size_t)ov_min_u64(n - *got, (mask + 1) - (off & mask));
		uint64_t at;
		size_t had;

		for (; s->hop_index < index; s->hop_index++)
			s->hop = after(s, s->hop);
		if (!place(s, s->hop, &at))
			return OV_OK; /* shorter than it was: can't be, the file is the same */
		OV_TRY(ov_src_read_upto(&s->o->src, at + (off & mask), to + *got, some, &had));
		*got += had;
		off += had;
		if (had < some)
			return OV_OK;
	}
	return OV_OK;
}

/* Follows the chain for up to `want` blocks. @return how many there are. */
static uint32_t measure(struct ov_ole2_stream *s, uint64_t want)
{
	const unsigned bits = bits_of(s);
	uint32_t block = s->start, n = 0, seen = OV_OLE2_NONE;
	uint64_t at, next = 0;

	s->is_run = true;
	for (; n < want; n++, block = after(s, block)) {
		if (block >= SPECIAL || !place(s, block, &at)) {
			s->end = OV_SHORT;
			s->wrong = "its chain of sectors ends before its size";
			break;
		}
		if (s->o->steps == 0) {
			s->end = OV_LIMIT;
			s->wrong = "streams share sectors, again and again: the rest was not read";
			break;
		}
		s->o->steps--;
		if (block == seen) {
			s->end = OV_BAD;
			s->wrong = "its chain of sectors runs in a circle";
			break;
		}
		if ((n & (n + 1)) == 0) /* Brent: a mark at every power of two finds any circle */
			seen = block;
		if (n == 0)
			s->at = at;
		else if (at != next)
			s->is_run = false;
		next = at + (UINT64_C(1) << bits);
	}
	return n;
}

void ov_ole2_stream_open(struct ov_ole2 *o, uint32_t entry, struct ov_ole2_stream *out)
{
	const struct ov_ole2_entry *e = &o->e[entry];
	uint64_t want, most, size = e->size;
	unsigned bits;

	*out = (struct ov_ole2_stream){
		.o = o, .is_mini = e->size < o->cutoff, .start = e->start, .hop = e->start
	};
	bits = bits_of(out);
	most = o->src.size >> bits;
	want = (ov_min_u64(size, OV_OLE2_STREAM_MAX) + (UINT64_C(1) << bits) - 1) >> bits;
	if (want > most) {
		want = most;
		out->end = OV_BAD;
		out->wrong = "its size is larger than the file";
	}
	size = ov_min_u64(size, (uint64_t)measure(out, want) << bits);
	if (size > 0 && out->is_run) {
		/* The last sector may be cut with the file. */
		const uint64_t there = out->at < o->src.size ? o->src.size - out->at : 0;

		if (size > there) {
			size = there;
			out->end = OV_SHORT;
			out->wrong = "the file ends within it";
		}
	}
	out->src = (struct ov_src){ .size = size, .read = read_stream, .ctx = out };
	if (size > 0 && out->is_run && ov_src_slice(&o->src, out->at, size, &out->src) != OV_OK)
		out->src.size = 0;
	if (size == 0)
		out->src = ov_src_mem(NULL, 0);
}

ov_status ov_ole2_path(const struct ov_ole2 *o, uint32_t entry, struct ov_arena *a,
		       struct ov_str *out)
{
	uint32_t up[OV_OLE2_PATH_MAX];
	unsigned n = 0;
	size_t size = 0;
	char *p;

	/* Parents are set once, from the root on: there is no circle. */
	for (uint32_t i = entry; i < o->n && i != 0 && n < OV_OLE2_PATH_MAX; i = o->e[i].parent) {
		size += o->e[i].name.n + 1;
		up[n++] = i;
	}
	OV_TRY(ov_arena_array(a, size + 1, &p));
	*out = (struct ov_str){ .p = p, .n = 0 };
	while (n > 0) {
		const struct ov_str name = o->e[up[--n]].name;

		if (out->n > 0)
			p[out->n++] = '/';
		if (name.n > 0)
			memcpy(p + out->n, name.p, name.n);
		out->n += name.n;
	}
	return OV_OK;
}

uint32_t ov_ole2_beside(const struct ov_ole2 *o, uint32_t entry, const char *name)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->e[i].parent == o->e[entry].parent && o->e[i].kind != OV_OLE2_EMPTY &&
		    ov_text_same(o->e[i].name, ov_str_of(name)))
			return i;
	return OV_OLE2_NONE;
}
