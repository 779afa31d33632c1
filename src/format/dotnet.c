/*
 * .NET metadata: from the PE's directory to the tables. ECMA-335 II.24, II.25.3.3.
 *
 *   PE directory 14 -> CLI header -> metadata root "BSJB": version, streams
 *     #~ or #-  tables      #Strings names    #US texts of the program    #GUID    #Blob signatures
 *
 * Not read: mixed-mode fixups, the debug tables of portable PDBs, methods' bodies.
 */
#include "dotnet.h"

#include <string.h>

#include "checked.h"

#define CLI_DIRECTORY 14
#define CLI_HEADER 72
#define STREAM_NAME_MAX 32
#define VERSION_MAX 255
#define EXTRA_DATA 0x40 /* of the heaps' flags: four bytes follow the numbers of rows */

static ov_status read_cli(struct ov_dotnet *d, uint32_t *metadata)
{
	struct ov_pe_dir dir;
	uint32_t resources;
	struct ov_cur c;
	uint64_t at;

	if (!ov_pe_dir(&d->pe, CLI_DIRECTORY, &dir))
		return OV_BAD;
	OV_TRY(ov_pe_map(&d->pe, dir.rva, &at));
	OV_TRY(ov_window_upto(&d->pe.win, at, CLI_HEADER, &c));
	ov_cur_soft_skip(&c, 4 + 2 + 2);
	*metadata = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 4 + 4 + 4);
	OV_TRY(ov_cur_status(&c));
	resources = ov_cur_soft_u32le(&c);
	d->resources_size = ov_cur_soft_u32le(&c);
	if (ov_cur_status(&c) != OV_OK || resources == 0 ||
	    ov_pe_map(&d->pe, resources, &d->resources) != OV_OK)
		d->resources = 0;
	return OV_OK;
}

/* The name of a stream: up to a NUL, then to the next multiple of four. */
static ov_status read_stream(struct ov_dotnet *d, uint64_t *at, struct ov_dotnet_stream *out)
{
	struct ov_cur c;
	size_t n;

	OV_TRY(ov_window_upto(&d->pe.win, *at, 8 + STREAM_NAME_MAX, &c));
	out->off = d->root + ov_cur_soft_u32le(&c);
	out->size = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	n = ov_cur_left(&c) > 0 ? strnlen((const char *)ov_cur_rest(&c), ov_cur_left(&c)) : 0;
	if (n == ov_cur_left(&c))
		return OV_BAD;
	*at += 8 + (n / 4 + 1) * 4;
	return ov_arena_str(d->arena, (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = n },
			    &out->name);
}

static ov_status read_streams(struct ov_dotnet *d, uint64_t at, uint16_t n)
{
	for (uint16_t i = 0; i < n; i++) {
		ov_status s;

		if (d->nstreams == OV_DOTNET_STREAMS_MAX) {
			d->is_capped = true;
			break;
		}
		s = read_stream(d, &at, &d->streams[d->nstreams]);
		if (s == OV_BAD || s == OV_SHORT)
			break; /* those that were read count */
		OV_TRY(s);
		d->nstreams++;
	}
	return OV_OK;
}

static ov_status read_root(struct ov_dotnet *d, uint32_t rva)
{
	uint32_t length;
	struct ov_cur c, version;
	size_t n;

	OV_TRY(ov_pe_map(&d->pe, rva, &d->root));
	OV_TRY(ov_window_upto(&d->pe.win, d->root, 16 + VERSION_MAX + 5, &c));
	OV_TRY(ov_cur_expect(&c, "BSJB"));
	ov_cur_soft_skip(&c, 2 + 2 + 4);
	length = ov_cur_soft_u32le(&c);
	OV_TRY(ov_cur_status(&c));
	if (length == 0 || length > VERSION_MAX || length % 4 != 0)
		return OV_BAD;
	OV_TRY(ov_cur_take(&c, length, &version));
	n = strnlen((const char *)ov_cur_rest(&version), length);
	OV_TRY(ov_arena_str(d->arena,
			    (struct ov_str){ .p = (const char *)ov_cur_rest(&version), .n = n },
			    &d->version));
	ov_cur_soft_skip(&c, 2); /* flags */
	n = ov_cur_soft_u16le(&c);
	OV_TRY(ov_cur_status(&c));
	return read_streams(d, d->root + 16 + length + 4, (uint16_t)n);
}

/* A stream's bytes, as many as the file has. */
static ov_status view_stream(struct ov_dotnet *d, const struct ov_dotnet_stream *s,
			     struct ov_cur *out)
{
	size_t n;

	OV_TRY(ov_size_of_u64(s->size, &n));
	if (s->off < d->src->size)
		n = (size_t)ov_min_u64(n, d->src->size - s->off);
	return ov_src_view_upto(d->src, s->off, n, d->arena, out);
}

/* Reads the numbers of rows, and lays the tables out. Rows beyond the stream's end do not count. */
static ov_status read_tables(struct ov_dotnet *d)
{
	uint32_t rows[64] = { 0 };
	struct ov_cur c = d->tables;
	uint64_t valid, at;
	uint8_t heaps;

	ov_cur_soft_skip(&c, 4 + 2);
	heaps = ov_cur_soft_u8(&c);
	ov_cur_soft_skip(&c, 1);
	valid = ov_cur_soft_u64le(&c);
	ov_cur_soft_skip(&c, 8);
	for (unsigned i = 0; i < 64; i++)
		if ((valid >> i & 1) != 0)
			rows[i] = ov_cur_soft_u32le(&c);
	if ((heaps & EXTRA_DATA) != 0)
		ov_cur_soft_skip(&c, 4);
	if (ov_cur_status(&c) != OV_OK)
		return OV_BAD;
	ov_dotnet_layout(rows, heaps, d->t);
	at = c.pos;
	for (unsigned i = 0; i < OV_NET_TABLES; i++) {
		const uint64_t left = d->tables.len - ov_min_u64(at, d->tables.len);
		const uint64_t room = d->t[i].width > 0 ? left / d->t[i].width : 0;

		d->t[i].at = at;
		d->t[i].is_there = (valid >> i & 1) != 0;
		d->t[i].rows = (uint32_t)ov_min_u64(rows[i], room);
		d->is_cut |= d->t[i].rows < rows[i];
		at += (uint64_t)rows[i] * d->t[i].width; /* at most 45 * 2^32 * 36 */
	}
	d->has_tables = true;
	return OV_OK;
}

