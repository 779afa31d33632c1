/*
 * The whole engine on one hostile file: type, formats, codecs, carving, matching, heuristics
 * (structured data among them), report.
 *
 * Claims: a scan always ends in a report; kept lists agree with counts; a match in the file itself
 * lies inside it; and the same bytes give the same report twice (no state leaks from one scan into
 * the next).
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine.h"
#include "odb.h"
#include "odb_build.h"

static const char rules[] = "F.Text:0:*:6f76657274??7465{2-8}73\n"
			    "F.Pe:1:EP+0:5589e5*c3\n"
			    "F.Elf:6:S1+0:31??[1-4]89\n"
			    "F.End:0:EOF-8,4:(61|62)63\n"
			    "F.Zero:0:*:0000000001\n";

struct fixture {
	struct ov_buf image;
	struct ov_odb db;
	struct ov_engine *engine;
};

static struct fixture *make(void)
{
	const struct ov_build_options o = { .max_memory = (uint64_t)64 << 20, .flevel_max = 255 };
	struct fixture *f = calloc(1, sizeof *f);
	struct ov_odb_builder *b = NULL;
	struct ov_build_stats stats;
	const char *why;

	if (f == NULL || ov_odb_builder_new(&o, &b) != OV_OK)
		abort();
	f->image = ov_buf_of((size_t)64 << 20);
	if (ov_odb_builder_add(b, OV_STR("f.ndb"), ov_cur_of(rules, sizeof rules - 1)) != OV_OK ||
	    ov_odb_builder_finish(b, &f->image, &stats) != OV_OK ||
	    ov_odb_open(ov_buf_cur(&f->image), &f->db, &why) != OV_OK ||
	    ov_engine_new(&f->db, &f->engine) != OV_OK)
		abort();
	ov_odb_builder_free(&b);
	return f;
}

static uint64_t check(const struct ov_report *r, size_t n)
{
	uint64_t sum = r->layers * 31 + r->bytes;
	uint32_t listed = 0;

	for (const struct ov_report_detection *d = r->detections; d != NULL;
	     d = d->next, listed++) {
		if (d->nlayer == 0 && (d->off > n || d->len > n - d->off))
			abort();
		sum = sum * 31 + d->off + d->nlayer;
	}
	if (listed > r->ndetections)
		abort();
	listed = 0;
	for (const struct ov_report_incomplete *i = r->incompletes; i != NULL;
	     i = i->next, listed++)
		sum = sum * 31 + (uint64_t)i->reason + i->nlayer;
	if (listed > r->nincompletes || (r->nincompletes > 0 && listed == 0))
		abort();
	return sum;
}

/* The last bytes choose what is looked for and what is not opened: of most inputs, all and nothing.
 */
static void set_switches(struct ov_scan_options *o, const uint8_t *p, size_t n)
{
	o->alerts = UINT64_MAX;
	if (n < 8 || p[n - 1] % 4 != 0)
		return;
	o->alerts = (uint64_t)p[n - 2] << 8 | p[n - 3];
	o->features_off = (uint64_t)p[n - 4] << 8 | p[n - 5];
	o->no_archives = (p[n - 6] & 1) != 0;
	o->heuristics_first = (p[n - 6] & 2) != 0;
	o->cards_only = (p[n - 6] & 4) != 0;
	o->ssn_formats = p[n - 6] >> 3 & 3;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct fixture *f; /* one engine for all inputs, as in a worker */
	struct ov_scan_options o = {
		.all_matches = true, .want_context = true, .min_cards = 1, .min_ssns = 1
	};
	const struct ov_src src = ov_src_mem(data, size);
	const struct ov_report *r = NULL;
	uint64_t first;

	if (f == NULL)
		f = make();
	set_switches(&o, data, size);
	ov_limits_default(&o.limits);
	o.limits.max_total = (uint64_t)16 << 20;
	o.limits.max_kept = (uint64_t)2 << 20;
	o.limits.max_files = 200;
	o.limits.max_time_ms = 0; /* the clock would make two runs differ */
	if (ov_engine_scan(f->engine, &src, &o, &r) != OV_OK)
		abort();
	first = check(r, size);
	if (ov_engine_scan(f->engine, &src, &o, &r) != OV_OK || check(r, size) != first)
		abort();
	return 0;
}
