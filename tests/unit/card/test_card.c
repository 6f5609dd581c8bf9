/* The card through its host: life, PIN, rights, and a table of malformed commands. */
#include "card_fixture.h"
#include "client/card/u1.h"
#include "pki/csr.h"
#include <stdio.h>
#include <string.h>

static struct bureau bureau;
static const uint8_t approval[32] = {7};
static const uint8_t digest[32] = {1, 2, 3};

static int start(void **state)
{
	(void)state;
	bureau_start(&bureau);
	return 0;
}

static int end(void **state)
{
	(void)state;
	bureau_end(&bureau);
	return 0;
}

/* --- raw commands --- */

struct raw {
	const char *hex;
	unsigned sw;
};
static const struct raw before_select[] = {
	{"", 0x6700},
	{"00", 0x6700},
	{"0084", 0x6700},
	{"00A404", 0x6700},
	{"00A40400", 0x6700},                   /* no AID */
	{"00A4040008F059494E58494E02", 0x6A82}, /* another AID */
	{"00A4040007F059494E58494E", 0x6A82},
	{"00A4040005A000000308", 0x6A82},
	{"00A4040009F059494E58494E0100", 0x6A82},
	{"00A4040011000102030405060708090A0B0C0D0E0F1011", 0x6700},
	{"00A4000002F059", 0x6A86},
	{"00CA000001", 0x6D00},
	{"00CB3FFF00", 0x6D00},
	{"00B00000", 0x6D00},
	{"00840000", 0x6D00},
	{"A0A4000000", 0x6E00},
	{"FF000000", 0x6E00},
	{"90CA0001", 0x6E00},
	{"84CA0001", 0x6E00},
	{"80CA0001", 0x6985},
	{"808400000000020010", 0x6985},
	{"80840000020010", 0x6985},
	{"80FF0000", 0x6D00},
	{"00A4040008F059494E58494E01", 0x9000},
};
static const struct raw after_select[] = {
	{"80CA0001", 0x9000},
	{"80CA000100", 0x9000},
	{"80CA0001000000", 0x9000},
	{"80CA00010100", 0x6700},
	{"80CA0002", 0x9000},
	{"80CA0003", 0x6A88},
	{"80CA0004", 0x6A88},
	{"80CA0010", 0x6A88},
	{"80CA0011", 0x6A88},
	{"80CA0020", 0x6A88},
	{"80CA0021", 0x6A88},
	{"80CA0030", 0x6A88},
	{"80CA0031", 0x6A88},
	{"80CA0034", 0x6A88},
	{"80CA0035", 0x6A88},
	{"80CA0040", 0x9000},
	{"80CAFFFF", 0x6A88},
	{"80CA0000", 0x6A88},
	{"80840000020001", 0x9000},
	{"80840000020400", 0x9000},
	{"80840000020401", 0x6A80},
	{"80840000020000", 0x6A80},
	{"808400000102", 0x6700},
	{"80840001020001", 0x6A86},
	{"8084000000000200010000", 0x9000},
	{"80840000000002000100", 0x6700},
	{"80840000000003000100", 0x6700},
	{"8084000000", 0x6700},
	/* PIN and keys: never outside the channel */
	{"8020000106313131313131", 0x6982},
	{"80200001", 0x6982},
	{"80210000", 0x6982},
	{"80240001023131", 0x6982},
	{"80460100", 0x6982},
	{"802A0000", 0x6982},
	{"802C0000", 0x6982},
	{"80DE0000", 0x6982},
	{"80E40000", 0x6982},
	{"80D000000141", 0x6982},
	{"80E0000005101000104E", 0x6982},
	{"80D60000034E4E4E", 0x6982},
	{"80B0000003000841", 0x6A82},
	{"80B00000020008", 0x6700},
	{"80DA00030430020500", 0x6A80},
	{"80DA0003", 0x6700},
	{"80DA00020430020500", 0x6A86},
	{"80C20000", 0x6988},
	{"80C2000001FF", 0x6988},
	{"80C20001", 0x6A86},
	{"8050000001FF", 0x6700},
	{"80500100", 0x6A86},
};

