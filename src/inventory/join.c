/* Records in, one inventory out. See join.h; what happens at a scope's end is in join_settle.c. */
#include "join.h"

#include <stdlib.h>
#include <time.h>

#include "join_int.h"
#include "text.h"

#define INVENTORY_MAX ((size_t)4 << 30) /* bytes of texts and lists */
#define EVIDENCE_MAX 512U	    /* pieces of one component: each new one is compared with all */
#define BODY_MAX ((size_t)64 << 20) /* lists of one message's records */

ov_status ov_join_new(struct ov_str target, const struct ov_inv_watch *watch, size_t nwatch,
		      struct ov_join **out)
{
	struct ov_join *j = calloc(1, sizeof *j);
	ov_status st;

	if (j == NULL)
		return OV_NOMEM;
	ov_arena_init(&j->inv.arena, INVENTORY_MAX);
	ov_arena_init(&j->scratch, BODY_MAX);
	j->watch = watch;
	j->nwatch = nwatch;
	j->inv.taken = (int64_t)time(NULL);
	st = ov_arena_str(&j->inv.arena, target, &j->inv.target);
	if (st == OV_OK)
		st = ov_arena_new(&j->inv.arena, &j->root);
	if (st != OV_OK) {
		ov_join_free(&j);
		return st;
	}
	j->root->kind = OV_SCOPE_TREE;
	j->root->made = OV_INV_NO_DATE;
	j->at = j->root;
	j->nscopes = 1;
	*out = j;
	return OV_OK;
}

void ov_join_free(struct ov_join **jp)
{
	struct ov_join *j = *jp;

	if (j == NULL)
		return;
	for (struct ov_scope *s = j->at; s != NULL; s = s->outer)
		ov_map_free(&s->seen);
	ov_map_free(&j->keys);
	free(j->components);
	free(j->meta);
	free(j->unread);
	free(j->places);
	ov_arena_free(&j->scratch);
	ov_arena_free(&j->inv.arena);
	free(j);
	*jp = NULL;
}

static ov_status keep(struct ov_join *j, struct ov_str *s)
{
	struct ov_str copy;

	if (s->n == 0) {
		*s = (struct ov_str){ .p = "", .n = 0 };
		return OV_OK;
	}
	OV_TRY(ov_arena_str(&j->inv.arena, *s, &copy));
	*s = copy;
	return OV_OK;
}

static bool is_same_evidence(const struct ov_inv_evidence *a, const struct ov_inv_evidence *b)
{
	return a->kind == b->kind && ov_str_eq(a->value, b->value) &&
	       ov_str_eq(a->detail, b->detail);
}

ov_status ov_join_evidence(struct ov_join *j, uint32_t component, const struct ov_inv_evidence *e)
{
	struct ov_inv_component *c = &j->components[component];
	struct ov_meta *m = &j->meta[component];
	struct ov_inv_evidence *list, copy = *e;

	if (copy.count == 0)
		copy.count = 1;
	for (uint32_t i = 0; i < c->nevidence; i++) {
		struct ov_inv_evidence *old = &c->evidence[i];

		if (!is_same_evidence(old, e))
			continue;
		old->count =
		    old->count > UINT32_MAX - copy.count ? UINT32_MAX : old->count + copy.count;
		if (e->grade > old->grade)
			old->grade = e->grade;
		return OV_OK;
	}
	if (c->nevidence == EVIDENCE_MAX) { /* the last one counts what there was no room for */
		c->evidence[EVIDENCE_MAX - 1].count +=
		    c->evidence[EVIDENCE_MAX - 1].count < UINT32_MAX;
		return OV_OK;
	}
	if (c->nevidence == EVIDENCE_MAX - 1)
		copy = (struct ov_inv_evidence){ .kind = OV_EV_FIELD,
						 .grade = OV_E0,
						 .value = OV_STR("more evidence than is kept"),
						 .count = 1 };
	if (c->nevidence == m->nevidence_cap) {
		const uint32_t cap = c->nevidence == 0 ? 4 : c->nevidence * 2;

		OV_TRY(ov_arena_array(&j->inv.arena, cap, &list));
		if (c->nevidence > 0)
			memcpy(list, c->evidence, c->nevidence * sizeof *list);
		c->evidence = list;
		m->nevidence_cap = cap;
	}
	OV_TRY(keep(j, &copy.value));
	OV_TRY(keep(j, &copy.where));
	OV_TRY(keep(j, &copy.detail));
	c->evidence[c->nevidence++] = copy;
	return OV_OK;
}

