/*
 * math: figures of a range of the file, or of a text. Source: YARA's manual; the entropy, the
 * serial correlation and the estimate of pi are those of the program `ent`.
 */
#include "ymod.h"
#include "ymod_range.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PI 3.141592653589793
/* Gives all bytes of the arguments (offset and size, or a text) to `fn`. @return OV_END: undefined.
 */
static ov_status each(struct ov_yenv *env, const struct ov_yval *args, bool is_text,
		      ov_ymod_piece_fn fn, void *ctx, uint64_t *total)
{
	if (!is_text)
		return ov_ymod_range(env, args[0].i, args[1].i, fn, ctx, total);
	*total = args[0].s.n;
	return fn(ctx, (const uint8_t *)args[0].s.p, args[0].s.n);
}

#define LANES 4u

struct tally { /* how often each byte stands in a range; lanes, since equal neighbours wait */
	uint64_t at, len, total, count[256];
	uint32_t lane[LANES][256];
	bool is_known;
};

static ov_status count_bytes(void *ctx, const uint8_t *p, size_t n)
{
	struct tally *t = ctx;
	size_t i = 0;

	memset(t->lane, 0, sizeof t->lane);
	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			t->lane[k][p[i + k]]++;
	for (; i < n; i++)
		t->lane[0][p[i]]++;
	for (size_t b = 0; b < 256; b++)
		for (size_t k = 0; k < LANES; k++)
			t->count[b] += t->lane[k][b];
	return OV_OK;
}

/* Conditions ask for several figures of one range: its counts are kept. */
static ov_status histogram(struct ov_yenv *env, unsigned module, const struct ov_yval *args,
			   bool is_text, const struct tally **out)
{
	static const struct tally none;
	struct tally *t = env->state[module];
	ov_status s;

	*out = &none;
	if (t == NULL) {
		OV_TRY(ov_arena_new(env->arena, &t));
		env->state[module] = t;
	}
	*out = t;
	if (!is_text && t->is_known && t->at == (uint64_t)args[0].i &&
	    t->len == (uint64_t)args[1].i)
		return OV_OK;
	memset(t->count, 0, sizeof t->count);
	s = each(env, args, is_text, count_bytes, t, &t->total);
	t->is_known = s == OV_OK && !is_text;
	t->at = is_text ? 0 : (uint64_t)args[0].i;
	t->len = is_text ? 0 : (uint64_t)args[1].i;
	return s;
}

#define FUNC(name)                                                                                 \
	static ov_status name(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,    \
			      const struct ov_yval *args, size_t nargs, struct ov_yval *out)
#define UNUSED() (void)env, (void)module, (void)self, (void)nargs

static ov_status give(struct ov_yval *out, ov_status s, double v)
{
	if (s == OV_END)
		return OV_OK;
	OV_TRY(s);
	if (isnan(v))
		return OV_OK;
	out->kind = OV_Y_FLOAT;
	out->f = v;
	return OV_OK;
}

FUNC(entropy)
{
	const struct tally *t = NULL;
	double sum = 0.0;
	const ov_status s = histogram(env, module, args, nargs == 1, &t);

	UNUSED();
	for (int i = 0; s == OV_OK && i < 256; i++) {
		const double p = t->count[i] != 0 ? (double)t->count[i] / (double)t->total : 0.0;

		if (t->count[i] != 0)
			sum -= p * log2(p);
	}
	return give(out, s, sum);
}

/* How likely two bytes at different places are the same. */
FUNC(index_of_coincidence)
{
	const struct tally *t = NULL;
	const ov_status s = histogram(env, module, args, nargs == 1, &t);
	double sum = 0.0;

	UNUSED();
	for (int i = 0; s == OV_OK && i < 256; i++)
		sum += (double)t->count[i] * ((double)t->count[i] - 1.0);
	return give(out, s,
		    t->total > 1 ? sum / ((double)t->total * ((double)t->total - 1.0))
				 : (double)NAN);
}

static double mean_of(const struct tally *t)
{
	double sum = 0.0;

	for (int i = 0; i < 256; i++)
		sum += (double)t->count[i] * i;
	return t->total != 0 ? sum / (double)t->total : NAN;
}

FUNC(mean)
{
	const struct tally *t = NULL;
	const ov_status s = histogram(env, module, args, nargs == 1, &t);

	UNUSED();
	return give(out, s, s == OV_OK ? mean_of(t) : 0.0);
}

FUNC(deviation)
{
	const bool is_text = nargs == 2;
	const double mean_value = args[is_text ? 1 : 2].f;
	const struct tally *t = NULL;
	double sum = 0.0;
	const ov_status s = histogram(env, module, args, is_text, &t);

	UNUSED();
	for (int i = 0; s == OV_OK && i < 256; i++)
		sum += (double)t->count[i] * fabs((double)i - mean_value);
	return give(out, s, t->total != 0 ? sum / (double)t->total : NAN);
}

