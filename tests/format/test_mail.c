/*
 * Mail: each row is a mail and the parts that must be found in it, as "name=bytes" with notes as
 * "!status". The malformed ones are written the way in which attackers hide attachments: the part
 * must be there, other readings of the same bytes may be too.
 */
#include "testing.h"

#include <stdlib.h>

#include "buf.h"
#include "format.h"
#include "formats.h"
#include "text.h"

#define HEAD "From: a@b.c\nSubject: s\nMIME-Version: 1.0\n"
#define MIXED HEAD "Content-Type: multipart/mixed; boundary=\"xx\"\n\n"
#define ATTACH "Content-Type: application/octet-stream; name=\"a.bin\"\n"
#define B64 "Content-Transfer-Encoding: base64\n"
#define HELLO "SGVsbG8gV29ybGQh\n" /* Hello World! */
#define LONG "SGVsbG8gV29ybGQhSGVsbG8gV29ybGQhSGVsbG8gV29ybGQh\n"

struct row {
	const char *what, *mail;
	const char *want[8]; /* substrings of the transcript, all of them; NULL ends */
	const char *exact;   /* or the whole of it */
};

static const struct row rows[] = {
	{ "a plain message gives its body", HEAD "\nhello\n", { NULL }, "part 1=hello\n;" },
	{ "an empty body gives nothing", HEAD "\n", { NULL }, "" },
	{ "headers without an end", "From: a@b.c\nSubject: x", { NULL }, "" },
	{ "nothing but line ends", "\n\n\n", { NULL }, "" },
	{ "two parts",
	  MIXED "--xx\nContent-Type: text/plain\n\nhi\n--xx\n" ATTACH B64 "\n" HELLO "--xx--\n",
	  { NULL },
	  "part 1=hi;a.bin=Hello World!;" },
	{ "CRLF",
	  "From: a@b.c\r\nContent-Type: multipart/mixed; "
	  "boundary=xx\r\n\r\n--xx\r\n\r\nhi\r\n--xx\r\n"
	  "Content-Disposition: attachment; filename=a.bin\r\nContent-Transfer-Encoding: "
	  "base64\r\n\r\nSGVsbG8gV29ybGQh\r\n--xx--\r\n",
	  { NULL },
	  "part 1=hi;a.bin=Hello World!;" },
	{ "CR alone",
	  "From: a@b.c\rContent-Type: multipart/mixed; boundary=xx\r\r--xx\r\rhi\r--xx\r"
	  "Content-Disposition: attachment; filename=a.bin\rContent-Transfer-Encoding: base64\r\r"
	  "SGVsbG8gV29ybGQh\r--xx--\r",
	  { NULL },
	  "part 1=hi;a.bin=Hello World!;" },
	{ "quoted-printable",
	  HEAD "Content-Transfer-Encoding: quoted-printable\n\na=3Db =\n\tc=C3=A9 d= \n=3d=zz=\n",
	  { NULL },
	  "part 1=a=b \tc\xc3\xa9 d==zz!bad;;" },
	{ "preamble and epilogue",
	  MIXED "This is MIME.\n--xx\n\nhi\n--xx--\nbye\n",
	  { NULL },
	  "preamble=This is MIME.;part 2=hi;epilogue=bye\n;" },
	{ "a multipart in a multipart",
	  MIXED
	  "--xx\nContent-Type: multipart/alternative; boundary=yy\n\n--yy\n\none\n--yy\n\ntwo\n"
	  "--yy--\n--xx\n\nthree\n--xx--\n",
	  { NULL },
	  "part 1=one;part 2=two;part 3=three;" },
	{ "an outer boundary ends the inner multipart too",
	  MIXED
	  "--xx\nContent-Type: multipart/alternative; boundary=yy\n\n--yy\n\none\n--xx\n\nthree\n"
	  "--xx--\n",
	  { NULL },
	  "part 1=one;!short;part 2=three;" },
	{ "a boundary that begins like another",
	  MIXED "--xx\nContent-Type: multipart/alternative; boundary=xxy\n\n--xxy\n\none\n--xxy--\n"
		"--xx\n\ntwo\n--xx--\n",
	  { NULL },
	  "part 1=one;part 2=two;" },
	{ "a message in a message is a layer of its own",
	  MIXED "--xx\nContent-Type: message/rfc822\n\nSubject: inner\n\nbody\n--xx--\n",
	  { NULL },
	  "part 1=<mail>Subject: inner\n\nbody;" },
	{ "two parts without end",
	  MIXED "--xx\n\nhi\n--xx\n" ATTACH B64 "\n" HELLO,
	  { NULL },
	  "part 1=hi;a.bin=Hello World!;!short;" },
	/* file names */
	{ "RFC 2231: pieces and percent",
	  MIXED "--xx\nContent-Disposition: attachment; filename*0*=utf-8'en'a%20; filename*1=b.t; "
		"filename*2*=%78t\n\nx\n--xx--\n",
	  { NULL },
	  "a b.txt=x;" },
	{ "RFC 2047 in a name",
	  MIXED "--xx\nContent-Type: x/y;\n name=\"=?UTF-8?B?w6k=?= =?utf-8?q?b_c=2E?=exe\"\n\nx\n"
		"--xx--\n",
	  { NULL },
	  "\xc3\xa9"
	  "b c.exe=x;" },
	{ "the disposition's name goes before the type's",
	  MIXED "--xx\nContent-Type: x/y; name=b.txt\nContent-Disposition: attachment; "
		"filename=a.exe\n\nx\n--xx--\n",
	  { NULL },
	  "a.exe=x;" },
	{ "a name with spaces and no quotes",
	  MIXED
	  "--xx\nContent-Disposition: attachment; filename=my file.exe; size=1\n\nx\n--xx--\n",
	  { NULL },
	  "my file.exe=x;" },
	{ "a name that is not closed",
	  MIXED "--xx\nContent-Type: x/y; name=\"a.exe\n\nx\n--xx--\n",
	  { NULL },
	  "a.exe=x;" },
	{ "a name from Content-Location",
	  MIXED "--xx\nContent-Location: file:///C:/a/pic.gif\n\nx\n--xx--\n",
	  { NULL },
	  "pic.gif=x;" },
	{ "folded headers",
	  "From: a@b.c\nContent-Type: multipart/mixed;\n\tboundary=\n "
	  "\"xx\"\n\n--xx\n\nhi\n--xx--\n",
	  { NULL },
	  "part 1=hi;" },
	{ "comments in a header",
	  "From: a@b.c\nContent-Type: (c (d) \\) ) multipart/mixed; (x) "
	  "boundary=(y)xx\n\n--xx\n\nhi\n"
	  "--xx--\n",
	  { NULL },
	  "part 1=hi;" },
	/* tricks with boundaries */
	{ "another boundary than declared",
	  MIXED "--yy\n" ATTACH B64 "\n" HELLO "--yy--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "no boundary declared",
	  HEAD "Content-Type: multipart/mixed\n\n--yy\n" ATTACH B64 "\n" HELLO "--yy\n"
	       "Content-Type: x/y; name=b.bin\n\nsecond\n--yy--\n",
	  { "a.bin=Hello World!;", "b.bin=second;" },
	  NULL },
	{ "two boundaries declared, the second used",
	  HEAD "Content-Type: multipart/mixed; boundary=aa; boundary=bb\n\n--bb\n" ATTACH B64
	       "\n" HELLO "--bb--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "two Content-Types, the first used",
	  HEAD
	  "Content-Type: multipart/mixed; boundary=aa\nContent-Type: text/plain\n\n--aa\n" ATTACH
	      B64 "\n" HELLO "--aa--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "two Content-Types, the second used",
	  HEAD
	  "Content-Type: text/plain\nContent-Type: multipart/mixed; boundary=aa\n\n--aa\n" ATTACH
	      B64 "\n" HELLO "--aa--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "space around the boundary's parameter",
	  HEAD "Content-Type: multipart/mixed; boundary = \"xx \"\n\n--xx  \n" ATTACH B64 "\n" HELLO
	       "--xx--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "an unquoted boundary with a space",
	  HEAD "Content-Type: multipart/mixed; boundary=x y\n\n--x y\n" ATTACH B64 "\n" HELLO
	       "--x y--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "a boundary by RFC 2231",
	  HEAD "Content-Type: multipart/mixed; boundary*0=x; boundary*1=y\n\n--xy\n" ATTACH B64
	       "\n" HELLO "--xy--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "a boundary cut by a NUL is seen by its first part",
	  HEAD "Content-Type: multipart/mixed; boundary*=x%00y\n\n--x\n" ATTACH B64 "\n" HELLO
	       "--x--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "an empty boundary",
	  HEAD "Content-Type: multipart/mixed; boundary=\"\"\n\n--\n" ATTACH B64 "\n" HELLO
	       "----\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "no semicolon before the boundary",
	  HEAD "Content-Type: multipart/mixed boundary=xx\n\n--xx\n" ATTACH B64 "\n" HELLO
	       "--xx--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "junk behind the boundary",
	  MIXED "--xx junk\n" ATTACH B64 "\n" HELLO "--xx--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "a part behind the closing boundary",
	  MIXED "--xx\n\nhi\n--xx--\n\n--xx\n" ATTACH B64 "\n" HELLO "--xx--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "a part in the epilogue with another boundary",
	  MIXED "--xx\n\nhi\n--xx--\n--zz\n" ATTACH B64 "\n" HELLO "--zz--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "text/plain that holds parts",
	  HEAD "Content-Type: text/plain\n\n--zz\n" ATTACH B64 "\n" HELLO "--zz--\n",
	  { "a.bin=Hello World!;", "part" },
	  NULL },
	{ "a bounce that quotes a mail",
	  HEAD "\nYour mail:\n\nFrom: x\nContent-Type: x/y; name=q.bin\n" B64 "\n" HELLO,
	  { "q.bin=Hello World!;" },
	  NULL },
	{ "a multipart that has no parts is one",
	  MIXED "only text\n",
	  { NULL },
	  "part 1=only text\n;!bad;" },
	{ "a multipart cut behind its headers", MIXED, { NULL }, "!bad;" },
	{ "a multipart cut within its closing boundary",
	  MIXED "--xx\n\nhi\n--xx-",
	  { NULL },
	  "part 1=hi\n--xx-;!short;" },
	{ "a closing boundary without a line's end",
	  MIXED "--xx\n\nhi\n--xx--",
	  { NULL },
	  "part 1=hi;" },
	{ "headers of a multipart that a bounce quotes as text",
	  HEAD "Content-Type: multipart/report; boundary=rr\n\n--rr\nContent-Type: "
	       "text/rfc822-headers\n\nSubject: s\nContent-Type: multipart/mixed; "
	       "boundary=qq\n\n--rr--\n",
	  { "part" },
	  NULL },
	{ "a multipart coded as a whole",
	  HEAD "Content-Type: multipart/mixed; boundary=xx\n" B64
	       "\nLS14eAoKaGkKLS14eC0tCi0teHgKCmhpCi0teHgtLQo=\n",
	  { "<mail>--xx\n\nhi\n--xx--\n" },
	  NULL },
	/* tricks with headers */
	{ "space before the colon",
	  MIXED
	  "--xx\nContent-Type : x/y; name=a.bin\nContent-Transfer-Encoding\t: base64\n\n" HELLO
	  "--xx--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "a line among headers that is none",
	  MIXED "--xx\n" ATTACH "junk\n" B64 "\n" HELLO "--xx--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "a line of spaces among headers",
	  MIXED "--xx\n" ATTACH "  \n" B64 "\n" HELLO "--xx--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "a body without a blank line before it",
	  MIXED "--xx\n" ATTACH "not a header\nmore\n--xx--\n",
	  { "a.bin=not a header\nmore;" },
	  NULL },
	{ "two encodings: both",
	  MIXED "--xx\n" ATTACH B64 "Content-Transfer-Encoding: 7bit\n\n" HELLO "--xx--\n",
	  { "a.bin=Hello World!;", "a.bin=SGVsbG8gV29ybGQh;" },
	  NULL },
	{ "an encoding with a comment and in capitals",
	  MIXED "--xx\n" ATTACH "CONTENT-TRANSFER-ENCODING: (x) BASE64 ;\n\n" HELLO "--xx--\n",
	  { "a.bin=Hello World!;" },
	  NULL },
	{ "an encoding nobody knows: base64 by its looks",
	  MIXED "--xx\n" ATTACH "Content-Transfer-Encoding: x-mine\n\n" LONG "--xx--\n",
	  { "!unsupported;", "a.bin=Hello World!Hello World!Hello World!;" },
	  NULL },
	{ "sloppy names of no encoding",
	  HEAD "Content-Transfer-Encoding: \"7 Bit\"\n\nhi\n",
	  { NULL },
	  "part 1=hi\n;" },
	{ "base64 without a header that says so",
	  MIXED "--xx\n" ATTACH "\n" LONG "--xx--\n",
	  { "a.bin=Hello World!Hello World!Hello World!;" },
	  NULL },
	{ "a boundary among the headers",
	  MIXED "--xx\n" ATTACH "--xx\n\nhi\n--xx--\n",
	  { NULL },
	  "part 1=hi;" },
	{ "blank lines before the first header",
	  "\n\n" MIXED "--xx\n\nhi\n--xx--\n",
	  { NULL },
	  "part 1=hi;" },
	{ "the mark of UTF-8 first",
	  "\xef\xbb\xbf" MIXED "--xx\n\nhi\n--xx--\n",
	  { NULL },
	  "part 1=hi;" },
	/* base64 */
	{ "base64 goes on behind its padding: both ways",
	  MIXED "--xx\n" ATTACH B64 "\nSGk=\nSGVsbG8=\n--xx--\n",
	  { "a.bin=HiHello!bad;;", "a.bin=Hi;" },
	  NULL },
	{ "base64 with junk inside",
	  MIXED "--xx\n" ATTACH B64 "\nSG Vs!bG8g\n\nV29*ybGQh\n--xx--\n",
	  { NULL },
	  "a.bin=Hello World!!bad;;" },
	{ "base64 cut within a group",
	  HEAD B64 "\nSGVsbG8gV29ybGQhSGVsbG8gV29ybGQhSGVsbG8gV29ybGQhSGV",
	  { "Hello World!He!short;;" },
	  NULL },
	{ "what looks like base64 needs not be it",
	  HEAD "\n" LONG LONG LONG LONG "and text.\n",
	  { "part 2=Hello World!Hello World!Hello World!" },
	  NULL },
	{ "base64 without padding",
	  MIXED "--xx\n" ATTACH B64 "\nSGVsbG8\n--xx--\n",
	  { NULL },
	  "a.bin=Hello;" },
	/* coded passages */
	{ "uuencode in a text",
	  HEAD "\nsee:\nbegin 644 u.txt\n%:&5L;&\\\n`\nend\nbye\n",
	  { "u.txt=hello;", "see:" },
	  NULL },
	{ "uuencode with lost spaces and CRLF",
	  HEAD "\nbegin 644 u.txt\r\n#    \r\n%:&5L;&\\\r\nend\r\n",
	  { "u.txt=" },
	  NULL },
	{ "uuencode, base64 kind",
	  HEAD "\nbegin-base64 644 u.txt\n" HELLO "====\nmore\n",
	  { "u.txt=Hello World!;" },
	  NULL },
	{ "begin in a sentence is nothing",
	  HEAD "\nbegin 644 is how uuencode starts, and this line is far too long for it.\nnot "
	       "uuencoded at all\n",
	  { NULL },
	  "part 1=begin 644 is how uuencode starts, and this line is far too long for it.\nnot "
	  "uuencoded at all\n;" },
	{ "yEnc",
	  HEAD "\n=ybegin line=128 size=5 name=y.txt\n\x92\x8f\x96\x96\x99\n=yend size=5\n",
	  { "y.txt=hello;" },
	  NULL },
	{ "yEnc with an escape and a part line",
	  HEAD "\n=ybegin part=1 line=128 size=2 name=y.bin\n=ypart begin=1 end=2\n=}\x92\n=yend "
	       "size=2\n",
	  { "y.bin=\x13h;" },
	  NULL },
	{ "BinHex is a layer of its own",
	  HEAD "\n(This file must be converted with BinHex 4.0)\n\n:abc\ndef:\nbye\n",
	  { "BinHex=(This file must be converted with BinHex 4.0)\n\n:abc\ndef:\n;" },
	  NULL },
	/* mailboxes */
	{ "a mailbox of two messages",
	  "From a@b.c Mon Jan  1 00:00:00 2024\n" HEAD "\none\n\nFrom b@c.d Mon Jan  1 00:00:00 "
	  "2024\n" MIXED "--xx\n\ntwo\n--xx--\n",
	  { NULL },
	  "part 1=one\n\n;part 2=two;" },
	{ "From in a body that is no mailbox",
	  HEAD "\nx\n\nFrom me: hello\nb: c\n",
	  { NULL },
	  "part 1=x\n\nFrom me: hello\nb: c\n;" },
	/* what can't be read is told */
	{ "PGP in the text", HEAD "\n-----BEGIN PGP MESSAGE-----\nxx\n", { "!encrypted;" }, NULL },
	{ "encrypted S/MIME",
	  HEAD
	  "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n" B64
	  "\n" HELLO,
	  { "!encrypted;", "smime.p7m=Hello World!;" },
	  NULL },
	{ "multipart/encrypted",
	  HEAD "Content-Type: multipart/encrypted; boundary=xx\n\n--xx\n\nhi\n--xx--\n",
	  { "!encrypted;", "part 1=hi;" },
	  NULL },
	{ "signed S/MIME",
	  HEAD "Content-Type: application/pkcs7-mime; smime-type=signed-data\n" B64 "\n" HELLO,
	  { "!unsupported;" },
	  NULL },
	{ "a piece of a message",
	  HEAD "Content-Type: message/partial; id=a; number=1; total=2\n\nhi\n",
	  { "!unsupported;", "part 1=hi" },
	  NULL },
};

