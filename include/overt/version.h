/* Versions of the program and of its compiled databases. */
#ifndef OVERT_VERSION_H
#define OVERT_VERSION_H

#ifndef OVERT_VERSION
#define OVERT_VERSION "0.1.0"
#endif

/* Of the .odb files that this version writes and reads. */
#define OVERT_DATABASE_FORMAT 6

#define OVERT_LICENSE "Apache-2.0"

#endif
