/* Clocks and processors. */
#include "clock.h"

#include <sched.h>
#include <time.h>

static uint64_t read_clock(clockid_t which)
{
	struct timespec t = { .tv_sec = 0 };

	(void)clock_gettime(which, &t); /* can't fail for these clocks */
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

uint64_t ov_clock_ns(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

uint64_t ov_clock_ms(void)
{
	return ov_clock_ns() / 1000000U;
}

uint64_t ov_clock_cpu_ns(void)
{
	return read_clock(CLOCK_PROCESS_CPUTIME_ID);
}

unsigned ov_cpu_count(void)
{
	cpu_set_t set;
	int n = 0;

	CPU_ZERO(&set);
	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = CPU_COUNT(&set);
	return n > 0 ? (unsigned)n : 1;
}
