/*
 * Icon lines (.idb): name:group 1:group 2:hash. A logical signature for programs asks for groups
 * (IconGroup1, IconGroup2); which icons are alike, format/icon.h says. What is refused is what
 * clamscan 1.4.6 calls malformed.
 */
#include "build_int.h"
#include "icon_row.h"
#include "text.h"

#define FIELDS 4

ov_status ov_sig_idb(struct ov_sig_line *l)
{
	struct ov_str f[FIELDS + 1] = { 0 }, rest = l->text;
	uint8_t body[OV_ICON_ROW_MAX];
	struct ov_icon_row row;
	const char *why;
	size_t n = 0;

	while (n <= FIELDS && ov_text_split(&rest, ':', &f[n]))
		n++;
	if (n != FIELDS)
		return ov_sig_bad(l, "an icon line is name:group:group:hash");
	if (ov_icon_parse(f[3], &row.icon, &why) != OV_OK)
		return ov_sig_bad(l, why);
	if (f[0].n > ODB_NAME_MAX || f[1].n > OV_ICON_GROUP_MAX || f[2].n > OV_ICON_GROUP_MAX)
		return ov_sig_bad(l, "an icon's name or group is too long (1024 and 255 bytes)");
	row.group[0] = f[1];
	row.group[1] = f[2];
	if (f[0].n == 0)
		f[0] = OV_STR("(unnamed icon)");
	return ov_build_extra(l, OV_EXTRA_ICON, f[0], false,
			      ov_cur_of(body, ov_icon_row_put(&row, body)));
}
