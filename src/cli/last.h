/*
 * The findings of the last scan, kept so that `overt explain 1` knows what 1 is.
 *
 * One text file, `last-scan`, mode 0600, in a folder of the user's: $XDG_STATE_HOME/overt, else
 * ~/.local/state/overt, for root /var/lib/overt. Written aside and renamed; no part of the path
 * that is ours may be a link. Lines of fields divided by tabs; bytes that could be taken for a
 * border are written \xNN.
 *
 *   overt-last-scan <TAB> 1
 *   database  <TAB> path
 *   found     <TAB> number name kind source offset length path layer...
 */
#ifndef OV_CLI_LAST_H
#define OV_CLI_LAST_H

#include "cli.h"
#include "run.h"

#define LAST_MAX 1000
#define LAST_LAYERS_MAX 64

struct last_writer {
	struct ov_buf text;
	size_t n;
	bool has_failed;
};

/** Begins a list; the databases are those given with -d. */
void last_begin(struct last_writer *w, const struct cli_engine *engine);

/** Adds the detections of one file, up to LAST_MAX in all. */
void last_add(struct last_writer *w, const struct run_file *f);

/** Saves the list and frees it. @return false when it could not be saved, which is no failure of
 * the scan. */
bool last_save(struct last_writer *w);

/** Is there a folder of ours to save in, or can it be made? Asked before a report promises `overt
 * explain N`. */
bool last_can_save(void);

struct last_entry { /* views into `text`, after unescaping in place */
	uint64_t number, offset, length;
	struct ov_str name, kind, source, path;
	struct ov_str layer[LAST_LAYERS_MAX];
	size_t nlayer;
};

struct last_list {
	struct ov_buf text;
	struct cli_list databases; /* NUL-terminated inside `text` */
};

/**
 * Reads the saved list and finds entry `number`.
 * @return OV_OK; OV_END: no such entry; OV_IO: no list; OV_BAD: the file is not what we write.
 */
OV_MUST_USE ov_status last_load(struct last_list *l, uint64_t number, struct last_entry *out);
void last_free(struct last_list *l);

/** As last_load, from bytes that are in l->text already, the last of them a NUL. Changes them. */
OV_MUST_USE ov_status last_parse(struct last_list *l, uint64_t number, struct last_entry *out);

#endif
