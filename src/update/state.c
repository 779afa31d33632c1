#include "state.h"

#include <string.h>

#include "text.h"

enum kind { ARTIFACT, DELTA, ROLLOUT, WITHDRAWN, KINDS };

static ov_status take_artifact(struct ov_str line, struct ov_state *s)
{
	struct ov_state_artifact *x = &s->artifacts[s->nartifacts];
	struct ov_str w[7];

	if (s->nartifacts == OV_STATE_ARTIFACTS)
		return OV_LIMIT;
	OV_TRY(ov_lines_words(line, w, 7, false));
	x->channel = w[1];
	x->name = w[2];
	x->version = w[3];
	if (!ov_lines_name_ok(w[1]) || !ov_lines_name_ok(w[2]) || !ov_lines_name_ok(w[3]) ||
	    ov_state_find(s, w[1], w[2]) != NULL)
		return OV_BAD;
	OV_TRY(ov_lines_u64(w[4], &x->engine));
	OV_TRY(ov_lines_sha256(w[5], x->sha256));
	OV_TRY(ov_lines_u64(w[6], &x->size));
	s->nartifacts++;
	return OV_OK;
}

static ov_status take_delta(struct ov_str line, struct ov_state *s)
{
	struct ov_state_delta *x = &s->deltas[s->ndeltas];
	struct ov_str w[5];

	if (s->ndeltas == OV_STATE_DELTAS)
		return OV_LIMIT;
	OV_TRY(ov_lines_words(line, w, 5, false));
	OV_TRY(ov_lines_short(w[1], x->from));
	OV_TRY(ov_lines_short(w[2], x->to));
	OV_TRY(ov_lines_sha256(w[3], x->sha256));
	OV_TRY(ov_lines_u64(w[4], &x->size));
	s->ndeltas++;
	return OV_OK;
}

static ov_status take_step(struct ov_str word, struct ov_state_rollout *x)
{
	const uint32_t i = x->nsteps;
	struct ov_str part;
	uint64_t permille;

	if (i == OV_STATE_STEPS)
		return OV_LIMIT;
	if (!ov_text_split(&word, '@', &part) || ov_lines_u64(part, &permille) != OV_OK ||
	    permille == 0 || permille > 1000 || word.p == NULL)
		return OV_BAD;
	OV_TRY(ov_lines_u64(word, &x->step[i].time));
	x->step[i].permille = (uint32_t)permille;
	if (i > 0 && (x->step[i].permille <= x->step[i - 1].permille ||
		      x->step[i].time < x->step[i - 1].time))
		return OV_BAD;
	x->nsteps++;
	return OV_OK;
}

static ov_status take_rollout(struct ov_str line, struct ov_state *s)
{
	struct ov_state_rollout *x = &s->rollouts[s->nrollouts];
	struct ov_str rest = line, head, w;

	if (s->nrollouts == OV_STATE_ARTIFACTS)
		return OV_LIMIT;
	*x = (struct ov_state_rollout){ .nsteps = 0 };
	if (!ov_text_split(&rest, ' ', &head) || !ov_text_split(&rest, ' ', &w))
		return OV_BAD;
	OV_TRY(ov_lines_sha256(w, x->sha256));
	while (ov_text_split(&rest, ' ', &w))
		OV_TRY(take_step(w, x));
	if (x->nsteps == 0 || x->step[x->nsteps - 1].permille != 1000)
		return OV_BAD;
	for (uint32_t i = 0; i < s->nrollouts; i++)
		if (memcmp(s->rollouts[i].sha256, x->sha256, OV_SHA256_BYTES) == 0)
			return OV_BAD;
	s->nrollouts++;
	return OV_OK;
}

static ov_status take_withdrawn(struct ov_str line, struct ov_state *s)
{
	struct ov_state_withdrawn *x = &s->withdrawn[s->nwithdrawn];
	struct ov_str w[3];

	if (s->nwithdrawn == OV_STATE_WITHDRAWN)
		return OV_LIMIT;
	OV_TRY(ov_lines_words(line, w, 3, true));
	OV_TRY(ov_lines_sha256(w[1], x->sha256));
	x->reason = w[2];
	s->nwithdrawn++;
	return w[2].n <= 200 ? OV_OK : OV_BAD;
}

