#include "proved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store.h"
#include "text.h"
#include "updater.h"

static ov_status why(struct proved *p, ov_status s, const char *what, const char *detail)
{
	(void)snprintf(p->why, sizeof p->why, "%s: %s", what, detail);
	return s;
}

/* A file whose bytes live as long as `p`. */
static ov_status read_kept(struct proved *p, const char *name, size_t max, struct ov_str *out)
{
	struct ov_buf b = ov_buf_of(2 * max);
	ov_status s = ov_store_read(p->folder, name, max, &b);

	if (s == OV_OK)
		s = ov_arena_str(&p->arena, ov_buf_text(&b), out);
	ov_buf_free(&b);
	return s;
}

static ov_status load_root(struct proved *p, uint64_t version, struct ov_root **out)
{
	struct ov_str text;
	char name[40];

	(void)snprintf(name, sizeof name, "root/%llu", (unsigned long long)version);
	OV_TRY(read_kept(p, name, OV_NOTE_MAX, &text));
	OV_TRY(ov_arena_new(&p->arena, out));
	return ov_root_parse(p->h, text, &p->arena, *out, NULL);
}

/* A root that expired since takes nothing back from what it proved: the clock stops before that.
 * Against an empty memory: it must stand by itself. */
static ov_status judge(struct proved *p, const struct ov_root *root, struct ov_str proof,
		       struct ov_judgement *j)
{
	static const struct ov_memory fresh;
	const uint64_t clock = updater_now(), floor = p->memory.floor;
	const uint64_t now = clock > floor ? clock : floor;
	const uint64_t last = root->expires > 0 ? root->expires - 1 : 0;

	return ov_judge(p->h, root, &fresh, proof, now < last ? now : last, &p->arena, j);
}

static ov_status load_times(struct proved *p)
{
	uint32_t log;

	OV_TRY(ov_arena_array(&p->arena, p->root->policy.nmembers + 1, &p->times));
	memset(p->times, 0, (p->root->policy.nmembers + 1) * sizeof *p->times);
	return ov_policy_verify(&p->root->policy, &p->j.proof.note, p->j.proof.checkpoint.origin,
				UINT64_MAX, &log, p->times);
}

static ov_status load(struct proved *p)
{
	struct ov_str proof;
	ov_status s = ov_store_read(p->folder, "memory", 1 << 19, &p->memory_text);

	if (s == OV_END)
		return why(p, OV_END, p->folder, "nothing was updated here yet");
	if (s != OV_OK)
		return why(p, s, p->folder, "its memory can't be read");
	if (ov_memory_parse(ov_buf_text(&p->memory_text), &p->memory) != OV_OK)
		return why(p, OV_BAD, p->folder, "its memory is damaged");
	s = load_root(p, p->memory.root, &p->root);
	if (s != OV_OK)
		return why(p, s, p->folder, "the root file in force can't be read");
	s = read_kept(p, "proof", 1 << 19, &proof);
	if (s == OV_END)
		return why(p, OV_END, p->folder, "no proof was accepted yet");
	if (s == OV_OK)
		s = judge(p, p->root, proof, &p->j);
	if (s != OV_OK)
		return why(p, s, p->folder, "the stored proof can't be read");
	if (p->j.refusal != OV_TAKEN)
		return why(p, OV_BAD, "the stored proof does not verify",
			   ov_refusal_text(p->j.refusal));
	return load_times(p);
}

ov_status proved_open(const char *folder, struct proved *p)
{
	memset(p, 0, sizeof *p);
	p->folder = folder;
	p->memory_text = ov_buf_of(1 << 20);
	ov_arena_init(&p->arena, 64 << 20);
	OV_TRY(ov_hasher_new(OV_SHA256, &p->h));
	return load(p);
}

void proved_close(struct proved *p)
{
	ov_hasher_free(&p->h);
	ov_arena_free(&p->arena);
	ov_buf_free(&p->memory_text);
}

ov_status proved_taken(struct proved *p, const uint8_t sha256[OV_SHA256_BYTES],
		       struct ov_judgement *j)
{
	char hex[2 * OV_SHA256_BYTES + 1], name[96];
	struct ov_str proof;

	ov_hex_encode(sha256, OV_SHA256_BYTES, hex);
	(void)snprintf(name, sizeof name, "db/%s.proof", hex);
	OV_TRY(read_kept(p, name, 1 << 19, &proof));
	for (uint64_t v = p->memory.root; v > 0; v--) { /* by files that are here */
		struct ov_root *root = NULL;

		if (load_root(p, v, &root) != OV_OK)
			return OV_END;
		OV_TRY(judge(p, root, proof, j));
		if (j->refusal == OV_TAKEN)
			return OV_OK;
	}
	return OV_END;
}

const struct ov_state_artifact *proved_find(const struct ov_state *s,
					    const uint8_t sha256[OV_SHA256_BYTES])
{
	for (uint32_t i = 0; i < s->nartifacts; i++)
		if (memcmp(s->artifacts[i].sha256, sha256, OV_SHA256_BYTES) == 0)
			return &s->artifacts[i];
	return NULL;
}
