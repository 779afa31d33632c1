/* Scanning: a descriptor in, the engine's report out as a verdict. */
#include "worker_int.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include "checked.h"
#include "clock.h"
#include "fd.h"

#define HEAP_EVERY 64	       /* scans between two looks at the heap      */
#define MATCHES_MAX 256	       /* matches told of one detection            */
#define VERDICT_MAX (4U << 20) /* bytes of texts and contexts in a verdict */
#define PROGRESS_MS 1000       /* between two words about a stream */

static ov_status refuse(struct ov_worker *w, uint32_t job, ov_status st, const char *why)
{
	return ov_worker_fail(w, job, st, why != NULL ? why : ov_status_name(st));
}

static ov_status answer_ready(struct ov_worker *w, uint32_t job)
{
	struct ov_wire_ready r = { .signatures = w->db.nsignatures,
				   .built = w->db.built,
				   .nlabels = w->db.nsources };
	struct ov_arena_mark mark = ov_arena_mark(&w->arena);

	memcpy(r.id, w->db.id, sizeof r.id);
	OV_TRY(ov_arena_array(&w->arena, r.nlabels, &r.labels));
	for (uint32_t i = 0; i < r.nlabels; i++) {
		struct ov_odb_source s;

		ov_odb_source(&w->db, i, &s);
		r.labels[i] = s.label;
		OV_TRY(ov_add_u64(r.refused, s.nrefused, &r.refused));
		OV_TRY(ov_add_u64(r.skipped, s.nskipped, &r.skipped));
	}
	w->out.n = 0;
	OV_TRY(ov_wire_put_ready(&w->out, &r));
	ov_arena_release(&w->arena, mark);
	return ov_worker_answer(w, OV_WIRE_READY, job);
}

/* Where the tables of keys lie: each layer that is matched looks at one of them all over. */
static void find_tables(const struct ov_odb *db, const uint8_t **first, const uint8_t **end)
{
	*first = *end = NULL;
	for (int t = 0; t < OV_TARGET_COUNT; t++) {
		const struct ov_cur b = ov_gram_bytes(&db->gram[t]);

		if (b.len == 0)
			continue;
		if (*first == NULL || b.base < *first)
			*first = b.base;
		if (*end == NULL || b.base + b.len > *end)
			*end = b.base + b.len;
	}
}

/* Unmaps whole pages inside [from, to) of the mapping. */
static void let_go(const struct ov_worker *w, size_t from, size_t to)
{
	const size_t page = (size_t)sysconf(_SC_PAGESIZE);

	from = (from + page - 1) / page * page;
	to = to == (size_t)w->db_bytes ? to : to / page * page;
	if (from < to)
		(void)madvise((uint8_t *)w->db_map + from, to - from, MADV_DONTNEED);
}

/*
 * The pages are the file's and stay in the system's cache, but while they are mapped they count as
 * this process's memory; each fault maps its neighbours as well. The tables of keys stay.
 */
static void let_pages_go(void *ctx)
{
	const struct ov_worker *w = ctx;
	const uint8_t *const map = w->db_map, *first, *end;

	find_tables(&w->db, &first, &end);
	if (first == NULL) {
		let_go(w, 0, (size_t)w->db_bytes);
		return;
	}
	let_go(w, 0, (size_t)(first - map));
	let_go(w, (size_t)(end - map), (size_t)w->db_bytes);
}

static ov_status define_externals(struct ov_worker *w)
{
	struct ov_yara_external *x = NULL;
	size_t n = 0;

	OV_TRY(ov_worker_defines(
	    &w->arena, (struct ov_str){ w->setup.scan.defines, w->setup.scan.ndefines }, &x, &n));
	for (size_t i = 0; i < n; i++)
		ov_engine_define(w->engine, x[i].name, &x[i].value);
	ov_engine_module_data(w->engine, OV_STR("magic"), w->magic);
	for (size_t i = 0; i < w->ndata; i++)
		ov_engine_module_data(w->engine, w->data[i].module, w->data[i].bytes);
	return OV_OK;
}

/* The mapping stays for life. The file may change under it only if its owner does that; it then
 * harms this process alone. */
ov_status ov_worker_open(struct ov_worker *w, struct ov_arrival *m)
{
	const char *why = NULL;
	struct ov_fd_facts f;
	ov_status st;
	void *p;

	if (m->fds.nfds != 1 || w->has_db)
		return OV_BAD;
	if (ov_fd_facts(m->fds.fds[0], &f) != OV_OK || f.kind != OV_FD_FILE || f.size == 0 ||
	    f.size > SIZE_MAX)
		return refuse(w, m->job, OV_BAD, "not a file with content");
	p = mmap(NULL, (size_t)f.size, PROT_READ, MAP_SHARED, m->fds.fds[0], 0);
	if (p == MAP_FAILED)
		return refuse(w, m->job, OV_NOMEM, "the file could not be mapped");
	/* No piece of 2 MB is to be mapped because a byte of it was looked at. */
	(void)madvise(p, (size_t)f.size, MADV_NOHUGEPAGE);
	st = ov_odb_open(ov_cur_of(p, (size_t)f.size), &w->db, &why);
	if (st != OV_OK)
		return refuse(w, m->job, st, why);
	st = ov_engine_new(&w->db, &w->engine);
	if (st == OV_OK)
		st = ov_engine_passwords(w->engine, (struct ov_str){ w->setup.scan.passwords,
								     w->setup.scan.npasswords });
	if (st == OV_OK)
		st = define_externals(w);
	if (st != OV_OK)
		return refuse(w, m->job, st, "the engine could not be made");
	w->has_db = true;
	w->db_map = p;
	w->db_bytes = f.size;
	ov_engine_on_touches(w->engine, let_pages_go, w);
	return answer_ready(w, m->job);
}

