/*
 * ext2, ext3 and ext4: folders (linear ones, which hashed ones are as well), files by extents or
 * block maps, inline data. Follows Documentation/filesystems/ext4. Not read, and told: encrypted
 * folders, meta block groups' odd layouts beyond the descriptor table, journals (an image that was
 * not unmounted is read as it stands).
 */
#include "tree.h"

#define SUPER 1024
#define INODES_MAX 65536u /* of one folder's blocks */
#define EXTENTS_MAX 65536u
#define FOLDER_MAX ((uint64_t)64 << 20)

enum { F_EXTENTS = 0x80000, F_INLINE = 0x10000000, F_ENCRYPT = 0x800 };

struct ext {
	struct ov_ev *e;
	const struct ov_src *src;
	uint32_t block, inode_size, inodes_per_group, inodes, first_block, desc_size;
	uint64_t blocks;
	bool is_64;
};

struct extent { /* `n` blocks of the file from `logical` on stand at `physical`; 0: a hole */
	uint32_t logical, n;
	uint64_t physical;
};

struct inode {
	uint16_t mode;
	uint32_t flags;
	int64_t mtime;
	uint64_t size;
	uint8_t map[60];
	uint64_t at; /* offset of the inode itself */
};

struct file {
	struct ext *x;
	struct extent *v;
	uint32_t n, cap;
	uint64_t size;
};

static bool read_super(struct ov_ev *e, const struct ov_src *src, struct ext *x, int64_t *made)
{
	uint32_t log, incompat, revision;
	struct ov_cur c;
	uint16_t magic;

	if (src->size < SUPER + 1024 || ov_src_view(src, SUPER, 1024, &e->arena, &c) != OV_OK)
		return false;
	x->e = e;
	x->src = src;
	x->inodes = ov_cur_soft_u32le(&c);
	x->blocks = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 12);
	x->first_block = ov_cur_soft_u32le(&c);
	log = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 12);
	x->inodes_per_group = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 12);
	magic = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 18);
	revision = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 8);
	x->inode_size = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 6);
	incompat = ov_cur_soft_u32le(&c);
	if (revision == 0)
		x->inode_size = 128;
	c.pos = 254;
	x->desc_size = ov_cur_soft_u16le(&c);
	c.pos = 264;
	*made = ov_cur_soft_u32le(&c); /* s_mkfs_time */
	c.pos = 336;
	if ((incompat & 0x80) != 0)
		x->blocks |= (uint64_t)ov_cur_soft_u32le(&c) << 32;
	x->is_64 = (incompat & 0x80) != 0 && x->desc_size >= 64;
	if (!x->is_64)
		x->desc_size = 32;
	if (magic != 0xef53 || log > 6 || ov_cur_status(&c) != OV_OK)
		return false;
	x->block = 1024u << log;
	return x->inodes_per_group > 0 && x->inodes > 0 && x->inode_size >= 128 &&
	       x->inode_size <= x->block && x->first_block <= 1 && x->blocks > 1;
}

static bool probe(struct ov_ev *e, const struct ov_src *src, struct ov_tree_facts *facts)
{
	struct ext x;
	int64_t made;

	if (!read_super(e, src, &x, &made))
		return false;
	facts->made = made > 0 ? made : OV_INV_NO_DATE;
	if (ov_mul_u64(x.blocks, x.block, &facts->size) != OV_OK)
		return false;
	return true;
}

static ov_status block_off(const struct ext *x, uint64_t block, uint64_t *off)
{
	OV_TRY(ov_mul_u64(block, x->block, off));
	return block < x->blocks ? OV_OK : OV_BAD;
}

