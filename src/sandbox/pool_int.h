/* The pool's inside: workers, their queues, the files under way. */
#ifndef OV_POOL_INT_H
#define OV_POOL_INT_H

#include "pool.h"

enum ov_slot_state { OV_SLOT_EMPTY = 0, OV_SLOT_STARTING, OV_SLOT_SERVING };

struct ov_job { /* a file under way */
	int fd;
	uint64_t cookie, size; /* bytes; a lot for streams */
	bool is_stream;
	uint64_t progress; /* bytes of a stream that its worker says it has read */
};

struct ov_slot { /* a place for one worker */
	enum ov_slot_state state;
	struct ov_child child;
	bool said_hello, is_leaving; /* leaving: takes nothing new, ends when its queue is empty */
	struct ov_job queue[OV_POOL_DEPTH]; /* ring */
	size_t first, n;
	uint64_t bytes;	   /* of all in the queue                                 */
	uint32_t answered; /* number of the next expected answer                  */
	uint32_t sent;	   /* number of the next file sent                        */
	uint64_t since_ms; /* when the first of the queue became that, or it was started */
	uint64_t served, memory;
};

struct ov_pool {
	const struct overt_options *options;
	const char *worker;
	int db, epoll;
	uint64_t db_size;
	struct ov_slot slots[OVERT_WORKERS_MAX];
	size_t nslots;
	size_t depth;	      /* files that one worker may have before it, 2 to OV_POOL_DEPTH */
	struct ov_job *again; /* files of dead workers, to be given to others */
	size_t nagain;
	struct ov_box *finished, **finished_tail;
	size_t nunder_way;
	uint64_t mean_ns;	/* that a file takes, of the last ones */
	unsigned failed_starts; /* in a row */
	bool has_ready, is_broken, warned;
	ov_status refusal;
	struct ov_arena arena; /* holds `ready` */
	uint8_t *ready_body;
	struct ov_wire_ready ready;
	char error[512];
};

/* pool_slot.c: one worker's life. */
OV_MUST_USE ov_status ov_slot_start(struct ov_pool *p, struct ov_slot *s);
/** Whether it serves, or will, and a file may wait behind those it has. */
bool ov_slot_takes(const struct ov_pool *p, const struct ov_slot *s, const struct ov_job *j);
/** Sends a file to one that takes it. @return OV_OK; OV_END: its socket is full; OV_IO: it is gone.
 */
OV_MUST_USE ov_status ov_slot_give(struct ov_slot *s, const struct ov_job *j);
/** Reads what it has to say. @return OV_OK; anything else: it must be buried. */
OV_MUST_USE ov_status ov_slot_read(struct ov_pool *p, struct ov_slot *s);
/** Ends it and settles its queue. @param why  OV_LIMIT: too late; OV_BAD: broke the protocol; else
 * it died. */
void ov_slot_bury(struct ov_pool *p, struct ov_slot *s, ov_status why);
/** Milliseconds on the clock at which it is too late; UINT64_MAX: never. */
uint64_t ov_slot_deadline(const struct ov_pool *p, const struct ov_slot *s);
void ov_slot_clear(struct ov_slot *s);

/** Queues a finished verdict. */
void ov_pool_finish(struct ov_pool *p, struct ov_box *b, uint64_t cookie);
void ov_pool_finish_error(struct ov_pool *p, const char *text, uint64_t cookie);

#endif
