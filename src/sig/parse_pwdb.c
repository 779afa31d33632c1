/* .pwdb lines: name;target block;kind;password. Source: ClamAV manual,
 * Signatures/EncryptedArchives.md. */
#include "build_int.h"
#include "passwords.h"
#include "tdb.h"
#include "text.h"

/* Kind 0: text up to the next ';'. Kind 1: hexadecimal. */
static ov_status read_password(struct ov_sig_line *l, struct ov_str kind, struct ov_str text,
			       struct ov_password *p, uint8_t bytes[OV_PASSWORD_MAX])
{
	uint32_t v = 0;

	if (ov_text_u32(kind, UINT32_MAX, &v) != OV_OK)
		return ov_sig_bad(l, "the kind of a password is 0 (text) or 1 (hexadecimal)");
	if (v > 1)
		return ov_sig_skip(l, "a kind of password that is not known (above 1)");
	if (v == 0 && text.n <= OV_PASSWORD_MAX) {
		p->text = text;
		return OV_OK;
	}
	if (v == 0 || text.n > 2 * OV_PASSWORD_MAX)
		return ov_sig_bad(l, "a password longer than 256 bytes");
	if (ov_hex_decode(text, bytes, OV_PASSWORD_MAX, &p->text.n) != OV_OK)
		return ov_sig_bad(l, "the password is not hexadecimal");
	p->text.p = (const char *)bytes;
	return OV_OK;
}

static ov_status read_container(struct ov_sig_line *l, const struct ov_rule_ir *r,
				struct ov_password *p)
{
	p->container = r->has_container ? r->container : OV_T_ANY;
	if (p->container != OV_T_ANY && p->container != OV_T_ZIP && p->container != OV_T_RAR)
		return ov_sig_bad(
		    l, "a password's container is CL_TYPE_ZIP, CL_TYPE_RAR or CL_TYPE_ANY");
	return OV_OK;
}

ov_status ov_sig_pwdb(struct ov_sig_line *l)
{
	struct ov_str rest = l->text, name, block, kind, text;
	uint8_t bytes[OV_PASSWORD_MAX], body[OV_PASSWORD_MAX + OV_PASSWORD_HEAD];
	struct ov_rule_ir r = { .has_container = false };
	struct ov_password p = { .container = OV_T_ANY };
	const char *skip = NULL;

	if (!ov_text_split(&rest, ';', &name) || !ov_text_split(&rest, ';', &block) ||
	    !ov_text_split(&rest, ';', &kind) || rest.p == NULL)
		return ov_sig_bad(l, "a password line is name;target block;kind;password");
	if (!ov_text_split(&rest, ';', &text))
		text = OV_STR(""); /* an empty password is one */
	if (name.n > ODB_NAME_MAX)
		return ov_sig_bad(l, "a name longer than 1024 bytes");
	OV_TRY(ov_sig_tdb(l, block, false, &r, &skip));
	OV_TRY(read_password(l, kind, text, &p, bytes));
	if (skip != NULL)
		return ov_sig_skip(l, skip);
	OV_TRY(read_container(l, &r, &p));
	return ov_build_extra(l, OV_EXTRA_PASSWORD, name, false,
			      ov_cur_of(body, ov_password_put(&p, body)));
}
