/* Text sources: lines to parsers, parsers' answers to counts and messages. */
#include "build_int.h"
#include "text.h"

/* clang-format off */
static const struct {
	char end[6];
	bool is_pua;
	ov_sig_parse_fn parse;
} kinds[] = {
	{ ".hdb",  false, ov_sig_hash },
	{ ".hsb",  false, ov_sig_hash },
	{ ".hdu",  true,  ov_sig_hash },
	{ ".hsu",  true,  ov_sig_hash },
	{ ".mdb",  false, ov_sig_section },
	{ ".msb",  false, ov_sig_section },
	{ ".mdu",  true,  ov_sig_section },
	{ ".msu",  true,  ov_sig_section },
	{ ".imp",  false, ov_sig_import },
	{ ".fp",   false, ov_sig_allow },
	{ ".sfp",  false, ov_sig_allow },
	{ ".ndb",  false, ov_sig_ndb },
	{ ".ndu",  true,  ov_sig_ndb },
	{ ".ldb",  false, ov_sig_ldb },
	{ ".ldu",  true,  ov_sig_ldb },
	{ ".crb",  false, ov_sig_crb },
	{ ".idb",  false, ov_sig_idb },
	{ ".db",   false, ov_sig_db },
	{ ".sdb",  false, ov_sig_sdb },
	{ ".ign",  false, ov_sig_ignore },
	{ ".pdb",  false, ov_sig_pdb },
	{ ".wdb",  false, ov_sig_wdb },
	{ ".gdb",  false, ov_sig_gdb },
	{ ".ign2", false, ov_sig_ignore },
	{ ".cdb",  false, ov_sig_cdb },
	{ ".zmd",  false, ov_sig_zmd },
	{ ".rmd",  false, ov_sig_rmd },
	{ ".cfg",  false, ov_sig_cfg },
	{ ".ftm",  false, ov_sig_ftm },
	{ ".pwdb", false, ov_sig_pwdb },
};
/* clang-format on */

ov_sig_parse_fn ov_build_parser(struct ov_str name, bool *is_pua)
{
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (ov_text_ends_with(name, ov_str_of(kinds[i].end))) {
			*is_pua = kinds[i].is_pua;
			return kinds[i].parse;
		}
	}
	return NULL;
}

static bool is_container_name(struct ov_str name)
{
	return ov_text_ends_with(name, OV_STR(".cvd")) || ov_text_ends_with(name, OV_STR(".cld")) ||
	       ov_text_ends_with(name, OV_STR(".cud"));
}

bool ov_odb_is_source_name(struct ov_str name)
{
	bool is_pua;

	return ov_build_parser(name, &is_pua) != NULL || is_container_name(name) ||
	       ov_build_is_catalog(name) || ov_build_is_yara(name) || ov_build_is_unread(name);
}

bool ov_odb_reads_name(struct ov_str name)
{
	bool is_pua;

	return ov_build_parser(name, &is_pua) != NULL || is_container_name(name) ||
	       ov_build_is_catalog(name) || ov_build_is_yara(name);
}

void ov_build_diag(struct ov_odb_builder *b, const struct ov_diag *d)
{
	if (b->options.diag != NULL)
		b->options.diag(b->options.ctx, d);
}

ov_status ov_sig_bad(struct ov_sig_line *l, const char *why)
{
	l->why = why;
	return OV_BAD;
}

ov_status ov_sig_skip(struct ov_sig_line *l, const char *why)
{
	l->why = why;
	return OV_UNSUPPORTED;
}

static void tell(struct ov_sig_line *l, bool is_skipped)
{
	struct ov_diag d = { .file = l->file,
			     .line = l->number,
			     .reason = l->why,
			     .text = l->text,
			     .is_skipped = is_skipped };

	if (d.reason == NULL)
		d.reason = "the line is larger than the compiler's limits";
	if (d.text.n > 200)
		d.text.n = 200;
	ov_build_diag(l->b, &d);
}

