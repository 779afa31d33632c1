/* Which files make up a database. See sources.h. */
#include "sources.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"

#define FILES_MAX 4096
#define STREAM_MAX ((uint64_t)256 << 20) /* bytes of rules taken from a pipe */

/* Endings of databases and rules, read or not: the worker knows which, and says so of the others.
 */
static const char *const endings[] = { ".cvd", ".cld", ".cud", ".hdb", ".hsb",	".hdu", ".hsu",
				       ".mdb", ".msb", ".mdu", ".msu", ".ndb",	".ndu", ".ldb",
				       ".ldu", ".fp",  ".sfp", ".ign", ".ign2", ".imp", ".cdb",
				       ".crb", ".cbc", ".ftm", ".idb", ".pdb",	".gdb", ".wdb",
				       ".zmd", ".rmd", ".db",  ".sdb", ".pwdb", ".cat", ".cfg",
				       ".ioc", ".yar", ".yara" };

static bool ends_in(const char *name, const char *tail)
{
	return ov_text_ends_with(ov_str_of(name), ov_str_of(tail));
}

static bool is_database_name(const char *name)
{
	for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++)
		if (ends_in(name, endings[i]))
			return true;
	return false;
}

const char *ov_source_name(const struct ov_source_file *f)
{
	const char *slash = f->space == NULL ? strrchr(f->path, '/') : NULL;

	return slash != NULL ? slash + 1 : f->path;
}

void ov_sources_free(struct ov_sources *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->files[i].path);
		free(s->files[i].space);
		ov_fd_close(&s->files[i].fd);
		ov_fd_close(&s->files[i].part);
	}
	free(s->files);
	s->files = NULL;
	s->n = 0;
}

/* Adds a file that is open; takes path and descriptor on success. */
static enum overt_status add(struct ov_sources *s, const struct ov_source_file *f,
			     char error[OV_ERROR_MAX])
{
	struct ov_source_file *more;

	if (s->n == FILES_MAX)
		return ov_fail(error, OVERT_REFUSED, "more than %d database files", FILES_MAX);
	more = reallocarray(s->files, s->n + 1, sizeof *more);
	if (more == NULL)
		return ov_fail(error, OVERT_NO_MEMORY, "out of memory");
	s->files = more;
	s->files[s->n++] = *f;
	return OVERT_OK;
}

/* Rules that come through a pipe are kept in memory, for workers map what they compile. */
static void keep_stream(struct ov_source_file *f)
{
	OV_CLEANUP(ov_fd_close) int kept = -1;
	uint8_t piece[4096];
	uint64_t off = 0;

	if (ov_fd_memory("overt-rules", &kept) != OV_OK)
		return;
	while (off < STREAM_MAX) {
		size_t got = 0;

		if (ov_fd_stream(&f->fd, off, piece, sizeof piece, &got) != OV_OK ||
		    ov_fd_write(kept, piece, got) != OV_OK)
			return;
		if (got == 0)
			break;
		off += got;
	}
	ov_fd_close(&f->fd);
	f->fd = ov_fd_take(&kept);
}

static enum overt_status add_file(struct ov_sources *s, const char *path, bool is_from_folder,
				  bool takes_stream, char error[OV_ERROR_MAX])
{
	struct ov_source_file f = { .fd = -1,
				    .part = -1,
				    .is_from_folder = is_from_folder,
				    .is_compiled = ends_in(path, ".odb") };
	enum overt_status st;

	if (takes_stream && strcmp(path, "-") == 0)
		path = "/dev/stdin";
	if (ov_fd_open_read(path, &f.fd) != OV_OK)
		return ov_fail(error, OVERT_REFUSED, "%s: %s", path, strerror(errno));
	if (ov_fd_facts(f.fd, &f.facts) == OV_OK && f.facts.kind == OV_FD_STREAM && takes_stream)
		keep_stream(&f);
	if (ov_fd_facts(f.fd, &f.facts) != OV_OK || f.facts.kind != OV_FD_FILE) {
		ov_fd_close(&f.fd);
		return ov_fail(error, OVERT_REFUSED, "%s: not a file", path);
	}
	f.path = strdup(path);
	st = f.path != NULL ? add(s, &f, error) : ov_fail(error, OVERT_NO_MEMORY, "out of memory");
	if (st != OVERT_OK) {
		free(f.path);
		ov_fd_close(&f.fd);
	}
	return st;
}

