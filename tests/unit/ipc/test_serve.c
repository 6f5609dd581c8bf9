/* The loop of a key-holding process, run in a child: docs/protocol/ipc.md 1, 5. */
#include "../base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/peer.h"
#include "ipc/serve.h"
#include "schema.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define RID "000102030405060708090a0b0c0d0e0f"
enum { STATE_OPEN = 1, STATE_CLOSED = 2 };

struct serve_ctx {
	unsigned state, refused;
};

/* --- the server --- */

static volatile int stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

/* The answer's text is the thread's request id, which the loop must have set for the handler. */
static enum err do_echo(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	(void)ctx;
	ipc_put(out, TAG_TEXT, span_sub(span_str(log_rid_get()), 0, 8));
	for (size_t i = 0; i < ipc_count(in, TAG_LIST); i++)
		ipc_put(out, TAG_LIST, ipc_get_n(in, TAG_LIST, i));
	ipc_put_u64(out, TAG_NUMBER, ctx->refused);
	return ERR_OK;
}

static enum err do_secret(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	AUTO(secret) s = NULL;

	(void)ctx;
	TRY(ipc_take_secret(in, &s));
	ipc_put_str(out, TAG_TEXT, "s");
	return ipc_attach_secret(out, s);
}

static enum err do_fail(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	(void)in;
	ipc_put_str(out, TAG_TEXT, "x");
	ctx->state = STATE_CLOSED;
	return ERR(APPROVAL, "one of two");
}

static enum err do_big(struct serve_ctx *ctx, struct ipc_msg *in, struct ipc_msg *out)
{
	(void)ctx;
	for (int i = 0; i <= IPC_FIELD_MAX; i++)
		ipc_put(out, TAG_LIST, ipc_get(in, TAG_TEXT));
	return ERR_OK;
}

static unsigned state_bit(const struct serve_ctx *ctx)
{
	return ctx->state;
}

static void count_refused(struct serve_ctx *ctx, const struct ipc_type *request, enum err e)
{
	if (!request && e != ERR_OK)
		ctx->refused++;
}

static _Noreturn void run_server(int listener, uid_t permitted)
{
	static const struct serve_row rows[] = {
		{&types[0], STATE_OPEN | STATE_CLOSED, do_echo},
		{&types[1], STATE_OPEN, do_secret},
		{&types[3], STATE_OPEN, do_fail},
		{&types[4], STATE_CLOSED, do_echo},
		{&types[5], STATE_OPEN, do_big},
	};
	struct serve_ctx ctx = {.state = STATE_OPEN};
	const struct serve s = {.rows = rows, .n_rows = COUNT_OF(rows), .state_bit = state_bit, .ctx = &ctx,
				.uids = &permitted, .n_uids = 1, .stop = &stop, .report = count_refused};

	_exit(serve_run(listener, &s) == ERR_OK ? 0 : 1);
}

/* --- the test's side --- */

static char dir[] = "/tmp/yx-serve-XXXXXX", path[64];
static pid_t server;

static void start(uid_t permitted)
{
	int listener = -1;

	assert_ok(peer_listen(path, 0600, 8, &listener));
	fflush(NULL);
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		signal(SIGTERM, on_term);
		alarm(60);
		run_server(listener, permitted);
	}
	close(listener);
}

static int start_open(void **state)
{
	(void)state;
	start(geteuid());
	return 0;
}

static int start_foreign(void **state)
{
	(void)state;
	start(geteuid() + 1);
	return 0;
}

