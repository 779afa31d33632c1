/* Switches of the engine by name: parts that can be left out, alerts that can be asked for. */
#ifndef OV_CLI_SWITCHES_H
#define OV_CLI_SWITCHES_H

#include <stdbool.h>
#include <stdint.h>

#include "overt/features.h"

#include "opts.h"

/**
 * Bits of enum overt_alert for names such as "encrypted" or "broken,limits", with "all" for each.
 *
 * @param wrong  Set to the text that is no name, when OV_BAD.
 */
OV_MUST_USE ov_status cli_alerts(const struct cli_list *names, uint64_t *bits, const char **wrong);

/** Bits of enum overt_feature for names such as "pdf" or "mail,html". */
OV_MUST_USE ov_status cli_features(const struct cli_list *names, uint64_t *bits,
				   const char **wrong);

/** Bits of enum overt_severity for names such as "suspicious" or "suspicious,unwanted", with "all".
 */
OV_MUST_USE ov_status cli_severities(const struct cli_list *names, uint64_t *bits,
				     const char **wrong);

#define CLI_ALERT_NAMES                                                                            \
	"encrypted, encrypted-archive, encrypted-document, broken,\n"                              \
	"broken-media, macros, limits, phishing-ssl, phishing-cloak,\n"                            \
	"partitions, structured (card and US social security\nnumbers), or all"
#define CLI_FEATURE_NAMES                                                                          \
	"pe, elf, mail, html, pdf, swf, ole2, xmldocs, hwp3,\n"                                    \
	"onenote, image, image-hash, normalise, heuristics,\n"                                     \
	"phishing-signatures, phishing-urls, certificates"

#endif
