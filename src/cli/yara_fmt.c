/* `overt yara fmt`: rules in one form, in place. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "fd.h"
#include "save.h"
#include "text.h"
#include "yara_tools.h"

#define COMMAND "overt yara fmt"
#define PIECE ((size_t)64 << 10)
#define INPUT_MAX ((size_t)1 << 30)

struct fmt_settings {
	bool check;
};

static const struct cli_option options[] = {
	{ "check", 0, CLI_FLAG, offsetof(struct fmt_settings, check), NULL,
	  "change nothing; name the files that would be changed", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_yara_fmt_spec = {
	.command = COMMAND,
	.usage = "[OPTION]... FILE|FOLDER|-...",
	.intro = "Lays rules out in one form, in place; `-` reads the standard input and writes "
		 "the standard\noutput. Words and comments stay the same, which is checked. Of "
		 "folders, files named *.yar\nand *.yara.",
	.after = "Exit: 0 done; 1 with --check, some would be changed; 2 some could not be read.\n"
		 "Manual: man overt-yara",
	.options = options,
};

struct fmt {
	struct cli *c;
	const struct fmt_settings *s;
	struct overt_options *o;
	struct overt_formatter *f;
	uint64_t changed, failed;
};

static void fail(struct fmt *x, struct ov_str path, const char *why)
{
	struct cli_out *err = &x->c->err;

	x->failed++;
	cli_put(err, COMMAND ": ");
	cli_shown(err, path);
	cli_fmt(err, ": %s\n", why);
}

static void diagnostic(void *context, const struct overt_diagnostic *d)
{
	struct fmt *x = context;
	struct cli_out *err = &x->c->err;

	cli_shown(err, cli_str(d->file));
	cli_fmt(err, ":%llu:%u: error: ", (unsigned long long)d->line, d->column);
	cli_shown(err, cli_str(d->reason));
	cli_put(err, "\n");
}

static ov_status read_all(int fd, struct ov_buf *out)
{
	for (;;) {
		size_t got = 0;

		OV_TRY(ov_buf_reserve(out, PIECE));
		OV_TRY(ov_fd_read(fd, out->p + out->n, PIECE, &got));
		if (got == 0)
			return OV_OK;
		out->n += got;
	}
}

/* The laid out form of a source, whose descriptor is taken. The result is written over people's
 * rules, so the worker is not believed that it holds the same words. */
static bool lay_out(struct fmt *x, struct ov_str path, const struct ov_buf *in, int fd,
		    struct ov_buf *out)
{
	OV_CLEANUP(ov_fd_close) int result = -1;
	char error[512] = "";
	enum overt_status st = OVERT_OK;

	if (x->f == NULL)
		st = overt_formatter_open(x->o, &x->f, error);
	if (st == OVERT_OK)
		st = overt_formatter_file(x->f, fd, path.p, diagnostic, x, &result, error);
	else
		ov_fd_close(&fd);
	if (st == OVERT_OK && (lseek(result, 0, SEEK_SET) != 0 || read_all(result, out) != OV_OK))
		st = OVERT_IO;
	if (st == OVERT_OK && !ov_text_same_but_space(ov_buf_text(in), ov_buf_text(out))) {
		fail(x, path, "a worker broke the protocol: its result holds other words");
		return false;
	}
	if (st == OVERT_OK)
		return true;
	fail(x, path, error[0] != '\0' ? error : overt_status_text(st));
	if (st != OVERT_REFUSED)
		overt_formatter_close(&x->f);
	return false;
}

static void from_input(struct fmt *x, int fd)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf in = ov_buf_of(INPUT_MAX);
	struct ov_buf out = ov_buf_of(INPUT_MAX);
	const struct ov_str name = OV_STR("-");
	int memory = -1;

	if (read_all(fd, &in) != OV_OK || ov_fd_memory("overt-input", &memory) != OV_OK ||
	    ov_fd_write(memory, in.p, in.n) != OV_OK) {
		ov_fd_close(&memory);
		fail(x, name, "it can't be read");
		return;
	}
	if (!lay_out(x, name, &in, memory, &out))
		out.n = 0;
	x->changed += out.n != in.n || (in.n > 0 && memcmp(out.p, in.p, in.n) != 0);
	if (!x->s->check)
		cli_raw(&x->c->out, (struct ov_str){ .p = (const char *)out.p, .n = out.n });
	ov_buf_free(&out);
}

static void write_back(struct fmt *x, struct ov_str path, mode_t mode, const struct ov_buf *out)
{
	if (ov_save_bytes(path.p, mode & 07777, out->p, out->n) != OV_OK)
		fail(x, path, strerrordesc_np(errno));
}

static void one(void *context, struct ov_str path, int fd)
{
	struct fmt *x = context;
	struct ov_buf in = ov_buf_of(INPUT_MAX), out = ov_buf_of(INPUT_MAX);
	struct stat st;

	if (ov_str_is(path, "-")) {
		from_input(x, fd);
		ov_fd_close(&fd);
		return;
	}
	if (fstat(fd, &st) != 0 || read_all(fd, &in) != OV_OK) {
		ov_fd_close(&fd);
		fail(x, path, "it can't be read");
	} else if (lay_out(x, path, &in, fd, &out) &&
		   (out.n != in.n || (in.n > 0 && memcmp(out.p, in.p, in.n) != 0))) {
		x->changed++;
		if (x->s->check) {
			cli_shown(&x->c->out, path);
			cli_put(&x->c->out, "\n");
		} else {
			write_back(x, path, st.st_mode, &out);
		}
	}
	ov_buf_free(&in);
	ov_buf_free(&out);
}

int cli_yara_fmt(struct cli *c, int argc, char *const *argv)
{
	struct fmt_settings s = { .check = false };
	struct fmt x = { .c = c, .s = &s, .o = overt_options_new() };
	struct cli_list operands = { 0 };
	int code = cli_begin(c, &cli_yara_fmt_spec, argc, argv, &s, &operands);

	if (code < 0 && operands.n == 0)
		code = cli_usage(c, &cli_yara_fmt_spec, "which rules? Give a FILE, a FOLDER or -");
	if (code < 0 && x.o == NULL)
		code = cli_fail(c, COMMAND, "no memory", NULL);
	if (code < 0) {
		x.failed += yara_each_source(c, COMMAND, &operands, one, &x);
		code = x.failed > 0 ? CLI_FAILED : s.check && x.changed > 0 ? CLI_FOUND : CLI_OK;
	}
	overt_formatter_close(&x.f);
	overt_options_free(&x.o);
	cli_list_free(&operands);
	return code;
}
