/* What `overt yara` prints: yara's lines, or JSON. */
#include "yara.h"

#include <stdio.h>
#include <string.h>

#define HEX_SHOWN 64 /* bytes of a hexadecimal string's match that yara shows */

void yara_diagnostic(void *context, const struct overt_diagnostic *d)
{
	struct cli_out *err = context;

	if (d->is_skipped)
		return;
	if (d->text.length > 0) {
		cli_put(err, "error: rule \"");
		cli_shown(err, cli_str(d->text));
		cli_put(err, "\" in ");
	}
	cli_shown(err, cli_str(d->file));
	if (d->line > 0)
		cli_fmt(err, "(%llu)", (unsigned long long)d->line);
	cli_put(err, d->text.length > 0 ? ": " : ": error: ");
	cli_shown(err, cli_str(d->reason));
	if (d->column > 0)
		cli_fmt(err, " (column %u)", d->column);
	cli_put(err, "\n");
}

static bool is_in(const struct cli_list *l, struct overt_text t)
{
	for (size_t i = 0; i < l->n; i++)
		if (ov_str_is(cli_str(t), l->v[i]))
			return true;
	return false;
}

/* -i and -t. */
static bool is_wanted(const struct yara_settings *s, const struct overt_yara_rule *r)
{
	if (s->identifiers.n > 0 && !is_in(&s->identifiers, r->name))
		return false;
	if (s->tags.n == 0)
		return true;
	for (size_t i = 0; i < r->ntags; i++)
		if (is_in(&s->tags, r->tags[i]))
			return true;
	return false;
}

/* Bytes of a text, with what can't be printed as \xNN. */
static void put_text(struct cli_out *o, struct overt_text t)
{
	for (size_t i = 0; i < t.length; i++) {
		const unsigned char c = (unsigned char)t.bytes[i];

		if (c >= 32 && c <= 126)
			cli_raw(o, (struct ov_str){ .p = &t.bytes[i], .n = 1 });
		else
			cli_fmt(o, "\\x%02X", c);
	}
}

static void put_hex(struct cli_out *o, struct overt_text t, uint64_t length)
{
	const size_t n = t.length < HEX_SHOWN ? t.length : HEX_SHOWN;

	for (size_t i = 0; i < n; i++)
		cli_fmt(o, "%s%02X", i > 0 ? " " : "", (unsigned char)t.bytes[i]);
	if (length > HEX_SHOWN)
		cli_put(o, " ...");
}

/* A metadata text as C would write it: octal for what can't be printed. */
static void put_c(struct cli_out *o, struct overt_text t)
{
	static const char from[] = "\a\b\f\n\r\t\v\\\"", to[] = "abfnrtv\\\"";

	for (size_t i = 0; i < t.length; i++) {
		const unsigned char c = (unsigned char)t.bytes[i];
		const char *at = c != 0 ? strchr(from, c) : NULL;

		if (at != NULL)
			cli_fmt(o, "\\%c", to[at - from]);
		else if (c >= 32 && c <= 126)
			cli_raw(o, (struct ov_str){ .p = &t.bytes[i], .n = 1 });
		else
			cli_fmt(o, "\\%03o", c);
	}
}

static void put_meta(struct cli_out *o, const struct overt_yara_meta *m)
{
	cli_raw(o, cli_str(m->name));
	switch (m->kind) {
	case OVERT_YARA_INTEGER:
		cli_fmt(o, " =%lld", (long long)m->number); /* with the space, as yara has it */
		return;
	case OVERT_YARA_FLOAT:
		cli_fmt(o, "=%g", m->value);
		return;
	case OVERT_YARA_BOOLEAN:
		cli_put(o, m->number != 0 ? "=true" : "=false");
		return;
	default:
		cli_put(o, "=\"");
		put_c(o, m->text);
		cli_put(o, "\"");
		return;
	}
}

static void put_labels(struct cli_out *o, const struct yara_settings *s,
		       const struct overt_yara_rule *r)
{
	if (s->print_tags) {
		cli_put(o, " [");
		for (size_t i = 0; i < r->ntags; i++) {
			cli_put(o, i > 0 ? "," : "");
			cli_raw(o, cli_str(r->tags[i]));
		}
		cli_put(o, "]");
	}
	if (s->metadata) {
		cli_put(o, " [");
		for (size_t i = 0; i < r->nmetas; i++) {
			cli_put(o, i > 0 ? "," : "");
			put_meta(o, &r->metas[i]);
		}
		cli_put(o, "]");
	}
}

