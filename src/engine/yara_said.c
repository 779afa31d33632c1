/* What YARA rules want said (console.log), and what modules see in a file: texts of the report. */
#include "yara_scan.h"

#include "dump.h"
#include "ymod.h"

#define SAID_MAX ((size_t)4 << 20)
#define DUMP_MAX ((size_t)32 << 20)

ov_status ov_yara_said_new(struct ov_yara *y)
{
	y->said = ov_buf_of(SAID_MAX);
	y->dump = ov_buf_of(DUMP_MAX);
	return OV_OK;
}

void ov_yara_said_free(struct ov_yara *y)
{
	ov_buf_free(&y->said);
	ov_buf_free(&y->dump);
}

void ov_yara_say(void *ctx, struct ov_str line)
{
	const struct ov_engine *e = ctx;
	struct ov_yara *y = e->yara;
	const size_t before = y->said.n;

	if (!e->o->yara_only)
		return; /* a scan has nobody to tell it to */
	if (ov_buf_str(&y->said, line) == OV_OK && ov_buf_u8(&y->said, '\n') == OV_OK)
		return;
	y->said.n = before;
	y->is_said_cut = true;
}

static ov_status dump_one(struct ov_engine *e, unsigned module, bool must_know)
{
	struct ov_yara *y = e->yara;
	const enum ov_ydump_form form = (enum ov_ydump_form)(e->o->yara_dump & OV_YARA_DUMP_FORM);
	bool knows = true;
	ov_status s = OV_OK;

	if (must_know)
		s = ov_ydump_knows(&y->env, &ov_ymodules_all, module, &knows);
	if (s == OV_OK && knows)
		s = ov_ydump(&y->env, &ov_ymodules_all, module, form, &y->dump);
	if (s == OV_NOMEM || s == OV_BUG)
		return s;
	if (s != OV_OK)
		ov_report_incomplete(e, y->n, ov_reason_of(s), (struct ov_str){ 0 },
				     "a module's values were not printed to their end");
	return OV_OK;
}

/* Those that rules import, or all. */
static ov_status dump(struct ov_engine *e)
{
	struct ov_yara *y = e->yara;
	const bool is_json = (e->o->yara_dump & OV_YARA_DUMP_FORM) == OV_YDUMP_JSON;

	if (is_json)
		OV_TRY(ov_buf_u8(&y->dump, '{'));
	if ((e->o->yara_dump & OV_YARA_DUMP_ALL) != 0) {
		for (unsigned m = 0; m < ov_ymodules_all.n; m++)
			OV_TRY(dump_one(e, m, true));
	} else {
		for (uint32_t i = 0; i < ov_yimage_imports_count(y->image); i++) {
			const int m =
			    ov_ymodule_find(&ov_ymodules_all, ov_yimage_import(y->image, i));

			if (m >= 0)
				OV_TRY(dump_one(e, (unsigned)m, false));
		}
	}
	return is_json ? ov_buf_u8(&y->dump, '}') : OV_OK;
}

ov_status ov_yara_dump(struct ov_engine *e)
{
	ov_status s;

	if ((e->o->yara_dump & OV_YARA_DUMP_FORM) == OV_YDUMP_NONE)
		return OV_OK;
	s = dump(e);
	return s == OV_LIMIT ? OV_OK : s;
}

void ov_yara_told(struct ov_engine *e)
{
	struct ov_yara *y = e->yara;

	if (y->is_said_cut)
		ov_report_incomplete(e, y->n, OVERT_LIMIT_SIZE, (struct ov_str){ 0 },
				     "rules wanted more lines said than are kept");
	e->report.yara_said = (struct ov_str){ .p = (const char *)y->said.p, .n = y->said.n };
	e->report.yara_dump = (struct ov_str){ .p = (const char *)y->dump.p, .n = y->dump.n };
}
