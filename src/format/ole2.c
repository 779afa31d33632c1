/*
 * OLE2 compound files as containers: Word, Excel and PowerPoint up to 2003, MSI, MSG, HWP 5, and
 * the vbaProject.bin of newer documents. [MS-CFB]; ole2_dir.c and ole2_stream.c read it.
 *
 * Parts, in this order: every stream, with what is packed inside some of them (packages, objects
 * of presentations, HWP's deflated text); for every VBA project its text and its modules; VBA
 * sources that stand in streams without being named by a project.
 *
 * Not read, and noted: encrypted documents. Not read: p-code, which is matched as bytes.
 */
#include "formats.h"
#include "ole2_int.h"

#include "checked.h"
#include "overt/features.h"
#include "text.h"

#define SCRATCH ((size_t)16 << 20)

enum phase { STREAMS, PROJECTS, HUNT, DONE };

struct ole2 {
	const struct ov_fmt_env *env;
	struct ov_ole2 o;
	enum phase phase;
	uint32_t i;		 /* the entry in hand                            */
	bool has_stream;	 /* s is that entry's                            */
	uint64_t inner;		 /* where the next thing inside it may begin     */
	struct ov_ole2_stream s; /* never moves: sources point into it           */
	uint64_t position;
	bool is_hwp;
	struct ov_vba vba;
	uint32_t module; /* next of vba.m, plus one; 0: its text        */
	bool has_vba;
	struct ov_arena scratch; /* of the current part                         */
	struct ov_arena project; /* of vba                                      */
	/* The current part: a decoder's bytes, or those of `part`. */
	struct ov_decoder *d;
	struct ov_src part;
	uint64_t at;
};

static void note(struct ole2 *f, ov_status why, struct ov_str member, const char *detail)
{
	f->env->note(f->env->ctx, why, member, detail);
}

static ov_status open_ole2(const struct ov_fmt_env *env, void **state)
{
	struct ole2 *f;

	if ((env->features_off >> OVERT_FEATURE_OLE2 & 1) != 0) {
		env->note(env->ctx, OV_UNSUPPORTED, OV_STR(""),
			  "OLE2 documents are not opened, as asked");
		return OV_UNSUPPORTED;
	}
	OV_TRY(ov_arena_new(env->arena, &f));
	f->env = env;
	OV_TRY(ov_ole2_read(&f->o, env));
	ov_arena_init(&f->scratch, SCRATCH);
	ov_arena_init(&f->project, SCRATCH);
	/* Tests that fail the n-th request reach these too. */
	f->scratch.fail_in = f->project.fail_in = env->arena->fail_in;
	f->is_hwp = ov_hwp_is_packed(&f->o);
	*state = f;
	return OV_OK;
}

static void drop_part(struct ole2 *f)
{
	ov_decoder_close(&f->d);
	ov_arena_reset(&f->scratch, SCRATCH);
}

static void drop_project(struct ole2 *f)
{
	ov_buf_free(&f->vba.text);
	ov_arena_reset(&f->project, 0);
	f->has_vba = false;
}

static bool is_stream(const struct ole2 *f, uint32_t i)
{
	return f->o.e[i].kind != OV_OLE2_EMPTY && f->o.e[i].kind != OV_OLE2_STORAGE &&
	       f->o.e[i].kind != OV_OLE2_ROOT && i != 0;
}

/* Describes the part that is about to be handed out. */
static void describe(struct ole2 *f, struct ov_child *c, struct ov_str name, uint64_t size)
{
	*c = (struct ov_child){ .kind = OV_CHILD_STREAM,
				.name = name,
				.size = size,
				.packed = OV_SIZE_UNKNOWN,
				.position = ++f->position };
}

static ov_status give_bytes(struct ole2 *f, struct ov_child *c, struct ov_str name, uint64_t off,
			    uint64_t size)
{
	OV_TRY(ov_src_slice(&f->s.src, off, size, &f->part));
	f->at = 0;
	describe(f, c, name, size);
	return OV_OK;
}

/* [off, off + size) of the stream in hand, decoded. OV_END: it can't be, which was noted. */
static ov_status give_decoded(struct ole2 *f, struct ov_child *c, struct ov_str name,
			      enum ov_codec codec, uint64_t off, uint64_t size)
{
	const struct ov_decoder_params params = { .max_memory = f->env->max_memory,
						  .plain_size = UINT64_MAX };
	struct ov_src packed;
	ov_status s;

	OV_TRY(ov_src_slice(&f->s.src, off, size, &packed));
	s = ov_decoder_open(codec, &packed, &params, &f->scratch, &f->d);
	if (s == OV_NOMEM || s == OV_BUG || s == OV_IO)
		return s;
	if (s != OV_OK) {
		note(f, s, name, "its compressed data can't be opened");
		return OV_END;
	}
	describe(f, c, name, OV_SIZE_UNKNOWN);
	return OV_OK;
}

