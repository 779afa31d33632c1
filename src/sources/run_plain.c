/* Sources of one file each: rule sets, lists of hashes, a database by its address. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fd.h"
#include "pin.h"
#include "source_int.h"
#include "store.h"
#include "text.h"

#define ARGUMENTS_MAX 1024

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

/* What the file is called in messages, and here when it is no archive. */
static void file_name(const struct ov_source_conf *c, char out[OV_RECORD_NAME + 1])
{
	char url[256];

	(void)snprintf(url, sizeof url, "%s", c->from[0]);
	url[strcspn(url, "?#")] = '\0';
	(void)snprintf(out, OV_RECORD_NAME + 1, "%.90s",
		       c->file != NULL ? c->file : base_name(url));
}

static ov_status is_signed(struct ov_sources_run *x, const struct ov_fetched *f,
			   struct ov_cur bytes, const char **why)
{
	char *url = NULL, problem[OV_SOURCES_ERROR];
	const struct ov_str key = ov_str_of(x->c->key);
	struct ov_fetched sig;
	struct ov_cur text;
	ov_status s;

	if (asprintf(&url, "%s%s", x->c->signature != NULL ? x->c->signature : x->c->from[f->nth],
		     x->c->signature != NULL ? "" : ov_pin_ending(key)) < 0)
		return OV_NOMEM;
	s = ov_source_fetch(x, &(struct ov_want){ .url = url, .max = OV_PIN_SIGNATURE_MAX }, &sig,
			    problem);
	free(url);
	if (s == OV_OK)
		s = ov_source_map(sig.fd, sig.size, &text);
	if (s == OV_NOMEM)
		return s;
	if (s != OV_OK) {
		*why = "its signature can't be fetched";
		return OV_BAD;
	}
	s = ov_pin_verify(key, (struct ov_str){ (const char *)text.base, text.len }, bytes, why);
	ov_source_unmap(&text);
	ov_fetched_drop(&sig);
	return s;
}

/* The digest, and what the source pins. */
static ov_status check_pins(struct ov_sources_run *x, const struct ov_fetched *f,
			    uint8_t raw[OV_SHA256_BYTES], const char **why)
{
	uint8_t digest[OV_DIGEST_MAX];
	struct ov_cur bytes;
	ov_status s;

	OV_TRY(ov_source_map(f->fd, f->size, &bytes));
	s = ov_hasher_once(x->h, bytes.base, bytes.len, digest);
	if (s == OV_OK && x->c->has_sha256 && memcmp(digest, x->c->sha256, sizeof digest) != 0) {
		*why = "its SHA-256 is not the pinned one";
		s = OV_BAD;
	}
	if (s == OV_OK && x->c->key != NULL)
		s = is_signed(x, f, bytes, why);
	ov_source_unmap(&bytes);
	memcpy(raw, digest, OV_SHA256_BYTES);
	return s;
}

static ov_status add_argument(char *to, const char *key, const char *value)
{
	const size_t n = strlen(to);

	if (value == NULL)
		return OV_OK;
	return snprintf(to + n, ARGUMENTS_MAX - n, "%s %s\n", key, value) < (int)(ARGUMENTS_MAX - n)
		   ? OV_OK
		   : OV_LIMIT;
}

static ov_status make_arguments(const struct ov_source_conf *c, const char *name, char *to)
{
	to[0] = '\0';
	if (c->kind == OV_SOURCE_HASHES) {
		OV_TRY(add_argument(to, "prefix", c->prefix));
		OV_TRY(add_argument(to, "separator", c->separator));
		OV_TRY(add_argument(to, "hash-column", c->hash_column));
		return add_argument(to, "name-column", c->name_column);
	}
	OV_TRY(add_argument(to, "name", name));
	if (c->kind == OV_SOURCE_URL)
		return add_argument(to, "as-is", "yes");
	return add_argument(to, "want", ".yar .yara");
}

/* A single YARA file must have an ending by which the build knows it. */
static void rule_name(const struct ov_source_conf *c, char name[OV_RECORD_NAME + 1])
{
	const struct ov_str s = ov_str_of(name);

	if (c->kind == OV_SOURCE_YARA && !ov_text_ends_with(s, OV_STR(".yar")) &&
	    !ov_text_ends_with(s, OV_STR(".yara")))
		(void)snprintf(name + (s.n > 80 ? 80 : s.n), 8, ".yar");
}

