/*
 * Signatures of .NET metadata in words: ECMA-335 II.23.2. The form is that of YARA 4.5's and
 * YARA-X's `dotnet` (seen by asking YARA-X for it): int, string, System.Uri, byte[], int[,],
 * Ptr<void>, ref T, System.Tuple<int,string>.
 *
 * A signature is prefix code, its text is not: what stands behind a type (brackets, arguments)
 * waits on a stack until that type ends. Each turn takes bytes of the signature or leaves the stack
 * lower.
 */
#include "dotnet_sig.h"

#include "checked.h"

#define DEPTH_MAX 64
#define DIMENSIONS_MAX 32

enum element { /* II.23.1.16 */
	       E_VOID = 0x01,
	       E_STRING = 0x0e,
	       E_PTR = 0x0f,
	       E_BYREF = 0x10,
	       E_VALUETYPE = 0x11,
	       E_CLASS = 0x12,
	       E_VAR = 0x13,
	       E_ARRAY = 0x14,
	       E_GENERIC = 0x15,
	       E_TYPEDBYREF = 0x16,
	       E_INTPTR = 0x18,
	       E_UINTPTR = 0x19,
	       E_FNPTR = 0x1b,
	       E_OBJECT = 0x1c,
	       E_SZARRAY = 0x1d,
	       E_MVAR = 0x1e,
	       E_CMOD_REQ = 0x1f,
	       E_CMOD_OPT = 0x20,
	       E_SENTINEL = 0x41,
	       E_PINNED = 0x45
};

static const char *const simple[] = { NULL,   "void",  "bool",	 "char",   "sbyte",
				      "byte", "short", "ushort", "int",	   "uint",
				      "long", "ulong", "float",	 "double", "string" };

enum after { BRACKETS, SHAPE, CLOSE, ARGUMENTS };

struct reader {
	struct ov_dotnet *d;
	const struct ov_dotnet_generics *g;
	struct ov_cur *c;
	struct ov_buf b;
	struct {
		enum after what;
		uint32_t left; /* ARGUMENTS: that have not ended */
	} stack[DEPTH_MAX];
	unsigned depth;
};

static ov_status push(struct reader *r, enum after what, uint32_t left)
{
	if (r->depth == DEPTH_MAX)
		return OV_BAD;
	r->stack[r->depth].what = what;
	r->stack[r->depth++].left = left;
	return OV_OK;
}

static ov_status put(struct reader *r, const char *text)
{
	return ov_buf_str(&r->b, ov_str_of(text));
}

struct ov_str ov_dotnet_plain(struct ov_str name)
{
	for (size_t i = 1; i < name.n; i++)
		if (name.p[i] == '`')
			name.n = i;
	return name;
}

/* The row that encloses a nested class; OV_END: none. Rows are sorted by the nested class
 * (II.22.32).
 */
static ov_status enclosing(struct ov_dotnet *d, uint32_t row, uint32_t *out)
{
	uint32_t low = 0, high = ov_dotnet_rows(d, OV_NET_NESTED);

	while (low < high) {
		const uint32_t mid = low + (high - low) / 2;
		const uint32_t nested = ov_dotnet_cell(d, OV_NET_NESTED, mid, 0);

		if (nested == row + 1) {
			*out = ov_dotnet_cell(d, OV_NET_NESTED, mid, 1) - 1;
			return *out < ov_dotnet_rows(d, OV_NET_TYPE_DEF) ? OV_OK : OV_END;
		}
		if (nested <= row)
			low = mid + 1;
		else
			high = mid;
	}
	return OV_END;
}

/* One step outwards. TypeRefs are nested by their scope. */
static ov_status outwards(struct ov_dotnet *d, unsigned table, uint32_t row, uint32_t *out)
{
	unsigned scope;

	if (table == OV_NET_TYPE_DEF)
		return enclosing(d, row, out);
	if (!ov_dotnet_decode(OV_NET_RESOLUTION_SCOPE, ov_dotnet_cell(d, OV_NET_TYPE_REF, row, 0),
			      &scope, out) ||
	    scope != OV_NET_TYPE_REF || *out >= ov_dotnet_rows(d, OV_NET_TYPE_REF))
		return OV_END;
	return OV_OK;
}

