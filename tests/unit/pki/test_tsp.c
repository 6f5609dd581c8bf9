/* Time stamps both ways: granted and refused requests, foreign authorities, changed bits. */
#include "pki_test.h"
#include "gm/sm3.h"
#include "gm/der.h"
#include "pki/arc.h"
#include "pki/cms.h"
#include "pki/oid.h"
#include "pki/tsp.h"
#include <stdio.h>
#include <string.h>

static struct sm2_key *key;
static struct cert *tsa;
static const uint8_t digest[32] = {1, 2, 3};
static const uint8_t nonce[8] = {0x81, 2, 3, 4, 5, 6, 7, 8};

static struct cert *leaf(const char *profile)
{
	struct cert *c = NULL;
	struct cert_spec s = spec_for(profile, sm2_key_pub(key));
	if (cert_build(&s, b.ca_key, &c) != ERR_OK)
		fail_msg("%s: %s", profile, err_detail());
	return c;
}

static int up(void **state)
{
	if (bureau_up(state) != 0 || sm2_key_new(&key) != ERR_OK)
		return -1;
	tsa = leaf("tsa");
	return 0;
}

static int down(void **state)
{
	cert_free(tsa);
	sm2_key_free(key);
	return bureau_down(state);
}

static void stamp(bool with_nonce, bool with_cert, int64_t at, struct buf *out)
{
	AUTO_BUF(in, TSP_REQUEST_MAX);
	struct tsp_request r;
	assert_int_equal(tsp_request_build(digest, with_nonce ? SPAN_ARR(nonce) : SPAN_EMPTY, with_cert, &in), ERR_OK);
	assert_int_equal(tsp_request_parse(buf_span(&in), &r), ERR_OK);
	assert_int_equal(r.fault, TSP_GRANTED);
	struct tsp_spec spec = {.signer = tsa, .key = key, .request = &r, .serial = {0x41, 7}, .time = at};
	if (tsp_response_build(&spec, out) != ERR_OK)
		fail_msg("%s", err_detail());
}

static enum err check(struct span response, const struct tsp_want *want, struct tsp_info *ret_i)
{
	struct span token;
	TRY(tsp_response_token(response, &token));
	return tsp_token_verify(token, want, ret_i);
}

static void around(void **state)
{
	(void)state;
	for (int row = 0; row < 4; row++) {
		bool with_nonce = row & 1, with_cert = row & 2;
		AUTO_BUF(out, TSP_DER_MAX);
		struct tsp_info i;
		struct tsp_want want = {b.ca, with_cert ? NULL : tsa, digest,
		                        with_nonce ? SPAN_ARR(nonce) : SPAN_EMPTY};
		stamp(with_nonce, with_cert, T0 + 9, &out);
		if (check(buf_span(&out), &want, &i) != ERR_OK)
			fail_msg("row %d: %s", row, err_detail());
		assert_true(i.time == T0 + 9 && i.has_cert == with_cert);
		assert_string_equal(i.serial, "41070000000000000000000000000000");
		want.tsa = NULL;
		if (!with_cert)
			assert_int_equal(check(buf_span(&out), &want, &i), ERR_CERT_CHAIN);
	}
}

static void disagrees(void **state)
{
	static const uint8_t other[32] = {1, 2, 4};
	AUTO_BUF(out, TSP_DER_MAX);
	AUTO_BUF(early, TSP_DER_MAX);
	struct tsp_info i;
	const struct {
		struct tsp_want want;
		enum err err;
	} rows[] = {
		{{b.ca, NULL, digest, SPAN_EMPTY}, ERR_OK},
		{{b.ca, NULL, other, SPAN_EMPTY}, ERR_SIG},
		{{b.ca, NULL, digest, SPAN_LIT("another")}, ERR_SIG},
		{{b.root, NULL, digest, SPAN_EMPTY}, ERR_CERT_CHAIN},
	};
	(void)state;
	stamp(true, true, T0 + 9, &out);
	for (size_t r = 0; r < COUNT_OF(rows); r++)
		assert_int_equal(check(buf_span(&out), &rows[r].want, &i), rows[r].err);
	stamp(true, true, T0 - 9, &early);
	assert_int_equal(check(buf_span(&early), &rows[0].want, &i), ERR_CERT_NOT_YET);
}

