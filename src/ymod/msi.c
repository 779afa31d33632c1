/*
 * msi: packages of Windows Installer: a database in the streams of a compound file. YARA-X has a
 * module of that name, of which no manual is public (it looks at signatures, by its announcement):
 * the fields are our own (docs/YARA.md).
 *
 *   !_StringPool  u16 length, u16 uses of each text; the first pair: code page, flags
 *   !_StringData  the texts, one behind another
 *   !_Columns     table, number, name, type of each column
 *   !TABLE        columns one behind another: integers and numbers of texts
 *
 * Source: the database's layout as msitools and Wine document it; names of streams: ole_doc.c.
 */
#include "ymod.h"

#include "checked.h"
#include "ole_doc.h"
#include "utf16.h"

#define TEXTS_MAX 262144u
#define TABLES_MAX 1024u
#define COLUMNS_MAX 16384u
#define TABLE_MAX ((size_t)16 << 20) /* bytes of one stream that are read */
#define ROWS_MAX 65536u
#define WIDE_REFERENCES 0x8000u /* of the pool's flags: three bytes name a text */

#define TYPE_SIZE 0xffu
#define TYPE_TEXT 0x0800u
#define TYPE_NULLABLE 0x1000u
#define TYPE_BINARY 0x0900u /* a stream of its own: the cell only says that it is there */

struct table {
	struct ov_str name;
	uint32_t first, ncolumns; /* in `columns` */
};

struct column {
	uint32_t table, name; /* numbers of texts */
	uint16_t number, type;
};

struct grid { /* one table's bytes */
	struct ov_cur c;
	uint32_t rows, ncolumns;
	const struct column *columns;
	bool is_loaded;
};

struct state {
	ov_status status; /* OV_BAD: no package */
	struct ole_doc *d;
	struct ov_arena *arena;
	struct ov_str *names; /* of d->streams, unpacked */
	struct ov_cur data;
	uint32_t *at; /* of text i, 1..ntexts, in `data`; at[ntexts + 1] is the end */
	uint32_t ntexts;
	unsigned width; /* of a text's number */
	uint16_t code_page;
	struct column *columns;
	uint32_t ncolumns;
	struct table *tables;
	uint32_t ntables;
	struct grid properties, actions;
};

static const uint8_t installer[16] = {
	0x84, 0x10, 0x0c, 0, 0, 0, 0, 0, 0xc0, 0, 0, 0, 0, 0, 0, 0x46
};

/* The stream of that name, or OV_OLE2_NONE. */
static uint32_t find_stream(const struct state *st, struct ov_str name)
{
	for (uint32_t i = 0; i < st->d->nstreams; i++)
		if (ov_str_eq(st->names[i], name))
			return st->d->streams[i];
	return OV_OLE2_NONE;
}

static ov_status stream_bytes(struct state *st, struct ov_str name, struct ov_cur *out)
{
	const uint32_t entry = find_stream(st, name);

	*out = (struct ov_cur){ 0 };
	return entry == OV_OLE2_NONE ? OV_OK : ov_ole_doc_bytes(st->d, entry, TABLE_MAX, out);
}

static ov_status unpack_names(struct state *st)
{
	OV_TRY(ov_arena_array(st->arena, (size_t)st->d->nstreams + 1, &st->names));
	for (uint32_t i = 0; i < st->d->nstreams; i++)
		OV_TRY(ov_msi_name(st->arena, st->d->o.e[st->d->streams[i]].name, &st->names[i]));
	return OV_OK;
}

/* Lengths of texts; a length of 0 with uses is a long text: the next pair has it. */
static ov_status read_pool(struct state *st)
{
	struct ov_cur pool;
	uint64_t at = 0;
	uint32_t most;

	OV_TRY(stream_bytes(st, OV_STR("!_StringPool"), &pool));
	OV_TRY(stream_bytes(st, OV_STR("!_StringData"), &st->data));
	if (ov_cur_left(&pool) < 4)
		return OV_BAD;
	st->code_page = ov_cur_soft_u16le(&pool);
	st->width = (ov_cur_soft_u16le(&pool) & WIDE_REFERENCES) != 0 ? 3 : 2;
	most = (uint32_t)ov_min_u64(ov_cur_left(&pool) / 4, TEXTS_MAX);
	if (ov_cur_left(&pool) / 4 > most)
		ov_ymod_note(st->d->env, OV_LIMIT, "a package with more texts than are read");
	OV_TRY(ov_arena_array(st->arena, (size_t)most + 2, &st->at));
	while (st->ntexts < most && ov_cur_left(&pool) >= 4) {
		uint32_t n = ov_cur_soft_u16le(&pool);
		const uint32_t uses = ov_cur_soft_u16le(&pool);

		if (n == 0 && uses != 0 && ov_cur_left(&pool) >= 4) {
			n = uses << 16 | ov_cur_soft_u16le(&pool);
			ov_cur_soft_skip(&pool, 2);
		}
		st->at[++st->ntexts] = (uint32_t)ov_min_u64(at, st->data.len);
		at += n;
	}
	st->at[st->ntexts + 1] = (uint32_t)ov_min_u64(at, st->data.len);
	return OV_OK;
}

