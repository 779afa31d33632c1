/*
 * overt witness: vouches for logs over HTTP (C2SP tlog-witness). One thread answers one request
 * after the other, so that what is stored and what is compared can't come apart; what a log has
 * grown to is on the disk before the answer leaves.
 *
 *   POST /add-checkpoint             a request of witness.h; 200 with the cosignature line
 *   GET  /<hex of SHA-256(origin)>/checkpoint    the newest cosigned checkpoint, for monitors
 */
#include "updater.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "keyfile.h"
#include "store.h"
#include "text.h"
#include "witness.h"

#define COMMAND "overt witness"
#define BODY_MAX (OV_NOTE_MAX + 64 * 64)
#define LOGS_MAX 10000
#define TIMEOUT_SECONDS 30
#define CONNECTIONS 256

struct settings {
	struct cli_list logs;
	const char *listen, *key, *passphrase_file, *folder;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "listen", 0, CLI_TEXT, AT(listen), "ADDR:PORT", "where (default 127.0.0.1:8080)", NULL, 0, 0 },
	{ "key", 0, CLI_TEXT, AT(key), "FILE", "the cosigner's key file (needed): made by\novert publish key --cosigner", NULL, 0, 0 },
	{ "passphrase-file", 0, CLI_TEXT, AT(passphrase_file), "FILE", "its first line opens the key file", NULL, 0, 0 },
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "what was vouched for (needed)", NULL, 0, 0 },
	{ "log", 0, CLI_LIST, AT(logs), "VKEY", "a log's verifier key; may be given often", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_witness_spec = {
	.command = COMMAND,
	.usage = "--key FILE --folder DIR --log VKEY [OPTION]...",
	.intro =
	    "Vouches for logs: signs a log's newest tree after it has checked that it contains "
	    "the\n"
	    "one that it signed before, and says when. It sees hashes only, never what they stand\n"
	    "for. Any log of the C2SP ecosystem can use it.",
	.after = "Exit status: 0 ended by a signal; 2 an error.\nManual: man overt-witness",
	.options = options,
};

struct seen { /* a log and the largest tree of it */
	struct ov_vkey key;
	char name[80]; /* "<hex>/checkpoint" */
	struct ov_witness_stored stored;
};

struct witness {
	struct cli *cli;
	const char *folder;
	struct ov_hasher *h;
	struct ov_skey key;
	char room[OV_KEYFILE_MAX];
	struct seen *logs;
	size_t nlogs;
};

static bool wrong(struct witness *w, const char *what, const char *detail)
{
	(void)cli_fail(w->cli, COMMAND, what, detail);
	return false;
}

/* ---- what is stored: the cosigned checkpoint, a note ---- */

static bool load_log(struct witness *w, const char *vkey, struct seen *out)
{
	struct ov_buf b = ov_buf_of(1 << 17);
	uint8_t digest[OV_DIGEST_MAX];
	struct ov_checkpoint c;
	struct ov_note n;
	struct ov_arena a;
	char hex[65];
	ov_status s;

	if (ov_vkey_parse(w->h, ov_str_of(vkey), &out->key) != OV_OK ||
	    out->key.type != OV_KEY_PLAIN)
		return wrong(w, vkey, "is no Ed25519 verifier key");
	if (ov_hasher_once(w->h, out->key.name.p, out->key.name.n, digest) != OV_OK)
		return false;
	ov_hex_encode(digest, 32, hex);
	(void)snprintf(out->name, sizeof out->name, "%s/checkpoint", hex);
	ov_arena_init(&a, 1 << 20);
	s = ov_store_read(w->folder, out->name, OV_NOTE_MAX, &b);
	if (s == OV_OK)
		s = ov_note_parse(ov_buf_text(&b), &a, &n);
	if (s == OV_OK)
		s = ov_checkpoint_parse(n.text, &c);
	if (s == OV_OK)
		out->stored = (struct ov_witness_stored){ .size = c.size, .root = c.root };
	ov_arena_free(&a);
	ov_buf_free(&b);
	if (s != OV_OK && s != OV_END)
		return cli_fail(w->cli, COMMAND, out->name,
				"what is stored can't be read; a witness that forgets could sign a "
				"fork, so it does not start") == CLI_OK;
	return true;
}

static struct seen *find_log(struct witness *w, struct ov_str origin)
{
	for (size_t i = 0; i < w->nlogs; i++)
		if (ov_str_eq(w->logs[i].key.name, origin))
			return &w->logs[i];
	return NULL;
}

/* ---- answers ---- */

static ov_status cosign(struct witness *w, const struct ov_witness_request *r, struct seen *log,
			struct ov_buf *line)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf note = ov_buf_of(1 << 17);

	OV_TRY(ov_note_sign(&w->key, r->note.text, updater_now(), line));
	OV_TRY(ov_buf_str(&note, r->note.text));
	OV_TRY(ov_buf_u8(&note, '\n'));
	for (uint32_t i = 0; i < r->note.nsigs; i++) /* the log's own line, not those of others */
		if (r->note.sigs[i].id == log->key.id &&
		    ov_str_eq(r->note.sigs[i].name, log->key.name))
			OV_TRY(ov_buf_fmt(&note, "%.*s\n", (int)r->note.sigs[i].line.n,
					  r->note.sigs[i].line.p));
	OV_TRY(ov_buf_put(&note, line->p, line->n));
	OV_TRY(ov_store_write(w->folder, log->name, note.p, note.n, false));
	log->stored =
	    (struct ov_witness_stored){ .size = r->checkpoint.size, .root = r->checkpoint.root };
	return OV_OK;
}

