/* The forms in which `overt inventory` reports. */
#ifndef OV_CLI_INVENTORY_OUT_H
#define OV_CLI_INVENTORY_OUT_H

#include "cli.h"
#include "inventory.h"

void inventory_text(struct cli_out *out, const struct ov_inventory *inv);
void inventory_json(struct cli_out *out, const struct ov_inventory *inv);
void inventory_cyclonedx(struct cli_out *out, const struct ov_inventory *inv);
void inventory_spdx(struct cli_out *out, const struct ov_inventory *inv);

/** A component of CycloneDX 1.6 with its evidence. @param ref  Its bom-ref. @param more  Further
 * properties, each with a comma before it; may be "". */
void inventory_bom_component(struct cli_out *out, const struct ov_inv_component *c, const char *ref,
			     const char *more);

/** A JSON string with its quotes, valid UTF-8 and without lone surrogates: a byte that is not UTF-8
 * becomes U+FFFD. */
void inventory_string(struct cli_out *out, struct ov_str s);

/** `,"name":"value"`; nothing for an empty value. */
void inventory_field(struct cli_out *out, const char *name, struct ov_str s);

/** A JSON array of strings. */
void inventory_strings(struct cli_out *out, const struct ov_str *list, size_t n);

/** A JSON array of what was not read: path, reason, detail. @param gap  Before each: "" or "\n". */
void inventory_unread(struct cli_out *out, const struct ov_inventory *inv, const char *gap);

/** A date as JSON string, or null. */
void inventory_date(struct cli_out *out, int64_t seconds);

/** "usr/bin/x", "image.tar > layer > usr/bin/x"; not cleaned. @return a text in the buffer. */
struct ov_str inventory_chain(struct ov_buf *b, const struct ov_str *path, uint32_t n);

#endif
