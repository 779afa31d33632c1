/*
 * Mach-O programs and libraries: sections, entry point, libraries, undefined symbols, end.
 *
 * Follows Apple's <mach-o/loader.h> and <mach-o/nlist.h>. Both widths and byte orders. Files for
 * several architectures are containers: macho_fat.c.
 */
#include <string.h>

#include "checked.h"
#include "exe_int.h"
#include "macho.h"

#define COMMANDS_MAX 16384u
#define SYMBOLS_MAX (16u * OV_EXE_IMPORTS_MAX)
#define REGISTERS_MAX 512u /* bytes of a thread's state that are looked at */

enum { CPU_X86 = 7, CPU_ARM = 12, CPU_POWERPC = 18 };
enum { MH_DYLIB = 6, MH_BUNDLE = 8 };

struct macho {
	struct ov_exe_in *in;
	struct ov_macho h;
	uint32_t ncmds, room;
	uint64_t cmds, cmds_end;
	uint64_t thread_entry; /* virtual address */
	bool has_thread_entry;
	uint64_t symbols, nsymbols, strings, strings_size;
};

static uint32_t u32(const struct macho *m, struct ov_cur *c)
{
	return ov_macho_u32(&m->h, c);
}

static uint64_t u64(const struct macho *m, struct ov_cur *c)
{
	return ov_macho_u64(&m->h, c);
}

/* The command at *at, which moves behind it. @return OV_END after the last; OV_BAD, OV_SHORT. */
static ov_status next_command(struct macho *m, uint64_t *at, struct ov_macho_command *out)
{
	struct ov_cur c;

	if (*at >= m->cmds_end)
		return OV_END;
	OV_TRY(ov_window_get(&m->in->win, *at, 8,
			     &c)); /* cut by the file, not by the commands' size */
	if (m->cmds_end - *at < 8)
		return OV_BAD;
	OV_TRY(ov_macho_command_at(&m->h, &m->in->win, *at, m->cmds_end, out));
	*at += out->size;
	return OV_OK;
}

static ov_status read_segment(struct macho *m, const struct ov_macho_command *cmd,
			      struct ov_macho_segment *out)
{
	const uint32_t size = ov_macho_segment_size(m->h.is_64);

	if (cmd->size < size)
		return OV_BAD;
	OV_TRY(ov_macho_segment_at(&m->h, &m->in->win, cmd, out));
	if (out->nsections > (cmd->size - size) / ov_macho_section_size(m->h.is_64))
		return OV_BAD;
	return OV_OK;
}

static bool is_segment(const struct macho *m, const struct ov_macho_command *cmd)
{
	return cmd->kind == (m->h.is_64 ? (uint32_t)OV_LC_SEGMENT_64 : (uint32_t)OV_LC_SEGMENT);
}

static ov_status keep_section(struct macho *m, uint64_t at)
{
	struct ov_exe *x = m->in->x;
	struct ov_section *s = &x->sections[x->nsections];
	struct ov_macho_section r;
	uint8_t kind;

	OV_TRY(ov_macho_section_at(&m->h, &m->in->win, m->h.is_64, at, &r));
	s->addr = r.addr;
	s->vsize = r.size;
	s->flags = r.flags;
	s->off = r.off;
	kind = r.flags & 0xff;
	if (kind != 1 && kind != 12 && kind != 18) /* zero-filled: nothing in the file */
		s->size = ov_exe_claim(m->in, s->off, s->vsize);
	OV_TRY(ov_arena_str(m->in->arena,
			    (struct ov_str){ .p = r.name, .n = strnlen(r.name, sizeof r.name) },
			    &s->name));
	x->nsections++;
	return OV_OK;
}

static ov_status keep_segment(struct macho *m, const struct ov_macho_command *cmd)
{
	const uint64_t first = cmd->at + ov_macho_segment_size(m->h.is_64);
	struct ov_macho_segment s;

	OV_TRY(read_segment(m, cmd, &s));
	(void)ov_exe_claim(m->in, s.off, s.filesz);
	for (uint32_t i = 0; i < s.nsections && m->in->x->nsections < m->room; i++)
		OV_TRY(keep_section(m, first + (uint64_t)i * ov_macho_section_size(m->h.is_64)));
	return OV_OK;
}

/* Where the program counter stands in the state of the one kind of thread that each processor
 * starts with. */
