#include "memory.h"

#include <string.h>

#include "text.h"

static ov_status take_head(struct ov_str *rest, const char *name, struct ov_str *value)
{
	struct ov_str line, w[2];

	if (!ov_text_split(rest, '\n', &line))
		return OV_BAD;
	OV_TRY(ov_lines_words(line, w, 2, true));
	if (!ov_str_is(w[0], name))
		return OV_BAD;
	*value = w[1];
	return OV_OK;
}

static ov_status take_u64(struct ov_str *rest, const char *name, uint64_t *out)
{
	struct ov_str v;

	OV_TRY(take_head(rest, name, &v));
	return ov_lines_u64(v, out);
}

static ov_status take_hash(struct ov_str *rest, const char *name, uint8_t out[32])
{
	struct ov_str v;

	OV_TRY(take_head(rest, name, &v));
	return ov_lines_sha256(v, out);
}

static ov_status take_have(struct ov_str line, struct ov_memory *m)
{
	struct ov_memory_have *x = &m->have[m->nhave];
	struct ov_str w[5];

	if (m->nhave == OV_MEMORY_HAVE)
		return OV_LIMIT;
	OV_TRY(ov_lines_words(line, w, 5, false));
	x->channel = w[1];
	x->name = w[2];
	if (!ov_lines_name_ok(w[1]) || !ov_lines_name_ok(w[2]))
		return OV_BAD;
	OV_TRY(ov_lines_sha256(w[3], x->sha256));
	m->nhave++;
	return ov_lines_u64(w[4], &x->time);
}

static ov_status take_quarantined(struct ov_str line, struct ov_memory *m)
{
	struct ov_state_withdrawn *x = &m->quarantined[m->nquarantined];
	struct ov_str w[3];

	if (m->nquarantined == OV_MEMORY_QUARANTINED)
		return OV_LIMIT;
	OV_TRY(ov_lines_words(line, w, 3, true));
	x->reason = w[2];
	m->nquarantined++;
	return ov_lines_sha256(w[1], x->sha256);
}

static ov_status parse(struct ov_str rest, struct ov_memory *m)
{
	struct ov_str line;

	if (!ov_text_split(&rest, '\n', &line) || !ov_str_is(line, "overt-memory/v1"))
		return ov_str_starts(line, OV_STR("overt-memory/")) ? OV_UNSUPPORTED : OV_BAD;
	OV_TRY(take_head(&rest, "origin", &m->origin));
	if (ov_str_is(m->origin, "-"))
		m->origin = (struct ov_str){ .p = NULL, .n = 0 };
	OV_TRY(take_u64(&rest, "size", &m->size));
	OV_TRY(take_hash(&rest, "tree", m->tree.b));
	OV_TRY(take_u64(&rest, "floor", &m->floor));
	OV_TRY(take_u64(&rest, "root", &m->root));
	OV_TRY(take_u64(&rest, "seq", &m->seq));
	OV_TRY(take_u64(&rest, "asked", &m->asked));
	OV_TRY(take_hash(&rest, "secret", m->secret));
	while (ov_text_split(&rest, '\n', &line)) {
		if (ov_str_starts(line, OV_STR("have ")) && m->nquarantined == 0)
			OV_TRY(take_have(line, m));
		else if (ov_str_starts(line, OV_STR("quarantined ")))
			OV_TRY(take_quarantined(line, m));
		else
			return OV_BAD;
	}
	return OV_OK;
}

ov_status ov_memory_parse(struct ov_str text, struct ov_memory *out)
{
	memset(out, 0, sizeof *out);
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return OV_BAD; /* cut: it is written whole or not at all */
	return parse((struct ov_str){ text.p, text.n - 1 }, out);
}

static ov_status put_head(const struct ov_memory *m, struct ov_buf *out)
{
	char tree[2 * OV_MERKLE_HASH + 1], secret[2 * OV_SECRET_BYTES + 1];

	ov_hex_encode(m->tree.b, sizeof m->tree.b, tree);
	ov_hex_encode(m->secret, sizeof m->secret, secret);
	OV_TRY(ov_buf_str(out, OV_STR("overt-memory/v1\norigin ")));
	OV_TRY(ov_buf_str(out, m->origin.n > 0 ? m->origin : OV_STR("-")));
	return ov_buf_fmt(
	    out, "\nsize %llu\ntree %s\nfloor %llu\nroot %llu\nseq %llu\nasked %llu\nsecret %s\n",
	    (unsigned long long)m->size, tree, (unsigned long long)m->floor,
	    (unsigned long long)m->root, (unsigned long long)m->seq, (unsigned long long)m->asked,
	    secret);
}

