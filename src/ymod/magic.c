/*
 * magic: what libmagic, the library of file(1), says of a file. Source: YARA's manual. The
 * library's database comes as the module's data: the worker maps it before its jail is closed, and
 * pages of it are read only when a rule asks. Without libmagic, or without its database, both are
 * undefined.
 */
#include "ymod.h"
#include "ymod_give.h"

#ifdef OV_WITH_MAGIC
#include <magic.h>

#include "checked.h"

#define LOOKED_AT ((uint64_t)7 << 20) /* bytes from the start, as file(1) looks at */

struct said {
	bool is_there[2];
	struct ov_str text[2];
};

/* A new handle for each answer: nothing of one file is left for the next. */
static ov_status ask(struct ov_yenv *env, unsigned module, int flags, struct ov_str *out)
{
	void *database = (void *)(uintptr_t)env->data[module].base;
	size_t n = env->data[module].len;
	struct ov_cur c;
	magic_t m;
	const char *text = NULL;
	ov_status s;

	OV_TRY(ov_ymod_spend(env, ov_min_u64(env->src->size, LOOKED_AT)));
	OV_TRY(ov_src_view_upto(env->src, 0, (size_t)ov_min_u64(env->src->size, LOOKED_AT),
				env->arena, &c));
	m = magic_open(flags);
	if (m == NULL)
		return OV_NOMEM;
	if (magic_load_buffers(m, &database, &n, 1) == 0)
		text = magic_buffer(m, c.len > 0 ? (const void *)c.base : "", c.len);
	s = text != NULL ? ov_arena_str(env->arena, ov_str_of(text), out) : OV_OK;
	magic_close(m);
	return s;
}

static ov_status give(struct ov_yenv *env, unsigned module, int which, struct ov_yval *out)
{
	static const int flags[2] = { MAGIC_NONE, MAGIC_MIME_TYPE };
	struct said *said = env->state[module];

	if (env->is_process || env->data[module].len == 0)
		return OV_OK;
	if (said == NULL) {
		OV_TRY(ov_arena_new(env->arena, &said));
		env->state[module] = said;
	}
	if (!said->is_there[which]) {
		OV_TRY(ask(env, module, flags[which], &said->text[which]));
		said->is_there[which] = true;
	}
	return ov_give_text(out, said->text[which]);
}
#else
static ov_status give(struct ov_yenv *env, unsigned module, int which, struct ov_yval *out)
{
	(void)env, (void)module, (void)which, (void)out;
	return OV_OK;
}
#endif

OV_CALL(type)
{
	OV_UNUSED_CALL();
	return give(env, module, 0, out);
}

OV_CALL(mime_type)
{
	OV_UNUSED_CALL();
	return give(env, module, 1, out);
}

OV_SIGS(type_sigs, { "", OV_Y_STRING, type });
OV_SIGS(mime_type_sigs, { "", OV_Y_STRING, mime_type });

static const struct ov_yfield root_fields[] = {
	OV_F_FUNC("type", type_sigs),
	OV_F_FUNC("mime_type", mime_type_sigs),
};
OV_YTYPE(root, "magic");

const struct ov_ymodule ov_ymod_magic = { "magic", &root };
