/* See covered_lists.h. */
#include "covered_lists.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LIST_MAX ((size_t)4 << 20)
#define ERRORS_SHOWN 20

static void on_error(void *ctx, uint32_t line, const char *why)
{
	struct covered_lists *x = ctx;
	char place[512];

	if (x->errors++ >= ERRORS_SHOWN)
		return;
	(void)snprintf(place, sizeof place, "%s:%u", x->file, line);
	(void)cli_fail(x->c, x->command, place, why);
}

static bool read_list(struct covered_lists *x, const char *path, char **text)
{
	FILE *f = fopen(path, "re");
	size_t n;

	x->file = path;
	*text = malloc(LIST_MAX + 1);
	if (f == NULL || *text == NULL) {
		(void)cli_fail(x->c, x->command, path, strerror(errno));
		if (f != NULL)
			(void)fclose(f);
		return false;
	}
	n = fread(*text, 1, LIST_MAX + 1, f);
	if (ferror(f) != 0) {
		(void)cli_fail(x->c, x->command, path, strerror(errno));
		(void)fclose(f);
		return false;
	}
	(void)fclose(f);
	if (n > LIST_MAX) {
		(void)cli_fail(x->c, x->command, path, "a list may have 4 MiB");
		return false;
	}
	return ov_cov_list_add(&x->list, (struct ov_str){ *text, n }, on_error, x) == OV_OK;
}

bool covered_lists_open(struct covered_lists *x, struct cli *c, const char *command,
			const struct cli_list *files, bool is_only)
{
	*x = (struct covered_lists){ .c = c, .command = command, .file = "built-in list" };
	ov_cov_list_init(&x->list);
	if (!is_only && ov_cov_list_add_builtin(&x->list, on_error, x) != OV_OK)
		return false;
	x->texts = calloc(files->n + 1, sizeof *x->texts);
	if (x->texts == NULL)
		return false;
	for (; x->ntexts < files->n; x->ntexts++)
		if (!read_list(x, files->v[x->ntexts], &x->texts[x->ntexts]))
			return false;
	return true;
}

void covered_lists_close(struct covered_lists *x)
{
	for (size_t i = 0; x->texts != NULL && i <= x->ntexts; i++)
		free(x->texts[i]);
	free(x->texts);
	ov_cov_list_free(&x->list);
}

bool covered_lists_profile(struct covered_lists *x, const char *profile)
{
	const struct ov_str p = ov_str_of(profile);

	for (size_t i = 0; i < x->list.nrules; i++)
		for (size_t k = 0; k < x->list.rules[i].profiles.n; k++)
			if (ov_str_eq(x->list.rules[i].profiles.v[k], p))
				return true;
	if (p.n == 0)
		return true;
	(void)cli_fail(x->c, x->command, profile,
		       "no rule of the lists is for this profile; --help names them");
	return false;
}

bool covered_day(struct cli *c, const char *command, const char *text, int64_t *at)
{
	*at = (int64_t)time(NULL);
	if (text == NULL || ov_cov_date(ov_str_of(text), at) == OV_OK)
		return true;
	(void)cli_fail(c, command, text, "a date is like 2024-09-29");
	return false;
}

int covered_lists_take(struct covered_lists *x, struct inventory_what *what,
		       struct inventory_taken **taken, const struct ov_inventory **inv)
{
	struct ov_inv_watch *watch = NULL;

	*taken = NULL;
	if (ov_cov_watches(&x->list, &watch, &what->nwatch) != OV_OK) {
		(void)cli_fail(x->c, x->command, "out of memory", NULL);
		return COVERED_ERROR;
	}
	what->watch = watch;
	what->command = x->command;
	return inventory_take(x->c, what, taken, inv) == CLI_OK ? COVERED_NONE : COVERED_ERROR;
}
