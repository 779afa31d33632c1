/* See norm_entity.h. Names: norm_entity.def. */
#include "norm_entity.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES ((size_t)8) /* of the names that are known */

struct entity {
	const char *name;
	uint16_t code;
};

static const struct entity entities[] = {
#define ENTITY(n, c) { (n), (c) },
#include "norm_entity.def"
#undef ENTITY
};

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
	return (uint8_t)((c | 0x20) - 'a') < 26;
}

static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? c | 0x20 : c;
}

static int hex_value(uint8_t c)
{
	if (is_digit(c))
		return c - '0';
	return (uint8_t)((c | 0x20) - 'a') < 6 ? (c | 0x20) - 'a' + 10 : -1;
}

/* A byte below 255 as itself; others by their last 16 bits, as clamscan prints them. */
static size_t put_code(uint32_t code, uint8_t *out)
{
	static const char digits[] = "0123456789abcdef";

	if (code < 255) {
		out[0] = (uint8_t)code;
		return 1;
	}
	if ((code & 0xffff) == 0)
		return 0;
	memcpy(out, "&#x", 3);
	for (int i = 0; i < 4; i++)
		out[3 + i] = (uint8_t)digits[code >> (12 - 4 * i) & 15];
	out[7] = ';';
	return 8;
}

/* "&#65;" "&#x41;". Without the ';' a letter keeps its case, and at the end of all there is none.
 */
static size_t decode_number(const uint8_t *in, size_t n, uint8_t *out, size_t *nout)
{
	const bool is_hex = n > 2 && lower(in[2]) == 'x';
	size_t i = is_hex ? 3 : 2;
	uint32_t code = 0;

	for (; i < n; i++) {
		const int v = hex_value(in[i]);

		if (v < 0 || (!is_hex && v > 9))
			break;
		code = code * (is_hex ? 16 : 10) + (uint32_t)v; /* wraps, as clamscan's does */
	}
	*nout = i < n ? put_code(code, out) : 0;
	if (i < n && in[i] == ';') {
		if (*nout == 1)
			out[0] = lower(out[0]);
		i++;
	}
	return i;
}

static int by_name(const void *key, const void *row)
{
	return strcmp(key, ((const struct entity *)row)->name);
}

static const struct entity *find(const uint8_t *name, size_t n)
{
	char key[NAME_MAX_BYTES + 1];

	if (n == 0 || n > NAME_MAX_BYTES)
		return NULL;
	memcpy(key, name, n);
	key[n] = '\0';
	return bsearch(key, entities, sizeof entities / sizeof *entities, sizeof *entities,
		       by_name);
}

/* The end of the name that begins at in[1]. */
static size_t name_end(const uint8_t *in, size_t n)
{
	size_t i = 1;

	while (i < n && (is_letter(in[i]) || is_digit(in[i]) || in[i] == ':' || in[i] == '_' ||
			 in[i] == '-'))
		i++;
	return i;
}

size_t ov_entity_decode(const uint8_t *in, size_t n, uint8_t *out, size_t *nout)
{
	const struct entity *e;
	size_t end;

	if (n > 1 && in[1] == '#')
		return decode_number(in, n, out, nout);
	end = name_end(in, n);
	*nout = 0;
	if (n == 1)
		return 1; /* a '&' at the very end goes */
	e = end == n || in[end] == ';' ? find(in + 1, end - 1) : NULL;
	if (e != NULL) {
		*nout = put_code(e->code, out);
		return end < n ? end + 1 : end;
	}
	if (end < n && in[end] == ';')
		end++;
	for (size_t i = 0; i < end; i++)
		out[i] = lower(in[i]);
	*nout = end;
	return end;
}
