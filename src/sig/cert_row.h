/*
 * A row of the table OV_EXTRA_CERT: one certificate that is trusted or blocked.
 *
 *   0       1               21             41
 *   | flags | SHA-1 of name | SHA-1 of no. | RSA modulus, no leading zeros, to the end |
 */
#ifndef OV_CERT_ROW_H
#define OV_CERT_ROW_H

#define OV_CERT_HEAD 41
#define OV_CERT_MODULUS_MAX 2048 /* bytes */

#define OV_CERT_TRUSTED 1u
#define OV_CERT_CODE 2u
#define OV_CERT_TIME 4u
#define OV_CERT_CERT 8u
#define OV_CERT_SERIAL 16u

#endif
