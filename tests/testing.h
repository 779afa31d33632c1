/* What all tests share: cmocka with its prerequisites, and a check whose message names the failing
 * table row. */
#ifndef OV_TESTING_H
#define OV_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* Fails with the row's sentence: ov_expect(row->what, got == want). */
#define ov_expect(what, cond)                                                                      \
	do {                                                                                       \
		if (!(cond))                                                                       \
			fail_msg("row \"%s\": not true: %s", (what), #cond);                       \
	} while (0)

/* The same for two integers, and tells both. */
#define ov_expect_eq(what, got, want)                                                              \
	do {                                                                                       \
		const long long got_ = (long long)(got), want_ = (long long)(want);                \
		if (got_ != want_)                                                                 \
			fail_msg("row \"%s\": %s is %lld, not %lld", (what), #got, got_, want_);   \
	} while (0)

#endif
