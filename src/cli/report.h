/* The forms in which `overt scan` reports. One file each: out_text.c, out_jsonl.c, out_sarif.c,
 * out_html.c. */
#ifndef OV_CLI_REPORT_H
#define OV_CLI_REPORT_H

#include "cli.h"
#include "run.h"

struct report {
	struct cli_out *out;
	const struct overt_database_info *database;
	const char *command_line; /* for forms that record it                                */
	bool is_verbose;	  /* clean and skipped files too                             */
	bool is_quiet;		  /* found and failed things only                            */
	bool can_explain;	  /* findings will be saved for `overt explain N`            */
	uint64_t now;		  /* unix seconds                                            */
	uint64_t reasons[OVERT_REASON_COUNT]; /* parts not read, by reason */
	size_t shown; /* what a form counts for itself                           */
};

struct report_form {
	const char *name;
	bool in_order;
	void (*begin)(struct report *r);
	void (*file)(struct report *r, const struct run_file *f);
	/* `failure`: why the scan ended early, or NULL. */
	void (*end)(struct report *r, const struct run_counts *n, const char *failure);
};

extern const struct report_form report_text, report_jsonl, report_sarif, report_html;

/** What a person can do about a part that was not read: a short phrase; never NULL. */
const char *report_advice(enum overt_reason r);

/** The reason in words for people: "encrypted", "over the size limit". */
const char *report_reason_words(enum overt_reason r);

/** "a > b > c" of a path and the layers inside it, each made safe for a terminal. */
void report_place(struct cli_out *out, struct ov_str path, bool is_stdin,
		  const struct overt_text *layer, size_t nlayer);

/** ,"view":"html" for a detection whose offsets are not of the layer's bytes; else nothing. */
void report_json_view(struct cli_out *out, const struct overt_detection *d);
/** ,"severity":"suspicious" for a rule that is graded; else nothing. */
void report_json_severity(struct cli_out *out, const struct overt_detection *d);
/** JSON array of member names. */
void report_json_layer(struct cli_out *out, const struct overt_text *layer, size_t nlayer);

#endif
