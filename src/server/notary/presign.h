/* Answers that are signed before they are asked for (RFC 6960, 2.5): one certificate, identifier by SM3, no nonce.
 *
 * Kept are the newest certificates' and those that were asked for, PRESIGN_SLOTS at most; one that falls into another's
 * slot takes it. An answer is given away only while its certificate's status is what it says and at least
 * PRESIGN_LEFT_SEC of its validity are left. Evidence is never taken from here: on_status() signs anew. Pure: no clock,
 * no signature of its own. */
#pragma once
#include "pki/ocsp.h"

enum { PRESIGN_SLOTS = 16384, PRESIGN_LEFT_SEC = 5, PRESIGN_AHEAD_SEC = 25, PRESIGN_ALG_MAX = 32 };
struct presign;
enum err presign_new(struct presign **ret_p) MUST_CHECK;
void presign_free(struct presign *p);
DEFINE_AUTO(presign)
/* Whether an answer for this serial is there that will still be good in ahead seconds. */
bool presign_has(const struct presign *p, const char *serial, const struct ocsp_status *status, int64_t now,
                 int64_t ahead);
/* Appends the answer and tells its times; ERR_ABSENT when there is none for this very identifier. */
struct presign_times {
	int64_t this_update, next_update;
};
enum err presign_get(const struct presign *p, const struct ocsp_id *id, const struct ocsp_status *status, int64_t now,
                     struct buf *out, struct presign_times *ret_t) MUST_CHECK;
/* Keeps a copy. */
enum err presign_put(struct presign *p, const struct ocsp_item *item, struct span der) MUST_CHECK;
