#include "journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fd.h"
#include "lines.h"
#include "save.h"
#include "text.h"

#define HEAD "overt-journal/v1 "
#define MARK (sizeof HEAD - 1 + 20 + 1 + 20 + 1 + 16 + 1)
#define SLOT ((off_t)2048)
#define BEGIN ((uint64_t)4096)
#define CHECK 8 /* bytes of a record's digest */
#define FRAME (4 + CHECK)

static ov_status check_of(struct ov_hasher *h, const void *p, size_t n, uint8_t out[CHECK])
{
	uint8_t digest[OV_DIGEST_MAX];

	OV_TRY(ov_hasher_once(h, p, n, digest));
	memcpy(out, digest, CHECK);
	return OV_OK;
}

/* ---- marks ---- */

static ov_status make_mark(struct ov_hasher *h, uint64_t turn, uint64_t size, char out[MARK + 1])
{
	char hex[2 * CHECK + 1];
	uint8_t check[CHECK];
	const int n = snprintf(out, MARK + 1, HEAD "%020llu %020llu ", (unsigned long long)turn,
			       (unsigned long long)size);

	OV_TRY(check_of(h, out, (size_t)n, check));
	ov_hex_encode(check, CHECK, hex);
	(void)snprintf(out + n, MARK + 1 - (size_t)n, "%s\n", hex);
	return OV_OK;
}

/* Twenty digits, zeros before them. */
static ov_status read_padded(const char *p, uint64_t *out)
{
	return ov_text_u64((struct ov_str){ p, 20 }, out);
}

static ov_status read_mark(struct ov_journal *j, int nth, uint64_t *turn, uint64_t *size)
{
	char text[MARK + 1] = "", again[MARK + 1];

	if (pread(j->fd, text, MARK, nth * SLOT) != (ssize_t)MARK ||
	    memcmp(text, HEAD, sizeof HEAD - 1) != 0 ||
	    read_padded(text + sizeof HEAD - 1, turn) != OV_OK ||
	    read_padded(text + sizeof HEAD + 20, size) != OV_OK)
		return OV_BAD;
	OV_TRY(make_mark(j->h, *turn, *size, again));
	return memcmp(text, again, MARK) == 0 ? OV_OK : OV_BAD;
}

static ov_status write_mark(struct ov_journal *j)
{
	char text[MARK + 1];

	OV_TRY(make_mark(j->h, j->turn + 1, j->size, text));
	if (pwrite(j->fd, text, MARK, (off_t)((j->turn + 1) % 2) * SLOT) != (ssize_t)MARK ||
	    fdatasync(j->fd) != 0)
		return OV_IO;
	j->turn++;
	return OV_OK;
}

/* The newer of two marks; one may be torn, by a crash in the middle of it. */
static ov_status read_marks(struct ov_journal *j)
{
	ov_status s = OV_BAD;

	for (int i = 0; i < 2; i++) {
		uint64_t turn, size;
		const ov_status one = read_mark(j, i, &turn, &size);

		if (one == OV_NOMEM)
			return one;
		if (one != OV_OK || turn % 2 != (uint64_t)i || (s == OV_OK && turn < j->turn))
			continue;
		j->turn = turn;
		j->size = size;
		s = OV_OK;
	}
	return s;
}

/* ---- records ---- */

ov_status ov_journal_put(struct ov_hasher *h, struct ov_buf *batch, struct ov_str record)
{
	uint8_t check[CHECK];

	if (record.n > OV_JOURNAL_RECORD)
		return OV_LIMIT;
	OV_TRY(check_of(h, record.p, record.n, check));
	OV_TRY(ov_buf_reserve(batch, FRAME + record.n));
	OV_TRY(ov_buf_u32(batch, (uint32_t)record.n));
	OV_TRY(ov_buf_put(batch, check, CHECK));
	return ov_buf_str(batch, record);
}

