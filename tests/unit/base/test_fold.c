/* One form of what people type; days and months as they type them. */
#include "check.h"
#include "base/text.h"
#include "base/text_fold.h"
#include "base/text_fold_i.h"
#include "base/typed.h"
#include <iconv.h>
#include <stdio.h>
#include <string.h>

static const struct {
	enum fold_as as;
	const char *in, *want;
	unsigned what;
} rows[] = {
	/* names: the dots, as on the sheet */
	{FOLD_NAME, "测•试甲", "测·试甲", FOLD_DOT},
	{FOLD_NAME, "测．试丁", "测·试丁", FOLD_DOT | FOLD_WIDTH},
	{FOLD_NAME, "测.试戊", "测·试戊", FOLD_DOT},
	{FOLD_NAME, "测。试", "测·试", FOLD_DOT},
	{FOLD_NAME, "测・试", "测·试", FOLD_DOT},
	{FOLD_NAME, "测‧试", "测·试", FOLD_DOT},
	{FOLD_NAME, "测ㆍ试", "测·试", FOLD_DOT},
	{FOLD_NAME, "测·试", "测·试", 0},
	{FOLD_NAME, "测 · 试", "测·试", FOLD_BLANK},
	{FOLD_NAME, "测··试", "测·试", FOLD_DOT},
	{FOLD_NAME, "·测试·", "测试", FOLD_DOT},
	{FOLD_NAME, "测试甲.", "测试甲", FOLD_DOT},
	{FOLD_NAME, "测试甲 。", "测试甲", FOLD_DOT | FOLD_BLANK},
	/* blanks */
	{FOLD_NAME, "测 试乙", "测试乙", FOLD_BLANK},
	{FOLD_NAME, "测\xe3\x80\x80试丙", "测试丙", FOLD_BLANK},
	{FOLD_NAME, "测\xc2\xa0试", "测试", FOLD_BLANK},
	{FOLD_NAME, "测\n试", "测试", FOLD_BLANK},
	{FOLD_NAME, "  测试\xe3\x80\x80", "测试", FOLD_BLANK}, /* the wide one was changed */
	{FOLD_NAME, " 测试 ", "测试", 0},
	{FOLD_NAME, "Anna  Test", "Anna Test", FOLD_BLANK},
	{FOLD_NAME, "Ａｎｎａ\xe3\x80\x80Ｔｅｓｔ", "Anna Test", FOLD_WIDTH | FOLD_BLANK},
	{FOLD_NAME, "J. R. Test Jr.", "J. R. Test Jr.", 0},
	{FOLD_NAME, "Anne‑Marie O’Test", "Anne-Marie O'Test", FOLD_WIDTH},
	/* notes in brackets */
	{FOLD_NAME, "测试甲（小）", "测试甲", FOLD_NOTE},
	{FOLD_NAME, "测试甲〈（小）〉", "测试甲", FOLD_NOTE},
	{FOLD_NAME, "测试甲 (大)(二) ", "测试甲", FOLD_NOTE | FOLD_BLANK},
	{FOLD_NAME, "测试甲·【甲】", "测试甲", FOLD_NOTE | FOLD_DOT},
	{FOLD_NAME, "（小）", "（小）", 0},
	{FOLD_NAME, "测试）", "测试）", 0},
	/* characters of old fonts, look-alikes, decomposed marks, marks that nobody sees */
	{FOLD_NAME, "\xee\xa1\xa3测", "䶮测", FOLD_PRIVATE},
	{FOLD_NAME, "\xee\xa0\x9a测", "㑳测", FOLD_PRIVATE},
	{FOLD_NAME, "\xee\xa0\x9e测", "\xe9\xbe\xb4测", FOLD_PRIVATE},
	{FOLD_NAME, "\xee\x80\x80测", "\xee\x80\x80测", 0},
	{FOLD_NAME, "福\xef\xa8\x9b测", "福福测", FOLD_SHAPE},
	{FOLD_NAME, "\xe2\xbb\xa2测", "马测", FOLD_SHAPE},
	{FOLD_NAME, "\xe2\xbc\xa4测", "大测", FOLD_SHAPE},
	{FOLD_NAME, "\xef\xa8\x8e测", "\xef\xa8\x8e测", 0}, /* U+FA0E is a character of its own */
	{FOLD_NAME,
         "Rene\xcc\x81"
         "e Test",
         "Renée Test", FOLD_JOIN},
	{FOLD_NAME, "测\xe2\x80\x8b试", "测试", FOLD_MARK},
	{FOLD_NAME, "\xef\xbb\xbf测试\xe2\x80\x8e", "测试", FOLD_MARK},
	{FOLD_NAME, "葛\xf3\xa0\x84\x80测", "葛测", FOLD_MARK},
	{FOLD_NAME, "测\x1a试", "测\x1a试", 0},
	{FOLD_NAME, "", "", 0},
	/* a mark at the start stands on nothing */
	{FOLD_NAME, "\xcc\xb8测试", "测试", FOLD_LOOSE},
	{FOLD_NAME, " ·\xcc\x81\xcc\xb8 ·测试", "测试", FOLD_LOOSE | FOLD_DOT | FOLD_BLANK},
	{FOLD_NAME, "\xcc\x81", "", FOLD_LOOSE},
	{FOLD_TEXT, "\xcc\xb8 软件工程师", "软件工程师", FOLD_LOOSE},
	{FOLD_TEXT, " \xcc\x81长沙市测试路", "长沙市测试路", FOLD_LOOSE},
	{FOLD_TEXT, "\xe2\x83\x9d备注", "备注", FOLD_LOOSE},          /* Me */
	{FOLD_TEXT, "\xe0\xa4\xbe备注", "备注", FOLD_LOOSE},          /* Mc */
	{FOLD_TEXT, "\xef\xbe\x9e備", "備", FOLD_LOOSE | FOLD_SHAPE}, /* half-width: U+3099 */
	{FOLD_TEXT, "a\xcc\xb8", "a\xcc\xb8", 0},
	/* free text keeps its punctuation */
	{FOLD_TEXT, "长沙市（测试）路１２号，Ａ座；", "长沙市（测试）路12号，A座；", FOLD_WIDTH},
	{FOLD_TEXT, "第一行\r\n第二行", "第一行 第二行", FOLD_BLANK},
	{FOLD_TEXT, "测。试.•", "测。试.•", 0},
	{FOLD_TEXT, "\xef\xbd\xb1", "ア", FOLD_SHAPE},
	/* numbers */
	{FOLD_NUMBER,
         "\xe2\x80\xad"
         "13000000004\xe2\x80\xac",
         "13000000004", FOLD_MARK},
	{FOLD_NUMBER,
         "130\xe2\x80\x91"
         "0000\xe2\x80\x91"
         "0007",
         "130-0000-0007", FOLD_WIDTH},
	{FOLD_NUMBER, "１３０ ００００\xe3\x80\x80００００", "13000000000", FOLD_WIDTH | FOLD_BLANK},
};

