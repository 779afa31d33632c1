/* What the commands of the program share: output, the table of commands, engine settings,
 * databases. */
#ifndef OV_CLI_CLI_H
#define OV_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "overt/database.h"
#include "overt/engine.h"

#include "opts.h"
#include "out.h"

/* Exit codes, fixed by the command-line contract. */
enum { CLI_OK = 0, CLI_FOUND = 1, CLI_FAILED = 2, CLI_INCOMPLETE = 3 };

struct cli {
	struct cli_out out, err;
};

struct cli_command {
	const char *name, *summary;
	/* argv[0] is the command's name. Returns the exit code. */
	int (*run)(struct cli *c, int argc, char *const *argv);
	const struct cli_spec *spec;
};

extern const struct cli_command cli_commands[]; /* name NULL at the end */

extern const struct cli_spec cli_scan_spec, cli_db_build_spec, cli_db_info_spec, cli_db_check_spec,
    cli_db_list_spec, cli_db_diff_spec, cli_db_cost_spec, cli_explain_spec, cli_prove_spec,
    cli_clamscan_spec, cli_covered_spec, cli_covered_diff_spec, cli_migrate_spec,
    cli_inventory_spec, cli_whois_spec, cli_yara_spec, cli_yarac_spec;

/** The whole program: picks the command and runs it. @return the exit code. */
int cli_main(int argc, char *const *argv);

int cli_scan(struct cli *c, int argc, char *const *argv);
int cli_db(struct cli *c, int argc, char *const *argv);
int cli_explain(struct cli *c, int argc, char *const *argv);
int cli_prove(struct cli *c, int argc, char *const *argv);
int cli_clamscan(struct cli *c, int argc, char *const *argv);
int cli_covered(struct cli *c, int argc, char *const *argv);
int cli_covered_diff(struct cli *c, int argc, char *const *argv);
int cli_migrate(struct cli *c, int argc, char *const *argv);
int cli_inventory(struct cli *c, int argc, char *const *argv);
int cli_whois(struct cli *c, int argc, char *const *argv);
int cli_yara_alone(struct cli *c, int argc, char *const *argv); /* as the program `yara` */
int cli_yara(struct cli *c, int argc, char *const *argv);
int cli_yarac(struct cli *c, int argc, char *const *argv);
int cli_network(struct cli *c, int argc, char *const *argv);

/* "db" has commands of its own. */
extern const struct cli_command cli_db_commands[];
int cli_db_build(struct cli *c, int argc, char *const *argv);
int cli_db_info(struct cli *c, int argc, char *const *argv);
int cli_db_check(struct cli *c, int argc, char *const *argv);
int cli_db_list(struct cli *c, int argc, char *const *argv);
int cli_db_diff(struct cli *c, int argc, char *const *argv);
int cli_db_cost(struct cli *c, int argc, char *const *argv);

/**
 * Parses and answers --help. @return -1: go on; else the exit code.
 */
int cli_begin(struct cli *c, const struct cli_spec *spec, int argc, char *const *argv,
	      void *settings, struct cli_list *operands);

/** A usage error: message, then where help is. @return CLI_FAILED. */
int cli_usage(struct cli *c, const struct cli_spec *spec, const char *message);

/** "overt scan: what: detail" on the error output. @return CLI_FAILED. */
int cli_fail(struct cli *c, const char *command, const char *what, const char *detail);

#define CLI_UNSET UINT64_MAX

/* Where overt update keeps what serves. */
#define CLI_UPDATES "/var/lib/overt/update/active"

/* The settings that scanning commands have in common. CLI_UNSET: the engine's default stays. */
struct cli_engine {
	struct cli_list databases;
	uint64_t limits[OVERT_OPT_COUNT]; /* by enum overt_option; booleans as 0 and 1          */
	const char *cache;		  /* NULL: the default folder                          */
	bool no_cache;
	const struct cli_list *pua; /* categories; NULL: all */
	bool pua_excludes;	    /* these are left out, else only these are used */
	struct cli_list passwords;  /* to try on encrypted parts */
	const char *password_file;  /* and the lines of this file; NULL: none */
};

/** All unset. */
void cli_engine_init(struct cli_engine *s);

/**
 * Makes options of the settings: the given databases, else the configured ones ($OVERT_DATABASE,
 * colon-separated), else what overt update took, else ClamAV's folder when it holds databases, else
 * none, which means the built-in set. Warnings of the engine go to `c->err`. @return NULL after a
 * message. Free with overt_options_free().
 */
struct overt_options *cli_engine_options(struct cli *c, const char *command,
					 const struct cli_engine *s);

/** Opens the engine. @return NULL after a message. */
struct overt_engine *cli_engine_open(struct cli *c, const char *command,
				     const struct cli_engine *s);

/* Long options that several tables begin with. `type` is the command's struct with a member
 * `engine`. */
#define CLI_LIMIT(type, which) (offsetof(type, engine.limits) + (which) * sizeof(uint64_t))

#define CLI_DATABASE_OPTION(type)                                                                  \
	{                                                                                          \
		"database", 'd', CLI_LIST, offsetof(type, engine.databases), "SOURCE",             \
		    "use this database: an .odb, a ClamAV file, or a folder\n"                     \
		    "of them; may be given several times",                                         \
		    NULL, 0, 0                                                                     \
	}

#define CLI_PASSWORD_OPTIONS(type)                                                                 \
	{ "password",                                                                              \
	  0,                                                                                       \
	  CLI_LIST,                                                                                \
	  offsetof(type, engine.passwords),                                                        \
	  "WORD",                                                                                  \
	  "try this password on encrypted parts (others who use\nthis machine can see it); may "   \
	  "be "                                                                                    \
	  "given several times",                                                                   \
	  NULL,                                                                                    \
	  0,                                                                                       \
	  0 },                                                                                     \
	{                                                                                          \
		"password-file", 0, CLI_TEXT, offsetof(type, engine.password_file), "FILE",        \
		    "try the passwords in FILE, one a line", NULL, 0, 0                            \
	}

/** Milliseconds of a clock that only goes forward; coarse (a few ms) and cheap. */
uint64_t cli_now_ms(void);

#endif
