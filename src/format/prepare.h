/* What a program that uses this folder does once, before its jail is closed. */
#ifndef OV_PREPARE_H
#define OV_PREPARE_H

/**
 * Loads what libraries below would open later: the time zone and a UTF-8 locale (of the process).
 * Call once at the start of a program, before its jail is closed and before it has threads.
 */
void ov_format_prepare(void);

#endif
