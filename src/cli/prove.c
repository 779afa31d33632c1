/* overt prove: a worker tries what it must not be able to do, and each refusal is shown (promise
 * P2). */
#include "cli.h"

#include <stddef.h>
#include <string.h>

struct prove_settings {
	bool json;
};

static const struct cli_option options[] = {
	{ "json", 0, CLI_FLAG, offsetof(struct prove_settings, json), NULL, "for programs", NULL, 0,
	  0 },
	CLI_HELP_OPTION,
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};

const struct cli_spec cli_prove_spec = {
	.command = "overt prove",
	.usage = "[OPTION]...",
	.intro = "Starts a worker, the process that reads your files, and lets it try to open, "
		 "connect,\n"
		 "start, spy and signal. Each attempt must be refused.",
	.after = "Exit status: 0 every attempt was refused; 1 something was possible; 2 an error.\n"
		 "Manual: man overt-prove",
	.options = options,
};

struct prove {
	struct cli_out *out;
	bool json, has_answer;
	size_t n, refused;
};

static void json_proof(struct cli_out *out, const struct overt_proof *p)
{
	cli_put(out, "{\"attempts\":[");
	for (size_t i = 0; i < p->nattempts; i++) {
		cli_put(out, i > 0 ? ",{\"what\":" : "{\"what\":");
		cli_json(out, ov_str_of(p->attempts[i].what));
		cli_put(out, ",\"how\":");
		cli_json(out, ov_str_of(p->attempts[i].how));
		cli_fmt(out, ",\"refused\":%s}", p->attempts[i].refused ? "true" : "false");
	}
	cli_put(out, "],\"mechanisms\":[");
	for (size_t i = 0; i < p->nmechanisms; i++) {
		cli_put(out, i > 0 ? ",{\"name\":" : "{\"name\":");
		cli_json(out, ov_str_of(p->mechanisms[i].name));
		cli_put(out, ",\"state\":");
		cli_json(out, ov_str_of(p->mechanisms[i].state));
		cli_fmt(out, ",\"active\":%s}", p->mechanisms[i].active ? "true" : "false");
	}
	cli_fmt(out, "],\"refused\":%zu,\"tried\":%zu,\"kernel\":", p->nrefused, p->nattempts);
	cli_json(out, ov_str_of(p->kernel));
	cli_put(out, "}\n");
}

static size_t widest(const struct overt_proof *p)
{
	size_t w = strlen("a worker tried");

	for (size_t i = 0; i < p->nattempts; i++)
		w = strlen(p->attempts[i].what) > w ? strlen(p->attempts[i].what) : w;
	return w;
}

static void attempts(struct cli_out *out, const struct overt_proof *p)
{
	const size_t w = widest(p);

	cli_put(out, "  ");
	cli_style(out, CLI_DIM);
	cli_fmt(out, "%-*s   result", (int)w, "a worker tried");
	cli_style(out, CLI_PLAIN);
	cli_put(out, "\n");
	for (size_t i = 0; i < p->nattempts; i++) {
		const struct overt_attempt *a = &p->attempts[i];

		cli_fmt(out, "  %-*s   ", (int)w, a->what);
		cli_style(out, a->refused ? CLI_GREEN : CLI_RED);
		if (!a->refused)
			cli_put(out, "POSSIBLE: ");
		cli_shown(out, ov_str_of(a->how));
		cli_style(out, CLI_PLAIN);
		cli_put(out, "\n");
	}
}

static void mechanisms(struct cli_out *out, const struct overt_proof *p)
{
	cli_put(out, "\n");
	for (size_t i = 0; i < p->nmechanisms; i++) {
		const struct overt_mechanism *m = &p->mechanisms[i];

		cli_put(out, "  ");
		cli_style(out, m->active ? CLI_GREEN : CLI_YELLOW);
		cli_put(out, m->active ? "on       " : "missing  ");
		cli_style(out, CLI_PLAIN);
		cli_fmt(out, "%s: ", m->name);
		cli_shown(out, ov_str_of(m->state));
		cli_put(out, "\n");
	}
}

static void on_proof(void *context, const struct overt_proof *p)
{
	struct prove *x = context;

	x->has_answer = true;
	x->n = p->nattempts;
	x->refused = p->nrefused;
	if (x->json) {
		json_proof(x->out, p);
		return;
	}
	attempts(x->out, p);
	mechanisms(x->out, p);
	cli_put(x->out, "\n  ");
	cli_style(x->out, p->nrefused == p->nattempts ? CLI_GREEN : CLI_RED);
	cli_fmt(x->out, "%zu of %zu attempts refused.", p->nrefused, p->nattempts);
	cli_style(x->out, CLI_PLAIN);
	cli_put(x->out, " Kernel ");
	cli_shown(x->out, ov_str_of(p->kernel));
	cli_put(x->out, ".\n");
}

static int prove(struct cli *c, bool json)
{
	struct cli_engine settings;
	struct overt_options *o;
	struct prove x = { .out = &c->out, .json = json };
	char error[512] = "";
	enum overt_status s;

	cli_engine_init(&settings);
	o = cli_engine_options(c, "overt prove", &settings);
	if (o == NULL)
		return CLI_FAILED;
	s = overt_prove(o, on_proof, &x, error);
	overt_options_free(&o);
	if (s != OVERT_OK || !x.has_answer)
		return cli_fail(c, "overt prove", overt_status_text(s), error);
	/* A proof in which nothing was tried proves nothing. */
	return x.n > 0 && x.refused == x.n ? CLI_OK : CLI_FOUND;
}

int cli_prove(struct cli *c, int argc, char *const *argv)
{
	struct prove_settings s = { false };
	struct cli_list operands = { 0 };
	int code = cli_begin(c, &cli_prove_spec, argc, argv, &s, &operands);

	if (code < 0 && operands.n > 0)
		code = cli_usage(c, &cli_prove_spec, "it takes no arguments");
	if (code < 0)
		code = prove(c, s.json);
	cli_list_free(&operands);
	return code;
}
