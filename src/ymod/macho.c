/*
 * macho: headers, segments, libraries and entry points of Mach-O files, thin ones and those for
 * several processors. Names are those of `yara -D` and of the manuals of YARA 4.5 and YARA-X; what
 * counts in broken files is what Debian's yara says. Format: Apple's <mach-o/loader.h>.
 */
#include <stdio.h>
#include <string.h>

#include "macho_int.h"
#include "ymod.h"
#include "ymod_give.h"

/* A getter of an expression over the image `x` that `self` is, or that the file is. */
#define OF_IMAGE(name, answer)                                                                     \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct macho_image *x = NULL;                                                      \
                                                                                                   \
		OV_TRY(macho_self(env, module, self, &x));                                         \
		return x == NULL ? OV_OK : (answer);                                               \
	}
#define NUMBER(name, v) OF_IMAGE(name, ov_give_int(out, v))
#define NUMBER_IF(name, is, v) OF_IMAGE(name, (is) ? ov_give_int(out, v) : OV_OK)
#define LIST(name, l) OF_IMAGE(name, ov_give_array(out, x, 0, (l).n))
/* A struct that a command holds: p is the image, a where the command stands. */
#define COMMAND(name, at_) OF_IMAGE(name, (at_) != 0 ? ov_give_struct(out, x, at_) : OV_OK)

NUMBER(magic, x->h.magic)
NUMBER(cputype, x->h.cpu)
NUMBER(cpusubtype, x->h.subtype)
NUMBER(filetype, x->h.filetype)
NUMBER(ncmds, x->h.ncmds)
NUMBER(sizeofcmds, x->h.sizeofcmds)
NUMBER(flags, x->h.flags)
NUMBER_IF(reserved, x->h.is_64, x->h.reserved)
NUMBER(number_of_segments, x->segments.n)
NUMBER_IF(entry_point, x->has_entry, x->entry)
NUMBER_IF(stack_size, x->has_stack, x->stack)
LIST(segments, x->segments)
LIST(dylibs, x->dylibs)
LIST(rpaths, x->rpaths)
COMMAND(symtab, x->symtab)
COMMAND(dysymtab, x->dysymtab)
COMMAND(dyld_info, x->dyld_info)
COMMAND(code_signature_data, x->signature)
COMMAND(build_version, x->build)
COMMAND(min_version, x->min_version)

/* ---- numbers and texts of commands ---- */

static const struct macho_image *image(const struct ov_yobj *self)
{
	return self->p;
}

/* Bytes at self->a + off. What is not there any more is undefined. */
static ov_status field(const struct macho_image *x, uint64_t at, size_t n, struct ov_cur *c)
{
	const ov_status s = ov_window_get(&x->of->win, at, n, c);

	return s == OV_SHORT ? OV_END : s;
}

static ov_status give_u32(const struct macho_image *x, uint64_t at, struct ov_yval *out)
{
	struct ov_cur c;
	const ov_status s = field(x, at, 4, &c);

	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	return ov_give_int(out, ov_macho_u32(&x->h, &c));
}

#define U32(name, off)                                                                             \
	OV_GET(name)                                                                               \
	{                                                                                          \
		OV_UNUSED_GET();                                                                   \
		return give_u32(image(self), self->a + (off), out);                                \
	}

static ov_status give_print(struct ov_yenv *env, const char *text, struct ov_yval *out)
{
	struct ov_str s;

	OV_TRY(ov_arena_str(env->arena, ov_str_of(text), &s));
	return ov_give_text(out, s);
}

/* xxxx.yy.zz in 32 bits; tools are told without the last. */
static ov_status give_version(struct ov_yenv *env, const struct macho_image *x, uint64_t at,
			      bool is_short, struct ov_yval *out)
{
	struct ov_cur c;
	const ov_status s = field(x, at, 4, &c);
	char text[32];
	uint32_t v;

	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	v = ov_macho_u32(&x->h, &c);
	if (is_short)
		(void)snprintf(text, sizeof text, "%u.%u", (unsigned)(v >> 16),
			       (unsigned)(v >> 8 & 0xff));
	else
		(void)snprintf(text, sizeof text, "%u.%u.%u", (unsigned)(v >> 16),
			       (unsigned)(v >> 8 & 0xff), (unsigned)(v & 0xff));
	return give_print(env, text, out);
}

