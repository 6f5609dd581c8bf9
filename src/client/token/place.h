/* Where a program of the client finds things: $YINXIN_DATA (default ./var) with clock, root.sm3, ca/root.cer,
 * ca/ca.cer, and the slots ($YINXIN_SLOTS, default slots/ in there). A root counts only when its digest is the pinned
 * one. */
#pragma once
#include "client/reader/bay.h"
#include "client/token/token.h"

enum { PLACE_PATH_MAX = 4096 };
struct clock;
struct place {
	char data[PLACE_PATH_MAX], slots[PLACE_PATH_MAX];
	struct clock *clock;
	struct cert *root, *ca; /* NULL until place_trust */
	char bureau[65];        /* SM3 of the root's DER, hex */
};
enum err place_find(struct place *p) MUST_CHECK; /* from the environment; p zeroed before */
void place_done(struct place *p);
int64_t place_now(const struct place *p);
enum err place_trust(struct place *p) MUST_CHECK; /* ERR_CERT_CHAIN when ca/root.cer is not the pinned root */
/* The inserted key of that name, or the only one when key is NULL, as a genuine token. ERR_CARD_GONE, ERR_CARD_WRONG
 * when several are inserted and none is named. */
enum err place_open(struct place *p, const char *key, struct token **ret_t) MUST_CHECK;
