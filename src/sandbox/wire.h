/*
 * The messages between broker and worker, both directions. A message is one or several datagrams
 * ("pieces") of a SOCK_SEQPACKET socket, each with this head, little-endian:
 *
 *   0      2       4       8        12
 *   | kind | flags | job   | length | body ...
 *
 * flags bit 0: more pieces of the same message follow. The bodies of all pieces joined are read
 * with ov_cur; a get function takes all of a body or fails. What a worker says is hostile input to
 * the broker: counts are held against the bytes that are there, enumerations against their range,
 * totals against what is listed.
 */
#ifndef OV_WIRE_H
#define OV_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "cursor.h"
#include "jail.h"
#include "overt/database.h"
#include "overt/verdict.h"
#include "status.h"
#include "str.h"

#define OV_WIRE_VERSION 5U
#define OV_WIRE_HEAD 12
#define OV_WIRE_PIECE ((size_t)32 * 1024)   /* most bytes of a datagram, head included  */
#define OV_WIRE_BODY_MAX ((size_t)64 << 20) /* most bytes of a message, all pieces joined */

enum ov_wire_kind {
	/* to the worker */
	OV_WIRE_SETUP = 1, /* before the jail: role, limits, options                            */
	OV_WIRE_OPEN,	   /* a database to map; answered by READY or FAILED                    */
	OV_WIRE_SCAN,	   /* one file; its size, a u64, spares the worker a question; VERDICT  */
	OV_WIRE_INCLUDE,   /* an answer to NEED: the file, or no descriptor: it can't be had */
	OV_WIRE_SOURCE,	   /* one source of a database to compile; no answer                    */
	OV_WIRE_COMPILE,   /* all sources are there, this is the output; DIAGNOSTIC*, COMPILED  */
	OV_WIRE_LIST,	   /* SIGNATURES*, DONE                                                 */
	OV_WIRE_FACTS,	   /* FACTS                                                             */
	OV_WIRE_ATTEMPT,   /* `overt prove`: try something forbidden; ATTEMPTED, or death       */
	OV_WIRE_COST,	   /* from now on count what rules cost (DONE); or, when that is done
			      already, tell it: COSTS*, DONE */
	OV_WIRE_WATCH,	   /* what an inventory looks for besides; no answer                   */
	OV_WIRE_INSPECT,   /* one file of an inventory; RECORDS*, DONE                         */
	OV_WIRE_CONVERT,   /* other people's files came as SOURCEs; DIAGNOSTIC*, CONVERTED     */
	OV_WIRE_DATA,	   /* before OPEN: a file for a module, whose name is the body; no answer */
	/* to the broker */
	OV_WIRE_HELLO = 64, /* after the jail: its report                                       */
	OV_WIRE_READY,
	OV_WIRE_VERDICT,
	OV_WIRE_DIAGNOSTIC,
	OV_WIRE_COMPILED,
	OV_WIRE_SIGNATURES,
	OV_WIRE_DONE,
	OV_WIRE_FACTS_ARE,
	OV_WIRE_ATTEMPTED,
	OV_WIRE_NEED,	  /* of a compilation: a file that a source includes; INCLUDE */
	OV_WIRE_PROGRESS, /* of a stream: u64 bytes read so far; only rising numbers buy time   */
	OV_WIRE_COSTS,
	OV_WIRE_RECORDS, /* inventory/record.h                                                */
	OV_WIRE_CONVERTED,
	OV_WIRE_FAILED, /* instead of the answer: why                                       */
	OV_WIRE_KINDS
};

struct ov_wire_head {
	enum ov_wire_kind kind;
	bool has_more;
	uint32_t job, length;
};

void ov_wire_put_head(uint8_t to[OV_WIRE_HEAD], const struct ov_wire_head *h);
/** @return OV_OK with the cursor at the body; OV_SHORT; OV_BAD for unknown kinds, flags, or a
 * length that is not the rest. */
OV_MUST_USE ov_status ov_wire_get_head(struct ov_cur *c, struct ov_wire_head *out);

enum ov_role { OV_ROLE_SCAN = 0, OV_ROLE_COMPILE, OV_ROLE_PROVE, OV_ROLE_INVENTORY, OV_ROLES };

