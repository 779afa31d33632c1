/* The one line on a terminal that tells how far a scan is. It is gone before anything else is
 * printed. */
#ifndef OV_CLI_PROGRESS_H
#define OV_CLI_PROGRESS_H

#include "run.h"

struct progress {
	struct cli_out *out; /* the error output */
	bool is_on; /* both outputs are terminals                                          */
	bool is_drawn;
	uint64_t from_ms, drawn_ms;
};

/** On only when both `out` and `err` are terminals and `is_wanted`. */
void progress_init(struct progress *p, const struct cli_out *out, struct cli_out *err,
		   bool is_wanted);

/** Draws it anew, ten times a second at most. */
void progress_draw(struct progress *p, const struct run_counts *n, struct ov_str path);

/** Takes it away. */
void progress_clear(struct progress *p);

#endif
