/*
 * zip and ooxml: ZIP archives, read by format/zip_dir.c. The fields of `ooxml` are those of
 * YARA-X's manual; `zip` is our own (docs/YARA.md): YARA-X has a module of that name, of which no
 * manual is public.
 */
#include "ymod.h"

#include <string.h>

#include "ymod_give.h"
#include "zip_dir.h"

#define ENTRIES_MAX 65536u
#define CENTRAL_LEN 46 /* of a directory entry, before its name */
#define END_LEN 22

struct entry { /* as the directory has it */
	const struct ov_zip_entry *e;
	bool has_name;
	struct ov_str name;
};

struct state {
	ov_status status; /* OV_BAD: no archive */
	struct ov_yenv *env;
	struct ov_fmt_env fmt;
	struct ov_zip_dir d;
	bool is_malformed;
	struct entry *list;
	uint32_t n;
	uint32_t encrypted;
	bool is_ooxml;
	uint16_t comment_size;
	struct ov_str comment; /* p NULL: none */
	uint8_t end[END_LEN];
};

/* What is broken in an archive is its own news when it is opened; here only limits are. */
static void note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct state *st = ctx;

	(void)member;
	st->is_malformed = true;
	if (why == OV_LIMIT)
		ov_ymod_note(st->env, why, detail);
}

/* Entries of the directory; those that only local headers tell of come behind. */
static ov_status list_entries(struct state *st)
{
	const uint64_t all = st->d.n;
	const uint32_t most = (uint32_t)(all < ENTRIES_MAX ? all : ENTRIES_MAX);

	if (all > most)
		ov_ymod_note(st->env, OV_LIMIT, "an archive with more members than are listed");
	OV_TRY(ov_arena_array(st->env->arena, (size_t)most + 1, &st->list));
	for (const struct ov_zip_chunk *c = st->d.first; c != NULL; c = c->next)
		for (unsigned i = 0; i < c->n && st->n < most; i++) {
			st->list[st->n++].e = &c->e[i];
			st->encrypted += (c->e[i].flags & OV_ZIP_ENCRYPTED) != 0;
		}
	return OV_OK;
}

static ov_status read_comment(struct state *st)
{
	struct ov_cur c;
	uint16_t n;

	OV_TRY(ov_src_view(st->env->src, st->d.end, END_LEN, st->env->arena, &c));
	OV_TRY(ov_cur_copy(&c, st->end, END_LEN));
	n = (uint16_t)(st->end[END_LEN - 2] | st->end[END_LEN - 1] << 8);
	st->comment_size = n;
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_src_view_upto(st->env->src, st->d.end + END_LEN, n, st->env->arena, &c));
	st->comment = (struct ov_str){ .p = (const char *)ov_cur_rest(&c), .n = ov_cur_left(&c) };
	return OV_OK;
}

static ov_status entry_name(struct state *st, struct entry *e)
{
	if (e->has_name)
		return OV_OK;
	OV_TRY(ov_zip_name(&st->d, e->e, st->env->arena, &e->name));
	e->has_name = true;
	return OV_OK;
}

static ov_status find_content_types(struct state *st)
{
	for (uint32_t i = 0; i < st->n && !st->is_ooxml; i++) {
		if (st->list[i].e->name_len != 19)
			continue;
		OV_TRY(entry_name(st, &st->list[i]));
		st->is_ooxml = ov_str_is(st->list[i].name, "[Content_Types].xml");
	}
	return OV_OK;
}

static ov_status read_all(struct state *st)
{
	uint8_t magic[2];

	/* Programs with an archive behind them are no archives here. */
	if (ov_src_read(st->env->src, 0, magic, sizeof magic) != OV_OK ||
	    memcmp(magic, "PK", sizeof magic) != 0)
		return OV_BAD;
	OV_TRY(ov_zip_dir_read(&st->d, &st->fmt));
	OV_TRY(list_entries(st));
	if (st->d.has_end)
		OV_TRY(read_comment(st));
	return find_content_types(st);
}

/* @return OV_OK; OV_END: no archive; OV_LIMIT, OV_NOMEM, OV_IO. */
static ov_status load(struct ov_yenv *env, unsigned module, struct state **out)
{
	struct state *st = env->state[module];

	if (env->is_process)
		return OV_END;
	if (st == NULL) {
		OV_TRY(ov_arena_new(env->arena, &st));
		st->env = env;
		st->fmt = (struct ov_fmt_env){ .src = env->src,
					       .type = (enum ov_type)env->type,
					       .arena = env->arena,
					       .note = note,
					       .ctx = st };
		st->status = read_all(st);
		env->state[module] = st;
	}
	if (st->status != OV_OK)
		return st->status == OV_BAD || st->status == OV_SHORT ? OV_END : st->status;
	*out = st;
	return OV_OK;
}

#define OF_ZIP(name, answer) OV_GET_OF(name, struct state, st, load, answer)

OV_GET_IS(is_zip, struct state, load)

