/*
 * Icons as a database keeps them (.idb lines): the body of an OV_EXTRA_ICON record.
 *
 *   | side | 18 times: average u16, x, y | red | green | blue | coloured | length u16, group 1 |
 *   | length u16, group 2 |
 */
#ifndef OV_ICON_ROW_H
#define OV_ICON_ROW_H

#include "cursor.h"
#include "icon.h"
#include "status.h"
#include "str.h"

#define OV_ICON_GROUP_MAX 255
#define OV_ICON_ROW_MAX (1 + 72 + 4 + 2 * (2 + OV_ICON_GROUP_MAX))

struct ov_icon_row { /* groups are views */
	struct ov_icon icon;
	struct ov_str group[2];
};

/** Writes a body. @return its length. */
size_t ov_icon_row_put(const struct ov_icon_row *r, uint8_t to[OV_ICON_ROW_MAX]);
/** Reads a body. @return OV_OK; OV_BAD. */
OV_MUST_USE ov_status ov_icon_row_get(struct ov_cur body, struct ov_icon_row *out);
OV_MUST_USE ov_status ov_icon_row_verify(struct ov_cur body);

#endif
