/*
 * squashfs 4.0, little-endian: folders, files, fragments; gzip, lzma, lzo, xz, zstd and lz4 blocks.
 * Follows Documentation/filesystems/squashfs.rst and the format notes of squashfs-tools. Not read,
 * and told: versions before 4, vendors' own codings, extended attributes.
 */
#include "tree.h"

#include "decoder.h"
#include "lzo.h"

#define META 8192u
#define CACHE 8
#define BLOCKS_MAX (1u << 20) /* data blocks of one file */
#define NO_FRAGMENT 0xffffffffu

struct super {
	uint32_t inodes, block_size, fragments;
	uint16_t codec, flags;
	uint64_t root, used, inode_table, dir_table, fragment_table;
	int64_t made;
};

struct meta { /* a decoded metadata block */
	uint64_t at, next;
	size_t n;
	uint8_t bytes[META];
};

struct squash {
	struct ov_ev *e;
	const struct ov_src *src;
	struct super s;
	struct meta *cache;
	unsigned turn;
	uint8_t *block; /* the last decoded data block */
	uint64_t block_at;
	size_t block_n;
};

/* A place in the stream of metadata blocks of a table. */
struct place {
	uint64_t block; /* file offset */
	size_t off;
};

struct file {
	struct squash *q;
	uint64_t size, start;
	uint32_t fragment, fragment_off, nblocks;
	const uint8_t *sizes; /* nblocks times 4 bytes */
	/* where reading went on last: block and its offset in the image */
	uint32_t at;
	uint64_t at_off;
};

static bool read_super(struct ov_ev *e, const struct ov_src *src, struct super *s)
{
	struct ov_cur c;
	uint16_t major;

	if (src->size < 96 || ov_src_view(src, 0, 96, &e->arena, &c) != OV_OK ||
	    ov_cur_expect(&c, "hsqs") != OV_OK)
		return false;
	s->inodes = ov_cur_soft_u32le(&c);
	s->made = ov_cur_soft_u32le(&c);
	s->block_size = ov_cur_soft_u32le(&c);
	s->fragments = ov_cur_soft_u32le(&c);
	s->codec = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2);
	s->flags = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2);
	major = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2);
	s->root = ov_cur_soft_u64le(&c);
	s->used = ov_cur_soft_u64le(&c);
	ov_cur_soft_skip(&c, 16);
	s->inode_table = ov_cur_soft_u64le(&c);
	s->dir_table = ov_cur_soft_u64le(&c);
	s->fragment_table = ov_cur_soft_u64le(&c);
	return ov_cur_status(&c) == OV_OK && major == 4 && s->block_size >= 4096 &&
	       s->block_size <= (1u << 20) && (s->block_size & (s->block_size - 1)) == 0 &&
	       s->used >= 96 && s->inode_table < s->used && s->dir_table < s->used;
}

static bool probe(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts)
{
	struct super s;

	if (!read_super(e, src, &s))
		return false;
	*facts = (struct ov_tree_facts){ .made = s.made, .size = s.used };
	return true;
}

/* One LZ4 block without a frame. @return OV_OK with *n. */
static ov_status lz4(struct ov_cur c, uint8_t *to, size_t max, size_t *n)
{
	size_t at = 0;

	while (ov_cur_left(&c) > 0) {
		const uint8_t token = ov_cur_soft_u8(&c);
		size_t len = token >> 4;
		uint16_t back;
		uint8_t more = 255;

		while ((token >> 4) == 15 && more == 255) {
			OV_TRY(ov_cur_u8(&c, &more));
			len += more;
		}
		if (len > max - at)
			return OV_BAD;
		OV_TRY(ov_cur_copy(&c, to + at, len));
		at += len;
		if (ov_cur_left(&c) == 0)
			break;
		OV_TRY(ov_cur_u16le(&c, &back));
		len = (size_t)(token & 15) + 4;
		more = 255;
		while ((token & 15) == 15 && more == 255) {
			OV_TRY(ov_cur_u8(&c, &more));
			len += more;
		}
		if (back == 0 || back > at || len > max - at)
			return OV_BAD;
		for (size_t i = 0; i < len; i++, at++)
			to[at] = to[at - back];
	}
	*n = at;
	return OV_OK;
}

