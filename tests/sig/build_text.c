#include "build_text.h"

#include <inttypes.h>
#include <string.h>

#include "cond.h"
#include "ere.h"
#include "magic.h"
#include "member.h"
#include "text.h"

static void keep_message(void *ctx, const struct ov_diag *d)
{
	struct ov_buf *said = ctx;
	ov_status s = ov_buf_fmt(said, "%.*s:%" PRIu64 " %s %s\n", (int)d->file.n, d->file.p,
				 d->line, d->is_skipped ? "skipped" : "refused", d->reason);

	(void)s; /* a full buffer shows as a difference */
}

static ov_status build(const struct text_source *sources, size_t n,
		       const struct ov_build_options *o, struct built *out)
{
	struct ov_odb_builder *b = NULL;
	ov_status s = ov_odb_builder_new(o, &b);

	for (size_t i = 0; s == OV_OK && i < n; i++)
		s = ov_odb_builder_add(b, ov_str_of(sources[i].name),
				       ov_cur_of(sources[i].text, strlen(sources[i].text)));
	if (s == OV_OK)
		s = ov_odb_builder_finish(b, &out->bytes, &out->stats);
	ov_odb_builder_free(&b);
	return s;
}

void build_texts(const struct text_source *sources, size_t n,
		 const struct ov_build_options *options, struct built *out)
{
	struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
	const char *why = NULL;

	if (options != NULL)
		o = *options;
	*out = (struct built){ .bytes = ov_buf_of((size_t)64 << 20),
			       .said = ov_buf_of((size_t)1 << 20) };
	o.diag = keep_message;
	o.ctx = &out->said;
	out->status = build(sources, n, &o, out);
	if (out->status == OV_OK)
		out->status = ov_odb_open(ov_buf_cur(&out->bytes), &out->db, &why);
}

void built_free(struct built *b)
{
	ov_buf_free(&b->bytes);
	ov_buf_free(&b->said);
}

static ov_status dump_bytes(const struct ov_pn *n, struct ov_buf *out)
{
	for (size_t i = 0; i < n->n; i++) {
		if (n->mask[i] == 0)
			OV_TRY(ov_buf_fmt(out, "??"));
		else if (n->mask[i] == 0xff)
			OV_TRY(ov_buf_fmt(out, "%02x", n->value[i]));
		else
			OV_TRY(ov_buf_fmt(out, "%02x/%02x", n->value[i], n->mask[i]));
		OV_TRY(ov_buf_str(out, i + 1 < n->n ? OV_STR(" ") : OV_STR("")));
	}
	return OV_OK;
}

static ov_status dump_set(const struct ov_pn *n, struct ov_buf *out)
{
	unsigned members = 0;

	for (unsigned v = 0; v < 256; v++)
		members += n->set[v / 8] >> v % 8 & 1;
	OV_TRY(ov_buf_fmt(out, members > 128 ? "not{" : "{"));
	for (unsigned v = 0; v < 256; v++)
		if ((n->set[v / 8] >> v % 8 & 1) != (members > 128))
			OV_TRY(ov_buf_fmt(out, " %02x", v));
	return ov_buf_fmt(out, " }");
}

/* Recursive: tests only, on patterns that the tests wrote. */
ov_status dump_pattern(const struct ov_pn *n, struct ov_buf *out)
{
	static const char *const borders[] = { "?", "(B)", "(L)", "(W)", "(f)", "(fw)" };

	for (; n != NULL; n = n->next) {
		switch (n->kind) {
		case OV_PN_BYTES:
			OV_TRY(dump_bytes(n, out));
			break;
		case OV_PN_SET:
			OV_TRY(dump_set(n, out));
			break;
		case OV_PN_ALT:
			OV_TRY(ov_buf_fmt(out, n->negate ? "!(" : "("));
			for (size_t i = 0; i < n->nalts; i++) {
				OV_TRY(ov_buf_fmt(out, i > 0 ? " | " : ""));
				OV_TRY(dump_pattern(n->alts[i], out));
			}
			OV_TRY(ov_buf_fmt(out, ")"));
			break;
		case OV_PN_JUMP:
			OV_TRY(ov_buf_fmt(out, "[%" PRIu64 "-", n->min));
			OV_TRY(n->max == OV_JUMP_INF ? ov_buf_fmt(out, "]")
						     : ov_buf_fmt(out, "%" PRIu64 "]", n->max));
			break;
		case OV_PN_ASSERT:
			OV_TRY(ov_buf_fmt(out, "%s", borders[n->assertion]));
			break;
		}
		OV_TRY(ov_buf_fmt(out, n->next != NULL ? " " : ""));
	}
	return OV_OK;
}

