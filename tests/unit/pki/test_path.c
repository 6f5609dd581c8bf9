/* Path check: each failure, and the order of answers when several are true at once. */
#include "pki_test.h"
#include "pki/path.h"
#include "pki/profile.h"
#include <stdlib.h>
#include <string.h>

static struct cert *issue(const char *profile, const struct sm2_key *key, const struct cert *issuer,
                          const struct sm2_key *by, int64_t from, int64_t to)
{
	struct cert_spec s = spec_for(profile, sm2_key_pub(key));
	struct cert *c = NULL;
	s.issuer = issuer;
	s.not_before = from;
	s.not_after = to;
	if (cert_build(&s, by, &c) != ERR_OK)
		fail_msg("%s", err_detail());
	return c;
}

static struct crl *list(enum crl_reason reason, const struct cert *of, int64_t from, int64_t to)
{
	struct crl_entry e = {.time = T0, .reason = reason, .serial_len = 16};
	struct crl *c = NULL;
	if (of != NULL) {
		AUTO_BUF(serial, 20);
		unhex(cert_serial(of), &serial);
		memcpy(e.serial, serial.ptr, serial.len);
	}
	assert_int_equal(crl_build(b.ca, b.ca_key, 1, from, to, &e, of != NULL, &c), ERR_OK);
	return c;
}

/* Trust taken in anew for each question. */
struct given {
	const struct cert *root, *ca;
	const struct crl *crl;
};

static enum err take_in(const struct given *g, struct path_trust **ret_t)
{
	AUTO(crl) own = NULL;
	TRY(path_trust_new(g->root, g->ca, ret_t));
	if (g->crl == NULL)
		return ERR_OK;
	TRY(crl_parse(crl_der(g->crl), &own));
	TRY(path_trust_set_crl(*ret_t, own));
	own = NULL;
	return ERR_OK;
}

static enum err check(const struct given *g, const struct cert *leaf, unsigned usage, int64_t now)
{
	AUTO(path_trust) t = NULL;
	TRY(take_in(g, &t));
	return path_check(t, leaf, usage, now);
}

static enum err check_ca(const struct cert *root, const struct cert *ca, int64_t now)
{
	AUTO(path_trust) t = NULL;
	TRY(take_in(&(struct given){root, ca, NULL}, &t));
	return path_check_ca(t, now);
}

static void good(void **state)
{
	AUTO(crl) crl = list(CRL_HOLD, b.card, T0, T0 + DAY);
	struct given t = {.root = b.root, .ca = b.ca};
	(void)state;
	assert_int_equal(check_ca(b.root, b.ca, T0), ERR_OK);
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0), ERR_OK);
	assert_int_equal(check(&t, b.enc, KU_ENC, T0), ERR_OK);
	assert_int_equal(check(&t, b.sign, KU_SIGN, cert_not_after(b.sign)), ERR_OK);
	t.crl = crl;
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0 + 5), ERR_OK);
}

static void usage(void **state)
{
	struct given t = {.root = b.root, .ca = b.ca};
	(void)state;
	assert_int_equal(check(&t, b.sign, KU_ENC, T0), ERR_CERT_USAGE);
	assert_int_equal(check(&t, b.enc, KU_SIGN, T0), ERR_CERT_USAGE);
	assert_int_equal(check(&t, b.enc, KU_SIGN | KU_ENC, T0), ERR_CERT_USAGE);
	assert_int_equal(check(&t, b.sign, 0, T0), ERR_CERT_USAGE);
}

