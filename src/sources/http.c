#include "http.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "fd.h"
#include "text.h"

#define SLOW_BYTES 4000L
#define CONNECT_SECONDS 20L
#define URL_MAX_BYTES 2048

struct ov_http {
	struct ov_http_options o;
	CURL *curl;
	char error[CURL_ERROR_SIZE];
};

struct transfer {
	struct ov_http *h;
	const struct ov_http_request *r;
	struct ov_http_answer *a;
	uint64_t had; /* bytes in the file before */
	bool is_too_long, is_local, has_begun, wrong_range;
};

ov_status ov_http_open(const struct ov_http_options *o, struct ov_http **out)
{
	struct ov_http *h = calloc(1, sizeof *h);

	if (h == NULL)
		return OV_NOMEM;
	h->o = *o;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || (h->curl = curl_easy_init()) == NULL) {
		free(h);
		return OV_NOMEM;
	}
	*out = h;
	return OV_OK;
}

void ov_http_close(struct ov_http **ph)
{
	if (*ph == NULL)
		return;
	curl_easy_cleanup((*ph)->curl);
	free(*ph);
	*ph = NULL;
}

bool ov_http_host(const char *url, char out[128])
{
	const char *at = strstr(url, "://");
	size_t n;

	if (at == NULL)
		return false;
	at += 3;
	n = strcspn(at, "/?#");
	for (size_t i = n; i > 0; i--) /* a name and password before it are not the host */
		if (at[i - 1] == '@') {
			at += i;
			n -= i;
			break;
		}
	if (n == 0 || n >= 128)
		return false;
	for (size_t i = 0; i < n; i++) {
		if (at[i] <= ' ' || at[i] > '~')
			return false;
		out[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] + 32) : at[i];
	}
	out[n] = '\0';
	return true;
}

/* A header's value, when it is text of a sane length; a server's words go into a file and back. */
static void keep_value(const char *p, size_t n, char *to, size_t room)
{
	while (n > 0 && (*p == ' ' || *p == '\t')) {
		p++;
		n--;
	}
	while (n > 0 && (unsigned char)p[n - 1] <= ' ')
		n--;
	to[0] = '\0';
	if (n >= room)
		return;
	for (size_t i = 0; i < n; i++)
		if (p[i] < ' ' || p[i] > '~')
			return;
	memcpy(to, p, n);
	to[n] = '\0';
}

static bool is_header(const char *p, size_t n, const char *name)
{
	const size_t m = strlen(name);

	return n > m && p[m] == ':' && strncasecmp(p, name, m) == 0;
}

/* "bytes 100-199/200" */
static bool begins_at(struct ov_str range, uint64_t at)
{
	struct ov_str unit, from;
	uint64_t v;

	return ov_text_split(&range, ' ', &unit) && ov_str_is(unit, "bytes") &&
	       ov_text_split(&range, '-', &from) && ov_text_u64(from, &v) == OV_OK && v == at;
}

static size_t on_header(char *p, size_t size, size_t count, void *ctx)
{
	const size_t n = size * count;
	struct transfer *t = ctx;

	if (n >= 5 && strncmp(p, "HTTP/", 5) == 0) /* a new answer: forget the one before */
		t->a->modified[0] = t->a->etag[0] = '\0';
	else if (is_header(p, n, "last-modified"))
		keep_value(p + 14, n - 14, t->a->modified, sizeof t->a->modified);
	else if (is_header(p, n, "etag"))
		keep_value(p + 5, n - 5, t->a->etag, sizeof t->a->etag);
	else if (is_header(p, n, "content-range")) {
		char value[96];

		keep_value(p + 14, n - 14, value, sizeof value);
		t->wrong_range = !begins_at(ov_str_of(value), t->r->at);
	}
	return n;
}

/* The first bytes of an answer: a full one begins the file anew. */
static bool begin(struct transfer *t)
{
	long status = 0;

	(void)curl_easy_getinfo(t->h->curl, CURLINFO_RESPONSE_CODE, &status);
	t->has_begun = true;
	t->a->is_part = status == 206;
	if (status == 200 && t->had > 0) {
		t->had = 0;
		if (ftruncate(t->r->out, 0) != 0 || lseek(t->r->out, 0, SEEK_SET) != 0)
			return false;
	}
	return !(status == 206 && t->wrong_range);
}

