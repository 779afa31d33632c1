/*
 * ClamAV's network, as freshclam uses it: which version is current by DNS or by a container's first
 * bytes, patches in sequence, else the whole container. What freshclam 1.4.6 asks for, and when,
 * was found by running it against a server of ours (docs/SOURCES.md).
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "dns.h"
#include "fd.h"
#include "source_int.h"
#include "store.h"
#include "text.h"

#define HEADER_BYTES 512
#define PATCHES_MAX 200	      /* more than so many versions behind: the whole is cheaper */
#define RECORD_AGE (3 * 3600) /* seconds; an older DNS record is not believed */
#define SIGN_MAX ((uint64_t)1 << 20)
#define INPUTS_MAX OVERT_FOREIGN_INPUTS_MAX

struct run {
	struct ov_sources_run *x;
	bool asked_dns, has_dns;
	struct ov_dns_versions dns;
	char note[OV_SOURCES_ERROR]; /* why DNS was of no use */
};

struct inputs {
	struct overt_foreign_input v[INPUTS_MAX];
	char names[INPUTS_MAX][48];
	size_t n;
};

static bool add_input(struct inputs *in, int fd, const char *fmt, const char *word, uint64_t number)
{
	if (in->n == INPUTS_MAX)
		return false;
	(void)snprintf(in->names[in->n], sizeof in->names[0], "%s%.32s", fmt, word);
	if (word[0] == '\0')
		(void)snprintf(in->names[in->n], sizeof in->names[0], "%s%llu", fmt,
			       (unsigned long long)number);
	in->v[in->n] = (struct overt_foreign_input){ .name = in->names[in->n], .fd = fd };
	in->n++;
	return true;
}

static void close_inputs(struct inputs *in)
{
	for (size_t i = 0; i < in->n; i++)
		ov_fd_close(&in->v[i].fd);
	in->n = 0;
}

/* The file of a database that is in force: "daily.cvd", ".cld" or ".cud". */
static struct ov_record_file *file_of(struct ov_record *rec, const char *db)
{
	const size_t n = strlen(db);

	for (size_t i = 0; i < rec->nfiles; i++)
		if (strncmp(rec->files[i].name, db, n) == 0 && rec->files[i].name[n] == '.')
			return &rec->files[i];
	return NULL;
}

/* The version that a container's first bytes speak of. It decides what is fetched, nothing else. */
static ov_status header_version(int fd, uint64_t *out)
{
	uint8_t room[HEADER_BYTES];
	struct ov_str rest, field;
	size_t got;

	OV_TRY(ov_fd_pread(&fd, 0, room, sizeof room, &got));
	rest = (struct ov_str){ (const char *)room, got };
	for (unsigned i = 0; i < 3; i++) {
		if (!ov_text_split(&rest, ':', &field) ||
		    (i == 0 && !ov_str_is(field, "ClamAV-VDB")))
			return OV_BAD;
	}
	return ov_text_u64(field, out);
}

static void http_time(uint64_t t, char out[OV_HTTP_TIME])
{
	const time_t seconds = (time_t)t;
	struct tm tm;

	out[0] = '\0';
	if (t > 0 && gmtime_r(&seconds, &tm) != NULL &&
	    strftime(out, OV_HTTP_TIME, "%a, %d %b %Y %H:%M:%S GMT", &tm) == 0)
		out[0] = '\0';
}

