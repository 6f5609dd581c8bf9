/* The other side of the desk: a real signer and escrow with officers of software keys (tests/unit/signer/world.h),
 * behind plain functions, since that header's names and the desk's are not for one file. */
#pragma once
#include "base/buf.h"

enum side_who { SIDE_CLERK, SIDE_REVIEWER, SIDE_MAKER };
void side_start(void);
void side_stop(void);
const char *side_socket(void);
const char *side_bureau(void);
const char *side_clock(void);
const char *side_person(enum side_who who);
const char *side_serial(enum side_who who);
struct span side_cert(enum side_who who);
void side_sign(enum side_who who, struct span text, uint8_t ret_sig[64]);
/* The next stocked card bears a key for this approval (32 octets). */
void side_birth(struct span approval, char ret_card[17], char ret_key_hex[131], struct buf *csr, struct buf *attest);
uint64_t side_journal_count(void);
void side_signer_dies(void);
void side_signer_returns(void);