static void times(void **state)
{
	struct given t = {.root = b.root, .ca = b.ca};
	AUTO(cert) later = issue("unit-sign", b.sign_key, b.ca, b.ca_key, T0 + 10 * DAY, T0 + 20 * DAY);
	/* A CA that ends before its leaf. */
	AUTO(cert) short_ca = issue("ca", b.ca_key, b.root, b.root_key, T0, T0 + 5 * DAY);
	struct given u = {.root = b.root, .ca = short_ca};
	(void)state;
	assert_int_equal(check(&t, later, KU_SIGN, T0 + 10 * DAY - 1), ERR_CERT_NOT_YET);
	assert_int_equal(check(&t, later, KU_SIGN, T0 + 10 * DAY), ERR_OK);
	assert_int_equal(check(&t, later, KU_SIGN, T0 + 20 * DAY), ERR_OK);
	assert_int_equal(check(&t, later, KU_SIGN, T0 + 20 * DAY + 1), ERR_CERT_EXPIRED);
	assert_int_equal(check(&u, b.sign, KU_SIGN, T0 + 6 * DAY), ERR_CERT_EXPIRED);
	assert_int_equal(check_ca(b.root, short_ca, T0 + 6 * DAY), ERR_CERT_EXPIRED);
	assert_int_equal(check_ca(b.root, b.ca, T0 - 1), ERR_CERT_NOT_YET);
}

static void revocation(void **state)
{
	AUTO(crl) revoked = list(CRL_KEY_COMPROMISE, b.sign, T0, T0 + DAY);
	AUTO(crl) held = list(CRL_HOLD, b.sign, T0, T0 + DAY);
	struct given t = {.root = b.root, .ca = b.ca, .crl = revoked};
	(void)state;
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0), ERR_CERT_REVOKED);
	assert_int_equal(check(&t, b.enc, KU_ENC, T0), ERR_OK);
	t.crl = held;
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0), ERR_CERT_SUSPENDED);
	/* outdated: not the certificate's fault */
	assert_int_equal(check(&t, b.enc, KU_ENC, T0 + DAY + 1), ERR_CRL_STALE);
	AUTO(crl) ahead = list(CRL_HOLD, NULL, T0 + 100, T0 + DAY);
	t.crl = ahead;
	assert_int_equal(check(&t, b.enc, KU_ENC, T0), ERR_CRL_STALE);
}

static void strangers(void **state)
{
	AUTO(sm2_key) key = NULL;
	AUTO(cert) root = NULL;
	(void)state;
	assert_int_equal(sm2_key_new(&key), ERR_OK);
	struct cert_spec s = spec_for("root", sm2_key_pub(key));
	s.issuer = NULL;
	assert_int_equal(cert_build(&s, key, &root), ERR_OK);
	/* Same names all the way down, other keys. */
	AUTO(cert) ca = issue("ca", key, root, key, T0, T0 + 100 * (int64_t)DAY);
	AUTO(cert) leaf = issue("unit-sign", b.sign_key, ca, key, T0, T0 + DAY);
	struct crl *theirs = NULL;
	struct given own = {.root = b.root, .ca = b.ca}, mixed = {.root = b.root, .ca = ca};
	assert_true(span_eq(cert_subject_der(root), cert_subject_der(b.root)));
	assert_int_equal(check(&own, leaf, KU_SIGN, T0), ERR_CERT_CHAIN);
	assert_int_equal(check(&mixed, leaf, KU_SIGN, T0), ERR_CERT_CHAIN);
	assert_int_equal(check_ca(b.root, ca, T0), ERR_CERT_CHAIN);
	assert_int_equal(check_ca(root, b.ca, T0), ERR_CERT_CHAIN);
	assert_int_equal(check_ca(b.ca, b.ca, T0), ERR_CERT_CHAIN);
	assert_int_equal(check_ca(b.root, b.sign, T0), ERR_CERT_CHAIN);
	assert_int_equal(check(&own, b.ca, KU_SIGN, T0), ERR_CERT_CHAIN);
	assert_int_equal(crl_build(ca, key, 1, T0, T0 + DAY, NULL, 0, &theirs), ERR_OK);
	own.crl = theirs;
	assert_int_equal(check(&own, b.sign, KU_SIGN, T0), ERR_CERT_CHAIN);
	crl_free(theirs);
}

