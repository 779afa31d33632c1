/*
 * Linux programs, libraries and kernel modules: notes (build id, .note.package), Go and Rust build
 * information, .modinfo and the signature behind a module. Reads program headers, the section table
 * and these sections; nothing else of the file. ELF-64 and 32, both byte orders.
 *
 * Documents: System V ABI 4 and 5; "Package Metadata for Executable Files" (UAPI group);
 * linux/module_signature.h.
 */
#include "doc.h"
#include "elf_parts.h"
#include "ev_sources.h"
#include "gobuild.h"
#include "pkcs7.h"
#include "signed.h"

#define PHDRS_MAX 256
#define SECTIONS_MAX 4096
#define NOTES_MAX ((size_t)1 << 20)
#define MODINFO_MAX ((size_t)1 << 20)
#define GO_MAX ((size_t)4 << 20)

bool ov_ev_prog_elf_wants(const struct ov_ev_file *f)
{
	return ov_ev_head_is(f, "\177ELF", 4) && f->head.len >= 52;
}

static bool is_named(const struct ov_ev_elf *x, const struct ov_ev_elf_part *p, const char *name)
{
	struct ov_cur c = x->names;
	struct ov_str s;

	return ov_cur_seek(&c, p->name) == OV_OK && ov_cur_zstr(&c, 64, &s) == OV_OK &&
	       ov_str_is(s, name);
}

/* A package's own words, in JSON. The host's note and those of libraries inside stand side by side.
 */
static ov_status package_note(struct ov_ev *e, struct ov_cur desc, struct ov_ev_found *x)
{
	struct ov_doc *root = NULL;
	struct ov_ev_found part;
	struct ov_str text = ov_ev_str(desc);

	while (text.n > 0 && text.p[text.n - 1] == 0)
		text.n--;
	if (ov_doc_json(ov_cur_of(text.p, text.n), &e->arena, &root) != OV_OK)
		return ov_ev_unread(e, OV_BAD, OV_STR(".note.package"), "its JSON is broken");
	ov_ev_add(x, OV_EV_PACKAGE_NOTE, OV_E2, text, OV_STR(".note.package"));
	ov_ev_begin(&part, OV_WHAT_EMBEDDED, ov_doc_text(root, "name"));
	part.c.version = ov_doc_text(root, "version");
	part.c.arch = ov_doc_text(root, "architecture");
	part.c.purl = ov_doc_text(root, "purl");
	part.c.supplier = ov_doc_text(root, "vendor");
	part.c.cpe = ov_doc_text(root, "appCpe");
	part.is_minor = true;
	ov_ev_add(&part, OV_EV_PACKAGE_NOTE, OV_E2, text, OV_STR(".note.package"));
	ov_ev_add(&part, OV_EV_PURL, OV_E2, part.c.purl, OV_STR(".note.package"));
	return ov_ev_emit(e, &part);
}

/* { name size, desc size, type, name, desc }, each padded to 4. */
static ov_status notes(struct ov_ev *e, const struct ov_ev_elf *x, struct ov_cur c,
		       struct ov_ev_found *to)
{
	while (ov_cur_left(&c) >= 12) {
		const uint32_t nname = ov_ev_elf_u32(x, &c), ndesc = ov_ev_elf_u32(x, &c),
			       type = ov_ev_elf_u32(x, &c);
		struct ov_cur name, desc;

		if (ov_cur_take(&c, nname, &name) != OV_OK ||
		    ov_cur_skip(&c, ov_min_u64((4 - nname % 4) % 4, ov_cur_left(&c))) != OV_OK ||
		    ov_cur_take(&c, ndesc, &desc) != OV_OK ||
		    ov_cur_skip(&c, ov_min_u64((4 - ndesc % 4) % 4, ov_cur_left(&c))) != OV_OK)
			return OV_OK; /* the rest is no note */
		if (type == 3 && ov_cur_looking_at(&name, "GNU", 4) && desc.len <= 64) {
			char *hex = NULL;

			OV_TRY(ov_arena_array(&e->arena, 2 * desc.len + 1, &hex));
			ov_hex_encode(desc.base, desc.len, hex);
			ov_ev_add(to, OV_EV_BUILD_ID, OV_E1,
				  (struct ov_str){ .p = hex, .n = 2 * desc.len },
				  OV_STR(".note.gnu.build-id"));
		} else if (type == 0xcafe1a7e && ov_cur_looking_at(&name, "FDO", 4)) {
			OV_TRY(package_note(e, desc, to));
		}
	}
	return OV_OK;
}

/* "key=value" texts, each with its NUL. */
static ov_status modinfo(struct ov_ev *e, struct ov_cur c, struct ov_ev_found *to)
{
	struct ov_str line, key, value;

	(void)e;
	to->c.what = OV_WHAT_MODULE;
	to->c.is_privileged = true;
	while (ov_cur_left(&c) > 0 && ov_cur_zstr(&c, 4096, &line) == OV_OK) {
		if (!ov_ev_pair(line, '=', &key, &value))
			continue;
		if (ov_str_is(key, "name")) {
			to->c.name = value;
			ov_ev_add(to, OV_EV_MODULE, OV_E1, value, OV_STR(".modinfo"));
		} else if (ov_str_is(key, "version")) {
			to->c.version = value;
		} else if (ov_str_is(key, "author")) {
			to->c.supplier = to->c.supplier.n > 0 ? to->c.supplier : value;
			ov_ev_add(to, OV_EV_SUPPLIER, OV_E2, value, OV_STR(".modinfo"));
		} else if (ov_str_is(key, "description") || ov_str_is(key, "license") ||
			   ov_str_is(key, "vermagic")) {
			ov_ev_add(to, OV_EV_FIELD, OV_E0, line, OV_STR(".modinfo"));
		}
	}
	return OV_OK;
}

