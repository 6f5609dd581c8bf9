/* Objects for other implementations to judge, and our judgement of theirs.
 *   interop_emit emit PROFILES DIR [PEN]  a test bureau's objects; the private keys are made here and worth nothing
 *   interop_emit check KIND DIR FILE    exit status 0 when we accept FILE: cert csr crl sig cipher enveloped ocspreq
 * ocsp tsq tsp DIR is what emit wrote. */
#include "base/file.h"
#include "base/text.h"
#include "gm/der.h"
#include "gm/kdf.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include "pki/arc.h"
#include "pki/csr.h"
#include "pki/envelope.h"
#include "pki/ocsp.h"
#include "pki/oid.h"
#include "pki/path.h"
#include "pki/profile.h"
#include "pki/tsp.h"
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { FILE_MAX = 1 << 20, DAY = 86400 };
static const char message[] = "长沙市社会保险业务\n";

static enum err put(const char *dir, const char *name, struct span s)
{
	AUTO_BUF(path, 4096);
	buf_printf(&path, "%s/%s", dir, name);
	TRY(buf_err(&path));
	return file_replace(buf_cstr(&path), s, 0600);
}

static enum err get(const char *dir, const char *name, struct buf *out)
{
	AUTO_BUF(path, 4096);
	if (dir == NULL)
		return file_read(name, out);
	buf_printf(&path, "%s/%s", dir, name);
	TRY(buf_err(&path));
	return file_read(buf_cstr(&path), out);
}

static enum err put_pem(const char *dir, const char *name, const char *label, struct span der)
{
	AUTO_BUF(b64, FILE_MAX);
	AUTO_BUF(pem, FILE_MAX);
	text_b64(&b64, der);
	buf_printf(&pem, "-----BEGIN %s-----\n", label);
	for (size_t at = 0; at < b64.len; at += 64) {
		buf_put(&pem, span_sub(buf_span(&b64), at, 64));
		buf_u8(&pem, '\n');
	}
	buf_printf(&pem, "-----END %s-----\n", label);
	TRY(buf_err(&pem));
	return put(dir, name, buf_span(&pem));
}

static enum err put_cert(const char *dir, const char *name, const struct cert *c)
{
	AUTO_BUF(file, 256);
	AUTO_BUF(pem, FILE_MAX);
	buf_printf(&file, "%s.der", name);
	TRY(put(dir, buf_cstr(&file), cert_der(c)));
	TRY(cert_pem(c, &pem));
	buf_clear(&file);
	buf_printf(&file, "%s.pem", name);
	return put(dir, buf_cstr(&file), buf_span(&pem));
}

/* RFC 5208 with RFC 5915 inside. */
static enum err put_key(const char *dir, const char *name, const struct sm2_key *k)
{
	AUTO_BUF(der, 1024);
	size_t seq = der_open(&der, DER_SEQ);
	der_put_u64(&der, 0);
	size_t alg = der_open(&der, DER_SEQ);
	der_put_oid(&der, OID_EC_PUBLIC_KEY);
	der_put_oid(&der, OID_SM2_CURVE);
	der_close(&der, alg);
	size_t octets = der_open(&der, DER_OCTETS), ec = der_open(&der, DER_SEQ);
	der_put_u64(&der, 1);
	der_put(&der, DER_OCTETS, sm2_key_scalar(k));
	size_t pub = der_open(&der, DER_EXPLICIT(1));
	der_put_bits(&der, SPAN_ARR(sm2_key_pub(k)->b));
	der_close(&der, pub);
	der_close(&der, ec);
	der_close(&der, octets);
	der_close(&der, seq);
	TRY(buf_err(&der));
	return put_pem(dir, name, "PRIVATE KEY", buf_span(&der));
}

struct bureau {
	struct sm2_key *root, *ca, *sign, *enc, *staff, *card, *ocsp, *tsa;
	char arc[ARC_MAX]; /* the root's */
	struct cert *root_cert, *ca_cert, *sign_cert, *enc_cert, *staff_cert, *card_cert, *ocsp_cert, *tsa_cert;
};

