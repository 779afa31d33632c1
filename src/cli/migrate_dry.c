/* overt migrate run --dry-run: what would run and how far it is. Nothing is run, nothing written.
 */
#include "inventory_out.h"
#include "migrate_run.h"

bool migrate_is_all_done(const struct run *r)
{
	for (size_t i = 0; i < r->plan.nsteps; i++)
		for (size_t g = 0; g < r->plan.ngroups; g++) {
			const enum ov_run_status s = ov_run_unit(&r->state, i, g)->status;

			if (r->plan.steps[i].has_group[g] && s != OV_RUN_IS_DONE &&
			    s != OV_RUN_SKIPPED)
				return false;
		}
	return true;
}

static void show_state(struct run *r, size_t step, size_t group)
{
	static const char *const words[] = { "waits for a yes", "begun", "done", "left out" };
	const struct ov_run_unit *u = ov_run_unit(&r->state, step, group);
	size_t missing;
	const char *why = ov_run_hindrance(&r->state, step, group, &missing);

	cli_fmt(&r->c->out, "  now       %s", words[u->status]);
	if (u->status != OV_RUN_NONE)
		cli_fmt(&r->c->out, " (%.*s)", (int)r->state.entries[u->last].at.n,
			r->state.entries[u->last].at.p);
	if (u->open != SIZE_MAX)
		cli_put(&r->c->out, "; a command was begun, and its end is not known");
	if (u->status == OV_RUN_NONE && why != NULL)
		cli_fmt(&r->c->out, "; %s", why);
	cli_put(&r->c->out, "\n");
}

static int text(struct run *r)
{
	for (size_t i = 0; i < r->plan.nsteps; i++)
		for (size_t g = 0; g < r->plan.ngroups; g++) {
			if (!r->plan.steps[i].has_group[g] || !migrate_has_group(r, g))
				continue;
			if (!migrate_show(r, i, g, OV_RUN_DO))
				return migrate_tell(r, i, g, "out of memory");
			show_state(r, i, g);
		}
	cli_put(&r->c->out, "\nnothing was run\n");
	return migrate_is_all_done(r) ? COVERED_NONE : COVERED_FOUND;
}

/* ---- JSON ---- */

static bool acts(struct run *r, size_t step, size_t group, enum ov_run_way way)
{
	struct cli_out *out = &r->c->out;
	struct ov_run_act *list;
	size_t n;

	if (ov_run_acts(&r->plan, step, group, way, &r->arena, &list, &n) != OV_OK)
		return false;
	cli_fmt(out, ",\"%s\":[", ov_run_way_names[way]);
	for (size_t i = 0; i < n; i++) {
		cli_put(out, i > 0 ? ",[" : "[");
		for (size_t k = 0; list[i].argv[k] != NULL; k++) {
			cli_put(out, k > 0 ? "," : "");
			inventory_string(out, ov_str_of(list[i].argv[k]));
		}
		cli_put(out, "]");
	}
	cli_put(out, "]");
	return true;
}

static bool json_unit(struct run *r, size_t step, size_t group)
{
	static const char *const words[] = { "none", "begun", "done", "skipped" };
	static const char *const kinds[] = { "", "install", "probe", "remove" };
	const struct ov_run_unit *u = ov_run_unit(&r->state, step, group);
	const struct ov_run_step *s = &r->plan.steps[step];
	struct cli_out *out = &r->c->out;
	size_t missing;
	const char *why = ov_run_hindrance(&r->state, step, group, &missing);

	cli_put(out, "{\"step\":");
	inventory_string(out, s->id);
	inventory_field(out, "group", r->plan.groups[group].id);
	inventory_field(out, "name", s->name);
	inventory_field(out, "kind", ov_str_of(kinds[s->kind]));
	cli_fmt(out, ",\"status\":\"%s\",\"unknown_end\":%s", words[u->status],
		u->open != SIZE_MAX ? "true" : "false");
	if (u->status != OV_RUN_NONE)
		inventory_field(out, "at", r->state.entries[u->last].at);
	if (u->status == OV_RUN_NONE && why != NULL)
		inventory_field(out, "hindered", ov_str_of(why));
	for (unsigned w = 0; w < OV_RUN_WAYS; w++)
		if (!acts(r, step, group, (enum ov_run_way)w))
			return false;
	cli_put(out, "}");
	return true;
}

static int json(struct run *r)
{
	struct cli_out *out = &r->c->out;
	bool has = false;

	cli_put(out, "{\"plan\":");
	inventory_string(out, r->plan.id);
	inventory_field(out, "target", r->plan.target);
	inventory_field(out, "before", r->state.before);
	inventory_field(out, "after", r->state.after);
	cli_put(out, ",\"steps\":[");
	for (size_t i = 0; i < r->plan.nsteps; i++)
		for (size_t g = 0; g < r->plan.ngroups; g++) {
			if (!r->plan.steps[i].has_group[g] || !migrate_has_group(r, g))
				continue;
			cli_put(out, has ? ",\n" : "\n");
			if (!json_unit(r, i, g))
				return migrate_tell(r, i, g, "out of memory");
			has = true;
		}
	cli_put(out, "]}\n");
	return migrate_is_all_done(r) ? COVERED_NONE : COVERED_FOUND;
}

int migrate_dry(struct run *r)
{
	return r->s->format != 0 ? json(r) : text(r);
}
