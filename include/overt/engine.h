/*
 * The front door: an engine with sandboxed workers. Files are handed over as descriptors, verdicts
 * come back.
 *
 * The calling process never parses a byte of them: workers do, and they can open nothing, connect
 * to nothing and start nothing. Functions return OVERT_OK or an overt_status; overt_engine_error()
 * then tells in words. Threads: one thread at a time per engine; several engines may live in one
 * process.
 */
#ifndef OVERT_ENGINE_H
#define OVERT_ENGINE_H

#include <stdint.h>

#include "overt/features.h"
#include "overt/verdict.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum overt_status {
	OVERT_OK = 0,
	OVERT_END,	    /* nothing more                                             */
	OVERT_AGAIN,	    /* workers are all busy: take a verdict first               */
	OVERT_BAD_ARGUMENT, /* the caller's mistake                                     */
	OVERT_REFUSED,	    /* a database or source was refused: see the error          */
	OVERT_NO_MEMORY,
	OVERT_IO,	 /* a system call failed                                     */
	OVERT_NO_WORKER, /* no worker could be started or all died                   */
	OVERT_INTERNAL
};
const char *overt_status_text(enum overt_status s);

/* Numeric options. Sizes in bytes, times in milliseconds, 0 = no limit unless said otherwise. */
enum overt_option {
	OVERT_OPT_WORKERS = 0, /* processes; 0: one per CPU                         */
	OVERT_OPT_ALL_MATCHES, /* boolean                                           */
	OVERT_OPT_SHA256,      /* boolean: always compute the file's SHA-256        */
	OVERT_OPT_CONTEXT,     /* boolean: bytes around matches                     */
	OVERT_OPT_NO_ARCHIVES, /* boolean                                           */
	OVERT_OPT_MAX_FILESIZE,
	OVERT_OPT_MAX_SCANSIZE,
	OVERT_OPT_MAX_FILES,
	OVERT_OPT_MAX_RECURSION,
	OVERT_OPT_MAX_RATIO,
	OVERT_OPT_MAX_SCANTIME,
	OVERT_OPT_MAX_KEPT,
	OVERT_OPT_WORKER_MEMORY, /* address space of a worker beyond the database; default 2 GiB */
	OVERT_OPT_PUA,		 /* boolean: load PUA signatures                      */
	OVERT_OPT_STRICT,	 /* boolean: a bad line refuses its source            */
	OVERT_OPT_ALLOW_WEAK,	 /* boolean: scan even where the kernel has neither seccomp nor
				    Landlock */
	OVERT_OPT_FEATURES_OFF,	 /* bits of enum overt_feature                        */
	OVERT_OPT_ALERTS,	 /* bits of enum overt_alert                          */
	OVERT_OPT_HEURISTICS_FIRST, /* boolean: a heuristic counts as soon as it is met  */
	OVERT_OPT_MIN_CARDS,	    /* credit card numbers for an alert, default 3       */
	OVERT_OPT_MIN_SSNS,	    /* US social security numbers, default 3             */
	OVERT_OPT_SSN_FORMATS,	    /* 0: both, 1: with dashes, 2: without               */
	OVERT_OPT_CARDS_ONLY,	    /* boolean: no debit and store cards                 */
	OVERT_OPT_MAX_HTML,	    /* bytes of HTML that are normalised, 40 MB          */
	OVERT_OPT_MAX_HTML_TEXT,    /* bytes of HTML without tags, 8 MB                  */
	OVERT_OPT_MAX_SCRIPT,	    /* bytes of script that are normalised, 20 MB        */
	OVERT_OPT_MAX_ICONS,	    /* icons of a program, 100                           */
	OVERT_OPT_PCRE_MATCH,	    /* steps of a regular expression, 100,000            */
	OVERT_OPT_PCRE_DEPTH,	    /* its nesting, 2,000                                */
	OVERT_OPT_PCRE_FILESIZE,    /* bytes of a layer that it is run over, 100 MB      */
	OVERT_OPT_YARA_ONLY,	    /* boolean: YARA rules alone, on the files themselves: each
				       verdict lists the rules that hold             */
	OVERT_OPT_YARA_MATCHES,	    /* matches of a string that are listed; 0: none  */
	OVERT_OPT_YARA_NEGATE,	    /* boolean: list the rules that do not hold      */
	OVERT_OPT_YARA_FAST,	    /* boolean: one match is enough where one counts */
	OVERT_OPT_YARA_PROCESS,	    /* boolean: files are memories of processes, see
				       overt_process_open()                          */
	OVERT_OPT_YARA_STRICT,	    /* boolean: as YARA-X, where 4.5 differs         */
	OVERT_OPT_YARA_STRINGS,	    /* strings of a rule, 10,000                     */
	OVERT_OPT_YARA_DUMP,	    /* what modules see of each file: enum overt_yara_dump,
				       OVERT_YARA_DUMP_ALL                           */
	OVERT_OPT_DETECT,	    /* bits of enum overt_severity that count as detections; malware
				       and what is not graded always do               */
	OVERT_OPT_REPORT,	    /* bits of those that are told beside the detections */
	OVERT_OPT_COUNT
};

enum overt_yara_dump {
	OVERT_YARA_DUMP_NONE = 0,
	OVERT_YARA_DUMP_YARA, /* as `yara -D`                        */
	OVERT_YARA_DUMP_TEXT, /* what is defined, without constants  */
	OVERT_YARA_DUMP_JSON, /* likewise, an object                 */
};
#define OVERT_YARA_DUMP_ALL 8 /* beside it: all modules, not only those that rules import */

