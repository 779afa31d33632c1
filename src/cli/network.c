/* Commands that speak over the network live in a program of their own, overt-update, so that what
 * scans files links none of it: this one only starts it. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "program.h"

#define PROGRAM "overt-update"

/* So that `overt verify --self` measures the one that was started. */
static void tell_self(void)
{
	char self[4096];
	const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);

	if (n <= 0)
		return;
	self[n] = '\0';
	(void)setenv("OVERT_PROGRAM", self, 1);
}

int cli_network(struct cli *c, int argc, char *const *argv)
{
	char *program = ov_program_find(PROGRAM, "OVERT_UPDATE"),
	     **args = calloc((size_t)argc + 2, sizeof *args);

	if (program == NULL || args == NULL) {
		free(args);
		free(program);
		return cli_fail(c, "overt", argv[0],
				"the program " PROGRAM " is not installed beside this one");
	}
	args[0] = program;
	for (int i = 0; i < argc; i++)
		args[i + 1] = argv[i];
	tell_self();
	cli_flush(&c->out);
	cli_flush(&c->err);
	(void)execv(program, args);
	(void)cli_fail(c, "overt", program, strerror(errno));
	free(args);
	free(program);
	return CLI_FAILED;
}
