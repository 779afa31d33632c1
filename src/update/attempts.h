/*
 * What became of a client's checks, so that trouble can grow louder. One strict text file.
 *
 *   overt-attempts/v1
 *   last <unix seconds>      the newest check
 *   good <unix seconds>      the newest that ended well; 0: none
 *   failed <n>               checks since that did not
 *   since <unix seconds>     the first of them; 0: none
 *   window <seconds>         0: a site with network; else how old its bundles may be
 *   error <text>             why the newest failed; "-" when it did not
 */
#ifndef OV_ATTEMPTS_H
#define OV_ATTEMPTS_H

#include "buf.h"
#include "judge.h"

#define OV_ATTEMPTS_ERROR 400

struct ov_attempts {
	uint64_t last, good, failed, since, window;
	char error[OV_ATTEMPTS_ERROR]; /* no control bytes; empty when the newest went well */
};

/** Parses. @return OV_OK; OV_BAD; OV_UNSUPPORTED. */
OV_MUST_USE ov_status ov_attempts_parse(struct ov_str text, struct ov_attempts *out);
OV_MUST_USE ov_status ov_attempts_write(const struct ov_attempts *a, struct ov_buf *out);

/** Reads the file of a client's folder; one that is not there or is damaged is as none. */
void ov_attempts_load(const char *folder, struct ov_attempts *out);
OV_MUST_USE ov_status ov_attempts_save(const char *folder, const struct ov_attempts *a);

/** Adds a check. `error` is cut and cleaned. */
void ov_attempts_add(struct ov_attempts *a, uint64_t now, bool went_well, const char *error);

enum ov_alarm {
	OV_ALARM_NONE = 0,
	OV_ALARM_NOTE,	  /* a check failed; what is here is fresh                      */
	OV_ALARM_LATE,	  /* 6 hours without a proof that anybody vouched for           */
	OV_ALARM_LOUD,	  /* a day                                                      */
	OV_ALARM_LOUDEST, /* a week                                                     */
	OV_ALARMS
};

/**
 * How loud to be.
 * @param floor  The newest time that enough witnesses vouched for what is here, Unix seconds.
 */
enum ov_alarm ov_attempts_alarm(const struct ov_attempts *a, uint64_t floor, uint64_t now);

/** "none", "note", "late", "loud", "loudest". */
const char *ov_alarm_name(enum ov_alarm a);

#endif