static ov_status put_names(struct ov_dotnet *d, unsigned table, const uint32_t *rows, unsigned n,
			   struct ov_buf *b)
{
	const unsigned column = 1; /* the name, and the namespace behind it: in both tables */
	struct ov_str s;

	OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, table, rows[n - 1], column + 1), &s));
	if (s.n > 0) {
		OV_TRY(ov_buf_str(b, s));
		OV_TRY(ov_buf_u8(b, '.'));
	}
	for (unsigned i = n; i-- > 0;) {
		OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, table, rows[i], column), &s));
		OV_TRY(ov_buf_str(b, ov_dotnet_plain(s)));
		if (i > 0)
			OV_TRY(ov_buf_u8(b, '.'));
	}
	return OV_OK;
}

/* Appends a full name. OV_BAD: there is no such row. */
static ov_status put_full_name(struct ov_dotnet *d, unsigned table, uint32_t row, struct ov_buf *b)
{
	uint32_t rows[OV_DOTNET_NESTED_MAX];
	unsigned n = 0;

	if (row >= ov_dotnet_rows(d, table))
		return OV_BAD;
	do
		rows[n++] = row;
	while (n < OV_DOTNET_NESTED_MAX && outwards(d, table, row, &row) == OV_OK);
	return put_names(d, table, rows, n, b);
}

/* Takes a type's text out of `b`, which is freed. What is broken, or too long, has no text. */
static ov_status keep(struct ov_dotnet *d, struct ov_buf *b, ov_status s, struct ov_str *out)
{
	*out = (struct ov_str){ 0 };
	if (s == OV_OK && b->n > 0)
		s = ov_arena_str(d->arena, ov_buf_text(b), out);
	else if (s == OV_BAD || s == OV_SHORT ||
		 (s == OV_LIMIT && b->max - b->n < OV_DOTNET_NAME_MAX))
		s = OV_OK;
	ov_buf_free(b);
	return s;
}

ov_status ov_dotnet_full_name(struct ov_dotnet *d, unsigned table, uint32_t row, struct ov_str *out)
{
	struct ov_buf b = ov_buf_of(OV_DOTNET_TYPE_MAX);

	return keep(d, &b, put_full_name(d, table, row, &b), out);
}

/* A type by its coded index, inside a signature. */
static ov_status named(struct reader *r)
{
	unsigned table;
	uint32_t v, row;

	OV_TRY(ov_dotnet_number(r->c, &v));
	if (!ov_dotnet_decode(OV_NET_TYPE_DEF_OR_REF, v, &table, &row) || table == OV_NET_TYPE_SPEC)
		return OV_BAD;
	return put_full_name(r->d, table, row, &r->b);
}

static ov_status variable(struct reader *r, const struct ov_str *names, uint32_t n)
{
	uint32_t i;

	OV_TRY(ov_dotnet_number(r->c, &i));
	if (i >= n || names[i].p == NULL)
		return OV_BAD;
	return ov_buf_str(&r->b, names[i]);
}

/* GENERICINST (CLASS | VALUETYPE) name count arguments */
static ov_status generic(struct reader *r)
{
	uint8_t kind;
	uint32_t n;

	OV_TRY(ov_cur_u8(r->c, &kind));
	if (kind != E_CLASS && kind != E_VALUETYPE)
		return OV_BAD;
	OV_TRY(named(r));
	OV_TRY(ov_dotnet_number(r->c, &n));
	if (n == 0)
		return OV_BAD;
	OV_TRY(put(r, "<"));
	return push(r, ARGUMENTS, n);
}

