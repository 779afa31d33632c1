/* overt publish: keys, root files, and releases of databases through a log. */
#include "updater.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fd.h"
#include "keyfile.h"
#include "publish.h"
#include "store.h"
#include "text.h"

#define COMMAND "overt publish"

struct settings {
	struct cli_list root_keys, release_keys;
	const char *root, *output, *key, *signer, *log_key, *passphrase_file, *policy, *rollout,
	    *channel;
	uint64_t engine, version, expires_days, root_threshold, release_threshold, wait;
	bool is_cosigner;
};

#define AT(m) offsetof(struct settings, m)

/* clang-format off */
static const struct cli_option options[] = {
	{ "Keys and root files", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "output", 'o', CLI_TEXT, AT(output), "FILE", "write the key or the root file here", NULL, 0, 0 },
	{ "cosigner", 0, CLI_FLAG, AT(is_cosigner), NULL, "key: for a witness or mirror", NULL, 0, 0 },
	{ "passphrase-file", 0, CLI_TEXT, AT(passphrase_file), "FILE", "its first line protects, or opens, key files", NULL, 0, 0 },
	{ "root-version", 0, CLI_NUMBER, AT(version), "N", "root: its number (default 1)", NULL, 1, 0 },
	{ "expires", 0, CLI_NUMBER, AT(expires_days), "DAYS", "root: until when (default 365)", NULL, 1, 36500 },
	{ "root-threshold", 0, CLI_NUMBER, AT(root_threshold), "K", "root: root keys needed (default: more than half)", NULL, 1, 32 },
	{ "root-key", 0, CLI_LIST, AT(root_keys), "VKEY", "root: a verifier key that may sign roots", NULL, 0, 0 },
	{ "release-threshold", 0, CLI_NUMBER, AT(release_threshold), "K", "root: release keys needed (default: more than half)", NULL, 1, 32 },
	{ "release-key", 0, CLI_LIST, AT(release_keys), "VKEY", "root: a verifier key that may release", NULL, 0, 0 },
	{ "policy", 0, CLI_TEXT, AT(policy), "FILE", "root: the tlog-policy with log and witnesses", NULL, 0, 0 },
	{ "root", 0, CLI_TEXT, AT(root), "FILE", "init, rotate: the signed root file", NULL, 0, 0 },
	{ "Releases", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "channel", 0, CLI_TEXT, AT(channel), "NAME", "add: for whom (default stable)", NULL, 0, 0 },
	{ "engine", 0, CLI_NUMBER, AT(engine), "N", "add: the oldest engine that reads it (default 0)", NULL, 0, 0 },
	{ "rollout", 0, CLI_TEXT, AT(rollout), "STEPS", "add: 10,100@1h,1000@4h: per mille of clients,\nand how long after now; default all at once", NULL, 0, 0 },
	{ "key", 0, CLI_TEXT, AT(key), "FILE", "sign: with this key file", NULL, 0, 0 },
	{ "signer", 0, CLI_TEXT, AT(signer), "PROGRAM", "sign: with a program: the text on its input,\nthe signature line on its output", NULL, 0, 0 },
	{ "wait", 0, CLI_NUMBER, AT(wait), "SECONDS", "release: for a mirror that is still fetching\n(default 60)", NULL, 0, 86400 },
	{ "log-key", 0, CLI_TEXT, AT(log_key), "FILE", "release: the log's key file", NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

const struct cli_spec updater_publish_spec = {
	.command = COMMAND,
	.usage = "key NAME -o FILE\n"
		 "root -o FILE --root-key VKEY... --release-key VKEY... --policy FILE\n"
		 "sign FOLDER|ROOT --key FILE\n"
		 "init FOLDER --root FILE\n"
		 "add FOLDER NAME VERSION FILE\n"
		 "withdraw FOLDER SHA256 REASON...\n"
		 "draft FOLDER\n"
		 "release FOLDER --log-key FILE\n"
		 "rotate FOLDER --root FILE",
	.intro =
	    "Publishes databases so that every client gets the same bytes, newest or refused: a\n"
	    "release is an entry of a public log that independent witnesses vouch for. What is\n"
	    "in FOLDER/public is static: serve it with any web server. Each step can be run\n"
	    "again after a failure; release without a draft asks for fresh cosignatures.",
	.after =
	    "Exit status: 0 done; 2 an error; 3 released, but too few witnesses answered yet.\n"
	    "Manual: man overt-publish",
	.options = options,
};

struct publish {
	struct cli *c;
	struct settings s;
	struct cli_list args;
	struct ov_buf passphrase;
};

static int fail(struct publish *p, const char *what, const char *detail)
{
	return cli_fail(p->c, COMMAND, what, detail);
}

static bool refuse(struct publish *p, const char *what, const char *detail)
{
	(void)fail(p, what, detail);
	return false;
}

static bool read_passphrase(struct publish *p)
{
	const uint8_t *end;

	if (p->s.passphrase_file == NULL)
		return true;
	if (!updater_read(p->c, COMMAND, p->s.passphrase_file, 4096, &p->passphrase))
		return false;
	end = p->passphrase.n > 0 ? memchr(p->passphrase.p, '\n', p->passphrase.n) : NULL;
	if (end != NULL)
		p->passphrase.n = (size_t)(end - p->passphrase.p);
	return true;
}

static bool read_key(struct publish *p, const char *path, struct ov_hasher *h, char *room,
		     struct ov_skey *out)
{
	struct ov_buf b = ov_buf_of(8192);
	ov_status s = OV_BAD;

	if (updater_read(p->c, COMMAND, path, 4096, &b)) {
		s = ov_keyfile_read(h, ov_buf_text(&b), ov_buf_text(&p->passphrase), room, out);
		if (s != OV_OK)
			(void)fail(p, path,
				   s == OV_ENCRYPTED ? "it needs its passphrase: --passphrase-file"
						     : "it is no key file");
	}
	ov_buf_free(&b);
	return s == OV_OK;
}

/* ---- key ---- */

static int make_key(struct publish *p, struct ov_hasher *h)
{
	struct ov_buf file = ov_buf_of(8192), vkey = ov_buf_of(4096);
	uint8_t seed[OV_KEY_BYTES];
	struct ov_skey k;
	int code = CLI_OK;

	if (p->args.n != 2 || p->s.output == NULL)
		return cli_usage(p->c, &updater_publish_spec, "key NAME -o FILE");
	if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return fail(p, "no random numbers", strerror(errno));
	if (ov_skey_make(h, ov_str_of(p->args.v[1]),
			 p->s.is_cosigner ? OV_KEY_COSIGN : OV_KEY_PLAIN, seed, &k) != OV_OK)
		return fail(p, p->args.v[1],
			    "a key's name is like a host's: no blank, no plus sign");
	if (ov_store_has(NULL, p->s.output))
		code = fail(p, p->s.output, "is there already; a key is never written over");
	else if (ov_keyfile_write(&k, ov_buf_text(&p->passphrase), &file) != OV_OK ||
		 ov_store_write(NULL, p->s.output, file.p, file.n, true) != OV_OK)
		code = fail(p, p->s.output, strerror(errno));
	else if (ov_vkey_write(&vkey, &k.public) == OV_OK)
		cli_fmt(&p->c->out, "%.*s\n", (int)vkey.n, (const char *)vkey.p);
	ov_skey_wipe(&k);
	ov_buf_free(&file);
	ov_buf_free(&vkey);
	return code;
}

/* ---- root ---- */

static bool take_vkeys(struct publish *p, struct ov_hasher *h, const struct cli_list *from,
		       uint64_t threshold, struct ov_root_keys *out)
{
	if (from->n == 0 || from->n > OV_ROOT_KEYS)
		return refuse(p, "a root file has 1 to 32 root keys and release keys", NULL);
	for (size_t i = 0; i < from->n; i++) {
		if (ov_vkey_parse(h, ov_str_of(from->v[i]), &out->key[i]) != OV_OK ||
		    out->key[i].type != OV_KEY_PLAIN)
			return refuse(p, from->v[i], "is no Ed25519 verifier key");
		out->n++;
	}
	out->threshold = threshold > 0 ? (uint32_t)threshold : out->n / 2 + 1;
	return true;
}

static int make_root(struct publish *p, struct ov_hasher *h)
{
	struct ov_root *r = calloc(1, sizeof *r);
	struct ov_buf policy = ov_buf_of(1 << 17), out = ov_buf_of(1 << 18);
	int code = CLI_FAILED;

	if (p->s.output == NULL || p->s.policy == NULL) {
		free(r);
		return cli_usage(p->c, &updater_publish_spec,
				 "root needs -o FILE and --policy FILE");
	}
	if (r != NULL && updater_read(p->c, COMMAND, p->s.policy, 65536, &policy) &&
	    take_vkeys(p, h, &p->s.root_keys, p->s.root_threshold, &r->roots) &&
	    take_vkeys(p, h, &p->s.release_keys, p->s.release_threshold, &r->releases)) {
		r->version = p->s.version;
		r->expires = updater_now() + p->s.expires_days * 86400;
		if (ov_root_write(r, ov_buf_text(&policy), &out) == OV_OK &&
		    ov_store_write(NULL, p->s.output, out.p, out.n, false) == OV_OK)
			code = CLI_OK;
		else
			(void)fail(p, p->s.output, strerror(errno));
	}
	if (code == CLI_OK)
		cli_fmt(&p->c->out,
			"Written, unsigned. Next: overt publish sign %s --key KEY, %u times\n",
			p->s.output, r->roots.threshold);
	ov_buf_free(&policy);
	ov_buf_free(&out);
	free(r);
	return code;
}

/* ---- sign ---- */

/* Runs the program with the file as its input; its output goes to `line`. @return its exit code, or
 * -1. */
static int run_signer(const char *program, int input, struct ov_buf *line)
{
	char *copy = strdup(program), *args[] = { copy, NULL };
	posix_spawn_file_actions_t actions;
	int out[2], status = -1;
	char room[4096];
	ssize_t n;
	pid_t pid;
	bool ok = copy != NULL && pipe2(out, O_CLOEXEC) == 0;

	if (!ok || posix_spawn_file_actions_init(&actions) != 0) {
		free(copy);
		return -1;
	}
	ok = posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO) == 0 &&
	     posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO) == 0 &&
	     posix_spawnp(&pid, program, &actions, NULL, args, environ) == 0;
	(void)close(out[1]);
	while (ok && ((n = read(out[0], room, sizeof room)) > 0 || (n < 0 && errno == EINTR)))
		if (n > 0 && ov_buf_put(line, room, (size_t)n) != OV_OK)
			break;
	(void)close(out[0]);
	if (ok && (waitpid(pid, &status, 0) != pid || !WIFEXITED(status)))
		status = -1;
	(void)posix_spawn_file_actions_destroy(&actions);
	free(copy);
	return ok && status >= 0 ? WEXITSTATUS(status) : -1;
}

