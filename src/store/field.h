/* Data at rest: a column value sealed under the field-data key (gm/sm4.h seal), bound to "table.column" and the row's
 * key; and a keyed digest for equality search. Identity numbers, telephones, accounts, statements, uploads, health
 * data. */
#pragma once
#include "base/secret.h"
#include "base/buf.h"

struct field_keys;
enum err field_keys_new(const struct secret *data_key, struct field_keys **ret_k) MUST_CHECK; /* 32 octets */
void field_keys_free(struct field_keys *k);
DEFINE_AUTO(field_keys)
enum err field_seal(const struct field_keys *k, const char *column, struct span row_key, struct span plain,
                    struct buf *out) MUST_CHECK;
enum err field_open(const struct field_keys *k, const char *column, struct span row_key, struct span sealed,
                    struct buf *out) MUST_CHECK;
enum err field_digest(const struct field_keys *k, const char *column, struct span plain,
                      uint8_t ret_digest[32]) MUST_CHECK;
