/* A database out of signature texts, reports in one line, and ZIP archives made in memory. */
#include "testing.h"

#include "engine_kit.h"

#include <zlib.h>

void kit_open(struct kit *k, const struct kit_source *sources)
{
	const struct ov_build_options o = { .max_memory = (uint64_t)1 << 30,
					    .flevel_min = 0,
					    .flevel_max = 255 };
	struct ov_odb_builder *b = NULL;
	struct ov_build_stats stats;
	const char *why = NULL;

	memset(k, 0, sizeof *k);
	k->image = ov_buf_of((size_t)256 << 20);
	assert_int_equal(ov_odb_builder_new(&o, &b), OV_OK);
	for (size_t i = 0; sources[i].name != NULL; i++)
		assert_int_equal(
		    ov_odb_builder_add(b, ov_str_of(sources[i].name),
				       ov_cur_of(sources[i].text, strlen(sources[i].text))),
		    OV_OK);
	assert_int_equal(ov_odb_builder_finish(b, &k->image, &stats), OV_OK);
	ov_odb_builder_free(&b);
	assert_int_equal(stats.refused, 0);
	assert_int_equal(ov_odb_open(ov_buf_cur(&k->image), &k->db, &why), OV_OK);
	assert_int_equal(ov_engine_new(&k->db, &k->engine), OV_OK);
	ov_limits_default(&k->options.limits);
	k->options.all_matches = true;
}

void kit_close(struct kit *k)
{
	ov_engine_free(&k->engine);
	ov_buf_free(&k->image);
}

const struct ov_report *kit_scan(struct kit *k, const void *p, size_t n)
{
	const struct ov_src src = ov_src_mem(p, n);
	const struct ov_report *r = NULL;

	assert_int_equal(ov_engine_scan(k->engine, &src, &k->options, &r), OV_OK);
	return r;
}

static void put_layer(struct ov_buf *b, const struct ov_str *layer, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		assert_int_equal(
		    ov_buf_fmt(b, "%s%.*s", i > 0 ? "/" : "", (int)layer[i].n, layer[i].p), OV_OK);
}

const char *kit_line(const struct ov_report *r, char *out, size_t n)
{
	static const char *const views[OVERT_VIEW_COUNT] = { "", "~text", "~html", "~notags",
							     "~script" };
	struct ov_buf b = ov_buf_of(n - 1);

	for (const struct ov_report_detection *d = r->detections; d != NULL; d = d->next) {
		assert_int_equal(ov_buf_fmt(&b, "%s%.*s@", d == r->detections ? "" : "; ",
					    (int)d->name.n, d->name.p),
				 OV_OK);
		put_layer(&b, d->layer, d->nlayer);
		assert_int_equal(
		    ov_buf_fmt(&b, "%s+%llu", views[d->view], (unsigned long long)d->off), OV_OK);
	}
	assert_int_equal(ov_buf_str(&b, OV_STR("|")), OV_OK);
	for (const struct ov_report_incomplete *i = r->incompletes; i != NULL; i = i->next) {
		assert_int_equal(
		    ov_buf_fmt(&b, "%s%d:", i == r->incompletes ? "" : "; ", (int)i->reason),
		    OV_OK);
		put_layer(&b, i->layer, i->nlayer);
	}
	memcpy(out, b.p, b.n);
	out[b.n] = '\0';
	ov_buf_free(&b);
	return out;
}

static void must(ov_status s)
{
	assert_int_equal(s, OV_OK);
}

static void deflate_to(struct ov_buf *out, const void *p, size_t n)
{
	z_stream z = { 0 };
	uint8_t block[4096];
	int end;

	assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (Bytef *)(uintptr_t)p;
	z.avail_in = (uInt)n;
	do {
		z.next_out = block;
		z.avail_out = sizeof block;
		end = deflate(&z, Z_FINISH);
		must(ov_buf_put(out, block, sizeof block - z.avail_out));
	} while (end == Z_OK);
	assert_int_equal(end, Z_STREAM_END);
	(void)deflateEnd(&z);
}

/* The fields that local and central headers share, from "version needed" to "extra length". */
static void common(struct ov_buf *b, const struct kit_member *m, size_t packed)
{
	must(ov_buf_u16(b, 20));
	must(ov_buf_u16(b, m->encrypted ? 1 : 0));
	must(ov_buf_u16(b, m->deflate ? 8 : 0));
	must(ov_buf_u32(b, 0x58210000)); /* time and date */
	must(ov_buf_u32(b, (uint32_t)crc32(0, m->bytes, (uInt)m->n)));
	must(ov_buf_u32(b, (uint32_t)packed));
	must(ov_buf_u32(b, (uint32_t)m->n));
	must(ov_buf_u16(b, (uint16_t)strlen(m->name)));
	must(ov_buf_u16(b, 0));
}

void kit_zip(const struct kit_member *m, size_t count, struct ov_buf *out)
{
	struct ov_buf dir = ov_buf_of((size_t)1 << 20);

	*out = ov_buf_of((size_t)256 << 20);
	for (size_t i = 0; i < count; i++) {
		struct ov_buf body = ov_buf_of((size_t)256 << 20);
		const uint32_t at = (uint32_t)out->n;

		if (m[i].deflate)
			deflate_to(&body, m[i].bytes, m[i].n);
		else
			must(ov_buf_put(&body, m[i].bytes, m[i].n));
		must(ov_buf_u32(out, 0x04034b50));
		common(out, &m[i], body.n);
		must(ov_buf_str(out, ov_str_of(m[i].name)));
		must(ov_buf_put(out, body.p, body.n));
		must(ov_buf_u32(&dir, 0x02014b50));
		must(ov_buf_u16(&dir, 20));
		common(&dir, &m[i], body.n);
		must(ov_buf_zero(&dir, 2 + 2 + 2 + 4)); /* comment, disk, attributes */
		must(ov_buf_u32(&dir, at));
		must(ov_buf_str(&dir, ov_str_of(m[i].name)));
		ov_buf_free(&body);
	}
	const uint32_t dir_at = (uint32_t)out->n;

	must(ov_buf_put(out, dir.p, dir.n));
	must(ov_buf_u32(out, 0x06054b50));
	must(ov_buf_u32(out, 0));
	must(ov_buf_u16(out, (uint16_t)count));
	must(ov_buf_u16(out, (uint16_t)count));
	must(ov_buf_u32(out, (uint32_t)dir.n));
	must(ov_buf_u32(out, dir_at));
	must(ov_buf_u16(out, 0));
	ov_buf_free(&dir);
}