static ov_status unpack_in(struct squash *q, uint64_t off, uint32_t packed, uint8_t *to, size_t max,
			   size_t *n)
{
	static const enum ov_codec codecs[] = { OV_CODEC_COUNT, OV_CODEC_ZLIB, OV_CODEC_LZMA_ALONE,
						OV_CODEC_COUNT, OV_CODEC_XZ,   OV_CODEC_COUNT,
						OV_CODEC_ZSTD };
	const struct ov_decoder_params p = { .max_memory = (uint64_t)64 << 20,
					     .plain_size = UINT64_MAX };
	struct ov_decoder *d = NULL;
	struct ov_src part;
	size_t got;
	ov_status st;

	*n = 0;
	OV_TRY(ov_src_slice(q->src, off, packed, &part));
	if (q->s.codec == 3 || q->s.codec == 5) {
		struct ov_cur c;

		OV_TRY(ov_src_view(&part, 0, packed, &q->e->scratch, &c));
		return q->s.codec == 3 ? ov_lzo_read(c, to, max, n) : lz4(c, to, max, n);
	}
	if (q->s.codec >= sizeof codecs / sizeof codecs[0] || codecs[q->s.codec] == OV_CODEC_COUNT)
		return OV_UNSUPPORTED;
	OV_TRY(ov_decoder_open(codecs[q->s.codec], &part, &p, &q->e->scratch, &d));
	st = OV_OK;
	while (*n < max && st == OV_OK) {
		st = ov_decoder_read(d, to + *n, max - *n, &got);
		*n += st == OV_OK ? got : 0;
	}
	ov_decoder_close(&d);
	return st == OV_END || (st == OV_OK && *n == max) ? OV_OK : st;
}

/* An image may lie in an image: the inner one's decoder is at work while the outer one's is. */
static ov_status unpack(struct squash *q, uint64_t off, uint32_t packed, uint8_t *to, size_t max,
			size_t *n)
{
	const struct ov_arena_mark mark = ov_arena_mark(&q->e->scratch);
	const ov_status st = unpack_in(q, off, packed, to, max, n);

	ov_arena_release(&q->e->scratch, mark);
	return st;
}

static ov_status take_meta(struct squash *q, uint64_t at, const struct meta **out)
{
	struct meta *m = NULL;
	uint8_t head[2];
	uint32_t size;

	for (unsigned i = 0; i < CACHE; i++)
		if (q->cache[i].n > 0 && q->cache[i].at == at) {
			*out = &q->cache[i];
			return OV_OK;
		}
	m = &q->cache[q->turn++ % CACHE];
	m->n = 0;
	OV_TRY(ov_src_read(q->src, at, head, 2));
	size = (uint32_t)head[0] | (uint32_t)(head[1] & 0x7f) << 8;
	if (size == 0 || size > META)
		return OV_BAD;
	if ((head[1] & 0x80) != 0) {
		OV_TRY(ov_src_read(q->src, at + 2, m->bytes, size));
		m->n = size;
	} else {
		size_t n;

		OV_TRY(unpack(q, at + 2, size, m->bytes, META, &n));
		if (n == 0)
			return OV_BAD;
		m->n = n;
	}
	m->at = at;
	m->next = at + 2 + size;
	*out = m;
	return OV_OK;
}

/* Copies `n` bytes of metadata and moves. */
static ov_status meta_read(struct squash *q, struct place *p, void *to, size_t n)
{
	uint8_t *out = to;

	while (n > 0) {
		const struct meta *m;
		size_t k;

		OV_TRY(take_meta(q, p->block, &m));
		if (p->off > m->n)
			return OV_BAD;
		k = ov_min_size(n, m->n - p->off);
		memcpy(out, m->bytes + p->off, k);
		out += k;
		n -= k;
		p->off += k;
		if (p->off == m->n) { /* each block has a byte at least, and the file an end */
			p->block = m->next;
			p->off = 0;
		}
	}
	return OV_OK;
}

struct inode {
	uint16_t type, mode;
	int64_t mtime;
	/* folder */
	uint32_t dir_block, dir_size;
	uint16_t dir_off;
	/* file */
	uint64_t start, size;
	uint32_t fragment, fragment_off;
	struct place sizes;
};