static void fold_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(out, 400);
		AUTO_BUF(again, 400);
		unsigned what = 9999, more = 9999;
		assert_int_equal(text_fold(rows[i].as, span_str(rows[i].in), &out, &what), ERR_OK);
		if (strcmp(buf_cstr(&out), rows[i].want) != 0 || what != rows[i].what)
			fail_msg("row %zu \"%s\": \"%s\" (%u), not \"%s\" (%u)", i, rows[i].in, buf_cstr(&out), what,
			         rows[i].want, rows[i].what);
		assert_int_equal(text_fold(rows[i].as, buf_span(&out), &again, &more), ERR_OK);
		assert_string_equal(buf_cstr(&again), rows[i].want);
		assert_int_equal(more, 0);
	}
}

/* Every single character and every pair of interesting ones: twice is once, what comes out is in normalization form C.
 */
static void once_is_twice(void **state)
{
	static const char *const parts[] = {"测",
	                                    "A",
	                                    ".",
	                                    "·",
	                                    " ",
	                                    "（",
	                                    "）",
	                                    "(",
	                                    ")",
	                                    "\xcc\x81",
	                                    "e",
	                                    "\xee\xa1\xa3",
	                                    "\xee\x80\x80",
	                                    "\xe2\x80\x8b",
	                                    "-",
	                                    "1",
	                                    "。",
	                                    "\xe2\xbb\xa2",
	                                    "\x1a",
	                                    "\xe1\x84\x80",
	                                    "\xe1\x85\xa1"};
	enum { N = COUNT_OF(parts) };
	(void)state;
	for (size_t i = 0; i < N * N * N * N; i++) {
		char in[64];
		AUTO_BUF(out, 100);
		AUTO_BUF(again, 100);
		enum fold_as as = (enum fold_as)(i % 4);
		unsigned what = 1;
		(void)snprintf(in, sizeof(in), "%s%s%s%s", parts[i % N], parts[i / N % N], parts[i / N / N % N],
		               parts[i / N / N / N]);
		assert_int_equal(text_fold(as, span_str(in), &out, NULL), ERR_OK);
		assert_int_equal(text_fold(as, buf_span(&out), &again, &what), ERR_OK);
		if (strcmp(buf_cstr(&out), buf_cstr(&again)) != 0 || what != 0)
			fail_msg("\"%s\" as %d: \"%s\", then \"%s\" (%u)", in, as, buf_cstr(&out), buf_cstr(&again),
			         what);
	}
}

