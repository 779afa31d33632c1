#include "program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *ov_program_find(const char *name, const char *variable)
{
	static const char *const places[] = { "", "../libexec/overt/" };
	const char *given = variable != NULL ? secure_getenv(variable) : NULL;
	char self[4096], *path = NULL;
	const ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *slash;

	if (given != NULL && *given != '\0')
		return strdup(given);
	if (n <= 0)
		return NULL;
	self[n] = '\0';
	slash = strrchr(self, '/');
	for (size_t i = 0; slash != NULL && i < sizeof places / sizeof *places; i++) {
		if (asprintf(&path, "%.*s/%s%s", (int)(slash - self), self, places[i], name) < 0)
			return NULL;
		if (access(path, X_OK) == 0)
			return path;
		free(path);
	}
	return NULL;
}
