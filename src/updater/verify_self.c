/* overt verify --self. Statements and envelopes are foreign JSON: a jailed worker reads them, as
 * for the inventory; notes are read here, as everywhere in the updater, and all signatures
 * verified. */
#include "verify_self.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dsse.h"
#include "fd.h"
#include "inspect.h"
#include "join.h"
#include "note.h"
#include "overt/provenance.h"
#include "program.h"
#include "store.h"
#include "text.h"

#define COMMAND "overt verify"
#define STATEMENT_MAX ((size_t)4 << 20)
#define KEYS_MAX 64

enum { PROGRAMS = 3 };
static const char *const names[PROGRAMS] = { "overt", "overt-update", "overt-worker" };

enum in_log { LOG_NONE = 0, LOG_MATCHES, LOG_DIFFERS, LOG_ABSENT };
static const char *const log_words[] = { "unknown", "matches", "differs", "absent" };

struct program {
	const char *name;
	char *path;
	uint8_t sha256[OV_DIGEST_MAX];
	char hex[2 * OV_SHA256_BYTES + 1];
	enum in_log in_log;
	struct ov_str reason;	 /* withdrawn */
	bool is_alike, is_other; /* as a signed statement has it; as any statement has it */
};

struct checking {
	const struct verify_self *v;
	struct overt_provenance own;
	struct program program[PROGRAMS];
	struct ov_hasher *h;
	struct ov_vkey key[KEYS_MAX];
	size_t nkeys;
	bool is_first; /* nothing was written yet of a JSON array */
};

/* Beside this program, or where an installation has it. */
static char *find(const char *name)
{
	char self[4096], *path = NULL;
	const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (strcmp(name, "overt-worker") == 0)
		return ov_program_find(name, "OVERT_WORKER");
	if (n <= 0)
		return NULL;
	self[n] = '\0';
	if (strcmp(name, "overt-update") == 0)
		return strdup(self);
	path = ov_program_find(name, "OVERT_PROGRAM");
	*strrchr(self, '/') = '\0';
	if (path == NULL && asprintf(&path, "%s/../../bin/%s", self, name) < 0)
		return NULL;
	return path;
}

static bool is_version_of(const struct checking *x, const struct program *p,
			  const struct ov_state_artifact *a)
{
	const size_t n = strlen(p->name);

	return a->name.n > n + 1 && memcmp(a->name.p, p->name, n) == 0 && a->name.p[n] == '-' &&
	       ov_text_ends_with(a->name, ov_str_of(x->own.machine)) &&
	       ov_str_is(a->version, x->own.version) &&
	       /* "overt-worker-..." is no version of "overt" */
	       !ov_str_starts((struct ov_str){ a->name.p + n + 1, a->name.n - n - 1 },
			      OV_STR("worker-")) &&
	       !ov_str_starts((struct ov_str){ a->name.p + n + 1, a->name.n - n - 1 },
			      OV_STR("update-"));
}

static void look_up(const struct checking *x, struct program *p)
{
	const struct ov_state *s;

	if (x->v->proved == NULL)
		return;
	s = &x->v->proved->j.state;
	p->in_log = LOG_ABSENT;
	p->reason = ov_state_reason(s, p->sha256);
	for (uint32_t i = 0; i < s->nartifacts; i++) {
		const struct ov_state_artifact *a = &s->artifacts[i];

		if (!ov_str_is(a->channel, VERIFY_PROGRAMS))
			continue;
		if (memcmp(a->sha256, p->sha256, OV_SHA256_BYTES) == 0) {
			p->in_log = LOG_MATCHES;
			return;
		}
		if (is_version_of(x, p, a))
			p->in_log = LOG_DIFFERS;
	}
}

static bool measure(struct checking *x)
{
	for (int i = 0; i < PROGRAMS; i++) {
		struct program *p = &x->program[i];
		uint64_t size;

		p->name = names[i];
		p->path = find(p->name);
		if (p->path == NULL || ov_store_digest(p->path, p->sha256, &size) != OV_OK) {
			(void)cli_fail(x->v->c, COMMAND, p->path != NULL ? p->path : p->name,
				       "this copy's own program can't be read");
			return false;
		}
		ov_hex_encode(p->sha256, OV_SHA256_BYTES, p->hex);
		look_up(x, p);
	}
	return true;
}