static size_t on_bytes(char *p, size_t size, size_t count, void *ctx)
{
	const size_t n = size * count;
	struct transfer *t = ctx;
	long status = 0;

	(void)curl_easy_getinfo(t->h->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status != 200 && status != 206) /* an error's page: bounded, and thrown away */
		return t->a->bytes + n > 65536 ? 0 : (t->a->bytes += n, n);
	if (!t->has_begun && !begin(t))
		return 0;
	if (t->r->only > 0 && t->a->bytes + n > t->r->only) {
		/* A server without ranges sends all: the beginning is enough. */
		const size_t part = (size_t)(t->r->only - t->a->bytes);

		if (part > 0 && ov_fd_write(t->r->out, p, part) == OV_OK)
			t->a->bytes += part;
		return 0;
	}
	if (n > t->r->max - t->had - t->a->bytes) {
		t->is_too_long = true;
		return 0;
	}
	if (ov_fd_write(t->r->out, p, n) != OV_OK) {
		t->is_local = true;
		return 0;
	}
	t->a->bytes += n;
	return n;
}

/* The same for every installation, whatever it asks for. */
static void set_common(struct transfer *t, const char *url)
{
	CURL *c = t->h->curl;

	curl_easy_reset(c);
	(void)curl_easy_setopt(c, CURLOPT_URL, url);
	(void)curl_easy_setopt(c, CURLOPT_USERAGENT, "overt");
	(void)curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
	(void)curl_easy_setopt(c, CURLOPT_FOLLOWLOCATION, 0L);
	(void)curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
	(void)curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT, CONNECT_SECONDS);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_LIMIT, SLOW_BYTES);
	(void)curl_easy_setopt(c, CURLOPT_LOW_SPEED_TIME, (long)t->h->o.slow_seconds);
	(void)curl_easy_setopt(c, CURLOPT_ERRORBUFFER, t->h->error);
	(void)curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_bytes);
	(void)curl_easy_setopt(c, CURLOPT_WRITEDATA, t);
	(void)curl_easy_setopt(c, CURLOPT_HEADERFUNCTION, on_header);
	(void)curl_easy_setopt(c, CURLOPT_HEADERDATA, t);
	if (t->h->o.proxy != NULL)
		(void)curl_easy_setopt(c, CURLOPT_PROXY, t->h->o.proxy);
}

static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
	char line[OV_HTTP_ETAG + 32];
	struct curl_slist *more;

	if (value == NULL || *value == '\0')
		return true;
	(void)snprintf(line, sizeof line, "%s: %s", name, value);
	more = curl_slist_append(*list, line);
	if (more != NULL)
		*list = more;
	return more != NULL;
}

static bool set_conditions(struct transfer *t, struct curl_slist **list, char range[64])
{
	const struct ov_http_request *r = t->r;
	bool ok = true;

	if (r->at > 0) {
		(void)snprintf(range, 64, "%llu-", (unsigned long long)r->at);
		ok = add_header(list, "If-Range", r->since);
	} else {
		if (r->only > 0)
			(void)snprintf(range, 64, "0-%llu", (unsigned long long)r->only - 1);
		ok = add_header(list, "If-Modified-Since", r->since) &&
		     add_header(list, "If-None-Match", r->etag);
	}
	if (range[0] != '\0')
		(void)curl_easy_setopt(t->h->curl, CURLOPT_RANGE, range);
	if (*list != NULL)
		(void)curl_easy_setopt(t->h->curl, CURLOPT_HTTPHEADER, *list);
	return ok;
}

