/* The configuration's grammar: a table of keys, each with what it fits and how it is read. */
#include "source_conf.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "text.h"

enum shape { WORD, LINE, LIST, YESNO, SPAN, BYTES, NUMBER, CHOICE, DIGEST };

#define C (1U << OV_SOURCE_CLAMAV)
#define Y (1U << OV_SOURCE_YARA)
#define H (1U << OV_SOURCE_HASHES)
#define U (1U << OV_SOURCE_URL)
#define ALL (C | Y | H | U)

struct key {
	const char *name;
	uint8_t fits, shape;
	size_t at, count; /* offsets; count for lists */
	uint64_t min, max;
	const char *right; /* what would be right; choices: the words */
};

#define AT(m) offsetof(struct ov_source_conf, m)

/* clang-format off */
static const struct key keys[] = {
	{ "kind",         ALL, CHOICE, AT(kind), 0, 0, OV_SOURCE_KINDS, "clamav yara hashes url" },
	{ "enabled",      ALL, YESNO,  AT(enabled), 0, 0, 0, "yes or no" },
	{ "from",         ALL, LIST,   AT(from), AT(nfrom), 1, OV_CONF_FROM, "an address (http://, https://) or a folder" },
	{ "every",        ALL, SPAN,   AT(every), 0, 600, 30 * 86400, "a time from 10m to 30d, like 4h" },
	{ "max-size",     ALL, BYTES,  AT(max_size), 0, 1024, (uint64_t)2 << 30, "a size from 1K to 2G, like 100M" },
	{ "slow-after",   ALL, NUMBER, AT(slow_seconds), 0, 1, 3600, "seconds from 1 to 3600" },
	{ "redirects",    ALL, NUMBER, AT(redirects), 0, 0, 5, "a number from 0 to 5" },
	{ "proxy",        ALL, WORD,   AT(proxy), 0, 0, 0, "an address, like http://proxy.example:3128" },
	{ "conditional",  ALL, CHOICE, AT(conditional), 0, 0, 3, "time etag off" },
	{ "databases",    C,   LIST,   AT(databases), AT(ndatabases), 0, OV_CONF_DATABASES, "names, like main daily bytecode" },
	{ "version-by",   C,   CHOICE, AT(version_by), 0, 0, 2, "dns http" },
	{ "dns-name",     C,   WORD,   AT(dns_name), 0, 0, 0, "a name, like current.cvd.clamav.net" },
	{ "dns-server",   C,   WORD,   AT(dns_server), 0, 0, 0, "an address, like 192.0.2.1 or 127.0.0.1:5353" },
	{ "private",      C,   YESNO,  AT(is_private), 0, 0, 0, "yes or no" },
	{ "patches",      C,   YESNO,  AT(with_cdiffs), 0, 0, 0, "yes or no" },
	{ "unsigned",     C,   YESNO,  AT(allow_unsigned), 0, 0, 0, "yes or no" },
	{ "certs",        C,   LINE,   AT(certs), 0, 0, 0, "a folder of certificates (.crt, .pem)" },
	{ "keys",         C,   LINE,   AT(keys), 0, 0, 0, "a file" },
	{ "hash-column",  H,   LINE,   AT(hash_column), 0, 0, 0, "a column's number or name" },
	{ "name-column",  H,   LINE,   AT(name_column), 0, 0, 0, "a column's number or name" },
	{ "separator",    H,   WORD,   AT(separator), 0, 0, 0, "comma, semicolon, tab or space" },
	{ "prefix",       H,   WORD,   AT(prefix), 0, 0, 0, "letters, digits, dots and dashes" },
	{ "sha256",       Y | H | U, DIGEST, AT(sha256), 0, 0, 0, "64 hexadecimal digits" },
	{ "key",          Y | H | U, WORD, AT(key), 0, 0, 0, "a public key of minisign, signify or overt" },
	{ "signature",    Y | H | U, WORD, AT(signature), 0, 0, 0, "an address" },
	{ "file",         Y | U, WORD, AT(file), 0, 0, 0, "a file name" },
};
/* clang-format on */

