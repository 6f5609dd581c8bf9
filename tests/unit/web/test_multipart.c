/* Bodies with files: what browsers send is taken, anything looser is refused; then through the whole layer. */
#include "app_test.h"
#include "web/multipart.h"

#define TYPE              "multipart/form-data; boundary=XyZ"
#define D                 "Content-Disposition: form-data; "
#define TEXT(name, value) "--XyZ\r\n" D "name=\"" name "\"\r\n\r\n" value "\r\n"
#define FILE_PART(name, file, value) \
	"--XyZ\r\n" D "name=\"" name "\"; filename=\"" file "\"\r\nContent-Type: text/csv\r\n\r\n" value "\r\n"
#define END "--XyZ--\r\n"
/* clang-format off */
#define B(s) {(const uint8_t *)("" s), sizeof(s) - 1}
/* clang-format on */

/* --- the boundary --- */

static const struct {
	const char *type, *want;
} types[] = {
	{TYPE, "XyZ"},
	{"multipart/form-data; boundary=----WebKitFormBoundary7MA4YWxkTrZu0gW",
         "----WebKitFormBoundary7MA4YWxkTrZu0gW"},
	{"Multipart/Form-Data; Boundary=a", "a"},
	{"multipart/form-data;boundary=a", "a"},
	{"multipart/form-data; boundary=\"a b(c)\"", "a b(c)"},
	{"multipart/form-data; boundary=1234567890123456789012345678901234567890123456789012345678901234567890",
         "1234567890123456789012345678901234567890123456789012345678901234567890"},
	{"multipart/form-data; boundary=12345678901234567890123456789012345678901234567890123456789012345678901", NULL},
	{"multipart/form-data; boundary=", NULL},
	{"multipart/form-data; boundary=\"\"", NULL},
	{"multipart/form-data; boundary=\"a ", NULL},
	{"multipart/form-data; boundary=\"a \"", NULL},
	{"multipart/form-data; boundary=a b", NULL},
	{"multipart/form-data; boundary=a; charset=utf-8", NULL},
	{"multipart/form-data; charset=utf-8; boundary=a", NULL},
	{"multipart/form-data; boundary=a\tb", NULL},
	{"multipart/form-data; boundary=\xE4\xB8\x80", NULL},
	{"multipart/form-data; boundary=a\"b", NULL},
	{"multipart/form-data", NULL},
	{"multipart/form-data;", NULL},
	{"multipart/mixed; boundary=a", NULL},
	{"application/x-www-form-urlencoded", NULL},
	{"", NULL},
};

static void type_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(types); i++) {
		struct span got = SPAN_EMPTY;
		enum err e = multipart_boundary(types[i].type, &got);
		if (e != (types[i].want != NULL ? ERR_OK : ERR_SYNTAX) ||
		    (types[i].want != NULL && !span_eq_str(got, types[i].want)))
			fail_msg("row %zu %s: %s", i, types[i].type, err_name(e));
	}
	err_clear();
}

/* --- bodies --- */

