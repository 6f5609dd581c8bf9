/* The writer: many threads share commits, a failing write undoes only itself, what was acknowledged outlives a kill. */
#include "store_test.h"
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>

enum { THREADS = 64, EACH = 25 };

static struct store *open_new(const char *db, const char *dir)
{
	struct store *s = NULL;

	test_sql(dir);
	assert_int_equal(store_open(test_path(db), test_path(dir), 4, &s), ERR_OK);
	return s;
}

struct load {
	struct store *s;
	int no;
	atomic_int *failures;
	bool with_duplicates;
};

/* Changes something and then fails. */
static enum err add_and_fail_tx(struct tx *tx, void *arg)
{
	struct test_item it = *(const struct test_item *)arg;

	it.id += 1000000;
	it.name = "must not stay";
	TRY(test_add_tx(tx, &it));
	return ERR(CANCELLED, "on purpose");
}

static void *write_many(void *arg)
{
	const struct load *l = arg;
	char name[32];

	for (int i = 0; i < EACH; i++) {
		struct test_item it = {l->no * 1000 + i + 1, name, SPAN_EMPTY, 0};
		snprintf(name, sizeof(name), "t%d-%d", l->no, i);
		if (store_write(l->s, test_add_tx, &it) != ERR_OK)
			atomic_fetch_add(l->failures, 1);
		/* The same again must fail, its neighbours in the group must not. */
		if (l->with_duplicates && store_write(l->s, test_add_tx, &it) != ERR_EXISTS)
			atomic_fetch_add(l->failures, 1);
		if (l->with_duplicates && store_write(l->s, add_and_fail_tx, &it) != ERR_CANCELLED)
			atomic_fetch_add(l->failures, 1);
	}
	return NULL;
}

