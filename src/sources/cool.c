#include "cool.h"

#include <stdio.h>
#include <string.h>

#include "lines.h"
#include "store.h"
#include "text.h"

#define FILE_MAX_BYTES ((size_t)64 << 10)
#define NAME "cooldown"

static void read_line(struct ov_str line, uint64_t now, struct ov_cool *c)
{
	struct ov_str w[3];
	uint64_t until, status;

	if (ov_lines_words(line, w, 3, false) != OV_OK || w[0].n >= sizeof c->v[0].host ||
	    ov_lines_u64(w[1], &until) != OV_OK || ov_lines_u64(w[2], &status) != OV_OK ||
	    until <= now || status > 999 || c->n == OV_COOL_HOSTS)
		return;
	memcpy(c->v[c->n].host, w[0].p, w[0].n);
	c->v[c->n].host[w[0].n] = '\0';
	c->v[c->n].until = until - now > OV_COOL_MAX ? now + OV_COOL_MAX : until;
	c->v[c->n++].status = (unsigned)status;
}

ov_status ov_cool_load(const char *folder, uint64_t now, struct ov_cool *out)
{
	struct ov_buf b = ov_buf_of(2 * FILE_MAX_BYTES);
	const ov_status s = ov_store_read(folder, NAME, FILE_MAX_BYTES, &b);
	struct ov_cur c = ov_buf_cur(&b);
	struct ov_str line;

	memset(out, 0, sizeof *out);
	while (s == OV_OK && ov_cur_line(&c, &line) == OV_OK)
		read_line(line, now, out);
	ov_buf_free(&b);
	return s == OV_END ? OV_OK : s;
}

ov_status ov_cool_save(const char *folder, const struct ov_cool *c)
{
	struct ov_buf b = ov_buf_of(FILE_MAX_BYTES);
	ov_status s = OV_OK;

	for (uint32_t i = 0; i < c->n && s == OV_OK; i++)
		s = ov_buf_fmt(&b, "%s %llu %u\n", c->v[i].host, (unsigned long long)c->v[i].until,
			       c->v[i].status);
	if (s == OV_OK)
		s = ov_store_write(folder, NAME, b.p, b.n, false);
	ov_buf_free(&b);
	return s;
}

uint64_t ov_cool_until(const struct ov_cool *c, const char *host, uint64_t now, unsigned *status)
{
	for (uint32_t i = 0; i < c->n; i++)
		if (strcmp(c->v[i].host, host) == 0 && c->v[i].until > now) {
			*status = c->v[i].status;
			return c->v[i].until;
		}
	return 0;
}

bool ov_cool_answer(struct ov_cool *c, const char *host, unsigned status, uint64_t after,
		    uint64_t now)
{
	uint64_t rest;
	uint32_t i = 0;

	if (status == 403)
		rest = OV_COOL_403;
	else if (status == 429)
		rest = OV_COOL_429;
	else if (status == 503 && after > 0)
		rest = 0;
	else
		return false;
	if (after > 0 && (status != 403 || after > rest)) /* a 403 is never shortened */
		rest = after;
	if (rest > OV_COOL_MAX)
		rest = OV_COOL_MAX;
	while (i < c->n && strcmp(c->v[i].host, host) != 0)
		i++;
	if (i == OV_COOL_HOSTS)
		i = 0;
	(void)snprintf(c->v[i].host, sizeof c->v[i].host, "%s", host);
	c->v[i].until = now + rest;
	c->v[i].status = status;
	if (i == c->n)
		c->n++;
	return true;
}
