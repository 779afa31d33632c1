/* What the small daemons of overt-update share: addresses, keys, lists of logs, answers. */
#ifndef OV_UPDATER_SERVE_H
#define OV_UPDATER_SERVE_H

#include <microhttpd.h>
#include <sys/socket.h>

#include "keyfile.h"
#include "updater.h"

#define SERVE_CONNECTIONS 256
#define SERVE_TIMEOUT_SECONDS 30
#define SERVE_LOGS 10000

/* Reads "127.0.0.1:8080" or "[::1]:8080". */
bool serve_address(const char *text, struct sockaddr_storage *out);

/* Reads a cosigner's key. Tells what is wrong. `room`: OV_KEYFILE_MAX bytes; wipe both. */
bool serve_key(struct cli *c, const char *command, struct ov_hasher *h, const char *path,
	       const char *passphrase_file, char *room, struct ov_skey *out);

/* Keeps SIGINT and SIGTERM for serve_wait(): before there are threads. @return A descriptor; -1. */
int serve_signals(void);
/* Waits until the program shall end. */
void serve_wait(int signals);

struct serve_log {
	struct ov_str vkey;
	char *url; /* where the log stands as static files; NULL when not given */
};

struct serve_logs {
	struct serve_log *v;
	size_t n;
	struct ov_buf text; /* of the file; keys are views into it */
};

/* Logs of a file, one a line: log <vkey> [<url>], as in a tlog-policy; # for remarks. Those given
 * by --log come first. Tells what is wrong. Free with serve_logs_free() in any case. */
bool serve_logs_read(struct cli *c, const char *command, const struct cli_list *given,
		     const char *path, struct serve_logs *out);
void serve_logs_free(struct serve_logs *l);

/* Sends an answer; the bytes are copied. `type`: NULL for plain text. */
enum MHD_Result serve_answer(struct MHD_Connection *conn, int status, const char *type,
			     const struct ov_buf *b);

#endif
