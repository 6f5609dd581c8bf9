/* OCSP both ways: every state and hash goes around; foreign signers, changed bits and malformed forms are refused. */
#include "pki_test.h"
#include "pki/ocsp.h"
#include "pki/oid.h"
#include "pki/x509.h"
#include <stdio.h>
#include <string.h>

static struct sm2_key *key;
static struct cert *responder;

static struct cert *leaf(const char *profile, const struct cert *issuer, const struct sm2_key *by)
{
	struct cert *c = NULL;
	struct cert_spec s = spec_for(profile, sm2_key_pub(key));
	s.issuer = issuer;
	if (cert_build(&s, by, &c) != ERR_OK)
		fail_msg("%s: %s", profile, err_detail());
	return c;
}

static int up(void **state)
{
	if (bureau_up(state) != 0 || sm2_key_new(&key) != ERR_OK)
		return -1;
	responder = leaf("ocsp", b.ca, b.ca_key);
	return 0;
}

static int down(void **state)
{
	cert_free(responder);
	sm2_key_free(key);
	return bureau_down(state);
}

static void request(enum ocsp_hash hash, struct span nonce, struct buf *out)
{
	const char *serials[] = {cert_serial(b.sign), cert_serial(b.enc)};
	assert_int_equal(ocsp_request_build(b.ca, hash, serials, 2, nonce, out), ERR_OK);
}

/* The two certificates of the request with these states. */
static void answer(const struct ocsp_request *r, const struct ocsp_status *s, const struct cert *signer,
                   struct buf *out)
{
	struct ocsp_item items[2];
	for (size_t i = 0; i < 2; i++)
		items[i] = (struct ocsp_item){r->ids[i], s[i], T0 + 5, T0 + 65};
	struct ocsp_spec spec = {signer, key, T0 + 6, r->nonce, items, 2};
	if (ocsp_response_build(&spec, out) != ERR_OK)
		fail_msg("%s", err_detail());
}

static void around(void **state)
{
	const struct ocsp_status rows[][2] = {
		{{OCSP_GOOD, 0, CRL_UNSPECIFIED}, {OCSP_UNKNOWN, 0, CRL_UNSPECIFIED}},
		{{OCSP_REVOKED, T0 + 1, CRL_HOLD}, {OCSP_REVOKED, T0 + 2, CRL_UNSPECIFIED}},
		{{OCSP_REVOKED, T0 + 1, CRL_KEY_COMPROMISE}, {OCSP_GOOD, 0, CRL_UNSPECIFIED}},
	};
	(void)state;
	for (int hash = OCSP_SM3; hash <= OCSP_SHA1; hash++) {
		for (size_t i = 0; i < COUNT_OF(rows); i++) {
			AUTO_BUF(in, OCSP_REQUEST_MAX);
			AUTO_BUF(out, OCSP_DER_MAX);
			struct ocsp_request r;
			struct ocsp_response p;
			struct ocsp_status s;
			char serial[OCSP_SERIAL_HEX];
			bool is_of = false;
			int64_t produced;
			request((enum ocsp_hash)hash, i == 0 ? SPAN_EMPTY : SPAN_LIT("nonce of the test"), &in);
			assert_int_equal(ocsp_request_parse(buf_span(&in), &r), ERR_OK);
			assert_int_equal(r.n, 2);
			assert_int_equal(r.ids[0].hash, hash);
			ocsp_id_serial(&r.ids[0], serial);
			assert_string_equal(serial, cert_serial(b.sign));
			assert_int_equal(ocsp_id_check(&r.ids[0], b.ca, &is_of), ERR_OK);
			assert_true(is_of);
			assert_int_equal(ocsp_id_check(&r.ids[0], b.root, &is_of), ERR_OK);
			assert_false(is_of);
			answer(&r, rows[i], responder, &out);
			assert_int_equal(ocsp_response_parse(buf_span(&out), &p), ERR_OK);
			assert_true(span_eq(p.nonce, r.nonce));
			assert_int_equal(ocsp_response_verify(&p, b.ca), ERR_OK);
			assert_true(p.items[0].this_update == T0 + 5 && p.items[0].next_update == T0 + 65);
			ocsp_response_done(&p);
			for (size_t j = 0; j < 2; j++) {
				assert_int_equal(ocsp_check(buf_span(&out), b.ca, j == 0 ? b.sign : b.enc, &s,
				                            &produced),
				                 ERR_OK);
				assert_int_equal(s.state, rows[i][j].state);
				assert_int_equal(s.reason, rows[i][j].reason);
				assert_true(s.revoked_at == rows[i][j].revoked_at && produced == T0 + 6);
			}
			assert_int_equal(ocsp_check(buf_span(&out), b.ca, b.card, &s, NULL), ERR_ABSENT);
			assert_int_equal(ocsp_check(buf_span(&out), b.root, b.sign, &s, NULL), ERR_CERT_CHAIN);
		}
	}
}

