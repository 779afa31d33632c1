/*
 * The look ahead of hexadecimal strings with jumps (re_straight.c) on programs put together by
 * hand, against a plain search that keeps a truth value for each place of the text.
 */
#include <string.h>

#include "re_code.h"
#include "testing.h"

#define ITEMS 7u
#define LONG 6u /* most bytes of a piece */
#define TEXT 700u
#define ROUNDS 60000u
#define PLENTY ((uint64_t)1 << 40)
#define PLACES 256u /* as in re_straight.c: a set that would be wider is not judged */

struct item { /* a leaf, a run of bytes, or a leaf that is repeated; in the order of reading */
	enum re_op op;
	struct re_ins leaf;	  /* of a leaf or a LOOP            */
	uint32_t pc, n, min, max; /* n: bytes of a leaf or a run    */
	uint8_t value[LONG], mask[LONG];
};

struct program {
	struct item item[ITEMS];
	uint32_t n;
	uint8_t code[(ITEMS * 2 + 1) * RC_SIZE], pool[ITEMS * LONG * 2], set[RC_SET_SIZE];
	uint32_t ncodes, npool, nstates;
	bool mirrored, is_far; /* far: wide jumps, sets of many words */
};

static uint64_t seed = 88172645463325252u;

static uint32_t roll(uint32_t sides)
{
	seed ^= seed << 13; /* Marsaglia's xorshift */
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 33) % sides;
}

static void put(struct program *p, struct re_ins i)
{
	uint8_t *to = p->code + (size_t)p->ncodes++ * RC_SIZE;

	to[0] = i.op;
	to[1] = i.a;
	ov_put_le16(to + 2, i.b);
	ov_put_le32(to + 4, i.x);
}

static struct re_ins random_leaf(uint32_t letters)
{
	static const struct re_ins kinds[] = {
		{ .op = RC_BYTE }, { .op = RC_MASK, .b = 0xfe }, { .op = RC_NOT, .b = 0xff },
		{ .op = RC_ANY },  { .op = RC_NOTNL },		 { .op = RC_SET },
	};
	struct re_ins i = kinds[roll(sizeof kinds / sizeof *kinds)];

	if (i.op == RC_BYTE || i.op == RC_MASK || i.op == RC_NOT)
		i.a = (uint8_t)(0x60 + roll(letters));
	if (i.op == RC_MASK)
		i.a &= 0xfe;
	return i;
}

static void put_run(struct program *p, struct item *it, uint32_t letters)
{
	it->n = 2 + roll(LONG - 1);
	put(p, (struct re_ins){ RC_RUN, p->mirrored, (uint16_t)it->n, p->nstates });
	put(p, (struct re_ins){ .op = RC_DATA, .x = p->npool });
	p->nstates += it->n;
	for (uint32_t k = 0; k < it->n; k++) {
		it->mask[k] = roll(4) == 0 ? 0 : 0xff;
		it->value[k] = (uint8_t)(0x60 + roll(letters)) & it->mask[k];
	}
	for (uint32_t k = 0; k < it->n; k++) { /* the pool is in the order of the text */
		const uint32_t from = p->mirrored ? it->n - 1 - k : k;

		p->pool[p->npool + k] = it->value[from];
		p->pool[p->npool + it->n + k] = it->mask[from];
	}
	p->npool += it->n * 2;
}

static void put_loop(struct program *p, struct item *it, uint32_t letters)
{
	it->min = roll(12);
	it->max = it->min + roll(p->is_far ? 200 : 20);
	it->leaf = roll(8) == 0 ? random_leaf(letters) : (struct re_ins){ .op = RC_ANY };
	put(p, (struct re_ins){ RC_LOOP, 1, (uint16_t)it->max, p->nstates | it->min << 18 });
	put(p, it->leaf);
	p->nstates += it->max + 1;
}

static void random_program(struct program *p, uint32_t letters)
{
	*p = (struct program){ .n = 1 + roll(ITEMS),
			       .mirrored = roll(2) != 0,
			       .is_far = roll(4) == 0 };
	p->nstates = ITEMS * 2 + 1;
	p->set[0x61 / 8] = 1 << 0x61 % 8;
	for (uint32_t k = 0; k < p->n; k++) {
		struct item *it = &p->item[k];
		const bool is_last = k + 1 == p->n; /* no string ends in a jump */

		it->pc = p->ncodes;
		it->op = roll(2) == 0 && !is_last ? RC_LOOP : roll(3) == 0 ? RC_BYTE : RC_RUN;
		if (it->op == RC_LOOP) {
			put_loop(p, it, letters);
		} else if (it->op == RC_RUN) {
			put_run(p, it, letters);
		} else {
			it->n = 1;
			it->leaf = random_leaf(letters);
			it->value[0] = it->leaf.op == RC_BYTE ? it->leaf.a : 0;
			it->mask[0] = it->leaf.op == RC_BYTE ? 0xff : 0;
			put(p, it->leaf);
		}
	}
	put(p, (struct re_ins){ .op = RC_MATCH });
}

