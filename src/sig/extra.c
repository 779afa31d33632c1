/* Further tables of a database. See extra.h. */
#include "extra.h"

#include "cert_row.h"
#include "le.h"
#include "magic.h"
#include "member.h"
#include "icon_row.h"
#include "passwords.h"
#include "dynamic.h"
#include "url.h"

/* What each kind of body must hold, so that reading it needs no further check. NULL: any bytes. */
typedef ov_status (*verify_fn)(struct ov_cur body);

static ov_status verify_cert(struct ov_cur body)
{
	return body.len > OV_CERT_HEAD && body.len <= OV_CERT_HEAD + OV_CERT_MODULUS_MAX &&
		       body.base[OV_CERT_HEAD] != 0
		   ? OV_OK
		   : OV_BAD;
}

/* clang-format off */
static const struct {
	const char *name;
	verify_fn verify;
} kinds[OV_EXTRA_COUNT] = {
	[OV_EXTRA_CONTAINER] = { "container", ov_member_verify },
	[OV_EXTRA_ICON] = { "icon", ov_icon_row_verify },
	[OV_EXTRA_PASSWORD] = { "password", ov_password_verify },
	[OV_EXTRA_MAGIC] = { "magic", ov_magic_verify },
	[OV_EXTRA_CERT] = { "certificate", verify_cert },
	[OV_EXTRA_CATALOG] = { "catalog", NULL },
	[OV_EXTRA_URL] = { "address", ov_url_verify },
	[OV_EXTRA_SWITCH] = { "switch", ov_switch_verify },
	[OV_EXTRA_BYTECODE] = { "bytecode", NULL },
};
/* clang-format on */

const char *ov_extra_name(enum ov_extra kind)
{
	return (unsigned)kind < OV_EXTRA_COUNT ? kinds[kind].name : "?";
}

struct ov_str ov_extra_text(enum ov_extra kind, const struct ov_extra_row *r)
{
	struct ov_member_sig s;

	if (kind == OV_EXTRA_CONTAINER && ov_member_get(r->body, &s) == OV_OK)
		return s.text;
	return r->name;
}

ov_status ov_extra_next(struct ov_cur *table, struct ov_extra_row *out)
{
	struct ov_cur row;
	const uint8_t *head;
	uint32_t name;

	if (table->pos == table->len)
		return OV_END;
	if (table->len - table->pos < OV_EXTRA_HEAD)
		return OV_BAD;
	head = table->base + table->pos;
	name = ov_le16(head + 10);
	if (ov_le32(head) < OV_EXTRA_HEAD + name || ov_le32(head) > OV_EXTRA_MAX ||
	    ov_le32(head) > table->len - table->pos || ov_le32(head + 12) > 1)
		return OV_BAD;
	row = ov_cur_of(head, ov_le32(head));
	out->line = ov_le32(head + 4);
	out->source = ov_le16(head + 8);
	out->is_signature = ov_le32(head + 12) != 0;
	out->name = (struct ov_str){ .p = (const char *)head + OV_EXTRA_HEAD, .n = name };
	out->body = ov_cur_of(row.base + OV_EXTRA_HEAD + name, row.len - OV_EXTRA_HEAD - name);
	table->pos += row.len;
	return OV_OK;
}

ov_status ov_extra_verify(enum ov_extra kind, struct ov_cur table, uint32_t nsources)
{
	struct ov_extra_row r;
	ov_status s;

	if ((unsigned)kind >= OV_EXTRA_COUNT)
		return OV_BAD;
	table.pos = 0;
	while ((s = ov_extra_next(&table, &r)) == OV_OK) {
		if (r.source >= nsources)
			return OV_BAD;
		if (kinds[kind].verify != NULL && kinds[kind].verify(r.body) != OV_OK)
			return OV_BAD;
	}
	return s == OV_END ? OV_OK : s;
}
