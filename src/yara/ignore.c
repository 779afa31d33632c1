/* Rules that an ignore list leaves out. */
#include "ycompile_int.h"

#include <stdlib.h>
#include <string.h>

static uint8_t *row_of(const struct ov_ycompiler *c, uint32_t rule)
{
	return c->sect[YI_RULES].p + (size_t)rule * YI_RULE;
}

static uint32_t flags_of(const struct ov_ycompiler *c, uint32_t rule)
{
	return ov_le32(row_of(c, rule) + YR_FLAGS);
}

static struct ov_str text_at(const struct ov_ycompiler *c, const uint8_t *at)
{
	return (struct ov_str){ .p = (const char *)c->sect[YI_TEXTS].p + ov_le32(at),
				.n = ov_le32(at + 4) };
}

void ov_ycompiler_rule(const struct ov_ycompiler *c, uint32_t rule, struct ov_str *name,
		       struct ov_str *text)
{
	*name = text_at(c, row_of(c, rule) + YR_NAME);
	*text = text_at(c, row_of(c, rule) + YR_TEXT);
}

/* Rows of a section that are kept. */
static void keep_rows(struct ov_buf *b, size_t size, bool (*keep)(void *ctx, const uint8_t *row),
		      void *ctx)
{
	size_t kept = 0;

	for (size_t at = 0; at + size <= b->n; at += size) {
		if (!keep(ctx, b->p + at))
			continue;
		memmove(b->p + kept, b->p + at, size);
		kept += size;
	}
	b->n = kept;
}

static bool is_other(void *ctx, const uint8_t *row)
{
	return ov_le32(row) != *(const uint32_t *)ctx;
}

bool ov_ycompiler_ignore(struct ov_ycompiler *c, uint32_t rule)
{
	const uint32_t flags = flags_of(c, rule);

	if ((flags & OV_YRULE_IGNORED) != 0)
		return false;
	ov_put_le32(row_of(c, rule) + YR_FLAGS,
		    (flags & ~OV_YRULE_GLOBAL) | OV_YRULE_PRIVATE | OV_YRULE_IGNORED);
	if ((flags & OV_YRULE_GLOBAL) != 0)
		keep_rows(&c->sect[YI_GLOBALS], 4, is_other, &rule);
	c->nignored++;
	return true;
}

bool ov_ycompiler_is_ignored(const struct ov_ycompiler *c, uint32_t rule)
{
	return (flags_of(c, rule) & OV_YRULE_IGNORED) != 0;
}

/* Which rules others name: their conditions' code tells. */
static void find_named(const struct ov_ycompiler *c, bool *is_named)
{
	for (uint32_t id = 0; id < ov_ycompiler_rules(c); id++) {
		const uint8_t *row = row_of(c, id);
		const uint8_t *code = c->sect[YI_CODE].p + ov_le32(row + YR_CODE);
		const uint32_t n = ov_le32(row + YR_CODE + 4);

		for (uint32_t pc = 0; pc < n; pc += 1 + ov_yop_operands(code[pc]))
			if (code[pc] == YO_RULE && ov_le32(code + pc + 1) <= id)
				is_named[id - ov_le32(code + pc + 1)] = true;
	}
}

struct sleepers {
	const struct ov_ycompiler *c;
	const bool *is_named;
};

static bool may_wake(void *ctx, const uint8_t *anchor)
{
	const struct sleepers *s = ctx;
	const uint32_t rule = ov_le32(anchor);

	return s->is_named[rule] || (flags_of(s->c, rule) & OV_YRULE_IGNORED) == 0;
}

ov_status ov_yc_settle_ignored(struct ov_ycompiler *c)
{
	bool *is_named;

	if (c->nignored == 0)
		return OV_OK;
	is_named = calloc((size_t)ov_ycompiler_rules(c) + 1, sizeof *is_named);
	if (is_named == NULL)
		return OV_NOMEM;
	find_named(c, is_named);
	for (uint32_t id = 0; id < ov_ycompiler_rules(c); id++)
		if (!is_named[id] && (flags_of(c, id) & OV_YRULE_IGNORED) != 0)
			ov_put_le32(row_of(c, id) + YR_FLAGS, flags_of(c, id) & ~OV_YRULE_ALWAYS);
	keep_rows(&c->sect[YI_ANCHORS], YI_ANCHOR, may_wake,
		  &(struct sleepers){ .c = c, .is_named = is_named });
	free(is_named);
	return OV_OK;
}
