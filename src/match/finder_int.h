/* Inside src/match: the finder's state. */
#ifndef OV_FINDER_INT_H
#define OV_FINDER_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "finder.h"
#include "gram.h"
#include "pattern_int.h"
#include "places.h"
#include "sieve.h"

#define FINDER_MAGIC 0x444e4946u
#define FINDER_SLOTS_MAX ((size_t)1 << 16)
#define FINDER_NODES_MAX ((size_t)1 << 18)
#define FINDER_EVENTS_MAX ((size_t)1 << 20)
#define FINDER_LINKS_MAX ((size_t)1 << 18)    /* of one part                     */
#define FINDER_DONE_MAX ((size_t)1 << 18)     /* completions of one pattern      */
#define FINDER_DIRECT_MAX 4096u		      /* start positions tried one by one */
#define FINDER_RUN_STEPS ((uint64_t)1 << 22)  /* of one try                      */
#define FINDER_SLOT_STEPS ((uint64_t)1 << 26) /* of one pattern, plus some per byte */
/*
 * Of all patterns of a layer together, in steps of about 3 ns: what keeps a layer that was made to
 * be slow above 20 MB a second, or ends it with a limit that is told.
 */
#define FINDER_LAYER_STEPS ((uint64_t)1 << 20)
#define FINDER_LAYER_STEPS_A_BYTE 4u
#define FINDER_TRY_WORK 16u   /* of a try that ends at once: as much time as that many steps */
#define FINDER_EVENT_WORK 16u /* of a match that is noted, sorted and joined                 */
#define FINDER_CHUNK ((size_t)256 * 1024)

struct vec { /* grows, never shrinks, keeps its memory for the next layer */
	void *p;
	size_t n, cap; /* elements */
};

/** Makes room for one more element of `size` bytes. @return OV_OK; OV_LIMIT above max; OV_NOMEM. */
OV_MUST_USE ov_status vec_more(struct vec *v, size_t size, size_t max);

struct link {		 /* a chain of parts that is complete up to here */
	uint64_t end;	 /* where its last part ended           */
	uint64_t origin; /* where its first part began          */
};

struct event { /* a match of one part */
	uint64_t start;
	uint32_t len, node;
};

/* Ways in which a part is searched: by its key in the gram table, in the layer's places or the
 * sieve, by bytes that stand at a fixed distance in the sieve, by one byte, at each place, at the
 * places that are asked for, where the part before it allows it.
 */
enum how { HOW_GRAM, HOW_PLACES, HOW_KEY, HOW_BYTES, HOW_BYTE, HOW_EACH, HOW_DIRECT, HOW_FOLLOW };
#define FINDER_FOLLOW_MAX                                                                          \
	64u			/* places behind a match without a key, at which the next part is  \
				 * looked for */
#define FINDER_FOLLOW_GAP 4096u /* and how far behind any match they may be */

struct node { /* a part of one variant of a slot's pattern; the variant's parts follow each other */
	struct part_view part;
	uint32_t slot, k; /* k: which part of its variant */
	bool is_last;
	bool needs_one_end; /* only the earliest end counts */
	enum how how;
	uint32_t sieve_dist;   /* to what the sieve looks for: HOW_KEY from the key's start,
				  HOW_BYTES and HOW_FOLLOW from the part's */
	uint32_t value, mask;  /* HOW_FOLLOW: what stands there                    */
	uint64_t followed_to;  /* HOW_FOLLOW: places before it were tried, or can't be starts */
	uint64_t next_gap_max; /* the gap behind it            */
	uint64_t first_end, latest_end; /* of its matches up to now */
	bool has_match;
	struct link least; /* before an endless gap: the chain that ended first */
	bool has_least;
	struct vec links; /* struct link, by end; live from `head` on */
	size_t head;
};

