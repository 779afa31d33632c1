/* What commands share: usage errors, engine settings, and which databases count when none is named.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

int cli_begin(struct cli *c, const struct cli_spec *spec, int argc, char *const *argv,
	      void *settings, struct cli_list *operands)
{
	bool help = false;
	const ov_status s = cli_parse(spec, argc, argv, settings, operands, &help, &c->err);

	if (s == OV_NOMEM)
		return cli_fail(c, spec->command, "no memory", NULL);
	if (s != OV_OK)
		return CLI_FAILED;
	if (!help)
		return -1;
	cli_help(spec, &c->out);
	return CLI_OK;
}

int cli_usage(struct cli *c, const struct cli_spec *spec, const char *message)
{
	cli_fmt(&c->err, "%s: %s\nTry: %s --help\n", spec->command, message, spec->command);
	return CLI_FAILED;
}

int cli_fail(struct cli *c, const char *command, const char *what, const char *detail)
{
	cli_put(&c->err, command);
	cli_put(&c->err, ": ");
	cli_shown(&c->err, ov_str_of(what));
	if (detail != NULL && *detail != '\0') {
		cli_put(&c->err, ": ");
		cli_shown(&c->err, ov_str_of(detail));
	}
	cli_put(&c->err, "\n");
	return CLI_FAILED;
}

void cli_engine_init(struct cli_engine *s)
{
	*s = (struct cli_engine){ 0 };
	for (size_t i = 0; i < OVERT_OPT_COUNT; i++)
		s->limits[i] = CLI_UNSET;
}

static void warn(void *context, const char *line)
{
	struct cli *c = context;

	cli_put(&c->err, "overt: ");
	cli_shown(&c->err, ov_str_of(line));
	cli_put(&c->err, "\n");
	cli_flush(&c->err);
}

static enum overt_status add_path(struct overt_options *o, struct ov_str path)
{
	char *z = strndup(path.p, path.n);
	enum overt_status s;

	if (z == NULL)
		return OVERT_NO_MEMORY;
	s = overt_options_add_database(o, z);
	free(z);
	return s;
}

static enum overt_status add_databases(struct overt_options *o, const struct cli_engine *s)
{
	const char *env = getenv("OVERT_DATABASE");
	struct ov_str rest = ov_str_of(env), path;
	enum overt_status st = OVERT_OK;

	for (size_t i = 0; i < s->databases.n && st == OVERT_OK; i++)
		st = overt_options_add_database(o, s->databases.v[i]);
	if (s->databases.n > 0)
		return st;
	if (env != NULL && *env != '\0') {
		while (st == OVERT_OK && ov_text_split(&rest, ':', &path))
			if (path.n > 0)
				st = add_path(o, path);
		return st;
	}
	return OVERT_OK; /* the front door knows what counts then */
}

/* The categories with commas between, as the front door takes them. */
static enum overt_status set_pua(struct overt_options *o, const struct cli_engine *s)
{
	char text[OVERT_PUA_MAX];
	size_t n = 0;

	for (size_t i = 0; i < s->pua->n; i++) {
		const size_t k = strlen(s->pua->v[i]);

		if (k >= sizeof text - n - 1)
			return OVERT_BAD_ARGUMENT;
		if (n > 0)
			text[n++] = ',';
		memcpy(text + n, s->pua->v[i], k);
		n += k;
	}
	text[n] = '\0';
	return overt_options_set_pua(o, text, s->pua_excludes);
}

/* @return false after a message. */
static bool add_passwords(struct cli *c, const char *command, struct overt_options *o,
			  const struct cli_engine *s)
{
	char text[OVERT_PASSWORDS_MAX + 1];
	size_t n = 0;
	bool fits = true;
	FILE *f;

	for (size_t i = 0; i < s->passwords.n && fits; i++)
		fits = overt_options_add_password(o, s->passwords.v[i]) == OVERT_OK;
	if (s->password_file != NULL) {
		f = fopen(s->password_file, "re");
		if (f == NULL) {
			(void)cli_fail(c, command, s->password_file, strerror(errno));
			return false;
		}
		n = fread(text, 1, sizeof text - 1, f);
		fits = fits && feof(f);
		(void)fclose(f);
		text[n] = '\0';
	}
	for (char *rest = text, *line; n > 0 && fits && (line = strsep(&rest, "\n")) != NULL;) {
		line[strcspn(line, "\r")] = '\0';
		if (*line != '\0')
			fits = overt_options_add_password(o, line) == OVERT_OK;
	}
	if (!fits)
		(void)cli_fail(c, command, "too many passwords",
			       "all together may have 4096 bytes");
	return fits;
}

struct overt_options *cli_engine_options(struct cli *c, const char *command,
					 const struct cli_engine *s)
{
	struct overt_options *o = overt_options_new();
	enum overt_status st = o != NULL ? OVERT_OK : OVERT_NO_MEMORY;

	if (o != NULL)
		overt_options_on_warning(o, warn, c);
	for (int i = 0; i < OVERT_OPT_COUNT && st == OVERT_OK; i++)
		if (s->limits[i] != CLI_UNSET)
			st = overt_options_set(o, (enum overt_option)i, s->limits[i]);
	if (st == OVERT_OK && s->pua != NULL)
		st = set_pua(o, s);
	if (st == OVERT_OK && (s->no_cache || s->cache != NULL))
		st = overt_options_set_cache(o, s->no_cache ? NULL : s->cache);
	if (st == OVERT_OK)
		st = add_databases(o, s);
	if (st != OVERT_OK)
		(void)cli_fail(c, command, overt_status_text(st), NULL);
	else if (add_passwords(c, command, o, s))
		return o;
	overt_options_free(&o);
	return NULL;
}

struct overt_engine *cli_engine_open(struct cli *c, const char *command, const struct cli_engine *s)
{
	struct overt_options *o = cli_engine_options(c, command, s);
	struct overt_engine *e = NULL;
	enum overt_status st;

	if (o == NULL)
		return NULL;
	st = overt_engine_open(o, &e);
	overt_options_free(&o);
	if (st == OVERT_OK)
		return e;
	(void)cli_fail(c, command, overt_status_text(st), e != NULL ? overt_engine_error(e) : NULL);
	overt_engine_close(&e);
	return NULL;
}
