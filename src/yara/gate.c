/*
 * A rule's gate: what must hold of a file's size and first bytes, whatever else its condition says.
 * Alternatives joined by `or`, each a range of sizes and masked bytes. A gate may be too wide,
 * never too narrow.
 */
#include "ycompile_int.h"

#include <stdlib.h>
#include <string.h>

struct gate {
	struct ov_yalt alt[YI_ALTS_MAX];
	uint32_t n;
	bool is_open; /* says nothing */
};

static void open_gate(struct gate *g)
{
	g->is_open = true;
	g->n = 0;
}

static void one_alternative(struct gate *g)
{
	g->is_open = false;
	g->n = 1;
	g->alt[0] = (struct ov_yalt){ .lo = 0, .hi = UINT64_MAX };
}

/* Both must hold. @return false: they can't. */
static bool meet(struct ov_yalt *a, const struct ov_yalt *b)
{
	if (b->lo > a->lo)
		a->lo = b->lo;
	if (b->hi < a->hi)
		a->hi = b->hi;
	if (a->lo > a->hi)
		return false;
	for (size_t i = 0; i < OV_YHEAD; i++) {
		if (((a->value[i] ^ b->value[i]) & a->mask[i] & b->mask[i]) != 0)
			return false;
		a->value[i] |= b->value[i];
		a->mask[i] |= b->mask[i];
	}
	return true;
}

static void both(struct gate *g, const struct gate *other)
{
	struct gate out = { .n = 0 };

	if (other->is_open)
		return;
	if (g->is_open) {
		*g = *other;
		return;
	}
	if (g->n * other->n > YI_ALTS_MAX) {
		if (other->n < g->n)
			*g = *other;
		return; /* one of the two is a gate as well, if a wider one */
	}
	for (uint32_t i = 0; i < g->n; i++)
		for (uint32_t k = 0; k < other->n; k++) {
			out.alt[out.n] = g->alt[i];
			if (meet(&out.alt[out.n], &other->alt[k]))
				out.n++;
		}
	*g = out;
}

static void either(struct gate *g, const struct gate *other)
{
	if (g->is_open)
		return;
	if (other->is_open || g->n + other->n > YI_ALTS_MAX) {
		open_gate(g);
		return;
	}
	memcpy(g->alt + g->n, other->alt, other->n * sizeof *other->alt);
	g->n += other->n;
}

static void walk(struct ov_ycompiler *c, const struct ov_yrule_ast *r, const struct ov_ynode *n,
		 struct gate *g);

static void kids(struct ov_ycompiler *c, const struct ov_yrule_ast *r, const struct ov_ynode *n,
		 bool is_and, struct gate *g)
{
	struct gate one;

	if (is_and)
		open_gate(g);
	else
		*g = (struct gate){ .n = 0 };
	for (uint32_t i = 0; i < n->nkids; i++) {
		walk(c, r, n->kids[i], &one);
		if (is_and)
			both(g, &one);
		else
			either(g, &one);
	}
}

/* filesize OP number. */
static void size_gate(enum ov_ynode_kind op, int64_t v, struct gate *g)
{
	const uint64_t u = (uint64_t)v;

	one_alternative(g);
	switch (op) {
	case YN_LT:
		g->alt[0].hi = u - 1;
		g->n = v > 0;
		break;
	case YN_LE:
		g->alt[0].hi = u;
		g->n = v >= 0;
		break;
	case YN_GT:
		g->alt[0].lo = v < 0 ? 0 : u + 1;
		break;
	case YN_GE:
		g->alt[0].lo = v < 0 ? 0 : u;
		break;
	case YN_EQ:
		g->alt[0].lo = g->alt[0].hi = u;
		g->n = v >= 0;
		break;
	default:
		open_gate(g);
		break;
	}
}

static enum ov_ynode_kind turned(enum ov_ynode_kind op)
{
	switch (op) {
	case YN_LT:
		return YN_GT;
	case YN_LE:
		return YN_GE;
	case YN_GT:
		return YN_LT;
	case YN_GE:
		return YN_LE;
	default:
		return op;
	}
}

