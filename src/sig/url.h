/*
 * Web addresses of a database (.pdb .wdb .gdb), as records of OV_EXTRA_URL. A body is:
 *
 *   0      1      2
 *   | kind | list | text, or the first 4 or all 32 bytes of a SHA-256 ... |
 */
#ifndef OV_URL_H
#define OV_URL_H

#include "cursor.h"
#include "status.h"

/* The letters of the source's lines. */
enum ov_url_kind {
	OV_URL_CHECK_HOST = 'H',   /* .pdb: links that show this host are looked at          */
	OV_URL_CHECK_REGEX = 'R',  /* .pdb: the same by a regular expression                 */
	OV_URL_ALLOW_HOSTS = 'M',  /* .wdb: "real:shown" hosts that may differ               */
	OV_URL_ALLOW_REGEX = 'X',  /* .wdb: the same by a regular expression                 */
	OV_URL_HASH_PREFIX = 'P',  /* .gdb: hosts of which addresses are listed              */
	OV_URL_HASH = 'F',	   /* .gdb: a listed address                                 */
	OV_URL_HASH_ALLOWED = 'W', /* .gdb: one that is not to be reported                    */
};

struct ov_url {
	enum ov_url_kind kind;
	unsigned list; /* .gdb: 0 malware ("S"), 1 blocked ("S1"), 2 phishing ("S2") */
	struct ov_str text;
};

/** Reads a body. @return OV_OK; OV_BAD, which no verified table gives. */
OV_MUST_USE ov_status ov_url_read(struct ov_cur body, struct ov_url *out);

/** For extra.c: verifies a body as hostile input. */
OV_MUST_USE ov_status ov_url_verify(struct ov_cur body);

#endif