static bool takes(const struct re_ins *leaf, uint8_t c)
{
	return (leaf->op == RC_BYTE && c == leaf->a) ||
	       (leaf->op == RC_MASK && (c & leaf->b) == leaf->a) ||
	       (leaf->op == RC_NOT && (c & leaf->b) != leaf->a) || leaf->op == RC_ANY ||
	       (leaf->op == RC_NOTNL && c != '\n') || (leaf->op == RC_SET && c == 0x61);
}

/* `here`: by bytes read, the places that are reached. Moves them all over one byte. */
static void step(const uint8_t *read, size_t n, const struct re_ins *leaf, bool *here)
{
	for (size_t k = n; k > 0; k--)
		here[k] = here[k - 1] && takes(leaf, read[k - 1]);
	here[0] = false;
}

static void pass_item(const uint8_t *read, size_t n, const struct item *it, uint32_t count,
		      bool *here)
{
	bool out[TEXT + 1] = { false };

	if (it->op == RC_RUN) {
		for (uint32_t k = count; k < it->n; k++) {
			const struct re_ins leaf = { RC_MASK, it->value[k], it->mask[k], 0 };

			step(read, n, &leaf, here);
		}
	} else if (it->op == RC_LOOP) {
		for (uint32_t k = count; k <= it->max; k++) {
			for (size_t at = 0; k >= it->min && at <= n; at++)
				out[at] |= here[at];
			step(read, n, &it->leaf, here);
		}
		memcpy(here, out, (n + 1) * sizeof *here);
	} else {
		step(read, n, &it->leaf, here);
	}
}

/* Whether a match begins with item `from`, of which `count` is done. @param read  n bytes in the
 * order in which they are read. */
static bool matches(const struct program *p, uint32_t from, uint32_t count, const uint8_t *read,
		    size_t n)
{
	bool here[TEXT + 1] = { true };

	for (uint32_t k = from; k < p->n; k++)
		pass_item(read, n, &p->item[k], k == from ? count : 0, here);
	for (size_t k = 0; k <= n; k++)
		if (here[k])
			return true;
	return false;
}

/* Whether the look ahead must tell a place without a match from one with. */
static bool is_exact(const struct program *p, uint32_t from)
{
	uint32_t wide = 0;

	for (uint32_t k = from; k < p->n; k++)
		if (p->item[k].op == RC_LOOP)
			wide +=
			    p->item[k].leaf.op == RC_ANY ? p->item[k].max - p->item[k].min : PLACES;
	return wide < PLACES;
}

struct tally {
	unsigned matches, refused, unsure, kept;
};

struct round {
	struct program p;
	struct re_prog view;
	struct re_thread from;
	uint32_t item;
	uint8_t text[TEXT];
	size_t n, at;
	bool is_match;
};

/* Writes one way through the program into the text: of many letters, most likely the only one. */
static void plant(struct round *r)
{
	size_t off = 0;

	for (uint32_t k = r->item; k < r->p.n; k++) {
		const struct item *it = &r->p.item[k];

		if (it->op == RC_LOOP)
			off += it->min + roll(it->max - it->min + 1);
		for (uint32_t i = 0; it->op != RC_LOOP && i < it->n; i++, off++) {
			const size_t at = r->p.mirrored ? r->at - 1 - off : r->at + off;

			if (at < r->n) /* mirrored, before the first: a number beyond all */
				r->text[at] = it->value[i] | (uint8_t)(r->text[at] & ~it->mask[i]);
		}
	}
}

