/* Programs whose real code is packed inside them: which packer made them, so that the verdict can
 * say that what runs was not seen. */
#ifndef OV_PACKER_H
#define OV_PACKER_H

#include "exe.h"

/**
 * The packer's name ("UPX"), or NULL when no sign of one that we know is there. Looks at section
 * names and, for UPX, at its mark in the first 4 KiB. Threads: no shared state.
 */
const char *ov_exe_packer(const struct ov_exe *x, const struct ov_src *src);

#endif
