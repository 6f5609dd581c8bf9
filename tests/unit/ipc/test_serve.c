/* The loop of a key-holding process, run in a child: docs/protocol/ipc.md 1, 5. */
#include "../base/check.h"
#include "base/clock.h"
#include "base/log.h"
#include "ipc/peer.h"
#include "ipc/serve.h"
#include "schema.h"
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
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
	if (request == NULL && e != ERR_OK)
		ctx->refused++;
}

/* The other user who may connect, where the test can be two: root and nobody. */
enum { OTHER_UID = 65534 };

static _Noreturn void run_server(int listener, uid_t permitted)
{
	const uid_t uids[] = {permitted, permitted == geteuid() ? OTHER_UID : permitted};
	static const struct serve_row rows[] = {
		{&types[0], STATE_OPEN | STATE_CLOSED, do_echo},
		{&types[1], STATE_OPEN, do_secret},
		{&types[3], STATE_OPEN, do_fail},
		{&types[4], STATE_CLOSED, do_echo},
		{&types[5], STATE_OPEN, do_big},
	};
	struct serve_ctx ctx = {.state = STATE_OPEN};
	const struct serve s = {.rows = rows,
	                        .n_rows = COUNT_OF(rows),
	                        .state_bit = state_bit,
	                        .ctx = &ctx,
	                        .uids = uids,
	                        .n_uids = COUNT_OF(uids),
	                        .stop = &stop,
	                        .report = count_refused};

	_exit(serve_run(listener, &s) == ERR_OK ? 0 : 1);
}

/* As the signer: no request takes a secret. */
static _Noreturn void run_plain_server(int listener, uid_t permitted)
{
	static const struct serve_row rows[] = {{&types[0], STATE_OPEN, do_echo}};
	struct serve_ctx ctx = {.state = STATE_OPEN};
	const struct serve s = {.rows = rows,
	                        .n_rows = COUNT_OF(rows),
	                        .state_bit = state_bit,
	                        .ctx = &ctx,
	                        .uids = &permitted,
	                        .n_uids = 1,
	                        .stop = &stop,
	                        .report = count_refused};

	_exit(serve_run(listener, &s) == ERR_OK ? 0 : 1);
}

/* --- the test's side --- */

static char dir[] = "/tmp/yx-serve-XXXXXX", path[64];
static pid_t server;

static void start(uid_t permitted, void (*run)(int listener, uid_t permitted))
{
	int listener = -1;

	assert_ok(peer_listen(path, 0666, 8, &listener));
	fflush(NULL);
	server = fork();
	assert_true(server >= 0);
	if (server == 0) {
		signal(SIGTERM, on_term);
		alarm(60);
		run(listener, permitted);
	}
	close(listener);
}

static int start_open(void **state)
{
	(void)state;
	start(geteuid(), run_server);
	return 0;
}

static int start_plain(void **state)
{
	(void)state;
	start(geteuid(), run_plain_server);
	return 0;
}

