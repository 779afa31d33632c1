/*
 * Mail and its kin. The first byte chooses the type. Claims: walks.h; and a part that is coded in
 * base64 comes back byte for byte, whatever stands in front of it in the same mail.
 */
#include <stdlib.h>
#include <string.h>

#include "formats.h"
#include "walks.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(ov_status s)
{
	if (s != OV_OK)
		abort();
}

static void put_base64(struct ov_buf *b, const uint8_t *p, size_t n)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		const uint32_t v = (uint32_t)p[i] << 16 |
				   (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0) |
				   (i + 2 < n ? p[i + 2] : 0u);

		must(ov_buf_u8(b, (uint8_t)digits[v >> 18]));
		must(ov_buf_u8(b, (uint8_t)digits[v >> 12 & 63]));
		must(ov_buf_u8(b, i + 1 < n ? (uint8_t)digits[v >> 6 & 63] : '='));
		must(ov_buf_u8(b, i + 2 < n ? (uint8_t)digits[v & 63] : '='));
		if (i % 57 == 54)
			must(ov_buf_u8(b, '\n'));
	}
}

static void ignore(void *ctx, ov_status why, struct ov_str member, const char *detail)
{
	(void)ctx;
	(void)why;
	(void)member;
	(void)detail;
}

/* Is there a part that holds exactly these bytes? */
static bool gives(const struct ov_buf *mail, const uint8_t *p, size_t n)
{
	const struct ov_src src = ov_src_mem(mail->p, mail->n);
	struct ov_arena a;
	const struct ov_fmt_env env = {
		.src = &src, .type = OV_T_MAIL, .arena = &a, .max_memory = 1 << 20, .note = ignore
	};
	uint8_t *got = malloc(n + 1);
	void *state = NULL;
	struct ov_child c;
	bool found = false;

	if (got == NULL)
		abort();
	ov_arena_init(&a, (size_t)8 << 20);
	must(ov_format_mail.open(&env, &state));
	while (!found && ov_format_mail.next(state, &c) == OV_OK) {
		size_t have = 0, some = 0;

		while (c.kind == OV_CHILD_STREAM && have <= n &&
		       ov_format_mail.read(state, got + have, n + 1 - have, &some) == OV_OK)
			have += some;
		found = c.kind == OV_CHILD_STREAM && have == n && memcmp(got, p, n) == 0;
	}
	ov_format_mail.close(state);
	ov_arena_free(&a);
	free(got);
	return found;
}

/* The first half of the input is a text part, the second one an attachment behind it. */
static void attachment_survives(const uint8_t *p, size_t n)
{
	static const char head[] = "MIME-Version: 1.0\nContent-Type: multipart/mixed; "
				   "boundary=0123456789abcdef\n\n--0123456789abcdef\n";
	static const char between[] = "\n--0123456789abcdef\nContent-Transfer-Encoding: base64\n\n";
	struct ov_buf mail = ov_buf_of((size_t)1 << 24);
	const size_t half = n / 2;

	if (half == 0 || memmem(p, half, "0123456789abcdef", 16) != NULL || n > 100000)
		return;
	must(ov_buf_put(&mail, head, sizeof head - 1));
	must(ov_buf_put(&mail, p, half));
	must(ov_buf_put(&mail, between, sizeof between - 1));
	put_base64(&mail, p + half, n - half);
	must(ov_buf_str(&mail, OV_STR("\n--0123456789abcdef--\n")));
	if (!gives(&mail, p + half, n - half))
		abort();
	ov_buf_free(&mail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum ov_type types[] = { OV_T_MAIL, OV_T_MAIL, OV_T_UUENCODED, OV_T_TNEF,
					      OV_T_BINHEX };

	if (size < 1)
		return 0;
	if (data[0] == 'p')
		attachment_survives(data + 1, size - 1);
	else
		ov_fuzz_walks(types[data[0] % (sizeof types / sizeof *types)], data + 1, size - 1,
			      0, false);
	return 0;
}
