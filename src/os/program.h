/* Where the parts of overt stand: programs that one of them starts. */
#ifndef OV_PROGRAM_H
#define OV_PROGRAM_H

/**
 * Path of another program of overt: what the environment says, else beside the running program
 * (build/bin, libexec), else in ../libexec/overt beneath it.
 * @param name      "overt-worker".
 * @param variable  Looked up in the environment first, for tests; not when setuid. May be NULL.
 * @return a path that can be executed (one from the environment is not looked at), to be freed;
 * NULL when there is none, or no memory.
 */
char *ov_program_find(const char *name, const char *variable);

#endif
