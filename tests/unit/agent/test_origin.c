/* Who may ask: allow-list, own names, the peer's uid in the kernel's table; and pinentry's escapes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "client/agent/assuan.h"
#include "client/agent/origin.h"
#include <stdio.h>
#include <string.h>

static void lists(void **state)
{
	static const struct {
		const char *list;
		enum err want;
	} table[] = {
		{"http://localhost:8600", ERR_OK},
		{"https://rsj.example", ERR_OK},
		{"", ERR_OK},
		{"  ", ERR_OK},
		{"https://a.example, https://b.example:8443", ERR_OK},
		{"http://[::1]:8600", ERR_OK},
		{"https://1.2.3.4", ERR_OK},
		{"https://a.example/", ERR_CONFIG},
		{"https://A.example", ERR_CONFIG},
		{"a.example", ERR_CONFIG},
		{"*", ERR_CONFIG},
		{"null", ERR_CONFIG},
		{"https://*.example", ERR_CONFIG},
		{"https://", ERR_CONFIG},
		{"https://a.example:443", ERR_CONFIG},
		{"http://a:80", ERR_CONFIG},
		{"http://a:443", ERR_OK},
		{"https://a:0", ERR_CONFIG},
		{"https://a:65536", ERR_CONFIG},
		{"https://a:08", ERR_CONFIG},
		{"https://a:", ERR_CONFIG},
		{"https://u@a", ERR_CONFIG},
		{"ftp://a", ERR_CONFIG},
		{"http://[::1", ERR_CONFIG},
		{"http://[]", ERR_CONFIG},
		{"https://a?b", ERR_CONFIG},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		AUTO(origins) o = NULL;
		enum err e = origins_parse(table[i].list, &o);
		if (e != table[i].want)
			print_message("# \"%s\": %s\n", table[i].list, err_name(e));
		assert_int_equal(e, table[i].want);
		err_clear();
	}
}

static void membership(void **state)
{
	static const char *const others[] = {"",
	                                     "null",
	                                     "https://a.example ",
	                                     "https://a.example.evil",
	                                     "http://a.example",
	                                     "https://a.example:443",
	                                     "HTTPS://a.example",
	                                     "https://a.exampl",
	                                     "https://a.example,http://b:1"};
	AUTO(origins) o = NULL;

	(void)state;
	assert_int_equal(origins_parse("https://a.example,http://b:1", &o), ERR_OK);
	assert_true(origins_has(o, SPAN_LIT("https://a.example")));
	assert_true(origins_has(o, SPAN_LIT("http://b:1")));
	for (size_t i = 0; i < COUNT_OF(others); i++)
		assert_false(origins_has(o, span_str(others[i])));
	assert_false(origins_has(o, span_of("https://a.example\0", 18)));
}

static void hosts(void **state)
{
	static const struct {
		const char *host;
		bool own;
	} table[] = {
		{"127.0.0.1:8610", true},
		{"localhost:8610", true},
		{"[::1]:8610", true},
		{"127.0.0.1", false},
		{"localhost", false},
		{"127.0.0.1:8611", false},
		{"127.0.0.1:86100", false},
		{"127.0.0.2:8610", false},
		{"LOCALHOST:8610", false},
		{"localhost.:8610", false},
		{"localhost:8610.evil", false},
		{"evil", false},
		{"", false},
		{"127.1:8610", false},
	};
	char origin[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		assert_int_equal(host_is_own(span_str(table[i].host), 8610), table[i].own);
		snprintf(origin, sizeof(origin), "http://%s", table[i].host);
		assert_int_equal(origin_is_own(span_str(origin), 8610), table[i].own);
		snprintf(origin, sizeof(origin), "https://%s", table[i].host);
		assert_false(origin_is_own(span_str(origin), 8610));
	}
}

static void peers(void **state)
{
	static const char table[] =
		"  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
		"   0: 0100007F:C001 0100007F:21A2 06 00000000:00000000 03:00000A5E 00000000     0        0 0 3 0\n"
		"   1: 0100007F:C002 0100007F:21A2 01 00000000:00000000 00:00000000 00000000  1000        0 1 1 0\n"
		"   2: 0100007F:C003 0100007F:21A2 01 00000000:00000000 00:00000000 00000000  99x        0 1 1 0\n"
		"   3: 0100007F:C004\n"
		"   5: 0100007F:C006 0100007F:21A2 05 00000000:00000000 03:00000A5E 00000000     0        0 0 3 0\n"
		"   4: 0100007F:C005 0100007F:21A2 01 00000000:00000000 00:00000000 00000000  1001        0 1 1 0";
	uid_t uid = 7;

	(void)state;
	assert_true(tcp_table_uid(span_str(table), "0100007F:C002", "0100007F:21A2", &uid));
	assert_int_equal(uid, 1000);
	/* The uid of a socket in TIME_WAIT reads as root's. */
	assert_false(tcp_table_uid(span_str(table), "0100007F:C001", "0100007F:21A2", &uid));
	/* So does that of one in FIN-WAIT-2 that its process has closed. */
	assert_false(tcp_table_uid(span_str(table), "0100007F:C006", "0100007F:21A2", &uid));
	assert_false(tcp_table_uid(span_str(table), "0100007F:C003", "0100007F:21A2", &uid));
	assert_false(tcp_table_uid(span_str(table), "0100007F:C004", "0100007F:21A2", &uid));
	assert_false(tcp_table_uid(span_str(table), "0100007F:C005", "0100007F:21A2", &uid)); /* line not complete */
	assert_false(tcp_table_uid(span_str(table), "0100007F:21A2", "0100007F:C002", &uid));
	assert_false(tcp_table_uid(SPAN_EMPTY, "0100007F:C002", "0100007F:21A2", &uid));
	assert_int_equal(uid, 1000);
}

