/* Header, section and segment rows of ELF files. */
#include "elf_parts.h"

uint16_t ov_ev_elf_u16(const struct ov_ev_elf *x, struct ov_cur *c)
{
	return x->is_be ? ov_cur_soft_u16be(c) : ov_cur_soft_u16le(c);
}

uint32_t ov_ev_elf_u32(const struct ov_ev_elf *x, struct ov_cur *c)
{
	return x->is_be ? ov_cur_soft_u32be(c) : ov_cur_soft_u32le(c);
}

uint64_t ov_ev_elf_word(const struct ov_ev_elf *x, struct ov_cur *c)
{
	if (!x->is_64)
		return ov_ev_elf_u32(x, c);
	return x->is_be ? ov_cur_soft_u64be(c) : ov_cur_soft_u64le(c);
}

ov_status ov_ev_elf_header(struct ov_ev_elf *x, struct ov_cur c)
{
	ov_cur_soft_skip(&c, 4);
	x->is_64 = ov_cur_soft_u8(&c) == 2;
	x->is_be = ov_cur_soft_u8(&c) == 2;
	ov_cur_soft_skip(&c, 10);
	x->type = ov_ev_elf_u16(x, &c);
	ov_cur_soft_skip(&c, 6);
	(void)ov_ev_elf_word(x, &c);
	x->phoff = ov_ev_elf_word(x, &c);
	x->shoff = ov_ev_elf_word(x, &c);
	ov_cur_soft_skip(&c, 6);
	x->phentsize = ov_ev_elf_u16(x, &c);
	x->phnum = ov_ev_elf_u16(x, &c);
	x->shentsize = ov_ev_elf_u16(x, &c);
	x->shnum = ov_ev_elf_u16(x, &c);
	x->shstrndx = ov_ev_elf_u16(x, &c);
	return ov_cur_status(&c);
}

ov_status ov_ev_elf_table(struct ov_ev *e, const struct ov_ev_elf *x, uint64_t off, uint32_t n,
			  uint16_t each, struct ov_cur *out)
{
	return ov_src_view_upto(x->src, off, (size_t)n * each, &e->arena, out);
}

bool ov_ev_elf_section(const struct ov_ev_elf *x, struct ov_cur *all, struct ov_ev_elf_part *p)
{
	struct ov_cur c;

	if (x->shentsize < (x->is_64 ? 64 : 40) || ov_cur_take(all, x->shentsize, &c) != OV_OK)
		return false;
	p->name = ov_ev_elf_u32(x, &c);
	p->type = ov_ev_elf_u32(x, &c);
	p->flags = ov_ev_elf_word(x, &c);
	p->addr = ov_ev_elf_word(x, &c);
	p->off = ov_ev_elf_word(x, &c);
	p->size = ov_ev_elf_word(x, &c);
	p->link = ov_ev_elf_u32(x, &c);
	(void)ov_ev_elf_u32(x, &c);
	(void)ov_ev_elf_word(x, &c);
	p->each = ov_ev_elf_word(x, &c);
	return ov_cur_status(&c) == OV_OK;
}

bool ov_ev_elf_segment(const struct ov_ev_elf *x, struct ov_cur *all, struct ov_ev_elf_part *p)
{
	struct ov_cur c;

	if (x->phentsize < (x->is_64 ? 56 : 32) || ov_cur_take(all, x->phentsize, &c) != OV_OK)
		return false;
	*p = (struct ov_ev_elf_part){ .type = ov_ev_elf_u32(x, &c) };
	if (x->is_64)
		p->flags = ov_ev_elf_u32(x, &c);
	p->off = ov_ev_elf_word(x, &c);
	p->addr = ov_ev_elf_word(x, &c);
	(void)ov_ev_elf_word(x, &c);
	p->size = ov_ev_elf_word(x, &c);
	if (!x->is_64) {
		(void)ov_ev_elf_u32(x, &c);
		p->flags = ov_ev_elf_u32(x, &c);
	}
	return ov_cur_status(&c) == OV_OK;
}

ov_status ov_ev_elf_bytes(struct ov_ev *e, const struct ov_ev_elf *x,
			  const struct ov_ev_elf_part *p, size_t max, struct ov_cur *out)
{
	return ov_src_view_upto(x->src, p->off, (size_t)ov_min_u64(p->size, max), &e->arena, out);
}
