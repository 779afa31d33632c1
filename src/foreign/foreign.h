/*
 * What other people publish, turned into what the database build reads: ClamAV's containers
 * (checked) and their patches (applied), lists of hashes, sets of rules in archives.
 *
 * Pure: bytes in, bytes out. It runs in the jailed worker only; the program that speaks over the
 * network looks at nothing of this. What comes out is a row of files:
 *
 *   <name> <bytes> <0|1: does the database build read it> LF   then the bytes themselves
 */
#ifndef OV_FOREIGN_H
#define OV_FOREIGN_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "cursor.h"
#include "digest.h"
#include "status.h"
#include "str.h"

#define OV_FOREIGN_INPUTS 512
#define OV_FOREIGN_FILES 400			 /* that come out of one job */
#define OV_FOREIGN_NAME_MAX 96			 /* bytes of such a file's name: [A-Za-z0-9._-] */
#define OV_FOREIGN_PLAIN_MAX ((uint64_t)8 << 30) /* of what is signed               */
#define OV_FOREIGN_SET_MAX ((uint64_t)1 << 30)	 /* of what nobody vouched for yet  */
#define OV_FOREIGN_ERROR 256

enum ov_foreign_kind {
	OV_FOREIGN_CONTAINER = 0, /* check a .cvd, .cld or .cud; nothing comes out */
	OV_FOREIGN_PATCH,	  /* apply patches in sequence; a .cld comes out   */
	OV_FOREIGN_HASHES,	  /* a list of hashes; a .hsb comes out            */
	OV_FOREIGN_RULES,	  /* one file, or an archive of files              */
	OV_FOREIGN_KINDS
};

/*
 * Inputs are told apart by the beginning of their names:
 *   file:NAME       the container, the list, the rule file or archive (exactly one)
 *   sign:N          a detached signature of the container (N is its version) or of patch N
 *   cert:NAME       a certificate to trust for such signatures, PEM
 *   cdiff:N         patch to version N, in sequence
 *   keys:NAME       other keys than ClamAV's: lines "cvd <modulus> <exponent>" and "pss <modulus>
 *                   <exponent>", modulus in hexadecimal
 */
struct ov_foreign_input {
	struct ov_str name;
	struct ov_cur bytes;
};

/* A line that was refused or left out. Texts are valid during the call only. */
typedef void (*ov_foreign_told_fn)(void *ctx, struct ov_str file, uint64_t line, const char *why,
				   bool is_skipped);

struct ov_foreign_job {
	enum ov_foreign_kind kind;
	struct ov_str arguments; /* lines "key value"; see each kind's file */
	const struct ov_foreign_input *inputs;
	size_t ninputs;
	struct ov_buf *out;
	ov_foreign_told_fn told; /* may be NULL */
	void *ctx;
	char error[OV_FOREIGN_ERROR]; /* why it failed */
};

struct ov_foreign_result {
	uint64_t version, built, signatures, level; /* of a container; after patching: the new */
	uint64_t files, taken, refused, skipped;
	bool is_signed;	  /* by the legacy signature, or by its list's own            */
	bool is_detached; /* by a .sign file, up to a certificate that was given too  */
	bool is_readable; /* the database build reads what came out, or the container */
};

/** @return OV_OK; OV_BAD, OV_SHORT, OV_UNSUPPORTED, OV_LIMIT with job->error; OV_NOMEM. */
OV_MUST_USE ov_status ov_foreign_run(struct ov_foreign_job *job, struct ov_foreign_result *out);

#endif
