/* What a release changed, and what none may do. */
#include "monitor_int.h"

#include <stdio.h>
#include <string.h>

#include "publish.h"
#include "text.h"

#define AHEAD 600	     /* seconds that a clock may be wrong */
#define LONGEST (30 * 86400) /* a rollout that takes longer is a way to withhold */

static bool same(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, OV_SHA256_BYTES) == 0;
}

static const struct ov_state_rollout *rollout_of(const struct ov_state *s, const uint8_t *sha256)
{
	for (uint32_t i = 0; i < s->nrollouts; i++)
		if (same(s->rollouts[i].sha256, sha256))
			return &s->rollouts[i];
	return NULL;
}

static bool is_offered(const struct ov_state *s, const uint8_t *sha256)
{
	for (uint32_t i = 0; i < s->nartifacts; i++)
		if (same(s->artifacts[i].sha256, sha256))
			return true;
	return false;
}

static bool is_reached(const struct ov_state *s, const uint8_t part[OV_SHORT_BYTES])
{
	for (uint32_t i = 0; i < s->nartifacts; i++)
		if (ov_state_is_short(part, s->artifacts[i].sha256))
			return true;
	return false;
}

/* ---- showing ---- */

static void show_one(struct monitor *m, uint64_t entry, const char *kind,
		     const struct ov_state_artifact *x, const struct ov_state_rollout *r)
{
	struct cli_out *out = &m->c->out;
	char hex[2 * OV_SHA256_BYTES + 1], when[32];

	if (m->s.json) {
		ov_hex_encode(x->sha256, sizeof x->sha256, hex);
		cli_fmt(out,
			"{\"event\":\"artifact\",\"entry\":%llu,\"change\":\"%s\",\"channel\":",
			(unsigned long long)entry, kind);
		cli_json(out, x->channel);
		cli_put(out, ",\"name\":");
		cli_json(out, x->name);
		cli_put(out, ",\"version\":");
		cli_json(out, x->version);
		cli_fmt(out, ",\"bytes\":%llu,\"engine\":%llu,\"sha256\":\"%s\"}\n",
			(unsigned long long)x->size, (unsigned long long)x->engine, hex);
		return;
	}
	cli_fmt(out, "    %-8s%.*s/%.*s %.*s, %llu bytes", kind, (int)x->channel.n, x->channel.p,
		(int)x->name.n, x->name.p, (int)x->version.n, x->version.p,
		(unsigned long long)x->size);
	if (r == NULL) {
		cli_put(out, strcmp(kind, "gone") == 0 ? "\n" : ", for all at once\n");
		return;
	}
	(void)cli_date(r->step[r->nsteps - 1].time, when);
	cli_fmt(out, ", in %u steps until %s\n", (unsigned)r->nsteps, when);
}

static void show_withdrawn(struct monitor *m, uint64_t entry, const struct ov_state_withdrawn *w)
{
	struct cli_out *out = &m->c->out;
	char hex[2 * OV_SHA256_BYTES + 1];

	ov_hex_encode(w->sha256, sizeof w->sha256, hex);
	if (m->s.json) {
		cli_fmt(out,
			"{\"event\":\"withdrawn\",\"entry\":%llu,\"sha256\":\"%s\",\"reason\":",
			(unsigned long long)entry, hex);
		cli_json(out, w->reason);
		cli_put(out, "}\n");
		return;
	}
	cli_fmt(out, "    withdrawn %.16s...: ", hex);
	cli_shown(out, w->reason);
	cli_put(out, "\n");
}