struct transcript {
	struct ov_buf b;
};

static void must(ov_status s)
{
	assert_int_equal(s, OV_OK);
}

static const char *short_name(ov_status s)
{
	return s == OV_ENCRYPTED     ? "encrypted"
	       : s == OV_UNSUPPORTED ? "unsupported"
	       : s == OV_LIMIT	     ? "limit"
	       : s == OV_SHORT	     ? "short"
				     : "bad";
}

static void note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct transcript *t = ctx;

	(void)member;
	assert_non_null(detail);
	must(ov_buf_fmt(&t->b, "!%s;", short_name(why)));
}

struct bytes {
	const uint8_t *p;
	size_t n;
};

static ov_status read_bytes(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct bytes *b = ctx;

	*got = off >= b->n ? 0 : n < b->n - off ? n : b->n - (size_t)off;
	if (*got > 0)
		memcpy(to, b->p + off, *got);
	return OV_OK;
}

static void take(struct transcript *t, void *state, const struct ov_child *c, const uint8_t *p,
		 size_t n)
{
	assert_true(c->name.n > 0);
	must(ov_buf_fmt(&t->b, "%.*s=%s", (int)c->name.n, c->name.p,
			c->hint == OV_T_MAIL ? "<mail>" : ""));
	if (c->kind == OV_CHILD_SLICE) {
		assert_true(c->off <= n && c->size <= n - c->off);
		must(ov_buf_put(&t->b, p + c->off, (size_t)c->size));
	}
	while (c->kind == OV_CHILD_STREAM) {
		uint8_t block[7];
		size_t got = 0;
		const ov_status s = ov_format_mail.read(state, block, sizeof block, &got);

		if (s == OV_END)
			break;
		must(s);
		assert_true(got > 0 && got <= sizeof block);
		must(ov_buf_put(&t->b, block, got));
	}
	must(ov_buf_str(&t->b, OV_STR(";")));
}

