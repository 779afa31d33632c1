/*
 * The ZIP reader. Claims (also those in tests/format/walk.c): slices lie inside the file, nothing
 * ends with "our bug", and the transcript of parts and notes is the same from memory and from a
 * read function.
 */
#include <stdlib.h>
#include <string.h>

#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_walk mem = OV_WALK_DEFAULT, cb = OV_WALK_DEFAULT;

	mem.force = cb.force = OV_T_ZIP;
	mem.most = cb.most = 20000;
	cb.by_callback = true;
	cb.chunk = 500;
	mem.chunk = 500;
	ov_walk(&mem, data, size);
	ov_walk(&cb, data, size);
	if (mem.bugs + cb.bugs > 0 || mem.text.n != cb.text.n ||
	    memcmp(mem.text.p, cb.text.p, mem.text.n) != 0)
		abort();
	ov_buf_free(&mem.text);
	ov_buf_free(&cb.text);
	return 0;
}
