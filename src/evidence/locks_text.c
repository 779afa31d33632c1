/*
 * Lock files and manifests that are lines of text: Cargo.lock, poetry.lock, uv.lock (as much of
 * TOML as their writers use), go.mod and go.sum, requirements.txt, gradle.lockfile,
 * build.gradle[.kts], libs.versions.toml, yarn.lock, pnpm-lock.yaml, Gemfile.lock, pom.properties,
 * and METADATA or PKG-INFO of installed Python packages. Programs in build files are not run: only
 * what they spell out is seen.
 */
#include "locks.h"

typedef ov_status (*reader)(struct ov_ev *e, struct ov_cur c);

static ov_status one(struct ov_ev *e, const char *type, struct ov_str group, struct ov_str name,
		     struct ov_str version, uint64_t line)
{
	return ov_lock_emit(
	    e, &(struct ov_lock){ .type = type,
				  .group = group,
				  .name = name,
				  .version = version,
				  .where = ov_ev_fmt(e, "line %llu", (unsigned long long)line) });
}

/* [[package]], name = "x", version = "1". */
static ov_status toml(struct ov_ev *e, struct ov_cur c, const char *type)
{
	struct ov_str line, key, value, name = { .p = "", .n = 0 }, version = name;
	const struct ov_str none = { .p = "", .n = 0 };
	uint64_t number = 0, at = 0;
	bool is_package = false;

	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		if (line.n > 0 && line.p[0] == '[') {
			if (is_package && name.n > 0)
				OV_TRY(one(e, type, none, name, version, at));
			is_package = ov_str_is(line, "[[package]]");
			name = version = none;
			at = number;
		} else if (ov_ev_pair(line, '=', &key, &value)) {
			if (ov_str_is(key, "name"))
				name = ov_ev_unquote(value);
			else if (ov_str_is(key, "version"))
				version = ov_ev_unquote(value);
		}
	}
	return is_package && name.n > 0 ? one(e, type, none, name, version, at) : OV_OK;
}

static ov_status cargo(struct ov_ev *e, struct ov_cur c)
{
	return toml(e, c, "cargo");
}

static ov_status pypi_toml(struct ov_ev *e, struct ov_cur c)
{
	return toml(e, c, "pypi");
}

/* go.sum: "module version hash" twice a module, the second with "/go.mod". */
static ov_status go_sum(struct ov_ev *e, struct ov_cur c)
{
	const struct ov_str none = { .p = "", .n = 0 };
	struct ov_str line, module, version;
	uint64_t number = 0;

	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		if (!ov_text_split(&line, ' ', &module) || !ov_text_split(&line, ' ', &version) ||
		    ov_text_ends_with(version, OV_STR("/go.mod")))
			continue;
		OV_TRY(one(e, "golang", none, module, version, number));
	}
	return OV_OK;
}

/* "require x v1", or "x v1 // indirect" within require ( ... ). */
static ov_status go_mod(struct ov_ev *e, struct ov_cur c)
{
	const struct ov_str none = { .p = "", .n = 0 };
	struct ov_str line, module, version;
	bool is_inside = false;
	uint64_t number = 0;

	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		line = ov_ev_trim(line);
		if (ov_str_starts(line, OV_STR("require ("))) {
			is_inside = true;
			continue;
		}
		if (line.n > 0 && line.p[0] == ')')
			is_inside = false;
		if (ov_str_starts(line, OV_STR("require "))) {
			line.p += 8;
			line.n -= 8;
		} else if (!is_inside) {
			continue;
		}
		if (ov_text_split(&line, ' ', &module) && ov_text_split(&line, ' ', &version))
			OV_TRY(one(e, "golang", none, module, version, number));
	}
	return OV_OK;
}

static size_t while_in(struct ov_str s, const char *more)
{
	size_t n = 0;

	while (n < s.n &&
	       ((s.p[n] >= '0' && s.p[n] <= '9') || (s.p[n] >= 'a' && s.p[n] <= 'z') ||
		(s.p[n] >= 'A' && s.p[n] <= 'Z') || (s.p[n] != 0 && strchr(more, s.p[n]) != NULL)))
		n++;
	return n;
}

/* "name[extra]==1.0 ; marker", any comparison. */
static ov_status requirements(struct ov_ev *e, struct ov_cur c)
{
	const struct ov_str none = { .p = "", .n = 0 };
	struct ov_str line, name, version;
	uint64_t number = 0;

	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		line = ov_ev_trim(line);
		name = (struct ov_str){ .p = line.p, .n = while_in(line, "-._") };
		if (name.n == 0 || line.p[0] == '-')
			continue;
		version = none;
		for (size_t i = name.n; i + 2 < line.n && line.p[i] != ';'; i++)
			if (line.p[i] == '=' && line.p[i + 1] == '=') {
				version = ov_ev_trim(
				    (struct ov_str){ .p = line.p + i + 2, .n = line.n - i - 2 });
				version.n = while_in(version, "-._+!*");
				break;
			}
		OV_TRY(one(e, "pypi", none, name, version, number));
	}
	return OV_OK;
}

