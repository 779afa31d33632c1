/* Looking names up in modules' tables. */
#include "module.h"

const struct ov_yfield *ov_ytype_field(const struct ov_ytype *t, struct ov_str name)
{
	for (size_t i = 0; t != NULL && i < t->nfields; i++)
		if (ov_str_is(name, t->fields[i].name))
			return &t->fields[i];
	return NULL;
}

int ov_ymodule_find(const struct ov_ymodules *m, struct ov_str name)
{
	for (size_t i = 0; m != NULL && i < m->n && i < OV_YMODULES_MAX; i++)
		if (ov_str_is(name, m->rows[i]->name))
			return (int)i;
	return -1;
}
