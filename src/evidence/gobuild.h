/* Go's build information and Rust's dependency list, wherever they stand in a program. */
#ifndef OV_EV_GOBUILD_H
#define OV_EV_GOBUILD_H

#include "ev_sources.h"

/** Reads what begins at `c` (the magic first). Adds the main module to `x`; modules go out as
 * components of their own once `x` has. @return OV_OK; OV_UNSUPPORTED: from before Go 1.18; ... */
OV_MUST_USE ov_status ov_ev_go(struct ov_ev *e, struct ov_cur c, struct ov_ev_found *x,
			       struct ov_str *modules);
OV_MUST_USE ov_status ov_ev_go_modules(struct ov_ev *e, struct ov_str modules);

/** A section .dep-v0: zlib, JSON (cargo-auditable). */
OV_MUST_USE ov_status ov_ev_rust(struct ov_ev *e, const struct ov_src *section,
				 struct ov_ev_found *x);

#endif
