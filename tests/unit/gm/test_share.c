/* Shamir shares: every choice of m restores the secret, fewer give something else, bad shares are refused. */
#include "gm/rand.h"
#include "gm/share.h"
#include "gm_test.h"
#include <stdlib.h>

static void free_all(struct secret **shares, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		secret_free(shares[i]);
}

static void every_choice(void **state)
{
	uint8_t bytes[32];
	struct secret *shares[5];
	struct span secret = SPAN_ARR(bytes);
	(void)state;
	assert_int_equal(rand_bytes(bytes, sizeof(bytes)), ERR_OK);
	assert_int_equal(share_split(secret, 3, 5, shares), ERR_OK);
	for (unsigned set = 1; set < 32; set++) {
		struct span part[5];
		AUTO(secret) got = NULL;
		unsigned m = 0;
		for (unsigned i = 0; i < 5; i++) {
			if ((set & (1U << i)) != 0)
				part[m++] = secret_span(shares[i]);
		}
		assert_int_equal(share_join(part, m, &got), ERR_OK);
		assert_int_equal(ct_equal(secret_span(got), secret), m >= 3);
	}
	free_all(shares, 5);
}

/* A hand-made polynomial over GF(2^8), 0x11B: secret 0x53, coefficient 0xCA; 0x53 * 0xCA = 1. */
static void known_field(void **state)
{
	static const uint8_t one[] = {1, 0x53 ^ 0xca}, x53[] = {2, 0x8f ^ 0x53};
	const struct span part[] = {SPAN_ARR(one), SPAN_ARR(x53)};
	AUTO(secret) got = NULL;
	(void)state;
	/* 2 * 0xCA = 0x194 ^ 0x11B = 0x8F */
	assert_int_equal(share_join(part, 2, &got), ERR_OK);
	assert_int_equal(secret_len(got), 1);
	assert_int_equal(secret_span(got).ptr[0], 0x53);
}

static void bad_shares(void **state)
{
	static const uint8_t a[] = {1, 2, 3}, twice[] = {1, 9, 9}, zero[] = {0, 2, 3}, far[] = {17, 2, 3},
			     shorter[] = {2, 2};
	static const uint8_t empty[] = {2};
	const struct span bad[] = {SPAN_ARR(twice), SPAN_ARR(zero), SPAN_ARR(far), SPAN_ARR(shorter), SPAN_ARR(empty)};
	AUTO(secret) got = NULL;
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		const struct span part[] = {SPAN_ARR(a), bad[i]};
		assert_int_equal(share_join(part, 2, &got), ERR_SYNTAX);
		assert_null(got);
	}
	assert_int_equal(share_join(bad, 0, &got), ERR_LIMIT);
}

static void bad_numbers(void **state)
{
	uint8_t bytes[65] = {0};
	struct secret *shares[SHARE_MAX_N + 1];
	static const struct {
		unsigned m, n;
		size_t len;
	} row[] = {{0, 3, 32}, {4, 3, 32}, {2, 17, 32}, {2, 3, 0}, {2, 3, 65}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_int_equal(share_split(span_of(bytes, row[i].len), row[i].m, row[i].n, shares), ERR_LIMIT);
	assert_int_equal(share_split(span_of(bytes, 64), 16, 16, shares), ERR_OK);
	free_all(shares, 16);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_choice),
		cmocka_unit_test(known_field),
		cmocka_unit_test(bad_shares),
		cmocka_unit_test(bad_numbers),
	};
	return cmocka_run_group_tests_name("gm/share", tests, NULL, NULL);
}
