/* Dependencies as lock files name them, and their package URLs (purl-spec: types, percent coding).
 */
#include "locks.h"

/* Letters that stand for themselves in a purl; all others as %NN. */
static ov_status percent(struct ov_buf *b, struct ov_str s, bool keeps_slash)
{
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char ch = (unsigned char)s.p[i];

		if ((ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') ||
		    (ch >= 'A' && ch <= 'Z') || (ch != 0 && strchr("-._~", ch) != NULL) ||
		    (keeps_slash && ch == '/'))
			OV_TRY(ov_buf_u8(b, ch));
		else
			OV_TRY(ov_buf_fmt(b, "%%%02X", ch));
	}
	return OV_OK;
}

static ov_status purl(struct ov_buf *b, const struct ov_lock *l)
{
	struct ov_str group = l->group, name = l->name;
	const char *slash = name.n > 0 ? memchr(name.p, '/', name.n) : NULL;

	if (strcmp(l->type, "npm") == 0 && name.n > 0 && name.p[0] == '@' && slash != NULL) {
		group = (struct ov_str){ .p = name.p, .n = (size_t)(slash - name.p) };
		name = (struct ov_str){ .p = slash + 1, .n = name.n - group.n - 1 };
	}
	OV_TRY(ov_buf_fmt(b, "pkg:%s/", l->type));
	if (group.n > 0) {
		OV_TRY(percent(b, group, false));
		OV_TRY(ov_buf_u8(b, '/'));
	}
	OV_TRY(
	    percent(b, name, strcmp(l->type, "golang") == 0 || strcmp(l->type, "composer") == 0));
	if (l->version.n > 0) {
		OV_TRY(ov_buf_u8(b, '@'));
		OV_TRY(percent(b, l->version, false));
	}
	return OV_OK;
}

static ov_status emit(struct ov_ev *e, const struct ov_lock *l, struct ov_buf *b)
{
	struct ov_ev_found x;
	struct ov_str url, name = l->name;

	OV_TRY(purl(b, l));
	OV_TRY(
	    ov_arena_str(&e->arena, (struct ov_str){ .p = (const char *)b->p, .n = b->n }, &url));
	if (l->group.n > 0)
		name = ov_ev_fmt(e, "%.*s:%.*s", (int)l->group.n, l->group.p, (int)l->name.n,
				 l->name.p);
	ov_ev_begin(&x, OV_WHAT_LOCKED, name);
	x.c.state = l->is_installed ? OV_STATE_PRESENT : OV_STATE_NAMED;
	x.is_minor = l->is_installed;
	x.c.version = l->version;
	x.c.supplier = l->supplier;
	x.c.purl = url;
	ov_ev_add(&x, OV_EV_PURL, OV_E2, url, l->where);
	ov_ev_add(&x, OV_EV_SUPPLIER, OV_E2, l->supplier, l->where);
	return ov_ev_emit(e, &x);
}

ov_status ov_lock_emit(struct ov_ev *e, const struct ov_lock *l)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(64 << 10);
	ov_status st;

	if (l->name.n == 0)
		return OV_OK;
	st = emit(e, l, &b);
	return st == OV_LIMIT ? ov_ev_unread(e, OV_LIMIT, l->name, "a name of absurd length") : st;
}
