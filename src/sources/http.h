/*
 * One GET of somebody else's server. Every installation sends the same: one fixed User-Agent, no
 * cookie, no query of ours. What differs, differs by what is there already: a range of a download
 * that was cut, and the time (or, where the site asks for it, the tag) of the file that is in use.
 */
#ifndef OV_HTTP_H
#define OV_HTTP_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

#define OV_HTTP_ERROR 384
#define OV_HTTP_TIME 64
#define OV_HTTP_ETAG 128

struct ov_http;

struct ov_http_record { /* one request, for the ledger */
	const char *url;
	uint64_t sent, received;
	int status; /* 0: no answer came */
	const char *error;
};
typedef void (*ov_http_told_fn)(void *ctx, const struct ov_http_record *r);

struct ov_http_options {
	unsigned slow_seconds, redirects;
	const char *proxy; /* NULL: the environment's */
	ov_http_told_fn told;
	void *ctx;
};

struct ov_http_request {
	const char *url;
	int out;       /* the body goes here, behind what is there; truncated by a full answer */
	uint64_t max;  /* bytes of the whole file */
	uint64_t at;   /* go on behind so many bytes; 0: all of it */
	uint64_t only; /* ask for the first so many bytes; 0: all */
	const char *since; /* "If-Modified-Since", or with `at` "If-Range"; "": none */
	const char *etag;  /* "If-None-Match"; "": none */
};

struct ov_http_answer {
	int status;		     /* of the last of its redirects; 0: none came */
	char modified[OV_HTTP_TIME]; /* "" */
	char etag[OV_HTTP_ETAG];
	uint64_t retry_after; /* seconds; 0: not said */
	uint64_t bytes;	      /* that were written now */
	bool is_part;	      /* 206: what was asked for, behind `at` or up to `only` */
	bool is_cut;	      /* it broke off: what came can be gone on with */
	char host[128];	      /* who answered last */
	char error[OV_HTTP_ERROR];
};

OV_MUST_USE ov_status ov_http_open(const struct ov_http_options *o, struct ov_http **out);
void ov_http_close(struct ov_http **h);

/**
 * @return OV_OK: an answer came, see its status; OV_LIMIT it is larger than `max`; OV_IO with
 * a->error; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_http_get(struct ov_http *h, const struct ov_http_request *r,
				  struct ov_http_answer *a);

/** The host of an address, lower case, with its port if it has one. False when it is none. */
bool ov_http_host(const char *url, char out[128]);

#endif
