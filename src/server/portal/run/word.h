/* The signer's newest word about single certificates, for the requests of open sessions: at most WORD_MS old, and one
 * question a second for all of them together while nothing happens in the signer's journal.
 *
 * Its number is asked (HELLO); as long as it stands still, what STATUS said of a certificate still holds. When it has
 * moved on, everything is asked anew; so is a status that is not good, which would end a session. While one thread
 * asks, the others wait for it, and after a failure nobody asks for RETRY_MS: a signer that is away costs one wait, not
 * one for each worker. Thread safe. */
#pragma once
#include "base/err.h"
#include <stdint.h>

enum { WORD_MS = 1000, WORD_RETRY_MS = 300, WORD_SLOTS = 1024 };
struct word_source {
	enum err (*seq)(void *ctx, uint64_t *ret_seq);                      /* of the journal's last record */
	enum err (*status)(void *ctx, const char *serial, int *ret_status); /* 0 good, 1 revoked, 2 suspended */
	void *ctx;
};
struct word;
enum err word_new(const struct word_source *s, struct word **ret_w) MUST_CHECK;
void word_free(struct word *w);
/* ERR_STATUS_AWAY when it cannot be had; ERR_SERIAL_UNKNOWN. Never an older one. */
enum err word_of(struct word *w, const char *serial, int *ret_status) MUST_CHECK;
/* The number of the journal's last record, by the same word. ERR_STATUS_AWAY. */
enum err word_seq(struct word *w, uint64_t *ret_seq) MUST_CHECK;
/* Asked now, whatever is known: for a login. */
enum err word_now(struct word *w, const char *serial, int *ret_status) MUST_CHECK;
