/* The parts of `overt migrate`. */
#ifndef OV_CLI_MIGRATE_H
#define OV_CLI_MIGRATE_H

#include "covered_lists.h"

struct migrate_settings {
	const char *profile, *at, *key, *passphrase_file, *output, *before, *write, *journal;
	struct cli_list groups, settings, lists, verifiers;
	struct cli_list yes, skip, again, ended; /* STEP@GROUP */
	uint64_t wait_ms;
	bool only_lists, one_fs, dry;
	int format; /* 0 text, 1 json */
};

/* Each is given what stands behind its word. @return the exit code. */
int migrate_plan(struct cli *c, const struct migrate_settings *s, const char *target);
int migrate_probe(struct cli *c, const struct migrate_settings *s, const char *folder);
int migrate_record(struct cli *c, const struct migrate_settings *s, const char *target);
int migrate_run(struct cli *c, const struct migrate_settings *s, const char *plan);
int migrate_undo(struct cli *c, const struct migrate_settings *s, const char *plan);
int migrate_verify(struct cli *c, const struct migrate_settings *s, const char *before,
		   const char *after);

/** Everything of a small file. @return false after a message. */
bool migrate_read(struct cli *c, const char *path, size_t max, struct ov_buf *out);

/** Writes a new file, synced; never over another. @return false after a message. */
bool migrate_write(struct cli *c, const char *path, struct ov_str bytes);

#endif
