/*
 * Addresses of links: what is cut, undone and taken for an address. Found by running clamscan on
 * made mails; where it is blind to what mail programs read (capitals in the scheme, a user name
 * with a port), we follow the mail programs.
 */
#include "phishing.h"

#include <string.h>
#include <strings.h>

#include "text.h"

/* Top level domains that clamscan takes for such, where an address has no scheme: it was asked. */
/* clang-format off */
static const char top_level[] =
	" ac ad ae aero af ag ai al am an ao aq ar arpa as asia at au aw ax az ba bb bd be bf bg bh"
	" bi biz bj bm bn bo br bs bt bv bw by bz ca cat cc cd cf cg ch ci ck cl cm cn co com coop"
	" cr cu cv cx cy cz de dj dk dm do dz ec edu ee eg er es et eu fi fj fk fm fo fr ga gb gd ge"
	" gf gg gh gi gl gm gn gov gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in info int"
	" io iq ir is it je jm jo jobs jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt"
	" lu lv ly ma mc md me mg mh mil mk ml mm mn mo mobi mp mq mr ms mt mu museum mv mw mx my mz"
	" na name nc ne net nf ng ni nl no np nr nu nz om org pa pe pf pg ph pk pl pm pn pr pro ps"
	" pt pw py qa re ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr st su sv sy sz tc"
	" td tel tf tg th tj tk tl tm tn to tp tr travel tt tv tw tz ua ug uk us uy uz va vc ve vg"
	" vi vn vu wf ws ye yt yu za zm zw ";
/* clang-format on */

static bool is_top_level(struct ov_str s)
{
	const char *at = top_level;

	if (s.n < 2 || s.n > 8)
		return false;
	while ((at = strchr(at, ' ')) != NULL) {
		at++;
		if (strncmp(at, s.p, s.n) == 0 && at[s.n] == ' ')
			return true;
	}
	return false;
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

/* The last label of a host; all of it when there is no dot. */
static struct ov_str last_label(struct ov_str host)
{
	size_t i = host.n;

	while (i > 0 && host.p[i - 1] != '.')
		i--;
	return (struct ov_str){ .p = host.p + i, .n = host.n - i };
}

/* A name of labels, none empty, whose last one is a top level domain. */
static bool is_host(struct ov_str s)
{
	const struct ov_str last = last_label(s);

	if (last.n == s.n || !is_top_level(last))
		return false;
	for (size_t i = 0; i < s.n; i++) {
		const bool at_dot = s.p[i] == '.';

		if (at_dot && (i == 0 || s.p[i - 1] == '.'))
			return false;
		if (!at_dot && !is_alnum(s.p[i]) && s.p[i] != '-' && s.p[i] != '_')
			return false;
	}
	return true;
}

/*
 * A domain's owner has its last two labels; three, where the last is a country's (two letters) and
 * the one before it is a top level domain as well: example.co.uk, example.com.br.
 */
struct ov_str ov_address_domain(struct ov_str host)
{
	struct ov_str last = last_label(host), rest = host, second, d = host;
	size_t labels = 2;

	if (last.n == host.n)
		return host;
	rest.n -= last.n + 1;
	second = last_label(rest);
	if (last.n == 2 && is_top_level(last) && is_top_level(second))
		labels = 3;
	for (size_t i = host.n; i-- > 0;)
		if (host.p[i] == '.' && --labels == 0) {
			d.p = host.p + i + 1;
			d.n = host.n - i - 1;
			break;
		}
	return d;
}

/* ---- reading ---- */

struct raw { /* an address without blanks, '\' as '/' */
	char s[OV_URL_TEXT];
	size_t n;
};

static bool gather(struct ov_str s, struct raw *r)
{
	r->n = 0;
	for (size_t i = 0; i < s.n; i++) {
		const unsigned char c = (unsigned char)s.p[i];

		if (c <= ' ' || c == 0x7f)
			continue;
		if (r->n == sizeof r->s) /* what follows the host does not matter */
			return memchr(r->s, '.', r->n) != NULL;
		r->s[r->n++] = c == '\\' ? '/' : (char)c;
	}
	return r->n > 0;
}

/* Up to the host: the user's name, the port and what follows the host are cut off. */
static struct ov_str authority(struct ov_str s)
{
	size_t n = 0;

	while (n < s.n && s.p[n] != '/' && s.p[n] != '?' && s.p[n] != '#')
		n++;
	s.n = n;
	for (size_t i = s.n; i-- > 0;)
		if (s.p[i] == '@') {
			s.p += i + 1;
			s.n -= i + 1;
			break;
		}
	for (n = 0; n < s.n && s.p[n] != ':'; n++)
		if (s.p[n] == '[')
			break; /* an address of IPv6 */
	if (n < s.n && s.p[n] == ':')
		s.n = n;
	return s;
}

static int hex_pair(struct ov_str s, size_t i)
{
	const int hi = s.n - i > 2 ? ov_hex_digit(s.p[i + 1]) : -1;
	const int lo = hi >= 0 ? ov_hex_digit(s.p[i + 2]) : -1;

	return lo >= 0 ? hi << 4 | lo : -1;
}

/* Copies a host in lower case with %XX undone. A %00 or %01 within it hides what follows it from
 * people. */
static void put_host(struct ov_address *a, struct ov_str host)
{
	for (size_t i = 0; i < host.n && a->nhost < sizeof a->host; i++) {
		const int v = host.p[i] == '%' ? hex_pair(host, i) : -1;
		char c = lower(host.p[i]);

		if (v >= 0 && i + 3 < host.n) {
			i += 2;
			if (v <= 1) {
				a->is_cloaked = true;
				continue;
			}
			c = lower((char)v);
		}
		if (c == '/' || c == '?')
			break;
		a->host[a->nhost++] = c;
	}
}

/* The whole text: scheme and host, or the host alone. */
static void put_whole(struct ov_address *a, struct ov_str scheme)
{
	for (size_t i = 0; i < scheme.n && a->n < 24; i++)
		a->text[a->n++] = lower(scheme.p[i]);
	if (scheme.n > 0) {
		memcpy(a->text + a->n, "://", 3);
		a->n += 3;
	}
	memcpy(a->text + a->n, a->host, a->nhost);
	a->n += a->nhost;
	a->is_ssl = scheme.n == 5 && strncasecmp(scheme.p, "https", 5) == 0;
}

static bool has_empty_label(const struct ov_address *a)
{
	return memmem(a->host, a->nhost, "..", 2) != NULL;
}

/* "http:", "https:" or "ftp:" at the start. @return its length without the colon, or 0. */
static size_t web_scheme(struct ov_str s)
{
	static const char *const schemes[] = { "http", "https", "ftp" };

	for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
		const size_t n = strlen(schemes[i]);

		if (s.n > n && s.p[n] == ':' && strncasecmp(s.p, schemes[i], n) == 0)
			return n;
	}
	return 0;
}