/* The text goes to a program of the site's (a token, an HSM); its answer is a signature line. */
static bool sign_by_program(struct publish *p, struct ov_str text, struct ov_buf *line)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;

	if (ov_fd_memory("overt-sign", &fd) != OV_OK || ov_fd_write(fd, text.p, text.n) != OV_OK ||
	    lseek(fd, 0, SEEK_SET) != 0 || run_signer(p->s.signer, fd, line) != 0)
		return refuse(p, p->s.signer, "the program failed");
	return true;
}

static bool make_line(struct publish *p, struct ov_hasher *h, struct ov_str text,
		      struct ov_buf *line)
{
	char room[OV_KEYFILE_MAX];
	struct ov_skey k;
	bool ok;

	if (p->s.signer != NULL)
		return sign_by_program(p, text, line);
	if (p->s.key == NULL)
		return refuse(p, "with what? --key FILE or --signer PROGRAM", NULL);
	if (!read_key(p, p->s.key, h, room, &k))
		return false;
	ok = ov_note_sign(&k, text, 0, line) == OV_OK;
	ov_skey_wipe(&k);
	explicit_bzero(room, sizeof room);
	return ok || refuse(p, p->s.key, "it can't sign this text");
}

/* A root file, or any note: a line more. */
static int sign_file(struct publish *p, struct ov_hasher *h, const char *path)
{
	struct ov_buf b = ov_buf_of(1 << 18), line = ov_buf_of(1 << 16);
	int code = CLI_FAILED;

	if (updater_read(p->c, COMMAND, path, OV_NOTE_MAX, &b)) {
		const char *end = memmem(b.p, b.n, "\n\n", 2);
		const struct ov_str text = { (const char *)b.p,
					     end != NULL ? (size_t)(end - (const char *)b.p) + 1
							 : b.n };
		char *copy = strndup(text.p, text.n);

		if (copy != NULL && make_line(p, h, (struct ov_str){ copy, text.n }, &line) &&
		    (end != NULL || ov_buf_u8(&b, '\n') == OV_OK) &&
		    ov_buf_put(&b, line.p, line.n) == OV_OK &&
		    ov_store_write(NULL, path, b.p, b.n, false) == OV_OK)
			code = CLI_OK;
		free(copy);
	}
	ov_buf_free(&b);
	ov_buf_free(&line);
	return code;
}

