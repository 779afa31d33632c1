/* The ZIP reader. Claims: walks.h. */
#include "walks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ov_fuzz_walks(OV_T_ZIP, data, size, 0, false);
	return 0;
}