static enum err issue(const char *profile, const struct cert *issuer, const struct sm2_key *by,
                      const struct sm2_key *of, const char *id, const char *arc, struct cert **ret_c)
{
	const struct profile *p = profile_find(profile);
	if (p == NULL)
		return ERR(ABSENT, "profile %s", profile);
	int64_t now = (int64_t)time(NULL) - DAY;
	struct cert_spec s = {.profile = profile,
	                      .issuer = issuer,
	                      .arc = arc,
	                      .pub = sm2_key_pub(of),
	                      .subject_id = id,
	                      .not_before = now,
	                      .not_after = now + (int64_t)p->days_default * DAY,
	                      .common_name = p->ca ? NULL : "长沙测试一号科技有限公司",
	                      .org = p->needs_org ? "长沙测试一号科技有限公司" : NULL,
	                      .uscc = p->needs_uscc ? "91430100MAYYYY016Y" : NULL,
	                      .crl_url =
	                              p->ca ? "http://localhost:8600/crl/root.crl" : "http://localhost:8600/crl/ca.crl",
	                      .ca_url = "http://localhost:8600/ca/ca.cer",
	                      .ocsp_url = "http://localhost:8600/ocsp"};
	TRY(rand_bytes(s.serial, sizeof(s.serial)));
	s.serial[0] = (uint8_t)(s.serial[0] % 0x7f + 1);
	return cert_build(&s, by, ret_c);
}

static enum err make_bureau(struct bureau *b)
{
	struct sm2_key **keys[] = {&b->root, &b->ca, &b->sign, &b->enc, &b->staff, &b->card, &b->ocsp, &b->tsa};
	for (size_t i = 0; i < COUNT_OF(keys); i++)
		TRY(sm2_key_new(keys[i]));
	TRY(issue("root", NULL, b->root, b->root, NULL, b->arc, &b->root_cert));
	TRY(issue("ca", b->root_cert, b->root, b->ca, NULL, b->arc, &b->ca_cert));
	TRY(issue("unit-sign", b->ca_cert, b->ca, b->sign, "43010001-P0000123", b->arc, &b->sign_cert));
	TRY(issue("unit-enc", b->ca_cert, b->ca, b->enc, "43010001-P0000123", b->arc, &b->enc_cert));
	TRY(issue("staff-sign", b->ca_cert, b->ca, b->staff, "P0000001", b->arc, &b->staff_cert));
	TRY(issue("ocsp", b->ca_cert, b->ca, b->ocsp, "NOTARY-OCSP", b->arc, &b->ocsp_cert));
	TRY(issue("tsa", b->ca_cert, b->ca, b->tsa, "NOTARY-TSA", b->arc, &b->tsa_cert));
	return issue("card", b->ca_cert, b->ca, b->card, "YX00000001", b->arc, &b->card_cert);
}

static void bureau_done(struct bureau *b)
{
	struct sm2_key *keys[] = {b->root, b->ca, b->sign, b->enc, b->staff, b->card, b->ocsp, b->tsa};
	struct cert *certs[] = {b->root_cert,  b->ca_cert,   b->sign_cert, b->enc_cert,
	                        b->staff_cert, b->card_cert, b->ocsp_cert, b->tsa_cert};
	for (size_t i = 0; i < COUNT_OF(keys); i++) {
		sm2_key_free(keys[i]);
		cert_free(certs[i]);
	}
}

static enum err emit_certs(const char *dir, const struct bureau *b)
{
	TRY(put_cert(dir, "root", b->root_cert));
	TRY(put_cert(dir, "ca", b->ca_cert));
	TRY(put_cert(dir, "sign", b->sign_cert));
	TRY(put_cert(dir, "enc", b->enc_cert));
	TRY(put_cert(dir, "staff", b->staff_cert));
	TRY(put_cert(dir, "card", b->card_cert));
	TRY(put_cert(dir, "ocsp", b->ocsp_cert));
	TRY(put_cert(dir, "tsa", b->tsa_cert));
	TRY(put_key(dir, "ocsp.key", b->ocsp));
	TRY(put_key(dir, "tsa.key", b->tsa));
	TRY(put_key(dir, "sign.key", b->sign));
	return put_key(dir, "enc.key", b->enc);
}

static enum err emit_csr(const char *dir, const struct bureau *b)
{
	AUTO_BUF(tbs, CSR_DER_MAX);
	AUTO_BUF(der, CSR_DER_MAX);
	struct sm2_sig sig;
	TRY(csr_tbs(sm2_key_pub(b->sign), "YX00000001", &tbs));
	TRY(gm_sign(b->sign, buf_span(&tbs), &sig));
	TRY(csr_assemble(buf_span(&tbs), &sig, &der));
	TRY(put(dir, "csr.der", buf_span(&der)));
	return put_pem(dir, "csr.pem", "CERTIFICATE REQUEST", buf_span(&der));
}

