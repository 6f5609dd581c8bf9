/* Money is int64 fen, a rate is parts per million. One rounding rule everywhere: half up to the fen, per person,
 * insurance and side, and only then added; nothing is ever computed from a unit's total base. Limits: a base is at most
 * 10^9 fen and a rate at most 10^6 ppm, so that products stay far below 2^63. Pure functions. */
#pragma once
#include "base/buf.h"

#define MONEY_MAX     1000000000LL         /* one person's wage or base, fen */
#define MONEY_SUM_MAX 100000000000000000LL /* what can be printed */
enum { PPM = 1000000 };

int64_t money_share(int64_t fen, int64_t ppm);  /* fen * ppm / 10^6, half up; arguments are not negative */
void money_print(struct buf *out, int64_t fen); /* "8,791.81" */
void money_plain(struct buf *out, int64_t fen); /* "8791.81", for files and statements */
void money_words(struct buf *out, int64_t fen); /* 捌仟柒佰玖拾壹元捌角壹分 (支付结算办法 appendix 1) */