static bool take_keys(struct checking *x)
{
	const struct verify_self *v = x->v;

	for (size_t i = 0; i < v->keys->n; i++) {
		if (x->nkeys == KEYS_MAX ||
		    ov_vkey_parse(x->h, ov_str_of(v->keys->v[i]), &x->key[x->nkeys]) != OV_OK) {
			(void)cli_fail(v->c, COMMAND, v->keys->v[i], "is no verifier key");
			return false;
		}
		x->nkeys++;
	}
	for (uint32_t i = 0; v->proved != NULL && i < v->proved->root->releases.n; i++)
		if (x->nkeys < KEYS_MAX)
			x->key[x->nkeys++] = v->proved->root->releases.key[i];
	return true;
}

/* ---- statements ---- */

/* Whose signature holds; "" nobody's that is known. *text: what was signed, or all of it. */
static struct ov_str signer_of(struct checking *x, struct ov_arena *a, struct ov_str bytes,
			       struct ov_str *text)
{
	struct ov_note_key keys[KEYS_MAX];
	struct ov_note note;

	*text = bytes;
	if (ov_note_parse(bytes, a, &note) != OV_OK)
		return OV_STR("");
	*text = note.text;
	for (size_t i = 0; i < x->nkeys; i++)
		keys[i] = (struct ov_note_key){ .key = &x->key[i] };
	if (ov_note_verify(&note, keys, x->nkeys) != OV_OK)
		return OV_STR("");
	for (size_t i = 0; i < x->nkeys; i++)
		if (keys[i].is_good)
			return x->key[i].name;
	return OV_STR("");
}

static struct ov_str field_of(const struct ov_inv_component *c, const char *name)
{
	const size_t n = strlen(name);

	for (uint32_t i = 0; i < c->nevidence; i++) {
		const struct ov_str s = c->evidence[i].value;

		if (c->evidence[i].kind == OV_EV_FIELD && s.n > n && memcmp(s.p, name, n) == 0 &&
		    s.p[n] == '=')
			return (struct ov_str){ s.p + n + 1, s.n - n - 1 };
	}
	return OV_STR("");
}

static void show_statement(struct checking *x, const char *file, const struct program *p,
			   const struct ov_inv_component *c, struct ov_str signer, bool is_alike)
{
	struct cli_out *out = &x->v->c->out;

	if (x->v->json) {
		cli_put(out, x->is_first ? "{\"file\":" : ",{\"file\":");
		cli_json(out, ov_str_of(file));
		cli_fmt(out, ",\"program\":\"%s\",\"alike\":%s,\"builder\":", p->name,
			is_alike ? "true" : "false");
		cli_json(out, c->supplier);
		cli_put(out, ",\"signer\":");
		cli_json(out, signer);
		cli_put(out, "}");
	} else {
		cli_fmt(out, "  %-12s  %s ", p->name,
			is_alike ? "rebuilt alike by" : "DIFFERS from what was built by");
		cli_shown(out, c->supplier);
		if (signer.n > 0) {
			cli_put(out, ", signed by ");
			cli_shown(out, signer);
		} else {
			cli_put(out, ", signed by nobody who is known here");
		}
		cli_put(out, "  (");
		cli_shown(out, ov_str_of(file));
		cli_put(out, ")\n");
	}
	x->is_first = false;
}

/* A statement of other sources says nothing of this copy. @return how many programs it speaks of.
 */
static unsigned weigh(struct checking *x, const char *file, const struct ov_inv_component *c,
		      struct ov_str signer)
{
	const bool is_ours = ov_str_is(field_of(c, "source"), x->own.source);
	unsigned n = 0;

	for (uint32_t i = 0; i < c->nevidence; i++)
		for (int k = 0; k < PROGRAMS; k++) {
			struct program *p = &x->program[k];
			const struct ov_inv_evidence *e = &c->evidence[i];
			bool is_alike;

			if (e->kind != OV_EV_SHA256 || !ov_str_is(e->where, p->name))
				continue;
			is_alike = ov_str_is(e->value, p->hex);
			if (!is_alike && !is_ours)
				continue;
			p->is_alike |= is_alike && signer.n > 0;
			p->is_other |= !is_alike;
			show_statement(x, file, p, c, signer, is_alike);
			n++;
		}
	return n;
}

/* Lets a worker read what `as` names. The inventory lives as long as the joiner. */
static const struct ov_inventory *inspect(const char *as, struct ov_str text, struct ov_join *j,
					  char error[OV_INSPECT_ERROR])
{
	const struct ov_inventory *inv = NULL;
	struct overt_options *o = overt_options_new();
	struct ov_inspect *i = NULL;
	int fd = -1;

	error[0] = '\0';
	if (o != NULL && ov_fd_memory("statement", &fd) == OV_OK &&
	    ov_fd_write(fd, text.p, text.n) == OV_OK &&
	    ov_inspect_open(o, j, NULL, 0, &i, error) == OVERT_OK) {
		const struct ov_inspect_file f = { .fd = fd,
						   .path = ov_str_of(as),
						   .mtime = OV_INV_NO_DATE };

		fd = -1;
		if (ov_inspect_file(i, &f) != OVERT_OK || ov_inspect_finish(i) != OVERT_OK ||
		    ov_join_finish(j, &inv) != OV_OK)
			(void)snprintf(error, OV_INSPECT_ERROR, "%s", ov_inspect_error(i));
	}
	ov_inspect_close(&i);
	ov_fd_close(&fd);
	overt_options_free(&o);
	return inv;
}

