/* The hexdump of `overt explain`. */
#include "hexdump.h"

#define ROW 16

struct dump {
	struct cli_out *out;
	const uint8_t *p;
	size_t n;
	uint64_t at, mark, marked;
};

static bool is_marked(const struct dump *d, uint64_t offset)
{
	return offset >= d->mark && offset - d->mark < d->marked;
}

static bool has_byte(const struct dump *d, uint64_t offset)
{
	return offset >= d->at && offset - d->at < d->n;
}

/* What stands before byte `i` of a row (or after its last one): a bracket where the marked bytes
 * begin or end. */
static char border(const struct dump *d, uint64_t row, unsigned i)
{
	const bool before = i > 0 && has_byte(d, row + i - 1) && is_marked(d, row + i - 1);
	const bool after = i < ROW && has_byte(d, row + i) && is_marked(d, row + i);

	if (before == after)
		return ' ';
	return after ? '[' : ']';
}

static void hex_column(const struct dump *d, uint64_t row)
{
	for (unsigned i = 0; i < ROW; i++) {
		const char c = border(d, row, i);

		if (i == ROW / 2) /* the gap between the halves lies outside of the bracket */
			cli_fmt(d->out, c == ']' ? "%c " : " %c", c);
		else
			cli_fmt(d->out, "%c", c);
		if (!has_byte(d, row + i)) {
			cli_put(d->out, "  ");
			continue;
		}
		if (is_marked(d, row + i))
			cli_style(d->out, CLI_RED);
		cli_fmt(d->out, "%02x", d->p[row + i - d->at]);
		if (is_marked(d, row + i))
			cli_style(d->out, CLI_PLAIN);
	}
	cli_fmt(d->out, "%c ", border(d, row, ROW));
}

static void letter_column(const struct dump *d, uint64_t row)
{
	cli_put(d->out, "|");
	for (unsigned i = 0; i < ROW; i++) {
		const uint8_t c = has_byte(d, row + i) ? d->p[row + i - d->at] : ' ';
		const bool marked = has_byte(d, row + i) && is_marked(d, row + i);

		if (marked)
			cli_style(d->out, CLI_RED);
		cli_fmt(d->out, "%c", c >= 0x20 && c < 0x7f ? c : '.');
		if (marked)
			cli_style(d->out, CLI_PLAIN);
	}
	cli_put(d->out, "|\n");
}

void hexdump(struct cli_out *out, size_t indent, const uint8_t *p, size_t n, uint64_t at,
	     uint64_t mark, uint64_t marked)
{
	const struct dump d = { out, p, n, at, mark, marked };

	if (n == 0 || at > UINT64_MAX - n - ROW)
		return;
	for (uint64_t row = at - at % ROW; row < at + n; row += ROW) {
		cli_pad(out, indent);
		cli_fmt(out, "%08llx ", (unsigned long long)row);
		hex_column(&d, row);
		letter_column(&d, row);
	}
}
