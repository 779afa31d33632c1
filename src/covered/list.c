/* The covered list's text. See list.h. */
#include "list_int.h"

#include <string.h>

#include "text.h"
#include "versions.h"

#define LIST_MEMORY ((size_t)16 << 20)
#define OBJECTS_MAX 10000

void ov_cov_list_init(struct ov_cov_list *l)
{
	memset(l, 0, sizeof *l);
	ov_arena_init(&l->arena, LIST_MEMORY);
}

void ov_cov_list_free(struct ov_cov_list *l)
{
	ov_arena_free(&l->arena);
}

/* ---- objects ---- */

#define LAST(array, n) (&(array)[(n)-1])

/* Room for one object more; lists double. */
#define GROW(r, array, count)                                                                      \
	grow((r), (void **)&(r)->l->array, &(r)->l->count, sizeof *(r)->l->array)

static ov_status grow(struct reader *r, void **array, size_t *n, size_t size)
{
	void *more;

	if (*n >= OBJECTS_MAX)
		return OV_LIMIT;
	if (*n == 0 || (*n >= 16 && (*n & (*n - 1)) == 0)) {
		OV_TRY(ov_arena_alloc(&r->l->arena, (*n == 0 ? 16 : 2 * *n) * size, &more));
		if (*n > 0)
			memcpy(more, *array, *n * size);
		*array = more;
	}
	memset((char *)*array + *n * size, 0, size);
	(*n)++;
	return OV_OK;
}

static ov_status take_list(struct reader *r)
{
	r->l->title = ov_cov_one(r, "title", true);
	r->l->date = ov_cov_one(r, "date", true);
	return OV_OK;
}

static ov_status take_entity(struct reader *r)
{
	struct ov_cov_entity *e;

	if (ov_cov_entity_by_id(r->l, r->id) != NULL)
		ov_cov_bad(r, r->at, "an entity of this name is there already");
	OV_TRY(GROW(r, entities, nentities));
	e = LAST(r->l->entities, r->l->nentities);
	e->id = r->id;
	e->note = ov_cov_one(r, "note", false);
	e->source = ov_cov_one(r, "source", true);
	OV_TRY(ov_cov_many(r, "name", &e->names));
	if (e->names.n == 0)
		ov_cov_bad(r, r->at, "an entity has at least one \"name:\"");
	return OV_OK;
}

static void answers(struct reader *r, struct ov_cov_rule *rule, const char *name,
		    enum ov_cov_answer answer)
{
	struct ov_str v = ov_cov_one(r, name, false);

	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] == ' ')
			continue;
		if (v.p[i] < 'A' || v.p[i] >= 'A' + OV_COV_CLASSES)
			ov_cov_bad(r, r->at, "yes:, no: and ask: list classes, A to F");
		else if (rule->answer[v.p[i] - 'A'] != OV_COV_SILENT)
			ov_cov_bad(r, r->at, "a class has two answers");
		else
			rule->answer[v.p[i] - 'A'] = answer;
	}
}

static ov_status take_events(struct reader *r, struct ov_cov_rule *rule)
{
	struct ov_cov_texts t;

	OV_TRY(ov_cov_many(r, "event", &t));
	if (t.n == 0) {
		ov_cov_bad(r, r->at, "a rule has at least one \"event: DATE what\"");
		return OV_OK;
	}
	OV_TRY(ov_arena_array(&r->l->arena, t.n, &rule->events));
	for (size_t i = 0; i < t.n; i++) {
		struct ov_cov_event *e = &rule->events[rule->nevents++];
		struct ov_str date;

		if (!ov_text_split(&t.v[i], ' ', &date) || ov_cov_date(date, &e->at) != OV_OK)
			ov_cov_bad(r, r->at,
				   "an event begins with a date like 2024-09-29T04:00:00Z");
		else if (i > 0 && e->at < e[-1].at)
			ov_cov_bad(r, r->at, "events stand in the order of time");
		e->what = ov_text_trim(t.v[i]);
	}
	return OV_OK;
}

