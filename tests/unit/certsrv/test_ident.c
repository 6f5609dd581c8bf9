/* Numbers of units and persons: every example of GB 11643, GB 32100 and our own, and their near misses. */
#include "base/text.h"
#include "server/register/ident.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 1795305600 }; /* 2026-11-22 */

struct row {
	const char *in, *out; /* out NULL: refused */
};

static void test_uscc(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"91430100MAYYYY016Y", "91430100MAYYYY016Y"},
		{"1243010000000T026M", "1243010000000T026M"},
		{"52430100MJYYYY035F", "52430100MJYYYY035F"},
		{"91430100MAYYYX128L", "91430100MAYYYX128L"},
		{"92430102MAYYYY0409", "92430102MAYYYY0409"},
		{"91430100mayyyy016y", "91430100MAYYYY016Y"},
		{"91430100-MAYYYY016-Y", "91430100MAYYYY016Y"},
		{" 9143 0100 MAYY YY01 6Y ", "91430100MAYYYY016Y"},
		{"９1430100MAYYYY016Y", "91430100MAYYYY016Y"},
		{"91430100MAYYYY0172", "91430100MAYYYY0172"},
		{"91430100MAYYYY0160", NULL},
		{"91430100MAYYYY01ZY", NULL},
		{"430100123456789", NULL},
		{"", NULL},
		{"91430100MAYYYY016", NULL},
		{"91430100MAYYYY016YY", NULL},
		{"91430100MAYYYY016单", NULL},
		{"91430100MAYYYY016\xff", NULL},
		{"+1430100MAYYYY016Y", NULL},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char got[USCC_LEN + 1] = "untouched";
		bool inner = false;
		enum err e = ident_uscc(span_str(rows[i].in), got, &inner);
		assert_int_equal(e, rows[i].out != NULL ? ERR_OK : ERR_USCC);
		assert_string_equal(got, rows[i].out != NULL ? rows[i].out : "untouched");
		if (e == ERR_OK)
			/* the one whose inner code is off */
			assert_int_equal(inner, strcmp(got, "91430100MAYYYY0172") != 0);
	}
}

static void test_id_number(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"430102199003079914", "430102199003079914"},
		{"430104198506159922", "430104198506159922"},
		{"43010219880229996X", "43010219880229996X"},
		{"43010219880229996x", "43010219880229996X"},
		{"430121196510059913", "430121196510059913"},
		{"430181197411209956", "430181197411209956"},
		{"430111197909289923", "430111197909289923"},
		{"810000199001019910", "810000199001019910"},
		{"４３０１０２１９９００３０７９９１４", "430102199003079914"},
		{"430102 19900307 9914", "430102199003079914"},
		{"430102199003079915", NULL},
		{"430102199002309917", NULL},
		{"560102199003079913", NULL},
		{"987654321012345675", "987654321012345675"},
		{"990102199003079913", "990102199003079913"},
		{"990102199003079914", NULL},
		{"abc123456789012", "ABC123456789012"},
		{"AB1123456789012", NULL},
		{"ABC12345678901", NULL},
		{"ABC1234567890123", NULL},
		{"\xe2\x80\xad"
	         "430102199003079914\xe2\x80\xac",
	         "430102199003079914"},
		{"430102\xe2\x80\x91"
	         "19900307\xe2\x80\x91"
	         "9914",
	         "430102199003079914"},
		{"430102199002299923", NULL},
		{"43010220990101991X", NULL},
		{"43010219900307991", NULL},
		{"4301021990030799144", NULL},
		{"43010219900307A914", NULL},
		{"X30102199003079914", NULL},
		{"", NULL},
		{"430102900307991", NULL},
		{"430102180003079914", NULL},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char got[ID_NUMBER_LEN + 1] = "untouched";
		enum err e = ident_id_number(span_str(rows[i].in), NOW, got);
		assert_int_equal(e, rows[i].out != NULL ? ERR_OK : ERR_ID_NUMBER);
		assert_string_equal(got, rows[i].out != NULL ? rows[i].out : "untouched");
	}
}

/* Which document a number belongs to, under each type. The card of 2023 does not say birth and sex to us. */
static void test_documents(void **state)
{
	(void)state;
	static const struct {
		const char *number;
		enum id_document d;
		enum err told;
	} rows[] = {
		{"430102199003079914", ID_RESIDENT, ERR_ID_RESIDENT}, {"810000199001019910", ID_HKMO, ERR_ID_HKMO},
		{"820000199001019912", ID_HKMO, ERR_ID_HKMO},         {"830000199001019914", ID_TAIWAN, ERR_ID_TAIWAN},
		{"990102199003079913", ID_FOREIGN, ERR_ID_FOREIGN},   {"ABC123456789012", ID_FOREIGN, ERR_ID_FOREIGN},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		assert_int_equal(ident_document_of(rows[i].number), rows[i].d);
		assert_int_equal(ident_tells_birth(rows[i].number), rows[i].d != ID_FOREIGN);
		for (enum id_document d = 0; d < ID_DOCUMENTS; d++)
			assert_int_equal(ident_document_check(ident_document_code(d), rows[i].number),
			                 d == rows[i].d ? ERR_OK : rows[i].told);
		assert_int_equal(ident_document_check("06", rows[i].number), ERR_FIELD_VALUE);
		assert_true(err_zh(rows[i].told)[0] != 0 && strstr(err_remedy(rows[i].told), "证件类型请选") != NULL);
	}
	err_clear();
}

