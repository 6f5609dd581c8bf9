/* Filings durably acknowledged: filing_sign() from 1, 16 and 64 threads over the real engine, the real log and a SQLite
 * file on disk, with group commit and with a commit each; then the log's order and check of what was written.
 * Statements are signed before the clock runs, as clients do it on their own machines.   usage: yx_bench_filing */
#include "count.h"
#include "evidence/log_check.h"
#include "server/filing/filing_log.h"
#include "world.h"
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>

enum { PER_RUN = 192, ROUNDS = 3, READERS = 16, PLAIN = 2000, GROUP = 256 }; /* a filer may have 200 drafts */

struct ready {
	char no[FILING_NO_MAX + 1];
	struct buf text;
	struct sm2_sig sig;
};
static struct {
	struct world w;
	struct ready v[PER_RUN];
	_Atomic size_t next;
	pthread_barrier_t gate;
} b;

/* --- filings --- */

static void *client(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&b.gate);
	for (;;) {
		size_t i = atomic_fetch_add(&b.next, 1);
		if (i >= PER_RUN)
			return NULL;
		const struct ready *r = &b.v[i];
		const struct act_parts parts = {buf_span(&r->text), SPAN_ARR(r->sig.b), cert_der(b.w.operator.cert)};
		OK(filing_sign(&b.w.d, &b.w.operator.who, &parts, NULL, NULL));
	}
}

static double clients(void *(*run)(void *), size_t n)
{
	pthread_t t[64];
	OK(pthread_barrier_init(&b.gate, NULL, (unsigned)n + 1));
	for (size_t i = 0; i < n; i++)
		OK(pthread_create(&t[i], NULL, run, NULL));
	pthread_barrier_wait(&b.gate);
	double began = bench_seconds();
	for (size_t i = 0; i < n; i++)
		(void)pthread_join(t[i], NULL);
	double spent = bench_seconds() - began;
	pthread_barrier_destroy(&b.gate);
	return spent;
}

/* Drafts and what their filers sign; not measured. */
static void *preparer(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&b.gate);
	for (size_t i; (i = atomic_fetch_add(&b.next, 1)) < PER_RUN;) {
		struct ready *r = &b.v[i];
		buf_clear(&r->text);
		world_draft(&b.w, "Q01", 1, r->no);
		OK(filing_submit_text(&b.w.d, r->no, &b.w.operator.who, &r->text));
		OK(gm_sign(b.w.operator.key, buf_span(&r->text), &r->sig));
	}
	return NULL;
}

struct tally {
	double sec;
	uint64_t commits, fsyncs, statements;
};

static void round_of(size_t n_clients, bool group, struct tally *t)
{
	b.next = 0;
	(void)clients(preparer, READERS);
	uint64_t fsyncs = count_fsyncs(), statements = count_statements(), commits = store_commits(b.w.o.store);
	store_group_max(b.w.o.store, group ? GROUP : 1);
	b.next = 0;
	t->sec += clients(client, n_clients);
	t->commits += store_commits(b.w.o.store) - commits;
	t->fsyncs += count_fsyncs() - fsyncs;
	t->statements += count_statements() - statements;
	store_group_max(b.w.o.store, GROUP);
}

static void told(size_t n_clients, bool group, const struct tally *t)
{
	char name[64];
	const double all = ROUNDS * PER_RUN;
	(void)snprintf(name, sizeof(name), "filings, %zu client%s, %s", n_clients, n_clients > 1 ? "s" : "",
	               group ? "group commit" : "a commit each");
	bench_line(name, all / t->sec, "/s");
	printf("    each: %.2f commits, %.2f fsyncs, %.1f statements\n", (double)t->commits / all,
	       (double)t->fsyncs / all, (double)t->statements / all);
}

static void all_filings(void)
{
	static const size_t n[] = {1, 16, 64};
	for (size_t i = 0; i < COUNT_OF(n); i++) {
		struct tally t[2] = {{0}, {0}};
		for (int round = 0; round < ROUNDS * 2; round++)
			round_of(n[i], round % 2 != 0, &t[round % 2]);
		told(n[i], false, &t[0]);
		told(n[i], true, &t[1]);
		bench_line("  group commit against a commit each", t[0].sec / t[1].sec, "x");
	}
}

/* --- the least a durable write costs: one row, no signature --- */

static enum err plain_tx(struct tx *tx, void *arg)
{
	(void)arg;
	return tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT("bench")), NULL);
}

static void *plain_client(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&b.gate);
	while (atomic_fetch_add(&b.next, 1) < PLAIN)
		OK(store_write(b.w.o.store, plain_tx, NULL));
	return NULL;
}

