/*
 * Types and embedded files of any bytes. Claims: a type that exists, the same one wherever the
 * bytes come from; the vector scanner equals the plain one; parts lie inside the layer, rise, never
 * begin at 0, are capped, and are the same from memory and from a read function.
 */
#include <stdlib.h>
#include <string.h>

#include "carve_int.h"
#include "format.h"

#define CLAIM(cond)                                                                                \
	do {                                                                                       \
		if (!(cond))                                                                       \
			abort();                                                                   \
	} while (0)

struct bytes {
	const uint8_t *p;
	size_t n;
};

static ov_status piecewise(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct bytes *b = ctx;

	CLAIM(off < b->n && n <= b->n - off);
	memcpy(to, b->p + off, n);
	*got = n;
	return OV_OK;
}

static void on_note(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	(void)ctx, (void)member;
	CLAIM(why == OV_LIMIT && detail != NULL);
}

static size_t carve(const struct ov_src *src, enum ov_type type, uint64_t ends[][2])
{
	struct ov_arena a;
	struct ov_fmt_env env = { .src = src, .type = type, .arena = &a, .note = on_note };
	void *state = NULL;
	size_t n = 0;
	ov_status s;

	ov_arena_init(&a, (size_t)64 << 20);
	s = ov_format_carve.open(&env, &state);
	while (s == OV_OK) {
		struct ov_child c;

		s = ov_format_carve.next(state, &c);
		if (s != OV_OK)
			break;
		CLAIM(c.kind == OV_CHILD_SLICE && c.is_carved && n < 1024);
		CLAIM(c.off > 0 && c.off < src->size && c.size > 0 && c.size <= src->size - c.off);
		CLAIM(n == 0 || c.off > ends[n - 1][0]);
		ends[n][0] = c.off;
		ends[n++][1] = c.size;
	}
	CLAIM(s == OV_END);
	ov_arena_free(&a);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	static uint64_t one[1024][2], two[1024][2];
	struct bytes b = { .p = p, .n = n };
	const struct ov_src mem = ov_src_mem(p, n),
			    file = { .size = n, .read = piecewise, .ctx = &b };
	const struct ov_cur head = ov_cur_of(p, n < OV_TYPE_HEAD ? n : OV_TYPE_HEAD);
	const enum ov_type t = ov_type_detect(head, &mem);
	struct ov_carve_tables tables;
	size_t found;

	CLAIM((unsigned)t < OV_T_COUNT);
	CLAIM(t == ov_type_detect(head, &file));
	(void)ov_type_detect(head, NULL);
	ov_carve_tables_make(&tables);
	for (size_t at = 0; at < n; at++) {
		const size_t next = ov_carve_scan(&tables, p, n, at);

		CLAIM(next == ov_carve_scan_plain(&tables, p, n, at));
		at = next;
	}
	found = carve(&mem, t, one);
	CLAIM(found == carve(&file, t, two));
	CLAIM(found == 0 || memcmp(one, two, found * sizeof one[0]) == 0);
	return 0;
}