static void run_raw(struct mem *m, const struct raw *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned sw = mem_apdu(m, rows[i].hex);
		if (sw != rows[i].sw)
			fail_msg("%s: %04X, expected %04X", rows[i].hex, sw, rows[i].sw);
	}
}

static void raw_commands(void **state)
{
	struct mem m;
	char point[2 * 5 + 2 * U1_CHANNEL_ASK_LEN + 1];

	(void)state;
	mem_make(&m, "YX26000001");
	unsigned stores = m.stores;
	run_raw(&m, before_select, COUNT_OF(before_select));
	run_raw(&m, after_select, COUNT_OF(after_select));
	/* A host key that is no point of the curve. */
	int at = snprintf(point, sizeof(point),
	                  "8050000061"
	                  "04");
	memset(point + at, '1', sizeof(point) - 1 - (size_t)at);
	point[sizeof(point) - 1] = '\0';
	assert_int_equal(mem_apdu(&m, point), 0x6A80);
	assert_int_equal(m.stores, stores); /* and nothing of all that was written */
	card_power(m.card);
	assert_int_equal(mem_apdu(&m, "80CA0001"), 0x6985);
	mem_done(&m);
}

static void make_and_open(void **state)
{
	static const char *const bad[] = {
		"", "YX1", "yx26000001", "YX26000001YX260000", "YX 26000001", "YX2600000\xC3\x84"};
	struct mem m;

	(void)state;
	mem_make(&m, "YX26000001");
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		struct card *c = NULL;
		FAILS(card_make(bad[i], &m.io, &c), SYNTAX);
	}
	mem_reopen(&m);
	assert_string_equal(card_serial(m.card), "YX26000001");
	mem_done(&m);
}

/* Any flipped bit and any other length is refused. */
static void damaged_image(void **state)
{
	struct mem m;
	struct card *c = NULL;

	(void)state;
	mem_make(&m, "YX26000002");
	for (size_t i = 0; i < m.image.len; i++) {
		m.image.ptr[i] ^= (uint8_t)(1u << (i % 8));
		FAILS(card_open(buf_span(&m.image), &m.io, &c), CARD_STATE);
		m.image.ptr[i] ^= (uint8_t)(1u << (i % 8));
	}
	for (size_t len = 0; len < m.image.len; len++)
		FAILS(card_open(span_sub(buf_span(&m.image), 0, len), &m.io, &c), CARD_STATE);
	OK(card_open(buf_span(&m.image), &m.io, &c));
	card_free(c);
	mem_done(&m);
}

/* --- life --- */

static void expect_state(struct token *t, enum token_state state, bool pin, unsigned tries)
{
	enum token_state s;
	bool p;
	unsigned n;

	OK(token_state(t, &s, &p, &n));
	assert_int_equal(s, state);
	assert_int_equal(p, pin);
	assert_int_equal(n, tries);
}

static void check_attest(struct mem *m, const uint8_t bytes[ATTEST_LEN], const struct sm2_pub *pub, uint64_t counter)
{
	struct attest a;

	OK(attest_verify(span_of(bytes, ATTEST_LEN), card_device_pub(m->card), &a));
	assert_string_equal(a.serial, card_serial(m->card));
	assert_memory_equal(a.pub.b, pub->b, SM2_PUB_LEN);
	assert_memory_equal(a.approval, approval, 32);
	assert_int_equal(a.pin_by, ATTEST_PIN_HOLDER);
	assert_int_equal(a.counter, counter);
}

