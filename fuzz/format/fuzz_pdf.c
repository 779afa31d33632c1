/*
 * PDF and other documents of text; the first byte chooses. Claims: slices lie inside the file, and
 * the same parts come from memory and from a read function; lack of memory is never a fault of
 * ours.
 */
#include <stdlib.h>
#include <string.h>

#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ov_type types[] = { OV_T_PDF,	    OV_T_RTF,	   OV_T_SWF,
					      OV_T_ONENOTE, OV_T_XML_WORD, OV_T_ACTIVEMIME };
	struct ov_walk mem = OV_WALK_DEFAULT, cb = OV_WALK_DEFAULT, small = OV_WALK_DEFAULT;

	if (size < 1)
		return 0;
	mem.force = cb.force = small.force = types[data[0] % (sizeof types / sizeof *types)];
	mem.most = cb.most = small.most = 20000;
	mem.chunk = cb.chunk = small.chunk = 500;
	cb.by_callback = true;
	small.budget = 20000;
	ov_walk(&mem, data + 1, size - 1);
	ov_walk(&cb, data + 1, size - 1);
	ov_walk(&small, data + 1, size - 1);
	if (mem.bugs + cb.bugs + small.bugs > 0)
		abort();
	if (mem.text.n != cb.text.n ||
	    (mem.text.n > 0 && memcmp(mem.text.p, cb.text.p, mem.text.n) != 0))
		abort();
	ov_buf_free(&mem.text);
	ov_buf_free(&cb.text);
	ov_buf_free(&small.text);
	return 0;
}
