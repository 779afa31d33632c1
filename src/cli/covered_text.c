/* `overt covered` for a person: found first, then where to look, then what nobody can tell. */
#include "covered_out.h"
#include "inventory_out.h"

#define UNDETERMINED_SHOWN 10
#define UNREAD_SHOWN 10

static void place(struct cli_out *out, const struct ov_inv_component *c)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);

	cli_shown(out, inventory_chain(&b, c->path, c->npath));
}

static void date(struct cli_out *out, int64_t at)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);

	if (ov_inv_iso(&b, at) == OV_OK && b.n >= 10)
		cli_fmt(out, "%.10s", (const char *)b.p);
	else
		cli_put(out, "an unknown day");
}

static void dates(struct cli_out *out, const struct ov_cov_finding *f)
{
	const struct ov_inv_component *c = f->component;

	if (c->since.earliest != OV_INV_NO_DATE || c->since.latest != OV_INV_NO_DATE) {
		cli_put(out, "    there since ");
		if (c->since.earliest != OV_INV_NO_DATE)
			date(out, c->since.earliest);
		else
			cli_put(out, "some day");
		if (c->since.latest != OV_INV_NO_DATE && c->since.latest != c->since.earliest) {
			cli_put(out, " or later, by ");
			date(out, c->since.latest);
		}
		cli_put(out, "  (");
		cli_shown(out, c->since.from);
		cli_put(out, ")\n");
	}
	if (c->updates.last != OV_INV_NO_DATE) {
		cli_put(out, "    last update ");
		date(out, c->updates.last);
		cli_put(out, f->still == OV_COV_STILL_YES
				 ? ": updates still arrived after they were prohibited\n"
				 : "\n");
	}
}

static void rules(struct cli_out *out, const struct ov_cov_finding *f)
{
	static const char *const words[] = { "not said     ", "prohibited   ", "not prohibited",
					     "ask          " };

	for (size_t i = 0; i < f->nverdicts; i++) {
		const struct ov_cov_verdict *v = &f->verdicts[i];

		cli_fmt(out, "    %s  ", words[v->answer]);
		cli_shown(out, v->rule->name);
		cli_put(out, "\n                    ");
		if (v->since == NULL) {
			cli_put(out, "not in force on that day\n");
			continue;
		}
		if (v->answer != OV_COV_NO) {
			cli_shown(out, v->rule->what);
			cli_put(out, "\n                    for ");
			cli_shown(out, v->rule->whom);
			cli_put(out, ", since ");
			date(out, v->since->at);
			cli_put(out, ": ");
			cli_shown(out, v->since->what);
		} else {
			cli_put(out, "for this kind of software");
		}
		cli_put(out, "\n");
	}
}

static void finding(struct cli_out *out, const struct ov_cov_finding *f)
{
	cli_put(out, "  ");
	cli_style(out, f->grade >= OV_E3 ? CLI_RED : CLI_YELLOW);
	cli_put(out, f->grade >= OV_E3 ? "found      " : "look here  ");
	cli_style(out, CLI_PLAIN);
	place(out, f->component);
	cli_fmt(out, "\n    E%u, class %s, %s: ", (unsigned)f->grade, ov_cov_class_name(f->class_),
		f->state);
	cli_shown(out, f->product->name);
	if (f->component->version.n > 0) {
		cli_put(out, " ");
		cli_shown(out, f->component->version);
	}
	cli_put(out, "\n");
	if (f->is_impersonation)
		cli_put(
		    out,
		    "    its signature bears the name and does not hold: somebody else made it\n");
	for (size_t i = 0; i < f->nhits; i++) {
		const struct ov_inv_evidence *e = f->hits[i].evidence;

		cli_fmt(out, "    by %s ", ov_inv_kind_name(e->kind));
		cli_shown(out, e->value);
		if (e->where.n > 0) {
			cli_put(out, " in ");
			cli_shown(out, e->where);
		}
		cli_fmt(out, "  (E%u)\n", (unsigned)f->hits[i].grade);
	}
	if (f->embedding != NULL) {
		cli_put(out, "    documented: ");
		cli_shown(out, f->embedding->host);
		if (f->embedding->since.n > 0) {
			cli_put(out, "; ");
			cli_shown(out, f->embedding->since);
		}
		cli_put(out, "\n");
	}
	dates(out, f);
	if (f->grade >= OV_E2)
		rules(out, f);
	cli_put(out, "    next: ");
	cli_shown(out, f->product->next);
	cli_put(out, "\n\n");
}

static void undetermined(struct cli_out *out, const struct covered_report *r)
{
	size_t shown = 0;

	for (uint32_t i = 0; i < r->inventory->ncomponents; i++) {
		const struct ov_inv_component *c = &r->inventory->components[i];

		if (!c->is_undetermined || shown++ >= UNDETERMINED_SHOWN)
			continue;
		cli_put(out, "  whose?     ");
		place(out, c);
		cli_fmt(out, "  (%s)\n", ov_inv_what_name(c->what));
	}
	if (r->result->nundetermined > UNDETERMINED_SHOWN)
		cli_fmt(out, "  ... %zu more: --format json lists all\n",
			r->result->nundetermined - UNDETERMINED_SHOWN);
}

static void unread(struct cli_out *out, const struct ov_inventory *inv)
{
	for (uint32_t i = 0; i < inv->nunread && i < UNREAD_SHOWN; i++) {
		OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);

		cli_put(out, "  not read   ");
		cli_shown(out, inventory_chain(&b, inv->unread[i].path, inv->unread[i].npath));
		cli_put(out, "  ");
		cli_shown(out, inv->unread[i].reason);
		cli_put(out, "\n");
	}
	if (inv->nunread > UNREAD_SHOWN)
		cli_fmt(out, "  ... %u more: --format json lists all\n",
			inv->nunread - UNREAD_SHOWN);
}

void covered_text(struct cli_out *out, const struct covered_report *r)
{
	cli_shown(out, r->inventory->target);
	cli_fmt(out, ": %llu files, %u components, held against ",
		(unsigned long long)r->inventory->files, r->inventory->ncomponents);
	cli_shown(out, r->list->title.n > 0 ? r->list->title : OV_STR("the list given"));
	cli_put(out, " of ");
	cli_shown(out, r->list->date);
	cli_put(out, "\n\n");
	for (size_t i = 0; i < r->result->nfindings; i++)
		finding(out, &r->result->findings[i]);
	undetermined(out, r);
	unread(out, r->inventory);
	cli_fmt(out, "\n  %zu found (E3 and above), %zu to look at, %zu undetermined, %u not read.",
		r->result->nfound, r->result->nfindings - r->result->nfound,
		r->result->nundetermined, r->inventory->nunread);
	cli_put(out, " The list gives examples and is never complete. Not legal advice.\n");
}
