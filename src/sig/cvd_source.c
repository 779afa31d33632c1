/*
 * Containers as sources. All or nothing: first the signature, then the list of members, then each
 * member against that list and to its parser; a container that turns out broken half way takes back
 * what it gave.
 */
#include "build_int.h"
#include "checked.h"
#include "cvd.h"
#include "tarwalk.h"
#include <stdio.h>

#include "text.h"

#define PLAIN_MAX ((uint64_t)8 << 30) /* unpacked bytes of one container      */
#define MEMBER_MAX ((size_t)2 << 30)  /* and of one member, held in memory    */
#define FILE_MAX 255
#define DECODER_MEMORY ((size_t)1 << 20)

struct listed { /* a row of NAME.info */
	struct ov_str name;
	uint64_t size;
	uint8_t sha256[OV_DIGEST_MAX];
	bool is_seen;
};

struct container {
	struct ov_odb_builder *b;
	struct ov_str path, name; /* as given, and its last component */
	struct ov_cur bytes;
	struct ov_cvd_header h;
	bool is_cvd, has_info;
	bool is_signed;		    /* by the header's signature, or by the list's own */
	struct ov_buf info, listed; /* the .info member; struct listed, views into it */
	uint32_t source;
	char label[160];
	char file[FILE_MAX + OV_TAR_NAME + 2]; /* "daily.cvd/daily.ndb" */
	const char *why;
};

/* What adding may have to take back: every table only grows. */
struct mark {
	size_t hashes[OV_HASH_USES][OV_DIGEST_KINDS];
	struct ov_names_mark hash_names;
	size_t rules, subs, conds, anchors, fixed, sources, ignores, names, texts;
	size_t extra[OV_EXTRA_COUNT];
	struct ov_build_stats stats;
};

static ov_status mark_builder(struct ov_odb_builder *b, struct mark *m)
{
	OV_TRY(ov_names_mark(b->hash_names, &m->hash_names));
	for (int use = 0; use < OV_HASH_USES; use++)
		for (int kind = 0; kind < OV_DIGEST_KINDS; kind++)
			m->hashes[use][kind] = b->hashes[use][kind].n;
	m->rules = b->rules.n;
	m->subs = b->subs.n;
	m->conds = b->conds.n;
	m->anchors = b->anchors.n;
	m->fixed = b->fixed.n;
	m->sources = b->sources.n;
	m->ignores = b->ignores.n;
	m->names = b->names.n;
	m->texts = b->texts.n;
	for (int k = 0; k < OV_EXTRA_COUNT; k++)
		m->extra[k] = b->extra[k].n;
	m->stats = b->stats;
	return OV_OK;
}

static void take_back(struct ov_odb_builder *b, const struct mark *m)
{
	for (int use = 0; use < OV_HASH_USES; use++)
		for (int kind = 0; kind < OV_DIGEST_KINDS; kind++)
			b->hashes[use][kind].n = m->hashes[use][kind];
	ov_names_take_back(b->hash_names, &m->hash_names);
	b->rules.n = m->rules;
	b->subs.n = m->subs;
	b->conds.n = m->conds;
	b->anchors.n = m->anchors;
	b->fixed.n = m->fixed;
	b->sources.n = m->sources;
	b->ignores.n = m->ignores;
	b->names.n = m->names;
	b->texts.n = m->texts;
	for (int k = 0; k < OV_EXTRA_COUNT; k++)
		b->extra[k].n = m->extra[k];
	b->stats = m->stats;
}

static ov_status bad(struct container *c, const char *why)
{
	c->why = why;
	return OV_BAD;
}

static struct ov_str last_component(struct ov_str path)
{
	const char *slash = path.n > 0 ? memrchr(path.p, '/', path.n) : NULL;

	if (slash == NULL)
		return path;
	return (struct ov_str){ .p = slash + 1, .n = path.n - (size_t)(slash + 1 - path.p) };
}

static bool is_info(struct ov_str name)
{
	return ov_text_ends_with(name, OV_STR(".info"));
}

/* "DSIG:..." is ClamAV's newer signature, over what stands before it. It is what a .cld has: it
 * says of the members what its list says. */
static ov_status read_dsig(struct container *c, struct ov_str line)
{
	const size_t before = (size_t)((const uint8_t *)line.p - c->info.p);
	uint8_t digest[OV_DIGEST_MAX];
	ov_status s;

	if (c->b->options.cvd_key != NULL) /* another's key: this signature is not known */
		return OV_OK;
	OV_TRY(ov_hasher_once(c->b->sha256, c->info.p, before, digest));
	s = ov_cvd_pss_verify(ov_cvd_pss_clamav(), digest,
			      (struct ov_str){ .p = line.p + 5, .n = line.n - 5 });
	c->is_signed = c->is_signed || s == OV_OK;
	return s == OV_BAD ? OV_OK : s;
}

