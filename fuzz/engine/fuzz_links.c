/*
 * Links of HTML and their addresses. Claims: lengths stay within their bounds; a host has no space,
 * no '/' and no capitals, and ends the address; a domain is an ending of its host at a label; an
 * address is read again as itself.
 */
#include <stdlib.h>
#include <string.h>

#include "links.h"
#include "phishing.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool is_true)
{
	if (!is_true)
		abort();
}

static void check(const struct ov_address *a)
{
	const struct ov_str host = { .p = a->host, .n = a->nhost };
	const struct ov_str domain = ov_address_domain(host);

	must(a->n <= sizeof a->text && a->nhost <= sizeof a->host && a->nhost <= a->n);
	must(memcmp(a->text + a->n - a->nhost, a->host, a->nhost) == 0);
	for (size_t i = 0; i < a->nhost; i++)
		must(a->host[i] != '/' && !(a->host[i] >= 'A' && a->host[i] <= 'Z'));
	must(domain.n <= host.n && domain.p + domain.n == host.p + host.n);
	must(domain.n == host.n || domain.p[-1] == '.');
}

static bool on_link(void *ctx, struct ov_str target, struct ov_str shown)
{
	size_t *count = ctx;
	struct ov_address a;

	must(target.n <= OV_LINK_MAX && shown.n <= OV_SHOWN_MAX);
	if (ov_address_real(target, &a))
		check(&a);
	if (ov_address_shown(shown, &a))
		check(&a);
	if (ov_address_shown_end(shown, &a))
		check(&a);
	return ++*count < 1000;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ov_links links; /* large; carries nothing over: each run begins anew */
	const struct ov_str all = { .p = (const char *)data, .n = size };
	size_t count = 0;

	ov_links(&links, ov_cur_of(data, size), on_link, &count);
	must(count <= size);
	(void)on_link(&count, (struct ov_str){ .p = all.p, .n = size > 300 ? 300 : size },
		      (struct ov_str){ .p = all.p, .n = size > 300 ? 300 : size });
	return 0;
}
