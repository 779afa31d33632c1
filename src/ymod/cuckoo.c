/*
 * cuckoo: what a file did in a sandbox, by the report that `-x cuckoo=FILE` gives. Without a report
 * nothing was done. Source: YARA's manual, and Debian's yara 4.2.3 for the places in the report.
 */
#include <stdio.h>

#include "doc.h"
#include "ymod.h"
#include "ymod_give.h"

struct report {
	const struct ov_doc *root; /* NULL: none, or no JSON */
	bool is_broken;
};

static ov_status load(struct ov_yenv *env, unsigned module, const struct report **out)
{
	struct report *r = env->state[module];

	if (r == NULL) {
		struct ov_doc *root = NULL;
		ov_status s = OV_OK;

		OV_TRY(ov_arena_new(env->arena, &r));
		OV_TRY(ov_ymod_spend(env, env->data[module].len));
		if (env->data[module].len > 0)
			s = ov_doc_json(env->data[module], env->arena, &root);
		if (s != OV_OK && s != OV_SHORT && s != OV_BAD)
			return s;
		r->is_broken = s != OV_OK;
		r->root = root;
		if (r->is_broken)
			ov_ymod_note(env, OV_BAD, "the report for the module cuckoo is no JSON");
		env->state[module] = r;
	}
	*out = r;
	return OV_OK;
}

static ov_status matches(struct ov_yenv *env, const struct ov_yval *regex, struct ov_str s,
			 bool *is)
{
	struct ov_ymatch m;
	const ov_status st =
	    ov_re_find(env->search, regex->regex, (const uint8_t *)(s.p != NULL ? s.p : ""), s.n,
		       env->steps, &m);

	*is = st == OV_OK;
	return st == OV_END ? OV_OK : st;
}

/* What a row of a list must have besides the text that is looked at. */
struct wanted {
	const char *list, *text; /* text NULL: the row is the text itself */
	const char *key;	 /* a text that must be there ... */
	const char *value;	 /* ... and be this; NULL: any */
	int64_t port;		 /* "dport" must be this; -1: any */
};

static bool is_row(const struct ov_doc *row, const struct wanted *w)
{
	char port[24];
	size_t n = 0;

	if (w->text == NULL)
		return row->kind == OV_DOC_TEXT;
	if (ov_doc_get(row, w->text) == NULL || (w->key != NULL && ov_doc_get(row, w->key) == NULL))
		return false;
	if (w->value != NULL) {
		const struct ov_str v = ov_doc_text(row, w->key);

		for (; n < v.n && w->value[n] != '\0'; n++)
			if ((v.p[n] | 0x20) != w->value[n])
				return false;
		if (n != v.n || w->value[n] != '\0')
			return false;
	}
	if (w->port < 0)
		return true;
	(void)snprintf(port, sizeof port, "%lld", (long long)w->port);
	return ov_str_is(ov_doc_text(row, "dport"), port);
}

static ov_status any(struct ov_yenv *env, unsigned module, const struct ov_yval *args,
		     const struct wanted *w, bool *found)
{
	const struct report *r = NULL;
	const struct ov_doc *list;

	*found = false;
	OV_TRY(load(env, module, &r));
	list = ov_doc_path(r->root, w->list);
	for (const struct ov_doc *n = list != NULL ? list->child : NULL; n != NULL && !*found;
	     n = n->next) {
		OV_TRY(ov_ymod_spend(env, 1));
		if (is_row(n, w))
			OV_TRY(matches(env, &args[0],
				       w->text != NULL ? ov_doc_text(n, w->text) : n->text, found));
	}
	return OV_OK;
}

static ov_status answer(struct ov_yenv *env, unsigned module, bool found, struct ov_yval *out)
{
	const struct report *r = NULL;

	OV_TRY(load(env, module, &r));
	return r->is_broken ? OV_OK : ov_give_int(out, found);
}

#define ASK(name, ...)                                                                             \
	OV_CALL(name)                                                                              \
	{                                                                                          \
		const struct wanted w = { __VA_ARGS__ };                                           \
		bool found = false;                                                                \
                                                                                                   \
		OV_UNUSED_CALL();                                                                  \
		OV_TRY(any(env, module, args, &w, &found));                                        \
		return answer(env, module, found, out);                                            \
	}

