/* Reading an image of rules: rows to structures, each number held against its table. */
#include "yimage_int.h"

#include <string.h>

static const uint8_t *row(const struct ov_yimage *y, enum ov_ysection s, uint64_t i, size_t size)
{
	return i < y->at[s].len / size ? y->at[s].base + i * size : NULL;
}

static struct ov_cur part(const struct ov_cur *heap, const uint8_t *at)
{
	const uint64_t from = ov_le32(at), n = ov_le32(at + 4);

	if (n == 0 || from > heap->len || n > heap->len - from)
		return ov_cur_of(NULL, 0);
	return ov_cur_of(heap->base + from, (size_t)n);
}

static struct ov_str text(const struct ov_yimage *y, const uint8_t *at)
{
	const struct ov_cur c = part(&y->at[YI_TEXTS], at);

	return (struct ov_str){ .p = (const char *)c.base, .n = c.len };
}

void ov_yimage_rule(const struct ov_yimage *y, uint32_t id, struct ov_yrule *out)
{
	const uint8_t *r = row(y, YI_RULES, id, YI_RULE), *ns;

	*out = (struct ov_yrule){ .id = id, .gate = UINT32_MAX, .wake = UINT32_MAX };
	if (r == NULL)
		return;
	out->name = text(y, r + YR_NAME);
	out->text = text(y, r + YR_TEXT);
	out->nsid = ov_le32(r + YR_NS);
	ns = row(y, YI_NAMESPACES, out->nsid, 8);
	if (ns != NULL)
		out->ns = text(y, ns);
	out->source = ov_le32(r + YR_SOURCE);
	out->line = ov_le32(r + YR_LINE);
	out->flags = ov_le32(r + YR_FLAGS);
	out->first_string = ov_le32(r + YR_STRINGS);
	out->nstrings = ov_le32(r + YR_STRINGS + 4);
	out->first_const = ov_le32(r + YR_CONSTS);
	out->nconsts = ov_le32(r + YR_CONSTS + 4);
	out->first_tag = ov_le32(r + YR_TAGS);
	out->ntags = ov_le32(r + YR_TAGS + 4);
	out->first_meta = ov_le32(r + YR_METAS);
	out->nmetas = ov_le32(r + YR_METAS + 4);
	out->first_scout = ov_le32(r + YR_SCOUTS);
	out->nscouts = ov_le32(r + YR_SCOUTS + 4);
	out->gate = ov_le32(r + YR_GATE);
	out->wake = ov_le32(r + YR_WAKE);
	out->nslots = ov_le32(r + YR_SLOTS);
	out->nloops = ov_le32(r + YR_LOOPS);
	out->stack = ov_le32(r + YR_STACK);
	out->class = (enum ov_yclass)(ov_le32(r + YR_CLASS) % OV_YCLASSES);
	out->code = part(&y->at[YI_CODE], r + YR_CODE);
}

struct ov_ydoor ov_yimage_door(const struct ov_yimage *y, uint32_t id)
{
	const uint8_t *r = row(y, YI_RULES, id, YI_RULE);

	if (r == NULL)
		return (struct ov_ydoor){ .gate = UINT32_MAX, .wake = UINT32_MAX };
	return (struct ov_ydoor){ .flags = ov_le32(r + YR_FLAGS),
				  .gate = ov_le32(r + YR_GATE),
				  .wake = ov_le32(r + YR_WAKE),
				  .first_scout = ov_le32(r + YR_SCOUTS),
				  .nscouts = ov_le32(r + YR_SCOUTS + 4) };
}

struct ov_str ov_yimage_namespace(const struct ov_yimage *y, uint32_t id)
{
	const uint8_t *r = row(y, YI_NAMESPACES, id, 8);

	return r != NULL ? text(y, r) : (struct ov_str){ 0 };
}

void ov_yimage_string(const struct ov_yimage *y, uint32_t id, struct ov_ystring *out)
{
	const uint8_t *r = row(y, YI_STRINGS, id, YI_STRING);

	*out = (struct ov_ystring){ 0 };
	if (r == NULL)
		return;
	out->name = text(y, r);
	out->code = part(&y->at[YI_BLOCKS], r + 8);
	out->flags = ov_le32(r + 16);
	out->fixed = ov_le64(r + 24);
}

struct ov_ystring_facts ov_yimage_string_facts(const struct ov_yimage *y, uint32_t id)
{
	const uint8_t *r = row(y, YI_STRINGS, id, YI_STRING);

	if (r == NULL)
		return (struct ov_ystring_facts){ 0 };
	return (struct ov_ystring_facts){ .flags = ov_le32(r + 16), .min_len = ov_le32(r + 20) };
}

