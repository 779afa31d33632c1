/* Options: numbers, databases, places. */
#include "options.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fd.h"
#include "program.h"

#define MIB ((uint64_t)1 << 20)
#ifndef OVERT_WORKER_PATH /* the installed library knows its own */
#define OVERT_WORKER_PATH "/usr/libexec/overt/overt-worker"
#endif

struct overt_options *overt_options_new(void)
{
	struct overt_options *o = calloc(1, sizeof *o);

	if (o == NULL)
		return NULL;
	/* As the engine's own defaults (ov_limits_default), which a test holds them against. */
	o->value[OVERT_OPT_MAX_FILES] = 100000;
	o->value[OVERT_OPT_MAX_RECURSION] = 20;
	o->value[OVERT_OPT_MAX_RATIO] = 2000;
	o->value[OVERT_OPT_MAX_SCANTIME] = 120000;
	o->value[OVERT_OPT_MAX_KEPT] = 256 * MIB;
	o->value[OVERT_OPT_WORKER_MEMORY] = 2048 * MIB;
	o->value[OVERT_OPT_MIN_CARDS] = o->value[OVERT_OPT_MIN_SSNS] = 3;
	o->value[OVERT_OPT_MAX_HTML] = 40 * MIB;
	o->value[OVERT_OPT_MAX_HTML_TEXT] = 8 * MIB;
	o->value[OVERT_OPT_MAX_SCRIPT] = 20 * MIB;
	o->value[OVERT_OPT_MAX_ICONS] = 100;
	o->value[OVERT_OPT_PCRE_MATCH] = 100000;
	o->value[OVERT_OPT_PCRE_DEPTH] = 2000;
	o->value[OVERT_OPT_PCRE_FILESIZE] = 100 * MIB;
	return o;
}

void overt_options_free(struct overt_options **o)
{
	if (*o == NULL)
		return;
	for (size_t i = 0; i < (*o)->ndatabases; i++) {
		free((*o)->databases[i]);
		free((*o)->spaces[i]);
	}
	free((*o)->databases);
	free((*o)->spaces);
	for (size_t i = 0; i < (*o)->nmodule_data; i++)
		ov_fd_close(&(*o)->module_data[i].fd);
	free((*o)->cache);
	free((*o)->worker);
	free(*o);
	*o = NULL;
}

enum overt_status overt_options_set(struct overt_options *o, enum overt_option which,
				    uint64_t value)
{
	if (o == NULL || (unsigned)which >= OVERT_OPT_COUNT)
		return OVERT_BAD_ARGUMENT;
	/* The engine keeps depth and time in 32 bits; depth has a hard cap of its own. */
	if ((which == OVERT_OPT_MAX_SCANTIME || which == OVERT_OPT_MAX_RECURSION) &&
	    value > UINT32_MAX)
		return OVERT_BAD_ARGUMENT;
	if (which == OVERT_OPT_WORKERS && value > OVERT_WORKERS_MAX)
		value = OVERT_WORKERS_MAX;
	o->value[which] = value;
	return OVERT_OK;
}

uint64_t overt_options_get(const struct overt_options *o, enum overt_option which)
{
	return o != NULL && (unsigned)which < OVERT_OPT_COUNT ? o->value[which] : 0;
}

/* @param space  NULL: no YARA rules as such. */
static enum overt_status add_source(struct overt_options *o, const char *path, const char *space)
{
	char **more, *copy;

	if (o == NULL || path == NULL || *path == '\0')
		return OVERT_BAD_ARGUMENT;
	more = reallocarray(o->databases, o->ndatabases + 1, sizeof *more);
	if (more == NULL)
		return OVERT_NO_MEMORY;
	o->databases = more;
	more = reallocarray(o->spaces, o->ndatabases + 1, sizeof *more);
	if (more == NULL)
		return OVERT_NO_MEMORY;
	o->spaces = more;
	copy = strdup(path);
	o->spaces[o->ndatabases] = space != NULL ? strdup(space) : NULL;
	if (copy == NULL || (space != NULL && o->spaces[o->ndatabases] == NULL)) {
		free(copy);
		free(o->spaces[o->ndatabases]);
		return OVERT_NO_MEMORY;
	}
	o->databases[o->ndatabases++] = copy;
	return OVERT_OK;
}

