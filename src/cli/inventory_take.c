/* Taking an inventory: the walk, the worker, the joining. See inventory_take.h. */
#include "inventory_take.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "companions.h"
#include "fd.h"
#include "inspect.h"
#include "join.h"
#include "walk.h"

#define LATE_MAX 64
#define HELD_MAX 512 /* their descriptors stay open in the worker */

struct inventory_taken {
	struct cli *c;
	const struct inventory_what *s;
	struct ov_join *join;
	struct ov_inspect *inspect;
	bool is_given_out, is_layout; /* an OCI layout in a folder */
	int index;		      /* its index.json, read last */
	struct ov_inspect_file
	    late[LATE_MAX]; /* read when the walk met their logs; own their paths */
	size_t nlate, nheld;
	char error[OV_INSPECT_ERROR];
};

static const char *next_operand(void *context)
{
	struct inventory_taken *t = context;

	if (t->is_given_out)
		return NULL;
	t->is_given_out = true;
	return t->s->root;
}

/* The path inside the root; of a file that was named itself, its name. */
static struct ov_str inside(const struct inventory_taken *t, const struct walk_item *i)
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

/* Databases and hives wait until the walk has handed over the logs that may lie beside them. */
static enum overt_status keep(struct inventory_taken *t, struct ov_inspect_file f)
{
	char *path = malloc(f.path.n + 1);

	if (path == NULL) {
		ov_fd_close(&f.fd);
		return OVERT_NO_MEMORY;
	}
	memcpy(path, f.path.p, f.path.n);
	path[f.path.n] = '\0';
	f.path.p = path;
	t->late[t->nlate++] = f;
	return OVERT_OK;
}

static enum overt_status hand_over_late(struct inventory_taken *t)
{
	enum overt_status st = OVERT_OK;

	for (size_t i = 0; i < t->nlate && st == OVERT_OK; i++) {
		struct ov_inspect_file f = t->late[i];

		f.fd = ov_fd_take(&t->late[i].fd);
		st = ov_inspect_file(t->inspect, &f);
	}
	return st;
}

static enum overt_status visit_file(struct inventory_taken *t, struct walk_item *i)
{
	const struct ov_str path = inside(t, i);
	struct ov_inspect_file told;
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
	told = (struct ov_inspect_file){ .fd = ov_fd_take(&i->fd),
					 .path = path,
					 .mtime = f.mtime_ns / 1000000000,
					 .mode = f.mode,
					 .is_target = i->is_given,
					 .is_held = t->is_layout };
	if (!i->is_given && !t->is_layout) {
		const enum ov_companion what = ov_companion_of(path);

		if (what == OV_COMPANION_BASE && t->nlate < LATE_MAX)
			return keep(t, told);
		told.is_held = what == OV_COMPANION_LOG && t->nheld++ < HELD_MAX;
	}
	return ov_inspect_file(t->inspect, &told);
}

static enum overt_status visit(struct inventory_taken *t, struct walk_item *i)
{
	ov_status st = OV_OK;

	switch (i->kind) {
	case WALK_FILE:
		return visit_file(t, i);
	case WALK_ERROR:
		if (i->is_given) {
			(void)cli_fail(t->c, t->s->command, t->s->root, i->error);
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

static enum overt_status walk_root(struct inventory_taken *t)
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
	if (st == OVERT_OK)
		st = hand_over_late(t);
	if (st == OVERT_OK && t->index >= 0)
		st = ov_inspect_file(t->inspect,
				     &(struct ov_inspect_file){ .fd = ov_fd_take(&t->index),
								.path = OV_STR("index.json"),
								.mtime = OV_INV_NO_DATE,
								.is_target = true });
	return st == OVERT_OK ? ov_inspect_finish(t->inspect) : st;
}

static int take(struct inventory_taken *t, const struct overt_options *o,
		const struct ov_inventory **inv)
{
	enum overt_status st;

	if (ov_join_new(ov_str_of(t->s->root), t->s->watch, t->s->nwatch, &t->join) != OV_OK)
		return cli_fail(t->c, t->s->command, "out of memory", NULL);
	st = ov_inspect_open(o, t->join, t->s->watch, t->s->nwatch, &t->inspect, t->error);
	if (st != OVERT_OK)
		return cli_fail(t->c, t->s->command, overt_status_text(st), t->error);
	st = walk_root(t);
	if (st == OVERT_IO && ov_inspect_error(t->inspect)[0] == '\0')
		return CLI_FAILED; /* told already */
	if (st != OVERT_OK)
		return cli_fail(t->c, t->s->command, overt_status_text(st),
				ov_inspect_error(t->inspect));
	if (ov_join_finish(t->join, inv) != OV_OK)
		return cli_fail(t->c, t->s->command, "out of memory", NULL);
	return CLI_OK;
}

int inventory_take(struct cli *c, const struct inventory_what *what, struct inventory_taken **out,
		   const struct ov_inventory **inv)
{
	struct inventory_taken *t = calloc(1, sizeof *t);
	struct cli_engine settings;
	struct overt_options *o;
	int code;

	*out = t;
	if (t == NULL)
		return cli_fail(c, what->command, "out of memory", NULL);
	*t = (struct inventory_taken){
		.c = c, .s = what, .is_layout = is_layout(what->root), .index = -1
	};
	cli_engine_init(&settings);
	o = cli_engine_options(c, what->command, &settings);
	if (o == NULL)
		return CLI_FAILED;
	code = take(t, o, inv);
	overt_options_free(&o);
	return code;
}

void inventory_drop(struct inventory_taken **tp)
{
	struct inventory_taken *t = *tp;

	if (t == NULL)
		return;
	ov_fd_close(&t->index);
	for (size_t i = 0; i < t->nlate; i++) {
		ov_fd_close(&t->late[i].fd);
		free((void *)(uintptr_t)t->late[i].path.p);
	}
	ov_inspect_close(&t->inspect);
	ov_join_free(&t->join);
	free(t);
	*tp = NULL;
}
