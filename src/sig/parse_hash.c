/*
 * Hash lines: .hdb .hsb .mdb .msb .imp .fp .sfp and their PUA twins. The digest's kind comes from
 * its length, not from the file's ending. Source: ClamAV manual, Signatures/HashSignatures.md and
 * AllowLists.md.
 */
#include "build_int.h"
#include "text.h"

#define FIELDS_MAX 5
#define ANY_SIZE_LEVEL 73 /* "*" needs an engine that knows it, and the line must say so */

static ov_status read_digest(struct ov_sig_line *l, struct ov_str s, struct ov_hash_ir *h)
{
	size_t n;

	for (int k = 0; k < OV_DIGEST_KINDS; k++) {
		if (s.n != 2 * ov_digest_size((enum ov_digest_kind)k))
			continue;
		h->digest_kind = (enum ov_digest_kind)k;
		if (ov_hex_decode(s, h->digest, sizeof h->digest, &n) != OV_OK)
			return ov_sig_bad(l, "the hash has a character that is not hexadecimal");
		return OV_OK;
	}
	return ov_sig_bad(l, "the hash has neither 32, 40 nor 64 hexadecimal digits");
}

static ov_status read_size(struct ov_sig_line *l, struct ov_str s, struct ov_str min_level,
			   struct ov_hash_ir *h)
{
	uint32_t level;

	if (ov_str_is(s, "*")) {
		if (h->use != OV_USE_IMPORT && /* ClamAV asks for none there */
		    (ov_text_u32(min_level, UINT32_MAX, &level) != OV_OK || level < ANY_SIZE_LEVEL))
			return ov_sig_bad(l, "size * needs a minimum engine level of 73 or more");
		h->size = OV_HASH_ANY_SIZE;
		return OV_OK;
	}
	if (ov_text_u32(s, UINT32_MAX - 1, &h->size) != OV_OK || h->size == 0)
		return ov_sig_bad(l, "the size is neither * nor a number from 1 to 4294967294");
	return OV_OK;
}

static ov_status hash_line(struct ov_sig_line *l, enum ov_hash_use use)
{
	struct ov_str f[FIELDS_MAX + 1] = { 0 }, rest = l->text;
	struct ov_hash_ir h = { .use = use, .source = l->source, .line = l->number };
	const size_t digest_at = use == OV_USE_SECTION ? 1 : 0;
	size_t n = 0;

	while (n <= FIELDS_MAX && ov_text_split(&rest, ':', &f[n]))
		n++;
	if (n < 3 || n > FIELDS_MAX)
		return ov_sig_bad(l, "a hash line has 3 to 5 fields: hash, size, name, levels");
	OV_TRY(read_digest(l, f[digest_at], &h));
	OV_TRY(read_size(l, f[1 - digest_at], f[3], &h));
	h.name = f[2];
	if (h.name.n == 0 || h.name.n > ODB_NAME_MAX)
		return ov_sig_bad(l, "the name is empty or longer than 1024 bytes");
	if (n > 3)
		OV_TRY(ov_sig_level(l, f[3], n > 4 ? f[4] : f[5]));
	return ov_odb_builder_hash(l->b, &h);
}

ov_status ov_sig_hash(struct ov_sig_line *l)
{
	return hash_line(l, OV_USE_FILE);
}

ov_status ov_sig_section(struct ov_sig_line *l)
{
	return hash_line(l, OV_USE_SECTION);
}

/* hash:size:name, where the size is that of the import list's text, as `sigtool --imp` prints it.
 */
ov_status ov_sig_import(struct ov_sig_line *l)
{
	return hash_line(l, OV_USE_IMPORT);
}

ov_status ov_sig_allow(struct ov_sig_line *l)
{
	return hash_line(l, OV_USE_ALLOW);
}
