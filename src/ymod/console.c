/*
 * console: lines that a rule wants said while it is evaluated. Source: YARA's manual; bytes that
 * are not printable ASCII are shown as \xNN and a number as C's %f, as Debian's yara does.
 */
#include <stdio.h>
#include <string.h>

#include "ymod.h"
#include "buf.h"
#include "ymod_give.h"

#define LINE_MAX_BYTES ((size_t)64 << 10) /* of one line, before its end is left out, and told */

static ov_status put_text(struct ov_buf *b, struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c >= 0x20 && c < 0x7f)
			OV_TRY(ov_buf_u8(b, c));
		else
			OV_TRY(ov_buf_fmt(b, "\\x%02x", c));
	}
	return OV_OK;
}

static ov_status put_value(struct ov_buf *b, const struct ov_yval *v, bool is_hex)
{
	if (v->kind == OV_Y_STRING)
		return put_text(b, v->s);
	if (v->kind == OV_Y_FLOAT)
		return ov_buf_fmt(b, "%f", v->f);
	if (is_hex)
		return ov_buf_fmt(b, "0x%llx", (unsigned long long)v->i);
	return ov_buf_fmt(b, "%lld", (long long)v->i);
}

static ov_status say(struct ov_yenv *env, const struct ov_yval *args, size_t nargs, bool is_hex,
		     struct ov_yval *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(LINE_MAX_BYTES);
	ov_status s = OV_OK;

	if (nargs == 2)
		s = put_text(&b, args[0].s);
	if (s == OV_OK)
		s = put_value(&b, &args[nargs - 1], is_hex);
	if (s == OV_LIMIT && env->note != NULL)
		env->note(env->ctx, OV_LIMIT, "a line of console.log() is longer than is shown");
	else
		OV_TRY(s);
	OV_TRY(ov_ymod_spend(env, b.n));
	if (env->say != NULL)
		env->say(env->ctx, ov_buf_text(&b));
	return ov_give_int(out, 1);
}

OV_CALL(log_value)
{
	OV_UNUSED_CALL();
	return say(env, args, nargs, false, out);
}

OV_CALL(hex_value)
{
	OV_UNUSED_CALL();
	return say(env, args, nargs, true, out);
}

OV_SIGS(log_sigs, { "s", OV_Y_INT, log_value }, { "ss", OV_Y_INT, log_value },
	{ "i", OV_Y_INT, log_value }, { "si", OV_Y_INT, log_value }, { "f", OV_Y_INT, log_value },
	{ "sf", OV_Y_INT, log_value });
OV_SIGS(hex_sigs, { "i", OV_Y_INT, hex_value }, { "si", OV_Y_INT, hex_value });

static const struct ov_yfield root_fields[] = {
	OV_F_FUNC("log", log_sigs),
	OV_F_FUNC("hex", hex_sigs),
};
OV_YTYPE(root, "console");

const struct ov_ymodule ov_ymod_console = { "console", &root };
