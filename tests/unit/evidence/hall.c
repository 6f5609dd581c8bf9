#include "hall.h"
#include "base/text.h"
#include "gm/rand.h"
#include "gm/sm3.h"
#include "pki/profile.h"
#include "pki/tsp.h"
#include "server/covered/covered.h"
#include <ftw.h>
#include <sqlite3.h>

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st, (void)flag, (void)ftw;
	return remove(path);
}

/* --- authority --- */

static void certify(struct hall *h, struct hall_key *k, const char *profile, const struct hall_key *by, const char *id,
                    int64_t days)
{
	int64_t now = clock_now(h->clock);
	struct cert_spec s = {.profile = profile,
	                      .issuer = by == k ? NULL : by->cert,
	                      .common_name = id,
	                      .subject_id = id,
	                      .not_before = now - 2 * DAY,
	                      .not_after = now + days * DAY};
	OK(sm2_key_new(&k->key));
	s.pub = sm2_key_pub(k->key);
	OK(rand_bytes(s.serial, sizeof(s.serial)));
	s.serial[0] = 1;
	OK(cert_build(&s, by->key, &k->cert));
}

static void authority(struct hall *h)
{
	uint8_t digest[SM3_LEN];
	AUTO_BUF(hex, 65);

	certify(h, &h->root, "root", &h->root, NULL, 3000);
	certify(h, &h->ca, "ca", &h->root, NULL, 2900);
	certify(h, &h->log, "log", &h->ca, "log-1", 2000);
	certify(h, &h->ocsp, "ocsp", &h->ca, "ocsp-1", 1000);
	certify(h, &h->tsa, "tsa", &h->ca, "tsa-1", 2000);
	certify(h, &h->clerk, "staff-sign", &h->ca, "P000003", 300);
	certify(h, &h->reviewer, "staff-sign", &h->ca, "P000004", 300);
	OK(cert_sm3(h->root.cert, digest));
	text_hex(&hex, SPAN_ARR(digest));
	(void)snprintf(h->bureau, sizeof(h->bureau), "%s", buf_cstr(&hex));
}

static void clock_path(const struct hall *h, char ret_path[240])
{
	(void)snprintf(ret_path, 240, "%s/clock", h->dir);
}

void hall_later(struct hall *h, int64_t sec)
{
	char path[240];

	clock_path(h, path);
	h->moved_sec += sec;
	OK(clock_set_offset(path, h->moved_sec));
}

void hall_open(struct hall *h)
{
	AUTO(secret) key = NULL;
	const char *tmp = getenv("TMPDIR");
	char path[240];

	memset(h, 0, sizeof(*h));
	OK(profile_load(SHARE_DIR "/profiles/profiles.json"));
	(void)snprintf(h->dir, sizeof(h->dir), "%s/yx-hall-XXXXXX", tmp != NULL ? tmp : "/tmp");
	assert_non_null(mkdtemp(h->dir));
	(void)snprintf(h->db, sizeof(h->db), "%s/yinxin.db", h->dir);
	clock_path(h, path);
	OK(clock_set_offset(path, 0));
	OK(clock_open(path, &h->clock));
	log_tables_use(covered_tables);
	OK(store_open(h->db, SQL_DIR, 2, &h->store));
	OK(secret_from(SPAN_LIT("0123456789abcdef0123456789abcdef"), &key));
	OK(field_keys_new(key, &h->keys));
	authority(h);
}

void hall_reopen(struct hall *h)
{
	store_close(h->store);
	OK(store_open(h->db, SQL_DIR, 2, &h->store));
}

