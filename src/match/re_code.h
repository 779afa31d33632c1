/*
 * Inside src/match: the code of YARA's regular expressions, how it is made, verified and run.
 *
 * A program is a row of instructions of 8 bytes:
 *
 *     0    1    2       4
 *   | op | a  | b: 16 | x: 32 |
 *
 *   MATCH
 *   BYTE a            MASK a: value, b: mask   NOT a: value, b: mask   ANY   NOTNL   SET x: its
 * number RUN  a: 1 mirrored, b: bytes n, x: first state;  DATA x: offset of n values and n masks in
 * the pool SPLIT x: target   goes on behind it, and if that fails at the target;  a = 1: the other
 * way round JUMP x: target LOOP a: 1 lazy, b: most times, x: first state | least times << 18;  the
 * leaf behind it is repeated PLACE a: enum re_kind of RE_BEGIN .. RE_WORD_INSIDE
 *
 * A state of a run is (instruction, count): the count is how far in a RUN or LOOP. States of an
 * instruction without a count have its own number; those of RUN and LOOP begin at x.
 */
#ifndef OV_RE_CODE_H
#define OV_RE_CODE_H

#include <stdbool.h>
#include <stdint.h>

#include "cursor.h"
#include "le.h"
#include "re_ast.h"

#define RC_SIZE 8u
#define RC_SET_SIZE 32u
#define RC_CODES_MAX 60000u
#define RC_STATES_MAX ((1u << 18) - 1)
#define RC_TIMES_MAX (RE_LOOK + 1) /* more can't be looked at: as good as any number */
#define RC_RUN_MAX 4096u

enum re_op {
	RC_MATCH = 1,
	RC_BYTE,
	RC_MASK,
	RC_NOT,
	RC_ANY,
	RC_NOTNL,
	RC_SET,
	RC_RUN,
	RC_DATA,
	RC_SPLIT,
	RC_JUMP,
	RC_LOOP,
	RC_PLACE,
	RC_OPS
};

struct re_ins {
	uint8_t op, a;
	uint16_t b;
	uint32_t x;
};

static inline struct re_ins re_ins_at(const uint8_t *code, uint32_t pc)
{
	const uint8_t *p = code + (size_t)pc * RC_SIZE;

	return (struct re_ins){ .op = p[0], .a = p[1], .b = ov_le16(p + 2), .x = ov_le32(p + 4) };
}

static inline uint32_t rc_loop_base(const struct re_ins *i)
{
	return i->x & RC_STATES_MAX;
}

static inline uint32_t rc_loop_min(const struct re_ins *i)
{
	return i->x >> 18;
}

struct re_prog { /* a verified view */
	const uint8_t *code, *pool, *sets;
	uint32_t n;	/* instructions */
	uint32_t npool; /* bytes        */
	uint32_t nsets;
	uint32_t nstates;
};

/** Whether a leaf takes a byte. */
static inline bool re_leaf_takes(const struct re_prog *p, const struct re_ins *i, uint8_t c)
{
	switch (i->op) {
	case RC_BYTE:
		return c == i->a;
	case RC_MASK:
		return (c & i->b) == i->a;
	case RC_NOT:
		return (c & i->b) != i->a;
	case RC_ANY:
		return true;
	case RC_NOTNL:
		return c != '\n';
	case RC_SET:
		return re_set_has(p->sets + (size_t)i->x * RC_SET_SIZE, c);
	default:
		return false;
	}
}

/** Whether a run of bytes takes this one as its `count`th. */
static inline bool re_run_takes(const struct re_prog *p, const struct re_ins *i, uint32_t pc,
				uint32_t count, uint8_t c)
{
	const uint8_t *pool = p->pool + re_ins_at(p->code, pc + 1).x;
	const uint32_t k = i->a ? i->b - 1u - count : count;

	return (c & pool[i->b + k]) == pool[k];
}

/* What both directions of one expression share while they are written. */
struct re_writer {
	struct ov_arena *arena;
	struct ov_ystr_error *err;
	struct ov_buf pool, sets; /* owned by the caller: ov_buf_free() both */
};

/**
 * Appends the program of a tree to `out`; `mirrored`: the one that reads backwards.
 *
 * @param nstates  Of the program.
 * @return OV_OK; OV_LIMIT too large, with the error; OV_NOMEM.
 */
OV_MUST_USE ov_status re_emit(struct re_writer *w, const struct re_tree *t, bool mirrored,
			      struct ov_buf *out, uint32_t *ncodes, uint32_t *nstates);

/** Verifies a program as hostile input. @return OV_OK or OV_BAD. */
OV_MUST_USE ov_status re_verify(const struct re_prog *p);

struct re_thread {
	uint32_t pc;
	uint32_t count;
};

/* Memory of runs, for one at a time. */
struct re_run {
	struct re_thread *first, *now, *next, *stack; /* `first`: the allocation */
	uint32_t *seen; /* stamp of the step in which a state was last entered */
	uint32_t cap;	/* states that it has room for                         */
	uint32_t stamp;
};

/** Makes room for programs of `nstates`. @return OV_OK; OV_NOMEM. */
OV_MUST_USE ov_status re_run_room(struct re_run *r, uint32_t nstates);
void re_run_free(struct re_run *r);

struct re_text { /* where a program runs */
	const uint8_t *p;
	size_t n;      /* bytes that are there                                        */
	uint64_t base; /* offset of p[0] in the whole                                 */
	uint64_t size; /* of the whole                                                */
	bool wide;     /* each byte is followed by a zero                             */
	size_t limit;  /* most bytes to read from where it starts; SIZE_MAX: no limit */
};

struct re_end {
	size_t at;     /* in the text: where the match ends (forwards) or begins (mirrored) */
	bool is_cut;   /* the limit came before the end of all threads       */
	bool is_short; /* the text did, and the whole goes on                 */
};

/**
 * Runs forwards from `at`, in the order of preference of YARA: the first alternative that leads to
 * a match wins, whatever its length.
 *
 * @param from   State to begin with.
 * @param steps  Budget, taken off.
 * @return OV_OK with *out; OV_END no match (*out tells whether that is certain); OV_LIMIT steps are
 * spent.
 */
OV_MUST_USE ov_status re_forward(const struct re_prog *p, struct re_run *r, const struct re_text *t,
				 struct re_thread from, size_t at, uint64_t *steps,
				 struct re_end *out);

/**
 * Runs a mirrored program backwards from `at`: all places where a match can begin.
 *
 * @param starts  Room for t->limit + 1 places, in falling order. @param nstarts  How many.
 * @return OV_OK; OV_LIMIT. out->at is not set.
 */
OV_MUST_USE ov_status re_backward(const struct re_prog *p, struct re_run *r,
				  const struct re_text *t, struct re_thread from, size_t at,
				  uint64_t *steps, size_t *starts, size_t *nstarts,
				  struct re_end *out);

/**
 * Whether a run from there can end in a match, by all places at once: pieces of bytes and jumps
 * between them. Most candidates end here, long before the states of the program are walked.
 *
 * @param steps  Budget, taken off.
 * @return false: no match, for certain; true: it may, or this can't tell.
 */
bool re_may_match(const struct re_prog *p, const struct re_text *t, struct re_thread from,
		  size_t at, bool mirrored, uint64_t *steps);

/** First match in a text, wherever it begins: time is linear in the text. @return As re_forward().
 */
OV_MUST_USE ov_status re_search(const struct re_prog *p, struct re_run *r, const struct re_text *t,
				uint64_t *steps, struct re_end *out);

#endif
