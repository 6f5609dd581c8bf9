#include "bench.h"
#include "base/file.h"
#include "base/text.h"
#include "gm/rand.h"
#include "pki/csr.h"
#include "pki/profile.h"
#include "server/signer/ca.h"
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct bench b;
enum { DAY = 86400 };

static struct cert *issue(const char *profile, const struct sm2_pub *pub, const char *id)
{
	const struct profile *p = profile_find(profile);
	struct cert *c = NULL;
	assert_non_null(p);
	struct cert_spec s = {.profile = profile,
	                      .issuer = b.ca,
	                      .pub = pub,
	                      .subject_id = id,
	                      .not_before = bench_now() - 300,
	                      .not_after = bench_now() + DAY * 300,
	                      .common_name = strcmp(profile, "card") == 0 ? id : NULL};
	OK(rand_bytes(s.serial, sizeof(s.serial)));
	s.serial[0] = 0x41;
	if (cert_build(&s, b.ca_key, &c) != ERR_OK)
		fail_msg("%s: %s", profile, err_detail());
	return c;
}

int64_t bench_now(void)
{
	return clock_now(b.clock);
}

void bench_shift(int64_t sec)
{
	OK(clock_set_offset(b.clock_path, sec));
}

static void open_notary(void)
{
	const struct notary_plan plan = {.dir = b.dir, .signer_socket = "/nonexistent/signer.sock", .clock = b.clock};
	if (notary_open(&plan, &b.notary) != ERR_OK)
		fail_msg("%s", err_detail());
}

void bench_reopen(void)
{
	notary_free(b.notary);
	b.notary = NULL;
	open_notary();
}

struct ipc_msg *request(enum notary_request type)
{
	struct ipc_msg *m = NULL;
	OK(ipc_msg_new((uint16_t)type, &m));
	return m;
}

enum err asked(enum notary_request type, struct ipc_msg *in, struct ipc_msg **ret_a)
{
	struct serve s;
	AUTO(ipc_msg) given = in;
	AUTO(ipc_msg) parsed = NULL;
	AUTO(ipc_msg) out = NULL;
	AUTO_BUF(wire, IPC_BODY_MAX + 64);
	notary_serve(b.notary, &s);
	TRY(ipc_encode(given, &wire)); /* through the schema, as on the socket */
	TRY(ipc_parse(buf_span(&wire), notary_request_of((uint16_t)type), 1, &parsed));
	TRY(ipc_msg_new(IPC_ANSWER_OK, &out));
	for (size_t i = 0; i < s.n_rows; i++) {
		if (s.rows[i].request->type != type)
			continue;
		if (!(s.rows[i].states & s.state_bit(b.notary)))
			return ERR(STATE, "not in this state");
		TRY(s.rows[i].handler(b.notary, parsed, out));
	}
	buf_clear(&wire);
	TRY(ipc_encode(out, &wire));
	TRY(ipc_parse(buf_span(&wire), notary_answer_of((uint16_t)type), 1, ret_a));
	return ERR_OK;
}

void bench_install(void)
{
	static const uint16_t csrs[] = {NT_CSR_OCSP, NT_CSR_TSA, NT_CSR_LOG},
			      certs[] = {NT_CERT_OCSP, NT_CERT_TSA, NT_CERT_LOG};
	AUTO(ipc_msg) setup = NULL;
	AUTO(ipc_msg) done = NULL;
	struct ipc_msg *install = request(NOTARY_INSTALL);
	OK(asked(NOTARY_SETUP, request(NOTARY_SETUP), &setup));
	ipc_put(install, NT_ROOT, cert_der(b.root));
	ipc_put(install, NT_CA, cert_der(b.ca));
	for (size_t i = 0; i < COUNT_OF(csrs); i++) {
		AUTO(csr) r = NULL;
		OK(csr_parse(ipc_get(setup, csrs[i]), &r));
		AUTO(cert) c = issue(notary_kinds[i], csr_pub(r), "NOTARY");
		ipc_put(install, certs[i], cert_der(c));
	}
	OK(asked(NOTARY_INSTALL, install, &done));
}

