#include "check.h"
#include "base/text.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define S(lit) SPAN_LIT(lit)

struct line_row {
	struct span in;
	bool utf8;
	enum err line;
	const char *what;
};

static const struct line_row lines[] = {
	{S(""), true, ERR_OK, "empty"},
	{S("abc 123"), true, ERR_OK, "ascii"},
	{S("长沙测试一号科技有限公司"), true, ERR_OK, "Chinese"},
	{S("\xF0\xA0\xAE\xB7"), true, ERR_OK, "U+20BB7, beyond the BMP"},
	{S("\xF4\x8F\xBF\xBD"), true, ERR_LINE_TEXT, "U+10FFFD, private use"},
	{S("a\0b"), false, ERR_UTF8, "NUL"},
	{S("\x80"), false, ERR_UTF8, "lone continuation"},
	{S("\xC0\xAF"), false, ERR_UTF8, "overlong in 2 bytes"},
	{S("\xC1\xBF"), false, ERR_UTF8, "overlong in 2 bytes, upper end"},
	{S("\xE0\x9F\xBF"), false, ERR_UTF8, "overlong in 3 bytes"},
	{S("\xF0\x8F\xBF\xBF"), false, ERR_UTF8, "overlong in 4 bytes"},
	{S("\xED\xA0\x80"), false, ERR_UTF8, "surrogate D800"},
	{S("\xED\xBF\xBF"), false, ERR_UTF8, "surrogate DFFF"},
	{S("\xF4\x90\x80\x80"), false, ERR_UTF8, "U+110000"},
	{S("\xF5\x80\x80\x80"), false, ERR_UTF8, "lead F5"},
	{S("\xFF"), false, ERR_UTF8, "FF"},
	{S("\xE4\xB8"), false, ERR_UTF8, "cut character"},
	{S("a\xE4\xB8 b"), false, ERR_UTF8, "cut character within"},
	{S("a\nb"), true, ERR_LINE_TEXT, "LF"},
	{S("a\rb"), true, ERR_LINE_TEXT, "CR"},
	{S("a\tb"), true, ERR_LINE_TEXT, "TAB"},
	{S("a\x7F"), true, ERR_LINE_TEXT, "DEL"},
	{S("\x1B[31m"), true, ERR_LINE_TEXT, "ESC"},
	{S("a\xC2\x85"), true, ERR_LINE_TEXT, "C1 NEL"},
	{S("a\xE2\x80\xA8"), true, ERR_LINE_TEXT, "line separator"},
	{S("a\xE2\x80\xAE"
           "b"),
         true, ERR_LINE_TEXT, "RLO"},
	{S("a\xE2\x81\xA6"
           "b"),
         true, ERR_LINE_TEXT, "LRI"},
	{S("a\xD8\x9C"
           "b"),
         true, ERR_LINE_TEXT, "Arabic letter mark"},
	{S("a\xE2\x80\x8B"
           "b"),
         true, ERR_LINE_TEXT, "zero width space"},
	{S("a\xE2\x80\x8D"
           "b"),
         true, ERR_LINE_TEXT, "zero width joiner"},
	{S("a\xEF\xBB\xBF"
           "b"),
         true, ERR_LINE_TEXT, "BOM"},
	{S("a\xC2\xAD"
           "b"),
         true, ERR_LINE_TEXT, "soft hyphen"},
	{S("a\xEF\xB8\x8F"), true, ERR_LINE_TEXT, "variation selector"},
	{S("a\xF3\xA0\x84\x80"), true, ERR_LINE_TEXT, "ideographic variation selector"},
	{S("a\xE3\x85\xA4"
           "b"),
         true, ERR_LINE_TEXT, "Hangul filler"},
	{S("\xEE\x80\x80"), true, ERR_LINE_TEXT, "private use E000"},
	{S("\xEF\xBF\xBE"), true, ERR_LINE_TEXT, "non-character FFFE"},
	{S("\xEF\xB7\x90"), true, ERR_LINE_TEXT, "non-character FDD0"},
	{S(" a"), true, ERR_LINE_TEXT, "leading space"},
	{S("a "), true, ERR_LINE_TEXT, "trailing space"},
	{S("\xE3\x80\x80"
           "a"),
         true, ERR_LINE_TEXT, "leading ideographic space"},
	{S("a\xC2\xA0"), true, ERR_LINE_TEXT, "trailing no-break space"},
	{S("张\xE3\x80\x80三"), true, ERR_OK, "ideographic space within"},
	{S("\xC3\xA9"), true, ERR_OK, "e acute composed"},
	{S("e\xCC\x81"), true, ERR_LINE_TEXT, "e acute decomposed: not NFC"},
	{S("\xE2\x84\xAB"), true, ERR_LINE_TEXT, "angstrom sign: not NFC"},
	{S("\xEF\xA4\x80"), true, ERR_LINE_TEXT, "compatibility ideograph F900: not NFC"},
};

