/* YARA sources among the sources of a database: src/yara compiles them, here they get their place.
 */
#include "build_int.h"

#include <stdio.h>
#include <string.h>

#include "text.h"
#include "ymod.h"

#define OV_YARA_NAME_MAX 128 /* as YARA has it */

bool ov_build_is_yara(struct ov_str name)
{
	return ov_text_ends_with(name, OV_STR(".yar")) || ov_text_ends_with(name, OV_STR(".yara"));
}

/* What rule writers take for given, and scanners set: nothing is known here, so they are empty. */
static ov_status usual_externals(struct ov_ycompiler *c)
{
	static const char *const names[] = { "filename", "filepath", "extension", "filetype",
					     "owner" };
	const struct ov_yval empty = { .kind = OV_Y_STRING, .s = { .p = "", .n = 0 } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		OV_TRY(ov_ycompiler_external(c, ov_str_of(names[i]), &empty));
	return OV_OK;
}

static void tell(void *ctx, const struct ov_ydiag *d)
{
	struct ov_odb_builder *b = ctx;
	const struct ov_diag told = { .file = d->file,
				      .line = d->line,
				      .column = d->column,
				      .reason = d->why,
				      .text = d->rule,
				      .is_skipped = d->is_warning };

	ov_build_diag(b, &told);
}

static ov_status include(void *ctx, struct ov_str from, struct ov_str name, struct ov_cur *bytes,
			 struct ov_str *path)
{
	struct ov_odb_builder *b = ctx;

	if (b->options.include == NULL)
		return OV_BAD;
	return b->options.include(b->options.ctx, from, name, bytes, path);
}

static ov_status compiler(struct ov_odb_builder *b)
{
	const struct ov_yara_options *y = b->options.yara;
	struct ov_yoptions o = {
		.modules = &ov_ymodules_all, .diag = tell, .include = include, .ctx = b
	};

	if (b->yara != NULL)
		return OV_OK;
	if (y != NULL) {
		o.is_strict = y->is_strict;
		o.max_strings = y->max_strings;
	}
	OV_TRY(ov_ycompiler_new(&o, &b->yara));
	if (y == NULL)
		return usual_externals(b->yara);
	for (size_t i = 0; i < y->nexternals; i++)
		OV_TRY(
		    ov_ycompiler_external(b->yara, y->externals[i].name, &y->externals[i].value));
	return OV_OK;
}

ov_status ov_build_yara(struct ov_odb_builder *b, struct ov_str file, struct ov_str ns,
			uint32_t source, struct ov_cur bytes)
{
	struct b_source *src;
	struct ov_ycount count;

	OV_TRY(compiler(b));
	ov_ycompiler_graded(b->yara, b->is_builtin);
	OV_TRY(ov_ycompiler_add(b->yara, ns, file, bytes, source, &count));
	src = rows_of(b->sources, struct b_source) + source;
	src->nrefused += count.refused;
	b->stats.refused += count.refused;
	return OV_OK;
}

ov_status ov_build_join_yara(struct ov_odb_builder *b, const struct ov_yimage *y,
			     uint32_t first_source, uint32_t nsources)
{
	if (y->nrules == 0)
		return OV_OK;
	OV_TRY(compiler(b));
	return ov_ycompiler_join(b->yara, y, first_source, nsources);
}

/* A rule that an ignore list names, by its name or as ClamAV would call it, YARA.name. */
static ov_status leave_out(struct ov_odb_builder *b, uint32_t rule, bool *out)
{
	struct ov_str name, text;
	char full[OV_YARA_NAME_MAX + 8];

	ov_ycompiler_rule(b->yara, rule, &name, &text);
	OV_TRY(ov_build_is_ignored(b, name, text, out));
	if (!*out && name.n <= OV_YARA_NAME_MAX) {
		(void)snprintf(full, sizeof full, "YARA.%.*s", (int)name.n, name.p);
		OV_TRY(ov_build_is_ignored(b, ov_str_of(full), text, out));
	}
	if (*out && ov_ycompiler_ignore(b->yara, rule))
		b->stats.ignored++;
	*out = ov_ycompiler_is_ignored(b->yara, rule);
	return OV_OK;
}

ov_status ov_build_write_yara(struct ov_odb_builder *b, struct ov_buf *out, uint64_t *nsignatures)
{
	const uint32_t n = b->yara != NULL ? ov_ycompiler_rules(b->yara) : 0;

	if (n == 0)
		return OV_OK;
	for (uint32_t i = 0; i < n; i++) {
		bool ignored = false;

		OV_TRY(leave_out(b, i, &ignored));
		if (ignored)
			continue;
		rows_of(b->sources, struct b_source)[ov_ycompiler_source(b->yara, i)].nsignatures++;
		++*nsignatures;
	}
	return ov_ycompiler_finish(b->yara, out);
}
