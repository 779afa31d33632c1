/* overt mirror status: what a mirror's folder holds, read from outside. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "mirror_int.h"
#include "store.h"
#include "text.h"

struct held { /* of one log */
	char origin[OV_KEY_NAME_MAX + 1];
	uint64_t size, pending, artifacts, bytes, signed_at;
	unsigned forks;
};

/* A checkpoint's size, its origin and the newest time in its signatures. */
static bool read_size(const char *folder, const char *name, struct held *h, uint64_t *size)
{
	struct ov_buf b = ov_buf_of(2 * OV_NOTE_MAX);
	struct ov_checkpoint c;
	struct ov_arena a;
	struct ov_note n;
	bool ok;

	ov_arena_init(&a, 1 << 20);
	ok = ov_store_read(folder, name, OV_NOTE_MAX, &b) == OV_OK &&
	     ov_note_parse(ov_buf_text(&b), &a, &n) == OV_OK &&
	     ov_checkpoint_parse(n.text, &c) == OV_OK;
	if (ok) {
		*size = c.size;
		(void)snprintf(h->origin, sizeof h->origin, "%.*s", (int)c.origin.n, c.origin.p);
		for (uint32_t i = 0; i < n.nsigs; i++) {
			struct ov_cur blob = n.sigs[i].blob;
			uint64_t t;

			if (blob.len == 8 + OV_SIGNATURE_BYTES &&
			    ov_cur_u64be(&blob, &t) == OV_OK && t > h->signed_at)
				h->signed_at = t;
		}
	}
	ov_arena_free(&a);
	ov_buf_free(&b);
	return ok;
}

/* Counts files of a folder; a NULL size counts names that begin with "fork-". */
static void count_files(const char *folder, const char *name, uint64_t *files, uint64_t *bytes)
{
	char *path = ov_store_path(folder, name);
	DIR *d = path != NULL ? opendir(path) : NULL;
	const struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL) {
		struct stat st;

		if (fstatat(dirfd(d), e->d_name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(st.st_mode) || (bytes == NULL && strncmp(e->d_name, "fork-", 5) != 0))
			continue;
		(*files)++;
		if (bytes != NULL)
			*bytes += (uint64_t)st.st_size;
	}
	if (d != NULL)
		(void)closedir(d);
	free(path);
}

static void show(struct cli *c, const struct held *h, bool json, bool is_first)
{
	char when[32];

	if (json) {
		cli_put(&c->out, is_first ? "{\"origin\":" : ",{\"origin\":");
		cli_json(&c->out, ov_str_of(h->origin));
		cli_fmt(&c->out,
			",\"signed\":%llu,\"pending\":%llu,\"signed_at\":%llu,\"artifacts\":%llu,"
			"\"artifact_bytes\":%llu,\"forks\":%u}",
			(unsigned long long)h->size, (unsigned long long)h->pending,
			(unsigned long long)h->signed_at, (unsigned long long)h->artifacts,
			(unsigned long long)h->bytes, h->forks);
		return;
	}
	(void)cli_date(h->signed_at, when);
	cli_put(&c->out, "  ");
	cli_shown(&c->out, ov_str_of(h->origin));
	cli_fmt(&c->out,
		"\n    signed   %llu of %llu entries, last at %s\n    holds    %llu artifacts, "
		"%llu bytes\n",
		(unsigned long long)h->size, (unsigned long long)h->pending,
		h->signed_at > 0 ? when : "never", (unsigned long long)h->artifacts,
		(unsigned long long)h->bytes);
	if (h->forks > 0)
		cli_fmt(&c->out,
			"    ALARM    %u pieces of evidence of a fork: overt verify them\n",
			h->forks);
}

static int one(struct cli *c, const char *folder, const char *hex, bool json, bool is_first)
{
	char *public = NULL, *own = NULL;
	struct held h = { .size = 0 };
	uint64_t forks = 0;

	if (asprintf(&public, "%s/public/%s", folder, hex) < 0)
		return CLI_FAILED;
	if (asprintf(&own, "%s/private/%s", folder, hex) < 0)
		own = NULL;
	if (public != NULL && own != NULL) {
		(void)read_size(own, "pending", &h, &h.pending);
		(void)read_size(public, "checkpoint", &h, &h.size);
		count_files(public, "a", &h.artifacts, &h.bytes);
		count_files(own, ".", &forks, NULL);
		h.forks = (unsigned)forks;
		show(c, &h, json, is_first);
	}
	free(public);
	free(own);
	return h.size < h.pending || h.forks > 0 ? CLI_INCOMPLETE : CLI_OK;
}

int mirror_status(struct cli *c, const char *folder, bool json)
{
	char *path = ov_store_path(folder, "public");
	struct dirent **names = NULL;
	const int n = path != NULL ? scandir(path, &names, NULL, alphasort) : -1;
	int code = CLI_OK;
	bool is_first = true;

	if (n < 0) {
		free(path);
		return cli_fail(c, "overt mirror", folder, "no mirror's folder");
	}
	cli_put(&c->out, json ? "[" : "");
	for (int i = 0; i < n; i++) {
		if (strlen(names[i]->d_name) == 64) {
			const int k = one(c, folder, names[i]->d_name, json, is_first);

			code = k > code ? k : code;
			is_first = false;
		}
		free(names[i]);
	}
	cli_put(&c->out, json ? "]\n" : "");
	free(names);
	free(path);
	return code;
}
