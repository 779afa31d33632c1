/*
 * Fetching for somebody else: the process that speaks over the network holds no key, no state and
 * no parser of ours; the one that verifies and writes has no network. Between them, a socket.
 *
 *   who verifies ->  which source, which path, how many bytes at most
 *   <- who fetches   how it went, and the bytes in memory of their own
 *
 * Either side takes what the other says for a stranger's word.
 */
#ifndef OV_FETCH_LINK_H
#define OV_FETCH_LINK_H

#include "fetch.h"

#define OV_LINK_PATH 256
#define OV_LINK_ERROR 256

/** Serves requests until the other end closes. @param o  Sources and how to ask them; `link` is not
 * looked at. @return OV_OK at that end; OV_BAD a request that is none; OV_NOMEM; OV_IO. */
OV_MUST_USE ov_status ov_fetch_link_serve(int sock, const struct ov_fetch_options *o);

struct ov_fetch_link_answer {
	ov_status status;	       /* as ov_fetch_get_from */
	struct ov_fetch_record record; /* url is NULL; error points into `text` */
	char text[OV_LINK_ERROR];
};

/** Asks. @param out  Emptied first. @return OV_OK with an answer; OV_IO the other end is gone, or
 * talks nonsense; OV_NOMEM. */
OV_MUST_USE ov_status ov_fetch_link_ask(int sock, size_t source, const char *path, size_t max,
					struct ov_buf *out, struct ov_fetch_link_answer *answer);

#endif
