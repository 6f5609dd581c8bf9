/* The virtual UKey: a pure state machine (docs/protocol/u1.md). APDU in, APDU out; it allocates nothing of its own
 * after card_open, reads no clock, and keeps its state through `store`, which must put the new image in stable storage
 * before it returns: retry counters are stored before the comparison they count. */
#pragma once
#include "base/buf.h"
#include "gm/sm2.h"

enum { CARD_IMAGE_MAX = 64 * 1024, CARD_PIN_TRIES = 6, CARD_PIN_MIN = 6, CARD_PIN_MAX = 16 };
struct card;
struct card_io {
	enum err (*store)(void *ctx, struct span image); /* atomic and durable */
	enum err (*random)(void *ctx, uint8_t *out, size_t len);
	void *ctx;
};
/* A factory-new card: device key pair generated, no device certificate, no PIN. serial: [A-Z0-9]{4,16}. */
enum err card_make(const char *serial, const struct card_io *io, struct card **ret_c) MUST_CHECK;
/* ERR_CARD_STATE when damaged */
enum err card_open(struct span image, const struct card_io *io, struct card **ret_c) MUST_CHECK;
void card_free(struct card *c);
DEFINE_AUTO(card)
void card_power(struct card *c); /* reset: channel, login and selections are gone */
/* Never fails for any input: every fault is a status word. */
void card_apdu(struct card *c, struct span command, struct buf *response);
const char *card_serial(const struct card *c);
const struct sm2_pub *card_device_pub(const struct card *c);

/* File-backed io: image at path, replaced atomically with fsync. */
struct card_file;
enum err card_file_make(const char *path, const char *serial, struct card_file **ret_f) MUST_CHECK;
enum err card_file_open(const char *path, struct card_file **ret_f) MUST_CHECK;
struct card *card_file_card(struct card_file *f);
void card_file_free(struct card_file *f);
DEFINE_AUTO(card_file)
