/* Takes the inventory of a root, an image or a file: for `overt inventory`, and for those who
 * judge. */
#ifndef OV_CLI_INVENTORY_TAKE_H
#define OV_CLI_INVENTORY_TAKE_H

#include "cli.h"
#include "inventory.h"

struct inventory_what {
	const char *command; /* for messages */
	const char *root;    /* "/": this machine */
	bool one_fs;
	const struct ov_inv_watch *watch; /* to look for besides; may be NULL */
	size_t nwatch;
};

struct inventory_taken;

/**
 * Walks, lets a jailed worker read, joins. `what` and all that it points to must live until
 * inventory_drop().
 * @param out  Owns the inventory; to be dropped in any case. @param inv  Set on CLI_OK.
 * @return CLI_OK; CLI_FAILED after a message.
 */
int inventory_take(struct cli *c, const struct inventory_what *what, struct inventory_taken **out,
		   const struct ov_inventory **inv);
void inventory_drop(struct inventory_taken **t);

#endif
