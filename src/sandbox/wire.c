/* Messages between broker and worker: everything but verdicts, which are in wire_verdict.c. See
 * wire.h. */
#include "wire.h"

#include <string.h>

#include "le.h"
#include "text.h"
#include "wire_int.h"

#define FLAG_MORE 1U

void ov_wire_put_head(uint8_t to[OV_WIRE_HEAD], const struct ov_wire_head *h)
{
	ov_put_le16(to, (uint16_t)h->kind);
	ov_put_le16(to + 2, h->has_more ? FLAG_MORE : 0);
	ov_put_le32(to + 4, h->job);
	ov_put_le32(to + 8, h->length);
}

static bool is_kind(uint16_t k)
{
	return (k >= OV_WIRE_SETUP && k <= OV_WIRE_DATA) ||
	       (k >= OV_WIRE_HELLO && k < OV_WIRE_KINDS);
}

ov_status ov_wire_get_head(struct ov_cur *c, struct ov_wire_head *out)
{
	struct ov_cur at = *c;
	struct ov_wire_head h;
	uint16_t kind, flags;

	OV_TRY(ov_cur_u16le(&at, &kind));
	OV_TRY(ov_cur_u16le(&at, &flags));
	OV_TRY(ov_cur_u32le(&at, &h.job));
	OV_TRY(ov_cur_u32le(&at, &h.length));
	if (!is_kind(kind) || (flags & ~FLAG_MORE) != 0 || h.length != ov_cur_left(&at))
		return OV_BAD;
	h.kind = (enum ov_wire_kind)kind;
	h.has_more = flags == FLAG_MORE;
	*c = at;
	*out = h;
	return OV_OK;
}

ov_status ov_wire_put_text(struct ov_buf *b, struct overt_text t)
{
	if (t.length > UINT32_MAX)
		return OV_LIMIT;
	OV_TRY(ov_buf_u32(b, (uint32_t)t.length));
	return ov_buf_put(b, t.bytes, t.length);
}

ov_status ov_wire_get_text(struct ov_cur *c, struct overt_text *out)
{
	struct ov_cur at = *c, part;
	uint32_t n;

	OV_TRY(ov_cur_u32le(&at, &n));
	OV_TRY(ov_cur_take(&at, n, &part));
	*out = (struct overt_text){ .bytes = n > 0 ? (const char *)part.base : "", .length = n };
	*c = at;
	return OV_OK;
}

static struct overt_text text_of(struct ov_str s)
{
	return (struct overt_text){ .bytes = s.p, .length = s.n };
}

static ov_status get_str(struct ov_cur *c, struct ov_str *out)
{
	struct overt_text t;

	OV_TRY(ov_wire_get_text(c, &t));
	*out = (struct ov_str){ .p = t.bytes, .n = t.length };
	return OV_OK;
}

ov_status ov_wire_get_bool(struct ov_cur *c, bool *out)
{
	uint8_t v;

	OV_TRY(ov_cur_u8(c, &v));
	if (v > 1)
		return OV_BAD;
	*out = v != 0;
	return OV_OK;
}

ov_status ov_wire_end(const struct ov_cur *c)
{
	return ov_cur_left(c) == 0 ? OV_OK : OV_BAD;
}

static ov_status put_u64s(struct ov_buf *b, const uint64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		OV_TRY(ov_buf_u64(b, v[i]));
	return OV_OK;
}

static ov_status get_u64s(struct ov_cur *c, uint64_t *v, size_t n)
{
	for (size_t i = 0; i < n; i++)
		OV_TRY(ov_cur_u64le(c, &v[i]));
	return OV_OK;
}

