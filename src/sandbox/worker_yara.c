/* YARA in the worker: external variables, included files, the list of rules in a verdict. */
#include "worker_int.h"

#include <stdlib.h>

#include "ast.h"
#include "fd.h"
#include "checked.h"
#include "text.h"

#define LISTED_MAX ((size_t)56 << 20) /* bytes of a verdict; the broker takes OV_WIRE_BODY_MAX */
#define RULE_WEIGHT 64u
#define MATCH_WEIGHT 48u

/* An integer, a number, a truth, or else a text. */
static struct ov_yval value_of(struct ov_str s)
{
	struct ov_yval v = { .kind = OV_Y_STRING, .s = s };
	const bool is_negative = s.n > 1 && s.p[0] == '-';
	const struct ov_str digits = { .p = s.p + is_negative, .n = s.n - is_negative };
	char *end = NULL;
	uint64_t u;
	double f;

	if (ov_str_is(s, "true") || ov_str_is(s, "false"))
		return (struct ov_yval){ .kind = OV_Y_BOOL, .i = s.p[0] == 't' };
	if (ov_text_u64(digits, &u) == OV_OK && u <= INT64_MAX)
		return (struct ov_yval){ .kind = OV_Y_INT,
					 .i = is_negative ? -(int64_t)u : (int64_t)u };
	for (size_t i = 0; i < digits.n; i++)
		if (!((digits.p[i] >= '0' && digits.p[i] <= '9') || digits.p[i] == '.'))
			return v;
	f = s.n > 0 ? strtod(s.p, &end) : 0.0; /* a NUL follows each definition */
	if (s.n > 0 && end == s.p + s.n)
		return (struct ov_yval){ .kind = OV_Y_FLOAT, .f = f };
	return v;
}

ov_status ov_worker_defines(struct ov_arena *a, struct ov_str defines,
			    struct ov_yara_external **out, size_t *n)
{
	size_t many = 0;
	struct ov_str all;

	*n = 0;
	OV_TRY(ov_arena_str(a, defines, &all));
	for (size_t i = 0; i < all.n; i++)
		many += all.p[i] == '\0';
	OV_TRY(ov_arena_array(a, many, out));
	for (size_t at = 0; at < all.n;) {
		struct ov_str text = ov_str_of(all.p + at), name;

		at += text.n + 1;
		if (!ov_text_split(&text, '=', &name) || name.n == 0)
			return OV_BAD;
		(*out)[*n].name = name;
		(*out)[(*n)++].value =
		    value_of(text.p != NULL ? text : (struct ov_str){ .p = "", .n = 0 });
	}
	return OV_OK;
}

ov_status ov_worker_data(struct ov_worker *w, struct ov_arrival *m)
{
	struct ov_worker_data *d = &w->data[w->ndata];

	if (m->fds.nfds != 1 || w->has_db || w->ndata == OVERT_MODULE_DATA_MAX)
		return OV_BAD;
	OV_TRY(ov_arena_str(&w->arena, (struct ov_str){ (const char *)m->body.base, m->body.len },
			    &d->module));
	OV_TRY(ov_worker_map(m->fds.fds[0], &d->bytes));
	w->ndata++;
	return OV_OK;
}

/* Number of the file that includes: sources first, then what was included. */
static bool number_of(const struct ov_includes *i, struct ov_str path, uint32_t *out)
{
	uint32_t n = (uint32_t)i->w->nsources;

	for (const struct ov_included *x = i->first; x != NULL; x = x->next, n++)
		if (ov_str_eq(x->path, path)) {
			*out = n;
			return true;
		}
	for (uint32_t k = 0; k < i->w->nsources; k++)
		if (ov_str_eq(i->w->sources[k].name, path)) {
			*out = k;
			return true;
		}
	return false;
}

ov_status ov_worker_include(struct ov_includes *i, struct ov_str from, struct ov_str name,
			    struct ov_cur *bytes, struct ov_str *path)
{
	struct ov_included *x = NULL;
	struct ov_arrival m;
	uint32_t number = 0;
	ov_status s;

