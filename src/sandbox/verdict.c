/* Names of verdicts and reasons, and the memory of a verdict. */
#include "overt/engine.h"

#include <stdlib.h>
#include <string.h>

#include "verdict_int.h"

const char *overt_verdict_kind_name(enum overt_verdict_kind k)
{
	static const char *const names[] = { "clean", "detected", "incomplete", "error" };

	return (unsigned)k < sizeof names / sizeof names[0] ? names[k] : "error";
}

const char *overt_severity_name(enum overt_severity s)
{
	static const char *const names[OVERT_SEVERITIES] = { "", "malware", "suspicious",
							     "unwanted" };

	return (unsigned)s < OVERT_SEVERITIES ? names[s] : "";
}

const char *overt_view_name(enum overt_view v)
{
	static const char *const names[OVERT_VIEW_COUNT] = { "bytes", "text", "html", "html-notags",
							     "script" };

	return (unsigned)v < OVERT_VIEW_COUNT ? names[v] : "?";
}

const char *overt_reason_name(enum overt_reason r)
{
	static const char *const names[OVERT_REASON_COUNT] = {
		[OVERT_ENCRYPTED] = "encrypted",     [OVERT_MALFORMED] = "malformed",
		[OVERT_UNSUPPORTED] = "unsupported", [OVERT_CRASHED] = "crashed",
		[OVERT_TIMEOUT] = "timeout",	     [OVERT_LIMIT_SIZE] = "limit-size",
		[OVERT_LIMIT_DEPTH] = "limit-depth", [OVERT_LIMIT_FILES] = "limit-files",
		[OVERT_LIMIT_RATIO] = "limit-ratio", [OVERT_LIMIT_TIME] = "limit-time",
		[OVERT_UNREADABLE] = "unreadable",
	};

	return (unsigned)r < OVERT_REASON_COUNT ? names[r] : "unreadable";
}

const char *overt_status_text(enum overt_status s)
{
	switch (s) {
	case OVERT_OK:
		return "ok";
	case OVERT_END:
		return "nothing more";
	case OVERT_AGAIN:
		return "busy";
	case OVERT_BAD_ARGUMENT:
		return "bad argument";
	case OVERT_REFUSED:
		return "refused";
	case OVERT_NO_MEMORY:
		return "out of memory";
	case OVERT_IO:
		return "input/output error";
	case OVERT_NO_WORKER:
		return "no worker";
	case OVERT_INTERNAL:
		break;
	}
	return "internal error";
}

/* A verdict's arrays are never larger than the message they come from times this. */
#define ARENA_PER_BYTE 16

static ov_status new_box(const void *body, size_t n, struct ov_box **out)
{
	struct ov_box *b = malloc(sizeof *b + n);

	if (b == NULL)
		return OV_NOMEM;
	memset(b, 0, sizeof *b);
	ov_arena_init(&b->arena, n * ARENA_PER_BYTE + 4096);
	b->nbody = n;
	if (n > 0)
		memcpy(b->body, body, n);
	b->w.v.type = b->w.type;
	*out = b;
	return OV_OK;
}

void ov_box_free(struct ov_box **b)
{
	if (*b != NULL)
		ov_arena_free(&(*b)->arena);
	free(*b);
	*b = NULL;
}

ov_status ov_box_received(struct ov_cur body, struct ov_box **out)
{
	struct ov_box *b = NULL;
	struct ov_cur c;
	ov_status st;

	OV_TRY(new_box(ov_cur_rest(&body), ov_cur_left(&body), &b));
	c = ov_cur_of(b->body, b->nbody);
	st = ov_wire_get_verdict(&c, &b->arena, &b->w);
	if (st != OV_OK) {
		ov_box_free(&b);
		return st;
	}
	*out = b;
	return OV_OK;
}

ov_status ov_box_error(const char *text, struct ov_box **out)
{
	struct ov_box *b = NULL;

	OV_TRY(new_box(text, strlen(text), &b));
	b->w.v.kind = OVERT_ERROR;
	b->w.v.error = (struct overt_text){ .bytes = (const char *)b->body, .length = b->nbody };
	*out = b;
	return OV_OK;
}

ov_status ov_box_incomplete(enum overt_reason reason, const char *text, struct ov_box **out)
{
	struct overt_incomplete *n;
	struct ov_box *b = NULL;

	OV_TRY(new_box(text, strlen(text), &b));
	if (ov_arena_new(&b->arena, &n) != OV_OK) {
		ov_box_free(&b);
		return OV_NOMEM;
	}
	n->reason = reason;
	n->detail = (struct overt_text){ .bytes = (const char *)b->body, .length = b->nbody };
	b->w.v.kind = OVERT_INCOMPLETE;
	b->w.v.incompletes = n;
	b->w.v.nincompletes = b->w.v.incompletes_total = 1;
	*out = b;
	return OV_OK;
}

void overt_verdict_free(struct overt_verdict **v)
{
	struct ov_box *b = (struct ov_box *)*v; /* w.v is the first of the first */

	ov_box_free(&b);
	*v = NULL;
}
