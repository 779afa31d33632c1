/*
 * Phishing: links of a mail's text whose target is not what they show.
 *
 *   phishing.c      the checks, in ClamAV's order         phishing_url.c  addresses, hosts, domains
 *   phishing_db.c   an index over the database's web addresses
 *
 * The semantics were found by running clamscan; docs/formats/mail.md tells them.
 */
#ifndef OV_PHISHING_H
#define OV_PHISHING_H

#include "engine_int.h"

#define OV_URL_TEXT 512 /* bytes of an address up to its host; longer ones are no addresses */

/* An address up to its host, as the databases' expressions see it: "http://www.example.com". */
struct ov_address {
	char text[OV_URL_TEXT + 32];
	size_t n;
	char host[OV_URL_TEXT]; /* lower case, without user and port */
	size_t nhost;
	bool is_ssl, is_cloaked;
};

/* Where a link goes. @return false when it is no address of the web. */
bool ov_address_real(struct ov_str s, struct ov_address *out);
/* What a link shows. @return false when that is no address. */
bool ov_address_shown(struct ov_str s, struct ov_address *out);
/* The same for the last word of what it shows, when there are several. */
bool ov_address_shown_end(struct ov_str s, struct ov_address *out);
/* The part of a host that one owner has: "example.com", "example.co.uk". A view. */
struct ov_str ov_address_domain(struct ov_str host);

struct ov_phish_db;

/** Makes the index. Reads all records; @return OV_OK, OV_NOMEM, OV_LIMIT. */
OV_MUST_USE ov_status ov_phish_db_new(const struct ov_odb *db, struct ov_phish_db **out);
void ov_phish_db_free(struct ov_phish_db **p);

/**
 * Is "real:shown" on the allow list (`is_allow`), or text on the list of what is checked?
 * @param text  Without the '/' that ends it for the expressions.
 * @return OV_OK: yes; OV_END: no; OV_LIMIT when an expression met its limits; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_phish_db_match(struct ov_phish_db *p, bool is_allow, struct ov_str text);

/* Hashes of addresses. */
bool ov_phish_db_has_hashes(const struct ov_phish_db *p);
bool ov_phish_db_hash(const struct ov_phish_db *p, unsigned list, const uint8_t sha256[32]);
bool ov_phish_db_hash_allowed(const struct ov_phish_db *p, const uint8_t sha256[32]);

/** Looks at all links of a layer, which is text of a mail. */
OV_MUST_USE ov_status ov_phishing(struct ov_engine *e, struct ov_node *n);

#endif
