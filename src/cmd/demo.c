#include "cmd/demo.h"
#include "server/insurance/calendar.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "evidence/log.h"
#include "base/text.h"
#include "cmd/init.h"
#include "pki/arc.h"
#include "server/cert/cert_service.h"
#include "server/covered/covered.h"
#include "server/insurance/joined.h"

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	DEMO_BUF = 16 * 1024,
	DEMO_FIRST_SERIAL = 26000001,
	DEMO_SHARES_M = 3,
	DEMO_SHARES_N = 5,
	DEMO_DAYS = 365,
	DEMO_JOINED = 202401
};

/* --- constructed register: no real unit or person --- */

static const struct unit UNITS[] = {
	{.unit_no = "10000016",
         .uscc = "91430100MAYYYY016Y",
         .name = "长沙测试一号科技有限公司",
         .type = "10",
         .region = "430104",
         .address = "长沙市岳麓区测试路1号"},
	{.unit_no = "43010024",
         .uscc = "92430102MAYYYY0409",
         .name = "芙蓉区测试餐饮店",
         .type = "60",
         .region = "430102",
         .address = "长沙市芙蓉区测试街2号"},
	{.unit_no = "88001235",
         .uscc = "1243010000000T026M",
         .name = "长沙市测试事业单位",
         .type = "30",
         .region = "430103",
         .address = "长沙市天心区测试巷3号"},
	{.unit_no = "10000024",
         .uscc = "52430100MJYYYY035F",
         .name = "长沙市测试服务中心",
         .type = "50",
         .region = "430105",
         .address = "长沙市开福区测试里4号"},
};

struct first_holder {
	const char *key;
	struct case_new application; /* letter dates are filled in */
};
static const struct first_holder HOLDERS[] = {
	{"operator-1",
         {.profile = "unit",
          .unit_no = "43010024",
          .uscc = "92430102MAYYYY0409",
          .holder = "测试经办人乙",
          .id_number = "430104198506159922",
          .mobile = "13000000002",
          .letter_no = "测委〔2026〕2号",
          .days = DEMO_DAYS}},
	{"person-1",
         {.profile = "person",
          .unit_no = "",
          .uscc = "",
          .holder = "测试个人丙",
          .id_number = "43010219880229996X",
          .mobile = "13000000003",
          .letter_no = "",
          .days = DEMO_DAYS}},
};
static const struct init_blank BLANKS[] = {
	{"operator-1", "operator"}, {"person-1", "person"}, {"blank-1", "blank"},
	{"blank-2", "blank"},       {"blank-3", "blank"},
};

struct demo {
	const struct bureau *b;
	struct clock *clock;
	uint64_t pen; /* 0: none */
	struct init_result made;
	struct desk desk;
};

/* --- one certificate by the desk's own steps, with the officers' own keys --- */

static struct init_key *key_of(struct demo *d, const char *name)
{
	for (size_t i = 0; i < d->made.n_keys; i++)
		if (strcmp(d->made.keys[i].name, name) == 0)
			return &d->made.keys[i];
	err_invariant("a key of the demonstration", __FILE__, __LINE__);
}

static enum err officer_of(struct demo *d, const char *name, const char *role, struct buf *cert, struct officer *ret_o,
                           char serial[48])
{
	const struct init_key *k = key_of(d, name);
	AUTO(cert) c = NULL;
	TRY(cert_parse(buf_span(cert), &c));
	snprintf(serial, 48, "%s", cert_serial(c));
	*ret_o = (struct officer){.person_id = k->person, .name = k->holder, .role = role, .cert_serial = serial};
	return ERR_OK;
}

/* The officer's certificate is on his card: a signature over nothing secret brings it out together with the act. */
static enum err act(struct demo *d, const char *no, const char *key, const char *role, const char *step)
{
	AUTO_BUF(text, DEMO_BUF);
	AUTO_BUF(sig, DEMO_BUF);
	AUTO_BUF(cert, DEMO_BUF);
	char serial[48];
	struct officer by;
	TRY(init_officer_cert(d->b->data, d->clock, key_of(d, key), &cert));
	TRY(officer_of(d, key, role, &cert, &by, serial));
	TRY(case_step_text(&d->desk, no, step, &by, NULL, &text));
	buf_clear(&cert);
	TRY(init_sign(d->b->data, d->clock, key_of(d, key), buf_span(&text), &sig, &cert));
	const struct act_parts parts = {buf_span(&text), buf_span(&sig), buf_span(&cert)};
	return case_step_sign(&d->desk, no, step, &by, &parts);
}

