/*
 * The written plan of `overt migrate run`: stanzas of lines, as docs/MIGRATE.md describes them.
 * Read only from a file that the user names.
 *
 * Lines of commands (do, verify, undo; also do@GROUP) are cut into words here, so that nobody else
 * needs to: words stand between blanks, '...' keeps all, "..." all but \" and \\. There is no
 * shell, so what a shell would act on is refused outside of single quotes, instead of being passed
 * on as if it meant nothing. Words go on with a zero byte between.
 *
 * Left out: what the fields mean, and whether they fit together (src/covered/run_plan.c).
 */
#include "ev_sources.h"
#include "moving.h"

#define HEAD "overt.migrate.plan/v1"
#define PLAN_MAX ((size_t)4 << 20)
#define STANZAS_MAX 2000
#define VALUE_MAX 4096 /* bytes of a line's value */
#define WORDS_MAX 200

struct plan {
	struct ov_ev *e;
	struct ov_ev_found x;
	bool has;
	uint32_t line, errors, stanzas, fields;
};

bool ov_ev_plan_wants(const struct ov_ev_file *f)
{
	return f->is_target && ov_ev_head_is(f, HEAD, sizeof HEAD - 1);
}

ov_status ov_ev_wrong_line(struct ov_ev *e, uint32_t *errors, uint32_t line, const char *why)
{
	if (++*errors > 20)
		return OV_OK;
	return ov_ev_unread(e, OV_BAD, (struct ov_str){ 0 },
			    ov_ev_fmt(e, "line %u: %s", line, why).p);
}

static ov_status wrong(struct plan *p, const char *why)
{
	return ov_ev_wrong_line(p->e, &p->errors, p->line, why);
}

/* ---- words of a command ---- */

static bool acts_on(char c)
{
	return c != '\0' && strchr("|&;<>()$`*?[]\\#~", c) != NULL;
}

struct words {
	struct ov_str in;
	size_t at;
	struct ov_buf out;
	char quote; /* that is open; 0: none */
	bool in_word;
	uint32_t n;
};

static const char *const shell_word = "a letter that a shell acts on, and there is no shell: put "
				      "it in single quotes, or write sh -c '...'";

/* One byte. @return NULL; what is wrong. */
static const char *step_word(struct words *w, ov_status *st)
{
	const char c = w->in.p[w->at++];

	if (w->quote == 0 && (c == ' ' || c == '\t')) {
		if (w->in_word)
			*st = ov_buf_u8(&w->out, 0);
		w->n += w->in_word;
		w->in_word = false;
		return NULL;
	}
	w->in_word = true;
	if (c == w->quote) {
		w->quote = 0;
		return NULL;
	}
	if (w->quote == 0 && (c == '"' || c == '\'')) {
		w->quote = c;
		return NULL;
	}
	if (w->quote == '"' && c == '\\' && w->at < w->in.n &&
	    (w->in.p[w->at] == '"' || w->in.p[w->at] == '\\')) {
		*st = ov_buf_u8(&w->out, (uint8_t)w->in.p[w->at++]);
		return NULL;
	}
	if (w->quote == 0 && c == '<')
		return "a part between < and > is still to be filled in";
	if ((w->quote == 0 && acts_on(c)) || (w->quote == '"' && (c == '$' || c == '`')))
		return shell_word;
	*st = ov_buf_u8(&w->out, (uint8_t)c);
	return NULL;
}

/* @param *why  NULL, or what is wrong. */
static ov_status cut_words(struct plan *p, struct ov_str in, struct ov_str *out, const char **why)
{
	struct words w = { .in = in, .out = ov_buf_of(2 * VALUE_MAX) };
	ov_status st = OV_OK;

	*why = NULL;
	while (w.at < w.in.n && st == OV_OK && *why == NULL)
		*why = step_word(&w, &st);
	w.n += w.in_word;
	if (*why == NULL && w.quote != 0)
		*why = "a quote is not closed";
	if (*why == NULL && w.n > WORDS_MAX)
		*why = "a command has at most 200 words";
	while (!w.in_word && w.out.n > 0 && w.out.p[w.out.n - 1] == 0)
		w.out.n--;
	if (*why == NULL && (w.out.n == 0 || w.out.p[0] == 0))
		*why = "a command begins with a program";
	if (st == OV_OK)
		st = ov_arena_str(&p->e->arena, ov_buf_text(&w.out), out);
	ov_buf_free(&w.out);
	return st;
}

/* ---- lines ---- */

