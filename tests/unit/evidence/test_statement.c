#include "evidence_test.h"
#include "base/buf.h"
#include "base/text.h"
#include "gm/sm3.h"

static enum err parse(const char *text)
{
	AUTO(statement) s = NULL;
	struct statement *before = s;
	enum err e = statement_parse(span_str(text), &s);

	if (e != ERR_OK)
		assert_ptr_equal(s, before);
	err_clear();
	return e;
}

#define HEAD(type) "YINXIN-1 " type "\nbureau: " HEX64 "\nnonce: " HEX64 "\ntime: 2026-11-22T03:04:05Z\n"
#define LOGIN      HEAD("LOGIN") "origin: https://example.test:8600\n"

/* --- what is one and what it holds --- */

static void test_round_trip(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		AUTO(statement) made = sample_build(&samples[i]);
		AUTO(statement) read = NULL;
		size_t n = kv_count(samples[i].kv), seen = 0;

		assert_int_equal(statement_parse(statement_text(made), &read), ERR_OK);
		assert_true(span_eq(statement_text(made), statement_text(read)));
		assert_string_equal(statement_type(read), samples[i].type);
		assert_non_null(statement_type_zh(samples[i].type));
		assert_int_equal(statement_time(read), 1795316645);
		for (size_t k = 0; k < n; k++) {
			const struct statement_kv *kv = &samples[i].kv[k];
			seen = k > 0 && strcmp(kv->key, kv[-1].key) == 0 ? seen + 1 : 0;
			assert_string_equal(statement_get_n(read, kv->key, seen), kv->value);
			assert_non_null(statement_key_zh(kv->key));
		}
	}
}

static void test_text(void **state)
{
	AUTO(statement) login = sample_build(&samples[0]);
	AUTO(statement) stock = sample_build(&samples[9]);
	uint8_t a[32], b[32];

	(void)state;
	assert_true(span_eq_str(statement_text(login), LOGIN));
	assert_true(span_eq_str(statement_text(stock),
	                        HEAD("STOCK") "card.1: YX26000001 " PUB130 "\ncard.2: YX26000002 " PUB130 "\n"));
	assert_int_equal(statement_count(stock, "card"), 2);
	assert_int_equal(statement_count(login, "origin"), 1);
	assert_int_equal(statement_count(login, "card"), 0);
	assert_string_equal(statement_get_n(stock, "card", 2), "");
	assert_string_equal(statement_get(login, "card"), "");
	assert_int_equal(statement_sm3(login, a), ERR_OK);
	assert_int_equal(sm3_digest(SPAN_LIT(LOGIN), b), ERR_OK);
	assert_memory_equal(a, b, 32);
	assert_null(statement_type_zh("LOGOUT"));
	assert_null(statement_type_zh(NULL));
	assert_null(statement_key_zh("pin"));
	assert_null(statement_key_zh(NULL));
}

/* --- what is not --- */

