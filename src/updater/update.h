/* What update and bundle apply share. */
#ifndef OV_UPDATER_UPDATE_H
#define OV_UPDATER_UPDATE_H

#include "conf.h"

/** One check with all that it allows, from s->from, told on the output. @return the exit code. */
int update_run(struct cli *c, const char *command, const struct conf *s);

#endif
