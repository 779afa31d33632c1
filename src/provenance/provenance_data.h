/* The record that tools/provenance.py makes. */
#ifndef OV_PROVENANCE_DATA_H
#define OV_PROVENANCE_DATA_H

#include <stddef.h>
#include <stdint.h>

/** The record's bytes; *n: how many. Static. */
const unsigned char *ov_provenance_record(size_t *n);

#endif
