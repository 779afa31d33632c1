#include "bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"

static const uint8_t zeros[OV_BUNDLE_BLOCK];

/* Bytes from the end of a content to the next block. */
static size_t pad_of(uint64_t size)
{
	return (size_t)(-size & (OV_BUNDLE_BLOCK - 1));
}

bool ov_bundle_name_ok(struct ov_str s)
{
	if (s.n == 0 || s.n > OV_BUNDLE_NAME)
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		const bool starts = i == 0 || s.p[i - 1] == '/';

		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
		      c == '/'))
			return false;
		if (starts &&
		    (c == '/' || c == '.')) /* no empty part, none that is hidden or ".." */
			return false;
	}
	return s.p[s.n - 1] != '/';
}

static void put_octal(uint8_t *to, size_t digits, uint64_t v)
{
	for (size_t i = digits; i-- > 0; v >>= 3)
		to[i] = (uint8_t)('0' + (v & 7));
}

ov_status ov_bundle_header(struct ov_str name, uint64_t size, uint8_t out[OV_BUNDLE_BLOCK])
{
	uint64_t sum = 0;

	if (!ov_bundle_name_ok(name) || size > OV_BUNDLE_FILE_MAX)
		return OV_BAD;
	memset(out, 0, OV_BUNDLE_BLOCK);
	memcpy(out, name.p, name.n);
	memcpy(out + 100, "0000644\0000000000\0000000000", 23);
	put_octal(out + 124, 11, size);
	put_octal(out + 136, 11, 0);
	memcpy(out + 156, "0", 1);
	memcpy(out + 257, "ustar\00000", 8);
	memset(out + 148, ' ', 8); /* what the sum's own place counts as */
	for (size_t i = 0; i < OV_BUNDLE_BLOCK; i++)
		sum += out[i];
	put_octal(out + 148, 6, sum);
	out[154] = 0;
	return OV_OK;
}

ov_status ov_bundle_parse(const uint8_t block[OV_BUNDLE_BLOCK], struct ov_bundle_file *out)
{
	uint8_t again[OV_BUNDLE_BLOCK];
	struct ov_str name = { .p = (const char *)block };
	uint64_t size = 0;

	if (memcmp(block, zeros, OV_BUNDLE_BLOCK) == 0)
		return OV_END;
	while (name.n < OV_BUNDLE_NAME && block[name.n] != 0)
		name.n++;
	for (size_t i = 124; i < 135; i++) {
		if (block[i] < '0' || block[i] > '7')
			return OV_BAD;
		size = size << 3 | (uint64_t)(block[i] - '0'); /* 33 bits */
	}
	/* One spelling: what we would not write ourselves is refused, in each of its bytes. */
	OV_TRY(ov_bundle_header(name, size, again));
	if (memcmp(block, again, OV_BUNDLE_BLOCK) != 0)
		return OV_BAD;
	memset(out->name, 0, sizeof out->name);
	memcpy(out->name, name.p, name.n);
	out->size = size;
	return OV_OK;
}

static ov_status add(struct ov_bundle *b, const struct ov_bundle_file *f)
{
	if (b->n == OV_BUNDLE_FILES)
		return OV_LIMIT;
	if (b->n == b->cap) {
		const size_t cap = b->cap == 0 ? 64 : b->cap * 2;
		struct ov_bundle_file *more = reallocarray(b->files, cap, sizeof *more);

		if (more == NULL)
			return OV_NOMEM;
		b->files = more;
		b->cap = cap;
	}
	b->files[b->n++] = *f;
	return OV_OK;
}

/* The first file says what this is; the rest rise by name, which also means that none is twice. */
static ov_status check_order(const struct ov_bundle *b, const struct ov_bundle_file *f)
{
	char text[sizeof OV_BUNDLE_TEXT] = "";

	if (b->n > 1)
		return strcmp(b->files[b->n - 1].name, f->name) < 0 ? OV_OK : OV_BAD;
	if (b->n == 1)
		return strcmp(f->name, OV_BUNDLE_FIRST) != 0 ? OV_OK : OV_BAD;
	if (strcmp(f->name, OV_BUNDLE_FIRST) != 0)
		return OV_BAD;
	if (f->size != sizeof text - 1)
		return OV_UNSUPPORTED;
	OV_TRY(ov_src_read(&b->src, f->at, text, sizeof text - 1));
	return strcmp(text, OV_BUNDLE_TEXT) == 0 ? OV_OK : OV_UNSUPPORTED;
}

