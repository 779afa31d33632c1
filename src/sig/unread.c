/*
 * Sources of kinds that are known and not run by this version: said once a file and counted, so
 * that nobody takes them for working. Bytecode is listed in the database by its file's name.
 */
#include "build_int.h"
#include "text.h"

static const struct {
	const char *end;
	const char *reason;
	bool is_one; /* one signature a file; else one a line */
} kinds[] = {
	{ ".cbc", "bytecode is not run by this version", true },
	{ ".ioc", "OpenIOC files are not read by this version", true },
};

#define NKINDS (sizeof kinds / sizeof *kinds)

static size_t kind_of(struct ov_str name)
{
	size_t i = 0;

	while (i < NKINDS && !ov_text_ends_with(name, ov_str_of(kinds[i].end)))
		i++;
	return i;
}

bool ov_build_is_unread(struct ov_str name)
{
	return kind_of(name) < NKINDS;
}

static uint64_t count_lines(struct ov_cur bytes)
{
	struct ov_str line;
	uint64_t n = 0;

	while (ov_cur_line(&bytes, &line) == OV_OK)
		n += line.n > 0 && line.p[0] != '#';
	return n;
}

static void skip(struct ov_odb_builder *b, struct ov_str file, uint32_t source, uint64_t n,
		 const char *reason)
{
	const struct ov_diag d = { .file = file, .reason = reason, .is_skipped = true };

	rows_of(b->sources, struct b_source)[source].nskipped += n;
	b->stats.skipped += n;
	ov_build_diag(b, &d);
}

ov_status ov_build_skip(struct ov_odb_builder *b, struct ov_str file, uint32_t source,
			struct ov_cur bytes, const char *reason)
{
	skip(b, file, source, count_lines(bytes), reason);
	return OV_OK;
}

ov_status ov_build_unread(struct ov_odb_builder *b, struct ov_str file, uint32_t source,
			  struct ov_cur bytes)
{
	const size_t k = kind_of(file);
	struct ov_sig_line l = { .b = b, .file = file, .source = source };

	if (k == NKINDS)
		return ov_build_skip(b, file, source, bytes,
				     "signatures of this kind are not read by this version");
	skip(b, file, source, kinds[k].is_one ? 1 : count_lines(bytes), kinds[k].reason);
	if (!ov_str_is(ov_str_of(kinds[k].end), ".cbc"))
		return OV_OK;
	return ov_build_extra(&l, OV_EXTRA_BYTECODE, file, false, ov_cur_of("", 0));
}
