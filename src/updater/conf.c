#include "conf.h"

#include <stdlib.h>
#include <string.h>

#include "canary.h"
#include "store.h"
#include "text.h"

#define FILE_MAX ((size_t)64 << 10)
#define LINES_MAX 512

/* clang-format off */
#define TAKING_OPTIONS \
	{ "root", 0, CLI_TEXT, CONF_AT(root), "FILE", "the root file to trust; only for the first time", NULL, 0, 0 }, \
	{ "channel", 0, CLI_TEXT, CONF_AT(channel), "NAME", "take this channel (default stable)", NULL, 0, 0 }, \
	{ "now", 0, CLI_FLAG, CONF_AT(now), NULL, "don't wait for this machine's turn in a rollout", NULL, 0, 0 }, \
	{ "cohort", 0, CLI_TEXT, CONF_AT(cohort), "WHICH", "this machine's turn: early, late, or 0 (first) to 999;\ndefault: drawn anew for each release", NULL, 0, 0 }, \
	{ "bundle-days", 0, CLI_NUMBER, CONF_AT(bundle_days), "DAYS", "refuse a bundle that witnesses vouched for longer ago\n(default 14)", NULL, 1, 3650 }, \
	{ "try", 0, CLI_LIST, CONF_AT(tries), "PATH", "the canary scans this too: a new detection there\nkeeps the old database", NULL, 0, 0 }, \
	{ "sample", 0, CLI_SIZE, CONF_AT(sample), "SIZE", "so much of the system's own files, drawn by chance, must\nstay without a new detection (default 200M; 0: none)", NULL, 0, 0 }, \
	{ "no-recent", 0, CLI_FLAG, CONF_AT(no_recent), NULL, "don't try it on the last files that were scanned here", NULL, 0, 0 }, \
	{ "no-canary", 0, CLI_FLAG, CONF_AT(no_canary), NULL, "take databases untried", NULL, 0, 0 }

