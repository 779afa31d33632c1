/* The slow reference. Recursion is fine here: trees are made by ref_pattern(), at most three deep.
 */
#include "reference.h"

#include <string.h>

struct places { /* a set of text positions */
	bool at[REF_TEXT + 1];
};

struct text {
	const uint8_t *p;
	size_t n;
};

unsigned ref_roll(struct ref_dice *d, unsigned sides)
{
	if (d->n == 0)
		return 0;
	d->n--;
	return *d->p++ % sides;
}

static bool alnum(uint8_t b)
{
	return (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
}

static bool fits(const struct ov_pn *n, const struct text *t, size_t at)
{
	if (n->n > t->n - at)
		return false;
	for (size_t i = 0; i < n->n; i++)
		if ((t->p[at + i] & n->mask[i]) != n->value[i])
			return false;
	return true;
}

static bool border_byte(enum ov_assert a, bool after, uint8_t b)
{
	if (a == OV_AT_LINE)
		return b == '\n';
	if (a == OV_AT_WORD_B)
		return b != 0 && strchr(after ? "\n\r \"'-/=>_" : " -./<@_", b) != NULL;
	return !alnum(b);
}

static bool border(enum ov_assert a, bool after, const struct text *t, size_t at)
{
	if (a == OV_AT_FULLWORD_W) {
		if (after)
			return !(at < t->n && alnum(t->p[at]) &&
				 (at + 1 >= t->n || t->p[at + 1] == 0));
		return !(at >= 2 && alnum(t->p[at - 2]) && t->p[at - 1] == 0);
	}
	if (after ? at >= t->n : at == 0)
		return true;
	if (after && a == OV_AT_LINE && t->p[at] == '\r')
		return at + 1 < t->n && t->p[at + 1] == '\n';
	return border_byte(a, after, t->p[after ? at : at - 1]);
}

static void follow(const struct ov_pn *n, const struct ov_pn *end, bool is_top,
		   const struct text *t, struct places *s);

static void follow_alt(const struct ov_pn *n, const struct text *t, struct places *s)
{
	struct places out = { 0 };

	if (n->negate) {
		const size_t len = n->alts[0]->kind == OV_PN_SET ? 1 : n->alts[0]->n;

		for (size_t i = 0; i + len <= t->n; i++) {
			bool any = false;

			for (size_t k = 0; k < n->nalts; k++)
				any |= fits(n->alts[k], t, i);
			out.at[i + len] = s->at[i] && !any;
		}
		*s = out;
		return;
	}
	for (size_t k = 0; k < n->nalts; k++) {
		struct places one = *s;

		follow(n->alts[k], NULL, false, t, &one);
		for (size_t i = 0; i <= t->n; i++)
			out.at[i] |= one.at[i];
	}
	*s = out;
}

static void follow_assert(const struct ov_pn *n, bool is_first, bool is_last, const struct text *t,
			  struct places *s)
{
	struct places out = { 0 };

	for (size_t i = 0; i <= t->n; i++) {
		if (is_first || is_last)
			out.at[i] = s->at[i] && border(n->assertion, !is_first, t, i);
		else if (i > 0 && s->at[i - 1])
			out.at[i] = border_byte(n->assertion, false, t->p[i - 1]) ||
				    border_byte(n->assertion, true, t->p[i - 1]);
	}
	*s = out;
}

static void follow_one(const struct ov_pn *n, const struct text *t, struct places *s)
{
	struct places out = { 0 };

	for (size_t i = 0; i <= t->n; i++) {
		if (!s->at[i])
			continue;
		if (n->kind == OV_PN_BYTES && fits(n, t, i))
			out.at[i + n->n] = true;
		if (n->kind == OV_PN_SET && i < t->n &&
		    (n->set[t->p[i] / 8] >> t->p[i] % 8 & 1) != 0)
			out.at[i + 1] = true;
		for (uint64_t k = n->min; n->kind == OV_PN_JUMP && k <= n->max && k <= t->n - i;
		     k++)
			out.at[i + k] = true;
	}
	*s = out;
}

/* From a set of positions to the set behind nodes n .. end. */
static void follow(const struct ov_pn *n, const struct ov_pn *end, bool is_top,
		   const struct text *t, struct places *s)
{
	const struct ov_pn *body = n;

	while (body != end && body->kind == OV_PN_ASSERT)
		body = body->next;
	for (bool first = is_top; n != end; n = n->next) {
		bool last = is_top;

		for (const struct ov_pn *k = n; k != end; k = k->next)
			last &= k->kind == OV_PN_ASSERT;
		first &= n != body && n->kind == OV_PN_ASSERT;
		if (n->kind == OV_PN_ALT)
			follow_alt(n, t, s);
		else if (n->kind == OV_PN_ASSERT)
			follow_assert(n, first, last, t, s);
		else
			follow_one(n, t, s);
	}
}

/* The whole variant from one start: all its ends. */
static struct places ends_of(const struct ov_pn *v, const struct text *t, size_t start)
{
	struct places s = { 0 };

	s.at[start] = true;
	follow(v, NULL, true, t, &s);
	return s;
}

bool ref_matches(const struct ov_pat_ir *ir, const uint8_t *text, size_t n, uint64_t start,
		 uint64_t len)
{
	const struct text t = { text, n };

	for (size_t i = 0; i < ir->nvariants; i++)
		if (start <= n && len <= n - start &&
		    ends_of(ir->variants[i], &t, start).at[start + len])
			return true;
	return false;
}

bool ref_shortest(const struct ov_pat_ir *ir, const uint8_t *text, size_t n, uint64_t start,
		  uint64_t *len)
{
	const struct text t = { text, n };
	bool found = false;

	for (size_t i = 0; i < ir->nvariants; i++) {
		const struct places s = ends_of(ir->variants[i], &t, start);

		for (size_t e = start; e <= n; e++) {
			if (s.at[e] && (!found || e - start < *len)) {
				*len = e - start;
				found = true;
			}
		}
	}
	return found;
}

static bool allowed(const struct ov_range *r, size_t n, uint64_t at)
{
	for (size_t i = 0; i < n; i++)
		if (at >= r[i].lo && at <= r[i].hi)
			return true;
	return n == 0;
}

/* ClamAV's cuts: ranges, but for [n-m] before a single byte; {n} from 128 on. The generator sets no
 * two jumps in a row. */
static bool is_cut(const struct ov_pn *n)
{
	const struct ov_pn *k = n->next;

	if (n->kind != OV_PN_JUMP)
		return false;
	if (n->min == n->max)
		return n->min >= 128;
	while (k != NULL && k->kind == OV_PN_ASSERT)
		k = k->next;
	if (n->max > 32 || k == NULL)
		return true;
	if (!(k->kind == OV_PN_SET || (k->kind == OV_PN_BYTES && k->n == 1)))
		return true;
	for (k = k->next; k != NULL && k->kind == OV_PN_ASSERT;)
		k = k->next;
	return !(k == NULL || k->kind == OV_PN_JUMP);
}

/* Marks where last parts of complete chains start. */
static void last_parts(const struct ov_pn *v, const struct text *t, const struct ov_range *r,
		       size_t nr, struct places *lasts)
{
	struct places may = { 0 }; /* where the present part may start */

	for (size_t i = 0; i <= t->n; i++)
		may.at[i] = allowed(r, nr, i);
	for (;;) {
		const struct ov_pn *end = v;
		struct places next = { 0 };

		while (end != NULL && !is_cut(end))
			end = end->next;
		for (size_t i = 0; i <= t->n; i++) {
			struct places s = { 0 };

			if (!may.at[i])
				continue;
			s.at[i] = true;
			follow(v, end, true, t, &s);
			for (size_t e = 0; e <= t->n; e++) {
				if (!s.at[e])
					continue;
				if (end == NULL)
					lasts->at[i] = true;
				for (uint64_t g = end == NULL ? 1 : end->min;
				     end != NULL && g <= end->max && g <= t->n - e; g++)
					next.at[e + g] = true;
			}
		}
		if (end == NULL)
			return;
		may = next;
		v = end->next;
	}
}

void ref_find(const struct ov_pat_ir *ir, const uint8_t *text, size_t n,
	      const struct ov_range *ranges, size_t nranges, struct ref_found *out)
{
	const struct text t = { text, n };
	struct places lasts = { 0 };

	*out = (struct ref_found){ 0 };
	if (ir->count_mode == OV_COUNT_CLAMAV) {
		for (size_t i = 0; i < ir->nvariants; i++)
			last_parts(ir->variants[i], &t, ranges, nranges, &lasts);
		for (size_t i = 0; i <= n; i++)
			out->count += lasts.at[i];
		return;
	}
	for (size_t i = 0; i <= n; i++) {
		uint64_t len;

		if (!allowed(ranges, nranges, i) || !ref_shortest(ir, text, n, i, &len))
			continue;
		if (out->count++ == 0) {
			out->first = i;
			out->first_len = len;
		}
	}
}

static const uint8_t letters[] = { 'a', 'b', 'a', 'b', 'A', 0, ' ', '\n', 'c', '\r', '5', 0xff };

static struct ov_pn *new_node(struct ov_arena *a, enum ov_pn_kind kind)
{
	struct ov_pn *n;

	if (ov_arena_new(a, &n) != OV_OK)
		return NULL;
	n->kind = kind;
	return n;
}

static struct ov_pn *random_bytes(struct ref_dice *d, struct ov_arena *a, size_t len)
{
	struct ov_pn *n = new_node(a, OV_PN_BYTES);
	uint8_t *v, *m;
	const unsigned few = ref_roll(d, 2) ? 2 : sizeof letters;

	if (n == NULL || ov_arena_array(a, len, &v) != OV_OK || ov_arena_array(a, len, &m) != OV_OK)
		return NULL;
	for (size_t i = 0; i < len; i++) {
		static const uint8_t masks[] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0xf0, 0x0f };

		v[i] = letters[ref_roll(d, few)];
		m[i] = masks[ref_roll(d, sizeof masks)];
		if (v[i] == 'A')
			m[i] = 0xdf;
		v[i] &= m[i];
	}
	n->value = v;
	n->mask = m;
	n->n = len;
	return n;
}

