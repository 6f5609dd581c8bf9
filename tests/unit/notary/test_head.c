/* Texts of heads and seals: one encoding, every changed bit refused, only the log's certificate in its time. */
#include "bench.h"
#include "evidence/head.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define HEX  "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define TAIL "epoch: 1\nsize: 7\nroot: " HEX "\ntime: 2026-11-22T03:04:05Z\n"
#define HEAD "YINXIN-HEAD-1\nbureau: " HEX "\n" TAIL

static void parses_one_encoding(void **state)
{
	static const struct {
		const char *what, *text;
		enum err want;
	} rows[] = {
		{"good", HEAD, ERR_OK},
		{"empty", "", ERR_SYNTAX},
		{"another version", "YINXIN-HEAD-2\nbureau: " HEX "\n" TAIL, ERR_SYNTAX},
		{"a seal's first line", "YINXIN-SEAL-1\nbureau: " HEX "\n" TAIL, ERR_SYNTAX},
		{"a statement's first line", "YINXIN-1 HEAD\nbureau: " HEX "\n" TAIL, ERR_SYNTAX},
		{"CR LF", "YINXIN-HEAD-1\r\nbureau: " HEX "\r\n", ERR_SYNTAX},
		{"last LF is missing",
	         "YINXIN-HEAD-1\nbureau: " HEX "\nepoch: 1\nsize: 7\nroot: " HEX "\ntime: 2026-11-22T03:04:05Z",
	         ERR_SYNTAX},
		{"octet after the end", HEAD "x", ERR_SYNTAX},
		{"line twice", "YINXIN-HEAD-1\nbureau: " HEX "\nbureau: " HEX "\n" TAIL, ERR_SYNTAX},
		{"order",
	         "YINXIN-HEAD-1\nbureau: " HEX "\nsize: 7\nepoch: 1\nroot: " HEX "\ntime: 2026-11-22T03:04:05Z\n",
	         ERR_SYNTAX},
		{"upper-case bureau",
	         "YINXIN-HEAD-1\nbureau: 00112233445566778899AABBCCDDEEFF00112233445566778899aabbccddeeff\n" TAIL,
	         ERR_SYNTAX},
		{"short bureau", "YINXIN-HEAD-1\nbureau: 0011\n" TAIL, ERR_SYNTAX},
		{"epoch 0",
	         "YINXIN-HEAD-1\nbureau: " HEX "\nepoch: 0\nsize: 7\nroot: " HEX "\ntime: 2026-11-22T03:04:05Z\n",
	         ERR_SYNTAX},
		{"leading zero",
	         "YINXIN-HEAD-1\nbureau: " HEX "\nepoch: 01\nsize: 7\nroot: " HEX "\ntime: 2026-11-22T03:04:05Z\n",
	         ERR_SYNTAX},
		{"negative size",
	         "YINXIN-HEAD-1\nbureau: " HEX "\nepoch: 1\nsize: -7\nroot: " HEX "\ntime: 2026-11-22T03:04:05Z\n",
	         ERR_SYNTAX},
		{"size too large",
	         "YINXIN-HEAD-1\nbureau: " HEX "\nepoch: 1\nsize: 9999999999\nroot: " HEX
	         "\ntime: 2026-11-22T03:04:05Z\n",
	         ERR_SYNTAX},
		{"no such day",
	         "YINXIN-HEAD-1\nbureau: " HEX "\nepoch: 1\nsize: 7\nroot: " HEX "\ntime: 2026-02-30T03:04:05Z\n",
	         ERR_SYNTAX},
		{"two spaces", "YINXIN-HEAD-1\nbureau:  " HEX "\n" TAIL, ERR_SYNTAX},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct head h = {.epoch = 99};
		enum err e = head_parse(span_str(rows[i].text), &h);
		if (e != rows[i].want || (e != ERR_OK && h.epoch != 99))
			fail_msg("%s: %s", rows[i].what, err_name(e));
	}
}

