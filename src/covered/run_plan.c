/* A written plan: from stanzas to steps, and whether they fit together. See run_plan.h. */
#include "run_plan.h"

#include <stdlib.h>

#include "text.h"

#define GROUPS_MAX 500
#define STEPS_MAX 500
#define STANZA "name of stanza" /* see src/evidence/moving.h */

struct maker {
	const struct ov_inv_component **stanzas; /* in the file's order */
	size_t nstanzas;
	struct ov_arena *a;
	ov_run_error_fn error;
	void *ctx;
	bool is_bad;
	struct ov_run_plan plan;
};

static void bad(struct maker *m, struct ov_str line, const char *why)
{
	m->is_bad = true;
	m->error(m->ctx, line, why);
}

struct ov_str ov_run_field(const struct ov_inv_component *c, const char *name)
{
	for (uint32_t i = 0; i < c->nevidence; i++)
		if (ov_str_is(c->evidence[i].where, name))
			return c->evidence[i].value;
	return OV_STR("");
}

static struct ov_str line_of(const struct ov_inv_component *c)
{
	return c->nevidence > 0 ? c->evidence[0].detail : OV_STR("");
}

size_t ov_run_step_by_id(const struct ov_run_plan *p, struct ov_str id)
{
	for (size_t i = 0; i < p->nsteps; i++)
		if (ov_str_eq(p->steps[i].id, id))
			return i;
	return SIZE_MAX;
}

size_t ov_run_group_by_id(const struct ov_run_plan *p, struct ov_str id)
{
	for (size_t i = 0; i < p->ngroups; i++)
		if (ov_str_eq(p->groups[i].id, id))
			return i;
	return SIZE_MAX;
}

/* Names of groups, steps and hosts: they stand on command lines and in front of '@'. */
static bool is_name(struct ov_str s, const char *more)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    (c == '\0' || strchr(more, c) == NULL))
			return false;
	}
	return s.n > 0 && s.n <= 128 && s.p[0] != '-';
}

static int by_number(const void *x, const void *y)
{
	const struct ov_inv_component *const *a = x, *const *b = y;
	const struct ov_str s = (*a)->version, t = (*b)->version;
	const size_t n = s.n < t.n ? s.n : t.n;
	const int d = n > 0 ? memcmp(s.p, t.p, n) : 0;

	return d != 0 ? d : (s.n > t.n) - (s.n < t.n);
}

ov_status ov_run_sorted(const struct ov_inventory *inv, const char *id, struct ov_arena *a,
			const struct ov_inv_component ***out, size_t *n)
{
	const struct ov_inv_component **list;
	size_t has = 0;

	OV_TRY(ov_arena_array(a, (size_t)inv->ncomponents + 1, &list));
	for (uint32_t i = 0; i < inv->ncomponents; i++)
		if (ov_str_is(inv->components[i].id, id))
			list[has++] = &inv->components[i];
	if (has > 1)
		qsort(list, has, sizeof *list, by_number);
	*out = list;
	*n = has;
	return OV_OK;
}

/* ---- fields ---- */

static ov_status many(struct maker *m, const struct ov_inv_component *c, const char *name,
		      struct ov_cov_texts *out)
{
	*out = (struct ov_cov_texts){ 0 };
	OV_TRY(ov_arena_array(m->a, (size_t)c->nevidence + 1, &out->v));
	for (uint32_t i = 0; i < c->nevidence; i++)
		if (ov_str_is(c->evidence[i].where, name))
			out->v[out->n++] = c->evidence[i].value;
	return OV_OK;
}

/* Words of all values of a field. */
static ov_status words(struct maker *m, const struct ov_inv_component *c, const char *name,
		       struct ov_cov_texts *out)
{
	struct ov_cov_texts lines;
	size_t most = 1;

	OV_TRY(many(m, c, name, &lines));
	*out = (struct ov_cov_texts){ 0 };
	for (size_t i = 0; i < lines.n; i++)
		most += lines.v[i].n / 2 + 1;
	OV_TRY(ov_arena_array(m->a, most, &out->v));
	for (size_t i = 0; i < lines.n; i++)
		for (struct ov_str rest = lines.v[i], word; ov_text_split(&rest, ' ', &word);)
			if (word.n > 0)
				out->v[out->n++] = word;
	return OV_OK;
}

