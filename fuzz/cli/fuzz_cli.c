/*
 * What the command line makes of hostile bytes. The first byte chooses; each part claims something:
 *
 *   0  verdicts with hostile names in every form: text and html hold no control character but line
 * ends, jsonl and sarif are pure printable ASCII or UTF-8 with balanced quotes, and a jsonl object
 * is one line 1  the saved list of findings: an entry that is given was asked for, and lies inside
 * the list 2  the option parser on any words: each word is used once at most, and messages hold no
 * escape codes 3  a list of paths from a file: pieces hold no separator and together are no longer
 * than the list 4  the hexdump: as many lines as the range has rows
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hexdump.h"
#include "last.h"
#include "operands.h"
#include "report.h"

#define PART_MAX 3000

static void claim(int good)
{
	if (!good)
		abort();
}

static int is_control(uint8_t c)
{
	return c < 0x20 || c == 0x7f;
}

static struct overt_text take_text(struct ov_cur *c)
{
	const uint8_t n = ov_cur_soft_u8(c);
	struct ov_cur part;

	if (ov_cur_take(c, n, &part) != OV_OK)
		return (struct overt_text){ "", 0 };
	return (struct overt_text){ (const char *)part.base, part.len };
}

static void print(const struct report_form *form, struct report *r, const struct run_file *f)
{
	struct run_counts n = { .files = 1, .detected = 1, .detections = 2, .seconds = 1 };

	r->shown = 0;
	r->out->buf.n = 0;
	form->begin(r);
	form->file(r, f);
	form->end(r, &n, NULL);
	for (size_t i = 0; i < r->out->buf.n; i++)
		claim(!is_control(r->out->buf.p[i]) || r->out->buf.p[i] == '\n');
}

static void verdicts(struct ov_cur c)
{
	struct overt_text layers[2] = { take_text(&c), take_text(&c) };
	const struct overt_detection d = { .name = take_text(&c),
					   .kind = "body",
					   .source = take_text(&c),
					   .layer = layers,
					   .nlayer = 2,
					   .offset = ov_cur_soft_u64le(&c) };
	const struct overt_incomplete i = { .reason = (enum overt_reason)(ov_cur_soft_u8(&c) %
									  OVERT_REASON_COUNT),
					    .layer = layers,
					    .nlayer = 1,
					    .detail = take_text(&c) };
	const struct overt_verdict v = { .kind = OVERT_DETECTED,
					 .type = "CL_TYPE_ANY",
					 .detections = &d,
					 .ndetections = 1,
					 .detections_total = 2,
					 .incompletes = &i,
					 .nincompletes = 1,
					 .incompletes_total = 3 };
	const struct overt_text path = take_text(&c);
	const struct run_file f = {
		.kind = WALK_FILE, .path = cli_str(path), .verdict = &v, .number = 1
	};
	const struct run_file e = { .kind = WALK_ERROR,
				    .path = cli_str(path),
				    .error = cli_str(d.name) };
	const struct overt_database_info info = { .signatures = 1 };
	struct cli_out out;
	struct report r = { .out = &out,
			    .database = &info,
			    .command_line = "overt",
			    .is_verbose = true,
			    .can_explain = true };
	size_t lines = 0;

	cli_out_open(&out, -1);
	print(&report_text, &r, &f);
	print(&report_html, &r, &f);
	print(&report_sarif, &r, &f);
	print(&report_sarif, &r, &e);
	print(&report_jsonl, &r, &e);
	print(&report_jsonl, &r, &f);
	for (size_t k = 0; k < out.buf.n; k++)
		lines += out.buf.p[k] == '\n';
	claim(lines == 2); /* the file and the summary */
	ov_buf_free(&out.buf);
}

static void saved_list(const uint8_t *p, size_t n)
{
	const uint64_t number = n > 0 ? p[0] % 4 : 0;
	struct last_list l = { .text = ov_buf_of((size_t)1 << 20) };
	struct last_entry e;
	size_t left = n > 0 ? n - 1 : 0;

	if (ov_buf_put(&l.text, "overt-last-scan\t1\n", 18) == OV_OK &&
	    ov_buf_put(&l.text, n > 0 ? p + 1 : p, left) == OV_OK &&
	    ov_buf_u8(&l.text, 0) == OV_OK && last_parse(&l, number, &e) == OV_OK) {
		claim(e.number == number && e.nlayer <= LAST_LAYERS_MAX);
		claim(e.path.p >= (const char *)l.text.p &&
		      e.path.p + e.path.n < (const char *)l.text.p + l.text.n);
		claim(strlen(e.kind.p) < l.text.n);
	}
	last_free(&l);
}

