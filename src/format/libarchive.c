/*
 * Containers that libarchive 3.6 reads: 7z, RAR (1.5 to 5), CAB, ISO 9660, XAR, LHA. The reader of
 * the detected type alone is switched on, so a file is never guessed at twice, and none of its
 * writers or disk functions is touched.
 *
 * Not read, and noted: encrypted parts, multi-volume sets, what libarchive has no code for.
 * libarchive allocates by itself: dictionaries and tables are bounded by the process's address
 * space only (ENOMEM becomes OV_LIMIT).
 */
#include "formats.h"
#include "prepare.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "checked.h"
#include "rar_blocks.h"

#define WINDOW ((size_t)64 * 1024)
#define MEMORY_STEP ((size_t)1 << 20)
#define EMPTY_MAX 1000	    /* blocks without a byte in a row */
#define SKIPPED_MAX 1000000 /* folders, links and the like in a row */

struct wrapped {
	const struct ov_fmt_env *env;
	struct archive *a;
	uint64_t at;	 /* where libarchive reads next                              */
	uint8_t *buf;	 /* WINDOW bytes; NULL for memory                            */
	ov_status io;	 /* why our callback failed                                  */
	ov_status fatal; /* libarchive can't go on; OV_OK while it can               */
	uint64_t position;
	struct ov_str name;
	struct ov_arena_mark mark; /* before the current name                                */
	const uint8_t *block;	   /* libarchive's: bytes of the member not yet handed out   */
	size_t left;		   /* how many                                               */
	struct ov_rar *rar;	   /* what libarchive does not check; NULL: no RAR           */
	uLong crc;		   /* of what was handed out                                 */
};

void ov_format_prepare(void)
{
	tzset();
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* without it, names lose what is not ASCII */
}

static la_ssize_t give_bytes(struct archive *a, void *ctx, const void **out)
{
	struct wrapped *w = ctx;
	const struct ov_src *src = w->env->src;
	size_t got;

	if (w->at >= src->size) {
		*out = NULL;
		return 0;
	}
	if (src->mem != NULL) {
		got = (size_t)ov_min_u64(MEMORY_STEP, src->size - w->at);
		*out = src->mem + w->at;
	} else {
		w->io = ov_src_read_upto(src, w->at, w->buf, WINDOW, &got);
		if (w->io != OV_OK) {
			archive_set_error(a, EIO, "can't read the file");
			return ARCHIVE_FATAL;
		}
		*out = w->buf;
	}
	w->at += got;
	return (la_ssize_t)got;
}

static la_int64_t skip_bytes(struct archive *a, void *ctx, la_int64_t n)
{
	struct wrapped *w = ctx;
	uint64_t some;

	(void)a;
	if (n <= 0 || w->at >= w->env->src->size)
		return 0;
	some = ov_min_u64((uint64_t)n, w->env->src->size - w->at);
	w->at += some;
	return (la_int64_t)some;
}

static la_int64_t seek_bytes(struct archive *a, void *ctx, la_int64_t off, int whence)
{
	struct wrapped *w = ctx;
	const uint64_t size = w->env->src->size;
	const uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? w->at : size;
	uint64_t to;

	if (off >= 0 ? ov_add_u64(base, (uint64_t)off, &to) != OV_OK
		     : ov_sub_u64(base, UINT64_C(0) - (uint64_t)off, &to) != OV_OK) {
		archive_set_error(a, EINVAL, "a seek beyond all bounds");
		return ARCHIVE_FATAL;
	}
	w->at = ov_min_u64(to, size);
	return (la_int64_t)w->at;
}

/* The readers of a type. @return 0 when libarchive has them. */
static int choose_readers(struct archive *a, enum ov_type t)
{
	switch (t) {
	case OV_T_7Z:
	case OV_T_7ZSFX:
		return archive_read_support_format_7zip(a);
	case OV_T_RAR:
	case OV_T_RARSFX:
		return archive_read_support_format_rar(a) | archive_read_support_format_rar5(a);
	case OV_T_MSCAB:
	case OV_T_CABSFX:
		return archive_read_support_format_cab(a);
	case OV_T_ISO9660:
		return archive_read_support_format_iso9660(a);
	case OV_T_XAR:
		return archive_read_support_format_xar(a);
	case OV_T_LHA:
		return archive_read_support_format_lha(a);
	default:
		return ARCHIVE_FATAL;
	}
}

