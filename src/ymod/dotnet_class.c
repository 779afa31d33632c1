/*
 * dotnet.classes: fields of YARA 4.5's manual; values as YARA-X 1.20 has them, asked by rules.
 * What is computed (full names, signatures) is kept for each class and method that was asked for.
 */
#include "ymod.h"

#include "dotnet_int.h"

#define GENERICS_MAX 64
#define BASES_MAX 256
#define PARAM_ROWS_MAX 1024 /* looked at for one name */

struct dotnet_class {
	uint32_t row;
	bool has_name, has_generics, has_bases;
	struct ov_str full;
	struct ov_str *generics, *bases;
	uint32_t ngenerics, nbases;
	uint32_t first_method, nmethods; /* rows */
};

struct dotnet_method {
	uint32_t row;
	struct dotnet_class *of;
	bool has_generics, has_signature;
	struct ov_str *generics;
	uint32_t ngenerics;
	struct ov_dotnet_method sig;
};

/* A row of a table whose `column` is sorted: the first that is not below `key`. */
static uint32_t lower_bound(const struct ov_dotnet *d, unsigned table, unsigned column,
			    uint32_t key)
{
	uint32_t low = 0, high = ov_dotnet_rows(d, table);

	while (low < high) {
		const uint32_t mid = low + (high - low) / 2;

		if (ov_dotnet_cell(d, table, mid, column) < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Rows first, first + 1, ... whose column is `key`: how many, at most `max`. */
static uint32_t count_key(const struct ov_dotnet *d, unsigned table, unsigned column, uint32_t key,
			  uint32_t first, uint32_t max)
{
	uint32_t n = 0;

	while (n < max && first + n < ov_dotnet_rows(d, table) &&
	       ov_dotnet_cell(d, table, first + n, column) == key)
		n++;
	return n;
}

/* Names of generic parameters; owners are sorted (II.22.20). */
static ov_status read_generics(struct ov_yenv *env, struct ov_dotnet *d, uint32_t owner,
			       struct ov_str **names, uint32_t *n)
{
	const uint32_t first = lower_bound(d, OV_NET_GENERIC_PARAM, 2, owner);
	const uint32_t count =
	    count_key(d, OV_NET_GENERIC_PARAM, 2, owner, first, GENERICS_MAX + 1);

	if (count > GENERICS_MAX)
		ov_ymod_note(env, OV_LIMIT,
			     "a .NET class with more generic parameters than are read");
	*n = count < GENERICS_MAX ? count : GENERICS_MAX;
	OV_TRY(ov_arena_array(env->arena, (size_t)*n + 1, names));
	for (uint32_t i = 0; i < *n; i++)
		OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, OV_NET_GENERIC_PARAM, first + i, 3),
				      &(*names)[i]));
	return OV_OK;
}

/* --- classes --- */

/* The list's room, and whether its first row is the one that stands for what is in no class. */
static ov_status prepare(struct ov_yenv *env, struct dotnet *st)
{
	struct ov_str name;

	if (st->has_classes)
		return OV_OK;
	OV_TRY(ov_dotnet_name(&st->d, ov_dotnet_cell(&st->d, OV_NET_TYPE_DEF, 0, 1), &name));
	st->first_class =
	    ov_dotnet_rows(&st->d, OV_NET_TYPE_DEF) > 0 && ov_str_is(name, "<Module>");
	OV_TRY(ov_arena_array(env->arena, (size_t)ov_dotnet_rows(&st->d, OV_NET_TYPE_DEF) + 1,
			      &st->classes));
	OV_TRY(ov_arena_array(env->arena, (size_t)ov_dotnet_rows(&st->d, OV_NET_METHOD) + 1,
			      &st->methods));
	st->has_classes = true;
	return OV_OK;
}

/* Methods stand together: from one class's first to the next one's. */
static void find_methods(struct ov_yenv *env, struct dotnet *st, struct dotnet_class *c)
{
	const uint32_t rows = ov_dotnet_rows(&st->d, OV_NET_METHOD);
	const uint32_t first = ov_dotnet_cell(&st->d, OV_NET_TYPE_DEF, c->row, 5);
	uint32_t end = rows + 1;

	if (c->row + 1 < ov_dotnet_rows(&st->d, OV_NET_TYPE_DEF))
		end = ov_dotnet_cell(&st->d, OV_NET_TYPE_DEF, c->row + 1, 5);
	if (end > rows + 1)
		end = rows + 1;
	if (first == 0 || first >= end)
		return;
	c->first_method = first - 1;
	c->nmethods = ov_dotnet_capped(env, st, end - first);
}