static void run_threads(struct store *s, bool with_duplicates)
{
	pthread_t t[THREADS];
	struct load l[THREADS];
	atomic_int failures = 0;

	for (int i = 0; i < THREADS; i++) {
		l[i] = (struct load){s, i, &failures, with_duplicates};
		assert_int_equal(pthread_create(&t[i], NULL, write_many, &l[i]), 0);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(failures, 0);
}

static void threads_share_commits(void **state)
{
	AUTO(store) s = open_new("share.db", "share");

	(void)state;
	run_threads(s, false);
	assert_int_equal(test_count(s), THREADS * EACH);
	print_message("# %d writes in %llu commits\n", THREADS * EACH, (unsigned long long)store_commits(s));
	assert_true(store_commits(s) < THREADS * EACH / 2);
}

static void failing_writes_do_not_undo_neighbours(void **state)
{
	AUTO(store) s = open_new("dup.db", "dup");

	(void)state;
	run_threads(s, true);
	assert_int_equal(test_count(s), THREADS * EACH);
}

/* --- one write that takes the whole transaction with it --- */

static enum err deferred_tx(struct tx *tx, void *arg)
{
	return tx_exec(tx, "part.add", SQL_ARGS(A_INT(*(int *)arg)), NULL);
}

static void *write_guilty(void *arg)
{
	const struct load *l = arg;

	for (int i = 0; i < EACH; i++) {
		int nowhere = 999999;
		if (store_write(l->s, deferred_tx, &nowhere) != ERR_STATE)
			atomic_fetch_add(l->failures, 1);
	}
	return NULL;
}

static void a_reference_that_fails_at_the_commit_hits_only_its_writer(void **state)
{
	AUTO(store) s = open_new("guilty.db", "guilty");
	pthread_t t[8];
	struct load l[8];
	atomic_int failures = 0;

	(void)state;
	for (int i = 0; i < 8; i++) {
		l[i] = (struct load){s, i, &failures, false};
		assert_int_equal(pthread_create(&t[i], NULL, i % 4 == 0 ? write_guilty : write_many, &l[i]), 0);
	}
	for (int i = 0; i < 8; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(failures, 0);
	assert_int_equal(test_count(s), 6 * EACH);
}

/* --- a full disk: SQLite's own limit of pages stands for it --- */

static enum err fill_tx(struct tx *tx, void *arg)
{
	return tx_exec(tx, "item.fill", SQL_ARGS(A_INT(*(int *)arg)), NULL);
}

static void a_full_disk_is_an_error_and_loses_nothing(void **state)
{
	struct store *s = open_new("full.db", "full");
	struct test_item before = {100000, "before", SPAN_EMPTY, 0}, after = {100001, "after", SPAN_EMPTY, 0};
	int many = 4000;

	(void)state;
	store_close(s);
	test_file("full/002_limit.sql", "CREATE TRIGGER full BEFORE INSERT ON item WHEN NEW.name = 'fill3000'\n"
	                                "BEGIN SELECT RAISE(ROLLBACK, 'no room'); END;");
	assert_int_equal(store_open(test_path("full.db"), test_path("full"), 1, &s), ERR_OK);
	assert_int_equal(store_write(s, test_add_tx, &before), ERR_OK);
	assert_int_not_equal(store_write(s, fill_tx, &many), ERR_OK);
	assert_int_equal(store_write(s, test_add_tx, &after), ERR_OK);
	assert_int_equal(test_count(s), 2);
	store_close(s);
}

/* --- kill -9 --- */

/* Writes numbers for ever and reports each acknowledged one; killed from outside. */
static void write_until_killed(int report, const char *db, const char *dir, int64_t from)
{
	struct store *s = NULL;
	char name[32];

	if (store_open(db, dir, 1, &s) != ERR_OK)
		_exit(3);
	for (int64_t i = from;; i++) {
		struct test_item it = {i, name, SPAN_EMPTY, 0};
		snprintf(name, sizeof(name), "k%lld", (long long)i);
		if (store_write(s, test_add_tx, &it) != ERR_OK)
			_exit(4);
		if (write(report, &i, sizeof(i)) != sizeof(i))
			_exit(5);
	}
}

static int64_t run_and_kill(const char *db, const char *dir, int64_t from, int want)
{
	int fds[2], status;
	int64_t last = from - 1, no;

	assert_int_equal(pipe(fds), 0);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		close(fds[0]);
		write_until_killed(fds[1], db, dir, from);
	}
	close(fds[1]);
	while (want-- > 0 && read(fds[0], &no, sizeof(no)) == sizeof(no))
		last = no;
	kill(child, SIGKILL);
	while (read(fds[0], &no, sizeof(no)) == sizeof(no))
		last = no;
	close(fds[0]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	return last;
}

static void acknowledged_rows_survive_kill_9(void **state)
{
	int64_t next = 1;
	struct store *s = open_new("kill.db", "kill");

	(void)state;
	store_close(s);
	for (int round = 0; round < 8; round++) {
		int64_t last = run_and_kill(test_path("kill.db"), test_path("kill"), next, 5 + round * 7);
		assert_int_equal(store_open(test_path("kill.db"), test_path("kill"), 1, &s), ERR_OK);
		int64_t n = test_count(s);
		assert_true(n == last || n == last + 1); /* one may be durable and not yet reported */
		store_close(s);
		next = n + 1;
	}
	assert_true(next > 8);
}

/* --- two writers on one file --- */

static void two_stores_wait_for_each_other(void **state)
{
	AUTO(store) a = open_new("two.db", "two");
	AUTO(store) b = NULL;
	pthread_t t[4];
	struct load l[4];
	atomic_int failures = 0;

	(void)state;
	assert_int_equal(store_open(test_path("two.db"), test_path("two"), 1, &b), ERR_OK);
	for (int i = 0; i < 4; i++) {
		l[i] = (struct load){i % 2 ? a : b, i, &failures, false};
		assert_int_equal(pthread_create(&t[i], NULL, write_many, &l[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	assert_int_equal(failures, 0);
	assert_int_equal(test_count(a), 4 * EACH);
	assert_int_equal(test_count(b), 4 * EACH);
}

/* A reader keeps its snapshot while others write. */
static enum err snapshot_tx(struct tx *tx, void *arg)
{
	struct store *s = arg;
	int64_t before, after;
	struct test_item it = {1, "new", SPAN_EMPTY, 0};

	TRY(tx_one(tx, "item.count", NULL, 0, test_take_int, &before));
	TRY(store_write(s, test_add_tx, &it));
	TRY(tx_one(tx, "item.count", NULL, 0, test_take_int, &after));
	return before == 0 && after == 0 ? ERR_OK : ERR(STATE, "%lld then %lld", (long long)before, (long long)after);
}

static void readers_have_a_snapshot(void **state)
{
	AUTO(store) s = open_new("snap.db", "snap");

	(void)state;
	assert_int_equal(store_read(s, snapshot_tx, s), ERR_OK);
	assert_int_equal(test_count(s), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads_share_commits),
		cmocka_unit_test(failing_writes_do_not_undo_neighbours),
		cmocka_unit_test(a_reference_that_fails_at_the_commit_hits_only_its_writer),
		cmocka_unit_test(a_full_disk_is_an_error_and_loses_nothing),
		cmocka_unit_test(acknowledged_rows_survive_kill_9),
		cmocka_unit_test(two_stores_wait_for_each_other),
		cmocka_unit_test(readers_have_a_snapshot),
	};

	return cmocka_run_group_tests_name("store-group", tests, test_dir_make, test_dir_remove);
}
