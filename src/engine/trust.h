/*
 * Publishers: whom a database trusts to sign programs, and whom it blocks.
 *
 * A program signed by a publisher that is trusted is on the allow list, as if its hash stood there;
 * one that carries a blocked publisher's certificate is a detection. Nothing is done for databases
 * without certificates, nor for programs without a signature.
 */
#ifndef OV_TRUST_H
#define OV_TRUST_H

#include "engine_int.h"

struct ov_trust;

/** Reads the certificates of a database. *out is NULL when it has none. @return OV_OK; OV_NOMEM. */
OV_MUST_USE ov_status ov_trust_new(const struct ov_odb *db, struct ov_trust **out);
void ov_trust_free(struct ov_trust **t);

/** Reports a program that carries a blocked certificate. */
OV_MUST_USE ov_status ov_trust_blocks(struct ov_engine *e, struct ov_node *n);

/** True when a program is signed by a trusted publisher, or stands in a catalog of theirs. Looked
 * at once a layer, and only when something else was found in it. */
bool ov_trust_allows(struct ov_engine *e, struct ov_node *n);

#endif