/* The table is the one of glibc's GB18030, for every two-byte position that GBK and edition 2000 had in the private use
 * area. */
static void gb18030(void **state)
{
	iconv_t c = iconv_open("UTF-32LE", "GB18030");
	uint32_t from = 0xE815;
	(void)state;
	if (c == (iconv_t)-1)
		skip();
	for (unsigned trail = 0x50; trail <= 0xA0; trail++) {
		char in[2] = {(char)0xFE, (char)trail}, *at = in;
		uint32_t want = 0;
		char *to = (char *)&want;
		size_t n = 2, room = 4;
		if (trail == 0x7F)
			continue;
		assert_int_equal(iconv(c, &at, &n, &to, &room), 0);
		assert_int_equal(fold_private(from), want);
		from++;
	}
	(void)iconv_close(c);
	assert_int_equal(from, 0xE865);
	assert_int_equal(fold_private(0xE865), 0xE865);
	assert_int_equal(fold_private(0xE7C7), 0x1E3F);
	assert_int_equal(fold_radical(0x2E9A), 0x2E9A);
	assert_int_equal(fold_radical(0x2EF3), 0x9F9F);
}

static void shown(void **state)
{
	AUTO_BUF(out, 100);
	(void)state;
	text_fold_show(span_str("张\xe2\x80\x8b三 \xee\x80\x80\n\xe3\x80\x80"), &out);
	assert_string_equal(buf_cstr(&out), "张<U+200B>三 <U+E000>␣␣");
	assert_true(text_has_private(span_str("张\xee\x80\x80")));
	assert_false(text_has_private(span_str("张三")));
}

/* --- days and months --- */

