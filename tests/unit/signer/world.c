#include "world.h"
#include "base/text.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include "pki/csr.h"
#include "pki/profile.h"
#include <stdio.h>

static const struct {
	const char *person, *roles;
} staff[N_OFFICERS] = {
	[SEC1] = {"P000001", "security"},   [SEC2] = {"P000002", "security"},
	[CLERK] = {"P000003", "clerk"},     [REVIEWER] = {"P000004", "reviewer"},
	[MAKER] = {"P000005", "maker"},     [ALLROUND] = {"P000006", "clerk,reviewer,maker"},
	[AUDITOR] = {"P000007", "auditor"}, [CLERK2] = {"P000009", "clerk"},
};

/* --- calls --- */

enum err as_portal(struct world *w, const struct ipc_msg *m, struct ipc_msg **ret_a)
{
	err_clear();
	procs_be_portal();
	enum err e = signer_call(w->procs.client, m, ret_a);
	procs_be_admin();
	return e;
}

static struct ipc_msg *must(struct world *w, struct ipc_msg *m)
{
	struct ipc_msg *a = NULL;
	enum err e = signer_call(w->procs.client, m, &a);
	if (e != ERR_OK)
		fail_msg("%s: %s", err_name(e), err_detail());
	ipc_msg_free(m);
	return a;
}

uint64_t journal_count(struct world *w)
{
	struct signer_hello h = {0};
	OK(signer_hello(w->procs.client, &h));
	uint64_t n = h.journal_seq;
	signer_hello_done(&h);
	return n;
}

uint64_t status_of(struct world *w, const char *serial)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) a = NULL;
	uint64_t status = 99;
	OK(ipc_msg_new(SIGNER_STATUS, &m));
	ipc_put_str(m, ST_SERIAL, serial);
	OK(as_portal(w, m, &a));
	OK(ipc_get_u64(a, ST_STATUS, &status));
	return status;
}

/* --- texts --- */

void hex_of(struct span s, char *ret, size_t size)
{
	AUTO_BUF(hex, 1000);
	text_hex(&hex, s);
	OK(buf_err(&hex));
	assert_true(hex.len < size);
	memcpy(ret, hex.ptr, hex.len);
	ret[hex.len] = '\0';
}

void fresh_nonce(char ret[65])
{
	uint8_t b[32];
	OK(rand_bytes(b, sizeof(b)));
	hex_of(SPAN_ARR(b), ret, 65);
}

void text_time_at(const struct world *w, int64_t age_sec, char ret[32])
{
	AUTO_BUF(t, 31);
	text_time(&t, procs_now(&w->procs) - age_sec);
	OK(buf_err(&t));
	memcpy(ret, t.ptr, t.len);
	ret[t.len] = '\0';
}

struct statement *statement_of(struct world *w, const char *type, const char *bureau, const char *nonce,
                               int64_t age_sec, const struct statement_kv *kv, size_t n)
{
	struct statement_kv all[3 + N_CARDS];
	char own_nonce[65], time[32];
	struct statement *s = NULL;
	fresh_nonce(own_nonce);
	text_time_at(w, age_sec, time);
	assert_true(3 + n <= COUNT_OF(all));
	all[0] = (struct statement_kv){"bureau", bureau != NULL ? bureau : w->bureau};
	all[1] = (struct statement_kv){"nonce", nonce != NULL ? nonce : own_nonce};
	all[2] = (struct statement_kv){"time", time};
	memcpy(all + 3, kv, n * sizeof(*kv));
	enum err e = statement_build(type, all, 3 + n, &s);
	if (e != ERR_OK)
		fail_msg("%s: %s", err_name(e), err_detail());
	return s;
}

void put_act(struct ipc_msg *m, uint16_t tag, const struct statement *s, const struct sm2_key *key, struct span cert)
{
	struct sm2_sig sig;
	OK(gm_sign(key, statement_text(s), &sig));
	const struct act_parts p = {statement_text(s), SPAN_ARR(sig.b), cert};
	signer_put_act(m, tag, &p);
}

void put_officer(struct ipc_msg *m, uint16_t tag, const struct statement *s, const struct officer *o)
{
	put_act(m, tag, s, o->key, buf_span(&o->cert));
}

/* --- cards --- */

static void card_make(struct soft_card *c, unsigned number)
{
	(void)snprintf(c->serial, sizeof(c->serial), "YX%08u", number);
	OK(sm2_key_new(&c->device));
}

void soft_csr(const struct sm2_key *key, struct buf *out)
{
	struct sm2_sig sig;
	AUTO_BUF(tbs, CSR_DER_MAX);
	OK(csr_tbs(sm2_key_pub(key), "request", &tbs));
	OK(gm_sign(key, buf_span(&tbs), &sig));
	OK(csr_assemble(buf_span(&tbs), &sig, out));
}