static void escapes(void **state)
{
	static const struct {
		const char *data, *pin;
		enum err want;
	} table[] = {
		{"12%2534 6", "12%34 6", ERR_OK}, {"a%0Ab", "a\nb", ERR_OK},      {"%41", "A", ERR_OK},
		{"%4", NULL, ERR_UNAVAILABLE},    {"%zz", NULL, ERR_UNAVAILABLE}, {"%", NULL, ERR_UNAVAILABLE},
		{"", NULL, ERR_PIN_RANGE},
	};
	AUTO_BUF(out, 64);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		AUTO(secret) s = NULL;
		assert_int_equal(assuan_unescape(span_str(table[i].data), &s), table[i].want);
		if (table[i].pin != NULL)
			assert_true(span_eq_str(secret_span(s), table[i].pin));
		err_clear();
	}
	assuan_escape(&out, SPAN_LIT("a%b\nc\r中"));
	assert_string_equal(buf_cstr(&out), "a%25b%0Ac%0D中");
}

static void long_texts(void **state)
{
	AUTO_BUF(text, 100000);

	(void)state;
	for (int i = 0; i < 500; i++)
		buf_printf(&text, "介质序列号 %d:YX2600%04d%%\n", i, i);
	struct span rest = buf_span(&text);
	while (rest.len > 0) {
		AUTO_BUF(part, 4000);
		size_t len = assuan_part(rest);
		assert_true(len > 0 && rest.ptr[len - 1] == '\n');
		assuan_escape(&part, span_sub(rest, 0, len));
		assert_true(part.len <= ASSUAN_ARG_MAX);
		rest = span_sub(rest, len, rest.len);
	}
	buf_clear(&text);
	for (int i = 0; i < 2000; i++)
		buf_str(&text, "中");
	/* A line without an end is cut between characters. */
	assert_int_equal(assuan_part(buf_span(&text)) % 3, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists), cmocka_unit_test(membership), cmocka_unit_test(hosts),
		cmocka_unit_test(peers), cmocka_unit_test(escapes),    cmocka_unit_test(long_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
