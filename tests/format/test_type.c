/* Types by content: one row a kind of file, and what must not be taken for it. */
#include "type.h"
#include "type_int.h"

#include "testing.h"

#define ROW(what, literal, want)                                                                   \
	{                                                                                          \
		(what), (literal), sizeof(literal) - 1, 0, 0, OV_T_##want                          \
	}
#define AT(what, off, literal, want)                                                               \
	{                                                                                          \
		(what), (literal), sizeof(literal) - 1, (off), 0, OV_T_##want                      \
	}
#define PAD(what, literal, size, want)                                                             \
	{                                                                                          \
		(what), (literal), sizeof(literal) - 1, 0, (size), OV_T_##want                     \
	}

/* `bytes` at `off` of a file of `size` zero bytes (or just long enough). */
static const struct row {
	const char *what, *bytes;
	size_t n, off, size;
	enum ov_type want;
} rows[] = {
	ROW("empty", "", BINARY_DATA),
	ROW("plain text", "hello\n", TEXT_ASCII),
	ROW("text in an 8-bit code page",
	    "stra\xdf"
	    "e und h\xe9llo\n",
	    TEXT_ASCII),
	ROW("UTF-8", "h\xc3\xa9llo\n", TEXT_UTF8),
	ROW("UTF-8 with its mark", "\xef\xbb\xbfhello\n", TEXT_UTF8),
	ROW("text with a NUL", "hello\0world and more\n", BINARY_DATA),
	ROW("UTF-16LE with its mark", "\xff\xfeh\0i\0\n\0", TEXT_UTF16LE),
	ROW("UTF-16BE with its mark", "\xfe\xff\0h\0i\0\n", TEXT_UTF16BE),
	ROW("UTF-16LE without", "h\0e\0l\0l\0o\0 \0w\0o\0r\0l\0d\0", TEXT_UTF16LE),
	ROW("UTF-16BE without", "\0h\0e\0l\0l\0o\0 \0w\0o\0r\0l\0d", TEXT_UTF16BE),
	ROW("too few units for UTF-16", "h\0e\0l\0", BINARY_DATA),
	ROW("HTML in UTF-16", "\xff\xfe<\0h\0t\0m\0l\0>\0", HTML_UTF16),
	ROW("script", "#!/bin/sh\n", SCRIPT),
	ROW("HTML, any case, after space", " \r\n\t<hTmL>", HTML),
	ROW("HTML after a comment", "<!-- <x> --> <!DOCTYPE html>", HTML),
	ROW("HTML later in the text", "words first\n<script src=\"x\">", HTML),
	ROW("a longer name is no tag", "words <headers> and <scripted>", TEXT_ASCII),
	ROW("an include is no tag", "#include <html.h>\n", TEXT_ASCII),
	ROW("XML of no known kind", "<?xml version=\"1.0\"?><a/>", TEXT_ASCII),
	ROW("Word 2003 XML", "<?xml version=\"1.0\"?><?mso-application progid=\"Word.Document\"?>",
	    XML_WORD),
	ROW("Excel 2003 XML", "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>",
	    XML_XL),
	ROW("HWPML", "<?xml version=\"1.0\"?><HWPML Version=\"2.8\">", XML_HWP),
	ROW("XDP", "<?xml version=\"1.0\"?><xdp:xdp xmlns:xdp=\"x\">", XDP),
	ROW("mail", "From: a@example.org\r\nTo: b@example.org\r\n\r\nx", MAIL),
	ROW("mail that begins with Received", "Received: from a\n by b\nSubject: x\n\nx", MAIL),
	ROW("a mail with one damaged header",
	    "Fr\x80om: a@example.org\nTo: b@example.org\nSubject: x\nMIME-Version: 1.0\nDate: "
	    "y\n\nx",
	    MAIL),
	ROW("a translation has headers of MIME behind its tables",
	    "\x01\x02\x03\x04\x05 Version: 1\nDate: y\nMIME-Version: 1.0\nContent-Type: x\n"
	    "Content-Transfer-Encoding: 8bit\n\nx",
	    BINARY_DATA),
	ROW("one header only mail has", "MIME-Version: 1.0\nContent-Type: x\n\nx", MAIL),
	ROW("mail with little more than a body", "Subject: x\nContent-Type: multipart/mixed\n\nx",
	    MAIL),
	ROW("mailbox", "From a@example.org Mon Jan  1 00:00:00 2001\nFrom: a@example.org\n\nx",
	    MAIL),
	ROW("a note with one header", "Subject: milk, bread\nand more\n", TEXT_ASCII),
	ROW("a package's control file", "Package: x\nVersion: 1\nDate: now\nDescription: x\n\n",
	    TEXT_ASCII),
	ROW("uuencode", "begin 644 x\n#86)C\n`\nend\n", UUENCODED),
	ROW("a sentence with begin", "begin 644 people\ncame to the place and stayed there\n",
	    TEXT_ASCII),
	ROW("BinHex after a line", "x\n(This file must be converted with BinHex 4.0)\n\n:", BINHEX),
	ROW("RTF", "{\\rtf1 x}", RTF),
	ROW("RTF after the UTF-8 mark", "\xef\xbb\xbf{\\rtf1 x}", RTF),
	ROW("PDF", "%PDF-1.7\n", PDF),
	ROW("PDF after junk", "junk\n%PDF-1.7\n", PDF),
	ROW("text about PDF", "files begin with %PDF-1.7 or %PDF-1.4, say readers", TEXT_ASCII),
	ROW("PostScript", "%!PS-Adobe-3.0\n", PS),
	ROW("encoded script", "#@~^AAAA", SCRENC),
	ROW("MZ", "MZ", MSEXE),
	ROW("ELF",
	    "\x7f"
	    "ELF\2\1\1",
	    ELF),
	ROW("Mach-O 32 big", "\xfe\xed\xfa\xce", MACHO),
	ROW("Mach-O 64 little", "\xcf\xfa\xed\xfe", MACHO),
	ROW("fat Mach-O", "\xca\xfe\xba\xbe\0\0\0\2\1\0\0\7", MACHO_UNIBIN),
	ROW("Java class", "\xca\xfe\xba\xbe\0\0\0\x34\0\x10", JAVA),
	ROW("Java class with a minor version", "\xca\xfe\xba\xbe\0\3\0\x2d\0\x10", JAVA),
	ROW("0xcafebabe and nothing that fits", "\xca\xfe\xba\xbe\0\0\0\0", BINARY_DATA),
	PAD("compiled Python 3.11", "\xa7\r\r\n", 16, PYC),
	PAD("compiled Python 2.7", "\x03\xf3\r\n", 16, PYC),
	PAD("ZIP", "PK\3\4\x14\0\0\0\0\0", 64, ZIP),
	ROW("empty ZIP", "PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", ZIP),
	ROW("spanned ZIP", "PK\7\x08PK\3\4", ZIP),
	PAD("gzip", "\x1f\x8b\x08\0", 20, GZ),
	ROW("gzip with reserved flags", "\x1f\x8b\x08\xff\0\0\0\0", BINARY_DATA),
	ROW("bzip2", "BZh91AY&SY", BZ),
	ROW("empty bzip2", "BZh9\x17\x72\x45\x38\x50\x90", BZ),
	ROW("BZh in text", "BZhello there", TEXT_ASCII),
	ROW("xz",
	    "\xfd"
	    "7zXZ\0\0\4",
	    XZ),
	ROW("lzma, size unknown", "]\0\0\x80\0\xff\xff\xff\xff\xff\xff\xff\xff\0\x34\x19\x49\xee",
	    LZMA),
	ROW("lzma, size known", "]\0\0\x80\0\x05\0\0\0\0\0\0\0\0\x34\x19\x49\xee", LZMA),
	ROW("a dictionary of no such size", "]\1\2\x83\0\x05\0\0\0\0\0\0\0\0\x34\x19\x49\xee",
	    BINARY_DATA),
	ROW("zstd", "\x28\xb5\x2f\xfd\4", ZSTD),
	ROW("zstd after a skippable frame", "\x51\x2a\x4d\x18\1\0\0\0x\x28\xb5\x2f\xfd\4", ZSTD),
	ROW("lz4 after a skippable frame", "\x50\x2a\x4d\x18\1\0\0\0x\x04\x22\x4d\x18", LZ4),
	ROW("lz4", "\x04\x22\x4d\x18", LZ4),
	ROW("old lz4", "\x02\x21\x4c\x18", LZ4),
	ROW("compress", "\x1f\x9d\x90xyz", COMPRESS),
	ROW("compress with 3 bits", "\x1f\x9d\x83xyz", BINARY_DATA),
	AT("POSIX tar", 257, "ustar\00000", POSIX_TAR),
	ROW("cpio newc", "070701", CPIO_NEWC),
	ROW("cpio crc", "070702", CPIO_CRC),
	ROW("cpio odc", "070707", CPIO_ODC),
	ROW("cpio binary, little", "\xc7q\0\0\0\0\xa4\x81\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\0\0",
	    CPIO_OLD),
	ROW("cpio binary, big", "q\xc7\0\0\0\0\x81\xa4\0\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0\0",
	    CPIO_OLD),
	ROW("7z", "7z\xbc\xaf\x27\x1c", 7Z),
	ROW("RAR", "Rar!\x1a\7\0", RAR),
	ROW("RAR 5", "Rar!\x1a\7\1\0", RAR),
	ROW("ARJ", "`\xea\x2c\0\x22\0\0\0", ARJ),
	ROW("LHA", "\x22\0-lh5-\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0", LHA),
	ROW("ALZ", "ALZ\1", ALZ),
	PAD("EGG", "EGGA\0\1", 14, EGG),
	ROW("CAB", "MSCF\0\0\0\0", MSCAB),
	ROW("CHM", "ITSF\3\0\0\0", MSCHM),
	ROW("SZDD", "SZDD\x88\xf0\x27\x33", MSSZDD),
	AT("NSIS data", 4, "\xef\xbe\xad\xdeNullsoftInst", NULSFT),
	AT("SIS", 8, "\x19\x04\0\x10", SIS),
	ROW("XAR", "xar!", XAR),
	ROW("ar", "!<arch>\n", AR),
	PAD("RPM", "\xed\xab\xee\xdb\3", 96, RPM),
	ROW("WARC", "WARC/1.0\r\n", WARC),
	ROW("WIM", "MSWIM\0\0\0", WIM),
	PAD("squashfs", "hsqs", 96, SQUASHFS),
	AT("ISO 9660", 32769, "CD001\1", ISO9660),
	AT("UDF", 32769, "BEA01\1", UDF),
	{ "DMG by its tail", "koly\0\0\0\4", 8, 9000 - 512, 9000, OV_T_DMG },
	{ "fixed VHD by its tail", "conectix", 8, 9000 - 512, 9000, OV_T_VHD },
	AT("GPT", 512, "EFI PART", GPT),
	AT("HFS+", 1024, "H+\0\4", HFSPLUS),
	ROW("QCOW2", "QFI\xfb\0\0\0\2", QCOW2),
	PAD("VMDK", "KDMV\1\0\0\0", 512, VMDK),
	ROW("VHDX", "vhdxfile", VHDX),
	ROW("OLE2", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", MSOLE2),
	ROW("OneNote", "\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d\xae\xb1\x53\x78\xd0\x29\x96\xd3", ONENOTE),
	ROW("TNEF", "\x78\x9f\x3e\x22", TNEF),
	ROW("SWF", "FWS\6\x20\0\0\0", SWF),
	ROW("SWF of version 0", "FWS\0\x20\0\0\0", BINARY_DATA),
	ROW("GIF", "GIF89a", GIF),
	ROW("PNG", "\x89PNG\r\n\x1a\n", PNG),
	ROW("JPEG", "\xff\xd8\xff\xe0", JPEG),
	ROW("TIFF", "II*\0", TIFF),
	ROW("RIFF", "RIFF\x64\0\0\0WAVE", RIFF),
	ROW("WebP", "RIFF\x64\0\0\0WEBP", WEBP),
	AT("HEIF", 4, "ftypheic", HEIF),
	AT("a film is no HEIF", 4, "ftypisom", BINARY_DATA),
	ROW("LNK", "L\0\0\0\1\x14\2\0\0\0\0\0\xc0\0\0\0\0\0\0F", LNK),
};

static enum ov_type detect(const uint8_t *p, size_t n)
{
	const struct ov_src src = ov_src_mem(p, n);

	return ov_type_detect(ov_cur_of(p, n < OV_TYPE_HEAD ? n : OV_TYPE_HEAD), &src);
}

static void test_rows(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		const struct row *r = &rows[i];
		const size_t n = r->size > r->off + r->n ? r->size : r->off + r->n;
		uint8_t *p = test_calloc(n + 1, 1);

		memcpy(p + r->off, r->bytes, r->n);
		if (detect(p, n) != r->want)
			fail_msg("row \"%s\": %s, not %s", r->what, ov_type_name(detect(p, n)),
				 ov_type_name(r->want));
		test_free(p);
	}
}

