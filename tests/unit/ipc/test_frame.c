/* Bytes and messages, without sockets: docs/protocol/ipc.md 2-3. */
#include "../base/check.h"
#include "base/log.h"
#include "base/text.h"
#include "schema.h"
#include <string.h>

#define RID             "000102030405060708090a0b0c0d0e0f"
#define HEAD(type, len) "5958" type len RID

struct row {
	const char *hex;
	enum err want;
	const char *what;
};

static const struct row rows[] = {
	{HEAD("0103", "00000000"), ERR_OK, "empty"},
	{HEAD("0101", "00000007") "0001"
                                  "00000001"
                                  "61",
         ERR_OK, "one field"},
	{HEAD("0101", "00000022") "0001"
                                  "00000001"
                                  "61"
                                  "0002"
                                  "00000000"
                                  "0002"
                                  "00000001"
                                  "7a"
                                  "012c"
                                  "00000008"
                                  "0000000000000005",
         ERR_OK, "all fields, one repeated"},
	{HEAD("0103", "00000001") "00", ERR_SYNTAX, "rubbish for a body"},
	{HEAD("0103", "00000006") "0001"
                                  "00000000",
         ERR_SYNTAX, "field where none is declared"},
	{HEAD("0101", "00000000"), ERR_SYNTAX, "required tag missing"},
	{HEAD("0101", "0000000d") "0001"
                                  "00000001"
                                  "61"
                                  "0003"
                                  "00000000",
         ERR_SYNTAX, "unknown tag"},
	{HEAD("0101", "0000000d") "0000"
                                  "00000000"
                                  "0001"
                                  "00000001"
                                  "61",
         ERR_SYNTAX, "tag 0"},
	{HEAD("0101", "0000000e") "0001"
                                  "00000001"
                                  "61"
                                  "0001"
                                  "00000001"
                                  "61",
         ERR_SYNTAX, "tag twice"},
	{HEAD("0101", "0000000d") "0002"
                                  "00000000"
                                  "0001"
                                  "00000001"
                                  "61",
         ERR_SYNTAX, "descending tags"},
	{HEAD("0101", "00000006") "0001"
                                  "00000000",
         ERR_SYNTAX, "shorter than its least length"},
	{HEAD("0101", "0000000f") "0001"
                                  "00000009"
                                  "616161616161616161",
         ERR_LIMIT, "longer than its greatest length"},
	{HEAD("0101", "0000000e") "0001"
                                  "00000001"
                                  "61"
                                  "012c"
                                  "00000001"
                                  "05",
         ERR_SYNTAX, "number of 1 byte"},
	{HEAD("0101", "00000007") "0001"
                                  "ffffffff"
                                  "61",
         ERR_SYNTAX, "field length past the body"},
	{HEAD("0101", "00000007") "0001"
                                  "00000002"
                                  "61",
         ERR_SYNTAX, "field one byte past the body"},
	{HEAD("0101", "0000000c") "0001"
                                  "00000001"
                                  "61"
                                  "0002"
                                  "000000",
         ERR_SYNTAX, "field head is cut"},
	{HEAD("0101", "00000008") "0001"
                                  "00000001"
                                  "61",
         ERR_SYNTAX, "body shorter than the head says"},
	{HEAD("0101", "00000006") "0001"
                                  "00000001"
                                  "61",
         ERR_SYNTAX, "body longer than the head says"},
	{HEAD("0103", "00100001"), ERR_LIMIT, "body over the limit"},
	{HEAD("0103", "ffffffff"), ERR_LIMIT, "body far over the limit"},
	{HEAD("0999", "00000000"), ERR_SYNTAX, "unknown type"},
	{HEAD("8000", "00000000"), ERR_SYNTAX, "an answer where a request belongs"},
	{"5859"
         "0103"
         "00000000" RID,
         ERR_SYNTAX, "wrong magic"},
	{"7978"
         "0103"
         "00000000" RID,
         ERR_SYNTAX, "lower-case magic"},
	{"", ERR_SYNTAX, "nothing"},
};

