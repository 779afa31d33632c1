/*
 * A random YARA regular expression and a text, from the input. Claims: its code passes the
 * verifier; what the search reports are matches by a slow reference, and no place with a match is
 * left out.
 */
#include "re_check.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	re_check(data, size);
	return 0;
}
