/*
 * --format jsonl: one object a file, then the summary. The fields are a contract with other
 * programs: none is renamed, new ones may be added.
 */
#include "report.h"

#include "text.h"

static void detection(struct cli_out *out, const struct overt_detection *d)
{
	cli_put(out, "{\"name\":");
	cli_json(out, cli_str(d->name));
	report_json_severity(out, d);
	cli_put(out, ",\"kind\":");
	cli_json(out, ov_str_of(d->kind));
	cli_put(out, ",\"source\":");
	cli_json(out, cli_str(d->source));
	cli_put(out, ",\"layer\":");
	report_json_layer(out, d->layer, d->nlayer);
	report_json_view(out, d);
	cli_fmt(out, ",\"offset\":%llu,\"length\":%llu}", (unsigned long long)d->offset,
		(unsigned long long)d->length);
}

static void incomplete(struct cli_out *out, const struct overt_incomplete *i)
{
	cli_put(out, "{\"reason\":");
	cli_json(out, ov_str_of(overt_reason_name(i->reason)));
	cli_put(out, ",\"layer\":");
	report_json_layer(out, i->layer, i->nlayer);
	cli_put(out, ",\"detail\":");
	cli_json(out, cli_str(i->detail));
	cli_put(out, "}");
}

static void lists(struct cli_out *out, const struct overt_verdict *v)
{
	cli_put(out, ",\"detections\":[");
	for (size_t i = 0; v != NULL && i < v->ndetections; i++) {
		if (i > 0)
			cli_put(out, ",");
		detection(out, &v->detections[i]);
	}
	cli_put(out, "]");
	if (v != NULL && v->nreported > 0) {
		cli_put(out, ",\"reported\":[");
		for (size_t i = 0; i < v->nreported; i++) {
			if (i > 0)
				cli_put(out, ",");
			detection(out, &v->reported[i]);
		}
		cli_put(out, "]");
	}
	cli_put(out, ",\"incomplete\":[");
	for (size_t i = 0; v != NULL && i < v->nincompletes; i++) {
		if (i > 0)
			cli_put(out, ",");
		incomplete(out, &v->incompletes[i]);
	}
	cli_put(out, "]");
}

static void file(struct report *r, const struct run_file *f)
{
	struct cli_out *out = r->out;
	const struct overt_verdict *v = f->verdict;

	if (f->kind == WALK_SKIPPED)
		return;
	cli_put(out, "{\"path\":");
	cli_json(out, f->path);
	cli_fmt(out, ",\"verdict\":\"%s\"", overt_verdict_kind_name(run_kind(f)));
	if (v != NULL && v->type != NULL) {
		cli_put(out, ",\"type\":");
		cli_json(out, ov_str_of(v->type));
		cli_fmt(out, ",\"size\":%llu",
			(unsigned long long)(v->size > 0 ? v->size : f->size));
	} else {
		cli_put(out, ",\"type\":null,\"size\":null");
	}
	if (v != NULL && v->has_sha256) {
		char hex[65];

		ov_hex_encode(v->sha256, sizeof v->sha256, hex);
		cli_fmt(out, ",\"sha256\":\"%s\"", hex);
	}
	lists(out, v);
	if (run_kind(f) == OVERT_ERROR) {
		cli_put(out, ",\"error\":");
		cli_json(out, f->error);
	}
	cli_fmt(out, ",\"ms\":%.3f}\n", v != NULL ? (double)v->time_ns / 1e6 : 0.0);
}

static void end(struct report *r, const struct run_counts *n, const char *failure)
{
	const struct overt_database_info *d = r->database;

	(void)failure; /* on the error output and in the exit code */
	cli_fmt(r->out,
		"{\"summary\":{\"files\":%llu,\"bytes\":%llu,\"detected\":%llu,\"incomplete\":%llu,"
		"\"errors\":%llu,\"seconds\":%.3f,\"database\":{\"id\":\"%s\",\"signatures\":%llu,"
		"\"built\":%llu}}}\n",
		(unsigned long long)n->files, (unsigned long long)n->bytes,
		(unsigned long long)n->detected, (unsigned long long)n->incomplete,
		(unsigned long long)n->errors, n->seconds, d->id, (unsigned long long)d->signatures,
		(unsigned long long)d->built);
}

static void begin(struct report *r)
{
	(void)r; /* the first line is the first file's */
}

const struct report_form report_jsonl = { "jsonl", false, begin, file, end };
