#include "server/portal/run/log_turn.h"
#include "base/text.h"
#include "evidence/log.h"
#include "gm/sm3.h"
#include "server/notary/client.h"
#include "server/signer/record.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURN_MS = 400, JOURNAL_MS = 1000, FEED_MAX = 64 };

/* --- the signer's journal --- */

/* What a record says of a certificate; serial "" for a record of another kind. */
enum { SERIAL_CAP = 48, PAIR = 2 };
struct told {
	char serial[SERIAL_CAP];
	int64_t status;
	char rows[PAIR][SERIAL_CAP]; /* both certificates of the holder, as far as the database has them */
	size_t n;
};
struct journal_job {
	struct log_act act[FEED_MAX];
	struct told told[FEED_MAX];
	size_t n;
};

static enum err last_fn(struct tx *tx, void *arg)
{
	return log_journal_last(tx, false, arg);
}

static enum err pair_row(const struct row *row, void *ctx)
{
	struct told *t = ctx;
	if (t->n < PAIR)
		(void)snprintf(t->rows[t->n++], SERIAL_CAP, "%s", row_text(row, 0));
	return ERR_OK;
}

/* The database's copy of a certificate's status, under the entry of the very record that says so. A row that somebody
 * edited stays as it is, for the check of the log to name: it must not stop the journal, nor be taken for good. */
static enum err copy_status(struct tx *tx, struct log_act *a, struct told *t)
{
	a->covers = t->n = 0; /* it may run again */
	TRY(tx_query(tx, "cert_pair", SQL_ARGS(A_TEXT(t->serial)), pair_row, t));
	for (size_t i = 0; i < t->n; i++) {
		enum err e = log_row_check(tx, "cert", (const struct sql_arg[]){A_TEXT(t->rows[i])}, 1);
		if (e == ERR_LOG_DAMAGED) {
			err_clear();
			continue;
		}
		TRY(e);
		TRY(tx_exec(tx, "cert_set_status", SQL_ARGS(A_TEXT(t->rows[i]), A_INT(t->status)), NULL));
		log_act_cover(a, "cert", t->rows[i], 0);
	}
	return ERR_OK;
}

static enum err journal_fn(struct tx *tx, void *arg)
{
	struct journal_job *j = arg;
	for (size_t i = 0; i < j->n; i++) {
		if (j->told[i].serial[0] != 0)
			TRY(copy_status(tx, &j->act[i], &j->told[i]));
		TRY(log_append(tx, &j->act[i]));
	}
	return ERR_OK;
}

static enum err told_read(struct span record, struct told *ret_t)
{
	AUTO(ipc_msg) m = NULL;
	uint64_t status = 0;
	*ret_t = (struct told){.status = 0};
	TRY(record_parse(record, &m));
	if (ipc_type_of(m) != REC_STATUS)
		return ERR_OK;
	struct span serial = ipc_get(m, ST_SERIAL);
	TRY(ipc_get_u64(m, ST_STATUS, &status));
	if (serial.len == 0 || serial.len >= sizeof(ret_t->serial) || status > 2)
		return ERR(JOURNAL, "record of a status");
	memcpy(ret_t->serial, serial.ptr, serial.len);
	ret_t->status = (int64_t)status;
	return ERR_OK;
}

static enum err journal_act(const struct portal *p, struct journal_job *j, uint64_t seq, struct span record)
{
	uint8_t digest[SM3_LEN];
	char subject[24];
	AUTO_BUF(text, 160);
	TRY(sm3_digest(record, digest));
	(void)snprintf(subject, sizeof(subject), "%llu", (unsigned long long)seq);
	buf_printf(&text, "seq: %s\nrecord: ", subject);
	TRY(told_read(record, &j->told[j->n]));
	text_hex(&text, SPAN_ARR(digest));
	buf_str(&text, "\n");
	TRY(buf_err(&text));
	const struct log_what w = {.kind = "JOURNAL",
	                           .subject = subject,
	                           .rule = "signer:journal",
	                           .time = clock_now(p->desk.clock),
	                           .statement = buf_span(&text)};
	return log_act_init(&j->act[j->n++], p->desk.keys, &w);
}

