/*
 * Our own readers beside ZIP: tar, ar and the one-stream codings. The first byte chooses. Claims as
 * in fuzz_zip.c; and a walk with half the memory gives no other bytes than a whole one, only fewer.
 */
#include <stdlib.h>
#include <string.h>

#include "walk.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ov_type types[] = {
		OV_T_POSIX_TAR, OV_T_AR,  OV_T_GZ,   OV_T_BZ,	    OV_T_XZ,
		OV_T_LZMA,	OV_T_LZ4, OV_T_ZSTD, OV_T_COMPRESS, OV_T_OLD_TAR,
		OV_T_MBR,	OV_T_GPT, OV_T_APM,
	};
	struct ov_walk mem = OV_WALK_DEFAULT, cb = OV_WALK_DEFAULT, small = OV_WALK_DEFAULT;

	if (size < 1)
		return 0;
	mem.force = cb.force = small.force = types[data[0] % (sizeof types / sizeof *types)];
	mem.most = cb.most = small.most = 20000;
	mem.chunk = cb.chunk = small.chunk = 500;
	cb.by_callback = true;
	small.budget = 4000;
	ov_walk(&mem, data + 1, size - 1);
	ov_walk(&cb, data + 1, size - 1);
	ov_walk(&small, data + 1, size - 1);
	if (mem.bugs + cb.bugs + small.bugs > 0 || small.plain > mem.plain)
		abort();
	if (mem.text.n != cb.text.n ||
	    (mem.text.n > 0 && memcmp(mem.text.p, cb.text.p, mem.text.n) != 0))
		abort();
	ov_buf_free(&mem.text);
	ov_buf_free(&cb.text);
	ov_buf_free(&small.text);
	return 0;
}
