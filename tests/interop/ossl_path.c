/* libcrypto's path validation of ours with a list for every authority, as `openssl verify -crl_check_all -x509_strict`
 * does it. interop_ossl_path ROOT CA LEAF CRL...     DER files; prints "OK" or the error's number, depth and text; exit
 * status 0 for OK That command itself cannot: it gives the signer's id to the leaf alone, and for a list there is no
 * place to give it (X509_CRL_verify knows only the empty one). So the id is set on each certificate here, and where the
 * verifier finds fault with a list's signature it is told the truth by EVP; all else is libcrypto's own judgement. */
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char signer_id[] = "1234567812345678";

static X509 *load_cert(const char *path)
{
	BIO *in = BIO_new_file(path, "rb");
	X509 *c = in == NULL ? NULL : d2i_X509_bio(in, NULL);
	ASN1_OCTET_STRING *id = ASN1_OCTET_STRING_new();
	BIO_free(in);
	if (c == NULL || id == NULL ||
	    ASN1_OCTET_STRING_set(id, (const unsigned char *)signer_id, (int)strlen(signer_id)) != 1) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	X509_set0_distinguishing_id(c, id);
	return c;
}

static X509_CRL *load_list(const char *path)
{
	BIO *in = BIO_new_file(path, "rb");
	X509_CRL *c = in == NULL ? NULL : d2i_X509_CRL_bio(in, NULL);
	BIO_free(in);
	if (c == NULL) {
		fprintf(stderr, "cannot read %s\n", path);
		exit(2);
	}
	return c;
}

static bool signed_by(X509_CRL *list, X509 *issuer)
{
	const ASN1_BIT_STRING *sig = NULL;
	unsigned char *tbs = NULL;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(X509_get0_pubkey(issuer), NULL);
	int len = i2d_re_X509_CRL_tbs(list, &tbs);
	X509_CRL_get0_signature(list, &sig, NULL);
	EVP_MD_CTX_set_pkey_ctx(md, ctx);
	bool ok = len > 0 && EVP_PKEY_CTX_set1_id(ctx, signer_id, (int)strlen(signer_id)) == 1 &&
	          EVP_DigestVerifyInit(md, NULL, EVP_sm3(), NULL, X509_get0_pubkey(issuer)) == 1 &&
	          EVP_DigestVerify(md, ASN1_STRING_get0_data(sig), (size_t)ASN1_STRING_length(sig), tbs, (size_t)len) ==
	                  1;
	OPENSSL_free(tbs);
	EVP_MD_CTX_free(md);
	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static int judge(int ok, X509_STORE_CTX *s)
{
	if (ok || X509_STORE_CTX_get_error(s) != X509_V_ERR_CRL_SIGNATURE_FAILURE)
		return ok;
	X509_CRL *list = X509_STORE_CTX_get0_current_crl(s);
	X509 *issuer = X509_STORE_CTX_get0_current_issuer(s);
	if (list == NULL || issuer == NULL || !signed_by(list, issuer))
		return 0;
	X509_STORE_CTX_set_error(s, X509_V_OK);
	return 1;
}

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;
	X509 *root = load_cert(argv[1]), *ca = load_cert(argv[2]), *leaf = load_cert(argv[3]);
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *between = sk_X509_new_null();
	X509_STORE_CTX *s = X509_STORE_CTX_new();
	X509_STORE_add_cert(store, root);
	sk_X509_push(between, ca);
	for (int i = 4; i < argc; i++)
		X509_STORE_add_crl(store, load_list(argv[i]));
	X509_STORE_CTX_init(s, store, leaf, between);
	X509_STORE_CTX_set_flags(s, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_X509_STRICT |
	                                    X509_V_FLAG_CHECK_SS_SIGNATURE);
	X509_STORE_CTX_set_verify_cb(s, judge);
	const char *at = getenv("JUDGE_AT"); /* seconds since 1970; not set: now */
	if (at != NULL)
		X509_STORE_CTX_set_time(s, 0, (time_t)strtoll(at, NULL, 10));
	bool ok = X509_verify_cert(s) == 1;
	int e = X509_STORE_CTX_get_error(s);
	if (ok)
		puts("OK");
	else
		printf("error %d at depth %d: %s\n", e, X509_STORE_CTX_get_error_depth(s),
		       X509_verify_cert_error_string(e));
	return ok ? 0 : 1;
}
