/* The built-in list's bytes, made by tools/embed_list.py. */
#ifndef OV_COVERED_BUILTIN_H
#define OV_COVERED_BUILTIN_H

#include <stddef.h>

extern const char ov_cov_builtin_text[];
extern const size_t ov_cov_builtin_size;

#endif