/* Two or four bytes of the end record, little-endian. */
static ov_status give_end(const struct state *st, size_t at, size_t n, struct ov_yval *out)
{
	struct ov_cur c = ov_cur_of(st->end, END_LEN);

	if (!st->d.has_end || ov_cur_seek(&c, at) != OV_OK)
		return OV_OK;
	return ov_give_int(out, n == 2 ? ov_cur_soft_u16le(&c) : ov_cur_soft_u32le(&c));
}

OF_ZIP(is_malformed, ov_give_bool(out, st->is_malformed))
OF_ZIP(is_encrypted, ov_give_bool(out, st->encrypted > 0))
OF_ZIP(is_ooxml, ov_give_bool(out, st->is_ooxml))
OF_ZIP(number_of_entries, ov_give_int(out, st->n))
OF_ZIP(entries, ov_give_array(out, st->list, 0, st->n))
OF_ZIP(comment, ov_give_text(out, st->comment))
OF_ZIP(on_disk, give_end(st, 8, 2, out))
OF_ZIP(total, give_end(st, 10, 2, out))
OF_ZIP(central_size, give_end(st, 12, 4, out))
OF_ZIP(central_offset, give_end(st, 16, 4, out))
OF_ZIP(comment_size, st->d.has_end ? ov_give_int(out, st->comment_size) : OV_OK)

OV_ITEM(entry_at)
{
	const struct entry *list = self->p;

	(void)env;
	(void)module;
	return ov_give_struct(out, &list[i], 0);
}

static const struct ov_zip_entry *of(const struct ov_yobj *self)
{
	return ((const struct entry *)self->p)->e;
}

static ov_status give_name(struct state *st, const struct ov_yobj *self, bool empty_is_none,
			   struct ov_yval *out)
{
	struct entry *e = (struct entry *)self->p;

	OV_TRY(entry_name(st, e));
	return e->name.n == 0 && empty_is_none ? OV_OK : ov_give_text(out, e->name);
}

static ov_status give_directory(struct state *st, const struct ov_yobj *self, struct ov_yval *out)
{
	struct entry *e = (struct entry *)self->p;

	OV_TRY(entry_name(st, e));
	return ov_give_bool(out, e->name.n > 0 && e->name.p[e->name.n - 1] == '/');
}

/* Two bytes of the entry's header in the directory; undefined for those that are not in it. */
static ov_status give_header(struct state *st, const struct ov_yobj *self, size_t at,
			     struct ov_yval *out)
{
	const struct ov_zip_entry *e = of(self);
	struct ov_cur c;
	ov_status s;

	if (e->is_extra || e->name_at < CENTRAL_LEN)
		return OV_OK;
	s = ov_window_get(&st->d.win, e->name_at - CENTRAL_LEN + at, 2, &c);
	if (s != OV_OK)
		return s == OV_SHORT ? OV_OK : s;
	return ov_give_int(out, ov_cur_soft_u16le(&c));
}

static ov_status give_size(uint64_t v, struct ov_yval *out)
{
	return v == OV_SIZE_UNKNOWN ? OV_OK : ov_give_int(out, v);
}

/* APPNOTE 4.4.5; the words are those of YARA-X's manual for `ooxml`. */
static struct ov_str method_name(uint16_t method)
{
	static const struct {
		uint16_t method;
		const char *name;
	} names[] = { { 0, "Store" },	  { 1, "Shrink" },  { 2, "Reduce1" }, { 3, "Reduce2" },
		      { 4, "Reduce3" },	  { 5, "Reduce4" }, { 6, "Implode" }, { 8, "Deflate" },
		      { 9, "Deflate64" }, { 12, "BZIP2" },  { 14, "LZMA" },   { 19, "LZ77" },
		      { 98, "PPMd" } };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].method == method)
			return ov_str_of(names[i].name);
	return OV_STR("Unknown");
}

/* APPNOTE 4.4.2: the upper byte of "version made by". */
static struct ov_str system_name(uint64_t made_by)
{
	static const char *const names[] = { "FAT",	 "Amiga",      "OpenVMS", "Unix",
					     "VM/CMS",	 "Atari ST",   "HPFS",	  "Macintosh",
					     "Z-System", "CP/M",       "NTFS",	  "MVS",
					     "VSE",	 "Acorn RISC", "VFAT",	  "Alternate MVS",
					     "BeOS",	 "Tandem",     "OS/400",  "OS X" };
	const uint64_t system = made_by >> 8;

	return ov_str_of(system < sizeof names / sizeof *names ? names[system] : "Unknown");
}

static ov_status give_system(struct state *st, const struct ov_yobj *self, struct ov_yval *out)
{
	struct ov_yval made = { .kind = OV_Y_UNDEFINED };

	OV_TRY(give_header(st, self, 4, &made));
	return made.kind == OV_Y_INT ? ov_give_text(out, system_name((uint64_t)made.i)) : OV_OK;
}

static ov_status give_version(struct state *st, const struct ov_yobj *self, struct ov_yval *out)
{
	OV_TRY(give_header(st, self, 4, out));
	if (out->kind == OV_Y_INT)
		out->i &= 0xff;
	return OV_OK;
}