static void ask_dns(struct run *r)
{
	struct ov_sources_run *x = r->x;
	const struct ov_source_conf *c = x->c;
	char text[OV_DNS_TEXT_MAX + 1], what[OV_DNS_TEXT_MAX];
	struct ov_dns_asked asked;
	ov_status s = ov_dns_ask(c->dns_server, c->dns_name, &asked, text);

	r->asked_dns = true;
	(void)snprintf(what, sizeof what, "dns://%s/%s?type=TXT", asked.server, c->dns_name);
	ov_source_ledger(x, "ASK", what, asked.sent, asked.received, 0,
			 s == OV_OK ? NULL : ov_status_name(s));
	if (s == OV_OK)
		s = ov_dns_versions(ov_str_of(text), &r->dns);
	if (s != OV_OK)
		(void)snprintf(r->note, sizeof r->note, "DNS says nothing of %s: asked by HTTP",
			       c->dns_name);
	else if (r->dns.time + RECORD_AGE < x->o->now)
		(void)snprintf(r->note, sizeof r->note,
			       "the DNS record is older than three hours: asked by HTTP");
	else
		r->has_dns = true;
}

/* The version that there is, by DNS. @return 0: not known that way. */
static uint64_t by_dns(struct run *r, const char *db)
{
	if (r->x->c->version_by != OV_VERSION_DNS)
		return 0;
	if (!r->asked_dns)
		ask_dns(r);
	if (!r->has_dns)
		return 0;
	return strcmp(db, "main") == 0	     ? r->dns.main
	       : strcmp(db, "daily") == 0    ? r->dns.daily
	       : strcmp(db, "bytecode") == 0 ? r->dns.bytecode
					     : 0;
}

/* By a container's beginning: a private mirror may have a .cld. @return OV_OK; OV_END nothing newer
 * than `have`; as ov_source_fetch. */
static ov_status by_http(struct run *r, const char *db, const struct ov_record_file *have,
			 uint64_t *version, const char **ending, char why[OV_SOURCES_ERROR])
{
	static const char *const endings[] = { ".cld", ".cvd" };
	char path[64], since[OV_HTTP_TIME];
	ov_status s = OV_END;

	http_time(have != NULL ? have->built : 0, since);
	for (size_t i = r->x->c->is_private ? 0 : 1; i < 2; i++) {
		const struct ov_want w = {
			.path = path, .max = HEADER_BYTES, .only = HEADER_BYTES, .since = since
		};
		struct ov_fetched f;

		(void)snprintf(path, sizeof path, "%s%s", db, endings[i]);
		s = ov_source_fetch(r->x, &w, &f, why);
		if (s != OV_OK)
			continue;
		*ending = endings[i];
		if (f.a.status == 304)
			*version = have != NULL ? have->version : 0;
		else if (header_version(f.fd, version) != OV_OK) {
			(void)snprintf(why, OV_SOURCES_ERROR, "%s is no container of signatures",
				       path);
			s = OV_BAD;
		}
		ov_fetched_drop(&f);
		return s;
	}
	return s;
}

/* Certificates for .sign files, and other keys than ClamAV's. */
static ov_status add_trust(struct ov_sources_run *x, struct inputs *in)
{
	const struct ov_source_conf *c = x->c;
	DIR *d = c->certs != NULL ? opendir(c->certs) : NULL;
	const struct dirent *e;
	int fd;

	if (c->keys != NULL) {
		if (ov_fd_open_read(c->keys, &fd) != OV_OK) {
			(void)snprintf(x->item->why, OV_SOURCES_ERROR, "%s: %s", c->keys,
				       strerror(errno));
			return OV_IO;
		}
		(void)add_input(in, fd, "keys:", "own", 0);
	}
	if (c->certs != NULL && d == NULL) {
		(void)snprintf(x->item->why, OV_SOURCES_ERROR, "%s: %s", c->certs, strerror(errno));
		return OV_IO;
	}
	while (d != NULL && (e = readdir(d)) != NULL && in->n < INPUTS_MAX / 4) {
		const struct ov_str name = ov_str_of(e->d_name);
		char *path;

		if (!ov_text_ends_with(name, OV_STR(".crt")) &&
		    !ov_text_ends_with(name, OV_STR(".pem")))
			continue;
		path = ov_store_path(c->certs, e->d_name);
		if (path != NULL && ov_fd_open_read(path, &fd) == OV_OK)
			(void)add_input(in, fd, "cert:", e->d_name, 0);
		free(path);
	}
	if (d != NULL)
		(void)closedir(d);
	return OV_OK;
}

