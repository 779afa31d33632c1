/*
 * Messages between broker and worker, both directions: the first byte chooses the kind of body, the
 * rest is the body.
 *
 * Claim: the encoding is canonical. What is read is written again as the same bytes, so nothing was
 * read twice, skipped or made up; and a verdict is consistent: nothing listed means nothing
 * counted, and the other way round.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../tests/sandbox/bodies.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_verdict(struct ov_cur c, struct ov_arena *a)
{
	struct ov_wire_verdict w;
	const struct overt_verdict *v = &w.v;

	if (ov_wire_get_verdict(&c, a, &w) != OV_OK)
		abort();
	if ((v->ndetections == 0) != (v->detections_total == 0) ||
	    v->ndetections > v->detections_total ||
	    (v->nincompletes == 0) != (v->incompletes_total == 0) ||
	    v->nincompletes > v->incompletes_total ||
	    (v->nreported == 0) != (v->reported_total == 0) || v->nreported > v->reported_total)
		abort();
	if ((v->kind == OVERT_CLEAN) !=
	    (v->ndetections == 0 && v->nincompletes == 0 && v->error.length == 0))
		abort();
	for (size_t i = 0; i < v->ndetections; i++)
		if (v->detections[i].kind == NULL || v->detections[i].name.length == 0)
			abort();
	for (size_t i = 0; i < v->nreported; i++)
		if (v->reported[i].severity >= OVERT_SEVERITIES)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_buf b = ov_buf_of(1 << 24);
	struct ov_arena a;
	struct ov_cur c;
	size_t which;

	if (size == 0)
		return 0;
	which = data[0] % BODIES;
	data++;
	size--;
	ov_arena_init(&a, 1 << 24);
	c = ov_cur_of(data, size);
	if (bodies[which].again(&c, &a, &b) == OV_OK) {
		if (b.n != size || (size > 0 && memcmp(b.p, data, size) != 0))
			abort();
		if (bodies[which].again == again_verdict)
			check_verdict(ov_cur_of(data, size), &a);
	}
	ov_arena_free(&a);
	ov_buf_free(&b);
	return 0;
}
