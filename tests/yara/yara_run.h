/* Rules on bytes in memory, without an engine: what tests of the language need. */
#ifndef YARA_RUN_H
#define YARA_RUN_H

#include "vm.h"
#include "ycompile.h"

struct yara_told { /* what the compiler said, the last complaint last */
	uint32_t n, line, column;
	char rule[128], why[400];
};

/** Compiles a source; what is refused is told. @return the image's bytes, to be freed. */
struct ov_buf yara_compile(const char *source, struct yara_told *told);
struct ov_buf yara_compile_as(const char *source, bool is_strict, uint32_t max_strings,
			      struct yara_told *told);

/** Evaluates all rules of an image; result of the rule `name`. 2: there is no such rule, or it
 * can't be evaluated. @param blind  All strings unknown: what is told before any search. */
enum ov_yresult yara_eval(const struct ov_yimage *y, const void *data, size_t n, const char *name,
			  bool blind, uint64_t steps);

#endif