static ov_status take_rule(struct reader *r)
{
	struct ov_cov_rule *x;
	struct ov_str end;

	OV_TRY(GROW(r, rules, nrules));
	x = LAST(r->l->rules, r->l->nrules);
	x->id = r->id;
	x->name = ov_cov_one(r, "name", true);
	x->issuer = ov_cov_one(r, "issuer", true);
	x->kind = ov_cov_one(r, "kind", true);
	x->what = ov_cov_one(r, "what", true);
	x->whom = ov_cov_one(r, "for", true);
	x->source = ov_cov_one(r, "source", true);
	x->updates_end = OV_INV_NO_DATE;
	end = ov_cov_one(r, "updates-end", false);
	if (end.n > 0 && ov_cov_date(end, &x->updates_end) != OV_OK)
		ov_cov_bad(r, r->at, "updates-end: is a date like 2024-09-29T04:00:00Z");
	OV_TRY(ov_cov_many(r, "citation", &x->citations));
	OV_TRY(ov_cov_words(r, ov_cov_one(r, "profile", true), &x->profiles));
	OV_TRY(ov_cov_words(r, ov_cov_one(r, "entity", true), &x->entities));
	for (size_t i = 0; i < x->entities.n; i++)
		if (ov_cov_entity_by_id(r->l, x->entities.v[i]) == NULL)
			ov_cov_bad(r, r->at,
				   "the rule names an entity that no stanza above describes");
	answers(r, x, "yes", OV_COV_YES);
	answers(r, x, "no", OV_COV_NO);
	answers(r, x, "ask", OV_COV_ASK);
	return take_events(r, x);
}

static ov_status take_product(struct reader *r)
{
	struct ov_cov_product *p;
	struct ov_str class_;

	if (ov_cov_product_by_id(r->l, r->id) != NULL)
		ov_cov_bad(r, r->at, "a product of this name is there already");
	OV_TRY(GROW(r, products, nproducts));
	p = LAST(r->l->products, r->l->nproducts);
	p->id = r->id;
	p->entity = ov_cov_one(r, "entity", true);
	p->name = ov_cov_one(r, "name", true);
	p->next = ov_cov_one(r, "next", true);
	p->source = ov_cov_one(r, "source", true);
	p->most = ov_cov_grade(r, ov_cov_one(r, "most", false), OV_E5);
	class_ = ov_cov_one(r, "class", true);
	if (class_.n != 1 || class_.p[0] < 'A' || class_.p[0] >= 'A' + OV_COV_CLASSES)
		ov_cov_bad(r, r->at, "a class is one of A to F");
	else
		p->class_ = (unsigned)(class_.p[0] - 'A');
	if (p->entity.n > 0 && ov_cov_entity_by_id(r->l, p->entity) == NULL)
		ov_cov_bad(r, r->at, "the product names an entity that no stanza above describes");
	return OV_OK;
}

static bool is_yes(struct reader *r, const char *name)
{
	const struct ov_str v = ov_cov_one(r, name, false);

	if (v.n > 0 && !ov_str_is(v, "yes") && !ov_str_is(v, "no"))
		ov_cov_bad(r, r->at, "watch: and decoy: are yes or no");
	return ov_str_is(v, "yes");
}

static ov_status take_indicator(struct reader *r)
{
	struct ov_cov_indicator *x;
	struct ov_str rest = r->id, word;

	OV_TRY(GROW(r, indicators, nindicators));
	x = LAST(r->l->indicators, r->l->nindicators);
	while (rest.n > 0 && ov_text_split(&rest, ' ', &word)) {
		enum ov_inv_kind kind;

		if (ov_inv_kind_by_name(word, &kind) != OV_OK)
			ov_cov_bad(r, r->at,
				   "no kind of evidence: overt inventory --json names them");
		else
			x->kinds |= UINT64_C(1) << kind;
	}
	x->product = ov_cov_one(r, "product", true);
	x->source = ov_cov_one(r, "source", true);
	x->most = ov_cov_grade(r, ov_cov_one(r, "most", true), OV_E0);
	x->is_watched = is_yes(r, "watch");
	x->is_decoy = is_yes(r, "decoy");
	OV_TRY(ov_cov_many(r, "value", &x->values));
	if (x->values.n == 0)
		ov_cov_bad(r, r->at, "an indicator has at least one \"value:\"");
	for (size_t i = 0; i < r->l->nproducts; i++)
		if (ov_str_eq(r->l->products[i].id, x->product))
			x->product_at = (uint32_t)i;
	if (x->product.n > 0 && ov_cov_product_by_id(r->l, x->product) == NULL)
		ov_cov_bad(r, r->at,
			   "the indicator names a product that no stanza above describes");
	return OV_OK;
}

