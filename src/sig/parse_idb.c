/*
 * Icon lines (.idb): name:group:group:hash. They are read, so that broken ones are refused, and
 * counted as skipped: how ClamAV makes the hash of an icon is documented nowhere, so nothing can be
 * compared with it (docs/COMPATIBILITY.md). What is refused is what clamscan 1.4.6 calls malformed.
 */
#include "build_int.h"
#include "text.h"

#define FIELDS 4
#define HASH_DIGITS 124 /* the first two are the size: 16, 24 or 32 */

static bool is_icon_hash(struct ov_str s)
{
	if (s.n != HASH_DIGITS)
		return false;
	for (size_t i = 0; i < s.n; i++)
		if (ov_hex_digit(s.p[i]) < 0)
			return false;
	return ov_str_starts(s, OV_STR("10")) || ov_str_starts(s, OV_STR("18")) ||
	       ov_str_starts(s, OV_STR("20"));
}

ov_status ov_sig_idb(struct ov_sig_line *l)
{
	struct ov_str f[FIELDS + 1] = { 0 }, rest = l->text;
	size_t n = 0;

	while (n <= FIELDS && ov_text_split(&rest, ':', &f[n]))
		n++;
	if (n != FIELDS)
		return ov_sig_bad(l, "an icon line is name:group:group:hash");
	if (!is_icon_hash(f[3]))
		return ov_sig_bad(l, "an icon's hash has 124 hexadecimal digits and begins with "
				     "10, 18 or 20");
	return ov_sig_skip(l, "icons are not compared by this version");
}