static const struct {
	const char *why, *text;
} refused[] = {
	{"empty", ""},
	{"only a line end", "\n"},
	{"no common keys", "YINXIN-1 LOGIN\n"},
	{"other magic", "YINXIN-2 LOGIN\nbureau: " HEX64 "\n"},
	{"type in lower case", HEAD("login") "origin: https://example.test\n"},
	{"space behind the type", HEAD("LOGIN ") "origin: https://example.test\n"},
	{"byte order mark", "\xEF\xBB\xBF" LOGIN},
	{"final LF missing", HEAD("LOGIN") "origin: https://example.test"},
	{"two final LF", LOGIN "\n"},
	{"blank line", HEAD("LOGIN") "\norigin: https://example.test\n"},
	{"CRLF", HEAD("LOGIN") "origin: https://example.test\r\n"},
	{"CRLF in the first line",
         "YINXIN-1 LOGIN\r\nbureau: " HEX64 "\nnonce: " HEX64 "\ntime: 2026-11-22T03:04:05Z\norigin: https://e.test\n"},
	{"space at the end", HEAD("LOGIN") "origin: https://example.test \n"},
	{"two spaces before the value", HEAD("LOGIN") "origin:  https://example.test\n"},
	{"no space before the value", HEAD("LOGIN") "origin:https://example.test\n"},
	{"tabulator before the value", HEAD("LOGIN") "origin:\thttps://example.test\n"},
	{"key in capitals", HEAD("LOGIN") "Origin: https://example.test\n"},
	{"empty value", HEAD("CERT-REVOKE") "case: \nserial: 01AB\nreason: x\n"},
	{"order",
         "YINXIN-1 LOGIN\nnonce: " HEX64 "\nbureau: " HEX64 "\ntime: 2026-11-22T03:04:05Z\norigin: https://e.test\n"},
	{"key twice", LOGIN "origin: https://example.test:8600\n"},
	{"key missing", HEAD("CERT-REVOKE") "case: 1\nserial: 01AB\n"},
	{"key of another type", LOGIN "case: 1\n"},
	{"number on a key that does not repeat", HEAD("LOGIN") "origin.1: https://example.test\n"},
	{"repeated key without number", HEAD("STOCK") "card: YX26000001 " PUB130 "\n"},
	{"repeated key absent", HEAD("STOCK")},
	{"number 0", HEAD("STOCK") "card.0: YX1 " PUB130 "\ncard.1: YX2 " PUB130 "\n"},
	{"gap in the numbers", HEAD("STOCK") "card.1: YX1 " PUB130 "\ncard.3: YX2 " PUB130 "\n"},
	{"number twice", HEAD("STOCK") "card.1: YX1 " PUB130 "\ncard.1: YX2 " PUB130 "\n"},
	{"leading zero", HEAD("STOCK") "card.01: YX1 " PUB130 "\n"},
	{"leading zero further down", HEAD("STOCK") "card.1: YX1 " PUB130 "\ncard.02: YX2 " PUB130 "\n"},
	{"number with sign", HEAD("STOCK") "card.+1: YX1 " PUB130 "\n"},
	{"hex in capitals",
         "YINXIN-1 LOGIN\nbureau: AA112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\nnonce: " HEX64
         "\ntime: 2026-11-22T03:04:05Z\norigin: https://e.test\n"},
	{"hex too short",
         "YINXIN-1 LOGIN\nbureau: " HEX64 "\nnonce: 00\ntime: 2026-11-22T03:04:05Z\norigin: https://e.test\n"},
	{"key of 128 digits", HEAD("CERT-RENEW") "serial: 01AB\ncard: YX1\nkey: " HEX64 HEX64 "\ndays: 1\n"},
	{"compressed key", HEAD("CERT-RENEW") "serial: 01AB\ncard: YX1\nkey: 02" HEX64 HEX64 "\ndays: 1\n"},
	{"serial in small letters", HEAD("CERT-RENEW") "serial: 01ab\ncard: YX1\nkey: " PUB130 "\ndays: 1\n"},
	{"serial of odd length", HEAD("CERT-RENEW") "serial: 01A\ncard: YX1\nkey: " PUB130 "\ndays: 1\n"},
	{"days 0", HEAD("CERT-RENEW") "serial: 01AB\ncard: YX1\nkey: " PUB130 "\ndays: 0\n"},
	{"days with leading zero", HEAD("CERT-RENEW") "serial: 01AB\ncard: YX1\nkey: " PUB130 "\ndays: 01\n"},
	{"days negative", HEAD("CERT-RENEW") "serial: 01AB\ncard: YX1\nkey: " PUB130 "\ndays: -1\n"},
	{"days as text", HEAD("CERT-RENEW") "serial: 01AB\ncard: YX1\nkey: " PUB130 "\ndays: one\n"},
	{"card with a space", HEAD("CERT-RENEW") "serial: 01AB\ncard: YX 1\nkey: " PUB130 "\ndays: 1\n"},
	{"time in another form",
         "YINXIN-1 LOGIN\nbureau: " HEX64 "\nnonce: " HEX64 "\ntime: 2026-11-22 03:04:05\norigin: https://e.test\n"},
	{"time that is none",
         "YINXIN-1 LOGIN\nbureau: " HEX64 "\nnonce: " HEX64 "\ntime: 2026-02-30T03:04:05Z\norigin: https://e.test\n"},
	{"origin null", HEAD("LOGIN") "origin: null\n"},
	{"origin with path", HEAD("LOGIN") "origin: https://example.test/\n"},
	{"origin with user", HEAD("LOGIN") "origin: https://a@example.test\n"},
	{"origin in capitals", HEAD("LOGIN") "origin: https://EXAMPLE.test\n"},
	{"origin of another scheme", HEAD("LOGIN") "origin: file://example.test\n"},
	{"origin without host", HEAD("LOGIN") "origin: https://\n"},
	{"roster number with leading zero", HEAD("ROSTER") "number: 00\nprevious: -\nentry.1: P000001 clerk 430100\n"},
	{"roster previous too short", HEAD("ROSTER") "number: 0\nprevious: --\nentry.1: P000001 clerk 430100\n"},
	{"roster entry without district", HEAD("ROSTER") "number: 0\nprevious: -\nentry.1: P000001 clerk\n"},
	{"roster entry with a fourth word", HEAD("ROSTER") "number: 0\nprevious: -\nentry.1: P000001 clerk 430100 x\n"},
	{"roster entry with two spaces", HEAD("ROSTER") "number: 0\nprevious: -\nentry.1: P000001  clerk 430100\n"},
	{"stock without key", HEAD("STOCK") "card.1: YX26000001\n"},
	{"stock with half a key", HEAD("STOCK") "card.1: YX26000001 04" HEX64 "\n"},
#define REVOKE(reason) HEAD("CERT-REVOKE") "case: 1\nserial: 01AB\nreason: " reason "\n"
	{"NFD", REVOKE("cafe\xCC\x81")},
	{"right-to-left override", REVOKE("a\xE2\x80\xAE"
                                          "b")},
	{"left-to-right isolate", REVOKE("a\xE2\x81\xA6"
                                         "b")},
	{"zero-width space", REVOKE("a\xE2\x80\x8B"
                                    "b")},
	{"byte order mark inside", REVOKE("a\xEF\xBB\xBF"
                                          "b")},
	{"line separator", REVOKE("a\xE2\x80\xA8"
                                  "b")},
	{"next line (C1)", REVOKE("a\xC2\x85"
                                  "b")},
	{"delete", REVOKE("a\x7F"
                          "b")},
	{"escape", REVOKE("a\x1B"
                          "b")},
	{"private use", REVOKE("a\xEE\x80\x80"
                               "b")},
	{"overlong", REVOKE("a\xC0\xAF"
                            "b")},
	{"surrogate", REVOKE("a\xED\xA0\x80"
                             "b")},
	{"cut character", REVOKE("a\xE4\xB8")},
	{"leading space", REVOKE(" a")},
	{"ideographic space at the end", REVOKE("a\xE3\x80\x80")},
};