#define VERSION(name, off, is_short)                                                               \
	OV_GET(name)                                                                               \
	{                                                                                          \
		(void)module;                                                                      \
		return give_version(env, image(self), self->a + (off), is_short, out);             \
	}

/* A command's text: its offset in the command stands at byte `where`. */
static ov_status give_command_text(struct ov_yenv *env, const struct macho_image *x, uint64_t at,
				   uint32_t where, struct ov_yval *out)
{
	struct ov_macho_command k;
	struct ov_str text;
	struct ov_cur c;
	uint32_t off;
	ov_status s = ov_macho_command_at(&x->h, &x->of->win, at, x->base + x->size, &k);

	if (s == OV_OK)
		s = field(x, at + where, 4, &c);
	if (s != OV_OK)
		return s == OV_END || s == OV_BAD || s == OV_SHORT ? OV_OK : s;
	off = ov_macho_u32(&x->h, &c);
	if (off < where + 4 || off >= k.size)
		return OV_OK;
	OV_TRY(macho_text(env, x->of, at + off, k.size - off, &text));
	return ov_give_text(out, text);
}

OF_IMAGE(dynamic_linker, x->dylinker != 0 ? give_command_text(env, x, x->dylinker, 8, out) : OV_OK)

static ov_status give_uuid(struct ov_yenv *env, const struct macho_image *x, struct ov_yval *out)
{
	struct ov_cur c;
	const ov_status s = x->uuid != 0 ? field(x, x->uuid + 8, 16, &c) : OV_END;
	char text[40];
	size_t n = 0;

	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	for (int i = 0; i < 16; i++)
		n += (size_t)snprintf(text + n, sizeof text - n,
				      i == 4 || i == 6 || i == 8 || i == 10 ? "-%02X" : "%02X",
				      ov_cur_soft_u8(&c));
	return give_print(env, text, out);
}

OF_IMAGE(uuid, give_uuid(env, x, out))

/* A.B.C.D.E: 24 bits, and 10 for each of the others. */
static ov_status give_source(struct ov_yenv *env, const struct macho_image *x, struct ov_yval *out)
{
	struct ov_cur c;
	const ov_status s = x->source != 0 ? field(x, x->source + 8, 8, &c) : OV_END;
	char text[64];
	uint64_t v;

	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	v = ov_macho_u64(&x->h, &c);
	(void)snprintf(text, sizeof text, "%u.%u.%u.%u.%u", (unsigned)(v >> 40),
		       (unsigned)(v >> 30 & 0x3ff), (unsigned)(v >> 20 & 0x3ff),
		       (unsigned)(v >> 10 & 0x3ff), (unsigned)(v & 0x3ff));
	return give_print(env, text, out);
}

OF_IMAGE(source_version, give_source(env, x, out))

/* ---- segments and their sections ---- */

OV_ITEM(segment_at)
{
	const struct macho_image *x = self->p;

	OV_UNUSED_GET();
	return ov_give_struct(out, x, x->segments.at[i]);
}

static ov_status read_segment(const struct ov_yobj *self, struct ov_macho_command *k,
			      struct ov_macho_segment *s)
{
	const struct macho_image *x = self->p;
	const ov_status st = ov_macho_command_at(&x->h, &x->of->win, self->a, x->base + x->size, k);

	return st == OV_OK ? ov_macho_segment_at(&x->h, &x->of->win, k, s) : st;
}

static ov_status give_fixed(struct ov_yenv *env, const char name[16], struct ov_yval *out)
{
	struct ov_str s = { .p = name, .n = strnlen(name, 16) };

	OV_TRY(ov_arena_str(env->arena, s, &s));
	return ov_give_text(out, s);
}

