/* A module's values as text: what a condition could ask of a file. */
#ifndef OV_YARA_DUMP_H
#define OV_YARA_DUMP_H

#include "buf.h"
#include "module.h"

enum ov_ydump_form {
	OV_YDUMP_NONE = 0,
	OV_YDUMP_YARA, /* as `yara -D`: constants, and what is undefined, as well */
	OV_YDUMP_TEXT, /* what is defined, constants left out                     */
	OV_YDUMP_JSON, /* likewise, one object                                    */
	OV_YDUMP_FORMS
};

/**
 * Appends a module's values. Functions are left out.
 *
 * @param env   As a condition's; its steps and arena bound what is computed.
 * @return OV_OK; OV_LIMIT: `out`, the steps or the memory are full, and `out` ends at a line or
 * value that is whole; OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_ydump(struct ov_yenv *env, const struct ov_ymodules *modules,
			       unsigned module, enum ov_ydump_form form, struct ov_buf *out);

/** Whether a module knows anything of the file: a number that is not 0, a text, an element. */
OV_MUST_USE ov_status ov_ydump_knows(struct ov_yenv *env, const struct ov_ymodules *modules,
				     unsigned module, bool *out);

#endif
