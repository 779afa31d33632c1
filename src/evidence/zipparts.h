/* Members of a ZIP archive by name. */
#ifndef OV_EV_ZIPPARTS_H
#define OV_EV_ZIPPARTS_H

#include "gather_int.h"

/**
 * Shows members of a ZIP. `wants`: by name; may do something with the name alone, and say a status.
 * `take`: its bytes, which last until it returns.
 * @return OV_OK; what these returned; what broke is told.
 */
OV_MUST_USE ov_status ov_ev_zip_members(
    struct ov_ev *e, const struct ov_src *src,
    bool (*wants)(void *ctx, struct ov_ev *e, struct ov_str name, ov_status *st),
    ov_status (*take)(void *ctx, struct ov_ev *e, struct ov_str name, struct ov_cur c), void *ctx);

#endif
