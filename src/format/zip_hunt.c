/*
 * ZIP members that no directory lists, found by their local headers in every byte that no listed
 * member owns; and members that share bytes.
 *
 * Linear in the file's size: each byte outside of known members is looked at once, for a signature.
 */
#include "zip_int.h"

#include <string.h>

#include "checked.h"

#define STEP ((size_t)64 * 1024)
#define OVERLAPS_MOST 5 /* that are not yet a bomb */

/* "PK" and the two bytes that make it one of ours. */
enum mark { LOCAL = 0x0403, CENTRAL = 0x0201, DESCRIPTOR = 0x0807 };

/* The next mark in [*at, to), moved to. @return OV_OK; OV_END: none; OV_IO. */
static ov_status find_mark(struct ov_zip_dir *d, uint64_t *at, uint64_t to, unsigned *mark)
{
	while (*at < to && to - *at >= 4) {
		const size_t n = (size_t)ov_min_u64(STEP, to - *at);
		const uint8_t *p;
		struct ov_cur c;

		OV_TRY(ov_window_upto(&d->win, *at, n, &c));
		if (ov_cur_left(&c) < 4)
			return OV_END; /* the file shrank */
		p = memmem(ov_cur_rest(&c), ov_cur_left(&c), "PK", 2);
		if (p == NULL) {
			*at += ov_cur_left(&c) - 1; /* a P may stand at the border */
			continue;
		}
		*at += (uint64_t)(p - ov_cur_rest(&c));
		if (to - *at < 4)
			return OV_END;
		OV_TRY(ov_window_get(&d->win, *at, 4, &c));
		ov_cur_soft_skip(&c, 2);
		*mark = ov_cur_soft_u16le(&c);
		if (*mark == LOCAL || *mark == CENTRAL || *mark == DESCRIPTOR)
			return OV_OK;
		*at += 2;
	}
	return OV_END;
}

/* Is this a header that some reader might follow? A bare signature in code or text is not. */
static bool is_plausible(const struct ov_zip_dir *d, const struct ov_zip_entry *e)
{
	return e->data <= d->env->src->size &&
	       (e->name_len > 0 || e->method == 0 || e->method == 8) &&
	       (e->method <= 20 || (e->method >= 93 && e->method <= 99));
}

/* A data descriptor with its signature: does it tell the number of bytes since `data`? */
static bool is_descriptor_of(struct ov_zip_dir *d, uint64_t at, struct ov_zip_entry *e)
{
	struct ov_cur c, wide;
	uint32_t crc;

	if (ov_window_get(&d->win, at, 24, &wide) != OV_OK &&
	    ov_window_get(&d->win, at, 16, &wide) != OV_OK)
		return false;
	c = wide;
	ov_cur_soft_skip(&c, 4);
	crc = ov_cur_soft_u32le(&c);
	wide = c;
	if (ov_cur_soft_u32le(&c) == at - e->data) {
		e->plain = ov_cur_soft_u32le(&c);
	} else if (ov_cur_soft_u64le(&wide) == at - e->data) {
		e->plain = ov_cur_soft_u64le(&wide);
		if (ov_cur_status(&wide) != OV_OK)
			return false;
	} else {
		return false;
	}
	e->packed = at - e->data;
	e->crc = crc;
	e->has_crc = true;
	return true;
}

/*
 * Where the data of a member without sizes ends: at a descriptor that fits, else at the next
 * header. Only a stored member needs it to be exact; the others end by themselves.
 */
static ov_status find_end_of_data(struct ov_zip_dir *d, struct ov_zip_entry *e, uint64_t to,
				  uint64_t *end)
{
	uint64_t at = e->data;
	unsigned mark;

	for (;;) {
		const ov_status s = find_mark(d, &at, to, &mark);

		if (s != OV_OK && s != OV_END)
			return s;
		if (s == OV_END) {
			*end = to;
			break;
		}
		if (mark != DESCRIPTOR || is_descriptor_of(d, at, e)) {
			*end = at;
			break;
		}
		at += 2;
	}
	if (e->packed == OV_SIZE_UNKNOWN && e->method == 0)
		e->packed = e->plain = *end - e->data;
	return OV_OK;
}

