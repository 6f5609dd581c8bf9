/* The signer's parts without a process: index, roster entries, wire tables, key store. */
#include "base/file.h"
#include "bench_procs.h"
#include "gm/rand.h"
#include "pki/profile.h"
#include "server/signer/ca.h"
#include "server/signer/index.h"
#include "server/signer/quota.h"
#include "server/signer/record.h"
#include "server/signer/roster.h"
#include <stdio.h>
#include <sys/stat.h>

/* --- index --- */

static void index_keeps_all(void **state)
{
	enum { N = 3000 };
	AUTO(index) x = NULL;
	size_t v = 0;
	(void)state;
	OK(index_new(&x));
	for (size_t i = 0; i < N; i++) {
		char name[32];
		int n = snprintf(name, sizeof(name), "name %zu", i);
		OK(index_put(x, span_of(name, (size_t)n), i * 7));
	}
	assert_int_equal(index_count(x), N);
	for (size_t i = 0; i < N; i++) {
		char name[32];
		int n = snprintf(name, sizeof(name), "name %zu", i);
		OK(index_get(x, span_of(name, (size_t)n), &v));
		assert_int_equal(v, i * 7);
		assert_int_equal(index_put(x, span_of(name, (size_t)n), 1), ERR_EXISTS);
	}
	v = 77;
	assert_int_equal(index_get(x, SPAN_LIT("name"), &v), ERR_ABSENT);
	assert_int_equal(index_get(x, SPAN_EMPTY, &v), ERR_ABSENT);
	assert_int_equal(v, 77);
	err_clear();
}

/* --- person ids --- */

static void person_ids(void **state)
{
	static const struct {
		const char *id;
		bool good;
	} rows[] = {
		{"P000001", true},
		{"ABCD", true},
		{"12345678901234567890", true},
		{"", false},
		{"ABC", false},
		{"123456789012345678901", false},
		{"p000001", false},
		{"P-00001", false},
		{"P 00001", false},
		{"P00000\xc3\x81", false},
	};
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		assert_int_equal(person_id_is_good(rows[i].id), rows[i].good);
}

/* --- wire tables --- */

static void schemas_are_in_order(void **state)
{
	const struct ipc_type *tables[] = {signer_requests, signer_answers};
	(void)state;
	assert_int_equal(signer_requests_count(), 18);
	for (size_t t = 0; t < COUNT_OF(tables); t++)
		for (size_t i = 0; i < signer_requests_count(); i++)
			for (const struct ipc_field *f = tables[t][i].fields; f->tag != 0; f++) {
				assert_true(f->min_len <= f->max_len && f->max_len < IPC_BODY_MAX);
				assert_true(f[1].tag == 0 || f[1].tag > f->tag);
			}
	assert_null(signer_request_of(0));
	assert_null(signer_answer_of(7));
	assert_ptr_equal(signer_request_of(SIGNER_ISSUE)->name, signer_requests[6].name);
	assert_string_equal(signer_answer_of(SIGNER_ISSUE)->name, "issue");
}

static void records_are_typed(void **state)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) back = NULL;
	AUTO_BUF(bytes, RECORD_MAX);
	(void)state;
	OK(record_new(REC_CRL, 1700000000, &m));
	OK(ipc_encode(m, &bytes));
	assert_int_not_equal(record_parse(buf_span(&bytes), &back), ERR_OK); /* number and digest are missing */
	ipc_put_u64(m, RT_CRL_NO, 1);
	ipc_put(m, RT_DIGEST, span_of("01234567890123456789012345678901", 32));
	buf_clear(&bytes);
	OK(ipc_encode(m, &bytes));
	OK(record_parse(buf_span(&bytes), &back));
	AUTO(ipc_msg) begin = NULL; /* of a ceremony before the root had a list */
	AUTO(ipc_msg) begun = NULL;
	OK(record_new(REC_BEGIN, 1700000000, &begin));
	ipc_put(begin, ST_ROOT, SPAN_LIT("r"));
	ipc_put(begin, ST_CA, SPAN_LIT("c"));
	buf_clear(&bytes);
	OK(ipc_encode(begin, &bytes));
	OK(record_parse(buf_span(&bytes), &begun));
	assert_false(ipc_has(begun, ST_ROOT_CRL));
	ipc_put_u64(m, ST_SEQ, 1); /* a field of no CRL record */
	buf_clear(&bytes);
	OK(ipc_encode(m, &bytes));
	assert_int_not_equal(record_parse(buf_span(&bytes), &back), ERR_OK);
	err_clear();
}

/* --- the CA's key at rest --- */

struct store {
	char dir[40];
	struct sm2_key *root;
	struct cert *root_cert, *cert;
};

static void store_make(struct store *s)
{
	AUTO(ca) ca = NULL;
	static const char template[] = "/tmp/yx-signer-XXXXXX";
	memcpy(s->dir, template, sizeof(template));
	assert_non_null(mkdtemp(s->dir));
	OK(profile_load(getenv("YX_PROFILES")));
	OK(sm2_key_new(&s->root));
	OK(ca_create(s->dir, &ca));
	OK(ca_root_make(s->root, NULL, 1763780000, &s->root_cert));
	OK(ca_cert_make(s->root, s->root_cert, ca_pub(ca), NULL, 1763780000, &s->cert));
}

static void path_in(const struct store *s, const char *name, char ret[NAME_LEN])
{
	(void)snprintf(ret, NAME_LEN, "%s/%s", s->dir, name);
}