/* Another way of converting makes the same bytes new: what was known of them counts no more. */
static ov_status note_how(struct ov_sources_run *x)
{
	char name[OV_RECORD_NAME + 1], arguments[ARGUMENTS_MAX];
	uint8_t digest[OV_DIGEST_MAX];

	file_name(x->c, name);
	rule_name(x->c, name);
	OV_TRY(make_arguments(x->c, name, arguments));
	OV_TRY(ov_hasher_once(x->h, arguments, strlen(arguments), digest));
	if (!x->rec->has_how || memcmp(x->rec->how, digest, OV_SHA256_BYTES) != 0) {
		x->rec->has_raw = false;
		x->rec->nbad = 0;
	}
	memcpy(x->rec->how, digest, OV_SHA256_BYTES);
	x->rec->has_how = true;
	*x->next = *x->rec;
	return OV_OK;
}

static ov_status convert(struct ov_sources_run *x, int fd, struct ov_record *next)
{
	OV_CLEANUP(ov_fd_close) int out = -1;
	struct overt_foreign_result r;
	char name[OV_RECORD_NAME + 1], input[OV_RECORD_NAME + 8], arguments[ARGUMENTS_MAX];
	const struct overt_foreign_input in = { .name = input, .fd = fd };
	enum overt_status st;

	file_name(x->c, name);
	rule_name(x->c, name);
	(void)snprintf(input, sizeof input, "file:%s", name);
	OV_TRY(make_arguments(x->c, name, arguments));
	OV_TRY(ov_fd_memory("overt-foreign", &out));
	st = overt_foreign(x->o->worker,
			   x->c->kind == OV_SOURCE_HASHES ? OVERT_FOREIGN_HASHES
							  : OVERT_FOREIGN_RULES,
			   arguments, &in, 1, out, x->o->told, x->o->told_ctx, &r, x->item->why);
	if (st == OVERT_NO_MEMORY)
		return OV_NOMEM;
	if (st != OVERT_OK)
		return st == OVERT_REFUSED ? OV_BAD : OV_IO;
	x->item->taken = r.taken;
	x->item->refused = r.refused;
	x->item->skipped = r.skipped;
	next->nfiles = 0;
	OV_TRY(ov_source_split(x, out, r.files, next->files, &next->nfiles));
	for (size_t i = 0; i < next->nfiles; i++)
		x->item->unread += !next->files[i].is_read;
	return ov_source_try(x, next->files, next->nfiles);
}

static ov_status commit(struct ov_sources_run *x)
{
	struct ov_buf list = ov_buf_of(OV_RECORD_MAX);
	uint8_t digest[OV_DIGEST_MAX];
	ov_status s = ov_record_list_write(x->rec->files, x->rec->nfiles, &list);

	if (s == OV_OK && x->rec->nfiles > 0) {
		s = ov_hasher_once(x->h, list.p, list.n, digest);
		memcpy(x->next->before, digest, OV_SHA256_BYTES);
		x->next->has_before = true;
	}
	ov_buf_free(&list);
	OV_TRY(s);
	*x->rec = *x->next;
	return ov_source_save(x, x->rec);
}

/* What was learnt of bytes that are no good stays known, so that they are not fetched again. */
static ov_status refuse(struct ov_sources_run *x, const struct ov_fetched *f, const char *hex)
{
	ov_record_set_bad(x->rec, hex, 0);
	memcpy(x->rec->modified, f->a.modified, sizeof x->rec->modified);
	memcpy(x->rec->etag, f->a.etag, sizeof x->rec->etag);
	x->item->outcome = OV_SOURCE_REFUSED;
	return OV_OK;
}

/* New bytes that are what the source pins. */
static ov_status take(struct ov_sources_run *x, const struct ov_fetched *f,
		      const uint8_t raw[OV_SHA256_BYTES])
{
	char hex[2 * OV_SHA256_BYTES + 1];
	ov_status s;

	ov_hex_encode(raw, OV_SHA256_BYTES, hex);
	if (x->rec->has_raw && memcmp(x->rec->raw, raw, OV_SHA256_BYTES) == 0) {
		memcpy(x->rec->modified, f->a.modified, sizeof x->rec->modified);
		memcpy(x->rec->etag, f->a.etag, sizeof x->rec->etag);
		return ov_source_ends(x, OV_SOURCE_SAME, "%s", "");
	}
	if (ov_record_is_bad(x->rec, hex, 0))
		return ov_source_ends(x, OV_SOURCE_ASIDE,
				      "these bytes were refused, or gone back from, earlier");
	s = convert(x, f->fd, x->next);
	if (s == OV_BAD || s == OV_LIMIT)
		return refuse(x, f, hex);
	if (s == OV_IO) /* our own fault, not the bytes' */
		x->item->outcome = OV_SOURCE_FAILED;
	if (s != OV_OK)
		return s == OV_IO ? OV_OK : s;
	memcpy(x->next->raw, raw, OV_SHA256_BYTES);
	x->next->has_raw = true;
	x->next->took = x->o->now;
	hex[12] = '\0';
	(void)snprintf(x->next->version, sizeof x->next->version, "%s", hex);
	(void)snprintf(x->item->version, sizeof x->item->version, "%s", hex);
	memcpy(x->next->modified, f->a.modified, sizeof x->next->modified);
	memcpy(x->next->etag, f->a.etag, sizeof x->next->etag);
	x->item->outcome = OV_SOURCE_TOOK;
	return commit(x);
}

