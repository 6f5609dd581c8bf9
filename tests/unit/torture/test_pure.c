/* base, gm, pki: parsers, builders, cryptography. */
#include "../pki/pki_test.h"
#include "alloc.h"
#include "base/arena.h"
#include "base/conf.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/text_fold.h"
#include "gm/share.h"
#include "gm/sm4.h"
#include "pki/crl.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include "pki/ocsp.h"
#include "pki/path.h"
#include "pki/profile.h"
#include <stdlib.h>
#include <string.h>

/* --- base --- */

static enum err do_json(void *ctx)
{
	AUTO_JSON v = NULL;
	AUTO_BUF(out, 4096);
	(void)ctx;
	TRY(json_parse(
		SPAN_LIT("{\"rows\":[{\"姓名\":\"测试职工甲\",\"n\":12},{\"a\":[true,null,\"长\"]}],\"z\":\"\"}"), &v));
	TRY(json_put_str(v, "more", SPAN_LIT("文字")));
	TRY(json_put_int(v, "number", 7));
	TRY(json_put(v, "list", json_array()));
	return json_print(v, &out);
}

static enum err do_arena(void *ctx)
{
	AUTO(arena) a = arena_new(100000);
	(void)ctx;
	if (a == NULL)
		return ERR(NOMEM, "arena");
	for (size_t i = 1; i < 200; i++)
		if (arena_alloc(a, i * 4) == NULL || arena_str(a, SPAN_LIT("abc")) == NULL)
			return ERR(NOMEM, "arena");
	return ERR_OK;
}

static enum err do_buf(void *ctx)
{
	AUTO_BUF(out, 1 << 20);
	(void)ctx;
	for (int i = 0; i < 5000; i++)
		buf_printf(&out, "%d %s", i, "行");
	return buf_err(&out);
}

static enum err do_fold(void *ctx)
{
	AUTO_BUF(out, 300);
	unsigned what;
	(void)ctx;
	return text_fold(FOLD_NAME, SPAN_LIT("阿依努尔•买买提（小）"), &out, &what);
}

static enum err do_conf(void *ctx)
{
	static const struct conf_opt opts[] = {{.key = "listen", .fallback = "8600", .help = "port"}, {0}};
	AUTO(conf) c = NULL;
	(void)ctx;
	TRY(conf_parse_text(SPAN_LIT("# a file\nlisten = 8700\n"), opts, &c));
	return conf_set(c, "listen", "8800");
}

/* --- gm --- */

static enum err do_sm2(void *ctx)
{
	AUTO(sm2_key) k = NULL;
	AUTO_BUF(cipher, 512);
	AUTO_BUF(plain, 512);
	AUTO_BUF(der, 100);
	struct sm2_sig sig;
	(void)ctx;
	TRY(sm2_key_new(&k));
	TRY(gm_sign(k, SPAN_LIT("甲"), &sig));
	TRY(gm_verify(sm2_key_pub(k), SPAN_LIT("甲"), &sig));
	TRY(sm2_sig_der(&sig, &der));
	TRY(sm2_encrypt(sm2_key_pub(k), SPAN_LIT("乙"), &cipher));
	return sm2_decrypt(k, buf_span(&cipher), &plain);
}

static enum err do_share(void *ctx)
{
	struct secret *shares[5] = {NULL};
	struct span part[3];
	AUTO(secret) got = NULL;
	(void)ctx;
	TRY(share_split(SPAN_LIT("0123456789abcdef"), 3, 5, shares));
	for (unsigned i = 0; i < 3; i++)
		part[i] = secret_span(shares[i]);
	enum err e = share_join(part, 3, &got);
	for (unsigned i = 0; i < 5; i++)
		secret_free(shares[i]);
	return e;
}

static enum err do_seal(void *ctx)
{
	AUTO_BUF(sealed, 4096);
	AUTO_BUF(plain, 4096);
	const struct span key = SPAN_LIT("0123456789abcdef0123456789abcdef");
	(void)ctx;
	TRY(seal_close(key, SPAN_LIT("person.id"), SPAN_LIT("内容"), &sealed));
	return seal_open(key, SPAN_LIT("person.id"), buf_span(&sealed), &plain);
}

/* --- pki --- */

static enum err do_cert(void *ctx)
{
	struct cert_spec s = spec_for("unit-sign", sm2_key_pub(b.sign_key));
	AUTO(cert) c = NULL;
	AUTO(cert) again = NULL;
	AUTO_BUF(pem, 8192);
	(void)ctx;
	s.issuer = b.ca;
	TRY(cert_build(&s, b.ca_key, &c));
	TRY(cert_parse(cert_der(c), &again));
	return cert_pem(again, &pem);
}

static enum err do_csr(void *ctx)
{
	AUTO_BUF(tbs, 4096);
	AUTO_BUF(der, 4096);
	AUTO(csr) c = NULL;
	struct sm2_sig sig;
	(void)ctx;
	TRY(csr_tbs(sm2_key_pub(b.sign_key), "测试", &tbs));
	TRY(gm_sign(b.sign_key, buf_span(&tbs), &sig));
	TRY(csr_assemble(buf_span(&tbs), &sig, &der));
	return csr_parse(buf_span(&der), &c);
}

static enum err trust_with_list(struct path_trust *t)
{
	AUTO(crl) list = NULL;
	AUTO(crl) own = NULL;
	const struct crl_entry e = {.time = T0, .reason = CRL_KEY_COMPROMISE, .serial_len = 16, .serial = {9}};
	TRY(crl_build(b.ca, b.ca_key, 1, T0, T0 + 7 * DAY, &e, 1, &list));
	TRY(crl_parse(crl_der(list), &own));
	TRY(path_trust_set_crl(t, own));
	own = NULL; /* taken over */
	return path_check(t, b.sign, KU_SIGN, T0 + 1);
}

static enum err do_path(void *ctx)
{
	AUTO(path_trust) t = NULL;
	(void)ctx;
	TRY(path_trust_new(b.root, b.ca, &t));
	return trust_with_list(t);
}

static enum err do_envelope(void *ctx)
{
	AUTO_BUF(der, ENVELOPED_KEY_MAX);
	AUTO(sm2_key) got = NULL;
	(void)ctx;
	TRY(enveloped_key_close(sm2_key_pub(b.sign_key), b.enc_key, &der));
	return enveloped_key_open(buf_span(&der), b.sign_key, &got);
}

static enum err do_profiles(void *ctx)
{
	(void)ctx;
	return profile_load(PROFILES_JSON);
}

static const struct torture all[] = {
	{.name = "json", .op = do_json},
	{.name = "arena", .op = do_arena},
	{.name = "buf", .op = do_buf},
	{.name = "fold", .op = do_fold},
	{.name = "conf", .op = do_conf},
	{.name = "sm2", .op = do_sm2},
	{.name = "shares", .op = do_share},
	{.name = "seal", .op = do_seal},
	{.name = "certificate", .op = do_cert},
	{.name = "request", .op = do_csr},
	{.name = "path", .op = do_path},
	{.name = "enveloped key", .op = do_envelope},
	{.name = "profiles", .op = do_profiles, .keeps = true},
};

static void test_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(all); i++)
		torture(&all[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all)};
	return cmocka_run_group_tests(tests, bureau_up, bureau_down);
}