struct settings {
	struct cli_engine engine;
	bool flag;
	const char *text;
	int choice;
};

static const char *const choices[] = { "a", "b", NULL };
static const struct cli_option options[] = {
	CLI_DATABASE_OPTION(struct settings),
	{ "flag", 'f', CLI_FLAG, offsetof(struct settings, flag), NULL, "f", NULL, 0, 0 },
	{ "yes", 'y', CLI_YESNO, offsetof(struct settings, flag), NULL, "y", NULL, 0, 0 },
	{ "text", 't', CLI_TEXT, offsetof(struct settings, text), "T", "t", NULL, 0, 0 },
	{ "size", 's', CLI_SIZE, CLI_LIMIT(struct settings, 0), "S", "s", NULL, 0, 0 },
	{ "time", 0, CLI_TIME, CLI_LIMIT(struct settings, 1), "S", "s", NULL, 0, 0 },
	{ "number", 'n', CLI_NUMBER, CLI_LIMIT(struct settings, 2), "N", "n", NULL, 1, 9 },
	{ "choice", 'c', CLI_CHOICE, offsetof(struct settings, choice), "C", "c", choices, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

static void words(const uint8_t *p, size_t n)
{
	struct cli_spec spec = { .command = "x",
				 .usage = "A",
				 .intro = "B",
				 .options = options,
				 .takes_prefix = n > 0 && (p[0] & 1) != 0 };
	struct settings s = { .flag = false };
	struct cli_list operands = { 0 };
	struct cli_out err;
	char *argv[33] = { (char *)(uintptr_t) "x" }, *text = malloc(n + 1);
	int argc = 1;
	bool help;

	if (text == NULL)
		return;
	memcpy(text, p, n);
	text[n] = '\0';
	for (size_t i = 0; i < n && argc < 33; i += strlen(text + i) + 1)
		argv[argc++] = text + i;
	cli_out_open(&err, -1);
	if (cli_parse(&spec, argc, argv, &s, &operands, &help, &err) == OV_OK) {
		claim(err.buf.n == 0);
		claim(s.engine.limits[2] <= 9 && s.choice >= 0 && s.choice < 2);
	} else {
		claim(err.buf.n > 0);
	}
	claim(operands.n + s.engine.databases.n < (size_t)argc);
	for (size_t i = 0; i < err.buf.n; i++)
		claim(!is_control(err.buf.p[i]) || err.buf.p[i] == '\n');
	ov_buf_free(&err.buf);
	cli_list_free(&operands);
	cli_list_free(&s.engine.databases);
	free(text);
}

static void path_list(const uint8_t *p, size_t n)
{
	const struct cli_list none = { 0 };
	char name[64];
	struct operands o;
	size_t sum = 0;
	const int fd = memfd_create("list", MFD_CLOEXEC);

	if (fd < 0 || write(fd, p, n) != (ssize_t)n)
		abort();
	(void)snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
	claim(operands_open(&o, &none, name, '\n'));
	for (const char *piece = operands_next(&o); piece != NULL; piece = operands_next(&o)) {
		claim(strlen(piece) > 0 && strchr(piece, '\n') == NULL);
		sum += strlen(piece);
		claim(sum <= n);
	}
	claim(o.error == NULL);
	operands_close(&o);
	(void)close(fd);
}

static void dump(struct ov_cur c)
{
	const uint64_t at = ov_cur_soft_u64le(&c), mark = ov_cur_soft_u64le(&c),
		       marked = ov_cur_soft_u64le(&c);
	const size_t n = ov_cur_left(&c) < PART_MAX ? ov_cur_left(&c) : PART_MAX;
	struct cli_out out;
	size_t lines = 0;

	cli_out_open(&out, -1);
	hexdump(&out, 2, ov_cur_rest(&c), n, at, mark, marked);
	for (size_t i = 0; i < out.buf.n; i++)
		lines += out.buf.p[i] == '\n';
	if (n > 0 && at <= UINT64_MAX - n - 16)
		claim(lines == (size_t)((at % 16 + n + 15) / 16));
	else
		claim(lines == 0);
	ov_buf_free(&out.buf);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	if (n == 0 || n > PART_MAX)
		return 0;
	switch (p[0] % 5) {
	case 0:
		verdicts(ov_cur_of(p + 1, n - 1));
		break;
	case 1:
		saved_list(p + 1, n - 1);
		break;
	case 2:
		words(p + 1, n - 1);
		break;
	case 3:
		path_list(p + 1, n - 1);
		break;
	default:
		dump(ov_cur_of(p + 1, n - 1));
		break;
	}
	return 0;
}