static ov_status folder_fields(struct squash *q, struct place *p, struct inode *i)
{
	uint8_t raw[24];
	struct ov_cur c;

	OV_TRY(meta_read(q, p, raw, i->type == 1 ? 16 : 24));
	c = ov_cur_of(raw, sizeof raw);
	if (i->type == 1) {
		i->dir_block = ov_cur_soft_u32le(&c);
		ov_cur_soft_skip(&c, 4);
		i->dir_size = ov_cur_soft_u16le(&c);
	} else {
		ov_cur_soft_skip(&c, 4);
		i->dir_size = ov_cur_soft_u32le(&c);
		i->dir_block = ov_cur_soft_u32le(&c);
		ov_cur_soft_skip(&c, 6);
	}
	i->dir_off = ov_cur_soft_u16le(&c);
	return ov_cur_status(&c);
}

static ov_status file_fields(struct squash *q, struct place *p, struct inode *i)
{
	uint8_t raw[40];
	struct ov_cur c;

	OV_TRY(meta_read(q, p, raw, i->type == 2 ? 16 : 40));
	c = ov_cur_of(raw, sizeof raw);
	if (i->type == 2) {
		i->start = ov_cur_soft_u32le(&c);
		i->fragment = ov_cur_soft_u32le(&c);
		i->fragment_off = ov_cur_soft_u32le(&c);
		i->size = ov_cur_soft_u32le(&c);
	} else {
		i->start = ov_cur_soft_u64le(&c);
		i->size = ov_cur_soft_u64le(&c);
		ov_cur_soft_skip(&c, 12);
		i->fragment = ov_cur_soft_u32le(&c);
		i->fragment_off = ov_cur_soft_u32le(&c);
	}
	i->sizes = *p;
	return ov_cur_status(&c);
}

/* ref: block of the inode table times 65536, and the offset in it. */
static ov_status read_inode(struct squash *q, uint64_t ref, struct inode *i)
{
	struct place p = { .off = (size_t)(ref & 0xffff) };
	uint8_t raw[16];
	struct ov_cur c = ov_cur_of(raw, sizeof raw);

	OV_TRY(ov_add_u64(q->s.inode_table, ref >> 16, &p.block));
	OV_TRY(meta_read(q, &p, raw, sizeof raw));
	i->type = ov_cur_soft_u16le(&c);
	i->mode = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 4);
	i->mtime = ov_cur_soft_u32le(&c);
	if (i->type == 1 || i->type == 8)
		return folder_fields(q, &p, i);
	if (i->type == 2 || i->type == 9)
		return file_fields(q, &p, i);
	return OV_OK;
}

/* Bytes of one data block or fragment, decoded into q->block. Bit 24 of a size: stored. */
static ov_status load(struct squash *q, uint64_t off, uint32_t size)
{
	const uint32_t n = size & 0xffffff;

	if (q->block_n > 0 && q->block_at == off)
		return OV_OK;
	q->block_n = 0;
	if (n > q->s.block_size)
		return OV_BAD;
	if ((size & (1u << 24)) != 0) {
		OV_TRY(ov_src_read(q->src, off, q->block, n));
		q->block_n = n;
	} else {
		size_t got;

		OV_TRY(unpack(q, off, n, q->block, q->s.block_size, &got));
		q->block_n = got;
	}
	q->block_at = off;
	return OV_OK;
}

static uint32_t size_of(const struct file *f, uint32_t i)
{
	struct ov_cur c = ov_cur_of(f->sizes, (size_t)f->nblocks * 4);

	ov_cur_soft_skip(&c, (uint64_t)i * 4);
	return ov_cur_soft_u32le(&c);
}

/* The fragment's row: { start, size, 0 }, in metadata blocks that a table of offsets names. */
static ov_status load_fragment(struct squash *q, uint32_t i)
{
	struct place p = { .off = (size_t)(i % 512) * 16 };
	uint8_t raw[16], at[8];
	struct ov_cur c = ov_cur_of(at, sizeof at);
	uint64_t off;

	if (i >= q->s.fragments)
		return OV_BAD;
	OV_TRY(ov_add_u64(q->s.fragment_table, (uint64_t)(i / 512) * 8, &off));
	OV_TRY(ov_src_read(q->src, off, at, sizeof at));
	p.block = ov_cur_soft_u64le(&c);
	OV_TRY(meta_read(q, &p, raw, sizeof raw));
	c = ov_cur_of(raw, sizeof raw);
	off = ov_cur_soft_u64le(&c);
	return load(q, off, ov_cur_soft_u32le(&c));
}