void ov_yimage_const(const struct ov_yimage *y, uint32_t id, struct ov_yconst *out)
{
	const uint8_t *r = row(y, YI_CONSTS, id, YI_CONST);

	*out = (struct ov_yconst){ 0 };
	if (r == NULL)
		return;
	switch (ov_le32(r)) {
	case OV_YC_TEXT:
		out->text = text(y, r + 4);
		break;
	case OV_YC_REGEX:
		out->regex = part(&y->at[YI_BLOCKS], r + 4);
		break;
	case OV_YC_EXTERNAL:
		out->external = ov_le32(r + 4);
		break;
	case OV_YC_SET: {
		const uint64_t first = ov_le32(r + 4), n = ov_le32(r + 8);

		if (first > y->at[YI_SETS].len / 4 || n > y->at[YI_SETS].len / 4 - first)
			return;
		out->set = n > 0 ? ov_cur_of(y->at[YI_SETS].base + 4 * first, (size_t)(4 * n))
				 : ov_cur_of(NULL, 0);
		break;
	}
	default:
		return;
	}
	out->kind = (enum ov_yconst_kind)ov_le32(r);
}

void ov_yimage_anchor(const struct ov_yimage *y, uint32_t token, struct ov_yanchor *out)
{
	const uint8_t *r = row(y, YI_ANCHORS, token, YI_ANCHOR);

	*out = (struct ov_yanchor){ .rule = UINT32_MAX };
	if (r != NULL)
		*out = (struct ov_yanchor){ .rule = ov_le32(r),
					    .string = ov_le32(r + 4),
					    .atom = ov_le32(r + 8) };
}

static uint32_t listed(const struct ov_yimage *y, enum ov_ysection s, uint32_t i)
{
	const uint8_t *r = row(y, s, i, 4);

	return r != NULL ? ov_le32(r) : UINT32_MAX;
}

uint32_t ov_yimage_always_count(const struct ov_yimage *y, enum ov_yclass c)
{
	return (uint32_t)(y->at[YI_ALWAYS + (int)c].len / 4);
}

uint32_t ov_yimage_always(const struct ov_yimage *y, enum ov_yclass c, uint32_t i)
{
	return listed(y, (enum ov_ysection)(YI_ALWAYS + (int)c), i);
}

uint32_t ov_yimage_imports_count(const struct ov_yimage *y)
{
	return (uint32_t)(y->at[YI_IMPORTS].len / 8);
}

struct ov_str ov_yimage_import(const struct ov_yimage *y, uint32_t i)
{
	const uint8_t *r = row(y, YI_IMPORTS, i, 8);

	return r != NULL ? text(y, r) : (struct ov_str){ 0 };
}

uint32_t ov_yimage_globals_count(const struct ov_yimage *y)
{
	return (uint32_t)(y->at[YI_GLOBALS].len / 4);
}

uint32_t ov_yimage_global(const struct ov_yimage *y, uint32_t i)
{
	return listed(y, YI_GLOBALS, i);
}

uint32_t ov_yimage_scout(const struct ov_yimage *y, uint32_t i)
{
	return listed(y, YI_SCOUTS, i);
}

static void value_of(const struct ov_yimage *y, const uint8_t *r, struct ov_yval *out)
{
	const uint64_t raw = ov_le64(r + 8);

	*out = (struct ov_yval){ .kind = OV_Y_UNDEFINED };
	switch (ov_le32(r)) {
	case OV_Y_INT:
	case OV_Y_BOOL:
		out->i = (int64_t)raw;
		break;
	case OV_Y_FLOAT:
		memcpy(&out->f, &raw, sizeof out->f);
		break;
	case OV_Y_STRING:
		out->s = text(y, r + 8);
		break;
	default:
		return;
	}
	out->kind = (enum ov_ykind)ov_le32(r);
}

void ov_yimage_meta(const struct ov_yimage *y, uint32_t id, struct ov_ymeta *out)
{
	const uint8_t *r = row(y, YI_METAS, id, YI_META);

	*out = (struct ov_ymeta){ 0 };
	if (r == NULL)
		return;
	out->name = text(y, r);
	value_of(y, r + 8, &out->value);
}

struct ov_str ov_yimage_tag(const struct ov_yimage *y, uint32_t id)
{
	const uint8_t *r = row(y, YI_TAGS, id, 8);

	return r != NULL ? text(y, r) : (struct ov_str){ 0 };
}

void ov_yimage_external(const struct ov_yimage *y, uint32_t id, struct ov_str *name,
			struct ov_yval *value)
{
	const uint8_t *r = row(y, YI_EXTERNALS, id, YI_META);

