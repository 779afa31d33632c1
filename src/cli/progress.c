/* The progress line. Its width is that of the terminal: a longer path loses its middle. */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "text.h"

#define EVERY_MS 100
#define FIRST_MS 300 /* short scans show nothing */

void progress_init(struct progress *p, const struct cli_out *out, struct cli_out *err,
		   bool is_wanted)
{
	*p = (struct progress){ .out = err, .is_on = is_wanted && out->is_tty && err->is_tty };
	p->from_ms = cli_now_ms();
}

void progress_clear(struct progress *p)
{
	if (!p->is_drawn)
		return;
	cli_put(p->out, "\r\033[K");
	cli_flush(p->out);
	p->is_drawn = false;
}

static size_t columns(int fd)
{
	struct winsize w;

	if (ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 20)
		return w.ws_col;
	return 80;
}

/* Appends the last `room` columns of `s`, cut between characters. Wide characters may cost a wrong
 * column: the line is cleared as a whole anyway. */
static void put_columns(struct cli_out *out, struct ov_str s, size_t room)
{
	size_t n = 0, at;

	for (size_t i = 0; i < s.n; i++)
		n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
	if (n > room) {
		size_t drop = n - room + 1;

		for (at = 0; at < s.n && drop > 0; at++)
			drop -= at + 1 < s.n && ((unsigned char)s.p[at + 1] & 0xc0) != 0x80;
		cli_put(out, "…");
		s.p += at;
		s.n -= at;
	}
	cli_raw(out, s);
}

void progress_draw(struct progress *p, const struct run_counts *n, struct ov_str path)
{
	const uint64_t now = cli_now_ms();
	const uint64_t ms = now - p->from_ms;
	char files[CLI_NUMBER_MAX], bytes[CLI_NUMBER_MAX], rate[CLI_NUMBER_MAX], left[160];
	struct ov_buf shown = ov_buf_of((size_t)1 << 24);
	size_t width;
	int used;

	if (!p->is_on || ms < FIRST_MS || (p->is_drawn && now - p->drawn_ms < EVERY_MS))
		return;
	p->drawn_ms = now;
	p->is_drawn = true;
	width = columns(p->out->fd) - 1;
	used = snprintf(left, sizeof left, "  %s files, %s, %s/s, %llu found  ",
			cli_count(n->files, files), cli_bytes(n->bytes, bytes),
			cli_bytes(n->bytes * 1000 / (ms > 0 ? ms : 1), rate),
			(unsigned long long)n->detections);
	cli_put(p->out, "\r\033[K");
	if (used > 0 && (size_t)used + 10 < width && ov_text_shown(&shown, path) == OV_OK) {
		cli_put(p->out, left);
		cli_style(p->out, CLI_DIM);
		put_columns(p->out, ov_buf_text(&shown), width - (size_t)used);
		cli_style(p->out, CLI_PLAIN);
	}
	ov_buf_free(&shown);
	cli_flush(p->out);
}
