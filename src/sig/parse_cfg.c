/*
 * .cfg lines: CATEGORY:0xFLAGS[:min[:max]], the parts of the engine that stay on. Source: ClamAV
 * manual, Signatures/DynamicConfig.md; the flags by `clamscan --debug`. What they mean to overt is
 * in engine/settings.c; here they are kept as they stand.
 */
#include "build_int.h"
#include "dynamic.h"
#include "text.h"

static ov_status read_flags(struct ov_sig_line *l, struct ov_str s, uint32_t *out)
{
	uint32_t v = 0;

	if (!ov_str_starts(s, OV_STR("0x")) || s.n < 3 || s.n > 10)
		return ov_sig_bad(l, "the flags are 0x and up to eight hexadecimal digits");
	for (size_t i = 2; i < s.n; i++) {
		if (ov_hex_digit(s.p[i]) < 0)
			return ov_sig_bad(l, "the flags are 0x and up to eight hexadecimal digits");
		v = v << 4 | (uint32_t)ov_hex_digit(s.p[i]);
	}
	*out = v;
	return OV_OK;
}

ov_status ov_sig_cfg(struct ov_sig_line *l)
{
	struct ov_str rest = l->text, name, flags, min = { 0 }, max = { 0 };
	struct ov_switch s = { .flags = 0 };
	uint8_t body[OV_SWITCH_SIZE];

	if (!ov_text_split(&rest, ':', &name) || !ov_text_split(&rest, ':', &flags))
		return ov_sig_bad(l, "a switch line is CATEGORY:0xFLAGS:min:max");
	if (ov_text_split(&rest, ':', &min))
		(void)ov_text_split(&rest, ':', &max);
	OV_TRY(read_flags(l, flags, &s.flags));
	if (ov_switch_category(name, &s.category) != OV_OK)
		return ov_sig_skip(l, "an unknown category of switches");
	OV_TRY(ov_sig_level(l, min, max));
	ov_switch_put(&s, body);
	return ov_build_extra(l, OV_EXTRA_SWITCH, name, false, ov_cur_of(body, sizeof body));
}
