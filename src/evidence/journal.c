/*
 * The journal of `overt migrate run`: a JSON object a line, each with the SHA-256 of the line
 * before it in "prev" (64 zeros in the first). Read only from a file that the user names.
 *
 * A line that does not follow on the one before is told: somebody changed the journal. What stands
 * after the last line's end is what a crash left of a line that never counted: event "torn", its
 * place in `detail`.
 */
#include "doc.h"
#include "ev_sources.h"
#include "moving.h"

#define HEAD "{\"overt\":\"overt.migrate.journal/v1\","
#define JOURNAL_MAX ((size_t)64 << 20)
#define LINES_MAX 50000
#define LINE_MAX ((size_t)16 << 10)
#define HEX (2 * 32)

struct journal {
	struct ov_ev *e;
	uint32_t line, errors;
	uint64_t at;	    /* where this line begins */
	char prev[HEX + 1]; /* of the line before */
};

bool ov_ev_journal_wants(const struct ov_ev_file *f)
{
	return f->is_target && ov_ev_head_is(f, HEAD, sizeof HEAD - 1);
}

static void begin(struct journal *j, struct ov_ev_found *x, struct ov_str event)
{
	ov_ev_begin(x, OV_WHAT_CONFIG, event);
	x->c.id = OV_STR(OV_MOVING_JOURNAL);
	x->c.state = OV_STATE_NAMED;
	x->c.version = ov_ev_fmt(j->e, "%06u", j->line);
	x->c.key = ov_ev_fmt(j->e, "journal:%u", j->line);
}

static ov_status sum(struct journal *j, struct ov_str line, char hex[HEX + 1])
{
	uint8_t d[OV_DIGEST_MAX];

	if (j->e->sha256 == NULL)
		OV_TRY(ov_hasher_new(OV_SHA256, &j->e->sha256));
	OV_TRY(ov_hasher_once(j->e->sha256, line.p, line.n, d));
	ov_hex_encode(d, HEX / 2, hex);
	return OV_OK;
}

static ov_status take_entry(struct journal *j, struct ov_str line)
{
	struct ov_doc *root = NULL;
	char hex[HEX + 1];
	struct ov_ev_found x;

	if (ov_doc_json(ov_cur_of(line.p, line.n), &j->e->arena, &root) != OV_OK ||
	    root->kind != OV_DOC_OBJECT || ov_doc_text(root, "event").n == 0)
		return ov_ev_wrong_line(j->e, &j->errors, j->line, "it is no entry of a journal");
	if (!ov_str_is(ov_doc_text(root, "prev"), j->prev))
		return ov_ev_wrong_line(
		    j->e, &j->errors, j->line,
		    "it does not follow on the line before: the journal was changed");
	OV_TRY(sum(j, line, hex));
	memcpy(j->prev, hex, sizeof hex);
	begin(j, &x, ov_doc_text(root, "event"));
	for (const struct ov_doc *d = root->child; d != NULL; d = d->next)
		if (d->kind == OV_DOC_TEXT || d->kind == OV_DOC_OTHER)
			ov_ev_add_detail(
			    &x, OV_EV_FIELD, OV_E0, d->text, d->key,
			    ov_ev_fmt(j->e, "%.*s", (int)ov_min_size(d->key.n, 32), d->key.p).p);
	ov_ev_add_detail(&x, OV_EV_FIELD, OV_E0, ov_str_of(hex), OV_STR("sum"), "sum");
	return ov_ev_emit(j->e, &x);
}

/* Trees of lines that were read make room. */
static ov_status take_line(struct journal *j, struct ov_str line)
{
	const struct ov_arena_mark m = ov_arena_mark(&j->e->arena);
	ov_status st;

	if (++j->line > LINES_MAX || line.n > LINE_MAX)
		return OV_LIMIT;
	st = take_entry(j, line);
	ov_arena_release(&j->e->arena, m);
	return st;
}

static ov_status take_torn(struct journal *j)
{
	struct ov_ev_found x;

	j->line++;
	begin(j, &x, OV_STR("torn"));
	ov_ev_add_detail(&x, OV_EV_FIELD, OV_E0, ov_ev_fmt(j->e, "%llu", (unsigned long long)j->at),
			 OV_STR("offset"), "offset");
	return ov_ev_emit(j->e, &x);
}

ov_status ov_ev_journal_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct journal *j = NULL;
	struct ov_str rest, line;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, JOURNAL_MAX, &c));
	OV_TRY(ov_arena_new(&e->arena, &j));
	*j = (struct journal){ .e = e };
	memset(j->prev, '0', HEX);
	rest = ov_ev_str(c);
	while (rest.n > 0) {
		if (memchr(rest.p, '\n', rest.n) == NULL)
			return take_torn(j);
		if (!ov_text_split(&rest, '\n', &line))
			break;
		OV_TRY(take_line(j, line));
		j->at += line.n + 1;
	}
	return OV_OK;
}
