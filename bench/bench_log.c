/*
 * What bench/updates.py measures inside one process:
 *
 *   bench_log keys N                  verifier keys of N logs, as overt witness --logs reads them
 *   bench_log keyfile                 the first log's key file
 *   bench_log witness PORT N R C      R checkpoints of N logs to a witness, over C connections
 *   bench_log log FOLDER FROM TO      appends generated leaves FROM .. TO, proves, verifies
 *   bench_log delta OLD NEW OUT       a delta, and its application
 *
 * Each prints one line of JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "clock.h"
#include "delta.h"
#include "logdir.h"
#include "logwrite.h"
#include "store.h"
#include "witness.h"

#define NAME 32

static void must(ov_status s, const char *what)
{
	if (s == OV_OK)
		return;
	(void)fprintf(stderr, "bench_log: %s: %s\n", what, ov_status_name(s));
	exit(2);
}

static void make_key(struct ov_hasher *h, uint32_t i, char name[NAME], struct ov_skey *out)
{
	uint8_t seed[OV_KEY_BYTES] = { 1 };

	memcpy(seed + 4, &i, sizeof i);
	(void)snprintf(name, NAME, "log%u.example", (unsigned)i);
	must(ov_skey_make(h, ov_str_of(name), OV_KEY_PLAIN, seed, out), "a key");
}

static long resident_kb(void)
{
	struct rusage u;

	(void)getrusage(RUSAGE_SELF, &u);
	return u.ru_maxrss;
}

/* ---- keys ---- */

static int keys(uint32_t n)
{
	struct ov_hasher *h = NULL;

	must(ov_hasher_new(OV_SHA256, &h), "a hasher");
	for (uint32_t i = 0; i < n; i++) {
		struct ov_buf b = ov_buf_of(1024);
		struct ov_skey k;
		char name[NAME];

		make_key(h, i, name, &k);
		must(ov_vkey_write(&b, &k.public), "a key");
		(void)printf("log %.*s\n", (int)b.n, (char *)b.p);
		ov_buf_free(&b);
	}
	ov_hasher_free(&h);
	return 0;
}

static int keyfile(void)
{
	struct ov_buf b = ov_buf_of(1024);
	struct ov_hasher *h = NULL;
	struct ov_skey k;
	char name[NAME];

	must(ov_hasher_new(OV_SHA256, &h), "a hasher");
	make_key(h, 0, name, &k);
	must(ov_skey_write(&b, &k), "a key");
	(void)printf("%.*s\n", (int)b.n, (char *)b.p);
	ov_buf_free(&b);
	ov_hasher_free(&h);
	return 0;
}

/* ---- witness ---- */

struct request {
	struct ov_buf bytes; /* HTTP and all */
};

/* A read function over the leaves of a tree that has one leaf again and again. */
static ov_status read_same(void *ctx, unsigned level, uint64_t index, struct ov_merkle_hash *out)
{
	const struct ov_merkle_hash *levels = ctx;

	(void)index;
	*out = levels[level];
	return OV_OK;
}

/* Log i's nth checkpoint: it grows from n to n + 1 leaves, all alike. */
static void make_request(struct ov_hasher *h, uint32_t log, uint64_t n,
			 struct ov_merkle_hash *levels, struct request *out)
{
	struct ov_checkpoint c = { .size = n + 1 };
	struct ov_witness_request r = { .old = n };
	struct ov_buf note = ov_buf_of(4096), sig = ov_buf_of(4096), body = ov_buf_of(1 << 16);
	struct ov_skey k;
	char name[NAME];

