/*
 * Passwords that databases carry (.pwdb): bodies of OV_EXTRA_PASSWORD records.
 *
 *   0           2
 *   | container | password ... |      container: number of an ov_type, OV_T_ANY for all
 */
#ifndef OV_PASSWORDS_H
#define OV_PASSWORDS_H

#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "status.h"
#include "str.h"
#include "type.h"

#define OV_PASSWORD_HEAD 2
#define OV_PASSWORD_MAX 256 /* bytes */

struct ov_password {
	enum ov_type container;
	struct ov_str text; /* any bytes */
};

/** Writes a body. @return its length. */
size_t ov_password_put(const struct ov_password *p,
		       uint8_t body[OV_PASSWORD_HEAD + OV_PASSWORD_MAX]);

/** Reads a body, with a view into it. @return OV_OK or OV_BAD; the verifier as well. */
OV_MUST_USE ov_status ov_password_get(struct ov_cur body, struct ov_password *out);
OV_MUST_USE ov_status ov_password_verify(struct ov_cur body);

#endif
