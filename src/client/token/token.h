/* The token as the project's own C programs see it: one connected card with a secure channel, in project types. The SKF
 * functions (skf.c) are a thin layer above this; yinxin's ceremony, yxkey and tests use it directly.
 * Errors carry the cause; tries left after a wrong PIN come in *ret_tries. */
#pragma once
#include "client/reader/reader.h"
#include "pki/attest.h"
#include "pki/cert.h"
#include "pki/envelope.h"

enum token_state { TOKEN_BLANK = 0, TOKEN_AWAITING = 1, TOKEN_READY = 2 };
struct token_trust {
	const struct cert *root, *ca; /* both NULL: ceremony, no card certificates exist yet */
};
struct token;
/* take is closed with the token, and when opening fails. The trust's certificates are copied. */
/* K-006 when not genuine */
enum err token_open(struct reader *take, const struct token_trust *trust, int64_t now, struct token **ret_t) MUST_CHECK;
void token_free(struct token *t);
DEFINE_AUTO(token)
const char *token_serial(const struct token *t);
const struct sm2_pub *token_device_pub(const struct token *t);
enum err token_state(struct token *t, enum token_state *ret_state, bool *ret_pin_set, unsigned *ret_tries) MUST_CHECK;
enum err token_card_cert(struct token *t, struct cert **ret_c) MUST_CHECK;
enum err token_set_card_cert(struct token *t, struct span der) MUST_CHECK;
enum err token_generate(struct token *t, const uint8_t approval[32], const struct secret *pin, struct sm2_pub *ret_pub,
                        uint8_t ret_attest[ATTEST_LEN]) MUST_CHECK;
enum err token_login(struct token *t, const struct secret *pin, unsigned *ret_tries) MUST_CHECK;
enum err token_logout(struct token *t) MUST_CHECK;
enum err token_change_pin(struct token *t, const struct secret *old, const struct secret *fresh,
                          unsigned *ret_tries) MUST_CHECK;
/* one signature per login */
enum err token_sign_e(struct token *t, const uint8_t e[32], struct sm2_sig *ret_sig) MUST_CHECK;
/* Z and SM3 outside, then sign_e */
enum err token_sign(struct token *t, struct span msg, struct sm2_sig *ret_sig) MUST_CHECK;
/* uses up one signature */
enum err token_csr(struct token *t, const char *common_name, struct buf *ret_der) MUST_CHECK;
/* user logged in */
enum err token_install(struct token *t, struct span sign_cert, struct span enc_cert, struct span enveloped) MUST_CHECK;
enum err token_cert(struct token *t, bool sign, struct cert **ret_c) MUST_CHECK; /* ERR_CERT_ABSENT */
enum err token_discard(struct token *t) MUST_CHECK;
/* by the encryption key; user logged in */
enum err token_decrypt(struct token *t, struct span sm2_cipher, struct buf *out) MUST_CHECK;

/* --- beyond what a holder needs: SKF layer, stocking, tools --- */
/* As token_open, but a card that is not genuine (trust NULL, no card certificate yet, another chain) opens too: it can
 * be read and stocked, and everything that would send a PIN fails with ERR_CARD_AUTH. */
enum err token_open_any(struct reader *take, const struct token_trust *trust, int64_t now,
                        struct token **ret_t) MUST_CHECK;
bool token_is_genuine(const struct token *t);
struct token_info {
	char serial[CARD_SERIAL_MAX + 1], label[32];
	enum token_state state;
	bool pin_set;
	unsigned tries, tries_max, pin_by;
	uint64_t counter;
	uint32_t room, room_free;
};
enum err token_info(struct token *t, struct token_info *ret_info) MUST_CHECK;
enum err token_pub(struct token *t, bool sign, struct sm2_pub *ret_pub) MUST_CHECK; /* ERR_KEY_ABSENT */
/* of the present key, again */
enum err token_attest(struct token *t, uint8_t ret_attest[ATTEST_LEN]) MUST_CHECK;
enum err token_random(struct token *t, uint8_t *ret, size_t len) MUST_CHECK;
enum err token_label(struct token *t, const char *label) MUST_CHECK; /* user logged in */
struct token_file {
	char name[32];
	uint16_t size;
	uint8_t read, write; /* 0x00 nobody, 0x10 user, 0xFF anyone */
};
enum { TOKEN_FILES_MAX = 4 };
enum err token_files(struct token *t, struct token_file ret_files[TOKEN_FILES_MAX], size_t *ret_n) MUST_CHECK;
enum err token_file_create(struct token *t, const struct token_file *f) MUST_CHECK; /* user logged in */
enum err token_file_read(struct token *t, const char *name, size_t offset, size_t len, struct buf *out) MUST_CHECK;
enum err token_file_write(struct token *t, const char *name, size_t offset, struct span data) MUST_CHECK;