	make_key(h, log, name, &k);
	c.origin = k.public.name;
	must(ov_merkle_range(h, read_same, levels, 0, n + 1, &c.root), "a root");
	must(ov_merkle_prove_growth(h, read_same, levels, n, n + 1, &r.proof), "a proof");
	must(ov_checkpoint_write(&c, &note), "a checkpoint");
	must(ov_note_sign(&k, ov_buf_text(&note), 0, &sig), "a signature");
	must(ov_buf_fmt(&note, "\n%.*s", (int)sig.n, (char *)sig.p), "a note");
	must(ov_witness_write(&r, ov_buf_text(&note), &body), "a request");
	out->bytes = ov_buf_of(1 << 17);
	must(ov_buf_fmt(&out->bytes,
			"POST /add-checkpoint HTTP/1.1\r\nHost: localhost\r\nContent-Length: "
			"%zu\r\n\r\n%.*s",
			body.n, (int)body.n, (char *)body.p),
	     "a request");
	ov_buf_free(&note);
	ov_buf_free(&sig);
	ov_buf_free(&body);
}

static void make_levels(struct ov_hasher *h, struct ov_merkle_hash levels[64])
{
	must(ov_merkle_leaf(h, "leaf\n", 5, &levels[0]), "a leaf");
	for (int i = 1; i < 64; i++)
		must(ov_merkle_node(h, &levels[i - 1], &levels[i - 1], &levels[i]), "a node");
}

/* A connection serves logs i, i + C, i + 2C ... so that a log's requests keep their order. */
struct conn {
	int fd;
	uint32_t log;
	uint64_t n; /* of that log's next checkpoint */
	uint64_t begun_ns;
	char room[4096];
	size_t got;
};

struct load {
	struct request *requests; /* by turn and log */
	uint32_t nlogs, nconns;
	uint64_t per_log, done, good;
	double *ms;
};