static struct ov_pn *random_seq(struct ref_dice *d, struct ov_arena *a, unsigned depth);

static struct ov_pn *random_alt(struct ref_dice *d, struct ov_arena *a, unsigned depth)
{
	struct ov_pn *n = new_node(a, OV_PN_ALT);
	size_t len = 1 + ref_roll(d, 3);

	if (n == NULL)
		return NULL;
	n->nalts = 1 + ref_roll(d, 3);
	n->negate = ref_roll(d, 4) == 1;
	if (ov_arena_array(a, n->nalts, &n->alts) != OV_OK)
		return NULL;
	for (size_t i = 0; i < n->nalts; i++) {
		const unsigned kind = ref_roll(d, 3);

		n->alts[i] =
		    n->negate || kind == 0 ? random_bytes(d, a, len) : random_seq(d, a, depth + 1);
		if (n->alts[i] == NULL)
			return NULL;
	}
	return n;
}

static struct ov_pn *random_node(struct ref_dice *d, struct ov_arena *a, unsigned depth,
				 bool is_first, bool after_jump)
{
	static const uint64_t mins[] = { 0, 1, 2, 5, 130 },
			      widths[] = { 0, 1, 3, 10, 40, OV_JUMP_INF };
	const unsigned kind = ref_roll(d, 16);
	struct ov_pn *n;

	if (kind == 1 && depth < 3)
		return random_alt(d, a, depth);
	if ((kind == 2 || kind == 3 || kind == 4) && !after_jump) {
		const uint64_t width = widths[ref_roll(d, depth > 0 ? 4 : 6)];

		n = new_node(a, OV_PN_JUMP);
		if (n == NULL)
			return NULL;
		n->min = mins[ref_roll(d, depth > 0 ? 3 : 5)];
		n->max = width == OV_JUMP_INF ? width : n->min + width;
		return n;
	}
	if (kind == 5) {
		n = new_node(a, OV_PN_SET);
		for (int i = 0; n != NULL && i < 3; i++) {
			const uint8_t c = letters[ref_roll(d, sizeof letters)];

			n->set[c / 8] |= (uint8_t)(1u << c % 8);
		}
		return n;
	}
	if (kind == 6 && depth == 0 && (is_first || !after_jump)) {
		n = new_node(a, OV_PN_ASSERT);
		if (n != NULL)
			n->assertion = (enum ov_assert)(1 + ref_roll(d, 5));
		return n;
	}
	return random_bytes(d, a, 1 + ref_roll(d, kind == 7 ? 20 : 6));
}

