/*
 * Lists of hashes: CSV as abuse.ch publishes it, plain lists, the output of sha256sum. Each line
 * becomes a signature of ClamAV's kind, for any size.
 *
 * Arguments: "prefix TEXT" of the names; "separator C" (comma, semicolon, tab, space; else found);
 * "hash-column N|NAME", "name-column N|NAME" (else: the longest digest of a line; no name). Column
 * names are those of the last comment line before the first hash, or of the first line.
 *
 * A page that is no list at all (an error's HTML, say) must not pass for an empty one: a list with
 * more refused lines than good ones, or no good one, is refused.
 */
#include <stdio.h>
#include <string.h>

#include "foreign_int.h"
#include "text.h"

#define COLUMNS 64
#define NAME_MAX_BYTES 100
#define LINES_MAX 50000000U

struct list {
	struct ov_foreign_job *j;
	struct ov_foreign_result *r;
	struct ov_buf text;
	struct ov_str file, prefix;
	char separator;
	struct ov_str hash_column, name_column; /* as asked for */
	size_t hash_at, name_at;		/* from 1; 0: not known (yet) */
	bool has_head;
};

/* Digests of nothing: they would be found in every empty file. */
static const char *const nothing[] = {
	"d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709",
	"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
};

static struct ov_str unquote(struct ov_str s)
{
	s = ov_text_trim(s);
	if (s.n >= 2 && (s.p[0] == '"' || s.p[0] == '\'') && s.p[s.n - 1] == s.p[0]) {
		s.p++;
		s.n -= 2;
	}
	return ov_text_trim(s);
}

/* Splits a row. Separators inside double quotes don't count; a field is never rewritten. */
static size_t split(struct ov_str line, char separator, struct ov_str *f)
{
	size_t n = 0, from = 0;
	bool quoted = false;

	for (size_t i = 0; i <= line.n && n < COLUMNS; i++) {
		if (i < line.n && line.p[i] == '"')
			quoted = !quoted;
		if (i < line.n && (quoted || line.p[i] != separator))
			continue;
		if (separator == ' ' && i == from) { /* several spaces are one */
			from = i + 1;
			continue;
		}
		f[n++] = unquote((struct ov_str){ line.p + from, i - from });
		from = i + 1;
	}
	return n;
}

static char find_separator(struct ov_str line)
{
	static const char all[] = { '\t', ',', ';' };

	for (size_t i = 0; i < sizeof all; i++)
		if (line.n > 0 && memchr(line.p, all[i], line.n) != NULL)
			return all[i];
	return ' ';
}

/* 32, 40 or 64 hexadecimal digits; 0: no digest. */
static size_t digest_length(struct ov_str s)
{
	if (s.n != 32 && s.n != 40 && s.n != 64)
		return 0;
	for (size_t i = 0; i < s.n; i++)
		if (ov_hex_digit(s.p[i]) < 0)
			return 0;
	return s.n;
}

/* A column by its number, or by its name among the head's. 0: not there. */
static size_t find_column(struct ov_str want, const struct ov_str *f, size_t n)
{
	uint32_t number;

	if (ov_text_u32(want, COLUMNS, &number) == OV_OK)
		return number;
	for (size_t i = 0; i < n; i++)
		if (ov_text_same(f[i], want))
			return i + 1;
	return 0;
}

static void take_head(struct list *l, struct ov_str line)
{
	struct ov_str f[COLUMNS];
	size_t n;

	while (line.n > 0 && (line.p[0] == '#' || line.p[0] == ' ')) {
		line.p++;
		line.n--;
	}
	n = split(line, l->separator != 0 ? l->separator : find_separator(line), f);
	if (l->hash_column.n > 0 && l->hash_at == 0)
		l->hash_at = find_column(l->hash_column, f, n);
	if (l->name_column.n > 0 && l->name_at == 0)
		l->name_at = find_column(l->name_column, f, n);
}

static struct ov_str find_digest(const struct list *l, const struct ov_str *f, size_t n)
{
	struct ov_str best = { NULL, 0 };

	if (l->hash_column.n > 0)
		return l->hash_at > 0 && l->hash_at <= n && digest_length(f[l->hash_at - 1]) > 0
			   ? f[l->hash_at - 1]
			   : best;
	for (size_t i = 0; i < n; i++)
		if (digest_length(f[i]) > best.n)
			best = f[i];
	return best;
}

static bool is_of_nothing(struct ov_str digest)
{
	for (size_t i = 0; i < sizeof nothing / sizeof *nothing; i++)
		if (ov_text_same(digest, ov_str_of(nothing[i])))
			return true;
	return false;
}

