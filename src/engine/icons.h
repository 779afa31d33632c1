/* Icons of programs against those that a database describes. See icons.c. */
#ifndef OV_ENGINE_ICONS_H
#define OV_ENGINE_ICONS_H

#include "engine_int.h"

/**
 * Has the layer, a PE, an icon that is like a listed one of these groups? The layer's icons are
 * read when this is first asked. A group "*" is any.
 *
 * @param at  Where that icon stands in the layer. Written when found.
 * @return OV_OK: it has; OV_END: it has not; OV_LIMIT, OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_icons_find(struct ov_engine *e, struct ov_node *n,
				    const struct ov_str group[2], uint64_t *at);

#endif