	*name = (struct ov_str){ 0 };
	*value = (struct ov_yval){ .kind = OV_Y_UNDEFINED };
	if (r == NULL)
		return;
	*name = text(y, r);
	value_of(y, r + 8, value);
}

enum ov_yclass ov_yclass_of(const uint8_t *head, size_t n)
{
	if (n >= 2 && head[0] == 'M' && head[1] == 'Z')
		return OV_YCLASS_MZ;
	if (n >= 4 && memcmp(head,
			     "\x7f"
			     "ELF",
			     4) == 0)
		return OV_YCLASS_ELF;
	return OV_YCLASS_OTHER;
}

static bool alternative(const uint8_t *a, uint64_t size, const uint8_t *head, size_t n)
{
	if (size < ov_le64(a) || size > ov_le64(a + 8))
		return false;
	for (size_t i = 0; i < OV_YHEAD; i++) {
		const uint8_t want = a[16 + i], mask = a[16 + OV_YHEAD + i];

		if (mask != 0 && (i >= n || (head[i] & mask) != want))
			return false;
	}
	return true;
}

bool ov_yimage_gate(const struct ov_yimage *y, uint32_t gate, uint64_t size, const uint8_t *head,
		    size_t n)
{
	const uint8_t *g = row(y, YI_GATES, gate, 8);
	uint32_t count;

	if (g == NULL)
		return true;
	count = ov_le32(g + 4);
	for (uint32_t i = 0; i < count && i < YI_ALTS_MAX; i++) {
		const uint8_t *a = row(y, YI_ALTS, (uint64_t)ov_le32(g) + i, YI_ALT);

		if (a == NULL || alternative(a, size, head, n))
			return true;
	}
	return false;
}

bool ov_yimage_alternatives(const struct ov_yimage *y, uint32_t gate,
			    struct ov_yalt out[YI_ALTS_MAX], uint32_t *n)
{
	const uint8_t *g = row(y, YI_GATES, gate, 8);

	if (g == NULL || ov_le32(g + 4) > YI_ALTS_MAX)
		return false;
	*n = ov_le32(g + 4);
	for (uint32_t i = 0; i < *n; i++) {
		const uint8_t *a = row(y, YI_ALTS, (uint64_t)ov_le32(g) + i, YI_ALT);

		if (a == NULL)
			return false;
		memcpy(&out[i], a, sizeof out[i]);
	}
	return true;
}

/* ---- verifying ---- */

static bool is_multiple(const struct ov_yimage *y)
{
	static const struct {
		enum ov_ysection s;
		size_t size;
	} tables[] = { { YI_NAMESPACES, 8 },
		       { YI_RULES, YI_RULE },
		       { YI_STRINGS, YI_STRING },
		       { YI_CONSTS, YI_CONST },
		       { YI_SETS, 4 },
		       { YI_TAGS, 8 },
		       { YI_METAS, YI_META },
		       { YI_EXTERNALS, YI_META },
		       { YI_GATES, 8 },
		       { YI_ALTS, YI_ALT },
		       { YI_ANCHORS, YI_ANCHOR },
		       { YI_GLOBALS, 4 },
		       { YI_SCOUTS, 4 },
		       { YI_IMPORTS, 8 } };

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		if (y->at[tables[i].s].len % tables[i].size != 0 ||
		    y->at[tables[i].s].len / tables[i].size > UINT32_MAX)
			return false;
	for (int c = 0; c < OV_YCLASSES; c++)
		if (y->at[YI_ALWAYS + c].len % 4 != 0)
			return false;
	return true;
}

ov_status ov_yimage_open(struct ov_cur bytes, struct ov_yimage *out)
{
	struct ov_yimage y = { 0 };

	if (bytes.len < YI_DIR_AT + 8 * YI_SECTIONS)
		return OV_SHORT;
	if (ov_le32(bytes.base) != YI_MAGIC || ov_le32(bytes.base + 12) != bytes.len)
		return OV_BAD;
	if (ov_le32(bytes.base + 4) != YI_VERSION || ov_le32(bytes.base + 8) != YI_SECTIONS)
		return OV_UNSUPPORTED;
	for (int i = 0; i < YI_SECTIONS; i++) {
		const uint8_t *d = bytes.base + YI_DIR_AT + 8 * (size_t)i;

		if (ov_le32(d) % YI_ALIGN != 0)
			return OV_BAD;
		if (ov_cur_sub(&bytes, ov_le32(d), ov_le32(d + 4), &y.at[i]) != OV_OK)
			return OV_BAD;
	}
	if (!is_multiple(&y))
		return OV_BAD;
	for (int c = 0; c < OV_YCLASSES; c++)
		if (y.at[YI_GRAM + c].len > 0)
			OV_TRY(ov_gram_open(y.at[YI_GRAM + c], &y.gram[c]));
	y.nnamespaces = (uint32_t)(y.at[YI_NAMESPACES].len / 8);
	y.nrules = (uint32_t)(y.at[YI_RULES].len / YI_RULE);
	y.nstrings = (uint32_t)(y.at[YI_STRINGS].len / YI_STRING);
	y.nanchors = (uint32_t)(y.at[YI_ANCHORS].len / YI_ANCHOR);
	y.nexternals = (uint32_t)(y.at[YI_EXTERNALS].len / YI_META);
	y.ngates = (uint32_t)(y.at[YI_GATES].len / 8);
	*out = y;
	return OV_OK;
}

