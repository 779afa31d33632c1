/*
 * The covered list: whose software which rule speaks of, and how it is recognised. Plain text in
 * stanzas, one object each; docs/COVERED.md has the words. Every stanza names its source.
 *
 *   product agent
 *   entity: kaspersky
 *   class: A
 *   name: Network Agent
 *   next: what to do
 *   source: vendor help
 *
 * A list is read whole or not at all: one bad line refuses it, and all bad lines are told.
 */
#ifndef OV_COVERED_LIST_H
#define OV_COVERED_LIST_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "inventory.h"
#include "status.h"
#include "str.h"

#define OV_COV_CLASSES 6 /* A to F */

/* What a rule says of a class. */
enum ov_cov_answer { OV_COV_SILENT = 0, OV_COV_YES, OV_COV_NO, OV_COV_ASK };

struct ov_cov_texts {
	struct ov_str *v;
	size_t n;
};

struct ov_cov_entity {
	struct ov_str id, note, source;
	struct ov_cov_texts names;
};

struct ov_cov_event {
	int64_t at; /* seconds since 1970 */
	struct ov_str what;
};

struct ov_cov_rule {
	struct ov_str id, name, issuer, kind, what, whom, source;
	struct ov_cov_texts citations, profiles, entities;
	enum ov_cov_answer answer[OV_COV_CLASSES];
	struct ov_cov_event *events; /* in the order of time */
	size_t nevents;
	int64_t updates_end; /* from then on updates are prohibited; OV_INV_NO_DATE */
};

struct ov_cov_product {
	struct ov_str id, entity, name, next, source;
	unsigned class_; /* 0 is A */
	enum ov_grade most;
};

struct ov_cov_indicator {
	uint64_t kinds; /* bits of enum ov_inv_kind */
	struct ov_str product, source;
	enum ov_grade most;
	struct ov_cov_texts values; /* case-blind; with * and ? */
	bool is_watched;	    /* the inventory must be told to look for it */
	bool is_decoy;		    /* what it matches is this product, whatever else matches */
	uint32_t product_at;	    /* index in the list */
};

/* One step of moving off, in the order of the list. */
struct ov_cov_step {
	struct ov_str id, entity, name, undo, source;
	struct ov_cov_texts acts, checks; /* what a person does; how it is seen to be done */
	struct ov_cov_texts products;	  /* only when one of these is found; none: always */
	unsigned classes;   /* bits: only when a finding of one of these classes is there; 0: any */
	struct ov_str kind; /* "record", "install", "probe", "remove"; "": none of these */
};

struct ov_cov_embedding {
	struct ov_str id, product, host, state, since, source;
	struct ov_cov_texts names, cpes; /* of the host, as an inventory has them; globs */
	struct ov_str
	    versions; /* in which it is inside (versions.h); "": not known, not compared */
	uint32_t product_at;
};

struct ov_cov_list {
	struct ov_arena arena;
	struct ov_str title, date;
	struct ov_cov_entity *entities;
	struct ov_cov_rule *rules;
	struct ov_cov_product *products;
	struct ov_cov_indicator *indicators;
	struct ov_cov_embedding *embeddings;
	struct ov_cov_step *steps;
	size_t nentities, nrules, nproducts, nindicators, nembeddings, nsteps;
};

typedef void (*ov_cov_error_fn)(void *ctx, uint32_t line, const char *why);

void ov_cov_list_init(struct ov_cov_list *l);
void ov_cov_list_free(struct ov_cov_list *l);

/**
 * Adds a list's objects; names of earlier lists may be used. Texts are views into `text`, which
 * must outlive the list.
 * @return OV_OK; OV_BAD after `error` was called for each bad line, with nothing added that counts
 * (the list is then only fit to be freed); OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_cov_list_add(struct ov_cov_list *l, struct ov_str text,
				      ov_cov_error_fn error, void *ctx);

/** What the inventory must look for. The array is the list's. */
OV_MUST_USE ov_status ov_cov_watches(struct ov_cov_list *l, struct ov_inv_watch **out, size_t *n);

const struct ov_cov_product *ov_cov_product_by_id(const struct ov_cov_list *l, struct ov_str id);
const struct ov_cov_entity *ov_cov_entity_by_id(const struct ov_cov_list *l, struct ov_str id);

/** "2024-09-29" or "2024-09-29T04:00:00Z" to seconds since 1970. @return OV_OK; OV_BAD. */
OV_MUST_USE ov_status ov_cov_date(struct ov_str s, int64_t *out);

/** The text of the list that is built into the program, put into `a`. @return OV_OK; OV_NOMEM. */
OV_MUST_USE ov_status ov_cov_builtin(struct ov_arena *a, struct ov_str *out);
/** As ov_cov_list_add, with that text, which is the list's then. */
OV_MUST_USE ov_status ov_cov_list_add_builtin(struct ov_cov_list *l, ov_cov_error_fn error,
					      void *ctx);

#endif
