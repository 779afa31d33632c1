/* What the files of a run share. */
#ifndef OV_SOURCES_INT_H
#define OV_SOURCES_INT_H

#include "cool.h"
#include "digest.h"
#include "http.h"
#include "source_run.h"

struct ov_sources_run {
	const struct ov_sources_options *o;
	struct ov_sources_report *r;
	struct ov_hasher *h;
	struct ov_cool cool;
	struct ov_buf ledger;
	int lock;
	/* of the source at hand */
	const struct ov_source_conf *c;
	struct ov_record *rec, *next; /* as it was; as it will be when all goes well */
	struct ov_source_item *item;
};

/* Notes what became of the source at hand. @return OV_OK: other sources go on. */
ov_status ov_source_ends(struct ov_sources_run *x, enum ov_source_outcome o, const char *fmt, ...)
    OV_PRINTF(3, 4);

/* A file in memory of the kernel, or in incoming/, with what came. */
struct ov_fetched {
	int fd; /* owned; -1: none */
	uint64_t size;
	struct ov_http_answer a;
	size_t nth; /* of the conf's `from` */
	char *part; /* "incoming/..."; owned; NULL: in memory only */
};
void ov_fetched_drop(struct ov_fetched *f);

struct ov_want {	    /* how to fetch one file */
	const char *path;   /* behind each `from`; NULL: `from` is the whole address */
	uint64_t max, only; /* bytes */
	const char *since, *etag;
	bool may_resume; /* it is large: go on where it broke off, also in a later run */
	const char *url; /* this address instead of `from`s */
	size_t first;	 /* begin with this place: those before gave bad bytes */
};

/**
 * Fetches from the source's places in turn. Each answer is held against the cool-downs; a server
 * that rests is not asked.
 * @return OV_OK with the answer's status 200 or 206 (a.is_part) or 304; OV_END nobody has it;
 * OV_LIMIT too large; OV_IO why[] says why; OV_SHORT all servers rest (item->until).
 */
OV_MUST_USE ov_status ov_source_fetch(struct ov_sources_run *x, const struct ov_want *w,
				      struct ov_fetched *out, char why[OV_SOURCES_ERROR]);

/** Puts a line on the ledger. */
void ov_source_ledger(struct ov_sources_run *x, const char *method, const char *what, uint64_t sent,
		      uint64_t received, int status, const char *error);

/** Maps what came. @return OV_OK; empty files give an empty cursor. */
OV_MUST_USE ov_status ov_source_map(int fd, uint64_t size, struct ov_cur *out);
void ov_source_unmap(struct ov_cur *c);

/** Copies a whole descriptor into db/, and says its digest. */
OV_MUST_USE ov_status ov_source_store(struct ov_sources_run *x, int fd, uint64_t from,
				      uint64_t size, uint8_t sha256[OV_SHA256_BYTES]);

/** Splits what a conversion gave into db/ files, appended to `files`. */
OV_MUST_USE ov_status ov_source_split(struct ov_sources_run *x, int out, uint64_t nfiles,
				      struct ov_record_file *files, size_t *n);

/** Tries files of db/ together, as far as the database build reads them. @return OV_OK; OV_BAD with
 * item->why. */
OV_MUST_USE ov_status ov_source_try(struct ov_sources_run *x, const struct ov_record_file *f,
				    size_t n);

/** Writes the record of the source at hand, with its list before it. */
OV_MUST_USE ov_status ov_source_save(struct ov_sources_run *x, const struct ov_record *rec);

/** Brings the set of links, and the history, to what the records say. Can be cut short anywhere. */
OV_MUST_USE ov_status ov_source_settle(struct ov_sources_run *x);

/* The kinds. @return OV_OK with an outcome; others end the run. */
OV_MUST_USE ov_status ov_source_clamav(struct ov_sources_run *x);
OV_MUST_USE ov_status ov_source_plain(struct ov_sources_run *x);

#endif
