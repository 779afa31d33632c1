/*
 * clamscan's options, all that its version 1.4 has. Rows that store to `nothing` are accepted and
 * change nothing; the program says once which of them were given. A yes/no row's `min` is
 * clamscan's default.
 */
#include "clam.h"

#include <string.h>

#define AT(member) offsetof(struct clam_settings, member)
#define LIMIT(which) CLI_LIMIT(struct clam_settings, which)
#define FEATURE(which) AT(features[which])
#define ALERT(which) AT(alerts[which])
#define NOTHING AT(nothing)

/* clang-format off */
static const struct cli_option options[] = {
	{ "General", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	CLI_HELP_OPTION,
	{ "version", 'V', CLI_FLAG, AT(version), NULL, "print the version", NULL, 0, 0 },
	{ "verbose", 'v', CLI_FLAG, AT(verbose), NULL, "be verbose", NULL, 0, 0 },
	{ "archive-verbose", 'a', CLI_FLAG, AT(archive_verbose), NULL, "show names inside archives", NULL, 0, 0 },
	{ "debug", 0, CLI_FLAG, NOTHING, NULL, "no effect", NULL, 0, 0 },
	{ "quiet", 0, CLI_FLAG, AT(quiet), NULL, "only errors", NULL, 0, 0 },
	{ "stdout", 0, CLI_FLAG, AT(to_stdout), NULL, "messages to standard output", NULL, 0, 0 },
	{ "no-summary", 0, CLI_FLAG, AT(no_summary), NULL, "no summary at the end", NULL, 0, 0 },
	{ "infected", 'i', CLI_FLAG, AT(infected), NULL, "only infected files", NULL, 0, 0 },
	{ "suppress-ok-results", 'o', CLI_FLAG, AT(hides_ok), NULL, "no OK lines", NULL, 0, 0 },
	{ "bell", 0, CLI_FLAG, AT(bell), NULL, "sound the bell on detection", NULL, 0, 0 },
	{ "tempdir", 0, CLI_TEXT, NOTHING, "DIR", "no effect: no temporary files are made", NULL, 0, 0 },
	{ "leave-temps", 0, CLI_YESNO, NOTHING, NULL, "no effect: no temporary files are made", NULL, 0, 0 },
	{ "force-to-disk", 0, CLI_YESNO, NOTHING, NULL, "no effect: no temporary files are made", NULL, 0, 0 },
	{ "gen-json", 0, CLI_YESNO, NOTHING, NULL, "no effect; see overt scan --format jsonl", NULL, 0, 0 },
	{ "database", 'd', CLI_LIST, AT(engine.databases), "FILE", "use this database file or folder", NULL, 0, 0 },
	{ "official-db-only", 0, CLI_YESNO, AT(official_only), NULL, "refuse databases that are not signed", NULL, 0, 0 },
	{ "fail-if-cvd-older-than", 0, CLI_NUMBER, AT(oldest_days), "DAYS", "fail when a signed database is older", NULL, 0, 0 },
	{ "log", 'l', CLI_TEXT, AT(log), "FILE", "also write the report to FILE", NULL, 0, 0 },
	{ "recursive", 'r', CLI_YESNO, AT(recursive), NULL, "scan folders below folders", NULL, 0, 0 },
	{ "allmatch", 'z', CLI_YESNO, AT(all_matches), NULL, "go on in a file after a match", NULL, 0, 0 },
	{ "cross-fs", 0, CLI_YESNO, AT(cross_fs), NULL, "other file systems as well (default yes)", NULL, 1, 0 },
	{ "follow-dir-symlinks", 0, CLI_NUMBER, AT(follow_dirs), "0|1|2", "never, given ones (default), always", NULL, 0, 2 },
	{ "follow-file-symlinks", 0, CLI_NUMBER, AT(follow_files), "0|1|2", "never, given ones (default), always", NULL, 0, 2 },
	{ "file-list", 'f', CLI_TEXT, AT(file_list), "FILE", "scan the files listed in FILE", NULL, 0, 0 },
	{ "remove", 0, CLI_YESNO, AT(remove), NULL, "remove infected files", NULL, 0, 0 },
	{ "move", 0, CLI_TEXT, AT(move), "DIR", "move infected files into DIR", NULL, 0, 0 },
	{ "copy", 0, CLI_TEXT, AT(copy), "DIR", "copy infected files into DIR", NULL, 0, 0 },
	{ "exclude", 0, CLI_LIST, AT(exclude), "REGEX", "no files whose path matches", NULL, 0, 0 },
	{ "exclude-dir", 0, CLI_LIST, AT(exclude_dir), "REGEX", "no folders whose path matches", NULL, 0, 0 },
	{ "include", 0, CLI_LIST, AT(include), "REGEX", "only files whose path matches", NULL, 0, 0 },
	{ "include-dir", 0, CLI_LIST, AT(include_dir), "REGEX", "only folders whose path matches", NULL, 0, 0 },
	{ "Signatures", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "bytecode", 0, CLI_YESNO, NOTHING, NULL, "no effect: bytecode is counted and not run", NULL, 1, 0 },
	{ "bytecode-unsigned", 0, CLI_YESNO, NOTHING, NULL, "no effect: bytecode is not run", NULL, 0, 0 },
	{ "bytecode-timeout", 0, CLI_NUMBER, NOTHING, "N", "no effect: bytecode is not run", NULL, 0, 0 },
	{ "statistics", 0, CLI_TEXT, NOTHING, "WHAT", "no effect", NULL, 0, 0 },
	{ "detect-pua", 0, CLI_YESNO, AT(pua), NULL, "possibly unwanted applications", NULL, 0, 0 },
	{ "exclude-pua", 0, CLI_LIST, AT(exclude_pua), "CAT", "not this category of --detect-pua", NULL, 0, 0 },
	{ "include-pua", 0, CLI_LIST, AT(include_pua), "CAT", "only this category of --detect-pua", NULL, 0, 0 },
	{ "detect-structured", 0, CLI_YESNO, ALERT(OVERT_ALERT_STRUCTURED), NULL, "credit card and US social security numbers", NULL, 0, 0 },
	{ "structured-ssn-format", 0, CLI_NUMBER, AT(ssn_format), "0|1|2", "with dashes (default), without, both", NULL, 0, 2 },
	{ "structured-ssn-count", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MIN_SSNS), "N", "social security numbers that are too many (3)", NULL, 1, 0 },
	{ "structured-cc-count", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MIN_CARDS), "N", "card numbers that are too many (3)", NULL, 1, 0 },
	{ "structured-cc-mode", 0, CLI_NUMBER, LIMIT(OVERT_OPT_CARDS_ONLY), "0|1", "credit and debit cards (default), credit only", NULL, 0, 1 },
	{ "scan-mail", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_MAIL), NULL, "open messages (default yes)", NULL, 1, 0 },
	{ "phishing-sigs", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_PHISHING_SIGNATURES), NULL, "signatures of phishing (default yes)", NULL, 1, 0 },
	{ "phishing-scan-urls", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_PHISHING_URLS), NULL, "look at links of messages (default yes)", NULL, 1, 0 },
	{ "heuristic-alerts", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_HEURISTICS), NULL, "names that begin with Heuristics (default yes)", NULL, 1, 0 },
	{ "heuristic-scan-precedence", 0, CLI_YESNO, AT(heuristics_first), NULL, "a heuristic ends the scan of a file", NULL, 0, 0 },
	{ "normalize", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_NORMALISE), NULL, "normalise HTML, scripts and text (default yes)", NULL, 1, 0 },
	{ "scan-pe", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_PE), NULL, "facts of Windows programs (default yes)", NULL, 1, 0 },
	{ "scan-elf", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_ELF), NULL, "facts of ELF programs (default yes)", NULL, 1, 0 },
	{ "scan-ole2", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_OLE2), NULL, "open OLE2 documents (default yes)", NULL, 1, 0 },
	{ "scan-pdf", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_PDF), NULL, "open PDF documents (default yes)", NULL, 1, 0 },
	{ "scan-swf", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_SWF), NULL, "open Flash films (default yes)", NULL, 1, 0 },
	{ "scan-html", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_HTML), NULL, "normalise HTML (default yes)", NULL, 1, 0 },
	{ "scan-xmldocs", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_XMLDOCS), NULL, "open XML documents (default yes)", NULL, 1, 0 },
	{ "scan-hwp3", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_HWP3), NULL, "open HWP3 documents (default yes)", NULL, 1, 0 },
	{ "scan-onenote", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_ONENOTE), NULL, "open OneNote documents (default yes)", NULL, 1, 0 },
	{ "scan-archive", 0, CLI_YESNO, AT(scan_archive), NULL, "look inside archives (default yes)", NULL, 1, 0 },
	{ "scan-image", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_IMAGE), NULL, "look into pictures (default yes)", NULL, 1, 0 },
	{ "scan-image-fuzzy-hash", 0, CLI_YESNO, FEATURE(OVERT_FEATURE_IMAGE_HASH), NULL, "hashes of what pictures look like (default yes)", NULL, 1, 0 },
	{ "Alerts", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "alert-broken", 0, CLI_YESNO, ALERT(OVERT_ALERT_BROKEN), NULL, "damaged programs are infected", NULL, 0, 0 },
	{ "alert-broken-media", 0, CLI_YESNO, ALERT(OVERT_ALERT_BROKEN_MEDIA), NULL, "damaged pictures are infected", NULL, 0, 0 },
	{ "alert-encrypted", 0, CLI_YESNO, AT(alert_encrypted), NULL, "encrypted archives and documents are infected", NULL, 0, 0 },
	{ "alert-encrypted-archive", 0, CLI_YESNO, ALERT(OVERT_ALERT_ENCRYPTED_ARCHIVE), NULL, "encrypted archives are infected", NULL, 0, 0 },
	{ "alert-encrypted-doc", 0, CLI_YESNO, ALERT(OVERT_ALERT_ENCRYPTED_DOC), NULL, "encrypted documents are infected", NULL, 0, 0 },
	{ "alert-macros", 0, CLI_YESNO, ALERT(OVERT_ALERT_MACROS), NULL, "documents with macros are infected", NULL, 0, 0 },
	{ "alert-exceeds-max", 0, CLI_YESNO, ALERT(OVERT_ALERT_LIMITS), NULL, "files over a limit are infected", NULL, 0, 0 },
	{ "alert-phishing-ssl", 0, CLI_YESNO, ALERT(OVERT_ALERT_PHISHING_SSL), NULL, "links that hide a plain target behind https", NULL, 0, 0 },
	{ "alert-phishing-cloak", 0, CLI_YESNO, ALERT(OVERT_ALERT_PHISHING_CLOAK), NULL, "links that hide their target", NULL, 0, 0 },
	{ "alert-partition-intersection", 0, CLI_YESNO, ALERT(OVERT_ALERT_PARTITIONS), NULL, "disk images whose partitions overlap", NULL, 0, 0 },
	{ "nocerts", 0, CLI_FLAG, AT(no_certificates), NULL, "trust and block no publisher by certificate", NULL, 0, 0 },
	{ "dumpcerts", 0, CLI_FLAG, NOTHING, NULL, "no effect", NULL, 0, 0 },
	{ "Limits", 0, CLI_HEAD, 0, NULL, NULL, NULL, 0, 0 },
	{ "max-scantime", 0, CLI_TIME, LIMIT(OVERT_OPT_MAX_SCANTIME), "MS", "time for a file", NULL, 0, 0 },
	{ "max-filesize", 0, CLI_SIZE, LIMIT(OVERT_OPT_MAX_FILESIZE), "SIZE", "bytes of a file or part", NULL, 0, 0 },
	{ "max-scansize", 0, CLI_SIZE, LIMIT(OVERT_OPT_MAX_SCANSIZE), "SIZE", "bytes of a file and its parts", NULL, 0, 0 },
	{ "max-files", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MAX_FILES), "N", "parts of a file", NULL, 0, 0 },
	{ "max-recursion", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MAX_RECURSION), "N", "parts within parts", NULL, 0, 0 },
	{ "max-dir-recursion", 0, CLI_NUMBER, AT(max_dir_depth), "N", "levels of folders", NULL, 0, 0 },
	{ "max-embeddedpe", 0, CLI_SIZE, NOTHING, "SIZE", "no effect: all of a file is searched", NULL, 0, 0 },
	{ "max-htmlnormalize", 0, CLI_SIZE, LIMIT(OVERT_OPT_MAX_HTML), "SIZE", "bytes of HTML that are normalised (40M)", NULL, 0, 0 },
	{ "max-htmlnotags", 0, CLI_SIZE, LIMIT(OVERT_OPT_MAX_HTML_TEXT), "SIZE", "bytes of HTML without tags (8M)", NULL, 0, 0 },
	{ "max-scriptnormalize", 0, CLI_SIZE, LIMIT(OVERT_OPT_MAX_SCRIPT), "SIZE", "bytes of a script that are normalised (20M)", NULL, 0, 0 },
	{ "max-ziptypercg", 0, CLI_SIZE, NOTHING, "SIZE", "no effect: types are told at any size", NULL, 0, 0 },
	{ "max-partitions", 0, CLI_NUMBER, NOTHING, "N", "no effect; see --max-files", NULL, 0, 0 },
	{ "max-iconspe", 0, CLI_NUMBER, LIMIT(OVERT_OPT_MAX_ICONS), "N", "icons of a program (100)", NULL, 0, 0 },
	{ "max-rechwp3", 0, CLI_NUMBER, NOTHING, "N", "no effect; see --max-recursion", NULL, 0, 0 },
	{ "pcre-match-limit", 0, CLI_NUMBER, LIMIT(OVERT_OPT_PCRE_MATCH), "N", "steps of a regular expression (100000)", NULL, 0, 0 },
	{ "pcre-recmatch-limit", 0, CLI_NUMBER, LIMIT(OVERT_OPT_PCRE_DEPTH), "N", "nesting of a regular expression (2000)", NULL, 0, 0 },
	{ "pcre-max-filesize", 0, CLI_SIZE, LIMIT(OVERT_OPT_PCRE_FILESIZE), "SIZE", "bytes that regular expressions are run over", NULL, 0, 0 },
	{ "disable-cache", 0, CLI_FLAG, NOTHING, NULL, "no effect: there is no such cache", NULL, 0, 0 },
	{ NULL, 0, 0, 0, NULL, NULL, NULL, 0, 0 },
};
/* clang-format on */

