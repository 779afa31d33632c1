/* What the evaluator's files share. */
#ifndef OV_YARA_VM_INT_H
#define OV_YARA_VM_INT_H

#include "ast.h"
#include "code.h"
#include "vm.h"

#define VM_UNKNOWN ((enum ov_ykind)OV_YKINDS) /* a value that the host does not know yet */

enum vm_loop_kind {
	VM_LOOP_NONE = 0,
	VM_LOOP_STRINGS,
	VM_LOOP_RANGE,
	VM_LOOP_LIST,
	VM_LOOP_OBJECT
};

struct vm_loop {
	enum vm_loop_kind kind;
	uint8_t quant, slot, nvars;
	bool is_unknown; /* a round's outcome was not known */
	int64_t need;	 /* N */
	uint64_t yes, done, total;
	int64_t lo;
	struct ov_cur set;    /* STRINGS */
	struct ov_yval *list; /* LIST; kept for the next time */
	size_t room;
	struct ov_yobj o; /* OBJECT */
	unsigned module;
};

struct ov_yvm {
	const struct ov_yhost *h;
	const struct ov_yrule *r;
	struct ov_yval *stack; /* OV_YSTACK_MAX + 1 */
	uint32_t sp;
	struct ov_yval slots[OV_YSLOTS_MAX];
	struct vm_loop loops[OV_YLOOPS_MAX];
	const uint8_t *code;
	uint32_t pc;
};

/* A value that can be a condition: what it says. Undefined says no. */
enum ov_yresult vm_truth(const struct ov_yval *v);
static inline void vm_set_bool(struct ov_yval *v, bool b)
{
	*v = (struct ov_yval){ .kind = OV_Y_BOOL, .i = b };
}
static inline void vm_set_int(struct ov_yval *v, int64_t i)
{
	*v = (struct ov_yval){ .kind = OV_Y_INT, .i = i };
}
static inline void vm_set_result(struct ov_yval *v, enum ov_yresult r)
{
	*v = (struct ov_yval){ .kind = r == OV_YR_UNKNOWN ? VM_UNKNOWN : OV_Y_BOOL,
			       .i = r == OV_YR_TRUE };
}
static inline void vm_push(struct ov_yvm *vm, struct ov_yval v)
{
	vm->stack[vm->sp++] = v;
}
/* Takes steps. @return false: there are none left. */
static inline bool vm_spend(struct ov_yvm *vm, uint64_t n)
{
	uint64_t *left = vm->h->env->steps;

	if (*left < n) {
		*left = 0;
		return false;
	}
	*left -= n;
	return true;
}

/* vm_binary.c: replaces the two topmost values. */
OV_MUST_USE ov_status vm_binary(struct ov_yvm *vm, uint8_t kind);
/* vm_string.c */
OV_MUST_USE ov_status vm_string(struct ov_yvm *vm, uint8_t op, const uint8_t *o);
OV_MUST_USE ov_status vm_of(struct ov_yvm *vm, const uint8_t *o);
OV_MUST_USE ov_status vm_tuple(struct ov_yvm *vm, const uint8_t *o);
/* vm_loop.c: may change vm->pc. */
OV_MUST_USE ov_status vm_loop_begin(struct ov_yvm *vm, uint8_t op, const uint8_t *o);
OV_MUST_USE ov_status vm_loop_next(struct ov_yvm *vm, const uint8_t *o);
/* vm_module.c */
OV_MUST_USE ov_status vm_module(struct ov_yvm *vm, const uint8_t *o);
OV_MUST_USE ov_status vm_field(struct ov_yvm *vm, const uint8_t *o);
OV_MUST_USE ov_status vm_index(struct ov_yvm *vm);
OV_MUST_USE ov_status vm_call(struct ov_yvm *vm, uint32_t nargs);
/* Element or pair `i` of an object into the loop's slots. */
OV_MUST_USE ov_status vm_element(struct ov_yvm *vm, const struct vm_loop *l, uint64_t i);

/* Whether `quant` is satisfied by `yes` of `total`, `unknown` more maybe. */
enum ov_yresult vm_quantify(uint8_t quant, int64_t need, uint64_t yes, uint64_t unknown,
			    uint64_t total);

#endif
