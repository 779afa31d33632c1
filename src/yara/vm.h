/* Running conditions. */
#ifndef OV_YARA_VM_H
#define OV_YARA_VM_H

#include "yimage.h"
#include "module.h"

struct ov_yvm;

enum ov_yresult { OV_YR_FALSE = 0, OV_YR_TRUE, OV_YR_UNKNOWN };

/* What a condition may ask. One for each layer. */
struct ov_yhost {
	const struct ov_yimage *image;
	const struct ov_ymodules *modules;
	struct ov_yenv *env;
	const struct ov_yval *externals; /* image->nexternals of them */
	bool has_size, has_entry;
	uint64_t size, entry;
	/* Matches of a string (its number in the image). @return false: not searched for yet. */
	bool (*list)(void *ctx, uint32_t string, struct ov_ylist *out);
	/* Does it match exactly there? As ov_ystr_match_at(); OV_SHORT: not to be told yet. */
	ov_status (*match_at)(void *ctx, uint32_t string, uint64_t at);
	enum ov_yresult (*rule)(void *ctx, uint32_t id); /* of a rule before this one */
	/* Bytes at an offset, or at an address of a process. @return OV_OK; another: there are
	 * none. */
	ov_status (*read)(void *ctx, uint64_t at, uint8_t *to, size_t n);
	void *ctx;
};

OV_MUST_USE ov_status ov_yvm_new(struct ov_yvm **out);
void ov_yvm_free(struct ov_yvm **vm);

/**
 * Evaluates a rule's condition, which ov_yimage_check_rule() passed.
 *
 * @param out  UNKNOWN only where the host did not know something that decides.
 * @return OV_OK; OV_LIMIT when the layer's steps (host->env->steps) or memory are spent, or a
 * module could not tell; OV_NOMEM; OV_IO.
 */
OV_MUST_USE ov_status ov_yvm_eval(struct ov_yvm *vm, const struct ov_yhost *host,
				  const struct ov_yrule *rule, enum ov_yresult *out);

#endif
