/* Inside of `overt db`: the settings its commands share. */
#ifndef OV_CLI_DB_INT_H
#define OV_CLI_DB_INT_H

#include "cli.h"

struct db_settings {
	const char *output, *glob, *kind;
	bool json, strict, pua, quiet;
};

#define DB_AT(member) offsetof(struct db_settings, member)
#define DB_JSON                                                                                    \
	{                                                                                          \
		"json", 0, CLI_FLAG, DB_AT(json), NULL, "for programs", NULL, 0, 0                 \
	}
#define DB_END                                                                                     \
	{                                                                                          \
		NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0                                              \
	}
#define DB_STRICT                                                                                  \
	{                                                                                          \
		"strict", 0, CLI_FLAG, DB_AT(strict), NULL, "a bad line refuses its source", NULL, \
		    0, 0                                                                           \
	}
#define DB_PUA                                                                                     \
	{                                                                                          \
		"pua", 0, CLI_FLAG, DB_AT(pua), NULL,                                              \
		    "with signatures of possibly unwanted applications", NULL, 0, 0                \
	}

/** Engine options for the sources from..to of `sources`. @return NULL after a message. */
struct overt_options *db_options(struct cli *c, const char *command, const struct db_settings *s,
				 const struct cli_list *sources, size_t from, size_t to);

/** Are all of them compiled databases, by name? */
bool db_all_compiled(const struct cli_list *sources);

/** Prints one refused line; counts nothing. */
void db_diagnostic(struct cli_out *out, const struct overt_diagnostic *d, bool json);

#endif