/* "group:name:version" or "group:name". @return false for other texts. */
static bool coordinates(struct ov_str s, struct ov_str *group, struct ov_str *name,
			struct ov_str *version)
{
	struct ov_str rest = s;

	*version = (struct ov_str){ .p = "", .n = 0 };
	if (s.n == 0 || while_in(s, "-._:+$[](),{}@ ") != s.n ||
	    !ov_text_split(&rest, ':', group) || !ov_text_split(&rest, ':', name))
		return false;
	(void)ov_text_split(&rest, ':', version);
	version->n = while_in(*version, "-._+");
	return group->n > 0 && name->n > 0 && while_in(*group, "-._") == group->n &&
	       while_in(*name, "-._") == name->n && memchr(group->p, '.', group->n) != NULL;
}

static ov_status gradle_lock(struct ov_ev *e, struct ov_cur c)
{
	struct ov_str line, left, right, group, name, version;
	uint64_t number = 0;

	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (ov_ev_pair(line, '=', &left, &right) &&
		    coordinates(left, &group, &name, &version))
			OV_TRY(one(e, "maven", group, name, version, number));
	}
	return OV_OK;
}

/* Quoted coordinates anywhere on a line that is no comment. */
static ov_status gradle_line(struct ov_ev *e, struct ov_str line, uint64_t number)
{
	struct ov_str group, name, version;

	for (size_t i = 0; i < line.n; i++) {
		const char quote = line.p[i];
		const char *end;
		struct ov_str text;

		if (quote != '"' && quote != '\'')
			continue;
		end = memchr(line.p + i + 1, quote, line.n - i - 1);
		if (end == NULL)
			return OV_OK;
		text = (struct ov_str){ .p = line.p + i + 1, .n = (size_t)(end - line.p) - i - 1 };
		if (coordinates(text, &group, &name, &version))
			OV_TRY(one(e, "maven", group, name, version, number));
		i = (size_t)(end - line.p);
	}
	return OV_OK;
}

static ov_status gradle(struct ov_ev *e, struct ov_cur c)
{
	struct ov_str line;
	uint64_t number = 0;

	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		line = ov_ev_trim(line);
		if (!ov_str_starts(line, OV_STR("//")) && !ov_str_starts(line, OV_STR("*")) &&
		    !ov_str_starts(line, OV_STR("#")))
			OV_TRY(gradle_line(e, line, number));
	}
	return OV_OK;
}

/* yarn.lock: `"@scope/name@^1.0", "..."`: then `  version "1.0.1"`; from version 2 on with ": ". */
static ov_status yarn(struct ov_ev *e, struct ov_cur c)
{
	const struct ov_str none = { .p = "", .n = 0 };
	struct ov_str line, name = none, version;
	uint64_t number = 0;

	while (ov_cur_line(&c, &line) == OV_OK) {
		number++;
		if (line.n == 0 || line.p[0] == '#')
			continue;
		if (line.p[0] != ' ') {
			size_t at = 1;

			if (line.p[0] == '"') {
				line.p++;
				line.n--;
			}
			while (at < line.n && line.p[at] != '@')
				at++;
			name = (struct ov_str){ .p = line.p, .n = at < line.n ? at : 0 };
		} else if (name.n > 0 && ov_str_starts(line, OV_STR("  version"))) {
			version = ov_ev_trim((struct ov_str){ .p = line.p + 9, .n = line.n - 9 });
			if (version.n > 0 && version.p[0] == ':')
				version = ov_ev_trim(
				    (struct ov_str){ .p = version.p + 1, .n = version.n - 1 });
			OV_TRY(one(e, "npm", none, name, ov_ev_unquote(version), number));
			name = none;
		}
	}
	return OV_OK;
}