void soft_attest(struct soft_card *c, const struct sm2_key *device, const struct sm2_pub *pub,
                 const uint8_t approval[32], enum attest_pin pin_by, struct buf *out)
{
	struct attest a = {.pub = *pub, .pin_by = pin_by, .counter = ++c->counter};
	uint8_t tbs[ATTEST_TBS_LEN];
	struct sm2_sig sig;
	memcpy(a.serial, c->serial, sizeof(a.serial));
	memcpy(a.approval, approval, 32);
	OK(attest_tbs(&a, tbs));
	OK(gm_sign(device, SPAN_ARR(tbs), &sig));
	buf_put(out, SPAN_ARR(tbs));
	buf_put(out, SPAN_ARR(sig.b));
	OK(buf_err(out));
}

struct soft_card *world_card(struct world *w)
{
	assert_true(w->next_card < N_CARDS);
	return &w->cards[w->next_card++];
}

/* --- ceremony --- */

static struct ipc_msg *msg(uint16_t type)
{
	struct ipc_msg *m = NULL;
	OK(ipc_msg_new(type, &m));
	return m;
}

static void officer_certify(struct world *w, struct officer *o)
{
	static const uint8_t no_approval[32];
	AUTO(cert) c = NULL;
	AUTO_BUF(csr, CSR_DER_MAX);
	AUTO_BUF(attest, ATTEST_LEN);
	struct ipc_msg *m = msg(SIGNER_CEREMONY_CARD);
	ipc_put_str(m, ST_CARD_SERIAL, o->card.serial);
	ipc_put(m, ST_PUB, SPAN_ARR(sm2_key_pub(o->card.device)->b));
	ipc_msg_free(must(w, m));
	OK(sm2_key_new(&o->key));
	soft_csr(o->key, &csr);
	soft_attest(&o->card, o->card.device, sm2_key_pub(o->key), no_approval, ATTEST_PIN_HOLDER, &attest);
	m = msg(SIGNER_CEREMONY_PERSON);
	ipc_put_str(m, ST_PERSON_ID, o->person);
	ipc_put_str(m, ST_NAME, "测试人员");
	ipc_put(m, ST_CSR, buf_span(&csr));
	ipc_put(m, ST_ATTEST, buf_span(&attest));
	AUTO(ipc_msg) a = must(w, m);
	buf_init(&o->cert, CERT_DER_MAX);
	buf_put(&o->cert, ipc_get(a, ST_SIGN_CERT));
	OK(cert_parse(buf_span(&o->cert), &c));
	memcpy(o->serial, cert_serial(c), strlen(cert_serial(c)) + 1);
}

static void notary_certify(struct world *w)
{
	AUTO(sm2_key) key = NULL;
	AUTO(cert) c = NULL;
	AUTO_BUF(csr, CSR_DER_MAX);
	OK(sm2_key_new(&key));
	soft_csr(key, &csr);
	struct ipc_msg *m = msg(SIGNER_CEREMONY_NOTARY);
	ipc_put(m, ST_CSR, buf_span(&csr));
	ipc_put_str(m, ST_KIND, "tsa");
	AUTO(ipc_msg) a = must(w, m);
	OK(cert_parse(ipc_get(a, ST_SIGN_CERT), &c));
	memcpy(w->notary_serial, cert_serial(c), strlen(cert_serial(c)) + 1);
}

void world_start_empty(struct world *w)
{
	memset(w, 0, sizeof(*w));
	procs_start(&w->procs);
}

void world_begin(struct world *w)
{
	AUTO(ipc_msg) a = must(w, msg(SIGNER_CEREMONY_BEGIN));
	memcpy(w->bureau, ipc_get(a, ST_BUREAU).ptr, 64);
	OK(cert_parse(ipc_get(a, ST_ROOT), &w->root));
	OK(cert_parse(ipc_get(a, ST_CA), &w->ca));
	for (unsigned i = 0; i < N_OFFICERS; i++) {
		struct officer *o = &w->officers[i];
		o->person = staff[i].person;
		o->roles = staff[i].roles;
		card_make(&o->card, 26000001 + i);
		officer_certify(w, o);
	}
}

