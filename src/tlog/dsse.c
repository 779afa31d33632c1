/* Signatures of DSSE envelopes. See dsse.h. */
#include "dsse.h"

#include "b64.h"

ov_status ov_dsse_pae(struct ov_buf *b, struct ov_str type, struct ov_str payload)
{
	OV_TRY(ov_buf_fmt(b, "DSSEv1 %zu ", type.n));
	OV_TRY(ov_buf_str(b, type));
	OV_TRY(ov_buf_fmt(b, " %zu ", payload.n));
	return ov_buf_str(b, payload);
}

/* To the one spelling that the strict decoder takes. */
static ov_status spell(struct ov_str s, struct ov_buf *b)
{
	while (s.n > 0 && s.p[s.n - 1] == '=')
		s.n--;
	for (size_t i = 0; i < s.n; i++)
		OV_TRY(ov_buf_u8(b, s.p[i] == '-' ? '+' : s.p[i] == '_' ? '/' : (uint8_t)s.p[i]));
	while (b->n % 4 != 0)
		OV_TRY(ov_buf_u8(b, '='));
	return OV_OK;
}

ov_status ov_dsse_b64(struct ov_str s, struct ov_buf *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf text = ov_buf_of(s.n + 4);
	size_t n = 0;

	OV_TRY(spell(s, &text));
	OV_TRY(ov_buf_reserve(out, text.n));
	OV_TRY(ov_b64_decode(ov_buf_text(&text), out->p + out->n, text.n, &n));
	out->n += n;
	return OV_OK;
}

ov_status ov_dsse_verify(const struct ov_dsse *d, struct ov_note_key *keys, size_t nkeys)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf pae = ov_buf_of(d->payload.n + d->type.n + 64);
	bool has = false;

	OV_TRY(ov_dsse_pae(&pae, d->type, d->payload));
	for (size_t i = 0; i < d->nsigs; i++) {
		OV_CLEANUP(ov_buf_free) struct ov_buf sig = ov_buf_of(4096);

		if (ov_dsse_b64(d->sigs[i], &sig) != OV_OK || sig.n != OV_SIGNATURE_BYTES)
			continue; /* another algorithm's */
		for (size_t k = 0; k < nkeys; k++) {
			ov_status st;

			if (keys[k].key->type != OV_KEY_PLAIN || keys[k].is_good)
				continue;
			st = ov_vkey_verify(keys[k].key, pae.p, pae.n, sig.p);
			if (st != OV_OK && st != OV_BAD)
				return st;
			keys[k].is_good = st == OV_OK;
			has |= st == OV_OK;
		}
	}
	return has ? OV_OK : OV_END;
}
