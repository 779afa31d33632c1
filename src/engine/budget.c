/* One budget for a file and all that is unpacked from it: bytes, layers, ratio, time. */
#include "engine_int.h"

#include <time.h>

#include "checked.h"
#include "pace.h"

#define RATIO_FREE ((uint64_t)64 << 20) /* small files may unpack to this much at any ratio */

uint64_t ov_now_ns(void)
{
	struct timespec t;

	if (clock_gettime(CLOCK_MONOTONIC, &t) != 0)
		return 0;
	return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

void ov_limits_default(struct ov_limits *l)
{
	*l = (struct ov_limits){
		.max_layer = 0,
		.max_total = 0,
		.max_files = 100000,
		.max_depth = 20,
		.max_ratio = 2000,
		.max_time_ms = 120000,
		.max_kept = (uint64_t)256 << 20,
		.max_html = (uint64_t)40 << 20,
		.max_html_text = (uint64_t)8 << 20,
		.max_script = (uint64_t)20 << 20,
		.max_icons = 100,
		.pcre_match = 100000,
		.pcre_depth = 2000,
		.pcre_filesize = (uint64_t)100 << 20,
	};
}

void ov_budget_start(struct ov_budget *b, const struct ov_limits *l, uint64_t root_size)
{
	const uint64_t now = ov_now_ns();

	*b = (struct ov_budget){ .l = l, .root_size = root_size, .start_ns = now };
	if (l->max_time_ms > 0)
		b->deadline_ns = now + ov_pace_ms(l->max_time_ms, root_size) * 1000000;
}

void ov_budget_more_input(struct ov_budget *b, uint64_t n, uint64_t waited_ns)
{
	if (b->deadline_ns != 0)
		b->deadline_ns += waited_ns + n * 1000000 / OV_PACE_BYTES_PER_MS;
}

bool ov_budget_late(const struct ov_budget *b)
{
	return b->deadline_ns != 0 && ov_now_ns() >= b->deadline_ns;
}

uint64_t ov_budget_bytes(struct ov_budget *b, uint64_t want, enum overt_reason *reason)
{
	uint64_t may = want, of_layer;

	*reason = OVERT_LIMIT_SIZE;
	if (b->l->max_layer > 0)
		may = ov_min_u64(may, b->l->max_layer);
	of_layer = may;
	if (b->l->max_total > 0)
		may = ov_min_u64(may, b->l->max_total - ov_min_u64(b->total, b->l->max_total));
	b->is_cut_by_total = may < of_layer && of_layer == want;
	b->total += may;
	if (b->l->max_total > 0 && b->total >= b->l->max_total && may < want)
		b->is_spent = true;
	return may;
}

bool ov_budget_unpacked(struct ov_budget *b, uint64_t n, enum overt_reason *reason)
{
	uint64_t fair;

	b->unpacked += n; /* far below 2^64: the deadline ends it */
	if (b->l->max_ratio > 0 && b->unpacked > RATIO_FREE) {
		if (ov_mul_u64(ov_max_u64(b->root_size, 1), b->l->max_ratio, &fair) == OV_OK &&
		    b->unpacked > ov_max_u64(fair, RATIO_FREE)) {
			*reason = OVERT_LIMIT_RATIO;
			b->is_spent = true;
			return false;
		}
	}
	if (b->l->max_total > 0 && b->unpacked > b->l->max_total) {
		*reason = OVERT_LIMIT_SIZE;
		b->is_spent = b->is_cut_by_total = true;
		return false;
	}
	return true;
}

bool ov_budget_file(struct ov_budget *b)
{
	if (b->l->max_files > 0 && b->files >= b->l->max_files)
		return false;
	b->files++;
	return true;
}