static struct ov_str text(const struct state *st, uint32_t i)
{
	const char *p = (const char *)ov_cur_rest(&st->data);

	if (i == 0 || i > st->ntexts || p == NULL)
		return OV_STR("");
	return (struct ov_str){ .p = p + st->at[i], .n = st->at[i + 1] - st->at[i] };
}

static unsigned column_width(const struct state *st, const struct column *c)
{
	if ((c->type & TYPE_TEXT) != 0)
		return (c->type & ~TYPE_NULLABLE) != TYPE_BINARY ? st->width : 2;
	return (c->type & TYPE_SIZE) <= 2 ? 2 : 4;
}

/* A cell of a table: columns stand one behind another. */
static uint32_t cell(const struct state *st, const struct grid *g, uint32_t row, uint32_t column)
{
	struct ov_cur c = g->c;
	uint64_t at = 0;
	unsigned width;
	uint32_t v;

	if (column >= g->ncolumns || row >= g->rows)
		return 0;
	for (uint32_t k = 0; k < column; k++)
		at += (uint64_t)column_width(st, &g->columns[k]) * g->rows;
	width = column_width(st, &g->columns[column]);
	if (ov_cur_seek(&c, at + (uint64_t)row * width) != OV_OK)
		return 0;
	v = ov_cur_soft_u16le(&c);
	if (width == 3)
		v |= (uint32_t)ov_cur_soft_u8(&c) << 16;
	else if (width == 4)
		v |= (uint32_t)ov_cur_soft_u16le(&c) << 16;
	return v;
}

static ov_status load_grid(struct state *st, struct ov_str stream, const struct column *columns,
			   uint32_t ncolumns, struct grid *g)
{
	uint64_t row = 0, rows;

	OV_TRY(stream_bytes(st, stream, &g->c));
	for (uint32_t i = 0; i < ncolumns; i++)
		row += column_width(st, &columns[i]);
	rows = row > 0 ? ov_cur_left(&g->c) / row : 0;
	if (rows > ROWS_MAX)
		ov_ymod_note(st->d->env, OV_LIMIT, "a package with a table longer than is listed");
	/* All rows count for where columns begin; the cap is for lists. */
	g->rows = (uint32_t)ov_min_u64(rows, UINT32_MAX);
	g->columns = columns;
	g->ncolumns = ncolumns;
	g->is_loaded = true;
	return OV_OK;
}

static ov_status read_columns(struct state *st)
{
	/* _Columns describes itself: table, number, name, type. */
	static const struct column own[] = {
		{ .type = 0x0d40 }, { .type = 0x0502 }, { .type = 0x0d40 }, { .type = 0x0502 }
	};
	struct grid g = { .rows = 0 };
	uint32_t n;

	OV_TRY(load_grid(st, OV_STR("!_Columns"), own, 4, &g));
	n = (uint32_t)ov_min_u64(g.rows, COLUMNS_MAX);
	if (g.rows > n)
		ov_ymod_note(st->d->env, OV_LIMIT, "a package with more columns than are read");
	OV_TRY(ov_arena_array(st->arena, (size_t)n + 1, &st->columns));
	OV_TRY(ov_arena_array(st->arena, TABLES_MAX, &st->tables));
	for (uint32_t i = 0; i < n; i++) {
		struct column *c = &st->columns[st->ncolumns++];

		*c = (struct column){ .table = cell(st, &g, i, 0),
				      .number = (uint16_t)cell(st, &g, i, 1),
				      .name = cell(st, &g, i, 2),
				      .type = (uint16_t)cell(st, &g, i, 3) };
		if (i == 0 || c->table != st->columns[i - 1].table) {
			if (st->ntables == TABLES_MAX) {
				ov_ymod_note(st->d->env, OV_LIMIT,
					     "a package with more tables than are listed");
				break;
			}
			st->tables[st->ntables++] =
			    (struct table){ .name = text(st, c->table), .first = i };
		}
		st->tables[st->ntables - 1].ncolumns++;
	}
	return OV_OK;
}

