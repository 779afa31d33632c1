#include "serve.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>

#include "store.h"
#include "text.h"

bool serve_address(const char *text, struct sockaddr_storage *out)
{
	const struct addrinfo hints = { .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *found = NULL;
	char host[128];
	const char *colon = strrchr(text, ':'), *from = text;
	size_t n = colon != NULL ? (size_t)(colon - text) : 0;

	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		from++;
		n -= 2;
	}
	if (n == 0 || n >= sizeof host)
		return false;
	memcpy(host, from, n);
	host[n] = '\0';
	if (getaddrinfo(host, colon + 1, &hints, &found) != 0)
		return false;
	memcpy(out, found->ai_addr, found->ai_addrlen);
	freeaddrinfo(found);
	return true;
}

bool serve_key(struct cli *c, const char *command, struct ov_hasher *h, const char *path,
	       const char *passphrase_file, char *room, struct ov_skey *out)
{
	struct ov_buf b = ov_buf_of(8192), pass = ov_buf_of(8192);
	struct ov_str phrase = { .p = NULL, .n = 0 }, rest;
	bool ok =
	    updater_read(c, command, path, 4096, &b) &&
	    (passphrase_file == NULL || updater_read(c, command, passphrase_file, 4096, &pass));

	rest = ov_buf_text(&pass);
	(void)ov_text_split(&rest, '\n', &phrase);
	if (ok && (ov_keyfile_read(h, ov_buf_text(&b), phrase, room, out) != OV_OK ||
		   out->public.type != OV_KEY_COSIGN))
		ok = cli_fail(c, command, path,
			      "is no cosigner's key, or needs another passphrase") == CLI_OK;
	if (pass.p != NULL)
		explicit_bzero(pass.p, pass.n);
	if (b.p != NULL)
		explicit_bzero(b.p, b.n);
	ov_buf_free(&pass);
	ov_buf_free(&b);
	return ok;
}

int serve_signals(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

void serve_wait(int signals)
{
	struct pollfd p = { .fd = signals, .events = POLLIN };

	while (poll(&p, 1, -1) < 0 && errno == EINTR) {
	}
}

/* ---- logs ---- */

static bool add_log(struct serve_logs *l, struct ov_str vkey, struct ov_str url)
{
	struct serve_log *grown;

	if (l->n == SERVE_LOGS)
		return false;
	if ((l->n & (l->n - 1)) == 0) { /* powers of two: room for twice as many */
		grown = reallocarray(l->v, l->n == 0 ? 1 : 2 * l->n, sizeof *l->v);
		if (grown == NULL)
			return false;
		l->v = grown;
	}
	grown = &l->v[l->n];
	*grown = (struct serve_log){ .vkey = vkey };
	if (url.n > 0 && (grown->url = strndup(url.p, url.n)) == NULL)
		return false;
	l->n++;
	return true;
}

static bool add_line(struct serve_logs *l, struct ov_str line)
{
	struct ov_str word, vkey, url = { .p = NULL, .n = 0 };

	line = ov_text_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return true;
	if (!ov_text_split(&line, ' ', &word) || !ov_str_is(word, "log"))
		return false;
	line = ov_text_trim(line);
	if (!ov_text_split(&line, ' ', &vkey))
		return false;
	if (line.p != NULL)
		url = ov_text_trim(line);
	if (memchr(url.p != NULL ? url.p : "", ' ', url.n) != NULL)
		return false;
	return add_log(l, vkey, url);
}

bool serve_logs_read(struct cli *c, const char *command, const struct cli_list *given,
		     const char *path, struct serve_logs *out)
{
	struct ov_str rest, line;
	unsigned number = 0;

	*out = (struct serve_logs){ .text = ov_buf_of((size_t)8 << 20) };
	for (size_t i = 0; i < given->n; i++)
		if (!add_log(out, ov_str_of(given->v[i]), (struct ov_str){ .p = NULL, .n = 0 }))
			return cli_fail(c, command, "more than 10,000 logs", NULL) == CLI_OK;
	if (path == NULL)
		return true;
	if (!updater_read(c, command, path, (size_t)4 << 20, &out->text))
		return false;
	rest = ov_buf_text(&out->text);
	while (ov_text_split(&rest, '\n', &line)) {
		number++;
		if (add_line(out, line))
			continue;
		cli_fmt(&c->err, "%s: %s:%u: a line is: log VKEY [URL], at most 10,000 of them\n",
			command, path, number);
		return false;
	}
	return true;
}

void serve_logs_free(struct serve_logs *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->v[i].url);
	free(l->v);
	ov_buf_free(&l->text);
	*l = (struct serve_logs){ .n = 0 };
}

enum MHD_Result serve_answer(struct MHD_Connection *conn, int status, const char *type,
			     const struct ov_buf *b)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    b->n, b->n > 0 ? (void *)b->p : (void *)(uintptr_t) "", MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (r == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(r, "Content-Type",
				      type != NULL ? type : "text/plain; charset=utf-8");
	if (status == 503)
		(void)MHD_add_response_header(r, "Retry-After", "1");
	done = MHD_queue_response(conn, (unsigned)status, r);
	MHD_destroy_response(r);
	return done;
}
