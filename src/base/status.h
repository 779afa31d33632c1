/*
 * Status kinds, early return and cleanup, shared by every folder.
 *
 * A status keeps apart: the input is broken (SHORT, BAD, UNSUPPORTED), a budget was reached
 * (LIMIT), the system refused (NOMEM, IO), and our own invariant broke (BUG). Only OK and END mean
 * that all went well; nothing else may ever turn into "clean".
 */
#ifndef OV_STATUS_H
#define OV_STATUS_H

#define OV_MUST_USE __attribute__((warn_unused_result))
#define OV_CLEANUP(fn) __attribute__((cleanup(fn)))
#define OV_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

typedef enum ov_status {
	OV_OK = 0,
	OV_END,		/* a note: nothing more, and that is fine            */
	OV_SHORT,	/* the input ran out                                 */
	OV_BAD,		/* the input breaks its format                       */
	OV_UNSUPPORTED, /* a valid variant that we do not read               */
	OV_ENCRYPTED,	/* a valid part that can't be read without its key   */
	OV_LIMIT,	/* a budget was reached: the result is incomplete    */
	OV_NOMEM,	/* the system has no memory for us                   */
	OV_IO,		/* the system failed to read or write                */
	OV_BUG		/* our own invariant broke                           */
} ov_status;

#define OV_STATUS_COUNT (OV_BUG + 1)

/**
 * Returns a short English name of a status, for messages and tests.
 *
 * @param s  Any value; one outside the enumeration gives "unknown status".
 * @return A static string. Threads: no shared state.
 */
const char *ov_status_name(ov_status s);

/* Returns from the calling function unless `expr` is OV_OK. Touches nothing of the caller's. */
#define OV_TRY(expr)                                                                               \
	do {                                                                                       \
		const ov_status ov_try_status_ = (expr);                                           \
		if (ov_try_status_ != OV_OK)                                                       \
			return ov_try_status_;                                                     \
	} while (0)

/*
 * For large scratch that is written before it is read. The build fills all other locals with zeros
 * first, which for kilobytes of it takes longer than the function's own work.
 */
#if defined(__has_attribute)
#if __has_attribute(uninitialized)
#define OV_SCRATCH __attribute__((uninitialized))
#endif
#endif
#ifndef OV_SCRATCH
#define OV_SCRATCH
#endif

/* Tests the magic number at the start of a long-lived struct: OV_TRY(ov_check(w, OV_W_MAGIC)). */
#define ov_check(obj, want) ((obj) != NULL && (obj)->magic == (want) ? OV_OK : OV_BUG)

#endif
