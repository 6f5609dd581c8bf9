#include "pki_test.h"
#include "base/err.h"
#include "gm/sm2.h"
#include "pki/profile.h"
#include "pki/x509.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct bureau b;

struct cert_spec spec_for(const char *profile, const struct sm2_pub *pub)
{
	static uint8_t counter = 1;
	const struct profile *p = profile_find(profile);
	assert_non_null(p);
	struct cert_spec s = {.profile = profile,
	                      .issuer = b.ca,
	                      .pub = pub,
	                      .not_before = T0,
	                      .not_after = T0 + (int64_t)p->days_default * DAY,
	                      .serial = {0x41, 0x02, 0x03},
	                      .crl_url = "http://localhost:8600/crl/ca.crl",
	                      .ca_url = "http://localhost:8600/ca/ca.cer",
	                      .ocsp_url = "http://localhost:8600/ocsp"};
	s.serial[15] = counter++;
	s.common_name = p->ca ? NULL : "测试一号";
	s.org = p->needs_org ? "长沙测试一号科技有限公司" : NULL;
	s.uscc = p->needs_uscc ? "91430100MAYYYY016Y" : NULL;
	s.subject_id = p->ca                              ? NULL
	               : strcmp(profile, "card") == 0     ? "YX00000001"
	               : strncmp(profile, "unit", 4) == 0 ? "43010001-P0000123"
	                                                  : "P0000123";
	return s;
}

static void issue(const char *profile, const struct sm2_key *key, const struct sm2_key *by, struct cert **ret_c)
{
	struct cert_spec s = spec_for(profile, sm2_key_pub(key));
	if (strcmp(profile, "root") == 0)
		s.issuer = NULL;
	if (strcmp(profile, "ca") == 0)
		s.issuer = b.root;
	if (cert_build(&s, by, ret_c) != ERR_OK)
		fail_msg("%s: %s", profile, err_detail());
}

int bureau_up(void **state)
{
	struct sm2_key **keys[] = {&b.root_key, &b.ca_key, &b.sign_key, &b.enc_key, &b.card_key};
	(void)state;
	if (profile_load(PROFILES_JSON) != ERR_OK)
		fail_msg("%s", err_detail());
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		assert_int_equal(sm2_key_new(keys[i]), ERR_OK);
	issue("root", b.root_key, b.root_key, &b.root);
	issue("ca", b.ca_key, b.root_key, &b.ca);
	issue("unit-sign", b.sign_key, b.ca_key, &b.sign);
	issue("unit-enc", b.enc_key, b.ca_key, &b.enc);
	issue("card", b.card_key, b.ca_key, &b.card);
	return 0;
}

int bureau_down(void **state)
{
	struct sm2_key *keys[] = {b.root_key, b.ca_key, b.sign_key, b.enc_key, b.card_key};
	struct cert *certs[] = {b.root, b.ca, b.sign, b.enc, b.card};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		sm2_key_free(keys[i]);
		cert_free(certs[i]);
	}
	return 0;
}

void resign(struct span signed_der, const struct sm2_key *key, size_t part, struct span with, struct buf *out)
{
	AUTO_BUF(tbs, 1 << 16);
	struct x509_signed s;
	struct span inner;
	struct sm2_sig sig;
	assert_int_equal(x509_signed_parse(signed_der, &s), ERR_OK);
	assert_int_equal(der_take(&s.tbs, DER_SEQ, &inner), ERR_OK);
	size_t mark = der_open(&tbs, DER_SEQ);
	for (size_t i = 0; inner.len > 0; i++) {
		struct span before = inner, content;
		int tag;
		assert_int_equal(der_take_any(&inner, &tag, &content), ERR_OK);
		buf_put(&tbs, i == part ? with : span_sub(before, 0, before.len - inner.len));
	}
	der_close(&tbs, mark);
	assert_int_equal(gm_sign(key, buf_span(&tbs), &sig), ERR_OK);
	buf_clear(out);
	assert_int_equal(x509_signed_put(buf_span(&tbs), &sig, out), ERR_OK);
}

unsigned test_seed(void)
{
	const char *given = getenv("YX_SEED");
	unsigned seed = given != NULL ? (unsigned)strtoul(given, NULL, 10) : (unsigned)time(NULL);
	printf("# YX_SEED=%u\n", seed);
	return seed;
}

unsigned test_next(unsigned *seed)
{
	*seed = *seed * 1103515245U + 12345U;
	return *seed >> 16 & 0x7fff;
}
