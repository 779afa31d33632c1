/* Words and places that several forms of report share. */
#include "report.h"

const char *report_reason_words(enum overt_reason r)
{
	static const char *const words[OVERT_REASON_COUNT] = {
		"encrypted",	       "damaged",	 "unsupported",
		"crashed the reader",  "took too long",	 "over the size limit",
		"nested too deep",     "too many parts", "grows too much",
		"over the time limit", "unreadable",
	};

	return (unsigned)r < OVERT_REASON_COUNT ? words[r] : "not scanned";
}

const char *report_advice(enum overt_reason r)
{
	static const char *const advice[OVERT_REASON_COUNT] = {
		"if it is a ZIP file: give --password; else unlock it, and scan what was inside",
		"bytes were matched; do not open it unless you trust who sent it",
		"bytes were matched, the parts inside were not",
		"only this file is affected; please report it as a bug",
		"scan it again with a larger --max-scantime",
		"scan it again with a larger --max-filesize or --max-scansize",
		"scan it again with a larger --max-recursion",
		"scan it again with a larger --max-files",
		"a decompression bomb? If not: scan it again with a larger --max-ratio",
		"scan it again with a larger --max-scantime",
		"it could not be read to its end; check the disk, then scan again",
	};

	return (unsigned)r < OVERT_REASON_COUNT ? advice[r] : "scan it again";
}

/* Names of members come from archives, and may be as long as their author likes. */
#define MEMBER_SHOWN ((size_t)160)

static void member(struct cli_out *out, struct ov_str name)
{
	if (name.n <= MEMBER_SHOWN) {
		cli_shown(out, name);
		return;
	}
	cli_shown(out, (struct ov_str){ name.p, MEMBER_SHOWN / 2 });
	cli_fmt(out, " ... %zu more bytes ... ", name.n - MEMBER_SHOWN);
	cli_shown(out, (struct ov_str){ name.p + name.n - MEMBER_SHOWN / 2, MEMBER_SHOWN / 2 });
}

void report_place(struct cli_out *out, struct ov_str path, bool is_stdin,
		  const struct overt_text *layer, size_t nlayer)
{
	cli_style(out, CLI_BOLD);
	if (is_stdin)
		cli_put(out, "standard input");
	else
		cli_shown(out, path);
	cli_style(out, CLI_PLAIN);
	for (size_t i = 0; i < nlayer; i++) {
		cli_put(out, " > ");
		member(out, cli_str(layer[i]));
	}
}

void report_json_layer(struct cli_out *out, const struct overt_text *layer, size_t nlayer)
{
	cli_put(out, "[");
	for (size_t i = 0; i < nlayer; i++) {
		if (i > 0)
			cli_put(out, ",");
		cli_json(out, cli_str(layer[i]));
	}
	cli_put(out, "]");
}

void report_json_severity(struct cli_out *out, const struct overt_detection *d)
{
	if (d->severity != OVERT_UNGRADED)
		cli_fmt(out, ",\"severity\":\"%s\"", overt_severity_name(d->severity));
}

void report_json_view(struct cli_out *out, const struct overt_detection *d)
{
	if (d->view != OVERT_VIEW_BYTES)
		cli_fmt(out, ",\"view\":\"%s\"", overt_view_name(d->view));
}
