/*
 * The front door to what other people publish: ClamAV's containers and patches, lists of hashes,
 * sets of rules. Bytes that were fetched are checked and converted in a sandboxed worker; the
 * calling process looks at none of them.
 */
#ifndef OVERT_FOREIGN_H
#define OVERT_FOREIGN_H

#include "overt/database.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

enum overt_foreign_kind {
	OVERT_FOREIGN_CONTAINER = 0, /* check a .cvd, .cld or .cud; nothing comes out        */
	OVERT_FOREIGN_PATCH,	     /* a container and .cdiff files; a .cld comes out       */
	OVERT_FOREIGN_HASHES,	     /* a list of hashes; a .hsb comes out                   */
	OVERT_FOREIGN_RULES	     /* a file, or an archive of files; these come out       */
};

#define OVERT_FOREIGN_INPUTS_MAX 512

struct overt_foreign_input {
	const char *name; /* "file:daily.cvd", "cdiff:27502", ... (docs/SOURCES.md) */
	int fd;		  /* stays the caller's */
};

struct overt_foreign_result {
	uint64_t version, built, signatures, level;
	uint64_t files, taken, refused, skipped;
	int is_signed, is_detached, is_readable;
};

/**
 * Runs one conversion in a worker of its own.
 * @param arguments  Lines "key value". @param out  Where files go: each as a line "NAME BYTES 0|1"
 * and its bytes. What it holds afterwards is a worker's word: hold it against its bounds.
 * @param fn  Refused and left out lines; may be NULL. @param error  A text when it failed.
 * @return OVERT_OK; OVERT_REFUSED: what was fetched is no good; others: it could not be tried.
 */
enum overt_status overt_foreign(const struct overt_options *o, enum overt_foreign_kind kind,
				const char *arguments, const struct overt_foreign_input *inputs,
				size_t ninputs, int out, overt_diagnostic_fn fn, void *context,
				struct overt_foreign_result *result, char error[512]);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
