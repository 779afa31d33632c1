#include "note.h"

#include <string.h>

#include "b64.h"
#include "text.h"

#define BLOB_MAX 4096 /* an ML-DSA-44 line has 2,432 bytes */
#define DASH "\xe2\x80\x94 "

bool ov_note_text_ok(struct ov_str text)
{
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return false;
	for (size_t i = 0; i < text.n;) {
		const size_t n = ov_utf8_len((struct ov_str){ text.p + i, text.n - i });

		if (n == 0 || ((unsigned char)text.p[i] < ' ' && text.p[i] != '\n'))
			return false;
		i += n;
	}
	return true;
}

/* Offset of the first signature line: behind the last empty line. 0: there is none. */
static size_t find_signatures(struct ov_str s)
{
	for (size_t i = s.n; i >= 2; i--)
		if (s.p[i - 1] == '\n' && s.p[i - 2] == '\n')
			return i;
	return 0;
}

static ov_status parse_sig(struct ov_str line, struct ov_arena *a, struct ov_note_sig *out)
{
	const struct ov_str dash = OV_STR(DASH);
	struct ov_str rest = { line.p, line.n };
	uint8_t *blob = NULL;
	size_t n = 0;

	if (!ov_str_starts(line, dash))
		return OV_BAD;
	rest = (struct ov_str){ line.p + dash.n, line.n - dash.n };
	out->line = line;
	if (!ov_text_split(&rest, ' ', &out->name) || !ov_key_name_ok(out->name) ||
	    rest.n > OV_B64_SIZE(BLOB_MAX))
		return OV_BAD;
	OV_TRY(ov_arena_array(a, rest.n / 4 * 3 + 1, &blob));
	if (ov_b64_decode(rest, blob, rest.n / 4 * 3, &n) != OV_OK || n < 5)
		return OV_BAD;
	out->id =
	    (uint32_t)blob[0] << 24 | (uint32_t)blob[1] << 16 | (uint32_t)blob[2] << 8 | blob[3];
	out->blob = ov_cur_of(blob + 4, n - 4);
	return OV_OK;
}

ov_status ov_note_parse(struct ov_str bytes, struct ov_arena *a, struct ov_note *out)
{
	const size_t at = bytes.n <= OV_NOTE_MAX ? find_signatures(bytes) : 0;
	struct ov_note n = { .nsigs = 0 };
	struct ov_str rest, line;

	if (bytes.n > OV_NOTE_MAX)
		return OV_LIMIT;
	if (at < 3 || at == bytes.n || !ov_note_text_ok(bytes))
		return OV_BAD;
	n.text = (struct ov_str){ bytes.p, at - 1 };
	OV_TRY(ov_arena_array(a, OV_NOTE_SIGS, &n.sigs));
	rest = (struct ov_str){ bytes.p + at, bytes.n - at - 1 }; /* without the last line end */
	while (ov_text_split(&rest, '\n', &line)) {
		if (n.nsigs == OV_NOTE_SIGS)
			return OV_LIMIT;
		OV_TRY(parse_sig(line, a, &n.sigs[n.nsigs]));
		n.nsigs++;
	}
	*out = n;
	return n.nsigs > 0 ? OV_OK : OV_BAD;
}

static uint64_t be64(const uint8_t *p)
{
	uint64_t v = 0;

	for (size_t i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

/* What a cosigner signs: the time, then the note's text. */
static ov_status timed_message(struct ov_str text, uint64_t time, struct ov_buf *b)
{
	OV_TRY(ov_buf_fmt(b, "cosignature/v1\ntime %llu\n", (unsigned long long)time));
	return ov_buf_str(b, text);
}

ov_status ov_note_check(const struct ov_vkey *k, struct ov_str text, struct ov_cur blob,
			uint64_t *time)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(OV_NOTE_MAX + 64);
	uint64_t t;

	if (time != NULL)
		*time = 0;
	if (k->type == OV_KEY_PLAIN)
		return blob.len == OV_SIGNATURE_BYTES ? ov_vkey_verify(k, text.p, text.n, blob.base)
						      : OV_BAD;
	if (k->type != OV_KEY_COSIGN || blob.len != 8 + OV_SIGNATURE_BYTES)
		return OV_BAD;
	t = be64(blob.base);
	if (t > OV_COSIGN_TIME_MAX)
		return OV_BAD;
	OV_TRY(timed_message(text, t, &b));
	OV_TRY(ov_vkey_verify(k, b.p, b.n, blob.base + 8));
	if (time != NULL)
		*time = t;
	return OV_OK;
}

static struct ov_note_key *find_key(struct ov_note_key *keys, size_t n,
				    const struct ov_note_sig *sig)
{
	for (size_t i = 0; i < n; i++)
		if (keys[i].key->id == sig->id && ov_str_eq(keys[i].key->name, sig->name))
			return &keys[i];
	return NULL;
}

ov_status ov_note_verify(const struct ov_note *n, struct ov_note_key *keys, size_t nkeys)
{
	bool any = false;

	for (size_t i = 0; i < nkeys; i++) {
		keys[i].is_good = false;
		keys[i].time = 0;
	}
	for (uint32_t i = 0; i < n->nsigs; i++) {
		struct ov_note_key *k = find_key(keys, nkeys, &n->sigs[i]);
		uint64_t time;

		if (k == NULL || k->key->type == OV_KEY_ML_DSA)
			continue;
		OV_TRY(ov_note_check(k->key, n->text, n->sigs[i].blob, &time));
		any = k->is_good = true;
		if (time > k->time)
			k->time = time;
	}
	return any ? OV_OK : OV_END;
}

static ov_status put_line(const struct ov_skey *k, const uint8_t *blob, size_t n,
			  struct ov_buf *out)
{
	OV_TRY(ov_buf_str(out, OV_STR(DASH)));
	OV_TRY(ov_buf_str(out, k->public.name));
	OV_TRY(ov_buf_u8(out, ' '));
	OV_TRY(ov_b64_encode(out, blob, n));
	return ov_buf_u8(out, '\n');
}

ov_status ov_note_sign(const struct ov_skey *k, struct ov_str text, uint64_t time,
		       struct ov_buf *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(OV_NOTE_MAX + 64);
	uint8_t blob[4 + 8 + OV_SIGNATURE_BYTES];
	const bool is_timed = k->public.type == OV_KEY_COSIGN;
	const size_t before = out->n, at = is_timed ? 12 : 4;
	ov_status s;

	if (!ov_note_text_ok(text) || text.n > OV_NOTE_MAX || time > OV_COSIGN_TIME_MAX)
		return OV_BAD;
	for (size_t i = 0; i < 4; i++)
		blob[i] = (uint8_t)(k->public.id >> (24 - 8 * i));
	for (size_t i = 0; i < 8; i++)
		blob[4 + i] = (uint8_t)(time >> (56 - 8 * i));
	OV_TRY(is_timed ? timed_message(text, time, &b) : ov_buf_str(&b, text));
	OV_TRY(ov_skey_sign(k, b.p, b.n, blob + at));
	s = put_line(k, blob, at + OV_SIGNATURE_BYTES, out);
	if (s != OV_OK)
		out->n = before;
	return s;
}
