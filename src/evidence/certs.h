/* Certificates that a store trusts, and the stores of Java. */
#ifndef OV_EV_CERTS_H
#define OV_EV_CERTS_H

#include "ev_sources.h"

/** Sends a root certificate; others are passed over. @param is_trusted  It stands in a place where
 * a system looks for roots. @return OV_OK; OV_BAD; the sink's failure; OV_LIMIT, OV_NOMEM. */
OV_MUST_USE ov_status ov_ev_cert_emit(struct ov_ev *e, bool is_trusted, struct ov_cur der,
				      struct ov_str where);

/** Reads a Java key store. @return as the above; OV_SHORT; OV_UNSUPPORTED. */
OV_MUST_USE ov_status ov_ev_jks_read(struct ov_ev *e, struct ov_cur c, bool is_trusted);

/** Reads a PKCS#12 store; what is encrypted is told. @return OV_OK; OV_BAD; OV_LIMIT, OV_NOMEM; the
 * sink's failure. */
OV_MUST_USE ov_status ov_ev_pkcs12_read(struct ov_ev *e, struct ov_cur c, bool is_trusted);

#endif
