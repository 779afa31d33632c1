#include "fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle.h"
#include "fd.h"
#include "fetch_link.h"
#include "store.h"

#define SLOW_BYTES 4000L
#define CONNECT_SECONDS 20L
#define POST_SECONDS 60L

/* A source that is no address: a folder, or a bundle, which is opened when it is first asked. */
struct local {
	bool is_known, is_bundle;
	int fd;
	struct ov_bundle bundle;
};

struct ov_fetch {
	struct ov_fetch_options o;
	struct local *local; /* nsources of them */
	CURL *curl;	     /* made when an address is first asked */
	size_t source, first;
	char error[CURL_ERROR_SIZE + 128];
};

bool ov_fetch_is_url(const char *s)
{
	return strncmp(s, "http://", 7) == 0 || strncmp(s, "https://", 8) == 0;
}

bool ov_fetch_needs_network(const struct ov_fetch_options *o)
{
	for (size_t i = 0; i < o->nsources; i++)
		if (ov_fetch_is_url(o->sources[i]))
			return true;
	return false;
}

ov_status ov_fetch_open(const struct ov_fetch_options *o, struct ov_fetch **out)
{
	struct ov_fetch *f = calloc(1, sizeof *f);
	struct local *local = calloc(o->nsources + 1, sizeof *local);

	if (f == NULL || local == NULL) {
		free(f);
		free(local);
		return OV_NOMEM;
	}
	for (size_t i = 0; i < o->nsources; i++)
		local[i].fd = -1;
	f->o = *o;
	f->local = local;
	if (f->o.slow_seconds == 0)
		f->o.slow_seconds = 60;
	*out = f;
	return OV_OK;
}

void ov_fetch_close(struct ov_fetch **pf)
{
	struct ov_fetch *f = *pf;

	if (f == NULL)
		return;
	for (size_t i = 0; i < f->o.nsources; i++) {
		ov_bundle_close(&f->local[i].bundle);
		ov_fd_close(&f->local[i].fd);
	}
	free(f->local);
	if (f->curl != NULL)
		curl_easy_cleanup(f->curl);
	free(f);
	*pf = NULL;
}

const char *ov_fetch_error(const struct ov_fetch *f)
{
	return f->error;
}

size_t ov_fetch_source(const struct ov_fetch *f)
{
	return f->source;
}

void ov_fetch_prefer(struct ov_fetch *f, size_t nth)
{
	if (nth < f->o.nsources)
		f->first = nth;
}

struct sink { /* a buffer, or a file with its digest */
	struct ov_buf *out;
	size_t max, got;
	bool is_too_long;
	int fd;
	struct ov_hasher *h;
};

static bool put(struct sink *s, const void *p, size_t n)
{
	if (n > s->max - s->got) {
		s->is_too_long = true;
		return false;
	}
	s->got += n;
	if (s->out != NULL)
		return ov_buf_put(s->out, p, n) == OV_OK;
	return ov_fd_write(s->fd, p, n) == OV_OK && ov_hasher_add(s->h, p, n) == OV_OK;
}

static size_t on_bytes(char *p, size_t size, size_t n, void *ctx)
{
	return put(ctx, p, n * size) ? n * size : 0;
}

/* The same for every client, whatever it asks for. */
static ov_status set_common(struct ov_fetch *f, const char *url, struct sink *sink)
{
	CURL *c = f->curl;

	if (c == NULL) {
		if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || (c = curl_easy_init()) == NULL)
			return OV_NOMEM;
		f->curl = c;
	}
	curl_easy_reset(c);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "overt");
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)f->o.slow_seconds);
	(void)curl_easy_setopt(c, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)sink->max);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, f->error);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, sink);
	if (f->o.proxy != NULL)
		(void)curl_easy_setopt(c, CURLOPT_PROXY, f->o.proxy);
	return OV_OK;
}