/*
 * A .sign file, when the site has certificates for them. Where one was seen, it must be there from
 * then on: leaving it out would bring the older signature back.
 */
static ov_status add_sign(struct ov_sources_run *x, struct inputs *in, const char *path,
			  const char *input, uint64_t number, bool must)
{
	const struct ov_want w = { .path = path, .max = SIGN_MAX };
	char why[OV_SOURCES_ERROR];
	struct ov_fetched f;
	ov_status s;

	if (x->c->certs == NULL)
		return OV_OK;
	s = ov_source_fetch(x, &w, &f, why);
	if (s == OV_OK && add_input(in, f.fd, input, number == 0 ? "container" : "", number))
		return OV_OK;
	if (s == OV_NOMEM || (s == OV_END && !must))
		return s == OV_END ? OV_OK : s;
	(void)snprintf(x->item->why, OV_SOURCES_ERROR,
		       s == OV_END ? "%s is not there, and such a file was there before: that is a "
				     "step back, and refused"
				   : "%s can't be fetched",
		       path);
	return OV_BAD;
}

static ov_status run_worker(struct ov_sources_run *x, enum overt_foreign_kind kind,
			    const struct inputs *in, int out, struct overt_foreign_result *r)
{
	const enum overt_status st = overt_foreign(x->o->worker, kind, "", in->v, in->n, out,
						   x->o->told, x->o->told_ctx, r, x->item->why);

	return st == OVERT_OK	       ? OV_OK
	       : st == OVERT_NO_MEMORY ? OV_NOMEM
	       : st == OVERT_REFUSED   ? OV_BAD
				       : OV_IO;
}

static ov_status open_db(struct ov_sources_run *x, const struct ov_record_file *f, int *fd)
{
	char name[80] = "db/", *path;
	ov_status s;

	ov_hex_encode(f->sha256, OV_SHA256_BYTES, name + 3);
	path = ov_store_path(x->o->folder, name);
	s = path != NULL ? ov_fd_open_read(path, fd) : OV_NOMEM;
	free(path);
	return s;
}

/* Puts a database in force: its record, tried before. */
static ov_status take(struct run *r, const char *db, const struct ov_record_file *new_file)
{
	struct ov_sources_run *x = r->x;
	struct ov_record_file *at = file_of(x->next, db);
	ov_status s = ov_source_try(x, new_file, 1);

	if (s == OV_BAD) {
		ov_record_set_bad(x->next, db, new_file->version);
		x->item->outcome = OV_SOURCE_REFUSED;
		return OV_OK;
	}
	OV_TRY(s);
	if (at == NULL)
		at = &x->next->files[x->next->nfiles++];
	*at = *new_file;
	x->next->took = x->o->now;
	x->item->outcome = OV_SOURCE_TOOK;
	x->item->is_detached = new_file->is_detached;
	(void)snprintf(x->item->version, sizeof x->item->version, "%llu",
		       (unsigned long long)new_file->version);
	return OV_OK;
}

/* All patches from what is here to `to`. @return OV_OK; OV_END one is not there, or empty. */
static ov_status fetch_patches(struct run *r, const char *db, const struct ov_record_file *have,
			       uint64_t to, struct inputs *in)
{
	struct ov_sources_run *x = r->x;

	for (uint64_t v = have->version + 1; v <= to; v++) {
		char path[64], sign[80], why[OV_SOURCES_ERROR];
		const struct ov_want w = { .path = path, .max = x->c->max_size };
		struct ov_fetched f;
		ov_status s;

		(void)snprintf(path, sizeof path, "%s-%llu.cdiff", db, (unsigned long long)v);
		s = ov_source_fetch(x, &w, &f, why);
		if (s != OV_OK)
			return s;
		if (f.size == 0 || !add_input(in, f.fd, "cdiff:", "", v)) {
			ov_fetched_drop(&f); /* an empty one says: take the whole */
			return OV_END;
		}
		(void)snprintf(sign, sizeof sign, "%s.sign", path);
		OV_TRY(add_sign(x, in, sign, "sign:", v, have->is_detached));
	}
	return OV_OK;
}

