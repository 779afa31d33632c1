/*
 * Names of a script and what they are replaced by: each name that `var`, a function or its
 * parameters declare gets the next number of its script, and is written n000, n001, ... wherever it
 * is in scope, before its declaration as well. Inside src/norm only.
 */
#ifndef OV_NORM_NAMES_H
#define OV_NORM_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "status.h"

#define OV_NAMES_NONE UINT32_MAX

struct ov_names_slot { /* of an open hash table; empty unless `round` is the table's */
	uint32_t round, a, b, value;
};

struct ov_names_table {
	struct ov_names_slot *slots;
	uint32_t log2, used, round;
};

struct ov_names {
	struct ov_buf letters; /* of all names                             */
	struct ov_buf names;   /* two uint32: offset and length in letters */
	struct ov_buf parents; /* of scopes; scope 0 is the script's own   */
	struct ov_names_table by_letters, declared;
	uint32_t nnames, nscopes, ndeclared;
};

OV_MUST_USE ov_status ov_names_init(struct ov_names *n);
void ov_names_free(struct ov_names *n);
/** Forgets all; memory stays, and nothing is cleared that was not used. */
void ov_names_begin(struct ov_names *n);

/** The number of a name, the same for the same letters. */
OV_MUST_USE ov_status ov_names_intern(struct ov_names *n, const uint8_t *p, size_t len,
				      uint32_t *name);
OV_MUST_USE ov_status ov_names_scope(struct ov_names *n, uint32_t parent, uint32_t *scope);
/** Declares a name: a second time in a scope, it gets a new number for all of it. */
OV_MUST_USE ov_status ov_names_declare(struct ov_names *n, uint32_t scope, uint32_t name);
/** What a name in a scope is replaced by, or OV_NAMES_NONE. */
uint32_t ov_names_find(const struct ov_names *n, uint32_t scope, uint32_t name);

#endif