struct rule_consts {
	const struct ov_yimage *y;
	uint32_t first;
};

static uint32_t const_kind(void *ctx, uint32_t i)
{
	const struct rule_consts *r = ctx;
	struct ov_yconst c;

	ov_yimage_const(r->y, r->first + i, &c);
	return (uint32_t)c.kind;
}

static bool in(uint32_t first, uint32_t n, uint64_t total)
{
	return first <= total && n <= total - first;
}

static bool is_good_set(const struct ov_yconst *c, uint32_t nstrings)
{
	for (size_t k = 0; k + 4 <= c->set.len; k += 4)
		if (ov_le32(c->set.base + k) >= nstrings)
			return false;
	return true;
}

static ov_status check_scouts(const struct ov_yimage *y, const struct ov_yrule *r)
{
	if (!in(r->first_scout, r->nscouts, y->at[YI_SCOUTS].len / 4))
		return OV_BAD;
	for (uint32_t i = 0; i < r->nscouts; i++) {
		struct ov_ystring s;

		if (ov_yimage_scout(y, r->first_scout + i) >= y->nstrings)
			return OV_BAD;
		ov_yimage_string(y, ov_yimage_scout(y, r->first_scout + i), &s);
		OV_TRY(ov_ystr_check(s.code));
	}
	return OV_OK;
}

static ov_status check_consts(const struct ov_yimage *y, const struct ov_yrule *r)
{
	for (uint32_t i = 0; i < r->nconsts; i++) {
		struct ov_yconst c;

		ov_yimage_const(y, r->first_const + i, &c);
		if (c.kind == OV_YC_NONE ||
		    (c.kind == OV_YC_EXTERNAL && c.external >= y->nexternals) ||
		    (c.kind == OV_YC_SET && !is_good_set(&c, r->nstrings)))
			return OV_BAD;
		if (c.kind == OV_YC_REGEX)
			OV_TRY(ov_re_check(c.regex));
	}
	return OV_OK;
}

ov_status ov_yimage_check_rule(const struct ov_yimage *y, uint32_t id)
{
	struct ov_ycode_limits l;
	struct rule_consts consts;
	struct ov_yrule r;
	uint32_t unit, stack = 0;

	if (id >= y->nrules)
		return OV_BAD;
	ov_yimage_rule(y, id, &r);
	unit = ov_le32(row(y, YI_RULES, id, YI_RULE) + YR_UNIT);
	if (unit > id || r.nsid >= y->nnamespaces || !in(r.first_string, r.nstrings, y->nstrings) ||
	    !in(r.first_const, r.nconsts, y->at[YI_CONSTS].len / YI_CONST) ||
	    !in(r.first_tag, r.ntags, y->at[YI_TAGS].len / 8) ||
	    !in(r.first_meta, r.nmetas, y->at[YI_METAS].len / YI_META) ||
	    (r.gate != UINT32_MAX && r.gate >= y->ngates) ||
	    (r.wake != UINT32_MAX && r.wake >= y->ngates))
		return OV_BAD;
	for (uint32_t i = 0; i < r.nstrings; i++) {
		struct ov_ystring s;

		ov_yimage_string(y, r.first_string + i, &s);
		OV_TRY(ov_ystr_check(s.code));
	}
	OV_TRY(check_consts(y, &r));
	OV_TRY(check_scouts(y, &r));
	consts = (struct rule_consts){ .y = y, .first = r.first_const };
	l = (struct ov_ycode_limits){ .nstrings = r.nstrings,
				      .nconsts = r.nconsts,
				      .nslots = r.nslots,
				      .nloops = r.nloops,
				      .back = id - unit,
				      .const_kind = const_kind,
				      .ctx = &consts };
	OV_TRY(ov_ycode_verify(r.code, &l, &stack));
	return stack <= r.stack ? OV_OK : OV_BAD;
}
