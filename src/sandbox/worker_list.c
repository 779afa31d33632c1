/* What is in a database: each signature, and the counts. */
#include "worker_int.h"

#include <stdio.h>

#include "checked.h"
#include "text.h"

#define BATCH ((size_t)30 * 1024) /* bytes of signatures that travel together: one piece */

static struct overt_text text_of(struct ov_str s)
{
	return (struct overt_text){ .bytes = s.p, .length = s.n };
}

static struct overt_text source_name(const struct ov_worker *w, uint32_t source)
{
	struct ov_odb_source s;

	if (source >= w->db.nsources)
		return (struct overt_text){ .bytes = "", .length = 0 };
	ov_odb_source(&w->db, source, &s);
	return text_of(s.label);
}

/* Adds one signature to the batch, and sends the batch when it is full. */
static ov_status put(struct ov_worker *w, uint32_t job, const struct overt_signature *s)
{
	OV_TRY(ov_wire_put_signature(&w->out, s));
	return w->out.n >= BATCH ? ov_worker_answer(w, OV_WIRE_SIGNATURES, job) : OV_OK;
}

static ov_status list_rules(struct ov_worker *w, uint32_t job)
{
	for (uint32_t i = 0; i < w->db.nrules; i++) {
		struct ov_rule r;

		ov_odb_rule(&w->db, i, &r);
		OV_TRY(put(w, job,
			   &(struct overt_signature){ .name = text_of(r.name),
						      .source = source_name(w, r.source),
						      .text = text_of(r.text),
						      .kind = ov_wire_kind_name((uint8_t)r.kind),
						      .line = r.line,
						      .target = (int)r.target }));
	}
	return OV_OK;
}

static const char *kind_of_use(enum ov_hash_use use)
{
	static const char *const kinds[OV_HASH_USES] = { [OV_USE_FILE] = "hash",
							 [OV_USE_SECTION] = "section",
							 [OV_USE_IMPORT] = "import",
							 [OV_USE_ALLOW] = "allow" };

	return kinds[use];
}

/* The line as it would stand in a .hdb: digest (its first 16 bytes are what a database keeps),
 * size, name. */
static ov_status hash_text(struct ov_buf *b, enum ov_digest_kind k, const struct ov_hash_entry *e,
			   struct ov_str name)
{
	const size_t full = ov_digest_size(k);
	char hex[2 * OV_HASH_KEY + 1];

	ov_hex_encode(e->key, OV_HASH_KEY, hex);
	b->n = 0;
	OV_TRY(ov_buf_fmt(b, "%s:%s%s:", ov_digest_name(k), hex, full > OV_HASH_KEY ? "..." : ""));
	if (e->size == OV_HASH_ANY_SIZE)
		OV_TRY(ov_buf_str(b, OV_STR("*:")));
	else
		OV_TRY(ov_buf_fmt(b, "%u:", e->size));
	return ov_buf_str(b, name);
}

static ov_status list_set(struct ov_worker *w, uint32_t job, enum ov_hash_use use,
			  enum ov_digest_kind k, struct ov_buf *text)
{
	const struct ov_hashset *h = &w->db.hashes[use][k];
	struct ov_hash_entry e;

	for (uint64_t i = 0; ov_hashset_at(h, i, &e) == OV_OK; i++) {
		struct ov_odb_hash_name n;

		ov_odb_hash_name(&w->db, e.token, &n);
		OV_TRY(hash_text(text, k, &e, n.name));
		OV_TRY(put(w, job,
			   &(struct overt_signature){
			       .name = text_of(n.name),
			       .source = source_name(w, n.source),
			       .text = { .bytes = (const char *)text->p, .length = text->n },
			       .kind = kind_of_use(use),
			       .line = n.line,
			       .target = -1 }));
	}
	return OV_OK;
}

static ov_status list_hashes(struct ov_worker *w, uint32_t job, struct ov_buf *text)
{
	for (int use = 0; use < OV_HASH_USES; use++)
		for (int k = 0; k < OV_DIGEST_KINDS; k++)
			OV_TRY(
			    list_set(w, job, (enum ov_hash_use)use, (enum ov_digest_kind)k, text));
	return OV_OK;
}

static ov_status list_extra(struct ov_worker *w, uint32_t job, enum ov_extra kind)
{
	struct ov_cur table = w->db.extra[kind];
	struct ov_extra_row r;

	for (table.pos = 0; ov_extra_next(&table, &r) == OV_OK;)
		OV_TRY(put(w, job,
			   &(struct overt_signature){ .name = text_of(r.name),
						      .source = source_name(w, r.source),
						      .text = text_of(ov_extra_text(kind, &r)),
						      .kind = ov_extra_name(kind),
						      .line = r.line,
						      .target = -1 }));
	return OV_OK;
}