/* pnpm-lock.yaml: under "packages:", keys "  '@scope/name@1.0':" or "  /name@1.0:". */
static ov_status pnpm(struct ov_ev *e, struct ov_cur c)
{
	const struct ov_str none = { .p = "", .n = 0 };
	bool is_inside = false;
	uint64_t number = 0;
	struct ov_str line;

	while (ov_cur_line(&c, &line) == OV_OK) {
		struct ov_str key, version;
		size_t at;

		number++;
		if (line.n > 0 && line.p[0] != ' ')
			is_inside = ov_str_is(line, "packages:");
		if (!is_inside || line.n < 4 || line.p[1] != ' ' || line.p[2] == ' ' ||
		    line.p[line.n - 1] != ':')
			continue;
		key = ov_ev_unquote((struct ov_str){ .p = line.p + 2, .n = line.n - 3 });
		if (key.n > 0 && key.p[0] == '/')
			key = (struct ov_str){ .p = key.p + 1, .n = key.n - 1 };
		for (at = key.n; at > 1 && key.p[at - 1] != '@'; at--)
			;
		if (at <= 1)
			continue;
		version = (struct ov_str){ .p = key.p + at, .n = key.n - at };
		version.n = while_in(version, "-._+");
		key.n = at - 1;
		OV_TRY(one(e, "npm", none, key, version, number));
	}
	return OV_OK;
}

/* Gemfile.lock: "    name (1.0)" under "specs:". */
static ov_status gemfile(struct ov_ev *e, struct ov_cur c)
{
	const struct ov_str none = { .p = "", .n = 0 };
	uint64_t number = 0;
	struct ov_str line;

	while (ov_cur_line(&c, &line) == OV_OK) {
		struct ov_str name, version;

		number++;
		if (line.n < 8 || !ov_str_starts(line, OV_STR("    ")) || line.p[4] == ' ' ||
		    line.p[line.n - 1] != ')')
			continue;
		line.p += 4;
		line.n -= 4;
		if (!ov_text_split(&line, ' ', &name) || line.n < 3 || line.p[0] != '(')
			continue;
		version = (struct ov_str){ .p = line.p + 1, .n = line.n - 2 };
		OV_TRY(one(e, "gem", none, name, version, number));
	}
	return OV_OK;
}

static ov_status pom_properties(struct ov_ev *e, struct ov_cur c)
{
	struct ov_str line, key, value, group = { .p = "", .n = 0 }, name = group, version = group;

	while (ov_cur_line(&c, &line) == OV_OK) {
		if (!ov_ev_pair(line, '=', &key, &value))
			continue;
		if (ov_str_is(key, "groupId"))
			group = value;
		else if (ov_str_is(key, "artifactId"))
			name = value;
		else if (ov_str_is(key, "version"))
			version = value;
	}
	return ov_lock_emit(e, &(struct ov_lock){ .type = "maven",
						  .group = group,
						  .name = name,
						  .version = version,
						  .is_installed = true });
}

/* Headers up to an empty line, as of mails. */
static ov_status python_metadata(struct ov_ev *e, struct ov_cur c)
{
	struct ov_lock l = { .type = "pypi", .is_installed = true };
	struct ov_str line, key, value;

	while (ov_cur_line(&c, &line) == OV_OK && line.n > 0) {
		if (line.p[0] == ' ' || !ov_ev_pair(line, ':', &key, &value))
			continue;
		if (ov_text_same(key, OV_STR("Name")))
			l.name = value;
		else if (ov_text_same(key, OV_STR("Version")))
			l.version = value;
		else if (ov_text_same(key, OV_STR("Author")) ||
			 (l.supplier.n == 0 && ov_text_same(key, OV_STR("Author-email"))))
			l.supplier = value;
	}
	return ov_lock_emit(e, &l);
}

static reader reader_of(const struct ov_ev_file *f)
{
	static const struct {
		const char *name;
		reader read;
	} named[] = { { "Cargo.lock", cargo },
		      { "poetry.lock", pypi_toml },
		      { "uv.lock", pypi_toml },
		      { "pdm.lock", pypi_toml },
		      { "go.sum", go_sum },
		      { "go.mod", go_mod },
		      { "requirements.txt", requirements },
		      { "gradle.lockfile", gradle_lock },
		      { "buildscript-gradle.lockfile", gradle_lock },
		      { "build.gradle", gradle },
		      { "build.gradle.kts", gradle },
		      { "libs.versions.toml", gradle },
		      { "yarn.lock", yarn },
		      { "pnpm-lock.yaml", pnpm },
		      { "Gemfile.lock", gemfile },
		      { "pom.properties", pom_properties } };

	for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
		if (ov_ev_named(f, named[i].name))
			return named[i].read;
	if ((ov_ev_named(f, "METADATA") && ov_ev_has(f->path, ".dist-info/")) ||
	    (ov_ev_named(f, "PKG-INFO") && ov_ev_has(f->path, ".egg-info/")))
		return python_metadata;
	return NULL;
}

bool ov_ev_locks_text_wants(const struct ov_ev_file *f)
{
	return reader_of(f) != NULL;
}

ov_status ov_ev_locks_text_read(struct ov_ev *e, const struct ov_ev_file *f)
{
	struct ov_cur c;

	OV_TRY(ov_ev_load(e, f, OV_EV_TEXT_MAX, &c));
	return reader_of(f)(e, c);
}