static ov_status class_list(struct ov_yenv *env, struct dotnet *st, bool is_count,
			    struct ov_yval *out)
{
	const uint32_t rows = ov_dotnet_rows(&st->d, OV_NET_TYPE_DEF);
	uint32_t n;

	OV_TRY(prepare(env, st));
	n = ov_dotnet_capped(env, st, rows - st->first_class);
	if (is_count)
		return st->d.t[OV_NET_TYPE_DEF].is_there ? ov_give_int(out, n) : OV_OK;
	return ov_give_array(out, st, 0, n);
}

OV_OF_DOTNET(count_classes, class_list(env, st, true, out))
OV_OF_DOTNET(all_classes, class_list(env, st, false, out))

ov_status ov_dotnet_number_of_classes(struct ov_yenv *env, unsigned module,
				      const struct ov_yobj *self, struct ov_yval *out)
{
	return count_classes(env, module, self, out);
}

ov_status ov_dotnet_classes(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
			    struct ov_yval *out)
{
	return all_classes(env, module, self, out);
}

ov_status ov_dotnet_class_at(struct ov_yenv *env, unsigned module, const struct ov_yobj *self,
			     uint64_t i, struct ov_yval *out)
{
	struct dotnet *st = NULL;
	struct dotnet_class *c;
	uint32_t row;

	(void)self;
	OV_TRY(ov_dotnet_load(env, module, &st));
	row = (uint32_t)i + st->first_class;
	c = st->classes[row];
	if (c == NULL) {
		OV_TRY(ov_arena_new(env->arena, &c));
		c->row = row;
		find_methods(env, st, c);
		st->classes[row] = c;
	}
	return ov_give_struct(out, c, 0);
}

static ov_status class_generics(struct ov_yenv *env, struct ov_dotnet *d, struct dotnet_class *c)
{
	if (c->has_generics)
		return OV_OK;
	OV_TRY(read_generics(env, d, (c->row + 1) << 1, &c->generics, &c->ngenerics));
	c->has_generics = true;
	return OV_OK;
}

/* The class it extends, then the interfaces: sorted by class (II.22.23). */
static ov_status class_bases(struct ov_yenv *env, struct ov_dotnet *d, struct dotnet_class *c)
{
	const uint32_t first = lower_bound(d, OV_NET_INTERFACE_IMPL, 0, c->row + 1);
	struct ov_dotnet_generics g;
	uint32_t n, k = 0;

	if (c->has_bases)
		return OV_OK;
	OV_TRY(class_generics(env, d, c));
	g = (struct ov_dotnet_generics){ .type = c->generics, .ntype = c->ngenerics };
	n = count_key(d, OV_NET_INTERFACE_IMPL, 0, c->row + 1, first, BASES_MAX);
	if (n == BASES_MAX)
		ov_ymod_note(env, OV_LIMIT, "a .NET class with more base types than are read");
	OV_TRY(ov_arena_array(env->arena, (size_t)n + 1, &c->bases));
	OV_TRY(
	    ov_dotnet_type_of(d, ov_dotnet_cell(d, OV_NET_TYPE_DEF, c->row, 3), &g, &c->bases[0]));
	k += c->bases[0].p != NULL;
	for (uint32_t i = 0; i < n; i++) {
		OV_TRY(ov_dotnet_type_of(d, ov_dotnet_cell(d, OV_NET_INTERFACE_IMPL, first + i, 1),
					 &g, &c->bases[k]));
		k += c->bases[k].p != NULL;
	}
	c->nbases = k;
	c->has_bases = true;
	return OV_OK;
}

static ov_status class_name(struct ov_dotnet *d, struct dotnet_class *c)
{
	if (c->has_name)
		return OV_OK;
	OV_TRY(ov_dotnet_full_name(d, OV_NET_TYPE_DEF, c->row, &c->full));
	c->has_name = true;
	return OV_OK;
}

