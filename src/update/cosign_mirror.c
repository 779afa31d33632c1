/* A mirror is given the log's entries until it signs (C2SP tlog-mirror, add-entries). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "clock.h"
#include "cosign_int.h"
#include "mirror.h"

#define BODY_ENOUGH ((size_t)4 << 20) /* bytes of packages sent at once */
#define CONFLICTS 3

/* Entries as a package has them, out of the bundle of them. */
static ov_status put_entries(const struct ov_buf *bundle, const struct ov_mirror_package *p,
			     struct ov_cur *out)
{
	struct ov_cur c = ov_buf_cur(bundle), entry;
	size_t from = 0;

	for (uint64_t i = p->base; i < p->end; i++) {
		if (i == p->start)
			from = c.pos;
		if (ov_entry_next(&c, &entry) != OV_OK)
			return OV_BAD;
	}
	*out = ov_cur_of(bundle->p + from, c.pos - from);
	return OV_OK;
}

static ov_status put_package(struct ov_logdir *l, uint64_t start, struct ov_buf *body,
			     uint64_t *end)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf bundle = ov_buf_of(OV_MIRROR_PACKAGE_MAX * 2);
	struct ov_mirror_package p = { .start = start,
				       .base = start & ~((uint64_t)OV_TILE_WIDTH - 1) };

	p.end = ov_mirror_package_end(start, l->size);
	OV_TRY(ov_logdir_tile(l->folder, ov_tile_of_entry(p.end - 1, l->size), &bundle));
	OV_TRY(put_entries(&bundle, &p, &p.entries));
	OV_TRY(ov_merkle_prove_subtree(l->h, ov_logdir_hash, l, p.base, p.end, l->size, &p.proof));
	*end = p.end;
	return ov_mirror_package_write(body, &p);
}

/* A body of the packages from `start` on: as many as are reasonable at once. */
static ov_status make_body(const struct ov_cosign_job *j, uint64_t start, struct ov_str ticket,
			   struct ov_buf *body)
{
	struct ov_logdir *l = j->l;
	const struct ov_mirror_head head = {
		.origin = j->origin, .ticket = ticket, .start = start, .end = l->size
	};

	body->n = 0;
	OV_TRY(ov_mirror_head_write(body, &head));
	while (start < l->size && body->n < BODY_ENOUGH)
		OV_TRY(put_package(l, start, body, &start));
	return OV_OK;
}

/* What a mirror said, kept until the next request. */
struct talk {
	uint64_t start;
	uint8_t ticket[OV_MIRROR_TICKET_MAX];
	size_t nticket;
	unsigned conflicts;
};

/* 202 or 409: where to go on. @return OV_END: it makes no sense to. */
static ov_status follow(const struct ov_cosign_job *j, int status, struct talk *t)
{
	struct ov_mirror_info info;

	if (ov_mirror_info_read(ov_buf_text(&j->answer), &info) != OV_OK ||
	    info.size != j->l->size || info.next > j->l->size ||
	    ov_b64_decode(info.ticket, t->ticket, sizeof t->ticket, &t->nticket) != OV_OK)
		return OV_END;
	if (status == 202 ? info.next <= t->start : ++t->conflicts > CONFLICTS)
		return OV_END;
	t->start = info.next;
	return OV_OK;
}

ov_status ov_cosign_mirror(struct ov_cosign_job *j, int *status)
{
	struct talk t = { .start = j->l->size };
	const uint64_t until = ov_clock_ms() + (uint64_t)j->patience_seconds * 1000;
	char *url = ov_cosign_address(j->m, "add-entries");
	ov_status s = url != NULL ? OV_OK : OV_NOMEM;

	while (s == OV_OK) {
		const struct timespec nap = { .tv_sec = 1 };

		s = make_body(j, t.start, (struct ov_str){ (char *)t.ticket, t.nticket }, &j->body);
		if (s == OV_OK)
			s = ov_fetch_post(j->f, url, "application/octet-stream", j->body.p,
					  j->body.n, OV_COSIGN_ANSWER_MAX, &j->answer, status);
		if (s != OV_OK || *status == 200)
			break;
		if (*status == 202 || *status == 409)
			s = follow(j, *status, &t);
		else if (*status == 503 && ov_clock_ms() < until)
			(void)nanosleep(&nap, NULL);
		else
			s = OV_END;
	}
	free(url);
	return s;
}