/* A file that changed under us: undefined. */
static bool is_gone(ov_status s)
{
	return s == OV_SHORT || s == OV_BAD;
}

#define OF_SEGMENT(name_, answer)                                                                  \
	OV_GET(name_)                                                                              \
	{                                                                                          \
		struct ov_macho_command k;                                                         \
		struct ov_macho_segment s;                                                         \
		const ov_status st = read_segment(self, &k, &s);                                   \
                                                                                                   \
		OV_UNUSED_GET();                                                                   \
		if (st != OV_OK)                                                                   \
			return is_gone(st) ? OV_OK : st;                                           \
		return (answer);                                                                   \
	}

/* Sections that the command has room for; in `a` the first's place and the width. */
static ov_status give_sections(const struct ov_yobj *self, const struct ov_macho_command *k,
			       const struct ov_macho_segment *s, struct ov_yval *out)
{
	const uint32_t head = ov_macho_segment_size(s->is_64);
	const uint32_t room =
	    k->size > head ? (k->size - head) / ov_macho_section_size(s->is_64) : 0;

	return ov_give_array(out, self->p, (self->a + head) << 1 | s->is_64,
			     s->nsections < room ? s->nsections : room);
}

OF_SEGMENT(segname, give_fixed(env, s.name, out))
OF_SEGMENT(vmaddr, ov_give_int(out, s.addr))
OF_SEGMENT(vmsize, ov_give_int(out, s.vmsize))
OF_SEGMENT(fileoff, ov_give_int(out, s.off))
OF_SEGMENT(fsize, ov_give_int(out, s.filesz))
OF_SEGMENT(maxprot, ov_give_int(out, s.maxprot))
OF_SEGMENT(initprot, ov_give_int(out, s.initprot))
OF_SEGMENT(nsects, ov_give_int(out, s.nsections))
OF_SEGMENT(segment_flags, ov_give_int(out, s.flags))
OF_SEGMENT(sections, give_sections(self, &k, &s, out))

OV_ITEM(section_at)
{
	const bool is_64 = (self->a & 1) != 0;
	const uint64_t at = (self->a >> 1) + i * ov_macho_section_size(is_64);

	OV_UNUSED_GET();
	return ov_give_struct(out, self->p, at << 1 | is_64);
}

#define OF_SECTION(name_, answer)                                                                  \
	OV_GET(name_)                                                                              \
	{                                                                                          \
		const struct macho_image *x = self->p;                                             \
		const bool is_64 = (self->a & 1) != 0;                                             \
		struct ov_macho_section s;                                                         \
		const ov_status st =                                                               \
		    ov_macho_section_at(&x->h, &x->of->win, is_64, self->a >> 1, &s);              \
                                                                                                   \
		OV_UNUSED_GET();                                                                   \
		if (st != OV_OK)                                                                   \
			return is_gone(st) ? OV_OK : st;                                           \
		return (answer);                                                                   \
	}

OF_SECTION(section_segname, give_fixed(env, s.segment, out))
OF_SECTION(sectname, give_fixed(env, s.name, out))
OF_SECTION(section_addr, ov_give_int(out, s.addr))
OF_SECTION(section_size, ov_give_int(out, s.size))
OF_SECTION(section_offset, ov_give_int(out, s.off))
OF_SECTION(section_align, ov_give_int(out, s.align))
OF_SECTION(section_reloff, ov_give_int(out, s.reloff))
OF_SECTION(section_nreloc, ov_give_int(out, s.nreloc))
OF_SECTION(section_flags, ov_give_int(out, s.flags))
OF_SECTION(section_reserved1, ov_give_int(out, s.reserved[0]))
OF_SECTION(section_reserved2, ov_give_int(out, s.reserved[1]))
OF_SECTION(section_reserved3, is_64 ? ov_give_int(out, s.reserved[2]) : OV_OK)

/* ---- libraries, paths, options ---- */

OV_ITEM(dylib_at)
{
	const struct macho_image *x = self->p;

	OV_UNUSED_GET();
	return ov_give_struct(out, x, x->dylibs.at[i]);
}

