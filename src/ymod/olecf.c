/*
 * olecf: compound files, read by format/ole2_dir.c. YARA-X has a module of that name, of which no
 * manual is public: the fields are our own (docs/YARA.md).
 */
#include "ymod.h"

#include "ole_doc.h"
#include "utf16.h"

#define CLASS_AT 80 /* of an entry's 128 bytes, [MS-CFB] 2.6.1 */
#define CREATED_AT 100
#define MODIFIED_AT 108
#define TICKS 10000000
#define EPOCH INT64_C(11644473600)

static ov_status load(struct ov_yenv *env, unsigned module, struct ole_doc **out)
{
	(void)module; /* other modules read the same document */
	return ov_ole_doc(env, out);
}

#define OF_DOC(name, answer) OV_GET_OF(name, struct ole_doc, d, load, answer)

OV_GET_IS(is_olecf, struct ole_doc, load)

static ov_status give_class(struct ov_yenv *env, struct ov_cur c, struct ov_yval *out)
{
	char text[OV_GUID_TEXT + 1];
	struct ov_str kept;

	if (ov_guid_text(&c, text) != OV_OK)
		return OV_OK;
	OV_TRY(ov_arena_str(env->arena, ov_str_of(text), &kept));
	return ov_give_text(out, kept);
}

OF_DOC(is_malformed, ov_give_bool(out, d->is_malformed))
OF_DOC(sector_size, ov_give_int(out, UINT64_C(1) << d->o.bits))
OF_DOC(class_id, give_class(env, ov_cur_of(d->class_id, sizeof d->class_id), out))
OF_DOC(number_of_streams, ov_give_int(out, d->nstreams))
OF_DOC(streams, ov_give_array(out, d->streams, 0, d->nstreams))
OF_DOC(number_of_storages, ov_give_int(out, d->nstorages))
OF_DOC(storages, ov_give_array(out, d->storages, 0, d->nstorages))

/* self->a is the entry's number. */
OV_ITEM(entry_at)
{
	const uint32_t *list = self->p;

	(void)env;
	(void)module;
	return ov_give_struct(out, NULL, list[i]);
}

static ov_status give_path(struct ole_doc *d, uint32_t entry, struct ov_yval *out)
{
	struct ov_str s;

	OV_TRY(ov_ole2_path(&d->o, entry, d->env->arena, &s));
	return ov_give_text(out, s);
}

/* Where a stream lies, if it lies in one piece. */
static ov_status give_offset(struct ole_doc *d, uint32_t entry, struct ov_yval *out)
{
	struct ov_ole2_stream s;

	ov_ole2_stream_open(&d->o, entry, &s);
	return s.is_run && s.src.size > 0 ? ov_give_int(out, s.at) : OV_OK;
}

/* Eight or sixteen bytes of the entry's own. */
static ov_status entry_bytes(const struct ole_doc *d, uint32_t entry, uint64_t at, uint8_t *to,
			     size_t n)
{
	return ov_src_read(&d->src, d->o.e[entry].at + at, to, n);
}

static ov_status give_time(const struct ole_doc *d, uint32_t entry, uint64_t at,
			   struct ov_yval *out)
{
	uint8_t raw[8];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);
	const ov_status s = entry_bytes(d, entry, at, raw, sizeof raw);
	uint64_t ticks;

	if (s != OV_OK)
		return s == OV_SHORT ? OV_OK : s;
	ticks = ov_cur_soft_u64le(&c);
	return ticks == 0 ? OV_OK : ov_give_int(out, (uint64_t)((int64_t)(ticks / TICKS) - EPOCH));
}

static ov_status give_entry_class(struct ov_yenv *env, const struct ole_doc *d, uint32_t entry,
				  struct ov_yval *out)
{
	uint8_t raw[16];
	const ov_status s = entry_bytes(d, entry, CLASS_AT, raw, sizeof raw);

	if (s != OV_OK)
		return s == OV_SHORT ? OV_OK : s;
	return give_class(env, ov_cur_of(raw, sizeof raw), out);
}

#define ENTRY ((uint32_t)self->a)
OF_DOC(entry_name, ov_give_text(out, d->o.e[ENTRY].name))
OF_DOC(entry_path, give_path(d, ENTRY, out))
OF_DOC(entry_size, ov_give_int(out, d->o.e[ENTRY].size))
OF_DOC(entry_offset, give_offset(d, ENTRY, out))
OF_DOC(entry_class, give_entry_class(env, d, ENTRY, out))
OF_DOC(entry_created, give_time(d, ENTRY, CREATED_AT, out))
OF_DOC(entry_modified, give_time(d, ENTRY, MODIFIED_AT, out))

static const struct ov_yfield stream_fields[] = {
	OV_F_STR("name", entry_name),
	OV_F_STR("path", entry_path),
	OV_F_INT("size", entry_size),
	OV_F_INT("offset", entry_offset),
};
OV_YTYPE(stream, "olecf.stream");

static const struct ov_yfield storage_fields[] = {
	OV_F_STR("name", entry_name),
	OV_F_STR("path", entry_path),
	OV_F_STR("clsid", entry_class),
	OV_F_INT("creation_time", entry_created),
	OV_F_INT("modification_time", entry_modified),
};
OV_YTYPE(storage, "olecf.storage");

static const struct ov_yfield root_fields[] = {
	OV_F_BOOL("is_olecf", is_olecf),
	OV_F_BOOL("is_malformed", is_malformed),
	OV_F_STR("clsid", class_id),
	OV_F_INT("sector_size", sector_size),
	OV_F_INT("number_of_streams", number_of_streams),
	OV_F_STRUCTS("streams", streams, entry_at, stream),
	OV_F_INT("number_of_storages", number_of_storages),
	OV_F_STRUCTS("storages", storages, entry_at, storage),
};
OV_YTYPE(root, "olecf");

const struct ov_ymodule ov_ymod_olecf = { "olecf", &root };
