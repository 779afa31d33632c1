/* The commands of a plan's step, for one machine after the other. See run_plan.h. */
#include "run_plan.h"

#include "digest.h"
#include "text.h"

#define HOST "{host}"

/* A word with each {host} replaced, and a zero byte behind it. */
static ov_status put_word(struct ov_buf *b, struct ov_str w, struct ov_str host)
{
	while (w.n > 0) {
		const char *at =
		    host.n > 0 && w.n >= 6 ? memmem(w.p, w.n, HOST, sizeof HOST - 1) : NULL;
		const size_t n = at != NULL ? (size_t)(at - w.p) : w.n;

		OV_TRY(ov_buf_put(b, w.p, n));
		w = (struct ov_str){ w.p + n, w.n - n };
		if (at != NULL) {
			OV_TRY(ov_buf_str(b, host));
			w = (struct ov_str){ w.p + 6, w.n - 6 };
		}
	}
	return ov_buf_u8(b, 0);
}

static ov_status digest(struct ov_str s, char hex[65])
{
	struct ov_hasher *h = NULL;
	uint8_t d[OV_DIGEST_MAX];
	ov_status st = ov_hasher_new(OV_SHA256, &h);

	if (st == OV_OK)
		st = ov_hasher_once(h, s.p, s.n, d);
	ov_hasher_free(&h);
	OV_TRY(st);
	ov_hex_encode(d, 32, hex);
	return OV_OK;
}

static ov_status make_act(const struct ov_run_command *c, struct ov_str host, struct ov_arena *a,
			  struct ov_run_act *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)1 << 20);
	struct ov_str rest = c->words, word, kept;
	size_t n = 0;

	*out = (struct ov_run_act){ .way = c->way, .host = host };
	for (bool more = true; more; n++) {
		more = rest.n > 0 && memchr(rest.p, 0, rest.n) != NULL;
		if (!ov_text_split(&rest, '\0', &word))
			word = OV_STR("");
		OV_TRY(put_word(&b, word, host));
	}
	OV_TRY(digest(ov_buf_text(&b), out->digest));
	OV_TRY(ov_arena_array(a, n + 1, &out->argv));
	OV_TRY(ov_arena_str(a, ov_buf_text(&b), &kept));
	for (size_t i = 0, at = 0; i < n; i++) {
		char *w = NULL;
		const size_t len = strlen(kept.p + at);

		OV_TRY(ov_arena_array(a, len + 1, &w));
		memcpy(w, kept.p + at, len + 1);
		out->argv[i] = w;
		at += len + 1;
	}
	out->argv[n] = NULL;
	return OV_OK;
}

ov_status ov_run_acts(const struct ov_run_plan *p, size_t step, size_t group, enum ov_run_way way,
		      struct ov_arena *a, struct ov_run_act **out, size_t *n)
{
	const struct ov_run_step *s = &p->steps[step];
	const struct ov_run_group *g = &p->groups[group];
	struct ov_run_act *list = NULL;
	size_t made = 0;

	OV_TRY(ov_arena_array(a, s->ncommands * (g->hosts.n + 1) + 1, &list));
	for (size_t i = 0; i < s->ncommands; i++) {
		const struct ov_run_command *c = &s->commands[i];

		if (c->way != way || (c->group.n > 0 && !ov_str_eq(c->group, g->id)))
			continue;
		if (!c->has_host)
			OV_TRY(make_act(c, OV_STR(""), a, &list[made++]));
		for (size_t h = 0; c->has_host && h < g->hosts.n; h++)
			OV_TRY(make_act(c, g->hosts.v[h], a, &list[made++]));
	}
	*out = list;
	*n = made;
	return OV_OK;
}

ov_status ov_run_digest(const struct ov_run_plan *p, size_t step, size_t group, struct ov_arena *a,
			char hex[65])
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of((size_t)64 << 20);
	struct ov_run_act *list;
	size_t n;

	OV_TRY(ov_run_acts(p, step, group, OV_RUN_DO, a, &list, &n));
	for (size_t i = 0; i < n; i++)
		OV_TRY(ov_buf_put(&b, list[i].digest, 64));
	return digest(ov_buf_text(&b), hex);
}

/* Letters that no shell acts on. */
static bool is_plain(struct ov_str w)
{
	for (size_t i = 0; i < w.n; i++) {
		const char c = w.p[i];

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    strchr("_@%+=:,./-", c) == NULL)
			return false;
	}
	return w.n > 0;
}

ov_status ov_run_line(struct ov_buf *b, char *const *argv)
{
	for (size_t i = 0; argv[i] != NULL; i++) {
		const struct ov_str w = ov_str_of(argv[i]);

		if (i > 0)
			OV_TRY(ov_buf_u8(b, ' '));
		if (is_plain(w)) {
			OV_TRY(ov_buf_str(b, w));
			continue;
		}
		OV_TRY(ov_buf_u8(b, '\''));
		for (size_t k = 0; k < w.n; k++)
			OV_TRY(w.p[k] == '\'' ? ov_buf_str(b, OV_STR("'\"'\"'"))
					      : ov_buf_u8(b, (uint8_t)w.p[k]));
		OV_TRY(ov_buf_u8(b, '\''));
	}
	return OV_OK;
}