static int wanted_entry(const struct dirent *e)
{
	return e->d_name[0] != '.' && (is_database_name(e->d_name) || ends_in(e->d_name, ".odb"));
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* All database files of a folder, sorted by name, so that the result doesn't depend on the file
 * system. */
static enum overt_status add_folder(struct ov_sources *s, const char *folder,
				    char error[OV_ERROR_MAX])
{
	struct dirent **entries = NULL;
	const int n = scandir(folder, &entries, wanted_entry, by_bytes);
	enum overt_status st = OVERT_OK;

	if (n < 0)
		return ov_fail(error, OVERT_REFUSED, "%s: %s", folder, strerror(errno));
	for (int i = 0; i < n; i++) {
		char *path = NULL;

		if (st == OVERT_OK) {
			if (asprintf(&path, "%s/%s", folder, entries[i]->d_name) < 0) {
				path = NULL; /* asprintf leaves it undefined */
				st = ov_fail(error, OVERT_NO_MEMORY, "out of memory");
			} else {
				st = add_file(s, path, true, false, error);
			}
			free(path);
		}
		free(entries[i]);
	}
	free(entries);
	return st;
}

static bool has_databases(const char *folder)
{
	DIR *d = opendir(folder);
	const struct dirent *e;
	bool found = false;

	if (d == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL)
		found = wanted_entry(e) != 0;
	(void)closedir(d);
	return found;
}

static enum overt_status add_builtin(struct ov_sources *s, char error[OV_ERROR_MAX])
{
	struct ov_source_file f = {
		.path = strdup(OVERT_BUILTIN), .fd = -1, .part = -1, .is_builtin = true
	};
	enum overt_status st;

	if (f.path == NULL)
		return ov_fail(error, OVERT_NO_MEMORY, "out of memory");
	st = add(s, &f, error);
	if (st != OVERT_OK)
		free(f.path);
	return st;
}

static enum overt_status add_default(struct ov_sources *s, char error[OV_ERROR_MAX])
{
	static const char *const ours[] = { OV_FOLDER_UPDATES, OV_FOLDER_OWN, OV_FOLDER_FOREIGN };
	const size_t before = s->n;

	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (has_databases(ours[i])) {
			const enum overt_status st = add_folder(s, ours[i], error);

			if (st != OVERT_OK)
				return st;
		}
	if (s->n > before)
		return OVERT_OK;
	if (has_databases(OV_FOLDER_CLAMAV))
		return add_folder(s, OV_FOLDER_CLAMAV, error);
	return add_builtin(s, error);
}

static enum overt_status add_path(struct ov_sources *s, const char *path, char error[OV_ERROR_MAX])
{
	struct stat st;
	const size_t before = s->n;
	enum overt_status done;

	if (strcmp(path, OVERT_BUILTIN) == 0)
		return add_builtin(s, error);
	if (stat(path, &st) != 0)
		return ov_fail(error, OVERT_REFUSED, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		return add_file(s, path, false, false, error);
	done = add_folder(s, path, error);
	if (done == OVERT_OK && s->n == before)
		return ov_fail(error, OVERT_REFUSED, "%s: no database file is in this folder",
			       path);
	return done;
}

/* A file of YARA rules, or standard input. It is shown as it was named. */
static enum overt_status add_rules(struct ov_sources *s, const char *path, const char *space,
				   char error[OV_ERROR_MAX])
{
	const enum overt_status st = add_file(s, path, false, true, error);

	if (st != OVERT_OK)
		return st;
	s->files[s->n - 1].is_compiled = *space == '\0';
	if (*space == '\0')
		return OVERT_OK;
	s->files[s->n - 1].space = strdup(space);
	return s->files[s->n - 1].space != NULL ? OVERT_OK
						: ov_fail(error, OVERT_NO_MEMORY, "out of memory");
}

enum overt_status ov_sources_find(const struct overt_options *o, struct ov_sources *out,
				  char error[OV_ERROR_MAX])
{
	enum overt_status st = OVERT_OK;

	*out = (struct ov_sources){ .files = NULL };
	if (o->ndatabases == 0)
		st = add_default(out, error);
	for (size_t i = 0; i < o->ndatabases && st == OVERT_OK; i++)
		st = o->spaces[i] != NULL ? add_rules(out, o->databases[i], o->spaces[i], error)
					  : add_path(out, o->databases[i], error);
	return st;
}