const struct cli_option conf_update_options[] = {
	{ "from", 0, CLI_LIST, CONF_AT(from), "URL|DIR|BUNDLE", "the repository; given again: its mirrors, tried in turn", NULL, 0, 0 },
	CONF_FOLDER_OPTION,
	TAKING_OPTIONS,
	{ "check-history", 0, CLI_FLAG, CONF_AT(check_history), NULL, "check the log's history at each growth, not at one in 50", NULL, 0, 0 },
	{ "proxy", 0, CLI_TEXT, CONF_AT(proxy), "URL", "ask through this proxy; none: through none\n(default: as https_proxy in the environment says)", NULL, 0, 0 },
	{ "slow-after", 0, CLI_NUMBER, CONF_AT(slow_seconds), "SECONDS", "give a mirror up that sends less than 4 kB/s\nfor so long (default 60)", NULL, 1, 3600 },
	{ "to", 0, CLI_TEXT, CONF_AT(to), "SHA256", "rollback: to this one of the three that are kept\n(its first 8 digits or more)", NULL, 0, 0 },
	CONF_CONFIG_OPTION,
	CONF_JSON_OPTION,
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_option conf_bundle_options[] = {
	{ "from", 0, CLI_LIST, CONF_AT(from), "URL|DIR", "make: the repository; given again: its mirrors", NULL, 0, 0 },
	{ "output", 'o', CLI_TEXT, CONF_AT(output), "FILE", "want, make: write this file", NULL, 0, 0 },
	{ "for", 0, CLI_TEXT, CONF_AT(wish), "FILE", "make: only what that site lacks, as overt bundle want\nwrote it there (default: what any site may need)", NULL, 0, 0 },
	CONF_FOLDER_OPTION,
	TAKING_OPTIONS,
	{ "proxy", 0, CLI_TEXT, CONF_AT(proxy), "URL", "make: ask through this proxy; none: through none", NULL, 0, 0 },
	CONF_CONFIG_OPTION,
	CONF_JSON_OPTION,
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

void conf_init(struct conf *s)
{
	*s = (struct conf){ .slow_seconds = 60, .bundle_days = 14, .sample = CANARY_SAMPLE };
	s->text = ov_buf_of(2 * FILE_MAX);
}

void conf_free(struct conf *s)
{
	cli_list_free(&s->from);
	cli_list_free(&s->tries);
	cli_list_free(&s->names);
	ov_buf_free(&s->text);
}

const char *conf_folder(const struct conf *s)
{
	return s->folder != NULL ? s->folder : UPDATER_FOLDER;
}

void conf_fetch(const struct conf *s, struct ov_fetch_options *out)
{
	*out = (struct ov_fetch_options){ .sources = s->from.v,
					  .nsources = s->from.n,
					  .slow_seconds = (unsigned)s->slow_seconds,
					  .proxy = s->proxy };
	if (s->proxy != NULL && strcmp(s->proxy, "none") == 0)
		out->proxy = "";
}

bool conf_is_local(const struct conf *s, uint64_t *window)
{
	struct ov_fetch_options o;

	conf_fetch(s, &o);
	*window = 0;
	if (ov_fetch_needs_network(&o))
		return false;
	for (size_t i = 0; i < s->from.n; i++)
		if (ov_store_is_file(s->from.v[i]))
			*window = s->bundle_days * 86400;
	return true;
}

bool conf_cohort(const struct conf *s, bool *has, uint32_t *cohort)
{
	uint64_t v = 0;

	*has = s->cohort != NULL && strcmp(s->cohort, "auto") != 0;
	if (!*has || strcmp(s->cohort, "early") == 0)
		v = 0;
	else if (strcmp(s->cohort, "late") == 0)
		v = 999;
	else if (ov_text_u64(ov_str_of(s->cohort), &v) != OV_OK || v > 999)
		return false;
	*cohort = (uint32_t)v;
	return true;
}

static bool is_option(struct ov_str word)
{
	for (const struct cli_option *o = conf_update_options; o->name != NULL; o++)
		if (ov_str_is(word, o->name))
			return true;
	return false;
}

/* A line as the command line would have it, in `room`, which does not move: "--name=value",
 * "--name", or a word alone. */
static ov_status make_word(struct ov_str line, struct ov_buf *room, struct cli_list *words)
{
	struct ov_str rest = line, name = line;
	const char *word = (const char *)room->p + room->n;

	(void)ov_text_split(&rest, ' ', &name);
	rest = ov_text_trim(rest);
	OV_TRY(ov_buf_fmt(room, "%s%.*s%s%.*s", is_option(name) || rest.n > 0 ? "--" : "",
			  (int)name.n, name.p, rest.n > 0 ? "=" : "", (int)rest.n, rest.p));
	OV_TRY(ov_buf_u8(room, 0));
	return cli_list_add(words, word);
}

static ov_status make_words(const struct ov_buf *file, struct ov_buf *room, struct cli_list *words)
{
	struct ov_str rest = ov_buf_text(file), line;

	OV_TRY(cli_list_add(words, ""));			       /* the command's name */
	OV_TRY(ov_buf_reserve(room, file->n + (size_t)LINES_MAX * 4)); /* dashes, '=', the end */
	while (ov_text_split(&rest, '\n', &line)) {
		line = ov_text_trim(line);
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (memchr(line.p, 0, line.n) != NULL || words->n == LINES_MAX)
			return OV_BAD;
		OV_TRY(make_word(line, room, words));
	}
	return OV_OK;
}

/* The file's settings. */
static bool read_file(struct cli *c, const char *command, const char *path, struct conf *s)
{
	const struct cli_spec spec = { .command = command, .options = conf_update_options };
	struct ov_buf file = ov_buf_of(2 * FILE_MAX);
	struct cli_list words = { 0 };
	bool help = false;
	ov_status st = OV_BAD;

	if (updater_read(c, command, path, FILE_MAX, &file)) {
		st = make_words(&file, &s->text, &words);
		if (st != OV_OK)
			(void)cli_fail(c, command, path, "it can't be a file of settings");
		else
			st = cli_parse(&spec, (int)words.n, (char *const *)(uintptr_t)words.v, s,
				       &s->names, &help, &c->err);
		if (st != OV_OK)
			cli_fmt(&c->err, "%s: that stands in %s\n", command, path);
	}
	ov_buf_free(&file);
	cli_list_free(&words);
	return st == OV_OK;
}

/* Where --config is given is known before all is parsed. */
static const char *config_of(int argc, char *const *argv)
{
	const char *path = NULL;

	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (strncmp(argv[i], "--config=", 9) == 0)
			path = argv[i] + 9;
		else if (strcmp(argv[i], "--config") == 0 && i + 1 < argc)
			path = argv[i + 1];
	}
	return path;
}

/* The file's list counts when the command line has none. */
static void fall_back(struct cli_list *list, struct cli_list *file)
{
	if (list->n == 0) {
		const struct cli_list swap = *list;

		*list = *file;
		*file = swap;
	}
	cli_list_free(file);
}

int conf_read(struct cli *c, const struct cli_spec *spec, int argc, char *const *argv,
	      struct conf *s)
{
	const char *path = config_of(argc, argv);
	struct cli_list from, tries, names;
	int code;

	if (path == NULL && ov_store_has(NULL, CONF_FILE))
		path = CONF_FILE;
	if (path != NULL && !read_file(c, spec->command, path, s))
		return CLI_FAILED;
	from = s->from;
	tries = s->tries;
	names = s->names;
	s->from = s->tries = s->names = (struct cli_list){ 0 };
	code = cli_begin(c, spec, argc, argv, s, &s->names);
	fall_back(&s->from, &from);
	fall_back(&s->tries, &tries);
	fall_back(&s->names, &names);
	return code;
}
