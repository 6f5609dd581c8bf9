/* The strict DER reader and writer: one encoding per value, both ways. */
#include "gm/der.h"
#include "gm_test.h"

static void oids(void **state)
{
	static const struct {
		const char *dotted, *hex;
	} row[] = {
		{"1.2.156.10197.1.501", "06082a811ccf55018375"},
		{"1.2.840.10045.2.1", "06072a8648ce3d0201"},
		{"2.5.4.3", "0603550403"},
		{"2.999", "0602"
	                  "8837"},
		{"0.39", "060127"},
		/* ITU-T X.667: the UUID f81d4fae-7dec-11d0-a765-00a0c91e6bf6 */
		{"2.25.329800735698586629295641978511506172918", "0614698"
	                                                         "3f09da7ebcfdee0c7a1a7b2c0948cc8f9d776"},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO_BUF(out, 64);
		struct span in, content;
		der_put_oid(&out, row[i].dotted);
		assert_hex(buf_span(&out), row[i].hex);
		in = buf_span(&out);
		assert_int_equal(der_take_oid(&in, &content), ERR_OK);
		assert_true(der_oid_is(content, row[i].dotted));
	}
}

static void bad_oid_text(void **state)
{
	static const char *const row[] = {"",      "1",    "1.",     ".1",
	                                  "3.1",   "1.40", "1.2..3", "1.2.03",
	                                  "1.2.x", "1.2 ", "0.100",  "2.25.99999999999999999999999999999999999999999"};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++)
		assert_false(der_oid_ok(row[i]));
}

static void lengths(void **state)
{
	static const size_t lens[] = {0, 1, 127, 128, 255, 256, 65535, 65536, 70000};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lens); i++) {
		AUTO_BUF(out, 80000);
		struct span in, content;
		size_t mark = der_open(&out, DER_OCTETS);
		for (size_t n = 0; n < lens[i]; n++)
			buf_u8(&out, (uint8_t)n);
		der_close(&out, mark);
		assert_int_equal(buf_err(&out), ERR_OK);
		in = buf_span(&out);
		assert_int_equal(der_take(&in, DER_OCTETS, &content), ERR_OK);
		assert_int_equal(content.len, lens[i]);
		assert_int_equal(in.len, 0);
		for (size_t n = 0; n < lens[i]; n++)
			assert_int_equal(content.ptr[n], (uint8_t)n);
	}
}

static void bad_values(void **state)
{
	static const char *const row[] = {
		"",
		"30",
		"3001",
		"3080",
		"308000",
		"30810100",
		"30820001"
		"00",
		"3084000000"
		"00",
		"1f0100",
		"0000",
		"30ff",
		"3083000100",
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		AUTO_BUF(b, 64);
		unhex(row[i], &b);
		struct span in = buf_span(&b), before = in, content;
		int tag;
		assert_int_equal(der_take_any(&in, &tag, &content), ERR_DER);
		assert_ptr_equal(in.ptr, before.ptr);
		assert_int_equal(in.len, before.len);
	}
}

static void times(void **state)
{
	static const struct {
		const char *tlv;
		int64_t want; /* -1: refused */
	} row[] = {
		{"\x17\x0d"
	         "700101000000Z",
	         0},
		{"\x17\x0d"
	         "491231235959Z",
	         2524607999},
		{"\x18\x0f"
	         "20500101000000Z",
	         2524608000},
		{"\x18\x0f"
	         "20491231235959Z",
	         -1},
		{"\x17\x0d"
	         "260229000000Z",
	         -1},
		{"\x17\x0d"
	         "240229000000Z",
	         1709164800},
		{"\x17\x0d"
	         "261301000000Z",
	         -1},
		{"\x17\x0d"
	         "260100000000Z",
	         -1},
		{"\x17\x0d"
	         "260101240000Z",
	         -1},
		{"\x17\x0d"
	         "260101006000Z",
	         -1},
		{"\x17\x0d"
	         "260101000060Z",
	         -1},
		{"\x17\x0d"
	         "26010100000+Z",
	         -1},
		{"\x17\x0d"
	         "2601010000000",
	         -1},
		{"\x17\x0b"
	         "2601010000Z",
	         -1},
		{"\x17\x11"
	         "260101000000+0800",
	         -1},
		{"\x18\x13"
	         "20500101000000.500Z",
	         -1},
		{"\x04\x0d"
	         "260101000000Z",
	         -1},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		struct span in = span_str(row[i].tlv);
		int64_t t = -1;
		AUTO_BUF(again, 64);
		assert_int_equal(der_take_time(&in, &t), row[i].want == -1 ? ERR_DER : ERR_OK);
		assert_int_equal(t, row[i].want);
		if (row[i].want == -1)
			continue;
		der_put_time(&again, t);
		assert_true(span_eq_str(buf_span(&again), row[i].tlv));
	}
}

static void integers(void **state)
{
	static const uint64_t v[] = {0, 1, 127, 128, 255, 256, 0x7fffffff, 0xffffffffffffffffU, 0x8000000000000000U};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(v); i++) {
		AUTO_BUF(out, 16);
		uint64_t got = 42;
		der_put_u64(&out, v[i]);
		struct span in = buf_span(&out);
		assert_int_equal(der_take_u64(&in, &got), ERR_OK);
		assert_true(got == v[i]);
	}
}

static void nesting(void **state)
{
	AUTO_BUF(deep, 256);
	(void)state;
	for (size_t i = 20; i > 0; i--) {
		buf_u8(&deep, 0x30);
		buf_u8(&deep, (uint8_t)(2 * (i - 1)));
	}
	assert_int_equal(der_check(buf_span(&deep)), ERR_DER);
	assert_int_equal(der_check(span_sub(buf_span(&deep), 20, 20)), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oids),       cmocka_unit_test(bad_oid_text), cmocka_unit_test(lengths),
		cmocka_unit_test(bad_values), cmocka_unit_test(times),        cmocka_unit_test(integers),
		cmocka_unit_test(nesting),
	};
	return cmocka_run_group_tests_name("gm/der", tests, NULL, NULL);
}
