/*
 * Facts of a shell link (.lnk), [MS-SHLLINK] 8.0: header, link info, strings, extra data blocks,
 * and what is appended to it. Texts are UTF-8 and lie in the arena given.
 */
#ifndef OV_LNK_H
#define OV_LNK_H

#include <stdbool.h>
#include <stdint.h>

#include "arena.h"
#include "source.h"
#include "status.h"
#include "str.h"

#define OV_LNK_BLOCKS_MAX 64
#define OV_LNK_ITEMS_MAX 256

enum ov_lnk_flag { /* LinkFlags, 2.1.1; those that tell what follows */
		   OV_LNK_ID_LIST = 0x01,
		   OV_LNK_INFO = 0x02,
		   OV_LNK_NAME = 0x04,
		   OV_LNK_RELATIVE = 0x08,
		   OV_LNK_WORKDIR = 0x10,
		   OV_LNK_ARGUMENTS = 0x20,
		   OV_LNK_ICON = 0x40,
		   OV_LNK_UNICODE = 0x80
};

/* 2.5: signatures of extra data blocks. */
#define OV_LNK_ENVIRONMENT 0xa0000001u
#define OV_LNK_CONSOLE 0xa0000002u
#define OV_LNK_TRACKER 0xa0000003u
#define OV_LNK_CODE_PAGE 0xa0000004u
#define OV_LNK_SPECIAL_FOLDER 0xa0000005u
#define OV_LNK_DARWIN 0xa0000006u
#define OV_LNK_ICON_ENVIRONMENT 0xa0000007u
#define OV_LNK_SHIM 0xa0000008u
#define OV_LNK_PROPERTIES 0xa0000009u
#define OV_LNK_KNOWN_FOLDER 0xa000000bu
#define OV_LNK_VISTA_ID_LIST 0xa000000cu

struct ov_lnk_part { /* an item of the ID list, or an extra data block, with its header */
	uint64_t off, size;
	uint32_t kind; /* block: its signature; item: its first byte of data */
};

/* A text that may be missing: then p is NULL. One that is there and empty is not NULL. */
struct ov_lnk {
	uint32_t flags, attributes, file_size, icon_index, show_command;
	uint16_t hotkey;
	uint64_t creation, access, write; /* FILETIME: 100 ns since 1601; 0: none */

	bool has_id_list, has_info, has_volume, has_network;
	uint64_t id_list_at, id_list_size; /* without the two bytes of its size */
	struct ov_lnk_part items[OV_LNK_ITEMS_MAX];
	uint32_t nitems;
	uint32_t drive_type, drive_serial, network_provider;
	struct ov_str volume_label, local_base_path, common_path_suffix, net_name, device_name;

	struct ov_str name, relative_path, working_dir, arguments, icon_location;

	struct ov_lnk_part blocks[OV_LNK_BLOCKS_MAX];
	uint32_t nblocks;
	bool has_tracker, has_code_page, has_special_folder;
	uint32_t tracker_version, code_page, special_folder;
	struct ov_str machine_id, droid_volume, droid_file, birth_volume, birth_file;
	struct ov_str environment, icon_environment, darwin_id, known_folder, shim_layer;

	bool has_end;	    /* the block that ends it is there: what follows is no part of it */
	uint64_t end;	    /* valid if has_end: first byte after the link                    */
	bool is_capped;	    /* more items or blocks than are listed */
	const char *broken; /* NULL, or the first thing that is wrong */
};

/**
 * Reads a shell link. A part that is broken leaves what was read before it, and sets `broken`.
 * *out is filled on the way: it means something on OV_OK only.
 *
 * @param a  Where the texts go: as many bytes as the link has, or some more in UTF-8.
 * @return OV_OK; OV_BAD when it is none; OV_LIMIT, OV_NOMEM from the arena; OV_IO. Threads: no
 * shared state.
 */
OV_MUST_USE ov_status ov_lnk_read(const struct ov_src *src, struct ov_arena *a, struct ov_lnk *out);

#endif
