/*
 * One file through all sources, and its records through the joiner, with what both promise held:
 * the first byte chooses the path that the file has, the rest is its content. For the tests that
 * cut and starve, and for the fuzzer.
 */
#ifndef OV_TEST_FAMILIES_H
#define OV_TEST_FAMILIES_H

#include <stdlib.h>
#include <string.h>

#include "gather_int.h"
#include "join.h"

/* By kind of reader; "raw" is a target of any form. The content of the last two begins with the
 * length of the file (u16, little-endian): what follows that is the log beside it. Append only:
 * seeds name them by number. */
static const char *const families[] = {
	"var/lib/dpkg/status",
	"var/lib/dpkg/info/a.list",
	"var/log/dpkg.log",
	"etc/os-release",
	"bom.json",
	"bom.xml",
	"a.spdx",
	"a.coswid",
	"package-lock.json",
	"Cargo.lock",
	"yarn.lock",
	"requirements.txt",
	"pom.xml",
	"var/lib/rpm/rpmdb.sqlite",
	"var/lib/rpm/Packages",
	"var/lib/rpm/Packages.db",
	"lib/apk/db/installed",
	"var/lib/pacman/local/a-1-1/desc",
	"usr/bin/program",
	"SOFTWARE",
	"etc/ssl/certs/x.pem",
	"home/x/.mozilla/firefox/p/extensions.json",
	"a.apk",
	"raw",
	"build.gradle",
	"etc/systemd/system/a.service",
	"A.app/Contents/Info.plist",
	"pnpm-lock.yaml",
	"var/lib/rpm/../x.jar",
	"etc/pki/nssdb/cert9.db",
	"home/a/keys.p12",
	"usr/share/rpm/rpmdb.sqlite",
	"home/a/NTUSER.DAT",
	"dsse:envelope",
};
#define FAMILIES (sizeof families / sizeof families[0])

struct held_to { /* what is promised of records */
	struct ov_join *join;
	int depth; /* scopes that are open */
	unsigned bodies;
};

static ov_status family_records(void *ctx, struct ov_cur body)
{
	struct held_to *h = ctx;
	struct ov_arena a;
	struct ov_rec r;
	struct ov_cur c = body;
	ov_status st;

	ov_arena_init(&a, (size_t)64 << 20);
	while ((st = ov_rec_get(&c, &a, &r)) == OV_OK) {
		if (r.kind == OV_REC_SCOPE)
			h->depth += r.scope.kind == OV_SCOPE_END ? -1 : 1;
		if (h->depth < 0)
			abort(); /* a scope is closed that nobody opened */
	}
	if (st != OV_END)
		abort(); /* a body is whole records, each as the form says */
	ov_arena_free(&a);
	h->bodies++;
	st = ov_join_records(h->join, OV_STR("file"), body);
	if (st != OV_OK && st != OV_LIMIT && st != OV_NOMEM)
		abort();
	return OV_OK;
}

/* Hands over the log of a file that has one, and leaves the file itself in *src. */
static inline void family_log(struct ov_ev *e, const char *path, struct ov_src *src,
			      struct ov_src *log)
{
	const struct ov_cur all = ov_cur_of(src->mem, (size_t)src->size);
	struct ov_cur c = all, file;
	uint16_t n;

	if (strcmp(path, "usr/share/rpm/rpmdb.sqlite") != 0 &&
	    strcmp(path, "home/a/NTUSER.DAT") != 0)
		return;
	if (ov_cur_u16le(&c, &n) != OV_OK || ov_cur_take(&c, n, &file) != OV_OK)
		return;
	*src = ov_src_mem(file.base, file.len);
	*log = ov_src_mem(ov_cur_rest(&c), ov_cur_left(&c));
	if (ov_ev_hold(e,
		       path[0] == 'u' ? OV_STR("usr/share/rpm/rpmdb.sqlite-wal")
				      : OV_STR("home/a/NTUSER.DAT.LOG1"),
		       log) != OV_OK)
		abort();
}

/* @param fail_in  As struct ov_arena's. @return what the reading gave. */
static inline ov_status family_run(const uint8_t *data, size_t size, long fail_in)
{
	static const struct ov_inv_watch watch[] = {
		{ OV_WATCH_HOST, { "group", 5 }, { "geo.example.org", 15 }, OV_E1 },
		{ OV_WATCH_CLASS, { "group", 5 }, { "com.acme.", 9 }, OV_E2 },
		{ OV_WATCH_FILE_NAME, { "group", 5 }, { "*.kdc", 5 }, OV_E1 },
		{ OV_WATCH_ENGINES, { "engines", 7 }, { "engines", 7 }, OV_E0 },
	};
	enum { WATCHES = sizeof watch / sizeof watch[0] };
	const struct ov_inventory *inv = NULL;
	struct held_to h = { .depth = 0 };
	const struct ov_ev_sink sink = { .records = family_records, .ctx = &h };
	struct ov_ev *e = NULL;
	struct ov_src src, log;
	const char *path;
	ov_status st;

	if (size == 0)
		return OV_OK;
	path = families[data[0] % FAMILIES];
	src = ov_src_mem(data + 1, size - 1);
	if (ov_join_new(OV_STR("t"), watch, WATCHES, &h.join) != OV_OK || ov_ev_new(&e) != OV_OK ||
	    ov_ev_watch(e, watch, WATCHES) != OV_OK)
		abort();
	family_log(e, path, &src, &log);
	e->arena.fail_in = fail_in;
	st = ov_ev_file(e,
			&(struct ov_ev_in){ .path = ov_str_of(path),
					    .src = &src,
					    .mtime = 1700000000,
					    .mode = 0100755,
					    .is_target = strcmp(path, "raw") == 0 },
			&sink);
	if (st == OV_OK && h.depth != 0)
		abort();
	if (st == OV_BUG || st == OV_BAD || st == OV_SHORT)
		abort(); /* broken input is news, not a failure */
	if (ov_join_finish(h.join, &inv) != OV_OK)
		abort();
	for (uint32_t i = 0; i < inv->ncomponents; i++)
		if (inv->components[i].npath == 0 || (inv->components[i].owner != OV_INV_NONE &&
						      inv->components[i].owner >= inv->ncomponents))
			abort(); /* everything is somewhere; owners are components */
	ov_ev_free(&e);
	ov_join_free(&h.join);
	return st;
}

#endif