/* Reads a mail. @return how it ended. */
static ov_status walk(struct transcript *t, const void *p, size_t n, bool by_callback, long fail_in)
{
	struct bytes b = { p, n };
	const struct ov_src src = by_callback
				      ? (struct ov_src){ .size = n, .read = read_bytes, .ctx = &b }
				      : ov_src_mem(p, n);
	struct ov_arena a;
	struct ov_fmt_env env = { .src = &src,
				  .type = OV_T_MAIL,
				  .arena = &a,
				  .max_memory = (uint64_t)1 << 20,
				  .note = note,
				  .ctx = t };
	void *state = NULL;
	ov_status s;

	ov_arena_init(&a, (size_t)4 << 20);
	a.fail_in = fail_in;
	s = ov_format_mail.open(&env, &state);
	if (s == OV_OK) {
		for (size_t i = 0; s == OV_OK; i++) {
			struct ov_child c;

			assert_true(i < 100 + n);
			s = ov_format_mail.next(state, &c);
			if (s == OV_OK)
				take(t, state, &c, p, n);
		}
		ov_format_mail.close(state);
	}
	ov_arena_free(&a);
	return s;
}

static void start(struct transcript *t)
{
	ov_buf_free(&t->b);
	t->b = ov_buf_of((size_t)16 << 20);
	must(ov_buf_reserve(&t->b, 1));
}

