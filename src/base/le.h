/* Little-endian loads and stores on bytes that a check has already bounded (our own formats). */
#ifndef OV_LE_H
#define OV_LE_H

#include <stdint.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "overt's mapped formats are little-endian; big-endian hosts need byte swaps here"
#endif

static inline uint16_t ov_le16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint32_t ov_le32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline uint64_t ov_le64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof v);
	return v;
}

static inline void ov_put_le16(uint8_t *p, uint16_t v)
{
	memcpy(p, &v, sizeof v);
}

static inline void ov_put_le32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof v);
}

static inline void ov_put_le64(uint8_t *p, uint64_t v)
{
	memcpy(p, &v, sizeof v);
}

#endif
