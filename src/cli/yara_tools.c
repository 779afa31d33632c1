/* `overt yara check|fmt|dump|profile`: which there are, and the walk over sources of rules. */
#include "yara_tools.h"

#include <string.h>
#include <unistd.h>

#include "text.h"
#include "walk.h"

const struct cli_command cli_yara_commands[] = {
	{ "check", "what is wrong with rules, where, and how to mend it", cli_yara_check,
	  &cli_yara_check_spec },
	{ "fmt", "lay rules out in one form", cli_yara_fmt, &cli_yara_fmt_spec },
	{ "dump", "what modules see in files", cli_yara_dump, &cli_yara_dump_spec },
	{ "profile", "what each rule and string costs on given files", cli_yara_profile,
	  &cli_yara_profile_spec },
	{ NULL, NULL, NULL, NULL },
};

struct sources {
	const struct cli_list *operands;
	size_t next;
};

static const char *next_operand(void *context)
{
	struct sources *s = context;

	return s->next < s->operands->n ? s->operands->v[s->next++] : NULL;
}

static bool is_source(struct ov_str path)
{
	return ov_text_ends_with(path, OV_STR(".yar")) || ov_text_ends_with(path, OV_STR(".yara"));
}

uint64_t yara_each_source(struct cli *c, const char *command, const struct cli_list *operands,
			  void (*each)(void *context, struct ov_str path, int fd), void *context)
{
	struct sources s = { .operands = operands };
	const struct walk_options o = { .follow_dirs = WALK_GIVEN,
					.follow_files = WALK_GIVEN,
					.next_operand = next_operand,
					.context = &s };
	struct walk_item item;
	struct walk *w = NULL;
	uint64_t failed = 0;

	if (walk_open(&o, &w) != OV_OK) {
		(void)cli_fail(c, command, "no memory", NULL);
		return 1;
	}
	while (walk_next(w, &item) == OV_OK) {
		if (item.kind == WALK_ERROR) {
			failed++;
			cli_fmt(&c->err, "%s: ", command);
			cli_shown(&c->err, item.path);
			cli_fmt(&c->err, ": %s\n",
				item.error != NULL ? item.error
						   : walk_error_text(item.error_number));
		} else if (item.kind == WALK_FILE && (item.is_given || is_source(item.path))) {
			each(context, item.path, item.fd);
		} else if (item.kind == WALK_FILE) {
			(void)close(item.fd);
		}
	}
	walk_close(&w);
	return failed;
}

bool yara_usual_defines(struct cli *c, const char *command, struct overt_options *o,
			const struct cli_list *defines)
{
	static const char *const usual[] = { "filename=", "filepath=", "extension=", "filetype=",
					     "owner=" };

	for (size_t i = 0; i < sizeof usual / sizeof *usual; i++)
		if (overt_options_define(o, usual[i]) != OVERT_OK)
			return false;
	for (size_t i = 0; i < defines->n; i++)
		if (overt_options_define(o, defines->v[i]) != OVERT_OK) {
			(void)cli_fail(c, command, "-d wants VAR=VALUE, not", defines->v[i]);
			return false;
		}
	return true;
}
