/* Bodies of switches. See dynamic.h. */
#include "dynamic.h"

#include "le.h"

ov_status ov_switch_category(struct ov_str name, enum ov_switch_category *out)
{
	static const char *const names[OV_SWITCH_RAW_HTML] = {
		[OV_SWITCH_PE] = "PE",
		[OV_SWITCH_ELF] = "ELF",
		[OV_SWITCH_MACHO] = "MACHO",
		[OV_SWITCH_ARCHIVE] = "ARCHIVE",
		[OV_SWITCH_DOCUMENT] = "DOCUMENT",
		[OV_SWITCH_MAIL] = "MAIL",
		[OV_SWITCH_OTHER] = "OTHER",
		[OV_SWITCH_PHISHING] = "PHISHING",
		[OV_SWITCH_BYTECODE] = "BYTECODE",
		[OV_SWITCH_STATS] = "STATS",
		[OV_SWITCH_PCRE] = "PCRE",
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (ov_str_is(name, names[i])) {
			*out = (enum ov_switch_category)i;
			return OV_OK;
		}
	}
	return OV_BAD;
}

void ov_switch_put(const struct ov_switch *s, uint8_t body[OV_SWITCH_SIZE])
{
	ov_put_le32(body, (uint32_t)s->category);
	ov_put_le32(body + 4, s->flags);
}

ov_status ov_switch_get(struct ov_cur body, struct ov_switch *out)
{
	if (body.len != OV_SWITCH_SIZE || ov_le32(body.base) >= OV_SWITCH_CATEGORIES)
		return OV_BAD;
	out->category = (enum ov_switch_category)ov_le32(body.base);
	out->flags = ov_le32(body.base + 4);
	return OV_OK;
}

ov_status ov_switch_verify(struct ov_cur body)
{
	struct ov_switch s;

	return ov_switch_get(body, &s);
}
