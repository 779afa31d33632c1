#include "companions.h"

#include "text.h"

static const char *const bases[] = { "rpmdb.sqlite", "cert9.db", "SOFTWARE", "SYSTEM",
				     "NTUSER.DAT" };
static const char *const tails[] = { "", "-wal", ".LOG", ".LOG1", ".LOG2" };

enum ov_companion ov_companion_of(struct ov_str path)
{
	size_t at = path.n;

	while (at > 0 && path.p[at - 1] != '/')
		at--;
	for (size_t i = 0; i < sizeof bases / sizeof bases[0]; i++) {
		const struct ov_str base = ov_str_of(bases[i]);
		const struct ov_str name = { .p = path.p + at, .n = path.n - at };
		struct ov_str tail;

		if (name.n < base.n ||
		    !ov_text_same((struct ov_str){ .p = name.p, .n = base.n }, base))
			continue;
		tail = (struct ov_str){ .p = name.p + base.n, .n = name.n - base.n };
		for (size_t k = 0; k < sizeof tails / sizeof tails[0]; k++)
			if (ov_text_same(tail, ov_str_of(tails[k])))
				return k == 0 ? OV_COMPANION_BASE : OV_COMPANION_LOG;
	}
	return OV_COMPANION_NONE;
}