ov_status ov_memory_write(const struct ov_memory *m, struct ov_buf *out)
{
	char hex[2 * OV_SHA256_BYTES + 1];

	OV_TRY(put_head(m, out));
	for (uint32_t i = 0; i < m->nhave; i++) {
		const struct ov_memory_have *x = &m->have[i];

		ov_hex_encode(x->sha256, sizeof x->sha256, hex);
		OV_TRY(ov_buf_fmt(out, "have %.*s %.*s %s %llu\n", (int)x->channel.n, x->channel.p,
				  (int)x->name.n, x->name.p, hex, (unsigned long long)x->time));
	}
	for (uint32_t i = 0; i < m->nquarantined; i++) {
		ov_hex_encode(m->quarantined[i].sha256, OV_SHA256_BYTES, hex);
		OV_TRY(ov_buf_fmt(out, "quarantined %s ", hex));
		OV_TRY(ov_buf_str(out, m->quarantined[i].reason));
		OV_TRY(ov_buf_u8(out, '\n'));
	}
	return OV_OK;
}

static bool is_of(const struct ov_memory_have *x, struct ov_str channel, struct ov_str name)
{
	return ov_str_eq(x->channel, channel) && ov_str_eq(x->name, name);
}

const struct ov_memory_have *ov_memory_have(const struct ov_memory *m, struct ov_str channel,
					    struct ov_str name, uint32_t nth)
{
	for (uint32_t i = 0; i < m->nhave; i++)
		if (is_of(&m->have[i], channel, name) && nth-- == 0)
			return &m->have[i];
	return NULL;
}

ov_status ov_memory_took(struct ov_memory *m, struct ov_str channel, struct ov_str name,
			 const uint8_t sha256[OV_SHA256_BYTES], uint64_t time)
{
	struct ov_memory_have list[OV_MEMORY_HAVE + 1];
	uint32_t n = 1, same = 1;

	if (!ov_lines_name_ok(channel) || !ov_lines_name_ok(name))
		return OV_BAD;
	list[0] = (struct ov_memory_have){ .channel = channel, .name = name, .time = time };
	memcpy(list[0].sha256, sha256, OV_SHA256_BYTES);
	for (uint32_t i = 0; i < m->nhave; i++) {
		const struct ov_memory_have *x = &m->have[i];

		if (is_of(x, channel, name) &&
		    (memcmp(x->sha256, sha256, OV_SHA256_BYTES) == 0 || same++ >= OV_MEMORY_KEPT))
			continue;
		list[n++] = *x;
	}
	if (n > OV_MEMORY_HAVE)
		return OV_LIMIT;
	memcpy(m->have, list, n * sizeof *list);
	m->nhave = n;
	return OV_OK;
}

void ov_memory_readmit(struct ov_memory *m, const uint8_t sha256[OV_SHA256_BYTES])
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < m->nquarantined; i++)
		if (memcmp(m->quarantined[i].sha256, sha256, OV_SHA256_BYTES) != 0)
			m->quarantined[n++] = m->quarantined[i];
	m->nquarantined = n;
}

bool ov_memory_is_quarantined(const struct ov_memory *m, const uint8_t sha256[OV_SHA256_BYTES])
{
	for (uint32_t i = 0; i < m->nquarantined; i++)
		if (memcmp(m->quarantined[i].sha256, sha256, OV_SHA256_BYTES) == 0)
			return true;
	return false;
}

ov_status ov_cohort(struct ov_hasher *h, const uint8_t secret[OV_SECRET_BYTES],
		    const uint8_t sha256[OV_SHA256_BYTES], uint32_t *out)
{
	static const char label[] = "overt cohort v1\n";
	uint8_t digest[OV_DIGEST_MAX];
	uint64_t draw;

	OV_TRY(ov_hasher_start(h));
	OV_TRY(ov_hasher_add(h, label, sizeof label - 1));
	OV_TRY(ov_hasher_add(h, secret, OV_SECRET_BYTES));
	OV_TRY(ov_hasher_add(h, sha256, OV_SHA256_BYTES));
	OV_TRY(ov_hasher_end(h, digest));
	draw = (uint64_t)digest[0] << 24 | (uint64_t)digest[1] << 16 | (uint64_t)digest[2] << 8 |
	       digest[3];
	*out = (uint32_t)(draw * 1000 >> 32);
	return OV_OK;
}
