/*
 * Body signatures in ClamAV's older files. .db: name=pattern, for any file, anywhere. .sdb: as
 * .ndb; with one loaded, ClamAV matches HTML as it is as well as normalised.
 */
#include "body.h"
#include "build_int.h"
#include "dynamic.h"
#include "text.h"

/* Old lines call themselves "Name (Clam)"; ClamAV drops that. */
static struct ov_str without_clam(struct ov_str name)
{
	const char *at = name.n > 0 ? memmem(name.p, name.n, " (Clam)", 7) : NULL;

	if (at != NULL)
		name.n = (size_t)(at - name.p);
	return name;
}

ov_status ov_sig_db(struct ov_sig_line *l)
{
	struct ov_str rest = l->text, name;

	if (!ov_text_split(&rest, '=', &name) || rest.p == NULL || rest.n == 0)
		return ov_sig_bad(l, "a line is name=pattern");
	return ov_sig_body(l, without_clam(name), OV_TARGET_ANY, OV_STR("*"), rest);
}

ov_status ov_sig_sdb(struct ov_sig_line *l)
{
	const struct ov_switch s = { .category = OV_SWITCH_RAW_HTML, .flags = 1 };
	const struct ov_buf *table = &l->b->extra[OV_EXTRA_SWITCH];
	uint8_t body[OV_SWITCH_SIZE];

	OV_TRY(ov_sig_ndb(l));
	ov_switch_put(&s, body);
	/* Once is enough: this one's record would be the last. */
	if (table->n >= sizeof body &&
	    memcmp(table->p + table->n - sizeof body, body, sizeof body) == 0)
		return OV_OK;
	return ov_build_extra(l, OV_EXTRA_SWITCH, OV_STR("RAW_HTML"), false,
			      ov_cur_of(body, sizeof body));
}
