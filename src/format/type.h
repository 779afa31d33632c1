/*
 * File types by content. The names are ClamAV's CL_TYPE_* where ClamAV has one; ours begin with
 * OV_TYPE_.
 */
#ifndef OV_TYPE_H
#define OV_TYPE_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "source.h"
#include "status.h"
#include "str.h"

/* What a type means for the promise "never clean unless scanned". */
enum ov_nature {
	OV_NATURE_LEAF, /* its bytes are all there is: matching them is a full scan           */
	OV_NATURE_CONTAINER, /* has parts; if no format opens it, the verdict is "unsupported" */
	OV_NATURE_EXE, /* a program: facts are read; a broken header is no reason to stop    */
	OV_NATURE_TEXT /* text of some kind                                                  */
};

/* types.def: OV_TYPE(SYMBOL, "CL_TYPE_NAME", NATURE, clamav_target) one row a type. */
enum ov_type {
#define OV_TYPE(sym, name, nature, target) OV_T_##sym,
#include "types.def"
#undef OV_TYPE
	OV_T_COUNT
};

/* ClamAV's target numbers, as signatures name them. */
enum ov_target {
	OV_TARGET_ANY = 0,
	OV_TARGET_PE = 1,
	OV_TARGET_OLE2 = 2,
	OV_TARGET_HTML = 3,
	OV_TARGET_MAIL = 4,
	OV_TARGET_GRAPHICS = 5,
	OV_TARGET_ELF = 6,
	OV_TARGET_ASCII = 7,
	OV_TARGET_UNUSED = 8,
	OV_TARGET_MACHO = 9,
	OV_TARGET_PDF = 10,
	OV_TARGET_FLASH = 11,
	OV_TARGET_JAVA = 12,
	OV_TARGET_INTERNAL = 13,
	OV_TARGET_OTHER = 14,
	OV_TARGET_COUNT = 15
};

/** Name of a type ("CL_TYPE_ZIP"). A value out of range gives "CL_TYPE_ERROR". */
const char *ov_type_name(enum ov_type t);
enum ov_nature ov_type_nature(enum ov_type t);
/** The signature target that covers a type; OV_TARGET_OTHER for binary data, OV_TARGET_ANY where
 * none does. */
enum ov_target ov_type_target(enum ov_type t);
/** Type by exact name. @return OV_OK, or OV_BAD for a name that nobody knows. */
OV_MUST_USE ov_status ov_type_by_name(struct ov_str name, enum ov_type *out);

#define OV_TYPE_HEAD 4096 /* bytes from the start that detection looks at */
#define OV_TYPE_TAIL 1024 /* bytes at the end that detection may look at  */

/**
 * Finds the type of a layer by its bytes. Never fails: unknown binary is OV_T_BINARY_DATA, empty
 * too.
 *
 * @param head  The first min(size, OV_TYPE_HEAD) bytes.
 * @param src   The whole layer, for types whose mark lies further in (ISO 9660 at 32769, tar at
 * 257). Threads: no shared state. Allocates nothing; reads at most a few hundred bytes of `src`
 * beyond `head`.
 */
enum ov_type ov_type_detect(struct ov_cur head, const struct ov_src *src);

#endif