OV_GET(dylib_name)
{
	(void)module;
	return give_command_text(env, image(self), self->a, 8, out);
}

U32(dylib_timestamp, 12)
VERSION(dylib_current, 16, false)
VERSION(dylib_compatible, 20, false)

OV_ITEM(rpath_at)
{
	const struct macho_image *x = self->p;

	(void)module;
	return give_command_text(env, x, x->rpaths.at[i], 8, out);
}

/* ---- tables of the linker, versions ---- */

U32(symoff, 8)
U32(nsyms, 12)
U32(stroff, 16)
U32(strsize, 20)

OV_ITEM(name_at)
{
	const struct macho_names *l = self->p;

	OV_UNUSED_GET();
	return ov_give_text(out, l->s[i]);
}

static ov_status give_names(struct ov_yenv *env, const struct macho_image *x, int which,
			    struct ov_yval *out)
{
	struct macho_names *l = NULL;

	OV_TRY(macho_names_of(env, (struct macho_image *)(uintptr_t)x, which, &l));
	return ov_give_array(out, l, 0, l->n);
}

OV_GET(symtab_entries)
{
	(void)module;
	return give_names(env, image(self), MACHO_SYMBOLS, out);
}

OF_IMAGE(linker_options, give_names(env, x, MACHO_OPTIONS, out))
OF_IMAGE(imports, give_names(env, x, MACHO_IMPORTS, out))
OF_IMAGE(exports, give_names(env, x, MACHO_EXPORTS, out))
OF_IMAGE(entitlements, give_names(env, x, MACHO_ENTITLEMENTS, out))

OF_IMAGE(certificates, x->signature != 0 ? ov_give_struct(out, x, 0) : OV_OK)

static ov_status give_certificates(struct ov_yenv *env, const struct ov_yobj *self, int which,
				   struct ov_yval *out)
{
	struct macho_image *x = (struct macho_image *)(uintptr_t)self->p;

	OV_TRY(macho_certificates(env, x));
	return ov_give_array(out, &x->certs[which], 0, x->certs[which].n);
}

OV_GET(common_names)
{
	(void)module;
	return give_certificates(env, self, 0, out);
}

OV_GET(signer_names)
{
	(void)module;
	return give_certificates(env, self, 1, out);
}

#define EACH_DYSYMTAB(row)                                                                         \
	row(ilocalsym, 8) row(nlocalsym, 12) row(iextdefsym, 16) row(nextdefsym, 20)               \
	    row(iundefsym, 24) row(nundefsym, 28) row(tocoff, 32) row(ntoc, 36) row(modtaboff, 40) \
		row(nmodtab, 44) row(extrefsymoff, 48) row(nextrefsyms, 52)                        \
		    row(indirectsymoff, 56) row(nindirectsyms, 60) row(extreloff, 64)              \
			row(nextrel, 68) row(locreloff, 72) row(nlocrel, 76)
#define EACH_DYLD_INFO(row)                                                                        \
	row(rebase_off, 8) row(rebase_size, 12) row(bind_off, 16) row(bind_size, 20)               \
	    row(weak_bind_off, 24) row(weak_bind_size, 28) row(lazy_bind_off, 32)                  \
		row(lazy_bind_size, 36) row(export_off, 40) row(export_size, 44)
#define ROW_GETTER(name, off) U32(name, off)
#define ROW_FIELD(name, off) OV_F_INT(#name, name),

EACH_DYSYMTAB(ROW_GETTER)
EACH_DYLD_INFO(ROW_GETTER)
U32(dataoff, 8)
U32(datasize, 12)
U32(platform, 8)
VERSION(build_minos, 12, false)
VERSION(build_sdk, 16, false)
U32(ntools, 20)
U32(tool, 0)
VERSION(tool_version, 4, true)
VERSION(min_version_version, 8, false)
VERSION(min_version_sdk, 12, false)
U32(min_version_device, 0) /* the command's kind */