/* xor(0x01,plain text): the key, and the bytes without it. */
static void put_key(struct cli_out *o, const struct overt_yara_match *m)
{
	cli_fmt(o, ":xor(0x%02x,", m->xor_key);
	for (size_t i = 0; i < m->data.length; i++) {
		const char plain = (char)((unsigned char)m->data.bytes[i] ^ m->xor_key);

		put_text(o, (struct overt_text){ .bytes = &plain, .length = 1 });
	}
	cli_put(o, ")");
}

static void put_matches(struct cli_out *o, const struct yara_settings *s,
			const struct overt_yara_rule *r)
{
	for (size_t i = 0; i < r->nmatches; i++) {
		const struct overt_yara_match *m = &r->matches[i];

		cli_fmt(o, "0x%llx:", (unsigned long long)m->offset);
		if (s->lengths)
			cli_fmt(o,
				"%llu:", (unsigned long long)(m->length < 512 ? m->length : 512));
		cli_put(o, "$");
		cli_raw(o, cli_str(m->name));
		if (s->xor_keys)
			put_key(o, m);
		if (s->strings) {
			cli_put(o, ": ");
			if (m->is_hex)
				put_hex(o, m->data, m->length);
			else
				put_text(o, m->data);
		}
		cli_put(o, "\n");
	}
	if (r->nmatches < r->matches_total)
		cli_fmt(o, "... %llu more matches are not listed\n",
			(unsigned long long)(r->matches_total - r->nmatches));
}

static void put_rule(struct yara *y, const struct run_file *f, const struct overt_yara_rule *r)
{
	struct cli_out *o = &y->c->out;
	const struct yara_settings *s = y->s;

	if (s->namespaces) {
		cli_raw(o, cli_str(r->name_space));
		cli_put(o, ":");
	}
	cli_raw(o, cli_str(r->name));
	put_labels(o, s, r);
	cli_put(o, " ");
	cli_raw(o, f->path);
	cli_put(o, "\n");
	if (s->strings || s->lengths || s->xor_keys)
		put_matches(o, s, r);
}

/* ---- JSON ---- */

static void json_meta(struct cli_out *o, const struct overt_yara_meta *m)
{
	cli_json(o, cli_str(m->name));
	cli_put(o, ",");
	if (m->kind == OVERT_YARA_INTEGER)
		cli_fmt(o, "%lld", (long long)m->number);
	else if (m->kind == OVERT_YARA_FLOAT)
		cli_fmt(o, "%.17g", m->value);
	else if (m->kind == OVERT_YARA_BOOLEAN)
		cli_put(o, m->number != 0 ? "true" : "false");
	else
		cli_json(o, cli_str(m->text));
}

static void json_match(struct cli_out *o, const struct overt_yara_match *m)
{
	cli_put(o, "{\"identifier\":\"$");
	cli_raw(o, cli_str(m->name));
	cli_fmt(o, "\",\"offset\":%llu,\"length\":%llu,\"match\":", (unsigned long long)m->offset,
		(unsigned long long)m->length);
	cli_json(o, cli_str(m->data));
	if (m->is_xor)
		cli_fmt(o, ",\"xor_key\":%u", m->xor_key);
	cli_put(o, "}");
}

static void json_rule(struct yara *y, const struct overt_yara_rule *r)
{
	struct cli_out *o = &y->c->out;

	cli_put(o, "{\"identifier\":");
	cli_json(o, cli_str(r->name));
	cli_put(o, ",\"namespace\":");
	cli_json(o, cli_str(r->name_space));
	if (y->s->print_tags) {
		cli_put(o, ",\"tags\":[");
		for (size_t i = 0; i < r->ntags; i++) {
			cli_put(o, i > 0 ? "," : "");
			cli_json(o, cli_str(r->tags[i]));
		}
		cli_put(o, "]");
	}
	if (y->s->metadata) {
		cli_put(o, ",\"meta\":[");
		for (size_t i = 0; i < r->nmetas; i++) {
			cli_put(o, i > 0 ? ",[" : "[");
			json_meta(o, &r->metas[i]);
			cli_put(o, "]");
		}
		cli_put(o, "]");
	}
	if (y->s->strings || y->s->lengths || y->s->xor_keys) {
		cli_put(o, ",\"strings\":[");
		for (size_t i = 0; i < r->nmatches; i++) {
			cli_put(o, i > 0 ? "," : "");
			json_match(o, &r->matches[i]);
		}
		cli_put(o, "]");
		if (r->nmatches < r->matches_total)
			cli_fmt(o, ",\"strings_total\":%llu", (unsigned long long)r->matches_total);
	}
	cli_put(o, "}");
}