static void tell(struct ov_fetch *f, const char *url, int status, const char *error)
{
	struct ov_fetch_record r = { .url = url, .status = status, .error = error };
	long sent = 0, head = 0;
	curl_off_t body = 0, up = 0;

	if (ov_fetch_is_url(url)) {
		(void)curl_easy_getinfo(f->curl, CURLINFO_REQUEST_SIZE, &sent);
		(void)curl_easy_getinfo(f->curl, CURLINFO_HEADER_SIZE, &head);
		(void)curl_easy_getinfo(f->curl, CURLINFO_SIZE_DOWNLOAD_T, &body);
		(void)curl_easy_getinfo(f->curl, CURLINFO_SIZE_UPLOAD_T, &up);
	}
	r.sent = (uint64_t)sent + (uint64_t)up;
	r.received = (uint64_t)head + (uint64_t)body;
	if (f->o.told != NULL)
		f->o.told(f->o.ctx, &r);
}

static ov_status perform(struct ov_fetch *f, const char *url, const struct sink *sink, int *status)
{
	const CURLcode code = curl_easy_perform(f->curl);
	long http = 0;

	(void)curl_easy_getinfo(f->curl, CURLINFO_RESPONSE_CODE, &http);
	*status = (int)http;
	if (code != CURLE_OK && f->error[0] == '\0')
		(void)snprintf(f->error, sizeof f->error, "%s", curl_easy_strerror(code));
	tell(f, url, (int)http, code == CURLE_OK ? NULL : f->error);
	if (sink->is_too_long || code == CURLE_FILESIZE_EXCEEDED)
		return OV_LIMIT;
	if (code == CURLE_OUT_OF_MEMORY)
		return OV_NOMEM;
	return code == CURLE_OK ? OV_OK : OV_IO;
}

static ov_status get_url(struct ov_fetch *f, const char *url, struct sink *sink)
{
	int status;

	OV_TRY(set_common(f, url, sink));
	OV_TRY(perform(f, url, sink, &status));
	if (status == 404 || status == 410)
		return OV_END;
	if (status == 200)
		return OV_OK;
	(void)snprintf(f->error, sizeof f->error, "the server answered %d", status);
	return OV_IO;
}

static ov_status copy_file(const char *source, const char *path, struct sink *sink)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	char *whole = ov_store_path(source, path), room[65536];
	ov_status s = whole != NULL ? ov_fd_open_read(whole, &fd) : OV_NOMEM;
	size_t got = 0;

	free(whole);
	if (s == OV_IO && errno == ENOENT)
		return OV_END;
	OV_TRY(s);
	do {
		OV_TRY(ov_fd_read(fd, room, sizeof room, &got));
		if (got > 0 && !put(sink, room, got))
			return sink->is_too_long ? OV_LIMIT : OV_IO;
	} while (got == sizeof room);
	return OV_OK;
}

/* Somebody else asks for us: what he tells of it goes on the ledger too. */
static ov_status get_by_link(struct ov_fetch *f, const char *url, const char *path,
			     struct sink *sink)
{
	struct ov_fetch_link_answer a;
	const ov_status s = ov_fetch_link_ask(f->o.link, f->source, path, sink->max, sink->out, &a);

	if (s != OV_OK) {
		(void)snprintf(f->error, sizeof f->error, "the part that fetches is gone");
		return s;
	}
	a.record.url = url;
	(void)snprintf(f->error, sizeof f->error, "%s", a.text);
	if (f->o.told != NULL)
		f->o.told(f->o.ctx, &a.record);
	return a.status;
}

/* Is this source a folder or a bundle? A bundle's index is read once. */
static ov_status know_local(struct ov_fetch *f, const char *path, struct local *l)
{
	struct ov_fd_facts facts = { .size = 0 };
	ov_status s;

	if (l->is_known)
		return OV_OK;
	s = ov_fd_open_read(path, &l->fd);
	if (s == OV_OK)
		s = ov_fd_facts(l->fd, &facts);
	if (s == OV_OK && facts.kind == OV_FD_FILE) {
		s = ov_bundle_open(ov_fd_src(&l->fd, facts.size), &l->bundle);
		l->is_bundle = s == OV_OK;
		if (s == OV_BAD || s == OV_SHORT || s == OV_UNSUPPORTED)
			(void)snprintf(f->error, sizeof f->error, "%s: %s", path,
				       s == OV_UNSUPPORTED ? "a bundle of another version"
							   : "no bundle, or a damaged one");
	}
	l->is_known = s == OV_OK;
	if (s != OV_OK) {
		if (f->error[0] == '\0')
			(void)snprintf(f->error, sizeof f->error, "%s: %s", path, strerror(errno));
		ov_bundle_close(&l->bundle);
		ov_fd_close(&l->fd);
	}
	return s == OV_OK || s == OV_NOMEM ? s : OV_IO;
}