OV_GET(tools)
{
	const struct macho_image *x = self->p;
	struct ov_macho_command k;
	struct ov_cur c;
	ov_status s = ov_macho_command_at(&x->h, &x->of->win, self->a, x->base + x->size, &k);
	uint32_t n, room;

	OV_UNUSED_GET();
	if (s == OV_OK)
		s = field(x, self->a + 20, 4, &c);
	if (s != OV_OK)
		return s == OV_END || is_gone(s) ? OV_OK : s;
	n = ov_macho_u32(&x->h, &c);
	room = (k.size - 24) / 8;
	return ov_give_array(out, x, self->a + 24, n < room ? n : room);
}

OV_ITEM(tool_at)
{
	OV_UNUSED_GET();
	return ov_give_struct(out, self->p, self->a + 8 * i);
}

/* ---- files for several processors ---- */

#define OF_FAT(name, answer)                                                                       \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct ymod_macho *m = NULL;                                                       \
                                                                                                   \
		(void)self;                                                                        \
		OV_TRY(macho_load(env, module, &m));                                               \
		return m == NULL || !m->is_fat ? OV_OK : (answer);                                 \
	}

OF_FAT(fat_magic, ov_give_int(out, m->fat_magic))
OF_FAT(nfat_arch, ov_give_int(out, m->nfat))
OF_FAT(fat_arch, ov_give_array(out, m, 0, m->narchs))
OF_FAT(files, ov_give_array(out, m, 0, m->nimages))

OV_ITEM(arch_at)
{
	const struct ymod_macho *m = self->p;

	OV_UNUSED_GET();
	return ov_give_struct(out, &m->archs[i], 0);
}

OV_ITEM(file_at)
{
	const struct ymod_macho *m = self->p;

	OV_UNUSED_GET();
	return ov_give_struct(out, &m->images[i], 0);
}

#define OF_ARCH(name, v)                                                                           \
	OV_GET(name)                                                                               \
	{                                                                                          \
		const struct ov_macho_arch *r = self->p;                                           \
                                                                                                   \
		OV_UNUSED_GET();                                                                   \
		return ov_give_int(out, v);                                                        \
	}

OF_ARCH(arch_cputype, r->cpu)
OF_ARCH(arch_cpusubtype, r->subtype)
OF_ARCH(arch_offset, r->off)
OF_ARCH(arch_size, r->size)
OF_ARCH(arch_align, r->align)
OF_ARCH(arch_reserved, r->reserved)

/* The first row for a processor. @return OV_END when there is none. */
static ov_status find_arch(struct ov_yenv *env, unsigned module, const struct ov_yval *args,
			   size_t nargs, struct ymod_macho **m, uint32_t *out)
{
	OV_TRY(macho_load(env, module, m));
	for (uint32_t i = 0; *m != NULL && i < (*m)->narchs; i++)
		if ((int64_t)(*m)->archs[i].cpu == args[0].i &&
		    (nargs < 2 || (int64_t)(*m)->archs[i].subtype == args[1].i)) {
			*out = i;
			return OV_OK;
		}
	return OV_END;
}

OV_CALL(file_index)
{
	struct ymod_macho *m = NULL;
	uint32_t i = 0;
	const ov_status s = find_arch(env, module, args, nargs, &m, &i);

	OV_UNUSED_CALL();
	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	return ov_give_int(out, i);
}

OV_CALL(entry_for_arch)
{
	struct ymod_macho *m = NULL;
	uint32_t i = 0;
	const ov_status s = find_arch(env, module, args, nargs, &m, &i);

	OV_UNUSED_CALL();
	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	OV_TRY(macho_read_image(env, &m->images[i]));
	if (!m->images[i].is_macho || !m->images[i].has_entry)
		return OV_OK;
	return ov_give_int(out, m->archs[i].off + m->images[i].entry);
}

/* ---- tables ---- */

