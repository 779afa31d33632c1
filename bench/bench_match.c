/*
 * How fast the gram filter and the finder are: bench_match FILE [RUNS]
 *
 * RUNS holds a line for each rule: literal runs in hexadecimal, separated by spaces, of which the
 * rarest is its anchor, as the compiler chooses. Without it the keys are random bytes. Each figure
 * is the median of five runs, in processor time (user + system), and stands beside a plain read of
 * the same memory measured in the same run: compare ratios.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "finder.h"
#include "gram.h"
#include "text.h"

#define ROUNDS 5
#define KEYS_MAX 200000

struct input {
	uint8_t *p;
	size_t n;
};

static double seconds(void)
{
	struct rusage r;

	(void)getrusage(RUSAGE_SELF, &r);
	return (double)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) +
	       (double)(r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* Bytes per nanosecond of `work`, median of ROUNDS. */
static double rate_of(void (*work)(void *), void *ctx, size_t bytes)
{
	double t[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		const double start = seconds();

		work(ctx);
		t[i] = seconds() - start;
	}
	qsort(t, ROUNDS, sizeof *t, compare);
	return (double)bytes / (t[ROUNDS / 2] > 0 ? t[ROUNDS / 2] : 1e-9) / 1e9;
}

static bool read_file(const char *path, struct input *out)
{
	FILE *f = fopen(path, "rb");
	long n;

	if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (n = ftell(f)) < 0)
		return false;
	rewind(f);
	out->n = (size_t)n;
	out->p = malloc(out->n + 1);
	if (out->p == NULL || fread(out->p, 1, out->n, f) != out->n)
		return false;
	(void)fclose(f);
	return true;
}

struct sum {
	struct input in;
	uint64_t total;
};

static void read_memory(void *ctx)
{
	struct sum *s = ctx;
	uint64_t a[4] = { 0 };

	for (size_t i = 0; i + 32 <= s->in.n; i += 32) {
		uint64_t w[4];

		memcpy(w, s->in.p + i, 32);
		for (int k = 0; k < 4; k++)
			a[k] += w[k];
	}
	s->total += a[0] + a[1] + a[2] + a[3];
}

struct scan {
	struct input in;
	struct ov_gram gram;
	enum ov_kernel kernel;
	uint64_t hits;
	ov_status status;
};

static bool count_hit(void *ctx, uint32_t token, uint64_t at)
{
	(void)token;
	(void)at;
	++*(uint64_t *)ctx;
	return true;
}

static void scan(void *ctx)
{
	struct scan *s = ctx;

	s->hits = 0;
	s->status =
	    ov_gram_scan_with(s->kernel, &s->gram, s->in.p, s->in.n, 0, count_hit, &s->hits);
}

/* The rarest anchor among a line's runs. */
static bool anchor_of(struct ov_str line, struct ov_gram_key *key)
{
	static uint8_t value[4096], mask[4096];
	uint64_t best = UINT64_MAX;
	struct ov_str run;

	memset(mask, 0xff, sizeof mask);
	while (ov_text_split(&line, ' ', &run)) {
		struct ov_pn n = { .kind = OV_PN_BYTES, .value = value, .mask = mask };
		struct ov_anchor a;

		if (run.n / 2 > sizeof value)
			run.n = sizeof value * 2;
		if (ov_hex_decode(run, value, sizeof value, &n.n) != OV_OK ||
		    ov_pat_anchor(&n, &a) != OV_OK || a.cost >= best)
			continue;
		best = a.cost;
		*key = a.key;
	}
	return best != UINT64_MAX;
}

static size_t make_keys(const char *path, struct ov_gram_key *keys)
{
	struct input in;
	uint64_t r = 88172645463325252u;
	size_t n = 0;

	if (path != NULL && read_file(path, &in)) {
		struct ov_str rest = { (const char *)in.p, in.n }, line;

		while (n < KEYS_MAX && ov_text_split(&rest, '\n', &line))
			if (anchor_of(line, &keys[n])) {
				keys[n].token = (uint32_t)n;
				n++;
			}
		free(in.p);
		return n;
	}
	for (; n < 80000; n++) {
		keys[n] = (struct ov_gram_key){ .n = 8, .token = (uint32_t)n };
		memset(keys[n].mask, 0xff, 8);
		for (int i = 0; i < 8; i++) {
			r ^= r << 13;
			r ^= r >> 7;
			r ^= r << 17;
			keys[n].value[i] = (uint8_t)(r >> 32);
		}
	}
	return n;
}

