/*
 * .ldb lines: name;target description block;logical expression;subsignature 0[;subsignature 1...].
 * Source: ClamAV manual, Signatures/LogicalSignatures.md.
 */
#include "build_int.h"
#include "logic.h"
#include "tdb.h"
#include "text.h"

#define NEW_KEYS_LEVEL                                                                             \
	51 /* keys other than Engine and Target need an engine range that begins here or later */

struct tdb {
	struct ov_rule_ir *r;
	bool has_target, has_new_key, has_facts_key, has_icon;
	struct ov_str icon[2]; /* groups */
	bool may_lack_target;
	uint32_t engine_min;
	const char *skip; /* first reason to skip the line: told only when nothing is malformed */
};

static void note_skip(struct tdb *t, const char *why)
{
	if (t->skip == NULL)
		t->skip = why;
}

static ov_status key_engine(struct ov_sig_line *l, struct tdb *t, struct ov_str v)
{
	struct ov_u64_range range;
	struct ov_str lo = v, hi = { 0 };

	if (ov_sig_range(v, &range) != OV_OK || !ov_text_split(&v, '-', &lo) || v.p == NULL ||
	    lo.n == 0)
		return ov_sig_bad(l, "Engine is not a range a-b");
	hi = v;
	t->engine_min = range.lo > UINT32_MAX ? UINT32_MAX : (uint32_t)range.lo;
	if (hi.n == 0 || ov_sig_level(l, lo, hi) != OV_OK)
		note_skip(t, "for other engine levels than ours");
	return OV_OK;
}

static ov_status key_target(struct ov_sig_line *l, struct tdb *t, struct ov_str v)
{
	uint64_t n = 0;

	if (v.n > 0 && ov_text_u64(v, &n) != OV_OK)
		return ov_sig_bad(l, "Target is not a number");
	t->has_target = true;
	if (n >= OV_TARGET_COUNT)
		note_skip(t, "for a target that nobody knows (above 14)");
	else
		t->r->target = (enum ov_target)n;
	return OV_OK;
}

static ov_status key_range(struct ov_sig_line *l, struct ov_str v, struct ov_u64_range *out)
{
	if (v.n == 0 || memchr(v.p, '-', v.n) == NULL || v.p[v.n - 1] == '-' ||
	    ov_sig_range(v, out) != OV_OK)
		return ov_sig_bad(l, "a range in the target block is not a-b with a <= b");
	return OV_OK;
}

static void key_container(struct tdb *t, struct ov_str v)
{
	struct ov_rule_ir *r = t->r;

	if (ov_type_by_name(v, &r->container) != OV_OK) {
		note_skip(t, "the container's type is unknown");
		return;
	}
	r->has_container = true;
	r->container_is_top = r->container == OV_T_ANY;
}

static void key_handler(struct tdb *t, struct ov_str v)
{
	if (ov_type_by_name(v, &t->r->handler) != OV_OK)
		note_skip(t, "the handler's type is unknown");
	else
		t->r->has_handler = true;
}

/* Intermediates:T>T>T, outermost first. */
static ov_status key_intermediates(struct ov_sig_line *l, struct tdb *t, struct ov_str v)
{
	struct ov_rule_ir *r = t->r;
	struct ov_str one;

	while (ov_text_split(&v, '>', &one)) {
		enum ov_type type;

		if (r->nintermediates == OV_INTERMEDIATES_MAX)
			return ov_sig_bad(l, "more than 16 intermediates");
		if (ov_type_by_name(one, &type) != OV_OK) {
			note_skip(t, "an intermediate's type is unknown");
			return OV_OK;
		}
		r->intermediates[r->nintermediates++] = type == OV_T_ANY ? OV_T_COUNT : type;
	}
	return OV_OK;
}