/* Each field must be one of these, and one that may stand once stands once. */
static void check_fields(struct maker *m, const struct ov_inv_component *c,
			 const char *const once[], const char *const often[])
{
	for (uint32_t i = 0; i < c->nevidence; i++) {
		const struct ov_inv_evidence *e = &c->evidence[i];
		bool has = ov_str_is(e->where, STANZA);

		for (size_t k = 0; once[k] != NULL && !has; k++) {
			has = ov_str_is(e->where, once[k]);
			for (uint32_t o = 0; has && o < i; o++)
				if (ov_str_eq(c->evidence[o].where, e->where))
					bad(m, e->detail, "this field may stand once");
		}
		for (size_t k = 0; often[k] != NULL && !has; k++) {
			struct ov_str rest = e->where, head;

			has = ov_text_split(&rest, '@', &head) && ov_str_is(head, often[k]);
		}
		if (!has)
			bad(m, e->detail, "no field of this stanza");
	}
}

/* ---- stanzas ---- */

static ov_status take_plan(struct maker *m, const struct ov_inv_component *c)
{
	static const char *const once[] = { "target", "made", "title", NULL }, *const often[] = {
		NULL
	};

	check_fields(m, c, once, often);
	if (m->plan.id.n > 0)
		bad(m, line_of(c), "a file holds one plan");
	m->plan.id = ov_run_field(c, STANZA);
	m->plan.target = ov_run_field(c, "target");
	if (!is_name(m->plan.id, "._-"))
		bad(m, line_of(c), "a plan's name has letters, digits, '.', '_' and '-'");
	if (m->plan.target.n == 0)
		bad(m, line_of(c), "a plan has a \"target:\", of which the record is taken");
	return OV_OK;
}

static ov_status take_group(struct maker *m, const struct ov_inv_component *c)
{
	static const char *const once[] = { NULL }, *const often[] = { "host", NULL };
	struct ov_run_group *g = &m->plan.groups[m->plan.ngroups];

	check_fields(m, c, once, often);
	*g = (struct ov_run_group){ .id = ov_run_field(c, STANZA) };
	if (!is_name(g->id, "._-"))
		bad(m, line_of(c), "a group's name has letters, digits, '.', '_' and '-'");
	if (ov_run_group_by_id(&m->plan, g->id) != SIZE_MAX)
		bad(m, line_of(c), "a group of this name is there already");
	OV_TRY(words(m, c, "host", &g->hosts));
	for (size_t i = 0; i < g->hosts.n; i++)
		if (!is_name(g->hosts.v[i], "._-:@"))
			bad(m, line_of(c),
			    "a host's name has letters, digits, '.', '_', '-', ':' and '@'");
	m->plan.ngroups++;
	return OV_OK;
}

static bool has_host(struct ov_str w)
{
	return w.n >= 6 && memmem(w.p, w.n, "{host}", 6) != NULL;
}

static ov_status take_commands(struct maker *m, const struct ov_inv_component *c,
			       struct ov_run_step *s)
{
	static const char *const names[OV_RUN_WAYS] = { "do", "verify", "undo" };

	OV_TRY(ov_arena_array(m->a, (size_t)c->nevidence + 1, &s->commands));
	for (uint32_t i = 0; i < c->nevidence; i++) {
		struct ov_str rest = c->evidence[i].where, head;

		if (!ov_text_split(&rest, '@', &head))
			continue;
		for (unsigned w = 0; w < OV_RUN_WAYS; w++)
			if (ov_str_is(head, names[w]))
				s->commands[s->ncommands++] = (struct ov_run_command){
					.way = (enum ov_run_way)w,
					.group = rest.p != NULL ? rest : OV_STR(""),
					.words = c->evidence[i].value,
					.has_host = has_host(c->evidence[i].value)
				};
		if (rest.n > 0 && ov_run_group_by_id(&m->plan, rest) == SIZE_MAX)
			bad(m, c->evidence[i].detail, "no group of this name stands above");
	}
	return OV_OK;
}