/* A holder cannot issue: his key signs a certificate that names the CA, or one that names himself. */
static void holder_as_issuer(void **state)
{
	AUTO_BUF(der, CERT_DER_MAX);
	AUTO(cert) forged = NULL;
	struct given t = {.root = b.root, .ca = b.ca}, u = {.root = b.root, .ca = b.sign};
	(void)state;
	resign(cert_der(b.sign), b.sign_key, 3, cert_issuer_der(b.sign), &der);
	assert_int_equal(cert_parse(buf_span(&der), &forged), ERR_OK);
	assert_int_equal(check(&t, forged, KU_SIGN, T0), ERR_CERT_CHAIN);
	assert_int_equal(check(&u, forged, KU_SIGN, T0), ERR_CERT_CHAIN);
}

static struct cert *forge(const struct cert *from, const struct sm2_key *by, size_t part, struct span with)
{
	AUTO_BUF(der, CERT_DER_MAX);
	struct cert *c = NULL;
	resign(cert_der(from), by, part, with, &der);
	if (cert_parse(buf_span(&der), &c) != ERR_OK)
		fail_msg("%s", err_detail());
	return c;
}

#define KU_SIGN_EXT "300e0603551d0f0101ff0404030206c0"
#define KU_CA_EXT                      \
	"300e0603551d0f0101ff04040302" \
	"0106"
#define BASIC_EXT "300f0603551d130101ff040530030101ff"

/* Rightly signed by the CA, wrong in one thing. */
static void one_thing_wrong(void **state)
{
	struct given t = {.root = b.root, .ca = b.ca};
	AUTO_BUF(exts, 256);
	(void)state;
	AUTO(cert) name = forge(b.sign, b.ca_key, 3, cert_subject_der(b.root));
	assert_int_equal(check(&t, name, KU_SIGN, T0), ERR_CERT_CHAIN);
	/* another key identifier of the issuer */
	unhex("a320301e" KU_SIGN_EXT "300c0603551d2304053003800101", &exts);
	AUTO(cert) aki = forge(b.card, b.ca_key, 7, buf_span(&exts));
	assert_int_equal(check(&t, aki, KU_SIGN, T0), ERR_CERT_CHAIN);
	/* a CA below the CA; a holder that may sign certificates */
	unhex("a3233021" KU_CA_EXT BASIC_EXT, &exts);
	AUTO(cert) sub_ca = forge(b.card, b.ca_key, 7, buf_span(&exts));
	assert_int_equal(check(&t, sub_ca, KU_CA, T0), ERR_CERT_USAGE);
	unhex("a3123010" KU_CA_EXT, &exts);
	AUTO(cert) signer = forge(b.card, b.ca_key, 7, buf_span(&exts));
	assert_int_equal(check(&t, signer, KU_CA, T0), ERR_CERT_USAGE);
}

/* The root signed a certificate that is no CA's; its holder signs another. */
static void no_ca_in_the_middle(void **state)
{
	AUTO_BUF(exts, 256);
	(void)state;
	unhex("a3123010" KU_SIGN_EXT, &exts);
	AUTO(cert) middle = forge(b.ca, b.root_key, 7, buf_span(&exts));
	unhex("a3123010" KU_CA_EXT, &exts);
	AUTO(cert) no_basic = forge(b.ca, b.root_key, 7, buf_span(&exts));
	const struct given t = {.root = b.root, .ca = middle}, u = {.root = b.root, .ca = no_basic};
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0), ERR_CERT_CHAIN);
	assert_int_equal(check(&u, b.sign, KU_SIGN, T0), ERR_CERT_CHAIN);
	assert_int_equal(check_ca(b.root, middle, T0), ERR_CERT_CHAIN);
}

