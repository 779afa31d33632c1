/*
 * The engine: scans one file, all its layers, within one budget, and folds what it learnt into one
 * report.
 *
 * It runs inside a worker (or in-process, for benchmarks and fuzzing). It opens nothing: it is
 * given sources. Work list, no recursion: a layer's children are appended, depth is a number.
 */
#ifndef OV_ENGINE_H
#define OV_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "digest.h"
#include "odb.h"
#include "overt/features.h"
#include "overt/verdict.h"
#include "source.h"
#include "status.h"
#include "str.h"
#include "type.h"

struct ov_engine;

#define OV_LAYER_DEPTH_MAX 100

/* One budget for a file and all that is unpacked from it. 0 means: no limit of that kind, but see
 * hard caps in engine.c */
struct ov_limits {
	uint64_t max_layer; /* bytes of one layer that are matched (--max-filesize)  */
	uint64_t max_total; /* bytes of all layers together (--max-scansize)  */
	uint64_t max_files; /* layers (--max-files)     */
	uint32_t max_depth; /* nesting (--max-recursion) */
	uint64_t
	    max_ratio; /* unpacked bytes per byte of the file, once past 64 MiB     (--max-ratio) */
	uint32_t max_time_ms; /* wall time (--max-scantime)  */
	uint64_t
	    max_kept; /* bytes of one unpacked layer kept in memory to be opened   (--max-kept) */
	uint64_t max_html, max_html_text, max_script; /* bytes that are normalised */
	uint64_t max_icons;			      /* icons of a program that are looked at */
	uint64_t pcre_match, pcre_depth;	      /* as ov_pcre_limits */
	uint64_t pcre_filesize; /* bytes of a layer that regular expressions are run over */
};

void ov_limits_default(struct ov_limits *l);

struct ov_scan_options {
	struct ov_limits limits;
	bool all_matches;      /* list each match; else stop at the first              */
	bool want_sha256;      /* compute it for the file itself whatever it costs     */
	bool want_context;     /* keep bytes around each match, for `overt explain`    */
	bool no_archives;      /* don't open containers (still noted as incomplete)    */
	uint64_t features_off; /* bits of enum overt_feature                           */
	uint64_t alerts;       /* bits of enum overt_alert                             */
	bool heuristics_first; /* a heuristic counts as soon as it is met; else last    */
	uint64_t min_cards, min_ssns, ssn_formats; /* as OVERT_OPT_MIN_CARDS and kin */
	bool cards_only;
	const char *pua;   /* categories of PUA, commas between; NULL or "": all count */
	bool pua_excludes; /* all but these count, else only these */
	bool yara_only; /* nothing but YARA rules, on the file itself: they are listed, not reported
			   as detections */
	bool yara_negate;	 /* list those that don't hold */
	bool yara_process;	 /* the file is a process's memory: see yara_process.c */
	bool yara_fast;		 /* of a string whose presence alone counts, one match */
	uint64_t yara_matches;	 /* of a string that are listed; 0: none */
	uint64_t yara_dump;	 /* what modules see: enum ov_ydump_form, OV_YARA_DUMP_ALL */
	uint64_t detect, report; /* bits of enum overt_severity, as OVERT_OPT_DETECT and kin */
};

#define OV_YARA_DUMP_FORM 7u
#define OV_YARA_DUMP_ALL 8u /* of each module that knows something; else of those imported */

#define OV_CONTEXT_BEFORE 32
#define OV_CONTEXT_MAX 256

struct ov_report_match {      /* one subsignature of a detection that matched */
	uint32_t sub;	      /* index in the rule */
	uint64_t off, len;    /* in the layer */
	uint64_t context_off; /* file offset of context[0] */
	uint32_t context_len;
	const uint8_t *context;
	struct ov_report_match *next;
};

struct ov_report_detection {
	struct ov_str name;
	enum ov_rule_kind kind;
	enum overt_severity severity;
	uint32_t source, line;	    /* in the database */
	uint32_t rule;		    /* rule number, or UINT32_MAX for hash signatures */
	struct ov_str rule_text;    /* the signature's own text (rebuilt for hashes)  */
	const struct ov_str *layer; /* member names, outermost first */
	uint32_t nlayer;
	enum ov_type type;    /* of that layer */
	enum overt_view view; /* of which form of the layer `off` speaks */
	uint64_t off, len;
	struct ov_report_match *matches;
	struct ov_report_detection *next;
};

struct ov_report_incomplete {
	enum overt_reason reason;
	const struct ov_str *layer;
	uint32_t nlayer;
	struct ov_str detail;
	struct ov_report_incomplete *next;
};

#define OV_YARA_DATA_MAX 512 /* bytes of a match that are kept */

struct ov_report_ymatch {
	uint32_t string; /* number in the database */
	uint64_t off, len;
	uint32_t data_len;
	uint8_t xor_key;
	const uint8_t *data;
};

struct ov_report_yara { /* a rule that holds (or does not, when that was asked for) */
	uint32_t rule;	/* number in the database */
	const struct ov_report_ymatch *matches;
	uint32_t nmatches;
	uint64_t total; /* found, listed or not */
	struct ov_report_yara *next;
};