/* Each prefix in a buffer of its own size, so that a read past the end is seen by the sanitizer. */
static void test_prefixes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		for (size_t n = 0; n <= rows[i].n; n++) {
			uint8_t *p = test_malloc(n + (n == 0));

			memcpy(p, rows[i].bytes, n);
			ov_expect(rows[i].what, (unsigned)detect(p, n) < OV_T_COUNT);
			test_free(p);
		}
	}
}

static void put_name(uint8_t *p, const char *name)
{
	memcpy(p, "PK\3\4\x14\0", 6);
	memcpy(p + 30, name, strlen(name));
}

static void test_office(void **state)
{
	static const struct {
		const char *what, *first, *second;
		enum ov_type want;
	} cases[] = {
		{ "Word", "[Content_Types].xml", "word/document.xml", OV_T_OOXML_WORD },
		{ "Excel", "_rels/.rels", "xl/workbook.xml", OV_T_OOXML_XL },
		{ "PowerPoint", "docProps/app.xml", "ppt/presentation.xml", OV_T_OOXML_PPT },
		{ "only the first name", "[Content_Types].xml", "other/x", OV_T_ZIP },
		{ "only the second name", "x", "word/document.xml", OV_T_ZIP },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t p[512] = { 0 };

		put_name(p, cases[i].first);
		put_name(p + 200, cases[i].second);
		ov_expect_eq(cases[i].what, detect(p, sizeof p), cases[i].want);
	}
}

