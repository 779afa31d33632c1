/* overt migrate plan: the list's steps for what was found, as checklists or JSON. */
#include "migrate.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "inventory_out.h"
#include "plan.h"
#include "plan_text.h"
#include "text.h"

struct planned {
	struct cli *c;
	const struct migrate_settings *s;
	struct covered_lists lists;
	struct ov_arena arena;
	struct ov_cov_result result;
	struct ov_cov_plan plan;
	const struct ov_inventory *inventory;
	int64_t at;
	struct inventory_taken **taken; /* of the files of settings */
	struct inventory_what *what;
	const struct ov_inventory **settings;
};

static const char *group(const struct planned *p, size_t i)
{
	return p->s->groups.n > 0 ? p->s->groups.v[i] : "this group";
}

static size_t groups(const struct planned *p)
{
	return p->s->groups.n > 0 ? p->s->groups.n : 1;
}

/* "kesl:exclusion": whose setting, and what it is. */
static bool is_setting(const struct ov_inv_component *c, struct ov_str *product,
		       struct ov_str *what)
{
	static const char *const products[] = { "kesl", "drweb", "clamav" };
	struct ov_str rest = c->id;

	if (c->what != OV_WHAT_CONFIG || !ov_text_split(&rest, ':', product))
		return false;
	*what = rest;
	for (size_t i = 0; i < sizeof products / sizeof *products; i++)
		if (ov_str_is(*product, products[i]))
			return true;
	return false;
}

/* ---- text ---- */

static void lines(struct cli_out *out, const char *word, const struct ov_cov_texts *t)
{
	for (size_t i = 0; i < t->n; i++) {
		cli_fmt(out, "     %s", word);
		cli_shown(out, t->v[i]);
		cli_put(out, "\n");
	}
}

static void text_step(const struct planned *p, size_t n)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);
	const struct ov_cov_plan_step *s = &p->plan.steps[n];
	struct cli_out *out = &p->c->out;

	cli_fmt(out, "\n%3zu. ", n + 1);
	cli_style(out, CLI_BOLD);
	cli_shown(out, s->step->name);
	cli_style(out, CLI_PLAIN);
	cli_put(out, "\n");
	lines(out, "do     ", &s->step->acts);
	lines(out, "check  ", &s->step->checks);
	cli_put(out, "     undo   ");
	cli_shown(out, s->step->undo);
	cli_put(out, "\n");
	if (s->step->products.n > 0) {
		for (size_t i = 0; i < s->nbecause; i++) {
			const struct ov_inv_component *c = s->because[i]->component;

			cli_put(out, "     for    ");
			cli_shown(out, s->because[i]->product->name);
			cli_put(out, " in ");
			cli_shown(out, inventory_chain(&b, c->path, c->npath));
			cli_put(out, "\n");
		}
	}
	for (size_t i = 0; i < groups(p); i++) {
		cli_put(out, "     [ ] yes, by ______________ on __________  [ ] done  for ");
		cli_shown(out, ov_str_of(group(p, i)));
		cli_put(out, "\n");
	}
}

static void text_settings(const struct planned *p)
{
	struct cli_out *out = &p->c->out;
	bool has = false;

	for (size_t i = 0; i < p->s->settings.n; i++) {
		for (uint32_t k = 0; k < p->settings[i]->ncomponents; k++) {
			const struct ov_inv_component *c = &p->settings[i]->components[k];
			struct ov_str product, what;

			if (!is_setting(c, &product, &what))
				continue;
			if (!has)
				cli_put(out, "\nSettings of the old product. Each exclusion is a "
					     "hole: carry over what still has a reason.\n");
			has = true;
			cli_put(out, "  [ ] ");
			cli_shown(out, c->name);
			for (uint32_t e = 0; e < c->nevidence; e++) {
				cli_put(out, e == 0 ? ": " : ", ");
				cli_shown(out, c->evidence[e].value);
			}
			cli_put(out, "\n");
		}
		for (uint32_t k = 0; k < p->settings[i]->nunread; k++) {
			cli_put(out, "  not read in ");
			cli_shown(out, ov_str_of(p->s->settings.v[i]));
			cli_put(out, ": ");
			cli_shown(out, p->settings[i]->unread[k].detail);
			cli_put(out, "\n");
		}
	}
}

static void text(const struct planned *p)
{
	struct cli_out *out = &p->c->out;

	cli_put(out, "Moving off: ");
	cli_shown(out, p->inventory->target);
	cli_fmt(out, "\n%zu found, %zu undetermined, %u not read\n", p->result.nfound,
		p->result.nundetermined, p->inventory->nunread);
	for (size_t i = 0; i < p->plan.nsteps; i++)
		text_step(p, i);
	if (p->plan.without > 0)
		cli_fmt(out,
			"\n%zu found for which the list has no steps: overt covered tells what is "
			"next.\n",
			p->plan.without);
	text_settings(p);
	if (p->plan.nsteps == 0 && p->plan.without == 0)
		cli_put(out, "\nNothing at E3 or above: nothing to move off.\n");
	else
		cli_put(out, "\novert runs none of these steps by itself. Not legal advice.\n");
}

