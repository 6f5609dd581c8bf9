/* The wide form of a filing's statement: values of several lines, one way to split them, limits at their edges. */
#include "evidence_test.h"
#include "base/buf.h"

#define BEGIN                                                                                                       \
	"YINXIN-1 FILING-SUBMIT-WIDE\nbureau: " HEX64 "\nnonce: " HEX64 "\ntime: 2026-11-22T03:04:05Z\n"            \
	"business: B03\nmatter: x\nfiling: 1\nversion: 1\ndefinition: " HEX64 "\nunit-no: 43010024\nunit-name: x\n" \
	"person-id: 1\nholder: x\n"

static const struct statement_kv head[] = {COMMON,
                                           {"business", "B03"},
                                           {"matter", "x"},
                                           {"filing", "1"},
                                           {"version", "1"},
                                           {"definition", HEX64},
                                           {"unit-no", "43010024"},
                                           {"unit-name", "x"},
                                           {"person-id", "1"},
                                           {"holder", "x"}};
enum { KV_MAX = COUNT_OF(head) + 2 + STATEMENT_ROWS_MAX + 1 };
static struct statement_kv kv[KV_MAX];

/* n octets of unit, as often as it fits, then of 'x'. */
static char *text_of(size_t n, const char *unit)
{
	char *s = malloc(n + 1);
	size_t len = strlen(unit), at = 0;

	assert_non_null(s);
	for (; at + len <= n; at += len)
		memcpy(s + at, unit, len);
	memset(s + at, 'x', n - at);
	s[n] = '\0';
	return s;
}

static enum err build(const char *form, const char *row, size_t rows, struct statement **ret_s)
{
	size_t n = COUNT_OF(head);

	memcpy(kv, head, sizeof(head));
	kv[n++] = (struct statement_kv){"form", form};
	kv[n++] = (struct statement_kv){"attach", "-"};
	for (size_t i = 0; i < rows; i++)
		kv[n++] = (struct statement_kv){"row", row};
	return statement_build("FILING-SUBMIT-WIDE", kv, n, ret_s);
}

/* --- splitting --- */

/* What was built reads back, whatever its length, whatever character stands at the edge of a line. */
static void test_lengths(void **state)
{
	static const char *const units[] = {"x", "é", "职", "\xF0\xA0\xAE\xB7", "x 职", "a  "};
	static const size_t lengths[] = {1, 1023, 1024, 1025, 1026, 1027, 1028, 2047, 2048, 2049, 3072, 60000};

	(void)state;
	for (size_t u = 0; u < COUNT_OF(units); u++)
		for (size_t i = 0; i < COUNT_OF(lengths); i++) {
			char *value = text_of(lengths[i], units[u]);
			AUTO(statement) made = NULL;
			AUTO(statement) read = NULL;
			if (value[strlen(value) - 1] == ' ')
				value[strlen(value) - 1] = 'y';
			assert_int_equal(build(value, value, 2, &made), ERR_OK);
			assert_int_equal(statement_parse(statement_text(made), &read), ERR_OK);
			assert_string_equal(statement_get(read, "form"), value);
			assert_int_equal(statement_count(read, "row"), 2);
			assert_string_equal(statement_get_n(read, "row", 1), value);
			bool split = strstr((const char *)statement_text(made).ptr, "form/1: ") != NULL;
			assert_int_equal(split, lengths[i] > STATEMENT_LINE_MAX);
			free(value);
		}
}

static void test_lines_are_full(void **state)
{
	char *value = text_of(1026, "职");
	AUTO(statement) s = NULL;
	AUTO_BUF(want, 8192);

	(void)state;
	assert_int_equal(build("-", value, 1, &s), ERR_OK);
	/* 341 characters of three octets are 1023: the next one does not fit. */
	buf_printf(&want, "%sform: -\nattach.1: -\nrow.1/1: %.1023s\nrow.1/2: %s\n", BEGIN, value, value + 1023);
	assert_true(span_eq(statement_text(s), buf_span(&want)));
	free(value);
}

/* --- what no other text may be --- */

struct hostile {
	const char *why;
	const char *lines; /* %: a, b, c, in order */
	const char *a, *b, *c;
	enum err want;
};

