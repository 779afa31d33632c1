/* overt ledger: every request that was ever made. */
#include "updater.h"

#include <stddef.h>
#include <stdio.h>

#include "store.h"
#include "text.h"

struct settings {
	const char *folder;
	bool json;
};

/* clang-format off */
static const struct cli_option folder_options[] = {
	{ "folder", 0, CLI_TEXT, offsetof(struct settings, folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, offsetof(struct settings, json), NULL, "for programs", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_ledger_spec = {
	.command = "overt ledger",
	.usage = "[OPTION]...",
	.intro =
	    "Lists every request that overt update and overt source ever made, and how many bytes\n"
	    "each sent. The log's requests are the same for all machines: a GET of a public file.",
	.after = "Exit status: 0 listed; 2 an error.\nManual: man overt-update",
	.options = folder_options,
};

/* One line of the ledger: "time GET url sent n received n status n". */
static void ledger_line(struct cli *c, struct ov_str line, bool json, bool is_first)
{
	struct ov_str rest = line, word;
	uint64_t t = 0;
	char when[32];

	if (!ov_text_split(&rest, ' ', &word) || ov_text_u64(word, &t) != OV_OK)
		return;
	(void)cli_date(t, when);
	if (json) {
		cli_fmt(&c->out, "%s{\"time\":%llu,\"request\":", is_first ? "" : ",",
			(unsigned long long)t);
		cli_json(&c->out, rest);
		cli_put(&c->out, "}");
		return;
	}
	cli_fmt(&c->out, "  %s  ", when);
	cli_shown(&c->out, rest);
	cli_put(&c->out, "\n");
}

/* One folder's ledger. @return false after a message. */
static bool show_ledger(struct cli *c, const char *folder, bool json, bool *is_first)
{
	struct ov_buf b = ov_buf_of(16 << 20);
	const ov_status st = ov_store_read(folder, "ledger", 8 << 20, &b);
	struct ov_str rest = ov_buf_text(&b), line;

	while (st == OV_OK && ov_text_split(&rest, '\n', &line)) {
		if (line.n == 0)
			continue;
		ledger_line(c, line, json, *is_first);
		*is_first = false;
	}
	ov_buf_free(&b);
	if (st == OV_OK || st == OV_END)
		return true;
	(void)cli_fail(c, "overt ledger", folder, "it can't be read");
	return false;
}

/* Without a folder: all that this machine's programs ever sent, the log's and other people's. */
int updater_ledger(struct cli *c, int argc, char *const *argv)
{
	struct settings s = { .json = false };
	struct cli_list none = { 0 };
	bool is_first = true;
	int code = cli_begin(c, &updater_ledger_spec, argc, argv, &s, &none);

	if (code < 0) {
		const char *folder = s.folder != NULL ? s.folder : UPDATER_FOLDER;

		cli_put(&c->out, s.json ? "[" : "");
		code = show_ledger(c, folder, s.json, &is_first) ? CLI_OK : CLI_FAILED;
		if (code == CLI_OK && s.folder == NULL &&
		    !show_ledger(c, UPDATER_SOURCES, s.json, &is_first))
			code = CLI_FAILED;
		if (s.json)
			cli_put(&c->out, "]\n");
		else if (is_first && code == CLI_OK)
			cli_put(&c->out, "  Nothing was ever sent.\n");
	}
	cli_list_free(&none);
	return code;
}