/* Options that never changed a verdict in clamscan either: nothing is lost, nothing is said. */
static bool is_harmless(const char *name)
{
	static const char *const names[] = { "debug",	      "tempdir",    "leave-temps",
					     "force-to-disk", "statistics", "disable-cache",
					     "help" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static void seen(void *settings, const struct cli_option *o, const char *value)
{
	struct clam_settings *s = settings;
	struct ov_buf *b = &s->without_effect;

	if (o->at != NOTHING || is_harmless(o->name))
		return;
	if (o->kind == CLI_YESNO && (strcmp(value, "yes") == 0) == (o->min == 1))
		return; /* the default, said aloud */
	if (ov_buf_fmt(b, "%s--%s", b->n > 0 ? ", " : "", o->name) != OV_OK)
		b->n = 0;
}

const struct cli_spec cli_clamscan_spec = {
	.command = "overt clamscan",
	.usage = "[OPTION]... [FILE|FOLDER|-]...",
	.intro = "Scans with the options, output lines and exit codes of clamscan 1.4. One "
		 "difference is meant:\n"
		 "a file that was not fully scanned is never OK; it gives a \"Not fully scanned\" "
		 "line and exit 2.",
	.after = "Exit status: 0 nothing found; 1 infected; 2 an error, or something not fully "
		 "scanned.\n"
		 "Manual: man overt-clamscan",
	.options = options,
	.takes_prefix = true,
	.seen = seen,
};
