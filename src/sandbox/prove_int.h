/* Numbers and names of the attempts of `overt prove`, shared by broker and worker. */
#ifndef OV_PROVE_INT_H
#define OV_PROVE_INT_H

enum ov_attempt {
#define OV_ATTEMPT(fn, what) OV_ATTEMPT_##fn,
#include "attempts.def"
#undef OV_ATTEMPT
	OV_ATTEMPTS
};

/** "open a file: /etc/passwd"; NULL past the end. */
const char *ov_attempt_name(unsigned i);

#endif
