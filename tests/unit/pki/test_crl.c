/* Revocation lists: any order in, sorted and found, refused when changed; a hundred thousand entries. */
#include "pki_test.h"
#include "base/clock.h"
#include "pki/crl.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct crl_entry entry(uint32_t n, enum crl_reason reason)
{
	struct crl_entry e = {.serial = {0x55}, .serial_len = 16, .time = T0 + n % 1000, .reason = reason};
	for (int i = 0; i < 4; i++)
		e.serial[12 + i] = (uint8_t)(n >> (24 - 8 * i));
	return e;
}

static void hex_of(const struct crl_entry *e, char *out)
{
	for (size_t i = 0; i < e->serial_len; i++)
		snprintf(out + 2 * i, 3, "%02X", e->serial[i]);
}

static struct crl *build(const struct crl_entry *e, size_t n)
{
	struct crl *c = NULL;
	if (crl_build(b.ca, b.ca_key, 7, T0, T0 + DAY, e, n, &c) != ERR_OK)
		fail_msg("%s", err_detail());
	return c;
}

static void finds(void **state)
{
	const struct crl_entry e[] = {entry(300, CRL_HOLD), entry(5, CRL_UNSPECIFIED), entry(200, CRL_KEY_COMPROMISE)};
	const struct crl_entry sorted[] = {e[1], e[2], e[0]};
	AUTO(crl) c = build(e, 3);
	AUTO(crl) d = build(sorted, 3);
	char hex[41];
	(void)state;
	assert_int_equal(crl_number(c), 7);
	assert_true(crl_this_update(c) == T0 && crl_next_update(c) == T0 + DAY);
	assert_int_equal(crl_verify(c, b.ca), ERR_OK);
	assert_int_equal(crl_verify(c, b.root), ERR_SIG);
	for (size_t i = 0; i < 3; i++) {
		struct crl_entry got;
		hex_of(&e[i], hex);
		assert_true(crl_find(c, hex, &got));
		assert_int_equal(got.reason, e[i].reason);
		assert_true(got.time == e[i].time);
		assert_true(crl_find(c, hex, NULL));
	}
	/* Order of the input does not matter: all but the random signature is the same. */
	assert_int_equal(crl_der(c).len / 8, crl_der(d).len / 8);
	assert_memory_equal(crl_der(c).ptr + 4, crl_der(d).ptr + 4, crl_der(c).len - 90);
	static const char *const absent[] = {"",
	                                     "5",
	                                     "55",
	                                     "zz",
	                                     "5500000000000000000000000000012c",
	                                     "00550000000000000000000000000005",
	                                     "55000000000000000000000000000006",
	                                     "5500000000000000000000000000000500000000000000"};
	for (size_t i = 0; i < COUNT_OF(absent); i++)
		assert_false(crl_find(c, absent[i], NULL));
}

static void empty(void **state)
{
	AUTO(crl) c = build(NULL, 0);
	(void)state;
	assert_int_equal(crl_verify(c, b.ca), ERR_OK);
	assert_false(crl_find(c, cert_serial(b.sign), NULL));
}

static void build_refuses(void **state)
{
	struct crl_entry twice[] = {entry(1, CRL_HOLD), entry(2, CRL_HOLD), entry(1, CRL_SUPERSEDED)};
	struct crl_entry bad = entry(1, (enum crl_reason)2);
	AUTO(crl) c = NULL;
	(void)state;
	assert_int_equal(crl_build(b.ca, b.ca_key, 1, T0, T0 + 1, twice, 3, &c), ERR_SYNTAX);
	assert_int_equal(crl_build(b.ca, b.ca_key, 1, T0, T0 + 1, &bad, 1, &c), ERR_SYNTAX);
	bad = entry(1, CRL_HOLD);
	bad.serial_len = 0;
	assert_int_equal(crl_build(b.ca, b.ca_key, 1, T0, T0 + 1, &bad, 1, &c), ERR_SYNTAX);
	bad.serial_len = 21;
	assert_int_equal(crl_build(b.ca, b.ca_key, 1, T0, T0 + 1, &bad, 1, &c), ERR_SYNTAX);
	assert_int_equal(crl_build(b.ca, b.ca_key, 1, T0, T0, NULL, 0, &c), ERR_SYNTAX);
	assert_int_equal(crl_build(b.sign, b.sign_key, 1, T0, T0 + 1, NULL, 0, &c), ERR_CERT_PROFILE);
	assert_int_equal(crl_build(b.ca, b.root_key, 1, T0, T0 + 1, NULL, 0, &c), ERR_CERT_PROFILE);
	assert_null(c);
}

static void changed(void **state)
{
	const struct crl_entry e[] = {entry(300, CRL_HOLD), entry(5, CRL_UNSPECIFIED)};
	AUTO(crl) c = build(e, 2);
	AUTO_BUF(der, 4096);
	(void)state;
	buf_put(&der, crl_der(c));
	for (size_t len = 0; len < der.len; len++) {
		AUTO(crl) bad = NULL;
		assert_int_equal(crl_parse(span_of(der.ptr, len), &bad), ERR_DER);
	}
	for (size_t bit = 0; bit < der.len * 8; bit++) {
		AUTO(crl) bad = NULL;
		der.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
		if (crl_parse(buf_span(&der), &bad) == ERR_OK && crl_verify(bad, b.ca) == ERR_OK)
			fail_msg("bit %zu is accepted", bit);
		der.ptr[bit / 8] ^= (uint8_t)(1U << bit % 8);
	}
	AUTO(crl) bad = NULL;
	buf_u8(&der, 0);
	assert_int_equal(crl_parse(buf_span(&der), &bad), ERR_DER);
}

