#include "pin.h"

#include <openssl/evp.h>
#include <string.h>

#include "b64.h"
#include "lines.h"
#include "note.h"

#define NUMBER 8
#define BLAKE2B 64

struct mini { /* algorithm, key number, then a key or a signature */
	uint8_t b[2 + NUMBER + OV_SIGNATURE_BYTES];
	size_t n;
};

static ov_status bad(const char **why, const char *text)
{
	*why = text;
	return OV_BAD;
}

static bool is_mini_key(struct ov_str key, struct mini *out)
{
	return ov_b64_decode(key, out->b, sizeof out->b, &out->n) == OV_OK &&
	       out->n == 2 + NUMBER + OV_KEY_BYTES && memcmp(out->b, "Ed", 2) == 0;
}

const char *ov_pin_ending(struct ov_str key)
{
	struct mini k;

	return is_mini_key(key, &k) ? ".minisig" : ".sig";
}

ov_status ov_pin_key_ok(struct ov_str key)
{
	struct ov_hasher *h = NULL;
	struct ov_vkey v;
	struct mini k;
	ov_status s;

	if (is_mini_key(key, &k))
		return OV_OK;
	OV_TRY(ov_hasher_new(OV_SHA256, &h));
	s = ov_vkey_parse(h, key, &v);
	ov_hasher_free(&h);
	return s == OV_OK && v.type == OV_KEY_PLAIN ? OV_OK : OV_BAD;
}

/* "untrusted comment: ..." and a line of base64; what follows (minisign's trusted comment) is not
 * looked at: nothing is done by it. */
static ov_status read_mini(struct ov_str text, struct mini *out)
{
	struct ov_cur c = ov_cur_of(text.p, text.n);
	struct ov_str comment, line;

	if (ov_cur_line(&c, &comment) != OV_OK || ov_cur_line(&c, &line) != OV_OK ||
	    !ov_str_starts(comment, OV_STR("untrusted comment:")))
		return OV_BAD;
	if (ov_b64_decode(line, out->b, sizeof out->b, &out->n) != OV_OK || out->n != sizeof out->b)
		return OV_BAD;
	return OV_OK;
}

static ov_status verify_mini(const struct mini *key, struct ov_str signature, struct ov_cur bytes,
			     const char **why)
{
	struct ov_vkey k = { .type = OV_KEY_PLAIN };
	uint8_t digest[BLAKE2B];
	struct mini s;

	if (read_mini(signature, &s) != OV_OK)
		return bad(why, "the signature file is none of minisign's or signify's");
	if (memcmp(s.b + 2, key->b + 2, NUMBER) != 0)
		return bad(why, "it is signed by another key than the pinned one");
	memcpy(k.key, key->b + 2 + NUMBER, sizeof k.key);
	if (memcmp(s.b, "ED", 2) == 0) {
		if (EVP_Digest(bytes.base, bytes.len, digest, NULL, EVP_blake2b512(), NULL) != 1)
			return OV_NOMEM;
		bytes = ov_cur_of(digest, sizeof digest);
	} else if (memcmp(s.b, "Ed", 2) != 0)
		return bad(why, "the signature is of an unknown kind");
	if (ov_vkey_verify(&k, bytes.base, bytes.len, s.b + 2 + NUMBER) != OV_OK)
		return bad(why, "the signature is not one over these bytes");
	return OV_OK;
}

/* The note's text: three lines, and nothing else. */
static ov_status check_text(struct ov_hasher *h, struct ov_str text, struct ov_cur bytes)
{
	struct ov_cur c = ov_cur_of(text.p, text.n);
	uint8_t want[OV_SHA256_BYTES], have[OV_DIGEST_MAX];
	struct ov_str line, word[2];
	uint64_t size;

	if (ov_cur_line(&c, &line) != OV_OK || !ov_str_is(line, "overt-file/v1"))
		return OV_BAD;
	OV_TRY(ov_cur_line(&c, &line));
	OV_TRY(ov_lines_words(line, word, 2, false));
	OV_TRY(ov_lines_sha256(word[1], want));
	if (!ov_str_is(word[0], "sha256"))
		return OV_BAD;
	OV_TRY(ov_cur_line(&c, &line));
	OV_TRY(ov_lines_words(line, word, 2, false));
	OV_TRY(ov_lines_u64(word[1], &size));
	if (!ov_str_is(word[0], "size") || size != bytes.len || ov_cur_left(&c) != 0)
		return OV_BAD;
	OV_TRY(ov_hasher_once(h, bytes.base, bytes.len, have));
	return memcmp(want, have, sizeof want) == 0 ? OV_OK : OV_BAD;
}

static ov_status verify_note(struct ov_hasher *h, struct ov_str key, struct ov_str signature,
			     struct ov_cur bytes, const char **why)
{
	struct ov_vkey v;
	struct ov_note_key known = { .key = &v };
	struct ov_note n;
	struct ov_arena a;
	ov_status s = ov_vkey_parse(h, key, &v);

	ov_arena_init(&a, 1 << 20);
	if (s == OV_OK)
		s = ov_note_parse(signature, &a, &n);
	if (s != OV_OK)
		s = bad(why, "the signature file is no signed note");
	else if (ov_note_verify(&n, &known, 1) != OV_OK)
		s = bad(why, "the note is not signed by the pinned key");
	else if (check_text(h, n.text, bytes) != OV_OK)
		s = bad(why, "the signed note speaks of other bytes");
	ov_arena_free(&a);
	return s;
}

ov_status ov_pin_verify(struct ov_str key, struct ov_str signature, struct ov_cur bytes,
			const char **why)
{
	struct ov_hasher *h = NULL;
	struct mini k;
	ov_status s;

	bytes.pos = 0;
	if (is_mini_key(key, &k))
		return verify_mini(&k, signature, bytes, why);
	OV_TRY(ov_hasher_new(OV_SHA256, &h));
	s = verify_note(h, key, signature, bytes, why);
	ov_hasher_free(&h);
	return s;
}