OF_ZIP(entry_text, give_name(st, self, false, out))
OF_ZIP(entry_name_string, give_name(st, self, true, out))
OF_ZIP(entry_name_length, of(self)->name_len > 0 ? ov_give_int(out, of(self)->name_len) : OV_OK)
OF_ZIP(entry_packed, give_size(of(self)->packed, out))
OF_ZIP(entry_plain, give_size(of(self)->plain, out))
OF_ZIP(entry_crc, of(self)->has_crc ? ov_give_int(out, of(self)->crc) : OV_OK)
OF_ZIP(entry_method, ov_give_int(out, of(self)->method))
OF_ZIP(entry_method_name, ov_give_text(out, method_name(of(self)->method)))
OF_ZIP(entry_flags, ov_give_int(out, of(self)->flags))
OF_ZIP(entry_encrypted, ov_give_bool(out, (of(self)->flags & OV_ZIP_ENCRYPTED) != 0))
OF_ZIP(entry_aes, ov_give_bool(out, of(self)->aes != 0))
OF_ZIP(entry_hidden, ov_give_bool(out, of(self)->is_extra))
OF_ZIP(entry_differs, ov_give_bool(out, of(self)->differs))
OF_ZIP(entry_directory, give_directory(st, self, out))
OF_ZIP(entry_offset, ov_give_int(out, of(self)->local))
OF_ZIP(entry_data, of(self)->has_local ? ov_give_int(out, of(self)->data) : OV_OK)
OF_ZIP(entry_made_by, give_header(st, self, 4, out))
OF_ZIP(entry_needed, give_header(st, self, 6, out))
OF_ZIP(entry_time, ov_give_int(out, of(self)->time))
OF_ZIP(entry_date, give_header(st, self, 14, out))
OF_ZIP(entry_system, give_system(st, self, out))
OF_ZIP(entry_version, give_version(st, self, out))

static const struct ov_yfield entry_fields[] = {
	OV_F_STR("name", entry_text),
	OV_F_INT("compressed_size", entry_packed),
	OV_F_INT("uncompressed_size", entry_plain),
	OV_F_INT("crc32", entry_crc),
	OV_F_INT("method", entry_method),
	OV_F_STR("method_name", entry_method_name),
	OV_F_INT("flags", entry_flags),
	OV_F_BOOL("is_encrypted", entry_encrypted),
	OV_F_BOOL("is_aes", entry_aes),
	OV_F_BOOL("is_directory", entry_directory),
	OV_F_BOOL("is_hidden", entry_hidden),
	OV_F_BOOL("is_ambiguous", entry_differs),
	OV_F_INT("offset", entry_offset),
	OV_F_INT("data_offset", entry_data),
	OV_F_INT("mod_time", entry_time),
	OV_F_INT("mod_date", entry_date),
	OV_F_INT("version_made_by", entry_made_by),
	OV_F_INT("version_needed", entry_needed),
	OV_F_STR("system", entry_system),
};
OV_YTYPE(entry, "zip.entry");

static const struct ov_yfield root_fields[] = {
	OV_F_BOOL("is_zip", is_zip),
	OV_F_BOOL("is_malformed", is_malformed),
	OV_F_BOOL("is_encrypted", is_encrypted),
	OV_F_STR("comment", comment),
	OV_F_INT("central_directory_offset", central_offset),
	OV_F_INT("central_directory_size", central_size),
	OV_F_INT("number_of_entries", number_of_entries),
	OV_F_STRUCTS("entries", entries, entry_at, entry),
};
OV_YTYPE(root, "zip");

const struct ov_ymodule ov_ymod_zip = { "zip", &root };

static const struct ov_yfield ooxml_entry_fields[] = {
	OV_F_STR("name_string", entry_name_string),
	OV_F_INT("name_length", entry_name_length),
	OV_F_INT("compressed_size", entry_packed),
	OV_F_INT("uncompressed_size", entry_plain),
	OV_F_INT("crc32_checksum", entry_crc),
	OV_F_INT("compression_method_value", entry_method),
	OV_F_STR("compression_method_name", entry_method_name),
	OV_F_INT("mod_time_raw", entry_time),
	OV_F_INT("mod_date_raw", entry_date),
	OV_F_INT("flags", entry_flags),
	OV_F_INT("version_needed", entry_needed),
	OV_F_INT("version_made_by", entry_made_by),
	OV_F_STR("os_name", entry_system),
	OV_F_INT("spec_version", entry_version),
};
OV_YTYPE(ooxml_entry, "ooxml.entry");

static const struct ov_yfield ooxml_fields[] = {
	OV_F_BOOL("is_ooxml", is_ooxml),
	OV_F_INT("number_of_on_disk_entries", on_disk),
	OV_F_INT("number_of_total_entries", total),
	OV_F_INT("central_dir_size", central_size),
	OV_F_INT("central_dir_offset", central_offset),
	OV_F_INT("zip_comment_len", comment_size),
	OV_F_STR("zip_comment_str", comment),
	OV_F_STRUCTS("entries", entries, entry_at, ooxml_entry),
};
OV_YTYPE(ooxml, "ooxml");

const struct ov_ymodule ov_ymod_ooxml = { "ooxml", &ooxml };
