/* What the files of the module dex share. */
#ifndef OV_YMOD_DEX_INT_H
#define OV_YMOD_DEX_INT_H

#include "dex.h"
#include "module.h"

struct member { /* a field or a method that a class has */
	uint32_t index, diff, flags, code_off;
	bool is_direct, is_virtual;
};

struct members {
	struct member *m;
	uint32_t n, room;
};

struct class_data {
	uint32_t sizes[4]; /* static and instance fields, direct and virtual methods */
};

struct dex {
	bool is_dex;
	struct ov_dex h;
	struct ov_window win, names;
	bool has[OV_DEX_TABLES]; /* a table counts only if those before it do */
	uint32_t nmap;		 /* items that are there */
	bool has_map;
	uint32_t map_size;
	bool has_members; /* tried */
	bool is_whole;	  /* all classes could be read */
	struct members fields, methods;
	struct class_data *data;
	uint32_t ndata;
};

/* @return OV_OK with *out NULL when the layer is no DEX file. */
OV_MUST_USE ov_status dex_load(struct ov_yenv *env, unsigned module, struct dex **out);
/* The same, with the fields and methods of all classes. */
OV_MUST_USE ov_status dex_members(struct ov_yenv *env, unsigned module, struct dex **out);
/* A string as a view of the file, or a copy of the arena; p NULL: there is none. */
OV_MUST_USE ov_status dex_text(struct ov_yenv *env, struct dex *d, uint64_t i, uint32_t *off,
			       uint32_t *units, struct ov_str *out);
OV_MUST_USE ov_status dex_string(struct ov_yenv *env, struct dex *d, uint64_t i,
				 struct ov_str *out);
/* A row; fields of a row that is not there are NO_INDEX, which names nothing. */
OV_MUST_USE ov_status dex_row(struct dex *d, enum ov_dex_table t, uint64_t i, uint32_t row[8]);
OV_MUST_USE ov_status dex_type_name(struct ov_yenv *env, struct dex *d, uint32_t i,
				    struct ov_str *out);

extern const struct ov_ysig dex_checksum[], dex_signature[], dex_has_method[], dex_has_class[],
    dex_contains_string[], dex_contains_method[], dex_contains_class[];

#endif