/* FNPTR: a method's signature; its result and parameters are told like arguments. */
static ov_status function(struct reader *r)
{
	uint8_t how;
	uint32_t n;

	OV_TRY(ov_cur_u8(r->c, &how));
	if ((how & 0x10) != 0)
		OV_TRY(ov_dotnet_number(r->c, &n));
	OV_TRY(ov_dotnet_number(r->c, &n));
	OV_TRY(put(r, "FnPtr<"));
	return push(r, ARGUMENTS, n + 1);
}

/* A lower bound: a number with its sign in the lowest bit, II.23.2. */
static ov_status signed_number(struct ov_cur *c, int64_t *out)
{
	const size_t at = c->pos;
	uint32_t v;

	OV_TRY(ov_dotnet_number(c, &v));
	*out = v >> 1;
	if ((v & 1) != 0)
		*out -= c->pos - at == 1 ? 0x40 : c->pos - at == 2 ? 0x2000 : 0x10000000;
	return OV_OK;
}

/* RANK, sizes, lower bounds; told as ilasm writes them (II.14.2): [,] [0...,0...] [1...3]. */
static ov_status shape(struct reader *r)
{
	uint32_t rank, n, sizes[DIMENSIONS_MAX];
	int64_t bounds[DIMENSIONS_MAX];
	uint32_t nsizes, nbounds;

	OV_TRY(ov_dotnet_number(r->c, &rank));
	if (rank == 0 || rank > DIMENSIONS_MAX)
		return OV_BAD;
	OV_TRY(ov_dotnet_number(r->c, &nsizes));
	for (n = 0; n < nsizes && nsizes <= rank; n++)
		OV_TRY(ov_dotnet_number(r->c, &sizes[n]));
	OV_TRY(ov_dotnet_number(r->c, &nbounds));
	for (n = 0; n < nbounds && nbounds <= rank; n++)
		OV_TRY(signed_number(r->c, &bounds[n]));
	if (nsizes > rank || nbounds > rank)
		return OV_BAD;
	OV_TRY(put(r, "["));
	for (uint32_t i = 0; i < rank; i++) {
		const int64_t low = i < nbounds ? bounds[i] : 0;

		if (i > 0)
			OV_TRY(put(r, ","));
		if (i < nbounds || i < nsizes)
			OV_TRY(ov_buf_fmt(&r->b, "%lld...", (long long)low));
		if (i < nsizes)
			OV_TRY(ov_buf_fmt(&r->b, "%lld", (long long)(low + sizes[i] - 1)));
	}
	return put(r, "]");
}

/* The beginning of a type. *is_whole: nothing of it is to come. */
static ov_status element(struct reader *r, bool *is_whole)
{
	uint32_t ignored;
	uint8_t e;

	OV_TRY(ov_cur_u8(r->c, &e));
	*is_whole = true;
	if (e >= E_VOID && e <= E_STRING)
		return put(r, simple[e]);
	switch (e) {
	case E_VALUETYPE:
	case E_CLASS:
		return named(r);
	case E_VAR:
		return variable(r, r->g->type, r->g->ntype);
	case E_MVAR:
		return variable(r, r->g->method, r->g->nmethod);
	case E_TYPEDBYREF:
		return put(r, "TypedReference");
	case E_INTPTR:
		return put(r, "IntPtr");
	case E_UINTPTR:
		return put(r, "UintPtr");
	case E_OBJECT:
		return put(r, "object");
	default:
		break;
	}
	*is_whole = false;
	switch (e) {
	case E_BYREF:
		return put(r, "ref ");
	case E_PTR:
		OV_TRY(put(r, "Ptr<"));
		return push(r, CLOSE, 0);
	case E_SZARRAY:
		return push(r, BRACKETS, 0);
	case E_ARRAY:
		return push(r, SHAPE, 0);
	case E_GENERIC:
		return generic(r);
	case E_FNPTR:
		return function(r);
	case E_CMOD_REQ:
	case E_CMOD_OPT:
		return ov_dotnet_number(r->c, &ignored);
	case E_PINNED:
	case E_SENTINEL:
		return OV_OK;
	default:
		return OV_BAD;
	}
}

