/* How a module's getters answer: one line each. What is not there is left undefined. */
#ifndef OV_YMOD_GIVE_H
#define OV_YMOD_GIVE_H

#include "module.h"

/* The parameters of a getter, and of an array's elements. */
#define OV_GET(name)                                                                               \
	static ov_status name(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,    \
			      struct ov_yval *out)
#define OV_ITEM(name)                                                                              \
	static ov_status name(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,    \
			      uint64_t i, struct ov_yval *out)
#define OV_UNUSED_GET() (void)env, (void)module, (void)self
/* Those of a function, and its ways to be called. */
#define OV_CALL(name)                                                                              \
	static ov_status name(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,    \
			      const struct ov_yval *args, size_t nargs, struct ov_yval *out)
#define OV_UNUSED_CALL() (void)env, (void)module, (void)self, (void)args, (void)nargs
#define OV_SIGS(name, ...)                                                                         \
	static const struct ov_ysig name[] = { __VA_ARGS__, { NULL, OV_Y_UNDEFINED, NULL } }

static inline ov_status ov_give_int(struct ov_yval *out, uint64_t v)
{
	out->kind = OV_Y_INT;
	out->i = (int64_t)v;
	return OV_OK;
}

static inline ov_status ov_give_bool(struct ov_yval *out, bool v)
{
	out->kind = OV_Y_BOOL;
	out->i = v;
	return OV_OK;
}

/* A text whose `p` is NULL is not there. */
static inline ov_status ov_give_text(struct ov_yval *out, struct ov_str s)
{
	if (s.p == NULL)
		return OV_OK;
	out->kind = OV_Y_STRING;
	out->s = s;
	return OV_OK;
}

static inline ov_status ov_give_array(struct ov_yval *out, const void *p, uint64_t a, uint64_t n)
{
	out->kind = OV_Y_ARRAY;
	out->o = (struct ov_yobj){ .p = p, .a = a, .n = n };
	return OV_OK;
}

static inline ov_status ov_give_struct(struct ov_yval *out, const void *p, uint64_t a)
{
	out->kind = OV_Y_STRUCT;
	out->o = (struct ov_yobj){ .p = p, .a = a };
	return OV_OK;
}

/* NOLINTBEGIN(bugprone-macro-parentheses): a type and a name are declared, not computed */
/* A getter of an expression over `var`, which load(env, module, &var) gives; where that says
 * OV_END, it is no such file, and nothing is given. */
#define OV_GET_OF(name, type, var, load, answer)                                                   \
	OV_GET(name)                                                                               \
	{                                                                                          \
		type *var = NULL;                                                                  \
		const ov_status s_ = load(env, module, &var);                                      \
                                                                                                   \
		(void)self;                                                                        \
		if (s_ != OV_OK)                                                                   \
			return s_ == OV_END ? OV_OK : s_;                                          \
		return answer;                                                                     \
	}
/* The getter of whether it is such a file. */
#define OV_GET_IS(name, type, load)                                                                \
	OV_GET(name)                                                                               \
	{                                                                                          \
		type *it_ = NULL;                                                                  \
		const ov_status s_ = load(env, module, &it_);                                      \
                                                                                                   \
		(void)self;                                                                        \
		if (s_ != OV_OK && s_ != OV_END)                                                   \
			return s_;                                                                 \
		return ov_give_bool(out, s_ == OV_OK);                                             \
	}
/* NOLINTEND(bugprone-macro-parentheses) */

static inline void ov_ymod_note(struct ov_yenv *env, ov_status why, const char *detail)
{
	if (env->note != NULL)
		env->note(env->ctx, why, detail);
}

#define OV_YTYPE(name, shown)                                                                      \
	static const struct ov_ytype name = { shown, name##_fields,                                \
					      sizeof name##_fields / sizeof *name##_fields }

/* Rows of a table of fields: numbers, texts, truths; constants; lists of structs and of others. */
#define OV_F_INT(shown, fn)                                                                        \
	{                                                                                          \
		.name = (shown), .kind = OV_Y_INT, .get = (fn)                                     \
	}
#define OV_F_STR(shown, fn)                                                                        \
	{                                                                                          \
		.name = (shown), .kind = OV_Y_STRING, .get = (fn)                                  \
	}
#define OV_F_BOOL(shown, fn)                                                                       \
	{                                                                                          \
		.name = (shown), .kind = OV_Y_BOOL, .get = (fn)                                    \
	}
#define OV_F_CONST(shown, v)                                                                       \
	{                                                                                          \
		.name = (shown), .kind = OV_Y_INT, .value = (v)                                    \
	}
#define OV_F_STRUCTS(shown, fn, each, type)                                                        \
	{                                                                                          \
		.name = (shown), .kind = OV_Y_ARRAY, .get = (fn), .item = OV_Y_STRUCT,             \
		.of = &(type), .at = (each)                                                        \
	}
#define OV_F_LIST(shown, fn, each, what)                                                           \
	{                                                                                          \
		.name = (shown), .kind = OV_Y_ARRAY, .get = (fn), .item = (what), .at = (each)     \
	}

#define OV_F_STRUCT(shown, fn, type)                                                               \
	{                                                                                          \
		.name = (shown), .kind = OV_Y_STRUCT, .get = (fn), .of = &(type)                   \
	}
#define OV_F_FUNC(shown, ways)                                                                     \
	{                                                                                          \
		.name = (shown), .kind = OV_Y_FUNC, .sigs = (ways)                                 \
	}

/* Takes steps off the layer's budget. @return OV_LIMIT when they are spent. */
OV_MUST_USE static inline ov_status ov_ymod_spend(struct ov_yenv *env, uint64_t n)
{
	if (*env->steps < n)
		return OV_LIMIT;
	*env->steps -= n;
	return OV_OK;
}

#endif
