/* The text of a record of moving off. See mig_note.h. */
#include "mig_note.h"

#include "text.h"

#define HEAD "overt.migrate/v1"
#define VALUE_MAX 512 /* bytes of a text in a finding's line: longer ones are cut */

/* A JSON string; a byte that is not UTF-8 becomes U+FFFD, and no control byte stays. */
static ov_status text(struct ov_buf *b, struct ov_str s)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf clean = ov_buf_of(8 * VALUE_MAX);

	s.n = s.n < VALUE_MAX ? s.n : VALUE_MAX;
	OV_TRY(ov_inv_utf8(&clean, s));
	OV_TRY(ov_buf_u8(b, '"'));
	OV_TRY(ov_text_json(b, ov_buf_text(&clean)));
	return ov_buf_u8(b, '"');
}

static ov_status line(struct ov_buf *b, const char *word, struct ov_str s)
{
	OV_TRY(ov_buf_fmt(b, "%s ", word));
	OV_TRY(text(b, s));
	return ov_buf_u8(b, '\n');
}

static ov_status date(struct ov_buf *b, const char *word, int64_t at)
{
	OV_TRY(ov_buf_fmt(b, "%s ", word));
	OV_TRY(ov_inv_iso(b, at));
	return ov_buf_u8(b, '\n');
}

static ov_status finding(struct ov_buf *b, const struct ov_cov_finding *f)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf path = ov_buf_of((size_t)2 << 20);
	const struct ov_inv_component *c = f->component;

	for (uint32_t i = 0; i < c->npath; i++) {
		if (i > 0)
			OV_TRY(ov_buf_str(&path, OV_STR(" > ")));
		OV_TRY(ov_buf_str(&path, c->path[i]));
	}
	OV_TRY(ov_buf_fmt(b, "finding E%u %s %s ", (unsigned)f->grade, ov_cov_class_name(f->class_),
			  f->state));
	OV_TRY(text(b, f->product->entity));
	OV_TRY(ov_buf_u8(b, ' '));
	OV_TRY(text(b, f->product->id));
	OV_TRY(ov_buf_u8(b, ' '));
	OV_TRY(text(b, ov_buf_text(&path)));
	OV_TRY(ov_buf_u8(b, ' '));
	OV_TRY(text(b, c->version));
	return ov_buf_u8(b, '\n');
}

/* The strongest stand first, so that what is cut off is the weakest. Half of a note is kept free
 * for signatures. */
#define TEXT_MOST ((size_t)48 << 10)

ov_status ov_mig_write(struct ov_buf *b, const struct ov_mig_facts *f)
{
	size_t n = 0;

	OV_TRY(ov_buf_fmt(b, HEAD "\nstate %s\n", f->before.n > 0 ? "after" : "before"));
	OV_TRY(line(b, "target", f->inventory->target));
	OV_TRY(date(b, "taken", f->inventory->taken));
	OV_TRY(date(b, "judged", f->at));
	OV_TRY(line(b, "profile", f->profile));
	OV_TRY(ov_buf_str(b, OV_STR("list ")));
	OV_TRY(text(b, f->list->title));
	OV_TRY(ov_buf_u8(b, ' '));
	OV_TRY(text(b, f->list->date));
	OV_TRY(ov_buf_fmt(b, "\nfound %zu\nundetermined %zu\nunread %u\n", f->result->nfound,
			  f->result->nundetermined, f->inventory->nunread));
	while (n < f->result->nfindings && n < OV_MIG_FINDINGS && b->n < TEXT_MOST)
		OV_TRY(finding(b, &f->result->findings[n++]));
	OV_TRY(ov_buf_fmt(b, "more %zu\n", f->result->nfindings - n));
	if (f->before.n > 0)
		OV_TRY(ov_buf_fmt(b, "before %.*s\n", (int)f->before.n, f->before.p));
	return OV_OK;
}

/* ---- reading ---- */

static bool is_hash(struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (ov_hex_digit(s.p[i]) < 0)
			return false;
	return s.n == OV_MIG_HASH;
}

static ov_status once(struct ov_str *to, struct ov_str value)
{
	if (to->n > 0 || value.n == 0)
		return OV_BAD;
	*to = value;
	return OV_OK;
}

struct counts {
	bool state, found, undetermined, unread, more;
};

static ov_status number(bool *has, struct ov_str value, uint64_t *to)
{
	if (*has || ov_text_u64(value, to) != OV_OK)
		return OV_BAD;
	*has = true;
	return OV_OK;
}

static ov_status read_state(struct counts *has, struct ov_str value, struct ov_mig_record *r)
{
	if (has->state || (!ov_str_is(value, "before") && !ov_str_is(value, "after")))
		return OV_BAD;
	has->state = true;
	r->is_after = ov_str_is(value, "after");
	return OV_OK;
}

static ov_status read_line(struct counts *has, struct ov_str word, struct ov_str value,
			   struct ov_mig_record *r)
{
	if (ov_str_is(word, "state"))
		return read_state(has, value, r);
	if (ov_str_is(word, "target"))
		return once(&r->target, value);
	if (ov_str_is(word, "taken"))
		return once(&r->taken, value);
	if (ov_str_is(word, "judged"))
		return once(&r->judged, value);
	if (ov_str_is(word, "profile"))
		return once(&r->profile, value);
	if (ov_str_is(word, "list"))
		return once(&r->list, value);
	if (ov_str_is(word, "before"))
		return is_hash(value) ? once(&r->before, value) : OV_BAD;
	if (ov_str_is(word, "found"))
		return number(&has->found, value, &r->found);
	if (ov_str_is(word, "undetermined"))
		return number(&has->undetermined, value, &r->undetermined);
	if (ov_str_is(word, "unread"))
		return number(&has->unread, value, &r->unread);
	if (ov_str_is(word, "more"))
		return number(&has->more, value, &r->more);
	if (!ov_str_is(word, "finding") || value.n == 0)
		return OV_BAD;
	r->findings++;
	return OV_OK;
}

ov_status ov_mig_read(struct ov_str text_, struct ov_mig_record *out)
{
	struct ov_mig_record r = { .is_after = false };
	struct counts has = { false };
	struct ov_str rest = text_, at, word;

	if (!ov_text_split(&rest, '\n', &at) || !ov_str_is(at, HEAD))
		return OV_BAD;
	while (rest.n > 0 && ov_text_split(&rest, '\n', &at)) {
		if (!ov_text_split(&at, ' ', &word) || at.p == NULL)
			return OV_BAD;
		OV_TRY(read_line(&has, word, at, &r));
	}
	if (!has.state || !has.found || !has.undetermined || !has.unread || !has.more ||
	    r.target.n == 0 || r.taken.n == 0 || r.list.n == 0 || r.is_after != (r.before.n > 0))
		return OV_BAD;
	*out = r;
	return OV_OK;
}
