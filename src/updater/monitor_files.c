/* The monitor's artifacts: had as they are named, and compared with those of the release before. */
#include "monitor_int.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "archive.h"
#include "save.h"
#include "store.h"
#include "text.h"

static void file_name(const uint8_t sha256[OV_SHA256_BYTES], char out[80])
{
	char hex[2 * OV_SHA256_BYTES + 1];

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	(void)snprintf(out, 80, "a/%s", hex);
}

/* Fetches a file and holds it against its digest; it stays only when it will be compared. */
static bool fetch(struct monitor *m, uint64_t entry, const uint8_t sha256[OV_SHA256_BYTES],
		  uint64_t size, bool stays)
{
	struct ov_quota quota = { .folder = m->s.folder };
	struct ov_archive_file file = { .size = size };
	char name[80];

	memcpy(file.sha256, sha256, OV_SHA256_BYTES);
	file_name(sha256, name);
	if (ov_store_has(m->s.folder, name))
		return true;
	if (ov_archive_fetch(m->s.folder, &quota, m->h, m->f, m->s.from.n, &file) != OV_OK) {
		monitor_alarm(m, entry, "an artifact that it names can't be had as it is named",
			      NULL);
		return false;
	}
	if (!stays)
		(void)!ov_store_remove(m->s.folder, name);
	return true;
}

/* A database has its digest for a name; what kind it is stands in the artifact's. */
static char *typed_link(struct monitor *m, const char *side, const struct ov_state_artifact *x)
{
	char name[80], *target, *path = NULL, *folder = NULL;

	file_name(x->sha256, name);
	target = ov_store_path(m->s.folder, name);
	if (asprintf(&folder, "%s/compare-%s", m->s.folder, side) < 0)
		folder = NULL;
	if (target == NULL || folder == NULL || ov_save_folder(folder) != OV_OK ||
	    asprintf(&path, "%s/%.*s", folder, (int)x->name.n, x->name.p) < 0)
		path = NULL;
	if (path != NULL && ((unlink(path) != 0 && errno != ENOENT) || link(target, path) != 0)) {
		free(path);
		path = NULL;
	}
	free(target);
	free(folder);
	return path;
}

static void compare(struct monitor *m, const struct ov_state_artifact *old,
		    const struct ov_state_artifact *new)
{
	char *a = typed_link(m, "old", old), *b = typed_link(m, "new", new);
	char word[] = "diff", json[] = "--json";
	char *const args[] = { word, a, b, m->s.json ? json : NULL, NULL };

	if (a == NULL || b == NULL || cli_db_diff(m->c, m->s.json ? 4 : 3, args) == CLI_FAILED)
		cli_fmt(&m->c->err, MONITOR ": %.*s can't be compared with the one before\n",
			(int)new->name.n, new->name.p);
	if (a != NULL)
		(void)unlink(a);
	if (b != NULL)
		(void)unlink(b);
	free(a);
	free(b);
}

void monitor_files(struct monitor *m, uint64_t entry, const struct ov_state *was,
		   const struct ov_state *is)
{
	for (uint32_t i = 0; i < is->nartifacts; i++) {
		const struct ov_state_artifact *x = &is->artifacts[i];
		const struct ov_state_artifact *old = ov_state_find(was, x->channel, x->name);
		const bool is_new =
		    old == NULL || memcmp(old->sha256, x->sha256, OV_SHA256_BYTES) != 0;

		if (!is_new || !fetch(m, entry, x->sha256, x->size, m->s.signatures) ||
		    old == NULL || !m->s.signatures)
			continue;
		if (fetch(m, entry, old->sha256, old->size, true))
			compare(m, old, x);
	}
	for (uint32_t i = 0; i < is->ndeltas; i++)
		(void)fetch(m, entry, is->deltas[i].sha256, is->deltas[i].size, false);
}

/* Databases of older releases go: the newest are what the next one is compared with. */
void monitor_tidy(struct monitor *m, const struct ov_state *is)
{
	char *path = ov_store_path(m->s.folder, "a");
	DIR *d = path != NULL ? opendir(path) : NULL;
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		bool used = e->d_name[0] == '.';

		for (uint32_t i = 0; i < is->nartifacts && !used; i++) {
			char name[80];

			file_name(is->artifacts[i].sha256, name);
			used = strcmp(name + 2, e->d_name) == 0;
		}
		if (!used)
			(void)unlinkat(dirfd(d), e->d_name, 0);
	}
	if (d != NULL)
		(void)closedir(d);
	free(path);
}
