/*
 * Every sample of tests/data/archives (made by tools/make-archive-samples.sh), or of the folder
 * beside it that OV_SET names (documents: tools/make-document-samples.py), against one golden
 * transcript, and the properties that hold for each: whole and damaged, from memory and from a read
 * function, with memory that runs out. OV_GOLDEN_WRITE=1 writes the transcript anew; a person reads
 * the difference.
 */
#include "testing.h"

#include <dirent.h>
#include <stdlib.h>

#include "prepare.h"
#include "text.h"
#include "walk.h"

#define SAMPLES_MAX 256

struct sample {
	char name[64];
	uint8_t *p;
	size_t n;
	enum ov_type force;
};

struct samples {
	struct sample s[SAMPLES_MAX];
	size_t n;
};

static const char *data_folder(void)
{
	const char *d = getenv("OV_TESTDATA");

	assert_non_null(d);
	return d;
}

static const char *set_name(void)
{
	const char *set = getenv("OV_SET");

	return set != NULL ? set : "archives";
}

static uint8_t *load(const char *path, size_t *n)
{
	FILE *f = fopen(path, "rb");
	uint8_t *p;

	if (f == NULL)
		return NULL;
	assert_int_equal(fseek(f, 0, SEEK_END), 0);
	*n = (size_t)ftell(f);
	rewind(f);
	p = malloc(*n + 1);
	assert_non_null(p);
	assert_int_equal(fread(p, 1, *n, f), *n);
	(void)fclose(f);
	p[*n] = 0;
	return p;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sample *)a)->name, ((const struct sample *)b)->name);
}

static int load_samples(void **state)
{
	struct samples *all = calloc(1, sizeof *all);
	char path[512];
	struct dirent *e;
	DIR *d;

	assert_non_null(all);
	(void)snprintf(path, sizeof path, "%s/%s", data_folder(), set_name());
	d = opendir(path);
	assert_non_null(d);
	while ((e = readdir(d)) != NULL) {
		struct sample *s = &all->s[all->n];

		if (e->d_name[0] == '.')
			continue;
		assert_true(all->n < SAMPLES_MAX);
		(void)snprintf(s->name, sizeof s->name, "%.63s", e->d_name);
		(void)snprintf(path, sizeof path, "%s/%s/%s", data_folder(), set_name(), e->d_name);
		s->p = load(path, &s->n);
		assert_non_null(s->p);
		if (strstr(s->name, "junk_before") !=
		    NULL) /* detection leaves these to the carver */
			s->force = OV_T_ZIP;
		all->n++;
	}
	(void)closedir(d);
	assert_true(all->n > 15);
	qsort(all->s, all->n, sizeof *all->s, by_name);
	*state = all;
	return 0;
}

static int free_samples(void **state)
{
	struct samples *all = *state;

	for (size_t i = 0; i < all->n; i++)
		free(all->s[i].p);
	free(all);
	return 0;
}

static void compare(const struct ov_buf *got, const uint8_t *want, size_t nwant)
{
	struct ov_cur g = ov_cur_of(got->p, got->n), w = ov_cur_of(want, nwant);
	struct ov_str gl, wl;
	unsigned line = 0;

	for (;;) {
		const ov_status gs = ov_cur_line(&g, &gl), ws = ov_cur_line(&w, &wl);

		line++;
		if (gs != OV_OK && ws != OV_OK)
			return;
		if (gs != ws || !ov_str_eq(gl, wl))
			fail_msg("line %u is \"%.*s\", the golden one \"%.*s\"", line,
				 gs == OV_OK ? (int)gl.n : 0, gs == OV_OK ? gl.p : "",
				 ws == OV_OK ? (int)wl.n : 0, ws == OV_OK ? wl.p : "");
	}
}

static void every_sample_reads_as_written_down(void **state)
{
	const struct samples *all = *state;
	struct ov_walk w = OV_WALK_DEFAULT;
	char path[512];
	uint8_t *want;
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++) {
		const struct sample *s = &all->s[i];

		assert_int_equal(ov_buf_fmt(&w.text, "== %s\n", s->name), OV_OK);
		w.force = s->force;
		w.notes = 0;
		w.parts = 0;
		ov_walk(&w, s->p, s->n);
		ov_expect(s->name, w.bugs == 0 && w.nomem == 0);
		if (s->name[0] == 'y')
			ov_expect_eq(s->name, w.notes, 0);
		if (s->name[0] == 'n')
			ov_expect(s->name, w.notes > 0);
	}
	(void)snprintf(path, sizeof path, "%s/%s.golden", data_folder(), set_name());
	if (getenv("OV_GOLDEN_WRITE") != NULL) {
		FILE *f = fopen(path, "wb");

		assert_non_null(f);
		assert_int_equal(fwrite(w.text.p, 1, w.text.n, f), w.text.n);
		assert_int_equal(fclose(f), 0);
	}
	want = load(path, &n);
	assert_non_null(want);
	compare(&w.text, want, n);
	free(want);
	ov_buf_free(&w.text);
}