static const struct ov_yfield section_fields[] = {
	OV_F_INT("reserved3", section_reserved3), OV_F_INT("reserved2", section_reserved2),
	OV_F_INT("reserved1", section_reserved1), OV_F_INT("flags", section_flags),
	OV_F_INT("nreloc", section_nreloc),	  OV_F_INT("reloff", section_reloff),
	OV_F_INT("align", section_align),	  OV_F_INT("offset", section_offset),
	OV_F_INT("size", section_size),		  OV_F_INT("addr", section_addr),
	OV_F_STR("segname", section_segname),	  OV_F_STR("sectname", sectname),
};
OV_YTYPE(section, "macho.section");

static const struct ov_yfield segment_fields[] = {
	OV_F_STR("segname", segname),
	OV_F_INT("vmaddr", vmaddr),
	OV_F_INT("vmsize", vmsize),
	OV_F_INT("fileoff", fileoff),
	OV_F_INT("fsize", fsize),
	OV_F_INT("filesize", fsize),
	OV_F_INT("maxprot", maxprot),
	OV_F_INT("initprot", initprot),
	OV_F_INT("nsects", nsects),
	OV_F_INT("flags", segment_flags),
	OV_F_STRUCTS("sections", sections, section_at, section),
};
OV_YTYPE(segment, "macho.segment");

static const struct ov_yfield dylib_fields[] = {
	OV_F_STR("name", dylib_name),
	OV_F_INT("timestamp", dylib_timestamp),
	OV_F_STR("compatibility_version", dylib_compatible),
	OV_F_STR("current_version", dylib_current),
};
OV_YTYPE(dylib, "macho.dylib");

static const struct ov_yfield symtab_type_fields[] = {
	OV_F_INT("symoff", symoff),
	OV_F_INT("nsyms", nsyms),
	OV_F_INT("stroff", stroff),
	OV_F_INT("strsize", strsize),
	OV_F_LIST("entries", symtab_entries, name_at, OV_Y_STRING),
};
OV_YTYPE(symtab_type, "macho.symtab");

static const struct ov_yfield dysymtab_type_fields[] = { EACH_DYSYMTAB(ROW_FIELD) };
OV_YTYPE(dysymtab_type, "macho.dysymtab");

static const struct ov_yfield dyld_info_type_fields[] = { EACH_DYLD_INFO(ROW_FIELD) };
OV_YTYPE(dyld_info_type, "macho.dyld_info");

static const struct ov_yfield linkedit_fields[] = {
	OV_F_INT("dataoff", dataoff),
	OV_F_INT("datasize", datasize),
};
OV_YTYPE(linkedit, "macho.linked_it_data");

static const struct ov_yfield build_tool_fields[] = {
	OV_F_INT("tool", tool),
	OV_F_STR("version", tool_version),
};
OV_YTYPE(build_tool, "macho.build_tool");

static const struct ov_yfield build_fields[] = {
	OV_F_INT("platform", platform),
	OV_F_STR("minos", build_minos),
	OV_F_STR("sdk", build_sdk),
	OV_F_INT("ntools", ntools),
	OV_F_STRUCTS("tools", tools, tool_at, build_tool),
};
OV_YTYPE(build, "macho.build_version");

static const struct ov_yfield minimum_fields[] = {
	OV_F_INT("device", min_version_device),
	OV_F_STR("version", min_version_version),
	OV_F_STR("sdk", min_version_sdk),
};
OV_YTYPE(minimum, "macho.min_version");

static const struct ov_yfield certificates_type_fields[] = {
	OV_F_LIST("common_names", common_names, name_at, OV_Y_STRING),
	OV_F_LIST("signer_names", signer_names, name_at, OV_Y_STRING),
};
OV_YTYPE(certificates_type, "macho.certificates");

static const struct ov_yfield arch_fields[] = {
	OV_F_INT("cputype", arch_cputype), OV_F_INT("cpusubtype", arch_cpusubtype),
	OV_F_INT("offset", arch_offset),   OV_F_INT("size", arch_size),
	OV_F_INT("align", arch_align),	   OV_F_INT("reserved", arch_reserved),
};
OV_YTYPE(arch, "macho.fat_arch");

