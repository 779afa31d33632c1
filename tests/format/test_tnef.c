/* TNEF and BinHex: what they hold, cut, broken, and without memory. Made by hand from [MS-OXTNEF]
 * and RFC 1741. */
#include "testing.h"

#include "walk.h"

/* clang-format off */
#define BINHEX_RUN \
	  "(This file must be converted with BinHex 4.0)\n\n:\"@)ZBQPZ!%**6N&SCAKi!!!!!!!D!!!!" \
	  "!!!!3C!8N!\"SC@aXE`!!!!!:\n"

#define BINHEX_TWO \
	  "(This file must be converted with BinHex 4.0)\n\n:\"@)ZBQPZ!%**6N&SCAKi!!!!!!!%!!!!" \
	  "\"3!!C'&dB3!!FR0bBb%!!!:\n"

#define BINHEX_RSRC \
	  "(This file must be converted with BinHex 4.0)\n\n:\"@)ZBQPZ!%**6N&SCAKi!!!!!!!!!!!!" \
	  "\"!!!!!\"[EQaj!!!:\n"

#define TNEF_TWO \
	  "x\237>\"\001\000\001\006\220\010\000\004\000\000\000\000\000\001\000\001\000\002\002\220\006\000\016\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\002\020\200\001\000\006\000\000\000a.txt\000\357\001\002\017\200\006\000\005\000\000\000hello\024\002\002" \
	  "\002\220\006\000\016\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\002\020\200\001\000\002\000\000\000b\000b\000\002\017\200\006\000\006\000\000\000second|\002"

#define TNEF_NAMES \
	  "x\237>\"\001\000\002\002\220\006\000\016\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\002\020\200\001\000\010\000\000\000A~1.TXT\000\036\002\002\017\200\006\000\005\000\000\000hello\024\002\002\005\220\006\000p\000\000\000\004\000\000\000\037" \
	  "\000\0017\001\000\000\000\000\000\000\000\003\000 \016\005\000\000\000\037\000\0077\001\000\000\000\022\000\000\000l\000o\000n\000g\000.\000t\000x\000t\000\000\000\000\000\002\001\000\200\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\001\000\000\000\001" \
	  "\000\000\000\022\000\000\0000123456789abcdefXY\000\000\352\011"

#define TNEF_BODY \
	  "x\237>\"\001\000\001\014\200\002\000\010\000\000\000the body\017\003\001\003\220\006\000D\000\000\000\002\000\000\000\002\001\023\020\001\000\000\000\023\000\000\000<html>a page</html>\000\002\001\0010\001\000\000\000\023\000" \
	  "\000\000key key key key key\000\034\016"

#define TNEF_OBJECT \
	  "x\237>\"\001\000\002\002\220\006\000\016\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\002\005\220\006\0000\000\000\000\001\000\000\000\015\000\0017\001\000\000\000 \000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000embedded" \
	  " message\226\006"

#define TNEF_CUT \
	  "x\237>\"\001\000\001\006\220\010\000\004\000\000\000\000\000\001\000\001\000\002\002\220\006\000\016\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\002\020\200\001\000\006\000\000\000a.txt\000\357\001\002\017\200\006\000\005\000\000\000hello\024\002\002" \
	  "\002\220\006\000\016\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\002\020\200\001\000\002\000\000\000b\000b\000\002\017\200\006\000\006\000\000\000sec"

#define TNEF_BAD \
	  "x\237>\"\001\000\002\002\220\006\000\016\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\002\005\220\006\000\020\000\000\000\005\000\000\000\002\001\0017\001\000\000\000\377\377\000\000\?\002"
/* clang-format on */

#define ROW(what, text, ...)                                                                       \
	{                                                                                          \
		what, text, sizeof(text) - 1,                                                      \
		{                                                                                  \
			__VA_ARGS__                                                                \
		}                                                                                  \
	}

static const struct {
	const char *what, *bytes;
	size_t n;
	const char *want[4]; /* pieces of the transcript, in any order */
} rows[] = {
	ROW("binhex: a run of 20 and an escaped 0x90", BINHEX_RUN, "1 stream 'b.bin' size 26",
	    "gave 26"),
	ROW("binhex: two forks", BINHEX_TWO, "1 stream 'b.bin' size 4",
	    "2 stream 'b.bin.rsrc' size 5"),
	ROW("binhex: a resource fork alone", BINHEX_RSRC, "2 stream 'b.bin.rsrc' size 4"),
	ROW("binhex: nothing behind the mark",
	    "(This file must be converted with BinHex 4.0)\n\nx\n", "ends: "),
	ROW("tnef: two attachments", TNEF_TWO, "1 slice 'a.txt' size 5", "2 slice 'b' size 6"),
	ROW("tnef: the long name, and a named property's bytes", TNEF_NAMES,
	    "1 slice 'long.txt' size 5", "2 slice 'long.txt' size 18"),
	ROW("tnef: the message's text", TNEF_BODY, "'body.txt' size 8", "'body.html' size 19"),
	ROW("tnef: an embedded object", TNEF_OBJECT, "1 slice 'attachment' size 16"),
	ROW("tnef: cut", TNEF_CUT, "1 slice 'a.txt' size 5", "! cut short"),
	ROW("tnef: a property beyond its attribute", TNEF_BAD, "! cut short"),
	ROW("tnef: nothing in it", "\x78\x9f\x3e\x22\1\0", "by tnef"),
};

static void each_row_gives_its_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		for (int by_callback = 0; by_callback < 2; by_callback++) {
			struct ov_walk w = OV_WALK_DEFAULT;

			w.by_callback = by_callback != 0;
			ov_walk(&w, (const uint8_t *)rows[i].bytes, rows[i].n);
			for (size_t k = 0; k < 4 && rows[i].want[k] != NULL; k++)
				if (w.text.n == 0 || memmem(w.text.p, w.text.n, rows[i].want[k],
							    strlen(rows[i].want[k])) == NULL)
					fail_msg("row \"%s\": no \"%s\" in:\n%.*s", rows[i].what,
						 rows[i].want[k], (int)w.text.n, (char *)w.text.p);
			ov_expect_eq(rows[i].what, w.bugs + w.nomem, 0);
			ov_buf_free(&w.text);
		}
	}
}

static void prefixes_and_no_memory_are_calm(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t n = 0; n <= rows[i].n; n++) {
			struct ov_walk w = OV_WALK_DEFAULT;

			w.force = rows[i].what[0] == 't' ? OV_T_TNEF : OV_T_BINHEX;
			w.fail_in = n % 8 == 7 ? (long)(n % 5) : -1;
			ov_walk(&w, (const uint8_t *)rows[i].bytes, n);
			ov_expect_eq(rows[i].what, w.bugs, 0);
			ov_buf_free(&w.text);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_gives_its_parts),
		cmocka_unit_test(prefixes_and_no_memory_are_calm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