static ov_status dump_code(struct ov_cur code, struct ov_buf *out)
{
	struct ov_cond_op op;

	while (ov_cond_next(&code, &op) == OV_OK) {
		if (op.kind == OV_COND_SUB)
			OV_TRY(ov_buf_fmt(out, " %" PRIu32, op.sub));
		else if (op.kind == OV_COND_SUB_COUNT)
			OV_TRY(ov_buf_fmt(out, " %" PRIu32 "%c%" PRIu64, op.sub, op.rel, op.want));
		else if (op.kind == OV_COND_COUNT)
			OV_TRY(ov_buf_fmt(out, " %c%" PRIu64 ",%" PRIu32, op.rel, op.want,
					  op.min_distinct));
		else
			OV_TRY(ov_buf_fmt(out, " %s",
					  op.kind == OV_COND_AND  ? "and"
					  : op.kind == OV_COND_OR ? "or"
								  : "true"));
	}
	return OV_OK;
}

static ov_status dump_place(const struct ov_place *p, struct ov_buf *out)
{
	static const char *const names[] = { "any",	"abs",	      "eof",  "ep",
					     "section", "in-section", "last", "vi" };

	OV_TRY(ov_buf_fmt(out, " at %s", names[p->kind]));
	if (p->kind != OV_PLACE_ANY)
		OV_TRY(ov_buf_fmt(out, " %" PRId64 "+%" PRIu32 " #%" PRIu32, p->n, p->shift,
				  p->section));
	return OV_OK;
}

static ov_status dump_sub(const struct ov_odb *o, uint32_t id, struct ov_buf *out)
{
	struct ov_sub s;

	ov_odb_sub(o, id, &s);
	OV_TRY(ov_buf_fmt(out, "  sub %" PRIu32, id));
	OV_TRY(dump_place(&s.place, out));
	if (s.kind == OV_SUB_PATTERN) {
		OV_TRY(ov_buf_fmt(out, " pattern %" PRIu32, s.pattern));
	} else if (s.kind == OV_SUB_PCRE) {
		OV_TRY(ov_buf_fmt(out, " /%.*s/%.*s when", (int)s.regex.n, s.regex.p,
				  (int)s.flags.n, s.flags.n > 0 ? s.flags.p : ""));
		OV_TRY(dump_code(s.trigger, out));
	} else {
		OV_TRY(ov_buf_fmt(out, " compare %" PRIu32 " %+" PRId64 " %c%s%s %" PRIu32,
				  s.compare.ref, s.compare.off, s.compare.form,
				  s.compare.is_big	? " big"
				  : s.compare.is_little ? " little"
							: "",
				  s.compare.is_exact ? " exact" : "", s.compare.width));
		for (uint32_t i = 0; i < s.compare.ncmp; i++)
			OV_TRY(ov_buf_fmt(out, " %c%" PRIu64, s.compare.op[i], s.compare.value[i]));
	}
	return ov_buf_fmt(out, "\n");
}

static ov_status dump_range(const char *what, struct ov_u64_range r, struct ov_buf *out)
{
	if (r.lo == 0 && r.hi == UINT64_MAX)
		return OV_OK;
	return ov_buf_fmt(out, " %s %" PRIu64 "-%" PRIu64, what, r.lo, r.hi);
}

static ov_status dump_rule(const struct ov_odb *o, uint32_t id, struct ov_buf *out)
{
	struct ov_rule r;

	ov_odb_rule(o, id, &r);
	OV_TRY(ov_buf_fmt(
	    out, "rule %" PRIu32 " %.*s %s target %d source %" PRIu32 " line %" PRIu32, id,
	    (int)r.name.n, r.name.p, ov_rule_kind_name(r.kind), (int)r.target, r.source, r.line));
	OV_TRY(dump_range("size", r.file_size, out));
	OV_TRY(dump_range("entry", r.entry_point, out));
	OV_TRY(dump_range("sections", r.nsections, out));
	if (r.has_container)
		OV_TRY(ov_buf_fmt(out, " in %s",
				  r.container_is_top ? "top" : ov_type_name(r.container)));
	if (r.has_handler)
		OV_TRY(ov_buf_fmt(out, " handler %s", ov_type_name(r.handler)));
	for (uint32_t i = 0; i < r.nintermediates; i++)
		OV_TRY(ov_buf_fmt(out, " > %d",
				  r.intermediates[2 * i] | r.intermediates[2 * i + 1] << 8));
	OV_TRY(ov_buf_fmt(out, " :"));
	OV_TRY(dump_code(r.condition, out));
	OV_TRY(ov_buf_fmt(out, "\n"));
	for (uint32_t i = 0; i < r.nsubs; i++)
		OV_TRY(dump_sub(o, r.first_sub + i, out));
	return OV_OK;
}