static ov_status one_key(struct ov_sig_line *l, struct tdb *t, struct ov_str key, struct ov_str v)
{
	if (ov_str_is(key, "Engine"))
		return key_engine(l, t, v);
	if (ov_str_is(key, "Target"))
		return key_target(l, t, v);
	t->has_new_key = true;
	if (ov_str_is(key, "FileSize"))
		return key_range(l, v, &t->r->file_size);
	if (ov_str_is(key, "EntryPoint")) {
		t->has_facts_key = true;
		return key_range(l, v, &t->r->entry_point);
	}
	if (ov_str_is(key, "NumberOfSections")) {
		t->has_facts_key = true;
		return key_range(l, v, &t->r->nsections);
	}
	if (ov_str_is(key, "Intermediates"))
		return key_intermediates(l, t, v);
	if (ov_str_is(key, "Container")) {
		key_container(t, v);
	} else if (ov_str_is(key, "HandlerType")) {
		key_handler(t, v);
	} else if (ov_str_is(key, "IconGroup1") || ov_str_is(key, "IconGroup2")) {
		t->has_icon = true;
		t->icon[key.p[key.n - 1] - '1'] = v;
	} else {
		note_skip(t, "an unknown key in the target block");
	}
	return OV_OK;
}

static ov_status check_keys(struct ov_sig_line *l, const struct tdb *t)
{
	const enum ov_target target = t->r->target;

	if (!t->has_target && !t->may_lack_target)
		return ov_sig_bad(l, "the target block has no Target");
	if (t->has_new_key && t->engine_min < NEW_KEYS_LEVEL)
		return ov_sig_bad(
		    l, "keys beside Target need an Engine range that begins at 51 or later");
	if (t->has_facts_key && target != OV_TARGET_PE && target != OV_TARGET_ELF &&
	    target != OV_TARGET_MACHO)
		return ov_sig_bad(l, "EntryPoint and NumberOfSections need target 1, 6 or 9");
	if (t->has_icon && target != OV_TARGET_PE)
		return ov_sig_bad(l, "icon groups need target 1");
	return OV_OK;
}

static ov_status read_tdb(struct ov_sig_line *l, struct ov_str s, struct tdb *t)
{
	struct ov_str one, key;
	size_t i;

	for (i = 0; ov_text_split(&s, ',', &one); i++) {
		if (!ov_text_split(&one, ':', &key) || one.p == NULL)
			return ov_sig_bad(l, "the target block is a list of Key:value");
		if (i > 0 && ov_str_is(key, "Engine"))
			return ov_sig_bad(l, "Engine must be the first key of the target block");
		OV_TRY(one_key(l, t, key, one));
	}
	return check_keys(l, t);
}

ov_status ov_sig_tdb(struct ov_sig_line *l, struct ov_str block, bool needs_target,
		     struct ov_rule_ir *r, const char **skip)
{
	struct tdb t = { .r = r, .may_lack_target = !needs_target };

	OV_TRY(read_tdb(l, block, &t));
	*skip = t.skip;
	return OV_OK;
}

/*
 * Cuts the next subsignature off. ';' separates, but not inside a regular expression: from the
 * first '/' on, the end is the first ';' (or the end of the line) that follows a '/' not escaped
 * and letters only.
 */
static bool next_sub(struct ov_str *rest, struct ov_str *out)
{
	size_t slash, end;

	if (rest->p == NULL)
		return false;
	for (slash = 0; slash < rest->n && rest->p[slash] != ';' && rest->p[slash] != '/';)
		slash++;
	if (slash == rest->n || rest->p[slash] == ';')
		return ov_text_split(rest, ';', out);
	for (end = slash + 1; end < rest->n; end++) {
		size_t tail = end + 1;

		if (rest->p[end] == '\\') {
			end++;
			continue;
		}
		if (rest->p[end] != '/')
			continue;
		while (tail < rest->n &&
		       ((rest->p[tail] | 0x20) >= 'a' && (rest->p[tail] | 0x20) <= 'z'))
			tail++;
		if (tail == rest->n || rest->p[tail] == ';') {
			*out = (struct ov_str){ .p = rest->p, .n = tail };
			*rest = tail == rest->n ? (struct ov_str){ 0 }
						: (struct ov_str){ .p = rest->p + tail + 1,
								   .n = rest->n - tail - 1 };
			return true;
		}
		end = tail - 1;
	}
	return ov_text_split(rest, ';', out);
}

