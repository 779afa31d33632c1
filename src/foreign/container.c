/*
 * Containers: checked as they come, and patched. Nothing counts before its signature does: the
 * container's own (legacy, over MD5), a detached one, or the one in its list of members, which is
 * all that a patched one can have. Each member is held against that list.
 */
#include <stdio.h>
#include <string.h>

#include "cdiff.h"
#include "checked.h"
#include "decoder.h"
#include "foreign_int.h"
#include "odb_build.h"
#include "tarwalk.h"
#include "text.h"

#define DECODER_MEMORY ((size_t)1 << 20)
#define MEMBER_MAX ((uint64_t)2 << 30)
#define TAR_BLOCK 512

struct container {
	struct ov_foreign_job *j;
	struct ov_foreign_keys keys;
	struct ov_hasher *md5, *sha256;
	struct ov_str name; /* "daily.cvd" */
	struct ov_cur bytes;
	struct ov_cvd_header h;
	struct ov_cdiff_files files;
	struct ov_buf plain; /* a patch's script */
	uint64_t version, budget;
};

static ov_status unpack(struct ov_cur packed, enum ov_codec codec, struct ov_arena *a,
			struct ov_decoder **d, struct ov_src *src)
{
	const struct ov_decoder_params params = { .max_memory = DECODER_MEMORY,
						  .plain_size = UINT64_MAX };

	*src = ov_src_mem(ov_cur_rest(&packed), ov_cur_left(&packed));
	return ov_decoder_open(codec, src, &params, a, d);
}

static ov_status read_members(struct container *c, struct ov_decoder *d)
{
	struct ov_cdiff_file *f;
	struct ov_tarwalk t;
	struct ov_str name;
	uint64_t size, total = 0;
	ov_status s;

	ov_tarwalk_init(&t, d, c->budget);
	while ((s = ov_tarwalk_next(&t, &name, &size)) == OV_OK) {
		total += size;
		if (size > MEMBER_MAX || total > c->budget)
			return OV_LIMIT;
		if (ov_cdiff_new_file(&c->files, name, &f) != OV_OK)
			return ov_foreign_fail(c->j, OV_BAD,
					       "a member's name is there twice, or is none");
		OV_TRY(ov_tarwalk_read(&t, &f->bytes));
	}
	if (s == OV_BAD && t.why != NULL)
		return ov_foreign_fail(c->j, s, "%s", t.why);
	return s == OV_END ? OV_OK : s;
}

static ov_status load_members(struct container *c)
{
	struct ov_cur body = c->bytes;
	struct ov_decoder *d = NULL;
	struct ov_arena a;
	struct ov_src src;
	ov_status s;

	OV_TRY(ov_cur_seek(&body, OV_CVD_HEADER));
	ov_arena_init(&a, 4 * DECODER_MEMORY);
	s = unpack(body, ov_cur_looking_at(&body, "\x1f\x8b", 2) ? OV_CODEC_GZIP : OV_CODEC_STORED,
		   &a, &d, &src);
	if (s == OV_OK)
		s = read_members(c, d);
	ov_decoder_close(&d);
	ov_arena_free(&a);
	return s;
}

/* "daily" of "daily.cvd" */
static struct ov_str stem_of(struct ov_str name)
{
	const char *dot = name.n > 0 ? memrchr(name.p, '.', name.n) : NULL;

	return dot == NULL ? name : (struct ov_str){ name.p, (size_t)(dot - name.p) };
}

static struct ov_cdiff_file *info_of(struct container *c)
{
	char name[OV_CDIFF_NAME + 8];
	const struct ov_str stem = stem_of(c->name);

	if (stem.n > OV_CDIFF_NAME - 8)
		return NULL;
	(void)snprintf(name, sizeof name, "%.*s.info", (int)stem.n, stem.p);
	return ov_cdiff_find(&c->files, ov_str_of(name));
}

