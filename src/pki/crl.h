/* Complete v2 CRLs without critical extensions (GB/T 20518-2018 5.3). Suspended is certificateHold. */
#pragma once
#include "pki/cert.h"

enum { CRL_DER_MAX = 8 << 20, CRL_ENTRIES_MAX = 150000 }; /* an entry has up to 53 octets */
enum crl_reason {
	CRL_UNSPECIFIED = 0,
	CRL_KEY_COMPROMISE = 1,
	CRL_AFFILIATION = 3,
	CRL_SUPERSEDED = 4,
	CRL_CESSATION = 5,
	CRL_HOLD = 6
};
struct crl_entry {
	uint8_t serial[20];
	size_t serial_len;
	int64_t time;
	enum crl_reason reason;
};
struct crl;
enum err crl_build(const struct cert *issuer, const struct sm2_key *key, uint64_t number, int64_t this_update,
                   int64_t next_update, const struct crl_entry *entries, size_t n, struct crl **ret_c) MUST_CHECK;
enum err crl_parse(struct span der, struct crl **ret_c) MUST_CHECK;
void crl_free(struct crl *c);
DEFINE_AUTO(crl)
struct span crl_der(const struct crl *c);
uint64_t crl_number(const struct crl *c);
int64_t crl_this_update(const struct crl *c);
int64_t crl_next_update(const struct crl *c);
enum err crl_verify(const struct crl *c, const struct cert *issuer) MUST_CHECK; /* issuer name and signature */
/* True and the entry when the serial (upper-case hex, as cert_serial) is listed. */
bool crl_find(const struct crl *c, const char *serial_hex, struct crl_entry *ret_e);
