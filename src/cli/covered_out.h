/* The forms in which `overt covered` reports. */
#ifndef OV_CLI_COVERED_OUT_H
#define OV_CLI_COVERED_OUT_H

#include "cli.h"
#include "inventory.h"
#include "covered_judge.h"

struct covered_report {
	const struct ov_cov_list *list;
	const struct ov_inventory *inventory;
	const struct ov_cov_result *result;
	struct ov_str profile; /* "": all */
	int64_t at;
};

void covered_text(struct cli_out *out, const struct covered_report *r);
void covered_json(struct cli_out *out, const struct covered_report *r);
void covered_html(struct cli_out *out, const struct covered_report *r);
/* For other programs: one document for each target. */
void covered_oscal(struct cli_out *out, const struct covered_report *r);
void covered_sarif(struct cli_out *out, const struct covered_report *r);
void covered_cyclonedx(struct cli_out *out, const struct covered_report *r);

#endif
