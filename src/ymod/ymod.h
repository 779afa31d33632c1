/* The modules that YARA rules can import: see module.h. One file a module. */
#ifndef OV_YMOD_H
#define OV_YMOD_H

#include "module.h"

extern const struct ov_ymodules ov_ymodules_all;

/* One row each in table.c. */
extern const struct ov_ymodule ov_ymod_console;
extern const struct ov_ymodule ov_ymod_cuckoo;
extern const struct ov_ymodule ov_ymod_dex;
extern const struct ov_ymodule ov_ymod_magic;
extern const struct ov_ymodule ov_ymod_dotnet;
extern const struct ov_ymodule ov_ymod_elf;
extern const struct ov_ymodule ov_ymod_hash;
extern const struct ov_ymodule ov_ymod_lnk;
extern const struct ov_ymodule ov_ymod_math;
extern const struct ov_ymodule ov_ymod_msi;
extern const struct ov_ymodule ov_ymod_olecf;
extern const struct ov_ymodule ov_ymod_ooxml;
extern const struct ov_ymodule ov_ymod_string;
extern const struct ov_ymodule ov_ymod_time;
extern const struct ov_ymodule ov_ymod_vba;
extern const struct ov_ymodule ov_ymod_zip;
extern const struct ov_ymodule ov_ymod_pe;
extern const struct ov_ymodule ov_ymod_macho;

#endif
