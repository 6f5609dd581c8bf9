#include "server/escrow/keys.h"
#include "base/file.h"
#include "gm/kdf.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include "gm/sm4.h"
#include <stdio.h>
#include <stdlib.h>

enum { PATH_BYTES_MAX = 4096, FILE_MAX = 512, MACHINE_KEY_LEN = SEAL_KEY_LEN };
#define FORMAT "YXK1 escrow" /* first octets of keys.bin, and bound by the seal */

struct keys {
	struct secret *both; /* field-data key, unlock master key */
};

static enum err path_of(const char *dir, const char *name, char ret_path[PATH_BYTES_MAX])
{
	if (snprintf(ret_path, PATH_BYTES_MAX, "%s/%s", dir, name) >= PATH_BYTES_MAX)
		return ERR(LIMIT, "path too long");
	return ERR_OK;
}

static enum err keys_new(struct secret *take_both, struct keys **ret_k)
{
	AUTO(secret) both = take_both;
	struct keys *k = calloc(1, sizeof(*k));

	if (k == NULL)
		return ERR(NOMEM, "keys");
	k->both = STEAL(both);
	*ret_k = k;
	return ERR_OK;
}

void keys_free(struct keys *k)
{
	if (k == NULL)
		return;
	secret_free(k->both);
	free(k);
}

static enum err random_secret(size_t len, struct secret **ret_s)
{
	AUTO(secret) s = NULL;

	TRY(secret_new(len, &s));
	TRY(rand_bytes(secret_ptr(s), len));
	*ret_s = STEAL(s);
	return ERR_OK;
}

static enum err write_sealed(const char *dir, const struct secret *machine, const struct secret *both,
                             uint8_t ret_sm3[32])
{
	AUTO_BUF(file, FILE_MAX);
	char path[PATH_BYTES_MAX];

	buf_put(&file, SPAN_LIT(FORMAT));
	TRY(seal_close(secret_span(machine), SPAN_LIT(FORMAT), secret_span(both), &file));
	TRY(path_of(dir, "keys.bin", path));
	TRY(sm3_digest(buf_span(&file), ret_sm3));
	return file_replace(path, buf_span(&file), 0600);
}

enum err keys_create(const char *dir, struct keys **ret_k, uint8_t ret_sm3[32])
{
	AUTO(secret) machine = NULL;
	AUTO(secret) both = NULL;
	char path[PATH_BYTES_MAX];

	TRY(random_secret(MACHINE_KEY_LEN, &machine));
	TRY(random_secret(2 * KEYS_EACH, &both));
	TRY(path_of(dir, "machine.key", path));
	TRY(file_replace(path, secret_span(machine), 0600));
	TRY(write_sealed(dir, machine, both, ret_sm3));
	return keys_new(STEAL(both), ret_k);
}

static enum err unseal(const struct secret *machine, struct span sealed, struct secret **ret_both)
{
	AUTO_BUF(plain, FILE_MAX);

	if (secret_len(machine) != MACHINE_KEY_LEN)
		return ERR(JOURNAL, "machine.key of %zu octets", secret_len(machine));
	enum err e = seal_open(secret_span(machine), SPAN_LIT(FORMAT), sealed, &plain);
	if (e == ERR_SIG)
		return ERR(JOURNAL, "keys.bin does not open with machine.key");
	TRY(e);
	if (plain.len != 2 * KEYS_EACH)
		return ERR(JOURNAL, "keys.bin holds %zu octets", plain.len);
	return secret_from(buf_span(&plain), ret_both);
}

enum err keys_open(const char *dir, const uint8_t sm3[32], struct keys **ret_k)
{
	AUTO_BUF(file, FILE_MAX);
	AUTO(secret) machine = NULL;
	AUTO(secret) both = NULL;
	char path[PATH_BYTES_MAX];
	uint8_t got[32];

	TRY(path_of(dir, "keys.bin", path));
	TRY(file_read(path, &file));
	TRY(sm3_digest(buf_span(&file), got));
	struct span rest = buf_span(&file), format;
	if (!span_eq(SPAN_ARR(got), span_of(sm3, 32)) || !span_take(&rest, SPAN_LIT(FORMAT).len, &format) ||
	    !span_eq(format, SPAN_LIT(FORMAT)))
		return ERR(JOURNAL, "keys.bin is not the file that the vault names");
	TRY(path_of(dir, "machine.key", path));
	TRY(file_read_secret(path, MACHINE_KEY_LEN, &machine));
	TRY(unseal(machine, rest, &both));
	return keys_new(STEAL(both), ret_k);
}

enum err keys_field(const struct keys *k, struct secret **ret_key)
{
	return secret_from(span_sub(secret_span(k->both), 0, KEYS_EACH), ret_key);
}

enum err keys_unlock(const struct keys *k, struct span card_serial, struct secret **ret_key)
{
	AUTO(secret) key = NULL;
	struct span master = span_sub(secret_span(k->both), KEYS_EACH, KEYS_EACH);

	TRY(secret_new(KEYS_EACH, &key));
	TRY(kdf_sm3(master, "yinxin card unlock", card_serial, secret_ptr(key), KEYS_EACH));
	*ret_key = STEAL(key);
	return ERR_OK;
}