#define OVERT_WORKERS_MAX 64 /* more are taken as this many */

struct overt_options;
struct overt_options *overt_options_new(void); /* defaults; NULL: no memory */
void overt_options_free(struct overt_options **o);
enum overt_status overt_options_set(struct overt_options *o, enum overt_option which,
				    uint64_t value);
uint64_t overt_options_get(const struct overt_options *o, enum overt_option which);
/** Adds a database: an .odb, a signature file, a container, a folder of them, or the set that overt
 * carries (OVERT_BUILTIN). The path is copied. */
#define OVERT_BUILTIN "built-in" /* a file of this name is "./built-in" */
enum overt_status overt_options_add_database(struct overt_options *o, const char *path);
/** Adds a source of YARA rules, whatever it is called. @param name_space  "" or NULL: "default". */
enum overt_status overt_options_add_rules(struct overt_options *o, const char *path,
					  const char *name_space);
/** Adds a compiled database, whatever it is called. */
enum overt_status overt_options_add_compiled(struct overt_options *o, const char *path);
/** Defines an external variable of YARA rules: "name=value". A value that reads as an integer, a
 * number or a truth is one, else it is a text. */
#define OVERT_DEFINES_MAX 16384
enum overt_status overt_options_define(struct overt_options *o, const char *definition);
/** Gives a file to a module of YARA rules: "module=path", cuckoo's report for instance. The file is
 * opened at once; workers get its descriptor. A second one for a module replaces the first.
 * @return OVERT_OK; OVERT_BAD_ARGUMENT: not of that form, or more than OVERT_MODULE_DATA_MAX;
 * OVERT_IO: it can't be opened. */
#define OVERT_MODULE_DATA_MAX 16
enum overt_status overt_options_add_module_data(struct overt_options *o, const char *definition);
/**
 * Which categories of possibly unwanted applications count ("PUA.Win.Packer.X" is of the categories
 * Win and Packer): only these, or all but these. Without effect unless OVERT_OPT_PUA is set.
 * @param categories With commas between; "" or NULL: all count. At most OVERT_PUA_MAX - 1 bytes.
 */
#define OVERT_PUA_MAX 512
enum overt_status overt_options_set_pua(struct overt_options *o, const char *categories,
					int excludes);
/**
 * A password to try on encrypted parts, beside those that the database carries. It stays in this
 * process and in its workers. @return OVERT_BAD_ARGUMENT when all of them together, each with one
 * byte more, are longer than OVERT_PASSWORDS_MAX.
 */
#define OVERT_PASSWORDS_MAX 4096
enum overt_status overt_options_add_password(struct overt_options *o, const char *password);
/** Where compiled text sources are kept; NULL: not at all. Default: $XDG_CACHE_HOME/overt or
 * /var/cache/overt. */
enum overt_status overt_options_set_cache(struct overt_options *o, const char *dir);
/** The worker program; default: OVERT_WORKER in the environment (not when setuid), else beside this
 * program. */
enum overt_status overt_options_set_worker(struct overt_options *o, const char *path);
/** Called with one line of text for each warning (weakened sandbox, refused signature lines, ...).
 */
typedef void (*overt_message_fn)(void *context, const char *line);
void overt_options_on_warning(struct overt_options *o, overt_message_fn fn, void *context);

struct overt_engine;

struct overt_database_info { /* strings live as long as the engine */
	char id[65];	     /* hexadecimal */
	uint64_t signatures, built;
	uint64_t refused, skipped;  /* lines, when compiled in this run; else as stored */
	const char *const *sources; /* labels; NULL at the end */
};

/** Compiles what needs it (in a worker), verifies (in each worker), starts workers. *out is set
 * even on failure, so that overt_engine_error() can be asked; free it in any case. */
enum overt_status overt_engine_open(const struct overt_options *o, struct overt_engine **out);
void overt_engine_close(struct overt_engine **at);
const char *overt_engine_error(const struct overt_engine *e);
const struct overt_database_info *overt_engine_database(const struct overt_engine *e);

/**
 * Hands over a file. The descriptor is the engine's from here on, whatever is returned except
 * OVERT_AGAIN. A descriptor that can't seek is scanned as a stream.
 * @return OVERT_OK; OVERT_AGAIN: take verdicts first; OVERT_NO_WORKER.
 */
enum overt_status overt_engine_submit(struct overt_engine *e, int fd, uint64_t cookie);

/**
 * A process's memory as a file that can be submitted with OVERT_OPT_YARA_PROCESS: a copy of what
 * can be read of it, at most OVERT_PROCESS_MAX bytes. @return a descriptor, or -1 with errno.
 * @param cut  1 when not all of it could be read or kept.
 */
#define OVERT_PROCESS_MAX ((uint64_t)4 << 30)
int overt_process_open(long pid, int *cut);

/**
 * Gives a finished verdict. @param timeout_ms -1: wait, 0: don't.
 * @return OVERT_OK; OVERT_AGAIN: none within the time; OVERT_END: nothing is being scanned.
 * Deadlines are enforced here: call it, or overt_engine_fd()'s poll loop, while scans run.
 */
enum overt_status overt_engine_next(struct overt_engine *e, int timeout_ms,
				    struct overt_verdict **out);

/** A descriptor for poll(2) loops: readable when overt_engine_next(e, 0, ...) has something to do.
 * The engine's own. */
int overt_engine_fd(const struct overt_engine *e);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