/* Gives a line to its parser. Only a failure of the compiler itself comes back. */
static ov_status one_line(struct ov_sig_line *l, ov_sig_parse_fn parse)
{
	struct b_source *src;
	ov_status s = OV_BAD;

	if (l->text.n > OV_LINE_MAX)
		l->why = "a line longer than 65536 bytes";
	else if (memchr(l->text.p, 0, l->text.n) != NULL)
		l->why = "a NUL byte in a line of text";
	else
		s = parse(l);
	ov_arena_reset(&l->b->scratch, (size_t)1 << 20);
	src = rows_of(l->b->sources, struct b_source) + l->source;
	switch (s) {
	case OV_OK:
		return OV_OK;
	case OV_UNSUPPORTED:
		src->nskipped++;
		l->b->stats.skipped++;
		tell(l, true);
		return OV_OK;
	case OV_BAD:
	case OV_LIMIT:
		src->nrefused++;
		l->b->stats.refused++;
		tell(l, false);
		return OV_OK;
	default:
		return s;
	}
}

/* What the builder holds. Its buffers have the whole allowance each; together they are held to it
 * here. */
static uint64_t bytes_held(const struct ov_odb_builder *b)
{
	uint64_t n = ov_names_held(b->hash_names) + b->rules.cap + b->subs.cap + b->conds.cap +
		     b->anchors.cap + b->fixed.cap + b->sources.cap + b->ignores.cap +
		     b->names.cap + b->texts.cap;

	for (int use = 0; use < OV_HASH_USES; use++)
		for (int kind = 0; kind < OV_DIGEST_KINDS; kind++)
			n += b->hashes[use][kind].cap;
	for (int k = 0; k < OV_EXTRA_COUNT; k++)
		n += b->extra[k].cap;
	return n;
}

ov_status ov_build_lines(struct ov_odb_builder *b, struct ov_str file, uint32_t source,
			 struct ov_cur bytes, ov_sig_parse_fn parse)
{
	struct ov_str text;
	uint32_t number = 0;

	while (ov_cur_line(&bytes, &text) == OV_OK) {
		struct ov_sig_line l = {
			.b = b, .file = file, .text = text, .number = ++number, .source = source
		};

		if (number == UINT32_MAX ||
		    (number % 256 == 1 && bytes_held(b) > b->options.max_memory))
			return OV_LIMIT;
		if (text.n == 0 || text.p[0] == '#')
			continue;
		OV_TRY(one_line(&l, parse));
	}
	return OV_OK;
}

ov_status ov_odb_builder_yara(struct ov_odb_builder *b, struct ov_str name, struct ov_str ns,
			      struct ov_cur bytes)
{
	const struct ov_odb_source s = { .name = name, .label = name };
	uint32_t id = 0;

	OV_TRY(ov_check(b, OV_BUILDER_MAGIC));
	OV_TRY(ov_odb_builder_source(b, &s, &id));
	return ov_build_yara(b, name, ns, id, bytes);
}

ov_status ov_odb_builder_add(struct ov_odb_builder *b, struct ov_str name, struct ov_cur bytes)
{
	struct ov_odb_source s = { .name = name, .label = name };
	ov_sig_parse_fn parse;
	bool is_pua = false;
	uint32_t id;

	OV_TRY(ov_check(b, OV_BUILDER_MAGIC));
	if (is_container_name(name))
		return ov_build_container(b, name, bytes);
	if (ov_build_is_yara(name))
		return ov_odb_builder_yara(b, name, name, bytes);
	parse = ov_build_parser(name, &is_pua);
	if (parse == NULL && !ov_build_is_catalog(name) && !ov_build_is_unread(name))
		return OV_UNSUPPORTED;
	OV_TRY(ov_odb_builder_source(b, &s, &id));
	if (parse == NULL)
		return ov_build_is_catalog(name) ? ov_build_catalog(b, name, id, bytes)
						 : ov_build_unread(b, name, id, bytes);
	rows_of(b->sources, struct b_source)[id].text = bytes;
	if (is_pua && !b->options.with_pua) {
		struct ov_diag d = { .file = name,
				     .reason = "PUA signatures were not asked for",
				     .is_skipped = true };

		ov_build_diag(b, &d);
		return OV_OK;
	}
	return ov_build_lines(b, name, id, bytes, parse);
}
