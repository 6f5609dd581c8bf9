#include "evidence_test.h"
#include "base/file.h"
#include "evidence/chain.h"
#include "gm/sm3.h"
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[] = "/tmp/yx-chain-XXXXXX";
static char path[64];

static int make_dir(void **state)
{
	(void)state;
	if (mkdtemp(dir) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/test.chain", dir);
	return 0;
}

static int drop_dir(void **state)
{
	(void)state;
	(void)unlink(path);
	return rmdir(dir);
}

static int fresh(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

/* --- helpers --- */

struct seen {
	uint64_t count;
	uint8_t sum[32]; /* SM3 over all records in order */
	enum err answer;
};

static enum err see(uint64_t seq, struct span record, void *ctx)
{
	struct seen *s = ctx;
	const struct span parts[] = {SPAN_ARR(s->sum), record};

	assert_int_equal(seq, s->count + 1);
	s->count++;
	if (s->answer != ERR_OK)
		return s->answer;
	return sm3_digest_n(parts, 2, s->sum);
}

static enum err open_see(struct seen *s, struct chain **ret_c)
{
	*s = (struct seen){0};
	return chain_open(path, see, s, ret_c);
}

static void append(struct chain *c, const char *text)
{
	uint64_t seq, want = chain_next(c);

	assert_int_equal(chain_append(c, span_str(text), &seq), ERR_OK);
	assert_int_equal(seq, want);
}

static void write_three(void)
{
	AUTO(chain) c = NULL;

	assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_OK);
	append(c, "first");
	append(c, "");
	append(c, "the third record");
}

static void put_file(struct span s)
{
	assert_int_equal(file_replace(path, s, 0600), ERR_OK);
}

/* --- life --- */

static void test_replay(void **state)
{
	AUTO(chain) c = NULL;
	struct seen a, b;
	uint8_t head[32], again[32], zero[32] = {0};
	struct stat st;

	(void)state;
	assert_int_equal(open_see(&a, &c), ERR_OK);
	assert_int_equal(chain_next(c), 1);
	chain_head(c, head);
	assert_memory_equal(head, zero, 32);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	chain_free(STEAL(c));
	write_three();
	assert_int_equal(open_see(&a, &c), ERR_OK);
	assert_int_equal(a.count, 3);
	assert_int_equal(chain_next(c), 4);
	chain_head(c, head);
	chain_free(STEAL(c));
	assert_int_equal(open_see(&b, &c), ERR_OK);
	chain_head(c, again);
	assert_memory_equal(head, again, 32);
	assert_memory_equal(a.sum, b.sum, 32);
	append(c, "fourth");
	chain_head(c, again);
	assert_memory_not_equal(head, again, 32);
}

static void test_read(void **state)
{
	AUTO(chain) c = NULL;
	AUTO_BUF(out, 64);

	(void)state;
	write_three();
	assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_OK);
	append(c, "fourth");
	assert_int_equal(chain_read(c, 1, &out), ERR_OK);
	assert_int_equal(chain_read(c, 2, &out), ERR_OK);
	assert_int_equal(chain_read(c, 4, &out), ERR_OK);
	assert_string_equal(buf_cstr(&out), "firstfourth");
	assert_int_equal(chain_read(c, 0, &out), ERR_ABSENT);
	assert_int_equal(chain_read(c, 5, &out), ERR_ABSENT);
	int fd = open(path, O_WRONLY);
	assert_int_equal(pwrite(fd, "F", 1, 56), 1); /* the first record's first octet */
	close(fd);
	assert_int_equal(chain_read(c, 1, &out), ERR_JOURNAL);
}

static void test_limit(void **state)
{
	static uint8_t big[CHAIN_RECORD_MAX + 1];
	AUTO(chain) c = NULL;
	AUTO_BUF(out, CHAIN_RECORD_MAX);
	uint64_t seq = 77;

	(void)state;
	assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_OK);
	assert_int_equal(chain_append(c, SPAN_ARR(big), &seq), ERR_LIMIT);
	assert_int_equal(seq, 77);
	assert_int_equal(chain_append(c, span_of(big, CHAIN_RECORD_MAX), &seq), ERR_OK);
	append(c, "after");
	assert_int_equal(chain_read(c, 1, &out), ERR_OK);
	assert_int_equal(out.len, CHAIN_RECORD_MAX);
	chain_free(STEAL(c));
	assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_OK);
	assert_int_equal(chain_next(c), 3);
}

static void test_one_holder(void **state)
{
	AUTO(chain) c = NULL;
	struct chain *second = NULL;

	(void)state;
	assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_OK);
	assert_int_equal(chain_open(path, NULL, NULL, &second), ERR_BUSY);
	assert_null(second);
	chain_free(STEAL(c));
	assert_int_equal(chain_open(path, NULL, NULL, &second), ERR_OK);
	chain_free(second);
}

static void test_callback_error(void **state)
{
	AUTO(chain) c = NULL;
	struct seen s = {.answer = ERR_SYNTAX};

	(void)state;
	write_three();
	assert_int_equal(chain_open(path, see, &s, &c), ERR_SYNTAX);
	assert_int_equal(s.count, 1);
	assert_null(c);
}

