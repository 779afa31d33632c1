/*
 * vba: macros of Office documents, in compound files and in the packages of newer documents
 * (vbaProject.bin). Read by format/ole2_vba.c. YARA-X has a module of that name, of which no manual
 * is public; `has_macros`, `module_names` and `module_code` are named where it was proposed, the
 * other fields are our own (docs/YARA.md).
 */
#include "ymod.h"

#include "checked.h"
#include "decoder.h"
#include "ole_doc.h"
#include "text.h"
#include "zip_dir.h"

#define MODULES_MAX 4096u
#define PROJECTS_MAX 64u
#define PROJECT_MAX ((size_t)32 << 20) /* bytes of a vbaProject.bin */
#define CODE_MAX ((size_t)4 << 20)     /* of one module's source    */
#define SCRATCH ((size_t)64 << 20)
#define PIECE 4096

struct module {
	struct ole_doc *doc;
	struct ov_vba_module m;
	bool has_code;
	struct ov_str code; /* p NULL: it can't be read */
};

struct state {
	ov_status status; /* OV_BAD: no document that has macros */
	struct ov_yenv *env;
	struct module *modules;
	uint32_t n;
	struct ov_vba_facts *facts; /* of the first project; NULL: there is none */
	bool is_malformed;
};

static ov_status read_project(struct state *st, struct ole_doc *d, uint32_t entry)
{
	struct ov_vba_facts *facts;
	struct ov_arena scratch;
	struct ov_vba v;
	ov_status s;

	OV_TRY(ov_arena_new(st->env->arena, &facts));
	ov_arena_init(&scratch, SCRATCH);
	scratch.fail_in = st->env->arena->fail_in;
	v.facts = facts;
	s = ov_vba_read(&d->o, entry, &scratch, &v);
	if (s == OV_OK) {
		st->is_malformed |= v.is_broken;
		if (v.is_cut || facts->is_capped)
			ov_ymod_note(st->env, OV_LIMIT,
				     "a VBA project with more than is read of it");
		if (st->facts == NULL)
			st->facts = facts;
		for (uint32_t i = 0; i < v.n && st->n < MODULES_MAX; i++)
			st->modules[st->n++] = (struct module){ .doc = d, .m = v.m[i] };
		ov_buf_free(&v.text);
	}
	ov_arena_free(&scratch);
	return s == OV_BAD || s == OV_SHORT ? OV_OK : s;
}

static ov_status read_doc(struct state *st, struct ole_doc *d)
{
	uint32_t projects = 0;

	for (uint32_t i = 0; i < d->nstreams; i++) {
		if (!ov_text_same(d->o.e[d->streams[i]].name, OV_STR("dir")))
			continue;
		if (++projects > PROJECTS_MAX) {
			ov_ymod_note(st->env, OV_LIMIT,
				     "a document with more VBA projects than are read");
			break;
		}
		OV_TRY(read_project(st, d, d->streams[i]));
	}
	return OV_OK;
}

/* --- packages --- */

static void quiet(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	struct state *st = ctx;

	(void)member;
	(void)detail;
	st->is_malformed |= why != OV_LIMIT;
}

/* All bytes of a member, in the arena. OV_END: it can't be read. */
static ov_status unpack(struct state *st, const struct ov_zip_entry *e, struct ov_str *out)
{
	const struct ov_decoder_params params = { .max_memory = UINT64_C(16) << 20,
						  .plain_size = e->plain };
	struct ov_arena scratch;
	struct ov_buf b = ov_buf_of(PROJECT_MAX);
	struct ov_decoder *d = NULL;
	struct ov_src packed;
	ov_status s;

	if ((e->method != 0 && e->method != 8) || (e->flags & OV_ZIP_ENCRYPTED) != 0 ||
	    !e->has_local || e->data > st->env->src->size ||
	    ov_src_slice(st->env->src, e->data, ov_min_u64(e->packed, st->env->src->size - e->data),
			 &packed) != OV_OK)
		return OV_END;
	ov_arena_init(&scratch, SCRATCH);
	scratch.fail_in = st->env->arena->fail_in;
	s = ov_decoder_open(e->method == 0 ? OV_CODEC_STORED : OV_CODEC_DEFLATE, &packed, &params,
			    &scratch, &d);
	while (s == OV_OK) {
		size_t got = 0;

		s = ov_buf_reserve(&b, PIECE);
		if (s == OV_OK)
			s = ov_decoder_read(d, b.p + b.n, PIECE, &got);
		b.n += got;
	}
	ov_decoder_close(&d);
	ov_arena_free(&scratch);
	if (s == OV_LIMIT)
		ov_ymod_note(st->env, OV_LIMIT, "a VBA project longer than is read");
	/* What breaks off is read as far as it goes. */
	s = s == OV_NOMEM || s == OV_IO || s == OV_BUG
		? s
		: ov_arena_str(st->env->arena, ov_buf_text(&b), out);
	ov_buf_free(&b);
	return s;
}