void monitor_show(struct monitor *m, uint64_t entry, const struct ov_state *was,
		  const struct ov_state *is)
{
	char when[32];

	(void)cli_date(is->time, when);
	cli_fmt(&m->c->out,
		m->s.json ? "{\"event\":\"state\",\"entry\":%llu,\"seq\":%llu,\"time\":\"%s\","
			    "\"root\":%llu}\n"
			  : "  entry %llu: seq %llu, %s, root %llu\n",
		(unsigned long long)entry, (unsigned long long)is->seq, when,
		(unsigned long long)is->root);
	for (uint32_t i = 0; i < is->nartifacts; i++) {
		const struct ov_state_artifact *x = &is->artifacts[i];
		const struct ov_state_artifact *old = ov_state_find(was, x->channel, x->name);

		if (old == NULL || !same(old->sha256, x->sha256))
			show_one(m, entry, old == NULL ? "new" : "changed", x,
				 rollout_of(is, x->sha256));
	}
	for (uint32_t i = 0; i < was->nartifacts; i++)
		if (ov_state_find(is, was->artifacts[i].channel, was->artifacts[i].name) == NULL)
			show_one(m, entry, "gone", &was->artifacts[i], NULL);
	for (uint32_t i = 0; i < is->nwithdrawn; i++)
		if (ov_state_reason(was, is->withdrawn[i].sha256).n == 0)
			show_withdrawn(m, entry, &is->withdrawn[i]);
}

/* ---- rules that the grammar does not have ---- */

static bool is_moved(const struct ov_state_rollout *a, const struct ov_state_rollout *b)
{
	if (a->nsteps != b->nsteps)
		return true;
	for (uint32_t i = 0; i < a->nsteps; i++)
		if (a->step[i].permille != b->step[i].permille ||
		    a->step[i].time != b->step[i].time)
			return true;
	return false;
}

static void check_rollouts(struct monitor *m, uint64_t entry, const struct ov_state *was,
			   const struct ov_state *is)
{
	for (uint32_t i = 0; i < is->nrollouts; i++) {
		const struct ov_state_rollout *r = &is->rollouts[i];
		const struct ov_state_rollout *old = rollout_of(was, r->sha256);
		const uint64_t last = r->step[r->nsteps - 1].time;

		if (!is_offered(is, r->sha256))
			monitor_alarm(m, entry, "a rollout is for what it does not offer", NULL);
		if (old == NULL && last > is->time && last - is->time > LONGEST)
			monitor_alarm(m, entry, "a rollout takes longer than 30 days", NULL);
		if (old != NULL && is_moved(old, r))
			monitor_alarm(m, entry,
				      "the schedule of what was released already was moved", NULL);
	}
	for (uint32_t i = 0; i < was->nrollouts; i++)
		if (is_offered(is, was->rollouts[i].sha256) &&
		    rollout_of(is, was->rollouts[i].sha256) == NULL)
			monitor_alarm(m, entry, "the schedule of what was released already is gone",
				      NULL);
}

static void check_deltas(struct monitor *m, uint64_t entry, const struct ov_state *is)
{
	for (uint32_t i = 0; i < is->nartifacts; i++) {
		unsigned n = 0;

		for (uint32_t k = 0; k < is->ndeltas; k++)
			n += ov_state_is_short(is->deltas[k].to, is->artifacts[i].sha256);
		if (n > OV_PUBLISH_DELTAS)
			monitor_alarm(m, entry, "an artifact has more than 12 deltas", NULL);
	}
	for (uint32_t k = 0; k < is->ndeltas; k++)
		if (!is_reached(is, is->deltas[k].to))
			monitor_alarm(m, entry, "a delta leads to what it does not offer", NULL);
}

void monitor_sanity(struct monitor *m, uint64_t entry, const struct ov_state *was,
		    const struct ov_state *is)
{
	if (is->time > updater_now() + AHEAD)
		monitor_alarm(m, entry, "its time is in the future", NULL);
	for (uint32_t i = 0; i < was->nwithdrawn; i++)
		if (ov_state_reason(is, was->withdrawn[i].sha256).n == 0)
			monitor_alarm(m, entry, "it takes a withdrawal back", NULL);
	for (uint32_t i = 0; i < is->nartifacts; i++)
		if (ov_state_reason(is, is->artifacts[i].sha256).n > 0)
			monitor_alarm(m, entry, "it offers what was withdrawn", NULL);
	check_rollouts(m, entry, was, is);
	check_deltas(m, entry, is);
}
