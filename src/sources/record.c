#include "source_record.h"

#include <stdio.h>
#include <string.h>

#include "text.h"

#define HEAD "overt-source/v1"

bool ov_record_name_ok(struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++) {
		const char c = s.p[i];
		const bool is_mark = c == '.' || c == '-';

		if ((c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') &&
		    c != '_' && (!is_mark || i == 0))
			return false;
	}
	return s.n > 0 && s.n <= OV_RECORD_NAME;
}

static ov_status read_bool(struct ov_str s, bool *out)
{
	if (s.n != 1 || (s.p[0] != '0' && s.p[0] != '1'))
		return OV_BAD;
	*out = s.p[0] == '1';
	return OV_OK;
}

static ov_status read_text(struct ov_str s, char *to, size_t room)
{
	if (s.n >= room || to[0] != '\0') /* or it stood there already */
		return OV_BAD;
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return OV_BAD;
	memcpy(to, s.p, s.n);
	to[s.n] = '\0';
	return OV_OK;
}

/* What follows "file ". */
static ov_status read_file(struct ov_str rest, struct ov_record_file *out)
{
	struct ov_str w[7];
	struct ov_record_file f = { .size = 0 };

	OV_TRY(ov_lines_words(rest, w, 7, false));
	OV_TRY(ov_lines_sha256(w[0], f.sha256));
	OV_TRY(ov_lines_u64(w[1], &f.size));
	OV_TRY(read_bool(w[2], &f.is_read));
	OV_TRY(ov_lines_u64(w[3], &f.version));
	OV_TRY(ov_lines_u64(w[4], &f.built));
	OV_TRY(read_bool(w[5], &f.is_detached));
	if (!ov_record_name_ok(w[6]))
		return OV_BAD;
	memcpy(f.name, w[6].p, w[6].n);
	*out = f;
	return OV_OK;
}

ov_status ov_record_list_parse(struct ov_str text, struct ov_record_file *files, size_t *n)
{
	struct ov_cur c = ov_cur_of(text.p, text.n);
	struct ov_str line, word;

	*n = 0;
	while (ov_cur_line(&c, &line) == OV_OK) {
		if (!ov_text_split(&line, ' ', &word) || !ov_str_is(word, "file") ||
		    *n == OV_RECORD_FILES)
			return OV_BAD;
		OV_TRY(read_file(line, &files[(*n)++]));
	}
	return OV_OK;
}

ov_status ov_record_list_write(const struct ov_record_file *files, size_t n, struct ov_buf *out)
{
	for (size_t i = 0; i < n; i++) {
		char hex[2 * OV_SHA256_BYTES + 1];

		ov_hex_encode(files[i].sha256, OV_SHA256_BYTES, hex);
		OV_TRY(ov_buf_fmt(out, "file %s %llu %d %llu %llu %d %s\n", hex,
				  (unsigned long long)files[i].size, files[i].is_read,
				  (unsigned long long)files[i].version,
				  (unsigned long long)files[i].built, files[i].is_detached,
				  files[i].name));
	}
	return OV_OK;
}

static ov_status read_bad(struct ov_str rest, struct ov_record *r)
{
	struct ov_str w[2];
	struct ov_record_bad *b = &r->bad[r->nbad];

	if (r->nbad == OV_RECORD_BAD)
		return OV_BAD;
	OV_TRY(ov_lines_words(rest, w, 2, false));
	OV_TRY(read_text(w[0], b->word, sizeof b->word));
	OV_TRY(ov_lines_u64(w[1], &b->version));
	r->nbad++;
	return OV_OK;
}

