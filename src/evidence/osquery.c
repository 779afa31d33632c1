/*
 * Rows of osquery's tables, as `osqueryi --json` and `--csv` print them ('|' between fields) and
 * fleets export them (','): an inventory that another tool took. Only a file that the user names is
 * read so; which table its rows are of is told by their columns (osquery's schema, 5.x).
 *
 * Read: deb_packages, rpm_packages, programs, apps, chrome_extensions, firefox_addons, services,
 * drivers, kernel_modules, systemd_units, certificates, authenticode. Rows of other tables are
 * told.
 */
#include "doc.h"
#include "ev_sources.h"

#define COLUMNS 64

struct row {
	struct ov_str name[COLUMNS], value[COLUMNS];
	size_t n;
};

static struct ov_str col(const struct row *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (ov_str_is(r->name[i], name))
			return r->value[i];
	return (struct ov_str){ .p = "", .n = 0 };
}

static bool has(const struct row *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (ov_str_is(r->name[i], name))
			return true;
	return false;
}

/* A table: columns that only it has together, and what a row of it is. */
struct table {
	const char *a, *b, *c; /* columns that tell it; NULL: no more */
	enum ov_inv_what what;
	enum ov_inv_kind kind;
	enum ov_grade grade;
	const char *value, *name, *version, *supplier, *id;
};

static const struct table tables[] = {
	{ "maintainer", "revision", "arch", OV_WHAT_DEB, OV_EV_DEB, OV_E3, "name", "name",
	  "version", "maintainer", NULL },
	{ "release", "vendor", "sha1", OV_WHAT_RPM, OV_EV_RPM, OV_E3, "name", "name", "version",
	  "vendor", NULL },
	{ "publisher", "uninstall_string", NULL, OV_WHAT_INSTALLED, OV_EV_UNINSTALL, OV_E3, "name",
	  "name", "version", "publisher", "identifying_number" },
	{ "bundle_identifier", "bundle_executable", NULL, OV_WHAT_INSTALLED, OV_EV_BUNDLE_ID, OV_E3,
	  "bundle_identifier", "name", "bundle_short_version", NULL, "bundle_identifier" },
	{ "identifier", "browser_type", NULL, OV_WHAT_EXTENSION, OV_EV_EXT_ID, OV_E3, "identifier",
	  "name", "version", "author", "identifier" },
	{ "identifier", "creator", "autoupdate", OV_WHAT_EXTENSION, OV_EV_EXT_ID, OV_E3,
	  "identifier", "name", "version", "creator", "identifier" },
	{ "service_type", "start_type", NULL, OV_WHAT_SERVICE, OV_EV_SERVICE, OV_E3, "name",
	  "display_name", NULL, NULL, "name" },
	{ "device_id", "service_key", NULL, OV_WHAT_DRIVER, OV_EV_DRIVER, OV_E3, "service",
	  "device_name", "version", "provider", "service" },
	{ "used_by", "address", NULL, OV_WHAT_MODULE, OV_EV_MODULE, OV_E3, "name", "name", NULL,
	  NULL, NULL },
	{ "load_state", "active_state", NULL, OV_WHAT_SERVICE, OV_EV_UNIT, OV_E3, "id", "id", NULL,
	  NULL, "id" },
	{ "self_signed", "ca", "common_name", OV_WHAT_ROOT_CA, OV_EV_CERT_CN, OV_E2, "subject",
	  "common_name", NULL, NULL, "sha1" },
	{ "subject_name", "issuer_name", "result", OV_WHAT_PROGRAM, OV_EV_SIGNER, OV_E2,
	  "subject_name", "original_program_name", NULL, NULL, NULL },
};
#define TABLES (sizeof tables / sizeof *tables)

static const struct table *table_of(const struct row *r)
{
	for (size_t i = 0; i < TABLES; i++)
		if (has(r, tables[i].a) && has(r, tables[i].b) &&
		    (tables[i].c == NULL || has(r, tables[i].c)))
			return &tables[i];
	return NULL;
}

/* osquery's words of what Windows said of a signature. Only "trusted" had a chain that held. */
static const char *signature(const struct row *r)
{
	const struct ov_str result = col(r, "result");

	if (ov_str_is(result, "trusted"))
		return OV_SIGNED_INCOMPLETE; /* by somebody else's word, without a key */
	return ov_str_is(result, "distrusted") ? OV_SIGNED_BAD_CHAIN : OV_SIGNED_UNREADABLE;
}

static ov_status take_row(struct ov_ev *e, const struct row *r, uint64_t number, uint64_t *strange)
{
	const struct table *t = table_of(r);
	struct ov_ev_found x;
	struct ov_str where;

	if (t == NULL || col(r, t->value).n == 0) {
		(*strange)++;
		return OV_OK;
	}
	where = ov_ev_fmt(e, "row %llu", (unsigned long long)number);
	ov_ev_begin(&x, t->what, col(r, t->name).n > 0 ? col(r, t->name) : col(r, t->value));
	x.c.key = ov_ev_fmt(e, "osquery:%llu", (unsigned long long)number);
	x.c.state = OV_STATE_NAMED;
	if (t->version != NULL)
		x.c.version = col(r, t->version);
	if (t->supplier != NULL)
		x.c.supplier = col(r, t->supplier);
	if (t->id != NULL)
		x.c.id = col(r, t->id);
	x.c.arch = col(r, "arch");
	ov_ev_add_detail(&x, t->kind, t->grade, col(r, t->value), where,
			 t->kind == OV_EV_SIGNER ? signature(r) : "");
	ov_ev_add(&x, t->kind == OV_EV_UNINSTALL ? OV_EV_UNINSTALL : OV_EV_SUPPLIER,
		  t->kind == OV_EV_UNINSTALL ? OV_E3 : OV_E2, x.c.supplier, where);
	ov_ev_add(&x, OV_EV_PATH, OV_E1, col(r, "path"), where);
	return ov_ev_emit(e, &x);
}

