/* overt db info, list and diff: what is in a database. */
#include "db_int.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "text.h"

static const struct cli_option info_options[] = { DB_JSON, CLI_HELP_OPTION, DB_END };

const struct cli_spec cli_db_info_spec = {
	.command = "overt db info",
	.usage = "[OPTION]... SOURCE...",
	.intro = "Tells what is in a database: its identity, its signatures by kind, and where "
		 "they came from.",
	.after = "Exit status: 0 shown; 2 the database can't be used.\nManual: man overt-db",
	.options = info_options,
};

static const struct cli_option list_options[] = {
	{ "name", 'n', CLI_TEXT, DB_AT(glob), "GLOB", "only names that match", NULL, 0, 0 },
	{ "kind", 'k', CLI_TEXT, DB_AT(kind), "KIND",
	  "only this kind: hash, section, import, body, logical,\n"
	  "container, yara, allow, password, magic, certificate,\n"
	  "catalog, address, icon, switch or bytecode",
	  NULL, 0, 0 },
	DB_JSON,
	CLI_HELP_OPTION,
	DB_END,
};

const struct cli_spec cli_db_list_spec = {
	.command = "overt db list",
	.usage = "[OPTION]... SOURCE...",
	.intro = "Lists signatures: name, kind, and the line that it came from.",
	.after = "Exit status: 0 shown; 2 the database can't be used.\nManual: man overt-db",
	.options = list_options,
};

const struct cli_spec cli_db_diff_spec = {
	.command = "overt db diff",
	.usage = "[OPTION]... OLD NEW",
	.intro = "Compares two databases, signature by signature: \"-\" stands only in OLD, \"+\" "
		 "only in NEW.",
	.after = "Exit status: 0 no difference; 1 some; 2 a database can't be used.\nManual: man "
		 "overt-db",
	.options = info_options,
};

static const char *const kind_names[8] = { NULL,   "hash",    "section",   "import",
					   "body", "logical", "container", "yara" };

/* Tables beside the kinds above, as `overt db list` calls their records. */
static const struct {
	size_t table;
	const char *name, *shown;
} tables[] = {
	{ 1, "password", "passwords" },	    { 2, "magic", "magic" },
	{ 3, "certificate", "publishers" }, { 4, "catalog", "catalogs" },
	{ 5, "address", "addresses" },	    { 6, "icon", "icons" },
	{ 7, "switch", "switches" },	    { 8, "bytecode", "bytecode" },
};

#define BYTECODE 8