ov_status ov_wire_put_setup(struct ov_buf *b, const struct ov_wire_setup *s)
{
	const struct ov_wire_scan *o = &s->scan;
	const uint64_t v[] = { s->max_memory,	 s->max_file_size, o->max_layer,  o->max_total,
			       o->max_files,	 o->max_depth,	   o->max_ratio,  o->max_time_ms,
			       o->max_kept,	 o->features_off,  o->alerts,	  o->min_cards,
			       o->min_ssns,	 o->ssn_formats,   o->max_html,	  o->max_html_text,
			       o->max_script,	 o->max_icons,	   o->pcre_match, o->pcre_depth,
			       o->pcre_filesize, o->yara_matches,  o->yara_dump,  o->detect,
			       o->report };

	OV_TRY(ov_buf_u32(b, s->version));
	OV_TRY(ov_buf_u8(b, (uint8_t)s->role));
	OV_TRY(ov_buf_u32(b, s->max_fds));
	OV_TRY(ov_buf_u32(b, s->parent));
	OV_TRY(put_u64s(b, v, sizeof v / sizeof v[0]));
	OV_TRY(ov_buf_u8(b, o->all_matches));
	OV_TRY(ov_buf_u8(b, o->want_sha256));
	OV_TRY(ov_buf_u8(b, o->want_context));
	OV_TRY(ov_buf_u8(b, o->no_archives));
	OV_TRY(ov_buf_u8(b, o->heuristics_first));
	OV_TRY(ov_buf_u8(b, o->cards_only));
	OV_TRY(ov_buf_u8(b, o->pua_excludes));
	OV_TRY(ov_wire_put_text(b, text_of(ov_str_of(o->pua))));
	OV_TRY(ov_buf_u8(b, o->yara_only));
	OV_TRY(ov_buf_u8(b, o->yara_negate));
	OV_TRY(ov_buf_u8(b, o->yara_fast));
	OV_TRY(ov_buf_u8(b, o->yara_process));
	if (o->npasswords > sizeof o->passwords || o->ndefines > sizeof o->defines)
		return OV_BUG;
	OV_TRY(ov_wire_put_text(b, text_of((struct ov_str){ o->passwords, o->npasswords })));
	return ov_wire_put_text(b, text_of((struct ov_str){ o->defines, o->ndefines }));
}

/* Words that end in NUL, one behind the other. */
static ov_status get_words(struct ov_cur *c, char *to, size_t room, uint32_t *n)
{
	struct ov_str s;

	OV_TRY(get_str(c, &s));
	if (s.n > room || (s.n > 0 && s.p[s.n - 1] != 0))
		return OV_BAD;
	if (s.n > 0)
		memcpy(to, s.p, s.n);
	*n = (uint32_t)s.n;
	return OV_OK;
}

ov_status ov_wire_get_setup(struct ov_cur *c, struct ov_wire_setup *out)
{
	struct ov_wire_setup s;
	struct ov_str pua;
	uint8_t role;
	uint64_t v[25];

	OV_TRY(ov_cur_u32le(c, &s.version));
	if (s.version != OV_WIRE_VERSION)
		return OV_UNSUPPORTED;
	OV_TRY(ov_cur_u8(c, &role));
	if (role >= OV_ROLES)
		return OV_BAD;
	s.role = (enum ov_role)role;
	OV_TRY(ov_cur_u32le(c, &s.max_fds));
	OV_TRY(ov_cur_u32le(c, &s.parent));
	OV_TRY(get_u64s(c, v, sizeof v / sizeof v[0]));
	s.max_memory = v[0];
	s.max_file_size = v[1];
	s.scan = (struct ov_wire_scan){ .max_layer = v[2],
					.max_total = v[3],
					.max_files = v[4],
					.max_depth = v[5],
					.max_ratio = v[6],
					.max_time_ms = v[7],
					.max_kept = v[8],
					.features_off = v[9],
					.alerts = v[10],
					.min_cards = v[11],
					.min_ssns = v[12],
					.ssn_formats = v[13],
					.max_html = v[14],
					.max_html_text = v[15],
					.max_script = v[16],
					.max_icons = v[17],
					.pcre_match = v[18],
					.pcre_depth = v[19],
					.pcre_filesize = v[20],
					.yara_matches = v[21],
					.yara_dump = v[22],
					.detect = v[23],
					.report = v[24] };
	OV_TRY(ov_wire_get_bool(c, &s.scan.all_matches));
	OV_TRY(ov_wire_get_bool(c, &s.scan.want_sha256));
	OV_TRY(ov_wire_get_bool(c, &s.scan.want_context));
	OV_TRY(ov_wire_get_bool(c, &s.scan.no_archives));
	OV_TRY(ov_wire_get_bool(c, &s.scan.heuristics_first));
	OV_TRY(ov_wire_get_bool(c, &s.scan.cards_only));
	OV_TRY(ov_wire_get_bool(c, &s.scan.pua_excludes));
	OV_TRY(get_str(c, &pua));
	if (pua.n >= sizeof s.scan.pua || (pua.n > 0 && memchr(pua.p, 0, pua.n) != NULL))
		return OV_BAD;
	if (pua.n > 0)
		memcpy(s.scan.pua, pua.p, pua.n); /* the rest is 0 */
	OV_TRY(ov_wire_get_bool(c, &s.scan.yara_only));
	OV_TRY(ov_wire_get_bool(c, &s.scan.yara_negate));
	OV_TRY(ov_wire_get_bool(c, &s.scan.yara_fast));
	OV_TRY(ov_wire_get_bool(c, &s.scan.yara_process));
	OV_TRY(get_words(c, s.scan.passwords, sizeof s.scan.passwords, &s.scan.npasswords));
	OV_TRY(get_words(c, s.scan.defines, sizeof s.scan.defines, &s.scan.ndefines));
	OV_TRY(ov_wire_end(c));
	*out = s;
	return OV_OK;
}

