/* One input, walked in several ways. */
#include "walks.h"

#include <stdlib.h>
#include <string.h>

/* Of the seeds; two bytes tell a wrong one, or one: a changed head is soon right by chance. */
static const struct ov_str passwords[] = { { "wrong", 5 }, { "secret", 6 }, { "other", 5 } };

static void walk(struct ov_walk *w, enum ov_type t, const uint8_t *p, size_t n)
{
	w->force = t;
	w->most = 20000;
	w->chunk = 500;
	w->passwords = passwords;
	w->npasswords = sizeof passwords / sizeof *passwords;
	ov_walk(w, p, n);
	if (w->bugs > 0)
		abort();
}

void ov_fuzz_walks(enum ov_type t, const uint8_t *p, size_t n, size_t small, bool is_monotone)
{
	struct ov_walk mem = OV_WALK_DEFAULT, cb = OV_WALK_DEFAULT, less = OV_WALK_DEFAULT;

	cb.by_callback = true;
	less.budget = small;
	walk(&mem, t, p, n);
	walk(&cb, t, p, n);
	if (mem.text.n != cb.text.n ||
	    (mem.text.n > 0 && memcmp(mem.text.p, cb.text.p, mem.text.n) != 0))
		abort();
	if (small > 0)
		walk(&less, t, p, n);
	if (is_monotone && less.plain > mem.plain)
		abort();
	ov_buf_free(&mem.text);
	ov_buf_free(&cb.text);
	ov_buf_free(&less.text);
}