/* The signature stands behind the module: PKCS#7, 12 bytes, "~Module signature appended~\n". The
 * kernel keeps the certificate elsewhere, so the name is the signer's word only. */
static ov_status module_signer(struct ov_ev *e, const struct ov_ev_elf *x, struct ov_ev_found *to)
{
	static const char mark[] = "~Module signature appended~\n";
	struct ov_pkcs7 m;
	struct ov_cur c;
	uint32_t n;

	if (x->src->size < 40)
		return OV_OK;
	OV_TRY(ov_src_view(x->src, x->src->size - 40, 40, &e->arena, &c));
	if (memcmp(c.base + 12, mark, 28) != 0)
		return OV_OK;
	ov_cur_soft_skip(&c, 8);
	n = ov_cur_soft_u32be(&c);
	if (n > x->src->size - 40 || n > OV_PKCS7_MAX)
		return ov_ev_unread(e, OV_BAD, OV_STR("signature"), "its length is wrong");
	OV_TRY(ov_src_view(x->src, x->src->size - 40 - n, n, &e->arena, &c));
	if (ov_pkcs7_read(c, &m) != OV_OK) {
		ov_ev_add_detail(to, OV_EV_SIGNER, OV_E0, OV_STR("(unreadable)"),
				 OV_STR("module signature"), OV_SIGNED_UNREADABLE);
		return OV_OK;
	}
	ov_ev_add_detail(to, OV_EV_SIGNER, OV_E2, ov_ev_dn(e, m.signer.issuer),
			 OV_STR("module signature"), OV_SIGNED_INCOMPLETE);
	return OV_OK;
}

static ov_status segments(struct ov_ev *e, const struct ov_ev_elf *x, struct ov_ev_found *to)
{
	struct ov_cur all, c;
	struct ov_ev_elf_part p;

	OV_TRY(ov_ev_elf_table(e, x, x->phoff, x->phnum < PHDRS_MAX ? x->phnum : PHDRS_MAX,
			       x->phentsize, &all));
	while (ov_ev_elf_segment(x, &all, &p)) {
		if (p.type != 4) /* PT_NOTE */
			continue;
		OV_TRY(ov_ev_elf_bytes(e, x, &p, NOTES_MAX, &c));
		OV_TRY(notes(e, x, c, to));
	}
	return OV_OK;
}

static ov_status sections(struct ov_ev *e, struct ov_ev_elf *x, bool has_segments,
			  struct ov_ev_found *to, struct ov_str *modules)
{
	const uint32_t n = x->shnum < SECTIONS_MAX ? x->shnum : SECTIONS_MAX;
	struct ov_cur all, at, c;
	struct ov_ev_elf_part p;
	struct ov_src sub;

	OV_TRY(ov_ev_elf_table(e, x, x->shoff, n, x->shentsize, &all));
	at = all;
	if (ov_cur_skip(&at, (uint64_t)x->shstrndx * x->shentsize) != OV_OK ||
	    !ov_ev_elf_section(x, &at, &p))
		return OV_OK;
	OV_TRY(ov_ev_elf_bytes(e, x, &p, 1 << 20, &x->names));
	while (ov_ev_elf_section(x, &all, &p)) {
		if (!has_segments && p.type == 7) {
			OV_TRY(ov_ev_elf_bytes(e, x, &p, NOTES_MAX, &c));
			OV_TRY(notes(e, x, c, to));
		} else if (x->type == 1 && is_named(x, &p, ".modinfo")) {
			OV_TRY(ov_ev_elf_bytes(e, x, &p, MODINFO_MAX, &c));
			OV_TRY(modinfo(e, c, to));
		} else if (is_named(x, &p, ".go.buildinfo")) {
			OV_TRY(ov_ev_elf_bytes(e, x, &p, GO_MAX, &c));
			if (ov_ev_go(e, c, to, modules) == OV_UNSUPPORTED)
				OV_TRY(ov_ev_unread(e, OV_UNSUPPORTED, OV_STR(".go.buildinfo"),
						    "build information from before Go 1.18"));
		} else if (is_named(x, &p, ".dep-v0") &&
			   ov_src_slice(x->src, p.off, p.size, &sub) == OV_OK) {
			const ov_status st = ov_ev_rust(e, &sub, to);

			OV_TRY(e->broke);
			if (st != OV_OK)
				OV_TRY(ov_ev_unread(e, st, OV_STR(".dep-v0"),
						    "its dependency list is broken"));
		}
	}
	return OV_OK;
}

ov_status ov_ev_prog_elf_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_ev_elf x = { .src = f->src };
	struct ov_str modules = { .p = "", .n = 0 };
	struct ov_ev_found to;

	OV_TRY(ov_ev_elf_header(&x, f->head));
	if (x.type == 4)
		return OV_OK; /* a core dump is no program */
	ov_ev_program(e, &to, f, OV_WHAT_PROGRAM);
	to.is_minor = true;
	if (x.phnum > 0)
		OV_TRY(segments(e, &x, &to));
	OV_TRY(sections(e, &x, x.phnum > 0, &to, &modules));
	if (to.c.what == OV_WHAT_MODULE)
		OV_TRY(module_signer(e, &x, &to));
	else if (x.type == 1)
		return OV_OK; /* an object file for the linker */
	OV_TRY(ov_ev_emit(e, &to));
	return ov_ev_go_modules(e, modules);
}