#define TIME "170d3236313130363030303030305a"
static void members(void **state)
{
	static const struct {
		const char *what;
		size_t part;
		const char *hex;
		enum err want;
	} row[] = {
		{"version 1", 0, "020100", ERR_DER},
		{"version missing", 0, "", ERR_DER},
		{"no next update", 4, "", ERR_DER},
		{"next update before this update", 4, "170d3236303130313030303030305a", ERR_DER},
		{"empty entry list", 5, "3000", ERR_DER},
		{"entries left out", 5, "", ERR_OK},
		{"one entry", 5, "30143012020101" TIME, ERR_OK},
		{"entry twice", 5, "30283012020101" TIME "3012020101" TIME, ERR_DER},
		{"negative serial", 5, "301430120201ff" TIME, ERR_DER},
		{"reason removeFromCRL", 5, "30223020020101" TIME "300c300a0603551d1504030a0108", ERR_DER},
		{"reason cACompromise", 5, "30223020020101" TIME "300c300a0603551d1504030a0102", ERR_DER},
		{"reason keyCompromise", 5, "30223020020101" TIME "300c300a0603551d1504030a0101", ERR_OK},
		{"reason as integer", 5, "30223020020101" TIME "300c300a0603551d150403020101", ERR_DER},
		{"reason critical", 5, "30253023020101" TIME "300f300d0603551d150101ff04030a0101", ERR_OK},
		{"unknown critical entry extension", 5, "30243022020101" TIME "300e300c06022a030101ff0403020101",
	         ERR_DER},
		{"no extensions", 6, "", ERR_DER},
		{"no number", 6, "a00d300b300906022a030403020101", ERR_DER},
		{"critical distribution point", 6, "a01e301c300a0603551d140403020101300e0603551d1c0101ff040430028000",
	         ERR_DER},
		{"number negative", 6, "a00e300c300a0603551d1404030201ff", ERR_DER},
		{"number alone", 6, "a00e300c300a0603551d140403020101", ERR_OK},
	};
	const struct crl_entry e = entry(300, CRL_HOLD);
	AUTO(crl) good = build(&e, 1);
	AUTO_BUF(with, 1024);
	AUTO_BUF(der, 4096);
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO(crl) c = NULL;
		unhex(row[i].hex, &with);
		resign(crl_der(good), b.ca_key, row[i].part, buf_span(&with), &der);
		enum err got = crl_parse(buf_span(&der), &c);
		if (got != row[i].want)
			fail_msg("%s: %s %s", row[i].what, err_name(got), err_detail());
		err_clear();
	}
}

/* Signed by the CA's key, but under another name, or held against a certificate that may not sign lists. */
static void issuers(void **state)
{
	AUTO(crl) good = build(NULL, 0);
	AUTO(crl) renamed = NULL;
	AUTO(cert) bare = NULL;
	AUTO_BUF(der, 4096);
	AUTO_BUF(exts, 64);
	(void)state;
	resign(crl_der(good), b.ca_key, 2, cert_subject_der(b.root), &der);
	assert_int_equal(crl_parse(buf_span(&der), &renamed), ERR_OK);
	assert_int_equal(crl_verify(renamed, b.ca), ERR_SIG);
	unhex("a312301030"
	      "0e0603551d0f0101ff0404030206c0",
	      &exts);
	resign(cert_der(b.ca), b.root_key, 7, buf_span(&exts), &der);
	assert_int_equal(cert_parse(buf_span(&der), &bare), ERR_OK);
	assert_int_equal(crl_verify(good, bare), ERR_SIG);
	assert_int_equal(crl_verify(good, b.ca), ERR_OK);
}

static void many(void **state)
{
	enum { N = 100000 };
	struct crl_entry *e = calloc(N, sizeof(*e)), got;
	char hex[41];
	(void)state;
	assert_non_null(e);
	for (uint32_t i = 0; i < N; i++)
		e[i] = entry((i * 7919U) % N, CRL_HOLD);
	AUTO(crl) c = build(e, N);
	int64_t before = clock_mono_ms();
	for (uint32_t i = 0; i < N; i++) {
		hex_of(&e[i], hex);
		if (!crl_find(c, hex, &got))
			fail_msg("entry %u is not found", i);
	}
	printf("# %d look-ups among %d entries, %zu octets: %lld ms\n", N, N, crl_der(c).len,
	       (long long)(clock_mono_ms() - before));
	hex_of(&(struct crl_entry){.serial = {0x55, 1}, .serial_len = 16}, hex);
	assert_false(crl_find(c, hex, NULL));
	free(e);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds),   cmocka_unit_test(empty),   cmocka_unit_test(build_refuses),
		cmocka_unit_test(changed), cmocka_unit_test(members), cmocka_unit_test(issuers),
		cmocka_unit_test(many),
	};
	return cmocka_run_group_tests_name("pki/crl", tests, bureau_up, bureau_down);
}