/* The second name lies past the head, so that only the central directory tells. */
static void test_office_directory(void **state)
{
	static uint8_t p[9000];

	(void)state;
	put_name(p, "[Content_Types].xml");
	memcpy(p + 8000, "PK\1\2", 4);
	memcpy(p + 8046, "xl/workbook.xml", 15);
	memcpy(p + sizeof p - 22, "PK\5\6", 4);
	p[sizeof p - 22 + 16] = 8000 & 0xff;
	p[sizeof p - 22 + 17] = 8000 >> 8;
	ov_expect_eq("directory", detect(p, sizeof p), OV_T_OOXML_XL);
}

static void test_old_tar(void **state)
{
	uint8_t p[1024] = { 0 };
	unsigned sum = 8 * ' ';

	(void)state;
	memcpy(p, "name", 4);
	memcpy(p + 100, "0000644", 7);
	for (size_t i = 0; i < 512; i++)
		sum += p[i];
	snprintf((char *)p + 148, 8, "%06o", sum);
	ov_expect_eq("tar without a mark", detect(p, sizeof p), OV_T_OLD_TAR);
	p[0] = 'm';
	ov_expect_eq("its checksum is wrong", detect(p, sizeof p), OV_T_BINARY_DATA);
}

static void test_disks(void **state)
{
	uint8_t p[4096] = { 0 };

	(void)state;
	p[510] = 0x55;
	p[511] = 0xaa;
	ov_expect_eq("boot code without partitions", detect(p, sizeof p), OV_T_BINARY_DATA);
	p[446 + 4] = 0x83;
	p[446 + 8] = 1;
	p[446 + 12] = 7;
	ov_expect_eq("MBR", detect(p, sizeof p), OV_T_MBR);
	p[446 + 8] = 200;
	ov_expect_eq("a partition past the end", detect(p, sizeof p), OV_T_BINARY_DATA);
	memset(p, 0, sizeof p);
	p[0] = 0xeb;
	p[12] = 2;
	p[16] = 2;
	memcpy(p + 54, "FAT16   ", 8);
	ov_expect_eq("FAT", detect(p, sizeof p), OV_T_FAT);
}

