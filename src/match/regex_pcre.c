/* PCRE2 with a memory cap, match limits and ClamAV's flag letters. See pcre2api(3). */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "regex_pcre.h"

#include <pcre2.h>
#include <stdalign.h>
#include <stdlib.h>

#define REGEX_MAX ((size_t)32 * 1024) /* ClamAV's line buffer: no expression is longer */

struct pool { /* what PCRE2 may allocate */
	size_t used, max;
	bool is_full; /* a request was refused because of `max` */
};

/* Each block remembers its size, so that the pool's sum stays right. */
struct head {
	alignas(max_align_t) size_t bytes;
};

static void *pool_alloc(size_t n, void *ctx)
{
	struct pool *p = ctx;
	struct head *h;

	if (n > SIZE_MAX - sizeof *h || n + sizeof *h > p->max - p->used) {
		p->is_full = true;
		return NULL;
	}
	h = malloc(n + sizeof *h);
	if (h == NULL)
		return NULL;
	h->bytes = n + sizeof *h;
	p->used += h->bytes;
	return h + 1;
}

static void pool_free(void *block, void *ctx)
{
	struct pool *p = ctx;
	struct head *h = block;

	if (h == NULL)
		return;
	h--;
	p->used -= h->bytes;
	free(h);
}

struct ov_pcre_re {
	struct pool pool;
	pcre2_general_context *general;
	pcre2_code *code;
	struct ov_pcre_use use;
};

struct ov_pcre_matcher {
	struct pool pool;
	pcre2_general_context *general;
	pcre2_match_context *context;
	pcre2_match_data *data;
};

/* ClamAV's letters, BodySignatureFormat "PCRE": the upper-case ones are PCRE's own options. */
static bool read_flags(struct ov_str flags, uint32_t *options, struct ov_pcre_use *use)
{
	*options = PCRE2_NEVER_UTF | PCRE2_NEVER_UCP;
	*use = (struct ov_pcre_use){ 0 };
	for (size_t i = 0; i < flags.n; i++) {
		switch (flags.p[i]) {
		case 'g':
			use->is_global = true;
			break;
		case 'r':
			use->is_rolling = true;
			break;
		case 'e':
			use->is_enclosed = true;
			break;
		case 'i':
			*options |= PCRE2_CASELESS;
			break;
		case 's':
			*options |= PCRE2_DOTALL;
			break;
		case 'm':
			*options |= PCRE2_MULTILINE;
			break;
		case 'x':
			*options |= PCRE2_EXTENDED;
			break;
		case 'A':
			*options |= PCRE2_ANCHORED;
			break;
		case 'E':
			*options |= PCRE2_DOLLAR_ENDONLY;
			break;
		case 'U':
			*options |= PCRE2_UNGREEDY;
			break;
		default:
			return false;
		}
	}
	return true;
}

static ov_status compile(struct ov_pcre_re *re, struct ov_str regex, uint32_t options,
			 const char **why)
{
	pcre2_compile_context *context;
	int error = 0;
	size_t at = 0;

	re->general = pcre2_general_context_create(pool_alloc, pool_free, &re->pool);
	context = re->general != NULL ? pcre2_compile_context_create(re->general) : NULL;
	if (context == NULL)
		return re->pool.is_full ? OV_LIMIT : OV_NOMEM;
	(void)pcre2_set_parens_nest_limit(context, 200);
	(void)pcre2_set_max_pattern_length(context, REGEX_MAX);
	re->code = pcre2_compile((PCRE2_SPTR)regex.p, regex.n, options, &error, &at, context);
	pcre2_compile_context_free(context);
	if (re->code != NULL)
		return OV_OK;
	*why = "the regular expression is malformed";
	if (re->pool.is_full || error == PCRE2_ERROR_HEAP_FAILED) {
		*why = "the regular expression takes too much memory";
		return re->pool.is_full ? OV_LIMIT : OV_NOMEM;
	}
	return OV_BAD;
}

