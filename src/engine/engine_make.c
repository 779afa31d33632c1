/* Making and freeing an engine: its scratch is sized by the database, once, so that scanning asks
 * for no more. */
#include "engine_int.h"

#include <stdlib.h>

#include "macro.h"
#include "members.h"
#include "pcre_cache.h"
#include "phishing.h"
#include "trust.h"

void ov_engine_free(struct ov_engine **pe)
{
	struct ov_engine *e = *pe;

	if (e == NULL)
		return;
	for (uint32_t i = 0; e->nodes != NULL && i <= OV_LAYER_DEPTH_MAX; i++) {
		ov_arena_free(&e->nodes[i].arena);
		ov_buf_free(&e->nodes[i].data);
	}
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		ov_hasher_free(&e->hasher[k]);
	ov_finder_free(&e->finder);
	ov_pcre_cache_free(&e->pcre);
	ov_members_free(&e->members);
	ov_macros_free(&e->macros);
	ov_winnow_free(&e->winnow);
	ov_trust_free(&e->trust);
	ov_settings_free(&e->settings);
	ov_phish_db_free(&e->phish);
	ov_yara_free(&e->yara);
	ov_buf_free(&e->window);
	ov_buf_free(&e->piece);
	ov_views_free(&e->views);
	ov_arena_free(&e->scratch);
	ov_arena_free(&e->report_arena);
	free(e->nodes);
	free(e->settled);
	free(e->woken_in);
	free(e->traits);
	free(e->leads);
	free(e->costs);
	free(e->woken);
	free(e);
	*pe = NULL;
}

static ov_status make_scratch(struct ov_engine *e)
{
	const size_t nrules = (size_t)e->db->nrules + 1;
	size_t settled = 0;

	for (int t = 0; t < OV_TARGET_COUNT; t++)
		if (ov_gram_settled_bytes(&e->db->gram[t]) > settled)
			settled = ov_gram_settled_bytes(&e->db->gram[t]);
	e->settled = calloc(settled, 1);
	e->nodes = calloc(OV_LAYER_DEPTH_MAX + 1, sizeof *e->nodes);
	e->woken_in = calloc(nrules, sizeof *e->woken_in);
	e->traits = calloc(nrules, sizeof *e->traits);
	e->leads = calloc(nrules, 2);
	e->woken = calloc(nrules, sizeof *e->woken);
	if (e->settled == NULL || e->nodes == NULL || e->woken_in == NULL || e->traits == NULL ||
	    e->leads == NULL || e->woken == NULL)
		return OV_NOMEM;
	for (uint32_t i = 0; i <= OV_LAYER_DEPTH_MAX; i++) {
		ov_arena_init(&e->nodes[i].arena, OV_NODE_ARENA);
		e->nodes[i].data = ov_buf_of(SIZE_MAX);
	}
	ov_arena_init(&e->scratch, (size_t)256 << 20);
	ov_arena_init(&e->report_arena, OV_REPORT_ARENA);
	e->window = ov_buf_of(SIZE_MAX);
	e->piece = ov_buf_of(SIZE_MAX);
	OV_TRY(ov_views_init(&e->views));
	OV_TRY(ov_buf_reserve(&e->window, OV_WINDOW + OV_WINDOW_OVERLAP));
	for (int k = 0; k < OV_DIGEST_KINDS; k++)
		OV_TRY(ov_hasher_new((enum ov_digest_kind)k, &e->hasher[k]));
	OV_TRY(ov_pcre_cache_new(e->db->nsubs, &e->pcre));
	OV_TRY(ov_settings_read(e->db, &e->settings));
	OV_TRY(ov_members_new(e->db, &e->members));
	OV_TRY(ov_trust_new(e->db, &e->trust));
	OV_TRY(ov_winnow_new(&e->winnow));
	OV_TRY(ov_yara_new(&e->db->yara, &e->yara));
	return ov_finder_new(&e->finder);
}

ov_status ov_engine_new(const struct ov_odb *db, struct ov_engine **out)
{
	struct ov_engine *e = calloc(1, sizeof *e);
	ov_status s;

	if (e == NULL)
		return OV_NOMEM;
	e->magic = OV_ENGINE_MAGIC;
	e->db = db;
	s = make_scratch(e);
	if (s != OV_OK) {
		ov_engine_free(&e);
		return s;
	}
	*out = e;
	return OV_OK;
}

void ov_engine_fail_in(struct ov_engine *e, long n)
{
	e->scratch.fail_in = n;
	for (uint32_t i = 0; i <= OV_LAYER_DEPTH_MAX; i++)
		e->nodes[i].arena.fail_in = n;
}
