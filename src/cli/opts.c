/* The option parser. See opts.h for the rules. */
#include "opts.h"

#include <stdlib.h>
#include <string.h>

#include "checked.h"
#include "text.h"

#define WORD_MAX 32

ov_status cli_list_add(struct cli_list *l, const char *text)
{
	if (l->n == l->cap) {
		const size_t cap = l->cap == 0 ? 8 : l->cap * 2;
		const char **v = reallocarray(l->v, cap, sizeof *v);

		if (v == NULL)
			return OV_NOMEM;
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = text;
	return OV_OK;
}

void cli_list_free(struct cli_list *l)
{
	free(l->v);
	*l = (struct cli_list){ 0 };
}

/* Optimal string alignment over two rows and the one before; bounded by WORD_MAX squared. */
unsigned cli_distance(const char *a, const char *b)
{
	const size_t na = strlen(a), nb = strlen(b);
	unsigned row[3][WORD_MAX + 1];

	if (na > WORD_MAX || nb > WORD_MAX)
		return 2 * WORD_MAX;
	for (size_t j = 0; j <= nb; j++)
		row[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned *now = row[i % 3], *up = row[(i + 2) % 3], *upup = row[(i + 1) % 3];

		now[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = up[j - 1] + (a[i - 1] != b[j - 1]);

			best = best < up[j] + 1 ? best : up[j] + 1;
			best = best < now[j - 1] + 1 ? best : now[j - 1] + 1;
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    upup[j - 2] + 1 < best)
				best = upup[j - 2] + 1;
			now[j] = best;
		}
	}
	return row[na % 3][nb];
}

/* Splits "100M" into digits and the rest. */
static ov_status take_number(struct ov_str *s, uint64_t *out)
{
	size_t n = 0;

	while (n < s->n && s->p[n] >= '0' && s->p[n] <= '9')
		n++;
	if (n == 0)
		return OV_BAD;
	OV_TRY(ov_text_u64((struct ov_str){ s->p, n }, out));
	s->p += n;
	s->n -= n;
	return OV_OK;
}

ov_status cli_parse_size(struct ov_str s, uint64_t *out)
{
	static const struct {
		const char *unit;
		unsigned shift;
	} units[] = { { "", 0 },     { "b", 0 },   { "k", 10 },	  { "kb", 10 }, { "kib", 10 },
		      { "m", 20 },   { "mb", 20 }, { "mib", 20 }, { "g", 30 },	{ "gb", 30 },
		      { "gib", 30 }, { "t", 40 },  { "tb", 40 },  { "tib", 40 } };
	uint64_t v;

	OV_TRY(take_number(&s, &v));
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (ov_text_same(s, ov_str_of(units[i].unit)))
			return ov_mul_u64(v, (uint64_t)1 << units[i].shift, out);
	return OV_BAD;
}

ov_status cli_parse_time(struct ov_str s, uint64_t *out)
{
	static const struct {
		const char *unit;
		uint64_t ms;
	} units[] = { { "", 1 },      { "ms", 1 },	{ "s", 1000 },
		      { "m", 60000 }, { "min", 60000 }, { "h", 3600000 } };
	uint64_t v;

	OV_TRY(take_number(&s, &v));
	for (size_t i = 0; i < sizeof units / sizeof *units; i++)
		if (ov_str_is(s, units[i].unit))
			return ov_mul_u64(v, units[i].ms, out);
	return OV_BAD;
}

/* What one call of cli_parse() carries along. */
struct parse {
	const struct cli_spec *spec;
	void *settings;
	struct cli_list *operands;
	bool *help;
	struct cli_out *err;
	int argc, at; /* argv[at] is the next word */
	char *const *argv;
};

static void complain(const struct parse *p, const char *what, struct ov_str name)
{
	cli_put(p->err, p->spec->command);
	cli_put(p->err, ": ");
	cli_put(p->err, what);
	cli_put(p->err, " ");
	cli_shown(p->err, name);
}

static ov_status hint(const struct parse *p)
{
	cli_fmt(p->err, "\nTry: %s --help\n", p->spec->command);
	return OV_BAD;
}

static const struct cli_option *find_long(const struct parse *p, struct ov_str name,
					  bool *is_ambiguous)
{
	const struct cli_option *only = NULL;

	*is_ambiguous = false;
	for (const struct cli_option *o = p->spec->options; o->name != NULL; o++) {
		if (o->kind == CLI_HEAD)
			continue;
		if (ov_str_is(name, o->name))
			return o;
		if (p->spec->takes_prefix && name.n > 0 &&
		    ov_str_starts(ov_str_of(o->name), name)) {
			*is_ambiguous = only != NULL;
			only = o;
		}
	}
	if (*is_ambiguous)
		return NULL;
	return only;
}