static enum err birth(struct demo *d, const char *no, const char *key, const struct officer *maker)
{
	uint8_t approval[32];
	char hex[65];
	struct sm2_pub pub;
	AUTO_BUF(attest, DEMO_BUF);
	AUTO_BUF(csr, DEMO_BUF);
	AUTO_BUF(raw, DEMO_BUF);
	char key_hex[2 * SM2_PUB_LEN + 1];
	TRY(case_approval(&d->desk, no, hex));
	TRY(text_unhex(span_str(hex), &raw));
	memcpy(approval, raw.ptr, sizeof(approval));
	TRY(init_generate(d->b->data, d->clock, key_of(d, key), approval, &pub, &attest, &csr));
	text_hex_str(SPAN_ARR(pub.b), key_hex);
	return case_make_begin(&d->desk, no, maker, key_of(d, key)->serial, key_hex, buf_span(&csr), buf_span(&attest));
}

static enum err install(struct demo *d, const char *no, const char *key, const struct officer *maker)
{
	struct issued parcel;
	AUTO(cert) c = NULL;
	TRY(case_issue(&d->desk, no));
	TRY(case_parcel(&d->desk, no, &parcel));
	enum err e = init_install(d->b->data, d->clock, key_of(d, key), buf_span(&parcel.sign_cert),
	                          buf_span(&parcel.enc_cert), buf_span(&parcel.enveloped));
	if (e == ERR_OK)
		e = cert_parse(buf_span(&parcel.sign_cert), &c);
	issued_done(&parcel);
	if (e != ERR_OK)
		return e;
	return case_installed(&d->desk, no, maker, cert_serial(c));
}

static enum err letter_dates(struct demo *d, struct case_new *in)
{
	AUTO_BUF(today, 32);
	AUTO_BUF(end, 32);
	int64_t now = clock_now(d->clock);
	text_date_cn(&today, now);
	text_date_cn(&end, now + INT64_C(364) * 86400);
	TRY(text_date(buf_span(&today), &in->letter_from));
	return text_date(buf_span(&end), &in->letter_to);
}

static enum err first_certificate(struct demo *d, const struct first_holder *h)
{
	char no[CASE_NO_MAX + 1], clerk_serial[48], maker_serial[48];
	struct officer clerk, maker;
	struct case_new in = h->application;
	AUTO_BUF(clerk_cert, DEMO_BUF);
	AUTO_BUF(maker_cert, DEMO_BUF);
	TRY(init_officer_cert(d->b->data, d->clock, key_of(d, "clerk-1"), &clerk_cert));
	TRY(init_officer_cert(d->b->data, d->clock, key_of(d, "maker-1"), &maker_cert));
	TRY(officer_of(d, "clerk-1", "clerk", &clerk_cert, &clerk, clerk_serial));
	TRY(officer_of(d, "maker-1", "maker", &maker_cert, &maker, maker_serial));
	if (*in.letter_no)
		TRY(letter_dates(d, &in));
	TRY(case_open(&d->desk, &in, &clerk, no));
	TRY(act(d, no, "clerk-1", "clerk", "accept"));
	TRY(act(d, no, "reviewer-1", "reviewer", "approve"));
	TRY(birth(d, no, h->key, &maker));
	TRY(act(d, no, "maker-1", "maker", "make"));
	return install(d, no, h->key, &maker);
}

/* Every unit has joined what is open at this bureau since the tables' first month; risk class of wholesale and
 * catering. */
static enum err join_insurances(struct demo *d, const struct tables *t)
{
	unsigned open = tables_enabled(t);
	for (size_t i = 0; i < COUNT_OF(UNITS); i++)
		for (int ins = 0; ins < INS_MAX; ins++) {
			const struct unit_insurance u = {.unit_no = UNITS[i].unit_no,
			                                 .ins = ins,
			                                 .from_month = DEMO_JOINED,
			                                 .risk_class = 2,
			                                 .float_ppm = 1000000};
			if (open & 1u << ins)
				TRY(unit_insurance_put(&d->desk, t, &u));
		}
	return ERR_OK;
}