/* Getters of a class or method: `self->p` is what class_at() or method_at() made. */
#define OF_CLASS(name, answer)                                                                     \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dotnet *st = NULL;                                                          \
		struct dotnet_class *c = (struct dotnet_class *)self->p;                           \
		struct ov_dotnet *d;                                                               \
                                                                                                   \
		OV_TRY(ov_dotnet_load(env, module, &st));                                          \
		d = &st->d;                                                                        \
		(void)d;                                                                           \
		return answer;                                                                     \
	}

static uint32_t class_flags(const struct ov_dotnet *d, const struct dotnet_class *c)
{
	return ov_dotnet_cell(d, OV_NET_TYPE_DEF, c->row, 0);
}

static ov_status give_full(struct ov_dotnet *d, struct dotnet_class *c, struct ov_yval *out)
{
	OV_TRY(class_name(d, c));
	return ov_give_text(out, c->full);
}

static ov_status give_own_name(struct ov_dotnet *d, const struct dotnet_class *c,
			       struct ov_yval *out)
{
	struct ov_str s;

	OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, OV_NET_TYPE_DEF, c->row, 1), &s));
	return ov_give_text(out, ov_dotnet_plain(s));
}

/* What stands before the name: of a nested class that is the class around it. */
static ov_status give_namespace(struct ov_dotnet *d, struct dotnet_class *c, struct ov_yval *out)
{
	struct ov_str s, own;

	OV_TRY(class_name(d, c));
	OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, OV_NET_TYPE_DEF, c->row, 1), &own));
	own = ov_dotnet_plain(own);
	if (c->full.n < own.n + 2)
		return OV_OK;
	s = (struct ov_str){ .p = c->full.p, .n = c->full.n - own.n - 1 };
	return ov_give_text(out, s);
}

/* II.23.1.15 */
static ov_status give_class_visibility(uint32_t flags, struct ov_yval *out)
{
	static const char *const words[] = { "internal",
					     "public",
					     "public",
					     "private",
					     "protected",
					     "internal",
					     "private protected",
					     "protected internal" };

	return ov_give_text(out, ov_str_of(words[flags & 7]));
}

OF_CLASS(full_name, give_full(d, c, out))
OF_CLASS(own_name, give_own_name(d, c, out))
OF_CLASS(name_space, give_namespace(d, c, out))
OF_CLASS(class_visibility, give_class_visibility(class_flags(d, c), out))
OF_CLASS(class_kind,
	 ov_give_text(out, (class_flags(d, c) & 0x20) != 0 ? OV_STR("interface") : OV_STR("class")))
OF_CLASS(class_abstract, ov_give_int(out, class_flags(d, c) >> 7 & 1))
OF_CLASS(class_sealed, ov_give_int(out, class_flags(d, c) >> 8 & 1))

static ov_status give_class_generics(struct ov_yenv *env, struct ov_dotnet *d,
				     struct dotnet_class *c, bool is_count, struct ov_yval *out)
{
	OV_TRY(class_generics(env, d, c));
	return is_count ? ov_give_int(out, c->ngenerics)
			: ov_give_array(out, c->generics, 0, c->ngenerics);
}

static ov_status give_bases(struct ov_yenv *env, struct ov_dotnet *d, struct dotnet_class *c,
			    bool is_count, struct ov_yval *out)
{
	OV_TRY(class_bases(env, d, c));
	return is_count ? ov_give_int(out, c->nbases) : ov_give_array(out, c->bases, 0, c->nbases);
}

OF_CLASS(number_of_class_generics, give_class_generics(env, d, c, true, out))
OF_CLASS(list_class_generics, give_class_generics(env, d, c, false, out))
OF_CLASS(number_of_bases, give_bases(env, d, c, true, out))
OF_CLASS(list_bases, give_bases(env, d, c, false, out))

OV_ITEM(text_at)
{
	const struct ov_str *list = self->p;

	(void)env;
	(void)module;
	return ov_give_text(out, list[i]);
}

/* --- methods --- */

OV_GET(number_of_methods)
{
	OV_UNUSED_GET();
	return ov_give_int(out, ((const struct dotnet_class *)self->p)->nmethods);
}

OV_GET(list_methods)
{
	OV_UNUSED_GET();
	return ov_give_array(out, self->p, 0, ((const struct dotnet_class *)self->p)->nmethods);
}

