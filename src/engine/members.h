/* Container-metadata signatures, arranged so that a member meets few of them. See members.c. */
#ifndef OV_MEMBERS_H
#define OV_MEMBERS_H

#include "odb.h"
#include "status.h"

struct ov_members;

/** Arranges a database's signatures, which must outlive it: 16 bytes each. @return OV_OK with
 * *out NULL when there are none; OV_NOMEM. */
OV_MUST_USE ov_status ov_members_new(const struct ov_odb *db, struct ov_members **out);
void ov_members_free(struct ov_members **m);

/** A new file: what names may cost is counted from here. */
void ov_members_begin(struct ov_members *m);

#endif