static ov_status list_yara(struct ov_worker *w, uint32_t job)
{
	for (uint32_t i = 0; i < w->db.yara.nrules; i++) {
		struct ov_yrule r;

		ov_yimage_rule(&w->db.yara, i, &r);
		if ((r.flags & OV_YRULE_IGNORED) != 0)
			continue;
		OV_TRY(put(w, job,
			   &(struct overt_signature){ .name = text_of(r.name),
						      .source = source_name(w, r.source),
						      .text = text_of(r.text),
						      .kind = "yara",
						      .line = r.line,
						      .target = 0 }));
	}
	return OV_OK;
}

static ov_status list_extras(struct ov_worker *w, uint32_t job)
{
	for (int k = 0; k < OV_EXTRA_COUNT; k++)
		OV_TRY(list_extra(w, job, (enum ov_extra)k));
	return OV_OK;
}

ov_status ov_worker_list(struct ov_worker *w, struct ov_arrival *m)
{
	struct ov_buf text = ov_buf_of(64 << 10);
	ov_status st;

	if (!w->has_db || m->fds.nfds != 0)
		return OV_BAD;
	w->out.n = 0;
	st = list_rules(w, m->job);
	if (st == OV_OK)
		st = list_hashes(w, m->job, &text);
	if (st == OV_OK)
		st = list_extras(w, m->job);
	if (st == OV_OK)
		st = list_yara(w, m->job);
	ov_buf_free(&text);
	OV_TRY(st);
	if (w->out.n > 0)
		OV_TRY(ov_worker_answer(w, OV_WIRE_SIGNATURES, m->job));
	return ov_worker_answer(w, OV_WIRE_DONE, m->job);
}

/* Each of a rule's strings that was searched, after the rule. */
static ov_status put_string_costs(struct ov_worker *w, const struct ov_yrule *r)
{
	for (uint32_t i = 0; i < r->nstrings; i++) {
		const uint32_t id = r->first_string + i;
		struct ov_ystring_cost c;
		struct ov_ystring s;
		char name[160];

		ov_engine_ystring_cost(w->engine, id, &c);
		if (c.searched == 0)
			continue;
		ov_yimage_string(&w->db.yara, id, &s);
		(void)snprintf(name, sizeof name, "$%.*s", s.name.n < 150 ? (int)s.name.n : 150,
			       s.name.p != NULL ? s.name.p : "");
		OV_TRY(ov_wire_put_cost(
		    &w->out, &(struct overt_cost){ .name = text_of(r->name),
						   .source = source_name(w, r->source),
						   .kind = "yara",
						   .line = r->line,
						   .work = c.work,
						   .searched = c.searched,
						   .held = c.found,
						   .string = text_of(ov_str_of(name)) }));
	}
	return OV_OK;
}

static ov_status put_yara_cost(struct ov_worker *w, uint32_t job, uint32_t rule,
			       const struct ov_rule_cost *c)
{
	struct ov_yrule r;

	ov_yimage_rule(&w->db.yara, rule, &r);
	OV_TRY(ov_wire_put_cost(&w->out,
				&(struct overt_cost){ .name = text_of(r.name),
						      .source = source_name(w, r.source),
						      .kind = "yara",
						      .line = r.line,
						      .met = c->met,
						      .woken = c->woken,
						      .work = c->work,
						      .shut = c->shut,
						      .decided = c->decided,
						      .searched = c->searched,
						      .held = c->held,
						      .bytes = ov_engine_cost_layers(w->engine) }));
	OV_TRY(put_string_costs(w, &r));
	return w->out.n >= BATCH ? ov_worker_answer(w, OV_WIRE_COSTS, job) : OV_OK;
}

static ov_status put_cost(struct ov_worker *w, uint32_t job, uint32_t rule,
			  const struct ov_rule_cost *c)
{
	const struct overt_cost *row;
	struct ov_rule r;

	ov_odb_rule(&w->db, rule, &r);
	row = &(struct overt_cost){ .name = text_of(r.name),
				    .source = source_name(w, r.source),
				    .kind = ov_wire_kind_name((uint8_t)r.kind),
				    .line = r.line,
				    .met = c->met,
				    .woken = c->woken,
				    .work = c->work,
				    .bytes = c->bytes,
				    .target = (int)r.target };
	OV_TRY(ov_wire_put_cost(&w->out, row));
	return w->out.n >= BATCH ? ov_worker_answer(w, OV_WIRE_COSTS, job) : OV_OK;
}

