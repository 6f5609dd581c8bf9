/* Frames over sockets, secrets beside them, peers: docs/protocol/ipc.md 1, 4, 5. */
#include "../base/check.h"
#include "base/clock.h"
#include "base/text.h"
#include "ipc/peer.h"
#include "schema.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int a, b; /* the two ends */
static size_t fds_before;

static size_t open_fds(void)
{
	size_t n = 0;
	DIR *d = opendir("/proc/self/fd");

	for (struct dirent *e = readdir(d); e != NULL; e = readdir(d))
		n++;
	closedir(d);
	return n;
}

static int connect_ends(void **state)
{
	int sv[2];

	(void)state;
	fds_before = open_fds();
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sv) != 0)
		return -1;
	a = sv[0];
	b = sv[1];
	return 0;
}

/* Whatever the test did, no descriptor is left behind. */
static int close_ends(void **state)
{
	(void)state;
	if (a >= 0)
		close(a);
	if (b >= 0)
		close(b);
	err_clear();
	return open_fds() == fds_before ? 0 : -1;
}

static void end_a(void)
{
	close(a);
	a = -1;
}

static enum err receive(struct ipc_msg **ret_m)
{
	return ipc_recv(b, types, COUNT_OF(types), 2000, ret_m);
}

static void secret_crosses_sealed(void **state)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) got = NULL;
	AUTO(secret) pin = NULL;
	AUTO(secret) back = NULL;

	(void)state;
	assert_ok(secret_from(SPAN_LIT("the secret"), &pin));
	assert_ok(ipc_msg_new(T_SECRET, &m));
	assert_ok(ipc_attach_secret(m, pin));
	assert_err(ipc_attach_secret(m, pin), ERR_EXISTS, "two secrets");
	assert_ok(ipc_send(a, m));
	assert_ok(receive(&got));
	assert_ok(ipc_take_secret(got, &back));
	assert_true(ct_equal(secret_span(back), SPAN_LIT("the secret")));
	assert_err(ipc_take_secret(got, &back), ERR_ABSENT, "taken already");
}

/* Sends a head of the given type with descriptors beside it. */
static void send_with_fds(uint16_t type, const int *fds, size_t n)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(8 * sizeof(int))];
	} control = {.bytes = {0}};
	AUTO(ipc_msg) m = NULL;
	AUTO_BUF(frame, 64);

	assert_ok(ipc_msg_new(type, &m));
	assert_ok(ipc_encode(m, &frame));
	struct iovec iov = {.iov_base = frame.ptr, .iov_len = frame.len};
	struct msghdr h = {.msg_iov = &iov,
	                   .msg_iovlen = 1,
	                   .msg_control = control.bytes,
	                   .msg_controllen = CMSG_SPACE(n * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&h);
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	assert_int_equal(sendmsg(a, &h, MSG_NOSIGNAL), frame.len);
}

static int memfd_of(size_t size, int seals)
{
	int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, (off_t)size), 0);
	if (seals)
		assert_int_equal(fcntl(fd, F_ADD_SEALS, seals), 0);
	return fd;
}

struct fd_row {
	const char *what;
	uint16_t type;
	size_t n, size;
	int seals;
	enum err want;
};

static void memfds_are_checked(void **state)
{
	enum { ALL = F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL };
	static const struct fd_row table[] = {
		{"good", T_SECRET, 1, 10, ALL, ERR_OK},
		{"largest", T_SECRET, 1, 65536, ALL, ERR_OK},
		{"no seals", T_SECRET, 1, 10, 0, ERR_SYNTAX},
		{"no write seal", T_SECRET, 1, 10, ALL & ~F_SEAL_WRITE, ERR_SYNTAX},
		{"no shrink seal", T_SECRET, 1, 10, ALL & ~F_SEAL_SHRINK, ERR_SYNTAX},
		{"no grow seal", T_SECRET, 1, 10, ALL & ~F_SEAL_GROW, ERR_SYNTAX},
		{"no seal on seals", T_SECRET, 1, 10, ALL & ~F_SEAL_SEAL, ERR_SYNTAX},
		{"empty", T_SECRET, 1, 0, ALL, ERR_LIMIT},
		{"too large", T_SECRET, 1, 65537, ALL, ERR_LIMIT},
		{"two", T_SECRET, 2, 10, ALL, ERR_SYNTAX},
		{"three", T_SECRET, 3, 10, ALL, ERR_SYNTAX},
		{"eight", T_SECRET, 8, 10, ALL, ERR_SYNTAX},
		{"beside a frame that takes none", T_EMPTY, 1, 10, ALL, ERR_SYNTAX},
		{"beside an unknown frame", 0x0999, 1, 10, ALL, ERR_SYNTAX},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		AUTO(ipc_msg) m = NULL;
		int fds[8];
		size_t before = open_fds();
		for (size_t j = 0; j < table[i].n; j++)
			fds[j] = memfd_of(table[i].size, table[i].seals);
		send_with_fds(table[i].type, fds, table[i].n);
		for (size_t j = 0; j < table[i].n; j++)
			close(fds[j]);
		assert_err(receive(&m), table[i].want, "%s", table[i].what);
		assert_int_equal(open_fds(), before);
	}
}