/* "name:size:sha256" rows after the header line, and "DSIG:...". */
static ov_status read_info(struct container *c)
{
	struct ov_cur lines = ov_buf_cur(&c->info);
	struct ov_str line;
	size_t n = 0;

	if (ov_cur_line(&lines, &line) != OV_OK || !ov_cvd_same_header(&c->h, line))
		return bad(c, "its header and its list of members contradict each other");
	while (ov_cur_line(&lines, &line) == OV_OK) {
		struct listed row = { .is_seen = false };
		struct ov_str rest = line, size, digest;

		if (ov_str_starts(line, OV_STR("DSIG:"))) {
			OV_TRY(read_dsig(c, line));
			break; /* what follows is not under it, and no row */
		}
		if (line.n == 0)
			continue;
		if (!ov_text_split(&rest, ':', &row.name) || !ov_text_split(&rest, ':', &size) ||
		    ov_text_u64(size, &row.size) != OV_OK)
			return bad(c, "its list of members is broken");
		digest = rest;
		if (digest.n != 64 ||
		    ov_hex_decode(digest, row.sha256, sizeof row.sha256, &n) != OV_OK)
			return bad(c, "its list of members is broken");
		OV_TRY(ov_buf_put(&c->listed, &row, sizeof row));
	}
	c->has_info = true;
	return OV_OK;
}

static ov_status check_member(struct container *c, struct ov_str name, const struct ov_buf *bytes)
{
	struct listed *rows = rows_of(c->listed, struct listed);
	uint8_t have[OV_DIGEST_MAX];

	if (!c->has_info)
		return OV_OK;
	for (size_t i = 0; i < rows_count(c->listed, struct listed); i++) {
		if (!ov_str_eq(rows[i].name, name))
			continue;
		if (rows[i].is_seen)
			return bad(c, "a member is there twice");
		rows[i].is_seen = true;
		if (rows[i].size != bytes->n)
			return bad(c, "a member's size is not the listed one");
		OV_TRY(ov_hasher_once(c->b->sha256, bytes->p, bytes->n, have));
		return memcmp(have, rows[i].sha256, sizeof have) == 0
			   ? OV_OK
			   : bad(c, "a member's SHA-256 is not the listed one");
	}
	return bad(c, "a member is not on its list");
}

static ov_status new_source(struct container *c, struct ov_str name, uint32_t *id)
{
	const struct ov_odb_source s = { .name = name,
					 .label = ov_str_of(c->label),
					 .version = c->h.version,
					 .built = c->h.built,
					 .is_signed = c->is_signed };

	return ov_odb_builder_source(c->b, &s, id);
}

static ov_status take_member(struct container *c, struct ov_str name, const struct ov_buf *bytes)
{
	struct ov_str file;
	ov_sig_parse_fn parse;
	bool is_pua = false;
	uint32_t id;

	if (ov_str_is(name, "COPYING"))
		return OV_OK;
	OV_TRY(check_member(c, name, bytes));
	(void)snprintf(c->file, sizeof c->file, "%.*s/%.*s", (int)ov_min_size(c->name.n, FILE_MAX),
		       c->name.p, (int)name.n, name.p);
	file = ov_str_of(c->file);
	parse = ov_build_parser(name, &is_pua);
	if (ov_build_is_catalog(name)) {
		OV_TRY(new_source(c, file, &id));
		return ov_build_catalog(c->b, file, id, ov_buf_cur(bytes));
	}
	if (parse == NULL)
		return ov_build_unread(c->b, file, c->source, ov_buf_cur(bytes));
	if (is_pua && !c->b->options.with_pua)
		return ov_build_skip(c->b, file, c->source, ov_buf_cur(bytes),
				     "PUA signatures were not asked for");
	OV_TRY(new_source(c, file, &id));
	return ov_build_lines(c->b, file, id, ov_buf_cur(bytes), parse);
}

