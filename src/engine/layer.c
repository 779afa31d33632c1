/* A layer: its type, its facts, its digests, and what hash signatures and allow lists say of them.
 */
#include "engine_int.h"

#include <string.h>

#include "checked.h"
#include "text.h"
#include "trust.h"

/* Digest of [off, off + len) of a source, in windows when it is not in memory. */
static ov_status digest_range(struct ov_engine *e, const struct ov_src *src, uint64_t off,
			      uint64_t len, enum ov_digest_kind k, uint8_t out[OV_DIGEST_MAX])
{
	struct ov_hasher *h = e->hasher[k];

	if (off > src->size || len > src->size - off)
		return OV_SHORT;
	if (src->mem != NULL || len == 0)
		return ov_hasher_once(h, src->mem != NULL ? src->mem + off : NULL, (size_t)len,
				      out);
	OV_TRY(ov_hasher_start(h));
	while (len > 0) {
		const size_t want = (size_t)ov_min_u64(len, OV_WINDOW);

		if (ov_budget_late(&e->budget))
			return OV_LIMIT;
		OV_TRY(ov_src_read(src, off, e->window.p, want));
		OV_TRY(ov_hasher_add(h, e->window.p, want));
		off += want;
		len -= want;
	}
	return ov_hasher_end(h, out);
}

ov_status ov_layer_digest(struct ov_engine *e, struct ov_node *n, enum ov_digest_kind k)
{
	if (n->has_digest[k])
		return OV_OK;
	OV_TRY(digest_range(e, &n->src, 0, n->src.size, k, n->digest[k]));
	n->has_digest[k] = true;
	return OV_OK;
}

static bool listed(struct ov_engine *e, struct ov_node *n)
{
	for (int k = 0; k < OV_DIGEST_KINDS; k++) {
		const struct ov_hashset *h = &e->db->hashes[OV_USE_ALLOW][k];
		uint32_t token;

		if (!ov_hashset_wants(h, n->src.size))
			continue;
		if (ov_layer_digest(e, n, (enum ov_digest_kind)k) != OV_OK)
			continue; /* can't prove that it is trusted, so it is not */
		ov_touch(e, 1);
		if (ov_hashset_find(h, n->digest[k], n->src.size, &token))
			return true;
	}
	return false;
}

bool ov_layer_allowed(struct ov_engine *e, struct ov_node *n)
{
	if (n->view_of != NULL)
		return (!n->sees_raw_size && listed(e, n)) || ov_layer_allowed(e, n->view_of);
	for (struct ov_node *at = n; at != NULL; at = at->parent) {
		if (at->allowed == 0)
			at->allowed = listed(e, at) ? 1 : -1;
		if (at->allowed == 1 || ov_trust_allows(e, at))
			return true;
	}
	return false;
}

/* Rebuilds a hash signature's own text: "digest:size:name", or size first for sections. */
static ov_status hash_text(struct ov_engine *e, enum ov_rule_kind kind, const uint8_t *digest,
			   enum ov_digest_kind k, uint64_t size, struct ov_str name,
			   struct ov_str *out)
{
	struct ov_buf b = ov_buf_of(4096);
	char hex[2 * OV_DIGEST_MAX + 1];
	ov_status s;

	ov_hex_encode(digest, ov_digest_size(k), hex);
	if (kind == OV_RULE_SECTION_HASH)
		s = ov_buf_fmt(&b, "%llu:%s:%.*s", (unsigned long long)size, hex, (int)name.n,
			       name.p);
	else
		s = ov_buf_fmt(&b, "%s:%llu:%.*s", hex, (unsigned long long)size, (int)name.n,
			       name.p);
	if (s == OV_OK)
		s = ov_arena_str(&e->scratch, (struct ov_str){ .p = (char *)b.p, .n = b.n }, out);
	ov_buf_free(&b);
	return s;
}

static ov_status report_hash(struct ov_engine *e, struct ov_node *n, enum ov_rule_kind kind,
			     uint32_t token, const uint8_t *digest, enum ov_digest_kind k,
			     uint64_t off, uint64_t size)
{
	struct ov_report_detection d = {
		.kind = kind, .rule = UINT32_MAX, .off = off, .len = size
	};
	struct ov_odb_hash_name name;

	ov_odb_hash_name(e->db, token, &name);
	OV_TRY(ov_arena_str(&e->report_arena, name.name, &d.name));
	d.source = name.source;
	d.line = name.line;
	OV_TRY(hash_text(e, kind, digest, k, size, name.name, &d.rule_text));
	return ov_report_detection(e, n, &d);
}

