/* overt bundle: updates for sites without network. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bundle_make.h"
#include "store.h"
#include "update.h"

#define COMMAND "overt bundle"

const struct cli_spec updater_bundle_spec = {
	.command = COMMAND,
	.usage = "want [-o FILE]\n"
		 "make --from URL|DIR -o FILE [--for FILE] [NAME]...\n"
		 "apply FILE [OPTION]... [NAME]...",
	.intro =
	    "Carries updates to where there is no network, as one tar file that is verified there\n"
	    "as if it came from a mirror: the log's newest proof, root files, databases or "
	    "deltas,\n"
	    "and what shows that the log rewrote nothing.\n"
	    "  want   says what this machine has, for --for on another one\n"
	    "  make   makes a bundle, on a machine with network\n"
	    "  apply  updates from one; makes no call for the network at all",
	.after = "Exit status: as overt update. Manual: man overt-bundle",
	.options = conf_bundle_options,
};

/* Writes a text to -o, or to the output. */
static int give(struct cli *c, const struct conf *s, const struct ov_buf *text)
{
	if (s->output == NULL) {
		cli_raw(&c->out, ov_buf_text(text));
		return CLI_OK;
	}
	return ov_store_write(NULL, s->output, text->p, text->n, false) == OV_OK
		   ? CLI_OK
		   : cli_fail(c, COMMAND " want", s->output, "it can't be written");
}

static int want(struct cli *c, const struct conf *s)
{
	struct ov_buf memory = ov_buf_of(1 << 20), text = ov_buf_of(SITE_MAX);
	struct ov_memory *m = calloc(1, sizeof *m);
	struct site site = { .size = 0 };
	const char *folder = conf_folder(s);
	int code = CLI_OK;
	ov_status st = ov_store_read(folder, "memory", 1 << 19, &memory);

	if (m == NULL)
		code = cli_fail(c, COMMAND " want", "no memory", NULL);
	else if (st == OV_OK && ov_memory_parse(ov_buf_text(&memory), m) == OV_OK)
		site_of(m, &site);
	else if (st != OV_END) /* a machine that never updated lacks all */
		code = cli_fail(c, COMMAND " want", folder, "its memory can't be read");
	if (code == CLI_OK && site_write(&site, &text) != OV_OK)
		code = cli_fail(c, COMMAND " want", "no memory", NULL);
	if (code == CLI_OK)
		code = give(c, s, &text);
	free(m);
	ov_buf_free(&memory);
	ov_buf_free(&text);
	return code;
}

static void show_made(struct cli *c, const struct conf *s, const struct bundle_made *m)
{
	char bytes[CLI_NUMBER_MAX];

	if (s->json) {
		cli_put(&c->out, "{\"bundle\":");
		cli_json(&c->out, ov_str_of(s->output));
		cli_fmt(&c->out,
			",\"log_size\":%llu,\"bytes\":%llu,\"roots\":%llu,\"tiles\":%llu,"
			"\"artifacts\":%llu,\"deltas\":%llu,\"verified\":%s}\n",
			(unsigned long long)m->size, (unsigned long long)m->bytes,
			(unsigned long long)m->roots, (unsigned long long)m->tiles,
			(unsigned long long)m->artifacts, (unsigned long long)m->deltas,
			s->root != NULL ? "true" : "false");
		return;
	}
	cli_put(&c->out, "  ");
	cli_shown(&c->out, ov_str_of(s->output));
	cli_fmt(&c->out,
		": %s; a log of %llu entries, %llu databases, %llu deltas, %llu roots, "
		"%llu tiles%s\n",
		cli_bytes(m->bytes, bytes), (unsigned long long)m->size,
		(unsigned long long)m->artifacts, (unsigned long long)m->deltas,
		(unsigned long long)m->roots, (unsigned long long)m->tiles,
		s->root != NULL ? "" : ". Not verified here: the site does (or give --root)");
}

static int make(struct cli *c, const struct conf *s, const char *const *names, size_t nnames)
{
	struct ov_buf wish = ov_buf_of(2 * SITE_MAX), root = ov_buf_of(1 << 17);
	struct site site = { .size = 0 };
	struct bundle_made made;
	struct bundle_make o = { .output = s->output,
				 .channel = ov_str_of(s->channel != NULL ? s->channel : "stable"),
				 .names = names,
				 .nnames = nnames,
				 .now = updater_now() };
	int code = CLI_OK;

	conf_fetch(s, &o.from);
	if (s->from.n == 0 || s->output == NULL)
		code = cli_usage(c, &updater_bundle_spec, "make needs --from and -o");
	if (code == CLI_OK && s->wish != NULL) {
		if (!updater_read(c, COMMAND " make", s->wish, SITE_MAX, &wish))
			code = CLI_FAILED;
		else if (site_parse(ov_buf_text(&wish), &site) != OV_OK)
			code = cli_fail(c, COMMAND " make", s->wish,
					"it is not what overt bundle want writes");
		o.site = &site;
	}
	if (code == CLI_OK && s->root != NULL &&
	    !updater_read(c, COMMAND " make", s->root, OV_NOTE_MAX, &root))
		code = CLI_FAILED;
	o.root = ov_buf_text(&root);
	if (code == CLI_OK && bundle_make(&o, &made) != OV_OK)
		code = cli_fail(c, COMMAND " make", made.error, "no bundle was made");
	else if (code == CLI_OK)
		show_made(c, s, &made);
	ov_buf_free(&wish);
	ov_buf_free(&root);
	return code;
}

/* As overt update, from this one file. */
static int apply(struct cli *c, struct conf *s)
{
	struct cli_list all = s->names;
	int code;

	if (all.n < 2 || !ov_store_is_file(all.v[1]))
		return cli_usage(c, &updater_bundle_spec, "apply: which bundle? one FILE");
	cli_list_free(&s->from);
	if (cli_list_add(&s->from, all.v[1]) != OV_OK)
		return cli_fail(c, COMMAND " apply", "no memory", NULL);
	s->names = (struct cli_list){ .v = all.v + 2, .n = all.n - 2 }; /* a view: not freed */
	code = update_run(c, COMMAND " apply", s);
	s->names = all;
	return code;
}

int updater_bundle(struct cli *c, int argc, char *const *argv)
{
	struct conf s;
	int code;

	conf_init(&s);
	code = conf_read(c, &updater_bundle_spec, argc, argv, &s);
	if (code < 0) {
		const char *what = s.names.n > 0 ? s.names.v[0] : "";

		if (strcmp(what, "want") == 0)
			code = want(c, &s);
		else if (strcmp(what, "make") == 0)
			code = make(c, &s, s.names.v + 1, s.names.n - 1);
		else if (strcmp(what, "apply") == 0)
			code = apply(c, &s);
		else
			code = cli_usage(c, &updater_bundle_spec, "what? want, make or apply");
	}
	conf_free(&s);
	return code;
}
