/*
 * Links of an HTML text: where each goes, and what it shows to people. A reader of tags, nothing
 * more: no tree is built. The pairs are those that ClamAV's manual names (PhishSigs):
 *
 *   <a href=T title=S> S </a>          T and the text without tags; T and the title
 *   <a href=T> <img src=S> <area href=S> <iframe src=S> </a>
 *   <form action=T> <a href=S> <img src=S> <iframe src=S> </form>
 *
 * Scripts, styles and comments are no text. Entities of ASCII characters are undone.
 */
#ifndef OV_LINKS_H
#define OV_LINKS_H

#include "cursor.h"
#include "str.h"

#define OV_LINK_MAX 2048 /* bytes of an address; what is longer is cut */
#define OV_SHOWN_MAX 4096

/* Views live until the call returns. Return false to stop. */
typedef bool (*ov_link_fn)(void *ctx, struct ov_str target, struct ov_str shown);

/* Working memory of one run. Needs no preparation. */
struct ov_links {
	char href[OV_LINK_MAX], action[OV_LINK_MAX], attr[OV_LINK_MAX], title[OV_LINK_MAX],
	    shown[OV_SHOWN_MAX];
	size_t nhref, naction, nattr, ntitle, nshown;
	bool in_link, in_form;
};

/**
 * Tells all links of a text. Each byte is looked at a bounded number of times.
 * Threads: no shared state. Allocates nothing.
 */
void ov_links(struct ov_links *l, struct ov_cur html, ov_link_fn fn, void *ctx);

#endif