static void hostile_is(const struct hostile *h)
{
	AUTO_BUF(text, 65536);
	AUTO(statement) s = NULL;
	const char *const values[] = {h->a, h->b, h->c};
	size_t n = 0;

	buf_str(&text, BEGIN);
	for (const char *c = h->lines; *c != '\0'; c++)
		if (*c == '%')
			buf_str(&text, values[n++]);
		else
			buf_u8(&text, (uint8_t)*c);
	assert_int_equal(buf_err(&text), ERR_OK);
	if (statement_parse(buf_span(&text), &s) != h->want)
		fail_msg("%s: %s", h->why, err_detail());
	err_clear();
}

static void test_hostile(void **state)
{
	char *full = text_of(1024, "x"), *less = text_of(1023, "x"), *more = text_of(1025, "x");
	char *wide = text_of(1023, "职"), *open = text_of(1024, "x");
	const enum err no = ERR_STATEMENT;
	const struct hostile rows[] = {
		{"good", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", full, "y", "", ERR_OK},
		{"good, with a row", "form: -\nattach.1: -\nrow.1/1: %\nrow.1/2: %\n", full, "y", "", ERR_OK},
		{"good, a character that had no room", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", wide, "职", "",
	         ERR_OK},
		{"good, three", "form/1: %\nform/2: %\nform/3: %\nattach.1: -\nrow.1: -\n", full, full, "y", ERR_OK},
		{"gap", "form/1: %\nform/3: %\nattach.1: -\nrow.1: -\n", full, "y", "", no},
		{"begins with 2", "form/2: %\nform/3: %\nattach.1: -\nrow.1: -\n", full, "y", "", no},
		{"begins with 0", "form/0: %\nform/1: %\nattach.1: -\nrow.1: -\n", full, "y", "", no},
		{"wrong order", "form/2: %\nform/1: %\nattach.1: -\nrow.1: -\n", "y", full, "", no},
		{"twice", "form/1: %\nform/1: %\nattach.1: -\nrow.1: -\n", full, full, "", no},
		{"twice, the second", "form/1: %\nform/2: %\nform/2: %\nattach.1: -\nrow.1: -\n", full, full, "y", no},
		{"leading zero", "form/1: %\nform/02: %\nattach.1: -\nrow.1: -\n", full, "y", "", no},
		{"one alone", "form/1: %\nattach.1: -\nrow.1: -\n", full, "", "", no},
		{"one alone that is short", "form/1: %\nattach.1: -\nrow.1: -\n", "y", "", "", no},
		{"room left", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", less, "y", "", no},
		{"room left in the second", "form/1: %\nform/2: %\nform/3: %\nattach.1: -\nrow.1: -\n", full, less, "y",
	         no},
		{"room for a short character", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", wide, "y", "", no},
		{"overlong line", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", more, "y", "", no},
		{"overlong single line", "form: %\nattach.1: -\nrow.1: %\n", more, "-", "", no},
		{"empty line", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", full, "", "", no},
		{"single after pieces", "form/1: %\nform/2: %\nform: %\nattach.1: -\nrow.1: -\n", full, "y", "z", no},
		{"pieces after single", "form: %\nform/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", "z", full, "y", no},
		{"space at the end of the value", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", full, "y ", "", no},
		{"space at its beginning", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", " x", full, "", no},
		{"escape character", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", full, "\x1B[31m", "", no},
		{"another key in pieces", "form: -\nattach.1/1: %\nattach.1/2: %\nrow.1: -\n", full, "y", "", no},
		{"row without its number", "form: -\nattach.1: -\nrow/1: %\nrow/2: %\n", full, "y", "", no},
		{"pieces of two rows mixed", "form: -\nattach.1: -\nrow.1/1: %\nrow.2/1: %\nrow.1/2: %\n", full, full,
	         "y", no},
		{"second row in pieces, gap", "form: -\nattach.1: -\nrow.1: -\nrow.2/1: %\nrow.2/3: %\n", full, "y", "",
	         no},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		hostile_is(&rows[i]);
	/* within a character: each line by itself is broken, together they would be whole */
	memcpy(open + 1022, "\xE8\x81", 2);
	hostile_is(&(struct hostile){"split within a character", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", open,
	                             "\x8C", "", no});
	memset(open, 'e', 1024);
	hostile_is(&(struct hostile){"not normal over the edge", "form/1: %\nform/2: %\nattach.1: -\nrow.1: -\n", open,
	                             "\xCC\x81", "", no});
	free(full), free(less), free(more), free(wide), free(open);
}

static void test_nul(void **state)
{
	char *value = text_of(1500, "x");
	AUTO(statement) s = NULL;
	AUTO(statement) none = NULL;

	(void)state;
	assert_int_equal(build(value, "-", 1, &s), ERR_OK);
	char *text = strdup((const char *)statement_text(s).ptr);
	size_t len = statement_text(s).len;
	for (const char *at = strstr(text, "form/1: "); at != NULL; at = NULL)
		text[at - text + 20] = '\0';
	assert_int_equal(statement_parse(span_of(text, len), &none), ERR_STATEMENT);
	assert_null(none);
	err_clear();
	free(text), free(value);
}

/* The grammar of the old types is what it was. */
static void test_old_types_have_no_pieces(void **state)
{
	char *value = text_of(1025, "x");
	size_t n = COUNT_OF(head);
	AUTO(statement) s = NULL;
	AUTO_BUF(text, 65536);

	(void)state;
	memcpy(kv, head, sizeof(head));
	kv[n++] = (struct statement_kv){"form", value};
	kv[n++] = (struct statement_kv){"attach", "-"};
	kv[n++] = (struct statement_kv){"row", "-"};
	assert_int_equal(statement_build("FILING-SUBMIT", kv, n, &s), ERR_STATEMENT);
	buf_printf(&text, "%sform/1: %.1024s\nform/2: x\nattach.1: -\nrow.1: -\n", BEGIN, value);
	assert_int_equal(statement_parse(buf_span(&text), &s), ERR_OK);
	statement_free(STEAL(s));
	char *narrow = strdup(buf_cstr(&text)), *at = strstr(narrow, "-WIDE");
	memmove(at, at + 5, strlen(at + 5) + 1);
	assert_int_equal(statement_parse(span_str(narrow), &s), ERR_STATEMENT);
	err_clear();
	free(narrow), free(value);
}

/* --- limits --- */

static void test_value_limit(void **state)
{
	char *most = text_of(STATEMENT_WIDE_VALUE_MAX, "职"), *over = text_of(STATEMENT_WIDE_VALUE_MAX + 1, "职");
	AUTO(statement) s = NULL;
	AUTO(statement) read = NULL;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);

	(void)state;
	assert_int_equal(build(over, "-", 1, &s), ERR_STATEMENT);
	assert_int_equal(build(most, "-", 1, &s), ERR_OK);
	assert_int_equal(statement_parse(statement_text(s), &read), ERR_OK);
	/* one octet more at the end of the last line */
	const char *end = strstr((const char *)statement_text(s).ptr, "\nattach.1: ");
	size_t before = (size_t)(end - (const char *)statement_text(s).ptr);
	buf_put(&text, span_of(statement_text(s).ptr, before));
	buf_str(&text, "x");
	buf_put(&text, span_of(end, statement_text(s).len - before));
	statement_free(STEAL(read));
	assert_int_equal(statement_parse(buf_span(&text), &read), ERR_STATEMENT);
	assert_non_null(strstr(err_detail(), "longer than"));
	err_clear();
	free(most), free(over);
}

static void test_rows_limit(void **state)
{
	AUTO(statement) s = NULL;
	AUTO(statement) read = NULL;
	AUTO_BUF(text, STATEMENT_WIDE_MAX);

	(void)state;
	assert_int_equal(build("-", "姓名=测试职工", STATEMENT_ROWS_MAX + 1, &s), ERR_STATEMENT);
	assert_int_equal(build("-", "姓名=测试职工", STATEMENT_ROWS_MAX, &s), ERR_OK);
	assert_int_equal(statement_parse(statement_text(s), &read), ERR_OK);
	assert_int_equal(statement_count(read, "row"), LIMIT_ROWS);
	assert_string_equal(statement_get_n(read, "row", LIMIT_ROWS - 1), "姓名=测试职工");
	buf_put(&text, statement_text(s));
	buf_printf(&text, "row.%d: -\n", LIMIT_ROWS + 1);
	statement_free(STEAL(read));
	assert_int_equal(statement_parse(buf_span(&text), &read), ERR_STATEMENT);
	assert_non_null(strstr(err_detail(), "times"));
	err_clear();
}

/* Octets of a form of n letters as it is written. */
static size_t written(size_t n)
{
	size_t all = 0;

	for (size_t piece = 1; n > 0; piece++) {
		size_t part = n < STATEMENT_LINE_MAX ? n : STATEMENT_LINE_MAX;
		all += part + strlen("form/1: \n") + (piece >= 10);
		n -= part;
	}
	return all;
}

/* A text of exactly that many octets, by rows of some 20 KiB and a form that makes up the rest. */
static void build_sized(size_t want, struct statement **ret_s)
{
	char *row = text_of(20000, "职");
	size_t rows = want / 20300 - 1, n = STATEMENT_WIDE_VALUE_MAX;
	AUTO(statement) base = NULL;

	assert_int_equal(build("-", row, rows, &base), ERR_OK);
	size_t left = want - statement_text(base).len + strlen("form: -\n");
	while (written(n) > left)
		n--;
	assert_int_equal(written(n), left);
	char *form = text_of(n, "x");
	assert_int_equal(build(form, row, rows, ret_s), ERR_OK);
	free(row), free(form);
}

static void test_octets_limit(void **state)
{
	AUTO(statement) s = NULL;
	AUTO(statement) read = NULL;
	AUTO_BUF(text, STATEMENT_WIDE_MAX + 1);

	(void)state;
	build_sized(LIMIT_STATEMENT, &s);
	assert_int_equal(statement_text(s).len, LIMIT_STATEMENT);
	assert_int_equal(statement_parse(statement_text(s), &read), ERR_OK);
	buf_put(&text, span_sub(statement_text(s), 0, statement_text(s).len - 1));
	buf_str(&text, "x\n");
	assert_int_equal(text.len, LIMIT_STATEMENT + 1);
	statement_free(STEAL(read));
	assert_int_equal(statement_parse(buf_span(&text), &read), ERR_STATEMENT);
	assert_non_null(strstr(err_detail(), "octets"));
	err_clear();
}

/* --- properties --- */

/* Two contents, two texts; one content, one text: a random move of a line's edge is never another text of the same. */
static void test_edges_do_not_move(void **state)
{
	uint64_t seed = test_seed();

	(void)state;
	for (size_t round = 0; round < 500; round++) {
		AUTO(statement) s = NULL;
		AUTO(statement) other = NULL;
		char *value = text_of(1025 + next_random(&seed) % 4000, round % 2 ? "职x" : "\xF0\xA0\xAE\xB7y");
		assert_int_equal(build(value, "-", 1, &s), ERR_OK);
		char *text = strdup((const char *)statement_text(s).ptr), *at = strstr(text, "\nform/2: ");
		size_t n = next_random(&seed) % 6 + 1, label = strlen("\nform/2: ");
		/* n octets from before the edge to behind it, or from behind to before */
		if (round % 3 > 0) {
			char moved[8];
			memcpy(moved, at - n, n);
			memmove(at - n, at, label);
			memcpy(at - n + label, moved, n);
		} else if (strcspn(at + label, "\n") > n) {
			char moved[8];
			memcpy(moved, at + label, n);
			memmove(at + n, at, label);
			memcpy(at, moved, n);
		} else {
			text[0] = 'y';
		}
		if (statement_parse(span_str(text), &other) == ERR_OK)
			fail_msg("round %zu: two texts of one content", round);
		err_clear();
		free(text), free(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_lines_are_full),
		cmocka_unit_test(test_hostile),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_old_types_have_no_pieces),
		cmocka_unit_test(test_value_limit),
		cmocka_unit_test(test_rows_limit),
		cmocka_unit_test(test_octets_limit),
		cmocka_unit_test(test_edges_do_not_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
