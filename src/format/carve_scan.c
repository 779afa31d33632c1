/*
 * All marks of embedded files in one pass at about the speed of memory.
 *
 * Each mark has a key: two of its bytes that are rare side by side. Keys are put into 8 groups; a
 * place is looked at closer when its byte and the next have a group in common. With AVX2 32 places
 * are tried at once, by half bytes; other machines take one place at a time from two tables of 256
 * bytes.
 */
#include <string.h>

#include "carve_int.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

struct mark {
	enum ov_carve_kind kind;
	uint8_t group; /* a bit; marks that share one cost a few false places */
	uint8_t key;   /* where in the mark its key stands */
	uint8_t n;
	const char *bytes;
};

#define MARK(kind_, group_, key_, literal)                                                         \
	{                                                                                          \
		.kind = OV_CARVE_##kind_, .group = 1u << (group_), .key = (key_),                  \
		.n = sizeof(literal) - 1, .bytes = (literal)                                       \
	}

/* clang-format off */
static const struct mark marks[] = {
	MARK(PE,      0, 0, "PE\0\0"),
	MARK(ZIP,     0, 0, "PK\3\4"),
	MARK(ZIP_END, 0, 0, "PK\5\6"),
	MARK(ELF,     1, 0, "\x7f" "ELF"),
	MARK(RAR,     2, 3, "Rar!\x1a\7"),
	MARK(BZ,      2, 7, "BZh91AY&SY"), /* the level digit is a wildcard, see below */
	MARK(7Z,      3, 2, "7z\xbc\xaf\x27\x1c"),
	MARK(NSIS,    3, 0, "\xef\xbe\xad\xdeNullsoftInst"),
	MARK(CAB,     4, 2, "MSCF\0\0\0\0"),
	MARK(EGG,     4, 1, "EGGA\0\1"),
	MARK(GZ,      5, 0, "\x1f\x8b\x08"),
	MARK(OLE2,    5, 2, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
	MARK(ARJ,     6, 0, "`\xea"),
	MARK(XZ,      7, 0, "\xfd" "7zXZ\0"),
	MARK(AUTOIT,  7, 0, "\xa3\x48\x4b\xbe\x98\x6c\x4a\xa9\x99\x4c\x53\x0a\x86\xd6\x48\x7d" "AU3!"),
};
/* clang-format on */

#define NMARKS (sizeof marks / sizeof marks[0])

void ov_carve_tables_make(struct ov_carve_tables *t)
{
	memset(t, 0, sizeof *t);
	for (size_t i = 0; i < NMARKS; i++) {
		const uint8_t a = (uint8_t)marks[i].bytes[marks[i].key];
		const uint8_t b = (uint8_t)marks[i].bytes[marks[i].key + 1];

		t->a[a] |= marks[i].group;
		t->b[b] |= marks[i].group;
		t->a_low[a & 15] |= marks[i].group;
		t->a_high[a >> 4] |= marks[i].group;
		t->b_low[b & 15] |= marks[i].group;
		t->b_high[b >> 4] |= marks[i].group;
	}
}

size_t ov_carve_scan_plain(const struct ov_carve_tables *t, const uint8_t *p, size_t n, size_t from)
{
	for (size_t i = from; i < n && n - i >= 2; i++)
		if ((t->a[p[i]] & t->b[p[i + 1]]) != 0)
			return i;
	return n;
}

#if defined(__x86_64__)

__attribute__((target("avx2"))) static __m256i table_of(const uint8_t half[16])
{
	return _mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)half));
}

__attribute__((target("avx2"))) static size_t scan_avx2(const struct ov_carve_tables *t,
							const uint8_t *p, size_t n, size_t from)
{
	const __m256i a_low = table_of(t->a_low), a_high = table_of(t->a_high);
	const __m256i b_low = table_of(t->b_low), b_high = table_of(t->b_high);
	const __m256i nibble = _mm256_set1_epi8(15), zero = _mm256_setzero_si256();
	size_t i = from;

	for (; i < n && n - i >= 33; i += 32) { /* 32 places and the byte after the last */
		const __m256i a = _mm256_loadu_si256((const __m256i *)(const void *)(p + i));
		const __m256i b = _mm256_loadu_si256((const __m256i *)(const void *)(p + i + 1));
		const __m256i ga = _mm256_and_si256(
		    _mm256_shuffle_epi8(a_low, _mm256_and_si256(a, nibble)),
		    _mm256_shuffle_epi8(a_high, _mm256_and_si256(_mm256_srli_epi16(a, 4), nibble)));
		const __m256i gb = _mm256_and_si256(
		    _mm256_shuffle_epi8(b_low, _mm256_and_si256(b, nibble)),
		    _mm256_shuffle_epi8(b_high, _mm256_and_si256(_mm256_srli_epi16(b, 4), nibble)));
		uint32_t hits = ~(uint32_t)_mm256_movemask_epi8(
		    _mm256_cmpeq_epi8(_mm256_and_si256(ga, gb), zero));

		for (; hits != 0; hits &= hits - 1) {
			const size_t at = i + (size_t)__builtin_ctz(hits);

			if ((t->a[p[at]] & t->b[p[at + 1]]) !=
			    0) /* half bytes mix values; whole ones don't */
				return at;
		}
	}
	return ov_carve_scan_plain(t, p, n, i);
}

size_t ov_carve_scan(const struct ov_carve_tables *t, const uint8_t *p, size_t n, size_t from)
{
	return __builtin_cpu_supports("avx2") ? scan_avx2(t, p, n, from)
					      : ov_carve_scan_plain(t, p, n, from);
}

#else

size_t ov_carve_scan(const struct ov_carve_tables *t, const uint8_t *p, size_t n, size_t from)
{
	return ov_carve_scan_plain(t, p, n, from);
}

#endif

static bool same_mark(const struct mark *m, const uint8_t *p)
{
	if (m->kind == OV_CARVE_BZ)
		return memcmp(p, m->bytes, 3) == 0 && p[3] >= '1' && p[3] <= '9' &&
		       memcmp(p + 4, m->bytes + 4, 6) == 0;
	return memcmp(p, m->bytes, m->n) == 0;
}

bool ov_carve_mark(const uint8_t *p, size_t n, size_t at, enum ov_carve_kind *kind, size_t *back)
{
	if (n < 2 || at > n - 2)
		return false;
	for (size_t i = 0; i < NMARKS; i++) {
		const struct mark *m = &marks[i];

		if (p[at] != (uint8_t)m->bytes[m->key] ||
		    p[at + 1] != (uint8_t)m->bytes[m->key + 1])
			continue;
		if (at >= m->key && n - (at - m->key) >= m->n && same_mark(m, p + (at - m->key))) {
			*kind = m->kind;
			*back = m->key;
			return true;
		}
	}
	return false;
}