ASK(http_request, "network/http", "uri", "method", NULL, -1)
ASK(http_get, "network/http", "uri", "method", "get", -1)
ASK(http_post, "network/http", "uri", "method", "post", -1)
ASK(http_user_agent, "network/http", "user-agent", NULL, NULL, -1)
ASK(host, "network/hosts", NULL, NULL, NULL, -1)
ASK(tcp, "network/tcp", "dst", "dport", NULL, args[1].i)
ASK(udp, "network/udp", "dst", "dport", NULL, args[1].i)
ASK(key_access, "behavior/summary/keys", NULL, NULL, NULL, -1)
ASK(file_access, "behavior/summary/files", NULL, NULL, NULL, -1)
ASK(mutex, "behavior/summary/mutexes", NULL, NULL, NULL, -1)

/* Newer reports tell domains, older ones lookups. */
OV_CALL(dns_lookup)
{
	const struct wanted domains = { "network/domains", "domain", NULL, NULL, -1 };
	const struct wanted dns = { "network/dns", "hostname", NULL, NULL, -1 };
	const struct report *r = NULL;
	bool found = false;

	OV_UNUSED_CALL();
	OV_TRY(load(env, module, &r));
	OV_TRY(any(env, module, args, ov_doc_path(r->root, domains.list) != NULL ? &domains : &dns,
		   &found));
	return answer(env, module, found, out);
}

OV_SIGS(http_request_sigs, { "r", OV_Y_INT, http_request });
OV_SIGS(http_get_sigs, { "r", OV_Y_INT, http_get });
OV_SIGS(http_post_sigs, { "r", OV_Y_INT, http_post });
OV_SIGS(http_user_agent_sigs, { "r", OV_Y_INT, http_user_agent });
OV_SIGS(dns_lookup_sigs, { "r", OV_Y_INT, dns_lookup });
OV_SIGS(host_sigs, { "r", OV_Y_INT, host });
OV_SIGS(tcp_sigs, { "ri", OV_Y_INT, tcp });
OV_SIGS(udp_sigs, { "ri", OV_Y_INT, udp });
OV_SIGS(key_access_sigs, { "r", OV_Y_INT, key_access });
OV_SIGS(file_access_sigs, { "r", OV_Y_INT, file_access });
OV_SIGS(mutex_sigs, { "r", OV_Y_INT, mutex });

static const struct ov_yfield network_fields[] = {
	OV_F_FUNC("dns_lookup", dns_lookup_sigs),
	OV_F_FUNC("http_get", http_get_sigs),
	OV_F_FUNC("http_post", http_post_sigs),
	OV_F_FUNC("http_request", http_request_sigs),
	OV_F_FUNC("http_user_agent", http_user_agent_sigs),
	OV_F_FUNC("host", host_sigs),
	OV_F_FUNC("tcp", tcp_sigs),
	OV_F_FUNC("udp", udp_sigs),
};
OV_YTYPE(network, "cuckoo.network");

static const struct ov_yfield registry_fields[] = { OV_F_FUNC("key_access", key_access_sigs) };
OV_YTYPE(registry, "cuckoo.registry");
static const struct ov_yfield filesystem_fields[] = { OV_F_FUNC("file_access", file_access_sigs) };
OV_YTYPE(filesystem, "cuckoo.filesystem");
static const struct ov_yfield sync_type_fields[] = { OV_F_FUNC("mutex", mutex_sigs) };
OV_YTYPE(sync_type, "cuckoo.sync");

static const struct ov_yfield root_fields[] = {
	OV_F_STRUCT("sync", NULL, sync_type),
	OV_F_STRUCT("filesystem", NULL, filesystem),
	OV_F_STRUCT("registry", NULL, registry),
	OV_F_STRUCT("network", NULL, network),
};
OV_YTYPE(root, "cuckoo");

const struct ov_ymodule ov_ymod_cuckoo = { "cuckoo", &root };
