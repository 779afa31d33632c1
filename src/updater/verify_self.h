/* overt verify --self: are these programs what the log names, and what others built? */
#ifndef OV_UPDATER_VERIFY_SELF_H
#define OV_UPDATER_VERIFY_SELF_H

#include "proved.h"
#include "updater.h"

#define VERIFY_PROGRAMS "programs" /* the channel of releases of overt itself: no database */

struct verify_self {
	struct cli *c;
	bool json;
	const struct proved *proved; /* NULL: this machine has no log */
	const struct cli_list *attestations, *keys;
};

/**
 * Compares the digests of this copy's programs with the newest entry of the log, and with in-toto
 * statements of rebuilders. No network.
 * @return CLI_OK each program stands in the log, or a statement signed by a known key names it;
 * CLI_FOUND one differs; CLI_INCOMPLETE nothing proves one; CLI_FAILED after a message.
 */
int verify_self(const struct verify_self *v);

#endif