static struct overt_text text_of(struct ov_str s)
{
	return (struct overt_text){ .bytes = s.p, .length = s.n };
}

static ov_status copy_layer(struct ov_arena *a, const struct ov_str *layer, uint32_t n,
			    const struct overt_text **out)
{
	struct overt_text *t;

	if (n == 0) {
		*out = NULL;
		return OV_OK;
	}
	OV_TRY(ov_arena_array(a, n, &t));
	for (uint32_t i = 0; i < n; i++)
		t[i] = text_of(layer[i]);
	*out = t;
	return OV_OK;
}

static ov_status copy_matches(struct ov_arena *a, const struct ov_report_match *first,
			      struct overt_detection *d)
{
	struct overt_match *m;
	size_t n = 0;

	for (const struct ov_report_match *x = first; x != NULL && n < MATCHES_MAX; x = x->next)
		n++;
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(a, n, &m));
	d->matches = m;
	d->nmatches = n;
	for (size_t i = 0; i < n; i++, first = first->next)
		m[i] = (struct overt_match){ .part = first->sub,
					     .offset = first->off,
					     .length = first->len,
					     .context_offset = first->context_off,
					     .context = first->context,
					     .context_length = first->context_len };
	return OV_OK;
}

static ov_status copy_detection(struct ov_worker *w, const struct ov_report_detection *r,
				struct overt_detection *d)
{
	struct ov_odb_source s;

	memset(&s, 0, sizeof s);
	if (r->source < w->db.nsources)
		ov_odb_source(&w->db, r->source, &s);
	*d = (struct overt_detection){ .name = text_of(r->name),
				       .kind = ov_wire_kind_name((uint8_t)r->kind),
				       .severity = r->severity,
				       .source = text_of(s.label),
				       .source_is_signed = s.is_signed,
				       .line = r->line,
				       .rule_text = text_of(r->rule_text),
				       .nlayer = r->nlayer,
				       .view = r->view,
				       .offset = r->off,
				       .length = r->len };
	OV_TRY(copy_layer(&w->scratch, r->layer, r->nlayer, &d->layer));
	return copy_matches(&w->scratch, r->matches, d);
}

/* Rough bytes of one detection on the wire, so that a verdict stays below what the broker takes. */
static size_t weight(const struct overt_detection *d)
{
	size_t n = 128 + d->name.length + d->source.length + d->rule_text.length;

	for (size_t i = 0; i < d->nlayer; i++)
		n += 8 + d->layer[i].length;
	for (size_t i = 0; i < d->nmatches; i++)
		n += 40 + d->matches[i].context_length;
	return n;
}

/* What does not fit is counted in the totals, as what lies beyond OV_REPORT_MAX is. */
static ov_status copy_list(struct ov_worker *w, const struct ov_report_detection *first,
			   const struct overt_detection **out, size_t *count)
{
	size_t n = 0, used = 0;
	struct overt_detection *d;

	for (const struct ov_report_detection *x = first; x != NULL && n < OV_REPORT_MAX;
	     x = x->next)
		n++;
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&w->scratch, n, &d));
	*out = d;
	for (const struct ov_report_detection *x = first; *count < n; x = x->next) {
		struct overt_detection *to = &d[*count];

		OV_TRY(copy_detection(w, x, to));
		used += weight(to);
		if (used > VERDICT_MAX / 2 && *count > 0)
			break;
		++*count;
	}
	return OV_OK;
}

static ov_status copy_detections(struct ov_worker *w, const struct ov_report *r,
				 struct overt_verdict *v)
{
	v->detections_total = r->ndetections;
	v->reported_total = r->nreported;
	OV_TRY(copy_list(w, r->detections, &v->detections, &v->ndetections));
	return copy_list(w, r->reported, &v->reported, &v->nreported);
}

static ov_status copy_incompletes(struct ov_worker *w, const struct ov_report *r,
				  struct overt_verdict *v)
{
	size_t n = 0, used = 0;
	struct overt_incomplete *to;

