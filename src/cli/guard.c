#include "guard.h"

#include <errno.h>
#include <limits.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "program.h"

extern char **environ;

#define ARGUMENTS (2 * GUARD_FILES + 8)

static bool is_of_system(struct ov_str path)
{
	static const char *const folders[] = { "/usr/",	  "/bin/", "/sbin/", "/lib/",
					       "/lib64/", "/etc/", "/boot/" };

	for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
		if (ov_str_starts(path, ov_str_of(folders[i])))
			return true;
	return false;
}

static void keep_path(char *list[GUARD_FILES], size_t *n, struct ov_str path)
{
	char cwd[PATH_MAX];

	if (*n == GUARD_FILES || path.n == 0)
		return;
	if (path.p[0] == '/')
		list[*n] = strndup(path.p, path.n);
	else if (getcwd(cwd, sizeof cwd) == NULL ||
		 asprintf(&list[*n], "%s/%.*s", cwd, (int)path.n, path.p) < 0)
		list[*n] = NULL;
	*n += list[*n] != NULL;
}

void guard_note(struct guard *g, const struct run_file *f)
{
	if (f->kind != WALK_FILE || f->verdict == NULL || f->is_stdin)
		return;
	if (f->verdict->ndetections > 0 && is_of_system(f->path))
		keep_path(g->found, &g->nfound, f->path);
	for (size_t i = 0; i < f->verdict->nincompletes; i++)
		if (f->verdict->incompletes[i].reason == OVERT_CRASHED) {
			keep_path(g->crashed, &g->ncrashed, f->path);
			return;
		}
}

/* The folder above, in place. @return false at the top. */
static bool cut_last(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return false;
	*slash = '\0';
	return true;
}

char *guard_folder_of(const char *database)
{
	char *path = NULL;
	size_t n = strlen(database);

	while (n > 1 && database[n - 1] == '/')
		n--;
	if (database[0] == '/' ? asprintf(&path, "%.*s", (int)n, database) < 0
			       : asprintf(&path, "./%.*s", (int)n, database) < 0)
		return NULL;
	for (int i = 0; i < 2; i++) {
		const char *slash = strrchr(path, '/');
		char *memory = NULL;
		bool is;

		if (slash == NULL || strcmp(slash, "/active") != 0) {
			if (!cut_last(path))
				break;
			continue;
		}
		(void)cut_last(path);
		if (asprintf(&memory, "%s/memory", path) < 0)
			break;
		is = access(memory, W_OK) == 0 && access(path, W_OK) == 0;
		free(memory);
		if (is)
			return path;
		break;
	}
	free(path);
	return NULL;
}

static void start(struct cli *c, char *folder, struct guard *g, bool has_started)
{
	static char command[] = "guard", in[] = "--folder", crash[] = "--crash",
		    found[] = "--found", failed[] = "--failed-start";
	char *program = ov_program_find("overt-update", "OVERT_UPDATE");
	char *argv[2 * ARGUMENTS];
	size_t n = 0;
	pid_t pid;

	if (program == NULL)
		return;
	argv[n++] = program;
	argv[n++] = command;
	argv[n++] = in;
	argv[n++] = folder;
	if (!has_started)
		argv[n++] = failed;
	for (size_t i = 0; i < g->ncrashed; i++) {
		argv[n++] = crash;
		argv[n++] = g->crashed[i];
	}
	for (size_t i = 0; i < g->nfound; i++) {
		argv[n++] = found;
		argv[n++] = g->found[i];
	}
	argv[n] = NULL;
	cli_flush(&c->out);
	cli_flush(&c->err);
	if (posix_spawn(&pid, program, NULL, NULL, argv, environ) == 0)
		while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
			;
	free(program);
}

void guard_tell(struct cli *c, const struct cli_engine *e, struct guard *g, bool has_started)
{
	char *folder = NULL;

	if (!has_started || g->ncrashed + g->nfound > 0) {
		for (size_t i = 0; i < e->databases.n && folder == NULL; i++)
			folder = guard_folder_of(e->databases.v[i]);
		if (e->databases.n == 0 && getenv("OVERT_DATABASE") == NULL)
			folder = guard_folder_of(CLI_UPDATES);
		if (folder != NULL)
			start(c, folder, g, has_started);
	}
	free(folder);
	for (size_t i = 0; i < g->ncrashed; i++)
		free(g->crashed[i]);
	for (size_t i = 0; i < g->nfound; i++)
		free(g->found[i]);
	*g = (struct guard){ .ncrashed = 0 };
}