static bool is_command(struct ov_str field)
{
	static const char *const words[] = { "do", "verify", "undo" };
	struct ov_str head;

	(void)ov_text_split(&field, '@', &head);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (ov_str_is(head, words[i]))
			return true;
	return false;
}

/* What is shown must be what is there: no control bytes, and no marks that turn text around or
 * can't be seen (Unicode's bidirectional and zero-width ones, U+200B-200F, 202A-202E, 2060-206F,
 * FEFF). */
static bool can_be_shown(struct ov_str s)
{
	while (s.n > 0) {
		const size_t n = ov_utf8_len(s);
		const unsigned char *p = (const unsigned char *)s.p;
		const unsigned code =
		    n == 2   ? (p[0] & 0x1fU) << 6 | (p[1] & 0x3fU)
		    : n == 3 ? (p[0] & 0xfU) << 12 | (p[1] & 0x3fU) << 6 | (p[2] & 0x3fU)
			     : 0;

		if (n == 0 || (n == 1 && (p[0] < 0x20 || p[0] == 0x7f)) ||
		    (code >= 0x80 && code < 0xa0) || (code >= 0x200b && code <= 0x200f) ||
		    (code >= 0x202a && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
		    code == 0xfeff)
			return false;
		s = (struct ov_str){ s.p + n, s.n - n };
	}
	return true;
}

static ov_status end_stanza(struct plan *p)
{
	const bool has = p->has;

	p->has = false;
	return has ? ov_ev_emit(p->e, &p->x) : OV_OK;
}

static ov_status begin_stanza(struct plan *p, struct ov_str line)
{
	struct ov_str type;

	OV_TRY(end_stanza(p));
	if (++p->stanzas > STANZAS_MAX)
		return p->stanzas == STANZAS_MAX + 1 ? wrong(p, "a plan has at most 2000 stanzas")
						     : OV_OK;
	if (!ov_text_split(&line, ' ', &type) || ov_text_trim(line).n == 0)
		return wrong(p, "a stanza begins with plan, group or step, and a name");
	ov_ev_begin(&p->x, OV_WHAT_CONFIG, type);
	p->x.c.id = OV_STR(OV_MOVING_PLAN);
	p->x.c.state = OV_STATE_NAMED;
	p->x.c.version = ov_ev_fmt(p->e, "%06u", p->stanzas);
	p->x.c.key = ov_ev_fmt(p->e, "plan:%u", p->stanzas);
	ov_ev_add_detail(&p->x, OV_EV_FIELD, OV_E0, ov_text_trim(line), OV_STR("name of stanza"),
			 ov_ev_fmt(p->e, "%u", p->line).p);
	p->fields = 0;
	p->has = true;
	return OV_OK;
}

static ov_status take_field(struct plan *p, struct ov_str line)
{
	struct ov_str field, value, words;
	const char *why = NULL;

	if (!ov_ev_pair(line, ':', &field, &value) || field.n == 0)
		return wrong(p, "neither \"field: value\" nor the head of a stanza");
	if (value.n == 0)
		return wrong(p, "nothing stands behind the colon");
	if (++p->fields >= OV_EV_PIECES - 1)
		return wrong(p, "a stanza has at most 62 lines");
	words = value;
	if (is_command(field))
		OV_TRY(cut_words(p, value, &words, &why));
	if (why != NULL)
		return wrong(p, why);
	ov_ev_add_detail(&p->x, OV_EV_FIELD, OV_E0, words, field, ov_ev_fmt(p->e, "%u", p->line).p);
	return OV_OK;
}

static ov_status take_line(struct plan *p, struct ov_str line)
{
	if (line.n == 0)
		return end_stanza(p);
	if (line.p[0] == '#')
		return OV_OK;
	if (line.n > VALUE_MAX)
		return wrong(p, "a line has at most 4096 bytes");
	if (!can_be_shown(line))
		return wrong(p, "it holds bytes that can't be shown as they are");
	return p->has ? take_field(p, line) : begin_stanza(p, line);
}

ov_status ov_ev_plan_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct plan *p = NULL;
	struct ov_str rest, line;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, PLAN_MAX, &c));
	OV_TRY(ov_arena_new(&e->arena, &p));
	*p = (struct plan){ .e = e };
	rest = ov_ev_str(c);
	while (rest.n > 0 && ov_text_split(&rest, '\n', &line)) {
		p->line++;
		if (p->line == 1 && !ov_str_is(ov_ev_trim(line), HEAD))
			OV_TRY(wrong(p, "the first line names another form"));
		else if (p->line > 1)
			OV_TRY(take_line(p, ov_ev_trim(line)));
	}
	return end_stanza(p);
}
