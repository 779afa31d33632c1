/* See covered_words.h. */
#include "covered_words.h"

#include <errno.h>
#include <stdio.h>

#include "text.h"

/* RFC 9562, 5.5: this name space is the UUID of "https://overt.invalid/covered" in the URL one. */
static const uint8_t name_space[16] = { 0x40, 0x91, 0xb5, 0x67, 0x3e, 0x86, 0x5d, 0xfe,
					0xa5, 0xac, 0x7e, 0x45, 0xe6, 0x86, 0x05, 0xae };

bool covered_writer_open(struct covered_writer *w, struct cli_out *out,
			 const struct covered_report *r)
{
	*w = (struct covered_writer){ .out = out, .r = r };
	if (ov_hasher_new(OV_SHA1, &w->sha1) == OV_OK)
		return true;
	out->error = out->error == 0 ? ENOMEM : out->error;
	return false;
}

void covered_writer_close(struct covered_writer *w)
{
	ov_hasher_free(&w->sha1);
}

static ov_status name_of(struct covered_writer *w, const char *kind, size_t number,
			 uint8_t to[OV_DIGEST_MAX])
{
	const struct ov_inventory *inv = w->r->inventory;
	char tail[96];

	(void)snprintf(tail, sizeof tail, "\n%lld\n%lld\n%s\n%zu", (long long)inv->taken,
		       (long long)w->r->at, kind, number);
	OV_TRY(ov_hasher_start(w->sha1));
	OV_TRY(ov_hasher_add(w->sha1, name_space, sizeof name_space));
	OV_TRY(ov_hasher_add(w->sha1, inv->target.p, inv->target.n));
	OV_TRY(ov_hasher_add(w->sha1, w->r->profile.p, w->r->profile.n));
	OV_TRY(ov_hasher_add(w->sha1, tail, strlen(tail)));
	return ov_hasher_end(w->sha1, to);
}

void covered_uuid_bare(struct covered_writer *w, const char *kind, size_t number)
{
	uint8_t d[OV_DIGEST_MAX] = { 0 };
	char hex[2 * 16 + 1];

	if (name_of(w, kind, number, d) != OV_OK)
		w->out->error = w->out->error == 0 ? ENOMEM : w->out->error;
	d[6] = (uint8_t)((d[6] & 0x0f) | 0x50);
	d[8] = (uint8_t)((d[8] & 0x3f) | 0x80);
	ov_hex_encode(d, 16, hex);
	cli_fmt(w->out, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

void covered_uuid(struct covered_writer *w, const char *kind, size_t number)
{
	cli_put(w->out, "\"");
	covered_uuid_bare(w, kind, number);
	cli_put(w->out, "\"");
}

/* ---- sentences ---- */

/* Buffers below hold a few texts of at most 16 KiB each. */
#define SENTENCE_MAX ((size_t)4 << 20)

static void settle(struct cli_out *out, struct ov_buf *b, ov_status s)
{
	if (s == OV_OK)
		inventory_string(out, ov_buf_text(b));
	else
		inventory_string(out, OV_STR("(too long to tell)"));
}

static ov_status say_what(struct ov_buf *b, const struct ov_cov_finding *f)
{
	OV_TRY(ov_buf_str(b, f->product->name));
	if (f->component->version.n > 0) {
		OV_TRY(ov_buf_str(b, OV_STR(" ")));
		OV_TRY(ov_buf_str(b, f->component->version));
	}
	OV_TRY(ov_buf_fmt(b, ": %s on grade E%u, class %s, %s",
			  f->grade >= OV_E3 ? "found" : "look here", (unsigned)f->grade,
			  ov_cov_class_name(f->class_), f->state));
	for (size_t i = 0; i < f->nhits; i++) {
		OV_TRY(ov_buf_fmt(b, "%s%s ", i == 0 ? "; by " : ", ",
				  ov_inv_kind_name(f->hits[i].evidence->kind)));
		OV_TRY(ov_buf_str(b, f->hits[i].evidence->value));
	}
	return ov_buf_str(b, OV_STR("."));
}

void covered_what(struct cli_out *out, const struct ov_cov_finding *f)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(SENTENCE_MAX);
	const ov_status s = say_what(&b, f);

	settle(out, &b, s);
}

static ov_status say_verdict(struct ov_buf *b, const struct ov_cov_finding *f,
			     const struct ov_cov_verdict *v)
{
	static const char *const words[] = { "does not say", "prohibits", "does not prohibit",
					     "may prohibit: ask" };

	OV_TRY(ov_buf_str(b, f->product->name));
	OV_TRY(ov_buf_str(b, OV_STR(": ")));
	OV_TRY(ov_buf_str(b, v->rule->name));
	OV_TRY(ov_buf_fmt(b, " %s", words[v->answer]));
	if (v->since == NULL)
		return ov_buf_str(b, OV_STR("; not in force on the day asked."));
	if (v->answer == OV_COV_YES || v->answer == OV_COV_ASK) {
		OV_TRY(ov_buf_str(b, OV_STR(": ")));
		OV_TRY(ov_buf_str(b, v->rule->what));
	}
	OV_TRY(ov_buf_str(b, OV_STR("; for ")));
	OV_TRY(ov_buf_str(b, v->rule->whom));
	OV_TRY(ov_buf_str(b, OV_STR("; since ")));
	OV_TRY(ov_inv_iso(b, v->since->at));
	return ov_buf_str(b, OV_STR("."));
}

void covered_verdict(struct cli_out *out, const struct ov_cov_finding *f,
		     const struct ov_cov_verdict *v)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(SENTENCE_MAX);
	const ov_status s = say_verdict(&b, f, v);

	settle(out, &b, s);
}

void covered_place(struct cli_out *out, const struct covered_report *r,
		   const struct ov_inv_component *c)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(SENTENCE_MAX);
	const struct ov_str s = inventory_chain(&b, c->path, c->npath);

	inventory_string(out, s.n > 0 ? s : r->inventory->target);
}

/* ---- rules ---- */

bool covered_applies(const struct covered_report *r, const struct ov_cov_rule *rule)
{
	for (size_t i = 0; i < rule->profiles.n; i++)
		if (ov_str_eq(rule->profiles.v[i], r->profile))
			return true;
	return r->profile.n == 0;
}

bool covered_has_gaps(const struct covered_report *r)
{
	return r->result->nundetermined > 0 || r->inventory->nunread > 0;
}
