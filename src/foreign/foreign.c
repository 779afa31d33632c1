#include "foreign_int.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "odb_build.h"
#include "text.h"

ov_status ov_foreign_fail(struct ov_foreign_job *j, ov_status s, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(j->error, sizeof j->error, fmt, ap);
	va_end(ap);
	return s;
}

void ov_foreign_tell(const struct ov_foreign_job *j, struct ov_str file, uint64_t line,
		     const char *why, bool is_skipped)
{
	if (j->told != NULL)
		j->told(j->ctx, file, line, why, is_skipped);
}

struct ov_str ov_foreign_argument(const struct ov_foreign_job *j, const char *key)
{
	struct ov_str rest = j->arguments, line, word;

	while (ov_text_split(&rest, '\n', &line))
		if (ov_text_split(&line, ' ', &word) && ov_str_is(word, key))
			return line;
	return OV_STR("");
}

const struct ov_foreign_input *ov_foreign_input(const struct ov_foreign_job *j, const char *head,
						struct ov_str *rest)
{
	const struct ov_str h = ov_str_of(head);

	for (size_t i = 0; i < j->ninputs; i++) {
		const struct ov_foreign_input *in = &j->inputs[i];

		if (!ov_str_starts(in->name, h))
			continue;
		if (rest != NULL)
			*rest = (struct ov_str){ in->name.p + h.n, in->name.n - h.n };
		return in;
	}
	return NULL;
}

const struct ov_foreign_input *ov_foreign_numbered(const struct ov_foreign_job *j, const char *head,
						   uint64_t n)
{
	char name[64];

	(void)snprintf(name, sizeof name, "%s%llu", head, (unsigned long long)n);
	for (size_t i = 0; i < j->ninputs; i++)
		if (ov_str_is(j->inputs[i].name, name))
			return &j->inputs[i];
	return NULL;
}

/* A name that can stand in a folder of ours, whatever the archive called it. The end of a long one
 * is kept: it says what it is. */
static size_t fit_name(struct ov_str s, char to[OV_FOREIGN_NAME_MAX + 1])
{
	const size_t room = OV_FOREIGN_NAME_MAX - 8; /* for what makes it unique */
	size_t n = 0;

	if (s.n > room) {
		s.p += s.n - room;
		s.n = room;
	}
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		const bool fits = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				  (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';

		to[n] = !fits || (n == 0 && (c == '.' || c == '-')) ? '_' : c;
		n++;
	}
	if (n == 0)
		to[n++] = '_';
	to[n] = '\0';
	return n;
}

/* Is a file of that name there already? The names stand in the output's own heads. */
static bool is_taken(const struct ov_buf *out, const char *name)
{
	struct ov_cur c = ov_buf_cur(out);
	struct ov_str line, word;
	uint64_t n;

	while (ov_cur_line(&c, &line) == OV_OK) {
		if (!ov_text_split(&line, ' ', &word))
			return false;
		if (ov_str_is(word, name))
			return true;
		if (!ov_text_split(&line, ' ', &word) || ov_text_u64(word, &n) != OV_OK ||
		    ov_cur_skip(&c, n) != OV_OK)
			return false;
	}
	return false;
}

ov_status ov_foreign_put(struct ov_foreign_job *j, struct ov_foreign_result *r, struct ov_str name,
			 struct ov_cur bytes)
{
	char fit[OV_FOREIGN_NAME_MAX + 1], unique[OV_FOREIGN_NAME_MAX + 16];
	const size_t n = fit_name(name, fit);
	const bool is_read = ov_odb_reads_name((struct ov_str){ fit, n });

	if (r->files == OV_FOREIGN_FILES)
		return ov_foreign_fail(j, OV_LIMIT, "more than %d files come out of it",
				       OV_FOREIGN_FILES);
	(void)snprintf(unique, sizeof unique, "%s", fit);
	for (unsigned i = 2; is_taken(j->out, unique); i++) /* at most OV_FOREIGN_FILES turns */
		(void)snprintf(unique, sizeof unique, "%u-%s", i, fit);
	OV_TRY(ov_buf_fmt(j->out, "%s %zu %d\n", unique, ov_cur_left(&bytes), is_read));
	OV_TRY(ov_buf_put(j->out, ov_cur_rest(&bytes), ov_cur_left(&bytes)));
	r->files++;
	r->is_readable = r->is_readable || is_read;
	return OV_OK;
}

/* "cvd <hex> <exponent>" */
static ov_status key_line(struct ov_foreign_keys *k, struct ov_str line)
{
	struct ov_str what, hex, rest = line;
	uint32_t exponent;
	uint8_t *to;
	size_t size, n;

	if (!ov_text_split(&rest, ' ', &what) || !ov_text_split(&rest, ' ', &hex) ||
	    ov_text_u32(rest, UINT32_MAX, &exponent) != OV_OK || exponent < 3)
		return OV_BAD;
	to = ov_str_is(what, "cvd") ? k->cvd.modulus : k->pss.modulus;
	size = ov_str_is(what, "cvd") ? sizeof k->cvd.modulus : sizeof k->pss.modulus;
	if ((!ov_str_is(what, "cvd") && !ov_str_is(what, "pss")) ||
	    ov_hex_decode(hex, to, size, &n) != OV_OK || n != size)
		return OV_BAD;
	*(ov_str_is(what, "cvd") ? &k->cvd.exponent : &k->pss.exponent) = exponent;
	return OV_OK;
}

ov_status ov_foreign_keys(struct ov_foreign_job *j, struct ov_foreign_keys *out)
{
	const struct ov_foreign_input *in = ov_foreign_input(j, "keys:", NULL);
	struct ov_cur c;
	struct ov_str line;

	*out = (struct ov_foreign_keys){ .cvd = *ov_cvd_key_clamav(), .pss = *ov_cvd_pss_clamav() };
	if (in == NULL)
		return OV_OK;
	memset(&out->cvd, 0, sizeof out->cvd); /* another's: ClamAV's then count no more */
	memset(&out->pss, 0, sizeof out->pss);
	out->are_own = true;
	c = in->bytes;
	while (ov_cur_line(&c, &line) == OV_OK)
		if (line.n > 0 && line.p[0] != '#' && key_line(out, line) != OV_OK)
			return ov_foreign_fail(j, OV_BAD,
					       "a line of the key file is neither \"cvd\" nor "
					       "\"pss\" with modulus and exponent");
	return OV_OK;
}

ov_status ov_foreign_run(struct ov_foreign_job *j, struct ov_foreign_result *out)
{
	struct ov_foreign_result r = { .files = 0 };
	ov_status s;

	j->error[0] = '\0';
	switch (j->kind) {
	case OV_FOREIGN_CONTAINER:
		s = ov_foreign_container(j, &r);
		break;
	case OV_FOREIGN_PATCH:
		s = ov_foreign_patch(j, &r);
		break;
	case OV_FOREIGN_HASHES:
		s = ov_foreign_hashes(j, &r);
		break;
	case OV_FOREIGN_RULES:
		s = ov_foreign_rules(j, &r);
		break;
	default:
		s = OV_BUG;
	}
	if (s != OV_OK && j->error[0] == '\0')
		(void)ov_foreign_fail(j, s, "%s",
				      s == OV_LIMIT		     ? "it is larger than it can be"
				      : s == OV_SHORT || s == OV_BAD ? "it is cut short or broken"
								     : ov_status_name(s));
	*out = r;
	return s;
}
