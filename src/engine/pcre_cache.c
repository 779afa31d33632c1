/* placeholder until regex_pcre.h lands */
#include "pcre_cache.h"
#include <stdlib.h>
struct ov_pcre_cache {
	int unused;
};
ov_status ov_pcre_cache_new(uint32_t nsubs, struct ov_pcre_cache **out)
{
	(void)nsubs;
	*out = calloc(1, sizeof **out);
	return *out == NULL ? OV_NOMEM : OV_OK;
}
void ov_pcre_cache_free(struct ov_pcre_cache **c)
{
	free(*c);
	*c = NULL;
}
void ov_pcre_cache_new_layer(struct ov_pcre_cache *c)
{
	(void)c;
}
ov_status ov_pcre_cache_layer(struct ov_pcre_cache *c, const struct ov_src *src, struct ov_cur *out)
{
	(void)c;
	(void)src;
	(void)out;
	return OV_LIMIT;
}
ov_status ov_pcre_cache_match(struct ov_pcre_cache *c, uint32_t id, const struct ov_sub *sub,
			      struct ov_cur bytes, struct ov_range where, struct ov_find *find)
{
	(void)c;
	(void)id;
	(void)sub;
	(void)bytes;
	(void)where;
	(void)find;
	return OV_LIMIT;
}
