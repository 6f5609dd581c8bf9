/* The ceremony driver against real processes, with the real card state machine. */
#include "base/file.h"
#include "base/text.h"
#include "bench_procs.h"
#include "client/card/card.h"
#include "client/token/token.h"
#include "cmd/init.h"
#include "gm/share.h"
#include "gm/sm3.h"
#include "pki/path.h"
#include <stdio.h>

static struct procs procs;
static struct init_result result;
static const struct init_blank blanks[] = {{"blank-1", ""},
                                           {"blank-2", ""},
                                           {"operator-1", "operator"},
                                           {"person-1", "person"}};

static struct init_plan plan_of(void)
{
	return (struct init_plan){.data = procs.dir,
	                          .signer_socket = procs.signer_socket,
	                          .clock = procs.clock,
	                          .district = "430100",
	                          .pen = 32473,
	                          .first_serial = 26000001,
	                          .m = 2,
	                          .n = 3,
	                          .blanks = blanks,
	                          .n_blanks = COUNT_OF(blanks)};
}

static int begin(void **state)
{
	(void)state;
	procs_start(&procs);
	struct init_plan plan = plan_of();
	enum err e = init_ceremony(&plan, &result);
	if (e != ERR_OK)
		print_message("# %s: %s (%s)\n", err_name(e), err_detail(), err_where());
	return e == ERR_OK ? 0 : -1;
}

static int finish(void **state)
{
	(void)state;
	init_result_done(&result);
	procs_stop(&procs);
	return 0;
}

static struct cert *load(const char *name)
{
	char path[NAME_LEN];
	struct cert *c = NULL;
	AUTO_BUF(der, CERT_DER_MAX);
	procs_path(&procs, name, path);
	OK(file_read(path, &der));
	OK(cert_parse(buf_span(&der), &c));
	return c;
}

static void bureau_is_open(void **state)
{
	struct signer_hello h = {0};
	AUTO(cert) root = load("ca/root.cer");
	AUTO(cert) ca = load("ca/ca.cer");
	AUTO(path_trust) trust = NULL;
	char path[NAME_LEN];
	AUTO_BUF(pinned, 100);
	(void)state;
	OK(signer_hello(procs.client, &h));
	assert_int_equal(h.state, SIGNER_OPEN);
	assert_string_equal(h.bureau, result.bureau);
	OK(path_trust_new(root, ca, &trust));
	OK(path_check_ca(trust, procs_now(&procs)));
	procs_path(&procs, "root.sm3", path);
	OK(file_read(path, &pinned));
	assert_int_equal(pinned.len, 65);
	assert_memory_equal(pinned.ptr, h.bureau, 64);
	signer_hello_done(&h);
}

/* The one list of the root: its own word until its own end, kept in the journal and given to whoever asks. */
static void root_has_its_list(void **state)
{
	struct signer_hello h = {0};
	char path[NAME_LEN];
	AUTO(cert) root = load("ca/root.cer");
	AUTO(crl) list = NULL;
	AUTO_BUF(der, ROOT_CRL_MAX);
	(void)state;
	procs_path(&procs, "ca/root.crl", path);
	OK(file_read(path, &der));
	OK(crl_parse(buf_span(&der), &list));
	OK(crl_verify(list, root));
	assert_int_equal(crl_number(list), 1);
	assert_int_equal(crl_next_update(list), cert_not_after(root));
	assert_true(crl_this_update(list) <= procs_now(&procs));
	OK(signer_hello(procs.client, &h));
	assert_non_null(h.root_crl);
	assert_true(span_eq(crl_der(h.root_crl), buf_span(&der)));
	signer_hello_done(&h);
}

/* The number given at the ceremony is under every certificate: root, authority, officers, cards. */
static void all_under_the_arc(void **state)
{
	static const char arc[] = "1.3.6.1.4.1.32473.20518";
	AUTO(cert) root = load("ca/root.cer");
	AUTO(cert) ca = load("ca/ca.cer");
	AUTO(cert) officer = NULL;
	AUTO_BUF(der, CERT_DER_MAX);
	(void)state;
	OK(init_officer_cert(procs.dir, procs.clock, &result.keys[2], &der));
	OK(cert_parse(buf_span(&der), &officer));
	assert_string_equal(cert_arc(root), arc);
	assert_string_equal(cert_arc(ca), arc);
	assert_string_equal(cert_arc(officer), arc);
	assert_string_equal(cert_profile(officer), "staff-sign");
}

static void keys_are_named(void **state)
{
	(void)state;
	assert_int_equal(result.n_keys, init_staff_default_count + COUNT_OF(blanks));
	for (size_t i = 0; i < result.n_keys; i++) {
		bool staff = i < init_staff_default_count;
		size_t digits = strspn(result.keys[i].pin, "0123456789");
		assert_int_equal(digits, strlen(result.keys[i].pin));
		assert_true(staff ? digits >= INIT_PIN_DIGITS_MIN && digits <= INIT_PIN_DIGITS_MAX : digits == 0);
	}
	assert_string_equal(result.keys[0].serial, "YX26000001");
}

