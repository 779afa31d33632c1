#include "checkpoint.h"

#include "b64.h"
#include "text.h"

ov_status ov_checkpoint_number(struct ov_str s, uint64_t *out)
{
	if (s.n == 0 || (s.p[0] == '0' && s.n > 1) || ov_text_u64(s, out) != OV_OK)
		return OV_BAD;
	return *out <= OV_MERKLE_SIZE_MAX ? OV_OK : OV_BAD;
}

ov_status ov_checkpoint_hash(struct ov_str s, struct ov_merkle_hash *out)
{
	size_t n;

	return ov_b64_decode(s, out->b, sizeof out->b, &n) == OV_OK && n == sizeof out->b ? OV_OK
											  : OV_BAD;
}

ov_status ov_checkpoint_parse(struct ov_str text, struct ov_checkpoint *out)
{
	struct ov_str rest = text, size, root;
	struct ov_checkpoint c;

	if (text.n == 0 || text.p[text.n - 1] != '\n')
		return OV_BAD;
	rest.n--;
	if (!ov_text_split(&rest, '\n', &c.origin) || !ov_text_split(&rest, '\n', &size) ||
	    !ov_text_split(&rest, '\n', &root) || rest.p != NULL || c.origin.n == 0)
		return OV_BAD;
	OV_TRY(ov_checkpoint_number(size, &c.size));
	OV_TRY(ov_checkpoint_hash(root, &c.root));
	*out = c;
	return OV_OK;
}

ov_status ov_checkpoint_write(const struct ov_checkpoint *c, struct ov_buf *out)
{
	const size_t before = out->n;
	ov_status s;

	if (c->origin.n == 0 || memchr(c->origin.p, '\n', c->origin.n) != NULL ||
	    c->size > OV_MERKLE_SIZE_MAX)
		return OV_BAD;
	s = ov_buf_str(out, c->origin);
	if (s == OV_OK)
		s = ov_buf_fmt(out, "\n%llu\n", (unsigned long long)c->size);
	if (s == OV_OK)
		s = ov_b64_encode(out, c->root.b, sizeof c->root.b);
	if (s == OV_OK)
		s = ov_buf_u8(out, '\n');
	if (s != OV_OK)
		out->n = before;
	return s;
}
