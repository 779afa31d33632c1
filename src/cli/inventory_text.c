/* The inventory for people: how many of what, what nobody vouches for, what was not read. */
#include "inventory_out.h"

#include "text.h"

#define LISTED_MAX 40 /* of one kind: the rest is counted, --json has all */

struct ov_str inventory_chain(struct ov_buf *b, const struct ov_str *path, uint32_t n)
{
	b->n = 0;
	for (uint32_t i = 0; i < n; i++)
		if ((i > 0 && ov_buf_str(b, OV_STR(" > ")) != OV_OK) ||
		    ov_buf_str(b, path[i]) != OV_OK)
			break;
	return (struct ov_str){ .p = b->n > 0 ? (const char *)b->p : "", .n = b->n };
}

static void heading(struct cli_out *out, const char *text)
{
	cli_put(out, "\n");
	cli_style(out, CLI_BOLD);
	cli_put(out, text);
	cli_style(out, CLI_PLAIN);
	cli_put(out, "\n");
}

static void counts(struct cli_out *out, const struct ov_inventory *inv)
{
	for (unsigned w = 0; w < OV_WHATS; w++) {
		char number[CLI_NUMBER_MAX];
		uint32_t n = 0;

		for (uint32_t i = 0; i < inv->ncomponents; i++)
			n += inv->components[i].what == w;
		if (n > 0)
			cli_fmt(out, "  %10s  %s\n", cli_count(n, number),
				ov_inv_what_name((enum ov_inv_what)w));
	}
}

static void line(struct cli_out *out, struct ov_buf *b, const struct ov_inv_component *c)
{
	cli_fmt(out, "  %-18s", ov_inv_what_name(c->what));
	cli_shown(out, c->name);
	if (c->version.n > 0) {
		cli_put(out, " ");
		cli_shown(out, c->version);
	}
	cli_put(out, "  ");
	cli_style(out, CLI_DIM);
	cli_shown(out, inventory_chain(b, c->path, c->npath));
	cli_style(out, CLI_PLAIN);
	cli_put(out, "\n");
}

static void list(struct cli_out *out, const struct ov_inventory *inv, const char *title,
		 bool (*is_listed)(const struct ov_inv_component *c))
{
	struct ov_buf b = ov_buf_of(1 << 20);
	uint64_t n = 0;

	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		if (!is_listed(&inv->components[i]))
			continue;
		if (n++ == 0)
			heading(out, title);
		if (n <= LISTED_MAX)
			line(out, &b, &inv->components[i]);
	}
	if (n > LISTED_MAX)
		cli_fmt(out, "  and %llu more: --json\n", (unsigned long long)(n - LISTED_MAX));
	ov_buf_free(&b);
}

static bool is_gone(const struct ov_inv_component *c)
{
	return c->state == OV_STATE_FILES_GONE || c->state == OV_STATE_SHADOWED;
}

static bool is_undetermined(const struct ov_inv_component *c)
{
	return c->is_undetermined;
}

static void unread(struct cli_out *out, const struct ov_inventory *inv)
{
	struct ov_buf b = ov_buf_of(1 << 20);

	if (inv->nunread > 0)
		heading(out, "Not read");
	for (uint32_t i = 0; i < inv->nunread && i < LISTED_MAX; i++) {
		const struct ov_inv_unread *u = &inv->unread[i];

		cli_put(out, "  ");
		cli_shown(out, u->reason);
		cli_pad(out, u->reason.n < 16 ? 18 - u->reason.n : 2);
		cli_shown(out, inventory_chain(&b, u->path, u->npath));
		cli_put(out, "  ");
		cli_style(out, CLI_DIM);
		cli_shown(out, u->detail);
		cli_style(out, CLI_PLAIN);
		cli_put(out, "\n");
	}
	if (inv->nunread > LISTED_MAX)
		cli_fmt(out, "  and %u more: --json\n", inv->nunread - LISTED_MAX);
	ov_buf_free(&b);
}

void inventory_text(struct cli_out *out, const struct ov_inventory *inv)
{
	char files[CLI_NUMBER_MAX], parts[CLI_NUMBER_MAX];

	cli_put(out, "Inventory of ");
	cli_shown(out, inv->target);
	cli_fmt(out, ": %s components from %s files\n", cli_count(inv->ncomponents, parts),
		cli_count(inv->files, files));
	counts(out, inv);
	list(out, inv, "Listed as installed, but gone or hidden", is_gone);
	list(out, inv, "Undetermined: privileged, of no package, and saying of nobody's",
	     is_undetermined);
	unread(out, inv);
	cli_fmt(out, "\nEvidence of each: overt inventory --json\n");
}