/* The content's padding must be empty, and lie inside. */
static ov_status check_pad(const struct ov_src *src, const struct ov_bundle_file *f)
{
	uint8_t pad[OV_BUNDLE_BLOCK];
	const size_t n = pad_of(f->size);

	if (f->size > src->size - f->at)
		return OV_SHORT;
	OV_TRY(ov_src_read(src, f->at + f->size, pad, n));
	return memcmp(pad, zeros, n) == 0 ? OV_OK : OV_BAD;
}

static ov_status check_end(const struct ov_src *src, uint64_t at)
{
	uint8_t block[OV_BUNDLE_BLOCK];

	OV_TRY(ov_src_read(src, at, block, sizeof block));
	if (memcmp(block, zeros, sizeof block) != 0)
		return OV_BAD;
	return src->size - at == sizeof block ? OV_OK : OV_BAD;
}

ov_status ov_bundle_open(struct ov_src src, struct ov_bundle *out)
{
	uint64_t at = 0;

	*out = (struct ov_bundle){ .src = src };
	for (;;) { /* each turn moves by a block at least */
		uint8_t block[OV_BUNDLE_BLOCK];
		struct ov_bundle_file f;
		ov_status s;

		OV_TRY(ov_src_read(&out->src, at, block, sizeof block));
		at += sizeof block;
		s = ov_bundle_parse(block, &f);
		if (s == OV_END)
			return out->n > 0 ? check_end(&out->src, at) : OV_BAD;
		OV_TRY(s);
		f.at = at;
		OV_TRY(check_pad(&out->src, &f));
		OV_TRY(check_order(out, &f));
		OV_TRY(add(out, &f));
		at += f.size + pad_of(f.size);
	}
}

void ov_bundle_close(struct ov_bundle *b)
{
	free(b->files);
	*b = (struct ov_bundle){ .n = 0 };
}

static const struct ov_bundle_file *find(const struct ov_bundle *b, const char *name)
{
	size_t lo = 1, hi = b->n; /* the first is no file of the repository */

	while (lo < hi) {
		const size_t mid = lo + (hi - lo) / 2;
		const int order = strcmp(name, b->files[mid].name);

		if (order == 0)
			return &b->files[mid];
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	return NULL;
}

ov_status ov_bundle_read(const struct ov_bundle *b, const char *name, size_t max,
			 struct ov_buf *out)
{
	const struct ov_bundle_file *f = find(b, name);

	if (f == NULL)
		return OV_END;
	if (f->size > max)
		return OV_LIMIT;
	OV_TRY(ov_buf_reserve(out, (size_t)f->size));
	OV_TRY(ov_src_read(&b->src, f->at, out->p + out->n, (size_t)f->size));
	out->n += (size_t)f->size;
	return OV_OK;
}

static ov_status put(struct ov_bundle_writer *w, const char *name, const void *p, size_t n)
{
	uint8_t head[OV_BUNDLE_BLOCK];

	OV_TRY(ov_bundle_header(ov_str_of(name), n, head));
	OV_TRY(ov_fd_write(w->fd, head, sizeof head));
	OV_TRY(ov_fd_write(w->fd, p, n));
	OV_TRY(ov_fd_write(w->fd, zeros, pad_of(n)));
	w->bytes += sizeof head + n + pad_of(n);
	w->n++;
	return OV_OK;
}

ov_status ov_bundle_begin(int fd, struct ov_bundle_writer *out)
{
	*out = (struct ov_bundle_writer){ .fd = fd };
	return put(out, OV_BUNDLE_FIRST, OV_BUNDLE_TEXT, sizeof OV_BUNDLE_TEXT - 1);
}

ov_status ov_bundle_put(struct ov_bundle_writer *w, const char *name, const void *p, size_t n)
{
	if (!ov_bundle_name_ok(ov_str_of(name)) || strcmp(name, OV_BUNDLE_FIRST) == 0 ||
	    strcmp(w->last, name) >= 0)
		return OV_BAD;
	if (w->n == OV_BUNDLE_FILES || n > OV_BUNDLE_FILE_MAX)
		return OV_LIMIT;
	OV_TRY(put(w, name, p, n));
	(void)snprintf(w->last, sizeof w->last, "%s", name);
	return OV_OK;
}

ov_status ov_bundle_end(struct ov_bundle_writer *w)
{
	OV_TRY(ov_fd_write(w->fd, zeros, sizeof zeros));
	OV_TRY(ov_fd_write(w->fd, zeros, sizeof zeros));
	w->bytes += 2 * sizeof zeros;
	return OV_OK;
}
