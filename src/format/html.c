/*
 * HTML: files that a page carries in its addresses, "data:image/gif;base64,R0lGOD..." (RFC 2397),
 * in attributes and in styles. Each becomes a part, decoded from base64 or %41.
 *
 * Only such addresses are looked for; what a page says is normalised and matched by the engine. An
 * address begins behind a quote, '=', '(' or white space and ends at its quote, at ')', or at white
 * space or '>'. White space inside a quoted base64 text is passed over, as browsers do. A quote
 * that is never closed, and bytes that are no base64, are told of, but for those with which
 * templates and scripts put addresses together.
 */
#include "formats.h"

#include <string.h>
#include <strings.h>

#include "checked.h"

#define SEARCHED ((uint64_t)32 << 20) /* bytes of a page that are searched */
#define TYPE_MAX ((size_t)128)	      /* bytes of what stands between "data:" and ',' */

struct html {
	const struct ov_fmt_env *env;
	struct ov_cur page;
	uint64_t found;
	struct ov_cur body; /* of the address that is being read */
	bool is_base64;
	uint32_t bits, nbits; /* base64 digits that wait */
	bool is_odd;	      /* other bytes among them  */
};

/* UTF-16 to its low bytes: addresses are ASCII. Which of the two comes first tells the first '<'.
 */
static ov_status narrow(const struct ov_fmt_env *env, struct ov_cur *page)
{
	const uint8_t *mark = page->len > 0 ? memchr(page->base, '<', page->len) : NULL;
	const size_t odd = mark != NULL ? (size_t)(mark - page->base) % 2 : 0;
	uint8_t *to = NULL;

	OV_TRY(ov_arena_array(env->arena, page->len / 2 + 1, &to));
	for (size_t i = 0; i < page->len / 2; i++)
		to[i] = page->base[2 * i + odd];
	*page = ov_cur_of(to, page->len / 2);
	return OV_OK;
}

static ov_status html_open(const struct ov_fmt_env *env, void **state)
{
	const uint64_t size = ov_min_u64(env->src->size, SEARCHED);
	struct html *h = NULL;

	OV_TRY(ov_arena_new(env->arena, &h));
	h->env = env;
	OV_TRY(ov_src_view_upto(env->src, 0, (size_t)size, env->arena, &h->page));
	if (size < env->src->size)
		env->note(env->ctx, OV_LIMIT, (struct ov_str){ 0 },
			  "only its first 32 MiB were searched for files in data: addresses");
	if (env->type == OV_T_HTML_UTF16)
		OV_TRY(narrow(env, &h->page));
	*state = h;
	return OV_OK;
}

