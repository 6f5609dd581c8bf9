/* Certificates: what is read back, and everything that cert_parse refuses. */
#include "pki_test.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <stdlib.h>
#include <string.h>

static void reads_back(void **state)
{
	(void)state;
	assert_string_equal(cert_common_name(b.sign), "测试一号");
	assert_string_equal(cert_org(b.sign), "长沙测试一号科技有限公司");
	assert_string_equal(cert_uscc(b.sign), "91430100MAYYYY016Y");
	assert_string_equal(cert_subject_id(b.sign), "43010001-P0000123");
	assert_string_equal(cert_unit_no(b.sign), "43010001");
	assert_string_equal(cert_person_id(b.sign), "P0000123");
	assert_string_equal(cert_profile(b.sign), "unit-sign");
	assert_int_equal(strlen(cert_serial(b.sign)), 32);
	assert_int_equal(cert_usage(b.sign), KU_SIGN);
	assert_int_equal(cert_usage(b.enc), KU_ENC);
	assert_int_equal(cert_usage(b.ca), KU_CA);
	assert_false(cert_is_ca(b.sign));
	assert_true(cert_is_ca(b.ca) && cert_is_ca(b.root));
	assert_int_equal(cert_pathlen(b.root), 1);
	assert_int_equal(cert_pathlen(b.ca), 0);
	assert_true(cert_not_before(b.sign) == T0 && cert_not_after(b.sign) == T0 + 731 * (int64_t)DAY);
	assert_true(span_eq(cert_subject_der(b.sign), cert_subject_der(b.enc)));
	assert_true(span_eq(cert_issuer_der(b.sign), cert_subject_der(b.ca)));
	assert_true(span_eq(cert_aki(b.sign), cert_ski(b.ca)));
	assert_string_equal(cert_unit_no(b.card), "");
	assert_string_equal(cert_person_id(b.card), "");
	assert_string_equal(cert_subject_id(b.ca), "");
	assert_string_equal(cert_common_name(b.root), "印信测试根 CA");
	assert_false(cert_has_eku(b.sign, OID_EKU_TIMESTAMP));
}

/* The acceptance table of docs/protocol/certificates.md, as far as octets of ours show it. */
static void shape(void **state)
{
	const struct cert *const all[] = {b.root, b.ca, b.sign, b.enc, b.card};
	static const uint8_t basic[] = {0x06, 0x03, 0x55, 0x1d, 0x13},
			     email[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x01};
	static const uint8_t usage[][9] = {{0x55, 0x1d, 0x0f, 0x01, 0x01, 0xff, 0x04, 0x04, 0x03}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++) {
		struct span der = cert_der(all[i]);
		assert_true(cert_not_after(all[i]) - cert_not_before(all[i]) <= 3653 * (int64_t)DAY);
		assert_int_equal(strlen(cert_serial(all[i])), 32);
		assert_true((memmem(der.ptr, der.len, basic, sizeof(basic)) != NULL) == cert_is_ca(all[i]));
		assert_null(memmem(der.ptr, der.len, email, sizeof(email)));
		assert_non_null(memmem(der.ptr, der.len, usage[0], sizeof(usage[0])));
	}
}

static void verifies(void **state)
{
	(void)state;
	assert_int_equal(cert_verify(b.root, cert_pub(b.root)), ERR_OK);
	assert_int_equal(cert_verify(b.ca, cert_pub(b.root)), ERR_OK);
	assert_int_equal(cert_verify(b.sign, cert_pub(b.ca)), ERR_OK);
	assert_int_equal(cert_verify(b.sign, cert_pub(b.root)), ERR_SIG);
}

static void pem(void **state)
{
	AUTO_BUF(out, 8192);
	AUTO_BUF(b64, 8192);
	AUTO_BUF(der, 8192);
	(void)state;
	assert_int_equal(cert_pem(b.sign, &out), ERR_OK);
	char *text = strdup(buf_cstr(&out)), *save = NULL;
	for (char *line = strtok_r(text, "\n", &save); line != NULL; line = strtok_r(NULL, "\n", &save)) {
		assert_true(strlen(line) <= 64);
		if (line[0] != '-')
			buf_str(&b64, line);
	}
	free(text);
	assert_int_equal(text_unb64(buf_span(&b64), &der), ERR_OK);
	assert_true(span_eq(buf_span(&der), cert_der(b.sign)));
}

