/*
 * Versions of any maker, compared by their parts: runs of digits by their number, runs of letters
 * by the alphabet, all else only separates. A number comes after letters, and what goes on after
 * what ends: 9.5 < 18.4 < 18.4R1 < 18.4R1.8 < 18.4.1. No maker's own rules (epochs, "rc" before the
 * release) are known here.
 *
 * A range is comparators with blanks or '|' between, all of which must hold: ">=9.5 <18.4R1", also
 * in VERS form, "vers:generic/>=9.5|<18.4R1".
 */
#ifndef OV_COVERED_VERSIONS_H
#define OV_COVERED_VERSIONS_H

#include <stdbool.h>

#include "status.h"
#include "str.h"

/** @return less than, equal to, or greater than 0. */
int ov_version_compare(struct ov_str a, struct ov_str b);

/** @return OV_OK with *out; OV_BAD for a range that is none, or an empty version. */
OV_MUST_USE ov_status ov_version_in(struct ov_str version, struct ov_str range, bool *out);

#endif
