/* RPM: package headers, wherever a database keeps them. */
#ifndef OV_EV_RPMDB_H
#define OV_EV_RPMDB_H

#include "ev_sources.h"

/** One package header without its magic: { entries, bytes, entries times 16, data }. Sends the
 * package and its files. @return OV_OK; OV_BAD, OV_SHORT: a broken one; ... */
OV_MUST_USE ov_status ov_rpm_header(struct ov_ev *e, struct ov_cur c, struct ov_str where);

#endif
