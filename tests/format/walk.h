/* Walks a container as the engine does, into a transcript: one line a part or note, parts inside
 * parts indented. */
#ifndef OV_TESTS_WALK_H
#define OV_TESTS_WALK_H

#include "buf.h"
#include "format.h"

struct ov_walk {
	enum ov_type force;    /* this type instead of the detected one; OV_T_BINARY_DATA: detect */
	bool by_callback;      /* bytes come from a read function, not from memory                */
	size_t chunk;	       /* bytes asked of read() at once                                   */
	long fail_in;	       /* the n-th arena request fails; <0: none                          */
	size_t budget;	       /* of an arena, bytes                                              */
	uint64_t features_off; /* bits of enum overt_feature                                   */
	uint64_t most;	       /* plain bytes read of one part                                    */
	const struct ov_str *passwords; /* tried on encrypted parts                              */
	size_t npasswords;
	/* results */
	struct ov_buf text; /* the caller frees it                                             */
	unsigned parts, notes, bugs, nomem;
	uint64_t plain; /* bytes handed out                                                */
};

#define OV_WALK_DEFAULT                                                                            \
	{                                                                                          \
		.chunk = 65536, .fail_in = -1, .budget = (size_t)16 << 20,                         \
		.most = (uint64_t)16 << 20, .text = {                                              \
			.max = (size_t)16 << 20                                                    \
		}                                                                                  \
	}

/* Walks `n` bytes at `p`, and up to three layers below. */
void ov_walk(struct ov_walk *w, const uint8_t *p, size_t n);

#endif
