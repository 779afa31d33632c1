/*
 * How long a file may take: its limit, and on top a millisecond for each 20,000 bytes of it. A scan
 * slower than 20 MB/s is stuck; one of a 50 GB file that takes its minutes is not.
 */
#ifndef OV_PACE_H
#define OV_PACE_H

#include <stdint.h>

#define OV_PACE_BYTES_PER_MS UINT64_C(20000)

/** @param limit_ms  As asked for; 0: none. @param size  Bytes of the file. @return Milliseconds; 0:
 * no limit. */
static inline uint64_t ov_pace_ms(uint64_t limit_ms, uint64_t size)
{
	return limit_ms == 0 ? 0 : limit_ms + size / OV_PACE_BYTES_PER_MS;
}

#endif
