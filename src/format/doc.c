/* Trees of documents: building and looking. See doc.h. */
#include "doc.h"

#include "text.h"

ov_status ov_doc_add(struct ov_arena *a, struct ov_doc *parent, enum ov_doc_kind kind,
		     struct ov_doc **out)
{
	struct ov_doc *n;

	OV_TRY(ov_arena_new(a, &n));
	n->kind = kind;
	n->key = n->text = (struct ov_str){ .p = "", .n = 0 };
	n->parent = parent;
	if (parent != NULL && parent->last != NULL)
		parent->last->next = n;
	else if (parent != NULL)
		parent->child = n;
	if (parent != NULL)
		parent->last = n;
	*out = n;
	return OV_OK;
}

const struct ov_doc *ov_doc_get(const struct ov_doc *n, const char *key)
{
	if (n == NULL)
		return NULL;
	for (n = n->child; n != NULL; n = n->next)
		if (ov_str_is(n->key, key))
			return n;
	return NULL;
}

struct ov_str ov_doc_text(const struct ov_doc *n, const char *key)
{
	const struct ov_doc *x = ov_doc_get(n, key);

	return x != NULL ? x->text : (struct ov_str){ .p = "", .n = 0 };
}

const struct ov_doc *ov_doc_path(const struct ov_doc *n, const char *path)
{
	struct ov_str rest = ov_str_of(path), key;

	while (n != NULL && ov_text_split(&rest, '/', &key)) {
		for (n = n->child; n != NULL; n = n->next)
			if (ov_str_eq(n->key, key))
				break;
	}
	return n;
}

const struct ov_doc *ov_doc_walk(const struct ov_doc *n, const struct ov_doc *top)
{
	if (n->child != NULL)
		return n->child;
	while (n != top && n->next == NULL)
		n = n->parent;
	return n == top ? NULL : n->next;
}
