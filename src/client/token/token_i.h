/* Between token.c (channel) and token_op.c (commands). */
#pragma once
#include "client/card/channel.h"
#include "client/token/token.h"

struct token {
	struct reader *reader;
	struct channel channel;
	struct token_info info; /* as of opening; only serial and label are used later */
	struct sm2_pub device;
	struct cert *root, *ca; /* NULL: no trust given */
	bool ceremony, genuine, gone;
	int64_t now;
};

/* One command inside the channel; *ret_data holds the answer without its status, wiped by buf_done. Status words become
 * errors; those of a wrong PIN also set *ret_tries when it is not NULL. */
enum err token_call(struct token *t, uint8_t ins, unsigned p, struct span data, unsigned *ret_tries,
                    struct buf *ret_data) MUST_CHECK;
enum err token_get(struct token *t, enum u1_tag tag, struct buf *ret_data) MUST_CHECK; /* ERR_KEY_ABSENT */
/* Decides anew whether the card is genuine; called when its certificate came. */
enum err token_judge(struct token *t) MUST_CHECK;