/* ---- JSON ---- */

static void strings(struct cli_out *out, const char *name, const struct ov_cov_texts *t)
{
	cli_fmt(out, ",\"%s\":[", name);
	for (size_t i = 0; i < t->n; i++) {
		cli_put(out, i > 0 ? "," : "");
		inventory_string(out, t->v[i]);
	}
	cli_put(out, "]");
}

static void json_step(const struct planned *p, const struct ov_cov_plan_step *s)
{
	struct cli_out *out = &p->c->out;

	cli_put(out, "{\"id\":");
	inventory_string(out, s->step->id);
	inventory_field(out, "name", s->step->name);
	strings(out, "do", &s->step->acts);
	strings(out, "check", &s->step->checks);
	inventory_field(out, "undo", s->step->undo);
	inventory_field(out, "source", s->step->source);
	cli_put(out, ",\"for\":[");
	for (size_t i = 0; i < s->nbecause; i++) {
		const struct ov_inv_component *c = s->because[i]->component;

		cli_put(out, i > 0 ? ",{\"product\":" : "{\"product\":");
		inventory_string(out, s->because[i]->product->name);
		cli_put(out, ",\"path\":[");
		for (uint32_t k = 0; k < c->npath; k++) {
			cli_put(out, k > 0 ? "," : "");
			inventory_string(out, c->path[k]);
		}
		cli_put(out, "]}");
	}
	cli_put(out, "],\"consent\":[");
	for (size_t i = 0; i < groups(p); i++) {
		cli_put(out, i > 0 ? ",{\"group\":" : "{\"group\":");
		inventory_string(out, ov_str_of(group(p, i)));
		cli_put(out, ",\"yes\":null,\"by\":null,\"on\":null,\"done\":null}");
	}
	cli_put(out, "]}");
}

static void json_settings(const struct planned *p)
{
	struct cli_out *out = &p->c->out;
	bool has = false;

	cli_put(out, "],\"settings\":[");
	for (size_t i = 0; i < p->s->settings.n; i++) {
		for (uint32_t k = 0; k < p->settings[i]->ncomponents; k++) {
			const struct ov_inv_component *c = &p->settings[i]->components[k];
			struct ov_str product, what;

			if (!is_setting(c, &product, &what))
				continue;
			cli_fmt(out, "%s\n{\"what\":", has ? "," : "");
			inventory_string(out, what);
			inventory_field(out, "product", product);
			inventory_field(out, "file", ov_str_of(p->s->settings.v[i]));
			cli_put(out, ",\"lines\":[");
			for (uint32_t e = 0; e < c->nevidence; e++) {
				cli_put(out, e > 0 ? "," : "");
				inventory_string(out, c->evidence[e].value);
			}
			cli_put(out, "],\"keep\":null}");
			has = true;
		}
	}
	cli_put(out, "],\"unread\":[");
	has = false;
	for (size_t i = 0; i < p->s->settings.n; i++) {
		for (uint32_t k = 0; k < p->settings[i]->nunread; k++) {
			cli_fmt(out, "%s{\"file\":", has ? "," : "");
			inventory_string(out, ov_str_of(p->s->settings.v[i]));
			inventory_field(out, "detail", p->settings[i]->unread[k].detail);
			cli_put(out, "}");
			has = true;
		}
	}
	cli_put(out, "]");
}

static void json(const struct planned *p)
{
	struct cli_out *out = &p->c->out;

	cli_put(out, "{\"target\":");
	inventory_string(out, p->inventory->target);
	cli_put(out, ",\"at\":");
	inventory_date(out, p->at);
	cli_fmt(out, ",\"found\":%zu,\"undetermined\":%zu,\"not_read\":%u,\"without_steps\":%zu",
		p->result.nfound, p->result.nundetermined, p->inventory->nunread, p->plan.without);
	cli_put(out, ",\"runs\":\"nothing\",\"steps\":[");
	for (size_t i = 0; i < p->plan.nsteps; i++) {
		cli_put(out, i > 0 ? ",\n" : "\n");
		json_step(p, &p->plan.steps[i]);
	}
	json_settings(p);
	cli_put(out, "}\n");
}

/* ---- the written plan ---- */