static void random_round(struct round *r)
{
	const uint32_t letters = 2 + roll(roll(2) == 0 ? 2 : 14);
	struct program *p = &r->p;
	uint8_t read[TEXT];
	size_t n;

	random_program(p, letters);
	r->view = (struct re_prog){ .code = p->code, .pool = p->pool, .sets = p->set };
	r->view.n = p->ncodes;
	r->view.npool = p->npool;
	r->view.nsets = 1;
	r->view.nstates = p->nstates;
	assert_int_equal(re_verify(&r->view), OV_OK);
	r->n = p->is_far ? TEXT : roll(60);
	for (size_t k = 0; k < r->n; k++)
		r->text[k] = roll(50) == 0 ? '\n' : (uint8_t)(0x60 + roll(letters));
	r->at = roll((uint32_t)r->n + 1);
	r->item = roll(p->n);
	r->from = (struct re_thread){ .pc = p->item[r->item].pc };
	if (p->item[r->item].op == RC_RUN)
		r->from.count = roll(p->item[r->item].n + 1);
	if (p->item[r->item].op == RC_LOOP)
		r->from.count = roll(p->item[r->item].max + 1);
	if (roll(2) == 0)
		plant(r);
	n = p->mirrored ? r->at : r->n - r->at;
	for (size_t k = 0; k < n; k++)
		read[k] = r->text[p->mirrored ? r->at - 1 - k : r->at + k];
	r->is_match = matches(p, r->item, r->from.count, read, n);
}

/* A window of the whole text: what is outside of it, or beyond the limit, is no reason for no. */
static void check_window(const struct round *r, struct tally *t)
{
	const size_t first = roll((uint32_t)r->at + 1);
	const size_t last = r->at + roll((uint32_t)(r->n - r->at) + 1);
	const uint64_t given = roll(4) == 0 ? roll(40) : PLENTY;
	const struct re_text window = { .p = r->text + first,
					.n = last - first,
					.base = first,
					.size = r->n,
					.limit = roll(2) == 0 ? SIZE_MAX : roll(40) };
	struct re_text wide = window;
	uint64_t steps = given;
	const bool may =
	    re_may_match(&r->view, &window, r->from, r->at - first, r->p.mirrored, &steps);

	assert_true(may || !r->is_match);
	assert_true(steps <= given);
	t->kept += may && r->is_match;
	t->unsure += may && !r->is_match;
	t->refused += !may;
	wide.wide = true;
	assert_true(re_may_match(&r->view, &wide, r->from, r->at - first, r->p.mirrored, &steps));
}

static void check_whole(const struct round *r, struct tally *t)
{
	const struct re_text whole = { .p = r->text, .n = r->n, .size = r->n, .limit = SIZE_MAX };
	uint64_t steps = PLENTY;
	const bool may = re_may_match(&r->view, &whole, r->from, r->at, r->p.mirrored, &steps);

	if (r->is_match || is_exact(&r->p, r->item))
		assert_int_equal(may, r->is_match);
	else
		t->unsure++;
	t->matches += r->is_match;
	t->refused += !may;
}

static void test_random(void **state)
{
	struct tally whole = { 0 }, window = { 0 };
	struct round r;

	(void)state;
	for (unsigned k = 0; k < ROUNDS; k++) {
		random_round(&r);
		check_whole(&r, &whole);
		check_window(&r, &window);
	}
	/* Else the rounds say nothing. */
	assert_true(whole.matches > ROUNDS / 10 && whole.refused > ROUNDS / 10);
	assert_true(whole.unsure > 0 && window.unsure > 0);
	assert_true(window.refused > ROUNDS / 20 && window.kept > ROUNDS / 20);
}

/* What the shape does not have is left to the engine: an answer, and it is "may". */
static void test_other_shapes(void **state)
{
	static const struct {
		const char *what;
		struct re_ins first;
	} cases[] = {
		{ "an alternative", { .op = RC_SPLIT, .x = 1 } },
		{ "a jump", { .op = RC_JUMP, .x = 1 } },
		{ "an edge", { .op = RC_PLACE, .a = RE_WORD_EDGE } },
		{ "an endless loop", { .op = RC_LOOP, .b = UINT16_MAX, .x = 8 } },
		{ "the end", { .op = RC_MATCH } },
	};
	static const uint8_t text[] = "xxxx";
	const struct re_text t = { .p = text, .n = 4, .size = 4, .limit = SIZE_MAX };

	(void)state;
	for (size_t k = 0; k < sizeof cases / sizeof *cases; k++) {
		struct program p = { .ncodes = 0 };
		const struct re_prog view = { p.code, p.pool, p.set, 3, 0, 1, 16 };
		uint64_t steps = PLENTY;

		put(&p, cases[k].first);
		put(&p, (struct re_ins){ .op = RC_BYTE, .a = 'a' });
		put(&p, (struct re_ins){ .op = RC_MATCH });
		if (!re_may_match(&view, &t, (struct re_thread){ 0 }, 0, false, &steps))
			fail_msg("%s: no", cases[k].what);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_other_shapes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
