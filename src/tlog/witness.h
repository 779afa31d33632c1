/*
 * A witness's decision (C2SP tlog-witness, add-checkpoint), apart from its network and its disk: a
 * request and what is stored in, an HTTP status and what to store out.
 *
 *   old <size>
 *   <base64 hash>      0 to 63, a consistency proof
 *                      an empty line
 *   <checkpoint, a signed note>
 *
 * Order of answers: 400 malformed; 404 an unknown log; 403 not signed by it; 400 old above size;
 * 409 old is not what is stored; 422 the proof does not lead there; 200.
 */
#ifndef OV_WITNESS_H
#define OV_WITNESS_H

#include "checkpoint.h"

#define OV_WITNESS_PROOF_MAX 63

struct ov_witness_request {
	uint64_t old;
	struct ov_merkle_proof proof;
	struct ov_note note;
	struct ov_checkpoint checkpoint;
};

/** Parses a request's body. @return OV_OK; OV_BAD (answer 400); OV_LIMIT (the same); arena's. */
OV_MUST_USE ov_status ov_witness_parse(struct ov_str body, struct ov_arena *a,
				       struct ov_witness_request *out);

OV_MUST_USE ov_status ov_witness_write(const struct ov_witness_request *r, struct ov_str note,
				       struct ov_buf *out);

struct ov_witness_stored { /* the largest tree seen of a log; all zero: none yet */
	uint64_t size;
	struct ov_merkle_hash root;
};

/**
 * Decides. @param log  The log's key, found by the checkpoint's origin; NULL: unknown (404).
 * @param status  200: cosign the checkpoint's text, after (size, root) has been stored durably in
 * place of `stored`. 409: answer with `stored->size`.
 * @return OV_OK with a status; OV_NOMEM and kin.
 */
OV_MUST_USE ov_status ov_witness_decide(struct ov_hasher *h, const struct ov_witness_request *r,
					const struct ov_vkey *log,
					const struct ov_witness_stored *stored, int *status);

#endif
