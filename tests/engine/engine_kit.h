/* What the engine's tests share: a database out of signature texts, and small ZIP archives made in
 * memory. */
#ifndef OV_ENGINE_KIT_H
#define OV_ENGINE_KIT_H

#include "buf.h"
#include "engine.h"
#include "odb.h"
#include "odb_build.h"

struct kit {
	struct ov_buf image;
	struct ov_odb db;
	struct ov_engine *engine;
	struct ov_scan_options options;
};

struct kit_source {
	const char *name, *text;
};

/* Compiles sources (ends with a NULL name) and makes an engine; fails the test when that fails. */
void kit_open(struct kit *k, const struct kit_source *sources);
void kit_close(struct kit *k);

/* Scans bytes in memory. */
const struct ov_report *kit_scan(struct kit *k, const void *p, size_t n);

/* "name@layer/layer+offset; ...|reason:layer; ..." : a report in one line, for comparing. Static
 * per call site. */
const char *kit_line(const struct ov_report *r, char *out, size_t n);

/* One member of a ZIP to be made. */
struct kit_member {
	const char *name;
	const void *bytes;
	size_t n;
	bool deflate, encrypted;
};

/* Makes a ZIP with a central directory. Free with ov_buf_free. */
void kit_zip(const struct kit_member *m, size_t count, struct ov_buf *out);

#endif
