/* What exe.c and the readers of the single formats share. Not for other folders. */
#ifndef OV_EXE_INT_H
#define OV_EXE_INT_H

#include "checked.h"
#include "exe.h"
#include "window.h"

#define OV_EXE_NAME_MAX 1024 /* bytes of a symbol or library name that are kept */

/* A program being read. */
struct ov_exe_in {
	struct ov_arena *arena;
	struct ov_window win; /* headers and tables */
	struct ov_window
	    names; /* texts: they stand elsewhere, so one window would move to and fro */
	struct ov_exe *x;
	uint32_t imports_room; /* allocated elements of x->imports */
};

/** Each fills in->x. @return as ov_exe_read. */
OV_MUST_USE ov_status ov_pe_read(struct ov_exe_in *in);
OV_MUST_USE ov_status ov_elf_read(struct ov_exe_in *in);
OV_MUST_USE ov_status ov_macho_read(struct ov_exe_in *in);

/** Notes what is wrong; the first word stays. `why` is a static string. */
void ov_exe_broken(struct ov_exe_in *in, const char *why);

/**
 * Tells that the headers claim [off, off + size): moves `end`, notes a cut.
 * @return how many of these bytes exist.
 */
uint64_t ov_exe_claim(struct ov_exe_in *in, uint64_t off, uint64_t size);

/**
 * Text at `off` up to a NUL, at most `max` (and OV_EXE_NAME_MAX) bytes: a longer one is cut there,
 * one at the end of the file too. It lies in the source's memory or in the arena.
 */
OV_MUST_USE ov_status ov_exe_text(struct ov_exe_in *in, uint64_t off, uint64_t max,
				  struct ov_str *out);

/** Makes room for `n` sections, at most OV_EXE_SECTIONS_MAX; *room is how many. */
OV_MUST_USE ov_status ov_exe_sections(struct ov_exe_in *in, uint64_t n, uint32_t *room);

/** Appends an import. @return OV_OK; OV_END when the list is full (noted). */
OV_MUST_USE ov_status ov_exe_import(struct ov_exe_in *in, const struct ov_import *im);

/** Sum of two values of the input. @return OV_OK; OV_BAD when it wraps: no file has such a place.
 */
OV_MUST_USE static inline ov_status ov_exe_add(uint64_t a, uint64_t b, uint64_t *out)
{
	return ov_add_u64(a, b, out) == OV_OK ? OV_OK : OV_BAD;
}

/** True for statuses that speak of the input only, so that reading goes on without the broken part.
 */
static inline bool ov_exe_is_news(ov_status s)
{
	return s == OV_SHORT || s == OV_BAD || s == OV_UNSUPPORTED;
}

#endif
