/*
 * Modules: what a YARA condition may ask of a file beyond its bytes (pe.sections[0].name).
 *
 * A module is a tree of static tables: a struct type has fields, a field is a number, a text, a
 * struct, an array, a dictionary or a function. The compiler checks names and types against these
 * tables; the evaluator calls a field's `get` when a condition asks for it, and never before. So a
 * field that nobody asks for costs nothing. Names, not numbers, stand in a compiled database: a
 * field that this version does not know is undefined.
 *
 * To add a module: one file in src/ymod with its tables and one row in src/ymod/table.c.
 */
#ifndef OV_YARA_MODULE_H
#define OV_YARA_MODULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "cursor.h"
#include "digest.h"
#include "source.h"
#include "status.h"
#include "str.h"
#include "ystr.h"

enum ov_ykind {
	OV_Y_UNDEFINED = 0,
	OV_Y_INT,
	OV_Y_FLOAT,
	OV_Y_BOOL,
	OV_Y_STRING,
	OV_Y_REGEX, /* as an argument only */
	OV_Y_STRUCT,
	OV_Y_ARRAY,
	OV_Y_DICT,
	OV_Y_FUNC,
	OV_YKINDS
};

struct ov_ytype;
struct ov_yfield;

/* A struct, array or dictionary while a condition walks through it. The module gives `p`, `a` and
 * `n` their meaning; what `p` points to must live as long as the layer (env->arena). */
struct ov_yobj {
	const struct ov_ytype *type;   /* STRUCT: its type                      */
	const struct ov_yfield *field; /* ARRAY, DICT: the field that gave it    */
	const void *p;
	uint64_t a;	 /* whatever the module wants: an index, an offset            */
	uint64_t n;	 /* ARRAY: elements; DICT: pairs                              */
	unsigned module; /* set by the evaluator */
};

struct ov_yval {
	enum ov_ykind kind;
	union {
		int64_t i; /* INT, BOOL */
		double f;
		struct ov_str s;     /* STRING: any bytes; lives as long as the layer */
		struct ov_cur regex; /* REGEX: verified code for ov_re_find()          */
		struct ov_yobj o;    /* STRUCT, ARRAY, DICT                            */
	};
};

#define OV_YMODULES_MAX 32

/* What a module may look at. One for each layer; modules only read it, but for `state`. */
struct ov_yenv {
	const struct ov_src *src;  /* the layer's bytes                                    */
	struct ov_arena *arena;	   /* lives as long as the layer; has a budget             */
	uint64_t *steps;	   /* budget of the layer: loops over input take some off  */
	uint64_t deadline_ns;	   /* CLOCK_MONOTONIC, 0: none                             */
	struct ov_ysearch *search; /* for ov_re_find()                                     */
	struct ov_hasher *hasher[OV_DIGEST_KINDS]; /* for digests                          */
	void
	    *state[OV_YMODULES_MAX]; /* of each module, by its number; NULL at first, the arena's */
	struct ov_cur data[OV_YMODULES_MAX]; /* given by `-x module=file`, else empty       */
	uint32_t type;	 /* enum ov_type of the layer, as the engine sees it    */
	const void *exe; /* const struct ov_exe *, or NULL: not a program       */
	bool is_process; /* addresses, not offsets: no module reads headers there, as in YARA */
	/* Of a process: the bytes of [at, at + n), addresses. @return OV_OK; OV_END they do not lie
	 * in one stretch. NULL: there are none. */
	ov_status (*range)(void *ctx, uint64_t at, uint64_t n, struct ov_src *out);
	/* console.log() and kin: a line that a rule wants said. */
	void (*say)(void *ctx, struct ov_str line);
	/* Something could not be read fully, a list was capped: a fact of the result. */
	void (*note)(void *ctx, ov_status why, const char *detail);
	void *ctx;
};

/*
 * A field's value. `module` is the module's number (for env->state). Leaving *out as it is (kind
 * UNDEFINED) means: not there. @return OV_OK; OV_LIMIT, OV_NOMEM, OV_IO: the rule can't be decided.
 */
typedef ov_status (*ov_yget_fn)(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
				struct ov_yval *out);
