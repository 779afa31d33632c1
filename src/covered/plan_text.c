/* The written plan. See plan_text.h. */
#include "plan_text.h"

#include "text.h"

#define PACKAGES_MAX 40 /* of one step */

static const char head[] =
    "overt.migrate.plan/v1\n"
    "# A plan of moving off, for overt migrate run. Read it, change it, keep it: it is yours.\n"
    "#\n"
    "# A step runs its \"do:\" lines for each of its groups, and only after a yes to that step "
    "for\n"
    "# that group; then its \"verify:\" lines must end well. \"undo:\" takes it back. Without "
    "\"do:\"\n"
    "# a person does it, and says so. Commands are words, not lines of a shell; {host} stands for\n"
    "# each host of the group; do@GROUP: is for one group. What stands between < and > is for you\n"
    "# to fill in. docs/MIGRATE.md tells the rest.\n\n";

/* A value of one line: control bytes and line ends as \xNN. */
static ov_status field(struct ov_buf *b, const char *name, struct ov_str value)
{
	if (value.n == 0)
		return OV_OK;
	OV_TRY(ov_buf_fmt(b, "%s: ", name));
	OV_TRY(ov_text_shown(b, value));
	return ov_buf_u8(b, '\n');
}

static ov_status fields(struct ov_buf *b, const char *name, const struct ov_cov_texts *t)
{
	for (size_t i = 0; i < t->n; i++)
		OV_TRY(field(b, name, t->v[i]));
	return OV_OK;
}

/* A package's name is foreign: only one that is surely a name goes into a command. */
static bool is_package(const struct ov_inv_component *c)
{
	for (size_t i = 0; i < c->name.n; i++) {
		const char x = c->name.p[i];

		if (!(x >= 'a' && x <= 'z') && !(x >= 'A' && x <= 'Z') && !(x >= '0' && x <= '9') &&
		    (i == 0 || x == '\0' || strchr("+._-", x) == NULL))
			return false;
	}
	return (c->what == OV_WHAT_DEB || c->what == OV_WHAT_RPM) && c->name.n > 0 &&
	       c->name.n <= 128;
}

static ov_status removal(struct ov_buf *b, const struct ov_inv_component *c, const char *ssh)
{
	const int n = (int)c->name.n;
	const char *name = c->name.p;

	if (c->what == OV_WHAT_DEB) {
		OV_TRY(ov_buf_fmt(b, "do: %sdpkg --remove %.*s\n", ssh, n, name));
		return ov_buf_fmt(b, "undo: %sdpkg --install <THE .deb OF %.*s THAT YOU KEPT>\n",
				  ssh, n, name);
	}
	OV_TRY(ov_buf_fmt(b, "do: %srpm --erase %.*s\n", ssh, n, name));
	return ov_buf_fmt(b, "undo: %srpm --install <THE .rpm OF %.*s THAT YOU KEPT>\n", ssh, n,
			  name);
}

/* Does a step that speaks of this product by name remove it, and this one does not? */
static bool is_for_another(const struct ov_cov_plan *p, const struct ov_cov_plan_step *s,
			   const struct ov_inv_component *c)
{
	for (size_t i = 0; i < p->nsteps && s->step->products.n == 0; i++) {
		const struct ov_cov_plan_step *o = &p->steps[i];

		if (o->step->products.n == 0 || !ov_str_is(o->step->kind, "remove"))
			continue;
		for (size_t k = 0; k < o->nbecause; k++)
			if (o->because[k]->component == c)
				return true;
	}
	return false;
}

static ov_status removals(struct ov_buf *b, const struct ov_cov_plan *p,
			  const struct ov_cov_plan_step *s, const char *ssh, bool *has)
{
	size_t n = 0;

	for (size_t i = 0; i < s->nbecause && n < PACKAGES_MAX / 2; i++) {
		const struct ov_inv_component *c = s->because[i]->component;
		bool is_again = !is_package(c) || is_for_another(p, s, c);

		for (size_t k = 0; k < i && !is_again; k++)
			is_again = s->because[k]->component->what == c->what &&
				   ov_str_eq(s->because[k]->component->name, c->name);
		if (is_again)
			continue;
		OV_TRY(removal(b, c, ssh));
		n++;
	}
	*has = n > 0;
	return OV_OK;
}

static ov_status step(struct ov_buf *b, const struct ov_cov_plan *plan,
		      const struct ov_cov_plan_step *p, const char *ssh)
{
	const struct ov_cov_step *s = p->step;
	bool has = false;

	if (ov_str_is(s->kind, "record"))
		return ov_buf_fmt(b,
				  "# %.*s: overt migrate run signs the records of before and "
				  "after by itself\n\n",
				  (int)s->id.n, s->id.p);
	OV_TRY(ov_buf_fmt(b, "step %.*s\n", (int)s->id.n, s->id.p));
	OV_TRY(field(b, "name", s->name));
	OV_TRY(field(b, "kind", s->kind));
	OV_TRY(fields(b, "by-hand", &s->acts));
	OV_TRY(fields(b, "check", &s->checks));
	if (ov_str_is(s->kind, "probe")) {
		OV_TRY(ov_buf_fmt(b, "do: %sovert migrate probe <FOLDER>\n", ssh));
		has = true;
	} else if (ov_str_is(s->kind, "remove")) {
		OV_TRY(removals(b, plan, p, ssh, &has));
	}
	if (!has)
		OV_TRY(ov_buf_fmt(b,
				  "# do: %s<COMMAND>\n# verify: %s<COMMAND>\n# undo: "
				  "%s<COMMAND>\n",
				  ssh, ssh, ssh));
	OV_TRY(field(b, "undo-by-hand", s->undo));
	return ov_buf_u8(b, '\n');
}

ov_status ov_plan_text(struct ov_buf *b, const struct ov_plan_text *p)
{
	const char *ssh = p->ngroups > 0 ? "ssh {host} " : "";

	OV_TRY(ov_buf_str(b, ov_str_of(head)));
	OV_TRY(ov_buf_fmt(b, "plan %.*s\n", (int)p->id.n, p->id.p));
	OV_TRY(field(b, "target", p->target));
	OV_TRY(field(b, "made", p->made));
	OV_TRY(ov_buf_u8(b, '\n'));
	if (p->ngroups == 0)
		OV_TRY(ov_buf_str(b, OV_STR("# This machine.\ngroup here\n\n")));
	for (size_t i = 0; i < p->ngroups; i++)
		OV_TRY(ov_buf_fmt(b,
				  "group %.*s\n# host: NAME of each machine, or several with "
				  "blanks between\n\n",
				  (int)p->groups[i].n, p->groups[i].p));
	for (size_t i = 0; i < p->plan->nsteps; i++)
		OV_TRY(step(b, p->plan, &p->plan->steps[i], ssh));
	return OV_OK;
}
