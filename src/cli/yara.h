/* Inside of `overt yara`: its settings and what it prints. */
#ifndef OV_CLI_YARA_H
#define OV_CLI_YARA_H

#include "cli.h"
#include "run.h"

enum yara_format { YARA_TEXT = 0, YARA_JSON, YARA_NDJSON };

struct yara_settings {
	struct cli_list defines, identifiers, tags, module_data;
	const char *atom_table;
	bool compiled, count, fail_on_warnings, fast, negate, no_follow, no_warnings;
	bool metadata, module_dump, namespaces, stats, strings, lengths, xor_keys, print_tags;
	bool recursive, scan_list, version, strict, disable_console;
	uint64_t max_chunk, max_rules, max_strings, skip_larger, stack, threads, timeout;
	int format; /* enum yara_format */
};

struct yara {
	struct cli *c;
	const struct yara_settings *s;
	const char *command; /* "yara" or "overt yara" */
	bool is_single;	     /* one file was named: its count stands alone */
	bool has_failed;
	uint64_t files;
};

/** One file's verdict, in the form that was asked for. */
void yara_print(struct yara *y, const struct run_file *f);
/** What begins and ends a JSON document; nothing for the other forms. */
void yara_print_begin(struct yara *y);
void yara_print_end(struct yara *y);

/** Tells what is wrong with a source, as yara does. */
void yara_diagnostic(void *context, const struct overt_diagnostic *d);

/** Adds "NAMESPACE:FILE" or "FILE". @return false after a message. */
bool yara_add_rules(struct cli *c, struct overt_options *o, const char *operand, bool is_compiled);

#endif
