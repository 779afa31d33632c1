/* The paths to scan: those on the command line, then those of a list file, read piece by piece. */
#ifndef OV_CLI_OPERANDS_H
#define OV_CLI_OPERANDS_H

#include <stdbool.h>

#include "buf.h"
#include "opts.h"

struct operands {
	const struct cli_list *given;
	size_t at;
	int fd; /* of the list, or -1                                            */
	bool owns_fd;
	char separator;
	struct ov_buf buf; /* of the list: read and not yet handed out                      */
	size_t from;
	bool at_end;
	const char *error; /* static text: why the list ended early                         */
};

/** @param list  A file's name, "-" for standard input, or NULL. @return false when it can't be
 * opened: see `error`. */
bool operands_open(struct operands *o, const struct cli_list *given, const char *list,
		   char separator);

/** The next path, valid until the next call; NULL at the end. Empty lines are passed over. */
const char *operands_next(struct operands *o);

void operands_close(struct operands *o);

#endif
