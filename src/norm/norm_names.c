/* See norm_names.h. Two open hash tables: letters to names, and (scope, name) to numbers. */
#include "norm_names.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_LOG2 8u
#define SCOPES_ASKED 64 /* of the scopes around a name: a bound on the work for each         */
#define PROBES 64	/* of a table: who makes names collide has them left as they are, no more */

static uint32_t mix(uint32_t a, uint32_t b)
{
	uint32_t h = (a ^ b * 0x9e3779b1u) * 0x85ebca77u;

	return h ^ h >> 15;
}

static ov_status table_init(struct ov_names_table *t, uint32_t log2)
{
	t->slots = calloc((size_t)1 << log2, sizeof *t->slots);
	t->log2 = log2;
	t->used = 0;
	t->round = 1;
	return t->slots != NULL ? OV_OK : OV_NOMEM;
}

static void table_begin(struct ov_names_table *t)
{
	t->used = 0;
	if (++t->round == 0) { /* wrapped: old marks could be taken for new ones */
		memset(t->slots, 0, sizeof *t->slots << t->log2);
		t->round = 1;
	}
}

/* Doubles a table that is half full. A slot's place depends on `a` and `b` alone, see slot_of. */
static ov_status table_grow(struct ov_names_table *t)
{
	struct ov_names_table bigger;

	if (t->used < (1u << t->log2) / 2)
		return OV_OK;
	if (t->log2 >= 26)
		return OV_LIMIT;
	OV_TRY(table_init(&bigger, t->log2 + 1));
	for (size_t i = 0; i < (size_t)1 << t->log2; i++) {
		const struct ov_names_slot *s = &t->slots[i];
		uint32_t at = mix(s->a, s->b) & ((1u << bigger.log2) - 1);

		if (s->round != t->round)
			continue;
		while (bigger.slots[at].round == bigger.round)
			at = (at + 1) & ((1u << bigger.log2) - 1);
		bigger.slots[at] = *s;
		bigger.slots[at].round = bigger.round;
		bigger.used++;
	}
	free(t->slots);
	*t = bigger;
	return OV_OK;
}

ov_status ov_names_init(struct ov_names *n)
{
	*n = (struct ov_names){ .letters = ov_buf_of(UINT32_MAX),
				.names = ov_buf_of(UINT32_MAX),
				.parents = ov_buf_of(UINT32_MAX) };
	OV_TRY(table_init(&n->by_letters, FIRST_LOG2));
	return table_init(&n->declared, FIRST_LOG2);
}

void ov_names_free(struct ov_names *n)
{
	ov_buf_free(&n->letters);
	ov_buf_free(&n->names);
	ov_buf_free(&n->parents);
	free(n->by_letters.slots);
	free(n->declared.slots);
	n->by_letters.slots = n->declared.slots = NULL;
}

void ov_names_begin(struct ov_names *n)
{
	n->letters.n = n->names.n = n->parents.n = 0;
	n->nnames = n->nscopes = n->ndeclared = 0;
	table_begin(&n->by_letters);
	table_begin(&n->declared);
}

static uint32_t get_u32(const struct ov_buf *b, uint32_t i)
{
	uint32_t v;

	memcpy(&v, b->p + (size_t)i * sizeof v, sizeof v);
	return v;
}

static ov_status put_u32(struct ov_buf *b, uint32_t v)
{
	return ov_buf_put(b, &v, sizeof v);
}

static bool is_name(const struct ov_names *n, uint32_t name, const uint8_t *p, size_t len)
{
	return get_u32(&n->names, 2 * name + 1) == len &&
	       memcmp(n->letters.p + get_u32(&n->names, 2 * name), p, len) == 0;
}

/* Slots of by_letters: a is the hash of the letters, b 0, value the name. */
ov_status ov_names_intern(struct ov_names *n, const uint8_t *p, size_t len, uint32_t *name)
{
	struct ov_names_table *t = &n->by_letters;
	uint32_t hash = 2166136261u, at;

	OV_TRY(table_grow(t));
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ p[i]) * 16777619u; /* FNV-1a */
	at = mix(hash, 0) & ((1u << t->log2) - 1);
	for (int i = 0; t->slots[at].round == t->round; at = (at + 1) & ((1u << t->log2) - 1)) {
		if (i++ == PROBES) {
			*name = OV_NAMES_NONE;
			return OV_OK;
		}
		if (t->slots[at].a == hash && is_name(n, t->slots[at].value, p, len)) {
			*name = t->slots[at].value;
			return OV_OK;
		}
	}
	OV_TRY(put_u32(&n->names, (uint32_t)n->letters.n));
	OV_TRY(put_u32(&n->names, (uint32_t)len));
	OV_TRY(ov_buf_put(&n->letters, p, len));
	*name = n->nnames++;
	t->slots[at] = (struct ov_names_slot){ t->round, hash, 0, *name };
	t->used++;
	return OV_OK;
}

ov_status ov_names_scope(struct ov_names *n, uint32_t parent, uint32_t *scope)
{
	OV_TRY(put_u32(&n->parents, parent));
	*scope = n->nscopes++;
	return OV_OK;
}

static struct ov_names_slot *slot_of(const struct ov_names_table *t, uint32_t scope, uint32_t name)
{
	uint32_t at = mix(scope, name) & ((1u << t->log2) - 1);

	for (int i = 0; t->slots[at].round == t->round; at = (at + 1) & ((1u << t->log2) - 1))
		if ((t->slots[at].a == scope && t->slots[at].b == name) || i++ == PROBES)
			break;
	return &t->slots[at];
}

ov_status ov_names_declare(struct ov_names *n, uint32_t scope, uint32_t name)
{
	struct ov_names_table *t = &n->declared;
	struct ov_names_slot *s;

	OV_TRY(table_grow(t));
	s = slot_of(t, scope, name);
	if (s->round == t->round && (s->a != scope || s->b != name))
		return OV_OK; /* no room: it keeps its name */
	t->used += s->round != t->round;
	*s = (struct ov_names_slot){ t->round, scope, name, n->ndeclared++ };
	return OV_OK;
}

uint32_t ov_names_find(const struct ov_names *n, uint32_t scope, uint32_t name)
{
	for (int i = 0; i < SCOPES_ASKED && scope < n->nscopes; i++) {
		const struct ov_names_slot *s = slot_of(&n->declared, scope, name);

		if (s->round == n->declared.round && s->a == scope && s->b == name)
			return s->value;
		scope = get_u32(&n->parents, scope);
	}
	return OV_NAMES_NONE;
}
