/* The secure channel of profile U1 (docs/protocol/u1.md 4), both ends. Pure: ephemeral keys and nonces come from the
 * caller. After ERR_CARD_AUTH the channel is closed and every further call fails. */
#pragma once
#include "client/card/u1.h"

enum channel_end { CHANNEL_HOST = 1, CHANNEL_CARD = 2 }; /* also the direction of what that end sends */
enum { CHANNEL_TRANSCRIPT_LEN = 5 + 2 * SM2_PUB_LEN + 2 * U1_NONCE_LEN + CARD_SERIAL_MAX };
struct channel {
	bool open;
	enum channel_end self;
	uint64_t count;     /* of the next command; the response has its command's */
	uint8_t key[2][16]; /* [direction - 1] */
	uint8_t mac[2][32];
};
struct channel_hello {
	struct sm2_pub pub;
	uint8_t nonce[U1_NONCE_LEN];
};

/* What the device key signs. */
void channel_transcript(const struct channel_hello *host, const struct channel_hello *card, const char *serial,
                        uint8_t ret_bytes[CHANNEL_TRANSCRIPT_LEN]);
enum err channel_open(struct channel *ch, enum channel_end self, const struct sm2_key *own, const struct sm2_pub *peer,
                      const uint8_t transcript[CHANNEL_TRANSCRIPT_LEN]) MUST_CHECK;
void channel_close(struct channel *ch); /* wipes */
/* Appends cipher | MAC to out. The card's seal advances the counter of both ends' next command. */
enum err channel_seal(struct channel *ch, struct span plain, struct buf *out) MUST_CHECK;
enum err channel_unseal(struct channel *ch, struct span sealed, struct buf *out) MUST_CHECK; /* ERR_CARD_AUTH */
