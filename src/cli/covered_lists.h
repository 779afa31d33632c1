/* Lists, profile and day of those who judge: `overt covered`, its diff, `overt migrate`. */
#ifndef OV_CLI_COVERED_LISTS_H
#define OV_CLI_COVERED_LISTS_H

#include "cli.h"
#include "covered_judge.h"
#include "inventory_take.h"

/* Exit codes of these commands (docs/COVERED.md): their own, because "found" must not be mistaken
 * for a scan's detection. */
enum { COVERED_NONE = 0, COVERED_FOUND = 1, COVERED_UNDETERMINED = 2, COVERED_ERROR = 3 };

struct covered_lists {
	struct cli *c;
	const char *command; /* for messages */
	struct ov_cov_list list;
	char **texts; /* of the lists given */
	size_t ntexts;
	const char *file; /* being read */
	unsigned errors;
};

/** Reads the built-in list, unless `is_only`, and those in `files`. @return false after a message.
 * Close in any case. */
bool covered_lists_open(struct covered_lists *x, struct cli *c, const char *command,
			const struct cli_list *files, bool is_only);
void covered_lists_close(struct covered_lists *x);

/** A profile that no rule knows is a slip of the pen: its answer would be "nothing is prohibited".
 * @return false after a message. */
bool covered_lists_profile(struct covered_lists *x, const char *profile);

/** "2024-09-29"; NULL: now. @return false after a message. */
bool covered_day(struct cli *c, const char *command, const char *text, int64_t *at);

/** Takes the inventory of a target, with what the lists want watched. As inventory_take().
 * @return COVERED_NONE; COVERED_ERROR after a message. `what` must live as long as the inventory.
 */
int covered_lists_take(struct covered_lists *x, struct inventory_what *what,
		       struct inventory_taken **taken, const struct ov_inventory **inv);

#endif
