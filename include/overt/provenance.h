/*
 * What this copy of overt says of itself, whatever program it was linked into and however that one
 * is called. `overt whois FILE` finds the same in a file.
 */
#ifndef OVERT_PROVENANCE_H
#define OVERT_PROVENANCE_H

#include <stddef.h>

#include "overt/engine.h"

#ifdef __cplusplus
extern "C" {
#endif
#if defined(__GNUC__)
#pragma GCC visibility push(default)
#endif

#define OVERT_PROVENANCE_TEXT 96

struct overt_provenance { /* texts end in NUL; "" where it is not known */
	char version[OVERT_PROVENANCE_TEXT];
	char commit[OVERT_PROVENANCE_TEXT]; /* 40 hexadecimal digits, "+" behind them when files
					       differed from it; "unknown"; "unstamped": a build
					       that is no release */
	char source[OVERT_PROVENANCE_TEXT]; /* SHA-256 of the sources' digests:
					       tools/provenance.py --source-digest */
	char compiler[OVERT_PROVENANCE_TEXT];
	char machine[OVERT_PROVENANCE_TEXT];  /* "x86_64" */
	char build_id[OVERT_PROVENANCE_TEXT]; /* of the program or library that holds this copy, in
						 hexadecimal; "" when it was linked without one */
	char log[OVERT_PROVENANCE_TEXT];      /* origin of the public log that carries the releases,
						 "none": not released through one. The leaf can't stand
						 inside what it names: `overt verify --self` finds it by
						 the program's digest */
	unsigned database_format;	      /* of compiled databases that it reads and writes */
	const char *sbom; /* CycloneDX JSON of overt and the libraries it was built
			     against, sbom_size bytes and a NUL is not among them; static */
	size_t sbom_size;
};

/**
 * Tells which overt this is. Reads its own memory only: no file, no network.
 * @param out  Written on OVERT_OK.
 * @return OVERT_OK; OVERT_INTERNAL when the record was altered after it was built: such a copy also
 * refuses to scan. Threads: no shared state.
 */
enum overt_status overt_provenance(struct overt_provenance *out);

#if defined(__GNUC__)
#pragma GCC visibility pop
#endif
#ifdef __cplusplus
}
#endif
#endif