/* ---- JSON ---- */

static void row_of(const struct ov_doc *n, struct row *r)
{
	r->n = 0;
	for (const struct ov_doc *p = n->child; p != NULL && r->n < COLUMNS; p = p->next) {
		if (p->kind != OV_DOC_TEXT && p->kind != OV_DOC_OTHER)
			continue;
		r->name[r->n] = p->key;
		r->value[r->n++] = p->text;
	}
}

static ov_status json(struct ov_ev *e, struct ov_cur c, struct row *r, uint64_t *strange)
{
	struct ov_doc *root = NULL;
	const ov_status parsed = ov_doc_json(c, &e->arena, &root);
	uint64_t number = 0;

	if (root == NULL)
		return parsed != OV_OK ? parsed : OV_BAD;
	for (const struct ov_doc *n = root->child; n != NULL; n = n->next) {
		const struct ov_doc *columns = ov_doc_get(n, "columns"); /* of a result log */

		row_of(columns != NULL ? columns : n, r);
		OV_TRY(take_row(e, r, ++number, strange));
	}
	return parsed;
}

/* ---- CSV (RFC 4180): fields may stand in quotes, which double inside ---- */

static ov_status field(struct ov_ev *e, struct ov_cur *c, char sep, struct ov_str *out, bool *ends)
{
	const uint8_t *p = ov_cur_rest(c);
	const size_t n = ov_cur_left(c);
	size_t i = 0, k = 0;
	char *to = NULL;

	*ends = false;
	if (n == 0 || p[0] != '"') {
		while (i < n && p[i] != (uint8_t)sep && p[i] != '\n')
			i++;
		*out = ov_ev_trim((struct ov_str){ .p = (const char *)p, .n = i });
	} else {
		OV_TRY(ov_arena_array(&e->arena, n, &to));
		for (i = 1; i < n && (p[i] != '"' || (i + 1 < n && p[i + 1] == '"')); i++) {
			i += p[i] == '"';
			to[k++] = (char)p[i];
		}
		if (i >= n)
			return OV_SHORT;
		*out = (struct ov_str){ .p = to, .n = k };
		for (i++; i < n && p[i] != (uint8_t)sep && p[i] != '\n';)
			i++;
	}
	*ends = i >= n || p[i] == '\n';
	c->pos += i < n ? i + 1 : i;
	return OV_OK;
}

static ov_status csv(struct ov_ev *e, struct ov_cur c, char sep, struct row *r, uint64_t *strange)
{
	uint64_t number = 0;
	size_t columns = 0;
	bool ends = false;

	for (; !ends; columns++) {
		if (columns == COLUMNS)
			return OV_LIMIT;
		OV_TRY(field(e, &c, sep, &r->name[columns], &ends));
	}
	while (ov_cur_left(&c) > 0) {
		const struct ov_arena_mark mark = ov_arena_mark(&e->arena);
		struct ov_str extra;

		ends = false;
		for (r->n = 0; !ends; r->n += r->n < columns)
			OV_TRY(field(e, &c, sep, r->n < columns ? &r->value[r->n] : &extra, &ends));
		if (r->n > 1 || r->value[0].n > 0)
			OV_TRY(take_row(e, r, ++number, strange));
		ov_arena_release(&e->arena, mark);
	}
	return OV_OK;
}

/* The separator of a first line that has a table's columns; 0: none. */
static char separator(const struct ov_ev_file *f)
{
	const char *end = f->head.len > 0 ? memchr(f->head.base, '\n', f->head.len) : NULL;
	const struct ov_str line = { (const char *)f->head.base,
				     end != NULL ? (size_t)(end - (const char *)f->head.base) : 0 };

	for (size_t i = 0; i < TABLES && line.n > 0; i++) {
		if (!ov_ev_has(line, tables[i].a) || !ov_ev_has(line, tables[i].b) ||
		    (tables[i].c != NULL && !ov_ev_has(line, tables[i].c)))
			continue;
		return memchr(line.p, '|', line.n) != NULL   ? '|'
		       : memchr(line.p, ',', line.n) != NULL ? ','
							     : 0;
	}
	return 0;
}

/* JSON: an array of objects, the first with a table's columns. */
static bool is_json(const struct ov_ev_file *f)
{
	const struct ov_str head = { (const char *)f->head.base, f->head.len };
	const struct ov_str start = ov_ev_trim(head);

	if (start.n < 2 || start.p[0] != '[')
		return false;
	for (size_t i = 0; i < TABLES; i++)
		if (ov_ev_has(head, tables[i].a) && ov_ev_has(head, tables[i].b) &&
		    (tables[i].c == NULL || ov_ev_has(head, tables[i].c)))
			return true;
	return false;
}

bool ov_ev_osquery_wants(const struct ov_ev_file *f)
{
	return f->is_target && (is_json(f) || separator(f) != 0);
}

ov_status ov_ev_osquery_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct row *r = NULL;
	uint64_t strange = 0;
	struct ov_cur c;
	ov_status st;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	OV_TRY(ov_arena_new(&e->arena, &r));
	st = is_json(f) ? json(e, c, r, &strange) : csv(e, c, separator(f), r, &strange);
	OV_TRY(e->broke);
	if (strange > 0)
		OV_TRY(ov_ev_unread(e, OV_UNSUPPORTED, (struct ov_str){ 0 },
				    ov_ev_fmt(e, "%llu rows of tables that are not known",
					      (unsigned long long)strange)
					.p));
	return st;
}
