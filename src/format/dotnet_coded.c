/* .NET metadata: which columns each table has, and how wide they are. ECMA-335 II.22, II.24.2.6. */
#include "dotnet.h"

#define NONE 0xff
#define TAGS_MAX 22

static const struct coded {
	uint8_t bits, n;
	uint8_t tables[TAGS_MAX];
} coded[OV_NET_CODED] = {
	[OV_NET_TYPE_DEF_OR_REF] = { 2, 3, { 0x02, 0x01, 0x1b } },
	[OV_NET_HAS_CONSTANT] = { 2, 3, { 0x04, 0x08, 0x17 } },
	[OV_NET_HAS_CUSTOM_ATTRIBUTE] = { 5, 22, { 0x06, 0x04, 0x01, 0x02, 0x08, 0x09, 0x0a, 0x00,
						   0x0e, 0x17, 0x14, 0x11, 0x1a, 0x1b, 0x20, 0x23,
						   0x26, 0x27, 0x28, 0x2a, 0x2c, 0x2b } },
	[OV_NET_HAS_FIELD_MARSHAL] = { 1, 2, { 0x04, 0x08 } },
	[OV_NET_HAS_DECL_SECURITY] = { 2, 3, { 0x02, 0x06, 0x20 } },
	[OV_NET_MEMBER_REF_PARENT] = { 3, 5, { 0x02, 0x01, 0x1a, 0x06, 0x1b } },
	[OV_NET_HAS_SEMANTICS] = { 1, 2, { 0x14, 0x17 } },
	[OV_NET_METHOD_DEF_OR_REF] = { 1, 2, { 0x06, 0x0a } },
	[OV_NET_MEMBER_FORWARDED] = { 1, 2, { 0x04, 0x06 } },
	[OV_NET_IMPLEMENTATION] = { 2, 3, { 0x26, 0x23, 0x27 } },
	[OV_NET_CUSTOM_ATTRIBUTE_TYPE] = { 3, 5, { NONE, NONE, 0x06, 0x0a, NONE } },
	[OV_NET_RESOLUTION_SCOPE] = { 2, 4, { 0x00, 0x1a, 0x23, 0x01 } },
	[OV_NET_TYPE_OR_METHOD_DEF] = { 1, 2, { 0x02, 0x06 } },
};

/* A column: bytes of a number, a heap, a table's index, or a coded one. */
enum { U16 = 2, U32 = 4, STR = 8, GUID = 9, BLOB = 10, TABLE = 0x40, CODED = 0x80 };

#define T(table) (TABLE | (table))
#define C(kind) (CODED | OV_NET_##kind)

/* Tables that are not listed do not occur. 0 ends a row. */
static const uint8_t columns[OV_NET_TABLES][OV_DOTNET_COLUMNS_MAX] = {
	[0x00] = { U16, STR, GUID, GUID, GUID },
	[0x01] = { C(RESOLUTION_SCOPE), STR, STR },
	[0x02] = { U32, STR, STR, C(TYPE_DEF_OR_REF), T(0x04), T(0x06) },
	[0x03] = { T(0x04) },
	[0x04] = { U16, STR, BLOB },
	[0x05] = { T(0x06) },
	[0x06] = { U32, U16, U16, STR, BLOB, T(0x08) },
	[0x07] = { T(0x08) },
	[0x08] = { U16, U16, STR },
	[0x09] = { T(0x02), C(TYPE_DEF_OR_REF) },
	[0x0a] = { C(MEMBER_REF_PARENT), STR, BLOB },
	[0x0b] = { U16, C(HAS_CONSTANT), BLOB },
	[0x0c] = { C(HAS_CUSTOM_ATTRIBUTE), C(CUSTOM_ATTRIBUTE_TYPE), BLOB },
	[0x0d] = { C(HAS_FIELD_MARSHAL), BLOB },
	[0x0e] = { U16, C(HAS_DECL_SECURITY), BLOB },
	[0x0f] = { U16, U32, T(0x02) },
	[0x10] = { U32, T(0x04) },
	[0x11] = { BLOB },
	[0x12] = { T(0x02), T(0x14) },
	[0x13] = { T(0x14) },
	[0x14] = { U16, STR, C(TYPE_DEF_OR_REF) },
	[0x15] = { T(0x02), T(0x17) },
	[0x16] = { T(0x17) },
	[0x17] = { U16, STR, BLOB },
	[0x18] = { U16, T(0x06), C(HAS_SEMANTICS) },
	[0x19] = { T(0x02), C(METHOD_DEF_OR_REF), C(METHOD_DEF_OR_REF) },
	[0x1a] = { STR },
	[0x1b] = { BLOB },
	[0x1c] = { U16, C(MEMBER_FORWARDED), STR, T(0x1a) },
	[0x1d] = { U32, T(0x04) },
	[0x1e] = { U32, U32 },
	[0x1f] = { U32 },
	[0x20] = { U32, U16, U16, U16, U16, U32, BLOB, STR, STR },
	[0x21] = { U32 },
	[0x22] = { U32, U32, U32 },
	[0x23] = { U16, U16, U16, U16, U32, BLOB, STR, STR, BLOB },
	[0x24] = { U32, T(0x23) },
	[0x25] = { U32, U32, U32, T(0x23) },
	[0x26] = { U32, STR, BLOB },
	[0x27] = { U32, U32, STR, STR, C(IMPLEMENTATION) },
	[0x28] = { U32, U32, STR, C(IMPLEMENTATION) },
	[0x29] = { T(0x02), T(0x02) },
	[0x2a] = { U16, U16, C(TYPE_OR_METHOD_DEF), STR },
	[0x2b] = { C(METHOD_DEF_OR_REF), BLOB },
	[0x2c] = { T(0x2a), C(TYPE_DEF_OR_REF) },
};

static uint8_t coded_width(const uint32_t *rows, const struct coded *k)
{
	for (unsigned i = 0; i < k->n; i++)
		if (k->tables[i] != NONE && rows[k->tables[i]] > UINT32_C(0xffff) >> k->bits)
			return 4;
	return 2;
}

static uint8_t column_width(const uint32_t *rows, uint8_t heaps, uint8_t column)
{
	if ((column & CODED) != 0)
		return coded_width(rows, &coded[column & 0x3f]);
	if ((column & TABLE) != 0)
		return rows[column & 0x3f] > 0xffff ? 4 : 2;
	if (column >= STR)
		return (heaps >> (column - STR) & 1) != 0 ? 4 : 2;
	return column;
}

void ov_dotnet_layout(const uint32_t *rows, uint8_t heaps, struct ov_dotnet_table *t)
{
	for (unsigned i = 0; i < OV_NET_TABLES; i++) {
		uint8_t at = 0;

		for (unsigned c = 0; c < OV_DOTNET_COLUMNS_MAX; c++) {
			t[i].off[c] = at;
			if (columns[i][c] != 0)
				at = (uint8_t)(at + column_width(rows, heaps, columns[i][c]));
		}
		t[i].off[OV_DOTNET_COLUMNS_MAX] = at;
		t[i].width = at;
	}
}

bool ov_dotnet_decode(enum ov_dotnet_coded kind, uint32_t v, unsigned *table, uint32_t *row)
{
	const struct coded *k = &coded[kind];
	const uint32_t tag = v & ((UINT32_C(1) << k->bits) - 1);

	if (tag >= k->n || k->tables[tag] == NONE || v >> k->bits == 0)
		return false;
	*table = k->tables[tag];
	*row = (v >> k->bits) - 1;
	return true;
}
