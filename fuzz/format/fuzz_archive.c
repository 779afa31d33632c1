/*
 * Our own readers beside ZIP: tar, ar, cpio, RPM, WARC, the one-stream codings, disk images,
 * programs for several processors. The first byte chooses. Claims: walks.h; and a walk with little
 * memory gives no other bytes than a whole one, only fewer.
 */
#include "walks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ov_type types[] = {
		OV_T_POSIX_TAR, OV_T_AR,  OV_T_GZ,   OV_T_BZ,		OV_T_XZ,
		OV_T_LZMA,	OV_T_LZ4, OV_T_ZSTD, OV_T_COMPRESS,	OV_T_OLD_TAR,
		OV_T_MBR,	OV_T_GPT, OV_T_APM,  OV_T_CPIO_OLD,	OV_T_CPIO_ODC,
		OV_T_CPIO_NEWC, OV_T_RPM, OV_T_WARC, OV_T_MACHO_UNIBIN, OV_T_MSSZDD,
	};

	if (size > 0)
		ov_fuzz_walks(types[data[0] % (sizeof types / sizeof *types)], data + 1, size - 1,
			      4000, true);
	return 0;
}