	for (const struct ov_report_incomplete *x = r->incompletes; x != NULL && n < OV_REPORT_MAX;
	     x = x->next)
		n++;
	v->incompletes_total = r->nincompletes;
	if (n == 0)
		return OV_OK;
	OV_TRY(ov_arena_array(&w->scratch, n, &to));
	v->incompletes = to;
	for (const struct ov_report_incomplete *x = r->incompletes; v->nincompletes < n;
	     x = x->next, to++) {
		*to = (struct overt_incomplete){ .reason = x->reason,
						 .nlayer = x->nlayer,
						 .detail = text_of(x->detail) };
		OV_TRY(copy_layer(&w->scratch, x->layer, x->nlayer, &to->layer));
		for (uint32_t i = 0; i < x->nlayer; i++)
			used += 8 + x->layer[i].n;
		used += 16 + to->detail.length;
		if (used > VERDICT_MAX && v->nincompletes > 0)
			break;
		v->nincompletes++;
	}
	return OV_OK;
}

static ov_status copy_report(struct ov_worker *w, const struct ov_report *r,
			     struct overt_verdict *v)
{
	v->type = ov_type_name(r->type);
	v->size = r->size;
	v->has_sha256 = r->has_sha256;
	if (r->has_sha256)
		memcpy(v->sha256, r->sha256, sizeof v->sha256);
	v->bytes = r->bytes;
	v->layers = r->layers;
	OV_TRY(copy_detections(w, r, v));
	OV_TRY(ov_worker_list_rules(w, r, v));
	return copy_incompletes(w, r, v);
}

/* A stream under way, of which the broker hears once a second. */
struct stream {
	struct ov_worker *w;
	uint32_t job;
	int fd;
	uint64_t bytes, said_ms;
};

static ov_status read_stream(void *ctx, uint64_t off, uint8_t *to, size_t n, size_t *got)
{
	struct stream *s = ctx;
	uint64_t now;

	OV_TRY(ov_fd_stream(&s->fd, off, to, n, got));
	s->bytes += *got;
	now = ov_clock_ms();
	if (*got == 0 || now < s->said_ms + PROGRESS_MS)
		return OV_OK;
	s->said_ms = now;
	s->w->out.n = 0;
	OV_TRY(ov_buf_u64(&s->w->out, s->bytes));
	return ov_worker_answer(s->w, OV_WIRE_PROGRESS, s->job);
}

/* @param size  What the broker says of a file; empty: nothing. */
static ov_status scan_descriptor(struct ov_worker *w, uint32_t job, int *fd, struct ov_cur size,
				 const struct ov_report **out)
{
	struct stream stream = { .w = w, .job = job, .fd = *fd, .said_ms = ov_clock_ms() };
	struct ov_fd_facts f = { .kind = OV_FD_FILE };
	struct ov_src src;

	if (ov_cur_left(&size) > 0)
		OV_TRY(ov_cur_u64le(&size, &f.size));
	else
		OV_TRY(ov_fd_facts(*fd, &f));
	if (f.kind == OV_FD_FOLDER)
		return OV_IO;
	if (f.kind == OV_FD_STREAM)
		return ov_engine_scan_stream(w->engine, read_stream, &stream, &w->scan, out);
	src = ov_fd_src(fd, f.size);
	return ov_engine_scan(w->engine, &src, &w->scan, out);
}

/* The heap is looked at now and then: mallinfo2 walks free lists. */
static uint64_t heap_bytes(struct ov_worker *w)
{
	if (w->nscans++ % HEAP_EVERY == 0) {
		const struct mallinfo2 m = mallinfo2();

		w->heap = (uint64_t)m.arena + m.hblkhd;
	}
	return w->heap;
}

static const char *reason_of(ov_status st)
{
	if (st == OV_BAD)
		return "the database is damaged: check it with overt db check, build it again";
	return st == OV_IO ? "it can't be read" : ov_status_name(st);
}

static ov_status put_scanned(struct ov_worker *w, uint32_t job, int *fd, struct ov_cur size)
{
	const struct ov_report *r = NULL;
	struct overt_verdict v = { .type = "" };
	const uint64_t start = ov_clock_ns();
	ov_status st = scan_descriptor(w, job, fd, size, &r);

	if (st == OV_OK)
		st = copy_report(w, r, &v);
	if (st != OV_OK) {
		v = (struct overt_verdict){ .type = "" };
		v.error = text_of(ov_str_of(reason_of(st)));
	}
	v.time_ns = ov_clock_ns() - start;
	w->out.n = 0;
	st = ov_wire_put_verdict(&w->out, &v, heap_bytes(w));
	ov_arena_reset(&w->scratch, (size_t)256 << 10);
	return st;
}

ov_status ov_worker_scan(struct ov_worker *w, struct ov_arrival *m)
{
	const size_t left = ov_cur_left(&m->body);

	if (m->fds.nfds != 1 || !w->has_db || (left != 0 && left != 8))
		return OV_BAD;
	OV_TRY(put_scanned(w, m->job, &m->fds.fds[0], m->body));
	return ov_worker_answer(w, OV_WIRE_VERDICT, m->job);
}