static ov_status patch(struct run *r, const char *db, const struct ov_record_file *have,
		       uint64_t to, struct inputs *in)
{
	struct ov_sources_run *x = r->x;
	OV_CLEANUP(ov_fd_close) int out = -1;
	struct ov_record_file made[2];
	struct overt_foreign_result res = { .version = 0 };
	size_t n = 0;
	int fd;

	OV_TRY(open_db(x, have, &fd));
	(void)add_input(in, fd, "file:", have->name, 0);
	OV_TRY(fetch_patches(r, db, have, to, in));
	OV_TRY(add_trust(x, in));
	OV_TRY(ov_fd_memory("overt-foreign", &out));
	OV_TRY(run_worker(x, OVERT_FOREIGN_PATCH, in, out, &res));
	if (res.files != 1 || ov_source_split(x, out, 1, made, &n) != OV_OK || n != 1 ||
	    res.version != to)
		return OV_BAD;
	made[0].version = res.version;
	made[0].built = res.built;
	made[0].is_detached = have->is_detached;
	x->item->patches = to - have->version;
	return take(r, db, &made[0]);
}

static ov_status by_patches(struct run *r, const char *db, const struct ov_record_file *have,
			    uint64_t to)
{
	struct inputs *in = calloc(1, sizeof *in);
	ov_status s = in != NULL ? patch(r, db, have, to, in) : OV_NOMEM;

	if (in != NULL)
		close_inputs(in);
	free(in);
	return s;
}

/* The whole container: its detached signature, its own, its members; then what is here decides. */
static ov_status check_whole(struct run *r, const char *db, const char *ending,
			     const struct ov_record_file *have, struct ov_fetched *f,
			     struct inputs *in)
{
	struct ov_sources_run *x = r->x;
	OV_CLEANUP(ov_fd_close) int out = -1;
	struct overt_foreign_result res = { .version = 0 };
	struct ov_record_file new_file = { .size = f->size };
	char path[80], name[48];
	uint64_t version;
	int fd = dup(f->fd);

	if (fd < 0)
		return OV_IO;
	(void)snprintf(name, sizeof name, "%s%s", db, ending);
	(void)add_input(in, fd, "file:", name, 0);
	if (header_version(f->fd, &version) != OV_OK)
		return ov_source_ends(x, OV_SOURCE_REFUSED, "it is no container of signatures");
	(void)snprintf(path, sizeof path, "%s-%llu%s.sign", db, (unsigned long long)version,
		       ending);
	OV_TRY(add_sign(x, in, path, "sign:", 0, have != NULL && have->is_detached));
	OV_TRY(add_trust(x, in));
	OV_TRY(ov_fd_memory("overt-foreign", &out));
	OV_TRY(run_worker(x, OVERT_FOREIGN_CONTAINER, in, out, &res));
	if (!res.is_signed && !res.is_detached && !x->c->allow_unsigned)
		return ov_source_ends(x, OV_SOURCE_REFUSED,
				      "nobody signed it (unsigned = yes takes it all the same)");
	if (have != NULL && res.version <= have->version) {
		(void)snprintf(x->item->version, sizeof x->item->version, "%llu",
			       (unsigned long long)have->version);
		if (res.version == have->version)
			return ov_source_ends(x, OV_SOURCE_SAME, "the server has no newer one yet");
		return ov_source_ends(x, OV_SOURCE_REFUSED,
				      "version %llu is older than the one in use",
				      (unsigned long long)res.version);
	}
	/* Another's key: the database build would not believe the .cvd, and need not. */
	(void)snprintf(new_file.name, sizeof new_file.name, "%s%s", db,
		       x->c->keys != NULL && strcmp(ending, ".cvd") == 0 ? ".cud" : ending);
	OV_TRY(ov_source_store(x, f->fd, 0, f->size, new_file.sha256));
	new_file.version = res.version;
	new_file.built = res.built;
	new_file.is_detached = res.is_detached;
	new_file.is_read = res.is_readable != 0;
	return take(r, db, &new_file);
}

