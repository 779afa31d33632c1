/*
 * Other people's files; the first byte chooses. Claims: a patch that applies leaves whole lines
 * where there were whole lines, and applying the same to the same gives the same; a list of hashes
 * that is taken gives as many lines as were counted, each of a digest, any size, a plain name and
 * level 73; what comes out of any conversion is a row of files with plain names that ends at its
 * end.
 */
#include <stdlib.h>
#include <string.h>

#include "cdiff.h"
#include "foreign.h"
#include "text.h"

static void load(struct ov_cdiff_files *f)
{
	struct ov_cdiff_file *one;

	if (ov_cdiff_files_new(1 << 20, f) != OV_OK ||
	    ov_cdiff_new_file(f, OV_STR("x.ndb"), &one) != OV_OK ||
	    ov_buf_str(&one->bytes, OV_STR("l1\nl2 a\nl3\n\nl5\n")) != OV_OK ||
	    ov_cdiff_new_file(f, OV_STR("y.ndb"), &one) != OV_OK ||
	    ov_buf_str(&one->bytes, OV_STR("m1\nm2\n")) != OV_OK)
		abort();
}

static void patch(struct ov_str s)
{
	struct ov_cdiff_files a, b;
	struct ov_cdiff_head h;
	uint64_t line;
	const char *why;
	ov_status one, two;

	(void)!ov_cdiff_head(ov_cur_of(s.p, s.n), &h);
	load(&a);
	load(&b);
	one = ov_cdiff_apply(&a, ov_cur_of(s.p, s.n), &line, &why);
	two = ov_cdiff_apply(&b, ov_cur_of(s.p, s.n), &line, &why);
	if (one != two || (one == OV_OK && a.n != b.n))
		abort();
	for (size_t i = 0; one == OV_OK && i < a.n; i++) {
		const struct ov_buf *x = &a.f[i].bytes, *y = &b.f[i].bytes;

		if (x->n != y->n || (x->n > 0 && memcmp(x->p, y->p, x->n) != 0) ||
		    (x->n > 0 && x->p[x->n - 1] != '\n'))
			abort();
	}
	ov_cdiff_files_free(&a);
	ov_cdiff_files_free(&b);
}

/* @return lines of all files. */
static uint64_t check_row(const struct ov_buf *out, uint64_t nfiles, bool is_hashes)
{
	struct ov_cur c = ov_buf_cur(out);
	struct ov_str line, word, rest;
	uint64_t n, lines = 0;
	struct ov_cur body;

	for (uint64_t i = 0; i < nfiles; i++) {
		if (ov_cur_line(&c, &line) != OV_OK || !ov_text_split(&line, ' ', &word) ||
		    word.n == 0 || memchr(word.p, '/', word.n) != NULL || word.p[0] == '.' ||
		    !ov_text_split(&line, ' ', &word) || ov_text_u64(word, &n) != OV_OK ||
		    ov_cur_take(&c, n, &body) != OV_OK)
			abort();
		while (is_hashes && ov_cur_line(&body, &rest) == OV_OK) {
			lines++;
			if (!ov_text_split(&rest, ':', &word) ||
			    (word.n != 32 && word.n != 40 && word.n != 64) ||
			    !ov_text_ends_with(rest, OV_STR(":73")))
				abort();
		}
	}
	if (ov_cur_left(&c) != 0)
		abort();
	return lines;
}

static void convert(enum ov_foreign_kind kind, const char *arguments, const char *name,
		    struct ov_str s)
{
	struct ov_buf out = ov_buf_of(64 << 20);
	const struct ov_foreign_input in = { ov_str_of(name), ov_cur_of(s.p, s.n) };
	struct ov_foreign_job j = { .kind = kind,
				    .arguments = ov_str_of(arguments),
				    .inputs = &in,
				    .ninputs = 1,
				    .out = &out };
	struct ov_foreign_result r;

	if (ov_foreign_run(&j, &r) == OV_OK) {
		const uint64_t lines = check_row(&out, r.files, kind == OV_FOREIGN_HASHES);

		if (kind == OV_FOREIGN_HASHES && lines != r.taken)
			abort();
	} else if (j.error[0] == '\0')
		abort();
	ov_buf_free(&out);
}

/* The container's .sign, whatever it says: with no certificate nothing is good. */
static void detached(struct ov_str s)
{
	struct ov_buf out = ov_buf_of(1 << 20);
	const struct ov_foreign_input in[] = { { OV_STR("file:daily.cvd"), ov_cur_of(s.p, s.n) },
					       { OV_STR("sign:container"), ov_cur_of(s.p, s.n) },
					       { OV_STR("cert:x"), ov_cur_of(s.p, s.n) },
					       { OV_STR("keys:own"), ov_cur_of(s.p, s.n) } };
	struct ov_foreign_job j = {
		.kind = OV_FOREIGN_PATCH, .inputs = in, .ninputs = 4, .out = &out
	};
	struct ov_foreign_result r;

	if (ov_foreign_run(&j, &r) == OV_OK)
		abort(); /* there is no patch */
	ov_buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_str s;

	if (size == 0)
		return 0;
	s = (struct ov_str){ (const char *)data + 1, size - 1 };
	switch (data[0] % 6) {
	case 0:
		patch(s);
		break;
	case 1:
		convert(OV_FOREIGN_HASHES, "prefix T\n", "file:l", s);
		break;
	case 2:
		convert(OV_FOREIGN_HASHES, "prefix T\nhash-column sha256_hash\nname-column 3\n",
			"file:l", s);
		break;
	case 3:
		convert(OV_FOREIGN_RULES, "name r.yar\nwant .yar .yara\n", "file:r", s);
		break;
	case 4:
		convert(OV_FOREIGN_CONTAINER, "", "file:daily.cld", s);
		break;
	default:
		detached(s);
	}
	return 0;
}
