#include "office.h"
#include "base/secret.h"
#include "gm/rand.h"
#include "gm/start.h"
#include "server/covered/covered.h"

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

void office_move_clock(struct office *o, int64_t by_sec)
{
	OK(clock_set_offset(o->clock_path, by_sec));
}

struct cert *office_cert(struct office *o, const char *profile, const struct sm2_pub *pub, const char *org,
                         const char *uscc, const char *name, const char *subject, int64_t from, int64_t to)
{
	struct cert *c = NULL;
	struct cert_spec s = {.profile = profile,
	                      .issuer = o->ca,
	                      .pub = pub,
	                      .org = org,
	                      .uscc = uscc,
	                      .common_name = name,
	                      .subject_id = subject,
	                      .not_before = from,
	                      .not_after = to};
	OK(rand_bytes(s.serial, sizeof(s.serial)));
	s.serial[0] = 1;
	OK(cert_build(&s, o->ca_key, &c));
	return c;
}

static void authority(struct office *o)
{
	int64_t now = clock_now(o->clock);
	struct cert_spec root = {.profile = "root",
	                         .serial = {1},
	                         .common_name = "测试根",
	                         .not_before = now - DAY,
	                         .not_after = now + 3000LL * DAY};
	OK(sm2_key_new(&o->root_key));
	OK(sm2_key_new(&o->ca_key));
	root.pub = sm2_key_pub(o->root_key);
	OK(cert_build(&root, o->root_key, &o->root));
	struct cert_spec ca = {.profile = "ca",
	                       .serial = {2},
	                       .issuer = o->root,
	                       .pub = sm2_key_pub(o->ca_key),
	                       .common_name = "测试签发",
	                       .not_before = now - DAY,
	                       .not_after = now + 2900LL * DAY};
	OK(cert_build(&ca, o->root_key, &o->ca));
}

static void person_of(struct office *o, struct desk_person *p, const char *id, const char *name, const char *role)
{
	int64_t now = clock_now(o->clock);
	*p = (struct desk_person){.id = id, .name = name, .role = role};
	OK(sm2_key_new(&p->key));
	p->cert = office_cert(o, "staff-sign", sm2_key_pub(p->key), NULL, NULL, name, id, now - 60, now + 300 * DAY);
	p->officer = (struct officer){id, name, role, cert_serial(p->cert)};
}

static void person_done(struct desk_person *p)
{
	cert_free(p->cert);
	sm2_key_free(p->key);
}

static void bureau_of(struct office *o)
{
	uint8_t digest[32];
	AUTO_BUF(hex, 65);
	OK(cert_sm3(o->root, digest));
	text_hex(&hex, SPAN_ARR(digest));
	(void)snprintf(o->desk.bureau, sizeof(o->desk.bureau), "%s", buf_cstr(&hex));
}

