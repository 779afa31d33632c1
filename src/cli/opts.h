/*
 * One option parser for all commands, driven by tables; --help comes from the same tables.
 *
 * A table row says where the value goes: `at` is an offset into the command's own struct of
 * settings. Long options take
 * `--name=value` and `--name value`, short ones `-nvalue` and `-n value`; `--` ends them; a lone
 * `-` is an operand.
 */
#ifndef OV_CLI_OPTS_H
#define OV_CLI_OPTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "out.h"
#include "status.h"

enum cli_kind {
	CLI_HEAD = 0, /* a heading in --help; no option                                      */
	CLI_FLAG,     /* bool: true when given                                               */
	CLI_YESNO,    /* bool; `--name`, `--name=yes`, `--name=no`                           */
	CLI_TEXT,     /* const char *                                                        */
	CLI_LIST,     /* struct cli_list: may be given several times                         */
	CLI_SIZE,     /* uint64_t: bytes, with K, M, G or T                                  */
	CLI_NUMBER,   /* uint64_t                                                            */
	CLI_TIME,     /* uint64_t: milliseconds; with ms, s, m or h                          */
	CLI_CHOICE    /* int: index into `choices`                                           */
};

/* Texts given with one option, or the operands. Borrows the texts from argv. */
struct cli_list {
	const char **v;
	size_t n, cap;
};
OV_MUST_USE ov_status cli_list_add(struct cli_list *l, const char *text);
void cli_list_free(struct cli_list *l);

struct cli_option {
	const char *name; /* without the dashes; NULL ends a table; a heading's text for CLI_HEAD */
	char letter;	  /* 0: none                                                       */
	uint8_t kind;	  /* enum cli_kind                                                 */
	size_t at;	  /* offsetof() the setting                                        */
	const char *value; /* what --help calls the value: "SIZE"                           */
	const char *help;  /* one sentence; '\n' breaks the line                            */
	const char *const *choices; /* CLI_CHOICE: NULL at the end                           */
	uint64_t min, max; /* CLI_NUMBER, CLI_SIZE, CLI_TIME; max 0: no bound               */
};

struct cli_spec {
	const char *command; /* "overt scan"                                                */
	const char *usage;   /* lines after the command, '\n' between forms                 */
	const char *intro;   /* a short paragraph                                           */
	const char *after;   /* printed last: exit codes, examples; may be NULL             */
	const struct cli_option *options;
	bool takes_prefix; /* getopt's way: a unique beginning of a name will do          */
	/* Told of each option as it is read; may be NULL. */
	void (*seen)(void *settings, const struct cli_option *o, const char *value);
};

#define CLI_HELP_OPTION                                                                            \
	{                                                                                          \
		"help", 'h', CLI_FLAG, 0, NULL, "show this help and exit", NULL, 0, 0              \
	}

/**
 * Reads argv[1..] into `settings` and `operands`.
 *
 * @param help  Set when --help was given, written by name "help" and not to `settings`.
 * @return OV_OK; OV_BAD after a message on `err` that names the option and says what would be
 * right; OV_NOMEM.
 */
OV_MUST_USE ov_status cli_parse(const struct cli_spec *spec, int argc, char *const *argv,
				void *settings, struct cli_list *operands, bool *help,
				struct cli_out *err);

/** Writes the help text of `spec`. */
void cli_help(const struct cli_spec *spec, struct cli_out *out);

/** "100M" and kin. @return OV_OK; OV_BAD; OV_LIMIT past 64 bits. */
OV_MUST_USE ov_status cli_parse_size(struct ov_str s, uint64_t *out);
/** "30s", "500ms", plain digits: milliseconds. */
OV_MUST_USE ov_status cli_parse_time(struct ov_str s, uint64_t *out);

/** Edits (insert, delete, replace, swap) between two short words; big when either is over 32
 * letters. */
unsigned cli_distance(const char *a, const char *b);

#endif
