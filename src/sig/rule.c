#include "rule.h"

const char *ov_rule_kind_name(enum ov_rule_kind k)
{
	switch (k) {
	case OV_RULE_HASH:
		return "hash";
	case OV_RULE_SECTION_HASH:
		return "section";
	case OV_RULE_IMPORT_HASH:
		return "import";
	case OV_RULE_BODY:
		return "body";
	case OV_RULE_LOGICAL:
		return "logical";
	case OV_RULE_CONTAINER:
		return "container";
	case OV_RULE_YARA:
		return "yara";
	case OV_RULE_HEURISTIC:
		return "heuristic";
	case OV_RULE_CERTIFICATE:
		return "certificate";
	default:
		return "unknown";
	}
}