/* uintNN(k) == number */
static void read_gate(const struct ov_ynode *read, int64_t want, struct gate *g)
{
	const unsigned width = (unsigned)read->i & 0xfu;
	const bool is_big = (read->i & OV_YREAD_BIG) != 0;
	const uint64_t v = (uint64_t)want;

	open_gate(g);
	if (!ov_yc_is_int(read->a) || read->a->i < 0 || read->a->i > OV_YHEAD - (int64_t)width ||
	    (read->i & OV_YREAD_SIGNED) != 0)
		return;
	one_alternative(g);
	if (want < 0 || (width < 8 && v >> (8 * width) != 0)) {
		g->n = 0; /* no such number can be read */
		return;
	}
	for (unsigned i = 0; i < width; i++) {
		const unsigned shift = 8 * (is_big ? width - 1 - i : i);

		g->alt[0].value[(size_t)read->a->i + i] = (uint8_t)(v >> shift);
		g->alt[0].mask[(size_t)read->a->i + i] = 0xff;
	}
}

/* A file that begins with `head`. */
static void head_gate(const char *head, struct gate *g)
{
	const size_t n = strnlen(head, OV_YHEAD);

	one_alternative(g);
	memcpy(g->alt[0].value, head, n);
	memset(g->alt[0].mask, 0xff, n);
}

/* The bytes that a file begins with for a field to be defined; NULL: not known. Structs that are
 * only names for others' places are passed through. */
static const char *field_head(const struct ov_ycompiler *c, const struct ov_ynode *n)
{
	if (n->field == NULL || ov_yfield_is_certain(n->field))
		return NULL;
	while (n->a->kind == YN_FIELD && n->a->field != NULL && ov_yfield_is_certain(n->a->field))
		n = n->a;
	return n->a->kind == YN_MODULE ? ov_ymodule_head(c->o.modules, (unsigned)n->a->i, n->field)
				       : NULL;
}

/* What must hold for a value to be defined: modules tell of one kind of file each. */
static void defined_gate(const struct ov_ycompiler *c, const struct ov_ynode *n, struct gate *g)
{
	const char *head;
	struct gate one;

	open_gate(g);
	switch (n->kind) {
	case YN_FIELD:
		head = field_head(c, n);
		if (head != NULL)
			head_gate(head, g);
		else
			defined_gate(c, n->a, g);
		return;
	case YN_NEG:
	case YN_BITNOT:
	case YN_READ:
	case YN_NOT:
		defined_gate(c, n->a, g);
		return;
	case YN_CALL:
		defined_gate(c, n->a, g);
		for (uint32_t i = 0; i < n->nkids; i++) {
			defined_gate(c, n->kids[i], &one);
			both(g, &one);
		}
		return;
	default:
		if (n->kind != YN_INDEX && (n->kind < YN_ADD || n->kind > YN_MATCHES))
			return;
		defined_gate(c, n->a, g);
		defined_gate(c, n->b, &one);
		both(g, &one);
		return;
	}
}

static void compare_gate(const struct ov_ynode *n, struct gate *g)
{
	const struct ov_ynode *a = n->a, *b = n->b;
	enum ov_ynode_kind op = n->kind;

	open_gate(g);
	if (ov_yc_is_int(a)) {
		a = n->b;
		b = n->a;
		op = turned(op);
	}
	if (!ov_yc_is_int(b))
		return;
	if (a->kind == YN_FILESIZE)
		size_gate(op, b->i, g);
	else if (a->kind == YN_READ && op == YN_EQ)
		read_gate(a, b->i, g);
}

/* $a at k, where $a is a plain text. */
static void place_gate(const struct ov_yrule_ast *r, const struct ov_ynode *n, struct gate *g)
{
	const struct ov_ystring_ast *s;
	size_t many;

	open_gate(g);
	if (!ov_yc_is_int(n->a) || n->a->i < 0 || n->a->i >= OV_YHEAD || n->str >= r->nstrings)
		return;
	s = &r->strings[n->str];
	if (s->ir.kind != OV_YSTR_TEXT ||
	    (s->ir.flags & ~(OV_YSTR_ASCII | OV_YSTR_FULLWORD | OV_YSTR_STRICT)) != 0)
		return;
	one_alternative(g);
	many = s->ir.body.n;
	if (many > OV_YHEAD - (size_t)n->a->i)
		many = OV_YHEAD - (size_t)n->a->i;
	memcpy(g->alt[0].value + n->a->i, s->ir.body.p, many);
	memset(g->alt[0].mask + n->a->i, 0xff, many);
}

