/*
 * overt witness: vouches for logs over HTTP (C2SP tlog-witness). What a log has grown to is on the
 * disk before the answer leaves; see witness_http.c.
 *
 *   journal              the cosigned checkpoints, as notes; of each log the last counts
 *   fork-<n>.evidence    two checkpoints of a log that can't both be true
 */
#include "updater.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store.h"
#include "text.h"
#include "witness_int.h"

#define COMMAND "overt witness"
#define BATCH_MAX ((size_t)64 << 20)
#define JOURNAL_OLD ((uint64_t)16 << 20) /* bytes of old notes that are worth a rewriting */

struct settings {
	struct cli_list logs;
	const char *listen, *key, *passphrase_file, *folder, *logs_file;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "listen", 0, CLI_TEXT, AT(listen), "ADDR:PORT", "where (default 127.0.0.1:8080)", NULL, 0, 0 },
	{ "key", 0, CLI_TEXT, AT(key), "FILE", "the cosigner's key file (needed): made by\novert publish key --cosigner", NULL, 0, 0 },
	{ "passphrase-file", 0, CLI_TEXT, AT(passphrase_file), "FILE", "its first line opens the key file", NULL, 0, 0 },
	{ "folder", 0, CLI_TEXT, AT(folder), "DIR", "what was vouched for (needed)", NULL, 0, 0 },
	{ "log", 0, CLI_LIST, AT(logs), "VKEY", "a log's verifier key; may be given often", NULL, 0, 0 },
	{ "logs", 0, CLI_TEXT, AT(logs_file), "FILE", "many logs, one a line: log VKEY", NULL, 0, 0 },
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

static bool wrong(struct witness *w, const char *what, const char *detail)
{
	(void)cli_fail(w->cli, COMMAND, what, detail);
	return false;
}

/* ---- logs ---- */

static int by_hex(const void *a, const void *b)
{
	return strcmp(((const struct seen *)a)->hex, ((const struct seen *)b)->hex);
}

struct seen *witness_log(const struct witness *w, const char *hex)
{
	struct seen key;

	(void)snprintf(key.hex, sizeof key.hex, "%s", hex);
	return w->nlogs > 0 ? bsearch(&key, w->logs, w->nlogs, sizeof *w->logs, by_hex) : NULL;
}

ov_status witness_keep_note(struct seen *log, struct ov_str note)
{
	char *copy = malloc(note.n + 1);

	if (copy == NULL)
		return OV_NOMEM;
	memcpy(copy, note.p, note.n);
	free((char *)(uintptr_t)log->note.p);
	log->note = (struct ov_str){ copy, note.n };
	return OV_OK;
}

static bool read_logs(struct witness *w, const struct serve_logs *from)
{
	uint8_t digest[OV_DIGEST_MAX];

	w->logs = calloc(from->n, sizeof *w->logs);
	if (w->logs == NULL)
		return wrong(w, "no memory", NULL);
	for (size_t i = 0; i < from->n; i++, w->nlogs++) {
		struct seen *log = &w->logs[i];

		if (ov_vkey_parse(w->h, from->v[i].vkey, &log->key) != OV_OK ||
		    log->key.type != OV_KEY_PLAIN)
			return wrong(w, "a log's key is no Ed25519 verifier key", NULL);
		if (ov_hasher_once(w->h, log->key.name.p, log->key.name.n, digest) != OV_OK)
			return false;
		ov_hex_encode(digest, 32, log->hex);
	}
	qsort(w->logs, w->nlogs, sizeof *w->logs, by_hex);
	for (size_t i = 1; i < w->nlogs; i++)
		if (by_hex(&w->logs[i - 1], &w->logs[i]) == 0)
			return wrong(w, "a log is given twice", NULL);
	return true;
}

/* ---- what was vouched for ---- */

/* A note of the journal. Of logs that are not ours any more it is kept as it is: they may come
 * back. */
static ov_status on_record(void *ctx, struct ov_str note)
{
	struct witness *w = ctx;
	uint8_t digest[OV_DIGEST_MAX];
	struct ov_checkpoint c;
	struct ov_note n;
	struct ov_arena a;
	struct seen *log;
	char hex[65];
	ov_status s;

	ov_arena_init(&a, 1 << 20);
	s = ov_note_parse(note, &a, &n);
	if (s == OV_OK)
		s = ov_checkpoint_parse(n.text, &c);
	if (s == OV_OK)
		s = ov_hasher_once(w->h, c.origin.p, c.origin.n, digest);
	if (s == OV_OK) {
		ov_hex_encode(digest, 32, hex);
		log = witness_log(w, hex);
		if (log == NULL) {
			w->live =
			    UINT64_MAX; /* of a log that is not ours now: nothing is dropped */
		} else {
			log->stored = (struct ov_witness_stored){ .size = c.size, .root = c.root };
			s = witness_keep_note(log, note);
		}
	}
	ov_arena_free(&a);
	return s;
}

