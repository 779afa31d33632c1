/* WinZip's AES encryption of ZIP members: passwords tried, bytes decrypted. See zip_aes.c. */
#ifndef OV_ZIP_AES_H
#define OV_ZIP_AES_H

#include "zip_dir.h"

struct ov_zip_aes;

/** Contexts of the cipher library, for one member at a time. Release with ov_zip_aes_free().
 * @return OV_OK; OV_NOMEM. */
OV_MUST_USE ov_status ov_zip_aes_new(struct ov_zip_aes **out);
void ov_zip_aes_free(struct ov_zip_aes **x);

/**
 * Looks whether a password opens a member, and proves it by the authentication code at its end, for
 * which all of its bytes are read.
 *
 * @param member  All bytes of it: salt, check value, data, code.
 * @param plain   On success: its decrypted bytes, until `x` opens another or is released.
 * @return OV_OK; OV_END: the password does not fit; OV_BAD: it seems to, but the code is not that
 * of the data; OV_SHORT; OV_LIMIT: out of time; OV_IO; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_zip_aes_open(struct ov_zip_aes *x, const struct ov_fmt_env *env,
				      const struct ov_src *member, unsigned strength,
				      struct ov_str password, struct ov_src *plain);

#endif