static bool works_on(void *ctx, int64_t midnight_cn)
{
	return calendar_works(ctx, midnight_cn);
}

static enum err seed(struct demo *d)
{
	char path[BUREAU_PATH_MAX * 2];
	struct cert_service t01;
	AUTO(tables) tables = NULL;
	AUTO(services) services = NULL;
	snprintf(path, sizeof(path), "%s/tables", d->b->share);
	TRY(tables_load(path, &tables));
	snprintf(path, sizeof(path), "%s/services", d->b->share);
	TRY(cert_service_open(&t01, path, &d->desk, &(struct terms){works_on, NULL, tables->calendar}, &services));
	d->desk.rules = &t01.rules;
	for (size_t i = 0; i < COUNT_OF(UNITS); i++)
		TRY(unit_put(&d->desk, &UNITS[i]));
	TRY(join_insurances(d, tables));
	for (size_t i = 0; i < COUNT_OF(HOLDERS); i++)
		TRY(first_certificate(d, &HOLDERS[i]));
	d->desk.rules = NULL;
	return ERR_OK;
}

/* Opens the database as the portal will, with the field-data key that the signer hands over. */
static enum err seed_database(struct demo *d)
{
	char path[BUREAU_PATH_MAX], socket_path[BUREAU_PATH_MAX];
	AUTO(secret) key = NULL;
	AUTO(field_keys) fields = NULL;
	AUTO(signer_client) signer = NULL;
	AUTO(store) store = NULL;
	TRY(bureau_path(d->b, "run/signer/signer.sock", socket_path, sizeof(socket_path)));
	TRY(signer_client_new(socket_path, &signer));
	TRY(signer_data_key(signer, &key));
	TRY(field_keys_new(key, &fields));
	TRY(bureau_path(d->b, "yinxin.db", path, sizeof(path)));
	log_tables_use(covered_tables);
	TRY(store_open(path, d->b->sql, 1, &store));
	d->desk = (struct desk){.store = store, .keys = fields, .clock = d->clock, .signer = signer};
	memcpy(d->desk.bureau, d->made.bureau, sizeof(d->desk.bureau));
	TRY(log_adopt(store, d->clock)); /* before the first row */
	return seed(d);
}

/* --- demo.json --- */

static enum err key_json(const struct init_key *k, json_t *list)
{
	AUTO_JSON o = json_object();
	TRY(json_put_str(o, "name", span_str(k->name)));
	TRY(json_put_str(o, "role", span_str(k->role)));
	TRY(json_put_str(o, "pin", span_str(k->pin)));
	TRY(json_put_str(o, "serial", span_str(k->serial)));
	TRY(json_put_str(o, "holder", span_str(k->holder)));
	return json_array_append(list, o) == 0 ? ERR_OK : ERR(NOMEM, "list of keys");
}

static enum err write_demo_json(struct demo *d)
{
	char path[BUREAU_PATH_MAX];
	AUTO_BUF(text, 64 * 1024);
	AUTO_JSON doc = json_object();
	json_t *list = json_array();
	TRY(json_put(doc, "keys", list));
	for (size_t i = 0; i < d->made.n_keys; i++)
		TRY(key_json(&d->made.keys[i], list));
	TRY(json_put_str(doc, "bureau", span_str(d->made.bureau)));
	TRY(json_put_str(doc, "note", span_str("演示机构的测试介质及密码,仅供本机演示")));
	TRY(json_print(doc, &text));
	TRY(bureau_path(d->b, "demo.json", path, sizeof(path)));
	return file_replace(path, buf_span(&text), 0600);
}

/* --- from nothing, again if need be --- */

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	return at->level == 0 ? 0 : remove(path);
}

/* A marker tells a first run that did not end from a bureau whose demo.json somebody lost; only the former is cleared.
 */
