/* Fetching for a source: its places in turn, servers that rest, downloads that go on. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checked.h"
#include "fd.h"
#include "save.h"
#include "source_int.h"
#include "store.h"
#include "text.h"

#define META_MAX ((size_t)4096)

void ov_fetched_drop(struct ov_fetched *f)
{
	ov_fd_close(&f->fd);
	if (f->part != NULL) {
		(void)unlink(f->part);
		(void)memcpy(f->part + strlen(f->part) - 4, "meta", 4);
		(void)unlink(f->part);
	}
	free(f->part);
	f->part = NULL;
}

ov_status ov_source_map(int fd, uint64_t size, struct ov_cur *out)
{
	void *p;

	*out = ov_cur_of("", 0);
	if (size == 0)
		return OV_OK;
	if (size > SIZE_MAX)
		return OV_LIMIT;
	p = mmap(NULL, (size_t)size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return OV_NOMEM;
	*out = ov_cur_of(p, (size_t)size);
	return OV_OK;
}

void ov_source_unmap(struct ov_cur *c)
{
	if (c->len > 0)
		(void)munmap((void *)(uintptr_t)c->base, c->len);
	*c = ov_cur_of("", 0);
}

static void on_request(void *ctx, const struct ov_http_record *r)
{
	ov_source_ledger(ctx, "GET", r->url, r->sent, r->received, r->status, r->error);
}

/* A file without a name, on the disk that the rest is on. */
static ov_status nameless(struct ov_sources_run *x, int *out)
{
	char *folder = ov_store_path(x->o->folder, "incoming");
	ov_status s = folder != NULL ? ov_save_folder(folder) : OV_NOMEM;
	int fd = -1;

	if (s == OV_OK) {
		fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		if (fd < 0) /* a file system without such files */
			fd = memfd_create("overt-incoming", MFD_CLOEXEC);
		s = fd >= 0 ? OV_OK : OV_IO;
	}
	free(folder);
	*out = fd;
	return s;
}

/* "incoming/<32 hex>.part" of an address; with what its server said of it beside. */
static ov_status part_path(struct ov_sources_run *x, const char *url, char **out)
{
	uint8_t digest[OV_DIGEST_MAX];
	char hex[2 * OV_DIGEST_MAX + 1];

	OV_TRY(ov_hasher_once(x->h, url, strlen(url), digest));
	ov_hex_encode(digest, 16, hex);
	return asprintf(out, "%s/incoming/%s.part", x->o->folder, hex) < 0 ? (*out = NULL, OV_NOMEM)
									   : OV_OK;
}

static void meta_name(const char *part, char out[64])
{
	(void)snprintf(out, 64, "incoming/%.*s.meta", 32, part + strlen(part) - 37);
}

/* How much of it is there already, and under which time. */
static uint64_t resume_at(struct ov_sources_run *x, const struct ov_fetched *f, const char *url,
			  char modified[OV_HTTP_TIME])
{
	struct ov_buf b = ov_buf_of(2 * META_MAX);
	struct ov_fd_facts facts;
	struct ov_cur c;
	struct ov_str line;
	char name[64];
	uint64_t at = 0;

	meta_name(f->part, name);
	modified[0] = '\0';
	if (ov_fd_facts(f->fd, &facts) == OV_OK && facts.size > 0 &&
	    ov_store_read(x->o->folder, name, META_MAX, &b) == OV_OK) {
		c = ov_buf_cur(&b);
		if (ov_cur_line(&c, &line) == OV_OK && ov_str_is(line, url) &&
		    ov_cur_line(&c, &line) == OV_OK && line.n > 0 && line.n < OV_HTTP_TIME) {
			memcpy(modified, line.p, line.n);
			modified[line.n] = '\0';
			at = facts.size;
		}
	}
	ov_buf_free(&b);
	if (at == 0 && (ftruncate(f->fd, 0) != 0 || lseek(f->fd, 0, SEEK_SET) != 0))
		return 0;
	if (at > 0 && lseek(f->fd, 0, SEEK_END) < 0)
		return 0;
	return at;
}

