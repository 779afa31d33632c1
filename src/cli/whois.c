/* overt whois: whose scan engine is in a file, a folder or an image. Files are read by a jailed
 * worker, as for the inventory; here the evidence is weighed. */
#include "whois_out.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#include "inventory_take.h"

enum { FORM_TEXT = 0, FORM_JSON };

struct whois_settings {
	unsigned format;
	bool one_fs, all;
};

static const char *const formats[] = { "text", "json", NULL };

static const struct cli_option options[] = {
	{ "format", 0, CLI_CHOICE, offsetof(struct whois_settings, format), "FORM",
	  "text or json (one object for each target)", formats, 0, 0 },
	{ "all", 0, CLI_FLAG, offsetof(struct whois_settings, all), NULL,
	  "text: mentions in documents too, and all evidence", NULL, 0, 0 },
	{ "one-file-system", 'x', CLI_FLAG, offsetof(struct whois_settings, one_fs), NULL,
	  "stay on each target's file system", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_whois_spec = {
	.command = "overt whois",
	.usage = "[OPTION]... FILE|FOLDER|IMAGE...",
	.intro =
	    "Names the scan engine inside programs, whatever they are called: overt itself, other\n"
	    "open engines, and engines of covered entities; each with its version where something\n"
	    "tells it, and with the evidence. Statically linked and stripped programs too. A "
	    "packed\n"
	    "program can't be seen into, and that is said.",
	.after = "Exit status: 0 all was read; 2 an error; 3 a program is packed, or something "
		 "could\n"
		 "not be read. Manual: man overt-whois",
	.options = options,
};

struct whois {
	struct cli *c;
	const struct whois_settings *s;
	struct ov_cov_list list;
	struct ov_inv_watch *watch; /* the list's, and one more: look for engines */
	size_t nwatch;
};

static bool prepare(struct whois *x)
{
	struct ov_inv_watch *listed = NULL;
	size_t n = 0;

	ov_cov_list_init(&x->list);
	if (ov_cov_list_add_builtin(&x->list, NULL, NULL) != OV_OK ||
	    ov_cov_watches(&x->list, &listed, &n) != OV_OK)
		return false;
	x->watch = calloc(n + 1, sizeof *x->watch);
	if (x->watch == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		x->watch[i] = listed[i];
	x->watch[n] = (struct ov_inv_watch){ .kind = OV_WATCH_ENGINES,
					     .group = OV_STR("engines"),
					     .pattern = OV_STR("engines") };
	x->nwatch = n + 1;
	return true;
}

static int judge(struct whois *x, const struct ov_inventory *inv)
{
	struct whois_report r = { .inventory = inv, .all = x->s->all };
	struct ov_whose_result whose;
	struct ov_cov_result covered;
	struct ov_arena a;
	int code = CLI_OK;

	ov_arena_init(&a, (size_t)512 << 20);
	if (ov_whose_judge(inv, &a, &whose) != OV_OK ||
	    ov_cov_judge(&x->list, inv, (struct ov_str){ .p = "", .n = 0 }, (int64_t)time(NULL), &a,
			 &covered) != OV_OK) {
		ov_arena_free(&a);
		return cli_fail(x->c, "overt whois", "no memory", NULL);
	}
	r.whose = &whose;
	r.covered = &covered;
	if (x->s->format == FORM_JSON)
		whois_json(&x->c->out, &r);
	else
		whois_text(&x->c->out, &r);
	if (whose.npacked > 0 || inv->nunread > 0)
		code = CLI_INCOMPLETE;
	ov_arena_free(&a);
	return code;
}

static int look_at(struct whois *x, const char *target)
{
	const struct inventory_what what = { .command = "overt whois",
					     .root = target,
					     .one_fs = x->s->one_fs,
					     .watch = x->watch,
					     .nwatch = x->nwatch };
	const struct ov_inventory *inv = NULL;
	struct inventory_taken *t = NULL;
	int code = inventory_take(x->c, &what, &t, &inv);

	if (code == CLI_OK)
		code = judge(x, inv);
	inventory_drop(&t);
	return code;
}

int cli_whois(struct cli *c, int argc, char *const *argv)
{
	struct whois_settings s = { .format = FORM_TEXT };
	struct cli_list targets = { 0 };
	struct whois x = { .c = c, .s = &s };
	int code = cli_begin(c, &cli_whois_spec, argc, argv, &s, &targets);

	if (code < 0 && targets.n == 0)
		code = cli_usage(c, &cli_whois_spec, "which file, folder or image?");
	if (code < 0 && !prepare(&x))
		code = cli_fail(c, "overt whois", "no memory", NULL);
	if (code < 0) {
		code = CLI_OK;
		for (size_t i = 0; i < targets.n; i++) { /* 2, then 3, then 0 */
			const int one = look_at(&x, targets.v[i]);

			if (one == CLI_FAILED || code == CLI_OK)
				code = one;
		}
	}
	free(x.watch);
	ov_cov_list_free(&x.list);
	cli_list_free(&targets);
	return code;
}