ov_status ov_pcre_compile(struct ov_str regex, struct ov_str flags, size_t max_bytes,
			  struct ov_pcre_re **out, const char **why)
{
	const char *reason = "out of memory";
	struct ov_pcre_re *re = NULL;
	uint32_t options = 0;
	ov_status s = OV_NOMEM;

	re = calloc(1, sizeof *re);
	if (re == NULL)
		goto out;
	re->pool.max = max_bytes;
	s = OV_BAD;
	reason = "an unknown flag of a regular expression";
	if (!read_flags(flags, &options, &re->use))
		goto out;
	reason = "the regular expression is too long";
	s = OV_LIMIT;
	if (regex.n > REGEX_MAX)
		goto out;
	s = compile(re, regex, options, &reason);
out:
	if (s == OV_OK) {
		*out = re;
		return OV_OK;
	}
	if (why != NULL)
		*why = reason;
	ov_pcre_free(&re);
	return s;
}

void ov_pcre_free(struct ov_pcre_re **re)
{
	if (*re == NULL)
		return;
	pcre2_code_free((*re)->code);
	pcre2_general_context_free((*re)->general);
	free(*re);
	*re = NULL;
}

struct ov_pcre_use ov_pcre_use_of(const struct ov_pcre_re *re)
{
	return re->use;
}

size_t ov_pcre_bytes(const struct ov_pcre_re *re)
{
	return sizeof *re + re->pool.used;
}

ov_status ov_pcre_matcher_new(struct ov_pcre_limits limits, size_t max_bytes,
			      struct ov_pcre_matcher **out)
{
	struct ov_pcre_matcher *m = calloc(1, sizeof *m);

	if (m == NULL)
		return OV_NOMEM;
	m->pool.max = max_bytes;
	m->general = pcre2_general_context_create(pool_alloc, pool_free, &m->pool);
	m->context = m->general != NULL ? pcre2_match_context_create(m->general) : NULL;
	m->data = m->context != NULL ? pcre2_match_data_create(1, m->general) : NULL;
	if (m->data == NULL) {
		const ov_status s = m->pool.is_full ? OV_LIMIT : OV_NOMEM;

		ov_pcre_matcher_free(&m);
		return s;
	}
	(void)pcre2_set_match_limit(m->context, limits.match);
	(void)pcre2_set_depth_limit(m->context, limits.depth);
	(void)pcre2_set_heap_limit(m->context, limits.heap_kib);
	*out = m;
	return OV_OK;
}

void ov_pcre_matcher_free(struct ov_pcre_matcher **m)
{
	if (*m == NULL)
		return;
	pcre2_match_data_free((*m)->data);
	pcre2_match_context_free((*m)->context);
	pcre2_general_context_free((*m)->general);
	free(*m);
	*m = NULL;
}

static ov_status status_of(int error, const struct pool *pool)
{
	switch (error) {
	case PCRE2_ERROR_NOMATCH:
		return OV_END;
	case PCRE2_ERROR_MATCHLIMIT:
	case PCRE2_ERROR_DEPTHLIMIT:
	case PCRE2_ERROR_HEAPLIMIT:
	case PCRE2_ERROR_RECURSELOOP:
		return OV_LIMIT;
	case PCRE2_ERROR_NOMEMORY:
		return pool->is_full ? OV_LIMIT : OV_NOMEM;
	default:
		return OV_BUG;
	}
}

ov_status ov_pcre_match(struct ov_pcre_matcher *m, const struct ov_pcre_re *re, const uint8_t *p,
			size_t n, size_t from, bool is_anchored, size_t *start, size_t *end)
{
	const uint8_t nothing = 0;
	const size_t *ovector;
	int r;

	if (from > n)
		return OV_END;
	m->pool.is_full = false;
	r = pcre2_match(re->code, n > 0 ? p : &nothing, n, from, is_anchored ? PCRE2_ANCHORED : 0,
			m->data, m->context);
	if (r < 0)
		return status_of(r, &m->pool);
	ovector = pcre2_get_ovector_pointer(m->data);
	*start = ovector[0];
	*end = ovector[1] < ovector[0] ? ovector[0]
				       : ovector[1]; /* \K in a look-ahead can turn them round */
	return OV_OK;
}