static struct ov_str after_scheme(struct ov_str s, size_t scheme)
{
	if (scheme == 0)
		return s;
	s.p += scheme + 1;
	s.n -= scheme + 1;
	while (s.n > 0 && s.p[0] == '/') {
		s.p++;
		s.n--;
	}
	return s;
}

bool ov_address_real(struct ov_str s, struct ov_address *out)
{
	struct raw r = { .n = 0 };
	struct ov_str whole, rest, user;
	size_t scheme;

	*out = (struct ov_address){ .n = 0 };
	if (!gather(s, &r))
		return false;
	whole = (struct ov_str){ .p = r.s, .n = r.n };
	scheme = web_scheme(whole);
	user = after_scheme(whole, scheme);
	rest = authority(user);
	user.n = (size_t)(rest.p - user.p);
	for (size_t i = 0; i < user.n; i++) /* "http://bank%01@evil" */
		out->is_cloaked |= user.p[i] == '%' && (unsigned)hex_pair(user, i) <= 1;
	put_host(out, rest);
	if (scheme > 0 && whole.n == scheme + 1)
		return false;
	if (scheme == 0 && (!is_host((struct ov_str){ .p = out->host, .n = out->nhost }) ||
			    memchr(whole.p, '@', rest.n + (size_t)(rest.p - whole.p)) != NULL))
		return false;
	put_whole(out, (struct ov_str){ .p = whole.p, .n = scheme });
	return !has_empty_label(out);
}

/* The last word: "your bank example.com" shows an address, whatever stands before it. */
static struct ov_str last_word(struct ov_str s)
{
	size_t from;

	while (s.n > 0 && (unsigned char)s.p[s.n - 1] <= ' ')
		s.n--;
	for (from = s.n; from > 0 && (unsigned char)s.p[from - 1] > ' '; from--)
		;
	return (struct ov_str){ .p = s.p + from, .n = s.n - from };
}

bool ov_address_shown_end(struct ov_str s, struct ov_address *out)
{
	const struct ov_str word = last_word(s);

	return word.n < s.n && ov_address_shown(word, out);
}

bool ov_address_shown(struct ov_str s, struct ov_address *out)
{
	struct raw r = { .n = 0 };
	struct ov_str whole, rest;
	const char *colon;
	size_t scheme = 0;

	*out = (struct ov_address){ .n = 0 };
	if (!gather(s, &r))
		return false;
	whole = (struct ov_str){ .p = r.s, .n = r.n };
	while (whole.n > 0 && !is_alnum(whole.p[0])) { /* "(", "<", quotes */
		whole.p++;
		whole.n--;
	}
	while (whole.n > 0 && !is_alnum(whole.p[whole.n - 1]))
		whole.n--;
	colon = whole.n > 0 ? memchr(whole.p, ':', whole.n) : NULL;
	if (colon != NULL && colon > whole.p && whole.p + whole.n - colon > 1 &&
	    !(colon[1] >= '0' && colon[1] <= '9')) /* a port has no scheme before it */
		scheme = (size_t)(colon - whole.p);
	for (size_t i = 0; i < scheme; i++)
		if (!is_alnum(whole.p[i]))
			scheme = 0;
	rest = authority(after_scheme(whole, scheme));
	put_host(out, rest);
	while (out->nhost > 0 && !is_alnum(out->host[out->nhost - 1]))
		out->nhost--;
	if (out->nhost == 0 || has_empty_label(out))
		return false;
	if (scheme == 0 && (!is_host((struct ov_str){ .p = out->host, .n = out->nhost }) ||
			    memchr(whole.p, '@', rest.n + (size_t)(rest.p - whole.p)) != NULL))
		return false;
	put_whole(out, (struct ov_str){ .p = whole.p, .n = scheme });
	return true;
}