static void json_facts(struct cli_out *out, const struct overt_database_facts *f)
{
	cli_fmt(out,
		"{\"id\":\"%s\",\"format_version\":%u,\"bytes\":%llu,\"built\":%llu,\"signatures\":"
		"%llu,"
		"\"kinds\":{",
		f->id, f->format_version, (unsigned long long)f->bytes,
		(unsigned long long)f->built, (unsigned long long)f->signatures);
	for (size_t i = 1; i < 8; i++)
		cli_fmt(out, "%s\"%s\":%llu", i > 1 ? "," : "", kind_names[i],
			(unsigned long long)f->by_kind[i]);
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		cli_fmt(out, ",\"%s\":%llu", tables[i].name,
			(unsigned long long)f->by_table[tables[i].table]);
	cli_fmt(out,
		"},\"allowed\":%llu,\"patterns\":%llu,\"anchors\":%llu,\"always_woken\":%llu,"
		"\"sources\":[",
		(unsigned long long)f->allowed, (unsigned long long)f->patterns,
		(unsigned long long)f->anchors, (unsigned long long)f->always_woken);
	for (size_t i = 0; i < f->nsources; i++) {
		const struct overt_database_source *s = &f->sources[i];

		cli_put(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		cli_json(out, cli_str(s->name));
		cli_put(out, ",\"label\":");
		cli_json(out, cli_str(s->label));
		cli_fmt(out,
			",\"version\":%llu,\"built\":%llu,\"signatures\":%llu,\"refused\":%llu,"
			"\"skipped\":%llu,\"signed\":%s}",
			(unsigned long long)s->version, (unsigned long long)s->built,
			(unsigned long long)s->signatures, (unsigned long long)s->refused,
			(unsigned long long)s->skipped, s->is_signed ? "true" : "false");
	}
	cli_put(out, "]}\n");
}

static void text_source(struct cli_out *out, const struct overt_database_source *s)
{
	char a[CLI_NUMBER_MAX];

	cli_put(out, "  source      ");
	cli_style(out, CLI_BOLD);
	cli_shown(out, cli_str(s->label.length > 0 ? s->label : s->name));
	cli_style(out, CLI_PLAIN);
	if (s->label.length > 0 && !ov_str_eq(cli_str(s->label), cli_str(s->name))) {
		cli_put(out, " (");
		cli_shown(out, cli_str(s->name));
		cli_put(out, ")");
	}
	cli_fmt(out, ": %s signature%s", cli_count(s->signatures, a), cli_s(s->signatures));
	if (s->built > 0)
		cli_fmt(out, ", built %s", cli_date(s->built, a));
	cli_put(out, s->is_signed ? ", signature of the file checked" : ", not signed");
	if (s->refused > 0)
		cli_fmt(out, ", %s line%s refused", cli_count(s->refused, a), cli_s(s->refused));
	if (s->skipped > 0)
		cli_fmt(out, ", %s skipped", cli_count(s->skipped, a));
	cli_put(out, "\n");
}

static void text_facts(struct cli_out *out, const struct overt_database_facts *f)
{
	char a[CLI_NUMBER_MAX];

	cli_fmt(out, "  identity    %s\n", f->id);
	cli_fmt(out, "  format      %u, %s\n", f->format_version, cli_bytes(f->bytes, a));
	if (f->built > 0)
		cli_fmt(out, "  built       %s\n", cli_date(f->built, a));
	cli_fmt(out, "  signatures  %s\n", cli_count(f->signatures, a));
	for (size_t i = 1; i < 8; i++)
		if (f->by_kind[i] > 0)
			cli_fmt(out, "    %-10s%s\n", kind_names[i], cli_count(f->by_kind[i], a));
	if (f->allowed > 0)
		cli_fmt(out, "  allow-list  %s\n", cli_count(f->allowed, a));
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (f->by_table[tables[i].table] > 0)
			cli_fmt(out, "  %-12s%s%s\n", tables[i].shown,
				cli_count(f->by_table[tables[i].table], a),
				tables[i].table == BYTECODE
				    ? cli_s(f->by_table[BYTECODE])[0] != '\0'
					  ? " programs, which overt does not run"
					  : " program, which overt does not run"
				    : "");
	cli_fmt(out, "  patterns    %s", cli_count(f->patterns, a));
	cli_fmt(out, ", anchors %s", cli_count(f->anchors, a));
	cli_fmt(out, ", rules that every file wakes %s\n", cli_count(f->always_woken, a));
	for (size_t i = 0; i < f->nsources; i++)
		text_source(out, &f->sources[i]);
}

struct show {
	struct cli_out *out;
	const struct db_settings *s;
};

static void on_facts(void *context, const struct overt_database_facts *f)
{
	struct show *x = context;

	if (x->s->json)
		json_facts(x->out, f);
	else
		text_facts(x->out, f);
}

static int on_signature(void *context, const struct overt_signature *s)
{
	struct show *x = context;
	struct cli_out *out = x->out;

	if (x->s->glob != NULL && !ov_text_glob(ov_str_of(x->s->glob), cli_str(s->name)))
		return 1;
	if (x->s->kind != NULL && strcmp(x->s->kind, s->kind) != 0)
		return 1;
	if (x->s->json) {
		cli_put(out, "{\"name\":");
		cli_json(out, cli_str(s->name));
		cli_fmt(out, ",\"kind\":\"%s\",\"source\":", s->kind);
		cli_json(out, cli_str(s->source));
		cli_fmt(out, ",\"line\":%u,\"target\":%d,\"text\":", s->line, s->target);
		cli_json(out, cli_str(s->text));
		cli_put(out, "}\n");
	} else {
		cli_shown(out, cli_str(s->name));
		cli_fmt(out, "  %s  ", s->kind);
		cli_shown(out, cli_str(s->source));
		if (s->line > 0)
			cli_fmt(out, ":%u", s->line);
		cli_put(out, "\n");
	}
	return out->error == 0; /* a closed pipe ends it */
}

static int show(struct cli *c, const struct cli_spec *spec, const struct db_settings *s,
		const struct cli_list *sources, bool is_list)
{
	struct show x = { .out = &c->out, .s = s };
	struct overt_options *o = db_options(c, spec->command, s, sources, 0, sources->n);
	char error[512] = "";
	enum overt_status st;

	if (o == NULL)
		return CLI_FAILED;
	st = is_list ? overt_database_list(o, on_signature, &x, error)
		     : overt_database_facts(o, on_facts, &x, error);
	overt_options_free(&o);
	if (st != OVERT_OK && c->out.error == 0)
		return cli_fail(c, spec->command, overt_status_text(st), error);
	return CLI_OK;
}

static int run_show(struct cli *c, const struct cli_spec *spec, int argc, char *const *argv,
		    bool is_list)
{
	struct db_settings s = { 0 };
	struct cli_list sources = { 0 };
	int code = cli_begin(c, spec, argc, argv, &s, &sources);

	if (code < 0) /* none given: what a scan would use */
		code = show(c, spec, &s, &sources, is_list);
	cli_list_free(&sources);
	return code;
}

int cli_db_info(struct cli *c, int argc, char *const *argv)
{
	return run_show(c, &cli_db_info_spec, argc, argv, false);
}

int cli_db_list(struct cli *c, int argc, char *const *argv)
{
	return run_show(c, &cli_db_list_spec, argc, argv, true);
}

/*
 * Difference by hash: 8 bytes a signature, so that two databases of eight million fit into 130 MB.
 * Both are listed twice: once to gather hashes, once to name what the other has not.
 */
struct hashes {
	uint64_t *v;
	size_t n, cap;
	bool is_full;
};

struct diff {
	struct show show;
	struct hashes *own;
	const struct hashes *other;
	char mark;
	uint64_t n;
};

static uint64_t fnv(uint64_t h, struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		h = (h ^ (unsigned char)s.p[i]) * 0x100000001b3ULL;
	return (h ^ 0xff) * 0x100000001b3ULL; /* a border between fields */
}

static uint64_t hash_of(const struct overt_signature *s)
{
	return fnv(fnv(fnv(0xcbf29ce484222325ULL, ov_str_of(s->kind)), cli_str(s->name)),
		   cli_str(s->text));
}

static int on_gather(void *context, const struct overt_signature *s)
{
	struct hashes *h = ((struct diff *)context)->own;

	if (h->n == h->cap) {
		const size_t cap = h->cap == 0 ? 1024 : h->cap * 2;
		uint64_t *v = reallocarray(h->v, cap, sizeof *v);

		if (v == NULL) {
			h->is_full = true;
			return 0;
		}
		h->v = v;
		h->cap = cap;
	}
	h->v[h->n++] = hash_of(s);
	return 1;
}

static int by_value(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static int on_compare(void *context, const struct overt_signature *s)
{
	struct diff *d = context;
	struct cli_out *out = d->show.out;
	const uint64_t h = hash_of(s);

	if (d->other->n > 0 && bsearch(&h, d->other->v, d->other->n, sizeof h, by_value) != NULL)
		return 1;
	d->n++;
	if (d->show.s->json) {
		cli_fmt(out, "{\"only_in\":\"%s\",\"name\":", d->mark == '-' ? "old" : "new");
		cli_json(out, cli_str(s->name));
		cli_fmt(out, ",\"kind\":\"%s\"}\n", s->kind);
	} else {
		cli_style(out, d->mark == '-' ? CLI_RED : CLI_GREEN);
		cli_fmt(out, "%c ", d->mark);
		cli_shown(out, cli_str(s->name));
		cli_style(out, CLI_PLAIN);
		cli_fmt(out, "  %s\n", s->kind);
	}
	return out->error == 0;
}

static int diff_pass(struct cli *c, const struct db_settings *s, const struct cli_list *two,
		     size_t which, overt_signature_fn fn, struct diff *d)
{
	struct overt_options *o = db_options(c, "overt db diff", s, two, which, which + 1);
	char error[512] = "";
	enum overt_status st;

	if (o == NULL)
		return CLI_FAILED;
	st = overt_database_list(o, fn, d, error);
	overt_options_free(&o);
	if (d->own->is_full)
		return cli_fail(c, "overt db diff", "no memory", NULL);
	if (st != OVERT_OK && c->out.error == 0)
		return cli_fail(c, two->v[which], overt_status_text(st), error);
	return CLI_OK;
}

static int diff(struct cli *c, const struct db_settings *s, const struct cli_list *two)
{
	struct hashes h[2] = { { 0 }, { 0 } };
	uint64_t n[2] = { 0, 0 };
	char a[CLI_NUMBER_MAX], b[CLI_NUMBER_MAX];
	int code = CLI_OK;

	for (size_t i = 0; i < 2 && code == CLI_OK; i++) {
		struct diff d = { .own = &h[i] };

		code = diff_pass(c, s, two, i, on_gather, &d);
		if (h[i].n > 0)
			qsort(h[i].v, h[i].n, sizeof *h[i].v, by_value);
	}
	for (size_t i = 0; i < 2 && code == CLI_OK; i++) {
		struct diff d = {
			.show = { &c->out, s }, .own = &h[i], .other = &h[1 - i], .mark = "-+"[i]
		};

		code = diff_pass(c, s, two, i, on_compare, &d);
		n[i] = d.n;
	}
	free(h[0].v);
	free(h[1].v);
	if (code != CLI_OK)
		return code;
	if (!s->json)
		cli_fmt(&c->out, "%s only in the old one, %s only in the new one.\n",
			cli_count(n[0], a), cli_count(n[1], b));
	return n[0] + n[1] > 0 ? CLI_FOUND : CLI_OK;
}

int cli_db_diff(struct cli *c, int argc, char *const *argv)
{
	struct db_settings s = { 0 };
	struct cli_list two = { 0 };
	int code = cli_begin(c, &cli_db_diff_spec, argc, argv, &s, &two);

	if (code < 0 && two.n != 2)
		code = cli_usage(c, &cli_db_diff_spec, "it takes two databases: OLD NEW");
	if (code < 0)
		code = diff(c, &s, &two);
	cli_list_free(&two);
	return code;
}