/* Makes the block of `off` the current one; *inside: where `off` lies in it, *n: bytes from there.
 * A block of size 0 is a hole. */
static ov_status block_at(struct file *f, uint64_t off, const uint8_t **p, size_t *n)
{
	struct squash *q = f->q;
	const uint32_t i = (uint32_t)(off / q->s.block_size);
	const size_t inside = (size_t)(off % q->s.block_size);
	const uint64_t left = f->size - off;
	size_t base = 0, whole;

	whole = (size_t)ov_min_u64(q->s.block_size - inside, left);
	*p = NULL;
	*n = whole;
	if (i >= f->nblocks) {
		OV_TRY(load_fragment(q, f->fragment));
		base = f->fragment_off;
	} else {
		uint32_t size;

		if (i < f->at) {
			f->at = 0;
			f->at_off = f->start;
		}
		for (; f->at < i; f->at++)
			f->at_off += size_of(f, f->at) & 0xffffff;
		size = size_of(f, i);
		if ((size & 0xffffff) == 0)
			return OV_OK;
		OV_TRY(load(q, f->at_off, size));
	}
	if (base > q->block_n || inside >= q->block_n - base)
		return OV_BAD;
	*p = q->block + base + inside;
	*n = ov_min_size(whole, q->block_n - base - inside);
	return OV_OK;
}

static ov_status read_file(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	struct file *f = ctx;

	*got = 0;
	while (n > 0 && off < f->size) {
		const uint8_t *p;
		size_t k;

		if (block_at(f, off, &p, &k) != OV_OK)
			return OV_IO;
		k = ov_min_size(k, n);
		if (p != NULL)
			memcpy(to, p, k);
		else
			memset(to, 0, k);
		to += k;
		off += k;
		n -= k;
		*got += k;
	}
	return OV_OK;
}

static ov_status open_file(struct squash *q, const struct inode *i, struct ov_src **out)
{
	const bool has_fragment = i->fragment != NO_FRAGMENT;
	const uint64_t n = has_fragment
			       ? i->size / q->s.block_size
			       : i->size / q->s.block_size + (i->size % q->s.block_size != 0);
	struct place p = i->sizes;
	struct file *f;
	uint8_t *sizes;

	if (n > BLOCKS_MAX)
		return OV_LIMIT;
	OV_TRY(ov_arena_new(&q->e->arena, &f));
	OV_TRY(ov_arena_new(&q->e->arena, out));
	OV_TRY(ov_arena_array(&q->e->arena, (size_t)n * 4, &sizes));
	if (n > 0)
		OV_TRY(meta_read(q, &p, sizes, (size_t)n * 4));
	*f = (struct file){ .q = q,
			    .size = i->size,
			    .start = i->start,
			    .fragment = i->fragment,
			    .fragment_off = i->fragment_off,
			    .nblocks = (uint32_t)n,
			    .sizes = sizes,
			    .at_off = i->start };
	**out = ov_tree_src(read_file, f, i->size);
	return OV_OK;
}

static ov_status show(struct squash *q, const struct ov_tree_visitor *v, struct ov_tree_todo *todo,
		      const struct ov_tree_dir *dir, struct ov_str name, uint64_t ref)
{
	struct ov_tree_entry t = { .kind = OV_TREE_OTHER };
	struct inode i = { .type = 0 };
	struct ov_src *src = NULL;
	ov_status st = read_inode(q, ref, &i);

	if (st == OV_OK && (i.type == 1 || i.type == 8)) {
		t.kind = OV_TREE_FOLDER;
		OV_TRY(ov_tree_push(&q->e->arena, todo, dir->path, name, ref, dir->depth + 1,
				    &t.path));
	} else {
		OV_TRY(ov_tree_join(&q->e->arena, dir->path, name, &t.path));
	}
	if (st == OV_OK && (i.type == 2 || i.type == 9)) {
		t.kind = OV_TREE_FILE;
		st = open_file(q, &i, &src);
		t.src = src;
	}
	if (st != OV_OK)
		OV_TRY(ov_ev_unread(q->e, st, t.path, "squashfs: its inode is broken"));
	t.mode = i.mode & 07777;
	t.mtime = i.mtime;
	return v->entry(v->ctx, &t);
}