/* --- what cert_parse refuses --- */
static bool accepted(struct span der)
{
	AUTO(cert) c = NULL;
	bool ok = cert_parse(der, &c) == ERR_OK && cert_verify(c, cert_pub(b.ca)) == ERR_OK;
	err_clear();
	return ok;
}

static void truncated(void **state)
{
	struct span der = cert_der(b.sign);
	AUTO(cert) c = NULL;
	(void)state;
	for (size_t len = 0; len < der.len; len++)
		assert_int_equal(cert_parse(span_sub(der, 0, len), &c), ERR_DER);
	assert_null(c);
}

static void flipped(void **state)
{
	AUTO_BUF(der, CERT_DER_MAX);
	unsigned seed = test_seed();
	(void)state;
	buf_put(&der, cert_der(b.sign));
	assert_true(accepted(buf_span(&der)));
	for (size_t i = 0; i < der.len; i++) {
		for (int n = 0; n < 2; n++) {
			uint8_t bit = (uint8_t)(1U << (test_next(&seed) & 7));
			der.ptr[i] ^= bit;
			if (accepted(buf_span(&der)))
				fail_msg("octet %zu ^ %02x is accepted", i, bit);
			der.ptr[i] ^= bit;
		}
	}
}

static void trailing(void **state)
{
	AUTO_BUF(der, CERT_DER_MAX + 10);
	AUTO(cert) c = NULL;
	(void)state;
	buf_put(&der, cert_der(b.sign));
	buf_u8(&der, 0);
	assert_int_equal(cert_parse(buf_span(&der), &c), ERR_DER);
	while (der.len <= CERT_DER_MAX)
		buf_u8(&der, 0);
	assert_int_equal(cert_parse(buf_span(&der), &c), ERR_LIMIT);
	assert_int_equal(cert_parse(SPAN_EMPTY, &c), ERR_DER);
}

/* A member of the TBS replaced and resigned by the CA. */
static const struct {
	const char *what;
	size_t part;
	const char *hex;
} bad_members[] = {
	{"version 1 spelled out", 0, "a003020100"},
	{"version 2", 0, "a003020101"},
	{"version 4", 0, "a003020103"},
	{"version left out", 0, ""},
	{"version not minimal", 0, "a00402020002"},
	{"serial negative", 1, "0202ff01"},
	{"serial zero", 1, "020100"},
	{"serial not minimal", 1, "02020001"},
	{"serial of 21 octets", 1, "0215010203040506070809101112131415161718192021"},
	{"serial is text", 1, "0c0141"},
	{"inner algorithm with NULL, outer without", 2, "300c06082a811ccf550183750500"},
	{"ECDSA with SHA-256", 2, "300a06082a8648ce3d040302"},
	{"SM2 with SHA-256", 2, "300a06082a811ccf55018377"},
	{"no algorithm", 2, "3000"},
	{"time with zone", 4,
         "30223011"
         "3236303130313030303030302b30383030"
         "170d3237303130313030303030305a"},
	{"ends before it begins", 4, "301e170d3237303130313030303030305a170d3236303130313030303030305a"},
	{"one time only", 4, "300f170d3236303130313030303030305a"},
	{"name twice CN", 5, "3018310a300806035504030c0141310a300806035504030c0142"},
	{"RDN of two attributes", 5, "30163114300806035504030c01413008060355040a0c0141"},
	{"empty RDN", 5, "30023100"},
	{"name with T61String", 5, "300c310a30080603550403140141"},
	{"name with BMPString", 5, "300d310b300906035504031e020041"},
	{"PrintableString with @", 5, "300c310a30080603550403130140"},
	{"name with NUL", 5, "300d310b300906035504030c024100"},
	{"empty value", 5, "300b3109300706035504030c00"},
	{"not a name", 5, "0c0141"},
	{"compressed key", 6,
         "3039301306072a8648ce3d020106082a811ccf5501822d03220002"
         "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"},
	{"key not on the curve", 6,
         "3059301306072a8648ce3d020106082a811ccf5501822d03420004"
         "32c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
         "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a1"},
	{"key on P-256", 6,
         "3059301306072a8648ce3d020106082a8648ce3d030107034200"
         "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
         "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"},
	{"issuer unique id", 7, "81020041"},
	{"member after the extensions", 7,
         "a312301030"
         "0e0603551d0f0101ff0404030206c0"
         "0500"},
	{"extensions empty", 7, "a3023000"},
	{"extensions missing their list", 7, "a300"},
};

