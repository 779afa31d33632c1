/*
 * The inventory's data model: what is on a machine or in a file, with the evidence for it.
 *
 * A component is one thing that was found: a package, a program, a driver, a root certificate, a
 * line of an SBOM. It stands on pieces of evidence, each with its kind, value, place and grade.
 * Nothing here judges: whose a component is, and which rule binds whom, is the covered list's work,
 * which reads this model and no file.
 *
 * Everything in it came from outside, through the jailed worker, and was checked only for form:
 * counts, ranges, lengths. Texts may be any bytes: clean them when they are shown or written
 * (ov_inv_utf8, ov_text_shown). All of it lives in the inventory's arena.
 */
#ifndef OV_INVENTORY_H
#define OV_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "status.h"
#include "str.h"

enum ov_inv_what {
#define OV_WHAT(sym, name, cyclonedx) OV_WHAT_##sym,
#include "what.def"
#undef OV_WHAT
	OV_WHATS
};

enum ov_inv_kind {
#define OV_EVIDENCE(sym, name) OV_EV_##sym,
#include "evidence.def"
#undef OV_EVIDENCE
	OV_EV_KINDS
};

/*
 * How much a piece of evidence can carry by itself (docs/INVENTORY.md):
 *   E5 valid chain to a known key, or package record with matching files
 *   E4 package record with files, allocated altitude, Team ID with a valid code signature
 *   E3 a record that somebody else than the component made (registry, unit, package without files)
 *   E2 one self-asserted field: CompanyName, an SBOM's supplier, an untrusted signature
 *   E1 a name, a host, a string      E0 a mention
 * What two independent ones together mean is decided by who judges.
 */
enum ov_grade { OV_E0 = 0, OV_E1, OV_E2, OV_E3, OV_E4, OV_E5, OV_GRADES };

enum ov_inv_state {
	OV_STATE_PRESENT = 0,
	OV_STATE_FILES_GONE, /* a package database lists it, and none of its files is there     */
	OV_STATE_DISABLED,   /* installed and not started: unit not enabled, service start 4    */
	OV_STATE_REMOVED,    /* the record says that it was removed (dpkg: config-files)        */
	OV_STATE_SHADOWED,   /* in an image layer, and a later layer removes or replaces it     */
	OV_STATE_NAMED,	     /* only named by a document (SBOM, lock file, configuration)       */
	OV_STATES
};

/* The path under which an envelope (DSSE) is handed over to be taken apart, and the name of what
 * comes of it: evidence of kind OV_EV_FIELD, "type", "payload" in pieces, "sig", in this order. */
#define OV_EV_ENVELOPE "dsse:envelope"

#define OV_INV_NO_DATE INT64_MIN
#define OV_INV_NONE UINT32_MAX

/* When it was first there, between bounds; seconds since 1970, OV_INV_NO_DATE where not known. */
struct ov_inv_since {
	int64_t earliest, latest;
	struct ov_str from; /* "dpkg .list time", "rpm INSTALLTIME", "signature time stamp" */
};

struct ov_inv_updates {
	int64_t last;	    /* of its data, signatures or itself */
	struct ov_str from; /* what says so */
};

struct ov_inv_evidence {
	enum ov_inv_kind kind;
	enum ov_grade grade;
	struct ov_str value;
	struct ov_str
	    where; /* path, key, line or offset inside the component's path; may be empty */
	struct ov_str
	    detail;	/* a fixed English word or two: "self-made", "broken-digest"; may be "" */
	uint32_t count; /* how often it was met; `where` is the first place */
};

/*
 * How sound a signature is, in the `detail` of OV_EV_SIGNER. The inventory trusts no root by
 * itself: "intact" means that every digest and signature holds up to the chain's last certificate,
 * whose key is OV_EV_ROOT_KEY.
 */
#define OV_SIGNED_INTACT "intact"
#define OV_SIGNED_SELF_MADE "self-made"	   /* the signer vouches for itself               */
#define OV_SIGNED_BROKEN "broken-digest"   /* the program's bytes are not those signed   */
#define OV_SIGNED_BAD_CHAIN "broken-chain" /* a signature in the chain does not hold     */
#define OV_SIGNED_INCOMPLETE "incomplete"  /* the issuer's certificate is not there      */
#define OV_SIGNED_EXPIRED "expired"	   /* not valid when signed, or now without a stamp */
#define OV_SIGNED_UNREADABLE "unreadable"

