/*
 * The end of a scope: package databases against what is there, programs against who owns them; and
 * the end of all: order.
 */
#include <stdlib.h>

#include "join_int.h"
#include "text.h"

static bool is_package(enum ov_inv_what w)
{
	return w == OV_WHAT_DEB || w == OV_WHAT_RPM || w == OV_WHAT_APK || w == OV_WHAT_PACMAN;
}

static uint64_t name_hash(enum ov_inv_what what, struct ov_str name, struct ov_str arch)
{
	uint64_t h = ov_rec_hash(name) + (uint64_t)what * 0x9e3779b97f4a7c15ULL;

	return arch.n > 0 ? h * 31 + ov_rec_hash(arch) : h;
}

/* Packages of a scope by name, and by name and architecture. */
static ov_status index_packages(const struct ov_join *j, const struct ov_scope *s,
				struct ov_hash_map *names)
{
	for (uint32_t i = 0; i < j->inv.ncomponents; i++) {
		const struct ov_inv_component *c = &j->components[i];

		if (j->meta[i].scope != s->number || (j->meta[i].flags & OV_REC_SUPPLEMENT) != 0 ||
		    !is_package(c->what))
			continue;
		OV_TRY(
		    ov_map_put(names, name_hash(c->what, c->name, (struct ov_str){ 0 }), i, false));
		OV_TRY(ov_map_put(names, name_hash(c->what, c->name, c->arch), i, false));
	}
	return OV_OK;
}

struct presence {
	uint32_t here, gone, shadowed; /* files that matter */
	uint32_t layer, hider;	       /* that ships shadowed ones, that hides them */
	uint32_t minor_here, minor_gone;
};

static ov_status count_presence(const struct ov_scope *s, const struct ov_owns *o,
				uint32_t component, struct ov_hash_map *owners, struct presence *p)
{
	struct ov_cur c = ov_cur_of(o->rows, (size_t)o->n * OV_REC_ROW);

	for (uint32_t i = 0; i < o->n; i++) {
		const uint64_t hash = ov_cur_soft_u64le(&c);
		const uint8_t flags = ov_cur_soft_u8(&c);
		uint32_t seen = 0;

		if ((flags & OV_OWN_FOLDER) != 0)
			continue;
		OV_TRY(ov_map_put(owners, hash, component, false));
		(void)ov_map_get(&s->seen, hash, &seen);
		if ((flags & OV_OWN_MINOR) != 0) {
			p->minor_here += (seen & 3) == OV_SEEN_HERE;
			p->minor_gone += (seen & 3) != OV_SEEN_HERE;
			continue;
		}
		p->here += (seen & 3) == OV_SEEN_HERE;
		p->gone += (seen & 3) != OV_SEEN_HERE;
		p->shadowed += (seen & 3) == OV_SEEN_SHADOWED;
		if ((seen & 3) == OV_SEEN_SHADOWED) {
			p->layer = seen >> 2 & 0xfff;
			p->hider = seen >> 16;
		}
	}
	return OV_OK;
}

/* The name of a scope's layer, its digest. */
static struct ov_str layer_name(const struct ov_join *j, uint32_t scope, uint32_t layer)
{
	for (uint32_t i = 0; i < j->inv.ncomponents; i++)
		if (j->meta[i].scope == scope && j->components[i].what == OV_WHAT_LAYER &&
		    j->components[i].layer == layer)
			return j->components[i].name;
	return (struct ov_str){ .p = "", .n = 0 };
}

static ov_status note_gone(struct ov_join *j, uint32_t at, const struct presence *p)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(4096);

	OV_TRY(ov_buf_fmt(&b, "%u files listed, none there", p->gone));
	if (p->shadowed > 0) {
		const struct ov_str from = layer_name(j, j->meta[at].scope, p->layer);
		const struct ov_str by = layer_name(j, j->meta[at].scope, p->hider);

		OV_TRY(ov_buf_fmt(&b, "; %u still shipped in layer %u", p->shadowed, p->layer));
		OV_TRY(ov_buf_fmt(&b, " (%.*s)", (int)(from.n < 200 ? from.n : 200), from.p));
		OV_TRY(ov_buf_fmt(&b, ", hidden by layer %u (%.*s)", p->hider,
				  (int)(by.n < 200 ? by.n : 200), by.p));
	}
	return ov_join_evidence(
	    j, at,
	    &(struct ov_inv_evidence){ .kind = OV_EV_LAYOUT,
				       .grade = OV_E3,
				       .value = { .p = (const char *)b.p, .n = b.n },
				       .detail = OV_STR("files-gone") });
}

static void note_since(struct ov_inv_component *c, const struct ov_owns *o)
{
	if (o->since == OV_INV_NO_DATE ||
	    (c->since.latest != OV_INV_NO_DATE && o->since >= c->since.latest))
		return;
	c->since.latest = o->since;
	c->since.from = OV_STR("file list's time");
}