static void test_refused(void **state)
{
	(void)state;
	assert_int_equal(parse(LOGIN), ERR_OK);
	/* NFC, and a rare character of a name */
	assert_int_equal(parse(REVOKE("caf\xC3\xA9 \xF0\xA0\xAE\xB7")), ERR_OK);
	for (size_t i = 0; i < COUNT_OF(refused); i++)
		if (parse(refused[i].text) != ERR_STATEMENT)
			fail_msg("accepted or another error: %s", refused[i].why);
}

/* A program of today says of a type of tomorrow what to do about it. */
static void test_unknown_type(void **state)
{
	(void)state;
	assert_int_equal(parse(HEAD("LOGOUT") "origin: https://example.test\n"), ERR_STATEMENT_TYPE);
	assert_int_equal(parse("YINXIN-1 FILING-SUBMIT-WIDER\n"), ERR_STATEMENT_TYPE);
	assert_non_null(strstr(err_remedy(ERR_STATEMENT_TYPE), "请更新客户端"));
	assert_int_equal(parse("YINXIN-1 \n"), ERR_STATEMENT);
	assert_int_equal(parse("YINXIN-1 A\x01\n"), ERR_STATEMENT);
	assert_int_equal(parse("YINXIN-1 ABCDEFGHIJABCDEFGHIJABCDEFGHIJABCDEFGHIJA\n"), ERR_STATEMENT);
	assert_int_equal(parse("YINXIN-1 LOGOUT"), ERR_STATEMENT);
}

static void test_nul(void **state)
{
	static const char with_nul[] = REVOKE("a\0b");
	static const char in_type[] = "YINXIN-1 LOGIN\0\nbureau: " HEX64 "\nnonce: " HEX64
				      "\ntime: 2026-11-22T03:04:05Z\norigin: https://e.test\n";
	static const char in_origin[] = HEAD("LOGIN") "origin: https://a\0b\n";
	AUTO(statement) s = NULL;

	(void)state;
	assert_int_equal(statement_parse(span_of(with_nul, sizeof(with_nul) - 1), &s), ERR_STATEMENT);
	assert_int_equal(statement_parse(span_of(in_type, sizeof(in_type) - 1), &s), ERR_STATEMENT);
	assert_int_equal(statement_parse(span_of(in_origin, sizeof(in_origin) - 1), &s), ERR_STATEMENT);
	/* the NUL behind the text */
	assert_int_equal(statement_parse(span_of(LOGIN, sizeof(LOGIN)), &s), ERR_STATEMENT);
	assert_null(s);
}

