/* The leaf of a log entry: the octets that the tree's hash is made of (docs/protocol/log.md, "Leaf"). Fixed form,
 * big-endian:
 *
 *   "YXL1" | u64 epoch | u64 index | u64 seq | u64 time | u8 length, kind | u8 length, subject | u8 length, rule |
 *   SM3 of statement | of signature | of certificate | of OCSP answer | of the covered rows | of the stored statement |
 * salt
 *
 * It commits to all four parts of an act. What is absent is 32 zeros. The salt is random, so that nobody can try out
 * which statement stands behind a leaf. Pure. */
#pragma once
#include "base/buf.h"

enum { LEAF_TEXT_MAX = 64, LEAF_DIGEST_LEN = 32, LEAF_MAX = 4 + 4 * 8 + 3 * (1 + LEAF_TEXT_MAX) + 7 * LEAF_DIGEST_LEN };
struct leaf {
	uint64_t epoch, index, seq;      /* epochs and seq from 1, index from 0 */
	int64_t time;                    /* when the act arrived, UTC seconds */
	char kind[LEAF_TEXT_MAX + 1];    /* "CERT-ACCEPT", "LOGIN": [A-Z0-9-] */
	char subject[LEAF_TEXT_MAX + 1]; /* number of the case or filing, person id for a login */
	/* timer or rule by whose name it happened; "" for the signed act of a person */
	char rule[LEAF_TEXT_MAX + 1];
	uint8_t statement[32], sig[32], cert[32], ocsp[32], covers[32], stored[32], salt[32];
};
/* ERR_SYNTAX: a text that is too long or no line of text, a number out of range. */
enum err leaf_encode(const struct leaf *l, struct buf *out) MUST_CHECK;
enum err leaf_hash(const struct leaf *l, uint8_t ret_hash[32]) MUST_CHECK;
/* SM3 of a part; 32 zeros when it is empty. */
enum err leaf_part(struct span part, uint8_t ret_digest[32]) MUST_CHECK;
bool leaf_is_none(const uint8_t digest[32]);
/* The text rules of kind, subject and rule; kind may not be empty. */
enum err leaf_texts_check(const char *kind, const char *subject, const char *rule) MUST_CHECK;