/* A run: { count - 1, block, number }, then entries { offset, number, type, length - 1, name }. */
static ov_status read_run(struct squash *q, const struct ov_tree_visitor *v,
			  struct ov_tree_todo *todo, struct ov_tree_dir dir, struct place *p,
			  uint64_t *left)
{
	uint8_t raw[12], name[256];
	struct ov_cur c = ov_cur_of(raw, 12);
	uint32_t count, block;

	OV_TRY(meta_read(q, p, raw, 12));
	count = ov_cur_soft_u32le(&c);
	block = ov_cur_soft_u32le(&c);
	*left -= 12;
	if (count > 255)
		return OV_BAD;
	for (uint32_t k = 0; k <= count; k++) {
		uint16_t off, n;

		if (*left < 9)
			return OV_BAD;
		OV_TRY(meta_read(q, p, raw, 8));
		c = ov_cur_of(raw, 8);
		off = ov_cur_soft_u16le(&c);
		ov_cur_soft_skip(&c, 4);
		n = ov_cur_soft_u16le(&c);
		if (n > 255 || (uint64_t)n + 9 > *left)
			return OV_BAD;
		OV_TRY(meta_read(q, p, name, (size_t)n + 1));
		*left -= (uint64_t)n + 9;
		if (++todo->entries > OV_TREE_ENTRIES_MAX)
			return OV_LIMIT;
		OV_TRY(show(q, v, todo, &dir,
			    (struct ov_str){ .p = (const char *)name, .n = (size_t)n + 1 },
			    (uint64_t)block << 16 | off));
	}
	return OV_OK;
}

static ov_status read_folder(struct squash *q, const struct ov_tree_visitor *v,
			     struct ov_tree_todo *todo, struct ov_tree_dir dir)
{
	struct inode i = { .type = 0 };
	struct place p;
	uint64_t left;

	OV_TRY(read_inode(q, dir.ref, &i));
	if ((i.type != 1 && i.type != 8) || i.dir_size < 3)
		return i.type == 1 || i.type == 8 ? OV_OK : OV_BAD;
	OV_TRY(ov_add_u64(q->s.dir_table, i.dir_block, &p.block));
	p.off = i.dir_off;
	left = i.dir_size - 3; /* the size counts "." and ".." */
	while (left >= 12)
		OV_TRY(read_run(q, v, todo, dir, &p, &left));
	return OV_OK;
}

static ov_status read_all(struct squash *q, const struct ov_tree_visitor *v)
{
	struct ov_tree_todo todo = { .n = 0 };
	struct ov_str path;

	OV_TRY(ov_tree_push(&q->e->arena, &todo, (struct ov_str){ 0 }, (struct ov_str){ 0 },
			    q->s.root, 0, &path));
	while (todo.n > 0) {
		const struct ov_tree_dir dir = todo.list[--todo.n];
		const ov_status st = read_folder(q, v, &todo, dir);

		OV_TRY(q->e->broke);
		if (st == OV_LIMIT && todo.entries > OV_TREE_ENTRIES_MAX)
			return st;
		if (st != OV_OK)
			OV_TRY(ov_ev_unread(q->e, st, dir.path,
					    "squashfs: this folder can't be read"));
	}
	return OV_OK;
}

static ov_status read(struct ov_ev *e, const struct ov_src *src, const struct ov_tree_visitor *v)
{
	struct squash *q;

	OV_TRY(ov_arena_new(&e->arena, &q));
	q->e = e;
	q->src = src;
	if (!read_super(e, src, &q->s))
		return OV_BAD;
	OV_TRY(ov_arena_array(&e->arena, CACHE, &q->cache));
	OV_TRY(ov_arena_array(&e->arena, q->s.block_size, &q->block));
	return read_all(q, v);
}

const struct ov_tree_form ov_tree_squashfs = { .name = "squashfs", .probe = probe, .read = read };
