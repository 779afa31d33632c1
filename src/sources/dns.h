/*
 * One DNS question: the TXT record that says which versions of ClamAV's databases are current.
 *
 * The answer is not signed and decides nothing but whether something is fetched: what is fetched is
 * held against signatures, and never goes back. Source: RFC 1035; the record's fields as freshclam
 * 1.4.6 uses them, found by asking it: engine:main:daily:time:...:...:...:bytecode.
 */
#ifndef OV_DNS_H
#define OV_DNS_H

#include <stddef.h>
#include <stdint.h>

#include "cursor.h"
#include "status.h"
#include "str.h"

#define OV_DNS_TEXT_MAX 512
#define OV_DNS_MESSAGE_MAX 4096

/**
 * Reads an answer's first TXT record of a name.
 * @param id  The question's; @param name  as asked, without a dot at its end.
 * @return OV_OK with the record's strings joined; OV_END the name has none; OV_BAD no answer to
 * this question; OV_SHORT; OV_LIMIT a longer text.
 */
OV_MUST_USE ov_status ov_dns_txt(struct ov_cur message, uint16_t id, struct ov_str name,
				 char out[OV_DNS_TEXT_MAX + 1]);

struct ov_dns_versions {
	uint64_t main, daily, bytecode, time; /* time: Unix seconds of the record */
};

/** Reads the record's text. @return OV_OK; OV_BAD. */
OV_MUST_USE ov_status ov_dns_versions(struct ov_str text, struct ov_dns_versions *out);

struct ov_dns_asked { /* for the ledger */
	uint64_t sent, received;
	char server[64];
};

/**
 * Asks for a TXT record. @param server  "192.0.2.1", "192.0.2.1:53"; NULL: the system's.
 * @return OV_OK; OV_END no such record; OV_IO no server answered; OV_BAD, OV_SHORT, OV_LIMIT.
 */
OV_MUST_USE ov_status ov_dns_ask(const char *server, const char *name, struct ov_dns_asked *asked,
				 char out[OV_DNS_TEXT_MAX + 1]);

#endif