static void tell(struct transfer *t, const char *url, const char *error)
{
	struct ov_http_record rec = { .url = url, .status = t->a->status, .error = error };
	long sent = 0, head = 0;
	curl_off_t body = 0;

	(void)curl_easy_getinfo(t->h->curl, CURLINFO_REQUEST_SIZE, &sent);
	(void)curl_easy_getinfo(t->h->curl, CURLINFO_HEADER_SIZE, &head);
	(void)curl_easy_getinfo(t->h->curl, CURLINFO_SIZE_DOWNLOAD_T, &body);
	rec.sent = (uint64_t)sent;
	rec.received = (uint64_t)head + (uint64_t)body;
	if (t->h->o.told != NULL)
		t->h->o.told(t->h->o.ctx, &rec);
}

static ov_status settle(struct transfer *t, CURLcode code)
{
	struct ov_http_answer *a = t->a;
	const bool enough = t->r->only > 0 && a->bytes == t->r->only;

	if (t->is_too_long) {
		(void)snprintf(a->error, sizeof a->error,
			       "it is larger than the %llu bytes allowed",
			       (unsigned long long)t->r->max);
		return OV_LIMIT;
	}
	if (t->wrong_range && a->is_part)
		(void)snprintf(a->error, sizeof a->error,
			       "the server sends another part than asked");
	else if (t->is_local)
		(void)snprintf(a->error, sizeof a->error, "it can't be written: %s",
			       strerror(errno));
	else if (code != CURLE_OK && !enough)
		(void)snprintf(a->error, sizeof a->error, "%s",
			       t->h->error[0] != '\0' ? t->h->error : curl_easy_strerror(code));
	else
		return OV_OK;
	a->is_cut = !t->is_local && !t->wrong_range && (a->status == 200 || a->status == 206);
	return code == CURLE_OUT_OF_MEMORY ? OV_NOMEM : OV_IO;
}

static ov_status one_hop(struct transfer *t, const char *url)
{
	struct curl_slist *list = NULL;
	char range[64] = "";
	long status = 0;
	curl_off_t after = 0;
	CURLcode code;
	ov_status s;

	set_common(t, url);
	t->h->error[0] = '\0';
	t->a->bytes = 0;
	t->has_begun = t->wrong_range = false;
	if (!set_conditions(t, &list, range)) {
		curl_slist_free_all(list);
		return OV_NOMEM;
	}
	code = curl_easy_perform(t->h->curl);
	curl_slist_free_all(list);
	(void)curl_easy_getinfo(t->h->curl, CURLINFO_RESPONSE_CODE, &status);
	(void)curl_easy_getinfo(t->h->curl, CURLINFO_RETRY_AFTER, &after);
	t->a->status = (int)status;
	t->a->retry_after = after > 0 ? (uint64_t)after : 0;
	(void)ov_http_host(url, t->a->host);
	s = settle(t, code);
	tell(t, url, s == OV_OK ? NULL : t->a->error);
	return s;
}

/* Where a redirect leads, if it may be followed: never from https to http. */
static bool next_hop(struct transfer *t, char url[URL_MAX_BYTES])
{
	const char *to = NULL;

	(void)curl_easy_getinfo(t->h->curl, CURLINFO_REDIRECT_URL, &to);
	if (to == NULL || strlen(to) >= URL_MAX_BYTES ||
	    (strncmp(to, "https://", 8) != 0 && strncmp(to, "http://", 7) != 0))
		return false;
	if (strncmp(url, "https://", 8) == 0 && strncmp(to, "https://", 8) != 0)
		return false;
	memmove(url, to, strlen(to) + 1);
	return true;
}

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

ov_status ov_http_get(struct ov_http *h, const struct ov_http_request *r, struct ov_http_answer *a)
{
	struct transfer t = { .h = h, .r = r, .a = a, .had = r->at };
	char url[URL_MAX_BYTES];

	memset(a, 0, sizeof *a);
	if (strlen(r->url) >= sizeof url)
		return OV_LIMIT;
	memcpy(url, r->url, strlen(r->url) + 1);
	for (unsigned hops = 0;; hops++) {
		OV_TRY(one_hop(&t, url));
		if (!is_redirect(a->status))
			return OV_OK;
		if (hops >= h->o.redirects || !next_hop(&t, url)) {
			(void)snprintf(a->error, sizeof a->error,
				       "the server sends to another address, and that is not "
				       "followed (redirects = 1 allows one)");
			return OV_IO;
		}
	}
}