static ov_status section_hashes(struct ov_engine *e, struct ov_node *n)
{
	for (uint32_t i = 0; i < n->exe.nsections && !e->is_done; i++) {
		const struct ov_section *s = &n->exe.sections[i];

		for (int k = 0; k < OV_DIGEST_KINDS && s->size > 0 && !e->is_done; k++) {
			const struct ov_hashset *h = &e->db->hashes[OV_USE_SECTION][k];
			uint8_t digest[OV_DIGEST_MAX];
			uint32_t token;

			if (!ov_hashset_wants(h, s->size))
				continue;
			OV_TRY(digest_range(e, &n->src, s->off, s->size, (enum ov_digest_kind)k,
					    digest));
			ov_touch(e, 1);
			if (ov_hashset_find(h, digest, s->size, &token))
				OV_TRY(report_hash(e, n, OV_RULE_SECTION_HASH, token, digest,
						   (enum ov_digest_kind)k, s->off, s->size));
		}
	}
	return OV_OK;
}

/* The import hash, of each kind that the database asks for. Its "size" is that of the hashed text.
 */
static ov_status import_hashes(struct ov_engine *e, struct ov_node *n)
{
	for (int k = 0; k < OV_DIGEST_KINDS && !e->is_done; k++) {
		const struct ov_hashset *h = &e->db->hashes[OV_USE_IMPORT][k];
		uint8_t digest[OV_DIGEST_MAX];
		uint64_t size = 0;
		uint32_t token;
		ov_status s;

		if (h->count == 0)
			continue;
		s = ov_exe_imphash(&n->exe, e->hasher[k], digest, &size);
		if (s == OV_END)
			return OV_OK; /* imports nothing */
		OV_TRY(s);
		ov_touch(e, 1);
		if (ov_hashset_find(h, digest, size, &token))
			OV_TRY(report_hash(e, n, OV_RULE_IMPORT_HASH, token, digest,
					   (enum ov_digest_kind)k, 0, size));
	}
	return OV_OK;
}

ov_status ov_layer_hashes(struct ov_engine *e, struct ov_node *n)
{
	for (int k = 0; k < OV_DIGEST_KINDS && !e->is_done; k++) {
		const struct ov_hashset *h = &e->db->hashes[OV_USE_FILE][k];
		uint32_t token;

		if (!ov_hashset_wants(h, n->src.size))
			continue;
		OV_TRY(ov_layer_digest(e, n, (enum ov_digest_kind)k));
		ov_touch(e, 1);
		if (ov_hashset_find(h, n->digest[k], n->src.size, &token))
			OV_TRY(report_hash(e, n, OV_RULE_HASH, token, n->digest[k],
					   (enum ov_digest_kind)k, 0, n->src.size));
	}
	if (n->has_exe && n->type == OV_T_MSEXE && !e->is_done)
		OV_TRY(section_hashes(e, n));
	if (n->has_exe && n->type == OV_T_MSEXE && !e->is_done)
		OV_TRY(import_hashes(e, n));
	return OV_OK;
}

void ov_layer_classify(struct ov_engine *e, struct ov_node *n)
{
	uint8_t head_bytes[OV_TYPE_HEAD] OV_SCRATCH;
	struct ov_cur head;
	size_t got = 0;

	if (n->src.mem != NULL || n->src.size == 0) {
		head = ov_cur_of(n->src.mem, (size_t)ov_min_u64(n->src.size, OV_TYPE_HEAD));
	} else {
		if (ov_src_read_upto(&n->src, 0, head_bytes, sizeof head_bytes, &got) != OV_OK)
			ov_report_incomplete(e, n, OVERT_UNREADABLE, (struct ov_str){ 0 },
					     "its beginning could not be read");
		head = ov_cur_of(head_bytes, got);
	}
	n->type = ov_type_detect(head, &n->src);
	if (n->hint != OV_T_BINARY_DATA &&
	    (ov_type_nature(n->type) == OV_NATURE_TEXT || n->type == OV_T_BINARY_DATA))
		n->type = n->hint;
	ov_layer_magic(e, n, head);
	n->has_exe = false;
	if (ov_type_nature(n->type) == OV_NATURE_EXE) {
		const ov_status s = ov_exe_read(n->type, &n->src, &n->arena, &n->exe);

		n->has_exe = s == OV_OK;
		if (s == OV_LIMIT || s == OV_NOMEM || s == OV_IO)
			ov_report_incomplete(e, n, ov_reason_of(s), (struct ov_str){ 0 },
					     "its program headers could not be read completely");
		else if (n->has_exe && n->exe.is_capped && n->exe.nsections >= OV_EXE_SECTIONS_MAX)
			ov_report_incomplete(
			    e, n, OVERT_LIMIT_SIZE, (struct ov_str){ 0 },
			    "it has more sections than are looked at: signatures that "
			    "ask for the others can't tell");
	}
}
