/* Clocks, and the number of processors this process may use. */
#ifndef OV_CLOCK_H
#define OV_CLOCK_H

#include <stdint.h>

/** Nanoseconds since some fixed point; never goes back, whatever happens to the date. */
uint64_t ov_clock_ns(void);

/** The same in milliseconds. */
uint64_t ov_clock_ms(void);

/** Processor time of this process (user and system), nanoseconds. */
uint64_t ov_clock_cpu_ns(void);

/** Processors that this process may run on, at least 1. */
unsigned ov_cpu_count(void);

#endif
