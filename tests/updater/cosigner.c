/*
 * cosigner KEYFILE TIME: signs the text of its input with a key of any kind, at a time of one's
 * choice, and writes the signature line: for tests that need clocks which are wrong, and keys in
 * wrong hands.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "keyfile.h"
#include "note.h"
#include "store.h"

int main(int argc, char *argv[])
{
	static char text[OV_NOTE_MAX], room[OV_KEYFILE_MAX];
	struct ov_buf file = ov_buf_of(8192), line = ov_buf_of(1 << 16);
	struct ov_hasher *h = NULL;
	struct ov_skey key;
	size_t n;

	if (argc != 3 || ov_hasher_new(OV_SHA256, &h) != OV_OK ||
	    ov_store_read("", argv[1], 4096, &file) != OV_OK ||
	    ov_keyfile_read(h, ov_buf_text(&file), OV_STR(""), room, &key) != OV_OK)
		return 2;
	n = fread(text, 1, sizeof text, stdin);
	if (ov_note_sign(&key, (struct ov_str){ text, n }, strtoull(argv[2], NULL, 10), &line) !=
	    OV_OK)
		return 1;
	(void)fwrite(line.p, 1, line.n, stdout);
	ov_skey_wipe(&key);
	ov_hasher_free(&h);
	ov_buf_free(&file);
	ov_buf_free(&line);
	return 0;
}
