/*
 * A written plan and its journal as a worker hands them over, hostile or not: up to the first NUL
 * the plan's stanzas, behind it the journal's entries. Both are blocks with an empty line between:
 * the first line is the name, each further one "field=value"; in a value 0x1f stands for the zero
 * byte between words.
 *
 * Claims: OV_BAD is said exactly when an error was told; a step that removes has a probe above it
 * for each of its groups, and is hindered while that is not done; every command has a program; what
 * a journal tells stays within the plan.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run_state.h"
#include "text.h"

#define COMPONENTS 64
#define FIELDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct made {
	struct ov_inv_component c[COMPONENTS];
	struct ov_inv_evidence e[COMPONENTS][FIELDS];
	char number[COMPONENTS][8];
	struct ov_inventory inv;
};

static void on_error(void *ctx, struct ov_str line, const char *why)
{
	if (why == NULL || why[0] == '\0' || (line.n > 0 && line.p == NULL))
		abort();
	(*(size_t *)ctx)++;
}

static void add_field(struct ov_inv_component *c, struct ov_str line)
{
	struct ov_inv_evidence *e = &c->evidence[c->nevidence];
	struct ov_str name;

	if (c->nevidence == FIELDS || !ov_text_split(&line, '=', &name))
		return;
	*e = (struct ov_inv_evidence){ .kind = OV_EV_FIELD, .value = line, .where = name };
	if (e->value.p == NULL)
		e->value = OV_STR("");
	e->detail = OV_STR("1");
	c->nevidence++;
}

static void make(struct made *m, struct ov_str text, const char *id)
{
	struct ov_inv_component *c = NULL;
	struct ov_str line;
	uint32_t n = 0;

	while (ov_text_split(&text, '\n', &line)) {
		if (line.n == 0) {
			c = NULL;
		} else if (c != NULL) {
			add_field(c, line);
		} else if (n < COMPONENTS) {
			c = &m->c[n];
			(void)snprintf(m->number[n], sizeof m->number[n], "%06u", n);
			*c = (struct ov_inv_component){ .what = OV_WHAT_CONFIG,
							.name = line,
							.version = ov_str_of(m->number[n]),
							.id = ov_str_of(id),
							.evidence = m->e[n] };
			n++;
		}
	}
	m->inv = (struct ov_inventory){ .components = m->c, .ncomponents = n };
}

static bool has_probe(const struct ov_run_plan *p, size_t step, size_t group)
{
	for (size_t i = 0; i < step; i++)
		if (p->steps[i].kind == OV_RUN_PROBE && p->steps[i].has_group[group])
			return true;
	return false;
}

static void check(const struct ov_run_state *s, struct ov_arena *a)
{
	const struct ov_run_plan *p = s->plan;
	size_t missing;

	for (size_t i = 0; i < p->nsteps; i++)
		for (size_t g = 0; g < p->ngroups; g++) {
			const struct ov_run_unit *u = ov_run_unit(s, i, g);
			struct ov_run_act *acts;
			size_t n = 0;

			if (u->open != SIZE_MAX && u->open >= s->n)
				abort();
			if (!p->steps[i].has_group[g])
				continue;
			if (p->steps[i].kind == OV_RUN_REMOVE && !has_probe(p, i, g))
				abort();
			if (p->steps[i].kind == OV_RUN_REMOVE && s->n == 0 &&
			    ov_run_hindrance(s, i, g, &missing) == NULL)
				abort(); /* nothing was done yet, so nothing is proved */
			if (ov_run_acts(p, i, g, OV_RUN_DO, a, &acts, &n) != OV_OK)
				return;
			for (size_t k = 0; k < n; k++)
				if (acts[k].argv[0] == NULL || strlen(acts[k].digest) != 64)
					abort();
		}
}

static void run(struct made m[2], struct ov_arena *a)
{
	struct ov_run_plan p;
	struct ov_run_state s;
	size_t errors = 0;
	uint64_t torn;
	char sum[65];
	ov_status st = ov_run_plan_of(&m[0].inv, a, on_error, &errors, &p);

	if ((st == OV_BAD) != (errors > 0) && st != OV_LIMIT && st != OV_NOMEM)
		abort();
	if (st != OV_OK || p.nsteps * p.ngroups > 4096 || ov_run_state_new(&p, a, &s) != OV_OK)
		return;
	check(&s, a);
	st = ov_run_journal(&s, &m[1].inv, on_error, &errors, sum, &torn);
	if (st == OV_BUG || s.n > m[1].inv.ncomponents)
		abort();
	check(&s, a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
	const size_t n = nul != NULL ? (size_t)(nul - data) : size;
	struct made *m = calloc(2, sizeof *m);
	char *copy = malloc(size + 1);
	struct ov_arena a;

	if (m == NULL || copy == NULL)
		abort();
	for (size_t i = 0; i < size; i++)
		copy[i] = data[i] == 0x1f ? '\0' : (char)data[i];
	ov_arena_init(&a, (size_t)16 << 20);
	make(&m[0], (struct ov_str){ copy, n }, "overt.plan");
	make(&m[1], nul != NULL ? (struct ov_str){ copy + n + 1, size - n - 1 } : OV_STR(""),
	     "overt.journal");
	run(m, &a);
	ov_arena_free(&a);
	free(copy);
	free(m);
	return 0;
}
