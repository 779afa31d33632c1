#include "root.h"

#include <string.h>

#include "text.h"

struct parser {
	struct ov_hasher *h;
	struct ov_str rest;
	const char *why;
};

static ov_status bad(struct parser *x, const char *why)
{
	x->why = why;
	return OV_BAD;
}

/* The next line when it begins with `head`: what stands behind. */
static bool next_is(struct parser *x, struct ov_str head, struct ov_str *value)
{
	struct ov_str look = x->rest, line;

	if (!ov_text_split(&look, '\n', &line) || !ov_str_starts(line, head))
		return false;
	*value = (struct ov_str){ line.p + head.n, line.n - head.n };
	x->rest = look;
	return true;
}

static ov_status number(struct parser *x, struct ov_str head, uint64_t *out)
{
	struct ov_str v;

	if (!next_is(x, head, &v) || ov_lines_u64(v, out) != OV_OK)
		return bad(x, "a number is missing or not written as numbers are");
	return OV_OK;
}

static ov_status take_keys(struct parser *x, struct ov_str threshold, struct ov_str head,
			   struct ov_root_keys *keys)
{
	struct ov_str v;
	uint64_t k;

	OV_TRY(number(x, threshold, &k));
	while (next_is(x, head, &v)) {
		struct ov_vkey *key = &keys->key[keys->n];

		if (keys->n == OV_ROOT_KEYS)
			return bad(x, "more than 32 keys");
		if (ov_vkey_parse(x->h, v, key) != OV_OK || key->type != OV_KEY_PLAIN)
			return bad(x, "a key that is broken or not Ed25519");
		for (uint32_t i = 0; i < keys->n; i++)
			if (memcmp(keys->key[i].key, key->key, OV_KEY_BYTES) == 0)
				return bad(x, "a key stands twice");
		keys->n++;
	}
	if (k == 0 || k > keys->n)
		return bad(x, "a threshold of none, or of more keys than there are");
	keys->threshold = (uint32_t)k;
	return OV_OK;
}

static ov_status take_policy(struct parser *x, struct ov_arena *a, struct ov_policy *out)
{
	uint8_t *text = NULL;
	size_t n = 0;
	struct ov_str v;

	OV_TRY(ov_arena_array(a, x->rest.n + 1, &text));
	while (next_is(x, OV_STR("policy "), &v)) {
		memcpy(text + n, v.p, v.n);
		n += v.n;
		text[n++] = '\n';
	}
	return ov_policy_parse(x->h, (struct ov_str){ (const char *)text, n }, a, out, NULL,
			       &x->why);
}

static ov_status parse(struct parser *x, struct ov_str bytes, struct ov_arena *a, struct ov_root *r)
{
	struct ov_str line;

	x->why = "it is no signed note";
	OV_TRY(ov_note_parse(bytes, a, &r->note));
	x->rest = (struct ov_str){ r->note.text.p, r->note.text.n - 1 };
	if (!ov_text_split(&x->rest, '\n', &line) || !ov_str_is(line, "overt-root/v1")) {
		x->why = "it is no root file of this version";
		return ov_str_starts(line, OV_STR("overt-root/")) ? OV_UNSUPPORTED : OV_BAD;
	}
	OV_TRY(number(x, OV_STR("version "), &r->version));
	OV_TRY(number(x, OV_STR("expires "), &r->expires));
	OV_TRY(take_keys(x, OV_STR("root-threshold "), OV_STR("root-key "), &r->roots));
	OV_TRY(take_keys(x, OV_STR("release-threshold "), OV_STR("release-key "), &r->releases));
	OV_TRY(take_policy(x, a, &r->policy));
	if (r->policy.nlogs == 0)
		return bad(x, "its policy names no log");
	return x->rest.p == NULL ? OV_OK : bad(x, "a line that does not belong there");
}

ov_status ov_root_parse(struct ov_hasher *h, struct ov_str bytes, struct ov_arena *a,
			struct ov_root *out, const char **why)
{
	struct parser x = { .h = h };
	ov_status s;

	memset(out, 0, sizeof *out);
	s = parse(&x, bytes, a, out);
	if (why != NULL)
		*why = x.why;
	return s;
}

ov_status ov_root_enough(const struct ov_note *n, const struct ov_root_keys *keys)
{
	struct ov_note_key known[OV_ROOT_KEYS];
	uint32_t good = 0;
	ov_status s;

	for (uint32_t i = 0; i < keys->n; i++)
		known[i] = (struct ov_note_key){ .key = &keys->key[i] };
	s = ov_note_verify(n, known, keys->n);
	if (s != OV_OK && s != OV_END)
		return s;
	for (uint32_t i = 0; i < keys->n; i++)
		good += known[i].is_good;
	return good >= keys->threshold ? OV_OK : OV_END;
}

ov_status ov_root_follows(const struct ov_root *old, const struct ov_root *next)
{
	ov_status s;

	if (next->version != old->version + 1)
		return OV_BAD;
	s = ov_root_enough(&next->note, &old->roots);
	if (s == OV_OK)
		s = ov_root_enough(&next->note, &next->roots);
	return s == OV_END ? OV_BAD : s;
}

static ov_status put_keys(const struct ov_root_keys *k, const char *kind, struct ov_buf *out)
{
	OV_TRY(ov_buf_fmt(out, "%s-threshold %u\n", kind, k->threshold));
	for (uint32_t i = 0; i < k->n; i++) {
		OV_TRY(ov_buf_fmt(out, "%s-key ", kind));
		OV_TRY(ov_vkey_write(out, &k->key[i]));
		OV_TRY(ov_buf_u8(out, '\n'));
	}
	return OV_OK;
}

ov_status ov_root_write(const struct ov_root *r, struct ov_str policy, struct ov_buf *out)
{
	struct ov_str line;

	OV_TRY(ov_buf_fmt(out, "overt-root/v1\nversion %llu\nexpires %llu\n",
			  (unsigned long long)r->version, (unsigned long long)r->expires));
	OV_TRY(put_keys(&r->roots, "root", out));
	OV_TRY(put_keys(&r->releases, "release", out));
	while (ov_text_split(&policy, '\n', &line)) {
		if (line.n == 0)
			continue;
		OV_TRY(ov_buf_str(out, OV_STR("policy ")));
		OV_TRY(ov_buf_str(out, line));
		OV_TRY(ov_buf_u8(out, '\n'));
	}
	return OV_OK;
}