static void test_not_a_file(void **state)
{
	AUTO(chain) c = NULL;
	char link_path[80];
	uint64_t count, bad;

	(void)state;
	snprintf(link_path, sizeof(link_path), "%s/link", dir);
	write_three();
	assert_int_equal(symlink(path, link_path), 0);
	assert_int_equal(chain_open(link_path, NULL, NULL, &c), ERR_IO);
	(void)unlink(link_path);
	assert_int_equal(chain_verify(link_path, &count, &bad), ERR_ABSENT);
	assert_int_equal(chain_open(dir, NULL, NULL, &c), ERR_IO);
	assert_null(c);
}

/* --- damage --- */

static void test_every_flip(void **state)
{
	AUTO_BUF(good, 4096);
	uint64_t count = 0, bad = 0;

	(void)state;
	write_three();
	assert_int_equal(file_read(path, &good), ERR_OK);
	assert_int_equal(chain_verify(path, &count, &bad), ERR_OK);
	assert_int_equal(count, 3);
	assert_int_equal(bad, 0);
	for (size_t i = 0; i < good.len; i++) {
		for (unsigned bit = 0; bit < 8; bit++) {
			AUTO(chain) c = NULL;
			good.ptr[i] ^= (uint8_t)(1u << bit);
			put_file(buf_span(&good));
			assert_int_equal(chain_verify(path, &count, &bad), ERR_OK);
			if (bad == 0 || bad != count + 1)
				fail_msg("octet %zu bit %u: count %llu bad %llu", i, bit, (unsigned long long)count,
				         (unsigned long long)bad);
			if (bit == 0)
				assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_JOURNAL);
			good.ptr[i] ^= (uint8_t)(1u << bit);
		}
	}
	/* refusing changed nothing */
	put_file(buf_span(&good));
	assert_int_equal(chain_verify(path, &count, &bad), ERR_OK);
	assert_int_equal(bad, 0);
}

static void test_moved(void **state)
{
	AUTO_BUF(good, 4096);
	AUTO_BUF(other, 8192);
	uint64_t count, bad;
	const size_t one = 56 + 5 + 32, two = 56 + 32;

	(void)state;
	write_three();
	assert_int_equal(file_read(path, &good), ERR_OK);
	struct span all = buf_span(&good);
	struct span first = span_sub(all, 0, one), second = span_sub(all, one, two),
		    third = span_sub(all, one + two, all.len);
	const struct span orders[][3] = {{second, first, third},
	                                 {first, third, second},
	                                 {first, first, second},
	                                 {first, third, SPAN_EMPTY},
	                                 {second, third, SPAN_EMPTY}};
	for (size_t i = 0; i < COUNT_OF(orders); i++) {
		buf_clear(&other);
		for (size_t k = 0; k < 3; k++)
			buf_put(&other, orders[i][k]);
		put_file(buf_span(&other));
		assert_int_equal(chain_verify(path, &count, &bad), ERR_OK);
		assert_true(bad > 0);
	}
	buf_clear(&other);
	buf_put(&other, all);
	buf_str(&other, "stray octets, long enough to hold a whole header of a frame and more than that");
	put_file(buf_span(&other));
	assert_int_equal(chain_verify(path, &count, &bad), ERR_OK);
	assert_int_equal(bad, 4);
}

/* The second record of another chain: number, length and hash are right, but it does not follow this first record. */
static void test_spliced(void **state)
{
	AUTO_BUF(a, 4096);
	AUTO_BUF(b, 4096);
	AUTO_BUF(mixed, 8192);
	const size_t one = 56 + 5 + 32;
	uint64_t count, bad;

	(void)state;
	write_three();
	assert_int_equal(file_read(path, &a), ERR_OK);
	(void)unlink(path);
	AUTO(chain) other = NULL;
	assert_int_equal(chain_open(path, NULL, NULL, &other), ERR_OK);
	append(other, "FIRST");
	append(other, "");
	assert_int_equal(file_read(path, &b), ERR_OK);
	chain_free(STEAL(other));
	for (size_t len = 20; len <= b.len - one; len++) {
		AUTO(chain) c = NULL;
		buf_clear(&mixed);
		buf_put(&mixed, span_sub(buf_span(&a), 0, one));
		buf_put(&mixed, span_sub(buf_span(&b), one, len));
		put_file(buf_span(&mixed));
		assert_int_equal(chain_verify(path, &count, &bad), ERR_OK);
		assert_int_equal(bad, 2);
		assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_JOURNAL);
	}
}