static int start_foreign(void **state)
{
	(void)state;
	start(geteuid() + 1, run_server);
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
	if (text != NULL)
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
		{IPC_TAG_ERR_CODE, 1, 16, true, false},
		{IPC_TAG_ERR_DETAIL, 0, 1024, false, false},
		{0},
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

enum { PLACES = 32 };

static bool is_open(int fd)
{
	char c;
	ssize_t n = recv(fd, &c, 1, MSG_DONTWAIT | MSG_PEEK);

	return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

/* All places are taken by idle peers: the newcomer waits a moment and gets the place of the one that was silent
 * longest. */
static void idle_peers_give_way(void **state)
{
	int fds[PLACES], late[3];
	int64_t start_ms = clock_mono_ms();

	(void)state;
	for (size_t i = 0; i < PLACES; i++)
		fds[i] = dial();
	for (size_t i = 0; i < PLACES; i++)
		assert_served(fds[i]);
	usleep(10000);
	assert_served(fds[0]); /* the first is not the longest silent one any more */
	for (size_t i = 0; i < COUNT_OF(late); i++) {
		late[i] = dial();
		assert_served(late[i]);
		assert_false(is_open(fds[i + 1]));
	}
	assert_in_range(clock_mono_ms() - start_ms, 900, 4500);
	assert_true(is_open(fds[0]) && is_open(fds[4]) && is_open(late[0]));
	for (size_t i = 0; i < PLACES; i++)
		close(fds[i]);
	for (size_t i = 0; i < COUNT_OF(late); i++)
		close(late[i]);
}

/* 32 peers that have begun a frame and go no further: they lose their places like the idle ones. */
static void begun_frames_give_way(void **state)
{
	int fds[PLACES];

	(void)state;
	for (size_t i = 0; i < PLACES; i++) {
		fds[i] = dial();
		assert_int_equal(send(fds[i], "YX\1", 3, 0), 3);
	}
	int64_t start_ms = clock_mono_ms();
	int late = dial();
	assert_served(late);
	assert_in_range(clock_mono_ms() - start_ms, 0, 4500);
	close(late);
	for (size_t i = 0; i < PLACES; i++)
		close(fds[i]);
}

/* One user fills the places; the other's connection, though silent longer than all, stays. */
static void a_user_displaces_himself(void **state)
{
	int fds[PLACES + 4], own = dial();

	(void)state;
	assert_served(own);
	if (geteuid() != 0) {
		print_message("# one uid only: two users cannot be tried\n");
		close(own);
		return;
	}
	assert_int_equal(seteuid(OTHER_UID), 0);
	for (size_t i = 0; i < PLACES + 4; i++) {
		fds[i] = dial();
		assert_served(fds[i]);
	}
	assert_int_equal(seteuid(0), 0);
	assert_true(is_open(own));
	assert_served(own);
	assert_false(is_open(fds[0]));
	close(own);
	for (size_t i = 0; i < PLACES + 4; i++)
		close(fds[i]);
}

/* --- who does not read --- */

/* Requests until neither side takes any more; returns how many whole ones went. */
static size_t send_without_reading(int fd)
{
	AUTO(ipc_msg) m = NULL;
	AUTO_BUF(frame, 65536);
	size_t sent = 0, at = 0;
	int64_t quiet_ms = clock_mono_ms();

	assert_ok(ipc_msg_new(T_ECHO, &m));
	ipc_rid_set(m, RID);
	ipc_put_str(m, TAG_TEXT, "x");
	for (int i = 0; i < 250; i++)
		ipc_put_str(m, TAG_LIST, "full");
	assert_ok(ipc_encode(m, &frame));
	while (clock_mono_ms() - quiet_ms < 300) {
		ssize_t n = send(fd, frame.ptr + at, frame.len - at, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0) {
			usleep(1000);
			continue;
		}
		quiet_ms = clock_mono_ms();
		at += (size_t)n;
		if (at == frame.len) {
			at = 0;
			sent++;
		}
	}
	return sent;
}

/* Answers until the server closes; the last is whole. */
static size_t read_all(int fd)
{
	for (size_t n = 0;; n++) {
		AUTO(ipc_msg) got = NULL;
		enum err e = ipc_recv(fd, &answer_type, 1, 1000, &got);
		if (e == ERR_ABSENT || e == ERR_TIMEOUT || e == ERR_UNAVAILABLE)
			return n;
		assert_ok(e);
		assert_int_equal(ipc_count(got, TAG_LIST), 250);
	}
}

static void who_does_not_read_stops_nobody(void **state)
{
	int deaf[3], other = dial();

	(void)state;
	size_t sent = 0;
	for (size_t i = 0; i < COUNT_OF(deaf); i++) {
		deaf[i] = dial();
		sent = send_without_reading(deaf[i]);
		assert_true(sent > 50);
	}
	int64_t start_ms = clock_mono_ms();
	for (int i = 0; i < 20; i++)
		assert_served(other);
	assert_in_range(clock_mono_ms() - start_ms, 0, 1000);
	assert_int_equal(read_all(deaf[2]), sent); /* slow, but nothing is lost */
	for (size_t i = 0; i < COUNT_OF(deaf); i++)
		close(deaf[i]);
	close(other);
}

/* The loop ends while an answer is half out: it goes out whole. */
static void last_answer_is_whole(void **state)
{
	int fd = dial();

	(void)state;
	size_t sent = send_without_reading(fd);
	kill(server, SIGTERM);
	usleep(400000); /* past the tick, before the time for the rest is over */
	size_t got = read_all(fd);
	assert_in_range(got, 50, sent);
	close(fd);
}

/* --- descriptors where none belong --- */

/* A connection whose closing waits: unsent data and a linger time. */
static int lingering_socket(int listener)
{
	struct sockaddr_in a;
	socklen_t len = sizeof(a);
	const struct linger wait = {.l_onoff = 1, .l_linger = 20};
	static char octets[65536];
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	assert_int_equal(getsockname(listener, (struct sockaddr *)&a, &len), 0);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, len), 0);
	while (send(fd, octets, sizeof(octets), MSG_DONTWAIT) > 0)
		;
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &wait, sizeof(wait)), 0);
	return fd;
}

static ssize_t send_descriptor(int fd, int passed)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {.bytes = {0}};
	struct iovec iov = {.iov_base = (char[]){"YX\1\1"}, .iov_len = 4};
	struct msghdr h = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = control.bytes,
	                   .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &passed, sizeof(int));
	return sendmsg(fd, &h, MSG_NOSIGNAL);
}

/* From Linux 6.16 on the sender is refused; before that a program needs a timer of its own (signer.md, "Stalls"). */
static void lingering_descriptor_stops_nobody(void **state)
{
	int fd = dial(), other = dial(), listener = socket(AF_INET, SOCK_STREAM, 0);

	(void)state;
	assert_served(fd);
	assert_int_equal(listen(listener, 4), 0);
	int passed = lingering_socket(listener);
	ssize_t n = send_descriptor(fd, passed);
	int why = errno;
	if (n < 0)
		assert_int_equal(setsockopt(passed, SOL_SOCKET, SO_LINGER, &(struct linger){0}, sizeof(struct linger)),
		                 0);
	close(passed);
	if (n < 0) {
		assert_int_equal(why, EPERM);
		assert_served(other);
	} else {
		print_message("# this kernel passes descriptors to who wants none\n");
	}
	close(listener);
	close(fd);
	close(other);
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
	if (mkdtemp(dir) == NULL || chmod(dir, 0711) != 0)
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
		cmocka_unit_test_setup_teardown(idle_peers_give_way, start_open, end_server),
		cmocka_unit_test_setup_teardown(begun_frames_give_way, start_open, end_server),
		cmocka_unit_test_setup_teardown(a_user_displaces_himself, start_open, end_server),
		cmocka_unit_test_setup_teardown(who_does_not_read_stops_nobody, start_open, end_server),
		cmocka_unit_test_setup_teardown(last_answer_is_whole, start_open, end_server),
		cmocka_unit_test_setup_teardown(lingering_descriptor_stops_nobody, start_plain, end_server),
		cmocka_unit_test_setup_teardown(vanishing_peers, start_open, end_server),
	};

	return cmocka_run_group_tests_name("ipc/serve", tests, enter_dir, leave_dir);
}
