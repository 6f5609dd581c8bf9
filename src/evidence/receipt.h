/* The receipt (回执): all acts of one case with what proves them, one file, one encoding (docs/protocol/receipt.md).
 *
 * Parsing looks at the form alone: lengths, order, numbers, the check at the end; and that the parts written again give
 * the same octets. verify.h proves. Spans of a parsed receipt borrow from its octets. Pure. */
#pragma once
#include "base/buf.h"
#include "evidence/leaf.h"
#include "evidence/limits.h"

enum { RECEIPT_MAX = LIMIT_RECEIPT, RECEIPT_HEADS_MAX = 1000, RECEIPT_ACTS_MAX = 1000 };
struct receipt_head {
	struct span text, sig, stamp, proof;
};
struct receipt_act {
	uint16_t head; /* number of its head */
	uint64_t index, seq;
	int64_t time;
	uint8_t covers[32], stored[32], salt[32];
	struct span kind, rule, statement, sig, cert, ocsp, path;
};
struct receipt {
	struct span root, ca, log, subject;
	struct receipt_head *heads; /* owned */
	size_t n_heads;
	struct receipt_act *acts; /* owned */
	size_t n_acts;
};
enum err receipt_new(struct receipt **ret_r) MUST_CHECK;
void receipt_free(struct receipt *r);
DEFINE_AUTO(receipt)
enum err receipt_add_head(struct receipt *r, const struct receipt_head *h) MUST_CHECK; /* ERR_LIMIT */
enum err receipt_add_act(struct receipt *r, const struct receipt_act *a) MUST_CHECK;

enum err receipt_parse(struct span file, struct receipt **ret_r) MUST_CHECK; /* ERR_RECEIPT */
/* ERR_RECEIPT: parts that no parser would take. */
enum err receipt_encode(const struct receipt *r, struct buf *out) MUST_CHECK;