/* The stream of entry f->i, raw. OV_END: it has no bytes. */
static ov_status give_stream(struct ole2 *f, struct ov_child *c)
{
	struct ov_str path;

	ov_ole2_stream_open(&f->o, f->i, &f->s);
	f->has_stream = true;
	OV_TRY(ov_ole2_path(&f->o, f->i, &f->scratch, &path));
	if (f->s.end != OV_OK)
		note(f, f->s.end, path, f->s.wrong);
	OV_TRY(ov_ole2_marks(&f->o, f->i, &f->s));
	if (f->s.src.size == 0)
		return OV_END;
	OV_TRY(give_bytes(f, c, path, 0, f->s.src.size));
	c->packed = f->s.src.size;
	if (f->s.is_run) {
		c->kind = OV_CHILD_SLICE;
		c->off = f->s.at;
	}
	return OV_OK;
}

static bool is_packed_hwp(const struct ole2 *f)
{
	static const char *const storages[] = { "BodyText", "BinData", "ViewText", "Scripts" };
	const uint32_t parent = f->o.e[f->i].parent;

	if (!f->is_hwp || parent >= f->o.n)
		return false;
	for (size_t k = 0; k < sizeof storages / sizeof *storages; k++)
		if (ov_text_same(f->o.e[parent].name, ov_str_of(storages[k])))
			return true;
	return ov_text_same(f->o.e[f->i].name, OV_STR("DocInfo"));
}

/* The objects in a PowerPoint document's stream. */
static ov_status give_powerpoint(struct ole2 *f, struct ov_child *c)
{
	struct ov_ppt_object obj;
	const ov_status s = ov_ppt_next(&f->s.src, &f->inner, &obj);

	if (s == OV_SHORT || (s == OV_OK && obj.is_cut))
		f->o.env->note(f->o.env->ctx, OV_SHORT, f->o.e[f->i].name,
			       "a record goes beyond its end: objects may be missing");
	if (s != OV_OK) {
		f->inner = UINT64_MAX;
		return s == OV_SHORT ? OV_END : s;
	}
	return obj.is_packed
		   ? give_decoded(f, c, OV_STR("embedded object"), OV_CODEC_ZLIB, obj.off, obj.size)
		   : give_bytes(f, c, OV_STR("embedded object"), obj.off, obj.size);
}

/* What is packed inside the stream in hand, one after another. OV_END: nothing more. */
static ov_status give_inner(struct ole2 *f, struct ov_child *c)
{
	const struct ov_str name = f->o.e[f->i].name;
	const uint64_t first = f->inner;
	struct ov_ole_native native;
	struct ov_str inner;

	if (f->s.src.size == 0)
		f->inner = UINT64_MAX;
	if (f->inner == UINT64_MAX)
		return OV_END;
	if (ov_text_same(name, OV_STR("PowerPoint Document")))
		return give_powerpoint(f, c);
	f->inner = UINT64_MAX;
	if (first != 0)
		return OV_END;
	if (ov_text_same(name, OV_STR("\x01Ole10Native"))) {
		OV_TRY(ov_ole_native(&f->s.src, 4, &f->scratch, &native));
		if (native.is_broken)
			f->o.env->note(
			    f->o.env->ctx, OV_BAD, name,
			    "a package whose sizes don't fit: its file may lie elsewhere");
		return give_bytes(f, c, native.name.n > 0 ? native.name : OV_STR("package"),
				  native.off, native.size);
	}
	if (is_packed_hwp(f)) {
		OV_TRY(ov_ole2_path(&f->o, f->i, &f->scratch, &inner));
		return give_decoded(f, c, inner, OV_CODEC_DEFLATE, 0, f->s.src.size);
	}
	return OV_END;
}

static ov_status next_in_streams(struct ole2 *f, struct ov_child *c)
{
	for (; f->i < f->o.n; f->i++, f->has_stream = false) {
		ov_status s;

		if (!is_stream(f, f->i))
			continue;
		if (!f->has_stream) {
			f->inner = 0;
			s = give_stream(f, c);
			if (s != OV_END)
				return s;
		}
		do { /* one that can't be opened is passed: each turn moves on */
			s = give_inner(f, c);
		} while (s == OV_END && f->inner != UINT64_MAX);
		if (s != OV_END)
			return s;
	}
	f->phase = PROJECTS;
	f->i = 0;
	return OV_END;
}

