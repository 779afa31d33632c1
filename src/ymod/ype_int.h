/* What the files of YARA's module `pe` share. Lists are read when a condition first asks for them,
 * and kept as long as the layer. */
#ifndef OV_YPE_INT_H
#define OV_YPE_INT_H

#include "exe.h"
#include "module.h"
#include "pe_view.h"
#include "signature_view.h"

struct ype_signature {
	const struct ov_sign_view *v;
	struct ov_sign_counter *counters;
	uint32_t ncounters;
	bool has_counters, has_file_digest, is_judged, is_verified;
	struct ov_str file_digest;
};

struct ype {
	bool is_pe;
	bool has_imports[2], has_exports, has_resources, has_texts, has_dict, has_rich, has_path,
	    has_checksum, has_imphash, has_signatures, is_capped, is_told;
	struct ov_pe pe;
	struct ov_pe_imports imports[2]; /* usual, delayed */
	struct ov_pe_exports exports;
	struct ov_pe_resources resources;
	struct ov_pe_texts texts, dict; /* dict: each key once, with its last value */
	struct ov_pe_rich rich;
	struct ov_str path; /* of the debug information; empty: none */
	uint32_t checksum;
	struct ov_str imphash;
	struct ype_signature signatures[OV_SIGNATURES_MAX];
	uint32_t nsignatures;
};

/** The module's state of this layer. *out is NULL when it is no PE, or a process. */
OV_MUST_USE ov_status ype_get(struct ov_yenv *env, unsigned module, struct ype **out);

/** Each reads its list if that was not done yet. The state must be one of a PE. */
OV_MUST_USE ov_status ype_imports(struct ov_yenv *env, struct ype *p, unsigned is_delayed);
OV_MUST_USE ov_status ype_exports(struct ov_yenv *env, struct ype *p);
OV_MUST_USE ov_status ype_resources(struct ov_yenv *env, struct ype *p);
OV_MUST_USE ov_status ype_texts(struct ov_yenv *env, struct ype *p);
OV_MUST_USE ov_status ype_dict(struct ov_yenv *env, struct ype *p);
OV_MUST_USE ov_status ype_rich(struct ov_yenv *env, struct ype *p);
OV_MUST_USE ov_status ype_path(struct ov_yenv *env, struct ype *p);
OV_MUST_USE ov_status ype_signatures(struct ov_yenv *env, struct ype *p);

/** Tells once that a list was longer than its cap. */
void ype_tell(struct ov_yenv *env, struct ype *p);

/** Takes steps for work. @return OV_LIMIT: there are none left. */
OV_MUST_USE ov_status ype_spend(struct ov_yenv *env, uint64_t n);

/** What signature.h wants to know of a program. */
struct ov_exe ype_exe(const struct ype *p);

/* Values. */
static inline void ype_int(struct ov_yval *out, int64_t v)
{
	*out = (struct ov_yval){ .kind = OV_Y_INT, .i = v };
}
static inline void ype_bool(struct ov_yval *out, bool v)
{
	*out = (struct ov_yval){ .kind = OV_Y_BOOL, .i = v };
}
static inline void ype_str(struct ov_yval *out, struct ov_str s)
{
	*out = (struct ov_yval){ .kind = OV_Y_STRING, .s = s };
}
static inline void ype_obj(struct ov_yval *out, enum ov_ykind kind, const void *at, uint64_t a,
			   uint64_t n)
{
	*out = (struct ov_yval){ .kind = kind, .o = { .p = at, .a = a, .n = n } };
}

#define YPE_GET(name)                                                                              \
	ov_status name(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,           \
		       struct ov_yval *out)
#define YPE_AT(name)                                                                               \
	ov_status name(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,           \
		       uint64_t i, struct ov_yval *out)
#define YPE_CALL(name)                                                                             \
	ov_status name(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,           \
		       const struct ov_yval *args, size_t nargs, struct ov_yval *out)
#define YPE_UNUSED() (void)env, (void)module, (void)self
#define YPE_UNUSED_CALL() (void)env, (void)module, (void)self, (void)args, (void)nargs

/* A member of a struct that self->p points to. `var` names it in `expr`. */
#define YPE_MEMBER_INT(name, type, expr)                                                           \
	static YPE_GET(name)                                                                       \
	{                                                                                          \
		const type *x = self->p;                                                           \
		YPE_UNUSED();                                                                      \
		ype_int(out, (int64_t)(expr));                                                     \
		return OV_OK;                                                                      \
	}
#define YPE_MEMBER_STR(name, type, expr)                                                           \
	static YPE_GET(name)                                                                       \
	{                                                                                          \
		const type *x = self->p;                                                           \
		YPE_UNUSED();                                                                      \
		ype_str(out, expr);                                                                \
		return OV_OK;                                                                      \
	}

#define YPE_SIG_END                                                                                \
	{                                                                                          \
		NULL, OV_Y_UNDEFINED, NULL                                                         \
	}
#define YPE_TYPE(var, text, rows)                                                                  \
	const struct ov_ytype var = { text, rows, sizeof(rows) / sizeof *(rows) }

/* The other files' types and functions, for the table in pe.c. */
extern const struct ov_ytype ype_version, ype_section, ype_dir, ype_overlay, ype_resource, ype_pair,
    ype_rich_type, ype_library, ype_export, ype_signature_type;
extern const struct ov_ysig ype_imports_sigs[], ype_import_rva_sigs[], ype_delayed_rva_sigs[],
    ype_imphash_sigs[], ype_exports_sigs[], ype_exports_index_sigs[], ype_section_index_sigs[],
    ype_locale_sigs[], ype_language_sigs[];
YPE_GET(ype_get_sections);
YPE_AT(ype_at_section);
YPE_GET(ype_get_dirs);
YPE_AT(ype_at_dir);
YPE_GET(ype_get_overlay);
YPE_GET(ype_get_resources);
YPE_AT(ype_at_resource);
YPE_GET(ype_get_nresources);
YPE_GET(ype_get_resource_time);
YPE_GET(ype_get_resource_version);
YPE_GET(ype_get_texts);
YPE_AT(ype_at_text);
YPE_GET(ype_get_ntexts);
YPE_GET(ype_get_dict);
ov_status ype_pair_at(struct ov_yenv *env, unsigned module, const struct ov_yobj *self, uint64_t i,
		      struct ov_str *key, struct ov_yval *out);
ov_status ype_by_key(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
		     struct ov_str key, struct ov_yval *out);
YPE_GET(ype_get_rich);
YPE_GET(ype_get_path);
YPE_GET(ype_get_libraries);
YPE_GET(ype_get_delayed);
YPE_AT(ype_at_library);
YPE_GET(ype_get_nimports);
YPE_GET(ype_get_nfunctions);
YPE_GET(ype_get_ndelayed);
YPE_GET(ype_get_ndelayed_functions);
YPE_GET(ype_get_exports);
YPE_AT(ype_at_export);
YPE_GET(ype_get_nexports);
YPE_GET(ype_get_export_time);
YPE_GET(ype_get_dll_name);
YPE_GET(ype_get_signatures);
YPE_AT(ype_at_signature);
YPE_GET(ype_get_nsignatures);
YPE_GET(ype_get_is_signed);

#endif
