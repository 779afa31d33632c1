/* The table of commands, `overt help`, --version, and the program's start. */
#include "cli.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "overt/version.h"
#include "yara_tools.h"

const struct cli_command cli_commands[] = {
	{ "scan", "scan files, folders or standard input", cli_scan, &cli_scan_spec },
	{ "explain", "why something was found: the rule, the place, the bytes", cli_explain,
	  &cli_explain_spec },
	{ "db", "build, check, list and compare signature databases", cli_db, NULL },
	{ "prove", "show that the part which reads files can do nothing else", cli_prove,
	  &cli_prove_spec },
	{ "yara", "find files with YARA rules: yara's options and output", cli_yara,
	  &cli_yara_spec },
	{ "yarac", "compile YARA rules", cli_yarac, &cli_yarac_spec },
	{ "clamscan", "scan with clamscan's options and output", cli_clamscan, &cli_clamscan_spec },
	{ "inventory", "what is on a machine or in a file, with the evidence", cli_inventory,
	  &cli_inventory_spec },
	{ "covered", "software that a prohibition names, and by whose rule", cli_covered,
	  &cli_covered_spec },
	{ "whois", "whose scan engine is inside a program, and how that can be told", cli_whois,
	  &cli_whois_spec },
	{ "migrate", "move off such software: a plan, a probe, a signed record", cli_migrate,
	  &cli_migrate_spec },
	{ "update", "fetch databases that the public log proves", cli_network, NULL },
	{ "verify", "show what the log proves of the databases in use", cli_network, NULL },
	{ "status", "how fresh this machine's databases are", cli_network, NULL },
	{ "bundle", "carry updates to where there is no network", cli_network, NULL },
	{ "ledger", "what was ever sent", cli_network, NULL },
	{ "source", "other people's signatures: ClamAV, YARA sets, hash lists", cli_network, NULL },
	{ "publish", "publish databases through a log", cli_network, NULL },
	{ "witness", "vouch for logs", cli_network, NULL },
	{ "mirror", "hold logs and vouch for what is held", cli_network, NULL },
	{ "monitor", "follow a log from outside", cli_network, NULL },
	{ NULL, NULL, NULL, NULL },
};

static int show_version(struct cli *c)
{
	cli_fmt(&c->out, "overt %s\ndatabase format %d\nlicence %s\n", OVERT_VERSION,
		OVERT_DATABASE_FORMAT, OVERT_LICENSE);
	return CLI_OK;
}

static void list_commands(struct cli_out *out, const char *prefix,
			  const struct cli_command *commands)
{
	for (const struct cli_command *k = commands; k->name != NULL; k++)
		cli_fmt(out, "  %s%-10s  %s\n", prefix, k->name, k->summary);
}

static int show_help(struct cli *c)
{
	cli_put(&c->out,
		"Usage: overt COMMAND [OPTION]... [ARGUMENT]...\n\n"
		"An open antivirus. The part that reads your files runs in a sandbox and can do\n"
		"nothing else; what was not fully scanned is never called clean.\n\nCommands:\n");
	list_commands(&c->out, "", cli_commands);
	cli_put(&c->out, "\n  overt COMMAND --help   options of a command\n"
			 "  overt help COMMAND     the same\n"
			 "  overt --version        version, database format, licence\n\n"
			 "Start here:  overt scan ~/Downloads\n");
	return CLI_OK;
}

static const struct cli_command *find(const struct cli_command *commands, const char *name)
{
	for (const struct cli_command *k = commands; k->name != NULL; k++)
		if (strcmp(k->name, name) == 0)
			return k;
	return NULL;
}

static int unknown(struct cli *c, const char *program, const struct cli_command *commands,
		   const char *name)
{
	const struct cli_command *best = NULL;
	unsigned least = 3;

	for (const struct cli_command *k = commands; k->name != NULL; k++) {
		const unsigned d = cli_distance(name, k->name);

		if (d < least) {
			least = d;
			best = k;
		}
	}
	cli_fmt(&c->err, "%s: there is no command \"", program);
	cli_shown(&c->err, ov_str_of(name));
	cli_put(&c->err, "\"");
	if (best != NULL)
		cli_fmt(&c->err, "; did you mean %s?", best->name);
	else if (strcmp(program, "overt") == 0 && access(name, F_OK) == 0)
		cli_put(&c->err, "; to scan it: overt scan PATH");
	cli_fmt(&c->err, "\nTry: %s\n",
		strcmp(program, "overt") == 0 ? "overt help" : "overt db --help");
	return CLI_FAILED;
}

