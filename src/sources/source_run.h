/*
 * Other people's signatures on this machine: fetched as their configuration says, held against
 * their signatures, converted and read in the jailed worker only, tried, and put in force.
 *
 *   record/<source>        what is known of each (source_record.h)
 *   db/<sha256>            files that were taken
 *   lists/<sha256>         lists of files, as the history names them; kept for ever
 *   sets/<n>/<source>.<name>   links into db/; `active` is a link to the newest set: scanners read
 *                          that, and one rename changes all of it
 *   incoming/              downloads that were cut, to go on with
 *   cooldown               servers that asked for a rest (cool.h)
 *   history/               what was in force when (history.h)
 *   ledger                 every request and how many bytes it sent
 *
 * A failure at any point leaves what was in force in force. A run that was killed is brought to its
 * end by the next.
 */
#ifndef OV_SOURCES_RUN_H
#define OV_SOURCES_RUN_H

#include "source_conf.h"
#include "overt/foreign.h"
#include "source_record.h"

#define OV_SOURCES_ERROR 512

/* As ov_client_canary_fn: tries a file that is complete and verified before it serves. */
typedef ov_status (*ov_sources_canary_fn)(void *ctx, const char *path, struct ov_str name,
					  char why[OV_SOURCES_ERROR]);

enum ov_source_outcome {
	OV_SOURCE_SAME = 0, /* in force already, or nothing new                          */
	OV_SOURCE_TOOK,	    /* new, and in force                                         */
	OV_SOURCE_WAITS,    /* asked not long ago                                        */
	OV_SOURCE_COOLS,    /* its server asked for a rest                               */
	OV_SOURCE_FAILED,   /* could not be fetched                                      */
	OV_SOURCE_REFUSED,  /* what came is no good                                      */
	OV_SOURCE_ASIDE,    /* was refused, or rolled back, earlier                      */
	OV_SOURCE_OFF	    /* enabled = no                                              */
};
const char *ov_source_outcome_name(enum ov_source_outcome o);

struct ov_source_item { /* one source; of ClamAV, one database */
	char source[OV_CONF_NAME_MAX + 1], database[33];
	enum ov_source_outcome outcome;
	char version[65];
	uint64_t bytes, until; /* fetched; Unix seconds of WAITS, COOLS */
	uint64_t patches, taken, refused, skipped, unread;
	bool is_detached;
	char why[OV_SOURCES_ERROR];
};

#define OV_SOURCES_ITEMS 512

struct ov_sources_report {
	struct ov_source_item items[OV_SOURCES_ITEMS];
	size_t nitems;
	uint64_t requests, sent, received;
	bool is_noted; /* the history has a new entry */
	char error[OV_SOURCES_ERROR];
};

struct ov_sources_options {
	const char *folder;
	const struct ov_source_list *list;
	const char *const *names; /* only these; none: all */
	size_t nnames;
	uint64_t now; /* Unix seconds */
	bool force;   /* also those that were asked not long ago; never a server that rests */
	bool is_test; /* fetch and try, put nothing in force */
	const struct overt_options *worker;
	ov_sources_canary_fn canary; /* NULL: untried */
	void *ctx;
	overt_diagnostic_fn told; /* refused lines; may be NULL */
	void *told_ctx;
};

/** One run. @return OV_OK: see the report; others with report->error: nothing was changed. */
OV_MUST_USE ov_status ov_sources_run(const struct ov_sources_options *o,
				     struct ov_sources_report *report);

/** Goes back to the files that a source had before; the ones it has are set aside.
 * @return OV_OK; OV_END there are none; others with an error. */
OV_MUST_USE ov_status ov_sources_rollback(const struct ov_sources_options *o, const char *name,
					  char error[OV_SOURCES_ERROR]);

/** What is known of a source. @return OV_OK; OV_END nothing; OV_BAD. */
OV_MUST_USE ov_status ov_sources_record(const char *folder, const char *name,
					struct ov_record *out);

#endif
