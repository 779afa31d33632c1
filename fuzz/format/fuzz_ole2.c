/* OLE2 documents with their VBA projects. Claims: walks.h, with little memory too. */
#include "walks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	ov_fuzz_walks(OV_T_MSOLE2, data, size, 20000, false);
	return 0;
}