/* What one record leaves open, another of the same key may tell. */
static ov_status fill_text(struct ov_join *j, struct ov_str *to, struct ov_str from)
{
	if (to->n > 0 || from.n == 0)
		return OV_OK;
	*to = from;
	return keep(j, to);
}

static ov_status merge_dates(struct ov_join *j, struct ov_inv_component *to,
			     const struct ov_inv_component *from)
{
	const struct ov_inv_since *s = &from->since;

	if (s->earliest != OV_INV_NO_DATE &&
	    (to->since.earliest == OV_INV_NO_DATE || s->earliest < to->since.earliest))
		to->since.earliest = s->earliest;
	if (s->earliest != OV_INV_NO_DATE && to->since.from.n == 0) {
		to->since.from = s->from;
		OV_TRY(keep(j, &to->since.from));
	}
	if (s->latest != OV_INV_NO_DATE &&
	    (to->since.latest == OV_INV_NO_DATE || s->latest < to->since.latest)) {
		to->since.latest = s->latest;
		to->since.from = s->from;
		OV_TRY(keep(j, &to->since.from));
	}
	if (from->updates.last != OV_INV_NO_DATE &&
	    (to->updates.last == OV_INV_NO_DATE || from->updates.last > to->updates.last)) {
		to->updates = from->updates;
		OV_TRY(keep(j, &to->updates.from));
	}
	return OV_OK;
}

static ov_status merge(struct ov_join *j, uint32_t at, const struct ov_inv_component *c,
		       unsigned flags)
{
	struct ov_inv_component *to = &j->components[at];
	const bool is_supplement = (flags & OV_REC_SUPPLEMENT) != 0;

	if ((flags & OV_REC_MINOR) == 0)
		j->meta[at].flags &= ~(unsigned)OV_REC_MINOR;
	if ((j->meta[at].flags & OV_REC_SUPPLEMENT) != 0 &&
	    !is_supplement) { /* the record itself comes late */
		to->what = c->what;
		to->state = c->state;
		j->meta[at].flags &= ~(unsigned)OV_REC_SUPPLEMENT;
	} else if (!is_supplement && c->layer > to->layer && c->state == OV_STATE_PRESENT) {
		to->state = c->state; /* the same package as a later layer has it */
	}
	OV_TRY(fill_text(j, &to->name, c->name));
	if (!is_supplement && c->version.n > 0 && c->layer > to->layer) {
		to->version = c->version;
		OV_TRY(keep(j, &to->version));
	}
	OV_TRY(fill_text(j, &to->version, c->version));
	OV_TRY(fill_text(j, &to->arch, c->arch));
	OV_TRY(fill_text(j, &to->supplier, c->supplier));
	OV_TRY(fill_text(j, &to->id, c->id));
	OV_TRY(fill_text(j, &to->purl, c->purl));
	OV_TRY(fill_text(j, &to->cpe, c->cpe));
	to->is_privileged |= c->is_privileged;
	OV_TRY(merge_dates(j, to, c));
	for (uint32_t i = 0; i < c->nevidence; i++)
		OV_TRY(ov_join_evidence(j, at, &c->evidence[i]));
	return OV_OK;
}