ov_status ov_wire_put_hello(struct ov_buf *b, const struct ov_jail_report *r)
{
	OV_TRY(ov_buf_u32(b, OV_WIRE_VERSION));
	for (int i = 0; i < OV_JAIL_PARTS; i++) {
		OV_TRY(ov_buf_u8(b, (uint8_t)r->part[i].state));
		OV_TRY(ov_wire_put_text(b, text_of(ov_str_of(r->part[i].text))));
	}
	return OV_OK;
}

/* The texts are shown to people, so only what is printed as it stands. */
static bool is_plain(struct overt_text t)
{
	for (size_t i = 0; i < t.length; i++)
		if (t.bytes[i] < 0x20 || t.bytes[i] > 0x7e)
			return false;
	return true;
}

ov_status ov_wire_get_hello(struct ov_cur *c, struct ov_jail_report *out)
{
	struct ov_jail_report r;
	uint32_t version;

	memset(&r, 0, sizeof r);
	OV_TRY(ov_cur_u32le(c, &version));
	if (version != OV_WIRE_VERSION)
		return OV_UNSUPPORTED;
	for (int i = 0; i < OV_JAIL_PARTS; i++) {
		struct overt_text t;
		uint8_t state;

		OV_TRY(ov_cur_u8(c, &state));
		OV_TRY(ov_wire_get_text(c, &t));
		if (state > OV_JAIL_ABSENT || t.length >= OV_JAIL_TEXT || !is_plain(t))
			return OV_BAD;
		r.part[i].state = (enum ov_jail_state)state;
		memcpy(r.part[i].text, t.bytes, t.length);
	}
	OV_TRY(ov_wire_end(c));
	*out = r;
	return OV_OK;
}

ov_status ov_wire_put_ready(struct ov_buf *b, const struct ov_wire_ready *r)
{
	const uint64_t v[] = { r->signatures, r->built, r->refused, r->skipped };

	OV_TRY(ov_buf_put(b, r->id, sizeof r->id));
	OV_TRY(put_u64s(b, v, 4));
	OV_TRY(ov_buf_u32(b, r->nlabels));
	for (uint32_t i = 0; i < r->nlabels; i++)
		OV_TRY(ov_wire_put_text(b, text_of(r->labels[i])));
	return OV_OK;
}

ov_status ov_wire_get_ready(struct ov_cur *c, struct ov_arena *a, struct ov_wire_ready *out)
{
	struct ov_wire_ready r;
	uint64_t v[4];

	OV_TRY(ov_cur_copy(c, r.id, sizeof r.id));
	OV_TRY(get_u64s(c, v, 4));
	r.signatures = v[0];
	r.built = v[1];
	r.refused = v[2];
	r.skipped = v[3];
	OV_TRY(ov_cur_u32le(c, &r.nlabels));
	if (r.nlabels > ov_cur_left(c) / 4) /* each takes its length at least */
		return OV_BAD;
	OV_TRY(ov_arena_array(a, r.nlabels, &r.labels));
	for (uint32_t i = 0; i < r.nlabels; i++)
		OV_TRY(get_str(c, &r.labels[i]));
	OV_TRY(ov_wire_end(c));
	*out = r;
	return OV_OK;
}

ov_status ov_wire_put_source(struct ov_buf *b, const struct ov_wire_source *s)
{
	OV_TRY(ov_buf_u8(b, s->is_builtin));
	OV_TRY(ov_buf_u8(b, s->is_from_folder));
	OV_TRY(ov_buf_u8(b, s->is_compiled));
	OV_TRY(ov_wire_put_text(b, text_of(s->space)));
	return ov_wire_put_text(b, text_of(s->name));
}

