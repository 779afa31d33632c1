/*
 * YARA sources to an image. Compile side only; scanning code never includes this.
 *
 * Rules are compiled one at a time: parse, check, choose what wakes it, write code. What is wrong
 * with a rule is told with its place, and the rule left out; the others stand.
 */
#ifndef OV_YARA_COMPILE_H
#define OV_YARA_COMPILE_H

#include <stdbool.h>
#include <stdint.h>

#include "buf.h"
#include "yimage.h"
#include "module.h"

struct ov_ycompiler;

struct ov_ydiag {
	struct ov_str file, rule; /* rule: empty outside of one */
	uint32_t line, column;	  /* from 1 */
	const char *why;	  /* what is wrong, and how to mend it */
	bool is_warning;
};

struct ov_yoptions {
	const struct ov_ymodules *modules; /* must outlive the compiler */
	bool is_strict;			   /* where 4.5 and X contradict, as X */
	uint32_t max_strings;		   /* of a rule; 0: 10,000 */
	void (*diag)(void *ctx, const struct ov_ydiag *d);
	/* The bytes of an included file, which must live until the source that includes it is done.
	 * NULL: includes are refused. */
	ov_status (*include)(void *ctx, struct ov_str from, struct ov_str name,
			     struct ov_cur *bytes, struct ov_str *path);
	void *ctx;
};

OV_MUST_USE ov_status ov_ycompiler_new(const struct ov_yoptions *o, struct ov_ycompiler **out);
void ov_ycompiler_free(struct ov_ycompiler **c);

/** Declares an external variable; before sources that use it. A second one of a name replaces the
 * value. @return OV_OK; OV_NOMEM. */
OV_MUST_USE ov_status ov_ycompiler_external(struct ov_ycompiler *c, struct ov_str name,
					    const struct ov_yval *value);

/**
 * Says whether the rules of the sources that follow are graded: each must then have the metadata
 * `severity` (malware, suspicious, unwanted) and `name`, under which it is reported. Metadata of
 * other rules means nothing.
 */
void ov_ycompiler_graded(struct ov_ycompiler *c, bool is_graded);

struct ov_ycount {
	uint64_t rules, refused; /* of this source, includes as well */
};

/**
 * Compiles one source.
 *
 * @param ns      Its namespace: rules of one can name each other.
 * @param source  The caller's number, which each rule keeps.
 * @return OV_OK, with bad rules told; OV_LIMIT; OV_NOMEM.
 */
OV_MUST_USE ov_status ov_ycompiler_add(struct ov_ycompiler *c, struct ov_str ns, struct ov_str file,
				       struct ov_cur bytes, uint32_t source,
				       struct ov_ycount *count);

/**
 * Adds a compiled image, which ov_yimage_open() passed; its rules are verified here. Its namespaces
 * stay its own.
 * @param first_source  Number of its first source from now on; it has `nsources` of them.
 */
OV_MUST_USE ov_status ov_ycompiler_join(struct ov_ycompiler *c, const struct ov_yimage *y,
					uint32_t first_source, uint32_t nsources);

/** Name and source text of a rule. Views until the next rule is added. */
void ov_ycompiler_rule(const struct ov_ycompiler *c, uint32_t rule, struct ov_str *name,
		       struct ov_str *text);
/** Leaves a rule out: it is not reported, and as a global rule it mutes nothing. Rules that name it
 * still can. @return false: it was left out already. */
bool ov_ycompiler_ignore(struct ov_ycompiler *c, uint32_t rule);
bool ov_ycompiler_is_ignored(const struct ov_ycompiler *c, uint32_t rule);

uint32_t ov_ycompiler_rules(const struct ov_ycompiler *c);
/** Number of the source that a rule came from. */
uint32_t ov_ycompiler_source(const struct ov_ycompiler *c, uint32_t rule);

/** Appends the image, once: nothing can be added or asked afterwards. Deterministic. @return OV_OK;
 * OV_LIMIT over 4 GiB; OV_NOMEM. */
OV_MUST_USE ov_status ov_ycompiler_finish(struct ov_ycompiler *c, struct ov_buf *out);

#endif
