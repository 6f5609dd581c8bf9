/* The agent's HTTP parser against a table, and every row again with each octet removed or replaced: never a crash, and
 * what is accepted keeps the rules. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "web/http1.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OK_HEAD "Host: localhost:8610\r\n"
static const struct row {
	const char *text;
	enum err want;
	const char *clause;
} rows[] = {
	{"GET / HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_OK, "9112 3"},
	{"GET /v1/wait?generation=7 HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_OK, "9112 3.2.1"},
	{"POST /v1/login HTTP/1.1\r\nhost:localhost:8610\r\ncontent-length: 12\r\n\r\n", ERR_OK,
         "9110 5.1: names in any case"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Cookie: a=b\r\nCookie: c=d\r\n\r\n", ERR_OK, "what decides nothing may repeat"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "X-Text: \xe4\xb8\xad\r\n\r\n", ERR_OK, "9110 5.5: obs-text"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "X-Empty:\r\n\r\n", ERR_OK, "9110 5.5: empty value"},
	{"", ERR_SYNTAX, "nothing"},
	{"\r\n\r\n", ERR_SYNTAX, "empty request line"},
	{"GET / HTTP/1.1\r\n\r\n", ERR_SYNTAX, "9112 3.2: no Host"},
	{"GET / HTTP/1.0\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "9112 2.3"},
	{"GET / HTTP/1.1 \r\n" OK_HEAD "\r\n", ERR_SYNTAX, "9112 3: trailing blank"},
	{"GET  / HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "9112 3: two blanks"},
	{"GET\t/ HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "9112 3: tab"},
	{"GET /\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "HTTP/0.9"},
	{"G(T / HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "9110 9.1"},
	{"GETGETGETGETGETGET / HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "method of 18"},
	{"GET http://localhost:8610/ HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "9112 3.2.2: absolute form"},
	{"OPTIONS * HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "9112 3.2.4: asterisk form"},
	{"CONNECT a:1 HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "9112 3.2.3: authority form"},
	{"GET //evil/ HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "3986 4.2: network path"},
	{"GET /a#b HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "fragment"},
	{"GET /a\\b HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "backslash"},
	{"GET /\x7f HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "DEL"},
	{"GET /\xe4 HTTP/1.1\r\n" OK_HEAD "\r\n", ERR_SYNTAX, "raw octets in the target"},
	{"GET / HTTP/1.1\n" OK_HEAD "\r\n", ERR_SYNTAX, "9112 2.2: bare LF"},
	{"GET / HTTP/1.1\r\nHost: a\n\r\n", ERR_SYNTAX, "9112 2.2: bare LF"},
	{"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n", ERR_SYNTAX, "9112 2.2: bare CR"},
	{"GET / HTTP/1.1\r\n" OK_HEAD " x\r\n\r\n", ERR_SYNTAX, "9112 5.2: folding"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "X: a\r\n\tb\r\n\r\n", ERR_SYNTAX, "9112 5.2: folding by tab"},
	{"GET / HTTP/1.1\r\n Host: a\r\n\r\n", ERR_SYNTAX, "9112 2.2: blank before the first field"},
	{"GET / HTTP/1.1\r\nHost : a\r\n\r\n", ERR_SYNTAX, "9112 5.1: blank before the colon"},
	{"GET / HTTP/1.1\r\n" OK_HEAD ": a\r\n\r\n", ERR_SYNTAX, "empty name"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "X\r\n\r\n", ERR_SYNTAX, "no colon"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "X: a\x01\r\n\r\n", ERR_SYNTAX, "control character"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "HOST: b\r\n\r\n", ERR_SYNTAX, "9112 3.2: Host twice"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Origin: a\r\norigin: a\r\n\r\n", ERR_SYNTAX, "Origin twice, even equal"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", ERR_SYNTAX,
         "9112 6.3: two lengths"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Content-Length: 1, 1\r\n\r\n", ERR_SYNTAX, "9112 6.3: list of lengths"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Content-Length: +1\r\n\r\n", ERR_SYNTAX, "9110 8.6: sign"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Content-Length: 01\r\n\r\n", ERR_SYNTAX, "9110 8.6: leading zero"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Content-Length:\r\n\r\n", ERR_SYNTAX, "9110 8.6: empty"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Content-Length: 99999999999999999999\r\n\r\n", ERR_SYNTAX, "over 64 bits"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Content-Length: 33554433\r\n\r\n", ERR_LIMIT, "body over its maximum"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "Transfer-Encoding: identity\r\n\r\n", ERR_SYNTAX, "9112 6.1"},
	{"GET / HTTP/1.1\r\n" OK_HEAD "\r\nX", ERR_SYNTAX, "bytes behind"},
	{"GET / HTTP/1.1\r\n" OK_HEAD, ERR_SYNTAX, "no empty line"},
};

static void table(void **state)
{
	struct http1 h;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		enum err e = http1_parse(span_str(rows[i].text), &h);
		if (e != rows[i].want)
			print_message("# row %zu (%s): %s %s\n", i, rows[i].clause, err_name(e), err_detail());
		assert_int_equal(e, rows[i].want);
		err_clear();
	}
}

static void parts(void **state)
{
	static const char text[] =
		"POST /a/b?c=d&e=f HTTP/1.1\r\nHost:  localhost:8610 \t\r\nOrigin: http://x\r\ncontent-LENGTH: 5\r\n\r\n";
	struct http1 h;
	struct span v;

	(void)state;
	assert_int_equal(http1_parse(span_str(text), &h), ERR_OK);
	assert_true(span_eq_str(h.method, "POST"));
	assert_true(span_eq_str(h.path, "/a/b"));
	assert_true(span_eq_str(h.query, "c=d&e=f"));
	assert_true(span_eq_str(http1_get(&h, "host"), "localhost:8610"));
	assert_true(span_eq_str(http1_get(&h, "ORIGIN"), "http://x"));
	assert_int_equal(h.body_len, 5);
	assert_false(http1_has(&h, "X"));
	assert_int_equal(http1_query(&h, "e", &v), ERR_OK);
	assert_true(span_eq_str(v, "f"));
	assert_int_equal(http1_query(&h, "x", &v), ERR_FIELD_MISSING);
}

static void queries(void **state)
{
	static const struct {
		const char *query;
		enum err want;
	} table_q[] = {
		{"id=a", ERR_OK},        {"x=1&id=a", ERR_OK},
		{"id=", ERR_OK},         {"id=a&id=a", ERR_FIELD_TWICE},
		{"", ERR_FIELD_MISSING}, {"ID=a", ERR_FIELD_MISSING},
		{"id", ERR_SYNTAX},      {"id=%61", ERR_SYNTAX},
		{"id=a+b", ERR_SYNTAX},  {"&id=a", ERR_SYNTAX},
		{"id=a=b", ERR_SYNTAX},
	};
	struct http1 h = {.n_fields = 0};
	struct span v;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table_q); i++) {
		h.query = span_str(table_q[i].query);
		assert_int_equal(http1_query(&h, "id", &v), table_q[i].want);
		err_clear();
	}
}

static void head_end(void **state)
{
	static const struct {
		const char *text;
		bool ends;
		size_t len;
	} table_e[] = {
		{"GET / HTTP/1.1\r\nHost: a\r\n", false, 0},
		{"A\r\n\r\nB", true, 5},
		{"A\r\nB\r\n\r\nC", true, 8},
		{"\r\n", true, 2},
		{"A\nB", true, 2},
		{"A\r\nB\n", true, 5},
		{"\n", true, 1},
		{"", false, 0},
		{"A\r\n\r", false, 0},
		{"A\r", false, 0},
	};
	size_t len;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table_e); i++) {
		len = 0;
		assert_int_equal(http1_head_end(span_str(table_e[i].text), &len), table_e[i].ends);
		assert_int_equal(len, table_e[i].len);
	}
}

static void limits(void **state)
{
	AUTO_BUF(text, 65536);
	struct http1 h;

	(void)state;
	buf_str(&text, "GET / HTTP/1.1\r\n" OK_HEAD);
	for (int i = 0; i < HTTP1_FIELDS_MAX - 1; i++)
		buf_str(&text, "X: y\r\n");
	buf_str(&text, "\r\n");
	assert_int_equal(http1_parse(buf_span(&text), &h), ERR_OK);
	buf_cut(&text, text.len - 2);
	buf_str(&text, "X: y\r\n\r\n");
	assert_int_equal(http1_parse(buf_span(&text), &h), ERR_LIMIT);
	buf_clear(&text);
	buf_str(&text, "GET /");
	for (int i = 0; i < HTTP1_TARGET_MAX; i++)
		buf_u8(&text, 'a');
	buf_str(&text, " HTTP/1.1\r\n" OK_HEAD "\r\n");
	assert_int_equal(http1_parse(buf_span(&text), &h), ERR_SYNTAX);
}

/* What a router relies on, whatever was sent. */
static void keeps_rules(struct span text)
{
	struct http1 h;

	if (http1_parse(text, &h) != ERR_OK) {
		err_clear();
		return;
	}
	assert_true(h.path.len > 0 && h.path.ptr[0] == '/');
	assert_true(h.n_fields <= HTTP1_FIELDS_MAX && h.body_len <= HTTP1_BODY_MAX);
	assert_true(http1_has(&h, "Host") && !http1_has(&h, "Transfer-Encoding"));
	for (size_t i = 0; i < text.len; i++)
		assert_true(text.ptr[i] != '\0' && (text.ptr[i] != '\n' || text.ptr[i - 1] == '\r'));
}

