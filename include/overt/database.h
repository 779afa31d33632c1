/* The front door to databases: build, describe, list. All parsing happens in a sandboxed worker. */
#ifndef OVERT_DATABASE_H
#define OVERT_DATABASE_H

#include "overt/engine.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

struct overt_diagnostic { /* a refused or skipped line; texts valid during the call only */
	struct overt_text file, text;
	uint64_t line;
	struct overt_text reason;
	int is_skipped;
	uint32_t column; /* from 1; 0: the whole line */
};
typedef void (*overt_diagnostic_fn)(void *context, const struct overt_diagnostic *d);

/** Who is told of refused lines when an engine compiles its databases; else they are warnings. */
void overt_options_on_diagnostic(struct overt_options *o, overt_diagnostic_fn fn, void *context);

struct overt_build_result {
	uint64_t signatures, refused, skipped, ignored, allowed, bytes;
	char id[65];
};

/** Compiles the databases of `o` into the file `out_path` (atomically: written aside, synced,
 * renamed). `error` gets a text. */
enum overt_status overt_database_build(const struct overt_options *o, const char *out_path,
				       overt_diagnostic_fn fn, void *context,
				       struct overt_build_result *result, char error[512]);

/* A worker that lays YARA sources out in one form; see `overt yara fmt`. */
struct overt_formatter;

/** Starts one. @return OVERT_OK; else with an error text, and *out is NULL. */
enum overt_status overt_formatter_open(const struct overt_options *o, struct overt_formatter **out,
				       char error[512]);
void overt_formatter_close(struct overt_formatter **f);
/**
 * Lays a source out. Its words and comments stay the same, in the same order.
 * @param fd    The source, open for reading; taken over.
 * @param name  What diagnostics call it.
 * @param out   A descriptor of the result, to be closed by the caller.
 * @return OVERT_OK; OVERT_REFUSED: `fn` was told why; after another status close the formatter.
 */
enum overt_status overt_formatter_file(struct overt_formatter *f, int fd, const char *name,
				       overt_diagnostic_fn fn, void *context, int *out,
				       char error[512]);

struct overt_signature { /* texts valid during the call only */
	struct overt_text name, source, text;
	const char *kind; /* "hash", "body", ... or "allow" */
	uint32_t line;
	int target; /* ClamAV's number, -1 for hashes */
};
/** @return 0 to stop */
typedef int (*overt_signature_fn)(void *context, const struct overt_signature *s);

/** Calls `fn` for each signature of the databases of `o`, in database order. */
enum overt_status overt_database_list(const struct overt_options *o, overt_signature_fn fn,
				      void *context, char error[512]);

#define OVERT_TARGETS 16 /* ClamAV's numbers of targets are below it */

struct overt_cost { /* what a signature cost on some files; texts valid during the call only */
	struct overt_text name, source;
	const char *kind;
	uint32_t line;
	uint64_t met;	/* times one of its anchors was met and looked at                      */
	uint64_t woken; /* files and parts of files in which all its patterns were searched    */
	uint64_t work;	/* steps of verification; of all of them together, its part of the time */
	uint64_t bytes; /* that signatures of its target were held against                   */
	int target;	/* ClamAV's number; 0: any, YARA's too                               */
	/* Of YARA rules, parts in which: the gate was shut, the condition was decided without a
	 * search, the strings were searched, it held. */
	uint64_t shut, decided, searched, held;
	/* "$a": a string of the rule told before; its searches in `searched`, its matches in `held`
	 */
	struct overt_text string;
};
struct overt_cost_totals {
	uint64_t files, bytes, failed; /* failed: files that could not be scanned */
};
/** @return 0 to stop */
typedef int (*overt_cost_fn)(void *context, const struct overt_cost *c);
/** @return the next open file, which is taken over; -1 at the end */
typedef int (*overt_next_file_fn)(void *context);

/**
 * Scans files with the databases of `o` and tells what each signature cost that was looked at.
 * Hash signatures cost nothing that could be told apart, and are not told.
 */
enum overt_status overt_database_cost(const struct overt_options *o, overt_next_file_fn next,
				      overt_cost_fn fn, void *context,
				      struct overt_cost_totals *totals, char error[512]);

struct overt_database_source {
	struct overt_text name, label;
	uint64_t version, built, signatures, refused, skipped;
	int is_signed;
};
#define OVERT_TABLES 16
struct overt_database_facts {
	char id[65];
	uint32_t format_version;
	uint64_t bytes, built, signatures;
	uint64_t
	    by_kind[8]; /* index: 1 hash 2 section 3 import 4 body 5 logical 6 container 7 yara */
	/* Further tables, by what `overt db list` calls them: 0 container 1 password 2 magic
	 * 3 certificate 4 catalog 5 address 6 icon 7 switch 8 bytecode (never run) */
	uint64_t by_table[OVERT_TABLES];
	uint64_t allowed, patterns, anchors, always_woken;
	/* YARA: strings, keys in the tables, rules that no key wakes */
	uint64_t yara_strings, yara_anchors, yara_always;
	const struct overt_database_source *sources;
	size_t nsources;
};
typedef void (*overt_facts_fn)(void *context, const struct overt_database_facts *f);
enum overt_status overt_database_facts(const struct overt_options *o, overt_facts_fn fn,
				       void *context, char error[512]);

/* What the sandbox refuses: `overt prove`. */
struct overt_attempt {
	const char *what; /* "open /etc/passwd" */
	const char *how;  /* "refused by seccomp (killed)" */
	int refused;
};
struct overt_mechanism {
	const char *name;  /* "Landlock" */
	const char *state; /* "ABI 2" or "not available: kernel built without it" */
	int active;
};
struct overt_proof {
	const struct overt_attempt *attempts;
	size_t nattempts, nrefused;
	const struct overt_mechanism *mechanisms;
	size_t nmechanisms;
	const char *kernel;
};
typedef void (*overt_proof_fn)(void *context, const struct overt_proof *p);
enum overt_status overt_prove(const struct overt_options *o, overt_proof_fn fn, void *context,
			      char error[512]);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
