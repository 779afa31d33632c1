/* overt_provenance(): this copy's own record, and the build id of the program or library that it
 * stands in. */
#include "overt/provenance.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "overt/version.h"
#include "provenance.h"
#include "provenance_data.h"
#include "text.h"

ov_status ov_provenance_own(struct ov_hasher *h, struct ov_carrier *out)
{
	size_t n = 0;
	const unsigned char *p = ov_provenance_record(&n);
	struct ov_carrier c;

	OV_TRY(ov_carrier_read(ov_cur_of(p, n), h, &c));
	if (!ov_str_is(c.name, "overt") || !ov_str_is(c.version, OVERT_VERSION))
		return OV_BAD;
	*out = c;
	return OV_OK;
}

struct looking { /* for the object that a place lies in */
	uintptr_t at;
	char *hex; /* OVERT_PROVENANCE_TEXT bytes */
};

/* Our own notes, as the loader has mapped them: { name size, text size, type, name, text }. */
static void read_notes(const uint8_t *p, size_t n, char *hex)
{
	struct ov_cur c = ov_cur_of(p, n);

	while (ov_cur_left(&c) >= 12) { /* each turn takes a note */
		uint32_t head[3];
		struct ov_cur name, text;

		if (ov_cur_copy(&c, head, sizeof head) != OV_OK ||
		    ov_cur_take(&c, ((uint64_t)head[0] + 3) & ~(uint64_t)3, &name) != OV_OK ||
		    ov_cur_take(&c, ((uint64_t)head[1] + 3) & ~(uint64_t)3, &text) != OV_OK)
			return;
		if (head[2] != NT_GNU_BUILD_ID || head[0] != 4 || memcmp(name.base, "GNU", 4) != 0)
			continue;
		if (head[1] <= (OVERT_PROVENANCE_TEXT - 1) / 2)
			ov_hex_encode(text.base, head[1], hex);
		return;
	}
}

static int on_object(struct dl_phdr_info *info, size_t size, void *ctx)
{
	const struct looking *x = ctx;
	bool is_ours = false;

	(void)size;
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];

		is_ours |= h->p_type == PT_LOAD &&
			   x->at - (uintptr_t)(info->dlpi_addr + h->p_vaddr) < h->p_memsz;
	}
	for (unsigned i = 0; is_ours && i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		const uintptr_t at = (uintptr_t)(info->dlpi_addr + h->p_vaddr);

		if (h->p_type == PT_NOTE && x->hex[0] == '\0')
			read_notes((const uint8_t *)at, h->p_memsz, x->hex);
	}
	return is_ours;
}

static void put(char to[OVERT_PROVENANCE_TEXT], struct ov_str s)
{
	const size_t n = s.n < OVERT_PROVENANCE_TEXT ? s.n : OVERT_PROVENANCE_TEXT - 1;

	if (n > 0)
		memcpy(to, s.p, n);
	to[n] = '\0';
}

enum overt_status overt_provenance(struct overt_provenance *out)
{
	struct ov_hasher *h = NULL;
	struct ov_carrier c;
	struct looking x;
	ov_status st = ov_hasher_new(OV_SHA256, &h);
	size_t n = 0;

	if (st == OV_OK)
		st = ov_provenance_own(h, &c);
	ov_hasher_free(&h);
	if (st == OV_NOMEM)
		return OVERT_NO_MEMORY;
	if (st != OV_OK)
		return OVERT_INTERNAL;
	*out = (struct overt_provenance){ .database_format = OVERT_DATABASE_FORMAT,
					  .sbom = c.sbom.p,
					  .sbom_size = c.sbom.n };
	put(out->version, c.version);
	put(out->commit, c.commit);
	put(out->source, c.source);
	put(out->compiler, c.compiler);
	put(out->machine, c.machine);
	put(out->log, c.log);
	x = (struct looking){ .at = (uintptr_t)ov_provenance_record(&n), .hex = out->build_id };
	(void)dl_iterate_phdr(on_object, &x);
	return OVERT_OK;
}