/* When most of the journal is old, a new one takes its place. */
static ov_status tidy(struct witness *w)
{
	struct ov_buf all = ov_buf_of((size_t)1 << 30);
	ov_status s = OV_OK;

	for (size_t i = 0; i < w->nlogs; i++)
		if (w->live != UINT64_MAX)
			w->live += w->logs[i].note.n;
	if (w->live == UINT64_MAX || w->journal.size < JOURNAL_OLD || w->journal.size / 4 < w->live)
		return OV_OK;
	for (size_t i = 0; s == OV_OK && i < w->nlogs; i++)
		if (w->logs[i].note.n > 0)
			s = ov_journal_put(w->h, &all, w->logs[i].note);
	if (s == OV_OK)
		s = ov_journal_replace(&w->journal, w->journal_path, &all);
	ov_buf_free(&all);
	return s;
}

static bool open_journal(struct witness *w)
{
	ov_status s;

	w->journal_path = ov_store_path(w->folder, "journal");
	s = w->journal_path != NULL ? ov_journal_open(w->journal_path, on_record, w, &w->journal)
				    : OV_NOMEM;
	if (s == OV_OK)
		s = tidy(w);
	if (s == OV_OK)
		return true;
	return wrong(
	    w, w->journal_path,
	    s == OV_IO ? strerror(errno)
	    : s == OV_NOMEM
		? "no memory"
		: "it is damaged: a witness that forgets could sign a fork, so it does not "
		  "start");
}

/* ---- start ---- */

static int serve(struct witness *w, const char *listen, int signals)
{
	struct sockaddr_storage at;
	struct MHD_Daemon *d;

	if (!serve_address(listen, &at))
		return cli_fail(w->cli, COMMAND, listen, "is no address like 127.0.0.1:8080");
	if (pthread_create(&w->writer, NULL, witness_write, w) != 0)
		return cli_fail(w->cli, COMMAND, "no thread", NULL);
	d = witness_serve(w, &at);
	if (d != NULL) {
		cli_fmt(&w->cli->out, "  vouching for %zu logs at http://%s/\n", w->nlogs, listen);
		cli_flush(&w->cli->out);
		serve_wait(signals);
	} else {
		(void)cli_fail(w->cli, COMMAND, listen, strerror(errno));
	}
	(void)pthread_mutex_lock(&w->lock);
	w->must_stop = true; /* whoever waits for the disk is answered first */
	(void)pthread_cond_signal(&w->more);
	(void)pthread_mutex_unlock(&w->lock);
	(void)pthread_join(w->writer, NULL);
	if (d == NULL)
		return CLI_FAILED;
	MHD_stop_daemon(d);
	return CLI_OK;
}

static int start(struct witness *w, const struct settings *s, const struct serve_logs *logs)
{
	const int signals = serve_signals(); /* before there are threads */
	int lock = -1, code = CLI_FAILED;

	if (signals < 0 || ov_hasher_new(OV_SHA256, &w->h) != OV_OK)
		return cli_fail(w->cli, COMMAND, strerror(errno), NULL);
	if (ov_store_lock(s->folder, 2, &lock) != OV_OK)
		(void)cli_fail(w->cli, COMMAND, s->folder,
			       "another witness has it, or no rights there");
	else if (serve_key(w->cli, COMMAND, w->h, s->key, s->passphrase_file, w->room, &w->key) &&
		 read_logs(w, logs) && open_journal(w))
		code = serve(w, s->listen != NULL ? s->listen : "127.0.0.1:8080", signals);
	if (lock >= 0)
		(void)close(lock);
	(void)close(signals);
	ov_skey_wipe(&w->key);
	explicit_bzero(w->room, sizeof w->room);
	ov_hasher_free(&w->h);
	return code;
}

static void release(struct witness *w)
{
	ov_journal_close(&w->journal);
	for (size_t i = 0; i < w->nlogs; i++)
		free((char *)(uintptr_t)w->logs[i].note.p);
	free(w->logs);
	free(w->journal_path);
	ov_buf_free(&w->batch);
	free(w);
}

int updater_witness(struct cli *c, int argc, char *const *argv)
{
	struct settings s = { .listen = NULL };
	struct serve_logs logs = { .n = 0 };
	struct cli_list none = { 0 };
	struct witness *w = calloc(1, sizeof *w);
	int code;

	if (w == NULL)
		return cli_fail(c, COMMAND, "no memory", NULL);
	w->cli = c;
	w->journal.fd = -1;
	w->batch = ov_buf_of(BATCH_MAX);
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_cond_init(&w->more, NULL);
	code = cli_begin(c, &updater_witness_spec, argc, argv, &s, &none);
	if (code < 0 && !serve_logs_read(c, COMMAND, &s.logs, s.logs_file, &logs))
		code = CLI_FAILED;
	if (code < 0 && (s.key == NULL || s.folder == NULL || logs.n == 0 || none.n > 0))
		code = cli_usage(c, &updater_witness_spec, "--key, --folder and --log are needed");
	if (code < 0) {
		w->folder = s.folder;
		code = start(w, &s, &logs);
	}
	serve_logs_free(&logs);
	cli_list_free(&none);
	cli_list_free(&s.logs);
	release(w);
	return code;
}
