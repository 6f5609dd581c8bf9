/* PKCS#10 requests: two-step making, proof of possession, bad ones. */
#include "pki_test.h"
#include "pki/csr.h"
#include "pki/oid.h"
#include "pki/x509.h"

static void make(const struct sm2_key *k, const char *cn, struct buf *der)
{
	AUTO_BUF(tbs, CSR_DER_MAX);
	struct sm2_sig sig;
	buf_clear(der);
	assert_int_equal(csr_tbs(sm2_key_pub(k), cn, &tbs), ERR_OK);
	assert_int_equal(gm_sign(k, buf_span(&tbs), &sig), ERR_OK);
	assert_int_equal(csr_assemble(buf_span(&tbs), &sig, der), ERR_OK);
}

static void round_trip(void **state)
{
	AUTO_BUF(der, CSR_DER_MAX);
	AUTO(csr) c = NULL;
	(void)state;
	make(b.sign_key, "YX00000001", &der);
	assert_int_equal(csr_parse(buf_span(&der), &c), ERR_OK);
	assert_memory_equal(csr_pub(c)->b, sm2_key_pub(b.sign_key)->b, SM2_PUB_LEN);
	assert_true(span_eq(csr_der(c), buf_span(&der)));
}

static void bad_names(void **state)
{
	static const char *const row[] = {"", "\xff", "a\nb", " a", "a\xe2\x80\x8b"};
	AUTO_BUF(tbs, CSR_DER_MAX);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_int_equal(csr_tbs(sm2_key_pub(b.sign_key), row[i], &tbs), ERR_CERT_PROFILE);
}

static void changed(void **state)
{
	AUTO_BUF(der, CSR_DER_MAX);
	AUTO(csr) c = NULL;
	(void)state;
	make(b.sign_key, "YX00000001", &der);
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(csr_parse(span_of(der.ptr, len), &c), ERR_DER);
	for (size_t bit = 0; bit < der.len * 8; bit++) {
		der.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
		enum err e = csr_parse(buf_span(&der), &c);
		if (e != ERR_DER && e != ERR_SIG)
			fail_msg("bit %zu: %s", bit, err_name(e));
		der.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	buf_u8(&der, 0);
	assert_int_equal(csr_parse(buf_span(&der), &c), ERR_DER);
	while (der.len < CSR_DER_MAX)
		buf_u8(&der, 0);
	assert_null(c);
}

/* Somebody else's key in the request, signed with one's own. */
static void no_possession(void **state)
{
	AUTO_BUF(tbs, CSR_DER_MAX);
	AUTO_BUF(der, CSR_DER_MAX);
	AUTO(csr) c = NULL;
	struct sm2_sig sig;
	(void)state;
	assert_int_equal(csr_tbs(sm2_key_pub(b.enc_key), "YX00000001", &tbs), ERR_OK);
	assert_int_equal(gm_sign(b.sign_key, buf_span(&tbs), &sig), ERR_OK);
	assert_int_equal(csr_assemble(buf_span(&tbs), &sig, &der), ERR_OK);
	assert_int_equal(csr_parse(buf_span(&der), &c), ERR_SIG);
}

static void members(void **state)
{
	static const struct {
		const char *what;
		size_t part;
		const char *hex;
		enum err want;
	} row[] = {
		{"unchanged version", 0, "020100", ERR_OK},
		{"version 2", 0, "020101", ERR_DER},
		{"attributes missing", 3, "", ERR_DER},
		{"attribute list of rubbish", 3, "a0020500", ERR_DER},
		{"one attribute", 3, "a00b300906022a0331030c0141", ERR_OK},
		{"attribute with cut value", 3, "a00b300906022a0331030c0541", ERR_DER},
		{"other tag for attributes", 3, "a100", ERR_DER},
		{"key on P-256", 2,
	         "3059301306072a8648ce3d020106082a8648ce3d030107034200"
	         "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
	         "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0",
	         ERR_DER},
	};
	AUTO_BUF(good, CSR_DER_MAX);
	AUTO_BUF(with, 1024);
	AUTO_BUF(der, CSR_DER_MAX);
	(void)state;
	make(b.sign_key, "YX00000001", &good);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO(csr) c = NULL;
		unhex(row[i].hex, &with);
		resign(buf_span(&good), b.sign_key, row[i].part, buf_span(&with), &der);
		enum err e = csr_parse(buf_span(&der), &c);
		if (e != row[i].want)
			fail_msg("%s: %s", row[i].what, err_name(e));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip),    cmocka_unit_test(bad_names), cmocka_unit_test(changed),
		cmocka_unit_test(no_possession), cmocka_unit_test(members),
	};
	return cmocka_run_group_tests_name("pki/csr", tests, bureau_up, bureau_down);
}