void hall_close(struct hall *h)
{
	struct hall_key *const all[] = {&h->root, &h->ca, &h->log, &h->ocsp, &h->tsa, &h->clerk, &h->reviewer};

	for (size_t i = 0; i < COUNT_OF(all); i++) {
		sm2_key_free(all[i]->key);
		cert_free(all[i]->cert);
	}
	store_close(h->store);
	field_keys_free(h->keys);
	clock_free(h->clock);
	assert_int_equal(nftw(h->dir, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

void hall_sql(const struct hall *h, const char *sql)
{
	sqlite3 *db = NULL;
	char *why = NULL;

	assert_int_equal(sqlite3_open(h->db, &db), SQLITE_OK);
	sqlite3_busy_timeout(db, 5000);
	if (sqlite3_exec(db, sql, NULL, NULL, &why) != SQLITE_OK)
		fail_msg("%s: %s", sql, why ? why : "?");
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* --- the notary --- */

void hall_stamp(struct hall *h, struct span what, int64_t time, struct buf *out)
{
	uint8_t imprint[SM3_LEN];
	struct tsp_request rq;
	struct span token;
	AUTO_BUF(request, TSP_REQUEST_MAX);
	AUTO_BUF(response, TSP_DER_MAX);

	OK(sm3_digest(what, imprint));
	OK(tsp_request_build(imprint, SPAN_EMPTY, true, &request));
	OK(tsp_request_parse(buf_span(&request), &rq));
	struct tsp_spec s = {.signer = h->tsa.cert,
	                     .key = h->tsa.key,
	                     .request = &rq,
	                     .serial = {1, ++h->stamp_serial},
	                     .time = time};
	OK(tsp_response_build(&s, &response));
	OK(tsp_response_token(buf_span(&response), &token));
	buf_put(out, token);
}

void hall_status(struct hall *h, const struct cert *about, int64_t time, struct buf *out)
{
	struct ocsp_request rq;
	AUTO_BUF(request, OCSP_REQUEST_MAX);
	const char *serial = cert_serial(about);
	bool revoked = h->revoked != NULL && strcmp(cert_serial(h->revoked), serial) == 0 && h->revoked_at <= time;

	OK(ocsp_request_build(h->ca.cert, OCSP_SM3, &serial, 1, SPAN_EMPTY, &request));
	OK(ocsp_request_parse(buf_span(&request), &rq));
	struct ocsp_item item = {.id = rq.ids[0], .this_update = time};
	if (revoked)
		item.status =
			(struct ocsp_status){OCSP_REVOKED, h->revoked_at, h->suspended ? CRL_HOLD : CRL_KEY_COMPROMISE};
	struct ocsp_spec s = {.signer = h->ocsp.cert, .key = h->ocsp.key, .produced = time, .items = &item, .n = 1};
	OK(ocsp_response_build(&s, out));
}

static enum err answer_status(void *ctx, struct span der, struct buf *out)
{
	struct hall *h = ctx;
	AUTO(cert) about = NULL;

	if (h->status_fails != ERR_OK)
		return ERR(UNAVAILABLE, "as ordered");
	OK(cert_parse(der, &about));
	if (h->status_takes_sec > 0)
		hall_later(h, h->status_takes_sec);
	hall_status(h, about, clock_now(h->clock) - h->status_early_sec, out);
	return buf_err(out);
}

static enum err sign_head(void *ctx, struct log_head *head, uint64_t from, const struct tree_proof *proof)
{
	struct hall *h = ctx;
	struct sm2_sig sig;

	(void)from, (void)proof;
	if (h->sign_fails != ERR_OK)
		return ERR(UNAVAILABLE, "as ordered");
	head->head.time = clock_now(h->clock);
	TRY(head_build(&head->head, &head->text));
	TRY(gm_sign(h->log.key, buf_span(&head->text), &sig));
	buf_put(&head->sig, SPAN_ARR(sig.b));
	hall_stamp(h, buf_span(&head->text), head->head.time + h->stamp_late_sec, &head->stamp);
	h->signed_size = head->head.size;
	return h->sign_lost ? ERR(UNAVAILABLE, "as ordered") : buf_err(&head->stamp);
}

static enum err ready(void *ctx, uint64_t *ret_epoch, uint64_t *ret_size)
{
	const struct hall *h = ctx;

	*ret_epoch = 1;
	*ret_size = h->signed_size;
	return h->sign_fails != ERR_OK ? ERR(UNAVAILABLE, "as ordered") : ERR_OK;
}

struct log_service hall_service(struct hall *h)
{
	return (struct log_service){.bureau = h->bureau,
	                            .clock = h->clock,
	                            .ready = h->asks_ready ? ready : NULL,
	                            .status = answer_status,
	                            .sign = sign_head,
	                            .ctx = h};
}

uint64_t hall_sequence(struct hall *h)
{
	struct log_service v = hall_service(h);
	struct log_done d;

	OK(log_sequence(h->store, &v, &d));
	return d.entries;
}

/* --- acts --- */

static enum err append_fn(struct tx *tx, void *arg)
{
	return log_append(tx, arg);
}

void hall_append(struct hall *h, const struct log_what *w)
{
	struct log_act a;

	OK(log_act_init(&a, h->keys, w));
	OK(store_write(h->store, append_fn, &a));
	log_act_done(&a);
}

void hall_statement(struct hall *h, const struct hall_key *by, const char *no, const char *type,
                    const struct statement_kv *kv, size_t n, struct buf *out)
{
	AUTO(statement) s = NULL;
	AUTO_BUF(time, 32);
	AUTO_BUF(nonce, 65);
	struct statement_kv *all = calloc(n + 3, sizeof(*all));
	struct sm2_sig sig;
	uint8_t random[32];

	assert_non_null(all);
	OK(rand_bytes(random, sizeof(random)));
	text_hex(&nonce, SPAN_ARR(random));
	text_time(&time, clock_now(h->clock));
	all[0] = (struct statement_kv){"bureau", h->bureau};
	all[1] = (struct statement_kv){"nonce", buf_cstr(&nonce)};
	all[2] = (struct statement_kv){"time", buf_cstr(&time)};
	memcpy(all + 3, kv, n * sizeof(*kv));
	OK(statement_build(type, all, n + 3, &s));
	free(all);
	OK(gm_sign(by->key, statement_text(s), &sig));
	AUTO_BUF(status, 8192);
	if (h->comes_with_status)
		hall_status(h, by->cert, clock_now(h->clock), &status);
	hall_append(h, &(struct log_what){.status = buf_span(&status),
	                                  .kind = type,
	                                  .subject = no,
	                                  .time = clock_now(h->clock),
	                                  .statement = statement_text(s),
	                                  .sig = SPAN_ARR(sig.b),
	                                  .cert = cert_der(by->cert)});
	if (out != NULL)
		buf_put(out, statement_text(s));
}

void hall_act(struct hall *h, const struct hall_key *by, const char *no, struct buf *out)
{
	const struct statement_kv kv[] = {{"case", no}, {"serial", "0102AB"}, {"reason", "持有人报失"}};

	hall_statement(h, by, no, "CERT-SUSPEND", kv, COUNT_OF(kv), out);
}

void hall_rule(struct hall *h, const char *kind, const char *no, const char *rule)
{
	hall_append(h, &(struct log_what){.kind = kind,
	                                  .subject = no,
	                                  .rule = rule,
	                                  .time = clock_now(h->clock),
	                                  .statement = SPAN_LIT("期限届满")});
}