static ov_status read_inode(const struct ext *x, uint32_t number, struct inode *i)
{
	uint8_t raw[160], desc[64] = { 0 };
	struct ov_cur c;
	uint64_t table, at;
	uint32_t high;

	if (number == 0 || number > x->inodes)
		return OV_BAD;
	number--;
	OV_TRY(block_off(x, x->first_block + (uint64_t)1, &at));
	at += (uint64_t)(number / x->inodes_per_group) * x->desc_size;
	OV_TRY(ov_src_read(x->src, at, desc, x->is_64 ? 64 : 32));
	c = ov_cur_of(desc, sizeof desc);
	c.pos = 8;
	table = ov_cur_soft_u32le(&c);
	c.pos = 40;
	if (x->is_64)
		table |= (uint64_t)ov_cur_soft_u32le(&c) << 32;
	OV_TRY(block_off(x, table, &at));
	OV_TRY(ov_add_u64(at, (uint64_t)(number % x->inodes_per_group) * x->inode_size, &at));
	OV_TRY(ov_src_read(x->src, at, raw, 128));
	c = ov_cur_of(raw, 128);
	i->at = at;
	i->mode = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2);
	i->size = ov_cur_soft_u32le(&c);
	ov_cur_soft_skip(&c, 8);
	i->mtime = ov_cur_soft_u32le(&c);
	c.pos = 32;
	i->flags = ov_cur_soft_u32le(&c);
	c.pos = 40;
	OV_TRY(ov_cur_copy(&c, i->map, sizeof i->map));
	c.pos = 108;
	high = ov_cur_soft_u32le(&c);
	if ((i->mode & 0xf000) == 0x8000)
		i->size |= (uint64_t)high << 32;
	return ov_cur_status(&c);
}

static ov_status add_extent(struct file *f, uint32_t logical, uint32_t n, uint64_t physical)
{
	struct extent *last = f->n > 0 ? &f->v[f->n - 1] : NULL;

	if (n == 0)
		return OV_OK;
	if (last != NULL && last->logical + last->n == logical &&
	    last->physical + last->n == physical) {
		last->n += n;
		return OV_OK;
	}
	if (last != NULL && logical < last->logical + last->n)
		return OV_BAD;
	if (f->n == EXTENTS_MAX)
		return OV_LIMIT;
	if (f->v == NULL || f->n == f->cap) {
		const uint32_t cap = f->cap == 0 ? 16 : f->cap * 2;
		struct extent *v = NULL;

		OV_TRY(ov_arena_array(&f->x->e->arena, cap, &v));
		if (f->v != NULL)
			memcpy(v, f->v, f->n * sizeof *v);
		f->v = v;
		f->cap = cap;
	}
	f->v[f->n++] = (struct extent){ .logical = logical, .n = n, .physical = physical };
	return OV_OK;
}

/* One node of the extent tree. Inner ones are followed level by level: at most five. */
struct node {
	struct ov_cur c;
	unsigned left;
};

static ov_status open_node(struct ov_cur c, unsigned depth, struct node *n)
{
	uint16_t magic, entries, level;

	magic = ov_cur_soft_u16le(&c);
	entries = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 2);
	level = ov_cur_soft_u16le(&c);
	ov_cur_soft_skip(&c, 4);
	if (ov_cur_status(&c) != OV_OK || magic != 0xf30a || level != depth)
		return OV_BAD;
	n->c = c;
	n->left = entries;
	return OV_OK;
}

static ov_status read_extents(struct file *f, const struct inode *i)
{
	struct ext *x = f->x;
	struct node level[6];
	struct ov_cur c = ov_cur_of(i->map, sizeof i->map);
	unsigned depth, d;
	uint32_t steps = 0;

	c.pos = 6;
	depth = ov_cur_soft_u16le(&c);
	if (depth > 5)
		return OV_BAD;
	OV_TRY(open_node(ov_cur_of(i->map, sizeof i->map), depth, &level[depth]));
	for (d = depth; d <= depth;) {
		uint32_t logical;
		uint64_t physical, off;
		uint16_t n;

		if (level[d].left == 0) {
			d++;
			continue;
		}
		if (++steps > EXTENTS_MAX)
			return OV_LIMIT;
		level[d].left--;
		logical = ov_cur_soft_u32le(&level[d].c);
		if (d == 0) {
			n = ov_cur_soft_u16le(&level[d].c);
			physical = (uint64_t)ov_cur_soft_u16le(&level[d].c) << 32;
			physical |= ov_cur_soft_u32le(&level[d].c);
			OV_TRY(ov_cur_status(&level[d].c));
			if (n > 32768) /* not yet written: zeros */
				OV_TRY(add_extent(f, logical, n - 32768u, 0));
			else
				OV_TRY(add_extent(f, logical, n, physical));
			continue;
		}
		physical = ov_cur_soft_u32le(&level[d].c);
		physical |= (uint64_t)ov_cur_soft_u16le(&level[d].c) << 32;
		ov_cur_soft_skip(&level[d].c, 2);
		OV_TRY(ov_cur_status(&level[d].c));
		OV_TRY(block_off(x, physical, &off));
		OV_TRY(ov_src_view(x->src, off, x->block, &x->e->arena, &c));
		d--;
		OV_TRY(open_node(c, d, &level[d]));
	}
	return OV_OK;
}

