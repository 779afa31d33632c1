/* Which format opens which type. A new format adds one line to formats.h and one row for each of
 * its types. */
#include "format.h"
#include "formats.h"

static const struct ov_format *const by_type[OV_T_COUNT] = {
	[OV_T_ZIP] = &ov_format_zip,
	[OV_T_OOXML_WORD] = &ov_format_zip,
	[OV_T_OOXML_XL] = &ov_format_zip,
	[OV_T_OOXML_PPT] = &ov_format_zip,
	[OV_T_ZIPSFX] = &ov_format_zip,
	[OV_T_GZ] = &ov_format_coding,
	[OV_T_BZ] = &ov_format_coding,
	[OV_T_XZ] = &ov_format_coding,
	[OV_T_LZMA] = &ov_format_coding,
	[OV_T_ZSTD] = &ov_format_coding,
	[OV_T_LZ4] = &ov_format_coding,
	[OV_T_COMPRESS] = &ov_format_coding,
	[OV_T_MSSZDD] = &ov_format_coding,
	[OV_T_POSIX_TAR] = &ov_format_tar,
	[OV_T_OLD_TAR] = &ov_format_tar,
	[OV_T_AR] = &ov_format_ar,
	[OV_T_MACHO_UNIBIN] = &ov_format_macho_fat,
	[OV_T_7Z] = &ov_format_libarchive,
	[OV_T_7ZSFX] = &ov_format_libarchive,
	[OV_T_RAR] = &ov_format_libarchive,
	[OV_T_RARSFX] = &ov_format_libarchive,
	[OV_T_MSCAB] = &ov_format_libarchive,
	[OV_T_CABSFX] = &ov_format_libarchive,
	[OV_T_MBR] = &ov_format_partition,
	[OV_T_GPT] = &ov_format_partition,
	[OV_T_APM] = &ov_format_partition,
	[OV_T_ISO9660] = &ov_format_libarchive,
	[OV_T_XAR] = &ov_format_libarchive,
	[OV_T_LHA] = &ov_format_libarchive,
	[OV_T_CPIO_OLD] = &ov_format_libarchive,
	[OV_T_CPIO_ODC] = &ov_format_libarchive,
	[OV_T_CPIO_NEWC] = &ov_format_libarchive,
	[OV_T_CPIO_CRC] = &ov_format_libarchive,
	[OV_T_MSOLE2] = &ov_format_ole2,
	[OV_T_HWPOLE2] = &ov_format_ole2,
	[OV_T_PDF] = &ov_format_pdf,
	[OV_T_RTF] = &ov_format_rtf,
	[OV_T_SWF] = &ov_format_swf,
	[OV_T_ONENOTE] = &ov_format_onenote,
	[OV_T_XML_WORD] = &ov_format_xmldoc,
	[OV_T_XML_XL] = &ov_format_xmldoc,
	[OV_T_XML_HWP] = &ov_format_xmldoc,
	[OV_T_XDP] = &ov_format_xmldoc,
	[OV_T_ACTIVEMIME] = &ov_format_xmldoc,
	[OV_T_RPM] = &ov_format_libarchive,
	[OV_T_WARC] = &ov_format_libarchive,
	[OV_T_MAIL] = &ov_format_mail,
	[OV_T_UUENCODED] = &ov_format_mail,
	[OV_T_TNEF] = &ov_format_tnef,
	[OV_T_BINHEX] = &ov_format_binhex,
	[OV_T_HTML] = &ov_format_html,
	[OV_T_HTML_UTF16] = &ov_format_html,
};

const struct ov_format *ov_format_for(enum ov_type t)
{
	return (unsigned)t < OV_T_COUNT ? by_type[t] : NULL;
}