ov_status ov_wire_get_source(struct ov_cur *c, struct ov_wire_source *out)
{
	struct ov_wire_source s;

	OV_TRY(ov_wire_get_bool(c, &s.is_builtin));
	OV_TRY(ov_wire_get_bool(c, &s.is_from_folder));
	OV_TRY(ov_wire_get_bool(c, &s.is_compiled));
	OV_TRY(get_str(c, &s.space));
	OV_TRY(get_str(c, &s.name));
	OV_TRY(ov_wire_end(c));
	*out = s;
	return OV_OK;
}

ov_status ov_wire_put_compile(struct ov_buf *b, const struct ov_wire_compile *w)
{
	OV_TRY(ov_buf_u8(b, w->with_pua));
	OV_TRY(ov_buf_u8(b, w->is_strict));
	OV_TRY(ov_buf_u8(b, w->is_yara));
	OV_TRY(ov_buf_u8(b, w->yara_strict));
	OV_TRY(ov_buf_u8(b, w->is_format));
	OV_TRY(ov_buf_u32(b, w->yara_strings));
	OV_TRY(ov_buf_u64(b, w->max_memory));
	return ov_wire_put_text(b, text_of(w->defines));
}

ov_status ov_wire_get_compile(struct ov_cur *c, struct ov_wire_compile *out)
{
	struct ov_wire_compile w;

	OV_TRY(ov_wire_get_bool(c, &w.with_pua));
	OV_TRY(ov_wire_get_bool(c, &w.is_strict));
	OV_TRY(ov_wire_get_bool(c, &w.is_yara));
	OV_TRY(ov_wire_get_bool(c, &w.yara_strict));
	OV_TRY(ov_wire_get_bool(c, &w.is_format));
	OV_TRY(ov_cur_u32le(c, &w.yara_strings));
	OV_TRY(ov_cur_u64le(c, &w.max_memory));
	OV_TRY(get_str(c, &w.defines));
	if (w.defines.n > 0 && w.defines.p[w.defines.n - 1] != 0)
		return OV_BAD;
	OV_TRY(ov_wire_end(c));
	*out = w;
	return OV_OK;
}

ov_status ov_wire_put_need(struct ov_buf *b, uint32_t from, struct ov_str name)
{
	OV_TRY(ov_buf_u32(b, from));
	return ov_wire_put_text(b, text_of(name));
}

ov_status ov_wire_get_need(struct ov_cur *c, uint32_t *from, struct ov_str *name)
{
	OV_TRY(ov_cur_u32le(c, from));
	OV_TRY(get_str(c, name));
	return ov_wire_end(c);
}

ov_status ov_wire_put_diagnostic(struct ov_buf *b, const struct overt_diagnostic *d)
{
	OV_TRY(ov_wire_put_text(b, d->file));
	OV_TRY(ov_wire_put_text(b, d->text));
	OV_TRY(ov_wire_put_text(b, d->reason));
	OV_TRY(ov_buf_u64(b, d->line));
	OV_TRY(ov_buf_u32(b, d->column));
	return ov_buf_u8(b, d->is_skipped != 0);
}

ov_status ov_wire_get_diagnostic(struct ov_cur *c, struct overt_diagnostic *out)
{
	struct overt_diagnostic d;
	bool is_skipped;

	OV_TRY(ov_wire_get_text(c, &d.file));
	OV_TRY(ov_wire_get_text(c, &d.text));
	OV_TRY(ov_wire_get_text(c, &d.reason));
	OV_TRY(ov_cur_u64le(c, &d.line));
	OV_TRY(ov_cur_u32le(c, &d.column));
	OV_TRY(ov_wire_get_bool(c, &is_skipped));
	OV_TRY(ov_wire_end(c));
	d.is_skipped = is_skipped;
	*out = d;
	return OV_OK;
}

ov_status ov_wire_put_convert(struct ov_buf *b, const struct ov_wire_convert *w)
{
	OV_TRY(ov_buf_u32(b, w->kind));
	return ov_wire_put_text(b, text_of(w->arguments));
}

ov_status ov_wire_get_convert(struct ov_cur *c, struct ov_wire_convert *out)
{
	OV_TRY(ov_cur_u32le(c, &out->kind));
	OV_TRY(get_str(c, &out->arguments));
	return ov_wire_end(c);
}

