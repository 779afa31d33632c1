/* The built-in set among the sources of a database. */
#include "builtin.h"

#include "build_int.h"
#include "odb_build.h"

ov_status ov_builtin_add(struct ov_odb_builder *b)
{
	size_t n = 0;
	const struct ov_builtin_source *set = ov_builtin_sources(&n);
	ov_status st = OV_OK;

	for (size_t i = 0; i < n && st == OV_OK; i++) {
		const struct ov_str name = ov_str_of(set[i].name);

		b->is_builtin = true;
		st = ov_odb_builder_add(b, name, ov_cur_of(set[i].bytes, set[i].n));
		b->is_builtin = false;
	}
	return st;
}