static void take_kind(struct maker *m, const struct ov_inv_component *c, struct ov_run_step *s)
{
	static const char *const kinds[] = { "", "install", "probe", "remove" };
	const struct ov_str kind = ov_run_field(c, "kind");
	size_t i = 0;

	while (i < 4 && !ov_str_is(kind, kinds[i]))
		i++;
	if (i == 4)
		bad(m, s->line, "kind: is install, probe or remove");
	else
		s->kind = (enum ov_run_kind)i;
}

static ov_status take_groups_of(struct maker *m, const struct ov_inv_component *c,
				struct ov_run_step *s)
{
	struct ov_cov_texts list;

	OV_TRY(words(m, c, "for", &list));
	OV_TRY(ov_arena_array(m->a, m->plan.ngroups + 1, &s->has_group));
	for (size_t i = 0; i < m->plan.ngroups; i++)
		s->has_group[i] = list.n == 0;
	for (size_t i = 0; i < list.n; i++) {
		const size_t g = ov_run_group_by_id(&m->plan, list.v[i]);

		if (g == SIZE_MAX)
			bad(m, s->line, "for: names a group that does not stand above");
		else
			s->has_group[g] = true;
	}
	return OV_OK;
}

static ov_status take_needs(struct maker *m, const struct ov_inv_component *c,
			    struct ov_run_step *s)
{
	OV_TRY(words(m, c, "needs", &s->needs));
	for (size_t i = 0; i < s->needs.n; i++)
		if (ov_run_step_by_id(&m->plan, s->needs.v[i]) == SIZE_MAX)
			bad(m, s->line, "needs: names a step that does not stand above");
	return OV_OK;
}

static void take_timeout(struct maker *m, const struct ov_inv_component *c, struct ov_run_step *s)
{
	struct ov_str v = ov_run_field(c, "timeout");
	uint64_t unit = 1;

	s->timeout_s = OV_RUN_TIMEOUT_S;
	if (v.n == 0)
		return;
	if (v.p[v.n - 1] == 'm' || v.p[v.n - 1] == 'h' || v.p[v.n - 1] == 's') {
		unit = v.p[v.n - 1] == 'm' ? 60 : v.p[v.n - 1] == 'h' ? 3600 : 1;
		v.n--;
	}
	if (ov_text_u64(v, &s->timeout_s) != OV_OK || s->timeout_s == 0 || s->timeout_s > 86400)
		bad(m, s->line, "timeout: is a time like 90s, 10m or 2h, of a day at most");
	else
		s->timeout_s *= unit;
}

static ov_status take_step(struct maker *m, const struct ov_inv_component *c)
{
	static const char *const once[] = { "name",	    "kind",    "timeout",
					    "undo-by-hand", "no-undo", NULL },
				 *const often[] = { "by-hand", "check",	 "for",	 "needs",
						    "do",      "verify", "undo", NULL };
	struct ov_run_step *s = &m->plan.steps[m->plan.nsteps];

	check_fields(m, c, once, often);
	*s = (struct ov_run_step){ .id = ov_run_field(c, STANZA),
				   .name = ov_run_field(c, "name"),
				   .undo_by_hand = ov_run_field(c, "undo-by-hand"),
				   .no_undo = ov_run_field(c, "no-undo"),
				   .line = line_of(c) };
	if (!is_name(s->id, "._-"))
		bad(m, s->line, "a step's name has letters, digits, '.', '_' and '-'");
	if (ov_run_step_by_id(&m->plan, s->id) != SIZE_MAX)
		bad(m, s->line, "a step of this name is there already");
	if (s->name.n == 0)
		bad(m, s->line, "a step has a \"name:\"");
	take_kind(m, c, s);
	take_timeout(m, c, s);
	OV_TRY(many(m, c, "by-hand", &s->by_hand));
	OV_TRY(many(m, c, "check", &s->checks));
	OV_TRY(take_commands(m, c, s));
	OV_TRY(take_groups_of(m, c, s));
	OV_TRY(take_needs(m, c, s));
	m->plan.nsteps++;
	return OV_OK;
}

/* ---- does it fit together? ---- */

static bool has_command(const struct ov_run_plan *p, const struct ov_run_step *s, size_t group,
			enum ov_run_way way)
{
	for (size_t i = 0; i < s->ncommands; i++)
		if (s->commands[i].way == way &&
		    (s->commands[i].group.n == 0 ||
		     ov_str_eq(s->commands[i].group, p->groups[group].id)))
			return true;
	return false;
}

