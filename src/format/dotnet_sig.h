/* Types and methods of .NET metadata in words, as YARA's rules see them. */
#ifndef OV_DOTNET_SIG_H
#define OV_DOTNET_SIG_H

#include "dotnet.h"

#define OV_DOTNET_PARAMS_MAX 256

/* Names of generic parameters that a signature may speak of. Borrowed. */
struct ov_dotnet_generics {
	const struct ov_str *type, *method;
	uint32_t ntype, nmethod;
};

struct ov_dotnet_method { /* a method's signature. Texts: p NULL when they can't be read */
	struct ov_str returns;
	struct ov_str *params; /* types */
	uint32_t nparams;      /* as declared, but at most OV_DOTNET_PARAMS_MAX */
	bool is_capped;
};

/**
 * The full name of a row of TypeDef or TypeRef: namespace, the classes around it, its own name;
 * joined by dots, without the number of its generic parameters. In the arena; p NULL when it has
 * none.
 */
OV_MUST_USE ov_status ov_dotnet_full_name(struct ov_dotnet *d, unsigned table, uint32_t row,
					  struct ov_str *out);

/** What stands before '`' in a name: the rest is the number of generic parameters. */
struct ov_str ov_dotnet_plain(struct ov_str name);

/** The type that a coded TypeDefOrRef names, in words; p NULL when it can't be told. */
OV_MUST_USE ov_status ov_dotnet_type_of(struct ov_dotnet *d, uint32_t coded,
					const struct ov_dotnet_generics *g, struct ov_str *out);

/** A method's signature, a blob. @return OV_OK, what can't be read has p NULL; OV_LIMIT, OV_NOMEM,
 * OV_IO. */
OV_MUST_USE ov_status ov_dotnet_method_of(struct ov_dotnet *d, uint32_t blob,
					  const struct ov_dotnet_generics *g,
					  struct ov_dotnet_method *out);

#endif