static void keep_meta(struct ov_sources_run *x, const struct ov_fetched *f, const char *url)
{
	struct ov_buf b = ov_buf_of(META_MAX);
	char name[64];

	meta_name(f->part, name);
	if (f->a.modified[0] != '\0' && ov_buf_fmt(&b, "%s\n%s\n", url, f->a.modified) == OV_OK)
		(void)!ov_store_write(x->o->folder, name, b.p, b.n, true); /* a help, no need */
	ov_buf_free(&b);
}

static ov_status open_part(struct ov_sources_run *x, const char *url, struct ov_fetched *f)
{
	char *folder = ov_store_path(x->o->folder, "incoming");
	ov_status s = folder != NULL ? ov_save_folder(folder) : OV_NOMEM;

	free(folder);
	OV_TRY(s);
	OV_TRY(part_path(x, url, &f->part));
	f->fd = open(f->part, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	return f->fd >= 0 ? OV_OK : OV_IO;
}

static ov_status by_http(struct ov_sources_run *x, struct ov_http *h, const char *url,
			 const struct ov_want *w, struct ov_fetched *f)
{
	struct ov_http_request r = { .url = url, .max = w->max, .only = w->only };
	char modified[OV_HTTP_TIME] = "";
	struct ov_fd_facts facts;
	ov_status s;

	OV_TRY(w->may_resume ? open_part(x, url, f) : nameless(x, &f->fd));
	if (w->may_resume)
		r.at = resume_at(x, f, url, modified);
	r.since = r.at > 0 ? modified : w->since;
	r.etag = w->etag;
	r.out = f->fd;
	s = ov_http_get(h, &r, &f->a);
	if (s != OV_OK && f->part != NULL && (f->a.is_cut || (r.at > 0 && f->a.status == 0))) {
		if (f->a.is_cut)
			keep_meta(x, f, url);
		free(f->part); /* it stays, to go on with */
		f->part = NULL;
	}
	OV_TRY(s);
	OV_TRY(ov_fd_facts(f->fd, &facts));
	f->size = facts.size;
	if (f->a.status == 206 && r.at > 0)
		f->a.is_part = false; /* with what was there it is whole */
	return OV_OK;
}

/* A folder as a place: the file is copied, so that it stays what it is. */
static ov_status by_folder(struct ov_sources_run *x, const char *path, const struct ov_want *w,
			   struct ov_fetched *f)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	struct ov_fd_facts facts;
	uint8_t room[16384];
	uint64_t left;

	if (ov_fd_open_read(path, &fd) != OV_OK)
		return errno == ENOENT ? OV_END : OV_IO;
	OV_TRY(ov_fd_facts(fd, &facts));
	if (facts.kind != OV_FD_FILE)
		return OV_END;
	if (w->only == 0 && facts.size > w->max)
		return OV_LIMIT;
	OV_TRY(nameless(x, &f->fd));
	left = w->only > 0 && w->only < facts.size ? w->only : facts.size;
	f->size = left;
	while (left > 0) {
		size_t got;

		OV_TRY(ov_fd_read(fd, room, ov_min_size(sizeof room, (size_t)left), &got));
		if (got == 0)
			return OV_IO;
		OV_TRY(ov_fd_write(f->fd, room, got));
		left -= got;
	}
	f->a.status = 200;
	return OV_OK;
}

/* "base/path"; a place without a path is the address itself. */
static ov_status whole_address(const char *base, const char *path, char **out)
{
	const size_t n = strlen(base);
	const bool slash = n > 0 && base[n - 1] == '/';

	if (asprintf(out, "%s%s%s", base, path == NULL || slash ? "" : "/",
		     path == NULL ? "" : path) < 0) {
		*out = NULL;
		return OV_NOMEM;
	}
	return OV_OK;
}

struct turn { /* what the places said so far */
	bool any_io, any_none, any_rest, any_large;
	char *why;
};

static ov_status judge_answer(struct ov_sources_run *x, ov_status s, struct ov_fetched *f,
			      struct turn *t)
{
	const int status = f->a.status;

