/* Reads the record by which overt is recognised. Foreign bytes: it may stand in any file. */
#include "carrier.h"

#include <string.h>

#include "text.h"

static const uint8_t magic[OV_CARRIER_MAGIC] = { 0x8a, 'O', 'V', 'E', 'R', 'T', 0xc2, 'c',
						 'a',  'r', 'r', 'i', 'e', 'r', '\r', '\n' };

void ov_carrier_magic(uint8_t out[OV_CARRIER_MAGIC])
{
	memcpy(out, magic, sizeof magic);
}

ov_status ov_carrier_size(struct ov_cur head, size_t *body)
{
	uint32_t n = 0;

	OV_TRY(ov_cur_expect_n(&head, magic, sizeof magic));
	OV_TRY(ov_cur_u32le(&head, &n));
	if (n > OV_CARRIER_MAX)
		return OV_LIMIT;
	*body = n;
	return OV_OK;
}

static ov_status check_digest(struct ov_hasher *h, struct ov_cur want, struct ov_cur body)
{
	uint8_t got[OV_DIGEST_MAX];

	if (h == NULL)
		return OV_OK;
	OV_TRY(ov_hasher_once(h, body.base, body.len, got));
	return memcmp(got, want.base, 32) == 0 ? OV_OK : OV_BAD;
}

/* "key value" */
static ov_status take_line(struct ov_str *rest, struct ov_str *key, struct ov_str *value)
{
	struct ov_str line;

	if (!ov_text_split(rest, '\n', &line) || !ov_text_split(&line, ' ', key) || line.p == NULL)
		return OV_BAD;
	*value = line;
	return OV_OK;
}

static struct ov_str *place_of(struct ov_carrier *c, struct ov_str key)
{
	const struct {
		const char *name;
		struct ov_str *to;
	} rows[] = { { "name", &c->name },	 { "version", &c->version },
		     { "commit", &c->commit },	 { "source", &c->source },
		     { "format", &c->format },	 { "compiler", &c->compiler },
		     { "machine", &c->machine }, { "log", &c->log } };

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (ov_str_is(key, rows[i].name))
			return rows[i].to;
	return NULL;
}

static ov_status read_body(struct ov_cur body, struct ov_carrier *out)
{
	static const char first[] = "overt-provenance/v1\n";
	struct ov_str rest = { .p = (const char *)body.base, .n = body.len };
	struct ov_str key, value;
	uint64_t n = 0;

	if (!ov_str_starts(rest, OV_STR("overt-provenance/")))
		return OV_BAD;
	if (!ov_str_starts(rest, ov_str_of(first)))
		return OV_UNSUPPORTED;
	rest.p += sizeof first - 1;
	rest.n -= sizeof first - 1;
	for (;;) { /* each turn takes a line */
		struct ov_str *to;

		OV_TRY(take_line(&rest, &key, &value));
		if (ov_str_is(key, "sbom"))
			break;
		to = place_of(out, key);
		if (to != NULL)
			*to = value;
	}
	if (ov_text_u64(value, &n) != OV_OK || n != rest.n)
		return OV_BAD;
	out->sbom = rest;
	return OV_OK;
}

ov_status ov_carrier_read(struct ov_cur whole, struct ov_hasher *h, struct ov_carrier *out)
{
	struct ov_carrier c = { .name = { .p = "", .n = 0 } };
	struct ov_cur want, body;
	size_t n = 0;

	OV_TRY(ov_carrier_size(whole, &n));
	OV_TRY(ov_cur_skip(&whole, OV_CARRIER_MAGIC + 4));
	OV_TRY(ov_cur_take(&whole, 32, &want));
	OV_TRY(ov_cur_take(&whole, n, &body));
	OV_TRY(check_digest(h, want, body));
	OV_TRY(read_body(body, &c));
	*out = c;
	return OV_OK;
}
