/* The small tar reader. */
#include "tarwalk.h"

#include <string.h>

#include "checked.h"

#define BLOCK 512
#define CHUNK ((size_t)64 * 1024)

void ov_tarwalk_init(struct ov_tarwalk *t, struct ov_decoder *in, uint64_t budget)
{
	*t = (struct ov_tarwalk){ .in = in, .budget = budget };
}

/* Up to n bytes; fewer only at the end of the stream. */
static ov_status read_some(struct ov_tarwalk *t, uint8_t *to, size_t n, size_t *got)
{
	*got = 0;
	while (*got < n) {
		size_t k = 0;
		const ov_status s = ov_decoder_read(t->in, to + *got, n - *got, &k);

		if (s == OV_END)
			return OV_OK;
		OV_TRY(s);
		if (k > t->budget)
			return OV_LIMIT;
		t->budget -= k;
		*got += k;
	}
	return OV_OK;
}

static ov_status skip_bytes(struct ov_tarwalk *t, uint64_t n)
{
	uint8_t hole[4096];

	while (n > 0) {
		const size_t want = n < sizeof hole ? (size_t)n : sizeof hole;
		size_t got;

		OV_TRY(read_some(t, hole, want, &got));
		if (got < want)
			return OV_SHORT;
		n -= want;
	}
	return OV_OK;
}

/* Octal digits, then spaces or NULs, as all numbers of a tar header. */
static ov_status read_octal(const uint8_t *p, size_t n, uint64_t *out)
{
	uint64_t v = 0;
	size_t i = 0, digits;

	while (i < n && p[i] == ' ')
		i++;
	for (digits = i; i < n && p[i] >= '0' && p[i] <= '7'; i++)
		v = v * 8 + (uint64_t)(p[i] - '0'); /* at most 12 digits: 36 bits */
	if (i == digits)
		return OV_BAD;
	for (; i < n; i++)
		if (p[i] != ' ' && p[i] != 0)
			return OV_BAD;
	*out = v;
	return OV_OK;
}

static bool is_zero(const uint8_t *p)
{
	for (size_t i = 0; i < BLOCK; i++)
		if (p[i] != 0)
			return false;
	return true;
}

static ov_status check_sum(const uint8_t *p)
{
	uint64_t said, sum = 0;

	OV_TRY(read_octal(p + 148, 8, &said));
	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : p[i];
	return sum == said ? OV_OK : OV_BAD;
}

static ov_status read_header(struct ov_tarwalk *t, uint8_t *type)
{
	uint8_t p[BLOCK];
	size_t got;

	OV_TRY(read_some(t, p, sizeof p, &got));
	if (got == 0 || (got == sizeof p && is_zero(p)))
		return OV_END;
	if (got < sizeof p)
		return OV_SHORT;
	if (check_sum(p) != OV_OK || read_octal(p + 124, 12, &t->size) != OV_OK) {
		t->why = "a member's header is broken";
		return OV_BAD;
	}
	memcpy(t->name, p, OV_TAR_NAME);
	t->name[OV_TAR_NAME] = '\0';
	*type = p[156];
	return OV_OK;
}

ov_status ov_tarwalk_next(struct ov_tarwalk *t, struct ov_str *name, uint64_t *size)
{
	uint8_t type = 0;

	do {
		OV_TRY(skip_bytes(t, t->size));
		OV_TRY(skip_bytes(t, t->skip));
		t->size = t->skip = 0;
		OV_TRY(read_header(t, &type));
		t->skip = (BLOCK - t->size % BLOCK) % BLOCK;
	} while (type != '0' && type != 0);
	*name = ov_str_of(t->name);
	*size = t->size;
	return OV_OK;
}

ov_status ov_tarwalk_read(struct ov_tarwalk *t, struct ov_buf *out)
{
	if (t->size > t->budget)
		return OV_LIMIT;
	while (t->size > 0) {
		const size_t want = t->size < CHUNK ? (size_t)t->size : CHUNK;
		size_t got;

		OV_TRY(ov_buf_reserve(out, want)); /* as bytes come, not as the header promises */
		OV_TRY(read_some(t, out->p + out->n, want, &got));
		out->n += got;
		if (got < want)
			return OV_SHORT;
		t->size -= want;
	}
	return OV_OK;
}
