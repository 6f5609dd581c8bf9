/* What earlier versions issued stays readable and valid: tests/vectors/bureau. */
#include "pki_test.h"
#include "base/file.h"
#include "pki/csr.h"
#include "pki/path.h"

static void load(const char *name, struct buf *out)
{
	AUTO_BUF(path, 4096);
	buf_clear(out);
	buf_printf(&path, "%s/bureau/%s", VECTORS, name);
	assert_int_equal(file_read(buf_cstr(&path), out), ERR_OK);
}

static struct cert *load_cert(const char *name)
{
	AUTO_BUF(der, CERT_DER_MAX);
	struct cert *c = NULL;
	load(name, &der);
	if (cert_parse(buf_span(&der), &c) != ERR_OK)
		fail_msg("%s: %s", name, err_detail());
	return c;
}

static void bureau_of_old(void **state)
{
	static const struct {
		const char *file, *profile;
		unsigned usage;
		enum err want;
	} row[] = {
		{"sign.cer", "unit-sign", KU_SIGN, ERR_OK},
		{"enc.cer", "unit-enc", KU_ENC, ERR_OK},
		{"card.cer", "card", KU_SIGN, ERR_OK},
		{"staff.cer", "staff-sign", KU_SIGN, ERR_CERT_REVOKED},
	};
	AUTO(cert) root = load_cert("root.cer");
	AUTO(cert) ca = load_cert("ca.cer");
	AUTO(crl) crl = NULL;
	AUTO_BUF(der, 65536);
	(void)state;
	load("ca.crl", &der);
	assert_int_equal(crl_parse(buf_span(&der), &crl), ERR_OK);
	AUTO(path_trust) t = NULL;
	int64_t at = crl_this_update(crl);
	assert_int_equal(path_trust_new(root, ca, &t), ERR_OK);
	assert_int_equal(path_trust_set_crl(t, STEAL(crl)), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO(cert) c = load_cert(row[i].file);
		assert_string_equal(cert_profile(c), row[i].profile);
		assert_int_equal(path_check(t, c, row[i].usage, at), row[i].want);
	}
}

static void request_of_old(void **state)
{
	AUTO_BUF(der, CSR_DER_MAX);
	AUTO(csr) c = NULL;
	AUTO(cert) sign = load_cert("sign.cer");
	(void)state;
	load("request.p10", &der);
	assert_int_equal(csr_parse(buf_span(&der), &c), ERR_OK);
	assert_true(span_eq(SPAN_ARR(csr_pub(c)->b), SPAN_ARR(cert_pub(sign)->b)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bureau_of_old),
		cmocka_unit_test(request_of_old),
	};
	return cmocka_run_group_tests_name("pki/vectors", tests, NULL, NULL);
}