static ov_status copy_component(struct ov_join *j, const struct ov_inv_component *from,
				struct ov_inv_component *to)
{
	*to = *from;
	to->evidence = NULL;
	to->nevidence = 0;
	to->owner = OV_INV_NONE;
	OV_TRY(keep(j, &to->name));
	OV_TRY(keep(j, &to->version));
	OV_TRY(keep(j, &to->arch));
	OV_TRY(keep(j, &to->supplier));
	OV_TRY(keep(j, &to->id));
	OV_TRY(keep(j, &to->purl));
	OV_TRY(keep(j, &to->cpe));
	OV_TRY(keep(j, &to->since.from));
	OV_TRY(keep(j, &to->updates.from));
	OV_TRY(keep(j, &to->key));
	OV_TRY(ov_arena_array(&j->inv.arena, from->npath, &to->path));
	for (uint32_t i = 0; i < from->npath; i++) {
		to->path[i] = from->path[i];
		OV_TRY(keep(j, &to->path[i]));
	}
	return OV_OK;
}

static ov_status add_place(struct ov_join *j, uint32_t component, uint64_t file)
{
	if (file == 0)
		return OV_OK;
	OV_TRY(
	    ov_join_grow((void **)&j->places, &j->places_cap, j->nplaces + 1, sizeof *j->places));
	j->places[j->nplaces++] = (struct ov_place){ .component = component, .hash = file };
	return OV_OK;
}

static uint64_t key_hash(uint32_t scope, struct ov_str key)
{
	return ov_rec_hash(key) * 31 + scope;
}

/* The component with a key, checked by its text: hashes may collide. */
static bool find_key(const struct ov_join *j, struct ov_str key, uint32_t *at)
{
	return key.n > 0 && ov_map_get(&j->keys, key_hash(j->at->number, key), at) &&
	       ov_str_eq(j->components[*at].key, key) && j->meta[*at].scope == j->at->number;
}

ov_status ov_join_add(struct ov_join *j, const struct ov_inv_component *c, unsigned flags,
		      uint64_t file)
{
	struct ov_inv_component copy;
	size_t meta_cap = j->cap;
	uint32_t at;

	if (find_key(j, c->key, &at)) {
		OV_TRY(merge(j, at, c, flags));
		return add_place(j, at, file);
	}
	if (j->inv.ncomponents >= UINT32_MAX - 1)
		return OV_LIMIT;
	OV_TRY(copy_component(j, c, &copy));
	at = j->inv.ncomponents;
	OV_TRY(ov_join_grow((void **)&j->meta, &meta_cap, (size_t)at + 1, sizeof *j->meta));
	OV_TRY(
	    ov_join_grow((void **)&j->components, &j->cap, (size_t)at + 1, sizeof *j->components));
	j->components[at] = copy;
	j->meta[at] = (struct ov_meta){ .scope = j->at->number, .flags = flags };
	j->inv.ncomponents++;
	for (uint32_t i = 0; i < c->nevidence; i++)
		OV_TRY(ov_join_evidence(j, at, &c->evidence[i]));
	if (c->key.n > 0)
		OV_TRY(ov_map_put(&j->keys, key_hash(j->at->number, c->key), at, false));
	return add_place(j, at, file);
}

/* The chain of a record: the scope's, the file's own path, then the record's. */
static ov_status chain(struct ov_join *j, struct ov_str file, struct ov_str **path, uint32_t *n)
{
	const struct ov_scope *s = j->at;
	const bool has_file = file.n > 0 && s == j->root;
	const uint32_t total = s->nlabels + has_file + *n;
	struct ov_str *list;
	uint32_t k = 0;

	OV_TRY(ov_arena_array(&j->scratch, total, &list));
	for (uint32_t i = 0; i < s->nlabels; i++)
		list[k++] = s->labels[i];
	if (has_file)
		list[k++] = file;
	for (uint32_t i = 0; i < *n; i++)
		list[k++] = (*path)[i];
	*path = list;
	*n = total;
	return OV_OK;
}