static void life(void **state)
{
	struct mem m;
	struct sm2_pub pub, again;
	struct sm2_sig sig;
	uint8_t attest[ATTEST_LEN], kept[ATTEST_LEN];
	unsigned tries;
	AUTO(secret) pin = pin_of("Kp7#20-x");
	AUTO_BUF(csr_der, CSR_DER_MAX);
	AUTO(csr) csr = NULL;
	AUTO(cert) c = NULL;

	(void)state;
	mem_make(&m, "YX26000003");
	AUTO(token) t = mem_ceremony(&m);
	expect_state(t, TOKEN_BLANK, false, 6);
	FAILS(login(t, "Kp7#20-x", &tries), PIN_UNSET);
	FAILS(token_cert(t, true, &c), CERT_ABSENT);
	OK(token_generate(t, approval, pin, &pub, attest));
	check_attest(&m, attest, &pub, 1);
	OK(token_attest(t, kept));
	assert_memory_equal(kept, attest, ATTEST_LEN);
	expect_state(t, TOKEN_AWAITING, true, 6);
	FAILS(token_generate(t, approval, pin, &pub, attest), CARD_NOT_BLANK);
	/* Generating counts as a login with one signature: the request's. */
	OK(token_csr(t, "测试持有人", &csr_der));
	OK(csr_parse(buf_span(&csr_der), &csr));
	assert_memory_equal(csr_pub(csr)->b, pub.b, SM2_PUB_LEN);
	FAILS(token_sign_e(t, digest, &sig), NOT_LOGGED_IN);
	struct bundle u = bureau_bundle(&bureau, &pub);
	OK(bundle_install(t, &u));
	OK(bundle_install(t, &u)); /* a repetition is harmless */
	expect_state(t, TOKEN_READY, true, 6);
	FAILS(token_discard(t), CARD_STATE);
	OK(token_cert(t, false, &c));
	assert_string_equal(cert_serial(c), cert_serial(u.enc));
	OK(login(t, "Kp7#20-x", &tries));
	OK(token_sign(t, SPAN_LIT("text"), &sig));
	OK(token_pub(t, true, &again));
	OK(gm_verify(&again, SPAN_LIT("text"), &sig));
	bundle_done(&u);
	mem_done(&m);
}

/* GM/T 0027-2014 9.2c. */
static void one_signature(void **state)
{
	struct mem m;
	struct sm2_sig sig;
	unsigned tries;

	(void)state;
	mem_make(&m, "YX26000004");
	AUTO(token) t = mem_ceremony(&m);
	mem_personalise(&m, &bureau, t, "Kp7#20-x");
	OK(token_sign_e(t, digest, &sig));
	FAILS(token_sign_e(t, digest, &sig), NOT_LOGGED_IN);
	OK(login(t, "Kp7#20-x", &tries));
	OK(token_logout(t));
	FAILS(token_sign_e(t, digest, &sig), NOT_LOGGED_IN);
	OK(login(t, "Kp7#20-x", &tries));
	OK(login(t, "Kp7#20-x", &tries)); /* two logins are not two signatures */
	OK(token_sign_e(t, digest, &sig));
	FAILS(token_sign_e(t, digest, &sig), NOT_LOGGED_IN);
	OK(login(t, "Kp7#20-x", &tries));
	token_free(t);
	t = mem_ceremony(&m); /* a login ends with its channel */
	FAILS(token_sign_e(t, digest, &sig), NOT_LOGGED_IN);
	mem_done(&m);
}

static void discard(void **state)
{
	struct mem m;
	struct sm2_pub pub, second;
	uint8_t attest[ATTEST_LEN];
	AUTO(secret) pin = pin_of("Kp7#20-x");

	(void)state;
	mem_make(&m, "YX26000005");
	AUTO(token) t = mem_ceremony(&m);
	OK(token_generate(t, approval, pin, &pub, attest));
	OK(token_logout(t));
	FAILS(token_discard(t), NOT_LOGGED_IN);
	unsigned tries;
	OK(login(t, "Kp7#20-x", &tries));
	OK(token_discard(t));
	expect_state(t, TOKEN_BLANK, false, 6);
	FAILS(token_attest(t, attest), KEY_ABSENT);
	FAILS(token_discard(t), NOT_LOGGED_IN);
	OK(token_generate(t, approval, pin, &second, attest));
	assert_memory_not_equal(pub.b, second.b, SM2_PUB_LEN);
	check_attest(&m, attest, &second, 2);
	mem_done(&m);
}