/* A whole record at `at`. @return OV_END: none, or a torn one. */
static ov_status read_record(struct ov_journal *j, uint64_t at, uint8_t *room, size_t *n)
{
	uint8_t frame[FRAME], check[CHECK];
	size_t got;
	uint32_t size;
	struct ov_cur c = ov_cur_of(frame, sizeof frame);

	OV_TRY(ov_fd_pread(&j->fd, at, frame, sizeof frame, &got));
	if (got < sizeof frame || ov_cur_u32le(&c, &size) != OV_OK || size > OV_JOURNAL_RECORD)
		return OV_END;
	OV_TRY(ov_fd_pread(&j->fd, at + FRAME, room, size, &got));
	if (got < size)
		return OV_END;
	OV_TRY(check_of(j->h, room, size, check));
	*n = size;
	return memcmp(check, frame + 4, CHECK) == 0 ? OV_OK : OV_END;
}

static ov_status replay(struct ov_journal *j, ov_journal_fn fn, void *ctx)
{
	uint8_t *room = malloc(OV_JOURNAL_RECORD);
	uint64_t at = BEGIN;
	ov_status s = room != NULL ? OV_OK : OV_NOMEM;
	size_t n = 0;

	while (s == OV_OK && (s = read_record(j, at, room, &n)) == OV_OK) {
		s = fn(ctx, (struct ov_str){ (char *)room, n });
		at += FRAME + n;
	}
	free(room);
	if (s != OV_END)
		return s;
	if (at < j->size)
		return OV_BAD; /* what was promised is not there */
	if (ftruncate(j->fd, (off_t)at) != 0 || fdatasync(j->fd) != 0)
		return OV_IO;
	j->size = at;
	return write_mark(j);
}

static ov_status begin(struct ov_journal *j)
{
	if (ftruncate(j->fd, (off_t)BEGIN) != 0)
		return OV_IO;
	j->turn = 0;
	j->size = BEGIN;
	return write_mark(j);
}

ov_status ov_journal_open(const char *path, ov_journal_fn fn, void *ctx, struct ov_journal *out)
{
	struct ov_journal j = { .fd = -1 };
	struct ov_buf none = ov_buf_of(16);
	struct stat st;
	ov_status s;

	*out = j;
	OV_TRY(ov_hasher_new(OV_SHA256, &j.h));
	j.fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	if (j.fd < 0 && errno == ENOENT) {
		s = ov_journal_replace(&j, path, &none);
	} else if (j.fd < 0 || fstat(j.fd, &st) != 0) {
		s = OV_IO;
	} else {
		s = read_marks(&j);
		if (s == OV_OK)
			s = replay(&j, fn, ctx);
	}
	*out = j;
	if (s != OV_OK)
		ov_journal_close(out);
	return s;
}

void ov_journal_close(struct ov_journal *j)
{
	ov_fd_close(&j->fd);
	ov_hasher_free(&j->h);
}

static ov_status append(struct ov_journal *j, const struct ov_buf *batch)
{
	if (lseek(j->fd, (off_t)j->size, SEEK_SET) < 0)
		return OV_IO;
	OV_TRY(ov_fd_write(j->fd, batch->p, batch->n));
	if (fdatasync(j->fd) != 0)
		return OV_IO;
	j->size += batch->n;
	return write_mark(j);
}

ov_status ov_journal_commit(struct ov_journal *j, const struct ov_buf *batch)
{
	ov_status s;

	if (j->is_broken)
		return OV_IO;
	if (batch->n == 0)
		return OV_OK;
	s = append(j, batch);
	j->is_broken = s != OV_OK;
	return s;
}

ov_status ov_journal_replace(struct ov_journal *j, const char *path, const struct ov_buf *batch)
{
	struct ov_journal n = { .h = j->h };
	struct ov_save save;
	ov_status s;

	OV_TRY(ov_save_begin(path, 0600, &save));
	n.fd = fcntl(save.fd, F_DUPFD_CLOEXEC, 0);
	s = n.fd >= 0 ? begin(&n) : OV_IO;
	if (s == OV_OK && batch->n > 0)
		s = append(&n, batch);
	if (s == OV_OK)
		s = ov_save_commit(&save);
	else
		ov_save_drop(&save);
	if (s != OV_OK) {
		ov_fd_close(&n.fd);
		return s;
	}
	ov_fd_close(&j->fd);
	*j = n;
	return OV_OK;
}