static ov_status take_component(struct ov_join *j, struct ov_str file, struct ov_rec *r)
{
	struct ov_inv_component *c = &r->component;
	uint64_t place = 0;

	OV_TRY(chain(j, file, &c->path, &c->npath));
	if (j->at->nlabels < c->npath)
		place = ov_rec_hash(c->path[j->at->nlabels]);
	if (c->layer == 0)
		c->layer = j->at->layer;
	if (c->what == OV_WHAT_OS && j->at->os.n == 0) {
		j->at->os = c->id;
		OV_TRY(keep(j, &j->at->os));
	}
	return ov_join_add(j, c, r->flags, place);
}

static struct ov_scope *tree_of(struct ov_scope *s)
{
	while (s->kind == OV_SCOPE_LAYER && s->outer != NULL)
		s = s->outer;
	return s;
}

static ov_status take_owns(struct ov_join *j, const struct ov_rec_rows *r)
{
	struct ov_scope *s = tree_of(j->at);
	struct ov_owns *o;
	uint8_t *rows;

	OV_TRY(ov_arena_new(&j->inv.arena, &o));
	OV_TRY(ov_arena_array(&j->inv.arena, (size_t)r->n * OV_REC_ROW, &rows));
	if (r->n > 0)
		memcpy(rows, r->rows, (size_t)r->n * OV_REC_ROW);
	*o = (struct ov_owns){ .what = r->what,
			       .name = r->name,
			       .arch = r->arch,
			       .since = r->since,
			       .rows = rows,
			       .n = r->n,
			       .next = s->owns };
	OV_TRY(keep(j, &o->name));
	OV_TRY(keep(j, &o->arch));
	s->owns = o;
	return OV_OK;
}

static ov_status take_entries(struct ov_join *j, const struct ov_rec_rows *r)
{
	struct ov_scope *s = tree_of(j->at);
	struct ov_cur c = ov_cur_of(r->rows, (size_t)r->n * OV_REC_ROW);

	for (uint32_t i = 0; i < r->n; i++) {
		const uint64_t hash = ov_cur_soft_u64le(&c);
		const uint8_t flags = ov_cur_soft_u8(&c);
		const bool is_here = (flags & OV_ENTRY_SHADOWED) == 0;

		OV_TRY(ov_map_put(&s->seen, hash,
				  (is_here ? OV_SEEN_HERE : OV_SEEN_SHADOWED) |
				      (r->layer & 0xfff) << 2 | (uint32_t)(flags >> 2) << 16,
				  is_here));
	}
	return OV_OK;
}

static ov_status open_scope(struct ov_join *j, struct ov_str file, const struct ov_rec_scope *r)
{
	struct ov_str one = r->label, *path = &one;
	struct ov_scope *s;
	uint32_t n = r->label.n > 0 ? 1 : 0;

	if (j->at->nlabels >= OV_JOIN_DEPTH)
		return OV_LIMIT;
	OV_TRY(chain(j, file, &path, &n));
	OV_TRY(ov_arena_new(&j->inv.arena, &s));
	OV_TRY(ov_arena_array(&j->inv.arena, n, &s->labels));
	for (uint32_t i = 0; i < n; i++) {
		s->labels[i] = path[i];
		OV_TRY(keep(j, &s->labels[i]));
	}
	s->nlabels = n;
	s->outer = j->at;
	s->kind = r->kind;
	s->layer = r->layer;
	s->made = r->made;
	/* A layer's packages are its image's: one key, one component. */
	s->number = r->kind == OV_SCOPE_LAYER ? j->at->number : j->nscopes++;
	j->at = s;
	return OV_OK;
}

static ov_status close_scope(struct ov_join *j)
{
	struct ov_scope *s = j->at;
	ov_status st = OV_OK;

	if (s == j->root)
		return OV_BAD;
	if (s->kind == OV_SCOPE_LAYER) {
		if (s->outer->os.n == 0)
			s->outer->os = s->os;
	} else {
		st = ov_join_settle(j, s);
	}
	j->at = s->outer;
	ov_map_free(&s->seen);
	return st;
}