/* A row "name:size:sha256" against its member. */
static ov_status check_row(struct container *c, struct ov_str line)
{
	struct ov_str rest = line, name, size;
	uint8_t want[OV_DIGEST_MAX], have[OV_DIGEST_MAX];
	const struct ov_cdiff_file *f;
	uint64_t bytes;
	size_t n;

	if (!ov_text_split(&rest, ':', &name) || !ov_text_split(&rest, ':', &size) ||
	    ov_text_u64(size, &bytes) != OV_OK || rest.n != 64 ||
	    ov_hex_decode(rest, want, sizeof want, &n) != OV_OK)
		return ov_foreign_fail(c->j, OV_BAD, "its list of members is broken");
	f = ov_cdiff_find(&c->files, name);
	if (f == NULL || f->bytes.n != bytes)
		return ov_foreign_fail(c->j, OV_BAD,
				       "%.*s is not there as the list of members has it",
				       (int)ov_min_size(name.n, 64), name.p);
	OV_TRY(ov_hasher_once(c->sha256, f->bytes.p, f->bytes.n, have));
	return memcmp(have, want, 32) == 0 ? OV_OK
					   : ov_foreign_fail(c->j, OV_BAD,
							     "%s is another one than "
							     "the list of members has",
							     f->name);
}

/* The list: its first line as the header has it (when asked), each row, all members listed, and its
 * own signature. */
static ov_status check_list(struct container *c, bool with_header, bool *is_signed)
{
	const struct ov_cdiff_file *info = info_of(c);
	struct ov_cur lines;
	struct ov_str line;
	size_t nrows = 0;

	*is_signed = false;
	if (info == NULL)
		return ov_foreign_fail(c->j, OV_BAD, "it has no list of its members");
	lines = ov_buf_cur(&info->bytes);
	if (ov_cur_line(&lines, &line) != OV_OK ||
	    (with_header && !ov_cvd_same_header(&c->h, line)))
		return ov_foreign_fail(c->j, OV_BAD,
				       "its header and its list of members contradict each other");
	while (ov_cur_line(&lines, &line) == OV_OK) {
		uint8_t digest[OV_DIGEST_MAX];

		if (ov_str_starts(line, OV_STR("DSIG:"))) {
			const size_t before = (size_t)((const uint8_t *)line.p - info->bytes.p);

			OV_TRY(ov_hasher_once(c->sha256, info->bytes.p, before, digest));
			*is_signed =
			    ov_cvd_pss_verify(&c->keys.pss, digest,
					      (struct ov_str){ line.p + 5, line.n - 5 }) == OV_OK;
			break;
		}
		if (line.n == 0)
			continue;
		OV_TRY(check_row(c, line));
		nrows++;
	}
	/* The list itself and COPYING stand on no list. */
	if (nrows + 1 + (ov_cdiff_find(&c->files, OV_STR("COPYING")) != NULL) != c->files.n)
		return ov_foreign_fail(c->j, OV_BAD,
				       "a member is not on its list, or listed twice");
	return OV_OK;
}

static ov_status check_signatures(struct container *c, struct ov_foreign_result *r)
{
	const char *why = NULL;
	const struct ov_foreign_input *sign = ov_foreign_input(c->j, "sign:container", NULL);
	ov_status s = OV_OK;

	if (sign != NULL) {
		OV_TRY(ov_foreign_detached(c->j, sign->bytes, c->bytes));
		r->is_detached = true;
	}
	if (ov_text_ends_with(c->name, OV_STR(".cvd"))) {
		s = ov_cvd_verify(c->bytes, &c->h, &c->keys.cvd, c->md5, &why);
		if (s != OV_OK)
			return why != NULL ? ov_foreign_fail(c->j, s, "%s", why) : s;
		r->is_signed = true;
	}
	return OV_OK;
}

static ov_status check(struct container *c, struct ov_foreign_result *r)
{
	const char *why = NULL;
	bool list_signed;
	ov_status s = ov_cvd_header(c->bytes, &c->h, &why);

	if (s != OV_OK)
		return ov_foreign_fail(c->j, s, "%s", why);
	OV_TRY(check_signatures(c, r));
	c->budget = r->is_signed || r->is_detached ? OV_FOREIGN_PLAIN_MAX : 2 * OV_FOREIGN_SET_MAX;
	OV_TRY(load_members(c));
	OV_TRY(check_list(c, true, &list_signed));
	r->is_signed = r->is_signed || list_signed;
	r->version = c->version = c->h.version;
	r->built = c->h.built;
	r->signatures = c->h.signatures;
	r->level = c->h.level;
	r->is_readable = ov_odb_reads_name(c->name);
	return OV_OK;
}