void world_close(struct world *w)
{
	char lines[N_OFFICERS][100];
	uint8_t sm3[SM3_LEN];
	struct statement_kv kv[2 + N_OFFICERS] = {{"number", "0"}, {"previous", "-"}};
	for (size_t i = 0; i < N_OFFICERS; i++) {
		(void)snprintf(lines[i], sizeof(lines[i]), "%s %s 430100", staff[i].person, staff[i].roles);
		kv[2 + i] = (struct statement_kv){"entry", lines[i]};
	}
	AUTO(statement) s = statement_of(w, "ROSTER", NULL, NULL, 0, kv, COUNT_OF(kv));
	struct ipc_msg *m = msg(SIGNER_CEREMONY_CLOSE);
	put_officer(m, ST_ACT, s, &w->officers[SEC1]);
	put_officer(m, ST_ACT2, s, &w->officers[SEC2]);
	ipc_put_u64(m, ST_M, 2);
	ipc_put_u64(m, ST_N, 3);
	ipc_msg_free(must(w, m));
	OK(statement_sm3(s, sm3));
	hex_of(SPAN_ARR(sm3), w->roster_sm3, sizeof(w->roster_sm3));
}

void world_stock(struct world *w)
{
	static char lines[N_CARDS][CARD_SERIAL_MAX + 2 * SM2_PUB_LEN + 2];
	struct statement_kv kv[N_CARDS];
	for (unsigned i = 0; i < N_CARDS; i++) {
		char hex[2 * SM2_PUB_LEN + 1];
		card_make(&w->cards[i], 26001000 + i);
		hex_of(SPAN_ARR(sm2_key_pub(w->cards[i].device)->b), hex, sizeof(hex));
		(void)snprintf(lines[i], sizeof(lines[i]), "%s %s", w->cards[i].serial, hex);
		kv[i] = (struct statement_kv){"card", lines[i]};
	}
	AUTO(statement) s = statement_of(w, "STOCK", NULL, NULL, 0, kv, N_CARDS);
	struct ipc_msg *m = msg(SIGNER_STOCK);
	put_officer(m, ST_ACT, s, &w->officers[MAKER]);
	put_officer(m, ST_ACT2, s, &w->officers[REVIEWER]);
	AUTO(ipc_msg) a = must(w, m);
	assert_int_equal(ipc_count(a, ST_CARD_CERT), N_CARDS);
}

void world_start(struct world *w)
{
	world_start_empty(w);
	world_begin(w);
	notary_certify(w);
	world_close(w);
	world_stock(w);
}

void world_stop(struct world *w)
{
	procs_stop(&w->procs);
	cert_free(w->root);
	cert_free(w->ca);
	for (size_t i = 0; i < N_OFFICERS; i++) {
		sm2_key_free(w->officers[i].key);
		sm2_key_free(w->officers[i].card.device);
		buf_done(&w->officers[i].cert);
	}
	for (size_t i = 0; i < N_CARDS; i++)
		sm2_key_free(w->cards[i].device);
	memset(w, 0, sizeof(*w));
}

/* --- a group of tests --- */

static struct world *of_group;

static int begin(void **state)
{
	(void)state;
	OK(profile_load(getenv("YX_PROFILES")));
	world_start(of_group);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	world_stop(of_group);
	return 0;
}

int world_run(const char *name, struct world *w, const struct CMUnitTest *tests, size_t n)
{
	of_group = w;
	return _cmocka_run_group_tests(name, tests, n, begin, finish);
}

/* --- an issue request --- */

void issue_init(struct world *w, struct issue *r)
{
	static unsigned number;
	static char case_no[32];
	(void)snprintf(case_no, sizeof(case_no), "430100-20261122-%04u", ++number);
	*r = (struct issue){.by = {&w->officers[CLERK], &w->officers[REVIEWER], &w->officers[MAKER]},
	                    .age_sec = {30, 20, 10},
	                    .case_no = case_no,
	                    .kind = "issue",
	                    .profile = "unit",
	                    .unit_no = "43010024",
	                    .unit_name = "长沙测试一号科技有限公司",
	                    .uscc = "91430100MAYYYY016Y",
	                    .person = "U0000001",
	                    .holder = "测试经办人",
	                    .days = "365",
	                    .card = world_card(w),
	                    .pin_by = ATTEST_PIN_HOLDER};
	OK(sm2_key_new(&r->key));
}

void issue_done(struct issue *r)
{
	sm2_key_free(r->key);
	r->key = NULL;
}

static const char * or (const char *a, const char *b)
{
	return a != NULL ? a : b;
}

static void digest_hex(const struct statement *s, bool other, char ret[65])
{
	uint8_t sm3[SM3_LEN];
	OK(statement_sm3(s, sm3));
	sm3[0] ^= other;
	hex_of(SPAN_ARR(sm3), ret, 65);
}

