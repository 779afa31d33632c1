/* Which files make up a database: the options' paths, folders opened, defaults where nothing was
 * named. */
#ifndef OV_SOURCES_H
#define OV_SOURCES_H

#include <stdbool.h>
#include <stddef.h>

#include "broker_int.h"
#include "fd.h"

/* Used when no database is named: all that the first three hold; else ClamAV's; else the built-in
 * set. */
#define OV_FOLDER_UPDATES "/var/lib/overt/update/active"  /* overt update puts them there */
#define OV_FOLDER_OWN "/var/lib/overt/databases"	  /* configured databases */
#define OV_FOLDER_FOREIGN "/var/lib/overt/sources/active" /* overt source puts them there */
#define OV_FOLDER_CLAMAV "/var/lib/clamav"

struct ov_source_file {
	char *path;  /* owned */
	char *space; /* owned; not NULL: YARA rules of this namespace */
	int fd;	     /* owned; -1 for the built-in set */
	int part;    /* owned; the database that this file alone was compiled to, or -1 */
	struct ov_fd_facts facts;
	bool is_builtin, is_from_folder, is_compiled;
};

struct ov_sources {
	struct ov_source_file *files;
	size_t n;
	bool has_includes; /* a file was included: the cache's key does not know it */
};

/** Opens all of them. @return OVERT_OK; OVERT_REFUSED with the reason; OVERT_NO_MEMORY. Free in any
 * case. */
enum overt_status ov_sources_find(const struct overt_options *o, struct ov_sources *out,
				  char error[OV_ERROR_MAX]);
void ov_sources_free(struct ov_sources *s);

/** The name that the compiler is given: the last part of the path. */
const char *ov_source_name(const struct ov_source_file *f);

#endif
