/* Inside src/match: the state of a search for YARA strings. */
#ifndef OV_YSTR_FIND_H
#define OV_YSTR_FIND_H

#include "finder_int.h" /* struct vec */
#include "sieve.h"
#include "ystr_int.h"

#define YF_SLOTS_MAX ((size_t)1 << 20)
#define YF_KEYS_MAX ((size_t)1 << 22)
#define YF_LISTS_MAX ((size_t)1 << 20)
#define YF_KEPT ((size_t)1 << 21) /* matches of all lists together: 48 MiB */
#define YF_CHUNK ((size_t)256 * 1024)
#define YF_WINDOW ((size_t)1 << 20)

struct yf_list {      /* matches, by rising offset */
	struct vec v; /* struct ov_ymatch */
	uint32_t max;
	uint32_t flags; /* OV_YLIST_*  */
	bool is_greedy;
	bool is_done; /* no more are wanted */
};

struct yf_slot {
	struct ov_cur code;
	struct ys_view view;
	uint32_t max;
	uint32_t first_list; /* its own, then, when it has chains, one for each piece */
	bool is_chained;
	uint64_t work;
};

struct yf_piece { /* that is searched */
	struct ys_piece p;
	uint32_t slot, list;
	bool has_key;
};

/* A key, and the piece that is tried where it stands. */
struct yf_key {
	struct ys_row row;
	uint32_t piece;
};

struct yf_place { /* a piece without any key */
	uint32_t piece;
	uint8_t first[32]; /* bytes that a match can begin with */
};

struct ov_ysearch {
	uint32_t magic;
	struct ys_look look;
	struct vec slots, lists;		 /* yf_slot, yf_list             */
	struct vec pieces, keys, shorts, places; /* of the plan: yf_piece, yf_key twice, yf_place */
	struct vec sieves;			 /* struct ov_sieve: for `shorts`, 64 each */
	struct vec planned; /* const uint8_t *: the code of the slots that the plan was made for */
	size_t nlists_made; /* whose own vectors exist      */
	struct vec grams;   /* struct ov_gram_key           */
	struct vec ends, more_ends; /* of chains: uint64_t          */
	struct ov_gram_room room;
	struct ov_buf table;
	struct ov_gram gram;
	size_t kept; /* matches in all lists */
	/* while it runs */
	struct ov_ybytes bytes; /* the window; offsets are those of the source */
	uint64_t base;		/* added to them in lists                      */
	uint64_t to;		/* keys from here on are not yet looked at     */
	uint64_t *steps;
	const struct vec *told; /* what tokens count in */
	ov_status trouble;
	uint8_t *window;
	size_t window_cap;
	size_t reach; /* bytes that a match can extend to either side of its key */
};

static inline struct yf_slot *yf_slot_at(const struct ov_ysearch *s, uint32_t i)
{
	return (struct yf_slot *)s->slots.p + i;
}

static inline struct yf_list *yf_list_at(const struct ov_ysearch *s, uint32_t i)
{
	return (struct yf_list *)s->lists.p + i;
}

static inline struct yf_piece *yf_piece_at(const struct ov_ysearch *s, uint32_t i)
{
	return (struct yf_piece *)s->pieces.p + i;
}

static inline struct yf_key *yf_key_at(const struct vec *v, size_t i)
{
	return (struct yf_key *)v->p + i;
}

/** Decides how each string is found, and builds the table. */
OV_MUST_USE ov_status yf_plan(struct ov_ysearch *s);

/** Looks at all keys in [from, s->to) of the window. @return OV_OK; OV_LIMIT; OV_NOMEM. */
OV_MUST_USE ov_status yf_scan(struct ov_ysearch *s, uint64_t from);

/** Adds matches that end together. */
OV_MUST_USE ov_status yf_add(struct ov_ysearch *s, struct yf_list *l, const struct ys_found *f,
			     struct ov_ymatch like);

/** Joins the pieces of chains; fills the lists of their strings. */
OV_MUST_USE ov_status yf_join(struct ov_ysearch *s);

#endif
