/* Bodies of passwords. See passwords.h. */
#include "passwords.h"

#include <string.h>

#include "le.h"

size_t ov_password_put(const struct ov_password *p,
		       uint8_t body[OV_PASSWORD_HEAD + OV_PASSWORD_MAX])
{
	const size_t n = p->text.n < OV_PASSWORD_MAX ? p->text.n : OV_PASSWORD_MAX;

	ov_put_le16(body, (uint16_t)p->container);
	if (n > 0)
		memcpy(body + OV_PASSWORD_HEAD, p->text.p, n);
	return OV_PASSWORD_HEAD + n;
}

ov_status ov_password_get(struct ov_cur body, struct ov_password *out)
{
	if (body.len < OV_PASSWORD_HEAD || body.len > OV_PASSWORD_HEAD + OV_PASSWORD_MAX ||
	    ov_le16(body.base) >= OV_T_COUNT)
		return OV_BAD;
	out->container = (enum ov_type)ov_le16(body.base);
	out->text = (struct ov_str){ .p = (const char *)body.base + OV_PASSWORD_HEAD,
				     .n = body.len - OV_PASSWORD_HEAD };
	return OV_OK;
}

ov_status ov_password_verify(struct ov_cur body)
{
	struct ov_password p;

	return ov_password_get(body, &p);
}