static const struct {
	const char *in, *day;
	enum err why;
} days[] = {
	{"2026-11-30", "2026-11-30", ERR_OK},
	{"2026/11/30", "2026-11-30", ERR_OK},
	{"2026.11.30", "2026-11-30", ERR_OK},
	{"2026年11月30日", "2026-11-30", ERR_OK},
	{"2026年3月1号", "2026-03-01", ERR_OK},
	{"20261130", "2026-11-30", ERR_OK},
	{"２０２６－１１－３０", "2026-11-30", ERR_OK},
	{"2026\xe2\x80\x91"
         "11\xe2\x80\x91"
         "30",
         "2026-11-30", ERR_OK},
	{"\xe2\x80\x8b"
         "2026-11-30\xef\xbb\xbf",
         "2026-11-30", ERR_OK},
	{" 2026 年 3 月 1 日 ", "2026-03-01", ERR_OK},
	{"2026-11-30.", "2026-11-30", ERR_OK},
	{"2026-11-30 00:00:00", "2026-11-30", ERR_OK},
	{"2026/11/30 0:00:00", "2026-11-30", ERR_OK},
	{"2026-11-30T00:00:00", "2026-11-30", ERR_OK},
	{"2026-11-30T00:00:00.000Z", "2026-11-30", ERR_OK},
	{"20261130 0:00", "2026-11-30", ERR_OK},
	{"2026年11月30日 0:00", "2026-11-30", ERR_OK},
	{"2026-11-29T16:00:00.000Z", NULL, ERR_UNSURE},
	{"2026-11-30 08:30", NULL, ERR_UNSURE},
	{"26/11/30", NULL, ERR_UNSURE},
	{"11/30/2026", NULL, ERR_UNSURE},
	{"3-1-26", NULL, ERR_UNSURE},
	{"2026-02-30", NULL, ERR_FIELD_VALUE},
	{"2026-11", NULL, ERR_FIELD_VALUE},
	{"2026", NULL, ERR_FIELD_VALUE},
	{"46356", NULL, ERR_FIELD_VALUE},
	{"明年", NULL, ERR_FIELD_VALUE},
	{"", NULL, ERR_FIELD_VALUE},
	{"2026-11-30 x", NULL, ERR_FIELD_VALUE},
	{"2026-11-30-1", NULL, ERR_FIELD_VALUE},
	{"1899-12-31", NULL, ERR_FIELD_VALUE},
	{"2026--11-30", NULL, ERR_FIELD_VALUE},
	{"2026-11-30 12", NULL, ERR_FIELD_VALUE},
};

static void day_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(days); i++) {
		AUTO_BUF(out, 20);
		int64_t t = 0;
		enum err e = typed_day(span_str(days[i].in), &t);
		if (e != days[i].why)
			fail_msg("\"%s\": %s, not %s", days[i].in, err_name(e), err_name(days[i].why));
		err_clear();
		if (e != ERR_OK)
			continue;
		text_date_cn(&out, t);
		assert_string_equal(buf_cstr(&out), days[i].day);
	}
}

static const struct {
	const char *in;
	int month;
	enum err why;
} months[] = {
	{"202611", 202611, ERR_OK},           {"2026-11", 202611, ERR_OK},        {"2026/1", 202601, ERR_OK},
	{"2026年1月", 202601, ERR_OK},        {"2026年1月份", 202601, ERR_OK},    {"２０２６．１１", 202611, ERR_OK},
	{"2026.11", 202611, ERR_OK},          {"2026.01", 202601, ERR_OK},        {"2026.10", 202610, ERR_OK},
	{"2026.2", 202602, ERR_OK},           {"2026.9", 202609, ERR_OK},         {"2026.1", 0, ERR_UNSURE},
	{"2026．1", 0, ERR_UNSURE},           {"202613", 0, ERR_FIELD_VALUE},     {"2026.13", 0, ERR_FIELD_VALUE},
	{"2026", 0, ERR_FIELD_VALUE},         {"2026-11-01", 0, ERR_FIELD_VALUE}, {"26-11", 0, ERR_FIELD_VALUE},
	{"2026-11 0:00", 0, ERR_FIELD_VALUE}, {"", 0, ERR_FIELD_VALUE},
};

static void month_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(months); i++) {
		int m = 0;
		enum err e = typed_month(span_str(months[i].in), &m);
		if (e != months[i].why || m != months[i].month)
			fail_msg("\"%s\": %s %d, not %s %d", months[i].in, err_name(e), m, err_name(months[i].why),
			         months[i].month);
		err_clear();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(fold_table), cmocka_unit_test(once_is_twice),
	                                   cmocka_unit_test(gb18030),    cmocka_unit_test(shown),
	                                   cmocka_unit_test(day_table),  cmocka_unit_test(month_table)};
	return cmocka_run_group_tests_name("base/fold", tests, NULL, NULL);
}
