/*
 * What the codecs share: the packed input in windows, memory that is counted, and the row each
 * codec fills.
 *
 * A codec is one file that offers one or more `struct ov_codec_row`; decoder.c lists them by enum
 * ov_codec.
 */
#ifndef OV_DECODER_INT_H
#define OV_DECODER_INT_H

#include <stdbool.h>

#include "decoder.h"

#define OV_IN_WINDOW ((size_t)64 * 1024)

/*
 * The packed bytes, pulled window by window. Bytes [p, p + left) are the window's unread rest, and
 * `next` is the offset in `src` of the byte after them.
 */
struct ov_inflow {
	struct ov_src src;
	const uint8_t *p;
	size_t left;
	uint64_t next;
	uint8_t *buf;	/* OV_IN_WINDOW bytes; NULL for a source in memory            */
	uint64_t ahead; /* bytes taken, but only held as bits: not yet consumed        */
};

/* Makes left > 0. @return OV_OK; OV_END when nothing is left at all; OV_IO. */
OV_MUST_USE ov_status ov_in_fill(struct ov_inflow *in);

/* Marks `n` <= left bytes of the window as read. */
static inline void ov_in_take(struct ov_inflow *in, size_t n)
{
	if (n == 0)
		return; /* p may be NULL then */
	in->p += n;
	in->left -= n;
}

/* Offset of the next unread byte. */
static inline uint64_t ov_in_at(const struct ov_inflow *in)
{
	return in->next - in->left;
}

/* One byte. @return OV_OK; OV_SHORT at the end; OV_IO. */
OV_MUST_USE static inline ov_status ov_in_u8(struct ov_inflow *in, uint8_t *out)
{
	if (in->left == 0) {
		const ov_status s = ov_in_fill(in);

		if (s != OV_OK)
			return s == OV_END ? OV_SHORT : s;
	}
	*out = *in->p;
	ov_in_take(in, 1);
	return OV_OK;
}

/* Copies exactly `n` bytes and moves past them. @return OV_OK; OV_SHORT; OV_IO. */
OV_MUST_USE ov_status ov_in_copy(struct ov_inflow *in, void *to, size_t n);

/* Copies the next bytes, up to `n`, without moving. */
OV_MUST_USE ov_status ov_in_peek(const struct ov_inflow *in, uint8_t *to, size_t n, size_t *got);

/* Moves past zero bytes: padding between and after streams. @return OV_OK; OV_IO. */
OV_MUST_USE ov_status ov_in_skip_zeros(struct ov_inflow *in);

/*
 * Counted memory for libraries that allocate by themselves. Every block is preceded by its size.
 * Requests beyond `max` are refused, and `refused` then tells a limit from a lack of memory.
 */
struct ov_meter {
	struct ov_arena *fault; /* its fail_in counts our requests too, for tests */
	uint64_t used, max;
	bool refused;
};

void *ov_meter_alloc(struct ov_meter *m, size_t n); /* not zeroed; NULL: refused or none */
void ov_meter_free(struct ov_meter *m, void *p);
/* Why the last request failed: OV_LIMIT or OV_NOMEM. */
ov_status ov_meter_why(const struct ov_meter *m);

struct ov_codec_row {
	/* Sets d->own. On failure, and in the end, `close` is called. May be NULL. */
	ov_status (*open)(struct ov_decoder *d);
	/*
	 * Writes *got in 0..n bytes in any case. OV_OK: call again (bytes were given or input was
	 * consumed); anything else is final, after those bytes.
	 */
	ov_status (*read)(struct ov_decoder *d, uint8_t *to, size_t n, size_t *got);
	void (*close)(
	    struct ov_decoder *d); /* may be NULL; sees d->own NULL if open failed early */
};

#define OV_DECODER_MAGIC 0x0dec0de5u

struct ov_decoder {
	uint32_t magic;
	enum ov_codec codec;
	const struct ov_codec_row *row;
	struct ov_inflow in;
	struct ov_decoder_params params;
	struct ov_arena *arena;
	struct ov_meter meter;
	void *own;	   /* the codec's state, in the arena */
	ov_status ended;   /* OV_OK while there is more       */
	const char *fault; /* see ov_decoder_fault */
	uint64_t fault_at;
};

extern const struct ov_codec_row ov_codec_stored, ov_codec_inflate, ov_codec_inflate64,
    ov_codec_bzip2, ov_codec_lzma, ov_codec_zstd, ov_codec_lz4, ov_codec_compress, ov_codec_explode,
    ov_codec_szdd, ov_codec_transfer, ov_codec_ovba, ov_codec_ascii, ov_codec_runs, ov_codec_lzw,
    ov_codec_png_rows;

#endif