static void roots(void **state)
{
	AUTO_BUF(exts, 256);
	(void)state;
	/* the same root, its own signature by somebody else */
	AUTO(cert) unsigned_root = forge(b.root, b.sign_key, 3, cert_issuer_der(b.root));
	assert_int_equal(check_ca(unsigned_root, b.ca, T0), ERR_CERT_CHAIN);
	/* a root that permits no CA below itself */
	unhex("a3263024" KU_CA_EXT "30120603551d130101ff040830060101ff020100", &exts);
	AUTO(cert) flat = forge(b.root, b.root_key, 7, buf_span(&exts));
	assert_int_equal(cert_pathlen(flat), 0);
	assert_int_equal(check_ca(flat, b.ca, T0), ERR_CERT_CHAIN);
	/* a root that has ended */
	struct cert_spec s = spec_for("root", sm2_key_pub(b.root_key));
	AUTO(cert) ended = NULL;
	s.issuer = NULL;
	s.not_before = T0 - 10 * DAY;
	s.not_after = T0 - DAY;
	assert_int_equal(cert_build(&s, b.root_key, &ended), ERR_OK);
	const struct given t = {.root = ended, .ca = b.ca};
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0), ERR_CERT_EXPIRED);
	assert_int_equal(check_ca(ended, b.ca, T0), ERR_CERT_EXPIRED);
}

/* The order in path.h: chain, usage, time, revocation. */
static void order(void **state)
{
	AUTO(crl) revoked = list(CRL_KEY_COMPROMISE, b.sign, T0, T0 + DAY);
	AUTO(crl) old = list(CRL_HOLD, b.sign, T0 - 10 * DAY, T0 - 9 * DAY);
	AUTO_BUF(der, CERT_DER_MAX);
	AUTO(cert) forged = NULL;
	struct given t = {.root = b.root, .ca = b.ca, .crl = revoked};
	const int64_t after = cert_not_after(b.sign) + 1;
	(void)state;
	resign(cert_der(b.sign), b.sign_key, 3, cert_issuer_der(b.sign), &der);
	assert_int_equal(cert_parse(buf_span(&der), &forged), ERR_OK);
	assert_int_equal(check(&t, forged, KU_ENC, after), ERR_CERT_CHAIN);
	assert_int_equal(check(&t, b.sign, KU_ENC, after), ERR_CERT_USAGE);
	assert_int_equal(check(&t, b.sign, KU_SIGN, after), ERR_CERT_EXPIRED);
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0 - 1), ERR_CERT_NOT_YET);
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0), ERR_CERT_REVOKED);
	t.crl = old;
	assert_int_equal(check(&t, b.sign, KU_SIGN, T0), ERR_CRL_STALE);
}

/* What does not change between two checks is verified once: a check of a leaf is one verification, with a list or
 * without. */
static void verifications(void **state)
{
	AUTO(crl) held = list(CRL_HOLD, b.card, T0, T0 + DAY);
	AUTO(path_trust) t = NULL;
	(void)state;
	uint64_t before = gm_verifications();
	assert_int_equal(take_in(&(struct given){b.root, b.ca, held}, &t), ERR_OK);
	assert_int_equal(gm_verifications() - before, 3); /* root, CA, list */
	before = gm_verifications();
	for (int i = 0; i < 50; i++) {
		assert_int_equal(path_check(t, b.sign, KU_SIGN, T0), ERR_OK);
		assert_int_equal(path_check_ca(t, T0), ERR_OK);
	}
	assert_int_equal(gm_verifications() - before, 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good),       cmocka_unit_test(usage),           cmocka_unit_test(times),
		cmocka_unit_test(revocation), cmocka_unit_test(strangers),       cmocka_unit_test(holder_as_issuer),
		cmocka_unit_test(order),      cmocka_unit_test(one_thing_wrong), cmocka_unit_test(no_ca_in_the_middle),
		cmocka_unit_test(roots),      cmocka_unit_test(verifications),
	};
	return cmocka_run_group_tests_name("pki/path", tests, bureau_up, bureau_down);
}
