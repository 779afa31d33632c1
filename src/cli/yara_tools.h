/* What `overt yara check|fmt|dump|profile` share. */
#ifndef OV_CLI_YARA_TOOLS_H
#define OV_CLI_YARA_TOOLS_H

#include "cli.h"

extern const struct cli_command cli_yara_commands[]; /* name NULL at the end */
extern const struct cli_spec cli_yara_check_spec, cli_yara_fmt_spec, cli_yara_dump_spec,
    cli_yara_profile_spec;
int cli_yara_check(struct cli *c, int argc, char *const *argv);
int cli_yara_fmt(struct cli *c, int argc, char *const *argv);
int cli_yara_dump(struct cli *c, int argc, char *const *argv);
int cli_yara_profile(struct cli *c, int argc, char *const *argv);

/**
 * Calls `each` for every file that was named and for those in named folders whose names end in .yar
 * or .yara, with an open descriptor, which it takes over.
 * @return how many could not be opened; each was told on the error output.
 */
uint64_t yara_each_source(struct cli *c, const char *command, const struct cli_list *operands,
			  void (*each)(void *context, struct ov_str path, int fd), void *context);

/** Defines what rule writers take for given (filename, filepath, extension, filetype, owner) as
 * empty texts, then the caller's. @return false after a message. */
bool yara_usual_defines(struct cli *c, const char *command, struct overt_options *o,
			const struct cli_list *defines);

#endif
