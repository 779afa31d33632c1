/* What the witness's files share. */
#ifndef OV_UPDATER_WITNESS_INT_H
#define OV_UPDATER_WITNESS_INT_H

#include <pthread.h>

#include "journal.h"
#include "serve.h"
#include "witness.h"

struct seen { /* a log and the largest tree of it */
	struct ov_vkey key;
	char hex[65];			 /* SHA-256 of its origin */
	struct ov_witness_stored stored; /* decided; perhaps not on the disk yet */
	struct ov_str note; /* the newest cosigned checkpoint that is on the disk; owned */
};

struct request;

struct witness {
	struct cli *cli;
	const char *folder;
	char *journal_path;
	struct ov_hasher *h;
	struct ov_skey key;
	char room[OV_KEYFILE_MAX];
	struct seen *logs; /* by hex */
	size_t nlogs;
	struct ov_journal journal;
	uint64_t live; /* bytes of notes that count; the rest of the journal is old */

	pthread_t writer;
	pthread_mutex_t lock; /* over what follows, and each log's note */
	pthread_cond_t more;
	struct ov_buf batch;	 /* records that wait for the writer */
	struct request *waiting; /* whose answers wait for it */
	bool must_stop, is_broken;
};

/* The log of an origin's hash; NULL. */
struct seen *witness_log(const struct witness *w, const char *hex);

/* Puts a note in the place of a log's. */
ov_status witness_keep_note(struct seen *log, struct ov_str note);

/* witness_http.c */
struct MHD_Daemon *witness_serve(struct witness *w, const struct sockaddr_storage *at);
/* The thread that makes promises durable, many at once. */
void *witness_write(void *witness);

#endif