static ov_status dump_target(const struct ov_odb *o, enum ov_target t, struct ov_buf *out)
{
	for (uint32_t i = 0; i < ov_odb_always_count(o, t); i++)
		OV_TRY(ov_buf_fmt(out, "target %d always %" PRIu32 "\n", (int)t,
				  ov_odb_always(o, t, i)));
	for (uint32_t i = 0; i < ov_odb_fixed_groups(o, t); i++) {
		struct ov_odb_fixed_group g;

		ov_odb_fixed_group(o, t, i, &g);
		OV_TRY(ov_buf_fmt(out, "target %d fixed", (int)t));
		OV_TRY(dump_place(&g.place, out));
		for (uint32_t k = 0; k < g.count; k++) {
			struct ov_odb_fixed f;

			ov_odb_fixed(o, g.first + k, &f);
			OV_TRY(ov_buf_fmt(out, " %08" PRIx32 "/%08" PRIx32 ">%" PRIu32, f.dword,
					  f.mask, f.rule));
		}
		OV_TRY(ov_buf_fmt(out, "\n"));
	}
	return OV_OK;
}

static ov_status dump_hashes(const struct ov_odb *o, struct ov_buf *out)
{
	static const char *const uses[] = { "file", "section", "import", "allow" };

	for (int use = 0; use < OV_HASH_USES; use++) {
		for (int kind = 0; kind < OV_DIGEST_KINDS; kind++) {
			struct ov_hash_entry e;

			for (uint64_t i = 0; ov_hashset_at(&o->hashes[use][kind], i, &e) == OV_OK;
			     i++) {
				struct ov_odb_hash_name name;

				ov_odb_hash_name(o, e.token, &name);
				OV_TRY(ov_buf_fmt(out,
						  "hash %s %s %02x%02x.. size %" PRIu32
						  " %.*s source %" PRIu32 " line %" PRIu32 "\n",
						  uses[use],
						  ov_digest_name((enum ov_digest_kind)kind),
						  e.key[0], e.key[1], e.size, (int)name.name.n,
						  name.name.p, name.source, name.line));
			}
		}
	}
	return OV_OK;
}

ov_status dump_odb(const struct ov_odb *o, struct ov_buf *out)
{
	for (uint32_t i = 0; i < o->nsources; i++) {
		struct ov_odb_source s;

		ov_odb_source(o, i, &s);
		OV_TRY(ov_buf_fmt(out,
				  "source %.*s (%.*s) %" PRIu64 " taken %" PRIu64
				  " refused %" PRIu64 " skipped%s\n",
				  (int)s.name.n, s.name.p, (int)s.label.n, s.label.p, s.nsignatures,
				  s.nrefused, s.nskipped, s.is_signed ? " signed" : ""));
	}
	for (uint32_t i = 0; i < o->nrules; i++)
		OV_TRY(dump_rule(o, i, out));
	for (uint32_t i = 0; i < o->nanchors; i++) {
		struct ov_odb_anchor a;

		ov_odb_anchor(o, i, &a);
		OV_TRY(ov_buf_fmt(out, "anchor %" PRIu32 " wakes %" PRIu32 " sub %" PRIu32 "\n", i,
				  a.rule, a.sub));
	}
	OV_TRY(dump_target(o, OV_TARGET_ANY, out));
	OV_TRY(dump_target(o, OV_TARGET_PE, out));
	return dump_hashes(o, out);
}

static uint64_t sum_str(struct ov_str s)
{
	uint64_t v = s.n;

	for (size_t i = 0; i < s.n; i++)
		v += (unsigned char)s.p[i];
	return v;
}

static uint64_t touch_rule(const struct ov_odb *o, uint32_t id)
{
	static const uint64_t counts[64] = { 1, 0, 3 };
	const bool is_sound = ov_odb_check_rule(o, id) == OV_OK; /* else nothing of it is run */
	struct ov_rule r;
	uint64_t v;

	ov_odb_rule(o, id, &r);
	v = sum_str(r.name) + sum_str(r.text) + r.file_size.lo + r.nsections.hi;
	for (uint32_t i = 0; i < 2 * r.nintermediates; i++)
		v += r.intermediates[i];
	if (is_sound)
		v += ov_cond_eval(r.condition, counts, r.nsubs);
	for (uint32_t i = 0; i <= r.nsubs; i++) {
		struct ov_sub s;

		ov_odb_sub(o, r.first_sub + i, &s);
		v += sum_str(s.regex) + sum_str(s.flags) + s.pattern + s.compare.value[0];
		if (is_sound)
			v += ov_cond_eval(s.trigger, counts, r.nsubs);
	}
	return v;
}