static ov_status take_embedding(struct reader *r)
{
	struct ov_cov_embedding *x;
	bool in;

	OV_TRY(GROW(r, embeddings, nembeddings));
	x = LAST(r->l->embeddings, r->l->nembeddings);
	x->id = r->id;
	x->product = ov_cov_one(r, "product", true);
	x->host = ov_cov_one(r, "host", true);
	x->state = ov_cov_one(r, "state", true);
	x->since = ov_cov_one(r, "since", false);
	x->versions = ov_cov_one(r, "versions", false);
	OV_TRY(ov_cov_many(r, "name", &x->names));
	OV_TRY(ov_cov_many(r, "cpe", &x->cpes));
	if (x->versions.n > 0 && ov_version_in(OV_STR("1"), x->versions, &in) != OV_OK)
		ov_cov_bad(r, r->at, "versions: is comparators like >=9.5 <18.4R1");
	for (size_t i = 0; i < r->l->nproducts; i++)
		if (ov_str_eq(r->l->products[i].id, x->product))
			x->product_at = (uint32_t)i;
	x->source = ov_cov_one(r, "source", true);
	if (x->product.n > 0 && ov_cov_product_by_id(r->l, x->product) == NULL)
		ov_cov_bad(r, r->at,
			   "the embedding names a product that no stanza above describes");
	return OV_OK;
}

static ov_status take_step(struct reader *r)
{
	struct ov_cov_step *x;
	struct ov_str classes;

	OV_TRY(GROW(r, steps, nsteps));
	x = LAST(r->l->steps, r->l->nsteps);
	x->id = r->id;
	x->entity = ov_cov_one(r, "entity", true);
	x->name = ov_cov_one(r, "name", true);
	x->undo = ov_cov_one(r, "undo", true);
	x->source = ov_cov_one(r, "source", true);
	x->kind = ov_cov_one(r, "kind", false);
	if (x->kind.n > 0 && !ov_str_is(x->kind, "record") && !ov_str_is(x->kind, "install") &&
	    !ov_str_is(x->kind, "probe") && !ov_str_is(x->kind, "remove"))
		ov_cov_bad(r, r->at, "kind: is record, install, probe or remove");
	OV_TRY(ov_cov_many(r, "do", &x->acts));
	OV_TRY(ov_cov_many(r, "check", &x->checks));
	if (x->acts.n == 0 || x->checks.n == 0)
		ov_cov_bad(r, r->at, "a step has at least one \"do:\" and one \"check:\"");
	OV_TRY(ov_cov_words(r, ov_cov_one(r, "product", false), &x->products));
	for (size_t i = 0; i < x->products.n; i++)
		if (ov_cov_product_by_id(r->l, x->products.v[i]) == NULL)
			ov_cov_bad(r, r->at,
				   "the step names a product that no stanza above describes");
	if (x->entity.n > 0 && ov_cov_entity_by_id(r->l, x->entity) == NULL)
		ov_cov_bad(r, r->at, "the step names an entity that no stanza above describes");
	classes = ov_cov_one(r, "class", false);
	for (size_t i = 0; i < classes.n; i++) {
		if (classes.p[i] == ' ')
			continue;
		if (classes.p[i] < 'A' || classes.p[i] >= 'A' + OV_COV_CLASSES)
			ov_cov_bad(r, r->at, "class: lists classes, A to F");
		else
			x->classes |= 1U << (classes.p[i] - 'A');
	}
	return OV_OK;
}

static const struct {
	const char *type;
	ov_status (*take)(struct reader *r);
} types[] = {
	{ "list", take_list },		 { "entity", take_entity },
	{ "rule", take_rule },		 { "product", take_product },
	{ "indicator", take_indicator }, { "embedding", take_embedding },
	{ "step", take_step },
};

/* ---- stanzas ---- */

static ov_status end_stanza(struct reader *r)
{
	ov_status s = OV_OK;
	size_t i;

	if (r->type.n == 0)
		return OV_OK;
	for (i = 0; i < sizeof types / sizeof *types; i++)
		if (ov_str_is(r->type, types[i].type))
			break;
	if (i == sizeof types / sizeof *types)
		ov_cov_bad(r, r->at,
			   "a stanza begins with list, entity, rule, product, indicator, "
			   "embedding or step, and a name");
	else
		s = types[i].take(r);
	for (size_t k = 0; k < r->n && i < sizeof types / sizeof *types; k++)
		if (!r->f[k].is_used)
			ov_cov_bad(r, r->f[k].line, "no field of this stanza");
	r->type = r->id = OV_STR("");
	r->n = 0;
	return s;
}