static void line_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(lines); i++) {
		assert_err(text_line_check(lines[i].in), lines[i].line, "%s", lines[i].what);
		assert_int_equal(text_is_utf8(lines[i].in), lines[i].utf8);
	}
	assert_int_equal(text_chars(S("a证b")), 3);
	err_clear();
}

/* Every code point against the definition, so that no range of the decoder is off by one. */
static void every_code_point(void **state)
{
	(void)state;
	for (uint32_t cp = 1; cp < 0x110000; cp++) {
		uint8_t b[4];
		uint32_t back = 0;
		size_t n = cp < 0x80 ? 1 : cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
		static const uint8_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
		for (size_t i = n; i-- > 1;)
			b[i] = (uint8_t)(0x80 | (cp >> 6 * (n - 1 - i) & 63));
		b[0] = (uint8_t)(lead[n] | cp >> 6 * (n - 1));
		bool surrogate = cp >= 0xD800 && cp < 0xE000;
		assert_int_equal(text_decode(span_of(b, n), &back), surrogate ? 0 : n);
		assert_true(surrogate || back == cp);
		assert_int_equal(text_decode(span_of(b, n - 1), &back), 0);
	}
}

struct code_row {
	const char *plain, *text;
};

static void base64_vectors(void **state)
{
	static const struct code_row rows[] = {
		/* RFC 4648 10 */
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, 64);
		text_b64(&out, span_str(rows[i].plain));
		assert_string_equal(buf_cstr(&out), rows[i].text);
		buf_clear(&out);
		assert_ok(text_unb64(span_str(rows[i].text), &out));
		assert_string_equal(buf_cstr(&out), rows[i].plain);
	}
	AUTO_BUF(url, 64);
	text_b64url(&url, S("\xFB\xFF"));
	assert_string_equal(buf_cstr(&url), "-_8");
	buf_clear(&url);
	assert_ok(text_unb64url(S("-_8"), &url));
	assert_memory_equal(url.ptr, "\xFB\xFF", 2);
}

static void base64_refuses(void **state)
{
	static const char *const bad[] = {
		"Z",        "Zg",   "Zg=",   "Zg===",  "====", "=",    "Zh==",   "Zm9=", "Zm9",
		"Zg==Zg==", "Z=g=", "Zm 9v", "Zm9v\n", "Zm9-", "Zm9_", "Zg==\n", "Zg=a", "\xC3\xA9==",
	};
	static const char *const bad_url[] = {"Z", "Zh", "Zg==", "Zm9", "+_8", "-/8", "Zg "};
	AUTO_BUF(out, 64);

	(void)state;
	buf_str(&out, "kept");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_err(text_unb64(span_str(bad[i]), &out), ERR_SYNTAX, "%s", bad[i]);
		assert_string_equal(buf_cstr(&out), "kept");
	}
	assert_err(text_unb64(S("Zm9\0"), &out), ERR_SYNTAX, "NUL");
	for (size_t i = 0; i < COUNT_OF(bad_url); i++) {
		assert_err(text_unb64url(span_str(bad_url[i]), &out), ERR_SYNTAX, "%s", bad_url[i]);
		assert_string_equal(buf_cstr(&out), "kept");
	}
	err_clear();
}

static void hex_table(void **state)
{
	static const char *const bad[] = {"0", "0g", "g0", "0x", " 0", "0\n", "000"};
	AUTO_BUF(out, 8);

	(void)state;
	text_hex(&out, S("\x00\xFF\x1a"));
	assert_string_equal(buf_cstr(&out), "00ff1a");
	buf_clear(&out);
	assert_ok(text_unhex(S("00Ff1a"), &out));
	assert_memory_equal(out.ptr, "\x00\xFF\x1a", 3);
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		assert_err(text_unhex(span_str(bad[i]), &out), ERR_SYNTAX, "%s", bad[i]);
		assert_int_equal(out.len, 3);
	}
	assert_err(text_unhex(S("000000000000"), &out), ERR_LIMIT, "past the buffer's maximum");
	assert_int_equal(out.len, 3);
	err_clear();
}

