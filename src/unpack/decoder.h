/*
 * Streaming decompression behind one interface, with bounded memory and output by the caller's
 * pace.
 *
 * A decoder pulls its packed bytes from a source in windows and hands out plain bytes. It never
 * trusts a declared size, never allocates more than `max_memory`, and tells exactly how a stream
 * ends.
 */
#ifndef OV_DECODER_H
#define OV_DECODER_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "source.h"
#include "status.h"

enum ov_codec {
	OV_CODEC_STORED,
	OV_CODEC_DEFLATE,   /* raw                                                    */
	OV_CODEC_DEFLATE64, /* raw, 64 KiB window: own code                           */
	OV_CODEC_ZLIB,
	OV_CODEC_GZIP,		/* with members one after another, padding and trailers   */
	OV_CODEC_BZIP2,		/* concatenated streams too                               */
	OV_CODEC_XZ,		/* concatenated streams and padding too                   */
	OV_CODEC_LZMA_ALONE,	/* 13-byte header                                         */
	OV_CODEC_LZMA_ZIP,	/* ZIP's: version, properties size, properties            */
	OV_CODEC_ZSTD,		/* frames and skippable frames                            */
	OV_CODEC_LZ4,		/* frame format, legacy frames too                        */
	OV_CODEC_COMPRESS,	/* Unix compress, LZW 9..16 bits: own code                */
	OV_CODEC_EXPLODE,	/* ZIP's implode: own code; needs plain_size              */
	OV_CODEC_SZDD,		/* Microsoft's COMPRESS.EXE: own code                     */
	OV_CODEC_BASE64,	/* transfer codings of mail, read on behind faults: own code */
	OV_CODEC_BASE64_STRICT, /* ends at the first padding                               */
	OV_CODEC_QP,		/* quoted-printable                                        */
	OV_CODEC_UU,		/* lines after "begin", up to "end"                        */
	OV_CODEC_YENC,		/* lines after "=ybegin", up to "=yend"                    */
	OV_CODEC_BINHEX,	/* from ':' to ':', runs undone                            */
	OV_CODEC_OVBA,		/* VBA sources in Office documents: own code              */
	OV_CODEC_ASCIIHEX,	/* PDF's filters: own code                                 */
	OV_CODEC_ASCII85,
	OV_CODEC_RUNS,	   /* RunLength                                               */
	OV_CODEC_LZW,	   /* codes highest bit first, 9..12 bits; see lzw_is_late    */
	OV_CODEC_PNG_ROWS, /* predictors: needs row_bytes and pixel_bytes             */
	OV_CODEC_COUNT
};

struct ov_decoder;

struct ov_decoder_params {
	uint64_t max_memory; /* bytes for windows and dictionaries                              */
	uint64_t plain_size; /* for codecs that need it (in ZIP)      ; UINT64_MAX if unknown     */
	bool lzma_has_end_mark; /* ZIP flag bit 1 */
	bool lzw_is_late;	/* PDF: /EarlyChange 0 */
	uint32_t row_bytes, pixel_bytes;
	uint16_t zip_flags; /* implode: the general purpose flags (bits 1 and 2)             */
};

/**
 * Starts decoding [0, in->size) of `in`.
 *
 * @param a   State and windows live here. Library handles are released by ov_decoder_close.
 * @return OV_OK; OV_UNSUPPORTED for a codec or variant that is not read; OV_LIMIT when it needs
 * more memory than allowed; OV_BAD; OV_SHORT; OV_NOMEM. Threads: one thread at a time per decoder.
 */
OV_MUST_USE ov_status ov_decoder_open(enum ov_codec c, const struct ov_src *in,
				      const struct ov_decoder_params *p, struct ov_arena *a,
				      struct ov_decoder **out);

/**
 * Gives the next plain bytes.
 * @return OV_OK with *got in 1..n; OV_END after the last byte of a stream that ended as it should;
 * OV_SHORT when the input ran out first; OV_BAD (also a failed checksum); OV_LIMIT; OV_IO. Bytes
 * given before an error are good bytes. No call gives 0 bytes with OV_OK, so loops end.
 */
OV_MUST_USE ov_status ov_decoder_read(struct ov_decoder *d, void *to, size_t n, size_t *got);

/**
 * What was wrong with a transfer coding of mail whose last read gave OV_BAD or OV_SHORT: such
 * codings are read on behind a fault, to their end.
 * @return A static sentence part, with *at the place in the packed bytes; NULL for other codecs.
 */
const char *ov_decoder_fault(const struct ov_decoder *d, uint64_t *at);

/** Packed bytes used so far: after OV_END, where the stream's end lies in `in`. */
uint64_t ov_decoder_consumed(const struct ov_decoder *d);

/** Releases library handles and clears the pointer. NULL inside is fine. */
void ov_decoder_close(struct ov_decoder **d);

#endif
