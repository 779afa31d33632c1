/*
 * What a person or a program reads: a buffered writer with a sticky error, and the forms of
 * numbers, sizes and times that all commands share. Text that came from outside passes cli_shown(),
 * cli_json() or cli_html().
 */
#ifndef OV_CLI_OUT_H
#define OV_CLI_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "overt/verdict.h"

#include "buf.h"
#include "status.h"
#include "str.h"

struct cli_out {
	int fd;	   /* borrowed                                                         */
	int error; /* errno of the first failure; later writes do nothing              */
	bool is_tty;
	bool has_color; /* a terminal, and NO_COLOR is not set                              */
	struct ov_buf buf;
};

enum cli_style { CLI_PLAIN = 0, CLI_BOLD, CLI_DIM, CLI_RED, CLI_YELLOW, CLI_GREEN };

/** Starts writing to `fd`, which stays the caller's. Colours follow isatty(), NO_COLOR and
 * TERM=dumb. */
void cli_out_open(struct cli_out *o, int fd);

/** Writes what waits and frees the buffer. */
void cli_out_close(struct cli_out *o);

/** Writes what waits to the descriptor. A failure is kept in `error`. */
void cli_flush(struct cli_out *o);

/** Appends text of our own. */
void cli_put(struct cli_out *o, const char *z);
void cli_fmt(struct cli_out *o, const char *fmt, ...) OV_PRINTF(2, 3);

/** Appends bytes as they are: for output whose form is fixed byte by byte. */
void cli_raw(struct cli_out *o, struct ov_str s);

/** Appends foreign text so that it can't move a cursor or forge a line (ov_text_shown). */
void cli_shown(struct cli_out *o, struct ov_str s);

/** Appends a JSON string with its quotes. */
void cli_json(struct cli_out *o, struct ov_str s);

/** Appends foreign text as HTML character data, also fit for a quoted attribute. */
void cli_html(struct cli_out *o, struct ov_str s);

/** Appends a path as a URI reference (RFC 3986): "file://" for an absolute one, bytes beyond the
 * unreserved as %NN. */
void cli_uri(struct cli_out *o, struct ov_str path);

/** Begins or (CLI_PLAIN) ends a colour; nothing where colours are off. */
void cli_style(struct cli_out *o, enum cli_style s);

/** Appends `n` spaces. */
void cli_pad(struct cli_out *o, size_t n);

/** The front door's text as ours. */
static inline struct ov_str cli_str(struct overt_text t)
{
	return (struct ov_str){ .p = t.bytes, .n = t.length };
}

#define CLI_NUMBER_MAX 32

/** "12,381". @return `to`. */
const char *cli_count(uint64_t v, char to[CLI_NUMBER_MAX]);
/** "4.1 GiB", "812 B". */
const char *cli_bytes(uint64_t v, char to[CLI_NUMBER_MAX]);
/** "3.2 s", "180 ms", "4 min 02 s", "2 h 11 min". */
const char *cli_seconds(double s, char to[CLI_NUMBER_MAX]);
/** "2 h old", "3 days old", "just built". */
const char *cli_age(uint64_t then, uint64_t now, char to[CLI_NUMBER_MAX]);
/** "2026-11-22 04:06 UTC". */
const char *cli_date(uint64_t unix_seconds, char to[CLI_NUMBER_MAX]);

/** "s" unless v is 1. */
static inline const char *cli_s(uint64_t v)
{
	return v == 1 ? "" : "s";
}

#endif
