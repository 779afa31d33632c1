/* The names of the engine's switches. A test holds them against --help. */
#include "switches.h"

#include <string.h>

#include "str.h"

struct name {
	const char *name;
	uint64_t bits;
};

#define BIT(n) (UINT64_C(1) << (n))

static const struct name alerts[] = {
	{ "encrypted", BIT(OVERT_ALERT_ENCRYPTED_ARCHIVE) | BIT(OVERT_ALERT_ENCRYPTED_DOC) },
	{ "encrypted-archive", BIT(OVERT_ALERT_ENCRYPTED_ARCHIVE) },
	{ "encrypted-document", BIT(OVERT_ALERT_ENCRYPTED_DOC) },
	{ "broken", BIT(OVERT_ALERT_BROKEN) },
	{ "broken-media", BIT(OVERT_ALERT_BROKEN_MEDIA) },
	{ "macros", BIT(OVERT_ALERT_MACROS) },
	{ "limits", BIT(OVERT_ALERT_LIMITS) },
	{ "phishing-ssl", BIT(OVERT_ALERT_PHISHING_SSL) },
	{ "phishing-cloak", BIT(OVERT_ALERT_PHISHING_CLOAK) },
	{ "partitions", BIT(OVERT_ALERT_PARTITIONS) },
	{ "structured", BIT(OVERT_ALERT_STRUCTURED) },
	{ "all", BIT(OVERT_ALERT_COUNT) - 1 },
	{ NULL, 0 },
};

static const struct name features[] = {
	{ "pe", BIT(OVERT_FEATURE_PE) },
	{ "elf", BIT(OVERT_FEATURE_ELF) },
	{ "mail", BIT(OVERT_FEATURE_MAIL) },
	{ "html", BIT(OVERT_FEATURE_HTML) },
	{ "pdf", BIT(OVERT_FEATURE_PDF) },
	{ "swf", BIT(OVERT_FEATURE_SWF) },
	{ "ole2", BIT(OVERT_FEATURE_OLE2) },
	{ "xmldocs", BIT(OVERT_FEATURE_XMLDOCS) },
	{ "hwp3", BIT(OVERT_FEATURE_HWP3) },
	{ "onenote", BIT(OVERT_FEATURE_ONENOTE) },
	{ "image", BIT(OVERT_FEATURE_IMAGE) },
	{ "image-hash", BIT(OVERT_FEATURE_IMAGE_HASH) },
	{ "normalise", BIT(OVERT_FEATURE_NORMALISE) },
	{ "heuristics", BIT(OVERT_FEATURE_HEURISTICS) },
	{ "phishing-signatures", BIT(OVERT_FEATURE_PHISHING_SIGNATURES) },
	{ "phishing-urls", BIT(OVERT_FEATURE_PHISHING_URLS) },
	{ "certificates", BIT(OVERT_FEATURE_CERTIFICATES) },
	{ NULL, 0 },
};

static const struct name severities[] = {
	{ "malware", BIT(OVERT_MALWARE) },
	{ "suspicious", BIT(OVERT_SUSPICIOUS) },
	{ "unwanted", BIT(OVERT_UNWANTED) },
	{ "all", BIT(OVERT_MALWARE) | BIT(OVERT_SUSPICIOUS) | BIT(OVERT_UNWANTED) },
	{ NULL, 0 },
};

static ov_status one(const struct name *table, const char *word, size_t n, uint64_t *bits)
{
	for (; table->name != NULL; table++) {
		if (strlen(table->name) == n && memcmp(table->name, word, n) == 0) {
			*bits |= table->bits;
			return OV_OK;
		}
	}
	return OV_BAD;
}

/* Each text of the list may hold several names with commas between. */
static ov_status all(const struct name *table, const struct cli_list *names, uint64_t *bits,
		     const char **wrong)
{
	for (size_t i = 0; i < names->n; i++) {
		const char *at = names->v[i];

		for (;;) {
			const size_t n = strcspn(at, ",");

			if (one(table, at, n, bits) != OV_OK) {
				*wrong = names->v[i];
				return OV_BAD;
			}
			if (at[n] == '\0')
				break;
			at += n + 1;
		}
	}
	return OV_OK;
}

ov_status cli_alerts(const struct cli_list *names, uint64_t *bits, const char **wrong)
{
	*bits = 0;
	return all(alerts, names, bits, wrong);
}

ov_status cli_features(const struct cli_list *names, uint64_t *bits, const char **wrong)
{
	*bits = 0;
	return all(features, names, bits, wrong);
}

ov_status cli_severities(const struct cli_list *names, uint64_t *bits, const char **wrong)
{
	*bits = 0;
	return all(severities, names, bits, wrong);
}
