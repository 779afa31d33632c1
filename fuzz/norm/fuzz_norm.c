/*
 * Normalisers. The first byte says which: text, a page, a script.
 *
 * Claims: output is bounded by input; text is the same however it is cut into pieces, the fast path
 * gives what the plain one does, and normalised text is its own normal form; a page gives the same
 * twice and its scripts lie inside it; a normaliser of scripts that has seen others gives what a
 * fresh one does.
 */
#include <stdlib.h>
#include <string.h>

#include "norm_html.h"
#include "norm_script.h"
#include "norm_text.h"

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void text(const uint8_t *p, size_t n)
{
	uint8_t *fast = malloc(n + OV_NORM_SLACK), *plain = malloc(n + 1);
	struct ov_norm_text a = { 0 }, b = { 0 }, c = { 0 };
	const size_t cut = n > 0 ? p[0] % n : 0;
	size_t na, nb;

	must(fast != NULL && plain != NULL);
	na = ov_norm_text(&a, p, cut, fast);
	na += ov_norm_text(&a, p + cut, n - cut, fast + na);
	nb = ov_norm_text_plain(&b, p, n, plain);
	must(na == nb && na <= n && memcmp(fast, plain, na) == 0);
	must(ov_norm_text(&c, plain, nb, fast) == nb && memcmp(fast, plain, nb) == 0);
	must(ov_utf16_narrow(ov_utf16_order(p, n), p, n, fast) == n / 2);
	free(fast);
	free(plain);
}

struct seen {
	const uint8_t *page;
	size_t n, bytes;
};

static ov_status on_script(void *ctx, struct ov_str body)
{
	struct seen *s = ctx;
	const uint8_t *p = (const uint8_t *)body.p;

	must(p >= s->page && p <= s->page + s->n && body.n <= (size_t)(s->page + s->n - p));
	s->bytes += body.n;
	must(s->bytes <= s->n);
	return OV_OK;
}

static void page(const uint8_t *p, size_t n)
{
	struct ov_buf tags[2] = { ov_buf_of(SIZE_MAX), ov_buf_of(SIZE_MAX) };
	struct ov_buf words[2] = { ov_buf_of(SIZE_MAX), ov_buf_of(SIZE_MAX) };
	uint8_t *clean = malloc(n + 1);

	must(clean != NULL);
	n = ov_norm_html_clean(p, n, clean);
	for (int i = 0; i < 2; i++) {
		struct seen seen = { .page = clean, .n = n };
		const struct ov_norm_html to = {
			.tags = &tags[i], .text = &words[i], .script = on_script, .ctx = &seen
		};

		must(ov_norm_html(clean, n, &to) == OV_OK);
		must(tags[i].n <= OV_NORM_HTML_BYTES(n) && words[i].n <= OV_NORM_HTML_BYTES(n));
	}
	must(tags[0].n == tags[1].n && words[0].n == words[1].n);
	must(tags[0].n == 0 || memcmp(tags[0].p, tags[1].p, tags[0].n) == 0);
	must(words[0].n == 0 || memcmp(words[0].p, words[1].p, words[0].n) == 0);
	for (int i = 0; i < 2; i++) {
		ov_buf_free(&tags[i]);
		ov_buf_free(&words[i]);
	}
	free(clean);
}

static void script(const uint8_t *p, size_t n)
{
	const struct ov_str body = { .p = (const char *)p, .n = n };
	struct ov_buf first = ov_buf_of(SIZE_MAX), second = ov_buf_of(SIZE_MAX);
	struct ov_norm_script *s = NULL;

	must(ov_norm_script_new(&s) == OV_OK);
	must(ov_norm_script(s, body, &first) == OV_OK);
	must(first.n <= OV_NORM_SCRIPT_BYTES(n));
	ov_norm_script_begin(s);
	must(ov_norm_script(s, body, &second) == OV_OK);
	must(first.n == second.n && memcmp(first.p, second.p, first.n) == 0);
	ov_norm_script_free(&s);
	ov_buf_free(&first);
	ov_buf_free(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n);
int LLVMFuzzerTestOneInput(const uint8_t *p, size_t n)
{
	uint8_t *own;

	if (n == 0)
		return 0;
	own = malloc(n); /* without the selector, of its own size */
	must(own != NULL);
	memcpy(own, p + 1, n - 1);
	switch (p[0] % 3) {
	case 0:
		text(own, n - 1);
		break;
	case 1:
		page(own, n - 1);
		break;
	default:
		script(own, n - 1);
	}
	free(own);
	return 0;
}
