/*
 * Links of mails against .pdb, .wdb and .gdb. The rows are what clamscan 1.4.6 says of the same
 * mails; the ones that begin with "ours:" are where it is blind, see docs/formats/mail.md.
 */
#include "testing.h"

#include "engine_kit.h"
#include "links.h"
#include "overt/features.h"
#include "phishing.h"

#define SSL 1
#define CLOAK 2
#define OFF 4

struct row {
	const char *what, *pdb, *wdb, *target, *shown;
	int flags;
	const char *want; /* "" nothing, else the name's end */
};

#define EVIL "http://www.evil.com/a?b"
#define PAY "http://www.paypal.com/login"
#define H "H:paypal.com\n"

static const struct row rows[] = {
	{ "another domain than shown", H, "", EVIL, PAY, 0, "SpoofedDomain" },
	{ "the same host", H, "", "http://www.paypal.com/x", PAY, 0, "" },
	{ "another host of the same domain", H, "", "http://x.paypal.com/", PAY, 0, "" },
	{ "a shown name without scheme", H, "", EVIL, "www.paypal.com", 0, "SpoofedDomain" },
	{ "capitals", H, "", EVIL, "PayPal.COM", 0, "SpoofedDomain" },
	{ "a longer name that ends the same", H, "", EVIL, "xpaypal.com", 0, "" },
	{ "text that is no address", H, "", EVIL, "click here", 0, "" },
	{ "a mail address", H, "", EVIL, "info@paypal.com", 0, "" },
	{ "the last word is one", H, "", EVIL, "Your Bank paypal.com", 0, "SpoofedDomain" },
	{ "tags in the text", H, "", EVIL, "www.pay<b>pal</b>.com", 0, "SpoofedDomain" },
	{ "a comment in the text", H, "", EVIL, "www.pay<!-- x -->pal.com", 0, "SpoofedDomain" },
	{ "brackets around", H, "", EVIL, "&lt;www.paypal.com&gt;,", 0, "SpoofedDomain" },
	{ "blanks within", H, "", EVIL, "www. paypal . com", 0, "SpoofedDomain" },
	{ "no list, no check", "H:other.com\n", "", EVIL, PAY, 0, "" },
	{ "nothing in the database", "", "", EVIL, PAY, 0, "" },
	{ "phishing checks are off", H, "", EVIL, PAY, OFF, "" },
	{ "a target that is no web address", H, "", "mailto:a@evil.com", PAY, 0, "" },
	{ "a target within the page", H, "", "#top", PAY, 0, "" },
	{ "a target without scheme", H, "", "evil.com/x", PAY, 0, "SpoofedDomain" },
	{ "a file name is no target", H, "", "x.html", PAY, 0, "" },
	{ "a user's name before the host", H, "", "http://www.paypal.com@evil.com/", PAY, 0,
	  "SpoofedDomain" },
	{ "percent in the host", H, "", "http://www.ev%69l.com/", PAY, 0, "SpoofedDomain" },
	{ "an address of numbers", H, "", "http://3232235777/", PAY, 0, "SpoofedDomain" },
	{ "two labels in a country", "H:paypal.co.uk\n", "", "http://evil.co.uk/",
	  "http://paypal.co.uk", 0, "SpoofedDomain" },
	{ "three in the same", "H:paypal.co.uk\n", "", "http://a.paypal.co.uk/",
	  "http://paypal.co.uk", 0, "" },
	/* SSL and cloaked */
	{ "shown as SSL, of a listed host", H, "", "http://www.paypal.com",
	  "https://www.paypal.com", 0, "SSL-Spoof" },
	{ "shown as SSL, not listed", H, "", "http://www.a.com", "https://www.b.com", 0, "" },
	{ "shown as SSL, not listed but asked for", H, "", "http://www.a.com", "https://www.b.com",
	  SSL, "SSL-Spoof" },
	{ "asked for without a database", "", "", "http://www.a.com", "https://www.b.com", SSL,
	  "SSL-Spoof" },
	{ "SSL both", H, "", "https://www.paypal.com/a", "https://paypal.com", 0, "" },
	{ "a zero byte in the host", H, "", "http://a%00b.evil.com", PAY, 0, "Cloaked.Null" },
	{ "a zero byte, not listed", H, "", "http://a%00b.evil.com", "www.b.com", 0, "" },
	{ "a zero byte, asked for", H, "", "http://a%01b.evil.com", "www.b.com", CLOAK,
	  "Cloaked.Null" },
	{ "a zero byte in the user's name", H, "", "http://a%01@evil.com", PAY, 0, "Cloaked.Null" },
	/* expressions and allowed pairs */
	{ "R matches the end", "R:.+\\.paypal\\.com\n", "", EVIL, PAY, 0, "SpoofedDomain" },
	{ "R need not begin at the start", "R:[yz]pal\\.com\n", "", EVIL, PAY, 0, "SpoofedDomain" },
	{ "R must end at the end", "R:www\\.paypal\n", "", EVIL, PAY, 0, "" },
	{ "R over both", "R:.+\\.evil\\.com:.+\\.paypal\\.com\n", "", EVIL, PAY, 0,
	  "SpoofedDomain" },
	{ "R of alternatives", "R:.+\\.(ebay|paypal)\\.com\n", "", EVIL, PAY, 0, "SpoofedDomain" },
	{ "flags are ignored", "R17:.+\\.paypal\\.com\n", "", EVIL, PAY, 0, "SpoofedDomain" },
	{ "levels: from 20", "H:paypal.com:20-\n", "", EVIL, PAY, 0, "SpoofedDomain" },
	{ "M of both hosts", H, "M:www.evil.com:www.paypal.com\n", EVIL, PAY, 0, "" },
	{ "M of an ending", H, "M:evil.com:www.paypal.com\n", EVIL, PAY, 0, "" },
	{ "M must name the whole shown host", H, "M:www.evil.com:paypal.com\n", EVIL, PAY, 0,
	  "SpoofedDomain" },
	{ "X over both", H, "X:.+\\.evil\\.com([/?].*)?:.+\\.paypal\\.com([/?].*)?:17-\n", EVIL,
	  PAY, 0, "" },
	{ "Y is as M", H, "Y:www.evil.com:www.paypal.com\n", EVIL, PAY, 0, "" },
	/* what clamscan does not see */
	{ "ours: a scheme in capitals", H, "", "HTTP://WWW.EVIL.COM/", PAY, 0, "SpoofedDomain" },
	{ "ours: backslashes", H, "", "http:\\\\www.evil.com", PAY, 0, "SpoofedDomain" },
	{ "ours: a port in the user's name", H, "", "http://www.paypal.com:80@evil.com", PAY, 0,
	  "SpoofedDomain" },
	{ "ours: a shown port", H, "", EVIL, "www.paypal.com:80", 0, "SpoofedDomain" },
	{ "ours: a shown fragment", H, "", EVIL, "www.paypal.com#x", 0, "SpoofedDomain" },
	{ "ours: a word and a colon", H, "", EVIL, "sign in: paypal.com", 0, "SpoofedDomain" },
	{ "ours: coded letters", H, "", EVIL, "www.p&#97;yp&#x61;l.com", 0, "SpoofedDomain" },
};

