#include "policy.h"

#include <string.h>

#include "text.h"

struct parser {
	struct ov_hasher *h;
	struct ov_arena *a;
	struct ov_policy p;
	const char *why;
	bool has_quorum;
};

static ov_status bad(struct parser *x, const char *why)
{
	x->why = why;
	return OV_BAD;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t';
}

/* The next word of a line; empty at its end. */
static struct ov_str word(struct ov_str *rest)
{
	struct ov_str w;

	while (rest->n > 0 && is_space(*rest->p))
		*rest = (struct ov_str){ rest->p + 1, rest->n - 1 };
	w = (struct ov_str){ rest->p, 0 };
	while (w.n < rest->n && !is_space(w.p[w.n]))
		w.n++;
	if (w.n > 0)
		*rest = (struct ov_str){ rest->p + w.n, rest->n - w.n };
	return w;
}

static bool same_key(const struct ov_vkey *a, const struct ov_vkey *b)
{
	return (a->type == OV_KEY_ML_DSA) == (b->type == OV_KEY_ML_DSA) &&
	       memcmp(a->key, b->key, OV_KEY_BYTES) == 0;
}

/* One key is one log, or one vote. */
static bool is_free(const struct parser *x, const struct ov_vkey *k, bool is_log)
{
	for (uint32_t i = 0; is_log && i < x->p.nlogs; i++)
		if (same_key(&x->p.logs[i].key, k))
			return false;
	for (uint32_t i = 0; !is_log && i < x->p.nmembers; i++)
		if (!x->p.members[i].is_group && same_key(&x->p.members[i].key, k))
			return false;
	return true;
}

static ov_status take_key(struct parser *x, struct ov_str text, bool is_log, struct ov_vkey *out)
{
	const ov_status s = ov_vkey_parse(x->h, text, out);

	if (s == OV_UNSUPPORTED)
		return bad(x, "a key of an unknown type");
	if (s == OV_BAD)
		return bad(x, "a key that is broken, or whose id is another's");
	OV_TRY(s);
	if (!is_free(x, out, is_log))
		return bad(x, "a key that stands above already: one key is one vote");
	return OV_OK;
}

static ov_status take_log(struct parser *x, struct ov_str rest)
{
	struct ov_policy_log *l = &x->p.logs[x->p.nlogs];

	if (x->p.nlogs == OV_POLICY_LOGS)
		return bad(x, "more than 32 logs");
	OV_TRY(take_key(x, word(&rest), true, &l->key));
	if (l->key.type != OV_KEY_PLAIN)
		return bad(x, "a log's key must be Ed25519 (type 1)");
	l->url = word(&rest);
	x->p.nlogs++;
	return word(&rest).n == 0 ? OV_OK : bad(x, "something follows the address");
}

static const uint32_t none = UINT32_MAX;

static uint32_t find_member(const struct parser *x, struct ov_str name)
{
	for (uint32_t i = 0; i < x->p.nmembers; i++)
		if (ov_str_eq(x->p.members[i].name, name))
			return i;
	return none;
}

static ov_status new_member(struct parser *x, struct ov_str name, struct ov_policy_member **out)
{
	if (x->p.nmembers == OV_POLICY_MEMBERS)
		return bad(x, "more than 128 witnesses and groups");
	if (name.n == 0 || ov_str_is(name, "none") || find_member(x, name) != none)
		return bad(x, "a name that is missing, reserved or taken");
	*out = &x->p.members[x->p.nmembers];
	(*out)->name = name;
	return OV_OK;
}

static ov_status take_witness(struct parser *x, struct ov_str rest)
{
	struct ov_policy_member *m = NULL;

	OV_TRY(new_member(x, word(&rest), &m));
	OV_TRY(take_key(x, word(&rest), false, &m->key));
	if (m->key.type == OV_KEY_PLAIN)
		return bad(x, "a witness's key must be a cosigner's (type 4)");
	m->url = word(&rest);
	x->p.nmembers++;
	return word(&rest).n == 0 ? OV_OK : bad(x, "something follows the address");
}

static ov_status take_members(struct parser *x, struct ov_str rest, struct ov_policy_member *m)
{
	uint32_t *list = NULL;

	OV_TRY(ov_arena_array(x->a, x->p.nmembers + 1, &list));
	for (struct ov_str w = word(&rest); w.n > 0; w = word(&rest)) {
		const uint32_t i = find_member(x, w);

		if (i == none)
			return bad(x, "a member that does not stand above");
		if (x->p.members[i].is_taken)
			return bad(x, "a member that belongs to a group already");
		x->p.members[i].is_taken = true;
		list[m->nbelow++] = i;
	}
	m->below = list;
	return m->nbelow > 0 ? OV_OK : bad(x, "a group without members");
}

static ov_status take_group(struct parser *x, struct ov_str rest)
{
	struct ov_policy_member *m = NULL;
	struct ov_str want;

	OV_TRY(new_member(x, word(&rest), &m));
	want = word(&rest);
	m->is_group = true;
	OV_TRY(take_members(x, rest, m));
	if (ov_str_is(want, "any"))
		m->want = 1;
	else if (ov_str_is(want, "all"))
		m->want = m->nbelow;
	else if (ov_text_u32(want, m->nbelow, &m->want) != OV_OK || m->want == 0)
		return bad(x, "a group wants any, all, or a number from 1 to its members'");
	x->p.nmembers++;
	return OV_OK;
}