/* The script of a patch, after its signature. */
static ov_status unpack_script(struct container *c, const struct ov_cdiff_head *h)
{
	struct ov_decoder *d = NULL;
	struct ov_arena a;
	struct ov_src src;
	uint8_t room[16384];
	size_t got;
	ov_status s;

	if (h->text_bytes > OV_CDIFF_TEXT_MAX)
		return OV_LIMIT;
	c->plain.n = 0;
	ov_arena_init(&a, 4 * DECODER_MEMORY);
	s = unpack(h->packed, OV_CODEC_GZIP, &a, &d, &src);
	while (s == OV_OK && (s = ov_decoder_read(d, room, sizeof room, &got)) == OV_OK)
		s = c->plain.n + got > h->text_bytes ? OV_BAD : ov_buf_put(&c->plain, room, got);
	ov_decoder_close(&d);
	ov_arena_free(&a);
	if (s != OV_END)
		return s;
	return c->plain.n == h->text_bytes ? OV_OK : OV_SHORT;
}

static ov_status one_patch(struct container *c, const struct ov_foreign_input *in, uint64_t version)
{
	const struct ov_foreign_input *sign = ov_foreign_numbered(c->j, "sign:", version);
	struct ov_cdiff_head h;
	uint8_t digest[OV_DIGEST_MAX];
	const char *why = NULL;
	uint64_t line = 0;
	ov_status s;

	if (ov_cdiff_head(in->bytes, &h) != OV_OK || h.version != version)
		return ov_foreign_fail(c->j, OV_BAD, "patch %llu is none, or another one",
				       (unsigned long long)version);
	if (sign != NULL)
		OV_TRY(ov_foreign_detached(c->j, sign->bytes, in->bytes));
	OV_TRY(ov_hasher_once(c->sha256, h.is_signed.base, h.is_signed.len, digest));
	s = ov_cvd_pss_verify(&c->keys.pss, digest, h.dsig);
	if (s != OV_OK)
		return ov_foreign_fail(c->j, s, "patch %llu is not signed by ClamAV's key",
				       (unsigned long long)version);
	s = unpack_script(c, &h);
	if (s != OV_OK)
		return ov_foreign_fail(c->j, s, "patch %llu can't be unpacked",
				       (unsigned long long)version);
	s = ov_cdiff_apply(&c->files, ov_buf_cur(&c->plain), &line, &why);
	if (s != OV_OK)
		return ov_foreign_fail(c->j, s, "patch %llu does not fit, line %llu: %s",
				       (unsigned long long)version, (unsigned long long)line, why);
	return OV_OK;
}

static ov_status apply_all(struct container *c)
{
	const struct ov_foreign_input *in;
	size_t n = 0;

	while ((in = ov_foreign_numbered(c->j, "cdiff:", c->version + 1)) != NULL) {
		OV_TRY(one_patch(c, in, c->version + 1));
		c->version++;
		n++;
	}
	return n > 0 ? OV_OK
		     : ov_foreign_fail(c->j, OV_BAD, "no patch follows version %llu",
				       (unsigned long long)c->version);
}

static ov_status put_octal(uint8_t *to, size_t n, uint64_t v)
{
	for (size_t i = n - 1; i-- > 0; v >>= 3)
		to[i] = (uint8_t)('0' + (v & 7));
	return v == 0 ? OV_OK : OV_LIMIT;
}

/* POSIX.1-1988 ustar, as tarwalk reads it. */
static ov_status put_member(struct ov_buf *b, const struct ov_cdiff_file *f, uint64_t time)
{
	uint8_t h[TAR_BLOCK] = { 0 };
	uint32_t sum = 0;

	memcpy(h, f->name, strlen(f->name));
	memcpy(h + 100, "0000644\0000000000\0000000000", 24);
	OV_TRY(put_octal(h + 124, 12, f->bytes.n));
	OV_TRY(put_octal(h + 136, 12, time));
	memset(h + 148, ' ', 8);
	h[156] = '0';
	memcpy(h + 257, "ustar\00000", 8);
	for (size_t i = 0; i < sizeof h; i++)
		sum += h[i];
	OV_TRY(put_octal(h + 148, 7, sum));
	OV_TRY(ov_buf_put(b, h, sizeof h));
	OV_TRY(ov_buf_put(b, f->bytes.p, f->bytes.n));
	return ov_buf_zero(b, (TAR_BLOCK - f->bytes.n % TAR_BLOCK) % TAR_BLOCK);
}