static bool is_probed(const struct ov_run_plan *p, size_t step, size_t group)
{
	for (size_t i = 0; i < step; i++)
		if (p->steps[i].kind == OV_RUN_PROBE && p->steps[i].has_group[group])
			return true;
	return false;
}

static void check_hosts(struct maker *m, const struct ov_run_step *s, size_t group)
{
	const struct ov_run_group *g = &m->plan.groups[group];

	for (size_t i = 0; i < s->ncommands; i++)
		if (s->commands[i].has_host && g->hosts.n == 0 &&
		    (s->commands[i].group.n == 0 || ov_str_eq(s->commands[i].group, g->id)))
			bad(m, s->line,
			    "a command of this step has {host}, and one of its groups has no "
			    "\"host:\"");
}

static void check_step(struct maker *m, size_t step, size_t group)
{
	const struct ov_run_step *s = &m->plan.steps[step];
	const bool acts = has_command(&m->plan, s, group, OV_RUN_DO);

	if (!acts && s->by_hand.n == 0)
		bad(m, s->line, "a step has a \"do:\" or a \"by-hand:\" for each of its groups");
	if (!acts && (has_command(&m->plan, s, group, OV_RUN_VERIFY)))
		bad(m, s->line, "a \"verify:\" without a \"do:\"");
	if (acts && s->no_undo.n == 0 && !has_command(&m->plan, s, group, OV_RUN_UNDO) &&
	    s->undo_by_hand.n == 0)
		bad(m, s->line,
		    "a step that does something has an \"undo:\", an \"undo-by-hand:\", or says "
		    "\"no-undo:\" and why");
	if (s->kind == OV_RUN_PROBE && !acts)
		bad(m, s->line,
		    "a probe is a command: that somebody says so does not show that anything "
		    "detects");
	if (s->kind == OV_RUN_REMOVE && !is_probed(&m->plan, step, group))
		bad(m, s->line,
		    "it removes, and no step above of kind probe shows for the same group that "
		    "what comes after detects");
	check_hosts(m, s, group);
}

static void check(struct maker *m)
{
	if (m->plan.id.n == 0)
		bad(m, OV_STR("1"), "there is no \"plan NAME\"");
	if (m->plan.ngroups == 0 || m->plan.nsteps == 0)
		bad(m, OV_STR("1"), "a plan has a group and a step at least");
	for (size_t i = 0; i < m->plan.nsteps && !m->is_bad; i++)
		for (size_t g = 0; g < m->plan.ngroups && !m->is_bad; g++)
			if (m->plan.steps[i].has_group[g])
				check_step(m, i, g);
}

ov_status ov_run_plan_of(const struct ov_inventory *inv, struct ov_arena *a, ov_run_error_fn error,
			 void *ctx, struct ov_run_plan *out)
{
	static const struct {
		const char *type;
		ov_status (*take)(struct maker *m, const struct ov_inv_component *c);
	} types[] = { { "plan", take_plan }, { "group", take_group }, { "step", take_step } };
	struct maker m = { .a = a, .error = error, .ctx = ctx };

	OV_TRY(ov_run_sorted(inv, "overt.plan", a, &m.stanzas, &m.nstanzas));
	OV_TRY(ov_arena_array(a, m.nstanzas + 1, &m.plan.groups));
	OV_TRY(ov_arena_array(a, m.nstanzas + 1, &m.plan.steps));
	for (size_t i = 0; i < m.nstanzas; i++) {
		size_t t = 0;

		while (t < 3 && !ov_str_is(m.stanzas[i]->name, types[t].type))
			t++;
		if (t == 3)
			bad(&m, line_of(m.stanzas[i]), "a stanza begins with plan, group or step");
		else if (t == 1 && m.plan.nsteps > 0)
			bad(&m, line_of(m.stanzas[i]), "groups stand above all steps");
		else
			OV_TRY(types[t].take(&m, m.stanzas[i]));
	}
	if (m.plan.ngroups > GROUPS_MAX || m.plan.nsteps > STEPS_MAX)
		bad(&m, OV_STR("1"), "a plan has at most 500 groups and 500 steps");
	if (!m.is_bad)
		check(&m);
	if (m.is_bad)
		return OV_BAD;
	*out = m.plan;
	return OV_OK;
}