struct correlation {
	double t1, t2, t3, last, first;
	bool has_first;
};

static ov_status correlate(void *ctx, const uint8_t *p, size_t n)
{
	struct correlation *c = ctx;

	for (size_t i = 0; i < n; i++) {
		const double v = p[i];

		if (!c->has_first)
			c->first = v;
		c->has_first = true;
		c->t1 += c->last * v;
		c->t2 += v;
		c->t3 += v * v;
		c->last = v;
	}
	return OV_OK;
}

FUNC(serial_correlation)
{
	struct correlation c = { .has_first = false };
	uint64_t total = 0;
	const ov_status s = each(env, args, nargs == 1, correlate, &c, &total);
	const double n = (double)total;
	double d;

	UNUSED();
	c.t1 += c.last * c.first;
	c.t2 *= c.t2;
	d = n * c.t3 - c.t2;
	return give(out, s, d == 0.0 ? -100000.0 : (n * c.t1 - c.t2) / d);
}

struct darts {
	double group[6];
	unsigned have;
	uint64_t thrown, inside;
};

static ov_status throw(void *ctx, const uint8_t *p, size_t n)
{
	const double radius = 16777215.0; /* 256^3 - 1 */
	struct darts *d = ctx;

	for (size_t i = 0; i < n; i++) {
		double x = 0.0, y = 0.0;

		d->group[d->have++] = p[i];
		if (d->have < 6)
			continue;
		d->have = 0;
		d->thrown++;
		for (int k = 0; k < 3; k++) {
			x = x * 256.0 + d->group[k];
			y = y * 256.0 + d->group[3 + k];
		}
		d->inside += x * x + y * y <= radius * radius;
	}
	return OV_OK;
}

FUNC(monte_carlo_pi)
{
	struct darts d = { .have = 0 };
	uint64_t total = 0;
	const ov_status s = each(env, args, nargs == 1, throw, &d, &total);
	double pi;

	UNUSED();
	if (d.thrown == 0)
		return give(out, s, NAN);
	pi = 4.0 * (double)d.inside / (double)d.thrown;
	return give(out, s, fabs((pi - PI) / PI));
}

FUNC(count)
{
	const struct ov_yval all[2] = { { .kind = OV_Y_INT, .i = 0 },
					{ .kind = OV_Y_INT, .i = INT64_MAX } };
	const struct tally *t = NULL;
	ov_status s;

	UNUSED();
	if (args[0].i < 0 || args[0].i > 255)
		return OV_OK;
	s = histogram(env, module, nargs == 3 ? args + 1 : all, false, &t);
	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	out->kind = OV_Y_INT;
	out->i = (int64_t)t->count[args[0].i];
	return OV_OK;
}

FUNC(percentage)
{
	const struct ov_yval all[2] = { { .kind = OV_Y_INT, .i = 0 },
					{ .kind = OV_Y_INT, .i = INT64_MAX } };
	const struct tally *t = NULL;
	ov_status s;

	UNUSED();
	if (args[0].i < 0 || args[0].i > 255)
		return OV_OK;
	s = histogram(env, module, nargs == 3 ? args + 1 : all, false, &t);
	/* a single-precision quotient, as YARA's is */
	return give(out, s,
		    s == OV_OK && t->total != 0
			? (double)((float)t->count[args[0].i] / (float)t->total)
			: NAN);
}

FUNC(mode)
{
	const struct ov_yval all[2] = { { .kind = OV_Y_INT, .i = 0 },
					{ .kind = OV_Y_INT, .i = INT64_MAX } };
	const struct tally *t = NULL;
	ov_status s;
	int best = 0;

	UNUSED();
	s = histogram(env, module, nargs == 2 ? args : all, false, &t);
	if (s != OV_OK)
		return s == OV_END ? OV_OK : s;
	for (int i = 1; i < 256; i++)
		if (t->count[i] > t->count[best])
			best = i;
	out->kind = OV_Y_INT;
	out->i = best;
	return OV_OK;
}

FUNC(in_range)
{
	UNUSED();
	out->kind = OV_Y_INT;
	out->i = args[0].f >= args[1].f && args[0].f <= args[2].f;
	return OV_OK;
}

/* min and max compare as unsigned numbers, as YARA does. */
FUNC(minimum)
{
	UNUSED();
	out->kind = OV_Y_INT;
	out->i = (uint64_t)args[0].i < (uint64_t)args[1].i ? args[0].i : args[1].i;
	return OV_OK;
}

FUNC(maximum)
{
	UNUSED();
	out->kind = OV_Y_INT;
	out->i = (uint64_t)args[0].i > (uint64_t)args[1].i ? args[0].i : args[1].i;
	return OV_OK;
}

FUNC(to_number)
{
	UNUSED();
	out->kind = OV_Y_INT;
	out->i = args[0].i != 0;
	return OV_OK;
}

