/* One made message body of each kind, for the tests of the wire. */
#ifndef OV_TEST_SAMPLES_H
#define OV_TEST_SAMPLES_H

#include "wire.h"

#define T(s)                                                                                       \
	{                                                                                          \
		.bytes = (s), .length = sizeof(s) - 1                                              \
	}

static const struct overt_text sample_layer[2] = { T("a.zip"), T("b\n\xff.doc") };
static const uint8_t sample_context[4] = { 1, 2, 3, 0 };

static const struct overt_match sample_matches[2] = {
	{ .part = 0,
	  .offset = 5,
	  .length = 7,
	  .context_offset = 1,
	  .context = sample_context,
	  .context_length = 4 },
	{ .part = 3, .offset = 1ULL << 40, .length = 1 },
};

static const struct overt_detection sample_detections[2] = {
	{ .name = T("Doc.Test-1"),
	  .kind = "logical",
	  .source = T("ClamAV daily 1"),
	  .source_is_signed = 1,
	  .line = 77,
	  .rule_text = T("Doc.Test-1;Target:0;0;6161"),
	  .layer = sample_layer,
	  .nlayer = 2,
	  .view = OVERT_VIEW_SCRIPT,
	  .offset = 5,
	  .length = 7,
	  .matches = sample_matches,
	  .nmatches = 2 },
	{ .name = T("x"), .kind = "hash", .source = T(""), .rule_text = T("") },
};

static const struct overt_detection sample_reported[1] = {
	{ .name = T("Overt.Test.Graded"),
	  .kind = "yara",
	  .severity = OVERT_SUSPICIOUS,
	  .source = T("built-in/test.yar"),
	  .rule_text = T("rule r { condition: true }") },
};

static const struct overt_incomplete sample_incompletes[1] = {
	{ .reason = OVERT_LIMIT_RATIO, .layer = sample_layer, .nlayer = 1, .detail = T("bomb") },
};

static const struct overt_verdict sample_verdict = {
	.type = "CL_TYPE_ZIP",
	.size = 1234567890123,
	.has_sha256 = 1,
	.sha256 = { 9, 8, 7 },
	.detections = sample_detections,
	.ndetections = 2,
	.detections_total = 2000,
	.incompletes = sample_incompletes,
	.nincompletes = 1,
	.incompletes_total = 1,
	.reported = sample_reported,
	.nreported = 1,
	.reported_total = 3,
	.error = T(""),
	.yara_said = T("a line\n"),
	.yara_dump = T("{}"),
	.bytes = 99,
	.layers = 4,
	.time_ns = 5,
};

static const struct overt_database_source sample_sources[2] = {
	{ .name = T("main.cvd"),
	  .label = T("ClamAV main 62"),
	  .version = 62,
	  .built = 1,
	  .signatures = 3,
	  .is_signed = 1 },
	{ .name = T("mine.ndb"), .label = T("mine.ndb"), .refused = 2, .skipped = 1 },
};

static const struct overt_database_facts sample_facts = {
	.id = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
	.format_version = 1,
	.bytes = 4096,
	.built = 7,
	.signatures = 8,
	.by_kind = { 0, 1, 2, 3, 4, 5, 6, 7 },
	.allowed = 1,
	.patterns = 2,
	.anchors = 3,
	.always_woken = 4,
	.yara_strings = 5,
	.yara_anchors = 6,
	.yara_always = 1,
	.sources = sample_sources,
	.nsources = 2,
};

static struct ov_str sample_labels[2] = { { "one", 3 }, { "", 0 } };

#endif
