/*
 * The import hash of a PE: a digest of "library.function,library.function,...". What goes into it
 * was found by running `sigtool --imp` 1.4.6 on made programs; docs/formats/pe.md has the rules.
 */
#include <string.h>

#include "checked.h"
#include "exe.h"
#include "pe_int.h"
#include "pe_view.h"
#include "text.h"

#define NAME_MAX_HASHED 256 /* bytes of a name that count for ClamAV */

struct text { /* what was hashed so far */
	struct ov_hasher *h;
	uint64_t n;
	size_t name_max; /* bytes of a name that count */
};

struct ordinal {
	uint16_t number;
	const char *name;
};

#define ORDINAL_WS2_ws2_32(n, s) { (n), (s) },
#define ORDINAL_WS2_oleaut32(n, s)
#define ORDINAL_OLE_ws2_32(n, s)
#define ORDINAL_OLE_oleaut32(n, s) { (n), (s) },

static const struct ordinal sockets[] = {
#define ORDINAL(table, n, s) ORDINAL_WS2_##table(n, s)
#include "pe_ordinals.def"
#undef ORDINAL
};

static const struct ordinal automation[] = {
#define ORDINAL(table, n, s) ORDINAL_OLE_##table(n, s)
#include "pe_ordinals.def"
#undef ORDINAL
};

/* Adds text in lower case, as much of it as counts. */
static ov_status add(struct text *t, struct ov_str s)
{
	char low[OV_PE_SYMBOL_NAME_MAX];
	const size_t n = ov_min_size(s.n, ov_min_size(t->name_max, sizeof low));

	for (size_t i = 0; i < n; i++)
		low[i] = (char)(s.p[i] >= 'A' && s.p[i] <= 'Z' ? s.p[i] + ('a' - 'A') : s.p[i]);
	t->n += n;
	return n > 0 ? ov_hasher_add(t->h, low, n) : OV_OK;
}

/* "kernel32.dll" -> "kernel32": what begins with dll, ocx or sys behind the *first* dot goes. */
static struct ov_str without_extension(struct ov_str s, size_t name_max)
{
	const char *dot;
	struct ov_str end;

	s.n = ov_min_size(s.n, name_max);
	dot = s.n > 0 ? memchr(s.p, '.', s.n) : NULL;
	if (dot == NULL || s.n - (size_t)(dot - s.p) < 4)
		return s;
	end = (struct ov_str){ .p = dot, .n = 4 };
	if (ov_text_ends_with(end, OV_STR(".dll")) || ov_text_ends_with(end, OV_STR(".ocx")) ||
	    ov_text_ends_with(end, OV_STR(".sys")))
		s.n = (size_t)(dot - s.p);
	return s;
}

static bool is_library(struct ov_str s, struct ov_str name)
{
	return s.n == name.n && ov_text_ends_with(s, name);
}

static struct ov_str name_in(const struct ordinal *rows, size_t n, uint16_t number)
{
	for (size_t i = 0; i < n; i++)
		if (rows[i].number == number)
			return ov_str_of(rows[i].name);
	return (struct ov_str){ 0 };
}

struct ov_str ov_pe_ordinal_name(struct ov_str lib, uint16_t ordinal)
{
	if (is_library(lib, OV_STR("ws2_32.dll")) || is_library(lib, OV_STR("wsock32.dll")))
		return name_in(sockets, sizeof sockets / sizeof *sockets, ordinal);
	if (is_library(lib, OV_STR("oleaut32.dll")))
		return name_in(automation, sizeof automation / sizeof *automation, ordinal);
	return (struct ov_str){ 0 };
}

static ov_status add_import(struct text *t, struct ov_str library, struct ov_str symbol)
{
	if (t->n > 0)
		OV_TRY(add(t, OV_STR(",")));
	OV_TRY(add(t, without_extension(library, t->name_max)));
	OV_TRY(add(t, OV_STR(".")));
	return add(t, symbol);
}

/* The name that an import counts under: that of a well-known ordinal, else its own. */
static struct ov_str symbol_of(const struct ov_import *im)
{
	const struct ov_str known =
	    im->is_ordinal ? ov_pe_ordinal_name(im->library, im->ordinal) : (struct ov_str){ 0 };

	return known.n > 0 ? known : im->symbol;
}

ov_status ov_exe_imphash(const struct ov_exe *x, struct ov_hasher *h, uint8_t out[OV_DIGEST_MAX],
			 uint64_t *size)
{
	struct text t = { .h = h, .name_max = NAME_MAX_HASHED };

	OV_TRY(ov_hasher_start(h));
	for (uint32_t i = 0; i < x->nimports; i++)
		if (x->type == OV_T_MSEXE && !x->imports[i].is_delayed)
			OV_TRY(add_import(&t, x->imports[i].library, symbol_of(&x->imports[i])));
	if (t.n == 0)
		return OV_END;
	*size = t.n;
	return ov_hasher_end(h, out);
}

ov_status ov_pe_imphash(const struct ov_pe_imports *im, struct ov_hasher *md5,
			uint8_t out[OV_DIGEST_MAX])
{
	struct text t = { .h = md5, .name_max = OV_PE_SYMBOL_NAME_MAX };

	OV_TRY(ov_hasher_start(md5));
	for (uint32_t i = 0; i < im->nlibraries; i++) {
		const struct ov_pe_library *lib = &im->libraries[i];

		for (uint32_t k = 0; k < lib->n; k++)
			OV_TRY(add_import(&t, lib->name, im->functions[lib->first + k].name));
	}
	return ov_hasher_end(md5, out);
}