/* Whose signature of the envelope holds. *text: its payload, in the arena, which is then read as a
 * statement: what is read is what was signed, whatever the envelope's JSON says beside it. */
static bool open_envelope(struct checking *x, struct ov_arena *a, const struct ov_inv_component *c,
			  struct ov_str *text, struct ov_str *signer)
{
	OV_CLEANUP(ov_buf_free) struct ov_buf b64 = ov_buf_of(STATEMENT_MAX);
	OV_CLEANUP(ov_buf_free) struct ov_buf payload = ov_buf_of(STATEMENT_MAX);
	struct ov_note_key keys[KEYS_MAX];
	struct ov_dsse d = { .nsigs = 0 };

	for (uint32_t i = 0; i < c->nevidence; i++) {
		const struct ov_inv_evidence *e = &c->evidence[i];

		if (ov_str_is(e->where, "type"))
			d.type = e->value;
		else if (ov_str_is(e->where, "sig") && d.nsigs < OV_DSSE_SIGS)
			d.sigs[d.nsigs++] = e->value;
		else if (ov_str_is(e->where, "payload") && ov_buf_str(&b64, e->value) != OV_OK)
			return false;
	}
	if (!ov_str_is(d.type, "application/vnd.in-toto+json") ||
	    ov_dsse_b64(ov_buf_text(&b64), &payload) != OV_OK ||
	    ov_arena_str(a, ov_buf_text(&payload), text) != OV_OK)
		return false;
	d.payload = *text;
	for (size_t i = 0; i < x->nkeys; i++)
		keys[i] = (struct ov_note_key){ .key = &x->key[i] };
	if (ov_dsse_verify(&d, keys, x->nkeys) != OV_OK)
		return true; /* by nobody who is known here */
	for (size_t i = 0; i < x->nkeys && signer->n == 0; i++)
		if (keys[i].is_good)
			*signer = x->key[i].name;
	return true;
}

/* Plain, a note or an envelope: what is to be read, and who signed it. @return false: it can't be
 * an envelope, and is none of the others either. */
static bool unpack(struct checking *x, struct ov_arena *a, struct ov_str bytes, struct ov_str *text,
		   struct ov_str *signer, char error[OV_INSPECT_ERROR])
{
	const struct ov_inventory *inv = NULL;
	struct ov_join *j = NULL;
	bool ok = true;

	*signer = signer_of(x, a, bytes, text);
	if (signer->n > 0 || bytes.n == 0 ||
	    memmem(bytes.p, bytes.n, "\"payloadType\"", sizeof "\"payloadType\"" - 1) == NULL)
		return true;
	if (ov_join_new(OV_STR("envelope"), NULL, 0, &j) != OV_OK)
		return false;
	inv = inspect(OV_EV_ENVELOPE, bytes, j, error);
	for (uint32_t i = 0; inv != NULL && i < inv->ncomponents; i++)
		if (ov_str_is(inv->components[i].name, OV_EV_ENVELOPE))
			ok = open_envelope(x, a, &inv->components[i], text, signer);
	if (inv == NULL || inv->nunread > 0) { /* too many signatures, too large, broken */
		(void)snprintf(error, OV_INSPECT_ERROR, "%s",
			       "is no statement, and no envelope that can be taken apart");
		ok = false;
	}
	ov_join_free(&j);
	return ok;
}

static bool check_statement(struct checking *x, const char *file)
{
	struct ov_buf b = ov_buf_of(STATEMENT_MAX);
	const struct ov_inventory *inv = NULL;
	char error[OV_INSPECT_ERROR] = "";
	struct ov_str text, signer;
	struct ov_join *j = NULL;
	struct ov_arena a;
	unsigned n = 0, statements = 0;
	bool ok = false;

	ov_arena_init(&a, (size_t)16 << 20);
	if (updater_read(x->v->c, COMMAND, file, STATEMENT_MAX, &b) &&
	    ov_join_new(ov_str_of(file), NULL, 0, &j) == OV_OK) {
		if (unpack(x, &a, ov_buf_text(&b), &text, &signer, error))
			inv = inspect("statement.json", text, j, error);
		for (uint32_t i = 0; inv != NULL && i < inv->ncomponents; i++)
			if (inv->components[i].what == OV_WHAT_STATEMENT) {
				statements++;
				n += weigh(x, file, &inv->components[i], signer);
			}
		ok = inv != NULL && statements > 0;
		if (!ok)
			(void)cli_fail(x->v->c, COMMAND, file,
				       error[0] != '\0' ? error : "is no in-toto statement");
		else if (n == 0 && !x->v->json)
			cli_fmt(&x->v->c->out,
				"  %s speaks of other sources, and says nothing of this copy\n",
				file);
	}
	ov_join_free(&j);
	ov_arena_free(&a);
	ov_buf_free(&b);
	return ok;
}

