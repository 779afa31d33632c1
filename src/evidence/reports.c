/*
 * overt's own reports: `overt inventory --json` and `overt covered --format json`, so that an
 * inventory that another machine made, or this one made before, can be judged and compared.
 *
 * Only a report that the user names is read so. One that merely lies in a root says nothing about
 * that root: else anybody could claim software by leaving a file.
 *
 * What it says is believed as far as its form goes, for it stands for what its maker would see.
 * Left out: who owns what (but for what is undetermined), and what a covered report does not hold:
 * evidence that its list did not ask for.
 */
#include "doc.h"
#include "ev_sources.h"

#define REPORT_START "{\"target\":"

bool ov_ev_is_report(const struct ov_ev_file *f)
{
	return f->is_target && ov_ev_head_is(f, REPORT_START, sizeof REPORT_START - 1);
}

bool ov_ev_reports_wants(const struct ov_ev_file *f)
{
	return ov_ev_is_report(f);
}

static bool what_by_name(struct ov_str name, enum ov_inv_what *out)
{
	for (unsigned i = 0; i < OV_WHATS; i++) {
		if (!ov_str_is(name, ov_inv_what_name((enum ov_inv_what)i)))
			continue;
		*out = (enum ov_inv_what)i;
		return true;
	}
	return false;
}

/* Words of the inventory, and those of the covered report. */
static enum ov_inv_state state_by_name(struct ov_str name)
{
	static const struct {
		const char *name;
		enum ov_inv_state state;
	} covered[] = {
		{ "installed-not-running", OV_STATE_DISABLED },
		{ "hidden-in-layer", OV_STATE_SHADOWED },
		{ "supplier-only", OV_STATE_NAMED },
	};

	for (unsigned i = 0; i < OV_STATES; i++)
		if (ov_str_is(name, ov_inv_state_name((enum ov_inv_state)i)))
			return (enum ov_inv_state)i;
	for (size_t i = 0; i < sizeof covered / sizeof *covered; i++)
		if (ov_str_is(name, covered[i].name))
			return covered[i].state;
	return OV_STATE_PRESENT; /* remains, trace, impersonation: made of the evidence anew */
}

static enum ov_grade grade_of(struct ov_str s)
{
	return s.n == 2 && s.p[0] == 'E' && s.p[1] >= '0' && s.p[1] <= '5'
		   ? (enum ov_grade)(s.p[1] - '0')
		   : OV_E0;
}

