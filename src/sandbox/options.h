/* What a caller chose: the inside of struct overt_options. */
#ifndef OV_OPTIONS_H
#define OV_OPTIONS_H

#include "overt/database.h"
#include "status.h"
#include "str.h"

#define OV_MODULE_NAME_MAX 32

struct ov_module_data { /* a file for a module of YARA rules */
	char module[OV_MODULE_NAME_MAX];
	int fd; /* owned */
};

struct overt_options {
	uint64_t value[OVERT_OPT_COUNT];
	char **databases; /* owned, ndatabases of them */
	size_t ndatabases;
	char **spaces; /* of each: the namespace of its YARA rules, owned; NULL: a database;
			* "": a compiled one */
	char defines[OVERT_DEFINES_MAX]; /* external variables, "name=value", each ends in NUL */
	size_t ndefines;		 /* bytes of them */
	struct ov_module_data module_data[OVERT_MODULE_DATA_MAX];
	size_t nmodule_data;
	char *cache;		 /* owned; NULL with has_cache: no cache */
	bool has_cache;		 /* the caller decided                   */
	char *worker;		 /* owned; NULL: found beside this program */
	char pua[OVERT_PUA_MAX]; /* categories, "" for all */
	bool pua_excludes;
	char passwords[OVERT_PASSWORDS_MAX]; /* one behind the other, each ends in NUL */
	size_t npasswords;		     /* bytes of them */
	overt_message_fn warn;
	void *warn_context;
	overt_diagnostic_fn diagnostic; /* lines of sources that are refused; NULL: as warnings */
	void *diagnostic_context;
};

/** A deep copy. @return NULL without memory. */
struct overt_options *ov_options_copy(const struct overt_options *o);

/** Calls the caller's warning function, if there is one, with a formatted line. */
void ov_options_warn(const struct overt_options *o, const char *fmt, ...) OV_PRINTF(2, 3);

/** Path of the worker program, to be freed; NULL without memory. */
char *ov_options_worker(const struct overt_options *o);

/** Folder of the cache, to be freed; NULL: none. */
char *ov_options_cache(const struct overt_options *o);

#endif
