/* What the two files of the module dotnet share: the layer's metadata, read once. */
#ifndef OV_YMOD_DOTNET_INT_H
#define OV_YMOD_DOTNET_INT_H

#include "dotnet_sig.h"
#include "utf16.h"
#include "ymod_give.h"

#define OV_DOTNET_LIST_MAX 131072u /* elements of any list */

struct dotnet_class;
struct dotnet_method;

struct dotnet {
	ov_status status; /* OV_BAD: no assembly */
	struct ov_dotnet d;
	bool has_user, has_constants, has_resources, has_classes;
	uint32_t *user, nuser;		 /* places of texts in their heap     */
	uint32_t *constants, nconstants; /* rows of texts                     */
	uint32_t *resources, nresources; /* rows of those in this file        */
	struct dotnet_class **classes;	 /* by row of TypeDef; NULL: not asked */
	struct dotnet_method **methods;	 /* by row of Method                  */
	uint32_t first_class;		 /* 1 when row 0 is <Module>          */
	bool is_capped_told;
};

/** The layer's assembly. @return OV_OK; OV_END: it is none; OV_LIMIT, OV_NOMEM, OV_IO. */
OV_MUST_USE ov_status ov_dotnet_load(struct ov_yenv *env, unsigned module, struct dotnet **out);

/** At most `n` elements of a list: what is beyond the cap is told. */
uint32_t ov_dotnet_capped(struct ov_yenv *env, struct dotnet *st, uint32_t n);

/* A getter of an expression over the assembly `st` (and its metadata `d`). */
#define OV_OF_DOTNET(name, answer)                                                                 \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dotnet *st = NULL;                                                          \
		const ov_status s = ov_dotnet_load(env, module, &st);                              \
		struct ov_dotnet *d;                                                               \
                                                                                                   \
		(void)self;                                                                        \
		if (s != OV_OK)                                                                    \
			return s == OV_END ? OV_OK : s;                                            \
		d = &st->d;                                                                        \
		(void)d;                                                                           \
		return answer;                                                                     \
	}

/* dotnet_class.c */
extern const struct ov_ytype ov_dotnet_class_type;
ov_status ov_dotnet_classes(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
			    struct ov_yval *out);
ov_status ov_dotnet_class_at(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
			     uint64_t i, struct ov_yval *out);
ov_status ov_dotnet_number_of_classes(struct ov_yenv *env, unsigned module,
				      const struct ov_yobj *self, struct ov_yval *out);

#endif
