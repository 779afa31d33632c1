/* Inside of `overt clamscan`: its settings, its option table, and what it does to infected files.
 */
#ifndef OV_CLI_CLAM_H
#define OV_CLI_CLAM_H

#include <stddef.h>

#include "cli.h"
#include "run.h"

/* Where the values of options go that change nothing here. */
union clam_nothing {
	bool flag;
	uint64_t number;
	const char *text;
	int choice;
};

struct clam_settings {
	struct cli_engine engine;
	bool version, verbose, archive_verbose, quiet, to_stdout, no_summary, infected, hides_ok,
	    bell;
	bool all_matches, recursive, cross_fs, remove, pua, scan_archive;
	bool alert_encrypted, heuristics_first, no_certificates, official_only;
	bool features[OVERT_FEATURE_COUNT], alerts[OVERT_ALERT_COUNT];
	const char *log, *file_list, *move, *copy;
	struct cli_list exclude, exclude_dir, include, include_dir, include_pua, exclude_pua;
	uint64_t follow_dirs, follow_files, max_dir_depth, oldest_days, ssn_format;
	union clam_nothing nothing;
	struct ov_buf without_effect; /* names of options given that change nothing, ", " between */
};

/* What happens to an infected file. */
struct clam_action {
	bool moves, copies, removes;
	int folder; /* of --move or --copy, or -1                                      */
	const char *folder_path; /* real path of it; owned */
};

/** Opens the folder of --move or --copy. @return false: `*what` tells. */
bool clam_action_open(struct clam_action *a, const struct clam_settings *s, const char **what);
void clam_action_close(struct clam_action *a);

/**
 * Acts on one file, if it still is the one that was scanned (device and inode). All by descriptors
 * of folders, so that a link or a rename meanwhile can't make it act on another file.
 *
 * @param say Lines of clamscan's go here: "PATH (real path: '...'): moved to '...'".
 */
void clam_action_do(const struct clam_action *a, const struct run_file *f, struct cli_out *say,
		    struct cli_out *err);

/** True when one of the patterns (POSIX extended) matches. Compiled by clam_filters_open(). */
struct clam_filters;
bool clam_filters_open(const struct clam_settings *s, struct clam_filters **out,
		       struct cli_out *err);
void clam_filters_free(struct clam_filters **f);
/** As walk_options.accept, with the filters as context. */
bool clam_accept(const struct clam_filters *f, struct ov_str path, bool is_dir);

#endif