static struct statement *case_text(struct world *w, const struct issue *r, const char *accept, const char *nonce)
{
	int n = accept == NULL ? 0 : 1;
	const struct statement_kv kv[] = {{"accept", accept},
	                                  {"case", r->case_no},
	                                  {"kind", r->kind},
	                                  {"profile", n ? or (r->approved_profile, r->profile) : r->profile},
	                                  {"unit-no", r->unit_no},
	                                  {"unit-name", r->unit_name},
	                                  {"uscc", r->uscc},
	                                  {"person-id", r->person},
	                                  {"holder", n ? or (r->approved_holder, r->holder) : r->holder},
	                                  {"days", n ? or (r->approved_days, r->days) : r->days},
	                                  {"medium", "ukey"},
	                                  {"letter", "委托书测试1号"},
	                                  {"officer", or (r->named[n], r->by[n]->person)}};
	return statement_of(w, n ? "CERT-APPROVE" : "CERT-ACCEPT", r->bureau[n], nonce, r->age_sec[n], kv + (n ? 0 : 1),
	                    COUNT_OF(kv) - (n ? 0 : 1));
}

static struct statement *make_text(struct world *w, const struct issue *r, const char *approve, const char *nonce)
{
	char key[2 * SM2_PUB_LEN + 1];
	hex_of(SPAN_ARR(sm2_key_pub(r->made_key != NULL ? r->made_key : r->key)->b), key, sizeof(key));
	const struct statement_kv kv[] = {{"approve", approve},
	                                  {"case", or (r->made_case, r->case_no)},
	                                  {"card", or (r->made_card, r->card->serial)},
	                                  {"key", key},
	                                  {"officer", or (r->named[2], r->by[2]->person)}};
	return statement_of(w, "CERT-MAKE", r->bureau[2], nonce, r->age_sec[2], kv, COUNT_OF(kv));
}

static void put_one(struct ipc_msg *m, const struct issue *r, unsigned place, const struct statement *s)
{
	static const uint16_t tags[] = {ST_ACCEPT, ST_APPROVE, ST_MAKE};
	struct sm2_sig sig;
	AUTO(sm2_key) stranger = NULL;
	OK(sm2_key_new(&stranger));
	unsigned from = r->as[place] != 0 ? r->as[place] - 1 : place;
	OK(gm_sign((r->foreign_sig >> place & 1) != 0 ? stranger : r->by[from]->key, statement_text(s), &sig));
	sig.b[40] ^= (uint8_t)(r->broken_sig >> place & 1);
	struct span cert = r->cert[place].len > 0 ? r->cert[place] : buf_span(&r->by[from]->cert);
	const uint16_t tag = tags[place];
	if (tag != r->leave_out)
		ipc_put(m, tag, statement_text(s));
	if (tag + 1 != r->leave_out)
		ipc_put(m, (uint16_t)(tag + 1), SPAN_ARR(sig.b));
	if (tag + 2 != r->leave_out)
		ipc_put(m, (uint16_t)(tag + 2), cert);
}

static void put_key(struct ipc_msg *m, struct issue *r, const struct statement *approve)
{
	uint8_t sm3[SM3_LEN];
	AUTO_BUF(csr, CSR_DER_MAX);
	AUTO_BUF(attest, ATTEST_LEN);
	OK(statement_sm3(approve, sm3));
	sm3[5] ^= r->attest_other_approval;
	soft_csr(r->csr_key != NULL ? r->csr_key : r->key, &csr);
	soft_attest(r->card, r->device != NULL ? r->device : r->card->device,
	            sm2_key_pub(r->attest_key != NULL ? r->attest_key : r->key), sm3, r->pin_by, &attest);
	if (r->leave_out != ST_CSR)
		ipc_put(m, ST_CSR, buf_span(&csr));
	if (r->leave_out != ST_ATTEST)
		ipc_put(m, ST_ATTEST, buf_span(&attest));
}

struct ipc_msg *issue_build(struct world *w, struct issue *r)
{
	char accept_sm3[65], approve_sm3[65], nonce[65];
	struct ipc_msg *m = msg(SIGNER_ISSUE);
	fresh_nonce(nonce);
	const char *shared = r->one_nonce ? nonce : NULL;
	AUTO(statement) accept = case_text(w, r, NULL, shared);
	digest_hex(accept, r->approve_other_accept, accept_sm3);
	AUTO(statement) approve = case_text(w, r, accept_sm3, shared);
	digest_hex(approve, r->make_other_approval, approve_sm3);
	AUTO(statement) make = make_text(w, r, approve_sm3, shared);
	const struct statement *all[] = {accept, approve, make};
	for (unsigned i = 0; i < 3; i++)
		put_one(m, r, i, all[r->as[i] != 0 ? r->as[i] - 1 : i]);
	put_key(m, r, approve);
	return m;
}