/* ---- the report ---- */

static void show_program(struct checking *x, const struct program *p)
{
	const struct proved *proved = x->v->proved;
	struct cli_out *out = &x->v->c->out;

	if (x->v->json) {
		cli_fmt(out, "%s{\"name\":\"%s\",\"path\":", x->is_first ? "" : ",", p->name);
		cli_json(out, ov_str_of(p->path));
		cli_fmt(out, ",\"sha256\":\"%s\",\"log\":\"%s\",\"withdrawn\":", p->hex,
			log_words[p->in_log]);
		cli_json(out, p->reason);
		if (p->in_log == LOG_MATCHES)
			cli_fmt(out, ",\"leaf\":%llu", (unsigned long long)proved->j.proof.index);
		cli_put(out, "}");
		x->is_first = false;
		return;
	}
	cli_fmt(out, "  %-12s  %s\n  %-12s  ", p->name, p->hex, "");
	if (p->in_log == LOG_MATCHES)
		cli_fmt(out, "matches leaf %llu of the log, vouched for by %u cosigners\n",
			(unsigned long long)proved->j.proof.index, proved->j.cosigners);
	else if (p->in_log == LOG_DIFFERS)
		cli_fmt(out, "DIFFERS: the log names other bytes as version %s\n", x->own.version);
	else if (p->in_log == LOG_ABSENT)
		cli_put(out, "not in the log: its newest entry names no such program\n");
	else
		cli_put(out, "no log is known on this machine (overt update makes it known)\n");
	if (p->reason.n > 0) {
		cli_fmt(out, "  %-12s  WITHDRAWN: ", "");
		cli_shown(out, p->reason);
		cli_put(out, "\n");
	}
}

static int report(struct checking *x)
{
	struct cli_out *out = &x->v->c->out;
	bool ok = true;
	int code = CLI_OK;

	if (x->v->json) {
		cli_fmt(out,
			"{\"version\":\"%s\",\"commit\":\"%s\",\"source\":\"%s\",\"programs\":[",
			x->own.version, x->own.commit, x->own.source);
	} else {
		cli_fmt(out, "overt %s, commit %s\nsources %s\n", x->own.version, x->own.commit,
			x->own.source);
	}
	x->is_first = true;
	for (int i = 0; i < PROGRAMS; i++)
		show_program(x, &x->program[i]);
	cli_put(out, x->v->json ? "],\"attestations\":[" : "");
	x->is_first = true;
	for (size_t i = 0; i < x->v->attestations->n; i++)
		ok = check_statement(x, x->v->attestations->v[i]) && ok;
	cli_put(out, x->v->json ? "]}\n" : "");
	for (int i = 0; i < PROGRAMS; i++) {
		const struct program *p = &x->program[i];

		if (p->in_log == LOG_DIFFERS || p->is_other || p->reason.n > 0)
			code = CLI_FOUND;
		else if (code == CLI_OK && p->in_log != LOG_MATCHES && !p->is_alike)
			code = CLI_INCOMPLETE;
	}
	return code == CLI_FOUND ? code : ok ? code : CLI_FAILED;
}

int verify_self(const struct verify_self *v)
{
	struct checking *x = calloc(1, sizeof *x);
	int code = CLI_FAILED;

	if (x == NULL)
		return cli_fail(v->c, COMMAND, "no memory", NULL);
	x->v = v;
	if (overt_provenance(&x->own) != OVERT_OK) {
		(void)cli_fail(v->c, COMMAND,
			       "this copy was altered: what it says of itself is damaged", NULL);
		code = CLI_FOUND;
	} else if (ov_hasher_new(OV_SHA256, &x->h) != OV_OK) {
		(void)cli_fail(v->c, COMMAND, "no memory", NULL);
	} else if (take_keys(x) && measure(x)) {
		code = report(x);
	}
	for (int i = 0; i < PROGRAMS; i++)
		free(x->program[i].path);
	ov_hasher_free(&x->h);
	free(x);
	return code;
}