static bool bench_gram(const struct input *in, const struct ov_gram_key *keys, size_t nkeys,
		       double memory)
{
	static const struct {
		enum ov_kernel kernel;
		const char *name;
	} kernels[] = { { OV_KERNEL_SCALAR, "scalar" },
			{ OV_KERNEL_AVX2, "avx2" },
			{ OV_KERNEL_AVX512, "avx512" },
			{ OV_KERNEL_NEON, "neon" } };
	struct ov_buf table = ov_buf_of((size_t)1 << 28);
	struct scan s = { .in = *in };
	const double start = seconds();

	if (ov_gram_build(keys, nkeys, &table) != OV_OK ||
	    ov_gram_open(ov_buf_cur(&table), &s.gram) != OV_OK)
		return false;
	printf("%6zu keys  table %5zu KiB (filter %4u KiB), built and opened in %.1f ms\n", nkeys,
	       table.n / 1024, (1u << (s.gram.filter_bits_log2 - 3)) / 1024,
	       (seconds() - start) * 1e3);
	for (size_t k = 0; k < sizeof kernels / sizeof *kernels; k++) {
		double rate;

		s.kernel = kernels[k].kernel;
		rate = rate_of(scan, &s, in->n);
		if (s.status == OV_OK)
			printf("        %-7s %6.2f GB/s  %5.3f of a memory read  %.1f hits/MB\n",
			       kernels[k].name, rate, rate / memory,
			       (double)s.hits / ((double)in->n / 1e6));
	}
	ov_buf_free(&table);
	return true;
}

struct find {
	struct ov_src src;
	struct ov_pats pats;
	struct ov_finder *f;
	uint32_t n;
	uint64_t count;
};

static void find(void *ctx)
{
	struct find *x = ctx;
	uint32_t slot;

	ov_finder_begin(x->f, &x->pats);
	for (uint32_t i = 0; i < x->n; i++)
		if (ov_finder_add(x->f, i, NULL, 0, &slot) != OV_OK)
			return;
	if (ov_finder_run(x->f, &x->src, 0) != OV_OK)
		return;
	x->count = 0;
	for (uint32_t i = 0; i < x->n; i++)
		x->count += ov_finder_result(x->f, i)->count;
}

static bool bench_finder(const struct input *in, const struct ov_gram_key *keys, size_t nkeys,
			 double memory)
{
	struct ov_buf section = ov_buf_of((size_t)1 << 28);
	struct find x = { .src = ov_src_mem(in->p, in->n) };
	struct ov_pats_builder *b = NULL;
	bool is_good = ov_pats_builder_new(&b) == OV_OK;

	for (size_t i = 0; is_good && i < nkeys; i++) {
		struct ov_pn n = { .kind = OV_PN_BYTES,
				   .value = keys[i].value,
				   .mask = keys[i].mask,
				   .n = keys[i].n };
		struct ov_pn *v = &n;
		struct ov_pat_ir ir = { .variants = &v, .nvariants = 1 };
		uint32_t id;

		is_good = ov_pats_add(b, &ir, &id, NULL) == OV_OK;
	}
	is_good = is_good && ov_pats_finish(b, &section) == OV_OK &&
		  ov_pats_open(ov_buf_cur(&section), &x.pats) == OV_OK &&
		  ov_finder_new(&x.f) == OV_OK;
	for (x.n = 1; is_good && x.n <= 1000 && x.n <= x.pats.count; x.n *= 10) {
		const double rate = rate_of(find, &x, in->n);

		printf("finder, %4u patterns  %6.2f GB/s  %5.3f of a memory read  %llu matches\n",
		       x.n, rate, rate / memory, (unsigned long long)x.count);
	}
	ov_pats_builder_free(&b);
	ov_finder_free(&x.f);
	ov_buf_free(&section);
	return is_good;
}

int main(int argc, char **argv)
{
	static const size_t counts[] = { 100, 1000, 5000, 20000, 40000, 80000 };
	struct ov_gram_key *keys = calloc(KEYS_MAX, sizeof *keys);
	struct sum sum = { .total = 0 };
	double memory;
	size_t n;

	if (argc < 2 || keys == NULL || !read_file(argv[1], &sum.in)) {
		(void)fprintf(stderr, "usage: bench_match FILE [RUNS]\n");
		return 2;
	}
	n = make_keys(argc > 2 ? argv[2] : NULL, keys);
	memory = rate_of(read_memory, &sum, sum.in.n);
	printf("%s: %.1f MB; memory read %.2f GB/s (%llu)\n", argv[1], (double)sum.in.n / 1e6,
	       memory, (unsigned long long)(sum.total & 1));
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		const size_t some = counts[i] < n ? counts[i] : n;

		if (!bench_gram(&sum.in, keys, some, memory))
			return 1;
		if (some == n)
			break;
	}
	return bench_finder(&sum.in, keys, n < 1000 ? n : 1000, memory) ? 0 : 1;
}