enum overt_status overt_options_add_database(struct overt_options *o, const char *path)
{
	return add_source(o, path, NULL);
}

enum overt_status overt_options_add_rules(struct overt_options *o, const char *path,
					  const char *name_space)
{
	const bool is_named = name_space != NULL && *name_space != '\0';

	return add_source(o, path, is_named ? name_space : "default");
}

enum overt_status overt_options_add_compiled(struct overt_options *o, const char *path)
{
	return add_source(o, path, "");
}

enum overt_status overt_options_define(struct overt_options *o, const char *definition)
{
	const size_t n = definition != NULL ? strlen(definition) + 1 : 0;

	if (o == NULL || n == 0 || strchr(definition, '=') == NULL || *definition == '=' ||
	    n > sizeof o->defines - o->ndefines)
		return OVERT_BAD_ARGUMENT;
	memcpy(o->defines + o->ndefines, definition, n);
	o->ndefines += n;
	return OVERT_OK;
}

/* Takes the descriptor, whatever is returned. */
static enum overt_status take_module_data(struct overt_options *o, struct ov_str module, int *fd)
{
	size_t i = 0;

	while (i < o->nmodule_data && !ov_str_is(module, o->module_data[i].module))
		i++;
	if (module.n == 0 || module.n >= OV_MODULE_NAME_MAX || i == OVERT_MODULE_DATA_MAX) {
		ov_fd_close(fd);
		return OVERT_BAD_ARGUMENT;
	}
	if (i == o->nmodule_data) {
		o->module_data[i] = (struct ov_module_data){ .fd = -1 };
		memcpy(o->module_data[i].module, module.p, module.n);
		o->nmodule_data++;
	}
	ov_fd_close(&o->module_data[i].fd);
	o->module_data[i].fd = ov_fd_take(fd);
	return OVERT_OK;
}

enum overt_status overt_options_add_module_data(struct overt_options *o, const char *definition)
{
	const char *equals = definition != NULL ? strchr(definition, '=') : NULL;
	struct ov_fd_facts f;
	int fd = -1;

	if (o == NULL || equals == NULL)
		return OVERT_BAD_ARGUMENT;
	if (ov_fd_open_read(equals + 1, &fd) != OV_OK)
		return OVERT_IO;
	if (ov_fd_facts(fd, &f) != OV_OK || f.kind != OV_FD_FILE) {
		ov_fd_close(&fd);
		return OVERT_IO;
	}
	return take_module_data(
	    o, (struct ov_str){ .p = definition, .n = (size_t)(equals - definition) }, &fd);
}

static enum overt_status copy_module_data(struct overt_options *c, const struct overt_options *o)
{
	for (size_t i = 0; i < o->nmodule_data; i++) {
		int fd = fcntl(o->module_data[i].fd, F_DUPFD_CLOEXEC, 0);
		enum overt_status st;

		if (fd < 0)
			return OVERT_IO;
		st = take_module_data(c, ov_str_of(o->module_data[i].module), &fd);
		if (st != OVERT_OK)
			return st;
	}
	return OVERT_OK;
}

void overt_options_on_diagnostic(struct overt_options *o, overt_diagnostic_fn fn, void *context)
{
	o->diagnostic = fn;
	o->diagnostic_context = context;
}

/* Replaces an owned text by a copy of another, which may be NULL. */
static enum overt_status replace(char **at, const char *by)
{
	char *copy = by != NULL ? strdup(by) : NULL;