static void mail_of(char *out, size_t n, const char *type, const char *target, const char *shown)
{
	(void)snprintf(out, n,
		       "From: a@b.c\nTo: d@e.f\nSubject: s\nMIME-Version: 1.0\nContent-Type: "
		       "%s\n\n<html><a href=\"%s\">%s</a></html>\n",
		       type, target, shown);
}

static void each_link_is_judged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct row *r = &rows[i];
		const struct kit_source sources[] = { { "t.pdb", r->pdb },
						      { "t.wdb", r->wdb },
						      { NULL, NULL } };
		char mail[1024], line[512];
		struct kit k;

		kit_open(&k, sources);
		k.options.alerts =
		    (r->flags & SSL) != 0 ? UINT64_C(1) << OVERT_ALERT_PHISHING_SSL : 0;
		k.options.alerts |=
		    (r->flags & CLOAK) != 0 ? UINT64_C(1) << OVERT_ALERT_PHISHING_CLOAK : 0;
		if ((r->flags & OFF) != 0)
			k.options.features_off = UINT64_C(1) << OVERT_FEATURE_PHISHING_URLS;
		mail_of(mail, sizeof mail, "text/html", r->target, r->shown);
		(void)kit_line(kit_scan(&k, mail, strlen(mail)), line, sizeof line);
		if (r->want[0] == '\0' ? line[0] != '|' : strstr(line, r->want) == NULL)
			fail_msg("row \"%s\": %s", r->what, line);
		kit_close(&k);
	}
}

/* Only a mail's own text is looked at, as clamscan does. */
static void only_text_of_mails(void **state)
{
	static const struct kit_source sources[] = { { "t.pdb", H }, { NULL, NULL } };
	char mail[1024], line[512];
	const char *page;
	struct kit k;

	(void)state;
	kit_open(&k, sources);
	mail_of(mail, sizeof mail, "text/plain", EVIL, PAY);
	assert_non_null(strstr(kit_line(kit_scan(&k, mail, strlen(mail)), line, sizeof line),
			       "SpoofedDomain@part 1"));
	page = strstr(mail, "<html>");
	assert_string_equal(kit_line(kit_scan(&k, page, strlen(page)), line, sizeof line), "|");
	mail_of(mail, sizeof mail, "application/octet-stream", EVIL, PAY);
	assert_string_equal(kit_line(kit_scan(&k, mail, strlen(mail)), line, sizeof line), "|");
	kit_close(&k);
}

