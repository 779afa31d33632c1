/* Commands that speak over the network live in a program of their own, overt-update, so that what
 * scans files links none of it: this one only starts it. */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PROGRAM "overt-update"

/* Beside this program, else where it is installed; OVERT_UPDATE in the environment is for tests. */
static char *find_program(void)
{
	const char *given = secure_getenv("OVERT_UPDATE");
	char self[4096], *path = NULL;
	const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *slash;

	if (given != NULL && *given != '\0')
		return strdup(given);
	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	for (int i = 0; slash != NULL && i < 2; i++) {
		const int folder = (int)(slash - self);

		if (asprintf(&path, i == 0 ? "%.*s/" PROGRAM : "%.*s/../libexec/overt/" PROGRAM,
			     folder, self) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}

int cli_network(struct cli *c, int argc, char *const *argv)
{
	char *program = find_program(), **args = calloc((size_t)argc + 2, sizeof *args);

	if (program == NULL || args == NULL) {
		free(args);
		free(program);
		return cli_fail(c, "overt", argv[0],
				"the program " PROGRAM " is not installed beside this one");
	}
	args[0] = program;
	for (int i = 0; i < argc; i++)
		args[i + 1] = argv[i];
	cli_flush(&c->out);
	cli_flush(&c->err);
	(void)execv(program, args);
	(void)cli_fail(c, "overt", program, strerror(errno));
	free(args);
	free(program);
	return CLI_FAILED;
}