	if (by != NULL && copy == NULL)
		return OVERT_NO_MEMORY;
	free(*at);
	*at = copy;
	return OVERT_OK;
}

enum overt_status overt_options_set_cache(struct overt_options *o, const char *dir)
{
	if (o == NULL)
		return OVERT_BAD_ARGUMENT;
	o->has_cache = true;
	return replace(&o->cache, dir);
}

enum overt_status overt_options_set_pua(struct overt_options *o, const char *categories,
					int excludes)
{
	const size_t n = categories != NULL ? strlen(categories) : 0;

	if (o == NULL || n >= sizeof o->pua)
		return OVERT_BAD_ARGUMENT;
	memcpy(o->pua, categories != NULL ? categories : "", n + 1);
	o->pua_excludes = excludes != 0;
	return OVERT_OK;
}

enum overt_status overt_options_add_password(struct overt_options *o, const char *password)
{
	const size_t n = password != NULL ? strlen(password) + 1 : 0;

	if (o == NULL || n == 0 || n > sizeof o->passwords - o->npasswords)
		return OVERT_BAD_ARGUMENT;
	memcpy(o->passwords + o->npasswords, password, n);
	o->npasswords += n;
	return OVERT_OK;
}

enum overt_status overt_options_set_worker(struct overt_options *o, const char *path)
{
	return o == NULL ? OVERT_BAD_ARGUMENT : replace(&o->worker, path);
}

void overt_options_on_warning(struct overt_options *o, overt_message_fn fn, void *context)
{
	o->warn = fn;
	o->warn_context = context;
}

struct overt_options *ov_options_copy(const struct overt_options *o)
{
	struct overt_options *c = overt_options_new();
	enum overt_status st = OVERT_OK;

	if (c == NULL)
		return NULL;
	memcpy(c->value, o->value, sizeof c->value);
	c->warn = o->warn;
	c->warn_context = o->warn_context;
	c->has_cache = o->has_cache;
	memcpy(c->pua, o->pua, sizeof c->pua);
	c->pua_excludes = o->pua_excludes;
	memcpy(c->passwords, o->passwords, sizeof c->passwords);
	c->npasswords = o->npasswords;
	memcpy(c->defines, o->defines, sizeof c->defines);
	c->ndefines = o->ndefines;
	c->diagnostic = o->diagnostic;
	c->diagnostic_context = o->diagnostic_context;
	for (size_t i = 0; i < o->ndatabases && st == OVERT_OK; i++)
		st = add_source(c, o->databases[i], o->spaces[i]);
	if (st == OVERT_OK)
		st = copy_module_data(c, o);
	if (st == OVERT_OK)
		st = replace(&c->cache, o->cache);
	if (st == OVERT_OK)
		st = replace(&c->worker, o->worker);
	if (st != OVERT_OK)
		overt_options_free(&c);
	return c;
}

void ov_options_warn(const struct overt_options *o, const char *fmt, ...)
{
	char line[1024];
	va_list ap;

	if (o->warn == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	o->warn(o->warn_context, line);
}

char *ov_options_worker(const struct overt_options *o)
{
	char *path;

	if (o->worker != NULL && *o->worker != '\0')
		return strdup(o->worker);
	path = ov_program_find("overt-worker", "OVERT_WORKER");
	return path != NULL ? path : strdup(OVERT_WORKER_PATH);
}

char *ov_options_cache(const struct overt_options *o)
{
	const char *base = secure_getenv("XDG_CACHE_HOME"), *home = secure_getenv("HOME");
	char *path = NULL;

	if (o->has_cache)
		return o->cache != NULL ? strdup(o->cache) : NULL;
	if (base != NULL && *base == '/')
		return asprintf(&path, "%s/overt", base) < 0 ? NULL : path;
	if (geteuid() != 0 && home != NULL && *home == '/')
		return asprintf(&path, "%s/.cache/overt", home) < 0 ? NULL : path;
	return strdup("/var/cache/overt");
}
