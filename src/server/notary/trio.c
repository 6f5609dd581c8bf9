#include "server/notary/trio.h"
#include "base/file.h"
#include "gm/rand.h"
#include "gm/sm4.h"
#include <stdio.h>
#include <string.h>

enum { PATH_BYTES_MAX = 4096, FILE_MAX = 512, PLAIN_LEN = TRIO_COUNT * SM2_SCALAR_LEN };
#define FORMAT "YXK1 notary" /* first octets of keys.bin, and bound by the seal */

const char *const trio_profiles[TRIO_COUNT] = {"ocsp", "tsa", "log"};

static enum err path_of(const char *dir, const char *name, char ret_path[PATH_BYTES_MAX])
{
	if (snprintf(ret_path, PATH_BYTES_MAX, "%s/%s", dir, name) >= PATH_BYTES_MAX)
		return ERR(LIMIT, "path too long");
	return ERR_OK;
}

void trio_done(struct trio *t)
{
	for (size_t i = 0; i < TRIO_COUNT; i++) {
		sm2_key_free(t->key[i]);
		t->key[i] = NULL;
	}
}

static enum err write_sealed(const char *dir, const struct secret *machine, const struct secret *plain)
{
	AUTO_BUF(file, FILE_MAX);
	char path[PATH_BYTES_MAX];

	buf_put(&file, SPAN_LIT(FORMAT));
	TRY(seal_close(secret_span(machine), SPAN_LIT(FORMAT), secret_span(plain), &file));
	TRY(path_of(dir, "keys.bin", path));
	return file_replace(path, buf_span(&file), 0600);
}

static enum err store(const char *dir, const struct trio *t)
{
	AUTO(secret) machine = NULL;
	AUTO(secret) plain = NULL;
	char path[PATH_BYTES_MAX];

	TRY(secret_new(SEAL_KEY_LEN, &machine));
	TRY(rand_bytes(secret_ptr(machine), SEAL_KEY_LEN));
	TRY(secret_new(PLAIN_LEN, &plain));
	for (size_t i = 0; i < TRIO_COUNT; i++)
		memcpy(secret_ptr(plain) + i * SM2_SCALAR_LEN, sm2_key_scalar(t->key[i]).ptr, SM2_SCALAR_LEN);
	TRY(path_of(dir, "machine.key", path));
	TRY(file_replace(path, secret_span(machine), 0600));
	return write_sealed(dir, machine, plain);
}

enum err trio_create(const char *dir, struct trio *ret_t)
{
	struct trio t = {{NULL}};
	enum err e = ERR_OK;

	for (size_t i = 0; i < TRIO_COUNT && e == ERR_OK; i++)
		e = sm2_key_new(&t.key[i]);
	if (e == ERR_OK)
		e = store(dir, &t);
	if (e != ERR_OK)
		trio_done(&t);
	else
		*ret_t = t;
	return e;
}

static enum err unseal(const struct secret *machine, struct span file, struct buf *plain)
{
	struct span format;

	if (secret_len(machine) != SEAL_KEY_LEN || !span_take(&file, SPAN_LIT(FORMAT).len, &format) ||
	    !span_eq(format, SPAN_LIT(FORMAT)))
		return ERR(JOURNAL, "key files of another form");
	if (seal_open(secret_span(machine), SPAN_LIT(FORMAT), file, plain) != ERR_OK || plain->len != PLAIN_LEN)
		return ERR(JOURNAL, "keys.bin does not open with machine.key");
	return ERR_OK;
}

enum err trio_open(const char *dir, struct trio *ret_t)
{
	AUTO_BUF(file, FILE_MAX);
	AUTO_BUF(plain, PLAIN_LEN);
	AUTO(secret) machine = NULL;
	struct trio t = {{NULL}};
	char path[PATH_BYTES_MAX];
	enum err e = ERR_OK;

	TRY(path_of(dir, "keys.bin", path));
	TRY(file_read(path, &file));
	TRY(path_of(dir, "machine.key", path));
	TRY(file_read_secret(path, SEAL_KEY_LEN, &machine));
	TRY(unseal(machine, buf_span(&file), &plain));
	for (size_t i = 0; i < TRIO_COUNT && e == ERR_OK; i++)
		e = sm2_key_from(span_sub(buf_span(&plain), i * SM2_SCALAR_LEN, SM2_SCALAR_LEN), &t.key[i]);
	if (e != ERR_OK)
		trio_done(&t);
	else
		*ret_t = t;
	return e;
}
