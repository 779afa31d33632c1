/*
 * PDF, pages and other documents of text; the first byte chooses. Claims: walks.h, with little
 * memory too.
 */
#include "walks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ov_type types[] = { OV_T_PDF,	    OV_T_RTF,	     OV_T_SWF,
					      OV_T_ONENOTE, OV_T_XML_WORD,   OV_T_ACTIVEMIME,
					      OV_T_HTML,    OV_T_HTML_UTF16, OV_T_SCRENC };

	if (size > 0)
		ov_fuzz_walks(types[data[0] % (sizeof types / sizeof *types)], data + 1, size - 1,
			      20000, false);
	return 0;
}
