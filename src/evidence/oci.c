/*
 * Container images: OCI image layouts (image-spec 1.1: oci-layout, index.json, blobs) and docker
 * save's archives (manifest.json), in a tar or as files handed over beforehand.
 *
 * Each layer is read twice: first the names of all layers, so that whiteouts (.wh.name,
 * .wh..wh..opq) and replaced files are known, then the contents, each with the word whether a later
 * layer hides it. Signatures and digests of blobs are not verified: overt lists what is there.
 */
#include "doc.h"
#include "ev_sources.h"
#include "hash_map.h"
#include "images.h"
#include "tarstream.h"

#include "decoder.h"
#include "format.h"

#define JSON_MAX ((size_t)16 << 20)
#define LAYERS_MAX 512u
#define FILE_MAX ((uint64_t)64 << 20) /* bytes of one file of a layer that are looked at */
#define INDEXES_MAX 64
#define CODEC_ARENA ((size_t)256 << 20)

struct layer {
	struct ov_str name; /* digest or path */
	struct ov_str by;   /* the command that made it */
	int64_t made;
	const struct ov_src *src;
};

struct oci {
	struct ov_ev *e;
	const struct ov_held *files;
	struct layer layers[LAYERS_MAX];
	uint32_t n;
	/* path hash: number of the last layer that removes, empties, or has as a file */
	struct ov_hash_map removed, emptied, placed;
	struct ov_arena codec, names;
};

/* A layer's bytes, unpacked. */
struct stream {
	struct ov_decoder *d;
	const struct ov_src *src;
	uint64_t at;
};

static const struct ov_src *file_of(const struct ov_held *list, struct ov_str path)
{
	path = ov_rec_relative(path);
	for (const struct ov_held *h = list; h != NULL; h = h->next)
		if (ov_str_eq(ov_rec_relative(h->path), path))
			return &h->src;
	return NULL;
}

/* "sha256:aa.." stands in blobs/sha256/aa.. */
static const struct ov_src *blob_of(struct oci *o, struct ov_str digest)
{
	struct ov_str kind, hex = digest;

	if (!ov_text_split(&hex, ':', &kind) || hex.n == 0)
		return NULL;
	return file_of(o->files,
		       ov_ev_fmt(o->e, "blobs/%.*s/%.*s", (int)kind.n, kind.p, (int)hex.n, hex.p));
}

static ov_status json_of(struct ov_ev *e, const struct ov_src *src, struct ov_doc **root)
{
	struct ov_cur c;

	*root = NULL;
	if (src == NULL)
		return OV_SHORT;
	if (src->size > JSON_MAX)
		return OV_LIMIT;
	OV_TRY(ov_src_view(src, 0, (size_t)src->size, &e->arena, &c));
	return ov_doc_json(c, &e->arena, root);
}

static ov_status stream_read(void *ctx, void *to, size_t n, size_t *got)
{
	struct stream *s = ctx;

	if (s->d != NULL)
		return ov_decoder_read(s->d, to, n, got);
	OV_TRY(ov_src_read_upto(s->src, s->at, to, n, got));
	s->at += *got;
	return *got > 0 ? OV_OK : OV_END;
}

