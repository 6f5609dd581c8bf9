/* For who checks many answers by one signer: the last leaf whose signature by the CA was verified, octet by octet. What
 * a clock decides is asked every time. */
#pragma once
#include "pki/cert.h"

struct known_leaf {
	const struct cert *ca; /* NULL: none yet */
	struct buf der;
};
static inline struct known_leaf known_leaf_none(void)
{
	return (struct known_leaf){.der = buf_make(CERT_DER_MAX)};
}
static inline void known_leaf_done(struct known_leaf *k)
{
	buf_done(&k->der);
	k->ca = NULL;
}
