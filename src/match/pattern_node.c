/* Questions about pattern trees: how many bytes a node takes. */
#include "checked.h"
#include "pattern_int.h"

/* Endless plus anything is endless. */
static uint64_t add_length(uint64_t a, uint64_t b)
{
	return a > OV_JUMP_INF - b ? OV_JUMP_INF : a + b;
}

struct frame { /* an alternative being measured */
	const struct ov_pn *node;
	size_t i;		   /* which of its sequences                  */
	uint64_t min, max;	   /* of the sequences measured so far        */
	uint64_t seq_min, seq_max; /* of the present one, up to here          */
	const struct ov_pn *at;	   /* next node of it                         */
};

static void leaf_length(const struct ov_pn *n, uint64_t *min, uint64_t *max)
{
	*min = *max = n->kind == OV_PN_BYTES ? n->n : 1;
	if (n->kind == OV_PN_JUMP) {
		*min = n->min;
		*max = n->max;
	}
}

static struct frame frame_of(const struct ov_pn *node)
{
	return (struct frame){ .node = node,
			       .min = OV_JUMP_INF,
			       .at = node->nalts > 0 ? node->alts[0] : NULL };
}

/* The present sequence is done: takes it into account. @return true when there is another. */
static bool next_sequence(struct frame *f)
{
	f->min = ov_min_u64(f->min, f->seq_min);
	f->max = ov_max_u64(f->max, f->seq_max);
	f->seq_min = f->seq_max = 0;
	if (++f->i >= f->node->nalts)
		return false;
	f->at = f->node->alts[f->i];
	return true;
}

ov_status node_length(const struct ov_pn *node, uint64_t *min, uint64_t *max)
{
	struct frame stack[NEST_MAX];
	size_t depth = 0;

	if (node->kind != OV_PN_ALT) {
		leaf_length(node, min, max);
		return OV_OK;
	}
	stack[depth++] = frame_of(node);
	while (depth > 0) {
		struct frame *f = &stack[depth - 1];
		const struct ov_pn *n = f->at;
		uint64_t lo, hi;

		if (n == NULL) {
			if (next_sequence(f))
				continue;
			lo = f->min;
			hi = f->max;
			if (--depth == 0) {
				*min = lo;
				*max = hi;
				return OV_OK;
			}
			f = &stack[depth - 1];
		} else if (n->kind == OV_PN_ALT) {
			if (depth == NEST_MAX)
				return OV_LIMIT;
			f->at = n->next;
			stack[depth++] = frame_of(n);
			continue;
		} else {
			leaf_length(n, &lo, &hi);
			f->at = n->next;
		}
		f->seq_min = add_length(f->seq_min, lo);
		f->seq_max = add_length(f->seq_max, hi);
	}
	return OV_BUG;
}

/*
 * Which bytes count as a border was found out by running clamscan 1.4.6 on files with each of the
 * 256 bytes: (B) takes another set before a word than after it.
 */
void border_set(enum ov_assert a, bool is_after, uint8_t set[32])
{
	static const char before[] = " -./<@_", after[] = "\n\r \"'-/=>_";

	for (unsigned b = 0; b < 256; b++) {
		const bool is_alnum =
		    (b >= '0' && b <= '9') || (b >= 'A' && b <= 'Z') || (b >= 'a' && b <= 'z');
		bool in = false;

		if (a == OV_AT_LINE)
			in = b == '\n';
		else if (a == OV_AT_WORD_B)
			for (const char *s = is_after ? after : before; *s != '\0' && !in; s++)
				in = (unsigned char)*s == b;
		else
			in = !is_alnum;
		set[b / 8] = (uint8_t)((set[b / 8] & ~(1u << b % 8)) | (unsigned)in << b % 8);
	}
}