static enum err journal_records(struct portal *p, const struct ipc_msg *answer, uint64_t from)
{
	struct journal_job *j = calloc(1, sizeof(*j));
	enum err e = ERR_OK;
	size_t n = ipc_count(answer, ST_RECORD);
	if (j == NULL)
		return ERR(NOMEM, "journal");
	for (size_t i = 0; i < n && i < FEED_MAX && e == ERR_OK; i++)
		e = journal_act(p, j, from + i, ipc_get_n(answer, ST_RECORD, i));
	if (e == ERR_OK && j->n > 0)
		e = store_write(p->desk.store, journal_fn, j);
	for (size_t i = 0; i < j->n; i++)
		log_act_done(&j->act[i]);
	free(j);
	return e;
}

/* Only what the journal has and the log has not; the notary compares both and refuses heads that lag by a minute. */
static enum err take_journal(struct portal *p)
{
	uint64_t last = 0, end = 0;
	do {
		AUTO(ipc_msg) m = NULL;
		AUTO(ipc_msg) a = NULL;
		TRY(store_read(p->desk.store, last_fn, &last));
		TRY(ipc_msg_new(SIGNER_FEED, &m));
		ipc_put_u64(m, ST_SEQ, last + 1);
		TRY(signer_call(p->signer, m, &a));
		TRY(ipc_get_u64(a, ST_JOURNAL_SEQ, &end));
		if (ipc_count(a, ST_RECORD) == 0)
			return ERR_OK;
		TRY(journal_records(p, a, last + 1));
		last += ipc_count(a, ST_RECORD);
	} while (last < end);
	return ERR_OK;
}

/* The list too, for /crl/ and /healthz: after a jump of the clock or a sleep of the machine it is fetched now, not with
 * the next minute. */
static enum err follow_signer(struct portal *p)
{
	if (p->trust != NULL && trust_keep_current(p->trust, clock_now(p->desk.clock)) != ERR_OK)
		err_clear(); /* the minute's refresh tells */
	return take_journal(p);
}

/* --- what the notary does --- */

static enum err fresh_status(void *ctx, struct span der, struct buf *out)
{
	const struct portal *p = ctx;
	AUTO(cert) about = NULL;
	TRY(cert_parse(der, &about));
	const char *serial = cert_serial(about);
	return notary_status(p->notary, &serial, 1, out);
}

struct extend_job {
	uint64_t epoch, from, to, journal;
	struct tree_proof proof;
};

static enum err extend_fn(struct tx *tx, void *arg)
{
	struct extend_job *j = arg;
	TRY(log_journal_last(tx, true, &j->journal));
	return log_consistency(tx, j->epoch, j->from, j->to, &j->proof);
}

/* From the head that the notary itself remembers: it may have signed one whose answer never arrived here. */
static enum err sign_head(void *ctx, struct log_head *h, uint64_t from_size, const struct tree_proof *proof)
{
	const struct portal *p = ctx;
	struct notary_hello hello = {0};
	struct notary_signed s = {0};
	(void)from_size, (void)proof;
	TRY(notary_hello(p->notary, &hello));
	struct extend_job j = {.epoch = h->head.epoch, .from = hello.size, .to = h->head.size};
	uint64_t known = hello.journal_seq;
	notary_hello_done(&hello);
	TRY(store_read(p->desk.store, extend_fn, &j));
	const struct notary_head_ask ask = {.epoch = j.epoch,
	                                    .size = j.to,
	                                    .journal_seq = j.journal < known ? j.journal : known,
	                                    .root = h->head.root,
	                                    .proof = (const uint8_t(*)[32])j.proof.hash,
	                                    .n_proof = j.proof.n};
	TRY(notary_head(p->notary, &ask, &s));
	buf_put(&h->text, buf_span(&s.text));
	buf_put(&h->sig, buf_span(&s.sig));
	buf_put(&h->stamp, buf_span(&s.token));
	notary_signed_done(&s);
	TRY(buf_err(&h->text));
	TRY(buf_err(&h->sig));
	return buf_err(&h->stamp);
}

/* The head that the notary remembers, asked for once more: what stands against signing now shows here, before status
 * answers are fetched that would grow old. Of the journal what will be in the log is counted, and no more than the
 * notary knows. */
