/*
 * The adapter to libarchive: one reader of each type, chosen by the first byte. libarchive itself
 * is not instrumented. Claims: walks.h, but for the
 * words of notes: libarchive's differ with how much it is given at once.
 */
#include <stdlib.h>
#include <string.h>

#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ov_type types[] = { OV_T_7Z,	    OV_T_RAR, OV_T_MSCAB,
					      OV_T_ISO9660, OV_T_XAR, OV_T_LHA };
	struct ov_walk mem = OV_WALK_DEFAULT, cb = OV_WALK_DEFAULT;

	if (size < 1)
		return 0;
	mem.force = cb.force = types[data[0] % (sizeof types / sizeof *types)];
	mem.most = cb.most = 20000;
	mem.chunk = cb.chunk = 500;
	cb.by_callback = true;
	ov_walk(&mem, data + 1, size - 1);
	ov_walk(&cb, data + 1, size - 1);
	if (mem.bugs + cb.bugs > 0 || mem.plain != cb.plain)
		abort();
	ov_buf_free(&mem.text);
	ov_buf_free(&cb.text);
	return 0;
}
