/*
 * Containers: header, signature and the small tar reader. The first byte chooses what the rest is:
 * a whole .cvd, .cld or .cud, a header alone, or a tar archive (plain or gzipped) without a header.
 *
 * Claims: a .cvd with made-up bytes never verifies; members lie inside what was read; a refused
 * container leaves nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "build_text.h"
#include "cvd.h"
#include "decoder.h"
#include "tarwalk.h"

static void try_container(const char *name, struct ov_cur bytes)
{
	const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20 };
	struct ov_buf out = ov_buf_of((size_t)64 << 20);
	struct ov_odb_builder *b = NULL;
	struct ov_build_stats stats;
	ov_status s;

	if (ov_odb_builder_new(&o, &b) != OV_OK)
		return;
	s = ov_odb_builder_add(b, ov_str_of(name), bytes);
	if (s == OV_OK && strcmp(name, "x.cvd") == 0)
		abort();
	if (s != OV_OK && s != OV_BAD && s != OV_LIMIT)
		abort();
	if (ov_odb_builder_finish(b, &out, &stats) != OV_OK)
		abort();
	if (s != OV_OK && stats.signatures + stats.skipped + stats.allowed != 0)
		abort();
	ov_odb_builder_free(&b);
	ov_buf_free(&out);
}

static void try_header(struct ov_cur bytes)
{
	struct ov_cvd_header h;
	const char *why = NULL;

	if (ov_cvd_header(bytes, &h, &why) == OV_OK) {
		if (h.md5.p < (const char *)bytes.base ||
		    h.builder.p + h.builder.n > (const char *)bytes.base + 512)
			abort();
		(void)ov_cvd_same_header(
		    &h, (struct ov_str){ .p = (const char *)bytes.base, .n = bytes.len });
	} else if (why == NULL) {
		abort();
	}
}

static void try_tar(struct ov_cur bytes)
{
	const struct ov_decoder_params p = { .max_memory = 1 << 20, .plain_size = UINT64_MAX };
	const struct ov_src src = ov_src_mem(bytes.base, bytes.len);
	struct ov_buf member = ov_buf_of((size_t)16 << 20);
	struct ov_decoder *d = NULL;
	struct ov_tarwalk t;
	struct ov_arena a;
	struct ov_str name;
	uint64_t size, members = 0;
	ov_status s;

	ov_arena_init(&a, (size_t)4 << 20);
	s = ov_decoder_open(ov_cur_looking_at(&bytes, "\x1f\x8b", 2) ? OV_CODEC_GZIP
								     : OV_CODEC_STORED,
			    &src, &p, &a, &d);
	if (s == OV_OK) {
		ov_tarwalk_init(&t, d, (uint64_t)16 << 20);
		while (ov_tarwalk_next(&t, &name, &size) == OV_OK) {
			member.n = 0;
			if (name.n > OV_TAR_NAME || ++members > ((uint64_t)16 << 20) / 512)
				abort();
			if (members % 2 == 0)
				continue;
			if (ov_tarwalk_read(&t, &member) == OV_OK && member.n != size)
				abort();
		}
	}
	ov_decoder_close(&d);
	ov_arena_free(&a);
	ov_buf_free(&member);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ov_cur rest;

	if (size < 1)
		return 0;
	rest = ov_cur_of(data + 1, size - 1);
	switch (data[0] % 5) {
	case 0:
		try_container("x.cvd", rest);
		break;
	case 1:
		try_container("x.cld", rest);
		break;
	case 2:
		try_container("x.cud", rest);
		break;
	case 3:
		try_header(rest);
		break;
	default:
		try_tar(rest);
		break;
	}
	return 0;
}