/* --- limits --- */

static void put_entries(struct buf *out, size_t n, const char *roles)
{
	buf_str(out, HEAD("ROSTER") "number: 0\nprevious: -\n");
	for (size_t i = 1; i <= n; i++)
		buf_printf(out, "entry.%zu: P%06zu %s 430100\n", i, i, roles);
}

static void test_repeats(void **state)
{
	static struct statement_kv kv[5 + STATEMENT_REPEAT_MAX + 1] = {COMMON, {"number", "1"}, {"previous", HEX64}};
	AUTO_BUF(most, STATEMENT_MAX);
	AUTO_BUF(over, STATEMENT_MAX);
	AUTO(statement) s = NULL;

	(void)state;
	put_entries(&most, STATEMENT_REPEAT_MAX, "clerk");
	put_entries(&over, STATEMENT_REPEAT_MAX + 1, "clerk");
	assert_int_equal(statement_parse(buf_span(&most), &s), ERR_OK);
	assert_int_equal(statement_count(s, "entry"), STATEMENT_REPEAT_MAX);
	assert_string_equal(statement_get_n(s, "entry", 999), "P001000 clerk 430100");
	assert_int_equal(parse(buf_cstr(&over)), ERR_STATEMENT);
	for (size_t i = 5; i < COUNT_OF(kv); i++)
		kv[i] = (struct statement_kv){"entry", "P000001 clerk 430100"};
	statement_free(STEAL(s));
	assert_int_equal(statement_build("ROSTER", kv, COUNT_OF(kv), &s), ERR_STATEMENT);
	assert_int_equal(statement_build("ROSTER", kv, COUNT_OF(kv) - 1, &s), ERR_OK);
}

static void test_size(void **state)
{
	static struct statement_kv kv[3 + STATEMENT_REPEAT_MAX] = {COMMON};
	static char room[STATEMENT_VALUE_MAX + 2], big[STATEMENT_MAX + 2];
	struct statement_kv revoke[] = {COMMON, {"case", "1"}, {"serial", "01AB"}, {"reason", room}};
	AUTO(statement) s = NULL;

	(void)state;
	memset(room, 'x', STATEMENT_VALUE_MAX);
	assert_int_equal(statement_build("CERT-REVOKE", revoke, COUNT_OF(revoke), &s), ERR_OK);
	statement_free(STEAL(s));
	room[STATEMENT_VALUE_MAX] = 'x';
	assert_int_equal(statement_build("CERT-REVOKE", revoke, COUNT_OF(revoke), &s), ERR_STATEMENT);
	/* 1000 cards with serials of 64 letters: each line allowed, the whole over 204 KiB but below the maximum */
	memset(room, 'x', 64);
	memcpy(room + 64, " " PUB130, sizeof(" " PUB130));
	for (size_t i = 3; i < COUNT_OF(kv); i++)
		kv[i] = (struct statement_kv){"card", room};
	assert_int_equal(statement_build("STOCK", kv, COUNT_OF(kv), &s), ERR_OK);
	/* whatever follows, one octet over the maximum is refused before it is looked at */
	memset(big, 'x', STATEMENT_MAX + 1);
	memcpy(big, LOGIN, sizeof(LOGIN) - 1);
	assert_int_equal(statement_parse(span_of(big, STATEMENT_MAX + 1), &s), ERR_STATEMENT);
	assert_non_null(strstr(err_detail(), "octets"));
}