#define NKEYS (sizeof keys / sizeof *keys)

struct reading {
	const char *file;
	struct ov_arena *a;
	struct ov_source_conf *c;
	bool seen[NKEYS];
	unsigned line;
	char *error;
};

const char *ov_source_kind_name(enum ov_source_kind k)
{
	static const char *const names[] = { "clamav", "yara", "hashes", "url" };

	return (unsigned)k < OV_SOURCE_KINDS ? names[k] : "?";
}

bool ov_source_name_ok(struct ov_str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((s.p[i] < 'a' || s.p[i] > 'z') && (s.p[i] < '0' || s.p[i] > '9') &&
		    (s.p[i] != '-' || i == 0))
			return false;
	return s.n > 0 && s.n <= OV_CONF_NAME_MAX;
}

static ov_status bad(struct reading *r, const char *what, struct ov_str word, const char *right)
{
	char shown[64];
	size_t n = 0;

	for (size_t i = 0; i < word.n && n + 1 < sizeof shown; i++)
		shown[n++] = word.p[i] >= ' ' && word.p[i] <= '~' ? word.p[i] : '?';
	shown[n] = '\0';
	if (r->line > 0)
		(void)snprintf(r->error, OV_CONF_ERROR, "%s:%u: %s%s%s%s%s%s", r->file, r->line,
			       what, n > 0 ? " \"" : "", shown, n > 0 ? "\"" : "",
			       right != NULL ? "; right would be: " : "",
			       right != NULL ? right : "");
	else
		(void)snprintf(r->error, OV_CONF_ERROR, "%s: %s%s%s", r->file, what,
			       right != NULL ? "; right would be: " : "",
			       right != NULL ? right : "");
	return OV_BAD;
}

static void *field(struct reading *r, size_t at)
{
	return (char *)r->c + at;
}

static ov_status keep(struct reading *r, struct ov_str s, const char **out)
{
	struct ov_str copy;

	OV_TRY(ov_arena_str(r->a, s, &copy));
	*out = copy.p;
	return OV_OK;
}

/* "4h", "100M": a number and one letter of `units`, whose factors follow. */
static ov_status read_unit(struct ov_str s, const char *units, const uint64_t *factors,
			   uint64_t *out)
{
	const char *at = s.n > 0 ? strchr(units, s.p[s.n - 1]) : NULL;
	uint64_t v;

	if (at == NULL || *at == '\0')
		return OV_BAD;
	s.n--;
	if (ov_text_u64(s, &v) != OV_OK || v > UINT64_MAX / factors[at - units])
		return OV_BAD;
	*out = v * factors[at - units];
	return OV_OK;
}

static ov_status read_number(struct reading *r, const struct key *k, struct ov_str value)
{
	static const uint64_t seconds[] = { 1, 60, 3600, 86400 };
	static const uint64_t bytes[] = { 1U << 10, 1U << 20, 1U << 30 };
	uint64_t v = 0;
	ov_status s = k->shape == SPAN	  ? read_unit(value, "smhd", seconds, &v)
		      : k->shape == BYTES ? read_unit(value, "KMG", bytes, &v)
					  : ov_text_u64(value, &v);

	if (s != OV_OK || v < k->min || v > k->max)
		return bad(r, "that can't be", value, k->right);
	if (k->shape == NUMBER)
		*(unsigned *)field(r, k->at) = (unsigned)v;
	else
		*(uint64_t *)field(r, k->at) = v;
	return OV_OK;
}

static ov_status read_choice(struct reading *r, const struct key *k, struct ov_str value)
{
	struct ov_str rest = ov_str_of(k->right), word;

	for (unsigned i = 0; ov_text_split(&rest, ' ', &word); i++) {
		if (!ov_str_eq(word, value))
			continue;
		*(unsigned *)field(r, k->at) = i;
		return OV_OK;
	}
	return bad(r, "that can't be", value, k->right);
}