OV_ITEM(method_at)
{
	struct dotnet *st = NULL;
	struct dotnet_class *c = (struct dotnet_class *)self->p;
	struct dotnet_method *m;
	uint32_t row;

	OV_TRY(ov_dotnet_load(env, module, &st));
	row = c->first_method + (uint32_t)i;
	m = st->methods[row];
	/* Crafted classes may claim the same methods: a signature speaks of its own class. */
	if (m == NULL || m->of != c) {
		OV_TRY(ov_arena_new(env->arena, &m));
		m->row = row;
		m->of = c;
		st->methods[row] = m;
	}
	return ov_give_struct(out, m, 0);
}

static ov_status method_generics(struct ov_yenv *env, struct ov_dotnet *d, struct dotnet_method *m)
{
	if (m->has_generics)
		return OV_OK;
	OV_TRY(read_generics(env, d, (m->row + 1) << 1 | 1, &m->generics, &m->ngenerics));
	m->has_generics = true;
	return OV_OK;
}

static ov_status signature(struct ov_yenv *env, struct ov_dotnet *d, struct dotnet_method *m)
{
	struct ov_dotnet_generics g;

	if (m->has_signature)
		return OV_OK;
	OV_TRY(class_generics(env, d, m->of));
	OV_TRY(method_generics(env, d, m));
	g = (struct ov_dotnet_generics){ .type = m->of->generics,
					 .ntype = m->of->ngenerics,
					 .method = m->generics,
					 .nmethod = m->ngenerics };
	OV_TRY(ov_dotnet_method_of(d, ov_dotnet_cell(d, OV_NET_METHOD, m->row, 4), &g, &m->sig));
	if (m->sig.is_capped)
		ov_ymod_note(env, OV_LIMIT, "a .NET method with more parameters than are read");
	m->has_signature = true;
	return OV_OK;
}

#define OF_METHOD(name, answer)                                                                    \
	OV_GET(name)                                                                               \
	{                                                                                          \
		struct dotnet *st = NULL;                                                          \
		struct dotnet_method *m = (struct dotnet_method *)self->p;                         \
		struct ov_dotnet *d;                                                               \
                                                                                                   \
		OV_TRY(ov_dotnet_load(env, module, &st));                                          \
		d = &st->d;                                                                        \
		(void)d;                                                                           \
		return answer;                                                                     \
	}

static uint32_t method_flags(const struct ov_dotnet *d, const struct dotnet_method *m)
{
	return ov_dotnet_cell(d, OV_NET_METHOD, m->row, 2);
}

static ov_status give_method_name(struct ov_dotnet *d, const struct dotnet_method *m,
				  struct ov_yval *out)
{
	struct ov_str s;

	OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, OV_NET_METHOD, m->row, 3), &s));
	return ov_give_text(out, s);
}

/* II.23.1.10 */
static ov_status give_method_visibility(uint32_t flags, struct ov_yval *out)
{
	static const char *const words[] = { "private",	 "private",   "private protected",
					     "internal", "protected", "protected internal",
					     "public",	 "private" };

	return ov_give_text(out, ov_str_of(words[flags & 7]));
}

/* A constructor has no type of its own. */
static ov_status give_returns(struct ov_yenv *env, struct ov_dotnet *d, struct dotnet_method *m,
			      struct ov_yval *out)
{
	struct ov_str name;

	OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, OV_NET_METHOD, m->row, 3), &name));
	if (ov_str_is(name, ".ctor") || ov_str_is(name, ".cctor"))
		return OV_OK;
	OV_TRY(signature(env, d, m));
	return ov_give_text(out, m->sig.returns);
}

static ov_status give_method_generics(struct ov_yenv *env, struct ov_dotnet *d,
				      struct dotnet_method *m, bool is_count, struct ov_yval *out)
{
	OV_TRY(method_generics(env, d, m));
	return is_count ? ov_give_int(out, m->ngenerics)
			: ov_give_array(out, m->generics, 0, m->ngenerics);
}

static ov_status give_params(struct ov_yenv *env, struct ov_dotnet *d, struct dotnet_method *m,
			     bool is_count, struct ov_yval *out)
{
	OV_TRY(signature(env, d, m));
	return is_count ? ov_give_int(out, m->sig.nparams)
			: ov_give_array(out, m, 0, m->sig.nparams);
}

