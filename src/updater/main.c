/* overt-update: picks the command by its first argument. */
#include "updater.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "store.h"

static const struct cli_command commands[] = {
	{ "update", "fetch databases that the public log proves", updater_update,
	  &updater_update_spec },
	{ "verify", "show what the log proves of the databases in use", updater_verify,
	  &updater_verify_spec },
	{ "status", "how fresh this machine's databases are", updater_status,
	  &updater_status_spec },
	{ "bundle", "carry updates to where there is no network", updater_bundle,
	  &updater_bundle_spec },
	{ "ledger", "what was ever sent", updater_ledger, &updater_ledger_spec },
	{ "publish", "publish databases through a log", updater_publish, &updater_publish_spec },
	{ "source", "other people's signatures: ClamAV, YARA sets, hash lists", updater_source,
	  &updater_source_spec },
	{ "monitor", "follow a log from outside", updater_monitor, &updater_monitor_spec },
	{ "mirror", "hold logs and vouch for what is held", updater_mirror, &updater_mirror_spec },
	{ "witness", "vouch for logs", updater_witness, &updater_witness_spec },
	{ "guard", "hold a database in use against the one before", updater_guard,
	  &updater_guard_spec }, /* for what scans, not for people */
	{ NULL, NULL, NULL, NULL },
};

uint64_t updater_now(void)
{
	const time_t t = time(NULL);

	return t > 0 ? (uint64_t)t : 0;
}

void updater_age(uint64_t s, char out[32])
{
	if (s < 120)
		(void)snprintf(out, 32, "%llu s", (unsigned long long)s);
	else if (s < 7200)
		(void)snprintf(out, 32, "%llu min", (unsigned long long)(s / 60));
	else if (s < 172800)
		(void)snprintf(out, 32, "%llu h", (unsigned long long)(s / 3600));
	else
		(void)snprintf(out, 32, "%llu days", (unsigned long long)(s / 86400));
}

bool updater_read(struct cli *c, const char *command, const char *path, size_t max,
		  struct ov_buf *out)
{
	const ov_status s = ov_store_read(NULL, path, max, out);

	if (s == OV_OK)
		return true;
	(void)cli_fail(c, command, path,
		       s == OV_END     ? "there is no such file"
		       : s == OV_IO    ? strerror(errno)
		       : s == OV_LIMIT ? "it is larger than it can be"
				       : ov_status_name(s));
	return false;
}

static int dispatch(struct cli *c, int argc, char *const *argv)
{
	for (const struct cli_command *k = commands; argc > 1 && k->name != NULL; k++)
		if (strcmp(k->name, argv[1]) == 0)
			return k->run(c, argc - 1, argv + 1);
	(void)cli_fail(c, "overt-update",
		       "a part of overt; use overt update, status, verify, bundle, ledger, "
		       "publish, witness, mirror or monitor",
		       NULL);
	return CLI_FAILED;
}

int main(int argc, char *argv[])
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct cli c;
	int code;

	(void)sigaction(SIGPIPE, &ignore, NULL);
	cli_out_open(&c.out, STDOUT_FILENO);
	cli_out_open(&c.err, STDERR_FILENO);
	code = dispatch(&c, argc, argv);
	cli_flush(&c.out);
	if (c.out.error != 0 && c.out.error != EPIPE)
		code = CLI_FAILED;
	cli_out_close(&c.out);
	cli_out_close(&c.err);
	return code;
}