	if (ov_cool_answer(&x->cool, f->a.host, (unsigned)status, f->a.retry_after, x->o->now)) {
		OV_TRY(ov_cool_save(x->o->folder, &x->cool)); /* before anything else is asked */
		(void)snprintf(t->why, OV_SOURCES_ERROR,
			       "%s answered %d: it wants to be left alone", f->a.host, status);
		t->any_rest = true;
		return OV_END;
	}
	if (s == OV_OK && (status == 200 || status == 206 || status == 304))
		return OV_OK;
	if (s == OV_NOMEM)
		return s;
	if (s == OV_LIMIT)
		t->any_large = true;
	else if (s == OV_OK && (status == 404 || status == 410))
		t->any_none = true;
	else
		t->any_io = true;
	if (s == OV_OK)
		(void)snprintf(t->why, OV_SOURCES_ERROR, "the server answered %d", status);
	else
		(void)snprintf(t->why, OV_SOURCES_ERROR, "%s",
			       f->a.error[0] != '\0' ? f->a.error : strerror(errno));
	return OV_END;
}

static ov_status one_place(struct ov_sources_run *x, struct ov_http *h, const char *url,
			   const struct ov_want *w, struct ov_fetched *f, struct turn *t)
{
	char host[128];
	unsigned status = 0;
	uint64_t until;
	ov_status s;

	if (url[0] == '/') {
		s = by_folder(x, url, w, f);
		if (s == OV_OK || s == OV_NOMEM)
			return s;
		(void)snprintf(t->why, OV_SOURCES_ERROR, "%s: %s", url,
			       s == OV_LIMIT ? "larger than max-size allows" : strerror(errno));
		*(s == OV_END ? &t->any_none : s == OV_LIMIT ? &t->any_large : &t->any_io) = true;
		return OV_END;
	}
	if (!ov_http_host(url, host)) {
		t->any_io = true;
		(void)snprintf(t->why, OV_SOURCES_ERROR, "%s: that is no address", url);
		return OV_END;
	}
	until = ov_cool_until(&x->cool, host, x->o->now, &status);
	if (until > 0) {
		t->any_rest = true;
		if (x->item->until == 0 || until < x->item->until)
			x->item->until = until;
		(void)snprintf(t->why, OV_SOURCES_ERROR,
			       "%s answered %u not long ago: it is left alone for now", host,
			       status);
		return OV_END;
	}
	s = by_http(x, h, url, w, f);
	x->item->bytes += f->a.bytes;
	return judge_answer(x, s, f, t);
}

static ov_status all_places(struct ov_sources_run *x, struct ov_http *h, const struct ov_want *w,
			    struct ov_fetched *out, char why[OV_SOURCES_ERROR])
{
	const size_t n = w->url != NULL ? 1 : x->c->nfrom;
	struct turn t = { .why = why };

	for (size_t i = w->first; i < n; i++) {
		struct ov_fetched f = { .fd = -1, .nth = i };
		char *url = NULL;
		ov_status s = whole_address(w->url != NULL ? w->url : x->c->from[i],
					    w->url != NULL ? NULL : w->path, &url);

		if (s == OV_OK)
			s = one_place(x, h, url, w, &f, &t);
		free(url);
		if (s == OV_OK) {
			*out = f;
			return OV_OK;
		}
		ov_fetched_drop(&f);
		if (s != OV_END)
			return s;
	}
	return t.any_large  ? OV_LIMIT
	       : t.any_io   ? OV_IO
	       : t.any_none ? OV_END
	       : t.any_rest ? OV_SHORT
			    : OV_END;
}

ov_status ov_source_fetch(struct ov_sources_run *x, const struct ov_want *w, struct ov_fetched *out,
			  char why[OV_SOURCES_ERROR])
{
	const struct ov_http_options o = { .slow_seconds = x->c->slow_seconds,
					   .redirects = x->c->redirects,
					   .proxy = x->c->proxy,
					   .told = on_request,
					   .ctx = x };
	struct ov_http *h = NULL;
	ov_status s;

	why[0] = '\0';
	*out = (struct ov_fetched){ .fd = -1 };
	OV_TRY(ov_http_open(&o, &h));
	s = all_places(x, h, w, out, why);
	ov_http_close(&h);
	return s;
}
