/* The keys that are plugged in: one thread for each SKF library asks every 300 ms which slots hold a device, reads what
 * is new, and counts a generation whenever the list differs. Everybody else sees copies.
 *
 * The same device seen through two libraries counts once, by the library that stands first. */
#pragma once
#include "client/agent/link.h"
#include <jansson.h>

enum { KEYS_MAX = 16, LINKS_MAX = 4 };
struct key {
	char slot[SLOT_NAME_MAX + 1], serial[KEY_SERIAL_MAX + 1];
	size_t link; /* which library */
	enum key_state state;
	enum err error; /* why it is unusable */
	bool pin_set, open, extended, has_pub;
	bool doubtful; /* its driver would send it no PIN */
	unsigned tries;
	struct sm2_pub pub; /* signing key, also before there is a certificate */
	uint8_t cert[CERT_DER_MAX];
	size_t cert_len; /* 0: none */
	char holder[CERT_TEXT_MAX + 1], unit[CERT_TEXT_MAX + 1], unit_no[17], profile[33], cert_serial[41];
	int64_t not_before, not_after;
};

struct keys;
enum err keys_new(const struct link_conf *confs, size_t n, struct keys **ret_k) MUST_CHECK;
void keys_free(struct keys *k); /* stops threads and helpers */
DEFINE_AUTO(keys)
enum err keys_start(struct keys *k) MUST_CHECK; /* the threads */

size_t keys_copy(struct keys *k, struct key ret_list[KEYS_MAX]);
bool keys_find(struct keys *k, const char *serial, struct key *ret_key);
int64_t keys_generation(struct keys *k);
bool keys_library_ok(struct keys *k); /* at least one library answers */
/* Returns at the latest after timeout_ms, or when the generation differs from seen. */
void keys_wait(struct keys *k, int64_t seen, int timeout_ms);
void keys_refresh(struct keys *k, int older_ms); /* reads again what is older than that; skips a library in use */
void keys_stop(struct keys *k);                  /* ends the helpers for good; calls under way fail, waits return */

/* --- acting on one key; the list is read again afterwards. Wrong PIN: *ret_tries --- */
enum err keys_sign(struct keys *k, const struct key *key, const uint8_t digest[32], const struct secret *pin,
                   unsigned *ret_tries, struct sm2_sig *ret_sig) MUST_CHECK;
enum err keys_login(struct keys *k, const struct key *key, const struct secret *pin, unsigned *ret_tries) MUST_CHECK;
struct key_made {
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];
	struct buf csr;
};
enum err keys_new_pair(struct keys *k, const struct key *key, const uint8_t approval[32], const char *name,
                       const struct secret *pin, struct key_made *ret_made) MUST_CHECK;
enum err keys_install(struct keys *k, const struct key *key, struct span sign_cert, struct span enc_cert,
                      struct span enveloped) MUST_CHECK;
enum err keys_discard(struct keys *k, const struct key *key) MUST_CHECK;
/* "last_day": the last day, in Beijing, on which its certificate is valid, "" without one. */
enum err key_put_last_day(json_t *o, const struct key *key) MUST_CHECK;
json_t *key_json(const struct key *key); /* KEY of docs/protocol/agent.md; NULL when out of memory */
