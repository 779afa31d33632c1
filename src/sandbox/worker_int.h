/* The worker's parts: one file for each kind of job. Only worker.c knows the loop. */
#ifndef OV_WORKER_INT_H
#define OV_WORKER_INT_H

#include "engine.h"
#include "gather.h"
#include "record.h"
#include "link.h"
#include "odb.h"
#include "odb_build.h"
#include "wire.h"

#define OV_SOURCES_MAX 4096

struct ov_worker_source {
	struct ov_str name, space; /* the arena's */
	int fd;			   /* -1: the built-in set */
	int text;		   /* of a compiled source, or -1 */
	bool is_from_folder, is_compiled;
};

struct ov_worker {
	struct ov_link link;
	struct ov_wire_setup setup;
	struct ov_arena arena; /* what lives as long as the worker: names of sources */
	struct ov_buf out;     /* the answer being written */
	/* scanning and listing */
	bool has_db;
	struct ov_odb db;
	void *db_map; /* db_bytes of it */
	uint64_t db_bytes;
	struct ov_engine *engine;
	bool counts_costs;
	struct ov_worker_data { /* files for modules of YARA rules, mapped for life */
		struct ov_str module;
		struct ov_cur bytes;
	} data[OVERT_MODULE_DATA_MAX];
	size_t ndata;
	struct ov_cur magic; /* libmagic's database, for the module magic; empty: there is none */
	struct ov_arena scratch; /* lists of one verdict */
	struct ov_scan_options scan;
	uint32_t nscans;
	uint64_t heap; /* bytes, as last measured */
	/* inventory */
	struct ov_ev *ev;
	unsigned nheld; /* descriptors kept for an index */
	/* compiling */
	struct ov_worker_source *sources;
	size_t nsources;
};

/* worker_yara.c: external variables as they were defined, into `a`. */
OV_MUST_USE ov_status ov_worker_defines(struct ov_arena *a, struct ov_str defines,
					struct ov_yara_external **out, size_t *n);
/* The rules that hold, for a verdict. */
OV_MUST_USE ov_status ov_worker_list_rules(struct ov_worker *w, const struct ov_report *r,
					   struct overt_verdict *v);
/* A file that a source includes, asked of the broker. */
struct ov_included {
	struct ov_str path;
	struct ov_included *next;
};
struct ov_includes {
	struct ov_worker *w;
	uint32_t job;
	struct ov_included *first, **tail;
};
OV_MUST_USE ov_status ov_worker_include(struct ov_includes *i, struct ov_str from,
					struct ov_str name, struct ov_cur *bytes,
					struct ov_str *path);
/* worker_compile.c */
OV_MUST_USE ov_status ov_worker_map(int fd, struct ov_cur *out);

/** Sends `w->out` as the answer and empties it. A status other than OV_OK ends the worker: the
 * broker is gone. */
OV_MUST_USE ov_status ov_worker_answer(struct ov_worker *w, enum ov_wire_kind kind, uint32_t job);
OV_MUST_USE ov_status ov_worker_fail(struct ov_worker *w, uint32_t job, ov_status why,
				     const char *text);

/* Each serves one message. The descriptors that came with it are taken, or closed by the caller. */
OV_MUST_USE ov_status ov_worker_data(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_open(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_scan(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_source(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_compile(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_convert(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_list(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_cost(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_facts(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_watch(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_inspect(struct ov_worker *w, struct ov_arrival *m);
OV_MUST_USE ov_status ov_worker_attempt(struct ov_worker *w, struct ov_arrival *m);

#endif