/* The list first: readers want it before the rest. */
static ov_status put_container(struct container *c, struct ov_str first_line, uint64_t built,
			       struct ov_buf *out)
{
	const struct ov_cdiff_file *info = info_of(c);

	if (info == NULL || first_line.n > OV_CVD_HEADER)
		return OV_BAD;
	OV_TRY(ov_buf_str(out, first_line));
	while (out->n < OV_CVD_HEADER)
		OV_TRY(ov_buf_u8(out, ' '));
	OV_TRY(put_member(out, info, built));
	for (size_t i = 0; i < c->files.n; i++)
		if (&c->files.f[i] != info)
			OV_TRY(put_member(out, &c->files.f[i], built));
	return ov_buf_zero(out, (size_t)2 * TAR_BLOCK);
}

static ov_status finish(struct container *c, struct ov_foreign_result *r)
{
	const struct ov_cdiff_file *info = info_of(c);
	struct ov_buf out = ov_buf_of((size_t)OV_FOREIGN_PLAIN_MAX);
	const struct ov_str stem = stem_of(c->name);
	char name[OV_CDIFF_NAME + 8], head[OV_CVD_HEADER];
	const char *why = NULL;
	struct ov_cvd_header h;
	struct ov_str line = { NULL, 0 };
	struct ov_cur lines;
	bool is_signed = false;
	ov_status s;

	OV_TRY(check_list(c, false, &is_signed));
	lines = ov_buf_cur(&info->bytes);
	if (ov_cur_line(&lines, &line) != OV_OK || line.n > sizeof head)
		return OV_BAD;
	if (!is_signed)
		return ov_foreign_fail(c->j, OV_BAD,
				       "what the patches make is not what ClamAV signed");
	s = ov_buf_fmt(&out, "%-512.*s", (int)line.n, line.p);
	if (s == OV_OK)
		s = ov_cvd_header(ov_buf_cur(&out), &h, &why);
	if (s == OV_OK && h.version != c->version)
		s = ov_foreign_fail(c->j, OV_BAD,
				    "the patches lead to another version than theirs");
	if (s == OV_OK) {
		r->version = h.version;
		r->built = h.built;
		r->signatures = h.signatures;
		r->level = h.level;
		r->is_signed = true;
		out.n = 0;
		s = put_container(c, line, h.built, &out);
	}
	(void)snprintf(name, sizeof name, "%.*s.cld", (int)ov_min_size(stem.n, OV_CDIFF_NAME),
		       stem.p);
	if (s == OV_OK)
		s = ov_foreign_put(c->j, r, ov_str_of(name), ov_buf_cur(&out));
	ov_buf_free(&out);
	return s;
}

static ov_status with_container(struct ov_foreign_job *j, struct ov_foreign_result *r,
				bool and_patch)
{
	struct container c = { .j = j, .plain = ov_buf_of((size_t)OV_CDIFF_TEXT_MAX) };
	const struct ov_foreign_input *in = ov_foreign_input(j, "file:", &c.name);
	ov_status s = in != NULL ? ov_foreign_keys(j, &c.keys) : OV_BUG;

	if (s == OV_OK)
		s = ov_cdiff_files_new(OV_FOREIGN_PLAIN_MAX, &c.files);
	if (s == OV_OK)
		s = ov_hasher_new(OV_MD5, &c.md5);
	if (s == OV_OK)
		s = ov_hasher_new(OV_SHA256, &c.sha256);
	if (s == OV_OK) {
		c.bytes = in->bytes;
		s = check(&c, r);
	}
	if (s == OV_OK && and_patch)
		s = apply_all(&c);
	if (s == OV_OK && and_patch)
		s = finish(&c, r);
	ov_hasher_free(&c.md5);
	ov_hasher_free(&c.sha256);
	ov_buf_free(&c.plain);
	if (c.files.f != NULL)
		ov_cdiff_files_free(&c.files);
	return s;
}

ov_status ov_foreign_container(struct ov_foreign_job *j, struct ov_foreign_result *r)
{
	return with_container(j, r, false);
}

ov_status ov_foreign_patch(struct ov_foreign_job *j, struct ov_foreign_result *r)
{
	return with_container(j, r, true);
}