/* --- install --- */

static void install_refused(void **state)
{
	struct mem m;
	struct sm2_pub pub;
	uint8_t attest[ATTEST_LEN];
	AUTO(secret) pin = pin_of("Kp7#20-x");
	AUTO(sm2_key) other = NULL;

	(void)state;
	mem_make(&m, "YX26000006");
	AUTO(token) t = mem_ceremony(&m);
	OK(token_generate(t, approval, pin, &pub, attest));
	OK(sm2_key_new(&other));
	struct bundle own = bureau_bundle(&bureau, &pub), foreign = bureau_bundle(&bureau, sm2_key_pub(other));
	struct span sign = cert_der(own.sign), enc = cert_der(own.enc), env = buf_span(&own.enveloped);
	unsigned stores = m.stores;
	FAILS(bundle_install(t, &foreign), CARD_WRONG);
	FAILS(token_install(t, sign, cert_der(foreign.enc), env), CARD_WRONG);
	FAILS(token_install(t, sign, enc, buf_span(&foreign.enveloped)), SIG);
	FAILS(token_install(t, enc, sign, env), CARD_WRONG);
	FAILS(token_install(t, sign, enc, SPAN_LIT("\x30")), SIG);
	FAILS(token_install(t, sign, SPAN_LIT("\x30\x00"), env), SYNTAX);
	FAILS(token_install(t, span_sub(sign, 0, sign.len - 1), enc, env), SYNTAX);
	FAILS(token_install(t, SPAN_EMPTY, SPAN_EMPTY, SPAN_EMPTY), LIMIT);
	for (size_t i = 0; i < own.enveloped.len; i++) {
		own.enveloped.ptr[i] ^= 0x10;
		enum err e = bundle_install(t, &own);
		own.enveloped.ptr[i] ^= 0x10;
		assert_int_not_equal(e, ERR_OK);
	}
	OK(token_logout(t));
	FAILS(bundle_install(t, &own), NOT_LOGGED_IN);
	expect_state(t, TOKEN_AWAITING, true, 6);
	assert_int_equal(m.stores, stores);
	bundle_done(&own);
	bundle_done(&foreign);
	mem_done(&m);
}

/* Renewal keeps four older encryption pairs for decrypting. */
static void renewal(void **state)
{
	struct mem m;
	struct sm2_pub pub;
	struct buf old[5];
	unsigned tries;

	(void)state;
	mem_make(&m, "YX26000007");
	AUTO(token) t = mem_ceremony(&m);
	mem_personalise(&m, &bureau, t, "Kp7#20-x");
	OK(token_pub(t, true, &pub));
	for (size_t i = 0; i < COUNT_OF(old); i++) {
		struct sm2_pub enc;
		OK(token_pub(t, false, &enc));
		old[i] = buf_make(512);
		OK(sm2_encrypt(&enc, SPAN_LIT("notice"), &old[i]));
		struct bundle u = bureau_bundle(&bureau, &pub);
		enum err e = bundle_install(t, &u);
		bundle_done(&u);
		assert_int_equal(e, i < 4 ? ERR_OK : ERR_CARD_FULL);
	}
	OK(login(t, "Kp7#20-x", &tries));
	for (size_t i = 0; i < COUNT_OF(old); i++) {
		AUTO_BUF(plain, 64);
		OK(token_decrypt(t, buf_span(&old[i]), &plain));
		assert_true(span_eq_str(buf_span(&plain), "notice"));
		old[i].ptr[old[i].len - 1] ^= 1;
		FAILS(token_decrypt(t, buf_span(&old[i]), &plain), SYNTAX);
		buf_done(&old[i]);
	}
	OK(token_logout(t));
	AUTO_BUF(plain, 64);
	FAILS(token_decrypt(t, SPAN_LIT("x"), &plain), NOT_LOGGED_IN);
	mem_done(&m);
}

/* --- PIN --- */