	if (!number_of(i, from, &number))
		return OV_BAD;
	i->w->out.n = 0;
	OV_TRY(ov_wire_put_need(&i->w->out, number, name));
	OV_TRY(ov_worker_answer(i->w, OV_WIRE_NEED, i->job));
	if (ov_link_recv(&i->w->link, true, &m) != OV_OK || m.kind != OV_WIRE_INCLUDE)
		return OV_BUG; /* the broker is gone */
	if (m.fds.nfds != 1)
		return OV_BAD;
	OV_TRY(ov_arena_new(&i->w->arena, &x));
	OV_TRY(ov_arena_str(&i->w->arena, (struct ov_str){ (const char *)m.body.base, m.body.len },
			    &x->path));
	if (i->tail == NULL)
		i->tail = &i->first;
	*i->tail = x;
	i->tail = &x->next;
	*path = x->path;
	s = ov_worker_map(m.fds.fds[0], bytes);
	ov_fd_close(&m.fds.fds[0]);
	return s;
}

/* ---- verdicts ---- */

static struct overt_text text_of(struct ov_str s)
{
	return (struct overt_text){ .bytes = s.p, .length = s.n };
}

static ov_status labels(struct ov_worker *w, const struct ov_yrule *r, struct overt_yara_rule *to)
{
	const struct ov_yimage *y = &w->db.yara;
	struct overt_text *tags = NULL;
	struct overt_yara_meta *metas = NULL;

	OV_TRY(ov_arena_array(&w->scratch, r->ntags, &tags));
	OV_TRY(ov_arena_array(&w->scratch, r->nmetas, &metas));
	for (uint32_t i = 0; i < r->ntags; i++)
		tags[i] = text_of(ov_yimage_tag(y, r->first_tag + i));
	for (uint32_t i = 0; i < r->nmetas; i++) {
		struct ov_ymeta m;

		ov_yimage_meta(y, r->first_meta + i, &m);
		metas[i].name = text_of(m.name);
		metas[i].kind = m.value.kind == OV_Y_INT     ? OVERT_YARA_INTEGER
				: m.value.kind == OV_Y_FLOAT ? OVERT_YARA_FLOAT
				: m.value.kind == OV_Y_BOOL  ? OVERT_YARA_BOOLEAN
							     : OVERT_YARA_TEXT;
		if (m.value.kind == OV_Y_FLOAT)
			metas[i].value = m.value.f;
		else if (m.value.kind == OV_Y_STRING)
			metas[i].text = text_of(m.value.s);
		else
			metas[i].number = m.value.i;
	}
	to->tags = tags;
	to->ntags = r->ntags;
	to->metas = metas;
	to->nmetas = r->nmetas;
	return OV_OK;
}

static ov_status matches(struct ov_worker *w, const struct ov_report_yara *from,
			 struct overt_yara_rule *to, size_t *left)
{
	struct overt_yara_match *m = NULL;

	to->matches_total = from->total;
	OV_TRY(ov_arena_array(&w->scratch, from->nmatches, &m));
	to->matches = m;
	for (uint32_t i = 0; i < from->nmatches; i++) {
		const struct ov_report_ymatch *x = &from->matches[i];
		struct ov_ystring s;

		if (*left < MATCH_WEIGHT + x->data_len)
			break;
		*left -= MATCH_WEIGHT + x->data_len;
		ov_yimage_string(&w->db.yara, x->string, &s);
		m[to->nmatches++] =
		    (struct overt_yara_match){ .name = text_of(s.name),
					       .offset = x->off,
					       .length = x->len,
					       .data = { .bytes = (const char *)x->data,
							 .length = x->data_len },
					       .is_hex = (s.flags & OV_YS_HEX) != 0,
					       .is_xor = (s.flags & OV_YSTR_XOR) != 0,
					       .xor_key = x->xor_key };
	}
	return OV_OK;
}

ov_status ov_worker_list_rules(struct ov_worker *w, const struct ov_report *r,
			       struct overt_verdict *v)
{
	size_t n = 0, left = LISTED_MAX;
	struct overt_yara_rule *to = NULL;

	v->yara_said = text_of(r->yara_said);
	v->yara_dump = text_of(r->yara_dump);
	left -= ov_min_size(left, r->yara_said.n + r->yara_dump.n);
	for (const struct ov_report_yara *x = r->yara; x != NULL; x = x->next)
		n++;
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&w->scratch, n, &to));
	v->yara = to;
	for (const struct ov_report_yara *x = r->yara; x != NULL; x = x->next, to++) {
		struct ov_yrule rule;

		ov_yimage_rule(&w->db.yara, x->rule, &rule);
		*to = (struct overt_yara_rule){ .name = text_of(rule.name),
						.name_space = text_of(rule.ns) };
		OV_TRY(labels(w, &rule, to));
		left -= ov_min_size(left, RULE_WEIGHT + rule.text.n);
		OV_TRY(matches(w, x, to, &left));
		v->nyara++;
	}
	return OV_OK;
}
