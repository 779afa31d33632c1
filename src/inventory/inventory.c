/* Words, dates and clean text of the inventory's data model. */
#include "inventory.h"

#include <time.h>

#include "record.h"
#include "text.h"

const char *ov_inv_what_name(enum ov_inv_what w)
{
	static const char *const names[OV_WHATS] = {
#define OV_WHAT(sym, name, cyclonedx) name,
#include "what.def"
#undef OV_WHAT
	};

	return (unsigned)w < OV_WHATS ? names[w] : "unknown";
}

const char *ov_inv_what_cyclonedx(enum ov_inv_what w)
{
	static const char *const names[OV_WHATS] = {
#define OV_WHAT(sym, name, cyclonedx) cyclonedx,
#include "what.def"
#undef OV_WHAT
	};

	return (unsigned)w < OV_WHATS ? names[w] : "data";
}

static const char *const kind_names[OV_EV_KINDS] = {
#define OV_EVIDENCE(sym, name) name,
#include "evidence.def"
#undef OV_EVIDENCE
};

const char *ov_inv_kind_name(enum ov_inv_kind k)
{
	return (unsigned)k < OV_EV_KINDS ? kind_names[k] : "unknown";
}

ov_status ov_inv_kind_by_name(struct ov_str name, enum ov_inv_kind *out)
{
	for (unsigned k = 0; k < OV_EV_KINDS; k++)
		if (ov_str_is(name, kind_names[k])) {
			*out = (enum ov_inv_kind)k;
			return OV_OK;
		}
	return OV_BAD;
}

const char *ov_inv_state_name(enum ov_inv_state s)
{
	static const char *const names[OV_STATES] = {
		[OV_STATE_PRESENT] = "present",	  [OV_STATE_FILES_GONE] = "in-DB-files-gone",
		[OV_STATE_DISABLED] = "disabled", [OV_STATE_REMOVED] = "removed",
		[OV_STATE_SHADOWED] = "shadowed", [OV_STATE_NAMED] = "named",
	};

	return (unsigned)s < OV_STATES ? names[s] : "unknown";
}

const char *ov_inv_reason(ov_status why)
{
	switch (why) {
	case OV_SHORT:
	case OV_BAD:
		return "malformed";
	case OV_UNSUPPORTED:
		return "unsupported";
	case OV_ENCRYPTED:
		return "encrypted";
	case OV_LIMIT:
		return "limit";
	case OV_NOMEM:
		return "memory";
	default:
		return "unreadable";
	}
}

enum ov_grade ov_inv_grade(const struct ov_inv_component *c)
{
	enum ov_grade best = OV_E0;

	for (uint32_t i = 0; i < c->nevidence; i++)
		if (c->evidence[i].grade > best)
			best = c->evidence[i].grade;
	return best;
}

ov_status ov_inv_utf8(struct ov_buf *b, struct ov_str s)
{
	while (s.n > 0) {
		size_t run = 0, n;

		while (run < s.n &&
		       (n = ov_utf8_len((struct ov_str){ .p = s.p + run, .n = s.n - run })) > 0)
			run += n;
		OV_TRY(ov_buf_put(b, s.p, run));
		if (run == s.n)
			return OV_OK;
		OV_TRY(ov_buf_str(b, OV_STR("\xef\xbf\xbd")));
		s.p += run + 1;
		s.n -= run + 1;
	}
	return OV_OK;
}

ov_status ov_inv_iso(struct ov_buf *b, int64_t seconds)
{
	const time_t t = (time_t)seconds;
	struct tm tm;

	if (seconds == OV_INV_NO_DATE || gmtime_r(&t, &tm) == NULL || tm.tm_year < -1899 ||
	    tm.tm_year > 8099)
		return OV_OK;
	return ov_buf_fmt(b, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900, tm.tm_mon + 1,
			  tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
}

/* A path pattern holds for the place itself and for all beneath it. */
static bool is_watched_path(struct ov_str pattern, struct ov_str path)
{
	size_t literal = 0;

	while (literal < pattern.n && strchr("*?[\\", pattern.p[literal]) == NULL)
		literal++;
	if (path.n < literal || memcmp(pattern.p, path.p, literal) != 0)
		return false;
	if (literal == pattern.n)
		return path.n == literal || path.p[literal] == '/';
	return ov_text_glob(pattern, path);
}

static struct ov_str name_of(struct ov_str path)
{
	for (size_t i = path.n; i > 0; i--)
		if (path.p[i - 1] == '/')
			return (struct ov_str){ .p = path.p + i, .n = path.n - i };
	return path;
}

bool ov_inv_watches(const struct ov_inv_watch *w, struct ov_str path)
{
	if (w->kind == OV_WATCH_PATH)
		return is_watched_path(ov_rec_relative(w->pattern), path);
	return w->kind == OV_WATCH_FILE_NAME && ov_text_glob(w->pattern, name_of(path));
}