static void pin_rules(void **state)
{
	static const struct {
		const char *pin, *err;
	} rows[] = {
		{"12345", "PIN_RANGE"},    {"12345678901234567", "PIN_RANGE"}, {"abc def1", "PIN_RANGE"},
		{"密码密码", "PIN_RANGE"}, {"abcdef\t9", "PIN_RANGE"},         {"111111", "PIN_SAME"},
		{"12345678", "PIN_SAME"},  {"87654321", "PIN_SAME"},           {"abcdef", "PIN_SAME"},
		{"zyxwvu", "PIN_SAME"},    {"Kp7#20-x", "PIN_SAME"},           {"135790", "OK"},
		{"112233", "OK"},          {"~!@#$%^&*()_+{}|", "OK"},
	};
	struct mem m;

	(void)state;
	mem_make(&m, "YX26000008");
	AUTO(token) t = mem_ceremony(&m);
	for (size_t i = 0; i < 10; i++) { /* the same rules for the first PIN */
		AUTO(secret) pin = pin_of(rows[i].pin);
		struct sm2_pub pub;
		uint8_t attest[ATTEST_LEN];
		assert_string_equal(err_name(token_generate(t, approval, pin, &pub, attest)), rows[i].err);
	}
	expect_state(t, TOKEN_BLANK, false, 6);
	mem_personalise(&m, &bureau, t, "Kp7#20-x");
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(secret) old = pin_of("Kp7#20-x");
		AUTO(secret) fresh = pin_of(rows[i].pin);
		unsigned tries;
		assert_string_equal(err_name(token_change_pin(t, old, fresh, &tries)), rows[i].err);
		if (strcmp(rows[i].err, "OK") == 0)
			OK(token_change_pin(t, fresh, old, &tries));
		expect_state(t, TOKEN_READY, true, 6);
	}
	mem_done(&m);
}

static void pin_locks(void **state)
{
	struct mem m;
	unsigned tries = 99;
	struct sm2_sig sig;

	(void)state;
	mem_make(&m, "YX26000009");
	AUTO(token) t = mem_ceremony(&m);
	mem_personalise(&m, &bureau, t, "Kp7#20-x");
	for (unsigned left = 5; left > 0; left--) {
		FAILS(login(t, "Kp7#20-y", &tries), PIN_WRONG);
		assert_int_equal(tries, left);
	}
	FAILS(token_sign_e(t, digest, &sig), NOT_LOGGED_IN);
	OK(login(t, "Kp7#20-x", &tries)); /* success gives the tries back */
	expect_state(t, TOKEN_READY, true, 6);
	FAILS(login(t, "short", &tries), PIN_RANGE); /* cannot be the PIN: costs nothing */
	expect_state(t, TOKEN_READY, true, 6);
	for (unsigned left = 5; left > 0; left--)
		FAILS(login(t, "Kp7#20-y", &tries), PIN_WRONG);
	FAILS(login(t, "Kp7#20-y", &tries), PIN_LOCKED);
	assert_int_equal(tries, 0);
	FAILS(login(t, "Kp7#20-x", &tries), PIN_LOCKED);
	mem_reopen(&m);
	token_free(t);
	t = mem_ceremony(&m);
	FAILS(login(t, "Kp7#20-x", &tries), PIN_LOCKED);
	mem_done(&m);
}

/* --- files, label, random --- */