static void other_files_are_not_secrets(void **state)
{
	AUTO(ipc_msg) m = NULL;
	char path[] = "/tmp/yx-io-XXXXXX";
	int fd = mkstemp(path);

	(void)state;
	assert_int_equal(write(fd, "secret", 6), 6);
	send_with_fds(T_SECRET, &fd, 1);
	close(fd);
	unlink(path);
	assert_err(receive(&m), ERR_SYNTAX, "an ordinary file");
}

static void no_secret_is_told(void **state)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) got = NULL;
	AUTO(secret) s = NULL;

	(void)state;
	assert_ok(ipc_msg_new(T_SECRET, &m));
	assert_ok(ipc_send(a, m));
	assert_ok(receive(&got));
	assert_err(ipc_take_secret(got, &s), ERR_ABSENT, "none came");
}

static void ends_of_a_connection(void **state)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) got = NULL;

	(void)state;
	assert_ok(ipc_msg_new(T_EMPTY, &m));
	assert_ok(ipc_send(a, m));
	assert_ok(ipc_send(a, m));
	assert_int_equal(send(a, "YX\1", 3, 0), 3);
	end_a();
	assert_ok(receive(&got));
	ipc_msg_free(STEAL(got));
	assert_ok(receive(&got));
	ipc_msg_free(STEAL(got));
	assert_err(receive(&got), ERR_SYNTAX, "closed within a head");
	assert_err(receive(&got), ERR_ABSENT, "closed before a frame");
	assert_err(ipc_send(b, m), ERR_UNAVAILABLE, "nobody reads; no SIGPIPE either");
}

static void time_runs_out(void **state)
{
	AUTO(ipc_msg) got = NULL;
	int64_t start = clock_mono_ms();

	(void)state;
	assert_err(ipc_recv(b, types, COUNT_OF(types), 100, &got), ERR_TIMEOUT, "silent");
	assert_int_equal(send(a, "YX\1\3\0\0\0\1", 8, 0), 8);
	assert_err(ipc_recv(b, types, COUNT_OF(types), 100, &got), ERR_TIMEOUT, "slow");
	assert_in_range(clock_mono_ms() - start, 190, 2000);
}

static void oversize_is_refused_at_once(void **state)
{
	static const uint8_t head[24] = {'Y', 'X', 1, 6, 0, 0x10, 0, 1};
	AUTO(ipc_msg) got = NULL;
	int64_t start = clock_mono_ms();

	(void)state;
	assert_int_equal(send(a, head, sizeof(head), 0), sizeof(head));
	assert_err(receive(&got), ERR_LIMIT, "a byte over a mebibyte");
	assert_in_range(clock_mono_ms() - start, 0, 1000);
}

static void *send_big(void *arg)
{
	struct ipc_msg *m = arg;

	return ipc_send(a, m) == ERR_OK ? m : NULL;
}

static void largest_frame_crosses(void **state)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) got = NULL;
	AUTO_BUF(data, IPC_BODY_MAX);
	pthread_t t;
	void *sent;

	(void)state;
	uint8_t *room = buf_room(&data, IPC_BODY_MAX - 6);
	assert_non_null(room);
	for (size_t i = 0; i < data.len; i++)
		room[i] = (uint8_t)(i * 7 + i / 256);
	assert_ok(ipc_msg_new(T_BIG, &m));
	ipc_put(m, TAG_TEXT, buf_span(&data));
	assert_int_equal(pthread_create(&t, NULL, send_big, m), 0);
	assert_ok(ipc_recv(b, types, COUNT_OF(types), 10000, &got));
	pthread_join(t, &sent);
	assert_non_null(sent);
	assert_true(span_eq(ipc_get(got, TAG_TEXT), buf_span(&data)));
}

static void byte_by_byte(void **state)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) got = NULL;
	AUTO_BUF(frame, 256);

	(void)state;
	assert_ok(ipc_msg_new(T_ECHO, &m));
	ipc_put_str(m, TAG_TEXT, "slow");
	assert_ok(ipc_encode(m, &frame));
	for (size_t i = 0; i < frame.len; i++) {
		assert_null(got);
		assert_int_equal(send(a, frame.ptr + i, 1, 0), 1);
		if (i + 1 < frame.len && i % 8 == 0)
			usleep(1000);
	}
	assert_ok(receive(&got));
	assert_true(span_eq_str(ipc_get(got, TAG_TEXT), "slow"));
}

/* --- ipc_call() against a scripted answer, written before the call is made --- */

static void answer_with(uint16_t type, const char *rid, uint16_t tag, const char *text, uint16_t tag2,
                        const char *text2)
{
	AUTO(ipc_msg) m = NULL;

	assert_ok(ipc_msg_new(type, &m));
	ipc_rid_set(m, rid);
	if (tag)
		ipc_put_str(m, tag, text);
	if (tag2)
		ipc_put_str(m, tag2, text2);
	assert_ok(ipc_send(a, m));
}

