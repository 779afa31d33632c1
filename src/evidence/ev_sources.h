/* The sources: each has a `wants` and a `read`, named in ev_sources.def. */
#ifndef OV_EV_SOURCES_H
#define OV_EV_SOURCES_H

#include "gather_int.h"

#define OV_EV_SOURCE(prefix, name)                                                                 \
	bool ov_ev_##prefix##_wants(const struct ov_ev_file *f);                                   \
	OV_MUST_USE ov_status ov_ev_##prefix##_read(struct ov_ev *e, const struct ov_ev_file *f);
#include "ev_sources.def"
#undef OV_EV_SOURCE

/** A report of overt that the user named: its texts say nothing of themselves. */
bool ov_ev_is_report(const struct ov_ev_file *f);

/* Paths that a package owns. */
#define OV_EV_OWNED 1024U
struct ov_ev_owned {
	struct ov_rec_rows r;
	uint8_t *rows;
};
OV_MUST_USE ov_status ov_ev_owned_begin(struct ov_ev *e, struct ov_ev_owned *o,
					enum ov_inv_what what, struct ov_str name,
					struct ov_str arch, int64_t since);
OV_MUST_USE ov_status ov_ev_owned_path(struct ov_ev *e, struct ov_ev_owned *o, struct ov_str path,
				       bool is_folder);
OV_MUST_USE ov_status ov_ev_owned_end(struct ov_ev *e, struct ov_ev_owned *o);

#endif