static bool says(const char *text, const char *word)
{
	return strcasestr(text, word) != NULL;
}

/*
 * What libarchive's error means. Its numbers tell little (most are EILSEQ or -1), so its words are
 * looked at: those of the readers above in version 3.6.2.
 */
static ov_status meaning(const struct wrapped *w, const char *text)
{
	const int e = archive_errno(w->a);

	if (w->io != OV_OK)
		return w->io;
	if (e == ENOMEM || says(text, "out of memory") || says(text, "allocate memory"))
		return OV_LIMIT;
	if (says(text, "encrypt") || says(text, "passphrase") || says(text, "crypto"))
		return OV_ENCRYPTED;
	if (says(text, "unsupported") || says(text, "not supported") || says(text, "multivolume") ||
	    says(text, "multi-volume") || says(text, "unknown codec") ||
	    says(text, "unknown compression"))
		return OV_UNSUPPORTED;
	if (says(text, "truncated") || says(text, "premature") || says(text, "end of file"))
		return OV_SHORT;
	return OV_BAD;
}

/* Notes libarchive's words, with ours before them, and gives their meaning. */
static ov_status note_error(struct wrapped *w, struct ov_str member)
{
	const char *text = archive_error_string(w->a);
	const ov_status s = meaning(w, text != NULL ? text : "");
	char detail[256];

	(void)snprintf(detail, sizeof detail, "libarchive: %s",
		       text != NULL ? text : "broken or cut short");
	w->env->note(w->env->ctx, s, member, detail);
	return s;
}

static void close_wrapped(void *state)
{
	struct wrapped *w = state;

	if (w->a != NULL)
		(void)archive_read_free(w->a);
	w->a = NULL;
}

static ov_status open_wrapped(const struct ov_fmt_env *env, void **state)
{
	struct wrapped *w;
	int r;

	OV_TRY(ov_arena_new(env->arena, &w));
	w->env = env;
	w->name = OV_STR("");
	if (env->src->mem == NULL && env->src->size > 0)
		OV_TRY(ov_arena_array(env->arena, WINDOW, &w->buf));
	w->a = archive_read_new();
	if (w->a == NULL)
		return OV_NOMEM;
	r = choose_readers(w->a, env->type);
	if (r < ARCHIVE_WARN) {
		close_wrapped(w);
		return OV_UNSUPPORTED;
	}
	(void)archive_read_set_read_callback(w->a, give_bytes);
	(void)archive_read_set_skip_callback(w->a, skip_bytes);
	(void)archive_read_set_seek_callback(w->a, seek_bytes);
	(void)archive_read_set_callback_data(w->a, w);
	if (archive_read_open1(w->a) < ARCHIVE_WARN) {
		const ov_status s = note_error(w, OV_STR(""));

		close_wrapped(w);
		return s;
	}
	if (env->type == OV_T_RAR) {
		const ov_status s = ov_rar_open(env, &w->rar);

		if (s != OV_OK) {
			close_wrapped(w);
			return s;
		}
	}
	w->mark = ov_arena_mark(env->arena);
	*state = w;
	return OV_OK;
}

/* The name as stored, where libarchive keeps it; else as it could be converted. */
static ov_status take_name(struct wrapped *w, struct archive_entry *e)
{
	const char *name = archive_entry_pathname(e);

	if (name == NULL)
		name = archive_entry_pathname_utf8(e);
	return ov_arena_str(w->env->arena, ov_str_of(name != NULL ? name : ""), &w->name);
}

/* What ClamAV takes for a member's packed size and number in these containers. */
static void number(const struct wrapped *w, struct ov_child *out)
{
	switch (w->env->type) {
	case OV_T_7Z:
	case OV_T_7ZSFX:
		out->position = w->position - 1;
		out->packed = 0;
		return;
	case OV_T_MSCAB:
	case OV_T_CABSFX:
		out->position = 0;
		out->packed = 0;
		return;
	case OV_T_ISO9660:
		out->position = 0;
		out->packed = out->size;
		return;
	default:
		return;
	}
}

/* Only files have bytes. A hard link repeats another member, unless the format puts the bytes here.
 */