static ov_status read_member(struct state *st, struct ov_zip_dir *dir, const struct ov_zip_entry *e)
{
	const struct ov_arena_mark mark = ov_arena_mark(st->env->arena);
	struct ole_doc *d;
	struct ov_src src;
	struct ov_str s;
	bool is_it;
	ov_status r;

	OV_TRY(ov_zip_name(dir, e, st->env->arena, &s));
	is_it = ov_text_ends_with(s, OV_STR("vbaProject.bin"));
	ov_arena_release(st->env->arena, mark);
	if (!is_it)
		return OV_OK;
	r = unpack(st, e, &s);
	if (r != OV_OK)
		return r == OV_END ? OV_OK : r;
	OV_TRY(ov_arena_new(st->env->arena, &d));
	src = ov_src_mem(s.p, s.n);
	ov_ole_doc_open(st->env, &src, d);
	if (d->status != OV_OK)
		return d->status == OV_BAD || d->status == OV_SHORT ? OV_OK : d->status;
	return read_doc(st, d);
}

static ov_status read_package(struct state *st)
{
	struct ov_fmt_env *fmt;
	struct ov_zip_dir *dir;
	uint32_t projects = 0;

	OV_TRY(ov_arena_new(st->env->arena, &fmt));
	OV_TRY(ov_arena_new(st->env->arena, &dir));
	*fmt = (struct ov_fmt_env){
		.src = st->env->src, .arena = st->env->arena, .note = quiet, .ctx = st
	};
	OV_TRY(ov_zip_dir_read(dir, fmt));
	for (const struct ov_zip_chunk *c = dir->first; c != NULL; c = c->next)
		for (unsigned i = 0; i < c->n; i++)
			if (c->e[i].name_len >= 14 && projects < PROJECTS_MAX) {
				const uint32_t had = st->n;

				OV_TRY(read_member(st, dir, &c->e[i]));
				projects += st->n > had;
			}
	return OV_OK;
}

static ov_status read_all(struct state *st)
{
	struct ole_doc *d;
	uint8_t magic[4];
	ov_status s;

	if (ov_src_read(st->env->src, 0, magic, sizeof magic) != OV_OK)
		return OV_BAD;
	if (magic[0] != 0xd0 && magic[0] != 'P')
		return OV_BAD;
	OV_TRY(ov_arena_array(st->env->arena, MODULES_MAX, &st->modules));
	if (magic[0] == 'P')
		return magic[1] == 'K' ? read_package(st) : OV_BAD;
	s = ov_ole_doc(st->env, &d);
	if (s == OV_OK)
		s = read_doc(st, d);
	return s == OV_END ? OV_BAD : s;
}

static ov_status load(struct ov_yenv *env, unsigned module, struct state **out)
{
	struct state *st = env->state[module];

	if (env->is_process)
		return OV_END;
	if (st == NULL) {
		OV_TRY(ov_arena_new(env->arena, &st));
		st->env = env;
		st->status = read_all(st);
		env->state[module] = st;
		if (st->n == MODULES_MAX)
			ov_ymod_note(env, OV_LIMIT, "a document with more macros than are listed");
	}
	if (st->status != OV_OK)
		return st->status == OV_BAD || st->status == OV_SHORT ? OV_END : st->status;
	*out = st;
	return OV_OK;
}

#define OF_VBA(name, answer) OV_GET_OF(name, struct state, st, load, answer)

OV_GET(has_macros)
{
	struct state *st = NULL;
	const ov_status s = load(env, module, &st);

	(void)self;
	return s == OV_OK || s == OV_END ? ov_give_bool(out, s == OV_OK && st->n > 0) : s;
}

OF_VBA(is_malformed, ov_give_bool(out, st->is_malformed))
OF_VBA(number_of_modules, ov_give_int(out, st->n))
OF_VBA(modules, ov_give_array(out, st->modules, 0, st->n))

/* The source of a module, unpacked when it is asked for. What breaks off is given as far as it
 * goes. */
static ov_status read_code(struct ov_yenv *env, struct module *m)
{
	const struct ov_decoder_params params = { .max_memory = UINT64_C(16) << 20,
						  .plain_size = UINT64_MAX };
	struct ov_buf b = ov_buf_of(CODE_MAX);
	struct ov_ole2_stream stream;
	struct ov_decoder *d = NULL;
	struct ov_arena scratch;
	struct ov_src packed;
	ov_status s;

	if (m->has_code)
		return OV_OK;
	ov_ole2_stream_open(&m->doc->o, m->m.entry, &stream);
	m->has_code =
	    m->m.offset > stream.src.size ||
	    ov_src_slice(&stream.src, m->m.offset, stream.src.size - m->m.offset, &packed) != OV_OK;
	if (m->has_code)
		return OV_OK;
	ov_arena_init(&scratch, SCRATCH);
	scratch.fail_in = env->arena->fail_in;
	s = ov_decoder_open(OV_CODEC_OVBA, &packed, &params, &scratch, &d);
	while (s == OV_OK) {
		size_t got = 0;

		s = ov_buf_reserve(&b, PIECE);
		if (s == OV_OK)
			s = ov_decoder_read(d, b.p + b.n, PIECE, &got);
		b.n += got;
	}
	ov_decoder_close(&d);
	ov_arena_free(&scratch);
	if (s == OV_LIMIT)
		ov_ymod_note(env, OV_LIMIT, "a macro longer than is read");
	s = s == OV_NOMEM || s == OV_IO || s == OV_BUG
		? s
		: ov_arena_str(env->arena, ov_buf_text(&b), &m->code);
	ov_buf_free(&b);
	m->has_code = s == OV_OK;
	return s;
}

