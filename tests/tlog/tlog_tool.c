/*
 * For interop.py: the log library as a program, to be held against Go's. Leaf i is "leaf <i>\n",
 * the key is that of the interoperability vectors.
 *
 *   tlog_tool root N              root in hexadecimal
 *   tlog_tool prove I N           proof hashes in base64, one a line
 *   tlog_tool grow M N            the same, of consistency
 *   tlog_tool checkpoint N        signed note on standard output
 *   tlog_tool open VKEY           reads a note; "good TEXT-BYTES" or the status
 *   tlog_tool verify I N          reads proof lines; "good" when they lead from leaf I to the root
 *   tlog_tool verify-grow M N     the same, of consistency
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "b64.h"
#include "checkpoint.h"
#include "text.h"

struct tool {
	struct ov_hasher *h;
	struct ov_merkle_hash *levels[40]; /* complete subtrees */
	uint64_t n;
};

static ov_status build(struct tool *t, uint64_t n)
{
	t->n = n;
	for (unsigned l = 0; l < 40; l++) {
		const uint64_t count = n >> l;

		if (count == 0)
			break;
		t->levels[l] = calloc(count, sizeof *t->levels[l]);
		if (t->levels[l] == NULL)
			return OV_NOMEM;
		for (uint64_t i = 0; i < count; i++) {
			char text[40];
			const int len =
			    snprintf(text, sizeof text, "leaf %llu\n", (unsigned long long)i);

			if (l == 0)
				OV_TRY(ov_merkle_leaf(t->h, text, (size_t)len, &t->levels[0][i]));
			else
				OV_TRY(ov_merkle_node(t->h, &t->levels[l - 1][2 * i],
						      &t->levels[l - 1][2 * i + 1],
						      &t->levels[l][i]));
		}
	}
	return OV_OK;
}

static ov_status read_hash(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out)
{
	struct tool *t = ctx;

	if (level >= 40 || index >= t->n >> level)
		return OV_BUG;
	*out = t->levels[level][index];
	return OV_OK;
}

static ov_status root_of(struct tool *t, uint64_t n, struct ov_merkle_hash *out)
{
	return n == 0 ? ov_merkle_empty(t->h, out) : ov_merkle_range(t->h, read_hash, t, 0, n, out);
}

static ov_status put_proof(const struct ov_merkle_proof *p)
{
	for (size_t i = 0; i < p->n; i++) {
		struct ov_buf b = ov_buf_of(100);

		OV_TRY(ov_b64_encode(&b, p->h[i].b, OV_MERKLE_HASH));
		printf("%.*s\n", (int)b.n, (char *)b.p);
		ov_buf_free(&b);
	}
	return OV_OK;
}

static ov_status get_proof(struct ov_merkle_proof *p)
{
	char line[200];

	p->n = 0;
	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		if (p->n == OV_MERKLE_PROOF_MAX)
			return OV_LIMIT;
		OV_TRY(ov_checkpoint_hash(ov_str_of(line), &p->h[p->n]));
		p->n++;
	}
	return OV_OK;
}

static ov_status checkpoint(struct tool *t, uint64_t n)
{
	struct ov_checkpoint c = { .origin = OV_STR("overt.example/db"), .size = n };
	static const char label[] = "overt interop test";
	struct ov_buf b = ov_buf_of(4096), sig = ov_buf_of(4096);
	uint8_t seed[OV_DIGEST_MAX];
	struct ov_skey key;

	OV_TRY(ov_hasher_once(t->h, label, sizeof label - 1, seed));
	OV_TRY(ov_skey_make(t->h, c.origin, OV_KEY_PLAIN, seed, &key));
	OV_TRY(root_of(t, n, &c.root));
	OV_TRY(ov_checkpoint_write(&c, &b));
	OV_TRY(ov_note_sign(&key, (struct ov_str){ (char *)b.p, b.n }, 0, &sig));
	printf("%.*s\n%.*s", (int)b.n, (char *)b.p, (int)sig.n, (char *)sig.p);
	ov_buf_free(&b);
	ov_buf_free(&sig);
	return OV_OK;
}

static ov_status open_note(struct tool *t, const char *vkey)
{
	static char text[OV_NOTE_MAX];
	const size_t n = fread(text, 1, sizeof text, stdin);
	struct ov_vkey key;
	struct ov_note_key known = { .key = &key };
	struct ov_arena a;
	struct ov_note note;
	ov_status s;

	OV_TRY(ov_vkey_parse(t->h, ov_str_of(vkey), &key));
	ov_arena_init(&a, 1 << 20);
	s = ov_note_parse((struct ov_str){ text, n }, &a, &note);
	if (s == OV_OK)
		s = ov_note_verify(&note, &known, 1);
	if (s == OV_OK)
		printf("good %zu\n", note.text.n);
	else
		printf("%s\n", ov_status_name(s));
	ov_arena_free(&a);
	return OV_OK;
}

static ov_status proofs(struct tool *t, const char *what, uint64_t m, uint64_t n)
{
	struct ov_merkle_hash root, old;
	struct ov_merkle_proof p;
	ov_status s;

	if (strcmp(what, "prove") == 0) {
		OV_TRY(ov_merkle_prove(t->h, read_hash, t, m, n, &p));
		return put_proof(&p);
	}
	if (strcmp(what, "grow") == 0) {
		OV_TRY(ov_merkle_prove_growth(t->h, read_hash, t, m, n, &p));
		return put_proof(&p);
	}
	OV_TRY(get_proof(&p));
	OV_TRY(root_of(t, n, &root));
	if (strcmp(what, "verify") == 0) {
		s = ov_merkle_verify(t->h, &p, m, n, &t->levels[0][m], &root);
	} else {
		OV_TRY(root_of(t, m, &old));
		s = ov_merkle_verify_growth(t->h, &p, m, &old, n, &root);
	}
	printf("%s\n", s == OV_OK ? "good" : ov_status_name(s));
	return OV_OK;
}

static ov_status run(struct tool *t, int argc, char **argv)
{
	uint64_t a = 0, b = 0;
	struct ov_merkle_hash root;
	char hex[65];

	if (argc == 3 && strcmp(argv[1], "open") == 0)
		return open_note(t, argv[2]);
	if (argc < 3 || ov_text_u64(ov_str_of(argv[2]), &a) != OV_OK ||
	    (argc > 3 && ov_text_u64(ov_str_of(argv[3]), &b) != OV_OK))
		return OV_BAD;
	OV_TRY(build(t, argc > 3 ? b : a));
	if (argc > 3)
		return proofs(t, argv[1], a, b);
	if (strcmp(argv[1], "checkpoint") == 0)
		return checkpoint(t, a);
	OV_TRY(root_of(t, a, &root));
	ov_hex_encode(root.b, sizeof root.b, hex);
	printf("%s\n", hex);
	return OV_OK;
}

int main(int argc, char **argv)
{
	struct tool t = { .h = NULL };
	ov_status s = ov_hasher_new(OV_SHA256, &t.h);

	if (s == OV_OK)
		s = run(&t, argc, argv);
	for (size_t i = 0; i < 40; i++)
		free(t.levels[i]);
	ov_hasher_free(&t.h);
	if (s != OV_OK)
		fprintf(stderr, "tlog_tool: %s\n", ov_status_name(s));
	return s == OV_OK ? 0 : 1;
}