/* Element `i` (below self->n) of an array. */
typedef ov_status (*ov_yitem_fn)(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
				 uint64_t i, struct ov_yval *out);
/* Pair `i` of a dictionary, for loops. And the value of a key: without `by_key` pairs are tried. */
typedef ov_status (*ov_ypair_fn)(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
				 uint64_t i, struct ov_str *key, struct ov_yval *out);
typedef ov_status (*ov_ykey_fn)(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
				struct ov_str key, struct ov_yval *out);
typedef ov_status (*ov_ycall_fn)(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
				 const struct ov_yval *args, size_t nargs, struct ov_yval *out);

/*
 * One way to call a function. `args`, a letter each: i integer, f float, s text, b boolean, r
 * regular expression; 'i' is taken where 'f' is wanted only if no other way fits. No argument is
 * undefined: a call with one is undefined itself.
 */
struct ov_ysig {
	const char *args;
	enum ov_ykind result; /* INT FLOAT BOOL STRING */
	ov_ycall_fn call;
};

struct ov_yfield {
	const char *name;
	enum ov_ykind kind;
	ov_yget_fn get; /* NULL: INT, the constant `value`; STRUCT: `of` with self's p and a */
	int64_t value;
	enum ov_ykind item;	    /* ARRAY, DICT: kind of the elements                      */
	const struct ov_ytype *of;  /* STRUCT, or ARRAY and DICT of STRUCT: its type           */
	ov_yitem_fn at;		    /* ARRAY */
	ov_ypair_fn pair;	    /* DICT  */
	ov_ykey_fn by_key;	    /* DICT, may be NULL */
	const struct ov_ysig *sigs; /* FUNC; the last has args NULL */
};

struct ov_ytype {
	const char *name; /* for messages: "pe.section" */
	const struct ov_yfield *fields;
	size_t nfields;
};

struct ov_ymodule {
	const char *name; /* as imported */
	const struct ov_ytype *root;
	/* Files that do not begin with these bytes have no value of it but constants and the one
	 * field named `anyway` (NULL: none): rules that need one are not looked at. NULL: any may.
	 */
	const char *head;
	const char *anyway;
};

/* All modules of a program: passed in, so that neither compiler nor evaluator knows one. */
struct ov_ymodules {
	const struct ov_ymodule *const *rows;
	size_t n; /* at most OV_YMODULES_MAX */
};

/** A field by name; NULL. */
const struct ov_yfield *ov_ytype_field(const struct ov_ytype *t, struct ov_str name);
/*
 * Values as the tables say: a kind that lies becomes undefined; structs and lists know their field.
 * Functions have none. @return as the module's own functions.
 */
OV_MUST_USE ov_status ov_yfield_value(struct ov_yenv *env, const struct ov_yobj *self,
				      const struct ov_yfield *f, struct ov_yval *out);
/* Element `i`, below self->n, of an array. */
OV_MUST_USE ov_status ov_yarray_item(struct ov_yenv *env, const struct ov_yobj *self, uint64_t i,
				     struct ov_yval *out);
/* Pair `i`, below self->n, of a dictionary. */
OV_MUST_USE ov_status ov_ydict_pair(struct ov_yenv *env, const struct ov_yobj *self, uint64_t i,
				    struct ov_str *key, struct ov_yval *out);
/* The value of a key. */
OV_MUST_USE ov_status ov_ydict_value(struct ov_yenv *env, const struct ov_yobj *self,
				     struct ov_str key, struct ov_yval *out);
/* The root of a module. */
struct ov_yobj ov_ymodule_root(const struct ov_ymodules *m, unsigned module);
/** Whether a field is there whatever the file is: a constant, or a struct without a getter. */
bool ov_yfield_is_certain(const struct ov_yfield *f);
/** The bytes that a file must begin with for a field of a module's root, or what stands below it,
 * to be defined, if it is not certain; NULL: any. */
const char *ov_ymodule_head(const struct ov_ymodules *m, unsigned module,
			    const struct ov_yfield *field);
/** A module's number, or -1. */
int ov_ymodule_find(const struct ov_ymodules *m, struct ov_str name);

#endif