/* "Bazaar.AgentTesla": letters, digits, dot, dash and underscore; else an underscore. */
static void make_name(const struct list *l, struct ov_str given, char out[NAME_MAX_BYTES + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < l->prefix.n && n < NAME_MAX_BYTES / 2; i++)
		out[n++] = l->prefix.p[i];
	out[n++] = '.';
	if (given.n == 0 || ov_text_same(given, OV_STR("n/a")) || ov_str_is(given, "-"))
		given = OV_STR("Hash");
	for (size_t i = 0; i < given.n && n < NAME_MAX_BYTES; i++) {
		const char c = given.p[i];

		out[n++] = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
				   (c >= '0' && c <= '9') || c == '.' || c == '-'
			       ? c
			       : '_';
	}
	out[n] = '\0';
}

static void refuse(struct list *l, uint64_t number, const char *why)
{
	l->r->refused++;
	ov_foreign_tell(l->j, l->file, number, why, false);
}

static ov_status one_line(struct list *l, struct ov_str line, uint64_t number)
{
	struct ov_str f[COLUMNS], digest, given = { NULL, 0 };
	char name[NAME_MAX_BYTES + 1];
	size_t n;

	if (line.p[0] == '#' || line.p[0] == ';') {
		if (l->r->taken == 0)
			take_head(l, line);
		return OV_OK;
	}
	if (l->separator == 0)
		l->separator = find_separator(line);
	n = split(line, l->separator, f);
	digest = find_digest(l, f, n);
	if (digest.n == 0 && l->r->taken == 0 && !l->has_head) {
		l->has_head = true; /* the first line may be the head without a mark */
		take_head(l, line);
		if (l->hash_column.n == 0 || l->hash_at > 0)
			return OV_OK;
	}
	if (digest.n == 0)
		refuse(l, number, "no hash of 32, 40 or 64 hexadecimal digits is there");
	else if (is_of_nothing(digest))
		refuse(l, number, "that is the hash of an empty file");
	else {
		if (l->name_at > 0 && l->name_at <= n)
			given = f[l->name_at - 1];
		make_name(l, given, name);
		OV_TRY(ov_buf_fmt(&l->text, "%.*s:*:%s:73\n", (int)digest.n, digest.p, name));
		l->r->taken++;
	}
	return OV_OK;
}

static ov_status one_file(void *ctx, struct ov_str name, struct ov_cur bytes)
{
	struct list *l = ctx;
	struct ov_str line;
	uint64_t number = 0;

	l->file = name;
	l->has_head = false;
	if (bytes.len >= 3 && memcmp(bytes.base, "\xef\xbb\xbf", 3) == 0)
		bytes.pos = 3;
	while (ov_cur_line(&bytes, &line) == OV_OK) {
		if (++number > LINES_MAX)
			return OV_LIMIT;
		line = ov_text_trim(line);
		if (line.n > 0)
			OV_TRY(one_line(l, line, number));
	}
	return OV_OK;
}

static char separator_of(struct ov_str s)
{
	if (ov_str_is(s, "comma"))
		return ',';
	if (ov_str_is(s, "semicolon"))
		return ';';
	if (ov_str_is(s, "tab"))
		return '\t';
	return ov_str_is(s, "space") ? ' ' : 0;
}

ov_status ov_foreign_hashes(struct ov_foreign_job *j, struct ov_foreign_result *r)
{
	struct list l = { .j = j,
			  .r = r,
			  .text = ov_buf_of((size_t)2 * OV_FOREIGN_SET_MAX),
			  .prefix = ov_foreign_argument(j, "prefix"),
			  .separator = separator_of(ov_foreign_argument(j, "separator")),
			  .hash_column = ov_foreign_argument(j, "hash-column"),
			  .name_column = ov_foreign_argument(j, "name-column") };
	const struct ov_foreign_input *in = ov_foreign_input(j, "file:", &l.file);
	ov_status s;

	if (in == NULL)
		return OV_BUG;
	l.hash_at = find_column(l.hash_column, NULL, 0);
	l.name_at = find_column(l.name_column, NULL, 0);
	s = ov_foreign_each(j, l.file, in->bytes, one_file, &l);
	if (s == OV_OK && l.hash_column.n > 0 && l.hash_at == 0)
		s = ov_foreign_fail(j, OV_BAD, "there is no column \"%.*s\"", (int)l.hash_column.n,
				    l.hash_column.p);
	if (s == OV_OK && (r->taken == 0 || r->refused > r->taken))
		s = ov_foreign_fail(
		    j, OV_BAD, "%llu lines hold a hash, %llu do not: that is no list of hashes",
		    (unsigned long long)r->taken, (unsigned long long)r->refused);
	if (s == OV_OK)
		s = ov_foreign_put(j, r, OV_STR("list.hsb"), ov_buf_cur(&l.text));
	ov_buf_free(&l.text);
	return s;
}
