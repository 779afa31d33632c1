/* A run: each source in turn, its record, the ledger. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "source_int.h"
#include "store.h"
#include "text.h"

#define LEDGER_MAX ((size_t)4 << 20)

const char *ov_source_outcome_name(enum ov_source_outcome o)
{
	static const char *const names[] = { "same",   "took",	  "waits",     "cools",
					     "failed", "refused", "set-aside", "off" };

	return (unsigned)o < sizeof names / sizeof *names ? names[o] : "unknown";
}

ov_status ov_source_ends(struct ov_sources_run *x, enum ov_source_outcome o, const char *fmt, ...)
{
	va_list ap;

	x->item->outcome = o;
	va_start(ap, fmt);
	(void)vsnprintf(x->item->why, sizeof x->item->why, fmt, ap);
	va_end(ap);
	return OV_OK;
}

void ov_source_ledger(struct ov_sources_run *x, const char *method, const char *what, uint64_t sent,
		      uint64_t received, int status, const char *error)
{
	x->r->requests++;
	x->r->sent += sent;
	x->r->received += received;
	if (ov_buf_fmt(&x->ledger, "%llu %s %s sent %llu received %llu status %d%s%s\n",
		       (unsigned long long)x->o->now, method, what, (unsigned long long)sent,
		       (unsigned long long)received, status, error != NULL ? " " : "",
		       error != NULL ? error : "") != OV_OK)
		x->ledger.n = 0;
}

/* After each source, so that a run that is killed leaves little unsaid. The older half of a large
 * ledger goes. */
static void write_ledger(struct ov_sources_run *x)
{
	struct ov_buf b = ov_buf_of(2 * LEDGER_MAX);
	size_t from = 0;

	if (x->ledger.n == 0)
		return;
	if (ov_store_read(x->o->folder, "ledger", LEDGER_MAX, &b) != OV_OK)
		b.n = 0;
	if (ov_buf_put(&b, x->ledger.p, x->ledger.n) == OV_OK) {
		if (b.n > LEDGER_MAX / 2) {
			const uint8_t *cut =
			    memchr(b.p + b.n - LEDGER_MAX / 4, '\n', LEDGER_MAX / 4);

			from = cut != NULL ? (size_t)(cut - b.p) + 1 : 0;
		}
		(void)!ov_store_write(x->o->folder, "ledger", b.p + from, b.n - from, true);
	}
	x->ledger.n = 0;
	ov_buf_free(&b);
}

static void record_name(const char *source, char out[64])
{
	(void)snprintf(out, 64, "record/%s", source);
}

ov_status ov_sources_record(const char *folder, const char *name, struct ov_record *out)
{
	struct ov_buf b = ov_buf_of(2 * OV_RECORD_MAX);
	char path[64];
	ov_status s;

	memset(out, 0, sizeof *out);
	record_name(name, path);
	s = ov_store_read(folder, path, OV_RECORD_MAX, &b);
	if (s == OV_OK)
		s = ov_record_parse((struct ov_str){ (const char *)b.p, b.n }, out);
	ov_buf_free(&b);
	return s;
}

/* The list of what was in force must be there before anything names it. */
static ov_status save_list(struct ov_sources_run *x, const struct ov_record *rec,
			   uint8_t sha256[OV_SHA256_BYTES])
{
	struct ov_buf b = ov_buf_of(OV_RECORD_MAX);
	uint8_t digest[OV_DIGEST_MAX];
	char name[80];
	ov_status s = ov_record_list_write(rec->files, rec->nfiles, &b);

	if (s == OV_OK)
		s = ov_hasher_once(x->h, b.p, b.n, digest);
	if (s == OV_OK) {
		memcpy(name, "lists/", 6);
		ov_hex_encode(digest, OV_SHA256_BYTES, name + 6);
		if (!ov_store_has(x->o->folder, name))
			s = ov_store_write(x->o->folder, name, b.p, b.n, false);
		memcpy(sha256, digest, OV_SHA256_BYTES);
	}
	ov_buf_free(&b);
	return s;
}

ov_status ov_source_save(struct ov_sources_run *x, const struct ov_record *rec)
{
	struct ov_buf b = ov_buf_of(OV_RECORD_MAX);
	uint8_t list[OV_SHA256_BYTES];
	char path[64];
	ov_status s;

	if (x->o->is_test)
		return OV_OK;
	record_name(x->c->name, path);
	s = save_list(x, rec, list);
	if (s == OV_OK)
		s = ov_record_write(rec, &b);
	if (s == OV_OK)
		s = ov_store_write(x->o->folder, path, b.p, b.n, true);
	ov_buf_free(&b);
	return s;
}