/* @return HTTP's status; the body is in `out`. */
static int add_checkpoint(struct witness *w, struct ov_str body, struct ov_buf *out)
{
	static const struct ov_witness_stored nothing;
	struct ov_witness_request r;
	struct seen *log = NULL;
	struct ov_arena a;
	int status = 500;
	ov_status s;

	ov_arena_init(&a, 4 << 20);
	s = ov_witness_parse(body, &a, &r);
	if (s == OV_OK) {
		log = find_log(w, r.checkpoint.origin);
		s = ov_witness_decide(w->h, &r, log != NULL ? &log->key : NULL,
				      log != NULL ? &log->stored : &nothing, &status);
	} else if (s != OV_NOMEM) {
		status = 400;
		s = OV_OK;
	}
	if (s == OV_OK && status == 200 && log != NULL)
		s = cosign(w, &r, log, out);
	if (s == OV_OK && status == 409 && log != NULL)
		s = ov_buf_fmt(out, "%llu\n", (unsigned long long)log->stored.size);
	if (s != OV_OK) {
		out->n = 0;
		status = 500;
	}
	ov_arena_free(&a);
	return status;
}

static int get_checkpoint(struct witness *w, const char *path, struct ov_buf *out)
{
	for (size_t i = 0; i < w->nlogs; i++) {
		if (strcmp(path + 1, w->logs[i].name) != 0)
			continue;
		return ov_store_read(w->folder, w->logs[i].name, OV_NOTE_MAX, out) == OV_OK ? 200
											    : 404;
	}
	return 404;
}

static enum MHD_Result answer(struct MHD_Connection *conn, int status, const struct ov_buf *b)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(
	    b->n, b->n > 0 ? (void *)b->p : (void *)(uintptr_t) "", MHD_RESPMEM_MUST_COPY);
	enum MHD_Result done;

	if (r == NULL)
		return MHD_NO;
	(void)MHD_add_response_header(
	    r, "Content-Type", status == 409 ? "text/x.tlog.size" : "text/plain; charset=utf-8");
	done = MHD_queue_response(conn, (unsigned)status, r);
	MHD_destroy_response(r);
	return done;
}

/* A request's body, as far as it has come. */
struct request {
	struct ov_buf body;
	bool is_too_long;
};

static enum MHD_Result finish(struct witness *w, struct MHD_Connection *conn, const char *path,
			      const char *method, const struct request *q)
{
	struct ov_buf out = ov_buf_of(1 << 17);
	enum MHD_Result done;
	int status = 404;

	if (strcmp(method, "POST") == 0 && strcmp(path, "/add-checkpoint") == 0)
		status = q->is_too_long ? 413 : add_checkpoint(w, ov_buf_text(&q->body), &out);
	else if (strcmp(method, "GET") == 0)
		status = get_checkpoint(w, path, &out);
	else
		status = strcmp(path, "/add-checkpoint") == 0 ? 405 : 404;
	done = answer(conn, status, &out);
	ov_buf_free(&out);
	return done;
}

static enum MHD_Result on_request(void *ctx, struct MHD_Connection *conn, const char *path,
				  const char *method, const char *version, const char *data,
				  size_t *size, void **state)
{
	struct request *q = *state;

	(void)version;
	if (q == NULL) {
		q = calloc(1, sizeof *q);
		if (q == NULL)
			return MHD_NO;
		q->body = ov_buf_of(BODY_MAX);
		*state = q;
		return MHD_YES;
	}
	if (*size > 0) {
		if (!q->is_too_long && ov_buf_put(&q->body, data, *size) != OV_OK)
			q->is_too_long = true;
		*size = 0;
		return MHD_YES;
	}
	return finish(ctx, conn, path, method, q);
}

static void on_done(void *ctx, struct MHD_Connection *conn, void **state,
		    enum MHD_RequestTerminationCode why)
{
	struct request *q = *state;

	(void)ctx;
	(void)conn;
	(void)why;
	if (q != NULL) {
		ov_buf_free(&q->body);
		free(q);
	}
	*state = NULL;
}