static ov_status unknown_long(const struct parse *p, struct ov_str word, struct ov_str name,
			      bool is_ambiguous)
{
	const struct cli_option *best = NULL;
	unsigned least = 3;
	char plain[WORD_MAX + 1] = "";

	complain(p, is_ambiguous ? "more than one option begins with" : "there is no option", word);
	if (name.n <= WORD_MAX && name.n > 0)
		memcpy(plain, name.p, name.n);
	for (const struct cli_option *o = p->spec->options; o->name != NULL && !is_ambiguous; o++) {
		const unsigned d =
		    o->kind == CLI_HEAD || plain[0] == '\0' ? least : cli_distance(plain, o->name);

		if (d < least) {
			least = d;
			best = o;
		}
	}
	if (best != NULL)
		cli_fmt(p->err, "; did you mean --%s?", best->name);
	return hint(p);
}

/* Tells which values an option takes: the second half of every message about a bad one. */
static void say_wanted(const struct parse *p, const struct cli_option *o)
{
	switch (o->kind) {
	case CLI_SIZE:
		cli_put(p->err, "; it takes a size in bytes, such as 4096, 512K, 100M or 2G");
		break;
	case CLI_TIME:
		cli_put(
		    p->err,
		    "; it takes a time, such as 500ms, 30s or 2m (digits alone are milliseconds)");
		break;
	case CLI_NUMBER:
		cli_put(p->err, "; it takes a whole number");
		break;
	case CLI_YESNO:
		cli_put(p->err, "; it takes yes or no");
		break;
	case CLI_CHOICE:
		cli_put(p->err, "; it takes one of");
		for (size_t i = 0; o->choices[i] != NULL; i++)
			cli_fmt(p->err, "%s %s", i == 0 ? ":" : ",", o->choices[i]);
		break;
	default:
		break;
	}
	if ((o->kind == CLI_NUMBER || o->kind == CLI_SIZE || o->kind == CLI_TIME) && o->max != 0)
		cli_fmt(p->err, " from %llu to %llu", (unsigned long long)o->min,
			(unsigned long long)o->max);
}

static ov_status bad_value(const struct parse *p, const struct cli_option *o, struct ov_str value)
{
	cli_fmt(p->err, "%s: --%s can't be \"", p->spec->command, o->name);
	cli_shown(p->err, value);
	cli_put(p->err, "\"");
	say_wanted(p, o);
	return hint(p);
}

static ov_status read_choice(const struct cli_option *o, struct ov_str value, int *out)
{
	for (int i = 0; o->choices[i] != NULL; i++) {
		if (ov_str_is(value, o->choices[i])) {
			*out = i;
			return OV_OK;
		}
	}
	return OV_BAD;
}

static ov_status read_yesno(struct ov_str value, bool *out)
{
	if (!ov_text_same(value, OV_STR("yes")) && !ov_text_same(value, OV_STR("no")))
		return OV_BAD;
	*out = ov_text_same(value, OV_STR("yes"));
	return OV_OK;
}

static ov_status read_number(const struct cli_option *o, struct ov_str value, uint64_t *out)
{
	uint64_t v = 0;
	ov_status s;

	if (o->kind == CLI_SIZE)
		s = cli_parse_size(value, &v);
	else if (o->kind == CLI_TIME)
		s = cli_parse_time(value, &v);
	else
		s = ov_text_u64(value, &v);
	if (s != OV_OK || v < o->min || (o->max != 0 && v > o->max))
		return OV_BAD;
	*out = v;
	return OV_OK;
}

/* Stores a value; a refused one is told by bad_value(). */
static ov_status store(const struct parse *p, const struct cli_option *o, const char *text)
{
	char *to = (char *)p->settings + o->at;
	const struct ov_str value = ov_str_of(text);
	ov_status s = OV_OK;

	if (p->spec->seen != NULL)
		p->spec->seen(p->settings, o, text);
	switch (o->kind) {
	case CLI_FLAG:
		if (strcmp(o->name, "help") == 0)
			*p->help = true;
		else
			*(bool *)(void *)to = true;
		break;
	case CLI_YESNO:
		s = read_yesno(value, (bool *)(void *)to);
		break;
	case CLI_TEXT:
		*(const char **)(void *)to = text;
		break;
	case CLI_LIST:
		return cli_list_add((struct cli_list *)(void *)to, text);
	case CLI_CHOICE:
		s = read_choice(o, value, (int *)(void *)to);
		break;
	default:
		s = read_number(o, value, (uint64_t *)(void *)to);
		break;
	}
	return s == OV_OK ? OV_OK : bad_value(p, o, value);
}

/* The value in the next word, for "--name value" and "-n value". */
static ov_status store_next(struct parse *p, const struct cli_option *o)
{
	if (p->at >= p->argc) {
		cli_fmt(p->err, "%s: --%s needs a value", p->spec->command, o->name);
		if (o->value != NULL)
			cli_fmt(p->err, ": --%s=%s", o->name, o->value);
		say_wanted(p, o);
		return hint(p);
	}
	return store(p, o, p->argv[p->at++]);
}