static enum err emit_crl(const char *dir, const struct bureau *b)
{
	AUTO_BUF(serial, 20);
	AUTO(crl) crl = NULL;
	int64_t now = (int64_t)time(NULL);
	struct crl_entry e = {.time = now - 60, .reason = CRL_KEY_COMPROMISE};
	TRY(text_unhex(span_str(cert_serial(b->staff_cert)), &serial));
	memcpy(e.serial, serial.ptr, serial.len);
	e.serial_len = serial.len;
	TRY(crl_build(b->ca_cert, b->ca, 4711, now - 60, now + 7 * DAY, &e, 1, &crl));
	TRY(put(dir, "crl.der", crl_der(crl)));
	TRY(put_pem(dir, "crl.pem", "X509 CRL", crl_der(crl)));
	AUTO(crl) of_root = NULL;
	TRY(crl_build(b->root_cert, b->root, 1, now - 60, cert_not_after(b->root_cert), NULL, 0, &of_root));
	TRY(put(dir, "root.crl.der", crl_der(of_root)));
	TRY(put_pem(dir, "root.crl.pem", "X509 CRL", crl_der(of_root)));
	return put(dir, "staff.serial", span_str(cert_serial(b->staff_cert)));
}

static enum err emit_keys(const char *dir, const struct bureau *b)
{
	AUTO_BUF(out, 4096);
	struct sm2_sig sig;
	TRY(put(dir, "msg", span_str(message)));
	TRY(gm_sign(b->sign, span_str(message), &sig));
	TRY(sm2_sig_der(&sig, &out));
	TRY(put(dir, "sig", buf_span(&out)));
	buf_clear(&out);
	TRY(sm2_encrypt(sm2_key_pub(b->enc), span_str(message), &out));
	TRY(put(dir, "cipher", buf_span(&out)));
	buf_clear(&out);
	TRY(enveloped_key_close(sm2_key_pub(b->sign), b->enc, &out));
	return put(dir, "enveloped", buf_span(&out));
}

static enum err emit_macs(const char *dir)
{
	uint8_t mac[SM3_LEN], derived[40];
	AUTO_BUF(hex, 256);
	struct span msg = span_str(message);
	TRY(hmac_sm3(SPAN_LIT("interop key"), &msg, 1, mac));
	text_hex(&hex, SPAN_ARR(mac));
	TRY(put(dir, "hmac.hex", buf_span(&hex)));
	TRY(kdf_pin(SPAN_LIT("123456"), SPAN_LIT("salt-salt-salt-s"), 1000, derived, sizeof(derived)));
	buf_clear(&hex);
	text_hex(&hex, SPAN_ARR(derived));
	return put(dir, "pbkdf2.hex", buf_span(&hex));
}

/* One request and one answer: the unit's certificate is good, the officer's revoked, the card's suspended. */
static enum err emit_ocsp(const char *dir, const struct bureau *b)
{
	const char *serials[] = {cert_serial(b->sign_cert), cert_serial(b->staff_cert), cert_serial(b->card_cert)};
	int64_t now = (int64_t)time(NULL);
	const struct ocsp_status status[] = {{OCSP_GOOD, 0, CRL_UNSPECIFIED},
	                                     {OCSP_REVOKED, now - 60, CRL_KEY_COMPROMISE},
	                                     {OCSP_REVOKED, now - 60, CRL_HOLD}};
	struct ocsp_item items[COUNT_OF(serials)];
	struct ocsp_request r;
	AUTO_BUF(request, OCSP_REQUEST_MAX);
	AUTO_BUF(response, OCSP_DER_MAX);
	TRY(ocsp_request_build(b->ca_cert, OCSP_SM3, serials, COUNT_OF(serials), SPAN_LIT("0123456789abcdef"),
	                       &request));
	TRY(put(dir, "ocsp.req", buf_span(&request)));
	TRY(ocsp_request_parse(buf_span(&request), &r));
	for (size_t i = 0; i < COUNT_OF(items); i++)
		items[i] = (struct ocsp_item){r.ids[i], status[i], now, now + 60};
	struct ocsp_spec spec = {b->ocsp_cert, b->ocsp, now, r.nonce, items, COUNT_OF(items)};
	TRY(ocsp_response_build(&spec, &response));
	return put(dir, "ocsp.resp", buf_span(&response));
}