/* Cut at every octet: whole records stay, the incomplete one goes, and the file can be written again. */
static void test_every_cut(void **state)
{
	AUTO_BUF(good, 4096);
	const size_t ends[] = {0, 56 + 5 + 32, 56 + 5 + 32 + 56 + 32, 56 + 5 + 32 + 56 + 32 + 56 + 16 + 32};
	uint64_t count, bad;
	struct stat st;

	(void)state;
	write_three();
	assert_int_equal(file_read(path, &good), ERR_OK);
	assert_int_equal(good.len, ends[3]);
	for (size_t cut = 0; cut <= good.len; cut++) {
		AUTO(chain) c = NULL;
		struct seen s;
		size_t whole = cut >= ends[3] ? 3 : cut >= ends[2] ? 2 : cut >= ends[1] ? 1 : 0;
		put_file(span_sub(buf_span(&good), 0, cut));
		assert_int_equal(chain_verify(path, &count, &bad), ERR_OK);
		assert_int_equal(count, whole);
		assert_int_equal(bad, 0);
		assert_int_equal(open_see(&s, &c), ERR_OK);
		assert_int_equal(s.count, whole);
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(st.st_size, ends[whole]);
		append(c, "again");
	}
}

/* A short tail that is no beginning of the next frame is damage, not a crash. */
static void test_foreign_tail(void **state)
{
	static const char *const tails[] = {"X", "YXC1\0\0\0\5\1", "YXC2", "\0"};
	AUTO_BUF(good, 4096);

	(void)state;
	write_three();
	assert_int_equal(file_read(path, &good), ERR_OK);
	size_t len = good.len;
	for (size_t i = 0; i < COUNT_OF(tails); i++) {
		AUTO(chain) c = NULL;
		buf_cut(&good, len);
		buf_put(&good, span_of(tails[i], i == 1 ? 9 : i == 3 ? 1 : strlen(tails[i])));
		put_file(buf_span(&good));
		assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_JOURNAL);
	}
}

/* --- failure and death --- */

static void test_full_disk(void **state)
{
	AUTO(chain) c = NULL;
	struct rlimit old, small;
	uint64_t seq = 9;
	struct seen s;

	(void)state;
	assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_OK);
	append(c, "first");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = (struct rlimit){120, old.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(chain_append(c, SPAN_LIT("second"), &seq), ERR_IO);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
	assert_int_equal(seq, 9);
	assert_int_equal(chain_next(c), 2);
	/* room again, but what is on disk is not known any more */
	assert_int_equal(chain_append(c, SPAN_LIT("third"), &seq), ERR_IO);
	chain_free(STEAL(c));
	assert_int_equal(open_see(&s, &c), ERR_OK);
	assert_int_equal(s.count, 1);
	append(c, "second");
}

/* A child appends and reports each number after chain_append returned; it is killed in the middle, over and over. What
 * it reported is there, and nothing is damaged. */
static void child(int report)
{
	struct chain *c = NULL;
	uint8_t record[5000] = {0};
	uint64_t seq;

	if (chain_open(path, NULL, NULL, &c) != ERR_OK)
		_exit(1);
	for (size_t i = 0;; i++) {
		memset(record, (int)i, sizeof(record));
		if (chain_append(c, span_of(record, 1 + i * 997 % sizeof(record)), &seq) != ERR_OK ||
		    write(report, &seq, sizeof(seq)) != sizeof(seq))
			_exit(1);
	}
}

static void test_kill(void **state)
{
	uint64_t seed = test_seed(), reported = 0, next = 1;

	(void)state;
	for (size_t round = 0; round < 30; round++) {
		AUTO(chain) c = NULL;
		int p[2], status;
		assert_int_equal(pipe2(p, O_CLOEXEC), 0);
		pid_t pid = fork();
		assert_true(pid >= 0);
		if (pid == 0)
			child(p[1]);
		close(p[1]);
		usleep((useconds_t)(next_random(&seed) % 20000));
		kill(pid, SIGKILL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_true(WIFSIGNALED(status));
		uint64_t seq;
		while (read(p[0], &seq, sizeof(seq)) == sizeof(seq))
			reported = seq;
		close(p[0]);
		assert_int_equal(chain_open(path, NULL, NULL, &c), ERR_OK);
		/* at most the one that was on its way when the child died */
		next = next > reported ? next : reported + 1;
		assert_true(chain_next(c) == next || chain_next(c) == next + 1);
		next = chain_next(c);
	}
	printf("# %llu records survived 30 deaths\n", (unsigned long long)reported);
	assert_true(reported > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_replay, fresh),         cmocka_unit_test_setup(test_read, fresh),
		cmocka_unit_test_setup(test_limit, fresh),          cmocka_unit_test_setup(test_one_holder, fresh),
		cmocka_unit_test_setup(test_callback_error, fresh), cmocka_unit_test_setup(test_not_a_file, fresh),
		cmocka_unit_test_setup(test_every_flip, fresh),     cmocka_unit_test_setup(test_moved, fresh),
		cmocka_unit_test_setup(test_spliced, fresh),        cmocka_unit_test_setup(test_every_cut, fresh),
		cmocka_unit_test_setup(test_foreign_tail, fresh),   cmocka_unit_test_setup(test_full_disk, fresh),
		cmocka_unit_test_setup(test_kill, fresh),
	};

	return cmocka_run_group_tests(tests, make_dir, drop_dir);
}