static ov_status take_line(struct ov_str line, struct ov_state *s, enum kind *at)
{
	static const struct {
		struct ov_str head;
		ov_status (*take)(struct ov_str, struct ov_state *);
	} kinds[KINDS] = { [ARTIFACT] = { { "artifact ", 9 }, take_artifact },
			   [DELTA] = { { "delta ", 6 }, take_delta },
			   [ROLLOUT] = { { "rollout ", 8 }, take_rollout },
			   [WITHDRAWN] = { { "withdrawn ", 10 }, take_withdrawn } };

	for (enum kind k = *at; k < KINDS; k++) {
		if (!ov_str_starts(line, kinds[k].head))
			continue;
		*at = k;
		return kinds[k].take(line, s);
	}
	return OV_BAD; /* no such kind, or one that belongs further up */
}

/* "seq 7" and kin. */
static ov_status take_number(struct ov_str *rest, const char *name, uint32_t *line, uint64_t *out)
{
	struct ov_str l, w[2];

	++*line;
	if (!ov_text_split(rest, '\n', &l))
		return OV_BAD;
	OV_TRY(ov_lines_words(l, w, 2, false));
	return ov_str_is(w[0], name) ? ov_lines_u64(w[1], out) : OV_BAD;
}

static ov_status take_head(struct ov_str *rest, struct ov_state *s, uint32_t *line)
{
	struct ov_str l;

	*line = 1;
	if (!ov_text_split(rest, '\n', &l))
		return OV_BAD;
	if (!ov_str_is(l, "overt-state/v1"))
		return ov_str_starts(l, OV_STR("overt-state/")) ? OV_UNSUPPORTED : OV_BAD;
	OV_TRY(take_number(rest, "seq", line, &s->seq));
	OV_TRY(take_number(rest, "time", line, &s->time));
	return take_number(rest, "root", line, &s->root);
}

static ov_status parse(struct ov_str text, struct ov_arena *a, struct ov_state *s, uint32_t *line)
{
	struct ov_str rest = text, l;
	enum kind at = ARTIFACT;

	*line = 0;
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return OV_BAD;
	rest.n--;
	OV_TRY(ov_arena_array(a, OV_STATE_ARTIFACTS, &s->artifacts));
	OV_TRY(ov_arena_array(a, OV_STATE_DELTAS, &s->deltas));
	OV_TRY(ov_arena_array(a, OV_STATE_ARTIFACTS, &s->rollouts));
	OV_TRY(ov_arena_array(a, OV_STATE_WITHDRAWN, &s->withdrawn));
	OV_TRY(take_head(&rest, s, line));
	while (ov_text_split(&rest, '\n', &l)) {
		++*line;
		OV_TRY(take_line(l, s, &at));
	}
	return OV_OK;
}

ov_status ov_state_parse(struct ov_str text, struct ov_arena *a, struct ov_state *out,
			 uint32_t *line)
{
	struct ov_state s = { .seq = 0 };
	uint32_t at;
	const ov_status st = parse(text, a, &s, &at);

	if (line != NULL)
		*line = at;
	if (st == OV_OK)
		*out = s;
	return st;
}

static ov_status put_hex(struct ov_buf *b, const uint8_t sha256[OV_SHA256_BYTES])
{
	char hex[2 * OV_SHA256_BYTES + 1];

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	return ov_buf_fmt(b, " %s", hex);
}

static ov_status put_str(struct ov_buf *b, struct ov_str s)
{
	OV_TRY(ov_buf_u8(b, ' '));
	return ov_buf_str(b, s);
}

static ov_status put_num(struct ov_buf *b, uint64_t n, const char *end)
{
	return ov_buf_fmt(b, " %llu%s", (unsigned long long)n, end);
}

static ov_status put_short(struct ov_buf *b, const uint8_t part[OV_SHORT_BYTES])
{
	char hex[2 * OV_SHORT_BYTES + 1];

	ov_hex_encode(part, OV_SHORT_BYTES, hex);
	return ov_buf_fmt(b, " %s", hex);
}