/* Every staff key signs, and its certificate is of the chain. */
static void staff_can_sign(void **state)
{
	AUTO(cert) root = load("ca/root.cer");
	AUTO(cert) ca = load("ca/ca.cer");
	AUTO(path_trust) trust = NULL;
	(void)state;
	OK(path_trust_new(root, ca, &trust));
	for (size_t i = 0; i < init_staff_default_count; i++) {
		AUTO_BUF(sig, SM2_SIG_LEN);
		AUTO_BUF(der, CERT_DER_MAX);
		struct sm2_sig s;
		AUTO(cert) c = NULL;
		OK(init_sign(procs.dir, procs.clock, &result.keys[i], SPAN_LIT("text"), &sig, &der));
		OK(cert_parse(buf_span(&der), &c));
		OK(path_check(trust, c, KU_SIGN, procs_now(&procs)));
		memcpy(s.b, sig.ptr, SM2_SIG_LEN);
		OK(gm_verify(cert_pub(c), SPAN_LIT("text"), &s));
		assert_string_equal(cert_person_id(c), init_staff_default[i].person);
		assert_string_equal(cert_common_name(c), init_staff_default[i].name);
	}
}

static void wrong_pin_is_refused(void **state)
{
	AUTO_BUF(sig, SM2_SIG_LEN);
	AUTO_BUF(der, CERT_DER_MAX);
	struct init_key k = result.keys[2];
	(void)state;
	memcpy(k.pin, "000001", 7);
	assert_int_equal(init_sign(procs.dir, procs.clock, &k, SPAN_LIT("text"), &sig, &der), ERR_PIN_WRONG);
	err_clear();
}

static void blank_card_gives_birth(void **state)
{
	static const uint8_t approval[32] = {7};
	struct sm2_pub pub;
	struct attest a;
	struct init_key k = result.keys[init_staff_default_count];
	AUTO_BUF(attest, ATTEST_LEN);
	AUTO_BUF(csr, 4096);
	(void)state;
	OK(init_generate(procs.dir, procs.clock, &k, approval, &pub, &attest, &csr));
	OK(attest_parse(buf_span(&attest), &a));
	assert_string_equal(a.serial, k.serial);
	assert_memory_equal(a.approval, approval, sizeof(approval));
}

/* --- shares: any two holders restore the key, and it stands nowhere in the clear --- */

static enum err apdu(void *card, struct span command, struct buf *response)
{
	card_apdu(card, command, response);
	return ERR_OK;
}

static void open_share(size_t holder, const char *kind, struct buf *out)
{
	char path[NAME_LEN], name[64];
	unsigned tries;
	AUTO(card_file) file = NULL;
	AUTO(token) t = NULL;
	AUTO(secret) pin = NULL;
	struct reader *r = NULL;
	AUTO_BUF(cipher, 512);
	AUTO(cert) root = load("ca/root.cer");
	AUTO(cert) ca = load("ca/ca.cer");
	(void)snprintf(name, sizeof(name), "ceremony/%s-share-%zu.bin", kind, holder + 1);
	procs_path(&procs, name, path);
	OK(file_read(path, &cipher));
	(void)snprintf(name, sizeof(name), "keys/%s.card", result.keys[holder].name);
	procs_path(&procs, name, path);
	OK(card_file_open(path, &file));
	OK(reader_open_memory(apdu, card_file_card(file), &r));
	OK(token_open(r, &(struct token_trust){root, ca}, procs_now(&procs), &t));
	OK(secret_from(span_str(result.keys[holder].pin), &pin));
	OK(token_login(t, pin, &tries));
	OK(token_decrypt(t, buf_span(&cipher), out));
}

static void restore(const char *kind, size_t one, size_t other, struct secret **ret_scalar)
{
	AUTO_BUF(a, 100);
	AUTO_BUF(b, 100);
	open_share(one, kind, &a);
	open_share(other, kind, &b);
	const struct span shares[] = {buf_span(&a), buf_span(&b)};
	OK(share_join(shares, 2, ret_scalar));
}

static void shares_restore_the_root(void **state)
{
	AUTO(cert) root = load("ca/root.cer");
	static const size_t pairs[][2] = {{0, 1}, {2, 0}, {1, 2}};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		AUTO(secret) scalar = NULL;
		AUTO(sm2_key) key = NULL;
		restore("root", pairs[i][0], pairs[i][1], &scalar);
		OK(sm2_key_from(secret_span(scalar), &key));
		assert_memory_equal(sm2_key_pub(key)->b, cert_pub(root)->b, SM2_PUB_LEN);
		assert_false(procs_files_hold(&procs, secret_span(scalar)));
	}
}

static void no_recovery_key_is_left(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		AUTO(secret) scalar = NULL;
		AUTO(sm2_key) key = NULL;
		restore(i == 0 ? "desk" : "legal", 0, 1, &scalar);
		OK(sm2_key_from(secret_span(scalar), &key));
		assert_false(procs_files_hold(&procs, secret_span(scalar)));
		/* The search itself works: the public half is found in escrow's files. */
		assert_true(procs_files_hold(&procs, SPAN_ARR(sm2_key_pub(key)->b)));
	}
}

static void no_second_ceremony(void **state)
{
	struct init_plan plan = plan_of();
	struct init_result again;
	(void)state;
	assert_int_equal(init_ceremony(&plan, &again), ERR_CEREMONY);
	err_clear();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bureau_is_open),          cmocka_unit_test(keys_are_named),
		cmocka_unit_test(root_has_its_list),       cmocka_unit_test(all_under_the_arc),
		cmocka_unit_test(staff_can_sign),          cmocka_unit_test(wrong_pin_is_refused),
		cmocka_unit_test(blank_card_gives_birth),  cmocka_unit_test(shares_restore_the_root),
		cmocka_unit_test(no_recovery_key_is_left), cmocka_unit_test(no_second_ceremony),
	};
	return cmocka_run_group_tests_name("init", tests, begin, finish);
}