static enum err emit_tsp(const char *dir, const struct bureau *b)
{
	struct tsp_request r;
	uint8_t sm3[SM3_LEN];
	AUTO_BUF(request, TSP_REQUEST_MAX);
	AUTO_BUF(response, TSP_DER_MAX);
	TRY(sm3_digest(span_str(message), sm3));
	TRY(tsp_request_build(sm3, SPAN_LIT("12345678"), true, &request));
	TRY(put(dir, "tsp.req", buf_span(&request)));
	TRY(tsp_request_parse(buf_span(&request), &r));
	struct tsp_spec spec = {
		.signer = b->tsa_cert, .key = b->tsa, .request = &r, .serial = {0x41, 1}, .time = (int64_t)time(NULL)};
	TRY(tsp_response_build(&spec, &response));
	return put(dir, "tsp.resp", buf_span(&response));
}

static enum err emit(const char *profiles, const char *dir, const char *pen_text)
{
	__attribute__((cleanup(bureau_done))) struct bureau b = {0};
	int64_t pen = 0;
	TRY(profile_load(profiles));
	TRY(text_i64(span_str(pen_text), 0, ARC_PEN_MAX, &pen));
	TRY(arc_of_pen((uint64_t)pen, b.arc));
	TRY(make_bureau(&b));
	TRY(emit_certs(dir, &b));
	TRY(emit_csr(dir, &b));
	TRY(emit_crl(dir, &b));
	TRY(emit_keys(dir, &b));
	TRY(emit_ocsp(dir, &b));
	TRY(emit_tsp(dir, &b));
	return emit_macs(dir);
}

/* --- our judgement --- */
static enum err load_cert(const char *dir, const char *name, struct cert **ret_c)
{
	AUTO_BUF(der, FILE_MAX);
	TRY(get(dir, name, &der));
	return cert_parse(buf_span(&der), ret_c);
}

/* The scalar out of a file of put_key: 32 octets after the INTEGER 1 of RFC 5915. */
static enum err load_key(const char *dir, const char *name, struct sm2_key **ret_k)
{
	AUTO_BUF(pem, FILE_MAX);
	AUTO_BUF(b64, FILE_MAX);
	AUTO_BUF(der, FILE_MAX);
	static const uint8_t before[] = {0x02, 0x01, 0x01, 0x04, 0x20};
	struct span rest, line;
	TRY(get(dir, name, &pem));
	rest = buf_span(&pem);
	while (span_take_until(&rest, '\n', &line)) {
		if (line.len > 0 && line.ptr[0] != '-')
			buf_put(&b64, line);
	}
	TRY(text_unb64(buf_span(&b64), &der));
	const uint8_t *at = memmem(der.ptr, der.len, before, sizeof(before));
	if (at == NULL || (size_t)(at - der.ptr) + 37 > der.len)
		return ERR(SYNTAX, "no private key in %s", name);
	return sm2_key_from(span_of(at + 5, 32), ret_k);
}

static enum err check_path(const char *dir, struct span der)
{
	AUTO_BUF(list, FILE_MAX);
	AUTO(cert) root = NULL;
	AUTO(cert) ca = NULL;
	AUTO(cert) leaf = NULL;
	AUTO(crl) crl = NULL;
	TRY(load_cert(dir, "root.der", &root));
	TRY(load_cert(dir, "ca.der", &ca));
	TRY(get(dir, "crl.der", &list));
	TRY(crl_parse(buf_span(&list), &crl));
	TRY(cert_parse(der, &leaf));
	AUTO(path_trust) t = NULL;
	TRY(path_trust_new(root, ca, &t));
	TRY(path_trust_set_crl(t, crl));
	crl = NULL;
	return path_check(t, leaf, cert_usage(leaf) == KU_ENC ? KU_ENC : KU_SIGN, (int64_t)time(NULL));
}

static enum err check_csr(const char *dir, struct span der)
{
	AUTO(csr) c = NULL;
	(void)dir;
	return csr_parse(der, &c);
}

static enum err check_crl(const char *dir, struct span der)
{
	AUTO(cert) ca = NULL;
	AUTO(crl) c = NULL;
	TRY(load_cert(dir, "ca.der", &ca));
	TRY(crl_parse(der, &c));
	return crl_verify(c, ca);
}