static int sign_draft(struct publish *p, struct ov_publisher *pub)
{
	struct ov_buf text = ov_buf_of(1 << 18), line = ov_buf_of(1 << 16);
	int code = CLI_FAILED;

	if (ov_publish_draft(pub, &text) != OV_OK)
		(void)fail(p, "there is no draft to sign", "overt publish add makes one");
	else if (make_line(p, pub->h, ov_buf_text(&text), &line)) {
		if (ov_publish_signature(pub, ov_buf_text(&line)) == OV_OK)
			code = CLI_OK;
		else
			(void)fail(p, pub->error, NULL);
	}
	ov_buf_free(&text);
	ov_buf_free(&line);
	return code;
}

/* ---- releases ---- */

/* "10,100@1h,1000@4h" */
static bool read_rollout(const char *text, uint64_t now, struct ov_state_rollout *out)
{
	struct ov_str rest = ov_str_of(text), word, part;

	while (ov_text_split(&rest, ',', &word)) {
		uint64_t permille, ms = 0;

		if (out->nsteps == OV_STATE_STEPS || !ov_text_split(&word, '@', &part) ||
		    ov_text_u64(part, &permille) != OV_OK || permille == 0 || permille > 1000 ||
		    (word.p != NULL && cli_parse_time(word, &ms) != OV_OK))
			return false;
		out->step[out->nsteps].permille = (uint32_t)permille;
		out->step[out->nsteps++].time = now + ms / 1000;
	}
	return out->nsteps > 0 && out->step[out->nsteps - 1].permille == 1000;
}