/* Hashes by sha256sum. Only the target counts, not what is shown. */
static void listed_addresses(void **state)
{
	static const char db[] =
	    "S:P:11111111\n" /* ignored, as by clamscan */
	    /* evil.com/ */
	    "S1:F:c759a0aaa49a133ff527065e3d18c51388eae5c72c927b5703d07ca2e80c0f35\n"
	    /* bad.com/a/ */
	    "S2:F:eb5a6efdae65c29ce9106eb0cfe368987aaced08350d499b5327127a83524bd4\n"
	    /* worse.com/x.html?q=1, as malware */
	    "S:F:4508ae8bdcd98608265672c65c8e2edaecfc4cbd3710b7c8abb46c93233ecac0\n"
	    /* ok.evil.com/ */
	    "S:W:38505a2a392646108d076cfa5ffd2ddbddb5d3b5bc1f5615d6a5e9f69718e45f\n";
	static const struct {
		const char *what, *target, *want;
	} cases[] = {
		{ "a host", "http://evil.com", "Phishing.URL.Blocked@" },
		{ "a host's ending, any path", "HTTPS://A.www.Evil.com:80/b/c?d#e",
		  "Phishing.URL.Blocked@" },
		{ "a folder", "http://bad.com/a/b.html",
		  "Suspected-phishing_safebrowsing.clamav.net@" },
		{ "not its parent", "http://bad.com/", "|" },
		{ "with its query", "http://x.worse.com/x.html?q=1#f",
		  "Suspected-malware_safebrowsing.clamav.net@" },
		{ "with another", "http://x.worse.com/x.html?q=2", "|" },
		{ "allowed", "http://ok.evil.com/", "|" },
		{ "no address", "mailto:evil.com", "|" },
	};
	const struct kit_source sources[] = { { "t.gdb", db }, { NULL, NULL } };
	struct kit k;

	(void)state;
	kit_open(&k, sources);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char mail[1024], line[512];

		mail_of(mail, sizeof mail, "text/html", cases[i].target, "click");
		(void)kit_line(kit_scan(&k, mail, strlen(mail)), line, sizeof line);
		if (cases[i].want[0] == '|' ? line[0] != '|' : strstr(line, cases[i].want) == NULL)
			fail_msg("row \"%s\": %s", cases[i].what, line);
	}
	kit_close(&k);
}

struct told {
	char s[2048];
};

static bool on_link(void *ctx, struct ov_str target, struct ov_str shown)
{
	struct told *t = ctx;
	const size_t n = strlen(t->s);

	(void)snprintf(t->s + n, sizeof t->s - n, "%.*s>%.*s|", (int)target.n, target.p,
		       (int)shown.n, shown.p);
	return true;
}

static void links_are_read(void **state)
{
	static const struct {
		const char *what, *html, *want;
	} cases[] = {
		{ "a link", "<a href=x>y</a>", "x>y|" },
		{ "quotes and attributes", "<A class='a>b' HREF = \"x\" title=t>y</A>",
		  "x>t|x>y|" },
		{ "a link in a link ends it", "<a href=1>a<a href=2>b</a>c</a>", "1>a|2>b|" },
		{ "not closed", "<a href=1>a", "1>a|" },
		{ "a picture and text around", "<a href=1>a<img src=p>b</a>", "1>p|1>ab|" },
		{ "a form", "<form action=f>t<img src=p><a href=1>a</a></form><img src=q>",
		  "f>p|f>1|1>a|" },
		{ "frames and areas", "<a href=1><iframe src=i></iframe><area href=r></a>",
		  "1>i|1>r|1>|" },
		{ "scripts and styles are no text",
		  "<a href=1>a<script>b</a></script><style>c</style>d</a>", "1>ad|" },
		{ "comments are none either", "<a href=1>a<!-- <a href=2> -->b</a>", "1>ab|" },
		{ "a comment without end hides nothing", "<a href=1>a</a><!-- <a href=2>b</a>",
		  "1>a|2>b|" },
		{ "entities", "<a href=a&amp;b>&lt;&#65;&#x42;&#x4e2d;&</a>", "a&b><AB&#x4e2d;&|" },
		{ "an anchor is no link", "<a name=x>y</a>", "" },
		{ "a lone <", "<a href=1>a < b</a>", "1>a < b|" },
		{ "cut in a tag", "<a href=1>a</a><a href=\"2", "1>a|\"2>|" },
		{ "nothing", "", "" },
	};
	struct ov_links l;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const size_t n = strlen(cases[i].html);

		for (size_t k = 0; k <= n; k++) {
			struct told t = { "" };

			ov_links(&l, ov_cur_of(cases[i].html, k), on_link, &t);
			if (k == n && strcmp(t.s, cases[i].want) != 0)
				fail_msg("row \"%s\": %s", cases[i].what, t.s);
		}
	}
}

static void domains(void **state)
{
	static const char *const cases[][2] = {
		{ "www.a.com", "a.com" },   { "a.com", "a.com" },
		{ "com", "com" },	    { "", "" },
		{ "x.a.co.uk", "a.co.uk" }, { "x.a.foo.uk", "foo.uk" },
		{ "a.com.com", "com.com" }, { "co.uk", "co.uk" }
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		ov_expect(cases[i][0],
			  ov_str_is(ov_address_domain(ov_str_of(cases[i][0])), cases[i][1]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_link_is_judged),
		cmocka_unit_test(only_text_of_mails),
		cmocka_unit_test(listed_addresses),
		cmocka_unit_test(links_are_read),
		cmocka_unit_test(domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