static void one_good(struct buf *out)
{
	static const struct ocsp_status good[2] = {{OCSP_GOOD, 0, CRL_UNSPECIFIED}, {OCSP_GOOD, 0, CRL_UNSPECIFIED}};
	AUTO_BUF(in, OCSP_REQUEST_MAX);
	struct ocsp_request r;
	request(OCSP_SM3, SPAN_LIT("12345678"), &in);
	assert_int_equal(ocsp_request_parse(buf_span(&in), &r), ERR_OK);
	answer(&r, good, responder, out);
}

/* Every bit of an answer is under the signature, under the certificate's, or has one encoding only. */
static void changed(void **state)
{
	AUTO_BUF(out, OCSP_DER_MAX);
	struct ocsp_status s;
	(void)state;
	one_good(&out);
	assert_int_equal(ocsp_check(buf_span(&out), b.ca, b.sign, &s, NULL), ERR_OK);
	for (size_t bit = 0; bit < out.len * 8; bit++) {
		out.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
		if (ocsp_check(buf_span(&out), b.ca, b.sign, &s, NULL) == ERR_OK)
			fail_msg("octet %zu, bit %zu changed and accepted", bit / 8, bit % 8);
		out.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	for (size_t len = 0; len < out.len; len++)
		assert_int_not_equal(ocsp_check(span_sub(buf_span(&out), 0, len), b.ca, b.sign, &s, NULL), ERR_OK);
}

/* Signers that are no delegated responder: another profile, another CA, expired. */
static void signers(void **state)
{
	AUTO_BUF(out, OCSP_DER_MAX);
	AUTO_BUF(in, OCSP_REQUEST_MAX);
	struct ocsp_request r;
	(void)state;
	request(OCSP_SM3, SPAN_EMPTY, &in);
	assert_int_equal(ocsp_request_parse(buf_span(&in), &r), ERR_OK);
	struct ocsp_item item = {r.ids[0], {OCSP_GOOD, 0, CRL_UNSPECIFIED}, T0, 0};
	static const char *const wrong[] = {"tsa", "log", "staff-sign"};
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO(cert) c = leaf(wrong[i], b.ca, b.ca_key);
		struct ocsp_spec spec = {c, key, T0, SPAN_EMPTY, &item, 1};
		assert_int_equal(ocsp_response_build(&spec, &out), ERR_CERT_USAGE);
	}
	struct ocsp_spec spec = {responder, b.sign_key, T0, SPAN_EMPTY, &item, 1};
	assert_int_equal(ocsp_response_build(&spec, &out), ERR_CERT_USAGE);
	const struct {
		int64_t produced;
		enum err want;
	} times[] = {{T0, ERR_OK}, {T0 - 1, ERR_CERT_NOT_YET}, {cert_not_after(responder) + 1, ERR_CERT_EXPIRED}};
	for (size_t i = 0; i < COUNT_OF(times); i++) {
		struct ocsp_status s;
		buf_clear(&out);
		spec = (struct ocsp_spec){responder, key, times[i].produced, SPAN_EMPTY, &item, 1};
		assert_int_equal(ocsp_response_build(&spec, &out), ERR_OK);
		assert_int_equal(ocsp_check(buf_span(&out), b.ca, b.sign, &s, NULL), times[i].want);
	}
}

/* The octets of a good answer, signed anew by this certificate's key, the certificate in it. */
static void signed_by(struct span tbs, const struct cert *signer, struct buf *out)
{
	static const uint8_t ok[] = {0};
	AUTO_BUF(basic, OCSP_DER_MAX);
	AUTO_BUF(sig_der, 80);
	struct sm2_sig sig;
	assert_int_equal(gm_sign(key, tbs, &sig), ERR_OK);
	assert_int_equal(sm2_sig_der(&sig, &sig_der), ERR_OK);
	size_t seq = der_open(&basic, DER_SEQ);
	buf_put(&basic, tbs);
	x509_alg_put(&basic);
	der_put_bits(&basic, buf_span(&sig_der));
	size_t certs = der_open(&basic, DER_EXPLICIT(0));
	der_put(&basic, DER_SEQ, cert_der(signer));
	der_close(&basic, certs);
	der_close(&basic, seq);
	size_t whole = der_open(out, DER_SEQ);
	der_put(out, DER_ENUM, SPAN_ARR(ok));
	size_t outer = der_open(out, DER_EXPLICIT(0)), bytes = der_open(out, DER_SEQ);
	der_put_oid(out, OID_OCSP_BASIC);
	der_put(out, DER_OCTETS, buf_span(&basic));
	der_close(out, bytes);
	der_close(out, outer);
	der_close(out, whole);
	assert_int_equal(buf_err(out), ERR_OK);
}