static const struct {
	struct span body;
	enum err want;
	size_t fields, files;
	const char *value; /* of the field "a", or the name of the file in it */
} bodies[] = {
	{B(TEXT("a", "1") END), ERR_OK, 1, 0, "1"},
	{B(TEXT("a", "1") "--XyZ--"), ERR_OK, 1, 0, "1"},
	{B(TEXT("a", "") END), ERR_OK, 1, 0, ""},
	{B(TEXT("a", "1") TEXT("b", "2\r\n3") END), ERR_OK, 2, 0, "1"},
	{B(TEXT("a", "--XyZ") END), ERR_OK, 1, 0, "--XyZ"},
	{B(TEXT("a", "\r\n--XyY") END), ERR_OK, 1, 0, "\r\n--XyY"},
	{B(TEXT("a", "\xE9\x95\xBF") END), ERR_OK, 1, 0, "\xE9\x95\xBF"},
	{B("--XyZ\r\ncontent-disposition: Form-Data; name=\"a\"\r\ncontent-type: text/plain; charset=UTF-8\r\n\r\n1\r\n" END),
         ERR_OK, 1, 0, "1"},
	{B(FILE_PART("a", "x.csv", "\0\r\n--Xy\xff") END), ERR_OK, 0, 1, "x.csv"},
	{B(FILE_PART("a", "x.csv", "") END), ERR_OK, 0, 1, "x.csv"},
	{B(FILE_PART("a", "\xE8\xA1\xA8.xlsx", "1") END), ERR_OK, 0, 1, "\xE8\xA1\xA8.xlsx"},
	{B(FILE_PART("a", "C:\\\\tmp\\x.csv", "1") END), ERR_OK, 0, 1, "x.csv"},
	{B(FILE_PART("a", "../../etc/passwd", "1") END), ERR_OK, 0, 1, "passwd"},
	{B(FILE_PART("a", "say %22hi%22 100%.csv", "1") END), ERR_OK, 0, 1, "say \"hi\" 100%.csv"},
	{B("--XyZ\r\n" D "filename=\"x\"; name=\"a\"\r\n\r\n1\r\n" END), ERR_OK, 0, 1, "x"},
	{B(FILE_PART("a", "", "") END), ERR_OK, 0, 1, NULL}, /* an input left empty */
	{B("--XyZ\r\n" D "name=\"a\"; filename=\"\"\r\nContent-Type: application/octet-stream\r\n\r\n\r\n" END), ERR_OK,
         0, 1, NULL},
	/* names */
	{B(TEXT("a", "1") TEXT("a", "2") END), ERR_FIELD_TWICE, 0, 0, NULL},
	{B(TEXT("a", "1") FILE_PART("a", "x", "2") END), ERR_FIELD_TWICE, 0, 0, NULL},
	{B(FILE_PART("a", "", "") FILE_PART("a", "x", "2") END), ERR_FIELD_TWICE, 0, 0, NULL},
	{B(FILE_PART("a", "x", "2") TEXT("a", "1") END), ERR_FIELD_TWICE, 0, 0, NULL},
	{B(TEXT("", "1") END), ERR_SYNTAX, 0, 0, NULL},
	{B(TEXT("a\0b", "1") END), ERR_SYNTAX, 0, 0, NULL},
	{B(TEXT("\xff", "1") END), ERR_UTF8, 0, 0, NULL},
	{B(TEXT("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "1") END), ERR_SYNTAX, 0, 0, NULL},
	{B(FILE_PART("a", "", "1") END), ERR_SYNTAX, 0, 0, NULL},
	{B(FILE_PART("a", "tmp/", "1") END), ERR_SYNTAX, 0, 0, NULL},
	{B(FILE_PART("a", "\xff.csv", "1") END), ERR_UTF8, 0, 0, NULL},
	{B(FILE_PART("a", "x%0D%0ASet-Cookie: e", "1") END), ERR_LINE_TEXT, 0, 0, NULL},
	{B(FILE_PART("a", "\xE2\x80\xAEvsc.exe", "1") END), ERR_LINE_TEXT, 0, 0, NULL},
	/* values */
	{B(TEXT("a", "\xff") END), ERR_UTF8, 0, 0, NULL},
	{B(TEXT("a", "1\0") END), ERR_UTF8, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\nContent-Type: text/plain; charset=gbk\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0,
         NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\nContent-Type: application/json\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	/* heads */
	{B("--XyZ\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\nContent-Type: text/plain\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\n" D "name=\"b\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\nContent-Type: text/plain\r\nContent-Type: text/plain\r\n\r\n1\r\n" END),
         ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\nContent-Transfer-Encoding: base64\r\n\r\nMQ==\r\n" END), ERR_SYNTAX, 0, 0,
         NULL},
	{B("--XyZ\r\nContent-Disposition: attachment; name=\"a\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\nContent-Disposition: form-data\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\nContent-Disposition:form-data; name=\"a\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\nContent-Disposition: form-datax; name=\"a\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=a\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"; name=\"b\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"; filename=\"b\"; filename=\"c\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"; filename*=UTF-8''b\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"; size=\"1\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\" \r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\nContent-Disposition: form-data;\r\n name=\"a\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\n" D "name=\"a\"\n\n1\n--XyZ--\n"), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\rb\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\nContent-Type: a\tb\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	/* delimiters */
	{B(""), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ"), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ--"), ERR_OK, 0, 0, NULL},
	{B("--XyZ\r\n"), ERR_SYNTAX, 0, 0, NULL},
	{B("\r\n" TEXT("a", "1") END), ERR_SYNTAX, 0, 0, NULL},
	{B("preamble\r\n" TEXT("a", "1") END), ERR_SYNTAX, 0, 0, NULL},
	{B(TEXT("a", "1") END "\r\n"), ERR_SYNTAX, 0, 0, NULL},
	{B(TEXT("a", "1") END "epilogue"), ERR_SYNTAX, 0, 0, NULL},
	{B(TEXT("a", "1") "--XyZ-"), ERR_SYNTAX, 0, 0, NULL},
	{B(TEXT("a", "1") "--XyZ"), ERR_SYNTAX, 0, 0, NULL},
	{B(TEXT("a", "1")), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\n\r\n1"), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\n\r\n1" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ\r\n" D "name=\"a\"\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B("--XyZ \r\n" D "name=\"a\"\r\n\r\n1\r\n" END), ERR_SYNTAX, 0, 0, NULL},
	{B(TEXT("a", "1\r\n--XyZtra") END), ERR_SYNTAX, 0, 0, NULL},
	{B("--xyz\r\n" D "name=\"a\"\r\n\r\n1\r\n--xyz--\r\n"), ERR_SYNTAX, 0, 0, NULL},
};

static const char *first_value(const struct multipart *m)
{
	return m->n_files > 0 ? m->files[0].file.name : m->fields.n > 0 ? m->fields.v[0].value : NULL;
}

static void body_table(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(bodies); i++) {
		AUTO(arena) a = arena_new(1 << 20);
		struct multipart m = {.n_files = 0};
		enum err e = multipart_parse(TYPE, bodies[i].body, a, &m);
		const char *v = first_value(&m), *want = bodies[i].value;
		if (e != bodies[i].want || m.fields.n != bodies[i].fields || m.n_files != bodies[i].files)
			fail_msg("row %zu: %s %s, %zu fields, %zu files", i, err_name(e), err_detail(), m.fields.n,
			         m.n_files);
		if ((v == NULL) != (want == NULL) || (v != NULL && strcmp(v, want) != 0))
			fail_msg("row %zu: %s", i, v ? v : "nothing");
		err_clear();
	}
}

/* Whatever is cut off, nothing shorter than the closing delimiter passes. */
static void truncated_anywhere(void **state)
{
	static const char whole[] = TEXT("a", "1") FILE_PART("b", "x.csv", "1,2\r\n") END;

	(void)state;
	for (size_t n = 0; n <= sizeof(whole) - 1; n++) {
		AUTO(arena) a = arena_new(1 << 20);
		struct multipart m;
		enum err e = multipart_parse(TYPE, span_of(whole, n), a, &m);
		bool complete = n >= sizeof(whole) - 3 && n != sizeof(whole) - 2;
		if ((e == ERR_OK) != complete)
			fail_msg("%zu of %zu octets: %s", n, sizeof(whole) - 1, err_name(e));
		err_clear();
	}
}

static void limits(void **state)
{
	AUTO_BUF(b, 65536);
	AUTO(arena) a = arena_new(1 << 20);
	struct multipart m;

	(void)state;
	for (int i = 0; i < MULTIPART_PARTS_MAX; i++)
		buf_printf(&b, "--XyZ\r\n" D "name=\"f%d\"\r\n\r\n1\r\n", i);
	size_t full = b.len;
	buf_str(&b, END);
	assert_int_equal(multipart_parse(TYPE, buf_span(&b), a, &m), ERR_OK);
	assert_int_equal(m.fields.n, MULTIPART_PARTS_MAX);
	buf_cut(&b, full);
	buf_str(&b, TEXT("more", "1") END);
	assert_int_equal(multipart_parse(TYPE, buf_span(&b), a, &m), ERR_LIMIT);
	buf_clear(&b);
	buf_printf(&b, "--XyZ\r\n" D "name=\"a\"; filename=\"%0765d\"\r\n\r\n1\r\n" END, 1);
	assert_int_equal(multipart_parse(TYPE, buf_span(&b), a, &m), ERR_OK);
	buf_clear(&b);
	buf_printf(&b, "--XyZ\r\n" D "name=\"a\"; filename=\"%0766d\"\r\n\r\n1\r\n" END, 1);
	assert_int_equal(multipart_parse(TYPE, buf_span(&b), a, &m), ERR_LIMIT);
	buf_clear(&b);
	buf_printf(&b, "--XyZ\r\n" D "name=\"a\"; filename=\"%03000d\"\r\n\r\n1\r\n" END, 1);
	assert_int_equal(multipart_parse(TYPE, buf_span(&b), a, &m), ERR_SYNTAX);
	err_clear();
}

static void a_file_is_not_copied(void **state)
{
	static const char body[] = FILE_PART("a", "x.csv", "1,2\r\n3") END;
	AUTO(arena) a = arena_new(1 << 20);
	struct multipart m;

	(void)state;
	assert_int_equal(multipart_parse(TYPE, span_of(body, sizeof(body) - 1), a, &m), ERR_OK);
	assert_true(span_eq_str(m.files[0].file.body, "1,2\r\n3"));
	assert_true((const char *)m.files[0].file.body.ptr > body &&
	            (const char *)m.files[0].file.body.ptr < body + sizeof(body));
	assert_string_equal(m.files[0].file.type, "text/csv");
}

/* --- the layer --- */

#define OK_FILE FILE_PART("file", "x.csv", "1,2")
#define LONG    "12345678901234567890123456789012345678901" /* 41 octets */

static const struct {
	const char *type, *body, *accept;
	int status;
	const char *text; /* in the answer */
	unsigned ran;
} posts[] = {
	{TYPE, OK_FILE TEXT("memo", "a\r\nb") END, JSON, 200, "\"text\":\"a\\nb\"", 1},
	{TYPE, OK_FILE END, JSON, 200, "\"more\":false", 1},
	{TYPE, OK_FILE FILE_PART("more", "y", "2") END, JSON, 200, "\"more\":true", 1},
	{TYPE, OK_FILE FILE_PART("more", "", "") END, JSON, 200, "\"more\":false", 1},
	{TYPE, FILE_PART("file", "x.csv", "") END, JSON, 200, "\"len\":0", 1},
	{TYPE, FILE_PART("file", "", "") END, JSON, 422, "F-005", 1},
	{TYPE, TEXT("memo", "") END, JSON, 422, "F-005", 1},
	{TYPE, TEXT("memo", "") END, "text/html", 422, "file 文件 F-005", 1},
	{TYPE, FILE_PART("file", "x", LONG) END, JSON, 422, "S-003", 1},
	{TYPE, OK_FILE TEXT("memo", "a\x01") END, JSON, 422, "F-013", 1},
	{TYPE, OK_FILE TEXT("memo", LONG) END, JSON, 422, "S-003", 1},
	{TYPE, OK_FILE TEXT("other", "1") END, JSON, 400, "F-003", 0},
	{TYPE, OK_FILE FILE_PART("other", "x", "1") END, JSON, 400, "F-003", 0},
	{TYPE, OK_FILE FILE_PART("memo", "x", "1") END, JSON, 400, "F-003", 0},
	{TYPE, OK_FILE FILE_PART("memo", "", "") END, JSON, 400, "F-003", 0},
	{TYPE, TEXT("file", "1") END, JSON, 400, "F-003", 0},
	{TYPE, OK_FILE OK_FILE END, JSON, 400, "F-004", 0},
	{TYPE, OK_FILE, JSON, 400, "\"code\":\"F-001\"", 0},
	{TYPE, OK_FILE, "text/html", 400, "E 400 F-001", 0},
	{TYPE,
         FILE_PART("file",
                   "a\xe2\x80\xae"
                   "b.csv",
                   "1") END,
         JSON, 422, "\"detail\":\"文件名中有看不见的字符", 0},
	{FORM, "memo=1", JSON, 400, "F-001", 0},
	{JSON, "{\"memo\":\"1\"}", JSON, 400, "F-001", 0},
};

static void post_table(void **state)
{
	const char *cookie = app_browser(), *token = app_token(cookie);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(posts); i++) {
		AUTO_ANSWER(a);
		AUTO_BUF(body, 4096);
		if (strcmp(posts[i].type, TYPE) == 0)
			buf_printf(&body, "--XyZ\r\n" D "name=\"csrf\"\r\n\r\n%s\r\n", token);
		buf_str(&body, posts[i].body);
		app_ask(&(struct test_request){"POST", "/m", posts[i].type, buf_cstr(&body), cookie, posts[i].accept},
		        &a);
		if (a.status != posts[i].status || strstr(a.body, posts[i].text) == NULL || app_ran != posts[i].ran)
			fail_msg("row %zu: %d %s, ran %u", i, a.status, a.body, app_ran);
	}
}

static void token_and_origin(void **state)
{
	const char *cookie = app_browser(), *token = app_token(cookie);
	AUTO_ANSWER(a);
	AUTO_BUF(body, 4096);

	(void)state;
	app_ask(&(struct test_request){"POST", "/m", TYPE, OK_FILE END, cookie, JSON}, &a);
	assert_int_equal(a.status, 403);
	app_ask(&(struct test_request){"POST", "/m", TYPE, OK_FILE TEXT("csrf", "0000") END, cookie, JSON}, &a);
	assert_int_equal(a.status, 403);
	buf_printf(&body, "--XyZ\r\n" D "name=\"csrf\"; filename=\"x\"\r\n\r\n%s\r\n" OK_FILE END, token);
	app_ask(&(struct test_request){"POST", "/m", TYPE, buf_cstr(&body), cookie, JSON}, &a);
	assert_int_equal(a.status, 403);
	buf_clear(&body);
	buf_printf(&body, "--XyZ\r\n" D "name=\"csrf\"\r\n\r\n%s\r\n" OK_FILE END, token);
	app_ask(&(struct test_request){"POST", "/m", TYPE, buf_cstr(&body), cookie, JSON, "http://evil.example"}, &a);
	assert_int_equal(a.status, 403);
	app_ask(&(struct test_request){"POST", "/m?memo=1", TYPE, buf_cstr(&body), cookie, JSON}, &a);
	assert_int_equal(a.status, 400);
	assert_int_equal(app_ran, 0);
	app_ask(&(struct test_request){"POST", "/m", TYPE, buf_cstr(&body), cookie, JSON}, &a);
	assert_int_equal(a.status, 200);
}

/* The route's own maximum; and a form's body stays as small as it was. */
static void sizes(void **state)
{
	const char *cookie = app_browser(), *token = app_token(cookie);
	AUTO_ANSWER(a);
	AUTO_BUF(body, 3 << 20);

	(void)state;
	buf_printf(&body, "--XyZ\r\n" D "name=\"csrf\"\r\n\r\n%s\r\n" FILE_PART("file", "x", "%01000d") END, token, 1);
	app_ask(&(struct test_request){"POST", "/m", TYPE, buf_cstr(&body), cookie, JSON}, &a);
	assert_int_equal(a.status, 413);
	assert_int_equal(app_ran, 0);
	buf_clear(&body);
	buf_printf(&body, "csrf=%s&memo=%02097152d", token, 1);
	app_ask(&(struct test_request){"POST", "/f", FORM, buf_cstr(&body), cookie, JSON}, &a);
	assert_int_equal(a.status, 413);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(type_table),           cmocka_unit_test(body_table),
	                                   cmocka_unit_test(truncated_anywhere),   cmocka_unit_test(limits),
	                                   cmocka_unit_test(a_file_is_not_copied), cmocka_unit_test(post_table),
	                                   cmocka_unit_test(token_and_origin),     cmocka_unit_test(sizes)};
	return cmocka_run_group_tests_name("web-multipart", tests, app_start, app_stop);
}
