/*
 * --format sarif: SARIF 2.1.0 (OASIS, 2020-03-27), one run. Results stream, so `results` stands
 * before the end of the run. What was not scanned is a result too (ruleId "overt/encrypted" and
 * kin, level "warning"): a reader that lists results must not take it for clean. Clean files give
 * nothing.
 */
#include "report.h"

#include "overt/version.h"

static void next_result(struct report *r)
{
	cli_put(r->out, r->shown++ == 0 ? "\n" : ",\n");
}

static void message(struct cli_out *out, const char *before, struct ov_str text, const char *after)
{
	struct ov_buf b = ov_buf_of((size_t)16 * 1024 * 1024);
	ov_status s = ov_buf_str(&b, ov_str_of(before));

	if (s == OV_OK)
		s = ov_buf_str(&b, text);
	if (s == OV_OK)
		s = ov_buf_str(&b, ov_str_of(after));
	cli_put(out, ",\"message\":{\"text\":");
	cli_json(out, s == OV_OK ? ov_buf_text(&b) : text);
	cli_put(out, "}");
	ov_buf_free(&b);
}

static void logical(struct cli_out *out, const struct overt_text *layer, size_t nlayer)
{
	cli_put(out, ",\"logicalLocations\":[");
	for (size_t i = 0; i < nlayer; i++) {
		cli_put(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		cli_json(out, cli_str(layer[i]));
		cli_put(out, ",\"kind\":\"member\"");
		if (i > 0)
			cli_fmt(out, ",\"parentIndex\":%zu", i - 1);
		cli_put(out, "}");
	}
	cli_put(out, "]");
}

/* A region counts bytes of the artifact; inside a layer or view the offset goes to `properties`. */
static void location(struct cli_out *out, const struct run_file *f, const struct overt_text *layer,
		     size_t nlayer, const struct overt_detection *d)
{
	cli_put(out, ",\"locations\":[{\"physicalLocation\":{\"artifactLocation\":{\"uri\":\"");
	if (f->is_stdin)
		cli_put(out, "stdin:");
	else
		cli_uri(out, f->path);
	cli_put(out, "\"}");
	if (d != NULL && nlayer == 0 && d->view == OVERT_VIEW_BYTES)
		cli_fmt(out, ",\"region\":{\"byteOffset\":%llu,\"byteLength\":%llu}",
			(unsigned long long)d->offset, (unsigned long long)d->length);
	cli_put(out, "}");
	if (nlayer > 0)
		logical(out, layer, nlayer);
	cli_put(out, "}]");
}

/* What counts as found is an error; what is told beside it says itself how bad it is. */
static void detection(struct report *r, const struct run_file *f, const struct overt_detection *d,
		      bool counts)
{
	struct cli_out *out = r->out;

	next_result(r);
	cli_put(out, "{\"ruleId\":");
	cli_json(out, cli_str(d->name));
	cli_fmt(out, ",\"level\":\"%s\"",
		counts				? "error"
		: d->severity == OVERT_UNWANTED ? "note"
						: "warning");
	message(out, counts ? "Found " : "Reported, not a detection: ", cli_str(d->name), ".");
	location(out, f, d->layer, d->nlayer, d);
	cli_put(out, ",\"properties\":{\"kind\":");
	cli_json(out, ov_str_of(d->kind));
	report_json_severity(out, d);
	cli_put(out, ",\"source\":");
	cli_json(out, cli_str(d->source));
	cli_put(out, ",\"layer\":");
	report_json_layer(out, d->layer, d->nlayer);
	report_json_view(out, d);
	cli_fmt(out, ",\"offset\":%llu,\"length\":%llu}}", (unsigned long long)d->offset,
		(unsigned long long)d->length);
}

static void incomplete(struct report *r, const struct run_file *f, const struct overt_incomplete *i)
{
	next_result(r);
	cli_fmt(r->out, "{\"ruleId\":\"overt/%s\",\"level\":\"warning\"",
		overt_reason_name(i->reason));
	message(r->out, "Not fully scanned: ", ov_str_of(report_reason_words(i->reason)), ".");
	location(r->out, f, i->layer, i->nlayer, NULL);
	cli_put(r->out, ",\"properties\":{\"layer\":");
	report_json_layer(r->out, i->layer, i->nlayer);
	cli_put(r->out, ",\"detail\":");
	cli_json(r->out, cli_str(i->detail));
	cli_put(r->out, "}}");
}

static void file(struct report *r, const struct run_file *f)
{
	const struct overt_verdict *v = f->verdict;

	if (f->kind == WALK_SKIPPED)
		return;
	if (run_kind(f) == OVERT_ERROR) {
		next_result(r);
		cli_put(r->out, "{\"ruleId\":\"overt/error\",\"level\":\"warning\"");
		message(r->out, "Could not be scanned: ", f->error, ".");
		location(r->out, f, NULL, 0, NULL);
		cli_put(r->out, "}");
		return;
	}
	for (size_t i = 0; v != NULL && i < v->ndetections; i++)
		detection(r, f, &v->detections[i], true);
	for (size_t i = 0; v != NULL && i < v->nreported; i++)
		detection(r, f, &v->reported[i], false);
	for (size_t i = 0; v != NULL && i < v->nincompletes; i++)
		incomplete(r, f, &v->incompletes[i]);
}

static void begin(struct report *r)
{
	cli_put(
	    r->out,
	    "{\"$schema\":\"https://json.schemastore.org/sarif-2.1.0.json\",\"version\":\"2.1.0\","
	    "\"runs\":[{\"tool\":{\"driver\":{\"name\":\"overt\",\"semanticVersion\":"
	    "\"" OVERT_VERSION "\",\"rules\":[");
	for (int i = 0; i < OVERT_REASON_COUNT; i++) {
		cli_fmt(r->out,
			"{\"id\":\"overt/%s\",\"shortDescription\":{\"text\":\"Not fully scanned: "
			"%s\"}},",
			overt_reason_name((enum overt_reason)i),
			report_reason_words((enum overt_reason)i));
	}
	cli_put(
	    r->out,
	    "{\"id\":\"overt/error\",\"shortDescription\":{\"text\":\"Could not be scanned\"}}]}},"
	    "\"results\":[");
}

static void end(struct report *r, const struct run_counts *n, const char *failure)
{
	struct cli_out *out = r->out;

	cli_fmt(out, "%s],\"invocations\":[{\"executionSuccessful\":%s,\"exitCode\":%d",
		r->shown > 0 ? "\n" : "",
		failure == NULL && n->errors == 0 && n->signal == 0 ? "true" : "false",
		failure != NULL && n->detected == 0 ? CLI_FAILED : run_exit_code(n));
	if (failure != NULL) {
		cli_put(out, ",\"toolExecutionNotifications\":[{\"level\":\"error\"");
		message(out, "Stopped: ", ov_str_of(failure), "");
		cli_put(out, "}]");
	}
	cli_fmt(out,
		"}],\"properties\":{\"files\":%llu,\"bytes\":%llu,\"detected\":%llu,\"incomplete\":"
		"%llu,"
		"\"errors\":%llu,\"seconds\":%.3f,\"database\":{\"id\":\"%s\",\"signatures\":%llu,"
		"\"built\":%llu}}}]}\n",
		(unsigned long long)n->files, (unsigned long long)n->bytes,
		(unsigned long long)n->detected, (unsigned long long)n->incomplete,
		(unsigned long long)n->errors, n->seconds, r->database->id,
		(unsigned long long)r->database->signatures,
		(unsigned long long)r->database->built);
}

const struct report_form report_sarif = { "sarif", true, begin, file, end };
