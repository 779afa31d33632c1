/* Embedded and appended parts. For now it finds none; the search follows. */
#include "format.h"

static ov_status open(const struct ov_fmt_env *env, void **state)
{
	(void)env;
	*state = NULL;
	return OV_OK;
}

static ov_status next(void *state, struct ov_child *out)
{
	(void)state, (void)out;
	return OV_END;
}

static ov_status read(void *state, void *to, size_t n, size_t *got)
{
	(void)state, (void)to, (void)n, (void)got;
	return OV_BUG; /* its parts are slices */
}

const struct ov_format ov_format_carve = {
	.name = "carve", .open = open, .next = next, .read = read
};