/* Groups stand in front of '@' and in names of commands. */
static bool are_names(struct planned *p)
{
	for (size_t i = 0; i < p->s->groups.n; i++) {
		const char *g = p->s->groups.v[i];

		if (g[0] != '\0' && g[0] != '-' &&
		    strspn(g,
			   "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
			strlen(g))
			continue;
		(void)cli_fail(p->c, "overt migrate", g,
			       "in a written plan a group's name has letters, digits, '.', '_' and "
			       "'-'");
		return false;
	}
	return true;
}

static int write_plan(struct planned *p)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)4 << 20);
	OV_CLEANUP(ov_buf_free) struct ov_buf made = ov_buf_of(64);
	struct ov_plan_text t = { .plan = &p->plan,
				  .target = p->inventory->target,
				  .ngroups = p->s->groups.n };
	char id[64];

	if (p->s->write == NULL)
		return COVERED_NONE;
	if (!are_names(p))
		return COVERED_ERROR;
	(void)snprintf(id, sizeof id, "move-%lld-%ld", (long long)p->inventory->taken,
		       (long)getpid());
	t.id = ov_str_of(id);
	if (ov_inv_iso(&made, p->inventory->taken) != OV_OK ||
	    ov_arena_array(&p->arena, t.ngroups + 1, &t.groups) != OV_OK) {
		(void)cli_fail(p->c, "overt migrate", "out of memory", NULL);
		return COVERED_ERROR;
	}
	t.made = ov_buf_text(&made);
	for (size_t i = 0; i < t.ngroups; i++)
		t.groups[i] = ov_str_of(p->s->groups.v[i]);
	if (ov_plan_text(&b, &t) != OV_OK) {
		(void)cli_fail(p->c, "overt migrate", p->s->write, "the plan is too large");
		return COVERED_ERROR;
	}
	return migrate_write(p->c, p->s->write, ov_buf_text(&b)) ? COVERED_NONE : COVERED_ERROR;
}

/* ---- the run ---- */

static int read_settings(struct planned *p)
{
	const size_t n = p->s->settings.n;

	if (ov_arena_array(&p->arena, n + 1, &p->taken) != OV_OK ||
	    ov_arena_array(&p->arena, n + 1, &p->what) != OV_OK ||
	    ov_arena_array(&p->arena, n + 1, &p->settings) != OV_OK) {
		(void)cli_fail(p->c, "overt migrate", "out of memory", NULL);
		return COVERED_ERROR;
	}
	for (size_t i = 0; i < n; i++)
		p->taken[i] = NULL;
	for (size_t i = 0; i < n; i++) {
		p->what[i] = (struct inventory_what){ .root = p->s->settings.v[i] };
		if (covered_lists_take(&p->lists, &p->what[i], &p->taken[i], &p->settings[i]) !=
		    COVERED_NONE)
			return COVERED_ERROR;
	}
	return COVERED_NONE;
}

static int plan(struct planned *p, const char *target)
{
	struct inventory_what what = { .root = target, .one_fs = p->s->one_fs };
	struct inventory_taken *t = NULL;
	int code = covered_lists_take(&p->lists, &what, &t, &p->inventory);

	if (code == COVERED_NONE &&
	    (ov_cov_judge(&p->lists.list, p->inventory, ov_str_of(p->s->profile), p->at, &p->arena,
			  &p->result) != OV_OK ||
	     ov_cov_plan_make(&p->lists.list, &p->result, &p->arena, &p->plan) != OV_OK)) {
		(void)cli_fail(p->c, "overt migrate", "out of memory", NULL);
		code = COVERED_ERROR;
	}
	if (code == COVERED_NONE)
		code = read_settings(p);
	if (code == COVERED_NONE)
		code = write_plan(p);
	if (code == COVERED_NONE) {
		if (p->s->format != 0)
			json(p);
		else
			text(p);
		if (p->result.nfound > 0)
			code = COVERED_FOUND;
		else if (p->result.nundetermined > 0 || p->inventory->nunread > 0)
			code = COVERED_UNDETERMINED;
	}
	for (size_t i = 0; p->taken != NULL && i < p->s->settings.n; i++)
		inventory_drop(&p->taken[i]);
	inventory_drop(&t);
	return code;
}

int migrate_plan(struct cli *c, const struct migrate_settings *s, const char *target)
{
	struct planned p = { .c = c, .s = s };
	int code = COVERED_ERROR;

	ov_arena_init(&p.arena, (size_t)256 << 20);
	if (covered_day(c, "overt migrate", s->at, &p.at) &&
	    covered_lists_open(&p.lists, c, "overt migrate", &s->lists, s->only_lists) &&
	    covered_lists_profile(&p.lists, s->profile))
		code = plan(&p, target);
	covered_lists_close(&p.lists);
	ov_arena_free(&p.arena);
	return code;
}
