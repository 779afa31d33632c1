/* The built-in list's bytes, turned over; made by tools/embed_list.py. */
#ifndef OV_COVERED_LIST_TEXT_H
#define OV_COVERED_LIST_TEXT_H

#include <stddef.h>
#include <stdint.h>

extern const uint8_t ov_cov_builtin_turned[];
extern const size_t ov_cov_builtin_size;

#endif
