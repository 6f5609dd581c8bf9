#include "store/field.h"
#include "gm/kdf.h"
#include "gm/sm3.h"
#include "gm/sm4.h"
#include <stdlib.h>

enum { DATA_KEY_LEN = 32, COLUMN_MAX = 64, ROW_KEY_MAX = 256, FIELD_MAX = 64 << 20 };

struct field_keys {
	struct secret *seal, *digest;
};

static enum err derive(const struct secret *data_key, const char *label, struct secret **ret_k)
{
	AUTO(secret) k = NULL;

	TRY(secret_new(SEAL_KEY_LEN, &k));
	TRY(kdf_sm3(secret_span(data_key), label, SPAN_EMPTY, secret_ptr(k), SEAL_KEY_LEN));
	*ret_k = STEAL(k);
	return ERR_OK;
}

enum err field_keys_new(const struct secret *data_key, struct field_keys **ret_k)
{
	if (secret_len(data_key) != DATA_KEY_LEN)
		return ERR(CONFIG, "data key of %zu octets", secret_len(data_key));
	AUTO(field_keys) k = calloc(1, sizeof(*k));
	if (k == NULL)
		return ERR(NOMEM, "field keys");
	TRY(derive(data_key, "yinxin field seal", &k->seal));
	TRY(derive(data_key, "yinxin field digest", &k->digest));
	*ret_k = STEAL(k);
	return ERR_OK;
}

void field_keys_free(struct field_keys *k)
{
	if (k == NULL)
		return;
	secret_free(k->seal);
	secret_free(k->digest);
	free(k);
}

/* aad = u8 length of column, column, row key: a value cannot be moved to another column or row. */
static enum err make_aad(const char *column, struct span row_key, struct buf *out)
{
	struct span name = span_str(column);

	INVARIANT(name.len > 0 && name.len <= COLUMN_MAX);
	if (row_key.len == 0 || row_key.len > ROW_KEY_MAX)
		return ERR(LIMIT, "row key of %zu octets", row_key.len);
	buf_u8(out, (uint8_t)name.len);
	buf_put(out, name);
	buf_put(out, row_key);
	return buf_err(out);
}

enum err field_seal(const struct field_keys *k, const char *column, struct span row_key, struct span plain,
                    struct buf *out)
{
	AUTO_BUF(aad, 1 + COLUMN_MAX + ROW_KEY_MAX);

	if (plain.len > FIELD_MAX)
		return ERR(LIMIT, "%s of %zu octets", column, plain.len);
	TRY(make_aad(column, row_key, &aad));
	return seal_close(secret_span(k->seal), buf_span(&aad), plain, out);
}

enum err field_open(const struct field_keys *k, const char *column, struct span row_key, struct span sealed,
                    struct buf *out)
{
	AUTO_BUF(aad, 1 + COLUMN_MAX + ROW_KEY_MAX);

	TRY(make_aad(column, row_key, &aad));
	enum err e = seal_open(secret_span(k->seal), buf_span(&aad), sealed, out);
	return e == ERR_OK ? e : err_note(e, "column %s", column);
}

enum err field_digest(const struct field_keys *k, const char *column, struct span plain, uint8_t ret_digest[32])
{
	AUTO_BUF(head, 1 + COLUMN_MAX);
	struct span name = span_str(column);

	INVARIANT(name.len > 0 && name.len <= COLUMN_MAX);
	buf_u8(&head, (uint8_t)name.len);
	buf_put(&head, name);
	TRY(buf_err(&head));
	return hmac_sm3(secret_span(k->digest), (const struct span[]){buf_span(&head), plain}, 2, ret_digest);
}
