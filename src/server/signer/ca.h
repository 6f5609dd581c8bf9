/* The issuing CA of the bureau: its key, what it signs. The key lives in `dir`/keys.bin sealed under `dir`/machine.key
 * (0600): that protects a copied keys.bin, not a copied folder (docs/protocol/signer.md, "Keys at rest"). Subjects are
 * built here from the caller's values and the profile alone; nothing of a request's subject is ever taken over. */
#pragma once
#include "pki/cert.h"
#include "pki/crl.h"
#include "pki/profile.h"

struct ca;
struct ca_urls {
	const char *crl, *ca, *ocsp; /* "" leaves out */
};
/* What is to stand in a certificate; NULL and "" are left out. */
struct ca_subject {
	const char *org, *common_name, *subject_id, *uscc;
};
enum { CA_BACKDATE_SEC = 300 }; /* for clocks of relying parties that are a little late */

/* --- life --- */
/* A new key, stored in dir before anything is signed with it; its certificate comes with ca_take_cert. */
enum err ca_create(const char *dir, struct ca **ret_c) MUST_CHECK;
/* The stored key; ERR_JOURNAL when it is not the key of this certificate. */
enum err ca_open(const char *dir, const struct cert *cert, struct ca **ret_c) MUST_CHECK;
void ca_free(struct ca *c);
DEFINE_AUTO(ca)
const struct sm2_pub *ca_pub(const struct ca *c);
/* a copy; ERR_CERT_PROFILE when of another key */
enum err ca_take_cert(struct ca *c, const struct cert *cert) MUST_CHECK;

/* --- signing --- */
enum { CA_DAYS_DEFAULT = 0 }; /* the profile's, cut at the CA's own end */
/* `profile` is a row of profile.h; days over its maximum or past the CA's own end: ERR_CERT_PROFILE. */
enum err ca_issue(const struct ca *c, const char *profile, const struct ca_subject *subject, const struct sm2_pub *pub,
                  const struct ca_urls *urls, int64_t now, int64_t days, struct cert **ret_c) MUST_CHECK;
/* Over a feed's text (feed.h) and no other: ERR_STATEMENT. */
enum err ca_sign_feed(const struct ca *c, struct span text, struct sm2_sig *ret_s) MUST_CHECK;
enum err ca_crl(const struct ca *c, uint64_t number, int64_t now, const struct crl_entry *entries, size_t n,
                struct crl **ret_c) MUST_CHECK;

/* The root signs itself, the issuing CA and its one list, which is empty and good until the root's own end: used once,
 * in the ceremony. arc is of arc.h, NULL of examples; crl_url is where that list will be, "" leaves it out. */
enum err ca_root_make(const struct sm2_key *root, const char *arc, int64_t now, struct cert **ret_c) MUST_CHECK;
enum err ca_cert_make(const struct sm2_key *root, const struct cert *root_cert, const struct sm2_pub *ca,
                      const char *crl_url, int64_t now, struct cert **ret_c) MUST_CHECK;
enum err ca_root_crl(const struct sm2_key *root, const struct cert *root_cert, int64_t now,
                     struct crl **ret_c) MUST_CHECK;
