/* Which source reads what. A new one adds one file and one row in ev_sources.def. */
#include "ev_sources.h"

const struct ov_ev_source ov_ev_sources[] = {
#define OV_EV_SOURCE(prefix, text)                                                                 \
	{ .name = (text), .wants = ov_ev_##prefix##_wants, .read = ov_ev_##prefix##_read },
#include "ev_sources.def"
#undef OV_EV_SOURCE
	{ .name = NULL },
};
