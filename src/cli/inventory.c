/* overt inventory: what is on a machine or in a file, with the evidence for it. The files are read
 * by a jailed worker; this side walks and opens. */
#include "inventory_out.h"

#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "inspect.h"
#include "join.h"
#include "walk.h"

struct inventory_settings {
	const char *root;
	bool json, cyclonedx, spdx, one_fs;
};

static const struct cli_option options[] = {
	{ "root", 0, CLI_TEXT, offsetof(struct inventory_settings, root), "PATH",
	  "what to look at: a folder that is the root of a system, an\n"
	  "image, or a file; default: this machine",
	  NULL, 0, 0 },
	{ "one-file-system", 'x', CLI_FLAG, offsetof(struct inventory_settings, one_fs), NULL,
	  "stay on the root's file system", NULL, 0, 0 },
	{ "Report", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, offsetof(struct inventory_settings, json), NULL,
	  "all evidence, for programs", NULL, 0, 0 },
	{ "cyclonedx", 0, CLI_FLAG, offsetof(struct inventory_settings, cyclonedx), NULL,
	  "CycloneDX 1.6, with evidence", NULL, 0, 0 },
	{ "spdx", 0, CLI_FLAG, offsetof(struct inventory_settings, spdx), NULL, "SPDX 2.3", NULL, 0,
	  0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_inventory_spec = {
	.command = "overt inventory",
	.usage = "[OPTION]...",
	.intro =
	    "Lists the software on a machine or in a file: packages, programs, drivers, services,\n"
	    "certificates, parts named by SBOMs and lock files; each with the evidence for it, "
	    "since\n"
	    "when it is there, and what could not be read.",
	.after = "Exit status: 0 all was read; 2 an error; 3 something could not be read (it is "
		 "listed).\n"
		 "Manual: man overt-inventory",
	.options = options,
};

struct taking {
	struct cli *c;
	const struct inventory_settings *s;
	struct ov_join *join;
	struct ov_inspect *inspect;
	bool is_given_out, is_layout; /* an OCI layout in a folder */
	int index;		      /* its index.json, read last */
	char error[OV_INSPECT_ERROR];
};

static const char *next_operand(void *context)
{
	struct taking *t = context;

	if (t->is_given_out)
		return NULL;
	t->is_given_out = true;
	return t->s->root;
}

/* The path inside the root; of a file that was named itself, its name. */
static struct ov_str inside(const struct taking *t, const struct walk_item *i)
{
	const size_t n = strlen(t->s->root);
	const char *slash;

	if (i->is_given && i->kind == WALK_FILE) {
		slash = memrchr(i->path.p, '/', i->path.n);
		if (slash == NULL)
			return i->path;
		return (struct ov_str){ .p = slash + 1,
					.n = i->path.n - (size_t)(slash + 1 - i->path.p) };
	}
	if (i->path.n < n)
		return i->path;
	return ov_rec_relative((struct ov_str){ .p = i->path.p + n, .n = i->path.n - n });
}

static enum overt_status visit_file(struct taking *t, struct walk_item *i)
{
	const struct ov_str path = inside(t, i);
	struct ov_fd_facts f;

	if (ov_join_entry(t->join, path, i->size, true) != OV_OK) {
		ov_fd_close(&i->fd);
		return OVERT_NO_MEMORY;
	}
	if (i->size == 0 && !i->is_given) {
		ov_fd_close(&i->fd);
		return OVERT_OK; /* its name is all it has */
	}
	if (t->is_layout && ov_str_is(path, "index.json")) {
		t->index = ov_fd_take(&i->fd);
		return OVERT_OK;
	}
	if (ov_fd_facts(i->fd, &f) != OV_OK)
		f = (struct ov_fd_facts){ .mtime_ns = 0 };
	return ov_inspect_file(t->inspect,
			       &(struct ov_inspect_file){ .fd = ov_fd_take(&i->fd),
							  .path = path,
							  .mtime = f.mtime_ns / 1000000000,
							  .mode = f.mode,
							  .is_target = i->is_given,
							  .is_held = t->is_layout });
}

static enum overt_status visit(struct taking *t, struct walk_item *i)
{
	ov_status st = OV_OK;

	switch (i->kind) {
	case WALK_FILE:
		return visit_file(t, i);
	case WALK_ERROR:
		if (i->is_given) {
			(void)cli_fail(t->c, "overt inventory", t->s->root, i->error);
			return OVERT_IO;
		}
		st = ov_join_unread(t->join, inside(t, i), OV_IO, "unreadable", i->error);
		break;
	case WALK_SKIPPED:
		if (!i->is_dir && (i->skip == WALK_LINK || i->skip == WALK_SPECIAL))
			st = ov_join_entry(t->join, inside(t, i), 0, false);
		break;
	}
	return st == OV_OK ? OVERT_OK : OVERT_NO_MEMORY;
}

/* By names alone: image-spec says that a layout has both files. */
static bool is_layout(const char *root)
{
	OV_CLEANUP(ov_fd_close) int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	return fd >= 0 && faccessat(fd, "oci-layout", F_OK, 0) == 0 &&
	       faccessat(fd, "index.json", F_OK, 0) == 0;
}

static enum overt_status walk_root(struct taking *t)
{
	const struct walk_options o = { .follow_dirs = WALK_GIVEN,
					.follow_files = WALK_GIVEN,
					.one_fs = t->s->one_fs,
					.next_operand = next_operand,
					.context = t };
	enum overt_status st = OVERT_OK;
	struct walk *w = NULL;
	struct walk_item i;
	ov_status s = walk_open(&o, &w);

	while (s == OV_OK && st == OVERT_OK) {
		s = walk_next(w, &i);
		if (s == OV_OK)
			st = visit(t, &i);
	}
	walk_close(&w);
	if (st == OVERT_OK && s != OV_END)
		st = OVERT_NO_MEMORY;
	if (st == OVERT_OK && t->index >= 0)
		st = ov_inspect_file(t->inspect,
				     &(struct ov_inspect_file){ .fd = ov_fd_take(&t->index),
								.path = OV_STR("index.json"),
								.mtime = OV_INV_NO_DATE,
								.is_target = true });
	return st == OVERT_OK ? ov_inspect_finish(t->inspect) : st;
}

static void report(struct cli *c, const struct inventory_settings *s,
		   const struct ov_inventory *inv)
{
	if (s->json)
		inventory_json(&c->out, inv);
	else if (s->cyclonedx)
		inventory_cyclonedx(&c->out, inv);
	else if (s->spdx)
		inventory_spdx(&c->out, inv);
	else
		inventory_text(&c->out, inv);
}

static int take_inventory(struct taking *t, const struct overt_options *o)
{
	const struct ov_inventory *inv = NULL;
	enum overt_status st;

	if (ov_join_new(ov_str_of(t->s->root), NULL, 0, &t->join) != OV_OK)
		return cli_fail(t->c, "overt inventory", "out of memory", NULL);
	st = ov_inspect_open(o, t->join, NULL, 0, &t->inspect, t->error);
	if (st != OVERT_OK)
		return cli_fail(t->c, "overt inventory", overt_status_text(st), t->error);
	st = walk_root(t);
	if (st == OVERT_IO && ov_inspect_error(t->inspect)[0] == '\0')
		return CLI_FAILED; /* told already */
	if (st != OVERT_OK)
		return cli_fail(t->c, "overt inventory", overt_status_text(st),
				ov_inspect_error(t->inspect));
	if (ov_join_finish(t->join, &inv) != OV_OK)
		return cli_fail(t->c, "overt inventory", "out of memory", NULL);
	report(t->c, t->s, inv);
	return inv->nunread > 0 ? CLI_INCOMPLETE : CLI_OK;
}

static int inventory(struct cli *c, const struct inventory_settings *s)
{
	struct taking t = { .c = c, .s = s, .is_layout = is_layout(s->root), .index = -1 };
	struct cli_engine settings;
	struct overt_options *o;
	int code;

	cli_engine_init(&settings);
	o = cli_engine_options(c, "overt inventory", &settings);
	if (o == NULL)
		return CLI_FAILED;
	code = take_inventory(&t, o);
	ov_fd_close(&t.index);
	ov_inspect_close(&t.inspect);
	ov_join_free(&t.join);
	overt_options_free(&o);
	return code;
}

int cli_inventory(struct cli *c, int argc, char *const *argv)
{
	struct inventory_settings s = { .root = "/" };
	struct cli_list operands = { 0 };
	int code = cli_begin(c, &cli_inventory_spec, argc, argv, &s, &operands);

	if (code < 0 && operands.n > 0)
		code = cli_usage(c, &cli_inventory_spec,
				 "it takes no arguments; a place to look at: --root PATH");
	if (code < 0 && s.json + s.cyclonedx + s.spdx > 1)
		code = cli_usage(c, &cli_inventory_spec, "one of --json, --cyclonedx and --spdx");
	if (code < 0)
		code = inventory(c, &s);
	cli_list_free(&operands);
	return code;
}