static void begin_stanza(struct reader *r, struct ov_str line)
{
	r->at = r->line;
	(void)ov_text_split(&line, ' ', &r->type);
	r->id = ov_text_trim(line.p != NULL ? line : OV_STR(""));
	if (r->id.n == 0)
		ov_cov_bad(r, r->line, "a stanza's head is a word and a name");
}

static void take_field(struct reader *r, struct ov_str line)
{
	struct field *f = &r->f[r->n];

	if (r->n == FIELDS_MAX) {
		ov_cov_bad(r, r->line, "more than 512 fields in a stanza");
		return;
	}
	if (!ov_text_split(&line, ':', &f->name) || line.p == NULL) {
		ov_cov_bad(r, r->line, "a field is \"name: value\"");
		return;
	}
	f->value = ov_text_trim(line);
	f->line = r->line;
	f->is_used = false;
	if (f->value.n == 0)
		ov_cov_bad(r, r->line, "the field is empty");
	r->n++;
}

ov_status ov_cov_list_add(struct ov_cov_list *l, struct ov_str text, ov_cov_error_fn error,
			  void *ctx)
{
	struct reader *r = NULL;
	struct ov_str line;

	OV_TRY(ov_arena_new(&l->arena, &r));
	*r = (struct reader){ .l = l, .rest = text, .error = error, .ctx = ctx };
	while (r->rest.n > 0 && ov_text_split(&r->rest, '\n', &line)) {
		r->line++;
		line = ov_text_trim(line);
		if (line.n > 0 && line.p[0] == '#')
			continue;
		if (line.n == 0)
			OV_TRY(end_stanza(r));
		else if (r->type.n == 0)
			begin_stanza(r, line);
		else
			take_field(r, line);
	}
	OV_TRY(end_stanza(r));
	return r->is_bad ? OV_BAD : OV_OK;
}

const struct ov_cov_product *ov_cov_product_by_id(const struct ov_cov_list *l, struct ov_str id)
{
	for (size_t i = 0; i < l->nproducts; i++)
		if (ov_str_eq(l->products[i].id, id))
			return &l->products[i];
	return NULL;
}

const struct ov_cov_entity *ov_cov_entity_by_id(const struct ov_cov_list *l, struct ov_str id)
{
	for (size_t i = 0; i < l->nentities; i++)
		if (ov_str_eq(l->entities[i].id, id))
			return &l->entities[i];
	return NULL;
}

/* ---- watches ---- */

static bool watch_kind(uint64_t kinds, enum ov_watch_kind *out)
{
	static const struct {
		enum ov_inv_kind kind;
		enum ov_watch_kind watch;
	} map[] = {
		{ OV_EV_PATH, OV_WATCH_PATH },		{ OV_EV_FILE_NAME, OV_WATCH_FILE_NAME },
		{ OV_EV_HOST, OV_WATCH_HOST },		{ OV_EV_KEYWORD, OV_WATCH_KEYWORD },
		{ OV_EV_CLASS_PREFIX, OV_WATCH_CLASS },
	};

	for (size_t i = 0; i < sizeof map / sizeof *map; i++) {
		if ((kinds >> map[i].kind & 1) != 0) {
			*out = map[i].watch;
			return true;
		}
	}
	return false;
}

ov_status ov_cov_watches(struct ov_cov_list *l, struct ov_inv_watch **out, size_t *n)
{
	enum ov_watch_kind kind;
	size_t room = 0;

	*n = 0;
	for (size_t i = 0; i < l->nindicators; i++)
		room += l->indicators[i].is_watched ? l->indicators[i].values.n : 0;
	OV_TRY(ov_arena_array(&l->arena, room > 0 ? room : 1, out));
	for (size_t i = 0; i < l->nindicators; i++) {
		const struct ov_cov_indicator *x = &l->indicators[i];

		if (!x->is_watched || !watch_kind(x->kinds, &kind))
			continue;
		for (size_t k = 0; k < x->values.n; k++)
			(*out)[(*n)++] = (struct ov_inv_watch){ .kind = kind,
								.group = x->product,
								.pattern = x->values.v[k],
								.grade = x->most };
	}
	return OV_OK;
}
