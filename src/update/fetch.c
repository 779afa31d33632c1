#include "fetch.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"

#define SLOW_BYTES 4000L
#define CONNECT_SECONDS 20L

struct ov_fetch {
	struct ov_fetch_options o;
	CURL *curl;
	size_t source, first;
	char error[CURL_ERROR_SIZE + 128];
};

ov_status ov_fetch_open(const struct ov_fetch_options *o, struct ov_fetch **out)
{
	struct ov_fetch *f = calloc(1, sizeof *f);

	if (f == NULL)
		return OV_NOMEM;
	f->o = *o;
	if (f->o.slow_seconds == 0)
		f->o.slow_seconds = 60;
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0 || (f->curl = curl_easy_init()) == NULL) {
		free(f);
		return OV_NOMEM;
	}
	*out = f;
	return OV_OK;
}

void ov_fetch_close(struct ov_fetch **pf)
{
	if (*pf == NULL)
		return;
	curl_easy_cleanup((*pf)->curl);
	free(*pf);
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

struct sink {
	struct ov_buf *out;
	size_t max;
	bool is_too_long;
};

static size_t on_bytes(char *p, size_t size, size_t n, void *ctx)
{
	struct sink *s = ctx;

	if (n * size > s->max - s->out->n) {
		s->is_too_long = true;
		return 0;
	}
	return ov_buf_put(s->out, p, n * size) == OV_OK ? n * size : 0;
}

static bool is_url(const char *s)
{
	return strncmp(s, "http://", 7) == 0 || strncmp(s, "https://", 8) == 0;
}

/* The same for every client, whatever it asks for. */
static void set_common(struct ov_fetch *f, const char *url, struct sink *sink)
{
	CURL *c = f->curl;

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
}

static void tell(struct ov_fetch *f, const char *url, int status, const char *error)
{
	struct ov_fetch_record r = { .url = url, .status = status, .error = error };
	long sent = 0, head = 0;
	curl_off_t body = 0, up = 0;

	if (is_url(url)) {
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

	set_common(f, url, sink);
	OV_TRY(perform(f, url, sink, &status));
	if (status == 404 || status == 410)
		return OV_END;
	if (status == 200)
		return OV_OK;
	(void)snprintf(f->error, sizeof f->error, "the server answered %d", status);
	return OV_IO;
}

static ov_status get_one(struct ov_fetch *f, const char *source, const char *path,
			 struct sink *sink)
{
	char *whole = NULL;
	ov_status s;

	if (!is_url(source)) {
		s = ov_store_read(source, path, sink->max, sink->out);
		if (s == OV_IO)
			(void)snprintf(f->error, sizeof f->error, "%s: %s", source,
				       strerror(errno));
		return s;
	}
	if (asprintf(&whole, "%s%s%s", source, source[strlen(source) - 1] == '/' ? "" : "/", path) <
	    0)
		return OV_NOMEM;
	s = get_url(f, whole, sink);
	free(whole);
	return s;
}

ov_status ov_fetch_get(struct ov_fetch *f, const char *path, size_t max, struct ov_buf *out)
{
	ov_status worst = OV_END;

	for (size_t i = 0; i < f->o.nsources; i++) {
		const size_t at = (f->first + i) % f->o.nsources;
		struct sink sink = { .out = out, .max = max };
		ov_status s;

		out->n = 0;
		f->error[0] = '\0';
		s = get_one(f, f->o.sources[at], path, &sink);
		if (s == OV_OK || s == OV_NOMEM) {
			f->source = at;
			return s;
		}
		if (s != OV_END)
			worst = s;
	}
	out->n = 0;
	return worst;
}

ov_status ov_fetch_post(struct ov_fetch *f, const char *url, const void *body, size_t n, size_t max,
			struct ov_buf *out, int *status)
{
	struct sink sink = { .out = out, .max = max };
	struct curl_slist *headers = NULL;
	ov_status s;

	out->n = 0;
	f->error[0] = '\0';
	set_common(f, url, &sink);
	headers = curl_slist_append(headers, "Content-Type: text/plain");
	headers = headers != NULL ? curl_slist_append(headers, "Expect:") : NULL;
	if (headers == NULL)
		return OV_NOMEM;
	(void)curl_easy_setopt(f->curl, CURLOPT_HTTPHEADER, headers);
	(void)curl_easy_setopt(f->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)n);
	(void)curl_easy_setopt(f->curl, CURLOPT_POSTFIELDS, body);
	(void)curl_easy_setopt(f->curl, CURLOPT_TIMEOUT, 30L);
	s = perform(f, url, &sink, status);
	curl_slist_free_all(headers);
	return s;
}