/* What waits for the type that has just ended. *is_more: another type has to be read. */
static ov_status unwind(struct reader *r, bool *is_more)
{
	while (r->depth > 0) {
		const unsigned top = r->depth - 1;

		switch (r->stack[top].what) {
		case BRACKETS:
			OV_TRY(put(r, "[]"));
			break;
		case SHAPE:
			OV_TRY(shape(r));
			break;
		case CLOSE:
			OV_TRY(put(r, ">"));
			break;
		case ARGUMENTS:
			if (--r->stack[top].left > 0) {
				*is_more = true;
				return put(r, ",");
			}
			OV_TRY(put(r, ">"));
			break;
		}
		r->depth--;
	}
	*is_more = false;
	return OV_OK;
}

/* One type, appended to r->b. */
static ov_status read_type(struct reader *r)
{
	bool is_more = true;

	r->depth = 0;
	while (is_more) {
		bool is_whole;

		OV_TRY(element(r, &is_whole));
		if (is_whole)
			OV_TRY(unwind(r, &is_more));
	}
	return OV_OK;
}

/* One type at the cursor as a text; `c` moves. *is_read: it could be. */
static ov_status type_text(struct ov_dotnet *d, struct ov_cur *c,
			   const struct ov_dotnet_generics *g, struct ov_str *out)
{
	struct reader r = { .d = d, .g = g, .c = c, .b = ov_buf_of(OV_DOTNET_TYPE_MAX) };

	return keep(d, &r.b, read_type(&r), out);
}

ov_status ov_dotnet_type_of(struct ov_dotnet *d, uint32_t coded, const struct ov_dotnet_generics *g,
			    struct ov_str *out)
{
	unsigned table;
	uint32_t row;
	struct ov_cur c;
	ov_status s;

	*out = (struct ov_str){ 0 };
	if (!ov_dotnet_decode(OV_NET_TYPE_DEF_OR_REF, coded, &table, &row) ||
	    row >= ov_dotnet_rows(d, table))
		return OV_OK;
	if (table != OV_NET_TYPE_SPEC)
		return ov_dotnet_full_name(d, table, row, out);
	s = ov_dotnet_blob(d, ov_dotnet_cell(d, OV_NET_TYPE_SPEC, row, 0), &c);
	if (s == OV_END)
		return OV_OK;
	OV_TRY(s);
	return type_text(d, &c, g, out);
}

ov_status ov_dotnet_method_of(struct ov_dotnet *d, uint32_t blob,
			      const struct ov_dotnet_generics *g, struct ov_dotnet_method *out)
{
	struct ov_cur c;
	uint32_t n = 0;
	uint8_t how;
	ov_status s;

	*out = (struct ov_dotnet_method){ .nparams = 0 };
	s = ov_dotnet_blob(d, blob, &c);
	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	if (ov_cur_u8(&c, &how) != OV_OK ||
	    ((how & 0x10) != 0 && ov_dotnet_number(&c, &n) != OV_OK) ||
	    ov_dotnet_number(&c, &n) != OV_OK)
		return OV_OK;
	out->is_capped = n > OV_DOTNET_PARAMS_MAX;
	n = (uint32_t)ov_min_u64(n, OV_DOTNET_PARAMS_MAX);
	OV_TRY(ov_arena_array(d->arena, n, &out->params));
	out->nparams = n;
	OV_TRY(type_text(d, &c, g, &out->returns));
	/* After one that can't be read nothing tells where the next one begins. */
	for (uint32_t i = 0; i < n && (i == 0 ? out->returns : out->params[i - 1]).p != NULL; i++)
		OV_TRY(type_text(d, &c, g, &out->params[i]));
	return OV_OK;
}
