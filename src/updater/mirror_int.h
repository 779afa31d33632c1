/* What the mirror's files share. */
#ifndef OV_UPDATER_MIRROR_INT_H
#define OV_UPDATER_MIRROR_INT_H

#include <pthread.h>

#include "archive.h"
#include "serve.h"

struct mirror;

struct mirrored { /* one log */
	struct mirror *m;
	struct ov_archive a;
	char hex[65];	      /* SHA-256 of its origin: its folder, and its path in URLs */
	const char **sources; /* where it stands as static files; borrowed texts */
	size_t nsources;
	pthread_mutex_t lock;	/* over `a` and what follows */
	pthread_cond_t arrived; /* something more is held */
	pthread_cond_t wanted;	/* something is waited for: the follower should look at once */
	bool is_wanted, has_thread, must_stop;
	uint64_t looks; /* of the follower, ended */
	pthread_t thread;
	char said[160]; /* the last thing that was told of it, so that it is told once */
};

struct mirror {
	struct cli *cli;
	pthread_mutex_t out; /* over cli */
	struct ov_quota quota;
	struct ov_skey key;
	char room[OV_KEYFILE_MAX];
	struct mirrored *logs;
	size_t nlogs;
	uint64_t every_seconds;
};

/* Tells a change of a log's state, once. The lock is held. */
void mirror_say(struct mirrored *l, const char *fmt, ...) OV_PRINTF(2, 3);

/* Signs if all is held. The lock is held. @return As ov_archive_sign(). */
ov_status mirror_sign(struct mirrored *l, uint64_t size, struct ov_buf *line);

/* mirror_http.c. @return The daemon; NULL. */
struct MHD_Daemon *mirror_serve(struct mirror *m, const struct sockaddr_storage *at);

/* mirror_follow.c: a log's thread, and one look at its sources. @return OV_OK all of its newest
 * tree is held and signed; OV_END not yet; others. */
void *mirror_follow(void *log);
ov_status mirror_look(struct mirrored *l, struct ov_fetch *f, struct ov_hasher *h);

/* overt mirror status. @return The exit code. */
int mirror_status(struct cli *c, const char *folder, bool json);

#endif
