/*
 * Switches that databases carry (.cfg): bodies of OV_EXTRA_SWITCH records. Of several for one
 * category the last counts.
 *
 *   0          4       8
 *   | category | flags |
 */
#ifndef OV_DYNAMIC_H
#define OV_DYNAMIC_H

#include <stdint.h>

#include "cursor.h"
#include "status.h"
#include "str.h"

enum ov_switch_category {
	OV_SWITCH_PE = 0,
	OV_SWITCH_ELF,
	OV_SWITCH_MACHO,
	OV_SWITCH_ARCHIVE,
	OV_SWITCH_DOCUMENT,
	OV_SWITCH_MAIL,
	OV_SWITCH_OTHER,
	OV_SWITCH_PHISHING,
	OV_SWITCH_BYTECODE,
	OV_SWITCH_STATS,
	OV_SWITCH_PCRE,
	OV_SWITCH_RAW_HTML, /* not ClamAV's: a .sdb database wants HTML matched as it is, too */
	OV_SWITCH_CATEGORIES
};

#define OV_SWITCH_SIZE 8

struct ov_switch {
	enum ov_switch_category category;
	uint32_t flags; /* one bit a part that is on */
};

/** By ClamAV's name, in capitals. @return OV_OK; OV_BAD for a name that nobody knows. */
OV_MUST_USE ov_status ov_switch_category(struct ov_str name, enum ov_switch_category *out);

void ov_switch_put(const struct ov_switch *s, uint8_t body[OV_SWITCH_SIZE]);

/** Reads a body. @return OV_OK or OV_BAD; it is the verifier as well. */
OV_MUST_USE ov_status ov_switch_get(struct ov_cur body, struct ov_switch *out);
OV_MUST_USE ov_status ov_switch_verify(struct ov_cur body);

#endif
