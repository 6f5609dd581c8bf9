/* Inside of the card: its working state and the command handlers, one file per group. */
#pragma once
#include "client/card/card.h"
#include "client/card/channel.h"
#include "client/card/chip.h"

struct card {
	struct secret *own; /* the pages that hold this struct */
	struct card_io io;
	struct chip now, next;
	struct channel channel;
	bool selected, user, may_sign;
	struct buf image, plain, answer; /* reserved at birth, wiped after each use */
};
struct apdu {
	uint8_t cla, ins, p1, p2;
	struct span data;
};

/* Copy of the memory to change; card_commit stores it and lets it take effect, or changes nothing: U1_MEMORY. */
struct chip *card_change(struct card *c);
uint16_t card_commit(struct card *c);
void card_logout(struct card *c);
void card_close_channel(struct card *c);
/* From io.random; ERR_INTERNAL after a source that gives no scalar. */
enum err card_new_key(const struct card_io *io, struct sm2_key **ret_k) MUST_CHECK;

typedef uint16_t card_command(struct card *c, const struct apdu *a, struct buf *out);
card_command cmd_select, cmd_get_data, cmd_random, cmd_put_card_cert, cmd_label; /* cmd_data.c */
card_command cmd_verify, cmd_logout, cmd_change_pin;                             /* cmd_pin.c */
card_command cmd_generate, cmd_sign, cmd_decrypt, cmd_install, cmd_discard;      /* cmd_key.c */
card_command cmd_create_file, cmd_read_file, cmd_write_file;                     /* cmd_file.c */
card_command cmd_channel;                                                        /* cmd_channel.c */

uint16_t pin_check_new(struct span pin, struct span old); /* U1_OK, U1_PIN_RANGE, U1_PIN_SAME */
/* Salt and verifier of a new PIN into m, tries full. */
uint16_t pin_set(const struct card_io *io, struct chip *m, struct span pin);