/* The transcript of a sample read in another way. */
static void same_again(const struct sample *s, const struct ov_buf *want, bool by_callback,
		       size_t chunk)
{
	struct ov_walk w = OV_WALK_DEFAULT;

	w.force = s->force;
	w.by_callback = by_callback;
	w.chunk = chunk;
	ov_walk(&w, s->p, s->n);
	ov_expect(s->name, w.text.n == want->n && memcmp(w.text.p, want->p, want->n) == 0);
	ov_buf_free(&w.text);
}

static void source_and_chunks_do_not_matter(void **state)
{
	const struct samples *all = *state;

	for (size_t i = 0; i < all->n; i++) {
		struct ov_walk w = OV_WALK_DEFAULT;

		w.force = all->s[i].force;
		ov_walk(&w, all->s[i].p, all->s[i].n);
		same_again(&all->s[i], &w.text, true, 65536);
		same_again(&all->s[i], &w.text, true, 777);
		same_again(&all->s[i], &w.text, false, 4096);
		ov_buf_free(&w.text);
	}
}

/* Walks damaged bytes in a block of their exact size, so that the sanitizer sees each step beyond.
 */
static void walk_calmly(const struct sample *s, const uint8_t *p, size_t n)
{
	struct ov_walk w = OV_WALK_DEFAULT;
	uint8_t *copy = malloc(n > 0 ? n : 1);

	assert_non_null(copy);
	memcpy(copy, p, n);
	w.force = s->force;
	w.most = 1 << 20;
	ov_walk(&w, copy, n);
	ov_expect(s->name, w.bugs == 0 && w.nomem == 0);
	ov_buf_free(&w.text);
	free(copy);
}

static void every_prefix_ends_calmly(void **state)
{
	const struct samples *all = *state;

	for (size_t i = 0; i < all->n; i++) {
		const struct sample *s = &all->s[i];
		const size_t step = s->n < 200 ? 1 : s->n / 100;

		for (size_t n = 0; n < s->n; n += step)
			walk_calmly(s, s->p, n);
	}
}

static void damage_ends_calmly(void **state)
{
	const struct samples *all = *state;
	uint32_t r = 1;

	for (size_t i = 0; i < all->n; i++) {
		const struct sample *s = &all->s[i];
		uint8_t *copy = malloc(s->n + 1);

		assert_non_null(copy);
		for (unsigned turn = 0; turn < 30 && s->n > 0; turn++) {
			memcpy(copy, s->p, s->n);
			for (unsigned k = 0; k <= turn % 4; k++) {
				uint8_t *at;

				r = r * 1664525 + 1013904223;
				at = &copy[(r >> 8) % s->n];
				*at = (uint8_t)(*at ^ (turn % 3 == 0 ? 0xffu : 1u << (r & 7)));
			}
			walk_calmly(s, copy, s->n);
		}
		free(copy);
	}
}

static void lack_of_memory_is_told(void **state)
{
	const struct samples *all = *state;

	for (size_t i = 0; i < all->n; i++) {
		const struct sample *s = &all->s[i];

		for (long nth = 0; nth < 200; nth++) {
			struct ov_walk w = OV_WALK_DEFAULT;
			const bool was_complete = s->name[0] == 'y';
			bool told;

			w.force = s->force;
			w.fail_in = nth;
			ov_walk(&w, s->p, s->n);
			ov_expect(s->name, w.bugs == 0);
			told = w.nomem > 0;
			ov_expect(s->name, !was_complete || told == (w.notes > 0));
			ov_buf_free(&w.text);
			if (!told)
				break; /* all requests were served */
		}
	}
}

static void a_small_budget_is_told(void **state)
{
	const struct samples *all = *state;

	for (size_t i = 0; i < all->n; i++) {
		struct ov_walk w = OV_WALK_DEFAULT;

		w.force = all->s[i].force;
		w.budget = 32; /* less than any format's state */
		w.most = 4096;
		ov_walk(&w, all->s[i].p, all->s[i].n);
		ov_expect(all->s[i].name, w.bugs == 0 && w.notes > 0 && w.plain == 0);
		ov_buf_free(&w.text);
	}
}

/* Documents have switches: what is off is told and hands out nothing. */
static void what_is_switched_off_is_told(void **state)
{
	const struct samples *all = *state;

	if (strcmp(set_name(), "documents") != 0)
		skip();
	for (size_t i = 0; i < all->n; i++) {
		const struct sample *s = &all->s[i];
		struct ov_walk w = OV_WALK_DEFAULT;

		w.features_off = UINT64_MAX;
		ov_walk(&w, s->p, s->n);
		if (strstr(s->name, ".rtf") == NULL) /* has none */
			ov_expect(s->name, w.parts == 0 && w.notes > 0);
		ov_buf_free(&w.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_sample_reads_as_written_down),
		cmocka_unit_test(source_and_chunks_do_not_matter),
		cmocka_unit_test(every_prefix_ends_calmly),
		cmocka_unit_test(damage_ends_calmly),
		cmocka_unit_test(lack_of_memory_is_told),
		cmocka_unit_test(a_small_budget_is_told),
		cmocka_unit_test(what_is_switched_off_is_told),
	};

	ov_format_prepare();
	return cmocka_run_group_tests_name("archives", tests, load_samples, free_samples);
}
