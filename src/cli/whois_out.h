/* The forms in which `overt whois` reports. */
#ifndef OV_CLI_WHOIS_OUT_H
#define OV_CLI_WHOIS_OUT_H

#include "cli.h"
#include "covered_judge.h"
#include "whose.h"

struct whois_report {
	const struct ov_inventory *inventory;
	const struct ov_whose_result *whose;
	const struct ov_cov_result *covered;
	bool all;
};

void whois_text(struct cli_out *out, const struct whois_report *r);
void whois_json(struct cli_out *out, const struct whois_report *r);

#endif
