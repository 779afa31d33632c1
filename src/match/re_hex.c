/*
 * Parser of YARA's hexadecimal strings: bytes, nibbles with `?`, `~` for "not", jumps,
 * alternatives, comments.
 *
 * A jump that can be longer than RE_CHAIN cuts the string into pieces that are searched each by
 * itself, as YARA does. Numbers of jumps may be decimal or, as in YARA-X, 0x.., 0o.. and with `_`.
 */
#include "re_ast.h"

struct level { /* an open parenthesis; the first is the whole */
	struct re_node *alt, *seq;
	size_t at;
};

struct hexer {
	struct re_parse *p;
	struct level open[RE_DEPTH];
	uint32_t nopen;
	struct re_tree *out;
	uint32_t n; /* pieces that are done */
};

static int digit_of(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Skips white space and comments. @return OV_END at the end of the body. */
static ov_status skip_space(struct re_parse *p)
{
	while (p->at < p->body.n) {
		const char *rest = p->body.p + p->at;
		const size_t left = p->body.n - p->at, start = p->at;

		if (rest[0] == ' ' || (rest[0] >= '\t' && rest[0] <= '\r')) {
			p->at++;
		} else if (left >= 2 && rest[0] == '/' && rest[1] == '/') {
			while (p->at < p->body.n && p->body.p[p->at] != '\n')
				p->at++;
		} else if (left >= 2 && rest[0] == '/' && rest[1] == '*') {
			for (p->at += 2; p->at + 1 < p->body.n; p->at++)
				if (p->body.p[p->at] == '*' && p->body.p[p->at + 1] == '/')
					break;
			if (p->at + 1 >= p->body.n)
				return re_refuse(p, start, "the comment is not closed", NULL);
			p->at += 2;
		} else {
			return OV_OK;
		}
	}
	return OV_END;
}

static ov_status open_level(struct hexer *h, size_t at)
{
	struct level *l;

	if (h->nopen == RE_DEPTH)
		return re_refuse(h->p, at, "alternatives are nested too deeply",
				 "nest at most 127");
	l = &h->open[h->nopen++];
	l->at = at;
	OV_TRY(re_node_new(h->p, RE_ALT, &l->alt));
	return re_node_new(h->p, RE_SEQ, &l->seq);
}

static bool begins_or_ends_with_jump(const struct re_node *seq)
{
	return seq->first->kind == RE_REPEAT || seq->last->kind == RE_REPEAT;
}

static ov_status end_sequence(struct hexer *h, struct level *l)
{
	if (l->seq->first == NULL)
		return re_refuse(h->p, h->p->at, "bytes are missing here", NULL);
	if (begins_or_ends_with_jump(l->seq))
		return re_refuse(h->p, h->p->at, "a jump must stand between bytes",
				 "leave out jumps at the beginning and the end");
	re_append(l->alt, l->seq);
	return OV_OK;
}

/* One of the two signs of a byte. @return false when it is none. */
static bool read_nibble(const struct re_parse *p, size_t at, uint8_t *value, uint8_t *mask)
{
	const int d = at < p->body.n ? digit_of(p->body.p[at]) : -1;

	if (at < p->body.n && p->body.p[at] == '?') {
		*value = *mask = 0;
		return true;
	}
	*value = (uint8_t)(d & 15);
	*mask = 15;
	return d >= 0;
}

static ov_status read_byte(struct hexer *h, bool negated)
{
	struct re_parse *p = h->p;
	uint8_t high, low, high_mask, low_mask;
	struct re_node *n;

	if (!read_nibble(p, p->at, &high, &high_mask))
		return re_refuse(p, p->at, "this is no hexadecimal digit",
				 "bytes are two digits or `?` each");
	if (!read_nibble(p, p->at + 1, &low, &low_mask))
		return re_refuse(p, p->at, "a byte has two digits", "write `?` for an open one");
	OV_TRY(re_node_new(p, RE_MASK, &n));
	n->value = (uint8_t)(high << 4 | low);
	n->mask = (uint8_t)(high_mask << 4 | low_mask);
	n->negated = negated;
	if (n->mask == 0 && negated)
		return re_refuse(p, p->at, "`~??` is no byte at all", NULL);
	if (n->mask == 0)
		n->kind = RE_ANY;
	else if (n->mask == 0xff && !negated)
		n->kind = RE_BYTE;
	p->at += 2;
	re_append(h->open[h->nopen - 1].seq, n);
	return OV_OK;
}

/* A number with its base. @return OV_END when there is none. */
static ov_status read_number(struct re_parse *p, uint32_t *out)
{
	const char *s = p->body.p;
	const size_t start = p->at;
	unsigned base = 10;
	uint64_t v = 0;
	bool any = false;

	if (p->at + 1 < p->body.n && s[p->at] == '0' && (s[p->at + 1] | 0x20) == 'x')
		base = 16;
	else if (p->at + 1 < p->body.n && s[p->at] == '0' && (s[p->at + 1] | 0x20) == 'o')
		base = 8;
	p->at += base == 10 ? 0 : 2;
	for (; p->at < p->body.n; p->at++) {
		const int d = digit_of(s[p->at]);

		if (any && s[p->at] == '_')
			continue;
		if (d < 0 || (unsigned)d >= base)
			break;
		any = true;
		v = v * base + (unsigned)d;
		if (v >= INT32_MAX)
			return re_refuse(p, start, "the jump is too long", NULL);
	}
	if (!any && base != 10)
		return re_refuse(p, start, "digits are missing here", NULL);
	*out = (uint32_t)v;
	return any ? OV_OK : OV_END;
}

static ov_status expect(struct re_parse *p, char c)
{
	const ov_status s = skip_space(p);

	if (s == OV_BAD)
		return s;
	if (s == OV_END || p->body.p[p->at] != c)
		return OV_END;
	p->at++;
	return OV_OK;
}

struct jump {
	uint32_t min, max;
	size_t at;
};

/* `[n]`, `[n-m]`, `[n-]`, `[-]`; the cursor stands behind the bracket. */
static ov_status read_jump(struct re_parse *p, struct jump *j)
{
	static const char how[] = "write [n], [n-m], [n-] or [-]";
	ov_status s, number;

	j->at = p->at - 1;
	s = skip_space(p);
	if (s == OV_BAD)
		return s;
	number = read_number(p, &j->min);
	if (number == OV_BAD)
		return number;
	s = expect(p, '-');
	if (s == OV_BAD)
		return s;
	j->max = j->min;
	if (s == OV_OK) {
		s = skip_space(p);
		if (s == OV_BAD)
			return s;
		s = read_number(p, &j->max);
		if (s == OV_BAD)
			return s;
		if (s == OV_END)
			j->max = RE_INF;
		if (number == OV_END) {
			j->min = 0;
			if (j->max != RE_INF)
				return re_refuse(p, j->at, "the jump has no lower bound",
						 "write [0-m]");
		}
	} else if (number == OV_END || j->min == 0) {
		return re_refuse(p, j->at, "the jump has no length", how);
	}
	s = expect(p, ']');
	if (s == OV_END)
		s = re_refuse(p, j->at, "the jump is not closed", how);
	OV_TRY(s);
	return j->max < j->min
		   ? re_refuse(p, j->at, "the jump ends before it begins", "write [smaller-larger]")
		   : OV_OK;
}

/* The pieces up to here are one, a new one begins behind the gap. */
static ov_status cut(struct hexer *h, const struct jump *j)
{
	struct level *l = &h->open[0];

	if (h->n + 1 >= RE_PIECES)
		return re_refuse(h->p, j->at, "there are too many long jumps", "at most 255");
	OV_TRY(end_sequence(h, l));
	h->out[h->n++].root = l->seq;
	l->seq->parent = NULL;
	l->alt->first = l->alt->last = NULL;
	h->out[h->n] = (struct re_tree){ .gap_min = j->min, .gap_max = j->max };
	return re_node_new(h->p, RE_SEQ, &l->seq);
}

static uint32_t plus(uint32_t a, uint32_t b)
{
	return a >= RE_INF - b ? RE_INF : a + b;
}

/* Jumps that follow each other are one. */
static void join_jumps(struct hexer *h, struct jump *j)
{
	struct re_node *seq = h->open[h->nopen - 1].seq, *before = seq->last;

	if (before == NULL || before->kind != RE_REPEAT)
		return;
	j->min = plus(j->min, before->min);
	j->max = plus(j->max, before->max);
	seq->last = before->prev;
	if (seq->last != NULL)
		seq->last->next = NULL;
	else
		seq->first = NULL;
}

static ov_status add_jump(struct hexer *h)
{
	struct re_parse *p = h->p;
	struct jump j = { 0 };
	struct re_node *rep, *any;
	struct level *l = &h->open[h->nopen - 1];

	p->at++;
	OV_TRY(read_jump(p, &j));
	join_jumps(h, &j);
	if (l->seq->first == NULL && h->nopen == 1 && h->n > 0) {
		h->out[h->n].gap_min = plus(h->out[h->n].gap_min, j.min);
		h->out[h->n].gap_max = plus(h->out[h->n].gap_max, j.max);
		return OV_OK;
	}
	if (l->seq->first == NULL)
		return re_refuse(p, j.at, "a jump must stand between bytes",
				 "leave out jumps at the beginning and the end");
	if (j.max > RE_CHAIN) {
		if (h->nopen > 1)
			return re_refuse(p, j.at, "a jump inside alternatives is at most 200 bytes",
					 "write it outside of the parentheses");
		return cut(h, &j);
	}
	OV_TRY(re_node_new(p, RE_REPEAT, &rep));
	OV_TRY(re_node_new(p, RE_ANY, &any));
	rep->min = j.min;
	rep->max = j.max;
	re_append(rep, any);
	re_append(l->seq, rep);
	return OV_OK;
}

static void append_flat(struct re_node *seq, struct re_node *n)
{
	if (n->kind != RE_SEQ) {
		re_append(seq, n);
		return;
	}
	for (struct re_node *c = n->first, *next; c != NULL; c = next) {
		next = c->next;
		re_append(seq, c);
	}
}

static ov_status close_level(struct hexer *h)
{
	struct level *l = &h->open[h->nopen - 1];
	struct re_node *n;

	if (h->nopen == 1)
		return re_refuse(h->p, h->p->at, "a parenthesis closes that was not opened", NULL);
	OV_TRY(end_sequence(h, l));
	h->p->at++;
	h->nopen--;
	n = l->alt->first->next != NULL ? l->alt : l->alt->first;
	n->parent = NULL;
	append_flat(h->open[h->nopen - 1].seq, n);
	return OV_OK;
}

static ov_status read_next(struct hexer *h)
{
	struct re_parse *p = h->p;
	struct level *l = &h->open[h->nopen - 1];
	const size_t at = p->at;

	switch (p->body.p[at]) {
	case '(':
		p->at++;
		return open_level(h, at);
	case ')':
		return close_level(h);
	case '|':
		if (h->nopen == 1)
			return re_refuse(p, at, "alternatives stand in parentheses",
					 "write ( .. | .. )");
		OV_TRY(end_sequence(h, l));
		p->at++;
		return re_node_new(p, RE_SEQ, &l->seq);
	case '[':
		return add_jump(h);
	case '~':
		p->at++;
		return read_byte(h, true);
	default:
		return read_byte(h, false);
	}
}

ov_status re_parse_hex(struct re_parse *p, struct re_tree *out, uint32_t *n)
{
	struct hexer *h = NULL;
	ov_status s;

	OV_TRY(ov_arena_new(p->arena, &h));
	h->p = p;
	h->out = out;
	out[0] = (struct re_tree){ 0 };
	OV_TRY(open_level(h, 0));
	while ((s = skip_space(p)) == OV_OK)
		OV_TRY(read_next(h));
	if (s != OV_END)
		return s;
	if (h->nopen > 1)
		return re_refuse(p, h->open[h->nopen - 1].at, "a parenthesis is not closed", NULL);
	OV_TRY(end_sequence(h, &h->open[0]));
	out[h->n].root = h->open[0].seq;
	out[h->n].root->parent = NULL;
	*n = h->n + 1;
	for (uint32_t i = 0; i < *n; i++)
		OV_TRY(re_measure(p, &out[i]));
	return OV_OK;
}