static ov_status find_streams(struct ov_dotnet *d)
{
	static const char *const names[OV_NET_HEAPS] = { "#Strings", "#US", "#GUID", "#Blob" };
	int tables = -1;
	ov_status s;

	for (unsigned h = 0; h < OV_NET_HEAPS; h++)
		d->heap_stream[h] = -1;
	for (uint32_t i = 0; i < d->nstreams; i++) {
		const struct ov_str name = d->streams[i].name;

		for (unsigned h = 0; h < OV_NET_HEAPS; h++)
			if (d->heap_stream[h] < 0 && ov_str_is(name, names[h]))
				d->heap_stream[h] = (int)i;
		if (tables < 0 && (ov_str_is(name, "#~") || ov_str_is(name, "#-")))
			tables = (int)i;
	}
	if (tables < 0)
		return OV_OK;
	OV_TRY(view_stream(d, &d->streams[tables], &d->tables));
	s = read_tables(d);
	return s == OV_BAD ? OV_OK : s;
}

ov_status ov_dotnet_read(const struct ov_src *src, struct ov_arena *a, struct ov_dotnet *out)
{
	uint32_t metadata = 0;
	ov_status s;

	memset(out, 0, sizeof *out);
	out->src = src;
	out->arena = a;
	s = ov_pe_open(src, a, &out->pe);
	out->is_program = s == OV_OK;
	if (s == OV_OK)
		s = read_cli(out, &metadata);
	if (s == OV_OK)
		s = read_root(out, metadata);
	if (s == OV_OK)
		s = find_streams(out);
	return s == OV_SHORT ? OV_BAD : s;
}

uint32_t ov_dotnet_rows(const struct ov_dotnet *d, unsigned table)
{
	return d->t[table].rows;
}

uint32_t ov_dotnet_cell(const struct ov_dotnet *d, unsigned table, uint32_t row, unsigned column)
{
	const struct ov_dotnet_table *t = &d->t[table];
	struct ov_cur c = d->tables;
	unsigned n;

	if (row >= t->rows)
		return 0;
	n = t->off[column + 1] - t->off[column];
	if (ov_cur_seek(&c, t->at + (uint64_t)row * t->width + t->off[column]) != OV_OK)
		return 0;
	return n == 2 ? ov_cur_soft_u16le(&c) : ov_cur_soft_u32le(&c);
}

ov_status ov_dotnet_heap(struct ov_dotnet *d, enum ov_dotnet_heap h, struct ov_cur *out)
{
	if (!d->has_heap[h]) {
		struct ov_cur c = { 0 };

		if (d->heap_stream[h] >= 0)
			OV_TRY(view_stream(d, &d->streams[d->heap_stream[h]], &c));
		d->heap[h] = c;
		d->has_heap[h] = true;
	}
	*out = d->heap[h];
	return OV_OK;
}

ov_status ov_dotnet_name(struct ov_dotnet *d, uint32_t index, struct ov_str *out)
{
	struct ov_cur c;
	size_t n;

	*out = (struct ov_str){ 0 };
	OV_TRY(ov_dotnet_heap(d, OV_NET_STRINGS, &c));
	if (ov_cur_seek(&c, index) != OV_OK || ov_cur_left(&c) == 0)
		return OV_OK;
	n = strnlen((const char *)ov_cur_rest(&c),
		    ov_min_size(ov_cur_left(&c), OV_DOTNET_NAME_MAX));
	*out = (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = n };
	return OV_OK;
}

ov_status ov_dotnet_number(struct ov_cur *c, uint32_t *out)
{
	uint8_t a = 0, b = 0;
	uint16_t w = 0;

	OV_TRY(ov_cur_u8(c, &a));
	if (a < 0x80) {
		*out = a;
		return OV_OK;
	}
	OV_TRY(ov_cur_u8(c, &b));
	*out = (uint32_t)(a & 0x3f) << 8 | b;
	if (a < 0xc0)
		return OV_OK;
	if (a >= 0xe0)
		return OV_BAD;
	OV_TRY(ov_cur_u16be(c, &w));
	*out = (uint32_t)(a & 0x1f) << 24 | (uint32_t)b << 16 | w;
	return OV_OK;
}

ov_status ov_dotnet_blob(struct ov_dotnet *d, uint32_t index, struct ov_cur *out)
{
	struct ov_cur c;
	uint32_t n;

	OV_TRY(ov_dotnet_heap(d, OV_NET_BLOB, &c));
	if (ov_cur_seek(&c, index) != OV_OK || ov_dotnet_number(&c, &n) != OV_OK ||
	    ov_cur_take(&c, n, out) != OV_OK)
		return OV_END;
	return OV_OK;
}

ov_status ov_dotnet_map(const struct ov_dotnet *d, uint32_t rva, uint64_t *out)
{
	return ov_pe_map(&d->pe, rva, out);
}
