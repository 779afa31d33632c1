/* Windows programs and drivers: version information, Authenticode, what they are. */
#include "ev_sources.h"
#include "exe.h"
#include "signed.h"

bool ov_ev_prog_pe_wants(const struct ov_ev_file *f)
{
	struct ov_cur c = f->head;
	uint32_t at = 0;

	if (!ov_ev_head_is(f, "MZ", 2) || ov_cur_seek(&c, 60) != OV_OK ||
	    ov_cur_u32le(&c, &at) != OV_OK)
		return false;
	if (ov_cur_seek(&c, at) == OV_OK)
		return ov_cur_looking_at(&c, "PE\0\0", 4);
	return at < f->src->size; /* its header stands further in */
}

static struct ov_str version_of(const struct ov_exe *exe, const char *key)
{
	for (uint32_t i = 0; i < exe->nversions; i++)
		if (ov_str_is(exe->versions[i].key, key))
			return ov_ev_trim(exe->versions[i].value);
	return (struct ov_str){ .p = "", .n = 0 };
}

/* Subsystem "native" (1) is for what the kernel loads. */
static bool is_driver(const struct ov_ev_file *f)
{
	struct ov_cur c = f->head;
	uint16_t subsystem = 0;
	uint32_t at = 0;

	if (ov_cur_seek(&c, 60) != OV_OK || ov_cur_u32le(&c, &at) != OV_OK ||
	    ov_cur_seek(&c, (uint64_t)at + 24 + 68) != OV_OK ||
	    ov_cur_u16le(&c, &subsystem) != OV_OK)
		return ov_ev_ends(f, ".sys");
	return subsystem == 1;
}

ov_status ov_ev_prog_pe_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	static const struct {
		const char *key;
		enum ov_inv_kind kind;
		enum ov_grade grade;
	} fields[] = { { "CompanyName", OV_EV_PE_COMPANY, OV_E2 },
		       { "ProductName", OV_EV_PE_PRODUCT, OV_E1 },
		       { "OriginalFilename", OV_EV_PE_NAME, OV_E1 },
		       { "InternalName", OV_EV_PE_NAME, OV_E1 } };
	struct ov_ev_found x;
	struct ov_exe exe;
	ov_status st = ov_exe_read(OV_T_MSEXE, f->src, &e->arena, &exe);

	if (st == OV_BAD || st == OV_UNSUPPORTED)
		return OV_OK; /* no program after all */
	OV_TRY(st);
	ov_ev_program(e, &x, f, is_driver(f) ? OV_WHAT_DRIVER : OV_WHAT_PROGRAM);
	x.c.is_privileged = x.c.what == OV_WHAT_DRIVER;
	x.c.version = version_of(&exe, "ProductVersion");
	if (x.c.version.n == 0)
		x.c.version = version_of(&exe, "FileVersion");
	x.c.supplier = version_of(&exe, "CompanyName");
	x.c.id = version_of(&exe, "OriginalFilename");
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		ov_ev_add(&x, fields[i].kind, fields[i].grade, version_of(&exe, fields[i].key),
			  ov_str_of(fields[i].key));
	if (x.c.what == OV_WHAT_DRIVER)
		ov_ev_add(&x, OV_EV_DRIVER, OV_E1, f->name, f->path);
	OV_TRY(ov_ev_signed_pe(e, f, &exe, &x));
	OV_TRY(ov_ev_emit(e, &x));
	return exe.broken != NULL && exe.nsections == 0
		   ? ov_ev_unread(e, OV_BAD, (struct ov_str){ 0 }, exe.broken)
		   : OV_OK;
}
