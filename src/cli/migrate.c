/*
 * overt migrate: moving off a covered product. A plan is data and checklists: its commands are the
 * site's own, and `run` starts one only after a yes to its step for its group of machines. What
 * overt does itself is to look (plan, record), to write one harmless test file (probe), and to sign
 * what it saw (record).
 */
#include "migrate.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char *const forms[] = { "text", "json", NULL };

#define AT(member) offsetof(struct migrate_settings, member)

static const struct cli_option options[] = {
	{ "The plan", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "group", 0, CLI_LIST, AT(groups), "NAME",
	  "a group of machines that answers for itself; may be\ngiven several times", NULL, 0, 0 },
	{ "settings", 0, CLI_LIST, AT(settings), "FILE",
	  "settings that the old product exported: its exclusions\nand schedules are listed", NULL,
	  0, 0 },
	{ "format", 0, CLI_CHOICE, AT(format), "FORM", "text or json", forms, 0, 0 },
	{ "write", 0, CLI_TEXT, AT(write), "FILE",
	  "write the plan here too, to be filled in and run", NULL, 0, 0 },
	{ "Run and undo", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "yes", 0, CLI_LIST, AT(yes), "STEP@GROUP",
	  "yes to this step for this group; may be given several\ntimes; there is no yes to all",
	  NULL, 0, 0 },
	{ "skip", 0, CLI_LIST, AT(skip), "STEP@GROUP", "leave this step out for this group", NULL,
	  0, 0 },
	{ "ended", 0, CLI_LIST, AT(ended), "STEP@GROUP",
	  "after a crash: the command that was begun did its work", NULL, 0, 0 },
	{ "again", 0, CLI_LIST, AT(again), "STEP@GROUP", "after a crash: run that command again",
	  NULL, 0, 0 },
	{ "journal", 0, CLI_TEXT, AT(journal), "FILE", "the journal; default PLAN.journal", NULL, 0,
	  0 },
	{ "dry-run", 'n', CLI_FLAG, AT(dry), NULL,
	  "show what would run and how far it is; run nothing", NULL, 0, 0 },
	{ "The probe", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "wait", 0, CLI_TIME, AT(wait_ms), "TIME",
	  "how long the replacement may take; default 30s", NULL, 100, 3600000 },
	{ "The record", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "key", 0, CLI_TEXT, AT(key), "FILE", "sign with this key: overt publish key makes one",
	  NULL, 0, 0 },
	{ "passphrase-file", 0, CLI_TEXT, AT(passphrase_file), "FILE",
	  "its first line opens the key file", NULL, 0, 0 },
	{ "before", 0, CLI_TEXT, AT(before), "FILE",
	  "the record from before the move: this one is of after", NULL, 0, 0 },
	{ "output", 'o', CLI_TEXT, AT(output), "FILE", "write the record here; else it is printed",
	  NULL, 0, 0 },
	{ "verifier", 0, CLI_LIST, AT(verifiers), "VKEY",
	  "verify: a verifier key whose signature counts", NULL, 0, 0 },
	{ "What is covered", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "profile", 0, CLI_TEXT, AT(profile), "WHO", "only the rules that bind this reader", NULL,
	  0, 0 },
	{ "at", 0, CLI_TEXT, AT(at), "DATE", "as of this day, else today", NULL, 0, 0 },
	{ "list", 0, CLI_LIST, AT(lists), "FILE", "a list of your own, with steps of its own", NULL,
	  0, 0 },
	{ "only-lists", 0, CLI_FLAG, AT(only_lists), NULL, "without the built-in list", NULL, 0,
	  0 },
	{ "one-file-system", 'x', CLI_FLAG, AT(one_fs), NULL, "stay on a root's file system", NULL,
	  0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_migrate_spec = {
	.command = "overt migrate",
	.usage = "plan [OPTION]... [TARGET]\n"
		 "run --key FILE [--yes STEP@GROUP]... PLAN\n"
		 "undo [--yes STEP@GROUP]... PLAN\n"
		 "probe [--wait TIME] FOLDER\n"
		 "record --key FILE [--before FILE] [-o FILE] [TARGET]\n"
		 "verify --verifier VKEY... BEFORE [AFTER]",
	.intro =
	    "Moving off a covered product: what to do in which order, how each step is seen to be "
	    "done\nand how it is undone; whether the replacement detects; a signed record of "
	    "before "
	    "and after.\nA written plan can be run: the commands are your own, and each step asks "
	    "for a yes\nfor each group of machines.",
	.after =
	    "Exit status: plan: 0 nothing to move, 1 a plan, 2 nothing found but not all could "
	    "be told\napart; run: 0 done and nothing is left, 1 a command failed, 2 it waits for "
	    "a yes or an\nanswer, or something is left; undo: 0 undone, 1 a command failed, 2 it "
	    "waits; probe: 0 detected, 1 not;\nrecord: 0 written; verify: 0 it holds and "
	    "nothing is left, 1 it does not hold, 2 it holds and something is left or was not "
	    "read; 3 an error.\nManual: man overt-migrate",
	.options = options,
};

bool migrate_read(struct cli *c, const char *path, size_t max, struct ov_buf *out)
{
	FILE *f = fopen(path, "re");
	uint8_t part[4096];
	size_t n;

	if (f == NULL) {
		(void)cli_fail(c, "overt migrate", path, strerror(errno));
		return false;
	}
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		if (out->n + n > max || ov_buf_put(out, part, n) != OV_OK)
			break;
	(void)fclose(f);
	if (n == 0)
		return true;
	(void)cli_fail(c, "overt migrate", path, "it is too large for what it should be");
	return false;
}

static int run(struct cli *c, const struct migrate_settings *s, const struct cli_list *w)
{
	const char *what = w->n > 0 ? w->v[0] : "", *first = w->n > 1 ? w->v[1] : NULL;

	if (strcmp(what, "plan") == 0 && w->n <= 2)
		return migrate_plan(c, s, first != NULL ? first : "/");
	if (strcmp(what, "record") == 0 && w->n <= 2)
		return migrate_record(c, s, first != NULL ? first : "/");
	if (strcmp(what, "probe") == 0 && w->n == 2)
		return migrate_probe(c, s, first);
	if (strcmp(what, "run") == 0 && w->n == 2)
		return migrate_run(c, s, first);
	if (strcmp(what, "undo") == 0 && w->n == 2)
		return migrate_undo(c, s, first);
	if (strcmp(what, "verify") == 0 && (w->n == 2 || w->n == 3))
		return migrate_verify(c, s, first, w->n == 3 ? w->v[2] : NULL);
	(void)cli_usage(c, &cli_migrate_spec,
			"one of plan, run, undo, probe, record and verify, and on what");
	return COVERED_ERROR;
}

int cli_migrate(struct cli *c, int argc, char *const *argv)
{
	struct migrate_settings s = { .profile = "", .wait_ms = 30000 };
	struct cli_list words = { 0 };
	int code = cli_begin(c, &cli_migrate_spec, argc, argv, &s, &words);

	if (code == CLI_FAILED)
		code = COVERED_ERROR;
	if (code < 0)
		code = run(c, &s, &words);
	cli_list_free(&s.groups);
	cli_list_free(&s.settings);
	cli_list_free(&s.lists);
	cli_list_free(&s.verifiers);
	cli_list_free(&s.yes);
	cli_list_free(&s.skip);
	cli_list_free(&s.again);
	cli_list_free(&s.ended);
	cli_list_free(&words);
	return code;
}