void office_open(struct office *o)
{
	char db[240];
	AUTO(secret) key = NULL;
	const char *tmp = getenv("TMPDIR");
	memset(o, 0, sizeof(*o));
	OK(profile_load(SHARE_DIR "/profiles/profiles.json"));
	(void)snprintf(o->dir, sizeof(o->dir), "%s/yx-desk-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(o->dir));
	(void)snprintf(o->clock_path, sizeof(o->clock_path), "%s/clock", o->dir);
	(void)snprintf(db, sizeof(db), "%s/yinxin.db", o->dir);
	office_move_clock(o, 0);
	OK(clock_open(o->clock_path, &o->clock));
	log_tables_use(covered_tables);
	OK(store_open(db, SQL_DIR, 2, &o->store));
	OK(secret_from(SPAN_LIT("0123456789abcdef0123456789abcdef"), &key));
	OK(field_keys_new(key, &o->keys));
	authority(o);
	o->desk = (struct desk){.store = o->store, .keys = o->keys, .clock = o->clock};
	OK(cert_service_open(&o->t01, SHARE_DIR "/services", &o->desk, &(struct terms){NULL, NULL, NULL},
	                     &o->services));
	o->desk.rules = &o->t01.rules;
	bureau_of(o);
	person_of(o, &o->clerk, "P000003", "测试受理员甲", "clerk");
	person_of(o, &o->reviewer, "P000004", "测试审核员甲", "reviewer");
	person_of(o, &o->maker, "P000005", "测试制证员甲", "maker");
}

void office_close(struct office *o)
{
	person_done(&o->clerk);
	person_done(&o->reviewer);
	person_done(&o->maker);
	cert_free(o->ca);
	cert_free(o->root);
	sm2_key_free(o->ca_key);
	sm2_key_free(o->root_key);
	services_free(o->services);
	store_close(o->store);
	field_keys_free(o->keys);
	clock_free(o->clock);
	assert_int_equal(nftw(o->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void office_unit(struct office *o)
{
	const struct unit u = {.unit_no = "10000016",
	                       .uscc = "91430100MAYYYY016Y",
	                       .name = "长沙测试一号科技有限公司",
	                       .type = "10",
	                       .region = "430104",
	                       .address = "长沙市岳麓区测试路1号"};
	OK(unit_put(&o->desk, &u));
}

struct case_new office_application(struct office *o)
{
	int64_t now = clock_now(o->clock);
	return (struct case_new){.profile = "unit",
	                         .unit_no = "10000016",
	                         .uscc = "91430100MAYYYY016Y",
	                         .holder = "测试经办人甲",
	                         .id_number = "430102199003079914",
	                         .mobile = "13000000001",
	                         .letter_no = "测委〔2026〕1号",
	                         .letter_from = now - 2 * DAY,
	                         .letter_to = now + 100 * DAY,
	                         .days = 365};
}

struct act_parts office_sign(const struct desk_person *p, struct span text, struct sm2_sig *sig)
{
	OK(gm_sign(p->key, text, sig));
	return (struct act_parts){text, SPAN_ARR(sig->b), cert_der(p->cert)};
}

enum err office_step(struct office *o, const char *no, const struct desk_person *p, const char *step)
{
	struct sm2_sig sig;
	AUTO_BUF(t, STATEMENT_MAX);
	TRY(case_step_text(&o->desk, no, step, &p->officer, NULL, &t));
	struct act_parts parts = office_sign(p, buf_span(&t), &sig);
	return case_step_sign(&o->desk, no, step, &p->officer, &parts);
}

enum err office_back(const struct desk *d, const char *no, const struct desk_person *p, bool refuse, const char *reason)
{
	struct sm2_sig sig;
	AUTO_BUF(t, STATEMENT_MAX);
	TRY(case_step_text(d, no, refuse ? "refuse" : "return", &p->officer, reason, &t));
	struct act_parts parts = office_sign(p, buf_span(&t), &sig);
	return case_step_sign(d, no, refuse ? "refuse" : "return", &p->officer, &parts);
}

void office_birth(struct office *o, const char *no, struct born *b)
{
	struct attest a = {.serial = "YX26000010", .pin_by = ATTEST_PIN_HOLDER, .counter = 1};
	uint8_t tbs[ATTEST_TBS_LEN];
	struct sm2_sig sig;
	char approval[65];
	AUTO_BUF(raw, 32);
	AUTO_BUF(hex, 131);
	AUTO_BUF(request, CSR_DER_MAX);
	*b = (struct born){.card = "YX26000010", .csr = buf_make(CSR_DER_MAX), .attest = buf_make(ATTEST_LEN)};
	OK(sm2_key_new(&b->key));
	OK(sm2_key_new(&b->device));
	a.pub = *sm2_key_pub(b->key);
	text_hex(&hex, SPAN_ARR(a.pub.b));
	(void)snprintf(b->key_hex, sizeof(b->key_hex), "%s", buf_cstr(&hex));
	OK(case_approval(&o->desk, no, approval));
	OK(text_unhex(span_str(approval), &raw));
	memcpy(a.approval, raw.ptr, 32);
	OK(attest_tbs(&a, tbs));
	OK(gm_sign(b->device, SPAN_ARR(tbs), &sig));
	buf_put(&b->attest, SPAN_ARR(tbs));
	buf_put(&b->attest, SPAN_ARR(sig.b));
	OK(csr_tbs(&a.pub, "YX26000010", &request));
	OK(gm_sign(b->key, buf_span(&request), &sig));
	OK(csr_assemble(buf_span(&request), &sig, &b->csr));
}

void office_birth_done(struct born *b)
{
	sm2_key_free(b->key);
	sm2_key_free(b->device);
	buf_done(&b->csr);
	buf_done(&b->attest);
}
