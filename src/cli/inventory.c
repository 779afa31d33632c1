/* overt inventory: what is on a machine or in a file, with the evidence for it. The files are read
 * by a jailed worker; this side walks and opens. */
#include "inventory_out.h"

#include <stddef.h>

#include "inventory_take.h"
#include "list.h"

struct inventory_settings {
	const char *root;
	bool json, cyclonedx, spdx, one_fs;
};

static const struct cli_option options[] = {
	{ "root", 0, CLI_TEXT, offsetof(struct inventory_settings, root), "PATH",
	  "what to look at: a folder that is the root of a system, an\n"
	  "image, or a file; default: this machine",
	  NULL, 0, 0 },
	{ "one-file-system", 'x', CLI_FLAG, offsetof(struct inventory_settings, one_fs), NULL,
	  "stay on the root's file system", NULL, 0, 0 },
	{ "Report", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, offsetof(struct inventory_settings, json), NULL,
	  "all evidence, for programs", NULL, 0, 0 },
	{ "cyclonedx", 0, CLI_FLAG, offsetof(struct inventory_settings, cyclonedx), NULL,
	  "CycloneDX 1.6, with evidence", NULL, 0, 0 },
	{ "spdx", 0, CLI_FLAG, offsetof(struct inventory_settings, spdx), NULL, "SPDX 2.3", NULL, 0,
	  0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_inventory_spec = {
	.command = "overt inventory",
	.usage = "[OPTION]...",
	.intro =
	    "Lists the software on a machine or in a file: packages, programs, drivers, services,\n"
	    "certificates, parts named by SBOMs and lock files; each with the evidence for it, "
	    "since\n"
	    "when it is there, and what could not be read.",
	.after = "Exit status: 0 all was read; 2 an error; 3 something could not be read (it is "
		 "listed).\n"
		 "Manual: man overt-inventory",
	.options = options,
};

static void report(struct cli *c, const struct inventory_settings *s,
		   const struct ov_inventory *inv)
{
	if (s->json)
		inventory_json(&c->out, inv);
	else if (s->cyclonedx)
		inventory_cyclonedx(&c->out, inv);
	else if (s->spdx)
		inventory_spdx(&c->out, inv);
	else
		inventory_text(&c->out, inv);
}

/* The built-in list is tested with the program: its lines are not wrong. */
static void on_error(void *ctx, uint32_t line, const char *why)
{
	cli_fmt(&((struct cli *)ctx)->err, "overt inventory: built-in list:%u: %s\n", line, why);
}

/* What to look for beside what is found anyway: what the covered list wants watched. Here it says
 * that something bears a name, and no more. */
static bool watch_for(struct cli *c, struct ov_cov_list *l, struct inventory_what *what)
{
	struct ov_inv_watch *watch = NULL;

	if (ov_cov_list_add_builtin(l, on_error, c) != OV_OK ||
	    ov_cov_watches(l, &watch, &what->nwatch) != OV_OK)
		return false;
	what->watch = watch;
	return true;
}

static int inventory(struct cli *c, const struct inventory_settings *s, struct ov_cov_list *l)
{
	struct inventory_what what = { .command = "overt inventory",
				       .root = s->root,
				       .one_fs = s->one_fs };
	const struct ov_inventory *inv = NULL;
	struct inventory_taken *t = NULL;
	int code;

	if (!watch_for(c, l, &what))
		return cli_fail(c, "overt inventory", "out of memory", NULL);
	code = inventory_take(c, &what, &t, &inv);
	if (code == CLI_OK) {
		report(c, s, inv);
		code = inv->nunread > 0 ? CLI_INCOMPLETE : CLI_OK;
	}
	inventory_drop(&t);
	return code;
}

int cli_inventory(struct cli *c, int argc, char *const *argv)
{
	struct inventory_settings s = { .root = "/" };
	struct cli_list operands = { 0 };
	struct ov_cov_list l;
	int code = cli_begin(c, &cli_inventory_spec, argc, argv, &s, &operands);

	ov_cov_list_init(&l);
	if (code < 0 && operands.n > 0)
		code = cli_usage(c, &cli_inventory_spec,
				 "it takes no arguments; a place to look at: --root PATH");
	if (code < 0 && s.json + s.cyclonedx + s.spdx > 1)
		code = cli_usage(c, &cli_inventory_spec, "one of --json, --cyclonedx and --spdx");
	if (code < 0)
		code = inventory(c, &s, &l);
	ov_cov_list_free(&l);
	cli_list_free(&operands);
	return code;
}
