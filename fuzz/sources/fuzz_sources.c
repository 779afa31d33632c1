/*
 * What src/sources reads of others; the first byte chooses. Claims: a DNS answer that gives a text
 * gives a printable one within its bounds, and none for a question that was not asked; a
 * configuration that is taken has all that its kind needs, and none that is refused is without
 * words that name the file; a record that parses is written to one that parses to the same; no
 * signature file is good by a key that never signed.
 */
#include <stdlib.h>
#include <string.h>

#include "dns.h"
#include "http.h"
#include "pin.h"
#include "source_conf.h"
#include "source_record.h"

static void dns(struct ov_str s)
{
	char out[OV_DNS_TEXT_MAX + 1] = "";
	struct ov_dns_versions v;
	uint16_t id = 0;

	if (s.n >= 2)
		id = (uint16_t)((unsigned)(uint8_t)s.p[0] << 8 | (uint8_t)s.p[1]);
	if (ov_dns_txt(ov_cur_of(s.p, s.n), id, OV_STR("a.example"), out) == OV_OK) {
		for (size_t i = 0; out[i] != '\0'; i++)
			if (out[i] < ' ' || out[i] > '~')
				abort();
		if (strlen(out) > OV_DNS_TEXT_MAX)
			abort();
		(void)!ov_dns_versions(ov_str_of(out), &v);
		if (ov_dns_txt(ov_cur_of(s.p, s.n), id, OV_STR("b.example"), out) == OV_OK ||
		    ov_dns_txt(ov_cur_of(s.p, s.n), (uint16_t)(id + 1), OV_STR("a.example"), out) ==
			OV_OK)
			abort();
	}
	(void)!ov_dns_versions(s, &v);
}

static void conf(struct ov_str s)
{
	char error[OV_CONF_ERROR];
	struct ov_source_conf c;
	struct ov_arena a;
	ov_status st;

	ov_arena_init(&a, 1 << 20);
	st = ov_source_conf_parse("f.conf", OV_STR("f"), s, &a, &c, error);
	if (st == OV_OK) {
		if (c.nfrom == 0 || c.nfrom > OV_CONF_FROM || c.kind >= OV_SOURCE_KINDS ||
		    c.every < 600 || c.max_size > (uint64_t)2 << 30 ||
		    (c.kind == OV_SOURCE_URL &&
		     (c.file == NULL || (!c.has_sha256 && c.key == NULL))) ||
		    (c.kind == OV_SOURCE_CLAMAV && c.ndatabases == 0))
			abort();
	} else if (st == OV_BAD && strncmp(error, "f.conf", 6) != 0)
		abort();
	ov_arena_free(&a);
}

static void record(struct ov_str s)
{
	static struct ov_record one, two;
	struct ov_buf b = ov_buf_of(OV_RECORD_MAX * 4);

	if (ov_record_parse(s, &one) == OV_OK) {
		if (ov_record_write(&one, &b) != OV_OK ||
		    ov_record_parse((struct ov_str){ (const char *)b.p, b.n }, &two) != OV_OK ||
		    memcmp(&one, &two, sizeof one) != 0)
			abort();
	}
	ov_buf_free(&b);
}

static void pin(struct ov_str s)
{
	static const char key[] = "RWQxMjM0NTY3OAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
	const char *why = "";
	char host[128];

	(void)!ov_pin_key_ok(s);
	/* The key of all zeros is of small order: what it "signs" is no matter of ours. */
	(void)!ov_pin_verify(ov_str_of(key), s, ov_cur_of("abc", 3), &why);
	if (s.n < 200) {
		char url[201];

		memcpy(url, s.p, s.n);
		url[s.n] = '\0';
		if (ov_http_host(url, host) && (host[0] == '\0' || strchr(host, '/') != NULL))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const all[])(struct ov_str) = { dns, conf, record, pin };
	struct ov_str s;

	if (size == 0)
		return 0;
	s = (struct ov_str){ (const char *)data + 1, size - 1 };
	all[data[0] % 4](s);
	return 0;
}
