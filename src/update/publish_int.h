/* What the publisher's files share. */
#ifndef OV_PUBLISH_INT_H
#define OV_PUBLISH_INT_H

#include "publish.h"

/* Writes the reason and returns `s`. `error` holds OV_PUBLISH_ERROR bytes. */
ov_status ov_publish_fail(char *error, ov_status s, const char *fmt, ...) OV_PRINTF(3, 4);

#endif
