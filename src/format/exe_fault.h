/* Whether a program's headers are broken in the sense of ClamAV's Heuristics.Broken.Executable. */
#ifndef OV_EXE_FAULT_H
#define OV_EXE_FAULT_H

#include <stdbool.h>

#include "arena.h"
#include "source.h"
#include "status.h"
#include "type.h"

/**
 * Says what is wrong in the headers of a PE, an ELF or a Mach-O file, by the rules that clamscan
 * 1.4 was seen to follow. They are stricter than loaders in places and laxer in others;
 * ov_exe_read() says what loaders make of a file.
 *
 * @param a    For a window over sources that are not in memory.
 * @param why  What is wrong, a static English sentence part; NULL when nothing is, or when the
 * bytes are no such program at all.
 * @return OV_OK; OV_LIMIT, OV_NOMEM from the arena; OV_IO. Threads: no shared state.
 */
OV_MUST_USE ov_status ov_exe_find_fault(enum ov_type t, const struct ov_src *src,
					struct ov_arena *a, const char **why);

#endif