static void gate_at(const struct ov_ycompiler *c, uint32_t id, struct gate *g)
{
	const uint8_t *row;

	open_gate(g);
	if (id == UINT32_MAX)
		return;
	row = c->sect[YI_GATES].p + 8 * (size_t)id;
	g->is_open = false;
	g->n = ov_le32(row + 4);
	memcpy(g->alt, c->sect[YI_ALTS].p + (size_t)ov_le32(row) * YI_ALT, g->n * sizeof *g->alt);
}

static void walk(struct ov_ycompiler *c, const struct ov_yrule_ast *r, const struct ov_ynode *n,
		 struct gate *g)
{
	struct gate one;

	open_gate(g);
	switch (n->kind) {
	case YN_AND:
		kids(c, r, n, true, g);
		return;
	case YN_OR:
		kids(c, r, n, false, g);
		return;
	case YN_OF:
		if (n->nkids > 0 && (n->quant == OV_YQ_ALL || n->quant == OV_YQ_ANY))
			kids(c, r, n, n->quant == OV_YQ_ALL, g);
		return;
	case YN_WITH:
		walk(c, r, n->body, g);
		return;
	case YN_BOOL:
		if (n->i == 0)
			*g = (struct gate){ .n = 0 };
		return;
	case YN_RULE:
		gate_at(c, yc_rows(c->rules, struct yc_rule)[n->i].gate, g);
		return;
	case YN_AT:
		place_gate(r, n, g);
		return;
	case YN_EQ:
	case YN_LT:
	case YN_LE:
	case YN_GT:
	case YN_GE:
		compare_gate(n, &one);
		defined_gate(c, n, g);
		both(g, &one);
		return;
	case YN_DEFINED:
		defined_gate(c, n->a, g);
		return;
	default:
		defined_gate(c, n, g);
		return;
	}
}

/* The class that all files are of which an alternative lets in. */
static enum ov_yclass class_of_one(const struct ov_yalt *a)
{
	static const uint8_t all[4] = { 0xff, 0xff, 0xff, 0xff };

	if (memcmp(a->mask, all, 2) == 0 && memcmp(a->value, "MZ", 2) == 0)
		return OV_YCLASS_MZ;
	if (memcmp(a->mask, all, 4) == 0 && memcmp(a->value,
						   "\x7f"
						   "ELF",
						   4) == 0)
		return OV_YCLASS_ELF;
	return OV_YCLASS_OTHER;
}

static enum ov_yclass class_of(const struct gate *g)
{
	enum ov_yclass all = OV_YCLASS_OTHER;

	for (uint32_t i = 0; i < g->n; i++) {
		const enum ov_yclass one = class_of_one(&g->alt[i]);

		if (one == OV_YCLASS_OTHER || (i > 0 && one != all))
			return OV_YCLASS_OTHER;
		all = one;
	}
	return all;
}

/* Whether an alternative can let in a file that begins with `head`. */
static bool lets_in(const struct ov_yalt *a, const char *head)
{
	for (size_t i = 0; head[i] != '\0'; i++)
		if (((a->value[i] ^ (uint8_t)head[i]) & a->mask[i]) != 0)
			return false;
	return true;
}

bool ov_yc_gate_lets_in(const struct ov_ycompiler *c, uint32_t id, enum ov_yclass class)
{
	const uint8_t *row;

	if (id == UINT32_MAX)
		return true; /* there may be no gate at all */
	row = c->sect[YI_GATES].p + 8 * (size_t)id;
	for (uint32_t i = 0; i < ov_le32(row + 4); i++) {
		struct ov_yalt a;

		memcpy(&a, c->sect[YI_ALTS].p + ((size_t)ov_le32(row) + i) * YI_ALT, sizeof a);
		if (class == OV_YCLASS_OTHER ? class_of_one(&a) == OV_YCLASS_OTHER
					     : lets_in(&a, class == OV_YCLASS_MZ ? "MZ"
										 : "\x7f"
										   "ELF"))
			return true;
	}
	return false;
}

