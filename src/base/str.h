/* A view of bytes that are read as text. It borrows, never owns, and need not end in NUL. */
#ifndef OV_STR_H
#define OV_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct ov_str {
	const char *p; /* may be NULL only when n is 0 */
	size_t n;      /* bytes */
};

#define OV_STR(literal) ((struct ov_str){ .p = ("" literal ""), .n = sizeof(literal) - 1 })

static inline struct ov_str ov_str_of(const char *z)
{
	return (struct ov_str){ .p = z, .n = z != NULL ? strlen(z) : 0 };
}

static inline bool ov_str_eq(struct ov_str a, struct ov_str b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static inline bool ov_str_is(struct ov_str a, const char *z)
{
	return ov_str_eq(a, ov_str_of(z));
}

static inline bool ov_str_starts(struct ov_str a, struct ov_str head)
{
	return a.n >= head.n && (head.n == 0 || memcmp(a.p, head.p, head.n) == 0);
}

#endif