struct ov_inv_component {
	enum ov_inv_what what;
	enum ov_inv_state state;
	struct ov_str name, version, arch;
	struct ov_str supplier; /* as the component itself tells */
	struct ov_str id;	/* its own identity: bundle id, extension id, app id, unit name   */
	struct ov_str purl, cpe;
	/*
	 * Where, outermost first: ["image.tar", "sha256:aa.. (layer 1)", "usr/bin/x"], or for an
	 * SBOM ["bom.json", "gateway", "engine"]. Paths inside a root carry no leading '/'.
	 */
	struct ov_str *path;
	uint32_t npath;
	uint32_t layer; /* number of its image layer from 1; 0: none */
	struct ov_inv_since since;
	struct ov_inv_updates updates;
	uint32_t owner;	      /* index of the package that owns it, OV_INV_NONE: nobody's */
	bool is_privileged;   /* driver, boot service, root certificate, extension, setuid      */
	bool is_undetermined; /* privileged, nobody's, and nothing in it says whose             */
	struct ov_inv_evidence *evidence;
	uint32_t nevidence;
	struct ov_str key; /* what joins records of the same thing; not for reports */
};

struct ov_inv_unread {
	struct ov_str *path; /* outermost first */
	uint32_t npath;
	ov_status why; /* OV_SHORT, OV_BAD, OV_UNSUPPORTED, OV_ENCRYPTED, OV_LIMIT, OV_IO, ... */
	struct ov_str
	    reason; /* "malformed", "unsupported", ... as in scans; "crashed", "timeout" */
	struct ov_str detail; /* a sentence part */
};

struct ov_inventory {
	struct ov_arena arena;
	struct ov_str target;		     /* as given */
	struct ov_inv_component *components; /* in the order of ov_inv_sort() once closed */
	uint32_t ncomponents;
	struct ov_inv_unread *unread;
	uint32_t nunread;
	uint64_t files, bytes; /* looked at */
	uint64_t names_only;   /* links, devices: their names counted, there is nothing to read */
	int64_t taken;	       /* when, seconds since 1970 */
};

/** Words of reports; static. A value out of range gives "unknown". */
const char *ov_inv_what_name(enum ov_inv_what w);
const char *ov_inv_what_cyclonedx(enum ov_inv_what w);
const char *ov_inv_kind_name(enum ov_inv_kind k);
const char *ov_inv_state_name(enum ov_inv_state s);
/** A status as the reason of `unread`: "malformed", "encrypted", "limit", "unreadable", ... */
const char *ov_inv_reason(ov_status why);

/** @return OV_OK; OV_BAD for a name that nobody knows. */
OV_MUST_USE ov_status ov_inv_kind_by_name(struct ov_str name, enum ov_inv_kind *out);

/** Highest grade of a component's evidence; OV_E0 when it has none. */
enum ov_grade ov_inv_grade(const struct ov_inv_component *c);

/** Appends text as valid UTF-8: every byte that is not becomes U+FFFD. */
OV_MUST_USE ov_status ov_inv_utf8(struct ov_buf *b, struct ov_str s);

/** Appends "2024-09-29T04:00:00Z"; nothing for OV_INV_NO_DATE. Years 1 to 9999, others are "". */
OV_MUST_USE ov_status ov_inv_iso(struct ov_buf *b, int64_t seconds);

/* What the covered list asks the inventory to look for, beside what it finds anyway. */
enum ov_watch_kind {
	OV_WATCH_PATH =
	    0, /* a path from the root and all beneath it, or with `*` and `?` as in shells */
	OV_WATCH_FILE_NAME, /* last part of a path */
	OV_WATCH_HOST,	  /* text in configuration files and programs' data                      */
	OV_WATCH_KEYWORD, /* text in configuration of appliances                                 */
	OV_WATCH_CLASS,	  /* beginning of a class name in Java and Android programs              */
	OV_WATCH_ENGINES, /* not a pattern: known engines are looked for in all programs         */
	OV_WATCH_KINDS
};

struct ov_inv_watch {
	enum ov_watch_kind kind;
	struct ov_str group;   /* matches of one group in one scope become one OV_WHAT_TRACES */
	struct ov_str pattern; /* texts: case-blind, at least 6 bytes, no wildcards */
	enum ov_grade grade;   /* of the evidence */
};

/** Does a path or name pattern hold for a path of a root? Both without a leading '/'. A path
 * pattern without wildcards holds for the place and for all beneath it. */
bool ov_inv_watches(const struct ov_inv_watch *w, struct ov_str path);

#endif
