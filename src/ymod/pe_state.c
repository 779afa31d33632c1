/* The module pe: what was read of a layer so far. */
#include "ype_int.h"

#include <stdlib.h>

#include "checked.h"

ov_status ype_get(struct ov_yenv *env, unsigned module, struct ype **out)
{
	struct ype *p = env->state[module];
	ov_status s;

	*out = NULL;
	if (env->is_process)
		return OV_OK;
	if (p == NULL) {
		OV_TRY(ov_arena_new(env->arena, &p));
		*p = (struct ype){ .is_pe = false };
		s = ov_pe_open(env->src, env->arena, &p->pe);
		if (s != OV_OK && s != OV_BAD)
			return s;
		p->is_pe = s == OV_OK;
		env->state[module] = p;
	}
	if (p->is_pe)
		*out = p;
	return OV_OK;
}

void ype_tell(struct ov_yenv *env, struct ype *p)
{
	if (p->is_told || (!p->pe.is_capped && !p->is_capped))
		return;
	p->is_told = true;
	if (env->note != NULL)
		env->note(env->ctx, OV_LIMIT,
			  "a table of the program is longer than YARA's module pe reads");
}

ov_status ype_spend(struct ov_yenv *env, uint64_t n)
{
	if (*env->steps < n) {
		*env->steps = 0;
		return OV_LIMIT;
	}
	*env->steps -= n;
	return OV_OK;
}

ov_status ype_imports(struct ov_yenv *env, struct ype *p, unsigned is_delayed)
{
	if (p->has_imports[is_delayed])
		return OV_OK;
	OV_TRY(ov_pe_list_imports(&p->pe, is_delayed != 0, &p->imports[is_delayed]));
	p->has_imports[is_delayed] = true;
	ype_tell(env, p);
	return ype_spend(env, p->imports[is_delayed].thunks);
}

ov_status ype_exports(struct ov_yenv *env, struct ype *p)
{
	if (p->has_exports)
		return OV_OK;
	OV_TRY(ov_pe_list_exports(&p->pe, &p->exports));
	p->has_exports = true;
	ype_tell(env, p);
	return ype_spend(env, p->exports.n);
}

ov_status ype_resources(struct ov_yenv *env, struct ype *p)
{
	if (p->has_resources)
		return OV_OK;
	OV_TRY(ov_pe_list_resources(&p->pe, &p->resources));
	p->has_resources = true;
	ype_tell(env, p);
	return ype_spend(env, p->resources.n);
}

ov_status ype_texts(struct ov_yenv *env, struct ype *p)
{
	if (p->has_texts)
		return OV_OK;
	OV_TRY(ype_resources(env, p));
	OV_TRY(ov_pe_list_versions(&p->pe, &p->resources, &p->texts));
	p->has_texts = true;
	ype_tell(env, p);
	return ype_spend(env, p->texts.n);
}

struct row { /* of the dictionary while it is made */
	struct ov_pe_text t;
	uint32_t i;
};

static int by_key(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;
	const size_t n = ov_min_size(a->t.key.n, b->t.key.n);
	const int c = n > 0 ? memcmp(a->t.key.p, b->t.key.p, n) : 0;

	if (c != 0)
		return c;
	if (a->t.key.n != b->t.key.n)
		return a->t.key.n < b->t.key.n ? -1 : 1;
	return (a->i > b->i) - (a->i < b->i);
}

static int by_place(const void *pa, const void *pb)
{
	const struct row *a = pa, *b = pb;

	return (a->i > b->i) - (a->i < b->i);
}

/* Each key once, where it first stood, with its last value. */
ov_status ype_dict(struct ov_yenv *env, struct ype *p)
{
	struct row *rows = NULL;
	uint32_t n = 0;

	if (p->has_dict)
		return OV_OK;
	OV_TRY(ype_texts(env, p));
	OV_TRY(ov_arena_array(env->arena, p->texts.n, &rows));
	for (uint32_t i = 0; i < p->texts.n; i++)
		rows[i] = (struct row){ .t = p->texts.list[i], .i = i };
	if (p->texts.n > 0)
		qsort(rows, p->texts.n, sizeof *rows, by_key);
	for (uint32_t i = 0; i < p->texts.n; i++) {
		if (n > 0 && ov_str_eq(rows[n - 1].t.key, rows[i].t.key))
			rows[n - 1].t.value = rows[i].t.value;
		else
			rows[n++] = rows[i];
	}
	if (n > 0)
		qsort(rows, n, sizeof *rows, by_place);
	OV_TRY(ov_arena_array(env->arena, n, &p->dict.list));
	for (uint32_t i = 0; i < n; i++)
		p->dict.list[i] = rows[i].t;
	p->dict.n = n;
	p->has_dict = true;
	return OV_OK;
}

ov_status ype_rich(struct ov_yenv *env, struct ype *p)
{
	if (p->has_rich)
		return OV_OK;
	OV_TRY(ov_pe_read_rich(&p->pe, &p->rich));
	p->has_rich = true;
	ype_tell(env, p);
	return OV_OK;
}

ov_status ype_path(struct ov_yenv *env, struct ype *p)
{
	ov_status s;

	if (p->has_path)
		return OV_OK;
	s = ov_pe_debug_path(&p->pe, &p->path);
	if (s == OV_END)
		p->path.n = 0;
	else
		OV_TRY(s);
	p->has_path = true;
	ype_tell(env, p);
	return OV_OK;
}

struct ov_exe ype_exe(const struct ype *p)
{
	const struct ov_pe_header *h = &p->pe.h;
	struct ov_exe x = { .type = OV_T_MSEXE };
	struct ov_pe_dir dir;

	x.checksum_at = h->coff + 20 + 64;
	x.security_at = h->coff + 20 + (h->is_64 ? 112 : 96) + 8 * OV_PE_SECURITY;
	if (ov_pe_dir(&p->pe, OV_PE_SECURITY, &dir)) {
		x.certs = dir.rva;
		x.certs_size = dir.size;
	}
	return x;
}

ov_status ype_signatures(struct ov_yenv *env, struct ype *p)
{
	const struct ov_exe x = ype_exe(p);
	struct ov_sign_view *list[OV_SIGNATURES_MAX];
	bool is_capped = false;

	if (p->has_signatures)
		return OV_OK;
	OV_TRY(ov_signature_list(env->src, &x, env->arena, list, &p->nsignatures, &is_capped));
	for (uint32_t i = 0; i < p->nsignatures; i++)
		p->signatures[i].v = list[i];
	p->has_signatures = true;
	p->is_capped |= is_capped;
	ype_tell(env, p);
	return OV_OK;
}