static ov_status read_list(struct reading *r, const struct key *k, struct ov_str value)
{
	const char **list = field(r, k->at);
	size_t *n = field(r, k->count);
	struct ov_str rest = value, word;

	while (ov_text_split(&rest, ' ', &word)) {
		if (word.n == 0)
			continue;
		if (*n == k->max)
			return bad(r, "too many", word, NULL);
		OV_TRY(keep(r, word, &list[(*n)++]));
	}
	return OV_OK;
}

static ov_status read_value(struct reading *r, const struct key *k, struct ov_str value)
{
	size_t n;

	if (value.n == 0)
		return bad(r, "nothing stands after the =", value, k->right);
	switch (k->shape) {
	case YESNO:
		if (!ov_str_is(value, "yes") && !ov_str_is(value, "no"))
			return bad(r, "that can't be", value, k->right);
		*(bool *)field(r, k->at) = ov_str_is(value, "yes");
		return OV_OK;
	case SPAN:
	case BYTES:
	case NUMBER:
		return read_number(r, k, value);
	case CHOICE:
		return read_choice(r, k, value);
	case LIST:
		return read_list(r, k, value);
	case DIGEST:
		if (value.n != 64 ||
		    ov_hex_decode(value, field(r, k->at), OV_SHA256_BYTES, &n) != OV_OK)
			return bad(r, "that can't be", value, k->right);
		r->c->has_sha256 = true;
		return OV_OK;
	case WORD:
		if (memchr(value.p, ' ', value.n) != NULL)
			return bad(r, "one word is expected, not", value, k->right);
		return keep(r, value, field(r, k->at));
	default:
		return keep(r, value, field(r, k->at));
	}
}

static ov_status one_line(struct reading *r, struct ov_str line)
{
	struct ov_str rest = line, name;
	size_t i = 0;

	for (size_t k = 0; k < line.n; k++)
		if ((line.p[k] < ' ' && line.p[k] != '\t') || line.p[k] == 0x7f)
			return bad(r, "a control character", (struct ov_str){ NULL, 0 },
				   "plain text");
	line = ov_text_trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return OV_OK;
	rest = line;
	if (!ov_text_split(&rest, '=', &name) || rest.p == NULL)
		return bad(r, "no = in", line, "key = value");
	name = ov_text_trim(name);
	while (i < NKEYS && !ov_str_is(name, keys[i].name))
		i++;
	if (i == NKEYS)
		return bad(r, "there is no key", name, "one of those in man overt-source");
	if (!r->seen[0] && i != 0)
		return bad(r, "the kind must come first, before", name,
			   "kind = clamav, yara, hashes or url");
	if (i != 0 && (keys[i].fits >> r->c->kind & 1) == 0)
		return bad(r, "a source of this kind has no", name, NULL);
	if (r->seen[i] && keys[i].shape != LIST)
		return bad(r, "it stands there twice:", name, "once");
	r->seen[i] = true;
	return read_value(r, &keys[i], ov_text_trim(rest));
}

static bool is_place(const char *s)
{
	return strncmp(s, "http://", 7) == 0 || strncmp(s, "https://", 8) == 0 || s[0] == '/';
}

static bool is_plain(const char *s, const char *more, size_t max)
{
	size_t n = 0;

	for (; s[n] != '\0'; n++)
		if ((s[n] < 'a' || s[n] > 'z') && (s[n] < 'A' || s[n] > 'Z') &&
		    (s[n] < '0' || s[n] > '9') && strchr(more, s[n]) == NULL)
			return false;
	return n > 0 && n <= max;
}

static ov_status check_clamav(struct reading *r)
{
	struct ov_source_conf *c = r->c;

	if (c->ndatabases == 0) {
		c->databases[0] = "main";
		c->databases[1] = "daily";
		c->databases[2] = "bytecode";
		c->ndatabases = 3;
	}
	for (size_t i = 0; i < c->ndatabases; i++)
		if (!is_plain(c->databases[i], "", 32))
			return bad(r, "no name of a database", ov_str_of(c->databases[i]),
				   "letters and digits, like daily");
	if (c->every < 3600)
		return bad(r, "ClamAV's servers are not asked more than once an hour",
			   (struct ov_str){ NULL, 0 }, "every = 1h, or more");
	return OV_OK;
}

