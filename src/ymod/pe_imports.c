/* The module pe: imports, usual and delayed. */
#include "ype_int.h"

#include "checked.h"
#include "text.h"

#define STANDARD 1 /* pe.IMPORT_STANDARD, pe.IMPORT_DELAYED */
#define DELAYED 2

/* --- details: self->a of a library is whether it is delayed --- */

YPE_MEMBER_STR(function_name, struct ov_pe_import, x->name)
YPE_MEMBER_INT(function_rva, struct ov_pe_import, x->rva)

static YPE_GET(function_ordinal)
{
	const struct ov_pe_import *f = self->p;

	YPE_UNUSED();
	if (f->is_ordinal)
		ype_int(out, f->ordinal);
	return OV_OK;
}

static const struct ov_yfield function_fields[] = {
	{ .name = "name", .kind = OV_Y_STRING, .get = function_name },
	{ .name = "ordinal", .kind = OV_Y_INT, .get = function_ordinal },
	{ .name = "rva", .kind = OV_Y_INT, .get = function_rva },
};
static YPE_TYPE(function_type, "pe.function", function_fields);

YPE_MEMBER_STR(library_name, struct ov_pe_library, x->name)
YPE_MEMBER_INT(library_n, struct ov_pe_library, x->n)

static YPE_GET(library_functions)
{
	const struct ov_pe_library *lib = self->p;
	struct ype *p;

	OV_TRY(ype_get(env, module, &p));
	if (p != NULL)
		ype_obj(out, OV_Y_ARRAY, &p->imports[self->a].functions[lib->first], 0, lib->n);
	return OV_OK;
}

static YPE_AT(function_at)
{
	const struct ov_pe_import *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], i, 0);
	return OV_OK;
}

static const struct ov_yfield library_fields[] = {
	{ .name = "library_name", .kind = OV_Y_STRING, .get = library_name },
	{ .name = "number_of_functions", .kind = OV_Y_INT, .get = library_n },
	{ .name = "functions",
	  .kind = OV_Y_ARRAY,
	  .get = library_functions,
	  .item = OV_Y_STRUCT,
	  .of = &function_type,
	  .at = function_at },
};
YPE_TYPE(ype_library, "pe.library", library_fields);

/* The state with a list of imports read; NULL: no PE. */
static ov_status with_imports(struct ov_yenv *env, unsigned module, unsigned is_delayed,
			      struct ype **out)
{
	OV_TRY(ype_get(env, module, out));
	return *out != NULL ? ype_imports(env, *out, is_delayed) : OV_OK;
}

static ov_status libraries(struct ov_yenv *env, unsigned module, unsigned is_delayed,
			   struct ov_yval *out)
{
	struct ype *p;

	OV_TRY(with_imports(env, module, is_delayed, &p));
	if (p != NULL)
		ype_obj(out, OV_Y_ARRAY, p->imports[is_delayed].libraries, is_delayed,
			p->imports[is_delayed].nlibraries);
	return OV_OK;
}

YPE_GET(ype_get_libraries)
{
	(void)self;
	return libraries(env, module, 0, out);
}

YPE_GET(ype_get_delayed)
{
	(void)self;
	return libraries(env, module, 1, out);
}

YPE_AT(ype_at_library)
{
	const struct ov_pe_library *list = self->p;

	(void)env;
	(void)module;
	ype_obj(out, OV_Y_STRUCT, &list[i], self->a, 0);
	return OV_OK;
}

#define COUNT(name, is_delayed, what)                                                              \
	YPE_GET(name)                                                                              \
	{                                                                                          \
		struct ype *p;                                                                     \
		(void)self;                                                                        \
		OV_TRY(with_imports(env, module, is_delayed, &p));                                 \
		if (p != NULL)                                                                     \
			ype_int(out, p->imports[is_delayed].what);                                 \
		return OV_OK;                                                                      \
	}

COUNT(ype_get_nimports, 0, descriptors)
COUNT(ype_get_nfunctions, 0, thunks)
COUNT(ype_get_ndelayed, 1, descriptors)
COUNT(ype_get_ndelayed_functions, 1, thunks)

/* --- functions of rules --- */

/* What a rule asks for; texts that are not asked for are NULL. */
struct want {
	const struct ov_yval *library, *function; /* STRING, REGEX or INT (an ordinal) */
	bool count_functions; /* of the libraries that fit; else one function is enough */
};

static ov_status fits(struct ov_yenv *env, const struct ov_yval *want, struct ov_str name,
		      bool *out)
{
	struct ov_ymatch m;
	ov_status s;

	if (want->kind != OV_Y_REGEX) {
		*out = ov_text_same(want->s, name);
		return OV_OK;
	}
	s = ov_re_find(env->search, want->regex, (const uint8_t *)name.p, name.n, env->steps, &m);
	*out = s == OV_OK;
	return s == OV_END ? OV_OK : s;
}

static ov_status function_fits(struct ov_yenv *env, const struct ov_yval *want,
			       const struct ov_pe_import *f, bool *out)
{
	if (want->kind == OV_Y_INT) {
		*out = f->is_ordinal && f->ordinal == want->i;
		return OV_OK;
	}
	return fits(env, want, f->name, out);
}

