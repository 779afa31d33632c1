/*
 * A source of other people's signatures, as a file NAME.conf says it: one source a file, lines
 * "key = value", comments after '#'. Strict: what is not known is refused with its line.
 * docs/SOURCES.md is the manual.
 */
#ifndef OV_SOURCE_CONF_H
#define OV_SOURCE_CONF_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "lines.h"
#include "status.h"
#include "str.h"

#define OV_CONF_MAX ((size_t)64 << 10) /* bytes of a file */
#define OV_CONF_FROM 8
#define OV_CONF_DATABASES 16
#define OV_CONF_ERROR 512
#define OV_CONF_NAME_MAX 32

enum ov_source_kind {
	OV_SOURCE_CLAMAV = 0,
	OV_SOURCE_YARA,
	OV_SOURCE_HASHES,
	OV_SOURCE_URL,
	OV_SOURCE_KINDS
};
enum ov_source_version { OV_VERSION_DNS = 0, OV_VERSION_HTTP };
enum ov_source_conditional { OV_CONDITIONAL_TIME = 0, OV_CONDITIONAL_ETAG, OV_CONDITIONAL_OFF };

struct ov_source_conf { /* texts are NUL-terminated, of the arena that it was parsed with */
	const char *name;
	enum ov_source_kind kind;
	bool enabled;
	const char *from[OV_CONF_FROM];
	size_t nfrom;
	uint64_t every;	   /* seconds */
	uint64_t max_size; /* bytes of one file that is fetched */
	unsigned slow_seconds, redirects;
	const char *proxy; /* NULL: what the environment says */
	enum ov_source_conditional conditional;
	/* clamav */
	const char *databases[OV_CONF_DATABASES];
	size_t ndatabases;
	enum ov_source_version version_by;
	const char *dns_name, *dns_server; /* server NULL: the system's */
	bool is_private, with_cdiffs, allow_unsigned;
	const char *certs, *keys; /* a folder, a file; or NULL */
	/* hashes */
	const char *hash_column, *name_column, *separator, *prefix;
	/* yara, hashes, url */
	bool has_sha256;
	uint8_t sha256[OV_SHA256_BYTES];
	const char *key, *signature; /* NULL: not pinned; signature NULL: beside the file */
	const char *file;	     /* the name that it gets here */
};

/** "clamav", "yara", ...: static. */
const char *ov_source_kind_name(enum ov_source_kind k);

/** True for a source's name: 1 to OV_CONF_NAME_MAX of [a-z0-9-], beginning with a letter or digit.
 */
bool ov_source_name_ok(struct ov_str s);

/**
 * Reads a file's text.
 * @param file  For messages. @param name  The source's: the file's name without ".conf".
 * @param error  "FILE:LINE: what is wrong; what would be right".
 * @return OV_OK; OV_BAD; arena's.
 */
OV_MUST_USE ov_status ov_source_conf_parse(const char *file, struct ov_str name, struct ov_str text,
					   struct ov_arena *a, struct ov_source_conf *out,
					   char error[OV_CONF_ERROR]);

#define OV_CONF_SOURCES 128

struct ov_source_list {
	struct ov_source_conf *v; /* the arena's, by name */
	size_t n;
};

/**
 * Reads every *.conf of a folder. A folder that is not there is an empty one. Stops at the first
 * file that is wrong. @return OV_OK; OV_BAD, OV_IO, OV_LIMIT with an error.
 */
OV_MUST_USE ov_status ov_source_conf_load(const char *folder, struct ov_arena *a,
					  struct ov_source_list *out, char error[OV_CONF_ERROR]);

#endif