static ov_status read_all(struct ov_yenv *env, struct state *st)
{
	bool is_it = true;
	ov_status s;

	st->arena = env->arena;
	s = ov_ole_doc(env, &st->d);
	if (s != OV_OK)
		return s == OV_END ? OV_BAD : s;
	OV_TRY(unpack_names(st));
	for (unsigned i = 0; i < sizeof installer; i++)
		is_it &= st->d->class_id[i] == installer[i];
	if (!is_it && find_stream(st, OV_STR("!_StringPool")) == OV_OLE2_NONE)
		return OV_BAD;
	s = read_pool(st);
	if (s == OV_OK)
		s = read_columns(st);
	return s == OV_BAD || s == OV_SHORT ? OV_OK : s; /* a package without a database */
}

static ov_status load(struct ov_yenv *env, unsigned module, struct state **out)
{
	struct state *st = env->state[module];

	if (env->is_process)
		return OV_END;
	if (st == NULL) {
		OV_TRY(ov_arena_new(env->arena, &st));
		st->status = read_all(env, st);
		env->state[module] = st;
	}
	if (st->status != OV_OK)
		return st->status == OV_BAD ? OV_END : st->status;
	*out = st;
	return OV_OK;
}

/* A table of that name. Without one the grid is empty. */
static ov_status named_grid(struct state *st, struct ov_str name, struct ov_str stream,
			    struct grid *g)
{
	if (g->is_loaded)
		return OV_OK;
	for (uint32_t i = 0; i < st->ntables; i++)
		if (ov_str_eq(st->tables[i].name, name))
			return load_grid(st, stream, &st->columns[st->tables[i].first],
					 st->tables[i].ncolumns, g);
	g->is_loaded = true;
	return OV_OK;
}

/* The column of that name; ncolumns when there is none. */
static uint32_t column_of(const struct state *st, const struct grid *g, const char *name)
{
	uint32_t i = 0;

	while (i < g->ncolumns && !ov_str_is(text(st, g->columns[i].name), name))
		i++;
	return i;
}

static uint64_t listed(const struct grid *g)
{
	return ov_min_u64(g->rows, ROWS_MAX);
}

#define OF_MSI(name, answer) OV_GET_OF(name, struct state, st, load, answer)

OV_GET_IS(is_msi, struct state, load)

static bool is_signed(const struct state *st)
{
	return find_stream(st, OV_STR("\x05"
				      "DigitalSignature")) != OV_OLE2_NONE;
}

OF_MSI(has_signature, ov_give_bool(out, is_signed(st)))
OF_MSI(code_page, ov_give_int(out, st->code_page))
OF_MSI(number_of_streams, ov_give_int(out, st->d->nstreams))
OF_MSI(streams, ov_give_array(out, st->d->streams, 0, st->d->nstreams))
OF_MSI(number_of_tables, ov_give_int(out, st->ntables))
OF_MSI(tables, ov_give_array(out, st->tables, 0, st->ntables))

OV_ITEM(row_at)
{
	(void)env;
	(void)module;
	return ov_give_struct(out, self->p, i);
}

OF_MSI(stream_name, ov_give_text(out, st->names[self->a]))
OF_MSI(stream_size, ov_give_int(out, st->d->o.e[st->d->streams[self->a]].size))

static ov_status give_offset(struct state *st, uint64_t i, struct ov_yval *out)
{
	struct ov_ole2_stream s;

	ov_ole2_stream_open(&st->d->o, st->d->streams[i], &s);
	return s.is_run && s.src.size > 0 ? ov_give_int(out, s.at) : OV_OK;
}

OF_MSI(stream_offset, give_offset(st, self->a, out))

OV_ITEM(table_at)
{
	const struct table *list = self->p;

	(void)env;
	(void)module;
	return ov_give_struct(out, &list[i], 0);
}

OV_GET(table_name)
{
	OV_UNUSED_GET();
	return ov_give_text(out, ((const struct table *)self->p)->name);
}

static ov_status column_list(const struct state *st, const struct ov_yobj *self, bool is_count,
			     struct ov_yval *out)
{
	const struct table *t = self->p;

	return is_count ? ov_give_int(out, t->ncolumns)
			: ov_give_array(out, &st->columns[t->first], 0, t->ncolumns);
}

OF_MSI(number_of_columns, column_list(st, self, true, out))
OF_MSI(columns, column_list(st, self, false, out))

OV_ITEM(column_at)
{
	const struct column *list = self->p;
	struct state *st = NULL;

	OV_TRY(load(env, module, &st));
	return ov_give_text(out, text(st, list[i].name));
}