/* Of a thin file, and of each image of a fat one. */
/* clang-format off */
#define IMAGE_FIELDS                                                                               \
	OV_F_INT("stack_size", stack_size),                                                        \
	OV_F_INT("entry_point", entry_point),                                                      \
	OV_F_STRUCTS("segments", segments, segment_at, segment),                                   \
	OV_F_INT("number_of_segments", number_of_segments),                                        \
	OV_F_INT("reserved", reserved),                                                            \
	OV_F_INT("flags", flags),                                                                  \
	OV_F_INT("sizeofcmds", sizeofcmds),                                                        \
	OV_F_INT("ncmds", ncmds),                                                                  \
	OV_F_INT("filetype", filetype),                                                            \
	OV_F_INT("cpusubtype", cpusubtype),                                                        \
	OV_F_INT("cputype", cputype),                                                              \
	OV_F_INT("magic", magic),                                                                  \
	OV_F_STR("dynamic_linker", dynamic_linker),                                                \
	OV_F_STR("source_version", source_version),                                                \
	OV_F_STR("uuid", uuid),                                                                    \
	OV_F_STRUCTS("dylibs", dylibs, dylib_at, dylib),                                           \
	OV_F_LIST("rpaths", rpaths, rpath_at, OV_Y_STRING),                                        \
	OV_F_LIST("linker_options", linker_options, name_at, OV_Y_STRING),                       \
	OV_F_LIST("imports", imports, name_at, OV_Y_STRING),                                       \
	OV_F_LIST("exports", exports, name_at, OV_Y_STRING),                                       \
	OV_F_LIST("entitlements", entitlements, name_at, OV_Y_STRING),                             \
	OV_F_STRUCT("symtab", symtab, symtab_type),                                                \
	OV_F_STRUCT("dysymtab", dysymtab, dysymtab_type),                                          \
	OV_F_STRUCT("dyld_info", dyld_info, dyld_info_type),                                       \
	OV_F_STRUCT("code_signature_data", code_signature_data, linkedit),                         \
	OV_F_STRUCT("build_version", build_version, build),                                        \
	OV_F_STRUCT("min_version", min_version, minimum),                                          \
	OV_F_STRUCT("certificates", certificates, certificates_type)
/* clang-format on */

static const struct ov_yfield file_fields[] = { IMAGE_FIELDS };
OV_YTYPE(file, "macho.file");

OV_SIGS(file_index_sigs, { "i", OV_Y_INT, file_index }, { "ii", OV_Y_INT, file_index });
OV_SIGS(entry_sigs, { "i", OV_Y_INT, entry_for_arch }, { "ii", OV_Y_INT, entry_for_arch });

static const struct ov_yfield root_fields[] = {
	OV_F_STRUCTS("file", files, file_at, file),
	OV_F_STRUCTS("fat_arch", fat_arch, arch_at, arch),
	OV_F_INT("nfat_arch", nfat_arch),
	OV_F_INT("fat_magic", fat_magic),
	IMAGE_FIELDS,
	OV_F_FUNC("file_index_for_arch", file_index_sigs),
	OV_F_FUNC("entry_point_for_arch", entry_sigs),
	OV_F_FUNC("has_dylib", macho_has_dylib),
	OV_F_FUNC("has_rpath", macho_has_rpath),
	OV_F_FUNC("has_import", macho_has_import),
	OV_F_FUNC("has_export", macho_has_export),
	OV_F_FUNC("has_entitlement", macho_has_entitlement),
	OV_F_FUNC("dylib_hash", macho_dylib_hash),
	OV_F_FUNC("import_hash", macho_import_hash),
	OV_F_FUNC("export_hash", macho_export_hash),
	OV_F_FUNC("entitlement_hash", macho_entitlement_hash),
	OV_F_FUNC("symhash", macho_symhash),
#define OV_NAME(name, value) OV_F_CONST(#name, value),
#include "macho_names.def"
#undef OV_NAME
};
OV_YTYPE(root, "macho");

const struct ov_ymodule ov_ymod_macho = { "macho", &root };
