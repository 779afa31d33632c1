/*
 * Each kind of message body behind one function: read all of it, and write what was read again. The
 * encoding is canonical, so a body that is read must be written as the same bytes: tests and the
 * fuzzer hold the wire to that.
 */
#ifndef OV_TEST_BODIES_H
#define OV_TEST_BODIES_H

#include "wire.h"

typedef ov_status (*body_fn)(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b);

static ov_status again_head(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	uint8_t bytes[OV_WIRE_HEAD];
	struct ov_wire_head h;
	struct ov_cur rest;

	(void)a;
	OV_TRY(ov_wire_get_head(c, &h));
	ov_wire_put_head(bytes, &h);
	OV_TRY(ov_cur_take(c, ov_cur_left(c), &rest));
	OV_TRY(ov_buf_put(b, bytes, sizeof bytes));
	return ov_buf_put(b, rest.base, rest.len);
}

static ov_status again_setup(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_wire_setup s;

	(void)a;
	OV_TRY(ov_wire_get_setup(c, &s));
	return ov_wire_put_setup(b, &s);
}

static ov_status again_hello(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_jail_report r;

	(void)a;
	OV_TRY(ov_wire_get_hello(c, &r));
	return ov_wire_put_hello(b, &r);
}

static ov_status again_ready(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_wire_ready r;

	OV_TRY(ov_wire_get_ready(c, a, &r));
	return ov_wire_put_ready(b, &r);
}

static ov_status again_verdict(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_wire_verdict v;

	OV_TRY(ov_wire_get_verdict(c, a, &v));
	return ov_wire_put_verdict(b, &v.v, v.memory);
}

static ov_status again_source(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_wire_source s;

	(void)a;
	OV_TRY(ov_wire_get_source(c, &s));
	return ov_wire_put_source(b, &s);
}

static ov_status again_compile(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_wire_compile w;

	(void)a;
	OV_TRY(ov_wire_get_compile(c, &w));
	return ov_wire_put_compile(b, &w);
}

static ov_status again_diagnostic(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct overt_diagnostic d;

	(void)a;
	OV_TRY(ov_wire_get_diagnostic(c, &d));
	return ov_wire_put_diagnostic(b, &d);
}

static ov_status again_compiled(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_wire_compiled w;

	(void)a;
	OV_TRY(ov_wire_get_compiled(c, &w));
	return ov_wire_put_compiled(b, &w);
}

static ov_status again_signatures(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct overt_signature s;
	ov_status st;

	(void)a;
	for (st = ov_wire_get_signature(c, &s); st == OV_OK; st = ov_wire_get_signature(c, &s))
		OV_TRY(ov_wire_put_signature(b, &s));
	return st == OV_END ? OV_OK : st;
}

static ov_status again_facts(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct overt_database_facts f;

	OV_TRY(ov_wire_get_facts(c, a, &f));
	return ov_wire_put_facts(b, &f);
}

static ov_status again_u32(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	uint32_t v;

	(void)a;
	OV_TRY(ov_wire_get_u32(c, &v));
	return ov_wire_put_u32(b, v);
}

static ov_status again_failed(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_str text;
	ov_status why;

	(void)a;
	OV_TRY(ov_wire_get_failed(c, &why, &text));
	return ov_wire_put_failed(b, why, text);
}

static ov_status again_inspect(struct ov_cur *c, struct ov_arena *a, struct ov_buf *b)
{
	struct ov_wire_inspect s;

	(void)a;
	OV_TRY(ov_wire_get_inspect(c, &s));
	return ov_wire_put_inspect(b, &s);
}

static const struct {
	const char *what;
	body_fn again;
} bodies[] = {
	{ "head", again_head },		{ "setup", again_setup },
	{ "hello", again_hello },	{ "ready", again_ready },
	{ "verdict", again_verdict },	{ "source", again_source },
	{ "compile", again_compile },	{ "diagnostic", again_diagnostic },
	{ "compiled", again_compiled }, { "signatures", again_signatures },
	{ "facts", again_facts },	{ "number", again_u32 },
	{ "failed", again_failed },	{ "a file of an inventory", again_inspect },
};

#define BODIES (sizeof bodies / sizeof bodies[0])

#endif
