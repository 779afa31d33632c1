/*
 * YARA rules in the engine: which of them could hold for a layer (yara.c), and whether they do
 * (yara_judge.c).
 *
 * A rule is woken by one of its cover's strings, or, when no string is needed, by its gate alone.
 * Nothing walks all rules; what is kept for each is told apart from the layer before by a
 * generation.
 */
#ifndef OV_ENGINE_YARA_H
#define OV_ENGINE_YARA_H

#include "engine_int.h"
#include "sieve.h"
#include "vm.h"
#include "yimage.h"

#define OV_YARA_NO_SLOT UINT32_MAX

struct ov_yara {
	const struct ov_yimage *image;
	struct ov_yvm *vm;
	struct ov_ysearch *search, *scout; /* each keeps its last plan */
	struct ov_yval *externals;
	struct ov_sieve few[OV_YCLASSES]; /* of tables of few keys */
	bool is_few[OV_YCLASSES];
	uint8_t *settled;   /* state of ov_gram_wake() */
	uint32_t *woken_in; /* a rule: the generation that woke it, or found its gate closed */
	uint8_t *result;    /* a rule woken in this generation: enum ov_yresult, or SHUT */
	uint8_t *sound;	    /* a rule: enum ov_soundness */
	uint8_t *string_sound;
	uint32_t *gate_in, generation;
	uint8_t *gate_open;
	uint32_t *slot_in, *slot; /* a string: the generation that searches it, and where */
	uint32_t *met_in; /* an anchored string: the generation in which one of its keys was met */
	bool is_seen;	  /* pass 1 has gone through all of the layer */
	uint32_t *woken, nwoken;
	uint32_t *asking, nasking;   /* rules whose scouts may wake them in this layer */
	uint32_t *scouted, nscouted; /* and those whose scouts `scout` has slots for */
	uint8_t head[OV_YHEAD];	     /* of the layer */
	size_t nhead;
	enum ov_yclass class;
	struct ov_node *n;
	uint64_t steps;
	struct ov_arena arena; /* values of modules, as long as the layer */
	struct ov_yenv env;
	struct ov_yhost host;
	uint64_t wanted;	  /* severities, one bit each; other rules stay asleep */
	bool is_searched;	  /* pass 2 was run */
	struct ov_buf window;	  /* of what is not in memory */
	struct ov_buf said, dump; /* yara_said.c */
	bool is_said_cut;
	struct ov_rule_cost *costs; /* of each rule; NULL: not counted */
	struct ov_ystring_cost *string_costs;
};

#define OV_YARA_SHUT 0xffu /* in `result`: the gate is closed, or the rule is broken */

/* yara_judge.c: evaluates what was woken, and reports. */
OV_MUST_USE ov_status ov_yara_judge(struct ov_engine *e, struct ov_node *n);
/* Whether a rule woken in this layer holds, its namespace's global rules included. */
bool ov_yara_holds(const struct ov_engine *e, uint32_t id);
/* Whether a string can't be in the layer: pass 1 met none of its keys, or it is too long. */
bool ov_yara_is_absent(const struct ov_yara *y, uint32_t string);
/* Searches what was asked for with ov_ysearch_add(). */
OV_MUST_USE ov_status ov_yara_search(struct ov_engine *e, struct ov_node *n);

/* When costs are counted: what the search of a string took. */
void ov_yara_charge(struct ov_yara *y, uint32_t rule, uint32_t string, const struct ov_ysearch *in,
		    uint32_t slot);

/* yara_process.c: the next region of a process's memory. @return OV_OK; OV_END; OV_BAD. */
struct ov_yara_walk { /* starts as zero */
	uint64_t i, at, count;
};
OV_MUST_USE ov_status ov_yara_region(const struct ov_node *n, struct ov_yara_walk *w,
				     struct ov_src *out, uint64_t *base);
/* The bytes of [at, at + want) of a process, addresses. @return OV_OK; OV_END they do not lie in
 * one stretch of memory; OV_BAD. */
OV_MUST_USE ov_status ov_yara_range(const struct ov_node *n, uint64_t at, uint64_t want,
				    struct ov_src *out);
/* Bytes at an offset of a file, or at an address of a process. */
OV_MUST_USE ov_status ov_yara_read(const struct ov_node *n, bool is_process, uint64_t at, void *to,
				   size_t want);

/* Wakes a rule that its gate lets in. */
void ov_yara_wake(struct ov_engine *e, uint32_t id);

/* yara_scout.c: wakes those of `asking` whose scouts are there, and that no key has woken. */
OV_MUST_USE ov_status ov_yara_scout(struct ov_engine *e, struct ov_node *n);

/* yara_said.c: lines of rules, values of modules; the report gets both at last. */
OV_MUST_USE ov_status ov_yara_said_new(struct ov_yara *y);
void ov_yara_said_free(struct ov_yara *y);
void ov_yara_say(void *ctx, struct ov_str line);
OV_MUST_USE ov_status ov_yara_dump(struct ov_engine *e);
void ov_yara_told(struct ov_engine *e);

/* yara_list.c: rules that hold, with their strings' matches, to the report. */
OV_MUST_USE ov_status ov_yara_list(struct ov_engine *e, struct ov_node *n);

#endif