int bench_up(void **state)
{
	(void)state;
	memset(&b, 0, sizeof(b));
	(void)snprintf(b.dir, sizeof(b.dir), "/tmp/yx-notary-XXXXXX");
	assert_non_null(mkdtemp(b.dir));
	(void)snprintf(b.clock_path, sizeof(b.clock_path), "%s/clock", b.dir);
	OK(clock_set_offset(b.clock_path, 0));
	OK(clock_open(b.clock_path, &b.clock));
	OK(profile_load(getenv("YX_PROFILES")));
	OK(sm2_key_new(&b.root_key));
	OK(sm2_key_new(&b.ca_key));
	OK(sm2_key_new(&b.leaf_key));
	OK(ca_root_make(b.root_key, NULL, bench_now(), &b.root));
	OK(ca_cert_make(b.root_key, b.root, sm2_key_pub(b.ca_key), NULL, bench_now(), &b.ca));
	for (size_t i = 0; i < COUNT_OF(b.leaf); i++)
		b.leaf[i] = issue("card", sm2_key_pub(b.leaf_key), "YX26000001");
	open_notary();
	bench_install();
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

int bench_down(void **state)
{
	(void)state;
	notary_free(b.notary);
	clock_free(b.clock);
	sm2_key_free(b.root_key);
	sm2_key_free(b.ca_key);
	sm2_key_free(b.leaf_key);
	cert_free(b.root);
	cert_free(b.ca);
	for (size_t i = 0; i < COUNT_OF(b.leaf); i++)
		cert_free(b.leaf[i]);
	for (size_t i = 0; i < b.n_records; i++)
		buf_done(&b.record[i]);
	return nftw(b.dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* --- the journal --- */

static void journal_add(struct ipc_msg *take_m)
{
	AUTO(ipc_msg) m = take_m;
	assert_true(b.n_records < RECORDS_MAX);
	buf_init(&b.record[b.n_records], IPC_BODY_MAX);
	OK(ipc_encode(m, &b.record[b.n_records]));
	b.n_records++;
	OK(sm3_digest(buf_span(&b.record[b.n_records - 1]), b.head));
}

void journal_card(const struct cert *c, int64_t time)
{
	struct ipc_msg *m = NULL;
	OK(record_new(REC_CARD, time, &m));
	ipc_put(m, ST_CARD_CERT, cert_der(c));
	journal_add(m);
}

void journal_status(const struct cert *c, uint64_t status, uint64_t reason, int64_t time)
{
	struct ipc_msg *m = NULL;
	uint8_t sig[SM2_SIG_LEN] = {0};
	OK(record_new(REC_STATUS, time, &m));
	ipc_put_str(m, ST_SERIAL, cert_serial(c));
	ipc_put_u64(m, ST_STATUS, status);
	ipc_put_u64(m, RT_REASON, reason);
	ipc_put_str(m, ST_ACT, "-");
	ipc_put(m, ST_ACT_SIG, SPAN_ARR(sig));
	ipc_put_str(m, ST_ACT_CERT, "-");
	journal_add(m);
}

static const char *bureau_hex(void)
{
	return state_bureau(b.notary->state);
}

static void put_records(const struct fed *f, struct feed *t, struct ipc_msg *m)
{
	AUTO(sm3) h = NULL;
	OK(sm3_new(&h));
	for (uint64_t i = 0; i < t->count; i++) {
		struct buf *r = &b.record[t->from - 1 + i];
		OK(feed_add(h, buf_span(r)));
		if (f->drop && i + 1 == t->count)
			continue;
		if (f->change && i == 0)
			r->ptr[r->len - 1] ^= 1;
		ipc_put(m, ST_RECORD, buf_span(r));
		if (f->change && i == 0)
			r->ptr[r->len - 1] ^= 1;
	}
	OK(sm3_final(h, t->records));
}

enum err feed(const struct fed *f, bool *ret_done)
{
	uint64_t next = status_seq(follow_status(b.notary->follow)) + 1;
	struct feed t = {.from = f->from ? f->from : next,
	                 .last = f->last ? f->last : b.n_records,
	                 .time = bench_now() + f->shift_sec};
	struct sm2_sig sig;
	AUTO(ipc_msg) m = NULL;
	AUTO_BUF(text, FEED_TEXT_MAX);
	t.count = f->count ? f->count : b.n_records + 1 - t.from;
	memcpy(t.head, b.head, sizeof(t.head));
	(void)snprintf(t.bureau, sizeof(t.bureau), "%s", f->bureau != NULL ? f->bureau : bureau_hex());
	OK(ipc_msg_new(IPC_ANSWER_OK, &m));
	put_records(f, &t, m);
	OK(feed_text(&t, &text));
	OK(gm_sign(f->key ? f->key : b.ca_key, buf_span(&text), &sig));
	ipc_put_u64(m, ST_JOURNAL_SEQ, t.last);
	ipc_put_u64(m, ST_TIME, (uint64_t)t.time);
	ipc_put(m, ST_FEED_HEAD, SPAN_ARR(t.head));
	ipc_put(m, ST_FEED_SIG, SPAN_ARR(sig.b));
	return follow_take(b.notary->follow, m, ret_done);
}

void feed_all(void)
{
	bool done = false;
	const struct fed honest = {0};
	if (feed(&honest, &done) != ERR_OK)
		fail_msg("%s", err_detail());
	assert_true(done);
}