/* Block maps of ext2: 12 blocks, then one, two and three times indirect ones. */
static ov_status read_map(struct file *f, const struct inode *i)
{
	const uint32_t each = f->x->block / 4;
	const uint64_t want = i->size / f->x->block + (i->size % f->x->block != 0);
	struct ov_cur top = ov_cur_of(i->map, sizeof i->map), c[4];
	uint32_t logical = 0;

	for (unsigned k = 0; k < 15 && logical < want; k++) {
		const unsigned depth = k < 12 ? 0 : k - 11;
		const uint32_t first = ov_cur_soft_u32le(&top);
		unsigned d = depth;
		uint64_t off;

		if (depth == 0) {
			OV_TRY(first != 0 ? add_extent(f, logical, 1, first) : OV_OK);
			logical++;
			continue;
		}
		if (first == 0) {
			uint64_t skip = each;

			for (unsigned n = 1; n < depth; n++)
				skip *= each;
			if (skip > want - logical)
				break;
			logical += (uint32_t)skip;
			continue;
		}
		OV_TRY(block_off(f->x, first, &off));
		OV_TRY(ov_src_view(f->x->src, off, f->x->block, &f->x->e->arena, &c[d]));
		while (d <= depth && logical < want) {
			uint32_t b;

			if (ov_cur_left(&c[d]) < 4) {
				d++;
				continue;
			}
			b = ov_cur_soft_u32le(&c[d]);
			if (d == 1) {
				OV_TRY(b != 0 ? add_extent(f, logical, 1, b) : OV_OK);
				logical++;
				continue;
			}
			if (b == 0) { /* a hole of a whole indirect block */
				uint64_t skip = each;

				for (unsigned n = 2; n < d; n++)
					skip *= each;
				logical += (uint32_t)ov_min_u64(skip, want - logical);
				continue;
			}
			OV_TRY(block_off(f->x, b, &off));
			d--;
			OV_TRY(ov_src_view(f->x->src, off, f->x->block, &f->x->e->arena, &c[d]));
		}
	}
	return OV_OK;
}