/* --- Property: a dictionary --- */

static ov_status load_properties(struct state *st)
{
	return named_grid(st, OV_STR("Property"), OV_STR("!Property"), &st->properties);
}

static ov_status property_list(struct state *st, bool is_count, struct ov_yval *out)
{
	const struct grid *g = &st->properties;

	OV_TRY(load_properties(st));
	if (is_count)
		return ov_give_int(out, listed(g));
	out->kind = OV_Y_DICT;
	out->o = (struct ov_yobj){ .n = listed(g) };
	return OV_OK;
}

OF_MSI(number_of_properties, property_list(st, true, out))
OF_MSI(properties, property_list(st, false, out))

static ov_status property_at(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
			     uint64_t i, struct ov_str *key, struct ov_yval *out)
{
	struct state *st = NULL;

	(void)self;
	OV_TRY(load(env, module, &st));
	OV_TRY(load_properties(st));
	*key = text(
	    st, cell(st, &st->properties, (uint32_t)i, column_of(st, &st->properties, "Property")));
	return ov_give_text(out, text(st, cell(st, &st->properties, (uint32_t)i,
					       column_of(st, &st->properties, "Value"))));
}

/* --- CustomAction --- */

static ov_status load_actions(struct state *st)
{
	return named_grid(st, OV_STR("CustomAction"), OV_STR("!CustomAction"), &st->actions);
}

static ov_status action_list(struct state *st, bool is_count, struct ov_yval *out)
{
	OV_TRY(load_actions(st));
	return is_count ? ov_give_int(out, listed(&st->actions))
			: ov_give_array(out, NULL, 0, listed(&st->actions));
}

OF_MSI(number_of_actions, action_list(st, true, out))
OF_MSI(actions, action_list(st, false, out))

static ov_status action_text(const struct state *st, uint64_t row, const char *column,
			     struct ov_yval *out)
{
	return ov_give_text(out, text(st, cell(st, &st->actions, (uint32_t)row,
					       column_of(st, &st->actions, column))));
}

/* Integers are stored with the highest bit turned, so that 0 means: not there. */
static ov_status action_type(const struct state *st, uint64_t row, struct ov_yval *out)
{
	const uint32_t column = column_of(st, &st->actions, "Type");
	const uint32_t v = cell(st, &st->actions, (uint32_t)row, column);

	if (v == 0 || column >= st->actions.ncolumns)
		return OV_OK;
	return ov_give_int(out, column_width(st, &st->actions.columns[column]) == 4
				    ? v ^ 0x80000000u
				    : v ^ 0x8000u);
}

OF_MSI(action_name, action_text(st, self->a, "Action", out))
OF_MSI(action_source, action_text(st, self->a, "Source", out))
OF_MSI(action_target, action_text(st, self->a, "Target", out))
OF_MSI(action_kind, action_type(st, self->a, out))

static const struct ov_yfield stream_fields[] = {
	OV_F_STR("name", stream_name),
	OV_F_INT("size", stream_size),
	OV_F_INT("offset", stream_offset),
};
OV_YTYPE(stream, "msi.stream");

static const struct ov_yfield table_row_fields[] = {
	OV_F_STR("name", table_name),
	OV_F_INT("number_of_columns", number_of_columns),
	OV_F_LIST("columns", columns, column_at, OV_Y_STRING),
};
OV_YTYPE(table_row, "msi.table");

static const struct ov_yfield action_fields[] = {
	OV_F_STR("name", action_name),
	OV_F_INT("type", action_kind),
	OV_F_STR("source", action_source),
	OV_F_STR("target", action_target),
};
OV_YTYPE(action, "msi.custom_action");

static const struct ov_yfield root_fields[] = {
	OV_F_BOOL("is_msi", is_msi),
	OV_F_BOOL("has_signature", has_signature),
	OV_F_INT("code_page", code_page),
	OV_F_INT("number_of_streams", number_of_streams),
	OV_F_STRUCTS("streams", streams, row_at, stream),
	OV_F_INT("number_of_tables", number_of_tables),
	OV_F_STRUCTS("tables", tables, table_at, table_row),
	OV_F_INT("number_of_properties", number_of_properties),
	{ .name = "properties",
	  .kind = OV_Y_DICT,
	  .get = properties,
	  .item = OV_Y_STRING,
	  .pair = property_at },
	OV_F_INT("number_of_custom_actions", number_of_actions),
	OV_F_STRUCTS("custom_actions", actions, row_at, action),
};
OV_YTYPE(root, "msi");

const struct ov_ymodule ov_ymod_msi = { "msi", &root };