static int db_help(struct cli *c)
{
	cli_put(&c->out,
		"Usage: overt db COMMAND [OPTION]... [ARGUMENT]...\n\n"
		"Signature databases: ClamAV's files, folders of them, and compiled .odb files.\n\n"
		"Commands:\n");
	list_commands(&c->out, "db ", cli_db_commands);
	return CLI_OK;
}

static int help(struct cli *c, int argc, char *const *argv)
{
	const struct cli_command *k;

	if (argc < 2)
		return show_help(c);
	k = find(cli_commands, argv[1]);
	if (k == NULL)
		return unknown(c, "overt", cli_commands, argv[1]);
	if (k->run == cli_network) {
		char name[32], flag[] = "--help";
		char *const args[] = { name, flag, NULL };

		(void)snprintf(name, sizeof name, "%s", k->name);
		return cli_network(c, 2, args);
	}
	if (k->run == cli_yara && argc > 2 && find(cli_yara_commands, argv[2]) != NULL)
		k = find(cli_yara_commands, argv[2]);
	if (k->spec == NULL && argc > 2) {
		k = find(cli_db_commands, argv[2]);
		if (k == NULL)
			return unknown(c, "overt db", cli_db_commands, argv[2]);
	}
	if (k->spec == NULL)
		return db_help(c);
	cli_help(k->spec, &c->out);
	if (k->run == cli_yara)
		list_commands(&c->out, "yara ", cli_yara_commands);
	return CLI_OK;
}

/* Beside yara's own line: rules, a file. A file of rules called "check" is ./check. */
int cli_yara(struct cli *c, int argc, char *const *argv)
{
	const struct cli_command *k = argc > 1 ? find(cli_yara_commands, argv[1]) : NULL;
	int code;

	if (k != NULL)
		return k->run(c, argc - 1, argv + 1);
	code = cli_yara_alone(c, argc, argv);
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
		cli_put(&c->out, "\nBesides:\n");
		list_commands(&c->out, "yara ", cli_yara_commands);
	}
	return code;
}

int cli_db(struct cli *c, int argc, char *const *argv)
{
	const struct cli_command *k;

	if (argc < 2) {
		(void)cli_fail(c, "overt db", "which command? build, info, check, list or diff",
			       NULL);
		cli_put(&c->err, "Try: overt db --help\n");
		return CLI_FAILED;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "help") == 0)
		return db_help(c);
	k = find(cli_db_commands, argv[1]);
	if (k == NULL)
		return unknown(c, "overt db", cli_db_commands, argv[1]);
	return k->run(c, argc - 1, argv + 1);
}

static int dispatch(struct cli *c, int argc, char *const *argv)
{
	const char *slash = argc > 0 ? strrchr(argv[0], '/') : NULL;
	const char *self = slash != NULL ? slash + 1 : argc > 0 ? argv[0] : "overt";
	const struct cli_command *k;

	if (strcmp(self, "clamscan") == 0)
		return cli_clamscan(c, argc, argv);
	if (strcmp(self, "yara") == 0)
		return cli_yara_alone(c, argc, argv);
	if (strcmp(self, "yarac") == 0)
		return cli_yarac(c, argc, argv);
	if (argc < 2) {
		(void)show_help(c);
		return CLI_FAILED;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0 ||
	    strcmp(argv[1], "version") == 0)
		return show_version(c);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
		return show_help(c);
	if (strcmp(argv[1], "help") == 0)
		return help(c, argc - 1, argv + 1);
	k = find(cli_commands, argv[1]);
	if (k == NULL)
		return unknown(c, "overt", cli_commands, argv[1]);
	return k->run(c, argc - 1, argv + 1);
}

/* Output that could not be written must not look like a result. A closed pipe is the reader's own
 * wish. */
static int settle_output(struct cli *c, int code)
{
	cli_flush(&c->out);
	if (c->out.error == EPIPE)
		return 128 + SIGPIPE;
	if (c->out.error != 0) {
		cli_fmt(&c->err, "overt: can't write the output: %s\n",
			strerrordesc_np(c->out.error));
		return CLI_FAILED;
	}
	return code;
}

int cli_main(int argc, char *const *argv)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct cli c;
	int code;

	(void)sigaction(SIGPIPE, &ignore, NULL); /* write(2) tells */
	cli_out_open(&c.out, STDOUT_FILENO);
	cli_out_open(&c.err, STDERR_FILENO);
	code = settle_output(&c, dispatch(&c, argc, argv));
	cli_out_close(&c.out);
	cli_out_close(&c.err);
	return code;
}
