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
#ifndef OV_UPDATER_CONF_H
#define OV_UPDATER_CONF_H

#include <stddef.h>

#include "client.h"
#include "updater.h"

#define CONF_FILE "/etc/overt/update.conf"

struct conf {
	struct cli_list from, tries, names;
	const char *folder, *root, *channel, *config, *cohort, *proxy, *to, *output, *wish;
	bool json, now, no_canary, check_history, no_recent;
	uint64_t slow_seconds, bundle_days, sample;
	struct ov_buf text; /* of the file: what the rest points into */
};

#define CONF_AT(m) offsetof(struct conf, m)

/* clang-format off */
#define CONF_FOLDER_OPTION \
	{ "folder", 0, CLI_TEXT, CONF_AT(folder), "DIR", "this machine's databases\n(default " UPDATER_FOLDER ")", NULL, 0, 0 }
#define CONF_CONFIG_OPTION \
	{ "config", 0, CLI_TEXT, CONF_AT(config), "FILE", "read settings from here\n(default " CONF_FILE ")", NULL, 0, 0 }
#define CONF_JSON_OPTION \
	{ "json", 0, CLI_FLAG, CONF_AT(json), NULL, "for programs", NULL, 0, 0 }
/* clang-format on */

extern const struct cli_option conf_update_options[], conf_bundle_options[];

/** All defaults. */
void conf_init(struct conf *s);
void conf_free(struct conf *s);

/**
 * Reads the command line over the file (--config, else the default one when it is there). Both are
 * read by the table of `conf_update_options`; the command line may know less (`spec`).
 * @return -1: go on; else the exit code, after a message.
 */
int conf_read(struct cli *c, const struct cli_spec *spec, int argc, char *const *argv,
	      struct conf *s);

const char *conf_folder(const struct conf *s);

/** Options of a fetch, over the site's proxy. */
void conf_fetch(const struct conf *s, struct ov_fetch_options *out);

/** True when all sources are bundles, or folders, none an address; *window gets how old they may
 * be, seconds, 0 unless one is a bundle. */
bool conf_is_local(const struct conf *s, uint64_t *window);

/** The site's place in rollouts. @return false when the word is none. */
bool conf_cohort(const struct conf *s, bool *has, uint32_t *cohort);

#endif