static void test_names(void **state)
{
	enum ov_type t;

	(void)state;
	assert_true(ov_type_rows_are_sorted());
	for (unsigned i = 0; i < OV_T_COUNT; i++) {
		const char *name = ov_type_name((enum ov_type)i);

		assert_int_equal(ov_type_by_name(ov_str_of(name), &t), OV_OK);
		ov_expect_eq(name, t, i);
		ov_expect(name,
			  strncmp(name, "CL_TYPE_", 8) == 0 || strncmp(name, "OV_TYPE_", 8) == 0);
		ov_expect(name, (unsigned)ov_type_target((enum ov_type)i) < OV_TARGET_COUNT);
	}
	assert_int_equal(ov_type_by_name(OV_STR("CL_TYPE_"), &t), OV_BAD);
	assert_int_equal(ov_type_by_name(OV_STR(""), &t), OV_BAD);
	assert_string_equal(ov_type_name(OV_T_COUNT), "CL_TYPE_ERROR");
	assert_int_equal(ov_type_nature(OV_T_PNG), OV_NATURE_LEAF);
	assert_int_equal(ov_type_nature(OV_T_JAVA), OV_NATURE_LEAF);
	assert_int_equal(ov_type_nature(OV_T_RAR), OV_NATURE_CONTAINER);
	assert_int_equal(ov_type_target(OV_T_MSEXE), OV_TARGET_PE);
}

/* A source that fails to read gives a type all the same. */
static ov_status no_read(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	(void)ctx, (void)off, (void)to, (void)n, (void)got;
	return OV_IO;
}

static void test_unreadable(void **state)
{
	const struct ov_src src = { .size = 1 << 20, .read = no_read };
	const uint8_t zero[OV_TYPE_HEAD] = { 0 };

	(void)state;
	assert_int_equal(ov_type_detect(ov_cur_of(zero, sizeof zero), &src), OV_T_BINARY_DATA);
	assert_int_equal(ov_type_detect(ov_cur_of("PK\5\6", 4), NULL), OV_T_ZIP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),	cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_office),	cmocka_unit_test(test_office_directory),
		cmocka_unit_test(test_old_tar), cmocka_unit_test(test_disks),
		cmocka_unit_test(test_names),	cmocka_unit_test(test_unreadable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
