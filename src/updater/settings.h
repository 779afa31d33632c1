/*
 * How a site updates: options of `overt update` and `overt bundle apply`, and the same options in a
 * file.
 *
 *   # /etc/overt/update.conf
 *   from https://updates.example/
 *   from https://mirror.example/
 *   cohort late
 *   test.ndb                       a word alone that is no option: a database's name
 *
 * One option a line, without dashes. What the command line says counts instead; where an option may
 * be given several times, the command line's replace the file's.
 */
#ifndef OV_UPDATER_SETTINGS_H
#define OV_UPDATER_SETTINGS_H

#include <stddef.h>

#include "client.h"
#include "updater.h"

#define SETTINGS_FILE "/etc/overt/update.conf"

struct settings {
	struct cli_list from, tries, names;
	const char *folder, *root, *channel, *config, *cohort, *proxy, *to, *output, *wish;
	bool json, now, no_canary, check_history;
	uint64_t slow_seconds, bundle_days;
	struct ov_buf text; /* of the file: what the rest points into */
};

#define SETTINGS_AT(m) offsetof(struct settings, m)

/* clang-format off */
#define SETTINGS_FOLDER_OPTION \
	{ "folder", 0, CLI_TEXT, SETTINGS_AT(folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 }
#define SETTINGS_CONFIG_OPTION \
	{ "config", 0, CLI_TEXT, SETTINGS_AT(config), "FILE", "read settings from here\n(default " SETTINGS_FILE ")", NULL, 0, 0 }
#define SETTINGS_JSON_OPTION \
	{ "json", 0, CLI_FLAG, SETTINGS_AT(json), NULL, "for programs", NULL, 0, 0 }
/* clang-format on */

extern const struct cli_option settings_update_options[], settings_bundle_options[];

/** All defaults. */
void settings_init(struct settings *s);
void settings_free(struct settings *s);

/**
 * Reads the command line over the file (--config, else the default one when it is there). Both are
 * read by the table of `settings_update_options`; the command line may know less (`spec`).
 * @return -1: go on; else the exit code, after a message.
 */
int settings_read(struct cli *c, const struct cli_spec *spec, int argc, char *const *argv,
		  struct settings *s);

const char *settings_folder(const struct settings *s);

/** Options of a fetch, over the site's proxy. */
void settings_fetch(const struct settings *s, struct ov_fetch_options *out);

/** True when all sources are bundles, or folders, none an address; *window gets how old they may
 * be, seconds, 0 unless one is a bundle. */
bool settings_is_local(const struct settings *s, uint64_t *window);

/** The site's place in rollouts. @return false when the word is none. */
bool settings_cohort(const struct settings *s, bool *has, uint32_t *cohort);

#endif