static struct cert *cert_of(uint16_t tag, const struct sm2_key **ret_key)
{
	struct cert *c = NULL;
	AUTO(ipc_msg) a = NULL;
	OK(asked(NOTARY_HELLO, request(NOTARY_HELLO), &a));
	OK(cert_parse(ipc_get(a, tag), &c));
	*ret_key = state_trio(b.notary->state)->key[tag - NT_CERT_OCSP];
	return c;
}

static void build(int64_t time, struct buf *text)
{
	struct head h = {.epoch = 1, .size = 7, .time = time, .bureau = HEX};
	buf_clear(text);
	OK(head_build(&h, text));
}

static void every_bit(void **state)
{
	const struct sm2_key *key;
	AUTO(cert) log = cert_of(NT_CERT_LOG, &key);
	AUTO_BUF(text, HEAD_TEXT_MAX);
	struct sm2_sig sig;
	struct head h;
	(void)state;
	build(bench_now(), &text);
	OK(gm_sign(key, buf_span(&text), &sig));
	OK(head_verify(buf_span(&text), SPAN_ARR(sig.b), log, &h));
	for (size_t bit = 0; bit < (text.len + SM2_SIG_LEN) * 8; bit++) {
		uint8_t *at = bit / 8 < text.len ? &text.ptr[bit / 8] : &sig.b[bit / 8 - text.len];
		*at ^= (uint8_t)(1U << bit % 8);
		if (head_verify(buf_span(&text), SPAN_ARR(sig.b), log, &h) == ERR_OK)
			fail_msg("octet %zu, bit %zu changed and accepted", bit / 8, bit % 8);
		*at ^= (uint8_t)(1U << bit % 8);
	}
	assert_int_equal(head_verify(buf_span(&text), span_of(sig.b, 63), log, &h), ERR_SIG);
}

static void only_the_log(void **state)
{
	const struct sm2_key *key, *tsa_key;
	AUTO(cert) log = cert_of(NT_CERT_LOG, &key);
	AUTO(cert) tsa = cert_of(NT_CERT_TSA, &tsa_key);
	AUTO_BUF(text, HEAD_TEXT_MAX);
	const struct {
		int64_t time;
		const struct cert *cert;
		const struct sm2_key *key;
		enum err want;
	} rows[] = {
		{bench_now(), log, key, ERR_OK},
		{bench_now(), tsa, tsa_key, ERR_CERT_USAGE},
		{bench_now(), log, tsa_key, ERR_SIG},
		{cert_not_before(log) - 1, log, key, ERR_CERT_NOT_YET},
		{cert_not_after(log) + 1, log, key, ERR_CERT_EXPIRED},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct sm2_sig sig;
		struct head h;
		build(rows[i].time, &text);
		OK(gm_sign(rows[i].key, buf_span(&text), &sig));
		assert_int_equal(head_verify(buf_span(&text), SPAN_ARR(sig.b), rows[i].cert, &h), rows[i].want);
	}
}

static void seals_have_their_leaf(void **state)
{
	AUTO_BUF(text, HEAD_TEXT_MAX);
	struct head_seal s = {.head = {.epoch = 1, .size = 7, .time = bench_now(), .bureau = HEX}, .leaf = 6}, got;
	struct head h;
	(void)state;
	OK(head_seal_build(&s, &text));
	OK(head_seal_parse(buf_span(&text), &got));
	assert_true(got.leaf == 6 && got.head.size == 7);
	assert_int_equal(head_parse(buf_span(&text), &h), ERR_SYNTAX);
	s.leaf = 7;
	buf_clear(&text);
	assert_int_equal(head_seal_build(&s, &text), ERR_SYNTAX);
	memset(s.head.bureau, 'A', 64);
	s.leaf = 0;
	assert_int_equal(head_seal_build(&s, &text), ERR_SYNTAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_one_encoding),
		cmocka_unit_test(every_bit),
		cmocka_unit_test(only_the_log),
		cmocka_unit_test(seals_have_their_leaf),
	};
	return cmocka_run_group_tests_name("evidence/head", tests, bench_up, bench_down);
}