#define OV_REPORT_MAX 1000 /* detections, and incomplete parts, kept; more are counted */

struct ov_report { /* views live until the engine's next scan */
	enum ov_type type;
	uint64_t size; /* of the file as read */
	bool has_sha256;
	uint8_t sha256[32];
	struct ov_report_detection *detections;
	uint32_t ndetections;		      /* all, kept or not */
	struct ov_report_detection *reported; /* of severities that are told and count as nothing */
	uint32_t nreported;
	struct ov_report_incomplete *incompletes;
	uint32_t nincompletes;
	struct ov_report_yara *yara; /* in the rules' order */
	struct ov_str yara_said;     /* lines of console.log(), each with its end */
	struct ov_str yara_dump;     /* what modules see, when asked for */
	uint64_t bytes, layers;	     /* matched bytes and layers, unpacked ones included */
};

/**
 * Makes an engine over a verified database, which must outlive it. Allocates its buffers and
 * library contexts here, so that it works in a jail afterwards.
 */
OV_MUST_USE ov_status ov_engine_new(const struct ov_odb *db, struct ov_engine **out);
void ov_engine_free(struct ov_engine **e);

/**
 * Passwords to try on encrypted parts, before those that the database carries.
 * @param list  One behind the other, each ends in NUL; must outlive the engine.
 * @return OV_OK; OV_LIMIT, OV_NOMEM.
 */
OV_MUST_USE ov_status ov_engine_passwords(struct ov_engine *e, struct ov_str list);

/**
 * A hash lookup, or a rule's first use, touches pages of the database that are not likely to be
 * needed again. `trim` is called after each OV_ENGINE_TOUCHES of them, from inside a scan, for one
 * who wants to unmap what is mapped; the bytes must stay readable.
 */
#define OV_ENGINE_TOUCHES 160u
void ov_engine_on_touches(struct ov_engine *e, void (*trim)(void *ctx), void *ctx);

struct ov_rule_cost {
	uint64_t met;	/* times one of its anchors was met and looked at in place        */
	uint64_t woken; /* layers in which its patterns were searched and counted          */
	uint64_t work;	/* steps that this took: instructions, and some for each look or try */
	uint64_t bytes; /* of layers and views that rules of its target were held against    */
	/* of YARA rules: layers in which ... */
	uint64_t shut;	   /* its gate was shut though a string, or its list, asked for it */
	uint64_t decided;  /* its condition was decided without a search                   */
	uint64_t searched; /* its strings were searched                                    */
	uint64_t held;	   /* it held                                                      */
};

struct ov_ystring_cost {		/* of a YARA rule's string */
	uint64_t searched, found, work; /* layers, matches, steps */
};

/** From now on each rule's cost is counted. @return OV_OK (twice as well); OV_NOMEM. */
OV_MUST_USE ov_status ov_engine_count_costs(struct ov_engine *e);
/** What rule `id` cost since then; all zero when nothing was counted. */
void ov_engine_cost(const struct ov_engine *e, uint32_t id, struct ov_rule_cost *out);
/** @return bytes of all layers that were matched: what YARA rules were held against. */
uint64_t ov_engine_cost_layers(const struct ov_engine *e);
/** Bytes for a module of YARA rules (cuckoo's report), which must outlive the engine. A name that
 * no module has is passed over. */
void ov_engine_module_data(struct ov_engine *e, struct ov_str module, struct ov_cur bytes);
/** The cost of a YARA rule, and of a string, by their numbers in the database. */
void ov_engine_yara_cost(const struct ov_engine *e, uint32_t id, struct ov_rule_cost *out);
void ov_engine_ystring_cost(const struct ov_engine *e, uint32_t string,
			    struct ov_ystring_cost *out);

/**
 * Scans one file. Broken input is no error of this call: it is in the report.
 * @return OV_OK with a report (possibly incomplete); OV_BAD the database is damaged; OV_NOMEM or
 * OV_BUG when even that could not be
 * made. Threads: one thread at a time per engine.
 */
OV_MUST_USE ov_status ov_engine_scan(struct ov_engine *e, const struct ov_src *src,
				     const struct ov_scan_options *o, const struct ov_report **out);

/**
 * Scans a stream that can't seek (a pipe): at most limits.max_kept bytes are kept to be opened;
 * what lies beyond is matched piece by piece, and the report says so.
 * @param read  As ov_src_read_fn, called with rising offsets without gaps.
 */
OV_MUST_USE ov_status ov_engine_scan_stream(struct ov_engine *e, ov_src_read_fn read, void *ctx,
					    const struct ov_scan_options *o,
					    const struct ov_report **out);

/** Gives an external variable of YARA rules another value, which must outlive the engine. Rules
 * that do not know it don't mind. */
void ov_engine_define(struct ov_engine *e, struct ov_str name, const struct ov_yval *value);

/** Fault injection for tests: the n-th request for a layer's memory from now on fails; -1: none. */
void ov_engine_fail_in(struct ov_engine *e, long n);

#endif