/* "console":["line", ...] */
static void json_lines(struct cli_out *o, struct ov_str lines)
{
	struct ov_str line;
	bool is_first = true;

	cli_put(o, ",\"console\":[");
	while (lines.n > 0) {
		const char *end = memchr(lines.p, '\n', lines.n);

		line = (struct ov_str){ .p = lines.p,
					.n = end != NULL ? (size_t)(end - lines.p) : lines.n };
		lines.p += line.n + (end != NULL);
		lines.n -= line.n + (end != NULL);
		cli_put(o, is_first ? "" : ",");
		cli_json(o, line);
		is_first = false;
	}
	cli_put(o, "]");
}

static void json_file(struct yara *y, const struct run_file *f)
{
	const struct overt_verdict *v = f->verdict;
	struct cli_out *o = &y->c->out;
	uint64_t n = 0;

	if (y->s->format == YARA_JSON && y->files > 0)
		cli_put(o, ",\n");
	cli_put(o, "{\"path\":");
	cli_json(o, f->path);
	cli_put(o, ",\"rules\":[");
	for (size_t i = 0; i < f->verdict->nyara; i++) {
		if (!is_wanted(y->s, &f->verdict->yara[i]) ||
		    (y->s->max_rules != 0 && n == y->s->max_rules))
			continue;
		cli_put(o, n++ > 0 ? "," : "");
		json_rule(y, &f->verdict->yara[i]);
	}
	cli_put(o, "]");
	if (v->yara_said.length > 0 && !y->s->disable_console)
		json_lines(o, cli_str(v->yara_said));
	if (v->yara_dump.length > 0) { /* JSON, made by the worker: strings there are escaped */
		cli_put(o, ",\"modules\":");
		cli_raw(o, cli_str(v->yara_dump));
	}
	cli_put(o, "}");
	if (y->s->format == YARA_NDJSON)
		cli_put(o, "\n");
}

void yara_print_begin(struct yara *y)
{
	if (y->s->format == YARA_JSON)
		cli_put(&y->c->out, "{\"version\":1,\"matches\":[\n");
}

void yara_print_end(struct yara *y)
{
	if (y->s->format == YARA_JSON)
		cli_put(&y->c->out, "\n]}\n");
}

/* What was not read, and why. */
static void put_trouble(struct yara *y, const struct run_file *f, struct ov_str what)
{
	struct cli_out *e = &y->c->err;

	cli_put(e, "error scanning ");
	cli_shown(e, f->path);
	cli_put(e, ": ");
	cli_shown(e, what);
	cli_put(e, "\n");
	y->has_failed |= y->is_single;
}

void yara_print(struct yara *y, const struct run_file *f)
{
	struct cli_out *o = &y->c->out;
	uint64_t n = 0;

	if (f->kind == WALK_ERROR) {
		put_trouble(y, f, OV_STR("could not open file"));
		return;
	}
	if (f->verdict == NULL)
		return;
	if (f->verdict->error.length > 0)
		put_trouble(y, f, cli_str(f->verdict->error));
	for (size_t i = 0; i < f->verdict->nincompletes; i++)
		put_trouble(y, f, cli_str(f->verdict->incompletes[i].detail));
	if (y->s->format != YARA_TEXT && !y->s->count) {
		json_file(y, f);
		y->files++;
		return;
	}
	cli_raw(o, cli_str(f->verdict->yara_dump));
	if (!y->s->disable_console)
		cli_raw(o, cli_str(f->verdict->yara_said));
	for (size_t i = 0; i < f->verdict->nyara; i++) {
		if (!is_wanted(y->s, &f->verdict->yara[i]) ||
		    (y->s->max_rules != 0 && n == y->s->max_rules))
			continue;
		n++;
		if (!y->s->count)
			put_rule(y, f, &f->verdict->yara[i]);
	}
	if (y->s->count && !y->is_single) {
		cli_raw(o, f->path);
		cli_put(o, ": ");
	}
	if (y->s->count)
		cli_fmt(o, "%llu\n", (unsigned long long)n);
	y->files++;
}