static bool is_space(uint8_t c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* The end of an address whose first byte lies behind `before`. */
static size_t address_length(struct ov_cur c, uint8_t before)
{
	const uint8_t *p = ov_cur_rest(&c), *hit;
	const size_t n = ov_cur_left(&c);
	size_t i = 0;

	if (before == '"' || before == '\'') {
		hit = n > 0 ? memchr(p, before, n) : NULL;
		return hit != NULL ? (size_t)(hit - p) : n;
	}
	while (i < n && !is_space(p[i]) && p[i] != '>' && (before != '(' || p[i] != ')'))
		i++;
	return i;
}

/* "image/gif;base64" up to its ','. @return OV_END when this is no address. */
static ov_status read_address(struct html *h, struct ov_cur at, uint8_t before,
			      struct ov_child *out)
{
	struct ov_cur head = at, type;
	const size_t n = ov_min_size(ov_cur_left(&at), TYPE_MAX);
	bool is_open;
	const uint8_t *comma = n > 0 ? memchr(ov_cur_rest(&at), ',', n) : NULL;
	size_t len;

	if (comma == NULL)
		return OV_END;
	if (ov_cur_take(&head, (uint64_t)(comma - ov_cur_rest(&at)), &type) != OV_OK ||
	    ov_cur_skip(&head, 1) != OV_OK)
		return OV_END;
	for (size_t i = 0; i < type.len; i++)
		if (type.base[i] == '"' || type.base[i] == '\'' || type.base[i] == '>' ||
		    type.base[i] == '<' || type.base[i] == ')')
			return OV_END;
	len = address_length(head, before);
	is_open = (before == '"' || before == '\'') && len == ov_cur_left(&head);
	if (len == 0 || ov_cur_take(&head, len, &h->body) != OV_OK)
		return OV_END;
	h->is_base64 =
	    type.len >= 7 && strncasecmp((const char *)type.base + type.len - 7, ";base64", 7) == 0;
	h->bits = h->nbits = 0;
	h->is_odd = false;
	if (is_open)
		h->env->note(h->env->ctx, OV_SHORT, OV_STR("data: address"),
			     "the page ends within it");
	*out = (struct ov_child){ .kind = OV_CHILD_STREAM,
				  .name = { .p = (const char *)type.base, .n = type.len },
				  .size = OV_SIZE_UNKNOWN,
				  .packed = len,
				  .position = ++h->found };
	h->page = head;
	return OV_OK;
}

/* Is there "data" before the ':' at `colon`, and before that something that an address follows? */
static bool is_data(const uint8_t *base, const uint8_t *colon)
{
	if (colon - base < 5 || strncasecmp((const char *)colon - 4, "data", 4) != 0)
		return false;
	return strchr("\"'=( \t\n", colon[-5]) != NULL && colon[-5] != '\0';
}

static ov_status html_next(void *state, struct ov_child *out)
{
	struct html *h = state;

	while (ov_cur_left(&h->page) > 0) {
		const uint8_t *const rest = ov_cur_rest(&h->page);
		const uint8_t *colon = memchr(rest, ':', ov_cur_left(&h->page));

		if (colon == NULL)
			break;
		OV_TRY(ov_cur_skip(&h->page, (uint64_t)(colon - rest) + 1));
		if (is_data(h->page.base, colon) &&
		    read_address(h, h->page, colon[-5], out) == OV_OK)
			return OV_OK;
		if (ov_fmt_is_late(h->env))
			return OV_LIMIT;
	}
	return OV_END;
}

/* The value of a base64 digit (RFC 4648, both alphabets), or -1. */
static int digit_of(uint8_t c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

static int hex_of(uint8_t c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return (uint8_t)((c | 0x20) - 'a') < 6 ? (c | 0x20) - 'a' + 10 : -1;
}

/* One byte of the address; %41 as one. */
static uint8_t take_byte(struct ov_cur *c)
{
	const uint8_t *p = ov_cur_rest(c);

	if (*p == '%' && ov_cur_left(c) >= 3) {
		const int high = hex_of(p[1]), low = hex_of(p[2]);

		if (high >= 0 && low >= 0) {
			ov_cur_soft_skip(c, 3);
			return (uint8_t)((unsigned)high << 4 | (unsigned)low);
		}
	}
	ov_cur_soft_skip(c, 1);
	return *p;
}

static void note_odd(struct html *h, uint8_t c)
{
	if (h->is_odd || is_space(c) || strchr("=\\${}<>[]()#@%*|'`\"", c) != NULL)
		return;
	h->is_odd = true;
	h->env->note(h->env->ctx, OV_BAD, OV_STR("data: address"),
		     "a byte among its base64 that is none of it");
}

static ov_status html_read(void *state, void *to, size_t n, size_t *got)
{
	struct html *h = state;
	uint8_t *out = to;

	*got = 0;
	while (*got < n && ov_cur_left(&h->body) > 0) {
		const uint8_t c = take_byte(&h->body);
		int d;

		if (!h->is_base64) {
			out[(*got)++] = c;
			continue;
		}
		d = digit_of(c);
		if (d < 0) { /* white space, '=' and whatever else: browsers differ */
			note_odd(h, c);
			continue;
		}
		h->bits = h->bits << 6 | (uint32_t)d;
		h->nbits += 6;
		if (h->nbits >= 8) {
			h->nbits -= 8;
			out[(*got)++] = (uint8_t)(h->bits >> h->nbits);
		}
	}
	return *got > 0 ? OV_OK : OV_END;
}

const struct ov_format ov_format_html = {
	.name = "html", .open = html_open, .next = html_next, .read = html_read
};
