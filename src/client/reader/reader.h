/* A place where a card may be, and a card in it. Back ends: slot (unix socket of yxcard, framing of docs/protocol/u1.md
 * 2), memory (a card state machine in this process: ceremony and tests), pcsc (only when built with libpcsclite).
 * Command and response are ISO 7816-4 APDUs; limits READER_APDU_MAX. */
#pragma once
#include "base/buf.h"

enum { READER_APDU_MAX = 4096, READER_NAME_MAX = 64, READER_MAX = 16 };
struct reader; /* a connected card */
struct reader_info {
	char name[READER_NAME_MAX]; /* "slot0" */
	bool present;
};
/* Slots under dir (slot0.sock ...): present when its socket accepts. */
enum err reader_list(const char *slots_dir, struct reader_info ret_list[READER_MAX], size_t *ret_n) MUST_CHECK;
enum err reader_open(const char *slots_dir, const char *name, struct reader **ret_r) MUST_CHECK; /* ERR_CARD_GONE */
/* The card behind a function: handler gets a command and appends the response. */
enum err reader_open_memory(enum err (*apdu)(void *card, struct span command, struct buf *response), void *card,
                            struct reader **ret_r) MUST_CHECK;
void reader_close(struct reader *r);
static inline void reader_free(struct reader *r)
{
	reader_close(r);
}
DEFINE_AUTO(reader)
enum err reader_transmit(struct reader *r, struct span command, struct buf *response) MUST_CHECK; /* ERR_CARD_GONE */
