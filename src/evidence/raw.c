/*
 * Images anywhere in a file: firmware has boot loaders, headers and padding before and between its
 * file systems. Searches for their magic numbers, asks each form's probe, and goes on behind what
 * was found. What lies between is not looked at, and that is what it is: no file of a system.
 */
#include "images.h"

#include "decoder.h"

#define WINDOW ((size_t)1 << 20)
#define OVERLAP ((size_t)2048)
#define FOUND_MAX 64
#define CODED_MIN 64 /* bytes of something packed that are worth a try */

struct mark {
	const char *bytes;
	uint8_t n;
	uint16_t at;			 /* where it stands in the image */
	const struct ov_tree_form *form; /* NULL: a coding or an archive */
};

static const struct mark marks[] = {
	{ "hsqs", 4, 0, &ov_tree_squashfs },
	{ "\x53\xef", 2, 1080, &ov_tree_ext },
	{ "070701", 6, 0, &ov_tree_cpio },
	{ "UBI#\1", 5, 0, &ov_tree_ubi },
	{ "FAT1", 4, 54, &ov_tree_fat },
	{ "FAT32 ", 6, 82, &ov_tree_fat },
	{ "EXFAT   ", 8, 3, &ov_tree_exfat },
	{ "\x31\x18\x10\x06", 4, 0, &ov_tree_ubifs },
	{ "\x85\x19\x01\xe0", 4, 0, &ov_tree_jffs2 }, /* a name, a piece, a mark that it is clean */
	{ "\x85\x19\x02\xe0", 4, 0, &ov_tree_jffs2 },
	{ "\x85\x19\x03\x20", 4, 0, &ov_tree_jffs2 },
	{ "\x19\x85\xe0\x01", 4, 0, &ov_tree_jffs2 },
	{ "\x19\x85\xe0\x02", 4, 0, &ov_tree_jffs2 },
	{ "\x19\x85\x20\x03", 4, 0, &ov_tree_jffs2 },
	{ "\x1f\x8b\x08", 3, 0, NULL },
	{ "\xfd"
	  "7zXZ",
	  5, 0, NULL },
	{ "ustar", 5, 257, NULL },
};

/* The first mark at or behind `at` in the window. */
static bool find(struct ov_cur win, size_t at, const struct mark **which, size_t *where)
{
	bool has = false;

	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
		const uint8_t *p =
		    win.len > at ? memmem(win.base + at, win.len - at, marks[i].bytes, marks[i].n)
				 : NULL;

		if (p != NULL && (!has || (size_t)(p - win.base) < *where)) {
			*where = (size_t)(p - win.base);
			*which = &marks[i];
			has = true;
		}
	}
	return has;
}

/* Three bytes are met by chance: something has to come out. */
static bool decodes(struct ov_ev *e, const struct ov_src *part, enum ov_codec codec)
{
	const struct ov_decoder_params p = { .max_memory = (uint64_t)128 << 20,
					     .plain_size = UINT64_MAX };
	const struct ov_arena_mark mark = ov_arena_mark(&e->scratch);
	struct ov_decoder *d = NULL;
	uint8_t out[2048];
	size_t got = 0, n = 0;

	if (ov_decoder_open(codec, part, &p, &e->scratch, &d) == OV_OK)
		while (n < sizeof out && ov_decoder_read(d, out, sizeof out, &got) == OV_OK)
			n += got;
	ov_decoder_close(&d);
	ov_arena_release(&e->scratch, mark);
	return n >= sizeof out;
}

/* What begins there, if it is one: it waits. @return OV_END when it is none. */
static ov_status try_at(struct ov_ev *e, const struct ov_src *src, const struct mark *m,
			uint64_t start, uint32_t level, uint64_t *end)
{
	struct ov_tree_facts facts = { .made = OV_INV_NO_DATE };
	struct ov_src part;

	if (ov_src_slice(src, start, src->size - start, &part) != OV_OK)
		return OV_END;
	if (m->form == NULL) {
		if (part.size < CODED_MIN || start == 0 ||
		    (m->bytes[0] == '\x1f' && !decodes(e, &part, OV_CODEC_GZIP)) ||
		    (m->bytes[0] == '\xfd' && !decodes(e, &part, OV_CODEC_XZ)))
			return OV_END;
		*end = start + m->n;
		return ov_image_push(
		    e, &part, ov_ev_fmt(e, "offset %llu", (unsigned long long)start), level + 1);
	}
	if (!m->form->probe(e, &part, &facts))
		return OV_END;
	*end = start + m->n;
	if (facts.size > 0 && facts.size <= part.size) {
		*end = start + facts.size;
		OV_TRY(ov_src_slice(src, start, facts.size, &part));
	}
	return ov_image_push(e, &part, ov_ev_fmt(e, "offset %llu", (unsigned long long)start),
			     level + 1);
}

ov_status ov_raw_read(struct ov_ev *e, const struct ov_src *src, uint32_t level, uint32_t *found)
{
	uint64_t at = 0, done = 0; /* done: end of the last image */

	while (at < src->size && *found < FOUND_MAX) {
		const struct ov_arena_mark mark = ov_arena_mark(&e->arena);
		const struct mark *which = NULL;
		struct ov_cur win;
		size_t from = 0, where = 0;

		OV_TRY(ov_src_view_upto(src, at, WINDOW + OVERLAP, &e->arena, &win));
		while (*found < FOUND_MAX && find(win, from, &which, &where)) {
			const uint64_t place = at + where;
			uint64_t end = 0;
			ov_status st = OV_END;

			from = where + 1;
			if (where >= WINDOW || place < which->at || place - which->at < done)
				continue;
			st = try_at(e, src, which, place - which->at, level, &end);
			if (st == OV_END)
				continue;
			OV_TRY(st);
			++*found;
			done = end;
			if (end > at && end - at < win.len)
				from = (size_t)(end - at) > from ? (size_t)(end - at) : from;
			else
				break;
		}
		ov_arena_release(&e->arena, mark);
		at = done > at + WINDOW ? done : at + WINDOW;
		if (e->sink->progress != NULL) {
			e->broke = e->sink->progress(e->sink->ctx);
			OV_TRY(e->broke);
		}
	}
	if (*found == FOUND_MAX)
		return ov_ev_unread(e, OV_LIMIT, (struct ov_str){ 0 },
				    "more images inside than are opened");
	return OV_OK;
}
