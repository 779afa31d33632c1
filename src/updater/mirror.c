/*
 * overt mirror: holds logs with all that they name, and cosigns only what it holds (C2SP
 * tlog-mirror; archive.h says what more it asks). Entries are brought to it (mirror_http.c) or
 * fetched by it (mirror_follow.c).
 */
#include "updater.h"

#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mirror_int.h"
#include "store.h"
#include "text.h"

#define COMMAND "overt mirror"
#define SPARE ((uint64_t)256 << 20)

struct settings {
	struct cli_list logs, from;
	const char *listen, *key, *passphrase_file, *folder, *logs_file;
	uint64_t every, most, spare, since;
	bool once, json;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "listen", 0, CLI_TEXT, AT(listen), "ADDR:PORT", "where (default 127.0.0.1:8081)", NULL, 0, 0 },
	{ "key", 0, CLI_TEXT, AT(key), "FILE", "the cosigner's key file (needed): made by\novert publish key --cosigner; never a witness's", NULL, 0, 0 },
	{ "passphrase-file", 0, CLI_TEXT, AT(passphrase_file), "FILE", "its first line opens the key file", NULL, 0, 0 },
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "what is held (needed); DIR/public can be served\nby any web server", NULL, 0, 0 },
	{ "log", 0, CLI_LIST, AT(logs), "VKEY", "a log's verifier key; may be given often", NULL, 0, 0 },
	{ "from", 0, CLI_LIST, AT(from), "URL|DIR", "where that log stands (with one --log); given\nagain: its mirrors", NULL, 0, 0 },
	{ "logs", 0, CLI_TEXT, AT(logs_file), "FILE", "many logs, one a line: log VKEY URL", NULL, 0, 0 },
	{ "since", 0, CLI_NUMBER, AT(since), "N", "don't ask for artifacts of entries before N\n(default 0: all)", NULL, 0, 0 },
	{ "every", 0, CLI_NUMBER, AT(every), "SECONDS", "look at each log so often (default 60)", NULL, 1, 86400 },
	{ "max-disk", 0, CLI_SIZE, AT(most), "SIZE", "hold at most so much (default: no limit)", NULL, 1, 0 },
	{ "spare", 0, CLI_SIZE, AT(spare), "SIZE", "leave so much of the disk free (default 256M)", NULL, 0, 0 },
	{ "once", 0, CLI_FLAG, AT(once), NULL, "look once, sign what is complete, and end", NULL, 0, 0 },
	{ "json", 0, CLI_FLAG, AT(json), NULL, "status: for programs", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_mirror_spec = {
	.command = COMMAND,
	.usage = "--key FILE --folder DIR --log VKEY --from URL [OPTION]...\nstatus --folder DIR",
	.intro =
	    "Holds logs with all that they name, and signs a log's tree only when each entry of "
	    "it,\n"
	    "and each database and delta that the entries name, is on its disk and has the right\n"
	    "digest. Clients that ask for a mirror's signature can't be shown what was never "
	    "public.\n"
	    "Publishers bring entries (C2SP tlog-mirror), or it fetches them. When its disk is "
	    "full\n"
	    "it says so, and signs nothing more.",
	.after = "Exit status: 0 ended by a signal, or --once and all is signed; 2 an error; 3 "
		 "--once or\n"
		 "status: something is missing, full or damaged. Manual: man overt-mirror",
	.options = options,
};

void mirror_say(struct mirrored *l, const char *fmt, ...)
{
	char text[sizeof l->said];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (strcmp(text, l->said) == 0)
		return;
	(void)memcpy(l->said, text, sizeof text);
	(void)pthread_mutex_lock(&l->m->out);
	cli_put(&l->m->cli->out, "  ");
	cli_shown(&l->m->cli->out, l->a.log.name);
	cli_put(&l->m->cli->out, "  ");
	cli_shown(&l->m->cli->out, ov_str_of(text));
	cli_put(&l->m->cli->out, "\n");
	cli_flush(&l->m->cli->out);
	(void)pthread_mutex_unlock(&l->m->out);
}

ov_status mirror_sign(struct mirrored *l, uint64_t size, struct ov_buf *line)
{
	const uint64_t before = l->a.held;
	const ov_status s = ov_archive_sign(&l->a, &l->m->key, size, updater_now(), line);

	if (s == OV_OK && size > before)
		mirror_say(l, "signed %llu entries", (unsigned long long)size);
	else if (s == OV_LIMIT)
		mirror_say(l, "full: nothing is signed until there is room");
	else if (s == OV_BAD)
		mirror_say(l, "DAMAGED, nothing is signed: %s", l->a.trouble);
	return s;
}

/* ---- start and end ---- */

static bool open_log(struct mirror *m, const struct settings *s, const struct serve_log *from,
		     struct mirrored *l)
{
	const char *slash;
	ov_status st;

	l->m = m;
	(void)pthread_mutex_init(&l->lock, NULL);
	(void)pthread_cond_init(&l->arrived, NULL);
	(void)pthread_cond_init(&l->wanted, NULL);
	l->sources = calloc(s->from.n + 1, sizeof *l->sources);
	if (l->sources == NULL)
		return false;
	if (from->url != NULL)
		l->sources[l->nsources++] = from->url;
	for (size_t i = 0; i < s->from.n; i++)
		l->sources[l->nsources++] = s->from.v[i];
	st = ov_archive_open(s->folder, from->vkey, &m->quota, s->since, &l->a);
	if (st != OV_OK)
		return cli_fail(m->cli, COMMAND,
				st == OV_UNSUPPORTED ? "a log's key is no Ed25519 verifier key"
						     : s->folder,
				st == OV_UNSUPPORTED	  ? NULL
				: l->a.trouble[0] != '\0' ? l->a.trouble
				: st == OV_IO		  ? strerror(errno)
							  : ov_status_name(st)) == CLI_OK;
	slash = strrchr(l->a.public, '/');
	(void)snprintf(l->hex, sizeof l->hex, "%s", slash != NULL ? slash + 1 : "");
	return true;
}

static bool open_logs(struct mirror *m, const struct settings *s, const struct serve_logs *logs)
{
	m->logs = calloc(logs->n, sizeof *m->logs);
	if (m->logs == NULL)
		return false;
	for (size_t i = 0; i < logs->n; i++) {
		m->nlogs++;
		if (!open_log(m, s, &logs->v[i], &m->logs[i]))
			return false;
	}
	return true;
}

static void close_logs(struct mirror *m)
{
	for (size_t i = 0; i < m->nlogs; i++) {
		struct mirrored *l = &m->logs[i];

		if (l->has_thread) {
			(void)pthread_mutex_lock(&l->lock);
			l->must_stop = true;
			(void)pthread_cond_signal(&l->wanted);
			(void)pthread_mutex_unlock(&l->lock);
			(void)pthread_join(l->thread, NULL);
		}
		ov_archive_close(&l->a);
		free(l->sources);
	}
	free(m->logs);
	m->logs = NULL;
	m->nlogs = 0;
}

static int look_once(struct mirror *m)
{
	struct ov_hasher *h = NULL;
	int code = CLI_OK;

	if (ov_hasher_new(OV_SHA256, &h) != OV_OK)
		return CLI_FAILED;
	for (size_t i = 0; i < m->nlogs; i++) {
		struct mirrored *l = &m->logs[i];
		const struct ov_fetch_options o = { .sources = l->sources,
						    .nsources = l->nsources };
		struct ov_fetch *f = NULL;

		if (ov_fetch_open(&o, &f) != OV_OK || mirror_look(l, f, h) != OV_OK ||
		    l->a.held < ov_archive_pending(&l->a))
			code = CLI_INCOMPLETE;
		ov_fetch_close(&f);
	}
	ov_hasher_free(&h);
	return code;
}

static int serve(struct mirror *m, const char *listen, int signals)
{
	struct sockaddr_storage at;
	struct MHD_Daemon *d;

	if (!serve_address(listen, &at))
		return cli_fail(m->cli, COMMAND, listen, "is no address like 127.0.0.1:8081");
	d = mirror_serve(m, &at);
	if (d == NULL)
		return cli_fail(m->cli, COMMAND, listen, strerror(errno));
	(void)pthread_mutex_lock(&m->out);
	cli_fmt(&m->cli->out, "  mirroring %zu logs at http://%s/\n", m->nlogs, listen);
	cli_flush(&m->cli->out);
	(void)pthread_mutex_unlock(&m->out);
	for (size_t i = 0; i < m->nlogs; i++)
		if (m->logs[i].nsources > 0)
			m->logs[i].has_thread = pthread_create(&m->logs[i].thread, NULL,
							       mirror_follow, &m->logs[i]) == 0;
	serve_wait(signals);
	MHD_stop_daemon(d);
	return CLI_OK;
}

static int run(struct mirror *m, const struct settings *s, const struct serve_logs *logs)
{
	const int signals = serve_signals();
	struct ov_hasher *h = NULL;
	struct ov_fetch *first = NULL;
	const struct ov_fetch_options none = { .nsources = 0 };
	int lock = -1, code = CLI_FAILED;

	if (ov_store_lock(s->folder, 2, &lock) != OV_OK)
		(void)cli_fail(m->cli, COMMAND, s->folder,
			       "another mirror has it, or no rights there");
	else if (signals < 0 || ov_hasher_new(OV_SHA256, &h) != OV_OK ||
		 ov_fetch_open(&none, &first) !=
		     OV_OK) /* libcurl starts before there are threads */
		(void)cli_fail(m->cli, COMMAND, "it can't start", strerror(errno));
	else if (ov_quota_open(s->folder, s->most, s->spare, &m->quota) == OV_OK &&
		 serve_key(m->cli, COMMAND, h, s->key, s->passphrase_file, m->room, &m->key) &&
		 open_logs(m, s, logs))
		code = s->once
			   ? look_once(m)
			   : serve(m, s->listen != NULL ? s->listen : "127.0.0.1:8081", signals);
	close_logs(m);
	ov_fetch_close(&first);
	ov_hasher_free(&h);
	if (lock >= 0)
		(void)close(lock);
	if (signals >= 0)
		(void)close(signals);
	return code;
}

static int check_usage(struct cli *c, const struct settings *s, const struct serve_logs *logs)
{
	if (s->key == NULL || s->folder == NULL || logs->n == 0)
		return cli_usage(c, &updater_mirror_spec, "--key, --folder and --log are needed");
	if (s->from.n > 0 && logs->n != 1)
		return cli_usage(
		    c, &updater_mirror_spec,
		    "--from is for one log; several stand in --logs FILE with addresses");
	return -1;
}

int updater_mirror(struct cli *c, int argc, char *const *argv)
{
	struct settings s = { .every = 60, .spare = SPARE };
	struct mirror *m = calloc(1, sizeof *m);
	struct serve_logs logs = { .n = 0 };
	struct cli_list words = { 0 };
	int code;

	if (m == NULL)
		return cli_fail(c, COMMAND, "no memory", NULL);
	m->cli = c;
	(void)pthread_mutex_init(&m->out, NULL);
	code = cli_begin(c, &updater_mirror_spec, argc, argv, &s, &words);
	m->every_seconds = s.every;
	if (code < 0 && words.n == 1 && strcmp(words.v[0], "status") == 0 && s.folder != NULL)
		code = mirror_status(c, s.folder, s.json);
	else if (code < 0 && words.n > 0)
		code = cli_usage(c, &updater_mirror_spec, "what? nothing, or status --folder DIR");
	if (code < 0 && !serve_logs_read(c, COMMAND, &s.logs, s.logs_file, &logs))
		code = CLI_FAILED;
	if (code < 0)
		code = check_usage(c, &s, &logs);
	if (code < 0)
		code = run(m, &s, &logs);
	ov_skey_wipe(&m->key);
	explicit_bzero(m->room, sizeof m->room);
	serve_logs_free(&logs);
	cli_list_free(&words);
	cli_list_free(&s.logs);
	cli_list_free(&s.from);
	free(m);
	return code;
}
