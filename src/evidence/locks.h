/* What lock files and manifests of languages' package managers have in common. */
#ifndef OV_EV_LOCKS_H
#define OV_EV_LOCKS_H

#include "ev_sources.h"

struct ov_lock {	  /* one dependency, as a file names it */
	const char *type; /* of the package URL: "npm", "maven", ... */
	struct ov_str group, name, version, supplier, where;
	bool is_installed; /* it is there, not only named */
};

/** Sends it, with its package URL. Names that are empty are passed over. */
OV_MUST_USE ov_status ov_lock_emit(struct ov_ev *e, const struct ov_lock *l);

#endif