static struct ov_pn *random_seq(struct ref_dice *d, struct ov_arena *a, unsigned depth)
{
	struct ov_pn *first = NULL, **link = &first;
	const unsigned n = 1 + ref_roll(d, depth > 0 ? 2 : 5);
	bool after_jump = depth == 0; /* none at the edge of a pattern */

	for (unsigned i = 0; i < n; i++) {
		*link = random_node(d, a, depth, i == 0, after_jump);
		if (*link == NULL)
			return NULL;
		/* A border beside a jump depends on where the pattern is cut, which is not the
		 * reference's to know. */
		after_jump = (*link)->kind == OV_PN_JUMP || (*link)->kind == OV_PN_ASSERT;
		link = &(*link)->next;
	}
	if (depth == 0)
		*link = random_bytes(d, a, 1 + ref_roll(d, 5));
	if (depth == 0 && *link != NULL && ref_roll(d, 6) == 1) {
		link = &(*link)->next;
		*link = new_node(a, OV_PN_ASSERT);
		if (*link != NULL)
			(*link)->assertion = (enum ov_assert)(1 + ref_roll(d, 5));
	}
	return *link == NULL && depth == 0 ? NULL : first;
}

bool ref_pattern(struct ref_dice *d, struct ov_arena *a, struct ov_pat_ir *out)
{
	*out = (struct ov_pat_ir){ .nvariants = 1 + (ref_roll(d, 4) == 1) };
	out->count_mode = ref_roll(d, 2) ? OV_COUNT_STARTS : OV_COUNT_CLAMAV;
	if (ov_arena_array(a, out->nvariants, &out->variants) != OV_OK)
		return false;
	for (size_t i = 0; i < out->nvariants; i++) {
		out->variants[i] = random_seq(d, a, 0);
		if (out->variants[i] == NULL)
			return false;
	}
	return true;
}

size_t ref_text(struct ref_dice *d, uint8_t text[REF_TEXT])
{
	const size_t n = 1 + ref_roll(d, 255) + (ref_roll(d, 4) == 1 ? 250 : 0);
	const unsigned few = ref_roll(d, 2) ? 2 : sizeof letters;

	for (size_t i = 0; i < n; i++)
		text[i] = letters[ref_roll(d, few)];
	return n;
}