/* How files are scanned; the worker's engine has the same fields. 0: no limit. */
struct ov_wire_scan {
	uint64_t max_layer, max_total, max_files, max_depth, max_ratio, max_time_ms, max_kept;
	uint64_t features_off, alerts, min_cards, min_ssns, ssn_formats;
	uint64_t max_html, max_html_text, max_script, max_icons;
	uint64_t pcre_match, pcre_depth, pcre_filesize;
	bool all_matches, want_sha256, want_context, no_archives, heuristics_first, cards_only;
	bool pua_excludes;
	char pua[OVERT_PUA_MAX];	     /* as overt_options_set_pua() */
	char passwords[OVERT_PASSWORDS_MAX]; /* each ends in NUL */
	uint32_t npasswords;		     /* bytes of them */
	bool yara_only, yara_negate, yara_fast, yara_process;
	uint64_t yara_matches, yara_dump;
	uint64_t detect, report;	 /* bits of enum overt_severity */
	char defines[OVERT_DEFINES_MAX]; /* "name=value", each ends in NUL */
	uint32_t ndefines;		 /* bytes of them */
};

struct ov_wire_setup {
	uint32_t version;
	enum ov_role role;
	uint64_t max_memory, max_file_size;
	uint32_t max_fds, parent; /* parent: the broker's process number, 0 to outlive it until the
				     socket closes */
	struct ov_wire_scan scan;
};
OV_MUST_USE ov_status ov_wire_put_setup(struct ov_buf *b, const struct ov_wire_setup *s);
OV_MUST_USE ov_status ov_wire_get_setup(struct ov_cur *c, struct ov_wire_setup *out);

OV_MUST_USE ov_status ov_wire_put_hello(struct ov_buf *b, const struct ov_jail_report *r);
OV_MUST_USE ov_status ov_wire_get_hello(struct ov_cur *c, struct ov_jail_report *out);

struct ov_wire_ready {
	uint8_t id[32];
	uint64_t signatures, built, refused, skipped;
	struct ov_str *labels; /* views into the body; the array is the arena's */
	uint32_t nlabels;
};
OV_MUST_USE ov_status ov_wire_put_ready(struct ov_buf *b, const struct ov_wire_ready *r);
OV_MUST_USE ov_status ov_wire_get_ready(struct ov_cur *c, struct ov_arena *a,
					struct ov_wire_ready *out);

#define OV_WIRE_TYPE_MAX 48 /* bytes of a type's name */

/* A verdict as received. `v.type` points to `type`: it stays where it was filled. */
struct ov_wire_verdict {
	struct overt_verdict v;
	char type[OV_WIRE_TYPE_MAX + 1];
	uint64_t memory; /* bytes that the worker's heap holds, so that it can be recycled */
};

OV_MUST_USE ov_status ov_wire_put_verdict(struct ov_buf *b, const struct overt_verdict *v,
					  uint64_t memory);
/**
 * Reads a verdict into *out, in place; its kind is concluded from what it lists. Texts are views
 * into the body, arrays are the arena's; `cookie` is not on the wire. After a failure *out holds
 * nothing of use.
 */
OV_MUST_USE ov_status ov_wire_get_verdict(struct ov_cur *c, struct ov_arena *a,
					  struct ov_wire_verdict *out);

/** A source to compile: its name, and whether it is the set that is built into the worker (then no
 * descriptor comes). */
struct ov_wire_source {
	struct ov_str name;
	bool is_builtin;
	bool is_from_folder; /* one kind of file that is not read is then no reason to refuse the
				rest */
	struct ov_str space; /* not empty: YARA rules of this namespace */
	bool is_compiled;    /* a database, to be joined; the text that it was made of may be the
				second descriptor */
};
OV_MUST_USE ov_status ov_wire_put_source(struct ov_buf *b, const struct ov_wire_source *s);
OV_MUST_USE ov_status ov_wire_get_source(struct ov_cur *c, struct ov_wire_source *out);

struct ov_wire_compile {
	bool with_pua, is_strict, is_yara; /* is_yara: of the command line: no usual externals */
	bool yara_strict;
	bool is_format; /* no database: the last source is written, laid out anew */
	uint32_t yara_strings;
	uint64_t max_memory;
	struct ov_str defines; /* "name=value", each ends in NUL */
};
OV_MUST_USE ov_status ov_wire_put_compile(struct ov_buf *b, const struct ov_wire_compile *w);
OV_MUST_USE ov_status ov_wire_get_compile(struct ov_cur *c, struct ov_wire_compile *out);

