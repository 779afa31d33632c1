/*
 * What a client makes of a log's newest proof: the whole update policy in one function without
 * input or output, so that each attack can be tried on it.
 *
 * In order: the root in force has not expired (of the roots that led to it nobody asks that); the
 * log's signature and a quorum of cosignatures; the entry is the log's newest; it is
 * in the tree; the tree is not smaller than, and not another than, the one accepted before; its
 * state is signed by enough release keys of the root in force and does not go back. Freshness is
 * told and never turned into "accept an older one".
 */
#ifndef OV_JUDGE_H
#define OV_JUDGE_H

#include "memory.h"
#include "proof.h"
#include "root.h"

#define OV_FRESH_WARN (6 * 3600) /* seconds since enough witnesses last vouched for the log */
#define OV_FRESH_ALARM (24 * 3600)
#define OV_WINDOW_BUNDLE (14 * 86400) /* how old a bundle may be, unless a site says otherwise */
#define OV_CLOCK_AHEAD 600	      /* a cosignature this far in the future does not count */

enum ov_refusal {
	OV_TAKEN = 0,	     /* accepted                                                 */
	OV_REFUSED_BROKEN,   /* no proof, checkpoint or state by its format              */
	OV_REFUSED_UNSIGNED, /* no log of the root signed the checkpoint                 */
	OV_REFUSED_FORGED,   /* a known key's signature is wrong                         */
	OV_REFUSED_QUORUM,   /* too few witnesses or mirrors vouch for it                */
	OV_REFUSED_OLD,	     /* the entry is not the newest of its log                   */
	OV_REFUSED_NOT_IN,   /* the entry is not in the tree                             */
	OV_REFUSED_ROLLBACK, /* the tree, or the state, is older than one accepted before */
	OV_REFUSED_FORK,     /* two histories of one log: keep both notes                */
	OV_REFUSED_RELEASE,  /* too few release keys signed the state                    */
	OV_REFUSED_ROOT,     /* the state asks for a root that is not here yet           */
	OV_REFUSED_EXPIRED,  /* the newest root that is known has expired                */
	OV_REFUSED_STALE,    /* a bundle older than the site allows                      */
	OV_REFUSALS
};

/** "taken", "no quorum", ...: static words for messages. */
const char *ov_refusal_text(enum ov_refusal r);

enum ov_freshness { OV_FRESH = 0, OV_FRESH_OLD, OV_FRESH_STALE };

struct ov_judgement {
	enum ov_refusal refusal;
	struct ov_tlog_proof proof; /* views into what was judged */
	struct ov_note release;	    /* the leaf, a note; valid when it could be parsed */
	struct ov_state state;	    /* valid when taken */
	uint64_t vouched;	    /* the quorum's time, Unix seconds; 0 without quorum */
	uint32_t cosigners;	    /* witnesses whose cosignature counted */
	enum ov_freshness freshness;
	bool wants_growth; /* the tree grew: a consistency proof from memory->size can be asked for
			    */
};

/**
 * Judges a proof whose `extra` is the leaf.
 * @param now  The local clock, Unix seconds. It can't unfreeze: memory->floor counts where it is
 * later.
 * @return OV_OK with a judgement; OV_LIMIT, OV_NOMEM when none could be made.
 */
OV_MUST_USE ov_status ov_judge(struct ov_hasher *h, const struct ov_root *root,
			       const struct ov_memory *memory, struct ov_str proof, uint64_t now,
			       struct ov_arena *a, struct ov_judgement *out);

/**
 * For sites that get bundles: what was taken must not have been vouched for longer than `window`
 * seconds ago, by the later of the clock and the memory's floor; within, it is as fresh as such a
 * site can ask for.
 */
void ov_judge_window(struct ov_judgement *j, const struct ov_memory *memory, uint64_t now,
		     uint64_t window);

/** Does the judged tree begin with the one accepted before? @return OV_OK yes; OV_BAD no: that is a
 * fork. */
OV_MUST_USE ov_status ov_judge_growth(struct ov_hasher *h, const struct ov_judgement *j,
				      const struct ov_memory *memory,
				      const struct ov_merkle_proof *growth);

/** Writes what was accepted into the memory. Texts are borrowed from the judgement. */
void ov_judge_remember(const struct ov_judgement *j, struct ov_memory *memory);

/** How stale the newest accepted proof is now. */
enum ov_freshness ov_judge_freshness(uint64_t vouched, uint64_t floor, uint64_t now);

#endif