/* Certificates of this CA with the responder's name and key, but without its purpose. */
static void purposes(void **state)
{
	static const struct {
		const char *profile;
		enum err want;
	} rows[] = {{"ocsp", ERR_OK}, {"tsa", ERR_CERT_USAGE}, {"log", ERR_CERT_USAGE}, {"staff-sign", ERR_CERT_USAGE}};
	AUTO_BUF(good, OCSP_DER_MAX);
	struct ocsp_response r;
	(void)state;
	one_good(&good);
	assert_int_equal(ocsp_response_parse(buf_span(&good), &r), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, OCSP_DER_MAX);
		AUTO(cert) c = leaf(rows[i].profile, b.ca, b.ca_key);
		struct ocsp_status s;
		signed_by(r.tbs, c, &out);
		if (ocsp_check(buf_span(&out), b.ca, b.sign, &s, NULL) != rows[i].want)
			fail_msg("%s: %s", rows[i].profile, err_detail());
	}
	ocsp_response_done(&r);
}

static void failures(void **state)
{
	static const enum ocsp_result codes[] = {OCSP_MALFORMED, OCSP_INTERNAL, OCSP_TRY_LATER, OCSP_UNAUTHORIZED};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(codes); i++) {
		AUTO_BUF(out, 16);
		struct ocsp_response r;
		struct ocsp_status s;
		ocsp_failure_put(&out, codes[i]);
		assert_int_equal(out.len, 5);
		assert_int_equal(ocsp_response_parse(buf_span(&out), &r), ERR_OK);
		assert_int_equal(r.result, codes[i]);
		ocsp_response_done(&r);
		assert_int_equal(ocsp_check(buf_span(&out), b.ca, b.sign, &s, NULL), ERR_STATE);
	}
}

/* Requests as text: what is wrong, octets, expected error. */
static void requests(void **state)
{
	static const struct {
		const char *what, *hex;
		enum err want;
	} rows[] = {
		{"empty", "", ERR_DER},
		{"no certificate", "300430023000", ERR_DER},
		{"octet after the end", "30043002300000", ERR_DER},
		{"indefinite length", "3080300230000000", ERR_DER},
		{"version 1 encoded", "300a3008a0030201003001300000", ERR_DER},
		{"SHA-1 of a wrong length", "301f301d301b3019300906052b0e03021a05000405000000000004050000000000020101",
	         ERR_DER},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(in, 256);
		struct ocsp_request r;
		unhex(rows[i].hex, &in);
		if (ocsp_request_parse(buf_span(&in), &r) != rows[i].want)
			fail_msg("%s", rows[i].what);
	}
	AUTO_BUF(in, OCSP_REQUEST_MAX);
	AUTO_BUF(bad, OCSP_REQUEST_MAX);
	struct ocsp_request r;
	request(OCSP_SM3, SPAN_LIT("1"), &in);
	for (size_t len = 0; len < in.len; len++)
		assert_int_equal(ocsp_request_parse(span_sub(buf_span(&in), 0, len), &r), ERR_DER);
	/* another algorithm in place of SM3: known to be none of the three */
	uint8_t *at = memmem(in.ptr, in.len, "\x2a\x81\x1c\xcf\x55\x01\x83\x11", 8);
	assert_non_null(at);
	at[7] = 0x12;
	assert_int_equal(ocsp_request_parse(buf_span(&in), &r), ERR_NOT_SUPPORTED);
	const char *many[OCSP_ITEMS_MAX + 1];
	for (size_t i = 0; i < COUNT_OF(many); i++)
		many[i] = "0102";
	assert_int_equal(ocsp_request_build(b.ca, OCSP_SM3, many, COUNT_OF(many), SPAN_EMPTY, &bad), ERR_LIMIT);
	assert_int_equal(ocsp_request_build(b.ca, OCSP_SM3, (const char *[]){"x"}, 1, SPAN_EMPTY, &bad), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(around),   cmocka_unit_test(changed),  cmocka_unit_test(signers),
		cmocka_unit_test(failures), cmocka_unit_test(requests), cmocka_unit_test(purposes),
	};
	return cmocka_run_group_tests_name("pki/ocsp", tests, up, down);
}
