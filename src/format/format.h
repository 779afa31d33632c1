/*
 * The descriptor interface: a format is one file that fills one `struct ov_format`, and one row in
 * table.c.
 *
 * The engine drives: open, then next / read / read / ... / next ..., until OV_END, then close. A
 * format never sees the engine, never recurses into its children, and never decides a verdict: it
 * hands out parts and notes what it could not read.
 */
#ifndef OV_FORMAT_H
#define OV_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "source.h"
#include "status.h"
#include "str.h"
#include "type.h"

#define OV_SIZE_UNKNOWN UINT64_MAX

/* What a format is given. All pointers outlive the format's state. */
struct ov_fmt_env {
	const struct ov_src *src; /* the layer's bytes */
	enum ov_type type;	/* as detected; one format may serve several                      */
	bool is_part;		/* of another layer: not a file by itself                         */
	struct ov_arena *arena; /* the format's alone until close; refuses beyond its budget      */
	uint64_t max_memory;	/* bytes a codec may take for windows and dictionaries            */
	/*
	 * Tells that something could not be read: `why` is OV_SHORT, OV_BAD, OV_UNSUPPORTED,
	 * OV_ENCRYPTED or OV_LIMIT; `member` the part concerned, empty for the whole; `detail` a
	 * short English sentence part. Both texts are copied. Every part that is skipped must be
	 * told here: nothing is left out in silence.
	 */
	void (*note)(void *ctx, ov_status why, struct ov_str member, const char *detail);
	/*
	 * Tells that the layer is suspicious by what it is, not by its bytes. `alert`: the switch
	 * that asks for it (a number of enum overt_alert), or OV_ALWAYS for those that are on by
	 * default; `name`: ClamAV's, with its "Heuristics." Copied. May be called at any time
	 * between open and close.
	 */
	void (*heuristic)(void *ctx, int alert, const char *name);
	/*
	 * A carved layer may not be of this format, and what is broken in it is no news. A format
	 * that is certain makes it false (ov_fmt_proven). NULL: nobody asks.
	 */
	bool *is_doubted;
	/* Is the time for this file spent? For long searches; what ends early for it is OV_LIMIT.
	 */
	bool (*is_late)(void *ctx);
	void *ctx;
	uint64_t features_off;		/* bits of enum overt_feature */
	const struct ov_str *passwords; /* to try on encrypted parts of ZIP archives */
	size_t npasswords;
};

#define OV_ALWAYS (-1)
#define OV_JUDGED (-2) /* for the engine: its switches were asked by the caller */

/* Calls for formats: a caller that does not listen leaves them NULL. */
static inline void ov_fmt_heuristic(const struct ov_fmt_env *env, int alert, const char *name)
{
	if (env->heuristic != NULL)
		env->heuristic(env->ctx, alert, name);
}

static inline void ov_fmt_proven(const struct ov_fmt_env *env)
{
	if (env->is_doubted != NULL)
		*env->is_doubted = false;
}

static inline bool ov_fmt_is_late(const struct ov_fmt_env *env)
{
	return env->is_late != NULL && env->is_late(env->ctx);
}

enum ov_child_kind {
	OV_CHILD_SLICE,	 /* its bytes are [off, off + size) of the parent: no copy is made  */
	OV_CHILD_STREAM, /* its bytes come from read() */
	OV_CHILD_NONE /* its bytes can't be had; the reason was noted. Metadata only              */
};

struct ov_child {
	enum ov_child_kind kind;
	struct ov_str
	    name; /* as stored, any bytes, never joined to a path of ours; valid until next() */
	uint64_t off, size; /* SLICE: where; STREAM: size as declared, or OV_SIZE_UNKNOWN */
	uint64_t packed;    /* bytes it takes in the parent, or OV_SIZE_UNKNOWN    */
	uint64_t position;  /* its number in the container, as ClamAV counts: mostly from 1  */
	uint32_t crc32;
	uint16_t method; /* of compression, ZIP's numbers */
	bool has_crc32, has_method, is_encrypted;
	/*
	 * What the container says it is (OV_T_BINARY_DATA: nothing). It counts where the bytes look
	 * like text or like nothing, so that a message without usual headers is read as a mail.
	 */
	enum ov_type hint;
	bool is_text; /* a mail's own text, which is shown to people: its links are looked at */
	/*
	 * A format that is only a coding of one file (gzip, xz, ...) hands out its single child
	 * with is_coding; carved parts (an archive appended to a program) are is_carved: a failure
	 * inside them is no news about the parent.
	 */
	bool is_coding, is_carved;
	/* Carved: the search that found it went through its bytes as well, so it is not searched
	 * again. */
	bool is_searched;
};

struct ov_format {
	const char *name; /* "zip"; used in messages and by `overt prove --formats` */
	/** Starts on env->src. *state is the format's own, in the arena. Errors: any of ov_status.
	 */
	ov_status (*open)(const struct ov_fmt_env *env, void **state);
	/** Next part. @return OV_OK; OV_END when all were given; else the rest is unreadable
	 * (reason). */
	ov_status (*next)(void *state, struct ov_child *out);
	/**
	 * Next bytes of the current STREAM part. @return OV_OK with *got > 0; OV_END after the last
	 * byte; else this part breaks here (what was given so far counts, next() may still be
	 * called).
	 */
	ov_status (*read)(void *state, void *to, size_t n, size_t *got);
	/** Releases what the arena does not own (library handles). May be NULL. Called once after
	 * open. */
	void (*close)(void *state);
};

/** The format that opens a type, or NULL when none does. Table rows: table.c. */
const struct ov_format *ov_format_for(enum ov_type t);

/**
 * The format that finds archives and programs embedded in, or appended to, any layer
 * (self-extracting programs, a ZIP after a picture, a PE inside a document). Its parts are slices
 * with is_carved set.
 */
extern const struct ov_format ov_format_carve;

#endif