static enum err check_sig(const char *dir, struct span der)
{
	AUTO(cert) c = NULL;
	struct sm2_sig sig;
	TRY(load_cert(dir, "sign.der", &c));
	TRY(sm2_sig_from_der(der, &sig));
	return gm_verify(cert_pub(c), span_str(message), &sig);
}

static enum err check_cipher(const char *dir, struct span der)
{
	AUTO(sm2_key) k = NULL;
	AUTO_BUF(plain, SM2_PLAIN_MAX);
	TRY(load_key(dir, "enc.key", &k));
	TRY(sm2_decrypt(k, der, &plain));
	return span_eq_str(buf_span(&plain), message) ? ERR_OK : ERR(SIG, "another plain text");
}

static enum err check_enveloped(const char *dir, struct span der)
{
	AUTO(sm2_key) by = NULL;
	AUTO(sm2_key) pair = NULL;
	TRY(load_key(dir, "sign.key", &by));
	return enveloped_key_open(der, by, &pair);
}

static enum err check_ocsp_request(const char *dir, struct span der)
{
	AUTO(cert) ca = NULL;
	struct ocsp_request r;
	bool is_of = false;
	TRY(load_cert(dir, "ca.der", &ca));
	TRY(ocsp_request_parse(der, &r));
	TRY(ocsp_id_check(&r.ids[0], ca, &is_of));
	return is_of && r.nonce.len > 0 ? ERR_OK : ERR(CERT_CHAIN, "about another authority, or without nonce");
}

static enum err check_ocsp(const char *dir, struct span der)
{
	AUTO(cert) ca = NULL;
	AUTO(cert) about = NULL;
	struct ocsp_status s;
	TRY(load_cert(dir, "ca.der", &ca));
	TRY(load_cert(dir, "staff.der", &about));
	TRY(ocsp_check(der, ca, about, &s, NULL));
	return s.state == OCSP_REVOKED && s.reason == CRL_KEY_COMPROMISE ? ERR_OK : ERR(CERT_CHAIN, "another status");
}

static enum err check_tsp_request(const char *dir, struct span der)
{
	struct tsp_request r;
	(void)dir;
	TRY(tsp_request_parse(der, &r));
	return r.fault == TSP_GRANTED && r.nonce.len > 0 && r.cert_req ? ERR_OK
	                                                               : ERR(SYNTAX, "to be refused: %d", r.fault);
}

static enum err check_tsp(const char *dir, struct span der)
{
	AUTO(cert) ca = NULL;
	uint8_t sm3[SM3_LEN];
	struct tsp_info i;
	struct span token;
	TRY(load_cert(dir, "ca.der", &ca));
	TRY(sm3_digest(span_str(message), sm3));
	TRY(tsp_response_token(der, &token));
	const struct tsp_want want = {ca, NULL, sm3, SPAN_EMPTY};
	return tsp_token_verify(token, &want, &i);
}

static enum err check(const char *kind, const char *dir, const char *file)
{
	static const struct {
		const char *kind;
		enum err (*fn)(const char *dir, struct span der);
	} table[] = {{"cert", check_path},
	             {"csr", check_csr},
	             {"crl", check_crl},
	             {"sig", check_sig},
	             {"cipher", check_cipher},
	             {"enveloped", check_enveloped},
	             {"ocspreq", check_ocsp_request},
	             {"ocsp", check_ocsp},
	             {"tsq", check_tsp_request},
	             {"tsp", check_tsp}};
	AUTO_BUF(der, FILE_MAX);
	TRY(get(NULL, file, &der));
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		if (strcmp(kind, table[i].kind) == 0)
			return table[i].fn(dir, buf_span(&der));
	}
	return ERR(USAGE, "unknown kind %s", kind);
}

int main(int argc, char **argv)
{
	enum err e = ERR_USAGE;
	if ((argc == 4 || argc == 5) && strcmp(argv[1], "emit") == 0)
		e = emit(argv[2], argv[3], argc == 5 ? argv[4] : "0");
	else if (argc == 5 && strcmp(argv[1], "check") == 0)
		e = check(argv[2], argv[3], argv[4]);
	if (e != ERR_OK)
		fprintf(stderr, "interop_emit: %s: %s\n", err_name(e), err_detail());
	return e == ERR_OK ? 0 : e == ERR_USAGE ? 2 : 1;
}