static void parse_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(frame, 4096);
		AUTO_BUF(again, 4096);
		AUTO(ipc_msg) m = NULL;
		assert_ok(text_unhex(span_str(rows[i].hex), &frame));
		assert_err(ipc_parse(buf_span(&frame), types, COUNT_OF(types), &m), rows[i].want, "%s", rows[i].what);
		assert_int_equal(m != NULL, rows[i].want == ERR_OK);
		if (m == NULL)
			continue;
		assert_string_equal(ipc_rid(m), RID);
		assert_ok(ipc_encode(m, &again));
		assert_true(span_eq(buf_span(&frame), buf_span(&again)));
	}
	err_clear();
}

static void full_frame(struct buf *out)
{
	AUTO(ipc_msg) m = NULL;

	assert_ok(ipc_msg_new(T_ECHO, &m));
	ipc_put_u64(m, TAG_NUMBER, 0x0102030405060708ULL);
	ipc_put_str(m, TAG_LIST, "b");
	ipc_put_str(m, TAG_TEXT, "text");
	ipc_put_str(m, TAG_LIST, "a");
	ipc_rid_set(m, RID);
	assert_ok(ipc_encode(m, out));
}

static void fields_are_sorted_and_found(void **state)
{
	AUTO_BUF(frame, 4096);
	AUTO(ipc_msg) m = NULL;
	uint64_t v = 0;

	(void)state;
	full_frame(&frame);
	assert_ok(ipc_parse(buf_span(&frame), types, COUNT_OF(types), &m));
	assert_int_equal(ipc_type_of(m), T_ECHO);
	assert_true(span_eq_str(ipc_get(m, TAG_TEXT), "text"));
	assert_int_equal(ipc_count(m, TAG_LIST), 2);
	assert_true(span_eq_str(ipc_get_n(m, TAG_LIST, 0), "b") && span_eq_str(ipc_get_n(m, TAG_LIST, 1), "a"));
	assert_int_equal(ipc_get_n(m, TAG_LIST, 2).len, 0);
	assert_ok(ipc_get_u64(m, TAG_NUMBER, &v));
	assert_true(v == 0x0102030405060708ULL);
	assert_err(ipc_get_u64(m, TAG_TEXT, &v), ERR_SYNTAX, "text as number");
	assert_err(ipc_get_u64(m, 9, &v), ERR_ABSENT, "absent number");
	assert_false(ipc_has(m, 9));
	err_clear();
}

static void every_truncation_is_refused(void **state)
{
	AUTO_BUF(frame, 4096);

	(void)state;
	full_frame(&frame);
	for (size_t len = 0; len < frame.len; len++) {
		AUTO(ipc_msg) m = NULL;
		AUTO_BUF(exact, 4096); /* of this very length, so that a sanitizer sees a read past it */
		buf_put(&exact, span_sub(buf_span(&frame), 0, len));
		assert_err(ipc_parse(buf_span(&exact), types, COUNT_OF(types), &m), ERR_SYNTAX, "%zu bytes", len);
		assert_null(m);
	}
	buf_u8(&frame, 0);
	AUTO(ipc_msg) m = NULL;
	assert_err(ipc_parse(buf_span(&frame), types, COUNT_OF(types), &m), ERR_SYNTAX, "one byte more");
	err_clear();
}

/* Any flipped bit gives a refusal or another message with one encoding, never a crash or a second encoding. */
static void flipped_bits_stay_canonical(void **state)
{
	AUTO_BUF(frame, 4096);

	(void)state;
	full_frame(&frame);
	for (size_t bit = 0; bit < frame.len * 8; bit++) {
		AUTO(ipc_msg) m = NULL;
		AUTO_BUF(again, 4096);
		frame.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (ipc_parse(buf_span(&frame), types, COUNT_OF(types), &m) == ERR_OK) {
			assert_ok(ipc_encode(m, &again));
			assert_true(span_eq(buf_span(&frame), buf_span(&again)));
		}
		frame.ptr[bit / 8] ^= (uint8_t)(1u << bit % 8);
	}
	err_clear();
}

