/*
 * What the files of the mail reader share.
 *
 *   mail.c         lines, boundaries, parts        mail_header.c  headers and their parameters
 *   mail_give.c    parts as children               mail_inline.c  uuencode, yEnc, BinHex in a body
 */
#ifndef OV_MAIL_INT_H
#define OV_MAIL_INT_H

#include "decoder.h"
#include "format.h"
#include "window.h"

#define OV_MAIL_DEPTH 32	      /* parts within parts, in one layer                   */
#define OV_MAIL_BOUNDARIES 4	      /* of one multipart: declared, guessed                */
#define OV_MAIL_BOUNDARY_MAX 200      /* RFC 2046 allows 70; longer ones match by prefix    */
#define OV_MAIL_NAME_MAX 512	      /* bytes of a file name                               */
#define OV_MAIL_HEADER_MAX 16384      /* bytes of one unfolded header                       */
#define OV_MAIL_HEADERS_MAX (1 << 18) /* bytes of one part's headers                        */

/* Transfer codings that a part's headers name; several when they contradict one another. */
#define OV_MAIL_PLAIN 1u
#define OV_MAIL_BASE64 2u
#define OV_MAIL_QP 4u

struct ov_mail_text {
	char s[OV_MAIL_NAME_MAX];
	size_t n;
};

struct ov_mail_boundary {
	char s[OV_MAIL_BOUNDARY_MAX];
	size_t n;
	bool is_guessed; /* from a line that looked like one */
};

struct ov_mail_part {
	bool has_type, is_text, is_multipart, is_message, is_partial, is_encrypted, is_signed;
	bool says_uu, is_attachment;
	bool is_unknown; /* its transfer coding */
	unsigned codings;
	struct ov_mail_text name;
	bool has_file_name; /* Content-Disposition's: the better one */
	struct ov_mail_boundary b[OV_MAIL_BOUNDARIES];
	size_t nb;
	bool lost_boundaries;
};

/* One line, without its end. Views live until the next look at the source. */
struct ov_mail_line {
	struct ov_str text;
	uint64_t at, next;
	size_t eol;  /* bytes of its end: 0 at the source's end, else 1 or 2         */
	bool is_cut; /* longer than a window: its rest comes as another line         */
};

/* A child to be given. */
struct ov_mail_job {
	uint64_t off, size;
	bool is_stream, is_text;
	enum ov_codec codec;
	enum ov_type hint;
	struct ov_str name; /* empty: "part N" */
	bool is_encrypted;
	bool
	    is_guess; /* one reading of several, which no header asks for: its faults are no news */
};

struct ov_mail_frame {
	struct ov_mail_part p;
	uint64_t body;	 /* offset of its first byte                                       */
	uint64_t rest;	 /* multipart: where what belongs to no part begins                */
	bool is_met;	 /* a declared boundary was met                                    */
	bool is_ended;	 /* its closing boundary too                                       */
	bool has_uu;	 /* uuencode began in it                                           */
	bool is_guessed; /* opened because of a header's look, in another part's body      */
	bool is_silent;	 /* the layer itself, when it has no headers: nothing to give      */
	unsigned stage;	 /* of giving, when it closes                                      */
};

enum ov_mail_after { OV_MAIL_NOTHING = 0, OV_MAIL_OPEN, OV_MAIL_OPEN_GUESSED, OV_MAIL_MESSAGE };

struct ov_mail {
	const struct ov_fmt_env *env;
	struct ov_window win;
	uint64_t size, at; /* of the next line */
	char eol;
	bool in_headers, is_mbox, is_over, is_mid_line, was_blank;
	size_t last_eol;
	struct ov_mail_frame f[OV_MAIL_DEPTH];
	size_t depth;
	/* frames above `close_to` are being closed; their bodies end at `close_end` */
	size_t close_to;
	uint64_t close_end;
	enum ov_mail_after after;
	struct ov_mail_job job; /* to be given first */
	bool has_job;
	uint64_t position;
	/* the headers being read */
	char text[OV_MAIL_HEADER_MAX];
	size_t ntext;
	uint64_t headers_at, junk_at;
	unsigned njunk;
	bool in_yenc; /* "=ybegin" was met, its "=yend" was not */
	bool has_junk, has_mime_after_junk;
	/* the last line that began with "--" */
	char dash[OV_MAIL_BOUNDARY_MAX];
	size_t ndash;
	uint64_t dash_at, dash_next;
	struct ov_mail_text job_name;
	char unnamed[32];
	struct ov_decoder *decoder;
	struct ov_mail_job decoded; /* what `decoder` is at */
	struct ov_arena_mark mark;
	uint32_t noted; /* bits of enum ov_mail_note */
};

enum ov_mail_note {
	OV_MAIL_NOTE_DEPTH = 1,
	OV_MAIL_NOTE_HEADERS = 2,
	OV_MAIL_NOTE_HEADER = 4,
	OV_MAIL_NOTE_BOUNDARIES = 8,
	OV_MAIL_NOTE_PGP = 16,
	OV_MAIL_NOTE_YEND = 32
};

/* mail.c: the line at `at`. @return OV_OK; OV_END at the source's end; OV_IO. */
OV_MUST_USE ov_status ov_mail_line_at(struct ov_mail *m, uint64_t at, struct ov_mail_line *l);
void ov_mail_note_once(struct ov_mail *m, enum ov_mail_note which, ov_status why,
		       const char *detail);

/* mail_header.c */
/* "Name:" of printable characters; spaces may stand before the colon. @return its length, or 0. */
size_t ov_mail_header_name(struct ov_str line);
/* One of the headers that tell of a part: Content-Type, -Transfer-Encoding, -Disposition. */
bool ov_mail_is_mime_header(struct ov_str line);
/* Takes what an unfolded header tells of the part. */
void ov_mail_header(struct ov_mail_part *p, struct ov_str header);
/* Adds a boundary. */
void ov_mail_boundary_add(struct ov_mail_part *p, const char *s, size_t n, bool is_guessed);

/* mail_inline.c: looks at a body's line; sets m->job when something coded begins there. */
OV_MUST_USE ov_status ov_mail_inline(struct ov_mail *m, const struct ov_mail_line *l);

/* mail_give.c */
/* Next child of a frame that closes. @return OV_OK; OV_END when it has no more. */
OV_MUST_USE ov_status ov_mail_give_frame(struct ov_mail *m, struct ov_mail_frame *f, uint64_t end,
					 struct ov_mail_job *job);
OV_MUST_USE ov_status ov_mail_give_job(struct ov_mail *m, const struct ov_mail_job *job,
				       struct ov_child *out);
/* Reads the job that is being given. */
OV_MUST_USE ov_status ov_mail_read(struct ov_mail *m, void *to, size_t n, size_t *got);
/* Is there anything but space in [off, end)? Looks at its first bytes only. */
OV_MUST_USE ov_status ov_mail_has_text(struct ov_mail *m, uint64_t off, uint64_t end, bool *out);

#endif
