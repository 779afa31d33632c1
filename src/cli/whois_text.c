/* `overt whois` for a person: who, by what, and what can't be told. */
#include "inventory_out.h"
#include "whois_out.h"

#define EVIDENCE_SHOWN 4 /* of one engine in one file; --all shows the rest */
#define UNREAD_SHOWN 10

static void place(struct cli_out *out, const struct ov_inventory *inv,
		  const struct ov_inv_component *c)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);
	const struct ov_str path = inventory_chain(&b, c->path, c->npath);

	cli_shown(out, path.n > 0 ? path : inv->target);
}

static void piece(struct cli_out *out, const struct ov_inv_evidence *e)
{
	cli_fmt(out, "              %-12s ", ov_inv_kind_name(e->kind));
	cli_shown(out, e->value);
	cli_style(out, CLI_DIM);
	if (e->detail.n > 0) {
		cli_put(out, "  ");
		cli_shown(out, e->detail);
	}
	cli_put(out, "  (");
	cli_shown(out, e->where);
	cli_put(out, ")\n");
	cli_style(out, CLI_PLAIN);
}

/* The strongest first. */
static void evidence(struct cli_out *out, const struct ov_inv_component *c, bool all)
{
	uint32_t shown = 0;

	for (int grade = OV_E5; grade >= OV_E0; grade--)
		for (uint32_t i = 0; i < c->nevidence; i++) {
			if ((int)c->evidence[i].grade != grade || (!all && shown >= EVIDENCE_SHOWN))
				continue;
			piece(out, &c->evidence[i]);
			shown++;
		}
	if (shown < c->nevidence)
		cli_fmt(out, "              and %u more: --all\n", c->nevidence - shown);
}

static void engine(struct cli_out *out, const struct whois_report *r, const struct ov_whose *x)
{
	cli_put(out, "  ");
	cli_style(out, x->grade >= OV_E3 ? CLI_BOLD : CLI_YELLOW);
	cli_fmt(out, "%-11s ", ov_relation_name(x->relation));
	cli_style(out, CLI_PLAIN);
	cli_put(out, x->engine->title);
	if (x->version.n > 0) {
		cli_put(out, " ");
		cli_shown(out, x->version);
	}
	cli_fmt(out, "  E%u  ", (unsigned)x->grade);
	place(out, r->inventory, x->component);
	cli_put(out, "\n");
	evidence(out, x->component, r->all);
	if (x->note != NULL)
		evidence(out, x->note, r->all);
}

static void covered(struct cli_out *out, const struct whois_report *r)
{
	for (size_t i = 0; i < r->covered->nfindings; i++) {
		const struct ov_cov_finding *f = &r->covered->findings[i];

		cli_put(out, "  ");
		cli_style(out, f->grade >= OV_E3 ? CLI_RED : CLI_YELLOW);
		cli_fmt(out, "%-11s ", f->grade >= OV_E3 ? "covered" : "look here");
		cli_style(out, CLI_PLAIN);
		cli_shown(out, f->product->name);
		if (f->component->version.n > 0) {
			cli_put(out, " ");
			cli_shown(out, f->component->version);
		}
		cli_fmt(out, "  E%u  ", (unsigned)f->grade);
		place(out, r->inventory, f->component);
		cli_put(out, "\n");
		for (size_t k = 0; k < f->nhits && (r->all || k < EVIDENCE_SHOWN); k++)
			piece(out, f->hits[k].evidence);
	}
	if (r->covered->nfindings > 0)
		cli_put(out, "              whose rule says what: overt covered TARGET\n");
}

static void packed(struct cli_out *out, const struct whois_report *r)
{
	for (size_t i = 0; i < r->whose->npacked; i++) {
		cli_put(out, "  ");
		cli_style(out, CLI_YELLOW);
		cli_fmt(out, "%-11s ", "packed");
		cli_style(out, CLI_PLAIN);
		place(out, r->inventory, r->whose->packed[i]);
		cli_put(out, "\n              can't tell whose engine is inside: ");
		cli_shown(out, ov_whose_packer(r->whose->packed[i]));
		cli_put(out, "\n");
	}
}

static void unread(struct cli_out *out, const struct ov_inventory *inv)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);

	for (uint32_t i = 0; i < inv->nunread && i < UNREAD_SHOWN; i++) {
		cli_fmt(out, "  %-11s ", "not read");
		cli_shown(out, inventory_chain(&b, inv->unread[i].path, inv->unread[i].npath));
		cli_put(out, "  ");
		cli_shown(out, inv->unread[i].reason);
		cli_put(out, ": ");
		cli_shown(out, inv->unread[i].detail);
		cli_put(out, "\n");
	}
	if (inv->nunread > UNREAD_SHOWN)
		cli_fmt(out, "  and %u more not read: --format json\n",
			inv->nunread - UNREAD_SHOWN);
}

void whois_text(struct cli_out *out, const struct whois_report *r)
{
	size_t mentions = 0, named = 0;

	cli_shown(out, r->inventory->target);
	cli_put(out, "\n");
	for (size_t i = 0; i < r->whose->nfound; i++) {
		const struct ov_whose *x = &r->whose->found[i];

		if (x->relation == OV_REL_MENTIONS && !r->all) {
			mentions++;
			continue;
		}
		named++;
		engine(out, r, x);
	}
	covered(out, r);
	packed(out, r);
	if (named + r->covered->nfindings + r->whose->npacked == 0)
		cli_fmt(out, "  %-11s no engine that overt knows, in %llu programs\n", "unknown",
			(unsigned long long)r->whose->programs);
	if (mentions > 0)
		cli_fmt(
		    out,
		    "  %-11s %zu times in documents and other files that are no programs: --all\n",
		    "mentioned", mentions);
	unread(out, r->inventory);
}