/* Reads the project of a `dir` stream. OV_END: it is none. */
static ov_status open_project(struct ole2 *f)
{
	ov_status s;

	if (!is_stream(f, f->i) || !ov_text_same(f->o.e[f->i].name, OV_STR("dir")))
		return OV_END;
	f->vba.facts = NULL;
	s = ov_vba_read(&f->o, f->i, &f->project, &f->vba);
	if (s == OV_BAD) {
		if (ov_ole2_beside(&f->o, f->i, "_VBA_PROJECT") != OV_OLE2_NONE)
			note(f, OV_BAD, OV_STR("dir"),
			     "the VBA project's directory can't be read: its sources were searched "
			     "for");
		return OV_END;
	}
	OV_TRY(s);
	f->o.e[f->i].is_module = true; /* nothing to hunt for */
	f->has_vba = true;
	f->module = 0;
	ov_fmt_heuristic(f->env, OVERT_ALERT_MACROS, "Heuristics.OLE2.ContainsMacros.VBA");
	if (f->vba.is_broken)
		note(f, OV_BAD, OV_STR("VBA project"),
		     "a module is not where its directory says, or that breaks off");
	if (f->vba.is_cut)
		note(f, OV_LIMIT, OV_STR("VBA project"), "too much source for one text");
	return OV_OK;
}

static ov_status give_module(struct ole2 *f, struct ov_child *c)
{
	const struct ov_vba_module *m = &f->vba.m[f->module - 1];

	ov_ole2_stream_open(&f->o, m->entry, &f->s);
	if (m->offset > f->s.src.size)
		return OV_END;
	return give_decoded(f, c, m->name, OV_CODEC_OVBA, m->offset, f->s.src.size - m->offset);
}

static ov_status next_in_projects(struct ole2 *f, struct ov_child *c)
{
	for (;;) {
		ov_status s = OV_END;

		if (f->has_vba && f->module == 0) {
			f->module = 1;
			f->part = ov_src_mem(f->vba.text.p, f->vba.text.n);
			f->at = 0;
			describe(f, c, OV_STR("VBA project"), f->part.size);
			return OV_OK;
		}
		while (f->has_vba && s == OV_END && f->module <= f->vba.n) {
			s = give_module(f, c);
			f->module++;
		}
		if (s != OV_END)
			return s;
		if (f->has_vba) {
			drop_project(f);
			f->i++;
		}
		for (; f->i < f->o.n && s == OV_END; f->i += s == OV_END)
			s = open_project(f);
		if (s == OV_END)
			break;
		OV_TRY(s);
	}
	f->phase = HUNT;
	f->i = 0;
	f->has_stream = false;
	return OV_END;
}

static ov_status next_in_hunt(struct ole2 *f, struct ov_child *c)
{
	for (; f->i < f->o.n; f->i++, f->has_stream = false) {
		ov_status s;

		if (!is_stream(f, f->i) || f->o.e[f->i].is_module)
			continue;
		if (!f->has_stream) {
			ov_ole2_stream_open(&f->o, f->i, &f->s);
			f->has_stream = true;
			f->inner = 0;
		}
		s = ov_vba_hunt(&f->s.src, &f->inner);
		if (s == OV_OK) {
			const uint64_t off = f->inner++;

			ov_fmt_heuristic(f->env, OVERT_ALERT_MACROS,
					 "Heuristics.OLE2.ContainsMacros.VBA");
			s = give_decoded(f, c, f->o.e[f->i].name, OV_CODEC_OVBA, off,
					 f->s.src.size - off);
		}
		if (s != OV_END)
			return s;
	}
	f->phase = DONE;
	return OV_END;
}

static ov_status next_ole2(void *state, struct ov_child *out)
{
	struct ole2 *f = state;
	ov_status s = OV_END;

	drop_part(f);
	if (f->phase == STREAMS)
		s = next_in_streams(f, out);
	if (s == OV_END && f->phase == PROJECTS)
		s = next_in_projects(f, out);
	if (s == OV_END && f->phase == HUNT)
		s = next_in_hunt(f, out);
	return s;
}

static ov_status read_ole2(void *state, void *to, size_t n, size_t *got)
{
	struct ole2 *f = state;

	*got = 0;
	if (f->d != NULL)
		return ov_decoder_read(f->d, to, n, got);
	if (f->at >= f->part.size)
		return OV_END;
	OV_TRY(ov_src_read_upto(&f->part, f->at, to, n, got));
	if (*got == 0)
		return OV_SHORT;
	f->at += *got;
	return OV_OK;
}

static void close_ole2(void *state)
{
	struct ole2 *f = state;

	drop_part(f);
	drop_project(f);
	ov_arena_free(&f->scratch);
	ov_arena_free(&f->project);
}

const struct ov_format ov_format_ole2 = { "ole2", open_ole2, next_ole2, read_ole2, close_ole2 };