/* ---- start ---- */

/* "127.0.0.1:8080", "[::1]:8080" */
static bool read_address(const char *text, struct sockaddr_storage *out)
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

static bool read_key(struct witness *w, const struct settings *s)
{
	struct ov_buf b = ov_buf_of(8192), pass = ov_buf_of(8192);
	struct ov_str phrase = { .p = NULL, .n = 0 }, rest;
	bool ok = updater_read(w->cli, COMMAND, s->key, 4096, &b) &&
		  (s->passphrase_file == NULL ||
		   updater_read(w->cli, COMMAND, s->passphrase_file, 4096, &pass));

	rest = ov_buf_text(&pass);
	(void)ov_text_split(&rest, '\n', &phrase);
	if (ok && (ov_keyfile_read(w->h, ov_buf_text(&b), phrase, w->room, &w->key) != OV_OK ||
		   w->key.public.type != OV_KEY_COSIGN))
		ok = wrong(w, s->key, "is no cosigner's key, or needs another passphrase");
	if (pass.p != NULL)
		explicit_bzero(pass.p, pass.n);
	ov_buf_free(&pass);
	ov_buf_free(&b);
	return ok;
}

static bool read_logs(struct witness *w, const struct settings *s)
{
	w->logs = calloc(s->logs.n, sizeof *w->logs);
	if (w->logs == NULL)
		return false;
	for (size_t i = 0; i < s->logs.n; i++, w->nlogs++)
		if (!load_log(w, s->logs.v[i], &w->logs[i]))
			return false;
	return true;
}

static int serve(struct witness *w, const char *listen, int signals)
{
	struct sockaddr_storage at;
	struct MHD_Daemon *d;
	struct pollfd p = { .fd = signals, .events = POLLIN };

	if (!read_address(listen, &at))
		return cli_fail(w->cli, COMMAND, listen, "is no address like 127.0.0.1:8080");
	d = MHD_start_daemon(MHD_USE_AUTO | MHD_USE_INTERNAL_POLLING_THREAD |
				 (at.ss_family == AF_INET6 ? MHD_USE_IPv6 : 0),
			     0, NULL, NULL, on_request, w, MHD_OPTION_SOCK_ADDR, &at,
			     MHD_OPTION_NOTIFY_COMPLETED, on_done, NULL,
			     MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)TIMEOUT_SECONDS,
			     MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
			     MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)65536, MHD_OPTION_END);
	if (d == NULL)
		return cli_fail(w->cli, COMMAND, listen, strerror(errno));
	cli_fmt(&w->cli->out, "  vouching for %zu logs at http://%s/\n", w->nlogs, listen);
	cli_flush(&w->cli->out);
	while (poll(&p, 1, -1) < 0 && errno == EINTR) {
	}
	MHD_stop_daemon(d);
	return CLI_OK;
}

static int start(struct witness *w, const struct settings *s)
{
	int lock = -1, signals, code;
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &set, NULL); /* before there are threads */
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0 || ov_hasher_new(OV_SHA256, &w->h) != OV_OK)
		return cli_fail(w->cli, COMMAND, strerror(errno), NULL);
	if (ov_store_lock(s->folder, 2, &lock) != OV_OK)
		code = cli_fail(w->cli, COMMAND, s->folder,
				"another witness has it, or no rights there");
	else if (!read_key(w, s) || !read_logs(w, s))
		code = CLI_FAILED;
	else
		code = serve(w, s->listen != NULL ? s->listen : "127.0.0.1:8080", signals);
	if (lock >= 0)
		(void)close(lock);
	(void)close(signals);
	ov_skey_wipe(&w->key);
	explicit_bzero(w->room, sizeof w->room);
	ov_hasher_free(&w->h);
	free(w->logs);
	return code;
}

int updater_witness(struct cli *c, int argc, char *const *argv)
{
	struct settings s = { .listen = NULL };
	struct cli_list none = { 0 };
	struct witness *w = calloc(1, sizeof *w);
	int code;

	if (w == NULL)
		return cli_fail(c, COMMAND, "no memory", NULL);
	code = cli_begin(c, &updater_witness_spec, argc, argv, &s, &none);

	if (code < 0 && (s.key == NULL || s.folder == NULL || s.logs.n == 0 || none.n > 0))
		code = cli_usage(c, &updater_witness_spec, "--key, --folder and --log are needed");
	if (code < 0 && s.logs.n > LOGS_MAX)
		code = cli_usage(c, &updater_witness_spec, "more than 10,000 logs");
	if (code < 0) {
		w->cli = c;
		w->folder = s.folder;
		code = start(w, &s);
	}
	cli_list_free(&none);
	cli_list_free(&s.logs);
	free(w);
	return code;
}
