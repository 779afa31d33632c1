/* Plan and journal of a run: each is read by a jailed worker, as exported settings are. */
#include "migrate_run.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"

struct telling {
	struct run *r;
	const char *file;
};

static void on_error(void *ctx, struct ov_str line, const char *why)
{
	const struct telling *t = ctx;
	char place[512];

	(void)snprintf(place, sizeof place, "%s:%.*s", t->file, (int)(line.n < 12 ? line.n : 12),
		       line.p != NULL ? line.p : "");
	(void)cli_fail(t->r->c, "overt migrate", place, why);
}

/* All of the file must have been understood: half a plan is none. */
static const struct ov_inventory *take(struct run *r, const char *path,
				       struct inventory_taken **taken, struct inventory_what *what)
{
	const struct ov_inventory *inv = NULL;

	*what = (struct inventory_what){ .command = "overt migrate", .root = path };
	if (inventory_take(r->c, what, taken, &inv) != CLI_OK)
		return NULL;
	for (uint32_t i = 0; i < inv->nunread; i++) {
		char why[512];

		(void)snprintf(why, sizeof why, "%.*s",
			       (int)(inv->unread[i].detail.n < 400 ? inv->unread[i].detail.n : 400),
			       inv->unread[i].detail.p);
		(void)cli_fail(r->c, "overt migrate", path, why);
	}
	return inv->nunread == 0 ? inv : NULL;
}

bool migrate_is_ours(struct run *r, const char *path, const struct stat *s, const char *why)
{
	if ((s->st_uid == geteuid() || s->st_uid == 0) && (s->st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	(void)cli_fail(r->c, "overt migrate", path, why);
	return false;
}

static bool load_plan(struct run *r, bool is_dry)
{
	struct telling t = { .r = r, .file = r->path };
	const struct ov_inventory *inv;
	struct inventory_what what;
	struct stat s;

	if (!is_dry && stat(r->path, &s) == 0 &&
	    !migrate_is_ours(r, r->path, &s,
			     "others can change it, and with it what runs: chmod go-w, or chown"))
		return false;
	inv = take(r, r->path, &r->taken[0], &what);
	if (inv == NULL)
		return false;
	if (inv->ncomponents == 0) {
		(void)cli_fail(r->c, "overt migrate", r->path,
			       "is no plan: overt migrate plan --write FILE makes one");
		return false;
	}
	return ov_run_plan_of(inv, &r->arena, on_error, &t, &r->plan) == OV_OK &&
	       ov_run_state_new(&r->plan, &r->arena, &r->state) == OV_OK;
}

/* Locked before it is read, so that two runs never follow the same journal. */
static bool lock(struct run *r)
{
	struct stat s;

	r->fd = open(r->journal, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (r->fd < 0) {
		(void)cli_fail(r->c, "overt migrate", r->journal, strerror(errno));
		return false;
	}
	if (fstat(r->fd, &s) != 0 || !S_ISREG(s.st_mode) ||
	    !migrate_is_ours(r, r->journal, &s,
			     "others can change it, and with it what counts as done"))
		return false;
	if (flock(r->fd, LOCK_EX | LOCK_NB) == 0)
		return true;
	(void)cli_fail(r->c, "overt migrate", r->journal, "another run is at work with it");
	return false;
}

static bool load_journal(struct run *r, bool is_dry)
{
	struct telling t = { .r = r, .file = r->journal };
	const struct ov_inventory *inv;
	uint64_t torn = UINT64_MAX;
	struct inventory_what what;
	struct stat s;

	memset(r->sum, '0', 64);
	if (!is_dry && !lock(r))
		return false;
	if (stat(r->journal, &s) == 0 && s.st_size > 0) {
		inv = take(r, r->journal, &r->taken[1], &what);
		if (inv == NULL)
			return false;
		if (inv->ncomponents == 0) {
			(void)cli_fail(r->c, "overt migrate", r->journal, "is no journal of a run");
			return false;
		}
		if (ov_run_journal(&r->state, inv, on_error, &t, r->sum, &torn) != OV_OK)
			return false;
	}
	return is_dry || migrate_journal_open(r, torn);
}

bool migrate_run_open(struct run *r, bool is_dry)
{
	ov_arena_init(&r->arena, (size_t)256 << 20);
	r->fd = -1;
	r->has_terminal = isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1;
	if (r->s->journal != NULL)
		r->journal = strdup(r->s->journal);
	else if (asprintf(&r->journal, "%s.journal", r->path) < 0)
		r->journal = NULL;
	if (r->journal == NULL || ov_hasher_new(OV_SHA256, &r->hasher) != OV_OK) {
		(void)cli_fail(r->c, "overt migrate", "out of memory", NULL);
		return false;
	}
	return load_plan(r, is_dry) && migrate_check_lists(r) && load_journal(r, is_dry);
}

void migrate_run_close(struct run *r)
{
	for (int i = 0; i < 2; i++)
		inventory_drop(&r->taken[i]);
	ov_hasher_free(&r->hasher);
	ov_fd_close(&r->fd);
	free(r->journal);
	ov_arena_free(&r->arena);
}
