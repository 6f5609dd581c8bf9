/* Inside of `yinxin init`: one virtual key in the hand of its holder. The card's state machine runs in this process on
 * its image file; what a person does with a real key (hold it, choose a PIN, type it) is done here for the
 * demonstration. Shared by init.c and init_hand.c; everybody else uses init.h. A hand owns its card file and token;
 * hand_done gives both back. */
#pragma once
#include "client/card/card.h"
#include "client/token/token.h"
#include "cmd/init.h"
#include <stdio.h>

enum { PATH_LEN_MAX = 4096, DIGEST_LEN = 32 };

/* data/folder/name+suffix; "" for no folder. */
static inline enum err path_of(const char *data, const char *folder, const char *name, const char *suffix,
                               char ret_path[PATH_LEN_MAX])
{
	int n = snprintf(ret_path, PATH_LEN_MAX, "%s/%s%s%s%s", data, folder, *folder == '\0' ? "" : "/", name, suffix);
	return n > 0 && n < PATH_LEN_MAX ? ERR_OK : ERR(LIMIT, "path of %s", name);
}

struct hand {
	struct card_file *file;
	struct token *token;
};
void hand_done(struct hand *h);
#define AUTO_HAND(name) __attribute__((cleanup(hand_done))) struct hand name = {0}

/* The card of h->file; without root and CA in trust it need not show a certificate. */
enum err hand_connect(struct hand *h, const struct token_trust *trust, int64_t now) MUST_CHECK;
/* A card of the running bureau, by the name of its key: it must show its certificate before it gets a PIN. */
enum err hand_take(const char *data, const struct clock *clock, const char *key, struct hand *h) MUST_CHECK;
/* ca/NAME of the bureau. */
enum err hand_load_cert(const char *data, const char *name, struct cert **ret_c) MUST_CHECK;
enum err hand_login(struct hand *h, const char *pin) MUST_CHECK;
/* The pair is born under key->pin, which is drawn here when it is ""; logged in on return. */
enum err hand_generate(struct hand *h, struct init_key *key, const uint8_t approval[DIGEST_LEN],
                       struct sm2_pub *ret_pub, struct buf *ret_attest, struct buf *ret_csr) MUST_CHECK;