static void store_done(struct store *s)
{
	char path[NAME_LEN];
	path_in(s, "keys.bin", path);
	(void)unlink(path);
	path_in(s, "machine.key", path);
	(void)unlink(path);
	(void)rmdir(s->dir);
	sm2_key_free(s->root);
	cert_free(s->root_cert);
	cert_free(s->cert);
}

static void key_store_opens(void **state)
{
	struct store s = {0};
	struct stat st;
	char path[NAME_LEN];
	AUTO(ca) again = NULL;
	AUTO(ca) wrong = NULL;
	(void)state;
	store_make(&s);
	OK(ca_open(s.dir, s.cert, &again));
	assert_int_equal(ca_open(s.dir, s.root_cert, &wrong), ERR_JOURNAL); /* another key's certificate */
	path_in(&s, "machine.key", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	path_in(&s, "keys.bin", path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	store_done(&s);
	err_clear();
}

static void every_octet_of_the_store_counts(void **state)
{
	struct store s = {0};
	char path[NAME_LEN];
	AUTO_BUF(sealed, 1000);
	(void)state;
	store_make(&s);
	path_in(&s, "keys.bin", path);
	OK(file_read(path, &sealed));
	for (size_t i = 0; i < sealed.len; i++) {
		AUTO(ca) ca = NULL;
		sealed.ptr[i] ^= 0x10;
		OK(file_replace(path, buf_span(&sealed), 0600));
		assert_int_not_equal(ca_open(s.dir, s.cert, &ca), ERR_OK);
		sealed.ptr[i] ^= 0x10;
	}
	for (size_t cut = 0; cut < sealed.len; cut += 7) {
		AUTO(ca) ca = NULL;
		OK(file_replace(path, span_sub(buf_span(&sealed), 0, cut), 0600));
		assert_int_not_equal(ca_open(s.dir, s.cert, &ca), ERR_OK);
	}
	store_done(&s);
	err_clear();
}

static void days_and_profiles(void **state)
{
	static const struct {
		const char *profile;
		int64_t days;
		enum err want;
	} rows[] = {
		{"person-sign", 1, ERR_OK},
		{"person-sign", CA_DAYS_DEFAULT, ERR_OK},
		{"person-sign", 1826, ERR_OK},
		{"person-sign", 1827, ERR_CERT_PROFILE},
		{"person-sign", -1, ERR_CERT_PROFILE},
		{"person", 1, ERR_CERT_PROFILE},
		{"ca", 1, ERR_CERT_PROFILE},
		{"root", 1, ERR_CERT_PROFILE},
		{"unit-sign", 1, ERR_CERT_PROFILE}, /* no unit, no credit code */
	};
	struct store s = {0};
	AUTO(ca) ca = NULL;
	const struct ca_urls urls = {"", ""};
	const struct ca_subject subject = {.common_name = "测试人员", .subject_id = "U0000001"};
	(void)state;
	store_make(&s);
	OK(ca_open(s.dir, s.cert, &ca));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		AUTO(sm2_key) k = NULL;
		AUTO(cert) c = NULL;
		OK(sm2_key_new(&k));
		assert_int_equal(ca_issue(ca, rows[i].profile, &subject, sm2_key_pub(k), &urls, 1763780000,
		                          rows[i].days, &c),
		                 rows[i].want);
	}
	AUTO(sm2_key) k = NULL;
	AUTO(cert) late = NULL;
	OK(sm2_key_new(&k));
	int64_t near_end = cert_not_after(s.cert) - 10 * 86400;
	assert_int_equal(ca_issue(ca, "person-sign", &subject, sm2_key_pub(k), &urls, near_end, 11, &late),
	                 ERR_CERT_PROFILE);
	OK(ca_issue(ca, "person-sign", &subject, sm2_key_pub(k), &urls, near_end, CA_DAYS_DEFAULT, &late));
	assert_true(cert_not_after(late) == cert_not_after(s.cert));
	store_done(&s);
	err_clear();
}

/* --- quota --- */

static int taken(struct quota *q, int64_t now_ms, int tries)
{
	int n = 0;
	for (int i = 0; i < tries; i++)
		n += quota_take(q, now_ms);
	return n;
}

static void quota_fills_and_empties(void **state)
{
	struct quota q;
	(void)state;
	quota_init(&q, 6, 1000);
	assert_int_equal(taken(&q, 1000, 100), 60);
	assert_int_equal(q.refused, 40);
	assert_int_equal(taken(&q, 1000 + 9999, 5), 0);
	assert_int_equal(taken(&q, 1000 + 10000, 5), 1); /* one in ten seconds, no rest lost */
	assert_int_equal(taken(&q, 1000 + 40000, 5), 3);
	assert_int_equal(taken(&q, 0, 5), 0); /* a clock that goes back gives nothing */
	assert_int_equal(taken(&q, INT64_MAX / 2, 100), 60);
	quota_init(&q, 1000000, 0);
	assert_int_equal(taken(&q, INT64_C(1) << 60, 1000), 1000);
	quota_init(&q, 0, 0);
	assert_int_equal(taken(&q, 0, 1000), 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(index_keeps_all),      cmocka_unit_test(person_ids),
		cmocka_unit_test(schemas_are_in_order), cmocka_unit_test(records_are_typed),
		cmocka_unit_test(key_store_opens),      cmocka_unit_test(every_octet_of_the_store_counts),
		cmocka_unit_test(days_and_profiles),    cmocka_unit_test(quota_fills_and_empties),
	};
	return cmocka_run_group_tests_name("signer parts", tests, NULL, NULL);
}