static void members(void **state)
{
	/* Members that are right, in the same places: the rows above fail for their own reasons. */
	static const struct {
		size_t part;
		const char *hex;
	} good[] = {
		{0, "a003020102"},
		{1, "020101"},
		{4, "301e170d3236303130313030303030305a170d3237303130313030303030305a"},
		{5, "300c310a300806035504030c0141"},
		{5, "3018310a300806035504030c0141310a3008060355040a0c0142"},
		{5, "3000"},
		{7, "a312301030"
	            "0e0603551d0f0101ff0404030206c0"},
		{7, ""},
	};
	AUTO_BUF(with, 1024);
	AUTO_BUF(der, CERT_DER_MAX);
	(void)state;
	/* The card's certificate: a subject id of other profiles would be missed in a short name. */
	for (size_t i = 0; i < COUNT_OF(bad_members); i++) {
		AUTO(cert) c = NULL;
		unhex(bad_members[i].hex, &with);
		resign(cert_der(b.card), b.ca_key, bad_members[i].part, buf_span(&with), &der);
		if (cert_parse(buf_span(&der), &c) != ERR_DER)
			fail_msg("%s is accepted", bad_members[i].what);
	}
	for (size_t i = 0; i < COUNT_OF(good); i++) {
		unhex(good[i].hex, &with);
		resign(cert_der(b.card), b.ca_key, good[i].part, buf_span(&with), &der);
		if (!accepted(buf_span(&der)))
			fail_msg("good member %zu is refused", i);
	}
}

/* A unit's certificate without the person or the unit in its subject. */
static void subject_ids(void **state)
{
	static const char *const row[] = {
		"300c310a300806035504030c0141", /* none */
		"3011310f300d060355040513"
		"063433303130"
		"31", /* 430101 */
		"300d310b3009060355040513"
		"022d31", /* -1 */
		"300d310b3009060355040513"
		"02312d", /* 1- */
		"300e310c300a060355040513"
		"03312d3d", /* 1-= */
	};
	AUTO_BUF(with, 1024);
	AUTO_BUF(der, CERT_DER_MAX);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO(cert) c = NULL;
		unhex(row[i], &with);
		resign(cert_der(b.sign), b.ca_key, 5, buf_span(&with), &der);
		assert_int_equal(cert_parse(buf_span(&der), &c), ERR_DER);
	}
	unhex("300e310c300a060355040513"
	      "03312d32",
	      &with); /* 1-2 */
	resign(cert_der(b.sign), b.ca_key, 5, buf_span(&with), &der);
	assert_true(accepted(buf_span(&der)));
}

