/* The status of every certificate, built from the records of the signer's journal in their order: a copy in memory,
 * made anew at each start. Only what OCSP answers need is kept. */
#pragma once
#include "pki/ocsp.h"

struct status;
enum {
	STATUS_RECENT = 65536, /* records whose times are remembered */
	STATUS_NEWEST = 512
}; /* certificates whose serial numbers are listed */
enum err status_new(struct status **ret_s) MUST_CHECK;
void status_free(struct status *s);
DEFINE_AUTO(status)
/* The next record. After a failure the table may lack it: the caller starts over with a new one. */
enum err status_apply(struct status *s, struct span record) MUST_CHECK;
uint64_t status_seq(const struct status *s); /* of the last record, 0: none */
/* Number of the last record with a time at or before `t`, as far as remembered. */
uint64_t status_seq_at(const struct status *s, int64_t t);
struct ocsp_status status_find(const struct status *s, const char *serial); /* OCSP_UNKNOWN when never issued */
/* Serial numbers of the newest certificates, i from 0; NULL behind the last. */
const char *status_newest(const struct status *s, size_t i);