ov_status ov_wire_put_converted(struct ov_buf *b, const struct ov_wire_converted *w)
{
	const uint64_t v[] = { w->version, w->built,   w->signatures, w->level, w->files,
			       w->taken,   w->refused, w->skipped,    w->bytes };

	OV_TRY(put_u64s(b, v, sizeof v / sizeof v[0]));
	OV_TRY(ov_buf_u8(b, w->is_signed));
	OV_TRY(ov_buf_u8(b, w->is_detached));
	return ov_buf_u8(b, w->is_readable);
}

ov_status ov_wire_get_converted(struct ov_cur *c, struct ov_wire_converted *out)
{
	uint64_t v[9];

	OV_TRY(get_u64s(c, v, sizeof v / sizeof v[0]));
	*out = (struct ov_wire_converted){ .version = v[0],
					   .built = v[1],
					   .signatures = v[2],
					   .level = v[3],
					   .files = v[4],
					   .taken = v[5],
					   .refused = v[6],
					   .skipped = v[7],
					   .bytes = v[8] };
	OV_TRY(ov_wire_get_bool(c, &out->is_signed));
	OV_TRY(ov_wire_get_bool(c, &out->is_detached));
	OV_TRY(ov_wire_get_bool(c, &out->is_readable));
	return ov_wire_end(c);
}

ov_status ov_wire_put_compiled(struct ov_buf *b, const struct ov_wire_compiled *w)
{
	const uint64_t v[] = { w->signatures, w->refused, w->skipped,
			       w->ignored,    w->allowed, w->bytes };

	OV_TRY(put_u64s(b, v, 6));
	return ov_buf_put(b, w->id, sizeof w->id);
}

ov_status ov_wire_get_compiled(struct ov_cur *c, struct ov_wire_compiled *out)
{
	struct ov_wire_compiled w;
	uint64_t v[6];

	OV_TRY(get_u64s(c, v, 6));
	OV_TRY(ov_cur_copy(c, w.id, sizeof w.id));
	OV_TRY(ov_wire_end(c));
	w.signatures = v[0];
	w.refused = v[1];
	w.skipped = v[2];
	w.ignored = v[3];
	w.allowed = v[4];
	w.bytes = v[5];
	*out = w;
	return OV_OK;
}

ov_status ov_wire_put_inspect(struct ov_buf *b, const struct ov_wire_inspect *s)
{
	OV_TRY(ov_wire_put_text(b, text_of(s->path)));
	OV_TRY(ov_buf_u64(b, (uint64_t)s->mtime));
	OV_TRY(ov_buf_u32(b, s->mode));
	OV_TRY(ov_buf_u8(b, s->is_target));
	return ov_buf_u8(b, s->is_held);
}

ov_status ov_wire_get_inspect(struct ov_cur *c, struct ov_wire_inspect *out)
{
	struct ov_wire_inspect s;
	uint64_t mtime;

	OV_TRY(get_str(c, &s.path));
	OV_TRY(ov_cur_u64le(c, &mtime));
	OV_TRY(ov_cur_u32le(c, &s.mode));
	OV_TRY(ov_wire_get_bool(c, &s.is_target));
	OV_TRY(ov_wire_get_bool(c, &s.is_held));
	OV_TRY(ov_wire_end(c));
	s.mtime = (int64_t)mtime;
	*out = s;
	return OV_OK;
}

ov_status ov_wire_put_u32(struct ov_buf *b, uint32_t v)
{
	return ov_buf_u32(b, v);
}

ov_status ov_wire_get_u32(struct ov_cur *c, uint32_t *out)
{
	uint32_t v;

	OV_TRY(ov_cur_u32le(c, &v));
	OV_TRY(ov_wire_end(c));
	*out = v;
	return OV_OK;
}

ov_status ov_wire_put_failed(struct ov_buf *b, ov_status why, struct ov_str text)
{
	OV_TRY(ov_buf_u8(b, (uint8_t)why));
	return ov_wire_put_text(b, text_of(text));
}

ov_status ov_wire_get_failed(struct ov_cur *c, ov_status *why, struct ov_str *text)
{
	struct ov_str s;
	uint8_t w;

	OV_TRY(ov_cur_u8(c, &w));
	if (w == OV_OK || w >= OV_STATUS_COUNT)
		return OV_BAD;
	OV_TRY(get_str(c, &s));
	OV_TRY(ov_wire_end(c));
	*why = (ov_status)w;
	*text = s;
	return OV_OK;
}