/* Only a filing may be long; a line too much, in whichever group, is refused and not counted on. */
static void test_long(void **state)
{
	static struct statement_kv kv[32 + 2 * STATEMENT_REPEAT_MAX];
	static char row[700];
	const struct statement_kv head[] = {COMMON,
	                                    {"business", "B03"},
	                                    {"matter", "x"},
	                                    {"filing", "1"},
	                                    {"version", "1"},
	                                    {"definition", HEX64},
	                                    {"unit-no", "43010024"},
	                                    {"unit-name", "x"},
	                                    {"person-id", "1"},
	                                    {"holder", "x"},
	                                    {"form", "-"}};
	AUTO(statement) s = NULL;
	AUTO(statement) again = NULL;
	AUTO(statement) none = NULL;
	size_t n = COUNT_OF(head);

	(void)state;
	memset(row, 'x', sizeof(row) - 1);
	memcpy(kv, head, sizeof(head));
	kv[n++] = (struct statement_kv){"attach", "-"};
	for (size_t i = 0; i < STATEMENT_REPEAT_MAX; i++)
		kv[n++] = (struct statement_kv){"row", row};
	assert_int_equal(statement_build("FILING-SUBMIT", kv, n, &s), ERR_OK);
	assert_true(statement_text(s).len > 2 * STATEMENT_MAX);
	assert_int_equal(statement_parse(statement_text(s), &again), ERR_OK);
	assert_string_equal(statement_get_n(again, "row", STATEMENT_REPEAT_MAX - 1), row);
	/* the same octets under a type that is short */
	char *text = strndup((const char *)statement_text(s).ptr, statement_text(s).len);
	memcpy(strstr(text, "FILING-SUBMIT"), "FILING-RETURN", 13);
	assert_int_equal(statement_parse(span_str(text), &none), ERR_STATEMENT);
	assert_non_null(strstr(err_detail(), "at most"));
	free(text);
	/* two full groups */
	n = COUNT_OF(head);
	for (size_t i = 0; i < 2 * STATEMENT_REPEAT_MAX; i++)
		kv[n++] = (struct statement_kv){i < STATEMENT_REPEAT_MAX ? "attach" : "row", "x"};
	assert_int_equal(statement_build("FILING-SUBMIT", kv, n, &none), ERR_STATEMENT);
	assert_null(none);
	err_clear();
}

