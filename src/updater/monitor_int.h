/* What the monitor's files share. */
#ifndef OV_UPDATER_MONITOR_INT_H
#define OV_UPDATER_MONITOR_INT_H

#include "evidence.h"
#include "fetch.h"
#include "root.h"
#include "state.h"
#include "updater.h"

#define MONITOR "overt monitor"

struct monitor_settings {
	struct cli_list from, heads;
	const char *root, *folder;
	bool artifacts, signatures, json;
};

struct monitor_root { /* a version, with what it points into */
	struct ov_root root;
	struct ov_buf bytes;
	struct ov_arena arena;
};

struct monitor {
	struct cli *c;
	struct monitor_settings s;
	struct ov_hasher *h;
	struct ov_fetch *f;
	struct monitor_root *root; /* the newest that was needed */
	struct ov_buf note, last;  /* the log's checkpoint now, and what was seen before */
	struct ov_checkpoint now, before;
	bool has_before;
	unsigned alarms;
	int code;
};

/* We can't go on. @return false. */
bool monitor_fail(struct monitor *m, const char *what, const char *detail);

/* A rule is broken: that is what a monitor is for. @param entry  UINT64_MAX: of no entry. @param
 * evidence  A file's name, or NULL. */
void monitor_alarm(struct monitor *m, uint64_t entry, const char *what, const char *evidence);

/* A checkpoint that a log of the root signed; views into `bytes`. */
bool monitor_checkpoint(struct monitor *m, struct ov_str bytes, struct ov_checkpoint *out);

/* Does the log's tree `large` begin with `small`? As ov_evidence_compare(). */
ov_status monitor_compare(struct monitor *m, const struct ov_checkpoint *small,
			  const struct ov_checkpoint *large, struct ov_contradiction *how);

/* Two notes that can't both be true: kept, and told. */
void monitor_fork(struct monitor *m, const char *who, const struct ov_buf *small,
		  const struct ov_buf *large, const struct ov_contradiction *how);

/* Goes from the root in hand to `version`, step by step. @return false: the repository has none
 * that follows. */
bool monitor_root_to(struct monitor *m, uint64_t version);

/* monitor_entry.c: each entry since the last time. @return false: we can't go on. */
bool monitor_entries(struct monitor *m);

/* monitor_state.c: what changed, and what must not be. */
void monitor_show(struct monitor *m, uint64_t entry, const struct ov_state *was,
		  const struct ov_state *is);
void monitor_sanity(struct monitor *m, uint64_t entry, const struct ov_state *was,
		    const struct ov_state *is);

/* monitor_files.c: artifacts, and what a release changed in them, signature by signature. */
void monitor_files(struct monitor *m, uint64_t entry, const struct ov_state *was,
		   const struct ov_state *is);
void monitor_tidy(struct monitor *m, const struct ov_state *is);

/* monitor_heads.c: what cosigners show, and what others were shown. */
void monitor_heads(struct monitor *m);

#endif