/* TERM ends the loop within its tick, with nothing wrong. */
static int end_server(void **state)
{
	int status = -1;
	int64_t start_ms = clock_mono_ms();

	(void)state;
	kill(server, SIGTERM);
	if (waitpid(server, &status, 0) != server || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return -1;
	err_clear();
	return clock_mono_ms() - start_ms < 2000 ? 0 : -1;
}

static int dial(void)
{
	int fd = -1;

	assert_ok(peer_connect(path, 2000, &fd));
	return fd;
}

static enum err call(int fd, uint16_t type, const char *text, struct ipc_msg **ret_answer)
{
	AUTO(ipc_msg) m = NULL;

	TRY(ipc_msg_new(type, &m));
	ipc_rid_set(m, RID);
	if (text)
		ipc_put_str(m, TAG_TEXT, text);
	return ipc_call(fd, m, &answer_type, 5000, ret_answer);
}

static void assert_served(int fd)
{
	AUTO(ipc_msg) got = NULL;

	assert_ok(call(fd, T_ECHO, "x", &got));
	assert_true(span_eq_str(ipc_get(got, TAG_TEXT), "00010203"));
	assert_string_equal(ipc_rid(got), RID);
}

static void assert_closed(int fd)
{
	char c;

	assert_true(recv(fd, &c, 1, 0) <= 0);
	close(fd);
}

static void errors_keep_the_connection(void **state)
{
	AUTO(ipc_msg) got = NULL;
	int fd = dial();

	(void)state;
	assert_served(fd);
	assert_err(call(fd, T_LATER, NULL, &got), ERR_STATE, "not in this state");
	assert_err(call(fd, T_SECRET, NULL, &got), ERR_ABSENT, "handler misses the secret");
	assert_err(call(fd, T_BIG, "x", &got), ERR_LIMIT, "answer cannot be built");
	assert_err(call(fd, T_FAIL, NULL, &got), ERR_APPROVAL, "handler refuses");
	assert_string_equal(err_detail(), "one of two");
	assert_err(call(fd, T_FAIL, NULL, &got), ERR_STATE, "state has changed");
	assert_null(got);
	assert_served(fd);
	close(fd);
}

static void secret_there_and_back(void **state)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) got = NULL;
	AUTO(secret) s = NULL;
	AUTO(secret) back = NULL;
	int fd = dial();

	(void)state;
	assert_ok(secret_from(SPAN_LIT("123456"), &s));
	assert_ok(ipc_msg_new(T_SECRET, &m));
	assert_ok(ipc_attach_secret(m, s));
	assert_ok(ipc_call(fd, m, &answer_type, 5000, &got));
	assert_ok(ipc_take_secret(got, &back));
	assert_true(ct_equal(secret_span(s), secret_span(back)));
	close(fd);
}

struct raw_row {
	struct span raw;
	enum err want;
	const char *what;
};

#define RID_RAW "\0\1\2\3\4\5\6\7\10\11\12\13\14\15\16\17"

