/*
 * Signed notes (C2SP signed-note) with plain Ed25519 signatures and timed cosignatures (C2SP
 * tlog-cosignature, type 0x04).
 *
 *   text ... LF
 *   LF
 *   U+2014 SP name SP base64(id, signature) LF      one or more
 *
 * A signature counts by its key's name and id. Unknown ones are passed over; a known one that is
 * bad refuses the whole note.
 */
#ifndef OV_NOTE_H
#define OV_NOTE_H

#include "arena.h"
#include "buf.h"
#include "cursor.h"
#include "key.h"

#define OV_NOTE_MAX ((size_t)64 << 10) /* bytes of a note */
#define OV_NOTE_SIGS 128	       /* signatures of a note */
#define OV_COSIGN_TIME_MAX INT64_MAX

struct ov_note_sig {
	struct ov_str name; /* views into the note */
	struct ov_str line; /* the whole line, without its end */
	uint32_t id;
	struct ov_cur blob; /* behind the id; in the arena */
};

struct ov_note {
	struct ov_str text; /* with its last line end: what is signed */
	struct ov_note_sig *sigs;
	uint32_t nsigs;
};

/** Parses a note. Views point into `bytes`. @return OV_OK; OV_BAD; OV_LIMIT too large; arena's. */
OV_MUST_USE ov_status ov_note_parse(struct ov_str bytes, struct ov_arena *a, struct ov_note *out);

struct ov_note_key { /* a key that is known, and what the note has of it */
	const struct ov_vkey *key;
	bool is_good;
	uint64_t time; /* OV_KEY_COSIGN: Unix seconds, the newest of its good signatures */
};

/**
 * Verifies the signatures of known keys.
 * @return OV_OK when at least one known key signed; OV_END when none did; OV_BAD when a known key's
 * signature is wrong; OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_note_verify(const struct ov_note *n, struct ov_note_key *keys,
				     size_t nkeys);

/** Verifies one key's signature in `blob` over a text. @param time  Set for cosignatures. May be
 * NULL. @return OV_OK, OV_BAD, OV_NOMEM, OV_LIMIT. */
OV_MUST_USE ov_status ov_note_check(const struct ov_vkey *k, struct ov_str text, struct ov_cur blob,
				    uint64_t *time);

/** Appends a signature line over `text`. @param time  Unix seconds; for OV_KEY_COSIGN only. */
OV_MUST_USE ov_status ov_note_sign(const struct ov_skey *k, struct ov_str text, uint64_t time,
				   struct ov_buf *out);

/** True when `text` may be signed: UTF-8, ends in a line end, no control byte but those. */
bool ov_note_text_ok(struct ov_str text);

#endif