/* Details that the judge knows by their words; others are left out. */
static const char *detail_of(struct ov_str s)
{
	static const char *const known[] = { OV_SIGNED_INTACT,	   OV_SIGNED_SELF_MADE,
					     OV_SIGNED_BROKEN,	   OV_SIGNED_BAD_CHAIN,
					     OV_SIGNED_INCOMPLETE, OV_SIGNED_EXPIRED,
					     OV_SIGNED_UNREADABLE, "files-gone",
					     "self-signed",	   "signature-broken" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (ov_str_is(s, known[i]))
			return known[i];
	return "";
}

static void take_evidence(struct ov_ev_found *x, const struct ov_doc *list)
{
	for (const struct ov_doc *p = list != NULL ? list->child : NULL; p != NULL; p = p->next) {
		enum ov_inv_kind kind;

		if (ov_inv_kind_by_name(ov_doc_text(p, "kind"), &kind) != OV_OK) {
			x->dropped++;
			continue;
		}
		ov_ev_add_detail(x, kind, grade_of(ov_doc_text(p, "grade")),
				 ov_doc_text(p, "value"), ov_doc_text(p, "where"),
				 detail_of(ov_doc_text(p, "detail")));
	}
}

/* The path below the report; the report's own target is no part of it. */
static ov_status enter_path(struct ov_ev *e, const struct ov_doc *path, struct ov_str target)
{
	const struct ov_doc *p = path != NULL ? path->child : NULL;
	const char *slash = target.n > 0 ? memrchr(target.p, '/', target.n) : NULL;

	if (slash != NULL)
		target = (struct ov_str){ slash + 1, target.n - (size_t)(slash + 1 - target.p) };
	if (p != NULL && p->next != NULL && ov_str_eq(p->text, target))
		p = p->next;
	for (; p != NULL; p = p->next)
		OV_TRY(ov_ev_enter(e, p->text));
	return OV_OK;
}

static ov_status take_component(struct ov_ev *e, const struct ov_doc *n, struct ov_str target,
				size_t number)
{
	const struct ov_doc *since = ov_doc_get(n, "since"), *updates = ov_doc_get(n, "updates");
	enum ov_inv_what what;
	struct ov_ev_found x;

	if (!what_by_name(ov_doc_text(n, "type"), &what))
		return ov_ev_unread(e, OV_UNSUPPORTED, ov_doc_text(n, "name"),
				    "a type of component that is not known here");
	ov_ev_begin(&x, what, ov_doc_text(n, "name"));
	x.c.key = ov_ev_fmt(e, "report:%zu", number);
	x.c.version = ov_doc_text(n, "version");
	x.c.arch = ov_doc_text(n, "arch");
	x.c.supplier = ov_doc_text(n, "supplier");
	x.c.id = ov_doc_text(n, "id");
	x.c.purl = ov_doc_text(n, "purl");
	x.c.cpe = ov_doc_text(n, "cpe");
	x.c.state = state_by_name(ov_doc_text(n, "state"));
	x.c.is_privileged = ov_str_is(ov_doc_text(n, "undetermined"), "true");
	x.c.since.earliest = ov_ev_time(ov_doc_text(since, "earliest"));
	x.c.since.latest = ov_ev_time(ov_doc_text(since, "latest"));
	x.c.since.from = ov_doc_text(since, "from");
	x.c.updates.last = ov_ev_time(ov_doc_text(updates, "last"));
	x.c.updates.from = ov_doc_text(updates, "from");
	take_evidence(&x, ov_doc_get(n, "evidence"));
	OV_TRY(enter_path(e, ov_doc_get(n, "path"), target));
	return ov_ev_emit(e, &x);
}

/* What its maker could not read, we could not read either. */
static ov_status take_unread(struct ov_ev *e, const struct ov_doc *n, struct ov_str target)
{
	OV_TRY(enter_path(e, ov_doc_get(n, "path"), target));
	return ov_ev_unread(e, OV_IO, (struct ov_str){ 0 }, "its maker could not read it");
}

static ov_status take_all(struct ov_ev *e, const struct ov_doc *root)
{
	const struct ov_doc *list = ov_doc_get(root, "components");
	const struct ov_str target = ov_doc_text(root, "target");
	const bool is_covered = list == NULL;
	const uint32_t depth = e->nchain;
	size_t number = 0;

	if (is_covered)
		list = ov_doc_get(root, "findings");
	if (list == NULL)
		return OV_UNSUPPORTED;
	for (const struct ov_doc *n = list->child; n != NULL; n = n->next, e->nchain = depth)
		OV_TRY(take_component(e, n, target, number++));
	list = is_covered ? ov_doc_get(root, "undetermined") : NULL;
	for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL; n = n->next) {
		struct ov_ev_found x;
		enum ov_inv_what what;

		if (!what_by_name(ov_doc_text(n, "type"), &what))
			what = OV_WHAT_PROGRAM;
		ov_ev_begin(&x, what, OV_STR(""));
		x.c.key = ov_ev_fmt(e, "report:%zu", number++);
		x.c.is_privileged = true;
		OV_TRY(enter_path(e, ov_doc_get(n, "path"), target));
		OV_TRY(ov_ev_emit(e, &x));
		e->nchain = depth;
	}
	list = ov_doc_get(root, "unread");
	for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL; n = n->next) {
		OV_TRY(take_unread(e, n, target));
		e->nchain = depth;
	}
	return OV_OK;
}

ov_status ov_ev_reports_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_doc *root = NULL;
	ov_status parsed;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	parsed = ov_doc_json(c, &e->arena, &root);
	if (root == NULL)
		return parsed != OV_OK ? parsed : OV_BAD;
	OV_TRY(take_all(e, root));
	return parsed;
}