static uint64_t touch_target(const struct ov_odb *o, enum ov_target t)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i <= ov_odb_always_count(o, t); i++)
		v += ov_odb_always(o, t, i);
	for (uint32_t i = 0; i <= ov_odb_fixed_groups(o, t); i++) {
		struct ov_odb_fixed_group g;
		struct ov_odb_fixed f;

		ov_odb_fixed_group(o, t, i, &g);
		for (uint32_t k = 0; k <= g.count; k++) {
			ov_odb_fixed(o, g.first + k, &f);
			v += f.dword ^ f.rule;
		}
	}
	return v;
}

/* Further tables: what scanning reads of them, used as scanning does. */
static uint64_t touch_members(const struct ov_odb *o)
{
	struct ov_cur table = o->extra[OV_EXTRA_CONTAINER];
	struct ov_ere_run run;
	struct ov_extra_row r;
	struct ov_arena a;
	uint64_t v = 0;

	ov_arena_init(&a, 1 << 20);
	if (ov_ere_run_new(&a, &run) != OV_OK)
		return 0;
	for (table.pos = 0; ov_extra_next(&table, &r) == OV_OK;) {
		uint64_t steps = 100000;
		struct ov_member_sig s;

		if (ov_member_get(r.body, &s) != OV_OK)
			continue;
		v += sum_str(r.name) + sum_str(s.text) + sum_str(s.literal) + s.real.hi;
		if (s.has_name)
			v += ov_ere_search(s.program, OV_STR("a name.txt"), &run, &steps) == OV_OK;
	}
	ov_arena_free(&a);
	return v;
}

static uint64_t touch_magic(const struct ov_odb *o)
{
	static const uint8_t head[] = "MZ and some words of a beginning";
	struct ov_cur table = o->extra[OV_EXTRA_MAGIC];
	struct ov_extra_row r;
	struct ov_magic m;
	uint64_t v = 0;

	for (table.pos = 0; ov_extra_next(&table, &r) == OV_OK;)
		if (ov_magic_get(r.body, &m) == OV_OK)
			v += ov_magic_holds(&m, ov_cur_of(head, sizeof head), OV_T_BINARY_DATA);
	return v;
}

uint64_t touch_odb(const struct ov_odb *o)
{
	const uint32_t far[] = { o->nrules, o->nsubs, o->nanchors, UINT32_MAX - 1, UINT32_MAX };
	struct ov_odb_hash_name name;
	struct ov_odb_source source;
	struct ov_odb_anchor anchor;
	struct ov_hash_entry e;
	uint64_t v = touch_members(o) + touch_magic(o);

	for (uint32_t i = 0; i < o->nrules; i++)
		v += touch_rule(o, i);
	for (size_t i = 0; i < sizeof far / sizeof *far; i++) {
		v += touch_rule(o, far[i]);
		ov_odb_anchor(o, far[i], &anchor);
		ov_odb_hash_name(o, far[i], &name);
		ov_odb_source(o, far[i], &source);
		v += anchor.rule + sum_str(name.name) + sum_str(source.label);
	}
	for (uint32_t i = 0; i < o->nanchors; i++) {
		ov_odb_anchor(o, i, &anchor);
		v += anchor.sub;
	}
	for (uint32_t i = 0; i < o->nsources; i++) {
		ov_odb_source(o, i, &source);
		v += sum_str(source.name) + sum_str(source.label) + source.version;
	}
	for (int t = -1; t <= OV_TARGET_COUNT; t++)
		v += touch_target(o, (enum ov_target)t);
	for (int i = 0; i < OV_HASH_USES * OV_DIGEST_KINDS; i++) {
		const struct ov_hashset *set = &o->hashes[i / OV_DIGEST_KINDS][i % OV_DIGEST_KINDS];

		for (uint64_t k = 0; ov_hashset_at(set, k, &e) == OV_OK; k++) {
			uint32_t token = 0;

			v += ov_hashset_find(set, e.key, e.size, &token);
			ov_odb_hash_name(o, token, &name);
			v += sum_str(name.name);
		}
	}
	return v;
}