static ov_status by_whole(struct run *r, const char *db, const char *ending,
			  const struct ov_record_file *have)
{
	struct ov_sources_run *x = r->x;
	struct inputs *in = calloc(1, sizeof *in);
	char path[64], since[OV_HTTP_TIME], why[OV_SOURCES_ERROR];
	const struct ov_want w = {
		.path = path, .max = x->c->max_size, .since = since, .may_resume = true
	};
	struct ov_fetched f;
	ov_status s;

	if (in == NULL)
		return OV_NOMEM;
	http_time(have != NULL ? have->built : 0, since);
	(void)snprintf(path, sizeof path, "%s%s", db, ending);
	s = ov_source_fetch(x, &w, &f, why);
	if (s == OV_OK && f.a.status == 304)
		s = ov_source_ends(x, OV_SOURCE_SAME, "the server has no newer one yet");
	else if (s == OV_OK) {
		s = check_whole(r, db, ending, have, &f, in);
		if (s == OV_BAD) { /* the reason stands in the item */
			x->item->outcome = OV_SOURCE_REFUSED;
			s = OV_OK;
		} else if (s == OV_IO) {
			x->item->outcome = OV_SOURCE_FAILED;
			s = OV_OK;
		}
	} else if (s != OV_NOMEM)
		s = ov_source_ends(x, s == OV_SHORT ? OV_SOURCE_COOLS : OV_SOURCE_FAILED, "%s%s%s",
				   path, ": ",
				   s == OV_LIMIT    ? "larger than max-size allows"
				   : why[0] != '\0' ? why
						    : "the server does not have it");
	if (f.fd >= 0)
		ov_fetched_drop(&f);
	close_inputs(in);
	free(in);
	return s;
}

static ov_status update(struct run *r, const char *db, const struct ov_record_file *have,
			uint64_t to, const char *ending)
{
	struct ov_sources_run *x = r->x;
	char why[OV_SOURCES_ERROR] = "";
	ov_status s;

	if (x->c->with_cdiffs && have != NULL && have->is_read &&
	    to - have->version <= PATCHES_MAX) {
		s = by_patches(r, db, have, to);
		if (s == OV_OK || s == OV_NOMEM)
			return s;
		if (s == OV_SHORT) /* its servers rest: the whole is not asked for either */
			return ov_source_ends(x, OV_SOURCE_COOLS, "%s",
					      "the server wants to be left alone");
		(void)snprintf(why, sizeof why, "%s",
			       x->item->why[0] != '\0' ? x->item->why : "a patch is not there");
		x->item->why[0] = '\0';
	}
	s = by_whole(r, db, ending, have);
	if (s == OV_OK && x->item->why[0] == '\0' && why[0] != '\0')
		(void)snprintf(x->item->why, sizeof x->item->why, "whole, since %.400s", why);
	return s;
}

