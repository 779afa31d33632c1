#include "cosign.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cosign_int.h"
#include "text.h"
#include "witness.h"

#define TRIES 2 /* the second with the size that a witness said it has */

char *ov_cosign_address(const struct ov_policy_member *m, const char *endpoint)
{
	const bool slash = m->url.n > 0 && m->url.p[m->url.n - 1] == '/';
	char *url = NULL;

	return asprintf(&url, "%.*s%s%s", (int)m->url.n, m->url.p, slash ? "" : "/", endpoint) < 0
		   ? NULL
		   : url;
}

static ov_status ask(struct ov_cosign_job *j, uint64_t old, int *status)
{
	struct ov_witness_request r = { .old = old };
	char *url;
	ov_status s;

	if (old > j->l->size)
		return OV_BAD;
	OV_TRY(ov_merkle_prove_growth(j->l->h, ov_logdir_hash, j->l, old, j->l->size, &r.proof));
	j->body.n = 0;
	OV_TRY(ov_witness_write(&r, (struct ov_str){ (const char *)j->l->note.p, j->l->note.n },
				&j->body));
	url = ov_cosign_address(j->m, "add-checkpoint");
	if (url == NULL)
		return OV_NOMEM;
	s = ov_fetch_post(j->f, url, "text/plain", j->body.p, j->body.n, OV_COSIGN_ANSWER_MAX,
			  &j->answer, status);
	free(url);
	return s;
}

/* A conflict's body: the size that the witness has. */
static bool told_size(const struct ov_buf *b, uint64_t *size)
{
	struct ov_str s = { (const char *)b->p, b->n };

	if (s.n == 0 || s.p[s.n - 1] != '\n')
		return false;
	s.n--;
	return ov_checkpoint_number(s, size) == OV_OK;
}

/* Keeps the lines of an answer that are this witness's and good. @return how many. */
static ov_status keep_lines(const struct ov_cosign_job *j, struct ov_str text, struct ov_buf *note,
			    uint64_t *time)
{
	struct ov_str rest = { (const char *)j->answer.p, j->answer.n }, line;
	const size_t before = note->n;

	*time = 0;
	while (ov_text_split(&rest, '\n', &line)) {
		OV_CLEANUP(ov_buf_free) struct ov_buf one = ov_buf_of(1 << 17);
		struct ov_note_key key = { .key = &j->m->key };
		struct ov_arena a;
		struct ov_note n;
		ov_status s;

		if (line.n == 0 || line.n > 4096)
			continue;
		OV_TRY(ov_buf_fmt(&one, "%.*s\n%.*s\n", (int)text.n, text.p, (int)line.n, line.p));
		ov_arena_init(&a, 1 << 20);
		s = ov_note_parse(ov_buf_text(&one), &a, &n);
		if (s == OV_OK)
			s = ov_note_verify(&n, &key, 1);
		ov_arena_free(&a);
		if (s == OV_NOMEM)
			return s;
		if (s != OV_OK)
			continue;
		OV_TRY(ov_buf_fmt(note, "%.*s\n", (int)line.n, line.p));
		*time = key.time;
	}
	return note->n > before ? OV_OK : OV_END;
}

static ov_status one_witness(struct ov_cosign_job *j, struct ov_str text, struct ov_buf *note,
			     uint64_t *size, uint64_t *time, int *status)
{
	ov_status s;

	*status = 0;
	for (int i = 0; i < TRIES; i++) {
		s = ask(j, *size, status);

		if (s == OV_NOMEM || s == OV_BUG)
			return s;
		if (s != OV_OK)
			return OV_END;
		if (*status != 409 || !told_size(&j->answer, size))
			break;
	}
	if (*status != 200)
		return OV_END;
	*size = j->l->size;
	s = keep_lines(j, text, note, time);
	if (s != OV_END || j->answer.n != 0)
		return s;
	/* Without a signature: a mirror, which has the checkpoint now and wants the entries. */
	s = ov_cosign_mirror(j, status);
	if (s == OV_OK)
		s = keep_lines(j, text, note, time);
	return s == OV_NOMEM || s == OV_BUG || s == OV_OK ? s : OV_END;
}

ov_status ov_cosign(struct ov_logdir *l, const struct ov_policy *p, struct ov_fetch *f,
		    struct ov_buf *note, uint64_t *sizes, uint64_t *vouched,
		    const struct ov_cosign_caller *who)
{
	uint64_t times[OV_POLICY_MEMBERS] = { 0 };
	struct ov_cosign_job j = { .l = l,
				   .f = f,
				   .patience_seconds = who->patience_seconds,
				   .body = ov_buf_of(64 << 20),
				   .answer = ov_buf_of(1 << 20) };
	const char *end = memmem(note->p, note->n, "\n\n", 2);
	const struct ov_str text = { (const char *)note->p,
				     end != NULL ? (size_t)(end - (const char *)note->p) + 1 : 0 };
	char *copy = strndup(text.p, text.n);
	ov_status s = copy != NULL ? OV_OK : OV_NOMEM;

	j.origin = ov_str_of(copy);
	if (copy != NULL)
		j.origin.n = strcspn(copy, "\n");

	for (uint32_t i = 0; s == OV_OK && i < p->nmembers; i++) {
		int status = 0;

		j.m = &p->members[i];
		if (j.m->is_group || j.m->url.n == 0)
			continue;
		s = one_witness(&j, (struct ov_str){ copy, text.n }, note, &sizes[i], &times[i],
				&status);
		if (who->told != NULL)
			who->told(who->ctx, j.m->name, status, s == OV_OK ? "" : ov_fetch_error(f));
		if (s == OV_END)
			s = OV_OK;
	}
	*vouched = s == OV_OK ? ov_policy_time(p, times) : 0;
	free(copy);
	ov_buf_free(&j.body);
	ov_buf_free(&j.answer);
	return s;
}
