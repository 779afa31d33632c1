/*
 * Settings of databases. ClamAV's switches (.cfg) name parts of its engine that stay on, so that a
 * signed database can switch off a parser that is under attack. Here parsers run in a jail; the
 * switches that have a meaning are obeyed all the same, and a layer that is not opened for one is
 * incomplete, as with the option that does the same. Nothing can be switched on.
 *
 * Bits by `clamscan --debug` (1.4.6), which shows each part that a line leaves on.
 */
#include "settings.h"

#include <string.h>

#include "overt/features.h"
#include "passwords.h"
#include "dynamic.h"
#include "engine_int.h"
#include "text.h"

#define PASSWORDS_MAX ((size_t)16 << 20) /* bytes of the list of views */

static const struct {
	enum ov_switch_category category;
	uint32_t bits; /* the feature is off when none of these is on */
	enum overt_feature feature;
} meanings[] = {
	{ OV_SWITCH_PE, UINT32_MAX, OVERT_FEATURE_PE },
	{ OV_SWITCH_PE, 0x20000, OVERT_FEATURE_CERTIFICATES },
	{ OV_SWITCH_ELF, UINT32_MAX, OVERT_FEATURE_ELF },
	{ OV_SWITCH_ARCHIVE, 0x80, OVERT_FEATURE_OLE2 },
	{ OV_SWITCH_DOCUMENT, 0x1, OVERT_FEATURE_HTML },
	{ OV_SWITCH_DOCUMENT, 0x4, OVERT_FEATURE_PDF },
	{ OV_SWITCH_DOCUMENT, 0x8, OVERT_FEATURE_NORMALISE },
	{ OV_SWITCH_DOCUMENT, 0x40, OVERT_FEATURE_SWF },
	{ OV_SWITCH_DOCUMENT, 0x180, OVERT_FEATURE_XMLDOCS },
	{ OV_SWITCH_DOCUMENT, 0x200, OVERT_FEATURE_HWP3 },
	{ OV_SWITCH_DOCUMENT, 0x400, OVERT_FEATURE_ONENOTE },
	{ OV_SWITCH_MAIL, 0x1, OVERT_FEATURE_MAIL },
	{ OV_SWITCH_PHISHING, 0x1, OVERT_FEATURE_PHISHING_URLS },
};

#define ARCHIVE_PASSWORDS 0x400000u

static void read_switches(const struct ov_odb *db, uint32_t flags[OV_SWITCH_CATEGORIES])
{
	struct ov_cur table = db->extra[OV_EXTRA_SWITCH];
	struct ov_extra_row r;

	for (size_t i = 0; i < OV_SWITCH_CATEGORIES; i++)
		flags[i] = i == OV_SWITCH_RAW_HTML ? 0 : UINT32_MAX;
	for (table.pos = 0; ov_extra_next(&table, &r) == OV_OK;) {
		struct ov_switch s;

		if (ov_switch_get(r.body, &s) == OV_OK)
			flags[s.category] = s.flags;
	}
}

/* For `container`; with out->zip_passwords NULL they are only counted. */
static void gather(const struct ov_odb *db, struct ov_settings *out)
{
	struct ov_cur table = db->extra[OV_EXTRA_PASSWORD];
	struct ov_extra_row r;
	size_t n = 0;

	for (table.pos = 0; ov_extra_next(&table, &r) == OV_OK;) {
		struct ov_password p;

		if (ov_password_get(r.body, &p) != OV_OK ||
		    (p.container != OV_T_ANY && p.container != OV_T_ZIP))
			continue;
		if (out->zip_passwords != NULL)
			out->zip_passwords[n] = p.text;
		n++;
	}
	out->nzip_passwords = n;
}

ov_status ov_settings_read(const struct ov_odb *db, struct ov_settings *out)
{
	uint32_t flags[OV_SWITCH_CATEGORIES];

	*out = (struct ov_settings){ .features_off = 0 };
	ov_arena_init(&out->arena, PASSWORDS_MAX);
	read_switches(db, flags);
	out->raw_html = flags[OV_SWITCH_RAW_HTML] != 0;
	for (size_t i = 0; i < sizeof meanings / sizeof *meanings; i++)
		if ((flags[meanings[i].category] & meanings[i].bits) == 0)
			out->features_off |= UINT64_C(1) << meanings[i].feature;
	if ((flags[OV_SWITCH_ARCHIVE] & ARCHIVE_PASSWORDS) == 0)
		return OV_OK;
	gather(db, out);
	if (out->nzip_passwords == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&out->arena, out->nzip_passwords, &out->zip_passwords));
	gather(db, out);
	return OV_OK;
}

ov_status ov_settings_passwords(struct ov_settings *s, struct ov_str list)
{
	struct ov_str *all = NULL, one;
	size_t n = 0;

	for (size_t i = 0; i < list.n; i++)
		n += list.p[i] == 0;
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&s->arena, n + s->nzip_passwords, &all));
	for (size_t i = 0; i < n && ov_text_split(&list, '\0', &one); i++)
		all[i] = one;
	if (s->nzip_passwords > 0)
		memcpy(all + n, s->zip_passwords, s->nzip_passwords * sizeof *all);
	s->zip_passwords = all;
	s->nzip_passwords += n;
	return OV_OK;
}

void ov_settings_free(struct ov_settings *s)
{
	ov_arena_free(&s->arena);
}

ov_status ov_engine_passwords(struct ov_engine *e, struct ov_str list)
{
	return ov_settings_passwords(&e->settings, list);
}
