/* What the joiner's files share. */
#ifndef OV_INV_JOIN_INT_H
#define OV_INV_JOIN_INT_H

#include "hash_map.h"
#include "join.h"

#define OV_JOIN_DEPTH 16 /* scopes in scopes */

struct ov_owns { /* paths of one package, as its database tells */
	enum ov_inv_what what;
	struct ov_str name, arch;
	int64_t since;
	const uint8_t *rows;
	uint32_t n;
	struct ov_owns *next;
};

enum { OV_SEEN_HERE = 1, OV_SEEN_SHADOWED = 2 };

struct ov_scope { /* a root or an image, inside which paths mean something */
	struct ov_scope *outer;
	enum ov_scope_kind kind;
	struct ov_str *labels; /* path chain up to here */
	uint32_t nlabels;
	uint32_t number, layer;
	int64_t made;
	struct ov_hash_map seen; /* OV_SEEN_*, and the layer times 4 */
	struct ov_owns *owns;
	struct ov_str os; /* "debian", for package URLs */
};

struct ov_place { /* one more path of a component */
	uint32_t component;
	uint64_t hash;
};

struct ov_meta { /* beside each component */
	uint32_t scope;
	unsigned flags; /* OV_REC_* */
	uint32_t nevidence_cap;
};

struct ov_join {
	struct ov_inventory inv;
	const struct ov_inv_watch *watch;
	size_t nwatch;
	struct ov_scope *root, *at;
	struct ov_inv_component *components;
	struct ov_meta *meta;
	size_t cap;
	struct ov_inv_unread *unread;
	size_t unread_cap;
	struct ov_place *places;
	size_t nplaces, places_cap;
	struct ov_hash_map keys; /* hash of scope and key: number of the component */
	uint32_t nscopes;
	struct ov_arena scratch; /* of one body */
};

/** Doubles an array of `size` bytes an element. */
OV_MUST_USE ov_status ov_join_grow(void **list, size_t *cap, size_t need, size_t size);

/** Adds a component, or merges it into the one of its key. `c`'s texts are copied. `file`: hash of
 * its path in the scope, 0: none. */
OV_MUST_USE ov_status ov_join_add(struct ov_join *j, const struct ov_inv_component *c,
				  unsigned flags, uint64_t file);

/** Adds one piece of evidence, or counts it when it is there already. Texts are copied. */
OV_MUST_USE ov_status ov_join_evidence(struct ov_join *j, uint32_t component,
				       const struct ov_inv_evidence *e);

/** At a scope's end: states and owners of what lies in it. */
OV_MUST_USE ov_status ov_join_settle(struct ov_join *j, struct ov_scope *s);

/** Composes a component's package URL where it has none. */
OV_MUST_USE ov_status ov_join_purl(struct ov_join *j, struct ov_inv_component *c, struct ov_str os);

#endif