static bool has_bytes(struct archive_entry *e)
{
	const la_int64_t size = archive_entry_size_is_set(e) ? archive_entry_size(e) : 0;

	if (archive_entry_hardlink(e) != NULL && size == 0)
		return false;
	return archive_entry_filetype(e) == AE_IFREG || archive_entry_filetype(e) == 0;
}

static void describe(struct wrapped *w, struct archive_entry *e, struct ov_child *out)
{
	const bool is_sized = archive_entry_size_is_set(e) && archive_entry_size(e) >= 0;

	*out = (struct ov_child){
		.kind = OV_CHILD_STREAM,
		.name = w->name,
		.size = is_sized ? (uint64_t)archive_entry_size(e) : OV_SIZE_UNKNOWN,
		.packed = OV_SIZE_UNKNOWN,
		.position = w->position,
	};
	number(w, out);
	w->left = 0;
	if (archive_entry_is_encrypted(e)) {
		out->kind = OV_CHILD_NONE;
		out->is_encrypted = true;
		w->env->note(w->env->ctx, OV_ENCRYPTED, w->name, "encrypted");
	}
}

static void note_warning(struct wrapped *w)
{
	const char *text = archive_error_string(w->a);

	if (text != NULL && (says(text, "pathname") || says(text, "linkname")))
		return; /* a name that has no form in this locale: its bytes are read all the same
			 */
	(void)note_error(w, w->name);
}

static ov_status next_wrapped(void *state, struct ov_child *out)
{
	struct wrapped *w = state;

	OV_TRY(w->fatal);
	for (unsigned skipped = 0; skipped < SKIPPED_MAX; skipped++) {
		struct archive_entry *e;
		const int r = archive_read_next_header(w->a, &e);

		ov_arena_release(w->env->arena, w->mark);
		if (r == ARCHIVE_EOF)
			return w->rar != NULL ? ov_rar_finish(w->rar) : OV_END;
		if (r == ARCHIVE_RETRY)
			continue;
		w->position++;
		w->crc = 0;
		if (w->rar != NULL)
			OV_TRY(ov_rar_next(w->rar));
		if (r < ARCHIVE_WARN) {
			w->fatal = note_error(w, OV_STR(""));
			return w->fatal;
		}
		OV_TRY(take_name(w, e));
		if (r == ARCHIVE_WARN)
			note_warning(w);
		if (has_bytes(e)) {
			describe(w, e, out);
			return OV_OK;
		}
	}
	w->env->note(w->env->ctx, OV_LIMIT, OV_STR(""), "a million folders or links in a row");
	return OV_LIMIT;
}

/*
 * Makes w->left > 0. Blocks are taken as they come and their offsets are not looked at: of the
 * formats here none has holes, and xar's offsets count on from member to member.
 */
static ov_status fill_block(struct wrapped *w)
{
	for (unsigned turns = 0; w->left == 0; turns++) {
		const void *p = NULL;
		la_int64_t off;
		const int r = archive_read_data_block(w->a, &p, &w->left, &off);

		w->block = p;
		if (r == ARCHIVE_EOF)
			return OV_END;
		if (r == ARCHIVE_WARN && w->left > 0)
			(void)note_error(w, w->name); /* told, and the bytes are used */
		else if ((r < ARCHIVE_OK && r != ARCHIVE_RETRY) || turns > EMPTY_MAX) {
			const char *text = archive_error_string(w->a);
			const ov_status s = meaning(w, text != NULL ? text : "");

			w->left = 0;
			if (r == ARCHIVE_FATAL)
				w->fatal = s;
			return s; /* the engine tells it with the member's name */
		}
	}
	return OV_OK;
}

static ov_status read_wrapped(void *state, void *to, size_t n, size_t *got)
{
	struct wrapped *w = state;
	ov_status s;

	*got = 0;
	OV_TRY(w->fatal);
	s = fill_block(w);
	if (s == OV_END && w->rar != NULL)
		ov_rar_check(w->rar, (uint32_t)w->crc, w->name);
	OV_TRY(s);
	*got = ov_min_size(ov_min_size(n, w->left), UINT32_MAX);
	memcpy(to, w->block, *got);
	if (w->rar != NULL)
		w->crc = crc32(w->crc, to, (uInt)*got);
	w->block += *got;
	w->left -= *got;
	return OV_OK;
}

const struct ov_format ov_format_libarchive = { "libarchive", open_wrapped, next_wrapped,
						read_wrapped, close_wrapped };