static int add(struct publish *p, struct ov_publisher *pub)
{
	struct ov_state_rollout rollout = { .nsteps = 0 };
	struct ov_publish_artifact x = { .engine = p->s.engine };

	if (p->args.n != 5)
		return cli_usage(p->c, &updater_publish_spec, "add FOLDER NAME VERSION FILE");
	x.channel = ov_str_of(p->s.channel != NULL ? p->s.channel : "stable");
	x.name = ov_str_of(p->args.v[2]);
	x.version = ov_str_of(p->args.v[3]);
	x.file = p->args.v[4];
	if (p->s.rollout != NULL) {
		if (!read_rollout(p->s.rollout, updater_now(), &rollout))
			return cli_usage(p->c, &updater_publish_spec,
					 "--rollout is like 10,100@1h,1000@4h and ends with 1000");
		x.rollout = &rollout;
	}
	return ov_publish_add(pub, &x, updater_now()) == OV_OK ? CLI_OK : fail(p, pub->error, NULL);
}

static int withdraw(struct publish *p, struct ov_publisher *pub)
{
	uint8_t sha256[OV_SHA256_BYTES];
	struct ov_buf reason = ov_buf_of(4096);
	int code = CLI_OK;

	if (p->args.n < 4 || ov_lines_sha256(ov_str_of(p->args.v[2]), sha256) != OV_OK)
		return cli_usage(p->c, &updater_publish_spec, "withdraw FOLDER SHA256 REASON...");
	for (size_t i = 3; i < p->args.n && code == CLI_OK; i++)
		if (ov_buf_fmt(&reason, "%s%s", i > 3 ? " " : "", p->args.v[i]) != OV_OK)
			code = fail(p, "the reason is too long", NULL);
	if (code == CLI_OK &&
	    ov_publish_withdraw(pub, sha256, ov_buf_text(&reason), updater_now()) != OV_OK)
		code = fail(p, pub->error, NULL);
	ov_buf_free(&reason);
	return code;
}

static void on_witness(void *ctx, struct ov_str name, int status, const char *text)
{
	struct publish *p = ctx;

	cli_fmt(&p->c->out, "  %.*s  ", (int)name.n, name.p);
	if (status == 200)
		cli_put(&p->c->out, "vouches\n");
	else if (status == 0)
		cli_fmt(&p->c->out, "no answer: %s\n", text);
	else if (status == 503)
		cli_put(&p->c->out, "does not hold all that the log names yet\n");
	else if (status == 507)
		cli_put(&p->c->out, "is full\n");
	else
		cli_fmt(&p->c->out, "answered %d\n", status);
}

static int release(struct publish *p, struct ov_publisher *pub)
{
	const struct ov_fetch_options o = { .slow_seconds = 30 };
	const struct ov_cosign_caller who = { .told = on_witness,
					      .ctx = p,
					      .patience_seconds = (unsigned)p->s.wait };
	struct ov_fetch *f = NULL;
	char room[OV_KEYFILE_MAX];
	struct ov_skey k;
	ov_status s;

	if (p->s.log_key == NULL)
		return cli_usage(p->c, &updater_publish_spec, "release needs --log-key FILE");
	if (!read_key(p, p->s.log_key, pub->h, room, &k))
		return CLI_FAILED;
	if (ov_fetch_open(&o, &f) != OV_OK)
		return fail(p, "no memory", NULL);
	s = ov_publish_release(pub, &k, f, &who);
	ov_skey_wipe(&k);
	explicit_bzero(room, sizeof room);
	ov_fetch_close(&f);
	if (s == OV_OK)
		return CLI_OK;
	(void)fail(p, pub->error, NULL);
	return s == OV_END ? CLI_INCOMPLETE : CLI_FAILED;
}

