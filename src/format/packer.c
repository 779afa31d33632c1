/* Source: section names and marks that the packers leave, seen in programs packed with them and in
 * their manuals. */
#include "packer.h"

#include <string.h>

#define LOOK 4096

static const struct {
	const char *section, *packer; /* the name begins with it */
} rows[] = {
	{ "UPX0", "UPX" },	   { "UPX1", "UPX" },	     { ".aspack", "ASPack" },
	{ ".adata", "ASPack" },	   { ".MPRESS1", "MPRESS" }, { ".MPRESS2", "MPRESS" },
	{ ".petite", "Petite" },   { "petite", "Petite" },   { ".nsp0", "NsPack" },
	{ ".nsp1", "NsPack" },	   { "nsp0", "NsPack" },     { "PEPACK!!", "PEPack" },
	{ ".WWPACK", "WWPack32" }, { ".WWP32", "WWPack32" }, { ".Upack", "UPack" },
	{ "FSG!", "FSG" },	   { "MEW", "MEW" },	     { ".themida", "Themida" },
	{ ".vmp0", "VMProtect" },  { ".vmp1", "VMProtect" }, { "kkrunchy", "kkrunchy" },
	{ ".y0da", "yC" },	   { ".enigma1", "Enigma" },
};

/* UPX's own: "UPX!" in its loader's header. A word in a text is no sign: it must stand before code.
 */
static bool has_upx_mark(const struct ov_src *src)
{
	uint8_t head[LOOK];
	size_t n = 0;

	if (ov_src_read_upto(src, 0, head, sizeof head, &n) != OV_OK || n < 8)
		return false;
	return memmem(head, n, "UPX!", 4) != NULL;
}

const char *ov_exe_packer(const struct ov_exe *x, const struct ov_src *src)
{
	for (uint32_t i = 0; i < x->nsections; i++)
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
			if (ov_str_starts(x->sections[i].name, ov_str_of(rows[k].section)))
				return rows[k].packer;
	/* A packed ELF has lost its sections. */
	return x->type == OV_T_ELF && x->nsections == 0 && has_upx_mark(src) ? "UPX" : NULL;
}
