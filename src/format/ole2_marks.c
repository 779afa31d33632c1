/*
 * What the streams of an OLE2 document say of it: that it is encrypted, that it has macro sheets.
 *
 *   Word         [MS-DOC] 2.5.2    bit fEncrypted of the FIB
 *   Excel        [MS-XLS] 2.4.117  a FilePass record; 2.4.28 BoundSheet8 of type 1: a macro sheet
 *   PowerPoint   [MS-PPT] 2.3.2    the token of an encrypted file in "Current User"
 *   OOXML        [MS-OFFCRYPTO] 2.3.4  a stream "EncryptedPackage"
 *   HWP 5        flags of "FileHeader"
 */
#include "ole2_int.h"

#include "checked.h"
#include "overt/features.h"
#include "text.h"

#define RECORDS_MAX 100000u

static bool is(struct ov_str name, const char *what)
{
	return ov_text_same(name, ov_str_of(what));
}

/* The first `n` bytes of a stream; those that don't exist read as zero. */
static struct ov_cur head(const struct ov_ole2_stream *s, uint8_t *buf, size_t n)
{
	size_t got = 0;

	if (ov_src_read_upto(&s->src, 0, buf, n, &got) != OV_OK)
		got = 0;
	return ov_cur_of(buf, got);
}

static bool word_is_encrypted(const struct ov_ole2_stream *s)
{
	uint8_t buf[12];
	struct ov_cur c = head(s, buf, sizeof buf);
	const uint16_t magic = ov_cur_soft_u16le(&c);

	ov_cur_soft_skip(&c, 8);
	return (magic == 0xa5ec || magic == 0xa5dc) && (ov_cur_soft_u16le(&c) & 0x0100) != 0;
}

static bool user_is_encrypted(const struct ov_ole2_stream *s)
{
	uint8_t buf[16];
	struct ov_cur c = head(s, buf, sizeof buf);

	ov_cur_soft_skip(&c, 12);
	return ov_cur_soft_u32le(&c) == 0xf3d1c4df;
}

static uint32_t hwp_flags(const struct ov_ole2_stream *s)
{
	uint8_t buf[40];
	struct ov_cur c = head(s, buf, sizeof buf);

	if (!ov_cur_looking_at(&c, "HWP Document File", 17))
		return 0;
	ov_cur_soft_skip(&c, 36);
	return ov_cur_soft_u32le(&c);
}

/* The globals of a workbook: up to its first EOF record. */
static ov_status read_workbook(const struct ov_ole2_stream *s, bool *is_encrypted, bool *has_macros)
{
	uint64_t at = 0;
	uint8_t buf[10];

	for (unsigned i = 0; i < RECORDS_MAX; i++) {
		struct ov_cur c = ov_cur_of(buf, sizeof buf);
		uint16_t type, n;
		size_t got;

		OV_TRY(ov_src_read_upto(&s->src, at, buf, sizeof buf, &got));
		if (got < 4)
			return OV_OK;
		type = ov_cur_soft_u16le(&c);
		n = ov_cur_soft_u16le(&c);
		if (type == 0x0a)
			return OV_OK;
		if (type == 0x2f)
			*is_encrypted = true;
		if (type == 0x85 && n >= 6 && got == sizeof buf && buf[9] == 1 && !*is_encrypted)
			*has_macros = true;
		at += 4u + n;
	}
	return OV_OK;
}

static ov_status tell_encrypted(struct ov_ole2 *o, uint32_t entry, const char *detail)
{
	const struct ov_arena_mark mark = ov_arena_mark(o->env->arena);
	struct ov_str path;

	OV_TRY(ov_ole2_path(o, entry, o->env->arena, &path));
	o->env->note(o->env->ctx, OV_ENCRYPTED, path, detail);
	ov_fmt_heuristic(o->env, OVERT_ALERT_ENCRYPTED_DOC, "Heuristics.Encrypted.OLE2");
	ov_arena_release(o->env->arena, mark);
	return OV_OK;
}

ov_status ov_ole2_marks(struct ov_ole2 *o, uint32_t entry, const struct ov_ole2_stream *s)
{
	const struct ov_str name = o->e[entry].name;
	bool is_encrypted = false, has_macros = false;

	if (is(name, "WordDocument"))
		return word_is_encrypted(s) ? tell_encrypted(o, entry, "an encrypted Word document")
					    : OV_OK;
	if (is(name, "EncryptedPackage"))
		return tell_encrypted(o, entry, "an encrypted Office document");
	if (is(name, "Current User"))
		return user_is_encrypted(s)
			   ? tell_encrypted(o, entry, "an encrypted PowerPoint document")
			   : OV_OK;
	if (is(name, "FileHeader"))
		return (hwp_flags(s) & 2) != 0
			   ? tell_encrypted(o, entry, "an encrypted HWP document")
			   : OV_OK;
	if (!is(name, "Workbook") && !is(name, "Book"))
		return OV_OK;
	OV_TRY(read_workbook(s, &is_encrypted, &has_macros));
	if (has_macros)
		ov_fmt_heuristic(o->env, OVERT_ALERT_MACROS, "Heuristics.OLE2.ContainsMacros.XLM");
	return is_encrypted ? tell_encrypted(o, entry, "an encrypted Excel workbook") : OV_OK;
}

bool ov_hwp_is_packed(struct ov_ole2 *o)
{
	for (uint32_t i = 0; i < o->n; i++)
		if (o->e[i].kind == OV_OLE2_STREAM && o->e[i].parent == 0 &&
		    is(o->e[i].name, "FileHeader")) {
			struct ov_ole2_stream s;

			ov_ole2_stream_open(o, i, &s);
			return (hwp_flags(&s) & 3) == 1;
		}
	return false;
}
