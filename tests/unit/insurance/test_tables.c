/* Tables that are wrong are refused with file and line; the shipped ones load. */
#include "base/file.h"
#include "server/insurance/tables.h"
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char *const names[] = {"rates.json", "bases.json", "insurances.json", "codes.json", "calendar.json"};

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* Copies the shipped tables; in the file `at` the first `find` becomes `put`. */
static void lay(const char *dir, const char *at, const char *find, const char *put)
{
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		char path[512];
		AUTO_BUF(text, 1 << 20);
		AUTO_BUF(out, 1 << 20);
		(void)snprintf(path, sizeof(path), SHARE_DIR "/tables/%s", names[i]);
		assert_int_equal(file_read(path, &text), ERR_OK);
		const char *s = buf_cstr(&text), *hit = strcmp(names[i], at) == 0 ? strstr(s, find) : NULL;
		if (strcmp(names[i], at) == 0)
			assert_non_null(hit);
		buf_put(&out, span_of(s, hit != NULL ? (size_t)(hit - s) : text.len));
		if (hit != NULL) {
			buf_str(&out, put);
			buf_str(&out, hit + strlen(find));
		}
		(void)snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
		assert_int_equal(file_replace(path, buf_span(&out), 0600), ERR_OK);
	}
}

static void test_faults(void **state)
{
	(void)state;
	static const struct {
		const char *file, *find, *put, *says;
	} rows[] = {
		{"rates.json", "\"ppm\": 80000", "\"ppm\": 1000001", "rates.json:7: \"ppm\" is 1000001"},
		{"rates.json", "\"ppm\": 160000", "\"ppm\": 0.16", "rates.json"},
		{"rates.json", "\"ppm\": 160000", "\"ppm\": \"16%\"", "rates.json:5: \"ppm\" is not an integer"},
		{"rates.json", "\"from\": 201905", "\"from\": 201904", "rates.json:5: overlaps row 2"},
		{"rates.json", "\"from\": 201905", "\"from\": 201913", "rates.json:5: \"from\" and \"to\""},
		{"rates.json", "\"to\": 201604", "\"to\": 200512", "rates.json:3: \"to\" lies before"},
		{"rates.json", "{\"ins\": \"110\"", "{\"ins\": \"111\"", "rates.json:3: insurance \"111\""},
		{"rates.json", "\"side\": \"unit\"", "\"side\": \"boss\"", "rates.json:3: \"side\" cannot be"},
		{"rates.json", "\"class\": 1,", "", "rates.json:15: insurance 410 needs a risk class"},
		{"rates.json", "\"class\": 2,", "\"class\": 9,", "rates.json:16: \"class\" is 9"},
		{"rates.json", "\"src\": \"国办", "\"source\": \"国办", "rates.json:5: member \"source\""},
		{"rates.json", "\"verify\": true", "\"verify\": 1", "rates.json:3: \"verify\""},
		{"rates.json", "\"late_fee\"", "\"late\"", "rates.json:1: array \"late_fee\""},
		{"rates.json", "\"from\": \"2011-07-01\"", "\"from\": \"1999-01-22\"", "ascending"},
		{"rates.json", "{\"ins\"", "{{\"ins\"", "rates.json"},
		{"bases.json", "\"cap_fen\": 2154000", "\"cap_fen\": 1", "bases.json:3: the cap lies below"},
		{"bases.json", "\"from\": 202501", "\"from\": 202412", "bases.json:4: overlaps row 1"},
		{"insurances.json", "\"code\": \"120\"", "\"code\": \"110\"",
	         "insurances.json:4: insurance 110 stands here twice"},
		{"insurances.json", "\"owner\": \"HRSS\"", "\"owner\": \"X\"", "insurances.json:3: \"owner\""},
		{"insurances.json", "\"open_day\": 1", "\"open_day\": 26", "insurances.json:12: the window closes"},
		{"codes.json", "\"code\": \"02\", \"zh\": \"蒙古族\"", "\"code\": \"01\", \"zh\": \"蒙古族\"",
	         "codes.json:4: code 01"},
		{"codes.json", "\"zh\": \"蒙古族\"", "\"zh\": \"\"", "codes.json:4: \"zh\" is empty"},
		{"calendar.json", "\"2026-01-04\"", "\"2026-01-05\"",
	         "calendar.json:4: \"workdays\": 2026-01-05 is a weekday"},
		{"calendar.json", "\"2026-01-01\"", "\"2025-01-01\"",
	         "calendar.json:4: \"holidays\": 2025-01-01 is not in"},
		{"calendar.json", "\"year\": 2026", "\"year\": 2025", "calendar.json:4"},
		{"calendar.json", "\"2026-01-02\"", "\"2026-02-30\"", "calendar.json:4: \"holidays\": entry 2"},
	};
	char dir[] = "/tmp/yx-tables-XXXXXX";
	assert_non_null(mkdtemp(dir));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct tables *t = NULL;
		lay(dir, rows[i].file, rows[i].find, rows[i].put);
		assert_int_equal(tables_load(dir, &t), ERR_CONFIG);
		assert_null(t);
		if (strstr(err_detail(), rows[i].says) == NULL)
			print_message("# row %zu: %s\n", i, err_detail());
		assert_non_null(strstr(err_detail(), rows[i].says));
		err_clear();
	}
	assert_int_equal(nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void test_shipped(void **state)
{
	(void)state;
	AUTO(tables) t = NULL;
	const struct rate *r = NULL;
	assert_int_equal(tables_load(SHARE_DIR "/tables", &t), ERR_OK);
	assert_int_equal(tables_rate(t, tables_ins(t, "110"), SIDE_UNIT, 2, 201904, &r), ERR_OK);
	assert_int_equal(r->ppm, 200000);
	assert_int_equal(tables_rate(t, tables_ins(t, "110"), SIDE_UNIT, 2, 201905, &r), ERR_OK);
	assert_int_equal(r->ppm, 160000);
	assert_false(r->verify);
	assert_int_equal(tables_rate(t, tables_ins(t, "210"), SIDE_UNIT, 2, 202601, &r), ERR_OK);
	assert_true(r->verify);
	assert_non_null(strstr(r->src, "待核实"));
	assert_int_equal(tables_ins(t, "999"), -1);
	assert_string_equal(tables_code(t, "change_reason", "109", 202611)->unemp, "no");
	assert_null(tables_code(t, "change_reason", "999", 202611));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_shipped), cmocka_unit_test(test_faults)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
