/* The modules, by number. A new one is added at the end. */
#include "ymod.h"

/* clang-format off */
static const struct ov_ymodule *const rows[] = {
	&ov_ymod_hash,
	&ov_ymod_math,
	&ov_ymod_lnk,
	&ov_ymod_time,
	&ov_ymod_string,
	&ov_ymod_console,
	&ov_ymod_elf,
	&ov_ymod_zip,
	&ov_ymod_ooxml,
	&ov_ymod_olecf,
	&ov_ymod_vba,
	&ov_ymod_msi,
	&ov_ymod_pe,
	&ov_ymod_macho,
	&ov_ymod_dotnet,
	&ov_ymod_dex,
	&ov_ymod_magic,
	&ov_ymod_cuckoo,
};
/* clang-format on */

const struct ov_ymodules ov_ymodules_all = { .rows = rows, .n = sizeof rows / sizeof *rows };