struct slot {
	uint32_t pattern;
	enum ov_count_mode mode;
	uint32_t first_node, nnodes;
	uint32_t first_range, nranges;
	bool
	    is_plain; /* one variant of one part: matches arrive in order and are counted at once */
	bool is_joined;	   /* some variant has several parts   */
	uint64_t steps;	   /* left                             */
	uint64_t work;	   /* see ov_finder_work()             */
	uint64_t last_key; /* where the last counted match stood: start of its last part */
	struct ov_find find;
	struct vec kept; /* struct ov_range: spans, hi not included in the match's bytes */
	struct vec done; /* struct link: completions, STARTS with several parts */
};

struct ov_finder {
	uint32_t magic;
	const struct ov_pats *pats;
	struct vec slots, nodes, ranges, keys, events;
	size_t nslots_made, nnodes_made; /* elements whose own vectors exist */
	struct ov_gram_room room;
	struct ov_buf table;
	struct ov_gram gram;
	enum ov_kernel kernel;
	struct ov_sieve sieve;
	struct ov_sieve_key sieve_keys[OV_SIEVE_KEYS];
	size_t nsieve, sieve_max;
	uint8_t *window;
	size_t window_bytes, window_cap;
	uint64_t span; /* bytes that a match of a part can reach to either side of its key */
	const struct ov_places *places; /* of the next run; NULL: not known */
	struct pat_text text;
	uint64_t chunk_end; /* keys from here on belong to the next chunk */
	ov_status trouble;  /* OV_NOMEM met inside a callback */
	uint64_t allowed;   /* steps of the next run; 0: as many as its bytes have */
	uint64_t left;	    /* steps of this run; 0: the rest is not searched */
	struct pat_exec exec;
};

static inline void finder_spend(struct ov_finder *f, uint64_t steps)
{
	f->left -= steps < f->left ? steps : f->left;
}

static inline struct slot *slot_at(const struct ov_finder *f, uint32_t i)
{
	return (struct slot *)f->slots.p + i;
}

static inline struct node *node_at(const struct ov_finder *f, uint32_t i)
{
	return (struct node *)f->nodes.p + i;
}

/* The i-th range of a slot, i < nranges. */
static inline const struct ov_range *range_at(const struct ov_finder *f, const struct slot *s,
					      uint32_t i)
{
	return (const struct ov_range *)f->ranges.p + s->first_range + i;
}

/**
 * finder_sieve.c: decides which parts the sieve finds, and builds it. Others keep their way of
 * being searched.
 */
OV_MUST_USE ov_status finder_plan(struct ov_finder *f);
/** Searches those parts: what begins in [from, to) of the file. */
OV_MUST_USE ov_status finder_sift(struct ov_finder *f, uint64_t from, uint64_t to);
/** A part's key stands at `at`: tries each start that this allows. */
void finder_try_key(struct ov_finder *f, uint32_t node, uint64_t at);

/** Tries a part at one position, and notes its matches and those of the parts that follow it. */
void finder_try(struct ov_finder *f, uint32_t node, uint64_t start);

/** Joins and counts what was noted, from number `first` on, of parts that start before `limit`;
 * keeps the rest. All of a slot must be among them. */
void finder_join(struct ov_finder *f, size_t first, uint64_t limit);

/**
 * finder_places.c: parts that would be searched by the gram table are found by the layer's places,
 * if these are known and few enough.
 */
void finder_plan_places(struct ov_finder *f, const struct ov_src *src);
void finder_search_places(struct ov_finder *f);

/* A part's whole key at `at`, within the window. */
static inline bool finder_has_key(const struct ov_finder *f, const struct node *nd, uint64_t at)
{
	const uint8_t *key = nd->part.key, *p;

	if (at < f->text.base || at - f->text.base > f->text.n ||
	    nd->part.key_n > f->text.n - (at - f->text.base))
		return false;
	p = f->text.p + (at - f->text.base);
	for (uint32_t i = 0; i < nd->part.key_n; i++)
		if ((p[i] & key[OV_GRAM_MAX + i]) != key[i])
			return false;
	return true;
}

/** Counts what could not be counted while searching. */
void finder_finish(struct ov_finder *f);

#endif