static ov_status settle_package(struct ov_join *j, uint32_t at, const struct presence *p)
{
	struct ov_inv_component *c = &j->components[at];

	if (c->state == OV_STATE_REMOVED || c->state == OV_STATE_SHADOWED)
		return OV_OK;
	if (p->here == 0 && p->minor_here == 0 && p->gone > 0) {
		c->state = OV_STATE_FILES_GONE;
		return note_gone(j, at, p);
	}
	if (p->here == 0)
		return OV_OK;
	for (uint32_t i = 0; i < c->nevidence; i++) /* a record, and files that are there */
		if (c->evidence[i].grade == OV_E3 && c->evidence[i].kind <= OV_EV_PACMAN)
			c->evidence[i].grade = OV_E4;
	return OV_OK;
}

/* A package's paths may come in several records: all are counted before any is judged. */
static ov_status count_packages(struct ov_join *j, const struct ov_scope *s,
				const struct ov_hash_map *names, struct ov_hash_map *owners,
				struct presence *list)
{
	for (const struct ov_owns *o = s->owns; o != NULL; o = o->next) {
		uint32_t at;

		if (!ov_map_get(names, name_hash(o->what, o->name, o->arch), &at) &&
		    !ov_map_get(names, name_hash(o->what, o->name, (struct ov_str){ 0 }), &at))
			continue;
		note_since(&j->components[at], o);
		OV_TRY(count_presence(s, o, at, owners, &list[at]));
	}
	return OV_OK;
}

static ov_status settle_packages(struct ov_join *j, struct ov_scope *s, struct ov_hash_map *owners)
{
	struct presence *list;
	struct ov_hash_map names = { .n = 0 };
	ov_status st;

	if (s->owns == NULL)
		return OV_OK;
	list = calloc((size_t)j->inv.ncomponents + 1, sizeof *list);
	if (list == NULL)
		return OV_NOMEM;
	st = index_packages(j, s, &names);
	if (st == OV_OK)
		st = count_packages(j, s, &names, owners, list);
	for (uint32_t i = 0; i < j->inv.ncomponents && st == OV_OK; i++)
		if (list[i].here + list[i].gone + list[i].minor_here > 0)
			st = settle_package(j, i, &list[i]);
	ov_map_free(&names);
	free(list);
	return st;
}

/* Does anything in it say whose it is? */
static bool says_whose(const struct ov_inv_component *c)
{
	if (c->supplier.n > 0)
		return true;
	for (uint32_t i = 0; i < c->nevidence; i++) {
		const struct ov_inv_evidence *e = &c->evidence[i];

		if (e->kind == OV_EV_PE_COMPANY || e->kind == OV_EV_PACKAGE_NOTE ||
		    e->kind == OV_EV_GO_MODULE || e->kind == OV_EV_TEAM_ID ||
		    (e->kind == OV_EV_SIGNER && ov_str_is(e->detail, OV_SIGNED_INTACT)))
			return true;
	}
	return false;
}

ov_status ov_join_settle(struct ov_join *j, struct ov_scope *s)
{
	struct ov_hash_map owners = { .n = 0 };
	ov_status st = settle_packages(j, s, &owners);

	for (size_t i = 0; i < j->nplaces && st == OV_OK; i++) {
		struct ov_inv_component *c = &j->components[j->places[i].component];

		if (j->meta[j->places[i].component].scope != s->number || is_package(c->what) ||
		    c->owner != OV_INV_NONE)
			continue;
		(void)ov_map_get(&owners, j->places[i].hash, &c->owner);
	}
	for (uint32_t i = 0; i < j->inv.ncomponents && st == OV_OK; i++) {
		struct ov_inv_component *c = &j->components[i];

		if (j->meta[i].scope != s->number)
			continue;
		if ((j->meta[i].flags & OV_REC_MINOR) != 0 && c->owner != OV_INV_NONE)
			j->meta[i].flags |= OV_REC_SUPPLEMENT; /* the package says it all */
		c->is_undetermined = c->is_privileged && c->owner == OV_INV_NONE && !says_whose(c);
		st = ov_join_purl(j, c, s->os);
	}
	ov_map_free(&owners);
	return st;
}

static int by_text(struct ov_str a, struct ov_str b)
{
	const size_t n = a.n < b.n ? a.n : b.n;
	const int d = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return d != 0 ? d : (a.n > b.n) - (a.n < b.n);
}

static int by_path(const struct ov_str *a, uint32_t na, const struct ov_str *b, uint32_t nb)
{
	for (uint32_t i = 0; i < na && i < nb; i++) {
		const int d = by_text(a[i], b[i]);

		if (d != 0)
			return d;
	}
	return (na > nb) - (na < nb);
}

struct sorted { /* a component and the number it had */
	struct ov_inv_component c;
	uint32_t was;
};

