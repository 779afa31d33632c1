/* Asking: the question and its ways are the C library's resolver's, the answer is read by dns.c. */
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <errno.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns.h"
#include "text.h"

#define SECONDS 5
#define TRIES 2

/* "192.0.2.1:5353" */
static ov_status use_server(struct __res_state *r, const char *server)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(53) };
	struct ov_str rest = ov_str_of(server), host;
	uint32_t port = 53;
	char text[64];

	if (!ov_text_split(&rest, ':', &host) || host.n >= sizeof text)
		return OV_BAD;
	if (rest.p != NULL && (ov_text_u32(rest, 65535, &port) != OV_OK || port == 0))
		return OV_BAD;
	memcpy(text, host.p, host.n);
	text[host.n] = '\0';
	if (inet_pton(AF_INET, text, &to.sin_addr) != 1)
		return OV_BAD;
	to.sin_port = htons((uint16_t)port);
	r->nscount = 1;
	r->nsaddr_list[0] = to;
	return OV_OK;
}

static void name_server(const struct __res_state *r, char out[64])
{
	char text[INET_ADDRSTRLEN] = "";

	if (r->nscount > 0 && inet_ntop(AF_INET, &r->nsaddr_list[0].sin_addr, text, sizeof text))
		(void)snprintf(out, 64, "%s:%u", text, ntohs(r->nsaddr_list[0].sin_port));
	else
		(void)snprintf(out, 64, "the system's server");
}

static ov_status ask(struct __res_state *r, const char *name, struct ov_dns_asked *asked,
		     char out[OV_DNS_TEXT_MAX + 1])
{
	uint8_t question[512], answer[OV_DNS_MESSAGE_MAX];
	const int n = res_nmkquery(r, ns_o_query, name, ns_c_in, ns_t_txt, NULL, 0, NULL, question,
				   sizeof question);
	int got;

	if (n < 12)
		return OV_BAD;
	asked->sent = (uint64_t)n;
	got = res_nsend(r, question, n, answer, sizeof answer);
	if (got < 0)
		return OV_IO;
	if ((size_t)got > sizeof answer) /* what did not fit was cut off */
		return OV_LIMIT;
	asked->received = (uint64_t)got;
	return ov_dns_txt(ov_cur_of(answer, (size_t)got),
			  (uint16_t)((unsigned)question[0] << 8 | question[1]), ov_str_of(name),
			  out);
}

ov_status ov_dns_ask(const char *server, const char *name, struct ov_dns_asked *asked,
		     char out[OV_DNS_TEXT_MAX + 1])
{
	struct __res_state r = { 0 };
	ov_status s = OV_OK;

	memset(asked, 0, sizeof *asked);
	if (res_ninit(&r) != 0)
		return OV_IO;
	r.retrans = SECONDS;
	r.retry = TRIES;
	if (server != NULL)
		s = use_server(&r, server);
	name_server(&r, asked->server);
	if (s == OV_OK)
		s = ask(&r, name, asked, out);
	res_nclose(&r);
	return s;
}
