/* What overt says of itself, for the parts of overt that stand on it. */
#ifndef OV_PROVENANCE_H
#define OV_PROVENANCE_H

#include "carrier.h"

/**
 * This program's own record. @param h  A SHA-256 hasher; NULL: the digest is not compared.
 * @return as ov_carrier_read(): anything but OV_OK means that the record was altered.
 */
OV_MUST_USE ov_status ov_provenance_own(struct ov_hasher *h, struct ov_carrier *out);

#endif