static ov_status one(struct run *r, const char *db)
{
	struct ov_sources_run *x = r->x;
	const struct ov_record_file *in_force = file_of(x->next, db);
	struct ov_record_file copy;
	const struct ov_record_file *have = NULL;
	char why[OV_SOURCES_ERROR] = "";
	const char *ending = ".cvd";
	uint64_t version = by_dns(r, db);
	ov_status s = OV_OK;

	if (in_force != NULL) {
		copy = *in_force;
		have = &copy;
		(void)snprintf(x->item->version, sizeof x->item->version, "%llu",
			       (unsigned long long)have->version);
	}
	if (version == 0)
		s = by_http(r, db, have, &version, &ending, why);
	if (s == OV_NOMEM)
		return s;
	if (s != OV_OK)
		return ov_source_ends(x,
				      s == OV_SHORT ? OV_SOURCE_COOLS
				      : s == OV_BAD ? OV_SOURCE_REFUSED
						    : OV_SOURCE_FAILED,
				      "%s: %s", db,
				      why[0] != '\0' ? why : "the server does not have it");
	if (have != NULL && version == have->version)
		return ov_source_ends(x, OV_SOURCE_SAME, "%s", r->note);
	if (have != NULL && version < have->version)
		return ov_source_ends(x, OV_SOURCE_SAME,
				      "the server speaks of version %llu, which is older",
				      (unsigned long long)version);
	if (ov_record_is_bad(x->next, db, version))
		return ov_source_ends(x, OV_SOURCE_ASIDE,
				      "version %llu was refused, or gone back from, earlier",
				      (unsigned long long)version);
	return update(r, db, have, version, ending);
}

/* What the record says of all: "main=62,daily=27501". */
static void tell_version(struct ov_record *rec)
{
	size_t n = 0;

	rec->version[0] = '\0';
	for (size_t i = 0; i < rec->nfiles && n < sizeof rec->version; i++)
		n +=
		    (size_t)snprintf(rec->version + n, sizeof rec->version - n, "%s%.*s=%llu",
				     i > 0 ? "," : "", (int)strcspn(rec->files[i].name, "."),
				     rec->files[i].name, (unsigned long long)rec->files[i].version);
}

static ov_status note_before(struct ov_sources_run *x)
{
	struct ov_buf list = ov_buf_of(OV_RECORD_MAX);
	uint8_t digest[OV_DIGEST_MAX];
	ov_status s = ov_record_list_write(x->rec->files, x->rec->nfiles, &list);

	if (s == OV_OK)
		s = ov_hasher_once(x->h, list.p, list.n, digest);
	ov_buf_free(&list);
	OV_TRY(s);
	memcpy(x->next->before, digest, OV_SHA256_BYTES);
	x->next->has_before = true;
	return OV_OK;
}

/* A database that is no longer asked for leaves what is in force. */
static void drop_others(const struct ov_source_conf *c, struct ov_record *rec)
{
	size_t n = 0;

	for (size_t i = 0; i < rec->nfiles; i++) {
		const size_t stem = strcspn(rec->files[i].name, ".");
		bool wanted = false;

		for (size_t k = 0; k < c->ndatabases; k++)
			wanted =
			    wanted || (strlen(c->databases[k]) == stem &&
				       strncmp(c->databases[k], rec->files[i].name, stem) == 0);
		if (wanted)
			rec->files[n++] = rec->files[i];
	}
	rec->nfiles = n;
}

ov_status ov_source_clamav(struct ov_sources_run *x)
{
	struct run *r = calloc(1, sizeof *r);
	const struct ov_source_item first = *x->item;
	bool took = false;
	ov_status s = r != NULL ? OV_OK : OV_NOMEM;

	drop_others(x->c, x->next);
	for (size_t i = 0; i < x->c->ndatabases && s == OV_OK; i++) {
		if (i > 0) {
			if (x->r->nitems == OV_SOURCES_ITEMS)
				break;
			x->item = &x->r->items[x->r->nitems++];
			*x->item = first;
		}
		x->item->version[0] = '\0';
		(void)snprintf(x->item->database, sizeof x->item->database, "%s",
			       x->c->databases[i]);
		r->x = x;
		s = one(r, x->c->databases[i]);
		took = took || x->item->outcome == OV_SOURCE_TOOK;
	}
	free(r);
	OV_TRY(s);
	if (took && x->rec->nfiles > 0)
		OV_TRY(note_before(x));
	tell_version(x->next);
	*x->rec = *x->next;
	return OV_OK;
}
