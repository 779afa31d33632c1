/*
 * The verdict: inventory, list, who asks, and when; no file, no clock. A finding is a component
 * that indicators of a product meet, with the grade that its evidence carries, and what each rule
 * says of it to that reader. See docs/COVERED.md for grades and states.
 */
#ifndef OV_COVERED_JUDGE_H
#define OV_COVERED_JUDGE_H

#include "list.h"

#define OV_COV_HITS_MAX 32 /* pieces of evidence kept of a finding; the count goes on */

struct ov_cov_hit {
	const struct ov_inv_evidence *evidence;
	const struct ov_cov_indicator *indicator;
	enum ov_grade grade;
};

struct ov_cov_verdict {
	const struct ov_cov_rule *rule;
	enum ov_cov_answer answer;
	const struct ov_cov_event *since; /* the newest event that is not after the date asked */
};

enum ov_cov_still { OV_COV_STILL_UNKNOWN = 0, OV_COV_STILL_YES, OV_COV_STILL_NO };

struct ov_cov_finding {
	const struct ov_inv_component *component;
	const struct ov_cov_product *product;
	const struct ov_cov_entity *entity;
	unsigned class_; /* 0 is A */
	enum ov_grade grade;
	const char *state; /* static: "present", "impersonation", ... */
	bool is_impersonation;
	/* The host that a document names: in the versions that have it inside (grade E1 at most, a
	 * document speaks of it), or, for a trace in the host's own settings, past them:
	 * "replaced". */
	const struct ov_cov_embedding *embedding;
	enum ov_cov_still still; /* were updates taken after a rule ended them? */
	struct ov_cov_hit hits[OV_COV_HITS_MAX];
	size_t nhits, hits_total;
	struct ov_cov_verdict *verdicts;
	size_t nverdicts;
};

struct ov_cov_result {
	struct ov_cov_finding *findings; /* the strongest first */
	size_t nfindings;
	size_t nfound; /* of E3 and above: these count */
	size_t nundetermined;
};

/**
 * @param profile  "us-person", ...; "" for all rules. @param at  Seconds since 1970.
 * @param a  For the result, which points into list and inventory as well.
 * @return OV_OK; OV_LIMIT, OV_NOMEM. Threads: no shared state.
 */
OV_MUST_USE ov_status ov_cov_judge(const struct ov_cov_list *list, const struct ov_inventory *inv,
				   struct ov_str profile, int64_t at, struct ov_arena *a,
				   struct ov_cov_result *out);

/** "A" to "F"; "yes", "no", "ask": static texts. */
const char *ov_cov_class_name(unsigned class_);
const char *ov_cov_answer_name(enum ov_cov_answer a);

#endif