static bool is_asked_for(const struct ov_sources_options *o, const char *name)
{
	for (size_t i = 0; i < o->nnames; i++)
		if (strcmp(o->names[i], name) == 0)
			return true;
	return o->nnames == 0;
}

static struct ov_source_item *new_item(struct ov_sources_run *x)
{
	struct ov_source_item *i =
	    &x->r->items[x->r->nitems < OV_SOURCES_ITEMS ? x->r->nitems++ : x->r->nitems - 1];

	memset(i, 0, sizeof *i);
	(void)snprintf(i->source, sizeof i->source, "%s", x->c->name);
	return i;
}

/* A file that is gone, or is another one than it was, leaves what is in force, and is fetched anew:
 * a disk that lies must not end in a scan that can't start. */
static void drop_damaged(struct ov_sources_run *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->rec->nfiles; i++) {
		char name[80] = "db/", *path;
		uint8_t sha256[OV_SHA256_BYTES];
		uint64_t size;

		ov_hex_encode(x->rec->files[i].sha256, OV_SHA256_BYTES, name + 3);
		path = ov_store_path(x->o->folder, name);
		if (path != NULL && (ov_store_digest(path, sha256, &size) != OV_OK ||
				     memcmp(sha256, x->rec->files[i].sha256, sizeof sha256) != 0)) {
			(void)!ov_store_remove(x->o->folder, name);
			x->rec->has_raw = false;
		} else
			x->rec->files[n++] = x->rec->files[i];
		free(path);
	}
	x->rec->nfiles = n;
}

static ov_status run_kind(struct ov_sources_run *x)
{
	ov_status s;

	drop_damaged(x);
	*x->next = *x->rec;
	x->next->checked = x->o->now;
	s = x->c->kind == OV_SOURCE_CLAMAV ? ov_source_clamav(x) : ov_source_plain(x);
	if (s == OV_OK) {
		x->rec->checked = x->o->now; /* `next` may have been given up */
		s = ov_source_save(x, x->rec);
	}
	return s;
}

static ov_status one(struct ov_sources_run *x)
{
	const uint64_t now = x->o->now;
	ov_status s = ov_sources_record(x->o->folder, x->c->name, x->rec);

	x->item = new_item(x);
	if (s == OV_BAD) { /* what is broken is no reason to stay without updates */
		memset(x->rec, 0, sizeof *x->rec);
		(void)snprintf(x->item->why, sizeof x->item->why,
			       "its record was broken, and is made anew");
	} else if (s != OV_OK && s != OV_END)
		return s;
	(void)snprintf(x->item->version, sizeof x->item->version, "%s", x->rec->version);
	if (!x->c->enabled)
		return ov_source_ends(x, OV_SOURCE_OFF, "%s", "");
	if (!x->o->force && x->rec->checked <= now && now - x->rec->checked < x->c->every) {
		x->item->until = x->rec->checked + x->c->every;
		return ov_source_ends(x, OV_SOURCE_WAITS, "%s", "");
	}
	return run_kind(x);
}

static ov_status begin(struct ov_sources_run *x)
{
	char error[OV_SOURCES_ERROR] = "";

	(void)error;
	if (ov_store_lock(x->o->folder, 10, &x->lock) != OV_OK) {
		(void)snprintf(x->r->error, sizeof x->r->error,
			       "%s: another run is at work there, or there are no rights",
			       x->o->folder);
		return OV_IO;
	}
	OV_TRY(ov_hasher_new(OV_SHA256, &x->h));
	return ov_cool_load(x->o->folder, x->o->now, &x->cool);
}

static ov_status run_all(struct ov_sources_run *x)
{
	OV_TRY(begin(x));
	OV_TRY(ov_source_settle(x)); /* the end of a run that was cut short, or a changed list */
	for (size_t i = 0; i < x->o->list->n; i++) {
		x->c = &x->o->list->v[i];
		if (!is_asked_for(x->o, x->c->name))
			continue;
		OV_TRY(one(x));
		write_ledger(x);
		if (!x->o->is_test)
			OV_TRY(ov_source_settle(x));
	}
	return OV_OK;
}

