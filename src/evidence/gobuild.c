/*
 * Go: "\xff Go buildinf:", pointer size, flags; with flag 2 (Go 1.18 and later) two texts with
 * varint lengths at 32: the version, and lines between two marks of 16 bytes: path, mod, dep, =>
 * (debug/buildinfo's documentation). Rust: cargo-auditable's section .dep-v0.
 */
#include "doc.h"
#include "gobuild.h"

#include "decoder.h"

#define RUST_MAX ((size_t)8 << 20)

static ov_status varint_text(struct ov_cur *c, struct ov_str *out)
{
	struct ov_cur part;
	uint64_t n = 0;
	uint8_t b = 0x80;

	for (unsigned shift = 0; (b & 0x80) != 0; shift += 7) {
		if (shift > 28)
			return OV_BAD;
		OV_TRY(ov_cur_u8(c, &b));
		n |= (uint64_t)(b & 0x7f) << shift;
	}
	OV_TRY(ov_cur_take(c, n, &part));
	*out = ov_ev_str(part);
	return OV_OK;
}

ov_status ov_ev_go(struct ov_ev *e, struct ov_cur c, struct ov_ev_found *x, struct ov_str *modules)
{
	struct ov_str version, info, line, rest, kind, path, number;
	uint8_t flags;

	(void)e;
	*modules = (struct ov_str){ .p = "", .n = 0 };
	OV_TRY(ov_cur_expect(&c, "\xff Go buildinf:"));
	OV_TRY(ov_cur_skip(&c, 1));
	OV_TRY(ov_cur_u8(&c, &flags));
	if ((flags & 2) == 0)
		return OV_UNSUPPORTED;
	OV_TRY(ov_cur_skip(&c, 16));
	OV_TRY(varint_text(&c, &version));
	OV_TRY(varint_text(&c, &info));
	ov_ev_add(x, OV_EV_FIELD, OV_E2, version, OV_STR("Go build information"));
	if (info.n < 33)
		return OV_OK;
	info = (struct ov_str){ .p = info.p + 16, .n = info.n - 32 };
	*modules = rest = info;
	while (ov_text_split(&rest, '\n', &line)) {
		if (!ov_text_split(&line, '\t', &kind) || !ov_str_is(kind, "mod") ||
		    !ov_text_split(&line, '\t', &path))
			continue;
		ov_ev_add(x, OV_EV_GO_MODULE, OV_E2, path, OV_STR("Go build information"));
		if (ov_text_split(&line, '\t', &number) && x->c.version.n == 0)
			x->c.version = number;
		break;
	}
	return OV_OK;
}

ov_status ov_ev_go_modules(struct ov_ev *e, struct ov_str modules)
{
	struct ov_str line, kind, path, version;

	while (ov_text_split(&modules, '\n', &line)) {
		struct ov_ev_found x;

		if (!ov_text_split(&line, '\t', &kind) || !ov_str_is(kind, "dep") ||
		    !ov_text_split(&line, '\t', &path))
			continue;
		version = (struct ov_str){ .p = "", .n = 0 };
		(void)ov_text_split(&line, '\t', &version);
		ov_ev_begin(&x, OV_WHAT_EMBEDDED, path);
		x.is_minor = true;
		x.c.version = version;
		x.c.purl = ov_ev_fmt(e, "pkg:golang/%.*s%s%.*s", (int)path.n, path.p,
				     version.n > 0 ? "@" : "", (int)version.n, version.p);
		ov_ev_add(&x, OV_EV_GO_MODULE, OV_E2, path, OV_STR("Go build information"));
		OV_TRY(ov_ev_emit(e, &x));
	}
	return OV_OK;
}

static ov_status inflate(struct ov_ev *e, const struct ov_src *section, struct ov_cur *out)
{
	const struct ov_decoder_params p = { .max_memory = 1 << 20, .plain_size = UINT64_MAX };
	struct ov_decoder *d = NULL;
	uint8_t *to = NULL;
	size_t n = 0, got;
	ov_status st;

	OV_TRY(ov_arena_array(&e->arena, RUST_MAX, &to));
	OV_TRY(ov_decoder_open(OV_CODEC_ZLIB, section, &p, &e->arena, &d));
	while ((st = ov_decoder_read(d, to + n, RUST_MAX - n, &got)) == OV_OK) {
		n += got;
		if (n == RUST_MAX) {
			st = OV_LIMIT;
			break;
		}
	}
	ov_decoder_close(&d);
	if (st != OV_END)
		return st;
	*out = ov_cur_of(to, n);
	return OV_OK;
}

ov_status ov_ev_rust(struct ov_ev *e, const struct ov_src *section, struct ov_ev_found *x)
{
	const struct ov_doc *list;
	struct ov_doc *root = NULL;
	struct ov_cur c;

	OV_TRY(inflate(e, section, &c));
	OV_TRY(ov_doc_json(c, &e->arena, &root));
	list = ov_doc_get(root, "packages");
	for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL; n = n->next) {
		const struct ov_str name = ov_doc_text(n, "name"),
				    version = ov_doc_text(n, "version");
		struct ov_ev_found part;

		if (ov_str_is(ov_doc_text(n, "root"), "true")) {
			ov_ev_add(x, OV_EV_RUST_CRATE, OV_E2, name, OV_STR(".dep-v0"));
			x->c.version = version;
			continue;
		}
		ov_ev_begin(&part, OV_WHAT_EMBEDDED, name);
		part.is_minor = true;
		part.c.version = version;
		part.c.purl = ov_ev_fmt(e, "pkg:cargo/%.*s@%.*s", (int)name.n, name.p,
					(int)version.n, version.p);
		ov_ev_add(&part, OV_EV_RUST_CRATE, OV_E2, name, OV_STR(".dep-v0"));
		OV_TRY(ov_ev_emit(e, &part));
	}
	return OV_OK;
}
