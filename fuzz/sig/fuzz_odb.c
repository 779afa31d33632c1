/*
 * A hostile database: opened, and when it opens, every accessor is asked and its patterns and hash
 * sets are used. The first byte may ask for a file that is valid but for the bytes that follow it
 * (position, value pairs), since few random bytes ever look like a database.
 */
#include <stdlib.h>
#include <string.h>

#include "build_text.h"

static const struct text_source sample[] = {
	{ "a.hdb", "0123456789abcdef0123456789abcdef:5:First-1\n"
		   "1123456789abcdef0123456789abcdef:6:First-2\n"
		   "2123456789abcdef0123456789abcdef:*:Other:73\n" },
	{ "a.ign2", "Nobody\n" },
	{ "b.ndb",
	  "A:0:*:72617265206c69746572616c\nB:1:0:4d5a9000\nC:1:EP+4:6a40(68|69)0030{4-9}000068\n" },
	{ "c.ldb", "D;Engine:51-255,Target:1,FileSize:10-2000,Intermediates:CL_TYPE_ZIP>CL_TYPE_"
		   "ANY;0&(1|2)>1&3;"
		   "72617265206c69::wa;6d6f7265*206f66;0&1/ab+c/i;0(>>4#he2#=0x10,<9)\n" },
	{ "e.ftm",
	  "0:0:4d5a:d:CL_TYPE_ANY:CL_TYPE_PDF\n1:*:4d5a{2-9}5045:d:CL_TYPE_ANY:CL_TYPE_PDF\n" },
	{ "f.pwdb", "P;Engine:81-255,Container:CL_TYPE_ZIP;0;secret\n" },
	{ "g.cfg", "ARCHIVE:0x7:1:255\n" },
	{ "d.cdb", "E:CL_TYPE_ZIP:1-2:(?i)^a[b-d]{2}(x|y)*\\>z$:3:4-5:1:6:0a1b2c3d:*\n" },
};

/* A database that is refused is refused; one that is taken gives a sound one, and joining that
 * again changes nothing. */
static void join(struct ov_cur bytes, bool is_ours)
{
	const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
	struct ov_buf once = ov_buf_of((size_t)64 << 20), twice = ov_buf_of((size_t)64 << 20);
	ov_status s = OV_OK;

	for (int turn = 0; turn < 2 && s == OV_OK; turn++) {
		struct ov_odb_builder *b = NULL;
		struct ov_odb db;

		if (ov_odb_builder_new(&o, &b) != OV_OK)
			abort();
		s = ov_odb_builder_join(b, turn == 0 ? bytes : ov_buf_cur(&once),
					ov_cur_of(NULL, 0), NULL);
		if (s == OV_OK)
			s = ov_odb_builder_finish(b, turn == 0 ? &once : &twice, NULL);
		ov_odb_builder_free(&b);
		if ((s != OV_OK && (is_ours || turn > 0)) ||
		    (s == OV_OK &&
		     (ov_odb_open(ov_buf_cur(turn == 0 ? &once : &twice), &db, NULL) != OV_OK ||
		      ov_odb_check_all(&db, NULL) != OV_OK)))
			abort();
	}
	if (s == OV_OK && (once.n != twice.n || memcmp(once.p, twice.p, once.n) != 0))
		abort();
	ov_buf_free(&once);
	ov_buf_free(&twice);
}

static void use(const struct ov_odb *db)
{
	static const uint8_t layer[] = "MZ\x90\0rare literal, more of rare li MoRe of";

	(void)touch_odb(db);
	for (uint32_t i = 0; i < db->pats.count && i < 64; i++) {
		uint64_t len = 0;
		ov_status s = ov_pats_check(&db->pats, i);

		if (s == OV_OK)
			s = ov_pat_match_at(&db->pats, i, layer, sizeof layer, 0, sizeof layer,
					    i % sizeof layer, &len);
		if (s == OV_OK && len > sizeof layer)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *why = NULL;
	struct built b;
	struct ov_odb db;

	if (size < 1)
		return 0;
	if (data[0] % 4 == 0) {
		uint8_t *copy = malloc(size);

		memcpy(copy, data + 1, size - 1);
		if (ov_odb_open(ov_cur_of(copy, size - 1), &db, &why) == OV_OK) {
			use(&db);
			join(ov_cur_of(copy, size - 1), false);
		}
		free(copy);
		return 0;
	}
	build_texts(sample, sizeof sample / sizeof *sample, NULL, &b);
	if (b.status != OV_OK)
		abort();
	for (size_t i = 1; i + 3 <= size; i += 3) {
		const size_t at = ((size_t)data[i] << 8 | data[i + 1]) * b.bytes.n / 65536;

		b.bytes.p[at] ^= data[i + 2];
	}
	if (ov_odb_open(ov_buf_cur(&b.bytes), &db, &why) == OV_OK) {
		use(&db);
		join(ov_buf_cur(&b.bytes), size == 1);
	} else if (why == NULL) {
		abort();
	}
	built_free(&b);
	return 0;
}