static bool counter_place(const struct macho *m, uint32_t flavor, size_t *at, bool *is_wide)
{
	static const struct {
		uint32_t cpu, flavor, at;
		bool is_64, is_wide;
	} rows[] = { { CPU_X86, 1, 10 * 4, false, false }, { CPU_X86, 4, 16 * 8, true, true },
		     { CPU_ARM, 1, 15 * 4, false, false }, { CPU_ARM, 6, 32 * 8, true, true },
		     { CPU_POWERPC, 1, 0, false, false },  { CPU_POWERPC, 5, 0, true, true } };

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (rows[i].cpu == (m->h.cpu & 0xffffff) && rows[i].flavor == flavor &&
		    rows[i].is_64 == m->h.is_64) {
			*at = rows[i].at;
			*is_wide = rows[i].is_wide;
			return true;
		}
	}
	return false;
}

static ov_status read_thread(struct macho *m, const struct ov_macho_command *cmd)
{
	struct ov_cur c;
	bool is_wide;
	size_t at;

	OV_TRY(
	    ov_window_get(&m->in->win, cmd->at, (size_t)ov_min_u64(cmd->size, REGISTERS_MAX), &c));
	ov_cur_soft_skip(&c, 8);
	if (!counter_place(m, u32(m, &c), &at, &is_wide))
		return OV_OK; /* a processor that we don't know: no entry */
	ov_cur_soft_skip(&c, 4);
	ov_cur_soft_skip(&c, at);
	m->thread_entry = is_wide ? u64(m, &c) : u32(m, &c);
	m->has_thread_entry = true;
	return ov_cur_status(&c);
}

static ov_status read_library(struct macho *m, const struct ov_macho_command *cmd)
{
	struct ov_str name;
	struct ov_cur c;
	uint32_t off;

	OV_TRY(ov_window_get(&m->in->win, cmd->at, 12, &c));
	ov_cur_soft_skip(&c, 8);
	off = u32(m, &c);
	if (cmd->size < 12 || off < 12 || off >= cmd->size)
		return OV_BAD;
	OV_TRY(ov_exe_text(m->in, cmd->at + off, cmd->size - off, &name));
	return ov_exe_import(
	    m->in, &(struct ov_import){ .library = name,
					.is_delayed = cmd->kind == OV_LC_LAZY_LOAD_DYLIB });
}

static ov_status read_main(struct macho *m, const struct ov_macho_command *cmd)
{
	struct ov_exe *x = m->in->x;
	struct ov_cur c;

	OV_TRY(ov_window_get(&m->in->win, cmd->at, 16, &c));
	ov_cur_soft_skip(&c, 8);
	x->entry = u64(m, &c); /* an offset in the file */
	x->has_entry = x->entry < m->in->win.src->size;
	return x->has_entry ? OV_OK : OV_BAD;
}

static ov_status read_symtab(struct macho *m, const struct ov_macho_command *cmd)
{
	struct ov_cur c;

	OV_TRY(ov_window_get(&m->in->win, cmd->at, 24, &c));
	ov_cur_soft_skip(&c, 8);
	m->symbols = u32(m, &c);
	m->nsymbols = u32(m, &c);
	m->strings = u32(m, &c);
	m->strings_size = u32(m, &c);
	(void)ov_exe_claim(m->in, m->symbols, m->nsymbols * (m->h.is_64 ? 16 : 12));
	(void)ov_exe_claim(m->in, m->strings, m->strings_size);
	return OV_OK;
}

static ov_status read_command(struct macho *m, const struct ov_macho_command *cmd)
{
	if (is_segment(m, cmd))
		return keep_segment(m, cmd);
	if (cmd->kind == OV_LC_UNIXTHREAD)
		return read_thread(m, cmd);
	if (cmd->kind == OV_LC_MAIN)
		return read_main(m, cmd);
	if (cmd->kind == OV_LC_SYMTAB)
		return read_symtab(m, cmd);
	if (cmd->kind == OV_LC_LOAD_DYLIB || cmd->kind == OV_LC_LOAD_WEAK_DYLIB ||
	    cmd->kind == OV_LC_REEXPORT_DYLIB || cmd->kind == OV_LC_LAZY_LOAD_DYLIB)
		return read_library(m, cmd);
	return OV_OK;
}

/* Room for all sections: their number is spread over the segments. */
static ov_status count_sections(struct macho *m)
{
	uint64_t at = m->cmds, n = 0;
	struct ov_macho_command cmd;
	struct ov_macho_segment s;
	ov_status status = OV_OK;

	for (uint32_t i = 0; i < m->ncmds && (status = next_command(m, &at, &cmd)) == OV_OK; i++)
		if (is_segment(m, &cmd) && read_segment(m, &cmd, &s) == OV_OK)
			n += s.nsections;
	OV_TRY(ov_exe_sections(m->in, n, &m->room));
	return status == OV_END || ov_exe_is_news(status) ? OV_OK : status;
}