static enum err clear_unfinished(const struct bureau *b)
{
	static const char *const FOLDERS[] = {"signer", "escrow", "notary", "keys", "ceremony", "ca"};
	static const char *const FILES[] = {"yinxin.db", "yinxin.db-wal", "yinxin.db-shm", "root.sm3"};
	char path[BUREAU_PATH_MAX], marker[BUREAU_PATH_MAX];
	TRY(bureau_path(b, ".unfinished", marker, sizeof(marker)));
	TRY(bureau_path(b, "root.sm3", path, sizeof(path)));
	if (!file_exists(marker)) {
		if (file_exists(path))
			return ERR(
				STATE,
				"%s holds a bureau without demo.json; restore the file or choose another YINXIN_DATA",
				b->data);
		return file_replace(marker, SPAN_LIT("first run\n"), 0600);
	}
	for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
		TRY(bureau_path(b, FOLDERS[i], path, sizeof(path)));
		if (nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
			return ERR(IO, "clearing %s: %s", path, strerror(errno));
	}
	for (size_t i = 0; i < COUNT_OF(FILES); i++) {
		TRY(bureau_path(b, FILES[i], path, sizeof(path)));
		if (unlink(path) != 0 && errno != ENOENT)
			return ERR(IO, "clearing %s: %s", path, strerror(errno));
	}
	return ERR_OK;
}

/* YINXIN_PEN: the enterprise number (IANA) under which the bureau's policies and extension stand; without one the arc
 * of examples. Read by the ceremony alone; afterwards the root certificate says it. */
static enum err pen_given(uint64_t *ret_pen)
{
	const char *text = getenv("YINXIN_PEN");
	int64_t pen = 0;
	if (text != NULL && text[0] != '\0' && text_i64(span_str(text), 1, ARC_PEN_MAX, &pen) != ERR_OK)
		return ERR(USAGE, "YINXIN_PEN is not a number from 1 to %u", ARC_PEN_MAX);
	*ret_pen = (uint64_t)pen;
	return ERR_OK;
}

static enum err ceremony(struct demo *d)
{
	char socket_path[BUREAU_PATH_MAX], notary_path[BUREAU_PATH_MAX];
	TRY(bureau_path(d->b, "run/signer/signer.sock", socket_path, sizeof(socket_path)));
	TRY(bureau_path(d->b, "run/notary/notary.sock", notary_path, sizeof(notary_path)));
	const struct init_plan plan = {.data = d->b->data,
	                               .signer_socket = socket_path,
	                               .notary_socket = notary_path,
	                               .clock = d->clock,
	                               .district = "430100",
	                               .first_serial = DEMO_FIRST_SERIAL,
	                               .pen = d->pen,
	                               .m = DEMO_SHARES_M,
	                               .n = DEMO_SHARES_N,
	                               .blanks = BLANKS,
	                               .n_blanks = COUNT_OF(BLANKS)};
	return init_ceremony(&plan, &d->made);
}

static enum err create(struct demo *d, struct up *u)
{
	TRY(up_start(u, "escrow"));
	TRY(up_start(u, "signer"));
	TRY(up_start(u, "notary"));
	TRY(ceremony(d));
	TRY(seed_database(d));
	TRY(bureau_give_database(d->b));
	TRY(up_stop(u, "notary"));
	TRY(up_stop(u, "signer"));
	TRY(up_stop(u, "escrow"));
	return write_demo_json(d);
}

enum err demo_create(const struct bureau *b, struct up *u)
{
	char path[BUREAU_PATH_MAX];
	AUTO(clock) clock = NULL;
	struct demo d = {.b = b};
	TRY(pen_given(&d.pen));
	TRY(clear_unfinished(b));
	TRY(bureau_path(b, "clock", path, sizeof(path)));
	if (!file_exists(path))
		TRY(clock_set_offset(path, 0));
	TRY(clock_open(path, &clock));
	d.clock = clock;
	enum err e = create(&d, u);
	init_result_done(&d.made);
	if (e != ERR_OK)
		return e;
	TRY(bureau_path(b, ".unfinished", path, sizeof(path)));
	return unlink(path) == 0 ? ERR_OK : ERR(IO, "unlink %s: %s", path, strerror(errno));
}
