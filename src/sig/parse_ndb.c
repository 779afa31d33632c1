/* .ndb lines: name:target:offset:pattern[:min[:max]]. Source: ClamAV manual,
 * Signatures/ExtendedSignatures.md. */
#include "body.h"
#include "build_int.h"
#include "text.h"

#define FIELDS_MAX 6

static ov_status read_target(struct ov_sig_line *l, struct ov_str s, enum ov_target *out)
{
	uint64_t v = 0;

	if (s.n > 0 && !ov_str_is(s, "*") && ov_text_u64(s, &v) != OV_OK)
		return ov_sig_bad(l, "the target is neither * nor a number");
	if (v >= OV_TARGET_COUNT)
		return ov_sig_skip(l, "for a target that nobody knows (above 14)");
	*out = (enum ov_target)v;
	return OV_OK;
}

/* "$0$" to "$31$": no place, but the group whose macros look for this pattern. */
static ov_status read_place(struct ov_sig_line *l, struct ov_str s, enum ov_target target,
			    struct ov_place *out)
{
	struct ov_str rest = s, group;
	uint32_t n = 0;

	if (s.n == 0 || s.p[0] != '$')
		return ov_sig_place(l, s, target, out);
	rest = (struct ov_str){ .p = s.p + 1, .n = s.n - 1 };
	if (!ov_text_split(&rest, '$', &group) || rest.p == NULL || rest.n > 0 ||
	    ov_text_u32(group, OV_MACRO_GROUPS - 1, &n) != OV_OK)
		return ov_sig_bad(l, "a macro group is $0$ to $31$");
	*out = (struct ov_place){ .kind = OV_PLACE_MACRO, .n = n };
	return OV_OK;
}

ov_status ov_sig_body(struct ov_sig_line *l, struct ov_str name, enum ov_target target,
		      struct ov_str place, struct ov_str pattern)
{
	static const struct ov_body_options plain = { 0 };
	struct ov_cond_node condition = { .kind = OV_COND_SUB };
	struct ov_sub_ir sub = { .kind = OV_SUB_PATTERN };
	const struct ov_rule_ir r = { .name = name,
				      .kind = OV_RULE_BODY,
				      .target = target,
				      .source = l->source,
				      .line = l->number,
				      .text = l->text,
				      .file_size = { 0, UINT64_MAX },
				      .entry_point = { 0, UINT64_MAX },
				      .nsections = { 0, UINT64_MAX },
				      .subs = &sub,
				      .nsubs = 1,
				      .condition = &condition };

	if (name.n == 0 || name.n > ODB_NAME_MAX)
		return ov_sig_bad(l, "the name is empty or longer than 1024 bytes");
	OV_TRY(read_place(l, place, target, &sub.place));
	OV_TRY(ov_body_parse(pattern, &plain, &l->b->scratch, &sub.pattern, &l->why));
	return ov_odb_builder_rule(l->b, &r);
}

ov_status ov_sig_ndb(struct ov_sig_line *l)
{
	struct ov_str f[FIELDS_MAX + 1] = { 0 }, rest = l->text;
	enum ov_target target = OV_TARGET_ANY;
	size_t n = 0;

	while (n <= FIELDS_MAX && ov_text_split(&rest, ':', &f[n]))
		n++;
	if (n < 4 || n > FIELDS_MAX)
		return ov_sig_bad(
		    l, "a body line has 4 to 6 fields: name, target, offset, pattern, levels");
	if (f[0].n == 0 || f[0].n > ODB_NAME_MAX)
		return ov_sig_bad(l, "the name is empty or longer than 1024 bytes");
	OV_TRY(ov_sig_level(l, f[4], f[5]));
	OV_TRY(read_target(l, f[1], &target));
	return ov_sig_body(l, f[0], target, f[2], f[3]);
}