static int by_component(const void *x, const void *y)
{
	const struct sorted *a = x, *b = y;
	int d = (int)a->c.what - (int)b->c.what;

	if (d == 0)
		d = by_text(a->c.name, b->c.name);
	if (d == 0)
		d = by_text(a->c.version, b->c.version);
	if (d == 0)
		d = by_path(a->c.path, a->c.npath, b->c.path, b->c.npath);
	if (d == 0)
		d = by_text(a->c.arch, b->c.arch);
	return d != 0 ? d : (a->was > b->was) - (a->was < b->was);
}

static int by_unread(const void *x, const void *y)
{
	const struct ov_inv_unread *a = x, *b = y;
	const int d = by_path(a->path, a->npath, b->path, b->npath);

	return d != 0 ? d : by_text(a->detail, b->detail);
}

/* Drops what was only a supplement, and sorts; owners are numbered anew. */
static ov_status sort(struct ov_join *j)
{
	const uint32_t n = j->inv.ncomponents;
	struct sorted *list = n > 0 ? calloc(n, sizeof *list) : NULL;
	uint32_t *now = n > 0 ? malloc(n * sizeof *now) : NULL;
	uint32_t kept = 0;

	if (n > 0 && (list == NULL || now == NULL)) {
		free(list);
		free(now);
		return OV_NOMEM;
	}
	for (uint32_t i = 0; i < n; i++) {
		now[i] = OV_INV_NONE;
		if ((j->meta[i].flags & OV_REC_SUPPLEMENT) == 0)
			list[kept++] = (struct sorted){ .c = j->components[i], .was = i };
	}
	if (kept > 1)
		qsort(list, kept, sizeof *list, by_component);
	for (uint32_t i = 0; i < kept; i++)
		now[list[i].was] = i;
	for (uint32_t i = 0; i < kept; i++) {
		j->components[i] = list[i].c;
		if (list[i].c.owner != OV_INV_NONE)
			j->components[i].owner = now[list[i].c.owner];
	}
	j->inv.ncomponents = kept;
	if (j->inv.nunread > 1)
		qsort(j->unread, j->inv.nunread, sizeof *j->unread, by_unread);
	free(list);
	free(now);
	return OV_OK;
}

ov_status ov_join_finish(struct ov_join *j, const struct ov_inventory **out)
{
	OV_TRY(ov_join_file_end(j));
	OV_TRY(ov_join_settle(j, j->root));
	OV_TRY(sort(j));
	j->inv.components = j->components;
	j->inv.unread = j->unread;
	*out = &j->inv;
	return OV_OK;
}

/* Package URLs, "purl-spec": pkg:deb/debian/name@version?arch=amd64; bytes beyond the unreserved as
 * %NN. */
static ov_status percent(struct ov_buf *b, struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char ch = (unsigned char)s.p[i];

		if ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
		    (ch >= 'A' && ch <= 'Z') || memchr("-._~:", ch, 5) != NULL)
			OV_TRY(ov_buf_u8(b, ch));
		else
			OV_TRY(ov_buf_fmt(b, "%%%02X", ch));
	}
	return OV_OK;
}

static ov_status purl(struct ov_buf *b, const struct ov_inv_component *c, const char *type,
		      struct ov_str os)
{
	OV_TRY(ov_buf_fmt(b, "pkg:%s/", type));
	if (os.n > 0) {
		OV_TRY(percent(b, os));
		OV_TRY(ov_buf_u8(b, '/'));
	}
	OV_TRY(percent(b, c->name));
	if (c->version.n > 0) {
		OV_TRY(ov_buf_u8(b, '@'));
		OV_TRY(percent(b, c->version));
	}
	if (c->arch.n > 0) {
		OV_TRY(ov_buf_str(b, OV_STR("?arch=")));
		OV_TRY(percent(b, c->arch));
	}
	return OV_OK;
}

ov_status ov_join_purl(struct ov_join *j, struct ov_inv_component *c, struct ov_str os)
{
	static const char *const types[OV_WHATS] = { [OV_WHAT_DEB] = "deb",
						     [OV_WHAT_RPM] = "rpm",
						     [OV_WHAT_APK] = "apk",
						     [OV_WHAT_PACMAN] = "alpm" };
	static const char *const usual[OV_WHATS] = {
		[OV_WHAT_DEB] = "debian", [OV_WHAT_APK] = "alpine", [OV_WHAT_PACMAN] = "arch"
	};
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64 << 10);
	const char *type = (unsigned)c->what < OV_WHATS ? types[c->what] : NULL;

	if (type == NULL || c->purl.n > 0 || c->name.n == 0)
		return OV_OK;
	OV_TRY(purl(&b, c, type, os.n > 0 ? os : ov_str_of(usual[c->what])));
	return ov_arena_str(&j->inv.arena, (struct ov_str){ .p = (const char *)b.p, .n = b.n },
			    &c->purl);
}
