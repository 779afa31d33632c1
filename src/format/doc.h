/*
 * Documents as trees: JSON (RFC 8259), XML (1.0, without DTD and entities but the five), CBOR (RFC
 * 8949). One kind of node, so that readers of SBOMs need not know which syntax they came in.
 *
 *   JSON   { "name": "x" }     object > string, key "name", text "x"
 *   XML    <name a="1">x</name>  element, key "name" without its prefix, text "x" > attribute "a"
 *   CBOR   { 1: "x" }          object > string, key "1", text "x"
 *
 * Nothing recurses. Nodes come from the arena, so its budget bounds them. What is broken ends the
 * reading: the tree up to there stays usable, and the status tells.
 */
#ifndef OV_EV_DOC_H
#define OV_EV_DOC_H

#include "arena.h"
#include "cursor.h"
#include "status.h"
#include "str.h"

#define OV_DOC_DEPTH 512

enum ov_doc_kind {
	OV_DOC_OBJECT = 0, /* also an XML element */
	OV_DOC_ARRAY,
	OV_DOC_TEXT, /* also an XML attribute, CBOR bytes */
	OV_DOC_OTHER /* number, true, false, null: its text as it stands */
};

struct ov_doc {
	enum ov_doc_kind kind;
	struct ov_str key, text;
	struct ov_doc *parent, *child, *last, *next;
	uint64_t tag; /* CBOR */
};

/** Each reads the whole document. *root is set in any case but OV_NOMEM and OV_LIMIT at the first
 * node, and may then be NULL. @return OV_OK; OV_SHORT, OV_BAD; OV_LIMIT: too deep or too large;
 * OV_NOMEM. */
OV_MUST_USE ov_status ov_doc_json(struct ov_cur in, struct ov_arena *a, struct ov_doc **root);
OV_MUST_USE ov_status ov_doc_xml(struct ov_cur in, struct ov_arena *a, struct ov_doc **root);
OV_MUST_USE ov_status ov_doc_cbor(struct ov_cur in, struct ov_arena *a, struct ov_doc **root);

/** First child of that key; NULL when there is none, or `n` is NULL. */
const struct ov_doc *ov_doc_get(const struct ov_doc *n, const char *key);
/** Its text, "" when it is not there. */
struct ov_str ov_doc_text(const struct ov_doc *n, const char *key);
/** Down several keys, "a/b/c". */
const struct ov_doc *ov_doc_path(const struct ov_doc *n, const char *path);
/** The next node in document order, below `top`: for walks through all of it. NULL at the end. */
const struct ov_doc *ov_doc_walk(const struct ov_doc *n, const struct ov_doc *top);

/** For readers: a new node at the end of `parent`'s children. */
OV_MUST_USE ov_status ov_doc_add(struct ov_arena *a, struct ov_doc *parent, enum ov_doc_kind kind,
				 struct ov_doc **out);

#endif