/** A file that a source includes: the number of the file that does (sources first, then what was
 * included, in order), and the name it gives. */
OV_MUST_USE ov_status ov_wire_put_need(struct ov_buf *b, uint32_t from, struct ov_str name);
OV_MUST_USE ov_status ov_wire_get_need(struct ov_cur *c, uint32_t *from, struct ov_str *name);

OV_MUST_USE ov_status ov_wire_put_diagnostic(struct ov_buf *b, const struct overt_diagnostic *d);
OV_MUST_USE ov_status ov_wire_get_diagnostic(struct ov_cur *c, struct overt_diagnostic *out);

struct ov_wire_compiled {
	uint64_t signatures, refused, skipped, ignored, allowed, bytes;
	uint8_t id[32];
};
OV_MUST_USE ov_status ov_wire_put_compiled(struct ov_buf *b, const struct ov_wire_compiled *w);
OV_MUST_USE ov_status ov_wire_get_compiled(struct ov_cur *c, struct ov_wire_compiled *out);

struct ov_wire_convert {
	uint32_t kind; /* enum overt_foreign_kind */
	struct ov_str arguments;
};
OV_MUST_USE ov_status ov_wire_put_convert(struct ov_buf *b, const struct ov_wire_convert *w);
OV_MUST_USE ov_status ov_wire_get_convert(struct ov_cur *c, struct ov_wire_convert *out);

struct ov_wire_converted {
	uint64_t version, built, signatures, level, files, taken, refused, skipped, bytes;
	bool is_signed, is_detached, is_readable;
};
OV_MUST_USE ov_status ov_wire_put_converted(struct ov_buf *b, const struct ov_wire_converted *w);
OV_MUST_USE ov_status ov_wire_get_converted(struct ov_cur *c, struct ov_wire_converted *out);

/** One signature of a SIGNATURES body, which holds any number of them. @return OV_END after the
 * last. */
OV_MUST_USE ov_status ov_wire_put_signature(struct ov_buf *b, const struct overt_signature *s);
OV_MUST_USE ov_status ov_wire_get_signature(struct ov_cur *c, struct overt_signature *out);

/** One rule's cost of a COSTS body, likewise. */
OV_MUST_USE ov_status ov_wire_put_cost(struct ov_buf *b, const struct overt_cost *s);
OV_MUST_USE ov_status ov_wire_get_cost(struct ov_cur *c, struct overt_cost *out);

OV_MUST_USE ov_status ov_wire_put_facts(struct ov_buf *b, const struct overt_database_facts *f);
OV_MUST_USE ov_status ov_wire_get_facts(struct ov_cur *c, struct ov_arena *a,
					struct overt_database_facts *out);

/* A file of an inventory; its descriptor comes along. */
struct ov_wire_inspect {
	struct ov_str path; /* in its root */
	int64_t mtime;	    /* seconds     */
	uint32_t mode;
	bool is_target; /* named by the user */
	bool is_held;	/* a part of a layout of many files: kept until its index comes */
};
OV_MUST_USE ov_status ov_wire_put_inspect(struct ov_buf *b, const struct ov_wire_inspect *s);
OV_MUST_USE ov_status ov_wire_get_inspect(struct ov_cur *c, struct ov_wire_inspect *out);

/** One number: of the attempt to be made (ATTEMPT), or errno of what came of it, 0: it worked
 * (ATTEMPTED). */
OV_MUST_USE ov_status ov_wire_put_u32(struct ov_buf *b, uint32_t v);
OV_MUST_USE ov_status ov_wire_get_u32(struct ov_cur *c, uint32_t *out);

/** Why there is no answer: a status kind and words. */
OV_MUST_USE ov_status ov_wire_put_failed(struct ov_buf *b, ov_status why, struct ov_str text);
OV_MUST_USE ov_status ov_wire_get_failed(struct ov_cur *c, ov_status *why, struct ov_str *text);

/** Number of a detection's kind on the wire, and back to its static name. 0 and NULL: unknown. */
uint8_t ov_wire_kind_number(const char *name);
const char *ov_wire_kind_name(uint8_t number);

#endif