static void changed(void **state)
{
	AUTO_BUF(out, TSP_DER_MAX);
	struct tsp_info i;
	const struct tsp_want want = {b.ca, NULL, digest, SPAN_ARR(nonce)};
	struct span token;
	(void)state;
	stamp(true, true, T0 + 9, &out);
	assert_int_equal(tsp_response_token(buf_span(&out), &token), ERR_OK);
	size_t from = (size_t)(token.ptr - out.ptr);
	for (size_t bit = from * 8; bit < out.len * 8; bit++) {
		out.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
		if (tsp_token_verify(token, &want, &i) == ERR_OK)
			fail_msg("octet %zu, bit %zu changed and accepted", bit / 8, bit % 8);
		out.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(tsp_token_verify(token, &want, &i), ERR_OK);
}

/* The right chain, but not the authority's certificate: refused by the maker and by the checker. */
static void authorities(void **state)
{
	static const char *const wrong[] = {"ocsp", "log", "staff-sign"};
	AUTO_BUF(in, TSP_REQUEST_MAX);
	struct tsp_request r;
	(void)state;
	assert_int_equal(tsp_request_build(digest, SPAN_EMPTY, true, &in), ERR_OK);
	assert_int_equal(tsp_request_parse(buf_span(&in), &r), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		AUTO_BUF(out, TSP_DER_MAX);
		AUTO_BUF(good, TSP_DER_MAX);
		AUTO(cert) c = leaf(wrong[i]);
		struct tsp_info info;
		struct cms m;
		struct span token;
		struct tsp_spec spec = {.signer = c, .key = key, .request = &r, .serial = {0x41, 7}, .time = T0};
		assert_int_equal(tsp_response_build(&spec, &out), ERR_CERT_USAGE);
		stamp(false, true, T0, &good);
		assert_int_equal(tsp_response_token(buf_span(&good), &token), ERR_OK);
		assert_int_equal(cms_parse(token, &m), ERR_OK);
		struct cms_spec again = {OID_CT_TST_INFO, m.content, c, key, T0, true};
		buf_clear(&out);
		assert_int_equal(cms_sign(&again, &out), ERR_OK);
		cms_done(&m);
		const struct tsp_want want = {b.ca, NULL, digest, SPAN_EMPTY};
		assert_int_equal(tsp_token_verify(buf_span(&out), &want, &info), ERR_CERT_USAGE);
	}
}

/* Requests: octets, expected error, and why the well-formed ones are refused. */
static void requests(void **state)
{
#define IMPRINT_SM3                        \
	"3030300c06082a811ccf550183110500" \
	"04200102030000000000000000000000000000000000000000000000000000000000"
#define IMPRINT_SHA256                           \
	"3031300d060960864801650304020105000420" \
	"0102030000000000000000000000000000000000000000000000000000000000"
	static const struct {
		const char *what, *hex;
		enum err want;
		enum tsp_fault fault;
	} rows[] = {
		{"plain", "3035020101" IMPRINT_SM3, ERR_OK, TSP_GRANTED},
		{"SHA-256", "3036020101" IMPRINT_SHA256, ERR_OK, TSP_BAD_ALG},
		{"another policy", "303a020101" IMPRINT_SM3 "06032a0304", ERR_OK, TSP_BAD_POLICY},
		{"extension", "3039020101" IMPRINT_SM3 "a0023000", ERR_OK, TSP_BAD_EXTENSION},
		{"version 2", "3035020102" IMPRINT_SM3, ERR_DER, 0},
		{"negative nonce", "3038020101" IMPRINT_SM3 "0201ff", ERR_DER, 0},
		{"certReq FALSE encoded", "3038020101" IMPRINT_SM3 "010100", ERR_DER, 0},
		{"octet after the end", "3035020101" IMPRINT_SM3 "00", ERR_DER, 0},
		{"empty", "", ERR_DER, 0},
		{"no imprint", "3003020101", ERR_DER, 0},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(in, 256);
		AUTO_BUF(out, TSP_DER_MAX);
		struct tsp_request r = {.fault = TSP_SYSTEM};
		unhex(rows[i].hex, &in);
		enum err e = tsp_request_parse(buf_span(&in), &r);
		if (e != rows[i].want || (e == ERR_OK && r.fault != rows[i].fault))
			fail_msg("%s: %d %d %s", rows[i].what, e, r.fault, err_detail());
		if (e != ERR_OK || r.fault == TSP_GRANTED)
			continue;
		struct tsp_spec spec = {.signer = tsa, .key = key, .request = &r, .serial = {0x41}, .time = T0};
		assert_int_equal(tsp_response_build(&spec, &out), ERR_STATE);
		tsp_failure_put(&out, r.fault);
		struct span token;
		assert_int_equal(tsp_response_token(buf_span(&out), &token), ERR_DENIED);
	}
	AUTO_BUF(out, 32);
	tsp_failure_put(&out, TSP_BAD_ALG);
	assert_hex(buf_span(&out), "3009300702010203020780");
	buf_clear(&out);
	tsp_failure_put(&out, TSP_SYSTEM);
	assert_hex(buf_span(&out), "300c300a02010203050600000040");
}

/* Our own policy is stamped as it was asked for; of another bureau's, also one of our form, the answer is a refusal. */
static void policies(void **state)
{
	static const struct {
		const char *oid;
		enum tsp_fault fault;
		bool granted;
	} rows[] = {
		{"2.999.20518.4", TSP_GRANTED, true},
		{"1.3.6.1.4.1.32473.20518.4", TSP_GRANTED, false},
		{ARC_OLD ".4", TSP_GRANTED, false}, /* but where the authority's own certificate is under it */
		{"2.999.20518.3", TSP_BAD_POLICY, false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(in, 256);
		AUTO_BUF(policy, 64);
		AUTO_BUF(out, TSP_DER_MAX);
		struct tsp_request r;
		struct span token;
		der_put_oid(&policy, rows[i].oid);
		AUTO_BUF(head, 128);
		unhex("020101" IMPRINT_SM3, &head);
		size_t seq = der_open(&in, DER_SEQ);
		buf_put(&in, buf_span(&head));
		buf_put(&in, buf_span(&policy));
		der_close(&in, seq);
		assert_int_equal(tsp_request_parse(buf_span(&in), &r), ERR_OK);
		assert_int_equal(r.fault, rows[i].fault);
		if (r.fault != TSP_GRANTED)
			continue;
		struct tsp_spec spec = {.signer = tsa, .key = key, .request = &r, .serial = {0x41}, .time = T0};
		assert_int_equal(tsp_response_build(&spec, &out), ERR_OK);
		assert_int_equal(tsp_response_token(buf_span(&out), &token), rows[i].granted ? ERR_OK : ERR_DENIED);
		assert_true((memmem(out.ptr, out.len, policy.ptr, policy.len) != NULL) == rows[i].granted);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(policies), cmocka_unit_test(around),      cmocka_unit_test(disagrees),
		cmocka_unit_test(changed),  cmocka_unit_test(authorities), cmocka_unit_test(requests),
	};
	return cmocka_run_group_tests_name("pki/tsp", tests, up, down);
}
