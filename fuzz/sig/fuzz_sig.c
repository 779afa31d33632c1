/*
 * Signature text: the first byte chooses the kind of source, the rest is its text.
 *
 * Claims: what was taken compiles to a database that opens, whose counts fit the statistics and
 * whose accessors all answer; each line is taken, refused or skipped; the same text gives the same
 * bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "build_text.h"

static const char *const names[] = { "a.hdb", "a.mdb", "a.fp",	"a.ndb", "a.ldb", "a.ign2",
				     "a.ldu", "a.cud", "a.cdb", "a.zmd", "a.ftm", "a.pwdb",
				     "a.cfg", "a.db",  "a.ign", "a.pdb", "a.wdb", "a.gdb" };

struct counts {
	uint64_t refused, skipped;
};

static void count(void *ctx, const struct ov_diag *d)
{
	struct counts *c = ctx;

	if (d->reason == NULL || d->text.n > 200)
		abort();
	*(d->is_skipped ? &c->skipped : &c->refused) += 1;
}

static ov_status build(const char *name, struct ov_cur text, struct ov_buf *out,
		       struct ov_build_stats *stats, struct counts *c)
{
	const struct ov_build_options o = {
		.with_pua = true, .max_memory = (uint64_t)256 << 20, .diag = count, .ctx = c
	};
	struct ov_odb_builder *b = NULL;
	ov_status s = ov_odb_builder_new(&o, &b);

	if (s == OV_OK)
		s = ov_odb_builder_add(b, ov_str_of(name), text);
	if (s == OV_OK)
		s = ov_odb_builder_add(b, OV_STR("z.ign2"), ov_cur_of("Ignored\n", 8));
	if (s == OV_OK)
		s = ov_odb_builder_finish(b, out, stats);
	ov_odb_builder_free(&b);
	return s;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_buf one = ov_buf_of((size_t)256 << 20), two = ov_buf_of((size_t)256 << 20);
	struct ov_build_stats stats = { 0 }, again = { 0 };
	struct counts c = { 0 }, unused = { 0 };
	struct ov_odb db;
	const char *name, *why = NULL;
	ov_status s;

	if (size < 1)
		return 0;
	name = names[data[0] % (sizeof names / sizeof *names)];
	s = build(name, ov_cur_of(data + 1, size - 1), &one, &stats, &c);
	if (s == OV_OK) {
		if (strcmp(name, "a.cud") != 0 &&
		    (stats.refused != c.refused || stats.skipped != c.skipped))
			abort();
		if (ov_odb_open(ov_buf_cur(&one), &db, &why) != OV_OK)
			abort();
		if (db.nsignatures != stats.signatures || ov_odb_check_id(&db) != OV_OK)
			abort();
		(void)touch_odb(&db);
		if (build(name, ov_cur_of(data + 1, size - 1), &two, &again, &unused) != OV_OK ||
		    one.n != two.n || memcmp(one.p, two.p, one.n) != 0)
			abort();
	} else if (s != OV_BAD && s != OV_LIMIT) {
		abort();
	}
	ov_buf_free(&one);
	ov_buf_free(&two);
	return 0;
}
