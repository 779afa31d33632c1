/* os-release(5): which system a root is of. */
#include "ev_sources.h"

bool ov_ev_osrelease_wants(const struct ov_ev_file *f)
{
	return ov_ev_is(f, "etc/os-release") || ov_ev_is(f, "usr/lib/os-release");
}

ov_status ov_ev_osrelease_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_str line, key, value;
	struct ov_ev_found x;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, 64 << 10, &c));
	ov_ev_begin(&x, OV_WHAT_OS, (struct ov_str){ .p = "", .n = 0 });
	while (ov_cur_line(&c, &line) == OV_OK) {
		if (!ov_ev_pair(line, '=', &key, &value))
			continue;
		value = ov_ev_unquote(value);
		if (ov_str_is(key, "NAME"))
			x.c.name = value;
		else if (ov_str_is(key, "ID"))
			x.c.id = value;
		else if (ov_str_is(key, "VERSION_ID"))
			x.c.version = value;
		else if (ov_str_is(key, "CPE_NAME"))
			x.c.cpe = value;
	}
	if (x.c.name.n == 0)
		x.c.name = x.c.id;
	if (x.c.name.n == 0)
		return OV_BAD;
	x.c.key = OV_STR("os");
	ov_ev_add(&x, OV_EV_NAME, OV_E3, x.c.name, f->path);
	ov_ev_add(&x, OV_EV_CPE, OV_E2, x.c.cpe, f->path);
	return ov_ev_emit(e, &x);
}