ov_status ov_worker_cost(struct ov_worker *w, struct ov_arrival *m)
{
	if (!w->has_db || m->fds.nfds != 0 || ov_cur_left(&m->body) != 0)
		return OV_BAD;
	w->out.n = 0;
	if (!w->counts_costs && ov_engine_count_costs(w->engine) != OV_OK)
		return ov_worker_fail(w, m->job, OV_NOMEM, "no memory to count what rules cost");
	for (uint32_t i = 0; w->counts_costs && i < w->db.nrules; i++) {
		struct ov_rule_cost c;

		ov_engine_cost(w->engine, i, &c);
		if (c.met + c.woken > 0)
			OV_TRY(put_cost(w, m->job, i, &c));
	}
	for (uint32_t i = 0; w->counts_costs && i < w->db.yara.nrules; i++) {
		struct ov_rule_cost c;

		ov_engine_yara_cost(w->engine, i, &c);
		if (c.met + c.woken + c.shut > 0)
			OV_TRY(put_yara_cost(w, m->job, i, &c));
	}
	w->counts_costs = true;
	if (w->out.n > 0)
		OV_TRY(ov_worker_answer(w, OV_WIRE_COSTS, m->job));
	return ov_worker_answer(w, OV_WIRE_DONE, m->job);
}

static void count_tables(const struct ov_odb *db, struct overt_database_facts *f)
{
	for (int k = 0; k < OV_EXTRA_COUNT && k < OVERT_TABLES; k++) {
		struct ov_cur table = db->extra[k];
		struct ov_extra_row r;

		for (table.pos = 0; ov_extra_next(&table, &r) == OV_OK;)
			f->by_table[k]++;
	}
	f->by_kind[OV_RULE_CONTAINER] += f->by_table[OV_EXTRA_CONTAINER];
}

static void count(const struct ov_odb *db, struct overt_database_facts *f)
{
	for (uint32_t i = 0; i < db->nrules; i++) {
		struct ov_rule r;

		ov_odb_rule(db, i, &r);
		f->by_kind[(unsigned)r.kind < 8 ? (unsigned)r.kind : 0]++;
	}
	for (int k = 0; k < OV_DIGEST_KINDS; k++) {
		f->by_kind[OV_RULE_HASH] += db->hashes[OV_USE_FILE][k].count;
		f->by_kind[OV_RULE_SECTION_HASH] += db->hashes[OV_USE_SECTION][k].count;
		f->by_kind[OV_RULE_IMPORT_HASH] += db->hashes[OV_USE_IMPORT][k].count;
		f->allowed += db->hashes[OV_USE_ALLOW][k].count;
	}
	count_tables(db, f);
	f->yara_strings = db->yara.nstrings;
	f->yara_anchors = db->yara.nanchors;
	for (uint32_t i = 0; i < db->yara.nrules; i++) {
		struct ov_yrule r;

		ov_yimage_rule(&db->yara, i, &r);
		f->by_kind[OV_RULE_YARA] += (r.flags & OV_YRULE_IGNORED) == 0;
		f->yara_always += (r.flags & OV_YRULE_ALWAYS) != 0;
	}
	f->always_woken = ov_odb_always_count(db, OV_TARGET_ANY);
	for (int t = OV_TARGET_ANY + 1; t < OV_TARGET_COUNT;
	     t++) /* each list repeats those for any target */
		f->always_woken += ov_odb_always_count(db, (enum ov_target)t) -
				   ov_odb_always_count(db, OV_TARGET_ANY);
}

ov_status ov_worker_facts(struct ov_worker *w, struct ov_arrival *m)
{
	struct overt_database_facts f = { .bytes = w->db_bytes };
	const struct ov_arena_mark mark = ov_arena_mark(&w->scratch);
	struct overt_database_source *s;

	if (!w->has_db || m->fds.nfds != 0)
		return OV_BAD;
	if (ov_odb_check_id(&w->db) != OV_OK || ov_odb_check_all(&w->db, NULL) != OV_OK)
		return ov_worker_fail(
		    w, m->job, OV_BAD,
		    "the database is damaged: its content is not what its id says; "
		    "build or fetch it again");
	ov_hex_encode(w->db.id, sizeof w->db.id, f.id);
	f.format_version = OV_ODB_VERSION;
	f.built = w->db.built;
	f.signatures = w->db.nsignatures;
	f.patterns = w->db.pats.count;
	f.anchors = w->db.nanchors;
	count(&w->db, &f);
	OV_TRY(ov_arena_array(&w->scratch, w->db.nsources, &s));
	for (uint32_t i = 0; i < w->db.nsources; i++) {
		struct ov_odb_source o;

		ov_odb_source(&w->db, i, &o);
		s[i] = (struct overt_database_source){ .name = text_of(o.name),
						       .label = text_of(o.label),
						       .version = o.version,
						       .built = o.built,
						       .signatures = o.nsignatures,
						       .refused = o.nrefused,
						       .skipped = o.nskipped,
						       .is_signed = o.is_signed };
	}
	f.sources = s;
	f.nsources = w->db.nsources;
	w->out.n = 0;
	OV_TRY(ov_wire_put_facts(&w->out, &f));
	ov_arena_release(&w->scratch, mark);
	return ov_worker_answer(w, OV_WIRE_FACTS_ARE, m->job);
}