static ov_status read_subs(struct ov_sig_line *l, struct ov_str rest, struct tdb *t)
{
	struct ov_rule_ir *r = t->r;
	struct ov_str one;

	while (next_sub(&rest, &one)) {
		ov_status s;

		if (r->nsubs == ODB_SUBS_MAX)
			return ov_sig_bad(l, "more than 64 subsignatures");
		s = ov_sig_subsig(l, one, r->target, r->nsubs, &r->subs[r->nsubs]);
		if (s == OV_UNSUPPORTED)
			note_skip(t, l->why);
		else
			OV_TRY(s);
		r->nsubs++;
	}
	return OV_OK;
}

/* Icon groups are one more subsignature, without which nothing holds. */
static ov_status add_icon(struct ov_sig_line *l, struct tdb *t)
{
	struct ov_rule_ir *r = t->r;
	struct ov_cond_node *both = NULL, *icon = NULL;

	if (r->nsubs == ODB_SUBS_MAX) {
		note_skip(t, "64 subsignatures and an icon group");
		return OV_OK;
	}
	r->subs[r->nsubs] =
	    (struct ov_sub_ir){ .kind = OV_SUB_ICON, .place = { .kind = OV_PLACE_ANY } };
	for (int g = 0; g < 2; g++)
		r->subs[r->nsubs].icon[g] = t->icon[g].p != NULL ? t->icon[g] : OV_STR("*");
	OV_TRY(ov_arena_new(&l->b->scratch, &icon));
	OV_TRY(ov_arena_new(&l->b->scratch, &both));
	*icon = (struct ov_cond_node){ .kind = OV_COND_SUB, .sub = r->nsubs++ };
	*both = (struct ov_cond_node){ .kind = OV_COND_AND, .a = r->condition, .b = icon };
	r->condition = both;
	return OV_OK;
}

static ov_status read_rule(struct ov_sig_line *l, struct tdb *t)
{
	struct ov_rule_ir *r = t->r;
	struct ov_str rest = l->text, block, logic;
	uint32_t top = 0;

	if (!ov_text_split(&rest, ';', &r->name) || !ov_text_split(&rest, ';', &block) ||
	    !ov_text_split(&rest, ';', &logic) || rest.p == NULL)
		return ov_sig_bad(l,
				  "a logical line is name;target block;expression;subsignatures");
	if (r->name.n == 0 || r->name.n > ODB_NAME_MAX)
		return ov_sig_bad(l, "the name is empty or longer than 1024 bytes");
	OV_TRY(read_tdb(l, block, t));
	if (t->skip != NULL)
		return OV_OK; /* what follows may be written for an engine that reads more than we
				 do */
	OV_TRY(ov_arena_array(&l->b->scratch, ODB_SUBS_MAX, &r->subs));
	OV_TRY(read_subs(l, rest, t));
	OV_TRY(ov_logic_parse(logic, r->nsubs, &l->b->scratch, &r->condition, &top, &l->why));
	if (top + 1 != r->nsubs)
		return ov_sig_bad(
		    l, "the number of subsignatures is not the expression's highest index + 1");
	return t->has_icon ? add_icon(l, t) : OV_OK;
}

ov_status ov_sig_ldb(struct ov_sig_line *l)
{
	struct ov_rule_ir r = { .kind = OV_RULE_LOGICAL,
				.source = l->source,
				.line = l->number,
				.text = l->text,
				.file_size = { 0, UINT64_MAX },
				.entry_point = { 0, UINT64_MAX },
				.nsections = { 0, UINT64_MAX } };
	struct tdb t = { .r = &r };

	OV_TRY(read_rule(l, &t));
	if (t.skip != NULL)
		return ov_sig_skip(l, t.skip);
	return ov_odb_builder_rule(l->b, &r);
}