static ov_status take_quorum(struct parser *x, struct ov_str rest)
{
	const struct ov_str name = word(&rest);

	if (x->has_quorum)
		return bad(x, "a second quorum");
	x->has_quorum = true;
	x->p.needs_none = ov_str_is(name, "none");
	if (!x->p.needs_none) {
		x->p.quorum = find_member(x, name);
		if (x->p.quorum == none)
			return bad(x, "the quorum's name does not stand above");
	}
	return word(&rest).n == 0 ? OV_OK : bad(x, "something follows the quorum");
}

static ov_status take_line(struct parser *x, struct ov_str line)
{
	static const struct {
		const char *name;
		ov_status (*take)(struct parser *, struct ov_str);
	} kinds[] = { { "log", take_log },
		      { "witness", take_witness },
		      { "group", take_group },
		      { "quorum", take_quorum } };
	struct ov_str rest = line, head;

	for (size_t i = 0; i < line.n; i++)
		if (((unsigned char)line.p[i] < ' ' && line.p[i] != '\t') || line.p[i] == 0x7f)
			return bad(x, "a control character");
	head = word(&rest);
	if (head.n == 0 || head.p[0] == '#')
		return OV_OK;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (ov_str_is(head, kinds[i].name))
			return kinds[i].take(x, rest);
	return bad(x, "neither log, witness, group nor quorum");
}

static ov_status parse(struct parser *x, struct ov_str bytes, uint32_t *number)
{
	struct ov_str rest = bytes, line;

	*number = 0;
	if (bytes.n == 0 || bytes.n > OV_NOTE_MAX || bytes.p[bytes.n - 1] != '\n')
		return bad(x, "it is empty, larger than 64 KiB, or its last line has no end");
	rest.n--;
	OV_TRY(ov_arena_array(x->a, OV_POLICY_MEMBERS, &x->p.members));
	memset(x->p.members, 0, OV_POLICY_MEMBERS * sizeof *x->p.members);
	while (ov_text_split(&rest, '\n', &line)) {
		++*number;
		OV_TRY(take_line(x, line));
	}
	*number = 0;
	if (!x->has_quorum)
		return bad(x, "it has no quorum line");
	return OV_OK;
}

ov_status ov_policy_parse(struct ov_hasher *h, struct ov_str bytes, struct ov_arena *a,
			  struct ov_policy *out, uint32_t *line, const char **why)
{
	struct parser x = { .h = h, .a = a, .why = "it is larger than its limits" };
	uint32_t number;
	const ov_status s = parse(&x, bytes, &number);

	if (s == OV_OK)
		*out = x.p;
	if (line != NULL)
		*line = number;
	if (why != NULL)
		*why = x.why;
	return s;
}

/* The k-th largest of a group's values. Values of members are ready: they stand before it. */
static uint64_t kth(const struct ov_policy_member *m, const uint64_t *values)
{
	uint64_t best = 0;

	for (uint32_t i = 0; i < m->nbelow; i++) {
		const uint64_t v = values[m->below[i]];
		uint32_t as_new = 0;

		for (uint32_t k = 0; k < m->nbelow; k++)
			as_new += values[m->below[k]] >= v;
		if (as_new >= m->want && v > best)
			best = v;
	}
	return best;
}

uint64_t ov_policy_time(const struct ov_policy *p, const uint64_t *times)
{
	uint64_t values[OV_POLICY_MEMBERS] = { 0 };

	if (p->needs_none)
		return UINT64_MAX;
	for (uint32_t i = 0; i < p->nmembers; i++)
		values[i] = p->members[i].is_group ? kth(&p->members[i], values) : times[i];
	return values[p->quorum];
}

/* The log whose key signed; a known key that is wrong refuses the note. */
static ov_status find_log(const struct ov_policy *p, const struct ov_note *n, struct ov_str origin,
			  uint32_t *log)
{
	bool found = false;

	for (uint32_t i = 0; i < p->nlogs; i++) {
		struct ov_note_key key = { .key = &p->logs[i].key };
		const ov_status s = ov_note_verify(n, &key, 1);

		if (s != OV_OK && s != OV_END)
			return s;
		if (s == OV_OK && ov_str_eq(key.key->name, origin) && !found) {
			found = true;
			*log = i;
		}
	}
	return found ? OV_OK : OV_END;
}

ov_status ov_policy_verify(const struct ov_policy *p, const struct ov_note *n, struct ov_str origin,
			   uint64_t ignore_after, uint32_t *log, uint64_t *times)
{
	OV_TRY(find_log(p, n, origin, log));
	for (uint32_t i = 0; i < p->nmembers; i++) {
		struct ov_note_key key = { .key = &p->members[i].key };
		ov_status s;

		times[i] = 0;
		if (p->members[i].is_group)
			continue;
		s = ov_note_verify(n, &key, 1);
		if (s != OV_OK && s != OV_END)
			return s;
		if (s == OV_OK && key.time <= ignore_after)
			times[i] = key.time;
	}
	return OV_OK;
}