static void plain(void)
{
	static const size_t n[] = {1, 16, 64};
	for (size_t i = 0; i < COUNT_OF(n); i++) {
		double rate[2];
		for (int group = 0; group < 2; group++) {
			char name[64];
			store_group_max(b.w.o.store, group ? GROUP : 1);
			b.next = 0;
			rate[group] = PLAIN / clients(plain_client, n[i]);
			(void)snprintf(name, sizeof(name), "one row, %zu writers, %s", n[i],
			               group ? "group commit" : "a commit each");
			bench_line(name, rate[group], "/s");
		}
		bench_line("  group commit against a commit each", rate[1] / rate[0], "x");
	}
}

/* --- this run's own measures --- */

static void measures(void)
{
	char path[300], block[4096] = {0};
	const struct span text = SPAN_LIT(
		"a text of the length that statements of one filing have, about two hundred octets, signed and verified\n");
	struct sm2_sig sig;
	(void)snprintf(path, sizeof(path), "%s/probe", b.w.o.dir);
	int fd = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	double began = bench_seconds();
	for (int i = 0; i < 200; i++) {
		assert_int_equal(write(fd, block, sizeof(block)), sizeof(block));
		OK(fdatasync(fd));
	}
	bench_line("fdatasync of 4 KiB appended", 200 / (bench_seconds() - began), "/s");
	(void)close(fd);
	OK(gm_sign(b.w.operator.key, text, &sig));
	began = bench_seconds();
	for (int i = 0; i < 1000; i++)
		OK(gm_verify(cert_pub(b.w.operator.cert), text, &sig));
	bench_line("SM2 verify, one core", 1000 / (bench_seconds() - began), "/s");
}

/* --- the log --- */

static void no_fault(const struct log_fault *f, void *ctx)
{
	(void)ctx;
	fprintf(stderr, "# %s %s %s %s\n", f->table, f->row, f->column, f->what);
}

static enum err check_tx(struct tx *tx, void *arg)
{
	const struct log_check c = {.bureau = b.w.o.desk.bureau, .fault = no_fault};
	return log_check(tx, &c, arg);
}

static enum err proofs_tx(struct tx *tx, void *arg)
{
	uint64_t epoch = 0, size = 0;
	struct tree_proof p;
	(void)arg;
	OK(log_size(tx, &epoch, &size));
	double began = bench_seconds();
	for (uint64_t i = 0; i < 2000; i++)
		OK(log_inclusion(tx, epoch, i * 7919 % size, size, &p));
	bench_line("inclusion proof from the database", (bench_seconds() - began) / 2000 * 1e6, "us");
	return ERR_OK;
}

static void the_log(void)
{
	const struct log_service v = {.bureau = b.w.o.desk.bureau, .clock = b.w.o.clock};
	struct log_done d = {0};
	struct log_sum sum = {0};
	double began = bench_seconds();
	OK(log_sequence(b.w.o.store, &v, &d));
	double spent = bench_seconds() - began;
	bench_line("entries ordered into the tree, one sequencer", (double)d.entries / spent, "/s");
	began = bench_seconds();
	OK(store_read(b.w.o.store, check_tx, &sum));
	spent = bench_seconds() - began;
	printf("    %llu entries over %llu rows\n", (unsigned long long)sum.entries, (unsigned long long)sum.rows);
	bench_line("log verify, for 1,000 entries", spent / (double)sum.entries * 1e6, "ms");
	OK(store_read(b.w.o.store, proofs_tx, NULL));
}

static void everything(void **state)
{
	char path[300];
	(void)state;
	world_open(&b.w);
	store_close(b.w.o.store);
	(void)snprintf(path, sizeof(path), "%s/yinxin.db", b.w.o.dir);
	OK(store_open(path, SQL_DIR, READERS, &b.w.o.store));
	b.w.o.desk.store = b.w.o.store;
	filing_log_connect(&b.w.d);
	for (size_t i = 0; i < COUNT_OF(b.v); i++)
		buf_init(&b.v[i].text, STATEMENT_LONG_MAX);
	measures();
	plain();
	all_filings();
	the_log();
	for (size_t i = 0; i < COUNT_OF(b.v); i++)
		buf_done(&b.v[i].text);
	world_close(&b.w);
}

/* The fixtures speak cmocka. */
int main(void)
{
	const struct CMUnitTest all[] = {cmocka_unit_test(everything)};
	return cmocka_run_group_tests(all, NULL, NULL);
}