ov_status ov_sources_run(const struct ov_sources_options *o, struct ov_sources_report *report)
{
	struct ov_sources_run x = {
		.o = o, .r = report, .ledger = ov_buf_of(LEDGER_MAX), .lock = -1
	};
	ov_status s = OV_NOMEM;

	memset(report, 0, sizeof *report);
	x.rec = calloc(1, sizeof *x.rec);
	x.next = calloc(1, sizeof *x.next);
	if (x.rec != NULL && x.next != NULL)
		s = run_all(&x);
	write_ledger(&x);
	if (s != OV_OK && report->error[0] == '\0')
		(void)snprintf(report->error, sizeof report->error, "%s: %s", o->folder,
			       s == OV_IO ? strerror(errno) : ov_status_name(s));
	ov_hasher_free(&x.h);
	ov_buf_free(&x.ledger);
	ov_fd_close(&x.lock);
	free(x.rec);
	free(x.next);
	return s;
}

static ov_status load_before(const char *folder, struct ov_record *rec)
{
	struct ov_buf b = ov_buf_of(2 * OV_RECORD_MAX);
	char name[80] = "lists/";
	ov_status s;

	if (!rec->has_before)
		return OV_END;
	ov_hex_encode(rec->before, OV_SHA256_BYTES, name + 6);
	s = ov_store_read(folder, name, OV_RECORD_MAX, &b);
	if (s == OV_OK)
		s = ov_record_list_parse((struct ov_str){ (const char *)b.p, b.n }, rec->files,
					 &rec->nfiles);
	ov_buf_free(&b);
	return s;
}

/* What is left must not come back by itself. */
static void set_aside_all(struct ov_record *rec, const struct ov_record_file *was, size_t n)
{
	char hex[2 * OV_SHA256_BYTES + 1];

	if (rec->has_raw) {
		ov_hex_encode(rec->raw, OV_SHA256_BYTES, hex);
		ov_record_set_bad(rec, hex, 0);
	}
	for (size_t i = 0; i < n; i++) {
		char word[OV_RECORD_NAME + 1];
		bool stays = false;

		if (was[i].version == 0)
			continue;
		for (size_t k = 0; k < rec->nfiles; k++)
			stays = stays || memcmp(rec->files[k].sha256, was[i].sha256, 32) == 0;
		(void)snprintf(word, sizeof word, "%.*s", (int)strcspn(was[i].name, "."),
			       was[i].name);
		if (!stays)
			ov_record_set_bad(rec, word, was[i].version);
	}
}

static ov_status go_back(struct ov_sources_run *x)
{
	struct ov_record_file *was = calloc(OV_RECORD_FILES, sizeof *was);
	const size_t n = x->rec->nfiles;
	ov_status s = was != NULL ? OV_OK : OV_NOMEM;

	if (s == OV_OK) {
		memcpy(was, x->rec->files, n * sizeof *was);
		s = load_before(x->o->folder, x->rec);
	}
	if (s == OV_OK) {
		set_aside_all(x->rec, was, n);
		x->rec->has_before = x->rec->has_raw = false;
		(void)snprintf(x->rec->version, sizeof x->rec->version, "before");
		s = ov_source_save(x, x->rec);
	}
	free(was);
	return s;
}

ov_status ov_sources_rollback(const struct ov_sources_options *o, const char *name,
			      char error[OV_SOURCES_ERROR])
{
	struct ov_sources_report *r = calloc(1, sizeof *r);
	struct ov_sources_run x = { .o = o, .r = r, .lock = -1 };
	ov_status s = OV_NOMEM;

	error[0] = '\0';
	x.rec = calloc(1, sizeof *x.rec);
	for (size_t i = 0; i < o->list->n; i++)
		if (strcmp(o->list->v[i].name, name) == 0)
			x.c = &o->list->v[i];
	if (r != NULL && x.rec != NULL && x.c != NULL)
		s = begin(&x);
	else if (x.c == NULL)
		s = OV_END;
	if (s == OV_OK)
		s = ov_sources_record(o->folder, name, x.rec);
	if (s == OV_OK)
		s = go_back(&x);
	if (s == OV_OK)
		s = ov_source_settle(&x);
	if (s != OV_OK)
		(void)snprintf(error, OV_SOURCES_ERROR, "%s",
			       s == OV_END ? "there is nothing before that it could go back to"
			       : r != NULL && r->error[0] != '\0' ? r->error
								  : ov_status_name(s));
	ov_hasher_free(&x.h);
	ov_fd_close(&x.lock);
	free(x.rec);
	free(r);
	return s;
}
