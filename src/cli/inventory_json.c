/* The inventory for programs: overt's own form with all evidence. */
#include "inventory_out.h"

#include "text.h"

void inventory_string(struct cli_out *out, struct ov_str s)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf clean = ov_buf_of((size_t)64 << 20);

	if (ov_inv_utf8(&clean, s) != OV_OK) {
		out->error = out->error == 0 ? 12 : out->error; /* ENOMEM */
		return;
	}
	cli_json(out, (struct ov_str){ .p = (const char *)clean.p, .n = clean.n });
}

void inventory_field(struct cli_out *out, const char *name, struct ov_str s)
{
	if (s.n == 0)
		return;
	cli_fmt(out, ",\"%s\":", name);
	inventory_string(out, s);
}

void inventory_date(struct cli_out *out, int64_t seconds)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64);

	if (ov_inv_iso(&b, seconds) != OV_OK || b.n == 0)
		cli_put(out, "null");
	else
		cli_json(out, (struct ov_str){ .p = (const char *)b.p, .n = b.n });
}

void inventory_strings(struct cli_out *out, const struct ov_str *list, size_t n)
{
	cli_put(out, "[");
	for (size_t i = 0; i < n; i++) {
		cli_put(out, i > 0 ? "," : "");
		inventory_string(out, list[i]);
	}
	cli_put(out, "]");
}

void inventory_unread(struct cli_out *out, const struct ov_inventory *inv, const char *gap)
{
	cli_put(out, "[");
	for (uint32_t i = 0; i < inv->nunread; i++) {
		const struct ov_inv_unread *u = &inv->unread[i];

		cli_fmt(out, "%s%s{\"path\":", i > 0 ? "," : "", gap);
		inventory_strings(out, u->path, u->npath);
		inventory_field(out, "reason", u->reason);
		inventory_field(out, "detail", u->detail);
		cli_put(out, "}");
	}
	cli_put(out, "]");
}

static void evidence(struct cli_out *out, const struct ov_inv_component *c)
{
	cli_put(out, ",\"evidence\":[");
	for (uint32_t i = 0; i < c->nevidence; i++) {
		const struct ov_inv_evidence *e = &c->evidence[i];

		cli_fmt(out, "%s{\"kind\":\"%s\"", i > 0 ? "," : "", ov_inv_kind_name(e->kind));
		inventory_field(out, "value", e->value);
		inventory_field(out, "where", e->where);
		inventory_field(out, "detail", e->detail);
		cli_fmt(out, ",\"grade\":\"E%u\"", (unsigned)e->grade);
		if (e->count > 1)
			cli_fmt(out, ",\"count\":%u", e->count);
		cli_put(out, "}");
	}
	cli_put(out, "]");
}

static void dates(struct cli_out *out, const struct ov_inv_component *c)
{
	cli_put(out, ",\"since\":{\"earliest\":");
	inventory_date(out, c->since.earliest);
	cli_put(out, ",\"latest\":");
	inventory_date(out, c->since.latest);
	inventory_field(out, "from", c->since.from);
	cli_put(out, "},\"updates\":{\"last\":");
	inventory_date(out, c->updates.last);
	inventory_field(out, "from", c->updates.from);
	cli_put(out, "}");
}

static void component(struct cli_out *out, const struct ov_inventory *inv,
		      const struct ov_inv_component *c)
{
	cli_fmt(out, "{\"type\":\"%s\"", ov_inv_what_name(c->what));
	inventory_field(out, "name", c->name);
	inventory_field(out, "version", c->version);
	inventory_field(out, "arch", c->arch);
	inventory_field(out, "supplier", c->supplier);
	inventory_field(out, "id", c->id);
	inventory_field(out, "purl", c->purl);
	inventory_field(out, "cpe", c->cpe);
	cli_fmt(out, ",\"state\":\"%s\",\"grade\":\"E%u\"", ov_inv_state_name(c->state),
		(unsigned)ov_inv_grade(c));
	cli_put(out, ",\"path\":");
	inventory_strings(out, c->path, c->npath);
	if (c->layer > 0)
		cli_fmt(out, ",\"layer\":%u", c->layer);
	if (c->owner < inv->ncomponents)
		inventory_field(out, "owner", inv->components[c->owner].name);
	if (c->is_privileged)
		cli_put(out, ",\"privileged\":true");
	if (c->is_undetermined)
		cli_put(out, ",\"undetermined\":true");
	dates(out, c);
	evidence(out, c);
	cli_put(out, "}");
}

void inventory_json(struct cli_out *out, const struct ov_inventory *inv)
{
	uint32_t n = 0;

	cli_put(out, "{\"target\":");
	inventory_string(out, inv->target);
	cli_put(out, ",\"taken\":");
	inventory_date(out, inv->taken);
	cli_put(out, ",\"components\":[");
	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		cli_put(out, i > 0 ? ",\n" : "\n");
		component(out, inv, &inv->components[i]);
	}
	cli_put(out, "],\"undetermined\":[");
	for (uint32_t i = 0; i < inv->ncomponents; i++) {
		const struct ov_inv_component *c = &inv->components[i];

		if (!c->is_undetermined)
			continue;
		cli_fmt(out, "%s{\"type\":\"%s\",\"path\":", n++ > 0 ? ",\n" : "\n",
			ov_inv_what_name(c->what));
		inventory_strings(out, c->path, c->npath);
		inventory_field(out, "name", c->name);
		cli_put(out, "}");
	}
	cli_put(out, "],\"unread\":");
	inventory_unread(out, inv, "\n");
	cli_fmt(out,
		",\"summary\":{\"files\":%llu,\"bytes\":%llu,\"names\":%llu,\"components\":%u,"
		"\"undetermined\":%u,\"unread\":%u}}\n",
		(unsigned long long)inv->files, (unsigned long long)inv->bytes,
		(unsigned long long)inv->names_only, inv->ncomponents, n, inv->nunread);
}