/* The last part of the address, or of what the user says. */
static ov_status choose_file(struct reading *r)
{
	struct ov_source_conf *c = r->c;
	const char *slash = strrchr(c->from[0], '/');
	size_t n;

	if (c->file == NULL && c->kind == OV_SOURCE_URL) {
		c->file = slash != NULL ? slash + 1 : c->from[0];
		n = strcspn(c->file, "?#");
		OV_TRY(keep(r, (struct ov_str){ c->file, n }, &c->file));
	}
	if (c->file == NULL)
		return OV_OK;
	if (!is_plain(c->file, "._-", 64) || c->file[0] == '.' || c->file[0] == '-')
		return bad(r, "no name for a file here", ov_str_of(c->file),
			   "file = NAME, of letters, digits, dots, dashes");
	return OV_OK;
}

static ov_status check_whole(struct reading *r)
{
	struct ov_source_conf *c = r->c;
	const struct ov_str none = { NULL, 0 };

	r->line = 0;
	if (!r->seen[0])
		return bad(r, "no kind", none, "kind = clamav, yara, hashes or url");
	if (c->nfrom == 0)
		return bad(r, "no from: where is it fetched?", none, "from = https://...");
	for (size_t i = 0; i < c->nfrom; i++)
		if (!is_place(c->from[i]))
			return bad(r, c->from[i], none,
				   "an address that begins with http:// or https://, or a folder "
				   "that begins with /");
	if (c->kind == OV_SOURCE_CLAMAV)
		return check_clamav(r);
	if (c->kind == OV_SOURCE_URL && !c->has_sha256 && c->key == NULL)
		return bad(r, "a url needs something that its bytes are held against", none,
			   "sha256 = ..., or key = ...");
	if (c->kind == OV_SOURCE_HASHES && !is_plain(c->prefix, ".-_", 40))
		return bad(r, "no prefix of names", none, "letters, digits, dots and dashes");
	return choose_file(r);
}

ov_status ov_source_conf_parse(const char *file, struct ov_str name, struct ov_str text,
			       struct ov_arena *a, struct ov_source_conf *out,
			       char error[OV_CONF_ERROR])
{
	struct ov_source_conf c = { .enabled = true,
				    .every = 4 * 3600,
				    .slow_seconds = 60,
				    .max_size = (uint64_t)100 << 20,
				    .dns_name = "current.cvd.clamav.net" };
	struct reading r = { .file = file, .a = a, .c = &c, .error = error };
	struct ov_cur lines = ov_cur_of(text.p, text.n);
	struct ov_str line;

	error[0] = '\0';
	if (!ov_source_name_ok(name))
		return bad(&r, "a source has the name of its file", (struct ov_str){ NULL, 0 },
			   "1 to 32 of a-z, 0-9 and -, then .conf");
	OV_TRY(keep(&r, name, &c.name));
	c.prefix = c.name;
	while (ov_cur_line(&lines, &line) == OV_OK) {
		r.line++;
		OV_TRY(one_line(&r, line));
	}
	for (size_t i = 0; i < NKEYS && c.kind == OV_SOURCE_CLAMAV; i++)
		if (strcmp(keys[i].name, "max-size") == 0 && !r.seen[i])
			c.max_size = (uint64_t)1 << 30;
		else if (strcmp(keys[i].name, "patches") == 0 && !r.seen[i])
			c.with_cdiffs = !c.is_private; /* as freshclam has it */
		else if (strcmp(keys[i].name, "version-by") == 0 && !r.seen[i] && c.is_private)
			c.version_by = OV_VERSION_HTTP;
	OV_TRY(check_whole(&r));
	*out = c;
	return OV_OK;
}
