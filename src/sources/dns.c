/* DNS messages: only as much as one TXT answer needs, bounded at every step. */
#include "dns.h"

#include <stdbool.h>
#include <string.h>

#include "text.h"

#define HEAD 12
#define LABELS_MAX 128
#define JUMPS_MAX 16
#define NAME_MAX_BYTES 255
#define TYPE_TXT 16
#define CLASS_IN 1
#define RCODE_NO_NAME 3

/*
 * Reads a name, dots between its labels, and moves past it. Pointers go backwards only, so that
 * they come to an end; what they say is held against the same bounds.
 */
static ov_status read_name(struct ov_cur *c, char out[NAME_MAX_BYTES + 1])
{
	struct ov_cur at = *c;
	size_t n = 0, behind = 0;
	unsigned jumps = 0;
	uint8_t len;

	for (unsigned i = 0; i < LABELS_MAX; i++) {
		const size_t here = at.pos;

		OV_TRY(ov_cur_u8(&at, &len));
		if (len == 0) {
			out[n] = '\0';
			return ov_cur_seek(c, jumps > 0 ? behind : at.pos);
		}
		if (len >= 0xc0) {
			uint8_t low;
			size_t to;

			OV_TRY(ov_cur_u8(&at, &low));
			to = (size_t)(len & 0x3f) << 8 | low;
			if (jumps++ == 0)
				behind = at.pos;
			if (to >= here || jumps > JUMPS_MAX)
				return OV_BAD;
			OV_TRY(ov_cur_seek(&at, to));
			continue;
		}
		if (len > 63 || n + len + 1 > NAME_MAX_BYTES)
			return OV_BAD;
		if (n > 0)
			out[n++] = '.';
		OV_TRY(ov_cur_copy(&at, out + n, len));
		n += len;
	}
	return OV_BAD;
}

/* The character-strings of a TXT record, one after the other. */
static ov_status read_text(struct ov_cur data, char out[OV_DNS_TEXT_MAX + 1])
{
	size_t n = 0;
	uint8_t len;

	while (ov_cur_left(&data) > 0) {
		OV_TRY(ov_cur_u8(&data, &len));
		if (len > OV_DNS_TEXT_MAX - n)
			return OV_LIMIT;
		OV_TRY(ov_cur_copy(&data, out + n, len));
		n += len;
	}
	for (size_t i = 0; i < n; i++)
		if (out[i] < ' ' || out[i] > '~')
			return OV_BAD;
	out[n] = '\0';
	return OV_OK;
}

static bool same_name(const char *a, struct ov_str b)
{
	return ov_text_same(ov_str_of(a), b);
}

static ov_status check_question(struct ov_cur *c, uint16_t count, struct ov_str name)
{
	char got[NAME_MAX_BYTES + 1];
	uint16_t type, class;

	if (count != 1)
		return OV_BAD;
	OV_TRY(read_name(c, got));
	OV_TRY(ov_cur_u16be(c, &type));
	OV_TRY(ov_cur_u16be(c, &class));
	return same_name(got, name) && type == TYPE_TXT && class == CLASS_IN ? OV_OK : OV_BAD;
}

ov_status ov_dns_txt(struct ov_cur c, uint16_t id, struct ov_str name,
		     char out[OV_DNS_TEXT_MAX + 1])
{
	uint16_t got_id, flags, questions, answers, type, class, length;
	char owner[NAME_MAX_BYTES + 1], text[OV_DNS_TEXT_MAX + 1];
	struct ov_cur data;
	uint32_t ttl;

	OV_TRY(ov_cur_u16be(&c, &got_id));
	OV_TRY(ov_cur_u16be(&c, &flags));
	OV_TRY(ov_cur_u16be(&c, &questions));
	OV_TRY(ov_cur_u16be(&c, &answers));
	OV_TRY(ov_cur_seek(&c, HEAD));
	/* An answer to a plain question, whole: QR set, opcode 0, TC clear. */
	if (got_id != id || (flags & 0xfa00) != 0x8000)
		return OV_BAD;
	OV_TRY(check_question(&c, questions, name));
	if ((flags & 15) == RCODE_NO_NAME)
		return OV_END;
	if ((flags & 15) != 0)
		return OV_BAD;
	for (unsigned i = 0; i < answers; i++) { /* each takes bytes */
		OV_TRY(read_name(&c, owner));
		OV_TRY(ov_cur_u16be(&c, &type));
		OV_TRY(ov_cur_u16be(&c, &class));
		OV_TRY(ov_cur_u32be(&c, &ttl));
		OV_TRY(ov_cur_u16be(&c, &length));
		OV_TRY(ov_cur_take(&c, length, &data));
		/* Behind a CNAME the owner is another name: the server's word is all there is. */
		if (type != TYPE_TXT || class != CLASS_IN)
			continue;
		OV_TRY(read_text(data, text));
		memcpy(out, text, strlen(text) + 1);
		return OV_OK;
	}
	return OV_END;
}

ov_status ov_dns_versions(struct ov_str text, struct ov_dns_versions *out)
{
	struct ov_str f[8], rest = text;
	struct ov_dns_versions v;

	for (size_t i = 0; i < 8; i++)
		if (!ov_text_split(&rest, ':', &f[i]))
			return OV_BAD;
	if (ov_text_u64(f[1], &v.main) != OV_OK || ov_text_u64(f[2], &v.daily) != OV_OK ||
	    ov_text_u64(f[3], &v.time) != OV_OK || ov_text_u64(f[7], &v.bytecode) != OV_OK)
		return OV_BAD;
	*out = v;
	return OV_OK;
}
