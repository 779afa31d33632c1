/*
 * .ign and .ign2 lines: name, or name:md5 of the line that is ignored, or (older) file:line:name,
 * of which only the name counts. Source: ClamAV manual, Signatures/AllowLists.md, and what clamscan
 * 1.4.6 does with the older form.
 */
#include "build_int.h"
#include "text.h"

ov_status ov_sig_ignore(struct ov_sig_line *l)
{
	struct ov_str rest = l->text, f[4] = { 0 }, name;
	struct b_ignore row = { .has_md5 = false };
	size_t n = 0, got = 0;

	while (n < 4 && ov_text_split(&rest, ':', &f[n]))
		n++;
	name = n == 3 ? f[2] : f[0];
	if (n == 4 || name.n == 0 || name.n > ODB_NAME_MAX)
		return ov_sig_bad(l,
				  "an ignored name is empty, longer than 1024 bytes, or has more "
				  "than two fields before it");
	if (n == 2) {
		if (f[1].n != 32 || ov_hex_decode(f[1], row.md5, sizeof row.md5, &got) != OV_OK)
			return ov_sig_bad(
			    l, "an ignored name is followed by nothing or by the MD5 of its line");
		row.has_md5 = true;
	}
	OV_TRY(ov_build_text(&l->b->names, name, &row.name));
	return ov_buf_put(&l->b->ignores, &row, sizeof row);
}
