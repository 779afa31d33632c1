/* --include, --exclude and kin of clamscan: POSIX extended regular expressions against whole paths.
 */
#include "clam.h"

#include <regex.h>
#include <stdlib.h>

struct set {
	regex_t *v;
	size_t n;
};

struct clam_filters {
	struct set exclude, exclude_dir, include, include_dir;
};

static bool compile(const struct cli_list *from, const char *option, struct set *to,
		    struct cli_out *err)
{
	if (from->n == 0)
		return true;
	to->v = calloc(from->n, sizeof *to->v);
	for (size_t i = 0; to->v != NULL && i < from->n; i++) {
		char text[128];
		const int e = regcomp(&to->v[i], from->v[i], REG_EXTENDED | REG_NOSUB);

		if (e != 0) {
			(void)regerror(e, &to->v[i], text, sizeof text);
			cli_fmt(err, "overt clamscan: --%s can't be \"", option);
			cli_shown(err, ov_str_of(from->v[i]));
			cli_fmt(err, "\": %s\n", text);
			return false;
		}
		to->n++;
	}
	return to->v != NULL;
}

static void set_free(struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		regfree(&s->v[i]);
	free(s->v);
}

bool clam_filters_open(const struct clam_settings *s, struct clam_filters **out,
		       struct cli_out *err)
{
	struct clam_filters *f = calloc(1, sizeof *f);

	if (f != NULL && compile(&s->exclude, "exclude", &f->exclude, err) &&
	    compile(&s->exclude_dir, "exclude-dir", &f->exclude_dir, err) &&
	    compile(&s->include, "include", &f->include, err) &&
	    compile(&s->include_dir, "include-dir", &f->include_dir, err)) {
		*out = f;
		return true;
	}
	clam_filters_free(&f);
	return false;
}

void clam_filters_free(struct clam_filters **fp)
{
	struct clam_filters *f = *fp;

	if (f == NULL)
		return;
	set_free(&f->exclude);
	set_free(&f->exclude_dir);
	set_free(&f->include);
	set_free(&f->include_dir);
	free(f);
	*fp = NULL;
}

/* Paths of the walk end in a NUL. */
static bool hits(const struct set *s, struct ov_str path)
{
	for (size_t i = 0; i < s->n; i++)
		if (regexec(&s->v[i], path.p, 0, NULL, 0) == 0)
			return true;
	return false;
}

bool clam_accept(const struct clam_filters *f, struct ov_str path, bool is_dir)
{
	const struct set *out = is_dir ? &f->exclude_dir : &f->exclude;
	const struct set *in = is_dir ? &f->include_dir : &f->include;

	return !hits(out, path) && (in->n == 0 || hits(in, path));
}