static ov_status read_commands(struct macho *m)
{
	uint64_t at = m->cmds;
	struct ov_macho_command cmd;

	for (uint32_t i = 0; i < m->ncmds; i++) {
		ov_status s = next_command(m, &at, &cmd);

		if (s == OV_END)
			return OV_BAD; /* fewer than were promised */
		OV_TRY(s);
		s = read_command(m, &cmd);
		if (ov_exe_is_news(s)) /* one broken command does not end the others */
			ov_exe_broken(m->in, "a load command is broken");
		else if (s != OV_OK && s != OV_END)
			return s;
	}
	return OV_OK;
}

/* The entry of a thread is a virtual address; the segment that holds it tells where it is in the
 * file. */
static ov_status find_entry(struct macho *m)
{
	struct ov_exe *x = m->in->x;
	uint64_t at = m->cmds;
	struct ov_macho_command cmd;
	struct ov_macho_segment s;

	if (!m->has_thread_entry || x->has_entry)
		return OV_OK;
	for (uint32_t i = 0; i < m->ncmds && next_command(m, &at, &cmd) == OV_OK; i++) {
		if (!is_segment(m, &cmd) || read_segment(m, &cmd, &s) != OV_OK)
			continue;
		if (m->thread_entry < s.addr || m->thread_entry - s.addr >= s.filesz)
			continue;
		OV_TRY(ov_exe_add(s.off, m->thread_entry - s.addr, &x->entry));
		x->has_entry = x->entry < m->in->win.src->size;
		return x->has_entry ? OV_OK : OV_BAD;
	}
	return OV_BAD;
}

/* Undefined external symbols. */
static ov_status read_symbols(struct macho *m)
{
	const uint32_t size = m->h.is_64 ? 16 : 12;
	uint64_t n = m->nsymbols;

	if (n > SYMBOLS_MAX) {
		m->in->x->is_capped = true;
		n = SYMBOLS_MAX;
	}
	for (uint64_t i = 0; i < n; i++) {
		struct ov_str name;
		struct ov_cur c;
		uint32_t text;
		uint8_t kind;

		OV_TRY(ov_window_get(&m->in->win, m->symbols + i * size, size, &c));
		text = u32(m, &c);
		kind = ov_cur_soft_u8(&c);
		if ((kind & 0xe0) != 0 || (kind & 0x0e) != 0 || (kind & 1) == 0 || text == 0)
			continue; /* debugging, defined, or not external */
		if (text >= m->strings_size)
			return OV_BAD;
		OV_TRY(ov_exe_text(m->in, m->strings + text, m->strings_size - text, &name));
		OV_TRY(ov_exe_import(m->in, &(struct ov_import){ .symbol = name }));
	}
	return OV_OK;
}

/* @return OV_BAD when it is no Mach-O; OV_SHORT when the header is cut. */
static ov_status read_header(struct macho *m)
{
	const ov_status s = ov_macho_open(&m->in->win, 0, m->in->win.src->size, &m->h);

	if (s != OV_OK && s != OV_SHORT)
		return s;
	m->in->x->machine = (uint16_t)(m->h.cpu & 0xffff);
	m->in->x->is_64 = m->h.is_64;
	m->in->x->is_library = m->h.filetype == MH_DYLIB || m->h.filetype == MH_BUNDLE;
	m->ncmds = m->h.ncmds;
	m->cmds = ov_macho_header_size(&m->h);
	m->cmds_end = m->cmds + m->h.sizeofcmds;
	if (m->ncmds > COMMANDS_MAX) {
		m->ncmds = COMMANDS_MAX;
		m->in->x->is_capped = true;
	}
	return s;
}

static ov_status settle(struct macho *m, ov_status s, const char *why)
{
	if (s == OV_OK || s == OV_END)
		return OV_OK;
	if (!ov_exe_is_news(s))
		return s;
	ov_exe_broken(m->in, why);
	return OV_OK;
}

ov_status ov_macho_read(struct ov_exe_in *in)
{
	struct macho m = { .in = in };
	const ov_status s = read_header(&m);

	if (s == OV_BAD)
		return OV_BAD;
	if (s != OV_OK) {
		in->x->is_cut = true;
		return settle(&m, s, "the header is cut");
	}
	(void)ov_exe_claim(in, 0, m.cmds_end);
	OV_TRY(count_sections(&m));
	OV_TRY(settle(&m, read_commands(&m), "the load commands are broken"));
	OV_TRY(settle(&m, find_entry(&m), "the entry point lies in no segment"));
	return settle(&m, read_symbols(&m), "the symbol table is broken");
}