static ov_status get_local(struct ov_fetch *f, size_t at, const char *path, struct sink *sink)
{
	const char *source = f->o.sources[at];
	struct local *l = &f->local[at];
	ov_status s;

	OV_TRY(know_local(f, source, l));
	if (sink->out == NULL)
		s = l->is_bundle ? OV_UNSUPPORTED : copy_file(source, path, sink);
	else
		s = l->is_bundle ? ov_bundle_read(&l->bundle, path, sink->max, sink->out)
				 : ov_store_read(source, path, sink->max, sink->out);
	if (s == OV_IO || s == OV_SHORT)
		(void)snprintf(f->error, sizeof f->error, "%s: %s", source,
			       s == OV_IO ? strerror(errno) : "it is cut");
	return s == OV_SHORT ? OV_IO : s;
}

static ov_status get_one(struct ov_fetch *f, size_t at, const char *path, struct sink *sink)
{
	const char *source = f->o.sources[at];
	char *whole = NULL;
	ov_status s;

	f->error[0] = '\0';
	f->source = at;
	if (!ov_fetch_is_url(source))
		return get_local(f, at, path, sink);
	if (asprintf(&whole, "%s%s%s", source, source[strlen(source) - 1] == '/' ? "" : "/", path) <
	    0)
		return OV_NOMEM;
	s = f->o.link > 0 && sink->out != NULL ? get_by_link(f, whole, path, sink)
					       : get_url(f, whole, sink);
	free(whole);
	return s;
}

ov_status ov_fetch_get_from(struct ov_fetch *f, size_t at, const char *path, size_t max,
			    struct ov_buf *out)
{
	struct sink sink = { .out = out, .max = max };

	out->n = 0;
	return get_one(f, at, path, &sink);
}

ov_status ov_fetch_get(struct ov_fetch *f, const char *path, size_t max, struct ov_buf *out)
{
	ov_status worst = OV_END;

	for (size_t i = 0; i < f->o.nsources; i++) {
		const ov_status s =
		    ov_fetch_get_from(f, (f->first + i) % f->o.nsources, path, max, out);

		if (s == OV_OK || s == OV_NOMEM)
			return s;
		if (s != OV_END)
			worst = s;
	}
	out->n = 0;
	return worst;
}

ov_status ov_fetch_save(struct ov_fetch *f, size_t nth, const char *path, uint64_t max, int fd,
			struct ov_hasher *h, uint64_t *size)
{
	struct sink sink = { .max = (size_t)max, .fd = fd, .h = h };
	ov_status s;

	if (nth >= f->o.nsources)
		return OV_END;
	s = get_one(f, nth, path, &sink);
	*size = sink.got;
	return s;
}

ov_status ov_fetch_post(struct ov_fetch *f, const char *url, const char *type, const void *body,
			size_t n, size_t max, struct ov_buf *out, int *status)
{
	struct sink sink = { .out = out, .max = max };
	struct curl_slist *headers = NULL;
	char line[128];
	ov_status s;

	out->n = 0;
	f->error[0] = '\0';
	OV_TRY(set_common(f, url, &sink));
	(void)snprintf(line, sizeof line, "Content-Type: %s", type);
	headers = curl_slist_append(headers, line);
	headers = headers != NULL ? curl_slist_append(headers, "Expect:") : NULL;
	if (headers == NULL)
		return OV_NOMEM;
	(void)curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(f->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	(void)curl_easy_setopt(f->curl, CURLOPT_POSTFIELDS, body);
	(void)curl_easy_setopt(f->curl, CURLOPT_TIMEOUT, POST_SECONDS);
	s = perform(f, url, &sink, status);
	curl_slist_free_all(headers);
	return s;
}