static ov_status put_artifact(const struct ov_state_artifact *x, struct ov_buf *b)
{
	OV_TRY(ov_buf_str(b, OV_STR("artifact")));
	OV_TRY(put_str(b, x->channel));
	OV_TRY(put_str(b, x->name));
	OV_TRY(put_str(b, x->version));
	OV_TRY(put_num(b, x->engine, ""));
	OV_TRY(put_hex(b, x->sha256));
	return put_num(b, x->size, "\n");
}

static ov_status put_rollout(const struct ov_state_rollout *x, struct ov_buf *b)
{
	OV_TRY(ov_buf_str(b, OV_STR("rollout")));
	OV_TRY(put_hex(b, x->sha256));
	for (uint32_t i = 0; i < x->nsteps; i++)
		OV_TRY(ov_buf_fmt(b, " %u@%llu", x->step[i].permille,
				  (unsigned long long)x->step[i].time));
	return ov_buf_u8(b, '\n');
}

static ov_status put_lists(const struct ov_state *s, struct ov_buf *b)
{
	for (uint32_t i = 0; i < s->nartifacts; i++)
		OV_TRY(put_artifact(&s->artifacts[i], b));
	for (uint32_t i = 0; i < s->ndeltas; i++) {
		OV_TRY(ov_buf_str(b, OV_STR("delta")));
		OV_TRY(put_short(b, s->deltas[i].from));
		OV_TRY(put_short(b, s->deltas[i].to));
		OV_TRY(put_hex(b, s->deltas[i].sha256));
		OV_TRY(put_num(b, s->deltas[i].size, "\n"));
	}
	for (uint32_t i = 0; i < s->nrollouts; i++)
		OV_TRY(put_rollout(&s->rollouts[i], b));
	for (uint32_t i = 0; i < s->nwithdrawn; i++) {
		OV_TRY(ov_buf_str(b, OV_STR("withdrawn")));
		OV_TRY(put_hex(b, s->withdrawn[i].sha256));
		OV_TRY(put_str(b, s->withdrawn[i].reason));
		OV_TRY(ov_buf_u8(b, '\n'));
	}
	return OV_OK;
}

ov_status ov_state_write(const struct ov_state *s, struct ov_buf *out)
{
	const size_t before = out->n;
	struct ov_state again;
	struct ov_arena a;
	ov_status st;

	st = ov_buf_fmt(out, "overt-state/v1\nseq %llu\ntime %llu\nroot %llu\n",
			(unsigned long long)s->seq, (unsigned long long)s->time,
			(unsigned long long)s->root);
	if (st == OV_OK)
		st = put_lists(s, out);
	ov_arena_init(&a, 1 << 20);
	if (st == OV_OK)
		st = ov_state_parse(
		    (struct ov_str){ (const char *)out->p + before, out->n - before }, &a, &again,
		    NULL);
	ov_arena_free(&a);
	if (st != OV_OK)
		out->n = before;
	return st;
}

const struct ov_state_artifact *ov_state_find(const struct ov_state *s, struct ov_str channel,
					      struct ov_str name)
{
	for (uint32_t i = 0; i < s->nartifacts; i++)
		if (ov_str_eq(s->artifacts[i].channel, channel) &&
		    ov_str_eq(s->artifacts[i].name, name))
			return &s->artifacts[i];
	return NULL;
}

struct ov_str ov_state_reason(const struct ov_state *s, const uint8_t sha256[OV_SHA256_BYTES])
{
	for (uint32_t i = 0; i < s->nwithdrawn; i++)
		if (memcmp(s->withdrawn[i].sha256, sha256, OV_SHA256_BYTES) == 0)
			return s->withdrawn[i].reason;
	return (struct ov_str){ .p = NULL, .n = 0 };
}

uint64_t ov_state_due(const struct ov_state *s, const uint8_t sha256[OV_SHA256_BYTES],
		      uint32_t cohort)
{
	for (uint32_t i = 0; i < s->nrollouts; i++) {
		const struct ov_state_rollout *x = &s->rollouts[i];

		if (memcmp(x->sha256, sha256, OV_SHA256_BYTES) != 0)
			continue;
		for (uint32_t k = 0; k < x->nsteps; k++)
			if (cohort < x->step[k].permille)
				return x->step[k].time;
	}
	return 0;
}
