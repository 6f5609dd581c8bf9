/* The signed head of the log (docs/protocol/notary.md, "Head"): one line-based text of its own, signed as it stands by
 * the bureau's "log" key (64 octets r||s, the project's one gm_sign). Fixed keys in fixed order, one encoding:
 *
 *   YINXIN-HEAD-1 LF  bureau: <64 hex> LF  epoch: <decimal> LF  size: <decimal> LF  root: <64 hex> LF  time: <UTC> LF
 *
 * An epoch begins at 1 and grows only by the record that follows a disaster. head_parse refuses every text that does
 * not re-encode to the same octets. Neither chain nor status of the log certificate is checked here: path.h is. */
#pragma once
#include "base/buf.h"
#include "pki/cert.h"

enum { HEAD_TEXT_MAX = 384, HEAD_SIG_LEN = SM2_SIG_LEN, HEAD_SIZE_MAX = 1 << 30 };
struct head {
	char bureau[65]; /* lower-case hex */
	uint64_t epoch, size;
	uint8_t root[32]; /* SM3 of the tree with `size` leaves */
	int64_t time;     /* UTC seconds */
};
enum err head_build(const struct head *h, struct buf *out) MUST_CHECK; /* appends the text; ERR_SYNTAX */
enum err head_parse(struct span text, struct head *ret_h) MUST_CHECK;  /* ERR_SYNTAX */
/* Parses, then checks the profile ("log") and usage of the certificate (ERR_CERT_USAGE), its time against the head's
 * (ERR_CERT_EXPIRED, ERR_CERT_NOT_YET) and the signature of 64 octets (ERR_SIG). */
enum err head_verify(struct span text, struct span sig, const struct cert *log, struct head *ret_h) MUST_CHECK;

/* The two things beside the head that the "log" key signs: a seal over a digest of the log, YINXIN-SEAL-1:
 *   YINXIN-SEAL-1 LF  bureau: LF  digest: <64 hex> LF  leaf: <decimal> LF  epoch: LF  size: LF  root: LF  time: LF
 * and nothing else. */
struct head_seal {
	struct head head;   /* the head under which the digest was proved; head.time is the seal's */
	uint8_t digest[32]; /* the leaf's hash as in the tree (tree.h) */
	uint64_t leaf;      /* index from 0 */
};
enum err head_seal_build(const struct head_seal *s, struct buf *out) MUST_CHECK;
enum err head_seal_parse(struct span text, struct head_seal *ret_s) MUST_CHECK;
enum err head_seal_verify(struct span text, struct span sig, const struct cert *log,
                          struct head_seal *ret_s) MUST_CHECK;