static ov_status stream_open(struct oci *o, const struct ov_src *src, struct stream *s)
{
	const struct ov_decoder_params p = { .max_memory = (uint64_t)200 << 20,
					     .plain_size = UINT64_MAX };
	enum ov_codec codec = OV_CODEC_STORED;
	uint8_t head[6] = { 0 };
	size_t got;

	*s = (struct stream){ .src = src };
	OV_TRY(ov_src_read_upto(src, 0, head, sizeof head, &got));
	if (memcmp(head, "\x1f\x8b", 2) == 0)
		codec = OV_CODEC_GZIP;
	else if (memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
		codec = OV_CODEC_ZSTD;
	else if (memcmp(head, "BZh", 3) == 0)
		codec = OV_CODEC_BZIP2;
	else if (memcmp(head,
			"\xfd"
			"7zXZ",
			5) == 0)
		codec = OV_CODEC_XZ;
	else
		return OV_OK;
	ov_arena_reset(&o->codec, (size_t)1 << 20);
	return ov_decoder_open(codec, src, &p, &o->codec, &s->d);
}

static struct ov_str folder_of(struct ov_str path)
{
	while (path.n > 0 && path.p[path.n - 1] != '/')
		path.n--;
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

static struct ov_str trimmed(struct ov_str path)
{
	path = ov_rec_relative(path);
	while (path.n > 0 && path.p[path.n - 1] == '/')
		path.n--;
	return path;
}

static ov_status note_name(struct oci *o, struct ov_str path, char type, uint32_t layer)
{
	const struct ov_str folder = folder_of(path);
	struct ov_str name = path, gone;

	if (folder.n > 0) {
		name.p += folder.n + 1;
		name.n -= folder.n + 1;
	}
	if (ov_str_is(name, ".wh..wh..opq"))
		return ov_map_put(&o->emptied, ov_rec_hash(folder), layer, true);
	if (ov_str_starts(name, OV_STR(".wh."))) {
		const struct ov_str rest = { .p = name.p + 4, .n = name.n - 4 };

		OV_TRY(ov_tree_join(&o->names, folder, rest, &gone));
		return ov_map_put(&o->removed, ov_rec_hash(gone), layer, true);
	}
	return type == '5' ? OV_OK : ov_map_put(&o->placed, ov_rec_hash(path), layer, true);
}

/* One layer, entry by entry. */
static ov_status each_entry(struct oci *o, uint32_t number,
			    ov_status (*take)(struct oci *o, const struct ov_tar_in *in,
					      struct ov_tar_entry *t, void *ctx),
			    void *ctx)
{
	struct ov_tar_entry t = { .left = 0 };
	struct stream s;
	const struct ov_tar_in in = { .read = stream_read, .ctx = &s, .arena = &o->names };
	ov_status st = stream_open(o, o->layers[number - 1].src, &s);

	while (st == OV_OK) {
		const struct ov_arena_mark mark = ov_arena_mark(&o->names);

		st = ov_tar_next(&in, &t);
		if (st == OV_OK) {
			t.path = trimmed(t.path);
			st = take(o, &in, &t, ctx);
		}
		if (o->e->sink->progress != NULL && o->e->broke == OV_OK)
			o->e->broke = o->e->sink->progress(o->e->sink->ctx);
		if (o->e->broke != OV_OK)
			st = o->e->broke;
		ov_arena_release(&o->names, mark);
	}
	ov_decoder_close(&s.d);
	return st == OV_END ? OV_OK : st;
}

static ov_status take_name(struct oci *o, const struct ov_tar_in *in, struct ov_tar_entry *t,
			   void *ctx)
{
	(void)in;
	return note_name(o, t->path, t->type, *(const uint32_t *)ctx);
}

struct visible { /* is_hidden()'s context */
	struct oci *o;
	uint32_t layer;
};

/* The number of the layer that hides a path of `layer`; 0: none does. */
static uint32_t hider_of(const struct oci *o, struct ov_str path, uint32_t layer)
{
	bool is_whole = true;

	for (; path.n > 0; path = folder_of(path)) {
		const uint64_t hash = ov_rec_hash(path);
		uint32_t by = 0;

		if (ov_map_get(&o->removed, hash, &by) && by > layer)
			return by;
		if (ov_map_get(&o->placed, hash, &by) && by > layer)
			return by;
		if (!is_whole && ov_map_get(&o->emptied, hash, &by) && by > layer)
			return by;
		is_whole = false;
	}
	return 0;
}

static uint32_t is_hidden(void *ctx, struct ov_str path)
{
	const struct visible *v = ctx;

	return hider_of(v->o, path, v->layer);
}

/* A file's bytes in memory, or its beginning where there are too many. */
static ov_status spool(struct oci *o, const struct ov_tar_in *in, struct ov_tar_entry *t,
		       struct ov_cur *out)
{
	const size_t n = (size_t)ov_min_u64(t->size, FILE_MAX);
	uint8_t *to = NULL;
	size_t got = 0;

	OV_TRY(ov_arena_array(&o->e->kept, n, &to));
	OV_TRY(ov_tar_read(in, t, to, n, &got));
	*out = ov_cur_of(to, got);
	if (t->size > FILE_MAX)
		return ov_ev_unread(o->e, OV_LIMIT, t->path,
				    "only its first 64 MiB were looked at");
	return OV_OK;
}

static ov_status take_content(struct oci *o, const struct ov_tar_in *in, struct ov_tar_entry *t,
			      void *ctx)
{
	const struct ov_arena_mark mark = ov_arena_mark(&o->e->kept);
	struct ov_visit *v = ctx;
	struct ov_tree_entry shown = { .path = t->path,
				       .kind = t->type == '5'			  ? OV_TREE_FOLDER
					       : t->type == '0' || t->type == '1' ? OV_TREE_FILE
										  : OV_TREE_OTHER,
				       .mode = t->mode,
				       .mtime = t->mtime };
	struct ov_cur bytes;
	struct ov_src src;
	ov_status st;

	if (ov_ev_has(t->path, ".wh."))
		return OV_OK;
	if (t->type == '0' && t->size > 0) {
		OV_TRY(spool(o, in, t, &bytes));
		src = ov_src_mem(bytes.base, bytes.len);
		shown.src = &src;
	}
	st = ov_visit_entry(v, &shown);
	if (o->e->images == NULL)
		ov_arena_release(&o->e->kept, mark);
	return st;
}

static ov_status note_layer(struct oci *o, uint32_t number)
{
	const struct layer *l = &o->layers[number - 1];
	struct ov_ev_found x;

	ov_ev_begin(&x, OV_WHAT_LAYER, l->name);
	x.c.layer = number;
	x.c.since.latest = l->made;
	if (l->made != OV_INV_NO_DATE)
		x.c.since.from = OV_STR("image history");
	if (l->by.n > 0)
		ov_ev_add(
		    &x, OV_EV_FIELD, OV_E0,
		    ov_ev_fmt(o->e, "created_by=%.*s", (int)ov_min_size(l->by.n, 2000), l->by.p),
		    OV_STR("image configuration"));
	return ov_ev_emit(o->e, &x);
}

static ov_status read_layer(struct oci *o, uint32_t number)
{
	const struct layer *l = &o->layers[number - 1];
	struct visible seen = { .o = o, .layer = number };
	struct ov_visit v;
	ov_status st;

	OV_TRY(note_layer(o, number));
	OV_TRY(ov_ev_scope(o->e, &(struct ov_rec_scope){ .kind = OV_SCOPE_LAYER,
							 .label = l->name,
							 .layer = number,
							 .made = l->made }));
	o->e->layer = number;
	OV_TRY(ov_visit_begin(o->e, &v, 1));
	v.hider = is_hidden;
	v.ctx = &seen;
	st = each_entry(o, number, take_content, &v);
	OV_TRY(o->e->broke);
	OV_TRY(ov_visit_end(&v));
	if (st != OV_OK)
		OV_TRY(ov_ev_unread(o->e, st, (struct ov_str){ 0 },
				    "the rest of the layer can't be read"));
	o->e->layer = 0;
	return ov_ev_scope(o->e,
			   &(struct ov_rec_scope){ .kind = OV_SCOPE_END, .made = OV_INV_NO_DATE });
}

/* History has a line for each command; those that made no layer say so. */
static void take_history(struct oci *o, const struct ov_doc *config)
{
	const struct ov_doc *h = ov_doc_get(config, "history");
	uint32_t i = 0;

	for (h = h != NULL ? h->child : NULL; h != NULL && i < o->n; h = h->next) {
		if (ov_str_is(ov_doc_text(h, "empty_layer"), "true"))
			continue;
		o->layers[i].by = ov_doc_text(h, "created_by");
		o->layers[i++].made = ov_ev_time(ov_doc_text(h, "created"));
	}
}

static ov_status read_layers(struct oci *o)
{
	ov_status st = OV_OK;

	for (uint32_t i = 1; i <= o->n && st == OV_OK; i++) {
		if (o->layers[i - 1].src == NULL)
			continue;
		st = each_entry(o, i, take_name, &i);
		OV_TRY(o->e->broke);
		if (st == OV_SHORT || st == OV_BAD || st == OV_UNSUPPORTED)
			st = OV_OK; /* told when its contents are read */
	}
	for (uint32_t i = 1; i <= o->n && st == OV_OK; i++)
		st = o->layers[i - 1].src != NULL
			 ? read_layer(o, i)
			 : ov_ev_unread(o->e, OV_SHORT, o->layers[i - 1].name,
					"this layer is not there");
	return st;
}

/* One image: its scope, its configuration's date, its layers. */
static ov_status read_image(struct oci *o, struct ov_str name, const struct ov_src *config)
{
	struct ov_doc *root = NULL;
	ov_status st = json_of(o->e, config, &root);

	OV_TRY(ov_ev_scope(o->e, &(struct ov_rec_scope){ .kind = OV_SCOPE_IMAGE,
							 .label = name,
							 .made = OV_INV_NO_DATE }));
	if (st != OV_OK)
		OV_TRY(ov_ev_unread(o->e, st, OV_STR("configuration"), "it can't be read"));
	take_history(o, root);
	OV_TRY(ov_image_note(o->e, "container image", ov_ev_time(ov_doc_text(root, "created"))));
	ov_map_free(&o->removed);
	ov_map_free(&o->emptied);
	ov_map_free(&o->placed);
	st = read_layers(o);
	OV_TRY(o->e->broke);
	if (st != OV_OK)
		OV_TRY(
		    ov_ev_unread(o->e, st, (struct ov_str){ 0 }, "the image can't be read whole"));
	return ov_ev_scope(o->e,
			   &(struct ov_rec_scope){ .kind = OV_SCOPE_END, .made = OV_INV_NO_DATE });
}

static void add_layer(struct oci *o, struct ov_str name, const struct ov_src *src)
{
	if (o->n < LAYERS_MAX)
		o->layers[o->n++] =
		    (struct layer){ .name = name, .src = src, .made = OV_INV_NO_DATE };
}

static ov_status read_docker(struct oci *o, const struct ov_doc *root)
{
	for (const struct ov_doc *m = root->child; m != NULL; m = m->next) {
		const struct ov_doc *list = ov_doc_get(m, "Layers"),
				    *tags = ov_doc_get(m, "RepoTags");

		o->n = 0;
		for (const struct ov_doc *l = list != NULL ? list->child : NULL; l != NULL;
		     l = l->next)
			add_layer(o, l->text, file_of(o->files, l->text));
		OV_TRY(read_image(o,
				  tags != NULL && tags->child != NULL ? tags->child->text
								      : ov_doc_text(m, "Config"),
				  file_of(o->files, ov_doc_text(m, "Config"))));
	}
	return OV_OK;
}

static ov_status read_manifest(struct oci *o, const struct ov_doc *manifest, struct ov_str name)
{
	const struct ov_doc *list = ov_doc_get(manifest, "layers");

	o->n = 0;
	for (const struct ov_doc *l = list != NULL ? list->child : NULL; l != NULL; l = l->next)
		add_layer(o, ov_doc_text(l, "digest"), blob_of(o, ov_doc_text(l, "digest")));
	return read_image(o, name,
			  blob_of(o, ov_doc_text(ov_doc_get(manifest, "config"), "digest")));
}

/* An index names manifests, and other indexes: a list that waits. */
static ov_status read_index(struct oci *o, const struct ov_doc *index)
{
	const struct ov_doc *todo[INDEXES_MAX];
	size_t n = 0, at = 0;

	todo[n++] = index;
	while (at < n) {
		const struct ov_doc *m = ov_doc_get(todo[at++], "manifests");

		for (m = m != NULL ? m->child : NULL; m != NULL; m = m->next) {
			const struct ov_str digest = ov_doc_text(m, "digest");
			struct ov_str name = ov_doc_text(ov_doc_get(m, "annotations"),
							 "org.opencontainers.image.ref.name");
			struct ov_doc *root = NULL;
			const ov_status st = json_of(o->e, blob_of(o, digest), &root);

			if (st != OV_OK) {
				OV_TRY(
				    ov_ev_unread(o->e, st, digest, "this manifest can't be read"));
				continue;
			}
			if (ov_doc_get(root, "manifests") != NULL && n < INDEXES_MAX)
				todo[n++] = root;
			else
				OV_TRY(read_manifest(o, root, name.n > 0 ? name : digest));
		}
	}
	return OV_OK;
}

static ov_status read_all(struct ov_ev *e, const struct ov_held *files)
{
	struct ov_doc *root = NULL;
	struct oci *o;
	ov_status st;
	bool is_docker;

	OV_TRY(ov_arena_new(&e->kept, &o));
	o->e = e;
	o->files = files;
	is_docker = file_of(files, OV_STR("index.json")) == NULL;
	OV_TRY(json_of(
	    e, file_of(files, is_docker ? OV_STR("manifest.json") : OV_STR("index.json")), &root));
	ov_arena_init(&o->codec, CODEC_ARENA);
	ov_arena_init(&o->names, (size_t)64 << 20);
	st = is_docker ? read_docker(o, root) : read_index(o, root);
	ov_map_free(&o->removed);
	ov_map_free(&o->emptied);
	ov_map_free(&o->placed);
	ov_arena_free(&o->codec);
	ov_arena_free(&o->names);
	return st;
}

/* The members of a plain tar, as slices of it. */
static ov_status members(struct ov_ev *e, const struct ov_src *src, struct ov_held **out)
{
	struct stream s = { .src = src };
	const struct ov_tar_in in = { .read = stream_read, .ctx = &s, .arena = &e->kept };
	struct ov_tar_entry t = { .left = 0 };
	uint32_t n = 0;
	ov_status st;

	*out = NULL;
	for (;;) {
		struct ov_held *h;

		s.at += t.left; /* no need to read what is passed over */
		t.left = 0;
		st = ov_tar_next(&in, &t);
		if (st != OV_OK)
			return st == OV_END ? OV_OK : st;
		if (++n > 100000)
			return OV_LIMIT;
		if (t.type != '0')
			continue;
		OV_TRY(ov_arena_new(&e->kept, &h));
		h->path = t.path;
		if (ov_src_slice(src, s.at, t.size, &h->src) != OV_OK)
			return OV_SHORT;
		h->next = *out;
		*out = h;
	}
}

bool ov_oci_is(struct ov_ev *e, const struct ov_src *src)
{
	struct ov_held *list = NULL;
	uint8_t head[512];

	if (src->size < 1024 || ov_src_read(src, 0, head, sizeof head) != OV_OK ||
	    memcmp(head + 257, "ustar", 5) != 0)
		return false;
	(void)!members(e, src, &list);
	return file_of(list, OV_STR("oci-layout")) != NULL ||
	       (file_of(list, OV_STR("manifest.json")) != NULL &&
		file_of(list, OV_STR("repositories")) != NULL) ||
	       (file_of(list, OV_STR("manifest.json")) != NULL && list != NULL);
}

ov_status ov_oci_read_tar(struct ov_ev *e, const struct ov_src *src)
{
	struct ov_held *list = NULL;
	const ov_status st = members(e, src, &list);

	if (st != OV_OK)
		OV_TRY(ov_ev_unread(e, st, (struct ov_str){ 0 }, "the archive ends too early"));
	return read_all(e, list);
}

bool ov_ev_oci_wants(const struct ov_ev_file *f)
{
	return f->is_target && ov_ev_is(f, "index.json");
}

ov_status ov_ev_oci_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_held own = { .path = f->path, .src = *f->src, .next = e->held };

	return e->held != NULL ? read_all(e, &own) : OV_OK;
}