struct call_row {
	const char *what;
	uint16_t type;
	const char *rid;
	uint16_t tag;
	const char *text;
	uint16_t tag2;
	const char *text2;
	enum err want;
	const char *detail;
};

static void answers_of_a_call(void **state)
{
	static const struct call_row table[] = {
		{"done", IPC_ANSWER_OK, "ab", TAG_TEXT, "x", 0, NULL, ERR_OK, ""},
		{"error", IPC_ANSWER_ERR, "ab", 1, "C-011", 2, "two 签 of three", ERR_APPROVAL, "two 签 of three"},
		{"error without detail", IPC_ANSWER_ERR, "ab", 1, "S-008", 0, NULL, ERR_ABSENT, ""},
		{"unknown code", IPC_ANSWER_ERR, "ab", 1, "Z-123", 0, NULL, ERR_INTERNAL, ""},
		{"detail that is not text", IPC_ANSWER_ERR, "ab", 1, "S-008", 2, "\xFF", ERR_ABSENT, ""},
		{"error without code", IPC_ANSWER_ERR, "ab", 2, "x", 0, NULL, ERR_SYNTAX, NULL},
		{"code too long", IPC_ANSWER_ERR, "ab", 1, "12345678901234567", 0, NULL, ERR_LIMIT, NULL},
		{"other request's", IPC_ANSWER_OK, "cd", TAG_TEXT, "x", 0, NULL, ERR_SYNTAX, NULL},
		{"fields outside the schema", IPC_ANSWER_OK, "ab", 9, "x", 0, NULL, ERR_SYNTAX, NULL},
		{"a request", T_EMPTY, "ab", 0, NULL, 0, NULL, ERR_SYNTAX, NULL},
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(table); i++) {
		const struct call_row *r = &table[i];
		AUTO(ipc_msg) m = NULL;
		AUTO(ipc_msg) got = NULL;
		answer_with(r->type, r->rid, r->tag, r->text, r->tag2, r->text2);
		assert_ok(ipc_msg_new(T_EMPTY, &m));
		ipc_rid_set(m, "ab");
		err_clear();
		assert_err(ipc_call(b, m, &answer_type, 1000, &got), r->want, "%s", r->what);
		assert_int_equal(got != NULL, r->want == ERR_OK);
		if (r->detail != NULL)
			assert_string_equal(err_detail(), r->detail);
	}
}

static void call_without_an_answer(void **state)
{
	AUTO(ipc_msg) m = NULL;
	AUTO(ipc_msg) got = NULL;

	(void)state;
	assert_ok(ipc_msg_new(T_EMPTY, &m));
	assert_err(ipc_call(b, m, NULL, 100, &got), ERR_TIMEOUT, "silence");
	assert_int_equal(shutdown(a, SHUT_WR), 0);
	assert_err(ipc_call(b, m, NULL, 1000, &got), ERR_UNAVAILABLE, "closed");
}

/* --- peers --- */

static void listening_and_connecting(void **state)
{
	char dir[] = "/tmp/yx-peer-XXXXXX", path[64], file[64], lengthy[200];
	struct stat st;
	int l = -1, c = -1, again = -1;
	uid_t uid = 4242;

	(void)state;
	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(file, sizeof(file), "%s/f", dir);
	memset(lengthy, 'x', sizeof(lengthy) - 1);
	lengthy[sizeof(lengthy) - 1] = '\0';
	assert_err(peer_connect(path, 100, &c), ERR_UNAVAILABLE, "no socket");
	assert_err(peer_listen(lengthy, 0600, 4, &l), ERR_LIMIT, "path too long");
	assert_ok(peer_listen(path, 0620, 4, &l));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0620);
	assert_ok(peer_connect(path, 100, &c));
	assert_ok(peer_uid(c, &uid));
	assert_int_equal(uid, geteuid());
	assert_ok(peer_check_uid(c, (uid_t[]){geteuid() + 1, geteuid()}, 2));
	assert_err(peer_check_uid(c, (uid_t[]){geteuid() + 1}, 1), ERR_DENIED, "another uid");
	assert_err(peer_check_uid(c, NULL, 0), ERR_DENIED, "nobody is permitted");
	close(l);
	close(c);
	assert_err(peer_connect(path, 100, &c), ERR_UNAVAILABLE, "left behind by a dead process");
	assert_ok(peer_listen(path, 0600, 4, &again));
	close(again);
	unlink(path);
	close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	assert_err(peer_listen(file, 0600, 4, &l), ERR_EXISTS, "a file is in the way");
	assert_int_equal(unlink(file), 0);
	rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(secret_crosses_sealed, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(memfds_are_checked, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(other_files_are_not_secrets, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(no_secret_is_told, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(ends_of_a_connection, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(time_runs_out, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(oversize_is_refused_at_once, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(largest_frame_crosses, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(byte_by_byte, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(answers_of_a_call, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(call_without_an_answer, connect_ends, close_ends),
		cmocka_unit_test_setup_teardown(listening_and_connecting, connect_ends, close_ends),
	};

	return cmocka_run_group_tests_name("ipc/io", tests, NULL, NULL);
}
