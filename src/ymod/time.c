/* time: what the clock says. Source: YARA's manual. */
#include <time.h>

#include "ymod.h"
#include "ymod_give.h"

/* A worker's jail lets it ask the clock, and nothing else of the system. */
OV_CALL(now)
{
	struct timespec t;

	OV_UNUSED_CALL();
	if (clock_gettime(CLOCK_REALTIME, &t) != 0)
		return OV_OK;
	return ov_give_int(out, (uint64_t)t.tv_sec);
}

OV_SIGS(now_sigs, { "", OV_Y_INT, now });

static const struct ov_yfield root_fields[] = { OV_F_FUNC("now", now_sigs) };
OV_YTYPE(root, "time");

const struct ov_ymodule ov_ymod_time = { "time", &root };