OF_METHOD(method_name, give_method_name(d, m, out))
OF_METHOD(method_visibility, give_method_visibility(method_flags(d, m), out))
OF_METHOD(method_static, ov_give_int(out, method_flags(d, m) >> 4 & 1))
OF_METHOD(method_final, ov_give_int(out, method_flags(d, m) >> 5 & 1))
OF_METHOD(method_virtual, ov_give_int(out, method_flags(d, m) >> 6 & 1))
OF_METHOD(method_abstract, ov_give_int(out, method_flags(d, m) >> 10 & 1))
OF_METHOD(method_returns, give_returns(env, d, m, out))
OF_METHOD(number_of_method_generics, give_method_generics(env, d, m, true, out))
OF_METHOD(list_method_generics, give_method_generics(env, d, m, false, out))
OF_METHOD(number_of_params, give_params(env, d, m, true, out))
OF_METHOD(list_params, give_params(env, d, m, false, out))

/* --- parameters: self->p is the method, self->a the number --- */

OV_ITEM(param_at)
{
	(void)env;
	(void)module;
	return ov_give_struct(out, self->p, i);
}

OF_METHOD(param_type, ov_give_text(out, m->sig.params[self->a]))

/* Names stand in a table of their own, by number; 0 is the result. */
static ov_status give_param_name(struct ov_dotnet *d, const struct dotnet_method *m, uint64_t i,
				 struct ov_yval *out)
{
	const uint32_t first = ov_dotnet_cell(d, OV_NET_METHOD, m->row, 5);
	uint32_t end = ov_dotnet_rows(d, OV_NET_PARAM) + 1;
	struct ov_str s;

	if (m->row + 1 < ov_dotnet_rows(d, OV_NET_METHOD))
		end = ov_dotnet_cell(d, OV_NET_METHOD, m->row + 1, 5);
	for (uint32_t at = first; at != 0 && at < end && at - first < PARAM_ROWS_MAX; at++) {
		if (ov_dotnet_cell(d, OV_NET_PARAM, at - 1, 1) != i + 1)
			continue;
		OV_TRY(ov_dotnet_name(d, ov_dotnet_cell(d, OV_NET_PARAM, at - 1, 2), &s));
		return ov_give_text(out, s);
	}
	return OV_OK;
}

OF_METHOD(param_name, give_param_name(d, m, self->a, out))

static const struct ov_yfield param_fields[] = {
	OV_F_STR("name", param_name),
	OV_F_STR("type", param_type),
};
OV_YTYPE(param, "dotnet.parameter");

static const struct ov_yfield method_fields[] = {
	OV_F_STR("name", method_name),
	OV_F_STR("visibility", method_visibility),
	OV_F_INT("static", method_static),
	OV_F_INT("virtual", method_virtual),
	OV_F_INT("final", method_final),
	OV_F_INT("abstract", method_abstract),
	OV_F_STR("return_type", method_returns),
	OV_F_INT("number_of_parameters", number_of_params),
	OV_F_STRUCTS("parameters", list_params, param_at, param),
	OV_F_INT("number_of_generic_parameters", number_of_method_generics),
	OV_F_LIST("generic_parameters", list_method_generics, text_at, OV_Y_STRING),
};
OV_YTYPE(method, "dotnet.method");

static const struct ov_yfield class_fields[] = {
	OV_F_STR("fullname", full_name),
	OV_F_STR("name", own_name),
	OV_F_STR("namespace", name_space),
	OV_F_STR("visibility", class_visibility),
	OV_F_STR("type", class_kind),
	OV_F_INT("abstract", class_abstract),
	OV_F_INT("sealed", class_sealed),
	OV_F_INT("number_of_generic_parameters", number_of_class_generics),
	OV_F_LIST("generic_parameters", list_class_generics, text_at, OV_Y_STRING),
	OV_F_INT("number_of_base_types", number_of_bases),
	OV_F_LIST("base_types", list_bases, text_at, OV_Y_STRING),
	OV_F_INT("number_of_methods", number_of_methods),
	OV_F_STRUCTS("methods", list_methods, method_at, method),
};

const struct ov_ytype ov_dotnet_class_type = { "dotnet.class", class_fields,
					       sizeof class_fields / sizeof *class_fields };
