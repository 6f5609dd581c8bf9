#include "evidence_test.h"
#include "evidence/act.h"
#include "gm/rand.h"
#include "pki/profile.h"

static struct sm2_key *holder, *other;
static struct cert *cert;

/* A self-signed certificate is enough: the chain is the caller's business. */
static int make(void **state)
{
	struct cert_spec spec = {.profile = "root",
	                         .serial = {0x01, 0x02},
	                         .not_before = 1700000000,
	                         .not_after = 1800000000,
	                         .common_name = "测试根"};

	(void)state;
	if (profile_load(getenv("YX_PROFILES")) != ERR_OK || sm2_key_new(&holder) != ERR_OK ||
	    sm2_key_new(&other) != ERR_OK)
		return -1;
	spec.pub = sm2_key_pub(holder);
	return cert_build(&spec, holder, &cert) == ERR_OK ? 0 : -1;
}

static int drop(void **state)
{
	(void)state;
	sm2_key_free(holder);
	sm2_key_free(other);
	cert_free(cert);
	return 0;
}

static enum err open_act(struct span text, struct span sig, struct span der, const char *type, const char *bureau)
{
	struct act a = {0}, untouched = {0};
	enum err e = act_open(text, sig, der, type, bureau, &a);

	if (e == ERR_OK) {
		assert_true(span_eq(statement_text(a.statement), text));
		assert_true(span_eq(cert_der(a.cert), der));
		assert_memory_equal(a.sig.b, sig.ptr, SM2_SIG_LEN);
	} else {
		assert_memory_equal(&a, &untouched, sizeof(a));
	}
	act_done(&a);
	assert_null(a.statement);
	assert_null(a.cert);
	err_clear();
	return e;
}

static void test_open(void **state)
{
	AUTO(statement) s = sample_build(&samples[5]);
	AUTO(statement) t = sample_build(&samples[6]);
	struct span text = statement_text(s), der = cert_der(cert);
	struct sm2_sig good, foreign, for_other;
	const char *no_bureau = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

	(void)state;
	assert_int_equal(gm_sign(holder, text, &good), ERR_OK);
	assert_int_equal(gm_sign(other, text, &foreign), ERR_OK);
	assert_int_equal(gm_sign(holder, statement_text(t), &for_other), ERR_OK);
	struct span sig = SPAN_ARR(good.b);
	const struct {
		struct span text, sig, der;
		const char *type, *bureau;
		enum err want;
	} rows[] = {
		{text, sig, der, "CERT-REVOKE", HEX64, ERR_OK},
		{text, sig, der, NULL, HEX64, ERR_OK},
		{text, sig, der, "CERT-SUSPEND", HEX64, ERR_STATEMENT},
		{text, sig, der, "", HEX64, ERR_STATEMENT},
		{text, sig, der, NULL, no_bureau, ERR_BUREAU},
		{text, sig, der, NULL, "", ERR_BUREAU},
		{text, sig, der, NULL, NULL, ERR_BUREAU},
		{text, SPAN_ARR(foreign.b), der, NULL, HEX64, ERR_SIG},
		{text, SPAN_ARR(for_other.b), der, NULL, HEX64, ERR_SIG},
		{statement_text(t), sig, der, NULL, HEX64, ERR_SIG},
		{text, span_sub(sig, 0, 63), der, NULL, HEX64, ERR_SIG},
		{text, SPAN_EMPTY, der, NULL, HEX64, ERR_SIG},
		{text, sig, span_sub(der, 0, der.len - 1), NULL, HEX64, ERR_DER},
		{text, sig, SPAN_EMPTY, NULL, HEX64, ERR_DER},
		{span_sub(text, 0, text.len - 1), sig, der, NULL, HEX64, ERR_STATEMENT},
		{SPAN_EMPTY, sig, der, NULL, HEX64, ERR_STATEMENT},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum err e = open_act(rows[i].text, rows[i].sig, rows[i].der, rows[i].type, rows[i].bureau);
		if (e != rows[i].want)
			fail_msg("row %zu: %s instead of %s", i, err_name(e), err_name(rows[i].want));
	}
}

/* Any flipped bit of a signed text or of its signature is refused. */
static void test_flips(void **state)
{
	AUTO(statement) s = sample_build(&samples[0]);
	struct sm2_sig sig;
	uint8_t text[1024];
	size_t len = statement_text(s).len;

	(void)state;
	assert_int_equal(gm_sign(holder, statement_text(s), &sig), ERR_OK);
	memcpy(text, statement_text(s).ptr, len);
	for (size_t i = 0; i < len; i++) {
		text[i] ^= (uint8_t)(1u << i % 7);
		assert_int_not_equal(open_act(span_of(text, len), SPAN_ARR(sig.b), cert_der(cert), NULL, HEX64),
		                     ERR_OK);
		text[i] ^= (uint8_t)(1u << i % 7);
	}
	for (size_t i = 0; i < SM2_SIG_LEN; i++) {
		sig.b[i] ^= (uint8_t)(1u << i % 8);
		assert_int_equal(open_act(span_of(text, len), SPAN_ARR(sig.b), cert_der(cert), NULL, HEX64), ERR_SIG);
		sig.b[i] ^= (uint8_t)(1u << i % 8);
	}
	assert_int_equal(open_act(span_of(text, len), SPAN_ARR(sig.b), cert_der(cert), NULL, HEX64), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_open), cmocka_unit_test(test_flips)};

	return cmocka_run_group_tests(tests, make, drop);
}
