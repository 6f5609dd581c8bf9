/* Between ocsp_id.c (identifiers, requests) and ocsp.c (answers). */
#pragma once
#include "pki/ocsp.h"

enum err ocsp_id_take(struct span *in, struct ocsp_id *ret_id) MUST_CHECK;
void ocsp_id_put(struct buf *out, const struct ocsp_id *id);
enum err ocsp_item_id_put(struct buf *out, const struct cert *ca, enum ocsp_hash hash, const char *serial) MUST_CHECK;
enum err ocsp_nonce_read(struct span exts, struct span *ret_nonce) MUST_CHECK; /* content of the Extensions SEQUENCE */
void ocsp_nonce_put(struct buf *out, int tag, struct span nonce);              /* nothing for an empty one */
