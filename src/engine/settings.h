/* What a database says about the engine itself: parts that are off, passwords. See settings.c. */
#ifndef OV_SETTINGS_H
#define OV_SETTINGS_H

#include <stdbool.h>

#include "arena.h"
#include "odb.h"
#include "status.h"
#include "str.h"

struct ov_settings {
	uint64_t features_off; /* bits of enum overt_feature */
	bool raw_html;	       /* HTML is matched as it is, too */
	struct ov_str *zip_passwords;
	size_t nzip_passwords;
	struct ov_arena arena;
};

/** Reads a database's settings; passwords are views into it. Release in any case. @return OV_OK;
 * OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_settings_read(const struct ov_odb *db, struct ov_settings *out);
/** Puts the passwords of `list`, each ended by NUL, in front: they are views into it. @return
 * OV_OK; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_settings_passwords(struct ov_settings *s, struct ov_str list);
void ov_settings_free(struct ov_settings *s);

#endif
