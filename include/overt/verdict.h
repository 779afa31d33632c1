/*
 * What overt says about a file. Part of the front door: a program that embeds overt needs no other
 * folder.
 */
#ifndef OVERT_VERDICT_H
#define OVERT_VERDICT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum overt_verdict_kind {
	OVERT_CLEAN = 0,  /* all of it was scanned and nothing was found                  */
	OVERT_DETECTED,	  /* something was found (parts may be incomplete as well)         */
	OVERT_INCOMPLETE, /* nothing was found, but something was not scanned              */
	OVERT_ERROR	  /* it could not be scanned at all                                */
};

/* Why a part was not scanned. */
enum overt_reason {
	OVERT_ENCRYPTED = 0,
	OVERT_MALFORMED,
	OVERT_UNSUPPORTED,
	OVERT_CRASHED,
	OVERT_TIMEOUT,
	OVERT_LIMIT_SIZE,
	OVERT_LIMIT_DEPTH,
	OVERT_LIMIT_FILES,
	OVERT_LIMIT_RATIO,
	OVERT_LIMIT_TIME,
	OVERT_UNREADABLE,
	OVERT_REASON_COUNT
};

/* Of which form of a layer an offset speaks. */
enum overt_view {
	OVERT_VIEW_BYTES = 0,	/* its bytes as they are                                   */
	OVERT_VIEW_TEXT,	/* its text normalised: small letters, single blanks       */
	OVERT_VIEW_HTML,	/* the page normalised                                     */
	OVERT_VIEW_HTML_NOTAGS, /* the page's text alone                                   */
	OVERT_VIEW_SCRIPT,	/* the page's scripts normalised, one behind the other     */
	OVERT_VIEW_COUNT
};

/*
 * How bad what a rule finds is, by the word of the rule's authors. Only rules of overt's own set
 * are graded; signatures of others have no grade, and count as malware does.
 */
enum overt_severity {
	OVERT_UNGRADED = 0,
	OVERT_MALWARE,	  /* has no other use                                              */
	OVERT_SUSPICIOUS, /* what malware does, and seldom others                          */
	OVERT_UNWANTED,	  /* harmless to some, not wanted by most: miners, tools of attack */
	OVERT_SEVERITIES
};

/** "malware", "suspicious", "unwanted"; "" when not graded: static strings. */
const char *overt_severity_name(enum overt_severity s);
/** "bytes", "text", "html", "html-notags", "script": static strings. */
const char *overt_view_name(enum overt_view v);
/** "clean", "detected", "incomplete", "error": static strings. */
const char *overt_verdict_kind_name(enum overt_verdict_kind k);
/** "encrypted", "limit-size", ...: static strings. */
const char *overt_reason_name(enum overt_reason r);

struct overt_text { /* any bytes; not always UTF-8, not NUL-terminated */
	const char *bytes;
	size_t length;
};

struct overt_match {
	uint32_t part;		 /* number of the subsignature, from 0               */
	uint64_t offset, length; /* bytes in the layer, or in a view of it           */
	uint64_t context_offset; /* where `context` begins in the layer              */
	const uint8_t *context;	 /* bytes around the match, when asked for           */
	size_t context_length;
};

struct overt_detection {
	struct overt_text name;
	const char *kind; /* "hash", "body", "logical", "section", ...        */
	enum overt_severity severity;
	struct overt_text source; /* "ClamAV daily 27501", "mine.ndb"                 */
	int source_is_signed;
	uint32_t line; /* in the source, 0 unknown                         */
	struct overt_text rule_text;
	const struct overt_text *layer; /* member names, outermost first; none: the file  */
	size_t nlayer;
	enum overt_view view;
	uint64_t offset, length; /* bytes in that view of that layer                 */
	const struct overt_match *matches;
	size_t nmatches;
};

struct overt_incomplete {
	enum overt_reason reason;
	const struct overt_text *layer;
	size_t nlayer;
	struct overt_text detail;
};

struct overt_yara_match {
	struct overt_text name; /* of the string, without its sign; "" for an anonymous one */
	uint64_t offset, length;
	struct overt_text data; /* its first bytes, 512 at most */
	int is_hex, is_xor;
	uint32_t xor_key;
};

enum overt_yara_kind {
	OVERT_YARA_INTEGER = 1,
	OVERT_YARA_FLOAT,
	OVERT_YARA_BOOLEAN,
	OVERT_YARA_TEXT
};

struct overt_yara_meta {
	struct overt_text name, text;
	enum overt_yara_kind kind;
	int64_t number; /* INTEGER, BOOLEAN */
	double value;	/* FLOAT */
};

/* A YARA rule that holds for a file: with OVERT_OPT_YARA_ONLY. */
struct overt_yara_rule {
	struct overt_text name, name_space;
	const struct overt_text *tags;
	size_t ntags;
	const struct overt_yara_meta *metas;
	size_t nmetas;
	const struct overt_yara_match
	    *matches; /* with OVERT_OPT_YARA_MATCHES: by string, then offset */
	size_t nmatches;
	uint64_t matches_total; /* more than listed when they were too many */
};

struct overt_verdict {	 /* owned by whoever received it; overt_verdict_free() */
	uint64_t cookie; /* as given with the file                           */
	enum overt_verdict_kind kind;
	const char *type; /* "CL_TYPE_ZIP"; "" when unknown; lives as long as the verdict */
	uint64_t size;	  /* bytes                                            */
	int has_sha256;
	uint8_t sha256[32];
	const struct overt_detection *detections;
	size_t ndetections;	   /* listed here                                      */
	uint64_t detections_total; /* found; more than listed when over 1,000          */
	const struct overt_detection
	    *reported; /* asked for with OVERT_OPT_REPORT; not detections */
	size_t nreported;
	uint64_t reported_total;
	const struct overt_incomplete *incompletes;
	size_t nincompletes;
	uint64_t incompletes_total;
	const struct overt_yara_rule *yara; /* with OVERT_OPT_YARA_ONLY, in the rules' order */
	size_t nyara;
	struct overt_text yara_said; /* with OVERT_OPT_YARA_ONLY: lines of console.log() */
	struct overt_text yara_dump; /* with OVERT_OPT_YARA_DUMP */
	struct overt_text error;     /* for OVERT_ERROR                                  */
	uint64_t bytes;		     /* matched, all layers together                     */
	uint64_t layers;
	uint64_t time_ns; /* wall time in the worker                          */
};

void overt_verdict_free(struct overt_verdict **v);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