static void files(void **state)
{
	struct mem m;
	struct token_file list[TOKEN_FILES_MAX];
	size_t n;
	unsigned tries;

	(void)state;
	mem_make(&m, "YX26000010");
	AUTO(token) t = mem_ceremony(&m);
	const struct token_file open_file = {"notes", 100, 0xFF, 0x10}, own = {"own", 1024, 0x10, 0x10};
	FAILS(token_file_create(t, &open_file), NOT_LOGGED_IN);
	mem_personalise(&m, &bureau, t, "Kp7#20-x");
	OK(token_file_create(t, &open_file));
	OK(token_file_create(t, &own));
	FAILS(token_file_create(t, &own), CARD_NOT_BLANK);
	FAILS(token_file_create(t, &(struct token_file){"big", 1025, 0xFF, 0x10}), CARD_FULL);
	FAILS(token_file_create(t, &(struct token_file){"none", 0, 0xFF, 0x10}), SYNTAX);
	FAILS(token_file_create(t, &(struct token_file){"right", 10, 0x11, 0x10}), SYNTAX);
	FAILS(token_file_create(t, &(struct token_file){"a b", 10, 0xFF, 0x10}), SYNTAX);
	FAILS(token_file_create(t, &(struct token_file){"", 10, 0xFF, 0x10}), LIMIT);
	OK(token_file_create(t, &(struct token_file){"never", 10, 0x00, 0x00}));
	OK(token_file_create(t, &(struct token_file){"four", 10, 0x10, 0xFF}));
	FAILS(token_file_create(t, &(struct token_file){"five", 10, 0xFF, 0x10}), CARD_FULL);
	OK(token_files(t, list, &n));
	assert_int_equal(n, 4);
	assert_string_equal(list[1].name, "own");
	OK(token_file_write(t, "notes", 95, SPAN_LIT("12345")));
	FAILS(token_file_write(t, "notes", 96, SPAN_LIT("12345")), CARD_FULL);
	FAILS(token_file_write(t, "notes", 100, SPAN_LIT("1")), CARD_FULL);
	FAILS(token_file_write(t, "absent", 0, SPAN_LIT("1")), FILE_ABSENT);
	OK(token_file_write(t, "own", 0, SPAN_LIT("mine")));
	FAILS(token_file_write(t, "never", 0, SPAN_LIT("1")), NOT_LOGGED_IN);
	OK(token_logout(t));
	AUTO_BUF(out, 4096);
	OK(token_file_read(t, "notes", 90, 50, &out));
	assert_int_equal(out.len, 10);
	assert_memory_equal(out.ptr + 5, "12345", 5);
	FAILS(token_file_read(t, "notes", 100, 1, &out), SYNTAX);
	FAILS(token_file_read(t, "own", 0, 4, &out), NOT_LOGGED_IN);
	FAILS(token_file_write(t, "notes", 0, SPAN_LIT("x")), NOT_LOGGED_IN);
	OK(token_file_write(t, "four", 0, SPAN_LIT("x")));
	mem_reopen(&m);
	token_free(t);
	t = mem_ceremony(&m);
	OK(login(t, "Kp7#20-x", &tries));
	buf_clear(&out);
	OK(token_file_read(t, "own", 0, 4, &out));
	assert_true(span_eq_str(buf_span(&out), "mine"));
	mem_done(&m);
}

static void label_and_random(void **state)
{
	struct mem m;
	struct token_info info;
	uint8_t a[3000], b[3000];

	(void)state;
	mem_make(&m, "YX26000011");
	AUTO(token) t = mem_ceremony(&m);
	FAILS(token_label(t, "财务"), NOT_LOGGED_IN);
	mem_personalise(&m, &bureau, t, "Kp7#20-x");
	OK(token_label(t, "财务"));
	FAILS(token_label(t, ""), LIMIT);
	FAILS(token_label(t, "a\nb"), SYNTAX);
	FAILS(token_label(t, "\xFF"), SYNTAX);
	FAILS(token_label(t, "12345678901234567890123456789012"), LIMIT);
	OK(token_info(t, &info));
	assert_string_equal(info.label, "财务");
	OK(token_random(t, a, sizeof(a)));
	OK(token_random(t, b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a, a + 1024, 1024);
	mem_done(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(raw_commands),    cmocka_unit_test(make_and_open),
		cmocka_unit_test(damaged_image),   cmocka_unit_test(life),
		cmocka_unit_test(one_signature),   cmocka_unit_test(discard),
		cmocka_unit_test(install_refused), cmocka_unit_test(renewal),
		cmocka_unit_test(pin_rules),       cmocka_unit_test(pin_locks),
		cmocka_unit_test(files),           cmocka_unit_test(label_and_random),
	};
	return cmocka_run_group_tests(tests, start, end);
}
