/* The modules, by number. A new one is added at the end. */
#include "ymod.h"

static const struct ov_ymodule *const rows[] = {
	&ov_ymod_hash,
	&ov_ymod_math,
	&ov_ymod_lnk,
};

const struct ov_ymodules ov_ymodules_all = { .rows = rows, .n = sizeof rows / sizeof *rows };
