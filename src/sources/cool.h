/*
 * Servers that said "not now" (403, 429, 503): nobody asks them again before the time is over, in
 * this run or a later one, whatever the command line says. A strict text file, "cooldown": lines
 *
 *   <host> <unix seconds> <status>
 */
#ifndef OV_COOL_H
#define OV_COOL_H

#include <stdbool.h>
#include <stdint.h>

#include "status.h"

#define OV_COOL_403 (24 * 3600) /* seconds, as freshclam has them */
#define OV_COOL_429 (4 * 3600)
#define OV_COOL_MAX (7 * 24 * 3600)
#define OV_COOL_HOSTS 128

struct ov_cool {
	struct {
		char host[128];
		uint64_t until;
		unsigned status;
	} v[OV_COOL_HOSTS];
	uint32_t n;
};

/** Reads the file; what is not there, or broken, is empty. Times that are over are left out, and
 * ones further away than OV_COOL_MAX are brought to that. */
OV_MUST_USE ov_status ov_cool_load(const char *folder, uint64_t now, struct ov_cool *out);
OV_MUST_USE ov_status ov_cool_save(const char *folder, const struct ov_cool *c);

/** When the host may be asked again, Unix seconds; 0: now. */
uint64_t ov_cool_until(const struct ov_cool *c, const char *host, uint64_t now, unsigned *status);

/** Notes an answer. @param retry_after  Seconds, as the server said; 0: it did not. @return true
 * when the status asks for a rest. */
bool ov_cool_answer(struct ov_cool *c, const char *host, unsigned status, uint64_t retry_after,
		    uint64_t now);

#endif