/* Adds each member that begins in [at, to). */
static ov_status hunt(struct ov_zip_dir *d, uint64_t at, uint64_t to)
{
	while (at < to && !d->is_full) {
		struct ov_zip_entry e;
		unsigned mark;
		ov_status s;

		s = find_mark(d, &at, to, &mark);
		if (s != OV_OK)
			return s == OV_END ? OV_OK : s;
		s = mark == LOCAL ? ov_zip_local(d, at, &e) : OV_BAD;
		if (s != OV_OK && s != OV_BAD && s != OV_SHORT)
			return s;
		if (s != OV_OK || !is_plausible(d, &e)) {
			if (s == OV_SHORT && d->n == 0)
				d->env->note(d->env->ctx, OV_SHORT, OV_STR(""),
					     "cut in a local header");
			at += 4;
			continue;
		}
		e.is_extra = true;
		if (e.packed == OV_SIZE_UNKNOWN)
			OV_TRY(find_end_of_data(d, &e, to, &at));
		else
			at = e.data + ov_min_u64(e.packed, d->env->src->size - e.data);
		at = ov_max_u64(at, e.data);
		OV_TRY(ov_zip_add(d, &e));
	}
	return OV_OK;
}

/* Heap sort by local offset: no memory, no worst case. `v[0..n)`. */
static void sift(const struct ov_zip_entry **v, size_t root, size_t n)
{
	for (;;) {
		size_t child = 2 * root + 1;
		const struct ov_zip_entry *t;

		if (child >= n)
			return;
		if (child + 1 < n && v[child + 1]->local > v[child]->local)
			child++;
		if (v[root]->local >= v[child]->local)
			return;
		t = v[root];
		v[root] = v[child];
		v[child] = t;
		root = child;
	}
}

static void sort(const struct ov_zip_entry **v, size_t n)
{
	size_t i = 1;

	while (i < n && v[i - 1]->local <= v[i]->local)
		i++;
	if (i >= n)
		return; /* as nearly all writers leave it */
	for (i = n / 2; i-- > 0;)
		sift(v, i, n);
	for (i = n; i-- > 1;) {
		const struct ov_zip_entry *t = v[0];

		v[0] = v[i];
		v[i] = t;
		sift(v, 0, i);
	}
}

static ov_status sorted_entries(struct ov_zip_dir *d, const struct ov_zip_entry ***out, size_t *n)
{
	const struct ov_zip_entry **v;

	OV_TRY(ov_arena_array(d->env->arena, (size_t)d->n, &v));
	*n = 0;
	for (const struct ov_zip_chunk *c = d->first; c != NULL; c = c->next)
		for (unsigned i = 0; i < c->n; i++)
			if (c->e[i].has_local && !c->e[i].is_extra)
				v[(*n)++] = &c->e[i];
	sort(v, *n);
	*out = v;
	return OV_OK;
}

static void note_overlap(struct ov_zip_dir *d, const struct ov_zip_entry *e)
{
	struct ov_str name = OV_STR("");

	if (ov_zip_name(d, e, d->env->arena, &name) != OV_OK)
		name = OV_STR("");
	d->env->note(d->env->ctx, OV_BAD, name, "shares its bytes with another member");
}

static uint64_t end_of(const struct ov_zip_entry *e, uint64_t size)
{
	return e->data + ov_min_u64(e->packed, size - ov_min_u64(e->data, size));
}

/*
 * Bombs let many members share their bytes. As clamscan counts: each listed member whose bytes hold
 * the beginning of the next member that begins elsewhere.
 */
static void judge_overlaps(const struct ov_zip_dir *d, const struct ov_zip_entry **v, size_t n)
{
	uint64_t next = UINT64_MAX; /* where the next member begins that does not begin here */
	size_t overlaps = 0;

	for (size_t i = n; i-- > 0;) {
		if (i + 1 < n && v[i + 1]->local > v[i]->local)
			next = v[i + 1]->local;
		if (next < end_of(v[i], d->env->src->size))
			overlaps++;
	}
	if (overlaps > OVERLAPS_MOST)
		ov_fmt_heuristic(d->env, OV_ALWAYS, "Heuristics.Zip.OverlappingFiles");
}

ov_status ov_zip_hunt(struct ov_zip_dir *d)
{
	const uint64_t size = d->env->src->size;
	const struct ov_zip_entry **v;
	bool has_overlap = false;
	uint64_t at = 0;
	size_t n;
	ov_status s;

	s = sorted_entries(d, &v, &n);
	if (s == OV_LIMIT) {
		d->env->note(d->env->ctx, OV_LIMIT, OV_STR(""),
			     "no memory to look for hidden members");
		return OV_OK;
	}
	OV_TRY(s);
	judge_overlaps(d, v, n);
	for (size_t i = 0; i < n; i++) {
		const struct ov_zip_entry *e = v[i];

		if (e->local > at)
			OV_TRY(hunt(d, at, e->local));
		else if (e->local < at && !has_overlap) {
			has_overlap = true;
			note_overlap(d, e);
		}
		at = ov_max_u64(at, end_of(e, size));
	}
	return hunt(d, at, size);
}
