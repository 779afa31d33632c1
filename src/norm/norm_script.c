/* stub */
#include "norm_script.h"

#include <stdlib.h>

struct ov_norm_script {
	bool is_begun;
};

ov_status ov_norm_script_new(struct ov_norm_script **out)
{
	struct ov_norm_script *s = calloc(1, sizeof *s);

	if (s == NULL)
		return OV_NOMEM;
	*out = s;
	return OV_OK;
}

void ov_norm_script_free(struct ov_norm_script **s)
{
	free(*s);
	*s = NULL;
}

void ov_norm_script_begin(struct ov_norm_script *s)
{
	s->is_begun = false;
}

ov_status ov_norm_script(struct ov_norm_script *s, struct ov_str body, struct ov_buf *out)
{
	if (s->is_begun)
		OV_TRY(ov_buf_u8(out, '\n'));
	s->is_begun = true;
	OV_TRY(ov_buf_str(out, OV_STR("<script>")));
	OV_TRY(ov_buf_reserve(out, body.n));
	for (size_t i = 0; i < body.n; i++) {
		const uint8_t c = (uint8_t)body.p[i];

		out->p[out->n++] = c >= 'A' && c <= 'Z' ? c | 0x20 : c;
	}
	return ov_buf_str(out, OV_STR("</script>"));
}