static enum err can_sign(void *ctx, uint64_t *ret_epoch, uint64_t *ret_size)
{
	const struct portal *p = ctx;
	struct notary_hello hello = {0};
	struct notary_signed s = {0};
	uint64_t journal = 0;
	TRY(notary_hello(p->notary, &hello));
	notary_hello_done(&hello);
	TRY(store_read(p->desk.store, last_fn, &journal));
	const struct notary_head_ask ask = {.epoch = hello.epoch,
	                                    .size = hello.size,
	                                    .root = hello.root,
	                                    .journal_seq = journal < hello.journal_seq ? journal : hello.journal_seq};
	TRY(notary_head(p->notary, &ask, &s));
	notary_signed_done(&s);
	*ret_epoch = hello.epoch;
	*ret_size = hello.size;
	return ERR_OK;
}

static enum err order(struct portal *p)
{
	struct log_service v = {.bureau = p->desk.bureau, .clock = p->desk.clock, .ctx = p};
	struct log_done d;
	if (p->notary != NULL) {
		v.ready = can_sign;
		v.status = fresh_status;
		v.sign = sign_head;
	}
	return log_sequence(p->desk.store, &v, &d);
}

enum err portal_log_turn(struct portal *p)
{
	if (p->signer != NULL)
		TRY(take_journal(p));
	return order(p);
}

/* --- the thread --- */

struct log_runner {
	struct portal *p;
	void (*report)(enum err e);
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop;
};

static bool stop_within(struct log_runner *r, int64_t ms)
{
	struct timespec t;
	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	t.tv_sec += (time_t)((ms * 1000000 + t.tv_nsec) / 1000000000);
	t.tv_nsec = (long)((ms * 1000000 + t.tv_nsec) % 1000000000);
	pthread_mutex_lock(&r->lock);
	while (!r->stop && pthread_cond_timedwait(&r->wake, &r->lock, &t) == 0)
		;
	bool stop = r->stop;
	pthread_mutex_unlock(&r->lock);
	return stop;
}

static void *run(void *arg)
{
	struct log_runner *r = arg;
	enum err before = ERR_OK;
	int64_t journal_due = 0;
	do {
		bool journal = r->p->signer != NULL && clock_mono_ms() >= journal_due;
		enum err e = journal ? follow_signer(r->p) : ERR_OK, o = order(r->p);
		journal_due = journal ? clock_mono_ms() + JOURNAL_MS : journal_due;
		e = o != ERR_OK ? o : e;
		if ((e == ERR_OK) != (before == ERR_OK))
			r->p->log_failing = e == ERR_OK ? 0 : clock_mono_ms();
		if (e != before)
			r->report(e);
		err_clear();
		before = e;
	} while (!stop_within(r, TURN_MS));
	return NULL;
}

enum err log_runner_start(struct portal *p, void (*report)(enum err e), struct log_runner **ret_r)
{
	struct log_runner *r = calloc(1, sizeof(*r));
	pthread_condattr_t a;
	if (r == NULL)
		return ERR(NOMEM, "sequencer");
	enum err adopted = log_adopt(p->desk.store, p->desk.clock);
	if (adopted != ERR_OK) {
		free(r);
		return adopted;
	}
	r->p = p;
	r->p->log_failing = 0;
	r->report = report;
	pthread_mutex_init(&r->lock, NULL);
	(void)pthread_condattr_init(&a);
	(void)pthread_condattr_setclock(&a, CLOCK_MONOTONIC);
	pthread_cond_init(&r->wake, &a);
	(void)pthread_condattr_destroy(&a);
	if (pthread_create(&r->thread, NULL, run, r) != 0) {
		pthread_cond_destroy(&r->wake);
		pthread_mutex_destroy(&r->lock);
		free(r);
		return ERR(INTERNAL, "cannot start the sequencer");
	}
	*ret_r = r;
	return ERR_OK;
}

void log_runner_stop(struct log_runner *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->stop = true;
	pthread_cond_signal(&r->wake);
	pthread_mutex_unlock(&r->lock);
	(void)pthread_join(r->thread, NULL);
	pthread_mutex_destroy(&r->lock);
	pthread_cond_destroy(&r->wake);
	free(r);
}
