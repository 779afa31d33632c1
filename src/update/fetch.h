/*
 * Getting files of a repository: from a folder, out of a bundle, or over HTTP(S), where every
 * client sends the same bytes: one fixed User-Agent, no cookie, no query, no conditional header.
 *
 * Several mirrors are tried in turn. A transfer is bounded in size by the caller, and in time: less
 * than 4 kB a second for 60 seconds ends it.
 */
#ifndef OV_FETCH_H
#define OV_FETCH_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "digest.h"
#include "status.h"

struct ov_fetch;

/* One request, for the ledger. `sent` and `received` count headers too. */
struct ov_fetch_record {
	const char *url; /* or a path */
	uint64_t sent, received;
	int status;	   /* HTTP's; 0: none came, or a folder */
	const char *error; /* NULL when it went well */
};
typedef void (*ov_fetch_told_fn)(void *ctx, const struct ov_fetch_record *r);

struct ov_fetch_options {
	const char *const *sources; /* "https://...", "http://...", folders, or bundles */
	size_t nsources;
	const char *proxy;     /* curl's way of writing one; "": none; NULL: the environment's */
	unsigned slow_seconds; /* 60 */
	int link; /* addresses are asked through this socket (fetch_link.h), by a process that may;
		   * 0: directly */
	ov_fetch_told_fn told;
	void *ctx;
};

/** True for an address, false for a folder or a bundle. */
bool ov_fetch_is_url(const char *source);

/** True when some source is an address. When none is, nothing here makes a system call for the
 * network, nor is the library that could made ready. */
bool ov_fetch_needs_network(const struct ov_fetch_options *o);

/** Nothing is opened or asked yet. @return OV_OK or OV_NOMEM. */
OV_MUST_USE ov_status ov_fetch_open(const struct ov_fetch_options *o, struct ov_fetch **out);
void ov_fetch_close(struct ov_fetch **f);

/**
 * Gets a file by its path in the repository.
 * @param max  Bytes; a longer one is refused as soon as that is seen.
 * @param out  Emptied first.
 * @return OV_OK; OV_END no mirror has it (404); OV_LIMIT too long; OV_IO no mirror answered well;
 * OV_NOMEM.
 */
OV_MUST_USE ov_status ov_fetch_get(struct ov_fetch *f, const char *path, size_t max,
				   struct ov_buf *out);

/** The same from one source only. */
OV_MUST_USE ov_status ov_fetch_get_from(struct ov_fetch *f, size_t source, const char *path,
					size_t max, struct ov_buf *out);

/** Gets a file from source `nth` into an open file, in memory that does not grow with it, and adds
 * its bytes to a digest that was started. @return As ov_fetch_get; OV_IO also when it can't be
 * written. */
OV_MUST_USE ov_status ov_fetch_save(struct ov_fetch *f, size_t nth, const char *path, uint64_t max,
				    int fd, struct ov_hasher *h, uint64_t *size);

/** Sends a body and takes the answer's, whatever its status. For witnesses and mirrors. `url` is
 * whole. @param type  Its Content-Type. @return OV_OK with *status; OV_IO no answer; OV_LIMIT;
 * OV_NOMEM. */
OV_MUST_USE ov_status ov_fetch_post(struct ov_fetch *f, const char *url, const char *type,
				    const void *body, size_t n, size_t max, struct ov_buf *out,
				    int *status);

/** Why the last call failed, in words; "" when it did not. */
const char *ov_fetch_error(const struct ov_fetch *f);

/** The source that answered last: its place in the options. */
size_t ov_fetch_source(const struct ov_fetch *f);

/** Starts with source `nth` from now on (a mirror that gave bad bytes is passed over). */
void ov_fetch_prefer(struct ov_fetch *f, size_t nth);

#endif
