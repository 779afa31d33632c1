/*
 * The list that is built into the program. It is stored with every bit turned over: a program that
 * carries the names of what is covered must not look like something that is.
 */
#include "list_text.h"

#include "list.h"

ov_status ov_cov_builtin(struct ov_arena *a, struct ov_str *out)
{
	char *text = NULL;

	OV_TRY(ov_arena_array(a, ov_cov_builtin_size, &text));
	for (size_t i = 0; i < ov_cov_builtin_size; i++)
		text[i] = (char)(ov_cov_builtin_turned[i] ^ 0xff);
	*out = (struct ov_str){ text, ov_cov_builtin_size };
	return OV_OK;
}

ov_status ov_cov_list_add_builtin(struct ov_cov_list *l, ov_cov_error_fn error, void *ctx)
{
	struct ov_str text;

	OV_TRY(ov_cov_builtin(&l->arena, &text));
	return ov_cov_list_add(l, text, error, ctx);
}
