/* What the sources share. */
#ifndef OV_GATHER_INT_H
#define OV_GATHER_INT_H

#include "arena.h"
#include "buf.h"
#include "checked.h"
#include "digest.h"
#include "gather.h"
#include "record.h"
#include "text.h"

#define OV_EV_HEAD 4096			   /* bytes of a file's beginning that every source sees */
#define OV_EV_TEXT_MAX ((size_t)256 << 20) /* largest text or database that is read as a whole */
#define OV_EV_CHAIN 48			   /* elements of a path chain inside a file */
#define OV_EV_BATCH ((size_t)28 << 10)

/* A file as sources see it. */
struct ov_ev_file {
	struct ov_str path, name; /* name: last part of the path */
	const struct ov_src *src;
	struct ov_cur head;
	int64_t mtime;
	uint32_t mode;
	bool is_target;
};

struct ov_image;
struct ov_held { /* a part of a layout of many files */
	struct ov_str path;
	struct ov_src src;
	struct ov_held *next;
};

struct ov_ev {
	const struct ov_ev_sink *sink;
	struct ov_buf out;     /* records that wait */
	struct ov_arena arena; /* of one file */
	const struct ov_inv_watch *watch;
	size_t nwatch;
	struct ov_str chain[OV_EV_CHAIN]; /* where we are inside the file that was handed over */
	uint32_t nchain;
	uint32_t layer;		 /* number of the image layer, 0: none */
	bool is_hidden;		 /* what is read now is hidden by a later layer */
	struct ov_arena kept;	 /* of one file: what waits to be opened */
	struct ov_arena scratch; /* of decoders, as a stack */
	struct ov_image *images; /* that wait: images.h */
	const struct ov_image
	    *at;	       /* being read: its chain goes before ours; NULL: the file itself */
	struct ov_buf engines; /* a gram table of their clues, once one was asked for */
	struct ov_hasher *sha256;    /* for overt's own record; NULL until needed */
	struct ov_held *held;	     /* files handed over beforehand: see ov_ev_hold() */
	uint64_t opened, opened_max; /* bytes read of what lies in images */
	bool is_limit_told;
	ov_status broke; /* the sink's failure; all else is news about the file */
};

struct ov_ev_source {
	const char *name;
	bool (*wants)(const struct ov_ev_file *f);
	/* @return OV_OK or OV_END; another status becomes a record of what was not read. */
	ov_status (*read)(struct ov_ev *e, const struct ov_ev_file *f);
};

extern const struct ov_ev_source ov_ev_sources[]; /* name NULL at the end */

/* A component being put together. */
#define OV_EV_PIECES 64
struct ov_ev_found {
	struct ov_inv_component c;
	struct ov_inv_evidence pieces[OV_EV_PIECES];
	bool is_supplement, is_minor; /* see record.h */
	uint32_t dropped;	      /* pieces that had no room */
};

/** A blank component of a kind. */
void ov_ev_begin(struct ov_ev_found *x, enum ov_inv_what what, struct ov_str name);

/** A program or library; all that is said of one path becomes one component. */
void ov_ev_program(struct ov_ev *e, struct ov_ev_found *x, const struct ov_ev_file *f,
		   enum ov_inv_what what);

/** Adds a piece; empty values are left out. Texts are borrowed until ov_ev_emit(). */
void ov_ev_add(struct ov_ev_found *x, enum ov_inv_kind kind, enum ov_grade grade,
	       struct ov_str value, struct ov_str where);
void ov_ev_add_detail(struct ov_ev_found *x, enum ov_inv_kind kind, enum ov_grade grade,
		      struct ov_str value, struct ov_str where, const char *detail);

/** Sends it. @return OV_OK; the sink's failure; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_ev_emit(struct ov_ev *e, struct ov_ev_found *x);

/** Sends rows, and what waits when that is much. */
OV_MUST_USE ov_status ov_ev_rows(struct ov_ev *e, enum ov_rec_kind kind,
				 const struct ov_rec_rows *r);
OV_MUST_USE ov_status ov_ev_scope(struct ov_ev *e, const struct ov_rec_scope *s);

/** A watched name or text was met: one component for each group and scope. */
OV_MUST_USE ov_status ov_ev_watched(struct ov_ev *e, const struct ov_inv_watch *w,
				    struct ov_str where);

/** Tells that what we are in is an image of that form. */
OV_MUST_USE ov_status ov_image_note(struct ov_ev *e, const char *form, int64_t made);

/** Tells that something could not be read. `member`: inside the file, or empty. */
OV_MUST_USE ov_status ov_ev_unread(struct ov_ev *e, ov_status why, struct ov_str member,
				   const char *detail);

/** Goes into a part, whose name becomes the chain's next element, and back. @return OV_LIMIT. */
OV_MUST_USE ov_status ov_ev_enter(struct ov_ev *e, struct ov_str name);
void ov_ev_leave(struct ov_ev *e);

/** All bytes of the file, at most `max`. @return OV_OK; OV_LIMIT for a larger one; OV_IO ... */
OV_MUST_USE ov_status ov_ev_load(struct ov_ev *e, const struct ov_ev_file *f, size_t max,
				 struct ov_cur *out);

/** Formatted text in the file's arena; "" without memory. */
struct ov_str ov_ev_fmt(struct ov_ev *e, const char *fmt, ...) OV_PRINTF(2, 3);

/** Runs every source that wants the file. @return OV_OK or the sink's failure. */
OV_MUST_USE ov_status ov_ev_dispatch(struct ov_ev *e, const struct ov_ev_file *f);

/** The log of a file that was handed over before it (inventory/companions.h): "-wal", ".LOG1".
 * @return NULL: there is none, or the file lies in an image. */
const struct ov_src *ov_ev_companion(const struct ov_ev *e, const struct ov_ev_file *f,
				     const char *suffix);

/* Names of paths. */
bool ov_ev_is(const struct ov_ev_file *f, const char *path);
bool ov_ev_under(const struct ov_ev_file *f, const char *folder);
bool ov_ev_named(const struct ov_ev_file *f, const char *name);
bool ov_ev_ends(const struct ov_ev_file *f, const char *tail); /* of the name, case-blind */
bool ov_ev_head_is(const struct ov_ev_file *f, const void *magic, size_t n);

struct ov_str ov_ev_str(struct ov_cur c);	   /* rest of a cursor as text */
struct ov_str ov_ev_trim(struct ov_str s);	   /* also of line ends */
bool ov_ev_has(struct ov_str s, const char *part); /* case-blind */

/** Cuts "key = value" at the first `sep`; both trimmed. @return false when there is none. */
bool ov_ev_pair(struct ov_str line, char sep, struct ov_str *key, struct ov_str *value);
/** Without one pair of quotes around it. */
struct ov_str ov_ev_unquote(struct ov_str s);

/** "2024-01-31", "2024-01-31 10:00:00", also with 'T', a fraction and a zone: seconds since 1970.
 * @return OV_INV_NO_DATE for anything else. */
int64_t ov_ev_time(struct ov_str s);
int64_t ov_ev_civil(int64_t year, unsigned month, unsigned day); /* seconds */

#endif
