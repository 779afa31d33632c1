/* The program overt-update: everything of overt that speaks over the network. `overt update`,
 * `publish`, `verify`, `witness` and `ledger` start it; what scans files links none of this. */
#ifndef OV_UPDATER_H
#define OV_UPDATER_H

#include "cli.h"
#include "status.h"
#include "str.h"

#define UPDATER_FOLDER "/var/lib/overt/update"
#define UPDATER_SOURCES "/var/lib/overt/sources"
#define UPDATER_SOURCES_CONFIG "/etc/overt/sources.d"

extern const struct cli_spec updater_guard_spec, updater_update_spec, updater_publish_spec,
    updater_verify_spec, updater_witness_spec, updater_ledger_spec, updater_monitor_spec,
    updater_bundle_spec, updater_status_spec, updater_mirror_spec, updater_source_spec;

int updater_update(struct cli *c, int argc, char *const *argv);
int updater_publish(struct cli *c, int argc, char *const *argv);
int updater_verify(struct cli *c, int argc, char *const *argv);
int updater_witness(struct cli *c, int argc, char *const *argv);
int updater_mirror(struct cli *c, int argc, char *const *argv);
int updater_monitor(struct cli *c, int argc, char *const *argv);
int updater_bundle(struct cli *c, int argc, char *const *argv);
int updater_status(struct cli *c, int argc, char *const *argv);
int updater_source(struct cli *c, int argc, char *const *argv);
int updater_guard(struct cli *c, int argc, char *const *argv);
int updater_ledger(struct cli *c, int argc, char *const *argv);

/* Unix seconds. */
uint64_t updater_now(void);

/* "7 min", "3 h", "12 days" */
void updater_age(uint64_t seconds, char out[32]);

struct ov_buf;
/* Reads a file that the user names, at most `max` bytes. Tells what is wrong. @return true. */
bool updater_read(struct cli *c, const char *command, const char *path, size_t max,
		  struct ov_buf *out);

#endif