FUNC(absolute)
{
	UNUSED();
	out->kind = OV_Y_INT;
	out->i = args[0].i < 0 ? (int64_t)(0 - (uint64_t)args[0].i) : args[0].i;
	return OV_OK;
}

FUNC(to_string)
{
	const int64_t base = nargs == 2 ? args[1].i : 10;
	char text[32];
	struct ov_str s;

	UNUSED();
	if (base == 10)
		(void)snprintf(text, sizeof text, "%lld", (long long)args[0].i);
	else if (base == 16)
		(void)snprintf(text, sizeof text, "%llx", (unsigned long long)args[0].i);
	else if (base == 8)
		(void)snprintf(text, sizeof text, "%llo", (unsigned long long)args[0].i);
	else
		return OV_OK;
	OV_TRY(ov_arena_str(env->arena, ov_str_of(text), &s));
	out->kind = OV_Y_STRING;
	out->s = s;
	return OV_OK;
}

#define END                                                                                        \
	{                                                                                          \
		NULL, OV_Y_UNDEFINED, NULL                                                         \
	}
#define SIGS(name, ...) static const struct ov_ysig name##_sigs[] = { __VA_ARGS__, END }

SIGS(entropy, { "ii", OV_Y_FLOAT, entropy }, { "s", OV_Y_FLOAT, entropy });
SIGS(index_of_coincidence, { "ii", OV_Y_FLOAT, index_of_coincidence },
     { "s", OV_Y_FLOAT, index_of_coincidence });
SIGS(mean, { "ii", OV_Y_FLOAT, mean }, { "s", OV_Y_FLOAT, mean });
SIGS(deviation, { "iif", OV_Y_FLOAT, deviation }, { "sf", OV_Y_FLOAT, deviation });
SIGS(serial_correlation, { "ii", OV_Y_FLOAT, serial_correlation },
     { "s", OV_Y_FLOAT, serial_correlation });
SIGS(monte_carlo_pi, { "ii", OV_Y_FLOAT, monte_carlo_pi }, { "s", OV_Y_FLOAT, monte_carlo_pi });
SIGS(count, { "iii", OV_Y_INT, count }, { "i", OV_Y_INT, count });
SIGS(percentage, { "iii", OV_Y_FLOAT, percentage }, { "i", OV_Y_FLOAT, percentage });
SIGS(mode, { "ii", OV_Y_INT, mode }, { "", OV_Y_INT, mode });
SIGS(in_range, { "fff", OV_Y_INT, in_range });
SIGS(minimum, { "ii", OV_Y_INT, minimum });
SIGS(maximum, { "ii", OV_Y_INT, maximum });
SIGS(to_number, { "b", OV_Y_INT, to_number });
SIGS(absolute, { "i", OV_Y_INT, absolute });
SIGS(to_string, { "i", OV_Y_STRING, to_string }, { "ii", OV_Y_STRING, to_string });

static ov_status mean_bytes(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
			    struct ov_yval *out)
{
	(void)env;
	(void)module;
	(void)self;
	out->kind = OV_Y_FLOAT;
	out->f = 127.5;
	return OV_OK;
}

static const struct ov_yfield fields[] = {
	{ .name = "MEAN_BYTES", .kind = OV_Y_FLOAT, .get = mean_bytes },
	{ .name = "abs", .kind = OV_Y_FUNC, .sigs = absolute_sigs },
	{ .name = "count", .kind = OV_Y_FUNC, .sigs = count_sigs },
	{ .name = "deviation", .kind = OV_Y_FUNC, .sigs = deviation_sigs },
	{ .name = "entropy", .kind = OV_Y_FUNC, .sigs = entropy_sigs },
	{ .name = "in_range", .kind = OV_Y_FUNC, .sigs = in_range_sigs },
	{ .name = "index_of_coincidence", .kind = OV_Y_FUNC, .sigs = index_of_coincidence_sigs },
	{ .name = "max", .kind = OV_Y_FUNC, .sigs = maximum_sigs },
	{ .name = "mean", .kind = OV_Y_FUNC, .sigs = mean_sigs },
	{ .name = "min", .kind = OV_Y_FUNC, .sigs = minimum_sigs },
	{ .name = "mode", .kind = OV_Y_FUNC, .sigs = mode_sigs },
	{ .name = "monte_carlo_pi", .kind = OV_Y_FUNC, .sigs = monte_carlo_pi_sigs },
	{ .name = "percentage", .kind = OV_Y_FUNC, .sigs = percentage_sigs },
	{ .name = "serial_correlation", .kind = OV_Y_FUNC, .sigs = serial_correlation_sigs },
	{ .name = "to_number", .kind = OV_Y_FUNC, .sigs = to_number_sigs },
	{ .name = "to_string", .kind = OV_Y_FUNC, .sigs = to_string_sigs },
};

static const struct ov_ytype root = { "math", fields, sizeof fields / sizeof *fields };

const struct ov_ymodule ov_ymod_math = { "math", &root };