/* One way through the container: with `only_info` until the list of members is found. */
static ov_status walk(struct container *c, struct ov_tarwalk *t, bool only_info)
{
	struct ov_buf bytes = ov_buf_of(
	    MEMBER_MAX < c->b->options.max_memory ? MEMBER_MAX : (size_t)c->b->options.max_memory);
	struct ov_str name;
	uint64_t size;
	ov_status s;

	while ((s = ov_tarwalk_next(t, &name, &size)) == OV_OK) {
		bytes.n = 0;
		if (only_info && is_info(name)) {
			s = ov_tarwalk_read(t, &c->info);
			break;
		}
		if (only_info || is_info(name))
			continue;
		s = ov_tarwalk_read(t, &bytes);
		if (s == OV_OK)
			s = take_member(c, name, &bytes);
		ov_arena_reset(&c->b->scratch, (size_t)1 << 20);
		if (s != OV_OK)
			break;
	}
	ov_buf_free(&bytes);
	return s;
}

static ov_status open_and_walk(struct container *c, bool only_info)
{
	const struct ov_decoder_params params = { .max_memory = DECODER_MEMORY,
						  .plain_size = UINT64_MAX };
	struct ov_cur body = c->bytes;
	struct ov_decoder *d = NULL;
	struct ov_arena a;
	struct ov_tarwalk t;
	struct ov_src src;
	ov_status s;

	OV_TRY(ov_cur_seek(&body, OV_CVD_HEADER));
	src = ov_src_mem(ov_cur_rest(&body), ov_cur_left(&body));
	ov_arena_init(&a, 4 * DECODER_MEMORY);
	s = ov_decoder_open(ov_cur_looking_at(&body, "\x1f\x8b", 2) ? OV_CODEC_GZIP
								    : OV_CODEC_STORED,
			    &src, &params, &a, &d);
	if (s == OV_OK) {
		ov_tarwalk_init(&t, d, PLAIN_MAX);
		s = walk(c, &t, only_info);
		if (s == OV_BAD && c->why == NULL)
			c->why = t.why;
	}
	ov_decoder_close(&d);
	ov_arena_free(&a);
	return s == OV_END ? OV_OK : s;
}

static ov_status check_all_seen(struct container *c)
{
	const struct listed *rows = rows_of(c->listed, struct listed);

	for (size_t i = 0; i < rows_count(c->listed, struct listed); i++)
		if (!rows[i].is_seen)
			return bad(c, "a member on its list is missing");
	return OV_OK;
}

static ov_status read_container(struct container *c)
{
	const struct ov_cvd_key *key = c->b->options.cvd_key;
	struct ov_str stem;

	OV_TRY(ov_cvd_header(c->bytes, &c->h, &c->why));
	if (c->is_cvd)
		OV_TRY(ov_cvd_verify(c->bytes, &c->h, key != NULL ? key : ov_cvd_key_clamav(),
				     c->b->md5, &c->why));
	c->is_signed = c->is_cvd;
	stem = (struct ov_str){ .p = c->name.p, .n = c->name.n - 4 }; /* ".cvd" and the like */
	if (stem.n > 100)
		stem.n = 100;
	OV_TRY(open_and_walk(c, true));
	if (c->info.n > 0)
		OV_TRY(read_info(c));
	else if (c->is_cvd)
		return bad(c, "it has no list of its members");
	(void)snprintf(c->label, sizeof c->label, "%s%.*s %llu",
		       c->is_signed ? "ClamAV " : "unsigned ", (int)stem.n, stem.p,
		       (unsigned long long)c->h.version);
	OV_TRY(new_source(c, c->name, &c->source));
	OV_TRY(open_and_walk(c, false));
	return check_all_seen(c);
}

ov_status ov_build_container(struct ov_odb_builder *b, struct ov_str name, struct ov_cur bytes)
{
	struct container c = { .b = b,
			       .path = name,
			       .name = last_component(name),
			       .bytes = bytes,
			       .is_cvd = ov_text_ends_with(name, OV_STR(".cvd")),
			       .info = ov_buf_of((size_t)16 << 20),
			       .listed = ov_buf_of((size_t)64 << 20) };
	struct mark m;
	ov_status s;

	c.bytes.pos = 0;
	OV_TRY(mark_builder(b, &m));
	s = read_container(&c);
	ov_buf_free(&c.info);
	ov_buf_free(&c.listed);
	if (s == OV_OK)
		return s;
	take_back(b, &m);
	if (s == OV_BAD || s == OV_SHORT || s == OV_LIMIT || s == OV_UNSUPPORTED) {
		const struct ov_diag d = { .file = name,
					   .reason = c.why != NULL ? c.why
						     : s == OV_LIMIT
							 ? "it is larger than the compiler's limits"
							 : "its archive is cut short or broken" };

		b->stats.refused++;
		ov_build_diag(b, &d);
		return s == OV_LIMIT ? s : OV_BAD;
	}
	return s;
}