/* How many functions of one list fit; the address of the first of them. */
static ov_status count(struct ov_yenv *env, const struct ov_pe_imports *im, const struct want *w,
		       int64_t *n, uint32_t *rva)
{
	for (uint32_t i = 0; i < im->nlibraries; i++) {
		const struct ov_pe_library *lib = &im->libraries[i];
		bool is = false;

		OV_TRY(ype_spend(env, 1));
		OV_TRY(fits(env, w->library, lib->name, &is));
		if (!is)
			continue;
		if (w->function == NULL) {
			*n += lib->n;
			continue;
		}
		OV_TRY(ype_spend(env, lib->n));
		for (uint32_t k = 0; k < lib->n; k++) {
			const struct ov_pe_import *f = &im->functions[lib->first + k];

			OV_TRY(function_fits(env, w->function, f, &is));
			if (is && *n == 0)
				*rva = f->rva;
			*n += is;
			if (is && !w->count_functions)
				return OV_OK;
		}
	}
	return OV_OK;
}

static ov_status look(struct ov_yenv *env, unsigned module, int64_t flags, const struct want *w,
		      struct ov_yval *out)
{
	int64_t n = 0;
	uint32_t rva;
	struct ype *p;

	OV_TRY(ype_get(env, module, &p));
	if (p == NULL)
		return OV_OK;
	for (unsigned is_delayed = 0; is_delayed < 2; is_delayed++) {
		if ((flags & (is_delayed != 0 ? DELAYED : STANDARD)) == 0)
			continue;
		OV_TRY(ype_imports(env, p, is_delayed));
		OV_TRY(count(env, &p->imports[is_delayed], w, &n, &rva));
	}
	ype_int(out, w->count_functions ? n : n > 0);
	return OV_OK;
}

/* imports(library), (library, function), (library, ordinal), (/library/, /function/) */
static YPE_CALL(imports)
{
	const struct want w = { .library = &args[0],
				.function = nargs == 2 ? &args[1] : NULL,
				.count_functions = nargs == 1 || args[1].kind == OV_Y_REGEX };

	(void)self;
	return look(env, module, STANDARD, &w, out);
}

/* The same behind flags. */
static YPE_CALL(imports_of)
{
	const struct want w = { .library = &args[1],
				.function = nargs == 3 ? &args[2] : NULL,
				.count_functions = nargs == 2 || args[2].kind == OV_Y_REGEX };

	(void)self;
	return look(env, module, args[0].i, &w, out);
}

static ov_status rva_of(struct ov_yenv *env, unsigned module, const struct ov_yval *args,
			unsigned is_delayed, struct ov_yval *out)
{
	const struct want w = { .library = &args[0], .function = &args[1] };
	uint32_t rva = 0;
	int64_t n = 0;
	struct ype *p;

	OV_TRY(with_imports(env, module, is_delayed, &p));
	if (p == NULL)
		return OV_OK;
	OV_TRY(count(env, &p->imports[is_delayed], &w, &n, &rva));
	if (n > 0)
		ype_int(out, rva);
	return OV_OK;
}

static YPE_CALL(import_rva)
{
	(void)self;
	(void)nargs;
	return rva_of(env, module, args, 0, out);
}

static YPE_CALL(delayed_import_rva)
{
	(void)self;
	(void)nargs;
	return rva_of(env, module, args, 1, out);
}

static YPE_CALL(imphash)
{
	uint8_t digest[OV_DIGEST_MAX];
	struct ype *p;

	(void)self;
	(void)args;
	(void)nargs;
	OV_TRY(with_imports(env, module, 0, &p));
	if (p == NULL || env->hasher[OV_MD5] == NULL)
		return OV_OK;
	if (!p->has_imphash) { /* hundreds of rules compare it */
		OV_TRY(ype_spend(env, p->imports[0].nfunctions));
		OV_TRY(ov_pe_imphash(&p->imports[0], env->hasher[OV_MD5], digest));
		OV_TRY(ov_signature_hex(env->arena, digest, ov_digest_size(OV_MD5), &p->imphash));
		p->has_imphash = true;
	}
	ype_str(out, p->imphash);
	return OV_OK;
}

const struct ov_ysig ype_imports_sigs[] = {
	{ "s", OV_Y_INT, imports },
	{ "ss", OV_Y_INT, imports },
	{ "si", OV_Y_INT, imports },
	{ "rr", OV_Y_INT, imports },
	{ "is", OV_Y_INT, imports_of },
	{ "iss", OV_Y_INT, imports_of },
	{ "isi", OV_Y_INT, imports_of },
	{ "irr", OV_Y_INT, imports_of },
	YPE_SIG_END,
};
const struct ov_ysig ype_import_rva_sigs[] = { { "ss", OV_Y_INT, import_rva },
					       { "si", OV_Y_INT, import_rva },
					       YPE_SIG_END };
const struct ov_ysig ype_delayed_rva_sigs[] = { { "ss", OV_Y_INT, delayed_import_rva },
						{ "si", OV_Y_INT, delayed_import_rva },
						YPE_SIG_END };
const struct ov_ysig ype_imphash_sigs[] = { { "", OV_Y_STRING, imphash }, YPE_SIG_END };
