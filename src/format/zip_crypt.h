/* ZIP's traditional encryption: passwords tried, bytes decrypted. See zip_crypt.c. */
#ifndef OV_ZIP_CRYPT_H
#define OV_ZIP_CRYPT_H

#include "zip_dir.h"

#define OV_ZIP_CRYPT_HEAD 12 /* bytes before the data */

struct ov_zip_keys {
	uint32_t k[3];
};

/**
 * Looks whether a password fits the twelve bytes before a member's data: one byte of them tells, so
 * one wrong password in 256 passes.
 * @return OV_OK with the keys behind those bytes; OV_END: it does not fit; OV_SHORT; OV_IO.
 */
OV_MUST_USE ov_status ov_zip_try_password(const struct ov_src *member, const struct ov_zip_entry *e,
					  struct ov_str password, struct ov_zip_keys *out);

/**
 * Makes a source of the decrypted bytes behind the first twelve of `member`. It is made for reading
 * on and on; going back begins anew.
 * @param a  Its state lives there. @return OV_OK; OV_SHORT; OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_zip_decrypt(const struct ov_src *member, const struct ov_zip_keys *keys,
				     struct ov_arena *a, struct ov_src *out);

#endif
