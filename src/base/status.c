/* Names of status kinds. */
#include "status.h"

const char *ov_status_name(ov_status s)
{
	static const char *const names[OV_STATUS_COUNT] = {
		[OV_OK] = "ok",
		[OV_END] = "end",
		[OV_SHORT] = "cut short",
		[OV_BAD] = "malformed",
		[OV_UNSUPPORTED] = "unsupported",
		[OV_ENCRYPTED] = "encrypted",
		[OV_LIMIT] = "limit reached",
		[OV_NOMEM] = "out of memory",
		[OV_IO] = "input/output error",
		[OV_BUG] = "internal error",
	};

	if ((unsigned)s >= OV_STATUS_COUNT)
		return "unknown status";
	return names[s];
}