static void each_row_gives_its_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		struct transcript t = { .b = { .p = NULL } };

		for (int by_callback = 0; by_callback < 2; by_callback++) {
			start(&t);
			ov_expect_eq(r->what,
				     walk(&t, r->mail, strlen(r->mail), by_callback != 0, -1),
				     OV_END);
			for (size_t k = 0; k < 8 && r->want[k] != NULL; k++)
				if (memmem(t.b.p, t.b.n, r->want[k], strlen(r->want[k])) == NULL)
					fail_msg("row \"%s\": \"%s\" is not in \"%.*s\"", r->what,
						 r->want[k], (int)t.b.n, (char *)t.b.p);
			if (r->exact != NULL &&
			    (t.b.n != strlen(r->exact) || memcmp(t.b.p, r->exact, t.b.n) != 0))
				fail_msg("row \"%s\": \"%.*s\", not \"%s\"", r->what, (int)t.b.n,
					 (char *)t.b.p, r->exact);
		}
		ov_buf_free(&t.b);
	}
}

static void every_prefix_ends(void **state)
{
	struct transcript t = { .b = { .p = NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (size_t n = 0; n < strlen(rows[i].mail); n++) {
			start(&t);
			ov_expect_eq(rows[i].what, walk(&t, rows[i].mail, n, false, -1), OV_END);
		}
	ov_buf_free(&t.b);
}

static void no_memory_is_told(void **state)
{
	struct transcript t = { .b = { .p = NULL } };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (long k = 0; k < 6; k++) {
			ov_status s;

			start(&t);
			s = walk(&t, rows[i].mail, strlen(rows[i].mail), true, k);
			ov_expect(rows[i].what, s == OV_END || s == OV_NOMEM);
		}
	ov_buf_free(&t.b);
}

/* Parts within parts beyond the stack, more boundaries than are kept, headers without measure. */
static void limits_are_told(void **state)
{
	struct transcript t = { .b = { .p = NULL } };
	struct ov_buf mail = ov_buf_of((size_t)4 << 20);

	(void)state;
	start(&t);
	must(ov_buf_str(&mail, OV_STR(HEAD "Content-Type: multipart/mixed; boundary=b0\n\n")));
	for (int i = 0; i < 40; i++)
		must(ov_buf_fmt(&mail, "--b%d\nContent-Type: multipart/mixed; boundary=b%d\n\n", i,
				i + 1));
	assert_int_equal(walk(&t, mail.p, mail.n, false, -1), OV_END);
	assert_non_null(memmem(t.b.p, t.b.n, "!limit;", 7));
	start(&t);
	mail.n = 0;
	must(ov_buf_str(&mail, OV_STR(HEAD)));
	for (int i = 0; i < 30000; i++)
		must(ov_buf_fmt(&mail, "X-Header-%d: y\n", i));
	must(ov_buf_str(&mail, OV_STR("\nbody\n")));
	assert_int_equal(walk(&t, mail.p, mail.n, true, -1), OV_END);
	assert_non_null(memmem(t.b.p, t.b.n, "!limit;", 7));
	assert_non_null(memmem(t.b.p, t.b.n, "\nbody\n", 6));
	start(&t);
	mail.n = 0;
	must(ov_buf_str(&mail, OV_STR(HEAD "\n"))); /* a line longer than the window */
	for (int i = 0; i < 300000; i++)
		must(ov_buf_u8(&mail, 'y'));
	must(ov_buf_str(&mail, OV_STR("\n" ATTACH B64 "\n" HELLO)));
	assert_int_equal(walk(&t, mail.p, mail.n, true, -1), OV_END);
	assert_non_null(memmem(t.b.p, t.b.n, "a.bin=Hello World!;", 19));
	ov_buf_free(&mail);
	ov_buf_free(&t.b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_row_gives_its_parts),
		cmocka_unit_test(every_prefix_ends),
		cmocka_unit_test(no_memory_is_told),
		cmocka_unit_test(limits_are_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
