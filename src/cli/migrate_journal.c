/*
 * The journal of a run: a JSON object a line, each with the SHA-256 of the line before it; appended
 * with one write, and synced before anything goes on. src/evidence/journal.c reads it back, jailed.
 */
#include "migrate_run.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "fd.h"
#include "text.h"

#define LINE_MAX_BYTES ((size_t)16 << 10) /* src/evidence/journal.c reads no longer ones */

static ov_status text(struct ov_buf *b, const char *name, struct ov_str s)
{
	if (s.n == 0)
		return OV_OK;
	OV_TRY(ov_buf_fmt(b, ",\"%s\":\"", name));
	OV_TRY(ov_text_json(b, s));
	return ov_buf_u8(b, '"');
}

static ov_status put_argv(struct ov_buf *b, char *const *argv)
{
	OV_TRY(ov_buf_str(b, OV_STR(",\"argv\":[")));
	for (size_t i = 0; argv[i] != NULL; i++) {
		OV_TRY(ov_buf_fmt(b, i > 0 ? ",\"" : "\""));
		OV_TRY(ov_text_json(b, ov_str_of(argv[i])));
		OV_TRY(ov_buf_u8(b, '"'));
	}
	return ov_buf_u8(b, ']');
}

static ov_status put_more(struct ov_buf *b, const struct ov_run_entry *e, const struct run_note *m)
{
	if (m->argv != NULL)
		OV_TRY(put_argv(b, m->argv));
	if (e->event == OV_RUN_END) {
		OV_TRY(ov_buf_fmt(b, ",\"exit\":%d", m->exit));
		if (m->signal != 0)
			OV_TRY(ov_buf_fmt(b, ",\"signal\":%d", m->signal));
		if (m->is_timeout)
			OV_TRY(ov_buf_str(b, OV_STR(",\"timeout\":true")));
	}
	if (m->output != NULL)
		OV_TRY(ov_buf_fmt(b, ",\"output\":\"%s\",\"bytes\":%llu,\"ms\":%llu", m->output,
				  (unsigned long long)m->bytes, (unsigned long long)m->ms));
	return text(b, "how", ov_str_of(m->how));
}

static ov_status put_who(struct run *r, struct ov_buf *b)
{
	const char *sudo = getenv("SUDO_USER");

	OV_TRY(text(b, "plan", r->plan.id));
	OV_TRY(text(b, "of", ov_str_of(r->path)));
	OV_TRY(ov_buf_fmt(b, ",\"uid\":%lu,\"pid\":%ld", (unsigned long)getuid(), (long)getpid()));
	return text(b, "sudo", ov_str_of(sudo));
}

static ov_status line(struct run *r, struct ov_buf *b, const struct ov_run_entry *e,
		      const struct run_note *more)
{
	OV_TRY(ov_buf_fmt(b, "{\"overt\":\"overt.migrate.journal/v1\",\"event\":\"%s\"",
			  ov_run_event_names[e->event]));
	OV_TRY(text(b, "at", e->at));
	if (e->event == OV_RUN_OPEN)
		OV_TRY(put_who(r, b));
	if (e->step != SIZE_MAX) {
		OV_TRY(text(b, "step", r->plan.steps[e->step].id));
		OV_TRY(text(b, "group", r->plan.groups[e->group].id));
	}
	OV_TRY(text(b, "host", e->host));
	if (e->event == OV_RUN_BEGIN || e->event == OV_RUN_END)
		OV_TRY(text(b, "way", ov_str_of(ov_run_way_names[e->way])));
	OV_TRY(text(b, "command", e->command));
	OV_TRY(text(b, "value", e->value));
	OV_TRY(text(b, "file", e->file));
	if (more != NULL)
		OV_TRY(put_more(b, e, more));
	return ov_buf_fmt(b, ",\"prev\":\"%s\"}\n", r->sum);
}

static bool refuse(struct run *r, const char *why)
{
	(void)cli_fail(r->c, "overt migrate", r->journal, why);
	return false;
}

/* Kept in the arena: entries are asked about later. */
static ov_status keep(struct run *r, struct ov_run_entry *e)
{
	struct ov_str *const texts[] = { &e->host, &e->command, &e->at, &e->value, &e->file };

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (texts[i]->n > 0)
			OV_TRY(ov_arena_str(&r->arena, *texts[i], texts[i]));
	return ov_run_note(&r->state, e);
}

bool migrate_note(struct run *r, struct ov_run_entry *e, const struct run_note *more)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b = ov_buf_of(LINE_MAX_BYTES);
	OV_CLEANUP(ov_buf_free) struct ov_buf now = ov_buf_of(64);
	uint8_t d[OV_DIGEST_MAX];

	if (ov_inv_iso(&now, (int64_t)time(NULL)) != OV_OK)
		return refuse(r, "out of memory");
	e->at = ov_buf_text(&now);
	if (line(r, &b, e, more) != OV_OK || ov_hasher_once(r->hasher, b.p, b.n - 1, d) != OV_OK)
		return refuse(r, "an entry is too large for a line");
	if (ov_fd_write(r->fd, b.p, b.n) != OV_OK || fsync(r->fd) != 0)
		return refuse(r, strerror(errno));
	ov_hex_encode(d, 32, r->sum);
	return keep(r, e) == OV_OK || refuse(r, "out of memory");
}

/* A file that is new is there after a power cut only when its folder was synced. */
static bool sync_folder(const char *path)
{
	char *copy = strdup(path);
	int fd = copy != NULL ? open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	const bool ok = fd >= 0 && fsync(fd) == 0;

	ov_fd_close(&fd);
	free(copy);
	return ok;
}

static bool cut_torn(struct run *r, uint64_t torn)
{
	struct stat s;
	uint8_t before = 0;

	if (torn == UINT64_MAX)
		return true;
	if (fstat(r->fd, &s) != 0 || (uint64_t)s.st_size < torn ||
	    (torn > 0 && (pread(r->fd, &before, 1, (off_t)torn - 1) != 1 || before != '\n')))
		return refuse(r, "it changed while it was read");
	(void)cli_fail(r->c, "overt migrate", r->journal,
		       "its last line was never finished, and is cut off: a crash");
	return (ftruncate(r->fd, (off_t)torn) == 0 && fsync(r->fd) == 0) ||
	       refuse(r, strerror(errno));
}

bool migrate_journal_open(struct run *r, uint64_t torn)
{
	struct ov_run_entry e = { .event = OV_RUN_OPEN, .step = SIZE_MAX, .group = SIZE_MAX };

	return cut_torn(r, torn) && (sync_folder(r->journal) || refuse(r, strerror(errno))) &&
	       migrate_note(r, &e, NULL);
}
