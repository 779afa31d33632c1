/*
 * A process's memory, as src/sandbox/process.c writes it: a list of regions, then their bytes. To
 * conditions offsets are addresses; a file's size and header do not exist.
 */
#include "yara_scan.h"

#include <string.h>

#include "checked.h"
#include "le.h"

#define HEAD 16u
#define ROW 16u

ov_status ov_yara_region(const struct ov_node *n, struct ov_yara_walk *w, struct ov_src *out,
			 uint64_t *base)
{
	uint8_t head[HEAD], row[ROW];
	uint64_t bytes;

	if (w->at == 0) {
		OV_TRY(ov_src_read(&n->src, 0, head, sizeof head));
		w->count = ov_le64(head + 8);
		if (memcmp(head, "OVPROC1", 8) != 0 || w->count > (n->src.size - HEAD) / ROW)
			return OV_BAD;
		w->at = HEAD + w->count * ROW;
	}
	if (w->i >= w->count)
		return OV_END;
	OV_TRY(ov_src_read(&n->src, HEAD + w->i * ROW, row, sizeof row));
	*base = ov_le64(row);
	bytes = ov_le64(row + 8);
	OV_TRY(ov_src_slice(&n->src, w->at, bytes, out));
	w->at += bytes; /* within the source: the slice was */
	w->i++;
	return OV_OK;
}

ov_status ov_yara_read(const struct ov_node *n, bool is_process, uint64_t at, void *to, size_t want)
{
	struct ov_yara_walk w = { .i = 0 };
	struct ov_src part;
	uint64_t base;
	ov_status s;

	if (!is_process)
		return ov_src_read(&n->src, at, to, want);
	while ((s = ov_yara_region(n, &w, &part, &base)) == OV_OK)
		if (at >= base && at - base < part.size)
			return ov_src_read(&part, at - base, to, want);
	return s == OV_END ? OV_SHORT : s;
}

ov_status ov_yara_range(const struct ov_node *n, uint64_t at, uint64_t want, struct ov_src *out)
{
	struct ov_yara_walk w = { .i = 0 };
	uint64_t base, from = 0, end = 0;
	struct ov_src part;
	bool is_in = false;
	ov_status s;

	while ((s = ov_yara_region(n, &w, &part, &base)) == OV_OK) {
		if (is_in && base != end)
			return OV_END; /* a gap */
		if (!is_in && at >= base && at - base < part.size) {
			is_in = true;
			from = w.at - part.size + (at - base);
		}
		end = base + part.size;
		if (is_in && want <= end - at) /* regions that touch lie side by side */
			return ov_src_slice(&n->src, from, want, out);
	}
	return s;
}
