/*
 * Evidence of one file and what the inventory makes of it: the first byte chooses the path (so the
 * sources that want the file), the rest is the content. Byte 255: the content is records, as a
 * hostile worker may send them.
 *
 * Claims (families.h): bodies are whole records; scopes open and close in pairs; broken input is
 * told and never a failure; every component has a place, every owner is a component.
 */
#include <stdint.h>

#include "../../tests/inventory/families.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void records(const uint8_t *data, size_t size)
{
	const struct ov_inventory *inv = NULL;
	struct ov_join *j = NULL;

	if (ov_join_new(OV_STR("t"), NULL, 0, &j) != OV_OK)
		abort();
	if (ov_join_records(j, OV_STR("f"), ov_cur_of(data, size)) == OV_BUG)
		abort();
	if (ov_join_finish(j, &inv) != OV_OK)
		abort();
	for (uint32_t i = 1; i < inv->ncomponents; i++)
		if (inv->components[i - 1].what > inv->components[i].what)
			abort(); /* sorted */
	ov_join_free(&j);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size > 0 && data[0] == 255)
		records(data + 1, size - 1);
	else
		(void)family_run(data, size, -1);
	return 0;
}
