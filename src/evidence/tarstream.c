/* tar as a stream: ustar, GNU long names and numbers, pax names, sizes and times. Sparse members
 * are given packed, as they stand. Source: POSIX.1-2017 pax, "Basic Tar Format" of the GNU tar
 * manual. */
#include "tarstream.h"

#define BLOCK 512
#define LONG_MAX_BYTES ((uint64_t)1 << 20)

static ov_status exactly(const struct ov_tar_in *in, void *to, size_t n)
{
	uint8_t *p = to;

	while (n > 0) {
		size_t got = 0;
		const ov_status st = in->read(in->ctx, p, n, &got);

		if (st != OV_OK)
			return st == OV_END ? OV_SHORT : st;
		if (got == 0)
			return OV_SHORT;
		p += got;
		n -= got;
	}
	return OV_OK;
}

static ov_status pass(const struct ov_tar_in *in, uint64_t n)
{
	uint8_t b[8192];

	while (n > 0) {
		const size_t k = (size_t)ov_min_u64(n, sizeof b);

		OV_TRY(exactly(in, b, k));
		n -= k;
	}
	return OV_OK;
}

ov_status ov_tar_read(const struct ov_tar_in *in, struct ov_tar_entry *t, void *to, size_t n,
		      size_t *got)
{
	n = (size_t)ov_min_u64(n, t->left);
	*got = 0;
	if (n == 0)
		return OV_OK;
	OV_TRY(exactly(in, to, n));
	t->left -= n;
	*got = n;
	return OV_OK;
}

/* Octal digits, or from bit 7 of the first byte on a big number. */
static uint64_t number(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	if ((p[0] & 0x80) != 0) {
		for (size_t i = n > 8 ? n - 8 : 0; i < n; i++)
			v = v << 8 | p[i];
		return n > 8 ? v : v & 0x7fffffffffffffffULL;
	}
	for (size_t i = 0; i < n; i++)
		if (p[i] >= '0' && p[i] <= '7')
			v = v << 3 | (uint64_t)(p[i] - '0');
	return v;
}

static bool sum_holds(const uint8_t *b)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < BLOCK; i++)
		sum += i >= 148 && i < 156 ? ' ' : b[i];
	return sum == number(b + 148, 8);
}

static struct ov_str field(const uint8_t *p, size_t n)
{
	const uint8_t *z = memchr(p, 0, n);

	return (struct ov_str){ .p = (const char *)p, .n = z != NULL ? (size_t)(z - p) : n };
}

struct extras { /* what extension headers say of the next member */
	struct ov_str path;
	bool has_size, has_mtime;
	uint64_t size;
	int64_t mtime;
};

/* "length key=value\n" lines. */
static void take_pax(struct ov_cur c, struct extras *x)
{
	struct ov_str line, head, key, value;

	while (ov_cur_left(&c) > 0) {
		const size_t start = c.pos;
		uint64_t n;
		struct ov_cur part;

		if (ov_cur_line(&c, &line) != OV_OK || !ov_text_split(&line, ' ', &head) ||
		    ov_text_u64(head, &n) != OV_OK || n == 0)
			return;
		c.pos = start;
		if (ov_cur_take(&c, n, &part) != OV_OK || n < head.n + 2)
			return;
		line = (struct ov_str){ .p = (const char *)part.base + head.n + 1,
					.n = (size_t)n - head.n - 2 };
		if (!ov_ev_pair(line, '=', &key, &value))
			continue;
		if (ov_str_is(key, "path")) {
			x->path = value;
		} else if (ov_str_is(key, "size")) {
			x->has_size = ov_text_u64(value, &x->size) == OV_OK;
		} else if (ov_str_is(key, "mtime")) {
			uint64_t v = 0;
			size_t k = 0;

			while (k < value.n && value.p[k] >= '0' && value.p[k] <= '9')
				k++;
			value.n = k;
			x->has_mtime = ov_text_u64(value, &v) == OV_OK;
			x->mtime = (int64_t)v;
		}
	}
}

static ov_status take_extension(const struct ov_tar_in *in, char type, uint64_t size,
				struct extras *x)
{
	uint8_t *body = NULL;

	if (size > LONG_MAX_BYTES)
		return OV_LIMIT;
	OV_TRY(ov_arena_array(in->arena, (size_t)size, &body));
	OV_TRY(exactly(in, body, (size_t)size));
	OV_TRY(pass(in, (BLOCK - size % BLOCK) % BLOCK));
	if (type == 'x')
		take_pax(ov_cur_of(body, (size_t)size), x);
	else if (type == 'L')
		x->path = field(body, (size_t)size);
	return OV_OK;
}

static ov_status name_of(const struct ov_tar_in *in, const uint8_t *b, const struct extras *x,
			 struct ov_str *out)
{
	struct ov_str name = field(b, 100), prefix = field(b + 345, 155), joined;
	void *p;

	if (x->path.n > 0) {
		*out = x->path;
		return OV_OK;
	}
	if (memcmp(b + 257, "ustar\0", 6) != 0 || prefix.n == 0)
		return ov_arena_str(in->arena, name, out);
	OV_TRY(ov_arena_alloc(in->arena, prefix.n + 1 + name.n, &p));
	joined = (struct ov_str){ .p = p, .n = prefix.n + 1 + name.n };
	memcpy(p, prefix.p, prefix.n);
	((char *)p)[prefix.n] = '/';
	if (name.n > 0)
		memcpy((char *)p + prefix.n + 1, name.p, name.n);
	*out = joined;
	return OV_OK;
}

ov_status ov_tar_next(const struct ov_tar_in *in, struct ov_tar_entry *t)
{
	struct extras x = { .has_size = false };
	uint8_t b[BLOCK];

	OV_TRY(pass(in, t->left));
	OV_TRY(pass(in, t->size > 0 ? (BLOCK - t->size % BLOCK) % BLOCK : 0));
	t->left = t->size = 0;
	for (;;) { /* each turn takes a block */
		static const uint8_t zeros[BLOCK];
		size_t got = 0;
		ov_status st = in->read(in->ctx, b, 1, &got);
		uint64_t size;

		if (st == OV_END || (st == OV_OK && got == 0))
			return OV_END;
		OV_TRY(st);
		OV_TRY(exactly(in, b + 1, BLOCK - 1));
		if (memcmp(b, zeros, BLOCK) == 0)
			return OV_END;
		if (!sum_holds(b))
			return OV_BAD;
		size = number(b + 124, 12);
		if (b[156] == 'x' || b[156] == 'L' || b[156] == 'K' || b[156] == 'g') {
			OV_TRY(take_extension(in, (char)b[156], size, &x));
			continue;
		}
		t->type = b[156] == 0 || b[156] == '7' ? '0' : (char)b[156];
		t->mode = (uint32_t)number(b + 100, 8) & 07777;
		t->mtime = x.has_mtime ? x.mtime : (int64_t)number(b + 136, 12);
		t->size = x.has_size ? x.size : size;
		if (t->type != '0')
			t->size = 0;
		t->left = t->size;
		return name_of(in, b, &x, &t->path);
	}
}