static ov_status read_line(struct ov_str line, struct ov_record *r)
{
	struct ov_str word, rest = line;

	if (!ov_text_split(&rest, ' ', &word) || rest.p == NULL)
		return OV_BAD;
	if (ov_str_is(word, "checked"))
		return ov_lines_u64(rest, &r->checked);
	if (ov_str_is(word, "took"))
		return ov_lines_u64(rest, &r->took);
	if (ov_str_is(word, "version"))
		return read_text(rest, r->version, sizeof r->version);
	if (ov_str_is(word, "modified"))
		return read_text(rest, r->modified, sizeof r->modified);
	if (ov_str_is(word, "etag"))
		return read_text(rest, r->etag, sizeof r->etag);
	if (ov_str_is(word, "raw") && !r->has_raw) {
		r->has_raw = true;
		return ov_lines_sha256(rest, r->raw);
	}
	if (ov_str_is(word, "how") && !r->has_how) {
		r->has_how = true;
		return ov_lines_sha256(rest, r->how);
	}
	if (ov_str_is(word, "before") && !r->has_before) {
		r->has_before = true;
		return ov_lines_sha256(rest, r->before);
	}
	if (ov_str_is(word, "bad"))
		return read_bad(rest, r);
	if (!ov_str_is(word, "file") || r->nfiles == OV_RECORD_FILES)
		return OV_BAD;
	return read_file(rest, &r->files[r->nfiles++]);
}

ov_status ov_record_parse(struct ov_str text, struct ov_record *out)
{
	struct ov_cur c = ov_cur_of(text.p, text.n);
	struct ov_str line;

	memset(out, 0, sizeof *out);
	if (ov_cur_line(&c, &line) != OV_OK || !ov_str_is(line, HEAD))
		return OV_BAD;
	while (ov_cur_line(&c, &line) == OV_OK)
		if (read_line(line, out) != OV_OK) {
			memset(out, 0, sizeof *out);
			return OV_BAD;
		}
	return OV_OK;
}

ov_status ov_record_write(const struct ov_record *r, struct ov_buf *out)
{
	char hex[2 * OV_SHA256_BYTES + 1];

	OV_TRY(ov_buf_fmt(out, HEAD "\nchecked %llu\ntook %llu\n", (unsigned long long)r->checked,
			  (unsigned long long)r->took));
	if (r->version[0] != '\0')
		OV_TRY(ov_buf_fmt(out, "version %s\n", r->version));
	if (r->modified[0] != '\0')
		OV_TRY(ov_buf_fmt(out, "modified %s\n", r->modified));
	if (r->etag[0] != '\0')
		OV_TRY(ov_buf_fmt(out, "etag %s\n", r->etag));
	if (r->has_raw) {
		ov_hex_encode(r->raw, OV_SHA256_BYTES, hex);
		OV_TRY(ov_buf_fmt(out, "raw %s\n", hex));
	}
	if (r->has_how) {
		ov_hex_encode(r->how, OV_SHA256_BYTES, hex);
		OV_TRY(ov_buf_fmt(out, "how %s\n", hex));
	}
	if (r->has_before) {
		ov_hex_encode(r->before, OV_SHA256_BYTES, hex);
		OV_TRY(ov_buf_fmt(out, "before %s\n", hex));
	}
	for (size_t i = 0; i < r->nbad; i++)
		OV_TRY(ov_buf_fmt(out, "bad %s %llu\n", r->bad[i].word,
				  (unsigned long long)r->bad[i].version));
	return ov_record_list_write(r->files, r->nfiles, out);
}

bool ov_record_is_bad(const struct ov_record *r, const char *word, uint64_t version)
{
	for (size_t i = 0; i < r->nbad; i++)
		if (r->bad[i].version == version && strcmp(r->bad[i].word, word) == 0)
			return true;
	return false;
}

void ov_record_set_bad(struct ov_record *r, const char *word, uint64_t version)
{
	if (ov_record_is_bad(r, word, version))
		return;
	if (r->nbad == OV_RECORD_BAD) {
		memmove(r->bad, r->bad + 1, (OV_RECORD_BAD - 1) * sizeof *r->bad);
		r->nbad--;
	}
	(void)snprintf(r->bad[r->nbad].word, sizeof r->bad[r->nbad].word, "%s", word);
	r->bad[r->nbad++].version = version;
}
