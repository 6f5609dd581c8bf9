#include "escrow_case.h"
#include "base/file.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct run r;
struct sm2_key *desk, *legal, *holder, *other;

int case_make_keys(void **state)
{
	(void)state;
	return sm2_key_new(&desk) == ERR_OK && sm2_key_new(&legal) == ERR_OK && sm2_key_new(&holder) == ERR_OK &&
	                       sm2_key_new(&other) == ERR_OK
	               ? 0
	               : -1;
}

int case_drop_keys(void **state)
{
	(void)state;
	if (r.client != NULL) /* a setup failed half-way */
		run_drop(&r);
	sm2_key_free(desk);
	sm2_key_free(legal);
	sm2_key_free(holder);
	sm2_key_free(other);
	return 0;
}

int case_make(void **state)
{
	(void)state;
	run_make(&r);
	return 0;
}

int case_start(void **state)
{
	case_make(state);
	run_start(&r);
	return 0;
}

int case_open_vault(void **state)
{
	case_start(state);
	return AS_SIGNER(escrow_setup(r.client, sm2_key_pub(desk), sm2_key_pub(legal))) == ERR_OK ? 0 : -1;
}

int case_drop(void **state)
{
	(void)state;
	run_drop(&r);
	return 0;
}

/* --- helpers --- */

struct escrow_hello hello(void)
{
	struct escrow_hello h;

	assert_int_equal(AS_SIGNER(escrow_hello(r.client, &h)), ERR_OK);
	return h;
}

void evidence_of(unsigned n, uint8_t ret[32])
{
	memset(ret, 0xE0, 32);
	ret[30] = (uint8_t)(n >> 8);
	ret[31] = (uint8_t)n;
}

enum err ask(const char *owner, const struct sm2_key *key, unsigned n, struct answer *ret_a)
{
	AUTO_BUF(out, ENVELOPED_KEY_MAX);
	struct sm2_pub pub;
	uint8_t evidence[32];

	evidence_of(n, evidence);
	enum err e = AS_SIGNER(escrow_keypair(r.client, owner, sm2_key_pub(key), evidence, &pub, &out));
	if (e != ERR_OK)
		return e;
	ret_a->pub = pub;
	ret_a->len = out.len;
	memcpy(ret_a->enveloped, out.ptr, out.len);
	return ERR_OK;
}

void assert_same(const struct answer *a, const struct answer *b)
{
	assert_memory_equal(a->pub.b, b->pub.b, SM2_PUB_LEN);
	assert_int_equal(a->len, b->len);
	assert_memory_equal(a->enveloped, b->enveloped, a->len);
}

void assert_opens(const struct answer *a, const struct sm2_key *by)
{
	AUTO(sm2_key) pair = NULL;

	assert_int_equal(enveloped_key_open(span_of(a->enveloped, a->len), by, &pair), ERR_OK);
	assert_memory_equal(sm2_key_pub(pair)->b, a->pub.b, SM2_PUB_LEN);
}

bool file_holds(const char *name, struct span needle)
{
	AUTO_BUF(content, 1 << 22);
	char path[160];

	run_file(&r, name, path);
	assert_int_equal(file_read(path, &content), ERR_OK);
	return memmem(content.ptr, content.len, needle.ptr, needle.len) != NULL;
}

unsigned mode_of(const char *path)
{
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	return st.st_mode & 07777;
}

enum err unlock(const char *serial, const struct sm2_key *device, uint8_t ret_key[32])
{
	AUTO_BUF(cipher, ESCROW_CIPHER_MAX);
	AUTO_BUF(plain, 64);

	enum err e = AS_SIGNER(escrow_unlock_key(r.client, serial, sm2_key_pub(device), &cipher));
	if (e != ERR_OK)
		return e;
	assert_int_equal(sm2_decrypt(device, buf_span(&cipher), &plain), ERR_OK);
	assert_int_equal(plain.len, 32);
	memcpy(ret_key, plain.ptr, 32);
	return ERR_OK;
}

enum err find_pair(uint64_t seq, struct span record, void *ctx)
{
	struct found *f = ctx;

	if (seq == 1)
		return ERR_OK;
	memcpy(f->room, record.ptr, record.len);
	f->n++;
	return deposit_pair_parse(span_of(f->room, record.len), &f->pair);
}