static ov_status give_code(struct ov_yenv *env, struct module *m, struct ov_yval *out)
{
	OV_TRY(read_code(env, m));
	return ov_give_text(out, m->code);
}

OV_ITEM(module_at)
{
	const struct module *list = self->p;

	(void)env;
	(void)module;
	return ov_give_struct(out, &list[i], 0);
}

OV_ITEM(name_at)
{
	const struct module *list = self->p;

	(void)env;
	(void)module;
	return ov_give_text(out, list[i].m.name);
}

OV_ITEM(code_at)
{
	struct module *list = (struct module *)self->p;

	(void)module;
	return give_code(env, &list[i], out);
}

OV_GET(module_name)
{
	OV_UNUSED_GET();
	return ov_give_text(out, ((const struct module *)self->p)->m.name);
}

OV_GET(module_kind)
{
	OV_UNUSED_GET();
	return ov_give_text(out, ((const struct module *)self->p)->m.is_class ? OV_STR("class")
									      : OV_STR("standard"));
}

OV_GET(module_stream)
{
	const struct module *m = self->p;

	OV_UNUSED_GET();
	return ov_give_text(out, m->doc->o.e[m->m.entry].name);
}

OV_GET(module_source)
{
	(void)module;
	return give_code(env, (struct module *)self->p, out);
}

#define OF_PROJECT(name, answer)                                                                   \
	static ov_status name##_of(const struct ov_vba_facts *f, struct ov_yval *out)              \
	{                                                                                          \
		return answer;                                                                     \
	}                                                                                          \
	OF_VBA(name, st->facts != NULL ? name##_of(st->facts, out) : OV_OK)

OF_PROJECT(project_name, ov_give_text(out, f->name))
OF_PROJECT(project_description, ov_give_text(out, f->description))
OF_PROJECT(project_help, ov_give_text(out, f->help_file))
OF_PROJECT(project_code_page, ov_give_int(out, f->code_page))
OF_PROJECT(project_lcid, ov_give_int(out, f->lcid))
OF_PROJECT(project_system, ov_give_int(out, f->system))
OF_PROJECT(project_major, ov_give_int(out, f->major))
OF_PROJECT(project_minor, ov_give_int(out, f->minor))
OF_PROJECT(number_of_references, ov_give_int(out, f->nreferences))
OF_PROJECT(references, ov_give_array(out, f->references, 0, f->nreferences))

OV_ITEM(reference_at)
{
	const struct ov_str *list = self->p;

	(void)env;
	(void)module;
	return ov_give_text(out, list[i]);
}

static const struct ov_yfield module_row_fields[] = {
	OV_F_STR("name", module_name),
	OV_F_STR("type", module_kind),
	OV_F_STR("stream", module_stream),
	OV_F_STR("code", module_source),
};
OV_YTYPE(module_row, "vba.module");

static const struct ov_yfield project_fields[] = {
	OV_F_STR("name", project_name),
	OV_F_STR("description", project_description),
	OV_F_STR("help_file", project_help),
	OV_F_INT("code_page", project_code_page),
	OV_F_INT("lcid", project_lcid),
	OV_F_INT("system_kind", project_system),
	OV_F_INT("major_version", project_major),
	OV_F_INT("minor_version", project_minor),
	OV_F_INT("number_of_references", number_of_references),
	OV_F_LIST("references", references, reference_at, OV_Y_STRING),
};
OV_YTYPE(project, "vba.project_info");

static const struct ov_yfield root_fields[] = {
	OV_F_BOOL("has_macros", has_macros),
	OV_F_BOOL("is_malformed", is_malformed),
	OV_F_INT("number_of_modules", number_of_modules),
	OV_F_STRUCTS("modules", modules, module_at, module_row),
	OV_F_LIST("module_names", modules, name_at, OV_Y_STRING),
	OV_F_LIST("module_code", modules, code_at, OV_Y_STRING),
	{ .name = "project_info", .kind = OV_Y_STRUCT, .of = &project },
};
OV_YTYPE(root, "vba");

const struct ov_ymodule ov_ymod_vba = { "vba", &root };