static uint32_t hash(const struct ov_yalt *alts, uint32_t n)
{
	const uint8_t *p = (const uint8_t *)(const void *)alts;
	uint64_t h = n;

	for (size_t i = 0; i < n * sizeof *alts; i++)
		h = (h ^ p[i]) * 0x100000001b3u;
	return (uint32_t)(h >> 24);
}

static bool same_gate(const struct ov_ycompiler *c, uint32_t id, const struct ov_yalt *alts,
		      uint32_t n)
{
	const uint8_t *row = c->sect[YI_GATES].p + 8 * (size_t)id;

	return ov_le32(row + 4) == n &&
	       (n == 0 || memcmp(c->sect[YI_ALTS].p + (size_t)ov_le32(row) * YI_ALT, alts,
				 n * sizeof *alts) == 0);
}

#define GATE_TABLE 65536u

ov_status ov_yc_gate_rows(struct ov_ycompiler *c, const struct ov_yalt *alts, uint32_t n,
			  uint32_t *gate)
{
	uint8_t row[8];
	uint32_t h = hash(alts, n), tries = 0;

	_Static_assert(sizeof(struct ov_yalt) == YI_ALT, "an alternative is written as it lies");
	if (c->gates == NULL) {
		c->gates = calloc(GATE_TABLE, sizeof *c->gates);
		if (c->gates == NULL)
			return OV_NOMEM;
	}
	for (; c->gates[h % GATE_TABLE] != 0 && tries < 64; h++, tries++)
		if (same_gate(c, c->gates[h % GATE_TABLE] - 1, alts, n)) {
			*gate = c->gates[h % GATE_TABLE] - 1;
			return OV_OK;
		}
	*gate = (uint32_t)(c->sect[YI_GATES].n / 8);
	if (c->gates[h % GATE_TABLE] == 0)
		c->gates[h % GATE_TABLE] = *gate + 1;
	ov_put_le32(row, (uint32_t)(c->sect[YI_ALTS].n / YI_ALT));
	ov_put_le32(row + 4, n);
	OV_TRY(ov_buf_put(&c->sect[YI_GATES], row, sizeof row));
	return ov_buf_put(&c->sect[YI_ALTS], alts, n * sizeof *alts);
}

/* An alternative that any file may fit says nothing. */
static bool asks_for_head(const struct gate *g)
{
	static const uint8_t none[OV_YHEAD] = { 0 };

	for (uint32_t i = 0; i < g->n; i++)
		if (memcmp(g->alt[i].mask, none, sizeof none) == 0)
			return false;
	return !g->is_open;
}

ov_status ov_yc_head(struct ov_ycompiler *c, const struct ov_yrule_ast *r, const struct ov_ynode *n,
		     uint32_t *gate)
{
	struct gate g;

	*gate = UINT32_MAX;
	open_gate(&g);
	if (n->kind == YN_AT)
		place_gate(r, n, &g);
	else if (n->kind == YN_EQ)
		compare_gate(n, &g);
	else if (n->kind == YN_FIELD)
		defined_gate(c, n, &g);
	return asks_for_head(&g) ? ov_yc_gate_rows(c, g.alt, g.n, gate) : OV_OK;
}

ov_status ov_yc_gate_any(struct ov_ycompiler *c, const uint32_t *gates, uint32_t n, uint32_t *out)
{
	struct gate all = { .n = 0 }, one;

	for (uint32_t i = 0; i < n; i++) {
		gate_at(c, gates[i], &one);
		either(&all, &one);
	}
	*out = UINT32_MAX;
	return all.is_open ? OV_OK : ov_yc_gate_rows(c, all.alt, all.n, out);
}

ov_status ov_yc_gate(struct ov_ycompiler *c, const struct ov_yrule_ast *r, uint32_t *gate,
		     enum ov_yclass *class)
{
	struct gate g;

	walk(c, r, r->condition, &g);
	*gate = UINT32_MAX;
	*class = OV_YCLASS_OTHER;
	if (g.is_open)
		return OV_OK;
	*class = class_of(&g);
	return ov_yc_gate_rows(c, g.alt, g.n, gate);
}