static void limits_of_building(void **state)
{
	AUTO(ipc_msg) many = NULL;
	AUTO(ipc_msg) big = NULL;
	AUTO(ipc_msg) zero = NULL;
	AUTO_BUF(out, 2 * IPC_BODY_MAX);
	AUTO_BUF(data, IPC_BODY_MAX);

	(void)state;
	assert_ok(ipc_msg_new(T_ECHO, &many));
	for (int i = 0; i < IPC_FIELD_MAX; i++)
		ipc_put(many, TAG_LIST, SPAN_EMPTY);
	assert_ok(ipc_encode(many, &out));
	ipc_put(many, TAG_LIST, SPAN_EMPTY);
	assert_err(ipc_encode(many, &out), ERR_LIMIT, "field 257");
	assert_ok(ipc_msg_new(T_BIG, &big));
	assert_non_null(buf_room(&data, IPC_BODY_MAX - 6));
	ipc_put(big, TAG_TEXT, buf_span(&data));
	buf_clear(&out);
	assert_ok(ipc_encode(big, &out));
	AUTO(ipc_msg) back = NULL;
	assert_ok(ipc_parse(buf_span(&out), types, COUNT_OF(types), &back));
	ipc_put(big, TAG_TEXT, SPAN_EMPTY);
	assert_err(ipc_encode(big, &out), ERR_LIMIT, "six bytes too many");
	assert_ok(ipc_msg_new(T_ECHO, &zero));
	ipc_put(zero, 0, SPAN_EMPTY);
	assert_err(ipc_encode(zero, &out), ERR_LIMIT, "tag 0");
	err_clear();
}

static void many_fields_received(void **state)
{
	AUTO_BUF(frame, 65536);
	AUTO(ipc_msg) m = NULL;
	const size_t n = IPC_FIELD_MAX + 1; /* text and 256 list entries */

	(void)state;
	assert_ok(text_unhex(SPAN_LIT("59580101"), &frame));
	buf_u32(&frame, (uint32_t)(7 + (n - 1) * 6));
	memset(buf_room(&frame, 16), 0, 16);
	assert_ok(text_unhex(SPAN_LIT("00010000000161"), &frame));
	for (size_t i = 1; i < n; i++)
		assert_ok(text_unhex(SPAN_LIT("000200000000"), &frame));
	assert_err(ipc_parse(buf_span(&frame), types, COUNT_OF(types), &m), ERR_LIMIT, "257 fields");
	err_clear();
}

static void request_ids(void **state)
{
	static const struct {
		const char *in, *out;
	} table[] = {
		{RID, RID},
		{"", ""},
		{NULL, ""},
		{"8f3a", "8f3a0000000000000000000000000000"},
		{"00000000000000000000000000000000", ""},
		{"xyz", ""},
		{"8F", ""},
		{RID "ff", RID},
	};
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) by_default = NULL;

	(void)state;
	assert_ok(ipc_msg_new(T_EMPTY, &m));
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		ipc_rid_set(m, table[i].in);
		assert_string_equal(ipc_rid(m), table[i].out);
	}
	log_rid(RID);
	assert_ok(ipc_msg_new(T_EMPTY, &by_default));
	assert_string_equal(ipc_rid(by_default), RID);
	log_rid(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parse_table),
		cmocka_unit_test(fields_are_sorted_and_found),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(flipped_bits_stay_canonical),
		cmocka_unit_test(limits_of_building),
		cmocka_unit_test(many_fields_received),
		cmocka_unit_test(request_ids),
	};

	return cmocka_run_group_tests_name("ipc/frame", tests, NULL, NULL);
}
