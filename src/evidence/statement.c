/*
 * in-toto statements: who says that which files, by digest, were made of what. Plain JSON; the
 * payload of a DSSE envelope; or the text of a signed note (tlog/note.h), whose signatures stand
 * behind an empty line. Signatures are not looked at here: an envelope that is handed over as such
 * (OV_EV_ENVELOPE) is taken apart for those who have keys, and its payload is left alone.
 *
 * Documents: in-toto attestation framework, Statement v1 (and v0.1); SLSA provenance v1; DSSE.
 */
#include "b64.h"
#include "doc.h"
#include "ev_sources.h"

#define STATEMENT_MAX ((size_t)16 << 20)

static bool head_has(const struct ov_ev_file *f, const char *word)
{
	return memmem(f->head.base, f->head.len, word, strlen(word)) != NULL;
}

bool ov_ev_statement_wants(const struct ov_ev_file *f)
{
	if (f->head.len == 0 || f->head.base[0] != '{')
		return false;
	return head_has(f, "in-toto.io/Statement/") || ov_str_is(f->path, OV_EV_ENVELOPE) ||
	       (head_has(f, "\"payloadType\"") && head_has(f, "vnd.in-toto+json")) ||
	       /* the payload may come first: base64 of {"_type" */
	       (head_has(f, "\"payload\"") && head_has(f, "eyJfdHlwZSI"));
}

/* What stands before a note's signatures: an empty line, then lines that begin with a dash. */
static struct ov_cur text_of(struct ov_cur c)
{
	static const char mark[] = "\n\n\xe2\x80\x94 ";
	const uint8_t *end = memmem(c.base, c.len, mark, sizeof mark - 1);

	return end != NULL ? ov_cur_of(c.base, (size_t)(end - c.base)) : c;
}

static ov_status unwrap(struct ov_ev *e, struct ov_doc **root)
{
	const struct ov_str payload = ov_doc_text(*root, "payload");
	uint8_t *bytes;
	size_t n = 0;

	if (payload.n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&e->arena, payload.n, &bytes));
	OV_TRY(ov_b64_decode(payload, bytes, payload.n, &n));
	return ov_doc_json(ov_cur_of(bytes, n), &e->arena, root);
}

static struct ov_str at(const struct ov_doc *root, const char *path, const char *key)
{
	return ov_doc_text(ov_doc_path(root, path), key);
}

static void add_field(struct ov_ev *e, struct ov_ev_found *x, const char *name, struct ov_str value)
{
	if (value.n > 0)
		ov_ev_add(x, OV_EV_FIELD, OV_E2,
			  ov_ev_fmt(e, "%s=%.*s", name, (int)ov_min_size(value.n, 512), value.p),
			  OV_STR("predicate"));
}

/* Pieces of the payload's base64 that fit a record's text. */
#define PIECE ((size_t)12000)
#define PIECES_MAX 40
#define SIGNATURES_MAX 16

static ov_status take_apart(struct ov_ev *e, const struct ov_doc *root)
{
	const struct ov_doc *sigs = ov_doc_get(root, "signatures");
	struct ov_str rest = ov_doc_text(root, "payload");
	struct ov_ev_found x;
	unsigned n = 0;

	if (rest.n == 0 || ov_doc_text(root, "payloadType").n == 0)
		return OV_END;
	if (rest.n > PIECE * PIECES_MAX)
		return OV_LIMIT;
	ov_ev_begin(&x, OV_WHAT_CONFIG, OV_STR(OV_EV_ENVELOPE));
	x.c.state = OV_STATE_NAMED;
	x.c.key = OV_STR(OV_EV_ENVELOPE);
	ov_ev_add(&x, OV_EV_FIELD, OV_E0, ov_doc_text(root, "payloadType"), OV_STR("type"));
	for (; rest.n > 0; n++) {
		const struct ov_str piece = { rest.p, ov_min_size(rest.n, PIECE) };

		ov_ev_add_detail(&x, OV_EV_FIELD, OV_E0, piece, OV_STR("payload"),
				 ov_ev_fmt(e, "%u", n).p);
		rest = (struct ov_str){ rest.p + piece.n, rest.n - piece.n };
	}
	n = 0;
	for (const struct ov_doc *s = sigs != NULL ? sigs->child : NULL; s != NULL;
	     s = s->next, n++)
		if (n == SIGNATURES_MAX)
			return OV_LIMIT;
		else
			ov_ev_add_detail(&x, OV_EV_FIELD, OV_E0, ov_doc_text(s, "sig"),
					 OV_STR("sig"), ov_ev_fmt(e, "%u", n).p);
	return ov_ev_emit(e, &x);
}

ov_status ov_ev_statement_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_doc *root = NULL;
	struct ov_ev_found x;
	struct ov_str type;
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, STATEMENT_MAX, &c));
	OV_TRY(ov_doc_json(text_of(c), &e->arena, &root));
	if (ov_str_is(f->path, OV_EV_ENVELOPE))
		return take_apart(e, root);
	OV_TRY(unwrap(e, &root));
	type = ov_doc_text(root, "_type");
	if (!ov_str_is(type, "https://in-toto.io/Statement/v1") &&
	    !ov_str_is(type, "https://in-toto.io/Statement/v0.1"))
		return type.n > 0 ? OV_UNSUPPORTED : OV_END;
	ov_ev_begin(&x, OV_WHAT_STATEMENT, ov_doc_text(root, "predicateType"));
	x.c.supplier = at(root, "predicate/runDetails/builder", "id");
	x.c.version = at(root, "predicate/buildDefinition/externalParameters", "version");
	x.c.state = OV_STATE_NAMED;
	x.c.key = ov_ev_fmt(e, "statement:%.*s", (int)ov_min_size(f->path.n, 8192), f->path.p);
	add_field(e, &x, "commit",
		  at(root, "predicate/buildDefinition/externalParameters", "commit"));
	add_field(e, &x, "source",
		  at(root, "predicate/buildDefinition/externalParameters", "source"));
	for (const struct ov_doc *s =
		 ov_doc_get(root, "subject") != NULL ? ov_doc_get(root, "subject")->child : NULL;
	     s != NULL; s = s->next)
		ov_ev_add(&x, OV_EV_SHA256, OV_E2, at(s, "digest", "sha256"),
			  ov_doc_text(s, "name"));
	return ov_ev_emit(e, &x);
}
