/* The chip's memory: what survives power off, and its image (docs/protocol/u1.md 7). A plain value: a command changes a
 * copy, stores the copy's image, and only then lets the copy take effect. */
#pragma once
#include "client/card/u1.h"

enum chip_life { CHIP_BLANK = 0, CHIP_AWAITING = 1, CHIP_READY = 2 };
enum { CHIP_SALT_LEN = 16, CHIP_VERIFIER_LEN = 32, CHIP_PAIRS = 1 + U1_OLD_PAIRS };
struct chip_cert {
	uint16_t len; /* 0: none */
	uint8_t der[U1_CERT_MAX];
};
struct chip_pair {
	bool used;
	uint8_t scalar[SM2_SCALAR_LEN];
	struct sm2_pub pub;
	struct chip_cert cert;
};
struct chip_file {
	char name[U1_FILE_NAME_MAX + 1]; /* "": free */
	uint8_t read, write;
	uint16_t size;
	uint8_t data[U1_FILE_MAX];
};
struct chip {
	char serial[CARD_SERIAL_MAX + 1], label[U1_LABEL_MAX + 1];
	struct chip_pair device, sign;
	struct chip_pair enc[CHIP_PAIRS]; /* [0] present, then older ones, newest first */
	enum chip_life life;
	bool pin_set;
	uint8_t tries, pin_by;
	uint8_t salt[CHIP_SALT_LEN], verifier[CHIP_VERIFIER_LEN];
	uint64_t counter;
	uint8_t attest[ATTEST_LEN];
	struct chip_file files[U1_FILES];
};

bool chip_serial_ok(const char *serial); /* [A-Z0-9]{4,16} */
bool chip_file_name_ok(struct span name);
enum err chip_encode(const struct chip *m, struct buf *out) MUST_CHECK;
enum err chip_parse(struct span image, struct chip *m) MUST_CHECK; /* ERR_CARD_STATE, *m then undefined */