/* Any one changed digit is noticed: MOD 11-2 finds all single errors. */
static void test_id_single_errors(void **state)
{
	(void)state;
	const char *right = "430102199003079914";
	for (size_t at = 0; at < 17; at++)
		for (char c = '0'; c <= '9'; c++) {
			char wrong[ID_NUMBER_LEN + 1], got[ID_NUMBER_LEN + 1];
			memcpy(wrong, right, sizeof(wrong));
			wrong[at] = c;
			assert_int_equal(ident_id_number(span_str(wrong), NOW, got) == ERR_OK, right[at] == c);
		}
}

static void test_unit_no(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		bool ok, legacy;
	} rows[] = {
		{"10000016", true, false},   {"43010024", true, false}, {"88001235", true, false},
		{"10000017", true, true},    {"1000001", false, false}, {"4301002A", false, false},
		{"100000016", false, false}, {"", false, false},        {"1000 016", false, false},
		{"１0000016", false, false},
	};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char got[UNIT_NO_LEN + 1];
		bool legacy = false;
		enum err e = ident_unit_no(span_str(rows[i].in), got, &legacy);
		assert_int_equal(e, rows[i].ok ? ERR_OK : ERR_UNIT_NO);
		assert_int_equal(legacy, rows[i].legacy);
	}
}

static void test_person_no(void **state)
{
	(void)state;
	static const struct {
		const char *in;
		bool ok;
	} rows[] = {{"430100000016", true}, {"430100000024", true},    {"430100987659", true},  {"430100000017", false},
	            {"43010000001", false}, {"4301-0000-0016", false}, {"530100000016", false}, {"", false}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char got[PERSON_NO_LEN + 1];
		assert_int_equal(ident_person_no(span_str(rows[i].in), got), rows[i].ok ? ERR_OK : ERR_FIELD_VALUE);
	}
}

/* What is made is accepted as ours, for every last digit. */
static void test_made_numbers(void **state)
{
	(void)state;
	for (int64_t n = 0; n <= 9999999; n += 37) {
		char unit[UNIT_NO_LEN + 1], person[PERSON_NO_LEN + 1], again[PERSON_NO_LEN + 1];
		bool legacy = true;
		assert_int_equal(ident_unit_no_make(n, unit), ERR_OK);
		assert_int_equal(ident_unit_no(span_str(unit), again, &legacy), ERR_OK);
		assert_false(legacy);
		assert_int_equal(ident_person_no_make(n, person), ERR_OK);
		assert_int_equal(ident_person_no(span_str(person), again), ERR_OK);
	}
	char no[PERSON_NO_LEN + 1];
	assert_int_equal(ident_unit_no_make(1000001, no), ERR_OK);
	assert_string_equal(no, "10000016");
	assert_int_equal(ident_person_no_make(10000000, no), ERR_LIMIT);
	assert_int_equal(ident_person_no_make(-1, no), ERR_LIMIT);
}

static void test_mobile(void **state)
{
	(void)state;
	static const struct row rows[] = {{"13000000000", "13000000000"},
	                                  {"17300000000", "17300000000"},
	                                  {"19900000000", "19900000000"},
	                                  {"+8613000000000", "13000000000"},
	                                  {"130 0000 0000", "13000000000"},
	                                  {"+86 130-0000-0000", "13000000000"},
	                                  {"\xe2\x80\xad"
	                                   "13000000004\xe2\x80\xac",
	                                   "13000000004"},
	                                  {"13000000005\xe2\x80\x8e", "13000000005"},
	                                  {"\xef\xbb\xbf"
	                                   "13000000006",
	                                   "13000000006"},
	                                  {"130\xe2\x80\x91"
	                                   "0000\xe2\x80\x91"
	                                   "0007",
	                                   "13000000007"},
	                                  {"１３０00000000", "13000000000"},
	                                  {"12900000000", NULL},
	                                  {"1300000000", NULL},
	                                  {"1300000000O", NULL},
	                                  {"23000000000", NULL},
	                                  {"+8713000000000", NULL},
	                                  {"", NULL},
	                                  {"130000000000", NULL}};
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		char got[MOBILE_LEN + 1] = "untouched";
		enum err e = ident_mobile(span_str(rows[i].in), got);
		assert_int_equal(e, rows[i].out != NULL ? ERR_OK : ERR_MOBILE);
		assert_string_equal(got, rows[i].out != NULL ? rows[i].out : "untouched");
	}
}

static void test_masks(void **state)
{
	(void)state;
	char id[ID_NUMBER_LEN + 1], mobile[MOBILE_LEN + 1];
	ident_mask_id("430102199003079914", id);
	assert_string_equal(id, "430102********9914");
	ident_mask_id("ABC123456789012", id);
	assert_string_equal(id, "ABC********9012");
	ident_mask_id("short", id);
	assert_string_equal(id, "******************");
	ident_mask_mobile("13000000001", mobile);
	assert_string_equal(mobile, "130****0001");
	ident_mask_mobile("", mobile);
	assert_string_equal(mobile, "***********");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_uscc),         cmocka_unit_test(test_id_number),
	                                   cmocka_unit_test(test_documents),    cmocka_unit_test(test_id_single_errors),
	                                   cmocka_unit_test(test_unit_no),      cmocka_unit_test(test_person_no),
	                                   cmocka_unit_test(test_made_numbers), cmocka_unit_test(test_mobile),
	                                   cmocka_unit_test(test_masks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