static ov_status could_not(struct ov_sources_run *x, ov_status s, const char *why)
{
	if (s == OV_SHORT)
		return ov_source_ends(x, OV_SOURCE_COOLS, "%s", why);
	return ov_source_ends(x, OV_SOURCE_FAILED, "%s",
			      s == OV_LIMIT    ? "it is larger than max-size allows"
			      : why[0] == '\0' ? ov_status_name(s)
					       : why);
}

/* Does the database build read a file that it did not read when it came? */
static bool is_read_now(struct ov_sources_run *x, const struct ov_record_file *f)
{
	OV_CLEANUP(ov_fd_close) int fd = -1;
	OV_CLEANUP(ov_fd_close) int out = -1;
	char name[80] = "db/", arguments[160], input[120], error[OV_SOURCES_ERROR], *path;
	struct overt_foreign_result r = { .is_readable = 0 };
	struct overt_foreign_input in = { .name = input };
	enum overt_status st = OVERT_IO;

	ov_hex_encode(f->sha256, OV_SHA256_BYTES, name + 3);
	(void)snprintf(arguments, sizeof arguments, "name %s\nas-is yes\n", f->name);
	(void)snprintf(input, sizeof input, "file:%s", f->name);
	path = ov_store_path(x->o->folder, name);
	if (path != NULL && ov_fd_open_read(path, &fd) == OV_OK &&
	    ov_fd_memory("overt-foreign", &out) == OV_OK) {
		in.fd = fd;
		st = overt_foreign(x->o->worker, OVERT_FOREIGN_RULES, arguments, &in, 1, out, NULL,
				   NULL, &r, error);
	}
	free(path);
	return st == OVERT_OK && r.is_readable;
}

/* Files that were kept because nothing read them: this version may have learnt to. The first of a
 * source speaks for the others, which are of its kind. */
static ov_status look_again(struct ov_sources_run *x)
{
	size_t first = 0;
	ov_status s;

	while (first < x->rec->nfiles && x->rec->files[first].is_read)
		first++;
	if (first == x->rec->nfiles || !is_read_now(x, &x->rec->files[first]))
		return OV_OK;
	*x->next = *x->rec;
	for (size_t i = first; i < x->next->nfiles; i++)
		x->next->files[i].is_read = true;
	s = ov_source_try(x, x->next->files, x->next->nfiles);
	if (s == OV_OK)
		*x->rec = *x->next;
	*x->next = *x->rec;
	return s == OV_NOMEM ? s : OV_OK;
}

ov_status ov_source_plain(struct ov_sources_run *x)
{
	const struct ov_source_conf *c = x->c;
	struct ov_want w = { .max = c->max_size };
	char problem[OV_SOURCES_ERROR];
	const char *why = "";

	OV_TRY(note_how(x));
	OV_TRY(look_again(x));
	x->next->checked = x->o->now;
	if (x->rec->has_raw && c->conditional != OV_CONDITIONAL_OFF)
		w.since = x->rec->modified;
	if (x->rec->has_raw && c->conditional == OV_CONDITIONAL_ETAG)
		w.etag = x->rec->etag;
	for (; w.first < c->nfrom; w.first++) {
		uint8_t raw[OV_SHA256_BYTES];
		struct ov_fetched f;
		ov_status s = ov_source_fetch(x, &w, &f, problem);

		if (s == OV_NOMEM)
			return s;
		if (s != OV_OK)
			return w.first == 0 || why[0] == '\0'
				   ? could_not(x, s, problem)
				   : ov_source_ends(x, OV_SOURCE_REFUSED, "%s", why);
		if (f.a.status == 304) {
			ov_fetched_drop(&f);
			return ov_source_ends(x, OV_SOURCE_SAME, "%s", "");
		}
		s = check_pins(x, &f, raw, &why);
		if (s == OV_OK)
			s = take(x, &f, raw);
		w.first = f.nth; /* the next turn begins behind the place that gave bad bytes */
		ov_fetched_drop(&f);
		if (s != OV_BAD)
			return s;
	}
	return ov_source_ends(x, OV_SOURCE_REFUSED, "%s", why);
}
