/* Parts that OCSP, CMS and time stamps have in common: GeneralizedTime to the second, digest algorithm identifiers, CA
 * links of the notary's certificates. For the files of this folder only; all readers raise ERR_DER. */
#pragma once
#include "gm/der.h"
#include "gm/sm3.h"
#include "pki/known.h"

/* GeneralizedTime of any year, unlike der_put_time: RFC 6960, 4.2.2.1 and RFC 3161, 2.4.2 know no UTCTime. Fractions of
 * a second are refused. */
void cms_time_put(struct buf *out, int64_t t);
enum err cms_time_take(struct span *in, int64_t *ret_t) MUST_CHECK;

/* AlgorithmIdentifier whose parameters are absent or NULL. */
enum err cms_alg_take(struct span *in, struct span *ret_oid, struct span *ret_tlv) MUST_CHECK;
void cms_sm3_put(struct buf *out);                       /* parameters absent, as in our CMS */
void cms_alg_null_put(struct buf *out, const char *oid); /* parameters NULL, as other software writes identifiers */

/* Issuer name, key identifier, signature and time at `at` of a leaf by this CA: ERR_CERT_CHAIN, ERR_CERT_NOT_YET,
 * ERR_CERT_EXPIRED. A leaf that `known` holds (NULL: nothing is remembered) is not verified again. */
enum err cms_leaf_check(const struct cert *leaf, const struct cert *ca, int64_t at,
                        struct known_leaf *known) MUST_CHECK;