/* Extension lists of our own making; good ones too. */
static void extensions(void **state)
{
	static const struct {
		const char *what, *hex; /* contents of the list */
		enum err want;
	} row[] = {
		{"key usage alone", "300e0603551d0f0101ff0404030206c0", ERR_OK},
		{"key usage not critical", "300b0603551d0f0404030206c0", ERR_DER},
		{"key usage with trailing zero bits", "300e0603551d0f0101ff0404030200c0", ERR_DER},
		{"key usage of no bits",
	         "300c0603551d0f0101ff0402"
	         "0300",
	         ERR_DER},
		{"key usage twice",
	         "300e0603551d0f0101ff0404030206c0"
	         "300e0603551d0f0101ff0404030206c0",
	         ERR_DER},
		{"FALSE spelled out", "300e0603551d0e010100040404020102", ERR_DER},
		{"TRUE as 01", "300e0603551d0f0101010404030206c0", ERR_DER},
		{"unknown critical", "300c06022a030101ff0403020101", ERR_DER},
		{"unknown not critical", "300906022a030403020101", ERR_OK},
		{"unknown twice",
	         "300906022a030403020101"
	         "300906022a030403020101",
	         ERR_DER},
		{"basicConstraints empty", "30090603551d1304023000", ERR_OK},
		{"basicConstraints CA, not critical", "300c0603551d13040530030101ff", ERR_DER},
		{"basicConstraints FALSE spelled out", "300f0603551d130101ff04053003010100", ERR_DER},
		{"path length without CA", "300f0603551d130101ff04053003020100", ERR_DER},
		{"path length huge", "30150603551d130101ff040b30090101ff020411223344", ERR_DER},
		{"path length negative", "30120603551d130101ff040830060101ff0201ff", ERR_DER},
		{"octets after a value", "30100603551d0f0101ff0406030206c00500", ERR_DER},
		{"key identifier empty", "30090603551d0e04020400", ERR_DER},
		{"extended usage empty", "30090603551d2504023000", ERR_DER},
		{"extended usage", "30130603551d25040c300a06082b06010505070308", ERR_OK},
		{"credit code as UTF8String",
	         "300f06082a811cd014040104"
	         "04030c0141",
	         ERR_DER},
		{"credit code",
	         "300f06082a811cd014040104"
	         "0403130141",
	         ERR_OK},
		{"extension that is no list", "0603551d0f", ERR_DER},
		{"extension with a fourth member", "30100603551d0f0101ff0404030206c00500", ERR_DER},
	};
	AUTO_BUF(list, 1024);
	AUTO_BUF(with, 1024);
	AUTO_BUF(der, CERT_DER_MAX);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO(cert) c = NULL;
		unhex(row[i].hex, &list);
		buf_clear(&with);
		size_t outer = der_open(&with, DER_EXPLICIT(3));
		der_put(&with, DER_SEQ, buf_span(&list));
		der_close(&with, outer);
		resign(cert_der(b.sign), b.ca_key, 7, buf_span(&with), &der);
		enum err e = cert_parse(buf_span(&der), &c);
		if (e != row[i].want)
			fail_msg("%s: %s, %s", row[i].what, err_name(e), err_detail());
		err_clear();
	}
}

/* Real authorities write NULL parameters: both places must have them. */
static void null_parameters(void **state)
{
	AUTO_BUF(tbs, CERT_DER_MAX);
	AUTO_BUF(der, CERT_DER_MAX);
	AUTO_BUF(sig_der, 80);
	AUTO_BUF(alg, 32);
	struct x509_signed s;
	struct sm2_sig sig;
	(void)state;
	unhex("300c06082a811ccf550183750500", &alg);
	resign(cert_der(b.sign), b.ca_key, 2, buf_span(&alg), &der);
	assert_int_equal(x509_signed_parse(buf_span(&der), &s), ERR_OK);
	buf_put(&tbs, s.tbs);
	assert_int_equal(gm_sign(b.ca_key, buf_span(&tbs), &sig), ERR_OK);
	assert_int_equal(sm2_sig_der(&sig, &sig_der), ERR_OK);
	buf_clear(&der);
	size_t mark = der_open(&der, DER_SEQ);
	buf_put(&der, buf_span(&tbs));
	buf_put(&der, buf_span(&alg));
	der_put_bits(&der, buf_span(&sig_der));
	der_close(&der, mark);
	assert_true(accepted(buf_span(&der)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_back), cmocka_unit_test(shape),           cmocka_unit_test(verifies),
		cmocka_unit_test(pem),        cmocka_unit_test(truncated),       cmocka_unit_test(flipped),
		cmocka_unit_test(trailing),   cmocka_unit_test(members),         cmocka_unit_test(subject_ids),
		cmocka_unit_test(extensions), cmocka_unit_test(null_parameters),
	};
	return cmocka_run_group_tests_name("pki/cert", tests, bureau_up, bureau_down);
}