static int connect_to(uint16_t port)
{
	const struct sockaddr_in to = { .sin_family = AF_INET,
					.sin_port = htons(port),
					.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || connect(fd, (const struct sockaddr *)&to, sizeof to) != 0) {
		perror("bench_log: connect");
		exit(2);
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

/* Sends the connection's next request. @return false: it has none left. */
static bool send_next(struct load *l, struct conn *c)
{
	const struct request *r;

	if (c->log >= l->nlogs) {
		c->n++;
		c->log = c->log % l->nconns;
	}
	if (c->n >= l->per_log)
		return false;
	r = &l->requests[c->n * l->nlogs + c->log];
	c->begun_ns = ov_clock_ns();
	c->got = 0;
	if (send(c->fd, r->bytes.p, r->bytes.n, MSG_NOSIGNAL) != (ssize_t)r->bytes.n) {
		perror("bench_log: send");
		exit(2);
	}
	c->log += l->nconns;
	return true;
}

/* True when the whole answer has come: a head with its length, then so many bytes. */
static bool is_whole(struct conn *c, bool *good)
{
	const char *end, *length;

	c->room[c->got] = '\0';
	end = strstr(c->room, "\r\n\r\n");
	length = strcasestr(c->room, "content-length: ");
	if (end == NULL || length == NULL)
		return false;
	*good = strncmp(c->room, "HTTP/1.1 200", 12) == 0;
	return c->got >= (size_t)(end + 4 - c->room) + strtoul(length + 16, NULL, 10);
}

static int by_value(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void run_load(struct load *l, struct conn *conns, struct pollfd *polls)
{
	uint32_t open = l->nconns;

	for (uint32_t i = 0; i < l->nconns; i++)
		if (!send_next(l, &conns[i]))
			open--;
	while (open > 0 && poll(polls, l->nconns, 10000) > 0)
		for (uint32_t i = 0; i < l->nconns; i++) {
			struct conn *c = &conns[i];
			ssize_t n;
			bool good = false;

			if ((polls[i].revents & (POLLIN | POLLHUP)) == 0)
				continue;
			n = recv(c->fd, c->room + c->got, sizeof c->room - 1 - c->got, 0);
			if (n <= 0) {
				(void)fprintf(stderr, "bench_log: the witness hung up\n");
				exit(2);
			}
			c->got += (size_t)n;
			if (!is_whole(c, &good))
				continue;
			l->ms[l->done++] = (double)(ov_clock_ns() - c->begun_ns) / 1e6;
			l->good += good;
			if (!send_next(l, c)) {
				polls[i].fd = -1;
				open--;
			}
		}
}

static int witness(uint16_t port, uint32_t nlogs, uint64_t total, uint32_t nconns)
{
	struct load l = { .nlogs = nlogs, .nconns = nconns, .per_log = total / nlogs };
	struct conn *conns = calloc(nconns, sizeof *conns);
	struct pollfd *polls = calloc(nconns, sizeof *polls);
	struct ov_merkle_hash levels[64];
	struct ov_hasher *h = NULL;
	uint64_t begun, took;

	total = l.per_log * nlogs;
	l.requests = calloc(total, sizeof *l.requests);
	l.ms = calloc(total, sizeof *l.ms);
	if (conns == NULL || polls == NULL || l.requests == NULL || l.ms == NULL)
		return 2;
	must(ov_hasher_new(OV_SHA256, &h), "a hasher");
	make_levels(h, levels);
	for (uint64_t n = 0; n < l.per_log; n++)
		for (uint32_t i = 0; i < nlogs; i++)
			make_request(h, i, n, levels, &l.requests[n * nlogs + i]);
	for (uint32_t i = 0; i < nconns; i++) {
		conns[i] = (struct conn){ .fd = connect_to(port), .log = i };
		polls[i] = (struct pollfd){ .fd = conns[i].fd, .events = POLLIN };
	}
	begun = ov_clock_ns();
	run_load(&l, conns, polls);
	took = ov_clock_ns() - begun;
	qsort(l.ms, l.done, sizeof *l.ms, by_value);
	(void)printf("{\"requests\": %llu, \"good\": %llu, \"seconds\": %.3f, \"p50_ms\": %.2f, "
		     "\"p99_ms\": %.2f}\n",
		     (unsigned long long)l.done, (unsigned long long)l.good, (double)took / 1e9,
		     l.ms[l.done / 2], l.ms[l.done * 99 / 100]);
	return l.good == total ? 0 : 1; /* the process ends: nothing is freed */
}

/* ---- log ---- */

static void generate(uint64_t i, char out[512], struct ov_cur *c)
{
	const int n = snprintf(out, 512, "generated leaf %llu of a log that is measured\n",
			       (unsigned long long)i);

	*c = ov_cur_of(out, (size_t)n);
}

static double prove_some(struct ov_logdir *l, uint64_t size, unsigned turns)
{
	const uint64_t begun = ov_clock_ns();
	uint64_t x = 88172645463325252u;

	for (unsigned i = 0; i < turns; i++) {
		struct ov_merkle_proof p;
		struct ov_merkle_hash leaf;
		struct ov_cur c;
		char text[512];

		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		generate(x % size, text, &c);
		must(ov_merkle_leaf(l->h, c.base, c.len, &leaf), "a leaf");
		must(ov_merkle_prove(l->h, ov_logdir_hash, l, x % size, size, &p), "a proof");
		must(ov_merkle_verify(l->h, &p, x % size, size, &leaf, &l->root), "verifying");
		must(ov_merkle_prove_growth(l->h, ov_logdir_hash, l, x % size + 1, size, &p),
		     "a growth proof");
		{
			struct ov_merkle_hash was;

			must(ov_merkle_range(l->h, ov_logdir_hash, l, 0, x % size + 1, &was),
			     "a root");
			must(ov_merkle_verify_growth(l->h, &p, x % size + 1, &was, size, &l->root),
			     "verifying growth");
		}
	}
	return (double)(ov_clock_ns() - begun) / 1e6 / turns;
}

static int grow(const char *folder, uint64_t from, uint64_t to)
{
	struct ov_logwriter w;
	struct ov_logdir l;
	struct ov_hasher *h = NULL;
	struct ov_skey key;
	struct ov_cur c;
	char name[NAME], text[512];
	uint64_t begun, bulk, one;
	double proof;

	must(ov_hasher_new(OV_SHA256, &h), "a hasher");
	make_key(h, 0, name, &key);
	must(ov_logdir_open(folder, h, &l), "the log");
	if (l.size != from)
		must(OV_BAD, "the log has another size");
	begun = ov_clock_ns();
	must(ov_logwriter_open(folder, h, from, &w), "the tiles");
	for (uint64_t i = from; i + 1 < to; i++) {
		generate(i, text, &c);
		must(ov_logwriter_add(&w, c), "an entry");
	}
	must(ov_logdir_commit(&l, &w, &key), "the checkpoint");
	ov_logwriter_close(&w);
	bulk = ov_clock_ns() - begun;
	begun = ov_clock_ns();
	generate(to - 1, text, &c);
	must(ov_logdir_append(&l, &key, c), "one more entry");
	one = ov_clock_ns() - begun;
	proof = prove_some(&l, to, 200);
	(void)printf("{\"leaves\": %llu, \"bulk_seconds\": %.2f, \"one_append_ms\": %.2f, "
		     "\"proof_ms\": %.3f, \"peak_kb\": %ld}\n",
		     (unsigned long long)to, (double)bulk / 1e9, (double)one / 1e6, proof,
		     resident_kb());
	ov_logdir_close(&l);
	ov_hasher_free(&h);
	return 0;
}

/* ---- delta ---- */

static int delta(const char *old_path, const char *new_path, const char *out_path)
{
	struct ov_buf old = ov_buf_of(OV_DELTA_MAX), fresh = ov_buf_of(OV_DELTA_MAX),
		      d = ov_buf_of(OV_DELTA_MAX), again = ov_buf_of(OV_DELTA_MAX);
	uint64_t begun, make, apply;

	must(ov_store_read(old_path[0] == '/' ? "" : ".", old_path, OV_DELTA_MAX, &old), old_path);
	must(ov_store_read(new_path[0] == '/' ? "" : ".", new_path, OV_DELTA_MAX, &fresh),
	     new_path);
	begun = ov_clock_cpu_ns();
	must(ov_delta_make(ov_buf_cur(&old), ov_buf_cur(&fresh), &d), "the delta");
	make = ov_clock_cpu_ns() - begun;
	begun = ov_clock_cpu_ns();
	must(ov_delta_apply(ov_buf_cur(&old), ov_buf_cur(&d), fresh.n, &again), "applying");
	apply = ov_clock_cpu_ns() - begun;
	if (again.n != fresh.n || memcmp(again.p, fresh.p, fresh.n) != 0)
		must(OV_BAD, "the delta gave something else");
	must(ov_store_write(out_path[0] == '/' ? "" : ".", out_path, d.p, d.n, false), out_path);
	(void)printf("{\"old\": %zu, \"new\": %zu, \"delta\": %zu, \"make_seconds\": %.3f, "
		     "\"apply_seconds\": %.3f}\n",
		     old.n, fresh.n, d.n, (double)make / 1e9, (double)apply / 1e9);
	return 0;
}

int main(int argc, char *argv[])
{
	const char *what = argc > 1 ? argv[1] : "";

	if (argc == 3 && strcmp(what, "keys") == 0)
		return keys((uint32_t)strtoul(argv[2], NULL, 10));
	if (argc == 2 && strcmp(what, "keyfile") == 0)
		return keyfile();
	if (argc == 6 && strcmp(what, "witness") == 0)
		return witness((uint16_t)strtoul(argv[2], NULL, 10),
			       (uint32_t)strtoul(argv[3], NULL, 10), strtoull(argv[4], NULL, 10),
			       (uint32_t)strtoul(argv[5], NULL, 10));
	if (argc == 5 && strcmp(what, "log") == 0)
		return grow(argv[2], strtoull(argv[3], NULL, 10), strtoull(argv[4], NULL, 10));
	if (argc == 5 && strcmp(what, "delta") == 0)
		return delta(argv[2], argv[3], argv[4]);
	(void)fprintf(stderr, "bench_log: see bench/bench_log.c\n");
	return 2;
}