struct int_row {
	const char *in;
	int64_t min, max;
	enum err want;
	int64_t value;
};

static void integers(void **state)
{
	static const struct int_row rows[] = {
		{"0", 0, 9, ERR_OK, 0},
		{"7", 0, 9, ERR_OK, 7},
		{"-7", -9, 9, ERR_OK, -7},
		{"9223372036854775807", INT64_MIN, INT64_MAX, ERR_OK, INT64_MAX},
		{"-9223372036854775808", INT64_MIN, INT64_MAX, ERR_OK, INT64_MIN},
		{"9223372036854775808", INT64_MIN, INT64_MAX, ERR_SYNTAX, 0},
		{"-9223372036854775809", INT64_MIN, INT64_MAX, ERR_SYNTAX, 0},
		{"99999999999999999999999", INT64_MIN, INT64_MAX, ERR_SYNTAX, 0},
		{"10", 0, 9, ERR_SYNTAX, 0},
		{"-1", 0, 9, ERR_SYNTAX, 0},
		{"", 0, 9, ERR_SYNTAX, 0},
		{"-", -9, 9, ERR_SYNTAX, 0},
		{"-0", -9, 9, ERR_SYNTAX, 0},
		{"+1", 0, 9, ERR_SYNTAX, 0},
		{"01", 0, 9, ERR_SYNTAX, 0},
		{"00", 0, 9, ERR_SYNTAX, 0},
		{"-01", -9, 9, ERR_SYNTAX, 0},
		{" 1", 0, 9, ERR_SYNTAX, 0},
		{"1 ", 0, 9, ERR_SYNTAX, 0},
		{"1a", 0, 99, ERR_SYNTAX, 0},
		{"0x1", 0, 99, ERR_SYNTAX, 0},
		{"1.0", 0, 99, ERR_SYNTAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t v = 4242;
		assert_err(text_i64(span_str(rows[i].in), rows[i].min, rows[i].max, &v), rows[i].want, "%s",
		           rows[i].in);
		assert_true(v == (rows[i].want == ERR_OK ? rows[i].value : 4242));
	}
	err_clear();
}

struct time_row {
	const char *in;
	enum err want;
	int64_t value;
};

static void times(void **state)
{
	static const struct time_row rows[] = {
		{"1970-01-01T00:00:00Z", ERR_OK, 0},
		{"2026-11-22T03:04:05Z", ERR_OK, 1795316645},
		{"2000-02-29T23:59:59Z", ERR_OK, 951868799},
		{"2024-02-29T00:00:00Z", ERR_OK, 1709164800},
		{"1969-12-31T23:59:59Z", ERR_OK, -1},
		{"1900-03-01T00:00:00Z", ERR_OK, -2203891200},
		{"9999-12-30T00:00:00Z", ERR_OK, 253402128000},
		{"2023-02-29T00:00:00Z", ERR_SYNTAX, 0},
		{"1900-02-29T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-02-30T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-04-31T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-13-01T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-00-01T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-01-00T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-01-32T00:00:00Z", ERR_SYNTAX, 0},
		{"0000-01-01T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-01-01T24:00:00Z", ERR_SYNTAX, 0},
		{"2026-01-01T00:60:00Z", ERR_SYNTAX, 0},
		{"2016-12-31T23:59:60Z", ERR_SYNTAX, 0},
		{"2026-01-01T00:00:00", ERR_SYNTAX, 0},
		{"2026-01-01T00:00:00z", ERR_SYNTAX, 0},
		{"2026-01-01 00:00:00Z", ERR_SYNTAX, 0},
		{"2026-1-01T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-01-01T00:00:00+00:00", ERR_SYNTAX, 0},
		{"2026-01-01T00:00:00ZZ", ERR_SYNTAX, 0},
		{"-026-01-01T00:00:00Z", ERR_SYNTAX, 0},
		{"2026-01-01T0a:00:00Z", ERR_SYNTAX, 0},
		{"", ERR_SYNTAX, 0},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int64_t t = 4242;
		AUTO_BUF(out, 64);
		assert_err(text_untime(span_str(rows[i].in), &t), rows[i].want, "%s", rows[i].in);
		assert_true(t == (rows[i].want == ERR_OK ? rows[i].value : 4242));
		if (rows[i].want != ERR_OK)
			continue;
		text_time(&out, t);
		assert_string_equal(buf_cstr(&out), rows[i].in);
	}
	err_clear();
}

static void dates_of_beijing(void **state)
{
	static const char *const bad[] = {"2026-02-30", "2023-02-29", "2026-2-01", "2026-11-22 ",
	                                  "2026/11/22", "",           "20261122",  "2026-11-22T00:00:00Z",
	                                  "2026-11-2",  "２026-11-22"};
	AUTO_BUF(out, 64);
	int64_t t = 0;

	(void)state;
	text_time_cn(&out, 1795316645);
	assert_string_equal(buf_cstr(&out), "2026-11-22 11:04:05");
	buf_clear(&out);
	text_date_cn(&out, 1795316645 + 13 * 3600); /* 00:04 of the next day in Beijing */
	assert_string_equal(buf_cstr(&out), "2026-11-23");
	assert_ok(text_date(S("2026-11-22"), &t));
	assert_true(t == 1795316645 - 11 * 3600 - 4 * 60 - 5);
	assert_ok(text_date(S("2024-02-29"), &t));
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_err(text_date(span_str(bad[i]), &t), ERR_SYNTAX, "%s", bad[i]);
	buf_clear(&out);
	text_time(&out, INT64_MAX);
	assert_err(buf_err(&out), ERR_LIMIT, "year past 9999");
	buf_clear(&out);
	text_date_cn(&out, INT64_MIN);
	assert_err(buf_err(&out), ERR_LIMIT, "year before 1");
	err_clear();
}

/* One date for one certificate: the last day on which it can be used, in Beijing. */
static void last_days(void **state)
{
	static const struct {
		const char *not_after, *day;
	} rows[] = {
		{"2027-11-30T15:59:59Z", "2027-11-30"}, /* the last second of that day in Beijing */
		{"2027-11-30T16:00:00Z", "2027-11-30"}, /* midnight ends it */
		{"2027-11-30T16:00:01Z", "2027-12-01"},
		{"2027-11-30T23:59:59Z", "2027-12-01"}, /* UTC's last second: already the day after in Beijing */
		{"2028-02-28T16:00:00Z", "2028-02-28"},
		{"2028-02-29T15:59:59Z", "2028-02-29"},
		{"2027-12-31T16:00:00Z", "2027-12-31"},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, 64);
		int64_t t = 0;
		assert_ok(text_untime(span_str(rows[i].not_after), &t));
		text_last_day_cn(&out, t);
		assert_string_equal(buf_cstr(&out), rows[i].day);
	}
	AUTO_BUF(out, 64);
	text_last_day_cn(&out, INT64_MIN);
	assert_err(buf_err(&out), ERR_LIMIT, "year before 1");
	err_clear();
}

/* Property: each day of 1900 to 2200 follows its predecessor and reads back. */
static void days_follow_each_other(void **state)
{
	int64_t t = -2208988800, back; /* 1900-01-01 UTC */
	int year = 1900, month = 1, day = 1;

	(void)state;
	while (year < 2201) {
		static const int len[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
		char want[64];
		AUTO_BUF(out, 32);
		snprintf(want, sizeof(want), "%04d-%02d-%02dT00:00:00Z", year, month, day);
		text_time(&out, t);
		assert_string_equal(buf_cstr(&out), want);
		assert_ok(text_untime(span_str(want), &back));
		assert_true(back == t);
		t += 86400;
		if (++day > len[month - 1] + (month == 2 && leap)) {
			day = 1;
			if (++month > 12) {
				month = 1;
				year++;
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line_table),
		cmocka_unit_test(every_code_point),
		cmocka_unit_test(base64_vectors),
		cmocka_unit_test(base64_refuses),
		cmocka_unit_test(hex_table),
		cmocka_unit_test(integers),
		cmocka_unit_test(times),
		cmocka_unit_test(dates_of_beijing),
		cmocka_unit_test(days_follow_each_other),
		cmocka_unit_test(last_days),
	};

	return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