static void malformed_is_answered_and_closed(void **state)
{
	static const struct raw_row table[] = {
		{SPAN_LIT("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), ERR_SYNTAX, "HTTP"},
		{SPAN_LIT("YX\x09\x99\0\0\0\0" RID_RAW), ERR_SYNTAX, "unknown type"},
		{SPAN_LIT("YX\x01\x03\0\0\0\0" RID_RAW), ERR_SYNTAX, "type of the schema that the table has not"},
		{SPAN_LIT("YX\x80\x00\0\0\0\0" RID_RAW), ERR_SYNTAX, "an answer"},
		{SPAN_LIT("YX\x01\x01\0\0\0\0" RID_RAW), ERR_SYNTAX, "required field missing"},
		{SPAN_LIT("YX\x01\x01\xFF\0\0\0" RID_RAW), ERR_LIMIT, "oversize"},
	};
	static const struct ipc_field fields[] = {
		{IPC_TAG_ERR_CODE, 1, 16, true, false}, {IPC_TAG_ERR_DETAIL, 0, 1024, false, false}, {0},
	};
	static const struct ipc_type error_type = {IPC_ANSWER_ERR, "error", fields, false};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		AUTO(ipc_msg) got = NULL;
		int fd = dial();
		assert_int_equal(send(fd, table[i].raw.ptr, table[i].raw.len, MSG_NOSIGNAL), table[i].raw.len);
		assert_ok(ipc_recv(fd, &error_type, 1, 2000, &got));
		if (!span_eq_str(ipc_get(got, IPC_TAG_ERR_CODE), err_code(table[i].want)))
			print_message("# %s\n", table[i].what);
		assert_true(span_eq_str(ipc_get(got, IPC_TAG_ERR_CODE), err_code(table[i].want)));
		assert_true(i == 0 || strcmp(ipc_rid(got), RID) == 0);
		assert_closed(fd);
	}
	AUTO(ipc_msg) last = NULL;
	uint64_t refused = 0;
	int fd = dial();
	assert_ok(call(fd, T_ECHO, "x", &last));
	assert_ok(ipc_get_u64(last, TAG_NUMBER, &refused));
	assert_int_equal(refused, COUNT_OF(table));
	close(fd);
}

static void strangers_are_refused(void **state)
{
	AUTO(ipc_msg) got = NULL;

	(void)state;
	for (int i = 0; i < 40; i++) { /* more than there are places: each is given back */
		int fd = dial();
		assert_err(call(fd, T_ECHO, "x", &got), ERR_DENIED, "stranger %d", i);
		assert_null(got);
		assert_closed(fd);
	}
}

static void one_slow_peer_stops_nobody(void **state)
{
	int slow = dial(), other = dial();
	int64_t start_ms = clock_mono_ms();

	(void)state;
	assert_int_equal(send(slow, "YX\1", 3, 0), 3);
	for (int i = 0; i < 20; i++)
		assert_served(other);
	assert_in_range(clock_mono_ms() - start_ms, 0, 3000);
	close(slow);
	assert_served(other);
	close(other);
}

/* All places are taken by idle peers; one leaves and the waiting one is served. */
static void places_are_limited(void **state)
{
	int fds[32];
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) got = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = dial();
		assert_served(fds[i]);
	}
	int late = dial();
	assert_ok(ipc_msg_new(T_ECHO, &m));
	ipc_rid_set(m, RID);
	ipc_put_str(m, TAG_TEXT, "x");
	assert_err(ipc_call(late, m, &answer_type, 400, &got), ERR_TIMEOUT, "no place");
	close(fds[0]);
	assert_ok(ipc_recv(late, &answer_type, 1, 3000, &got)); /* the answer to the frame that waited */
	close(late);
	for (size_t i = 1; i < COUNT_OF(fds); i++)
		close(fds[i]);
}

/* A peer that goes away before its answer costs the server nothing. */
static void vanishing_peers(void **state)
{
	(void)state;
	for (int i = 0; i < 50; i++) {
		AUTO(ipc_msg) m = NULL;
		int fd = dial();
		assert_ok(ipc_msg_new(T_ECHO, &m));
		ipc_put_str(m, TAG_TEXT, "x");
		assert_ok(ipc_send(fd, m));
		close(fd);
	}
	int fd = dial();
	assert_served(fd);
	close(fd);
}

static int enter_dir(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	return snprintf(path, sizeof(path), "%s/s", dir) > 0 ? 0 : -1;
}

static int leave_dir(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(errors_keep_the_connection, start_open, end_server),
		cmocka_unit_test_setup_teardown(secret_there_and_back, start_open, end_server),
		cmocka_unit_test_setup_teardown(malformed_is_answered_and_closed, start_open, end_server),
		cmocka_unit_test_setup_teardown(strangers_are_refused, start_foreign, end_server),
		cmocka_unit_test_setup_teardown(one_slow_peer_stops_nobody, start_open, end_server),
		cmocka_unit_test_setup_teardown(places_are_limited, start_open, end_server),
		cmocka_unit_test_setup_teardown(vanishing_peers, start_open, end_server),
	};

	return cmocka_run_group_tests_name("ipc/serve", tests, enter_dir, leave_dir);
}
