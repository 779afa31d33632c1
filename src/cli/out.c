/* Buffered output and the forms of numbers. No stdio: one write(2) for many lines, and its failure
 * is seen. */
#include "out.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "text.h"

#define FLUSH_AT ((size_t)64 * 1024)
#define BUFFER_MAX ((size_t)256 * 1024 * 1024)

void cli_out_open(struct cli_out *o, int fd)
{
	const char *term = getenv("TERM");
	const char *no_color = getenv("NO_COLOR");

	*o = (struct cli_out){ .fd = fd, .buf = ov_buf_of(BUFFER_MAX) };
	o->is_tty = isatty(fd) == 1;
	o->has_color = o->is_tty && (no_color == NULL || *no_color == '\0') && term != NULL &&
		       strcmp(term, "dumb") != 0;
}

void cli_flush(struct cli_out *o)
{
	size_t done = 0;

	while (o->error == 0 && done < o->buf.n) {
		const ssize_t n = write(o->fd, o->buf.p + done, o->buf.n - done);

		if (n > 0)
			done += (size_t)n;
		else if (n < 0 && errno != EINTR)
			o->error = errno;
	}
	o->buf.n = 0;
}

void cli_out_close(struct cli_out *o)
{
	cli_flush(o);
	ov_buf_free(&o->buf);
}

/* Keeps the first failure; writes on once enough has gathered. */
static void settle(struct cli_out *o, ov_status s)
{
	if (s != OV_OK && o->error == 0)
		o->error = ENOMEM;
	if (o->buf.n >= FLUSH_AT)
		cli_flush(o);
}

void cli_raw(struct cli_out *o, struct ov_str s)
{
	if (o->error == 0)
		settle(o, ov_buf_str(&o->buf, s));
}

void cli_put(struct cli_out *o, const char *z)
{
	cli_raw(o, ov_str_of(z));
}

void cli_fmt(struct cli_out *o, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (n < 0)
		settle(o, OV_BUG);
	else
		cli_raw(o, (struct ov_str){ text, (size_t)n < sizeof text ? (size_t)n
									  : sizeof text - 1 });
}

void cli_shown(struct cli_out *o, struct ov_str s)
{
	if (o->error == 0)
		settle(o, ov_text_shown(&o->buf, s));
}

void cli_json(struct cli_out *o, struct ov_str s)
{
	cli_put(o, "\"");
	if (o->error == 0)
		settle(o, ov_text_json(&o->buf, s));
	cli_put(o, "\"");
}

static const char *html_escape(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

/* ov_text_shown first: what is left is valid UTF-8 without control characters, and only markup is
 * to be escaped. */
void cli_html(struct cli_out *o, struct ov_str s)
{
	struct ov_buf shown = ov_buf_of(BUFFER_MAX);
	const ov_status st = ov_text_shown(&shown, s);
	size_t from = 0;

	for (size_t i = 0; i < shown.n; i++) {
		const char *escape = html_escape((char)shown.p[i]);

		if (escape == NULL)
			continue;
		cli_raw(o, (struct ov_str){ (const char *)shown.p + from, i - from });
		cli_put(o, escape);
		from = i + 1;
	}
	if (shown.n > from)
		cli_raw(o, (struct ov_str){ (const char *)shown.p + from, shown.n - from });
	ov_buf_free(&shown);
	settle(o, st);
}

static bool is_plain_in_uri(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c != '\0' && strchr("-._~/", c) != NULL);
}

void cli_uri(struct cli_out *o, struct ov_str path)
{
	if (path.n > 0 && path.p[0] == '/')
		cli_put(o, "file://");
	for (size_t i = 0; i < path.n; i++) {
		if (is_plain_in_uri(path.p[i]))
			cli_raw(o, (struct ov_str){ path.p + i, 1 });
		else
			cli_fmt(o, "%%%02X", (unsigned)(unsigned char)path.p[i]);
	}
}

void cli_style(struct cli_out *o, enum cli_style s)
{
	static const char *const codes[] = { "\033[0m",	   "\033[1m",	 "\033[2m",
					     "\033[1;31m", "\033[1;33m", "\033[32m" };

	if (o->has_color)
		cli_put(o, codes[s]);
}

void cli_pad(struct cli_out *o, size_t n)
{
	static const char spaces[] = "                                ";

	while (n > 0) {
		const size_t step = n < sizeof spaces - 1 ? n : sizeof spaces - 1;

		cli_raw(o, (struct ov_str){ spaces, step });
		n -= step;
	}
}

const char *cli_count(uint64_t v, char to[CLI_NUMBER_MAX])
{
	char digits[CLI_NUMBER_MAX];
	const int n = snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
	size_t k = 0;

	for (int i = 0; i < n; i++) {
		if (i > 0 && (n - i) % 3 == 0)
			to[k++] = ',';
		to[k++] = digits[i];
	}
	to[k] = '\0';
	return to;
}

const char *cli_bytes(uint64_t v, char to[CLI_NUMBER_MAX])
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double d = (double)v;
	size_t u = 0;

	for (; d >= 1023.95 && u + 1 < sizeof units / sizeof *units; u++)
		d /= 1024;
	(void)snprintf(to, CLI_NUMBER_MAX, u == 0 || d >= 99.95 ? "%.0f %s" : "%.1f %s", d,
		       units[u]);
	return to;
}

const char *cli_seconds(double s, char to[CLI_NUMBER_MAX])
{
	const unsigned long long whole = s > 0 ? (unsigned long long)s : 0;

	if (s < 0.9995)
		(void)snprintf(to, CLI_NUMBER_MAX, "%.0f ms", s > 0 ? s * 1000 : 0.0);
	else if (s < 60)
		(void)snprintf(to, CLI_NUMBER_MAX, "%.1f s", s);
	else if (whole < 3600)
		(void)snprintf(to, CLI_NUMBER_MAX, "%llu min %02llu s", whole / 60, whole % 60);
	else
		(void)snprintf(to, CLI_NUMBER_MAX, "%llu h %02llu min", whole / 3600,
			       whole / 60 % 60);
	return to;
}

const char *cli_age(uint64_t then, uint64_t now, char to[CLI_NUMBER_MAX])
{
	const unsigned long long s = now > then ? now - then : 0;

	if (s < 120)
		(void)snprintf(to, CLI_NUMBER_MAX, "just built");
	else if (s < 7200)
		(void)snprintf(to, CLI_NUMBER_MAX, "%llu min old", s / 60);
	else if (s < 172800)
		(void)snprintf(to, CLI_NUMBER_MAX, "%llu h old", s / 3600);
	else
		(void)snprintf(to, CLI_NUMBER_MAX, "%llu days old", s / 86400);
	return to;
}

const char *cli_date(uint64_t unix_seconds, char to[CLI_NUMBER_MAX])
{
	const time_t t = (time_t)unix_seconds;
	struct tm tm;

	if (unix_seconds > 253402300799ULL || gmtime_r(&t, &tm) == NULL ||
	    strftime(to, CLI_NUMBER_MAX, "%Y-%m-%d %H:%M UTC", &tm) == 0)
		(void)snprintf(to, CLI_NUMBER_MAX, "unknown");
	return to;
}
