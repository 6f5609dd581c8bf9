/* The profile table: the file of the tree, and everything that a file may get wrong, with its line. */
#include "pki_test.h"
#include "base/file.h"
#include "base/json.h"
#include "pki/profile.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void shipped(void **state)
{
	static const struct {
		const char *name;
		unsigned usage;
		int days, max;
	} row[] = {
		{"root", KU_CA, 3652, 3653},
		{"ca", KU_CA, 3650, 3650},
		{"unit-sign", KU_SIGN, 731, 1826},
		{"unit-enc", KU_ENC, 731, 1826},
		{"unit-member-sign", KU_SIGN, 731, 1826},
		{"unit-member-enc", KU_ENC, 731, 1826},
		{"person-sign", KU_SIGN, 731, 1826},
		{"person-enc", KU_ENC, 731, 1826},
		{"staff-sign", KU_SIGN, 731, 1826},
		{"staff-enc", KU_ENC, 731, 1826},
		{"card", KU_SIGN, 3650, 3650},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(row); i++) {
		const struct profile *p = profile_find(row[i].name);
		assert_non_null(p);
		assert_int_equal(p->usage, row[i].usage);
		assert_int_equal(p->days_default, row[i].days);
		assert_int_equal(p->days_max, row[i].max);
		assert_true(p->ca == (row[i].usage == KU_CA));
		assert_true(p->org[0] == '\0' || strstr(p->org, "测试") != NULL);
		assert_true(p->common_name[0] == '\0' || strstr(p->common_name, "测试") != NULL);
	}
	assert_null(profile_find("nobody"));
	assert_null(profile_find(""));
	assert_null(profile_find(NULL));
}

static const struct {
	const char *what, *from, *to; /* replacement in the shipped text */
	const char *detail;
} rows[] = {
	{"no number of days", "\"days_max\": 3653", "\"days_max\": 0", "line 4"},
	{"days as text", "\"days_max\": 3653", "\"days_max\": \"3653\"", "line 4"},
	{"more than ten years", "\"days_max\": 3653", "\"days_max\": 3654", "line 4"},
	{"default over maximum", "\"days_max\": 3653", "\"days_max\": 3651", "line 4"},
	{"unknown member", "\"pathlen\": 0", "\"pathlenn\": 0", "line 5"},
	{"negative path length", "\"pathlen\": 0", "\"pathlen\": -1", "line 5"},
	{"CA flag disagrees", "\"usage\": \"enc\"", "\"usage\": \"ca\"", "line 7"},
	{"unknown usage", "\"usage\": \"enc\"", "\"usage\": \"encrypt\"", "line 7"},
	{"unknown need", "\"needs\": [\"person\"]", "\"needs\": [\"people\"]", "line 10"},
	{"need twice", "\"needs\": [\"person\"]", "\"needs\": [\"person\", \"person\"]", "line 10"},
	{"needs no list", "\"needs\": [\"person\"]", "\"needs\": \"person\"", "line 10"},
	{"policy is no identifier", "\"policy\": \"2.5.29.32.0\"", "\"policy\": \"2.5.29.\"", "line 5"},
	{"policy under no leaf of the arc", "\"policy\": \"arc.1\"", "\"policy\": \"arc.3\"", "line 6"},
	{"path length of a holder", "\"usage\": \"enc\"", "\"usage\": \"enc\", \"pathlen\": 0", "line 7"},
	{"row twice", "\"name\": \"ca\"", "\"name\": \"root\"", "line 5"},
	{"row missing", "\"name\": \"card\"", "\"name\": \"cardd\"", "card is missing"},
	{"name with a blank", "\"name\": \"card\"", "\"name\": \"ca rd\"", "line 14"},
	{"direction character", "\"locality\": \"长沙市\"", "\"locality\": \"\\u202e\"", "line 4"},
	{"broken JSON", "\"profiles\": [", "\"profiles\": [[", "cannot read profiles"},
	{"member twice", "\"pathlen\": 0", "\"pathlen\": 0, \"pathlen\": 0", "cannot read profiles"},
	{"profiles is an object", "\"profiles\": [", "\"other\": [", "profiles is no list"},
};

static void replaced(const struct buf *text, const char *from, const char *to, struct buf *out)
{
	struct span s = buf_span(text);
	const uint8_t *at = memmem(s.ptr, s.len, from, strlen(from));
	assert_non_null(at);
	size_t n = (size_t)(at - s.ptr);
	buf_put(out, span_sub(s, 0, n));
	buf_str(out, to);
	buf_put(out, span_sub(s, n + strlen(from), s.len));
}

static void bad_files(void **state)
{
	AUTO_BUF(text, 65536);
	char path[] = "/tmp/yx-profile-XXXXXX";
	int fd = mkstemp(path);
	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(file_read(PROFILES_JSON, &text), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO_BUF(bad, 65536);
		replaced(&text, rows[i].from, rows[i].to, &bad);
		assert_int_equal(file_replace(path, buf_span(&bad), 0600), ERR_OK);
		err_clear();
		enum err e = profile_load(path);
		if (e != ERR_CONFIG || strstr(err_detail(), rows[i].detail) == NULL)
			fail_msg("%s: %s, %s", rows[i].what, err_name(e), err_detail());
		assert_non_null(profile_find("card")); /* the table of before is still there */
	}
	unlink(path);
	assert_int_equal(profile_load(path), ERR_CONFIG);
	err_clear();
}

static void from_json(void **state)
{
	AUTO_BUF(text, 65536);
	AUTO_JSON doc = NULL;
	AUTO_JSON empty = json_object();
	(void)state;
	assert_int_equal(file_read(PROFILES_JSON, &text), ERR_OK);
	assert_int_equal(json_parse(buf_span(&text), &doc), ERR_OK);
	assert_int_equal(profile_load_json(doc), ERR_OK);
	assert_int_equal(profile_load_json(empty), ERR_CONFIG);
	assert_int_equal(profile_load_json(NULL), ERR_CONFIG);
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shipped),
		cmocka_unit_test(bad_files),
		cmocka_unit_test(from_json),
	};
	return cmocka_run_group_tests_name("pki/profile", tests, bureau_up, bureau_down);
}
