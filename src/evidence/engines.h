/* What was met in one file of the clues to engines, between the search and the report. */
#ifndef OV_EV_ENGINES_H
#define OV_EV_ENGINES_H

#include "gather_int.h"
#include "known.h"

#define OV_ENGINES_MAX 32
#define OV_VERSION_MAX 24
#define OV_CARRIERS 16
#define OV_RUNS 64

enum { OV_SYMBOL_DEFINED = 1, OV_SYMBOL_IMPORTED = 2 };

struct ov_hunt {
	bool is_program;
	bool has_symbols; /* symbol tables were read: names elsewhere in the file don't count */
	struct ov_met {
		uint64_t at; /* first place */
		uint32_t count;
	} * met;	 /* of each clue */
	uint8_t *symbol; /* of each clue: OV_SYMBOL_ bits */
	struct ov_str library[OV_ENGINES_MAX];
	bool is_own[OV_ENGINES_MAX]; /* it is that library */
	struct {
		char text[OV_VERSION_MAX];
		size_t n;
	} version[OV_ENGINES_MAX];
	uint64_t carrier[OV_CARRIERS]; /* where overt's record seems to begin */
	uint32_t ncarriers;
	struct {
		uint64_t off, size;
	} run[OV_RUNS]; /* parts that are executed */
	uint32_t nruns;
	uint64_t bytes[256]; /* how often each occurs in them */
	const char *packer;
};

/** One component for each engine that something was met of, and what packed the program. */
OV_MUST_USE ov_status ov_hunt_report(struct ov_ev *e, const struct ov_ev_file *f,
				     const struct ov_hunt *h);

#endif
