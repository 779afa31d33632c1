/* Every image of tests/data/flash holds the files that tree.txt names, byte by byte. The images
 * were made by the systems' own tools (tools/make-flash-samples.py). */
#include "testing.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>

#include "images.h"
#include "lzo.h"

#define IMAGE_MAX ((size_t)4 << 20)
#define LINES_MAX 200
#define LINE 400

struct lines {
	char text[LINES_MAX][LINE];
	unsigned n, unread;
	const struct ov_src *volume; /* of UBI: what is inside */
	struct ov_src copy;
	int64_t mtime;
	uint32_t su_mode;
};

static ov_status nothing(void *ctx, struct ov_cur body)
{
	struct lines *l = ctx;

	(void)body;
	l->unread++;
	return OV_OK;
}

static ov_status entry(void *ctx, const struct ov_tree_entry *t)
{
	static uint8_t bytes[1 << 20];
	struct lines *l = ctx;
	size_t got = 0;

	if (t->kind != OV_TREE_FILE)
		return OV_OK;
	assert_non_null(t->src);
	assert_true(l->n < LINES_MAX && t->path.n < LINE - 40);
	if (ov_str_is(t->path, "rootfs")) {
		l->copy = *t->src;
		l->volume = &l->copy;
		return OV_OK;
	}
	assert_true(t->src->size <= sizeof bytes);
	assert_int_equal(ov_src_read_upto(t->src, 0, bytes, sizeof bytes, &got), OV_OK);
	assert_int_equal(got, t->src->size);
	/* from the middle as well: readers go on from where they were */
	for (uint64_t at = got / 3; at < got && at < got / 3 + 9000; at += 997) {
		uint8_t some[50];
		size_t n = 0;

		assert_int_equal(ov_src_read_upto(t->src, at, some, sizeof some, &n), OV_OK);
		assert_memory_equal(some, bytes + at, n);
	}
	(void)snprintf(l->text[l->n++], LINE, "%08lx %zu %.*s\n", crc32(0, bytes, (unsigned)got),
		       got, (int)t->path.n, t->path.p);
	l->mtime = t->mtime;
	if (ov_str_is(t->path, "bin/su"))
		l->su_mode = t->mode;
	return OV_OK;
}

static void read_form(struct ov_ev *e, const struct ov_src *src, struct lines *l, const char *name)
{
	const struct ov_tree_visitor v = { .entry = entry, .ctx = l };
	struct ov_tree_facts facts;

	for (size_t i = 0; ov_tree_forms[i] != NULL; i++) {
		if (!ov_tree_forms[i]->probe(e, src, &facts))
			continue;
		ov_expect(name, facts.size > 0 && facts.size <= src->size);
		ov_expect_eq(name, ov_tree_forms[i]->read(e, src, &v), OV_OK);
		return;
	}
	ov_expect(name, false); /* no form knows it */
}

static int by_text(const void *a, const void *b)
{
	const char *x = strrchr(a, ' '), *y = strrchr(b, ' ');

	return strcmp(x, y);
}

static void compare(const char *folder, const char *name, struct lines *l)
{
	char path[4096], line[LINE];
	unsigned n = 0;
	FILE *f;

	qsort(l->text, l->n, LINE, by_text);
	(void)snprintf(path, sizeof path, "%s/tree.txt", folder);
	f = fopen(path, "r");
	assert_non_null(f);
	for (; fgets(line, sizeof line, f) != NULL; n++)
		if (n < l->n)
			assert_string_equal(l->text[n], line);
	(void)fclose(f);
	ov_expect_eq(name, l->n, n);
	ov_expect_eq(name, l->unread, 0);
	ov_expect_eq(name, l->mtime, 1700000000);
	ov_expect_eq(name, l->su_mode, strncmp(name, "exfat", 5) == 0 ? 0 : 04755);
}

static void one_image(const char *folder, const char *name)
{
	uint8_t *bytes = malloc(IMAGE_MAX);
	struct lines *l = calloc(1, sizeof *l);
	const struct ov_ev_sink sink = { .records = nothing, .ctx = l };
	struct ov_ev *e = NULL;
	struct ov_src src;
	char path[4096];
	gzFile f;
	int n;

	assert_true(bytes != NULL && l != NULL);
	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	f = gzopen(path, "rb");
	assert_non_null(f);
	n = gzread(f, bytes, IMAGE_MAX);
	(void)gzclose(f);
	assert_true(n > 0 && (size_t)n < IMAGE_MAX);
	assert_int_equal(ov_ev_new(&e), OV_OK);
	e->sink = &sink;
	src = ov_src_mem(bytes, (size_t)n);
	read_form(e, &src, l, name);
	if (l->volume != NULL)
		read_form(e, l->volume, l, name);
	if (e->out.n > 0)
		l->unread++;
	compare(folder, name, l);
	ov_ev_free(&e);
	free(l);
	free(bytes);
}

static void test_images(void **state)
{
	const char *folder = getenv("OVERT_FLASH");
	const struct dirent *d;
	unsigned n = 0;
	DIR *dir;

	(void)state;
	if (folder == NULL)
		skip();
	dir = opendir(folder);
	assert_non_null(dir);
	while ((d = readdir(dir)) != NULL)
		if (strstr(d->d_name, ".gz") != NULL) {
			one_image(folder, d->d_name);
			n++;
		}
	(void)closedir(dir);
	assert_int_equal(n, 10);
}

/* By hand, from the document: literals, a copy that overlaps itself, long counts, the end. */
static void test_lzo(void **state)
{
	static const struct {
		const char *in;
		size_t n;
		const char *out; /* NULL: refused */
		ov_status st;
	} cases[] = {
		{ "\x11\0\0", 3, "", OV_OK },
		{ "\x16"
		  "abcde\x11\0\0",
		  9, "abcde", OV_OK },
		{ "\x12"
		  "a\x40\0\x11\0\0",
		  7, "aaaa", OV_OK }, /* 3 bytes from 1 before */
		{ "\x16"
		  "abcde\x11\0",
		  8, NULL, OV_SHORT },
		{ "\x16"
		  "ab",
		  3, NULL, OV_SHORT },
		{ "\x12"
		  "a\x5c\0\x11\0\0",
		  7, NULL, OV_BAD }, /* from 8 before: there is one */
		{ "\x20\0\0\0\0\0", 6, NULL, OV_SHORT },
		{ "", 0, NULL, OV_SHORT },
		{ "\0\0\0\0", 4, NULL, OV_SHORT },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint8_t to[16];
		size_t n = 0;

		ov_expect_eq(cases[i].in,
			     ov_lzo_read(ov_cur_of(cases[i].in, cases[i].n), to, sizeof to, &n),
			     cases[i].st);
		if (cases[i].out != NULL) {
			assert_int_equal(n, strlen(cases[i].out));
			assert_memory_equal(to, cases[i].out, n);
		}
	}
}

/* Nothing is written behind the room: sizes of all kinds, under the sanitizer. */
static void test_lzo_room(void **state)
{
	static const uint8_t packed[] = {
		0x15, 'a', 'b', 'c', 'd', 0x20, 0x50, 0x0c, 0, 0x11, 0, 0
	};

	(void)state;
	for (size_t room = 0; room < 200; room++) {
		uint8_t *to = malloc(room + 1);
		size_t n = 0;
		ov_status st;

		assert_non_null(to);
		st = ov_lzo_read(ov_cur_of(packed, sizeof packed), to, room, &n);
		assert_true(st == OV_OK ? n <= room : st == OV_BAD);
		free(to);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_lzo),
		cmocka_unit_test(test_lzo_room),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
