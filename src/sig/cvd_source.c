/* Containers as sources: each member to its parser. */
#include "build_int.h"

ov_status ov_build_container(struct ov_odb_builder *b, struct ov_str name, struct ov_cur bytes)
{
	(void)b;
	(void)name;
	(void)bytes;
	return OV_UNSUPPORTED;
}
