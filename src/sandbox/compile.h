/* Compiling sources in a worker. */
#ifndef OV_COMPILE_H
#define OV_COMPILE_H

#include "broker_int.h"
#include "sources.h"

/** Writes the compiled database to `out`, which stays the caller's. The worker is gone when this
 * returns. */
enum overt_status ov_compile(const struct overt_options *o, struct ov_sources *s,
			     const struct ov_db_sink *sink, int out, char error[OV_ERROR_MAX]);

#endif