static void test_filing_values(void **state)
{
	static const struct {
		const char *item;
		bool good;
	} items[] = {
		{"430100B0320261122001 4 " HEX64 " 2 职工首次参保 长沙测试", true},
		{"1 0 " HEX64 " 0 a -", true},
		{"1 0 " HEX64 " 0 a", false},
		{"1 0 " HEX64 " 0", false},
		{"1 x " HEX64 " 0 a b", false},
		{"1 0 abc 0 a b", false},
		{" 0 " HEX64 " 0 a b", false},
		{"1 0 " HEX64 " 0  b", false},
		{"-", false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(items); i++) {
		const struct statement_kv kv[] = {COMMON,
		                                  {"officer", "P000004"},
		                                  {"opinion", "-"},
		                                  {"item", items[i].item}};
		AUTO(statement) s = NULL;
		if ((statement_build("FILING-APPROVE", kv, COUNT_OF(kv), &s) == ERR_OK) != items[i].good)
			fail_msg("%s", items[i].item);
		err_clear();
	}
	const struct statement_kv bad[] = {COMMON,
	                                   {"filing", "1"},
	                                   {"version", "1"},
	                                   {"submit", HEX64},
	                                   {"matter", "x"},
	                                   {"unit-no", "43010024"},
	                                   {"unit-name", "x"},
	                                   {"officer", "P1"},
	                                   {"until", "2026-02-30"},
	                                   {"defect", "x"}};
	AUTO(statement) s = NULL;
	assert_int_equal(statement_build("FILING-RETURN", bad, COUNT_OF(bad), &s), ERR_STATEMENT);
	err_clear();
}

/* --- building --- */

static void test_build_refused(void **state)
{
	static const struct {
		const char *why, *type;
		struct statement_kv kv[8];
	} rows[] = {
		{"unknown type", "LOGOUT", {COMMON, {"origin", "https://e.test"}}},
		{"order",
	         "LOGIN",
	         {{"nonce", HEX64}, {"bureau", HEX64}, {"time", "2026-11-22T03:04:05Z"}, {"origin", "https://e.test"}}},
		{"missing", "LOGIN", {COMMON}},
		{"one more", "LOGIN", {COMMON, {"origin", "https://e.test"}, {"case", "1"}}},
		{"twice", "LOGIN", {COMMON, {"origin", "https://e.test"}, {"origin", "https://e.test"}}},
		{"group torn apart",
	         "ROSTER",
	         {COMMON,
	          {"entry", "P000001 clerk 430100"},
	          {"number", "0"},
	          {"previous", "-"},
	          {"entry", "P000001 clerk 430100"}}},
		{"line end in a value",
	         "CERT-REVOKE",
	         {COMMON, {"case", "1\nserial: 01AB"}, {"serial", "01AB"}, {"reason", "x"}}},
		{"empty value", "CERT-REVOKE", {COMMON, {"case", ""}, {"serial", "01AB"}, {"reason", "x"}}},
		{"no value", "CERT-REVOKE", {COMMON, {"case", NULL}, {"serial", "01AB"}, {"reason", "x"}}},
		{"NFD", "CERT-REVOKE", {COMMON, {"case", "e\xCC\x81"}, {"serial", "01AB"}, {"reason", "x"}}},
	};
	AUTO(statement) s = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (statement_build(rows[i].type, rows[i].kv, kv_count(rows[i].kv), &s) != ERR_STATEMENT)
			fail_msg("built or another error: %s", rows[i].why);
	assert_int_equal(statement_build("CERT-REVOKE", rows[7].kv, kv_count(rows[7].kv), &s), ERR_STATEMENT);
	assert_non_null(strstr(err_detail(), "case")); /* the offending key is named */
	assert_null(s);
}

/* --- properties --- */

/* Builds the statement again from what the reader says it holds. */
static void rebuild_equals(const struct statement *s)
{
	static struct statement_kv kv[STATEMENT_KEYS_MAX + STATEMENT_REPEAT_MAX];
	AUTO(statement) again = NULL;
	const struct sample *sample = NULL;
	size_t n = 0;

	for (size_t i = 0; i < COUNT_OF(samples); i++)
		if (strcmp(samples[i].type, statement_type(s)) == 0)
			sample = &samples[i];
	assert_non_null(sample);
	for (size_t k = 0; sample->kv[k].key != NULL; k++) {
		if (k > 0 && strcmp(sample->kv[k].key, sample->kv[k - 1].key) == 0)
			continue;
		for (size_t j = 0; j < statement_count(s, sample->kv[k].key); j++)
			kv[n++] = (struct statement_kv){sample->kv[k].key, statement_get_n(s, sample->kv[k].key, j)};
	}
	assert_int_equal(statement_build(statement_type(s), kv, n, &again), ERR_OK);
	assert_true(span_eq(statement_text(s), statement_text(again)));
}

static void change(uint64_t *seed, uint8_t *text, size_t *len)
{
	static const uint8_t favourites[] = "\n\r :.-0129aAfFgz\xCC\x81\xE2\x80\xAE";
	size_t at = next_random(seed) % *len;
	uint8_t byte = next_random(seed) % 2 ? favourites[next_random(seed) % (sizeof(favourites) - 1)]
	                                     : (uint8_t)next_random(seed);

	switch (next_random(seed) % 4) {
	case 0:
		memmove(text + at, text + at + 1, *len - at - 1);
		*len -= 1;
		break;
	case 1:
		memmove(text + at + 1, text + at, *len - at);
		*len += 1;
		text[at] = byte;
		break;
	default:
		text[at] = byte;
	}
}

static void test_random_changes(void **state)
{
	uint64_t seed = test_seed();
	static uint8_t text[4096];
	size_t accepted = 0;

	(void)state;
	for (size_t round = 0; round < 20000; round++) {
		AUTO(statement) base = sample_build(&samples[round % COUNT_OF(samples)]);
		AUTO(statement) s = NULL;
		size_t len = statement_text(base).len;
		memcpy(text, statement_text(base).ptr, len);
		for (uint64_t n = next_random(&seed) % 3 + 1; n > 0; n--)
			change(&seed, text, &len);
		enum err e = statement_parse(span_of(text, len), &s);
		err_clear();
		if (e != ERR_OK) {
			assert_true(e == ERR_STATEMENT || e == ERR_STATEMENT_TYPE);
			continue;
		}
		accepted++;
		assert_true(span_eq(statement_text(s), span_of(text, len)));
		rebuild_equals(s);
	}
	printf("# %zu of 20000 changed texts were other valid statements\n", accepted);
	assert_true(accepted > 0 && accepted < 18000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),    cmocka_unit_test(test_text),
		cmocka_unit_test(test_refused),       cmocka_unit_test(test_nul),
		cmocka_unit_test(test_repeats),       cmocka_unit_test(test_size),
		cmocka_unit_test(test_long),          cmocka_unit_test(test_filing_values),
		cmocka_unit_test(test_build_refused), cmocka_unit_test(test_random_changes),
		cmocka_unit_test(test_unknown_type),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