static const struct extent *extent_at(const struct file *f, uint32_t block)
{
	uint32_t lo = 0, hi = f->n;

	while (lo < hi) {
		const uint32_t mid = lo + (hi - lo) / 2;

		if (f->v[mid].logical + f->v[mid].n <= block)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo < f->n ? &f->v[lo] : NULL;
}

static ov_status read_file(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	const struct file *f = ctx;
	const uint32_t size = f->x->block;

	*got = 0;
	while (n > 0 && off < f->size) {
		const uint32_t block = (uint32_t)(off / size);
		const struct extent *v = extent_at(f, block);
		size_t k = (size_t)ov_min_u64(size - off % size, f->size - off);

		k = ov_min_size(k, n);
		if (v == NULL || block < v->logical || v->physical == 0) {
			memset(to, 0, k);
		} else {
			uint64_t at;

			if (block_off(f->x, v->physical + (block - v->logical), &at) != OV_OK ||
			    ov_src_read(f->x->src, at + off % size, to, k) != OV_OK)
				return OV_IO;
		}
		to += k;
		off += k;
		n -= k;
		*got += k;
	}
	return OV_OK;
}

static ov_status open_file(struct ext *x, const struct inode *i, struct ov_src **out)
{
	struct file *f;

	if ((i->flags & F_ENCRYPT) != 0)
		return OV_ENCRYPTED;
	OV_TRY(ov_arena_new(&x->e->arena, out));
	if ((i->flags & F_INLINE) != 0) { /* the first 60 bytes; more stands in an attribute */
		if (i->size > 60)
			return OV_UNSUPPORTED;
		return ov_src_slice(x->src, i->at + 40, i->size, *out);
	}
	OV_TRY(ov_arena_new(&x->e->arena, &f));
	f->x = x;
	f->size = i->size;
	OV_TRY((i->flags & F_EXTENTS) != 0 ? read_extents(f, i) : read_map(f, i));
	**out = ov_tree_src(read_file, f, i->size);
	return OV_OK;
}

static ov_status show(struct ext *x, const struct ov_tree_visitor *v, struct ov_tree_todo *todo,
		      const struct ov_tree_dir *dir, struct ov_str name, uint32_t number)
{
	struct ov_tree_entry t = { .kind = OV_TREE_OTHER };
	struct inode i = { .mode = 0 };
	struct ov_src *src = NULL;
	ov_status st = read_inode(x, number, &i);

	if (st == OV_OK && (i.mode & 0xf000) == 0x4000) {
		t.kind = OV_TREE_FOLDER;
		OV_TRY(ov_tree_push(&x->e->arena, todo, dir->path, name, number, dir->depth + 1,
				    &t.path));
	} else {
		OV_TRY(ov_tree_join(&x->e->arena, dir->path, name, &t.path));
	}
	if (st == OV_OK && (i.mode & 0xf000) == 0x8000) {
		t.kind = OV_TREE_FILE;
		st = open_file(x, &i, &src);
		t.src = st == OV_OK ? src : NULL;
	}
	if (st != OV_OK)
		OV_TRY(ov_ev_unread(x->e, st, t.path, "ext: this file can't be read"));
	t.mode = i.mode & 07777;
	t.mtime = i.mtime;
	return v->entry(v->ctx, &t);
}

/* { inode, record length, name length, type, name }; records don't cross blocks. */
static ov_status read_block(struct ext *x, const struct ov_tree_visitor *v,
			    struct ov_tree_todo *todo, struct ov_tree_dir dir, struct ov_cur c)
{
	while (ov_cur_left(&c) >= 8) {
		const uint32_t number = ov_cur_soft_u32le(&c);
		const uint16_t length = ov_cur_soft_u16le(&c);
		const uint8_t n = ov_cur_soft_u8(&c);
		struct ov_cur rest, name;
		struct ov_str s;

		ov_cur_soft_skip(&c, 1);
		if (length < 8 || ov_cur_take(&c, length - 8u, &rest) != OV_OK)
			return OV_BAD;
		if (number == 0 || n == 0)
			continue;
		OV_TRY(ov_cur_take(&rest, n, &name));
		s = ov_ev_str(name);
		if (ov_str_is(s, ".") || ov_str_is(s, ".."))
			continue;
		if (++todo->entries > OV_TREE_ENTRIES_MAX)
			return OV_LIMIT;
		OV_TRY(show(x, v, todo, &dir, s, number));
	}
	return OV_OK;
}

static ov_status read_folder(struct ext *x, const struct ov_tree_visitor *v,
			     struct ov_tree_todo *todo, struct ov_tree_dir dir)
{
	struct ov_src *src = NULL;
	struct inode i;

	OV_TRY(read_inode(x, (uint32_t)dir.ref, &i));
	if ((i.mode & 0xf000) != 0x4000 || i.size > FOLDER_MAX)
		return OV_BAD;
	if ((i.flags & F_INLINE) != 0)
		return OV_UNSUPPORTED;
	OV_TRY(open_file(x, &i, &src));
	for (uint64_t off = 0; off + x->block <= i.size; off += x->block) {
		struct ov_cur c;

		OV_TRY(ov_src_view(src, off, x->block, &x->e->arena, &c));
		OV_TRY(read_block(x, v, todo, dir, c));
	}
	return OV_OK;
}

static ov_status read(struct ov_ev *e, const struct ov_src *src, const struct ov_tree_visitor *v)
{
	struct ov_tree_todo todo = { .n = 0 };
	struct ov_str path;
	struct ext *x;
	int64_t made;

	OV_TRY(ov_arena_new(&e->arena, &x));
	if (!read_super(e, src, x, &made))
		return OV_BAD;
	OV_TRY(ov_tree_push(&e->arena, &todo, (struct ov_str){ 0 }, (struct ov_str){ 0 }, 2, 0,
			    &path));
	while (todo.n > 0) {
		const struct ov_tree_dir dir = todo.list[--todo.n];
		const ov_status st = read_folder(x, v, &todo, dir);

		OV_TRY(e->broke);
		if (st == OV_LIMIT && todo.entries > OV_TREE_ENTRIES_MAX)
			return st;
		if (st != OV_OK)
			OV_TRY(ov_ev_unread(e, st, dir.path, "ext: this folder can't be read"));
	}
	return OV_OK;
}

const struct ov_tree_form ov_tree_ext = { .name = "ext", .probe = probe, .read = read };
