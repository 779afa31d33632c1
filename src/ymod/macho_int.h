/* What the files of the module macho share. */
#ifndef OV_YMOD_MACHO_INT_H
#define OV_YMOD_MACHO_INT_H

#include "macho.h"
#include "module.h"

#define MACHO_ARCHS_MAX 256u

/* Offsets in the file of commands of one kind. */
struct macho_list {
	uint64_t *at;
	uint32_t n;
};

struct macho_names { /* a list of texts, made when it is asked for */
	bool is_there;
	struct ov_str *s;
	uint32_t n, room;
};

enum {
	MACHO_DYLIBS,
	MACHO_IMPORTS,
	MACHO_EXPORTS,
	MACHO_ENTITLEMENTS,
	MACHO_SYMBOLS,
	MACHO_OPTIONS,
	MACHO_NAMES
};

struct ymod_macho;

struct macho_image {
	struct ymod_macho *of;
	uint64_t base, size;
	bool is_read, is_macho;
	struct ov_macho h;
	uint32_t nsegments; /* as counted, those that can't be read too */
	struct macho_list segments, dylibs, rpaths, options;
	bool has_entry, has_stack;
	uint64_t entry, stack; /* entry: an offset in the image */
	/* Where the command stands in the file; 0: there is none. */
	uint64_t symtab, dysymtab, dyld_info, signature, uuid, build, min_version, source, dylinker,
	    trie, fixups;
	struct macho_names names[MACHO_NAMES], certs[2]; /* certs: common names, of signers */
	bool has_certs;
};

struct ymod_macho { /* of a layer */
	struct ov_window win, names;
	struct macho_image thin;
	bool is_fat, is_fat64;
	uint32_t fat_magic, nfat;
	uint32_t narchs; /* rows that are there */
	struct ov_macho_arch *archs;
	struct macho_image *images;
	uint32_t nimages; /* as yara numbers them: those before the last that is inside the file */
};

/* @return OV_OK with *out NULL when the layer is neither thin nor fat. */
OV_MUST_USE ov_status macho_load(struct ov_yenv *env, unsigned module, struct ymod_macho **out);
/* Reads the commands of an image, once. */
OV_MUST_USE ov_status macho_read_image(struct ov_yenv *env, struct macho_image *x);
/* The image that `self` is of: its own, or the thin one at the root. NULL: there is none. */
OV_MUST_USE ov_status macho_self(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
				 struct macho_image **out);

/* A text at `at` of the file up to a NUL, at most `max` bytes, which may end it as well. */
OV_MUST_USE ov_status macho_text(struct ov_yenv *env, struct ymod_macho *m, uint64_t at,
				 uint64_t max, struct ov_str *out);

/* macho_names.c: one of the lists of names of an image, made when first asked for. */
OV_MUST_USE ov_status macho_names_of(struct ov_yenv *env, struct macho_image *x, int which,
				     struct macho_names **out);
OV_MUST_USE ov_status macho_names_add(struct ov_yenv *env, struct macho_names *l, struct ov_str s);

/* macho_link.c: names of the symbol table; what the loader binds and gives away. */
enum macho_which { MACHO_ALL, MACHO_UNDEFINED, MACHO_DEFINED };
OV_MUST_USE ov_status macho_symbols(struct ov_yenv *env, struct macho_image *x,
				    enum macho_which which, struct macho_names *out);
OV_MUST_USE ov_status macho_imports(struct ov_yenv *env, struct macho_image *x,
				    struct macho_names *out);
OV_MUST_USE ov_status macho_exports(struct ov_yenv *env, struct macho_image *x,
				    struct macho_names *out);
/* macho_sign.c: keys of the entitlements; common names of certificates (certs[0], certs[1]). */
OV_MUST_USE ov_status macho_entitlements(struct ov_yenv *env, struct macho_image *x,
					 struct macho_names *out);
OV_MUST_USE ov_status macho_certificates(struct ov_yenv *env, struct macho_image *x);

extern const struct ov_ysig macho_has_dylib[], macho_has_rpath[], macho_has_import[],
    macho_has_export[], macho_has_entitlement[], macho_dylib_hash[], macho_import_hash[],
    macho_export_hash[], macho_entitlement_hash[], macho_symhash[];

#endif
