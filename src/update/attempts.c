#include "attempts.h"

#include <stdio.h>
#include <string.h>

#include "store.h"
#include "text.h"

#define DAY 86400

static ov_status take(struct ov_str *rest, const char *name, struct ov_str *value)
{
	struct ov_str line, w[2];

	if (!ov_text_split(rest, '\n', &line))
		return OV_BAD;
	OV_TRY(ov_lines_words(line, w, 2, true));
	*value = w[1];
	return ov_str_is(w[0], name) ? OV_OK : OV_BAD;
}

static ov_status parse(struct ov_str rest, struct ov_attempts *a)
{
	struct {
		const char *name;
		uint64_t *to;
	} const numbers[] = { { "last", &a->last },
			      { "good", &a->good },
			      { "failed", &a->failed },
			      { "since", &a->since },
			      { "window", &a->window } };
	struct ov_str v;

	if (!ov_text_split(&rest, '\n', &v) || !ov_str_is(v, "overt-attempts/v1"))
		return ov_str_starts(v, OV_STR("overt-attempts/")) ? OV_UNSUPPORTED : OV_BAD;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		OV_TRY(take(&rest, numbers[i].name, &v));
		OV_TRY(ov_lines_u64(v, numbers[i].to));
	}
	OV_TRY(take(&rest, "error", &v));
	if (rest.p != NULL || v.n >= sizeof a->error)
		return OV_BAD;
	for (size_t i = 0; i < v.n; i++)
		if ((unsigned char)v.p[i] < ' ' || v.p[i] == 0x7f)
			return OV_BAD;
	if (!ov_str_is(v, "-"))
		memcpy(a->error, v.p, v.n);
	return OV_OK;
}

ov_status ov_attempts_parse(struct ov_str text, struct ov_attempts *out)
{
	struct ov_attempts a;
	ov_status s;

	memset(&a, 0, sizeof a);
	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return OV_BAD;
	s = parse((struct ov_str){ text.p, text.n - 1 }, &a);
	if (s == OV_OK)
		*out = a;
	return s;
}

ov_status ov_attempts_write(const struct ov_attempts *a, struct ov_buf *out)
{
	return ov_buf_fmt(out,
			  "overt-attempts/v1\nlast %llu\ngood %llu\nfailed %llu\nsince %llu\n"
			  "window %llu\nerror %s\n",
			  (unsigned long long)a->last, (unsigned long long)a->good,
			  (unsigned long long)a->failed, (unsigned long long)a->since,
			  (unsigned long long)a->window, a->error[0] != '\0' ? a->error : "-");
}

void ov_attempts_load(const char *folder, struct ov_attempts *out)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1 << 13);

	memset(out, 0, sizeof *out);
	if (ov_store_read(folder, "attempts", 4096, &b) == OV_OK)
		(void)!ov_attempts_parse(ov_buf_text(&b), out);
}

ov_status ov_attempts_save(const char *folder, const struct ov_attempts *a)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(1 << 13);

	OV_TRY(ov_attempts_write(a, &b));
	return ov_store_write(folder, "attempts", b.p, b.n, false);
}

void ov_attempts_add(struct ov_attempts *a, uint64_t now, bool went_well, const char *error)
{
	a->last = now;
	memset(a->error, 0, sizeof a->error);
	if (went_well) {
		a->good = now;
		a->failed = a->since = 0;
		return;
	}
	if (a->failed == 0)
		a->since = now;
	a->failed++;
	(void)snprintf(a->error, sizeof a->error, "%s", *error != '\0' ? error : "unknown");
	for (char *p = a->error; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = ' ';
}

enum ov_alarm ov_attempts_alarm(const struct ov_attempts *a, uint64_t floor, uint64_t now)
{
	const uint64_t warn = a->window > 0 ? a->window : OV_FRESH_WARN;
	const uint64_t loud = a->window > 0 ? a->window + DAY : OV_FRESH_ALARM;
	const uint64_t loudest = a->window > 0 ? a->window + 7 * DAY : 7 * DAY;
	const uint64_t age = now > floor ? now - floor : 0;

	if (age > loudest)
		return OV_ALARM_LOUDEST;
	if (age > loud)
		return OV_ALARM_LOUD;
	if (age > warn)
		return OV_ALARM_LATE;
	return a->failed > 0 ? OV_ALARM_NOTE : OV_ALARM_NONE;
}

const char *ov_alarm_name(enum ov_alarm a)
{
	static const char *const names[OV_ALARMS] = { "none", "note", "late", "loud", "loudest" };

	return (unsigned)a < OV_ALARMS ? names[a] : "loudest";
}