static ov_status add_unread(struct ov_join *j, const struct ov_inv_unread *u)
{
	struct ov_inv_unread copy = *u;

	if (j->inv.nunread >= UINT32_MAX - 1)
		return OV_LIMIT;
	OV_TRY(ov_join_grow((void **)&j->unread, &j->unread_cap, (size_t)j->inv.nunread + 1,
			    sizeof *j->unread));
	OV_TRY(ov_arena_array(&j->inv.arena, u->npath, &copy.path));
	for (uint32_t i = 0; i < u->npath; i++) {
		copy.path[i] = u->path[i];
		OV_TRY(keep(j, &copy.path[i]));
	}
	OV_TRY(keep(j, &copy.reason));
	OV_TRY(keep(j, &copy.detail));
	j->unread[j->inv.nunread++] = copy;
	return OV_OK;
}

static ov_status take(struct ov_join *j, struct ov_str file, struct ov_rec *r)
{
	switch (r->kind) {
	case OV_REC_COMPONENT:
		return take_component(j, file, r);
	case OV_REC_OWNS:
		return take_owns(j, &r->rows);
	case OV_REC_ENTRIES:
		return take_entries(j, &r->rows);
	case OV_REC_UNREAD:
		OV_TRY(chain(j, file, &r->unread.path, &r->unread.npath));
		return add_unread(j, &r->unread);
	case OV_REC_SCOPE:
		return r->scope.kind == OV_SCOPE_END ? close_scope(j)
						     : open_scope(j, file, &r->scope);
	default:
		return OV_BAD;
	}
}

ov_status ov_join_records(struct ov_join *j, struct ov_str file, struct ov_cur body)
{
	struct ov_rec r;
	ov_status st;

	ov_arena_reset(&j->scratch, 1 << 20);
	while ((st = ov_rec_get(&body, &j->scratch, &r)) == OV_OK)
		OV_TRY(take(j, file, &r));
	return st == OV_END ? OV_OK : st;
}

ov_status ov_join_file_end(struct ov_join *j)
{
	while (j->at != j->root)
		OV_TRY(close_scope(j));
	return OV_OK;
}

ov_status ov_join_unread(struct ov_join *j, struct ov_str file, ov_status why, const char *reason,
			 const char *detail)
{
	return add_unread(j, &(struct ov_inv_unread){ .path = &file,
						      .npath = file.n > 0 ? 1 : 0,
						      .why = why,
						      .reason = ov_str_of(reason),
						      .detail = ov_str_of(detail) });
}

static ov_status add_watched(struct ov_join *j, const struct ov_inv_watch *w, struct ov_str path)
{
	struct ov_inv_evidence e = { .kind =
					 w->kind == OV_WATCH_PATH ? OV_EV_PATH : OV_EV_FILE_NAME,
				     .grade = w->grade,
				     .value = w->pattern,
				     .where = path,
				     .count = 1 };
	struct ov_inv_component c = { .what = OV_WHAT_TRACES,
				      .name = w->group,
				      .path = &path,
				      .npath = 1,
				      .since = { OV_INV_NO_DATE, OV_INV_NO_DATE, { 0 } },
				      .updates = { OV_INV_NO_DATE, { 0 } },
				      .evidence = &e,
				      .nevidence = 1 };
	char key[80];
	const size_t n = w->group.n < 64 ? w->group.n : 64;

	memcpy(key, "traces:", 7);
	memcpy(key + 7, w->group.p, n);
	c.key = (struct ov_str){ .p = key, .n = n + 7 };
	return ov_join_add(j, &c, 0, 0);
}

ov_status ov_join_entry(struct ov_join *j, struct ov_str path, uint64_t size, bool is_file)
{
	j->inv.files += is_file;
	j->inv.names_only += !is_file;
	j->inv.bytes += is_file ? size : 0;
	OV_TRY(ov_map_put(&j->root->seen, ov_rec_hash(path), OV_SEEN_HERE, true));
	for (size_t i = 0; i < j->nwatch; i++) {
		const struct ov_inv_watch *w = &j->watch[i];

		if (ov_inv_watches(w, path))
			OV_TRY(add_watched(j, w, path));
	}
	return OV_OK;
}
