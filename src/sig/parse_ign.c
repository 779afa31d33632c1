/* .ign2 lines: name, or name:md5 of the line that is ignored. Source: ClamAV manual,
 * Signatures/AllowLists.md. */
#include "build_int.h"
#include "text.h"

ov_status ov_sig_ignore(struct ov_sig_line *l)
{
	struct ov_str rest = l->text, name;
	struct b_ignore row = { .has_md5 = false };
	size_t n = 0;

	if (!ov_text_split(&rest, ':', &name) || name.n == 0 || name.n > ODB_NAME_MAX)
		return ov_sig_bad(l, "the name is empty or longer than 1024 bytes");
	if (rest.p != NULL) {
		if (rest.n != 32 || ov_hex_decode(rest, row.md5, sizeof row.md5, &n) != OV_OK)
			return ov_sig_bad(
			    l, "an ignored name is followed by nothing or by the MD5 of its line");
		row.has_md5 = true;
	}
	OV_TRY(ov_build_text(&l->b->names, name, &row.name));
	return ov_buf_put(&l->b->ignores, &row, sizeof row);
}