static int rotate(struct publish *p, struct ov_publisher *pub)
{
	struct ov_buf b = ov_buf_of(1 << 17);
	int code = CLI_FAILED;

	if (p->s.root == NULL)
		return cli_usage(p->c, &updater_publish_spec, "rotate FOLDER --root FILE");
	if (updater_read(p->c, COMMAND, p->s.root, OV_NOTE_MAX, &b))
		code = ov_publish_root(pub, ov_buf_text(&b)) == OV_OK ? CLI_OK
								      : fail(p, pub->error, NULL);
	ov_buf_free(&b);
	return code;
}

static int draft(struct publish *p, struct ov_publisher *pub)
{
	struct ov_buf b = ov_buf_of(1 << 18);
	const ov_status s = ov_publish_draft(pub, &b);

	if (s == OV_OK)
		cli_fmt(&p->c->out, "%.*s", (int)b.n, (const char *)b.p);
	ov_buf_free(&b);
	return s == OV_OK ? CLI_OK : fail(p, "there is no draft", NULL);
}

static int init(struct publish *p)
{
	char error[OV_PUBLISH_ERROR] = "";
	struct ov_buf b = ov_buf_of(1 << 17);
	int code = CLI_FAILED;

	if (p->args.n != 2 || p->s.root == NULL)
		return cli_usage(p->c, &updater_publish_spec, "init FOLDER --root FILE");
	if (updater_read(p->c, COMMAND, p->s.root, OV_NOTE_MAX, &b))
		code = ov_publish_init(p->args.v[1], ov_buf_text(&b), error) == OV_OK
			   ? CLI_OK
			   : fail(p, error, NULL);
	ov_buf_free(&b);
	return code;
}

static int in_folder(struct publish *p, int (*act)(struct publish *, struct ov_publisher *))
{
	struct ov_publisher *pub = calloc(1, sizeof *pub);
	int code = CLI_FAILED;

	if (pub == NULL || p->args.n < 2) {
		free(pub);
		return cli_usage(p->c, &updater_publish_spec, "which folder?");
	}
	code = ov_publish_open(p->args.v[1], pub) == OV_OK ? act(p, pub)
							   : fail(p, p->args.v[1], pub->error);
	ov_publish_close(pub);
	free(pub);
	return code;
}

static bool is_file(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int act(struct publish *p, struct ov_hasher *h)
{
	static const struct {
		const char *name;
		int (*act)(struct publish *, struct ov_publisher *);
	} folder_acts[] = {
		{ "add", add },		{ "withdraw", withdraw }, { "draft", draft },
		{ "release", release }, { "rotate", rotate },	  { "sign", sign_draft }
	};
	const char *what = p->args.n > 0 ? p->args.v[0] : "";

	if (strcmp(what, "key") == 0)
		return make_key(p, h);
	if (strcmp(what, "root") == 0)
		return make_root(p, h);
	if (strcmp(what, "init") == 0)
		return init(p);
	if (strcmp(what, "sign") == 0 && p->args.n == 2 && is_file(p->args.v[1]))
		return sign_file(p, h, p->args.v[1]);
	for (size_t i = 0; i < sizeof folder_acts / sizeof *folder_acts; i++)
		if (strcmp(what, folder_acts[i].name) == 0)
			return in_folder(p, folder_acts[i].act);
	return cli_usage(p->c, &updater_publish_spec,
			 "what? key, root, sign, init, add, withdraw, draft, release or rotate");
}

int updater_publish(struct cli *c, int argc, char *const *argv)
{
	struct publish p = { .c = c,
			     .s = { .version = 1, .expires_days = 365, .wait = 60 },
			     .passphrase = ov_buf_of(8192) };
	struct ov_hasher *h = NULL;
	int code = cli_begin(c, &updater_publish_spec, argc, argv, &p.s, &p.args);

	if (code < 0)
		code = ov_hasher_new(OV_SHA256, &h) == OV_OK && read_passphrase(&p) ? act(&p, h)
										    : CLI_FAILED;
	ov_hasher_free(&h);
	if (p.passphrase.p != NULL)
		explicit_bzero(p.passphrase.p, p.passphrase.n);
	ov_buf_free(&p.passphrase);
	cli_list_free(&p.args);
	cli_list_free(&p.s.root_keys);
	cli_list_free(&p.s.release_keys);
	return code;
}
