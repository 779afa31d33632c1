/*
 * The metadata of .NET assemblies, ECMA-335 part II (6th edition), chapters 22 to 25. Nothing is
 * read before it is asked for, and no list is made: a row is looked up in the table where it
 * stands. So a crafted file costs no more memory than its own size.
 */
#ifndef OV_DOTNET_H
#define OV_DOTNET_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "cursor.h"
#include "pe_view.h"
#include "source.h"
#include "status.h"
#include "str.h"

#define OV_DOTNET_STREAMS_MAX 64
#define OV_DOTNET_COLUMNS_MAX 9
#define OV_DOTNET_NAME_MAX 1024 /* bytes of a name that are looked at     */
#define OV_DOTNET_TYPE_MAX 4096 /* bytes of a type's text                 */
#define OV_DOTNET_NESTED_MAX 32 /* classes around a class that are named  */

enum ov_dotnet_table_kind { /* II.22 */
			    OV_NET_MODULE = 0x00,
			    OV_NET_TYPE_REF = 0x01,
			    OV_NET_TYPE_DEF = 0x02,
			    OV_NET_METHOD = 0x06,
			    OV_NET_PARAM = 0x08,
			    OV_NET_INTERFACE_IMPL = 0x09,
			    OV_NET_MEMBER_REF = 0x0a,
			    OV_NET_CONSTANT = 0x0b,
			    OV_NET_CUSTOM_ATTRIBUTE = 0x0c,
			    OV_NET_MODULE_REF = 0x1a,
			    OV_NET_TYPE_SPEC = 0x1b,
			    OV_NET_FIELD_RVA = 0x1d,
			    OV_NET_ASSEMBLY = 0x20,
			    OV_NET_ASSEMBLY_REF = 0x23,
			    OV_NET_RESOURCE = 0x28,
			    OV_NET_NESTED = 0x29,
			    OV_NET_GENERIC_PARAM = 0x2a,
			    OV_NET_TABLES = 0x2d
};

enum ov_dotnet_heap { OV_NET_STRINGS, OV_NET_USER, OV_NET_GUID, OV_NET_BLOB, OV_NET_HEAPS };

struct ov_dotnet_stream {
	struct ov_str name;
	uint64_t off, size; /* in the file; as declared */
};

struct ov_dotnet_table {
	uint32_t rows; /* that the stream has room for */
	uint64_t at;   /* in the stream of tables      */
	bool is_there; /* the stream names it, with or without rows */
	uint8_t width, off[OV_DOTNET_COLUMNS_MAX + 1];
};

struct ov_dotnet {
	const struct ov_src *src;
	struct ov_arena *arena;
	struct ov_pe pe;
	uint64_t root; /* file offset of the metadata */
	struct ov_str version;
	struct ov_dotnet_stream streams[OV_DOTNET_STREAMS_MAX];
	uint32_t nstreams;
	struct ov_cur tables;
	struct ov_dotnet_table t[OV_NET_TABLES];
	int heap_stream[OV_NET_HEAPS]; /* -1: there is none */
	struct ov_cur heap[OV_NET_HEAPS];
	bool has_heap[OV_NET_HEAPS];	    /* it was read */
	uint64_t resources, resources_size; /* file offset, 0: none */
	bool is_program;		    /* a PE, with or without metadata */
	bool has_tables;
	bool is_cut;	/* tables claim more rows than there are */
	bool is_capped; /* more streams than are listed          */
};

/**
 * Reads headers, the list of streams and the sizes of the tables. `src` and `a` must outlive it.
 * *out is filled on the way: but for is_program it means something on OV_OK only, and it must not
 * move after that.
 * @return OV_OK; OV_BAD when this is no .NET assembly; OV_LIMIT, OV_NOMEM; OV_IO. Threads: one at a
 * time.
 */
OV_MUST_USE ov_status ov_dotnet_read(const struct ov_src *src, struct ov_arena *a,
				     struct ov_dotnet *out);

/** Rows of a table. */
uint32_t ov_dotnet_rows(const struct ov_dotnet *d, unsigned table);

/** A cell: `row` from 0, `column` in the standard's order. 0 when there is no such row. */
uint32_t ov_dotnet_cell(const struct ov_dotnet *d, unsigned table, uint32_t row, unsigned column);

/** All bytes of a heap. @return OV_OK (empty when there is none); OV_LIMIT, OV_NOMEM, OV_IO. */
OV_MUST_USE ov_status ov_dotnet_heap(struct ov_dotnet *d, enum ov_dotnet_heap h,
				     struct ov_cur *out);

/** A name: a view of the heap; p NULL when `index` lies outside it. */
OV_MUST_USE ov_status ov_dotnet_name(struct ov_dotnet *d, uint32_t index, struct ov_str *out);

/** A blob: OV_OK; OV_END when there is none at `index`. */
OV_MUST_USE ov_status ov_dotnet_blob(struct ov_dotnet *d, uint32_t index, struct ov_cur *out);

/** A length as blobs and signatures have it: 1, 2 or 4 bytes, II.23.2. @return OV_OK; OV_SHORT;
 * OV_BAD. */
OV_MUST_USE ov_status ov_dotnet_number(struct ov_cur *c, uint32_t *out);

/** File offset of an address; OV_BAD: there is none. */
OV_MUST_USE ov_status ov_dotnet_map(const struct ov_dotnet *d, uint32_t rva, uint64_t *out);

/* dotnet_coded.c */

enum ov_dotnet_coded { /* II.24.2.6: tables that a tag chooses between */
		       OV_NET_TYPE_DEF_OR_REF,
		       OV_NET_HAS_CONSTANT,
		       OV_NET_HAS_CUSTOM_ATTRIBUTE,
		       OV_NET_HAS_FIELD_MARSHAL,
		       OV_NET_HAS_DECL_SECURITY,
		       OV_NET_MEMBER_REF_PARENT,
		       OV_NET_HAS_SEMANTICS,
		       OV_NET_METHOD_DEF_OR_REF,
		       OV_NET_MEMBER_FORWARDED,
		       OV_NET_IMPLEMENTATION,
		       OV_NET_CUSTOM_ATTRIBUTE_TYPE,
		       OV_NET_RESOLUTION_SCOPE,
		       OV_NET_TYPE_OR_METHOD_DEF,
		       OV_NET_CODED
};

/** Offsets of all columns, by the numbers of rows and the heaps' sizes. `rows`: OV_NET_TABLES. */
void ov_dotnet_layout(const uint32_t *rows, uint8_t heaps, struct ov_dotnet_table *t);

/** Takes a coded index apart. @return false when it names no row: it is null, or its tag is none.
 * @param row  from 0. */
bool ov_dotnet_decode(enum ov_dotnet_coded kind, uint32_t v, unsigned *table, uint32_t *row);

#endif