static void altered(void **state)
{
	static const char octets[] = {0, '\n', '\r', ' ', ':', '/', 'x', (char)0x80};
	char copy[512];

	(void)state;
	for (size_t r = 0; r < COUNT_OF(rows); r++) {
		size_t len = strlen(rows[r].text);
		for (size_t i = 0; i < len; i++) {
			for (size_t o = 0; o < sizeof(octets); o++) {
				memcpy(copy, rows[r].text, len);
				copy[i] = octets[o];
				keeps_rules(span_of(copy, len));
			}
			keeps_rules(span_of(rows[r].text, i));
			memcpy(copy, rows[r].text, i);
			memcpy(copy + i, rows[r].text + i + 1, len - i - 1);
			keeps_rules(span_of(copy, len - 1));
		}
	}
}

static void answers(void **state)
{
	AUTO_BUF(out, 4096);

	(void)state;
	http1_status(&out, 404);
	http1_header(&out, "X-A", "b");
	http1_body(&out, SPAN_LIT("hello"));
	assert_string_equal(buf_cstr(&out),
	                    "HTTP/1.1 404 Not Found\r\nConnection: close\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello");
	http1_header(&out, "X-A", "b\r\nX-B: c");
	assert_int_not_equal(buf_err(&out), ERR_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table),    cmocka_unit_test(parts),  cmocka_unit_test(queries),
		cmocka_unit_test(head_end), cmocka_unit_test(limits), cmocka_unit_test(altered),
		cmocka_unit_test(answers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