static ov_status parse_long(struct parse *p, const char *word)
{
	const char *equals = strchr(word, '=');
	const size_t n = equals != NULL ? (size_t)(equals - word) : strlen(word);
	const struct ov_str name = { word + 2, n - 2 };
	bool is_ambiguous;
	const struct cli_option *o = find_long(p, name, &is_ambiguous);

	if (o == NULL)
		return unknown_long(p, (struct ov_str){ word, n }, name, is_ambiguous);
	if (o->kind == CLI_FLAG && equals != NULL) {
		cli_fmt(p->err, "%s: --%s takes no value", p->spec->command, o->name);
		return hint(p);
	}
	if (equals != NULL)
		return store(p, o, equals + 1);
	if (o->kind == CLI_FLAG || o->kind == CLI_YESNO)
		return store(p, o, "yes");
	return store_next(p, o);
}

/* A word of short options: "-rv", "-j4", "-j 4". */
static ov_status parse_short(struct parse *p, const char *word)
{
	for (size_t i = 1; word[i] != '\0'; i++) {
		const struct cli_option *o = p->spec->options;

		while (o->name != NULL && (o->kind == CLI_HEAD || o->letter != word[i]))
			o++;
		if (o->name == NULL) {
			const char letter[2] = { word[i], '\0' };

			complain(p, "there is no option", OV_STR("-"));
			cli_shown(p->err, ov_str_of(letter));
			return hint(p);
		}
		if (o->kind != CLI_FLAG && o->kind != CLI_YESNO)
			return word[i + 1] != '\0' ? store(p, o, word + i + 1) : store_next(p, o);
		OV_TRY(store(p, o, "yes"));
	}
	return OV_OK;
}

ov_status cli_parse(const struct cli_spec *spec, int argc, char *const *argv, void *settings,
		    struct cli_list *operands, bool *help, struct cli_out *err)
{
	struct parse p = { .spec = spec,
			   .settings = settings,
			   .operands = operands,
			   .help = help,
			   .err = err,
			   .argc = argc,
			   .at = 1,
			   .argv = argv };
	bool is_open = true; /* until "--" */

	*help = false;
	while (p.at < p.argc) {
		const char *word = p.argv[p.at++];

		if (is_open && strcmp(word, "--") == 0)
			is_open = false;
		else if (is_open && word[0] == '-' && word[1] == '-')
			OV_TRY(parse_long(&p, word));
		else if (is_open && word[0] == '-' && word[1] != '\0')
			OV_TRY(parse_short(&p, word));
		else
			OV_TRY(cli_list_add(operands, word));
	}
	return OV_OK;
}

/* "-d, --database=SOURCE" into `to`; its length. */
static size_t option_left(const struct cli_option *o, struct cli_out *out)
{
	size_t n = 6;

	if (o->letter != 0)
		cli_fmt(out, "  -%c, ", o->letter);
	else
		cli_put(out, "      ");
	cli_fmt(out, "--%s", o->name);
	n += 2 + strlen(o->name);
	if (o->kind == CLI_YESNO) {
		cli_put(out, "[=yes|no]");
		n += 9;
	} else if (o->value != NULL) {
		cli_fmt(out, "=%s", o->value);
		n += 1 + strlen(o->value);
	}
	return n;
}

#define HELP_COLUMN 30

static void help_option(const struct cli_option *o, struct cli_out *out)
{
	struct ov_str rest = ov_str_of(o->help), line;
	size_t at = option_left(o, out);

	while (ov_text_split(&rest, '\n', &line)) {
		if (at + 2 > HELP_COLUMN) {
			cli_put(out, "\n");
			at = 0;
		}
		cli_pad(out, HELP_COLUMN - at);
		cli_raw(out, line);
		cli_put(out, "\n");
		at = 0;
	}
}

void cli_help(const struct cli_spec *spec, struct cli_out *out)
{
	struct ov_str forms = ov_str_of(spec->usage), form;
	const char *head = "Usage: ";

	while (ov_text_split(&forms, '\n', &form)) {
		cli_fmt(out, "%s%s ", head, spec->command);
		cli_raw(out, form);
		cli_put(out, "\n");
		head = "       ";
	}
	cli_put(out, "\n");
	cli_put(out, spec->intro);
	cli_put(out, "\n");
	if (spec->options[0].kind != CLI_HEAD)
		cli_put(out, "\nOptions:\n");
	for (const struct cli_option *o = spec->options; o->name != NULL; o++) {
		if (o->kind == CLI_HEAD)
			cli_fmt(out, "\n%s:\n", o->name);
		else
			help_option(o, out);
	}
	if (spec->after != NULL) {
		cli_put(out, "\n");
		cli_put(out, spec->after);
		cli_put(out, "\n");
	}
}
