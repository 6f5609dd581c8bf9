/* yxcard as a process with real sockets: slots, one holder at a time, removal in the middle, crash and restore. */
#include "yxcard_run.h"
#include "base/clock.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bureau bureau;
static const char PIN[] = "Kp7#20-x";

static int prepare(void **state)
{
	static struct yxcard y;

	yxcard_prepare(&y);
	yxcard_key(&y, "clerk-1", "YX26000001");
	yxcard_key(&y, "maker-1", "YX26000002");
	yxcard_key(&y, "blank-1", "YX26000003");
	yxcard_start(&y, NULL);
	*state = &y;
	return 0;
}

static int finish(void **state)
{
	yxcard_done(*state);
	return 0;
}

static void control_lines(void **state)
{
	struct yxcard *y = *state;
	struct bay_entry list[BAY_SLOTS_MAX];
	char path[128];

	assert_int_equal(yxcard_list(y, list), 0); /* slots start empty */
	FAILS(yxcard_line(y, "INSERT nobody"), ABSENT);
	FAILS(yxcard_line(y, "INSERT ../keys/clerk-1"), ABSENT);
	FAILS(yxcard_line(y, "INSERT clerk-1 slot2"), USAGE);
	FAILS(yxcard_line(y, "INSERT clerk-1 slot0 more"), USAGE);
	FAILS(yxcard_line(y, "INSERT"), USAGE);
	FAILS(yxcard_line(y, "EJECT clerk-1"), USAGE);
	FAILS(yxcard_line(y, "LIST all"), USAGE);
	FAILS(yxcard_line(y, ""), USAGE);
	FAILS(yxcard_line(y, "REMOVE clerk-1"), ABSENT);
	OK(yxcard_line(y, "INSERT clerk-1 slot1"));
	FAILS(yxcard_line(y, "INSERT clerk-1"), EXISTS);
	FAILS(yxcard_line(y, "INSERT maker-1 slot1"), STATE);
	OK(yxcard_line(y, "INSERT maker-1"));
	FAILS(yxcard_line(y, "INSERT blank-1"), LIMIT);
	assert_int_equal(yxcard_list(y, list), 2);
	assert_string_equal(list[0].slot, "slot0");
	assert_string_equal(list[0].name, "maker-1");
	assert_string_equal(list[1].name, "clerk-1");
	assert_string_equal(list[1].serial, "YX26000001");
	(void)snprintf(path, sizeof(path), "%s/slot0.sock", y->slots);
	assert_int_equal(access(path, F_OK), 0);
	OK(yxcard_line(y, "REMOVE maker-1"));
	assert_int_not_equal(access(path, F_OK), 0);
	OK(yxcard_line(y, "REMOVE clerk-1"));
	/* A damaged image is not inserted. */
	(void)snprintf(path, sizeof(path), "%s/blank-1.card", y->keys);
	assert_int_equal(truncate(path, 100), 0);
	FAILS(yxcard_line(y, "INSERT blank-1"), CARD_STATE);
	assert_int_equal(yxcard_list(y, list), 0);
}

static void one_holder(void **state)
{
	struct yxcard *y = *state;
	struct reader_info info[READER_MAX];
	struct reader *second = NULL;
	size_t n = 99;

	OK(reader_list(y->slots, info, &n));
	assert_int_equal(n, 0);
	FAILS(reader_open(y->slots, "slot0", &second), CARD_GONE);
	FAILS(reader_open(y->slots, "slot99", &second), CARD_GONE);
	FAILS(reader_open(y->slots, "../slots/slot0", &second), CARD_GONE);
	OK(yxcard_line(y, "INSERT clerk-1"));
	OK(reader_list(y->slots, info, &n));
	assert_int_equal(n, 1);
	assert_string_equal(info[0].name, "slot0");
	assert_true(info[0].present);
	struct token *t = yxcard_token(y, "slot0", NULL);
	OK(reader_list(y->slots, info, &n)); /* looking does not disturb the holder */
	assert_true(info[0].present);
	int64_t start = clock_mono_ms();
	FAILS(reader_open(y->slots, "slot0", &second), BUSY);
	assert_true(clock_mono_ms() - start >= 1900);
	uint8_t r[16];
	OK(token_random(t, r, sizeof(r)));
	token_free(t);
	start = clock_mono_ms();
	OK(reader_open(y->slots, "slot0", &second)); /* the next one is served at once */
	assert_true(clock_mono_ms() - start < 1000);
	reader_close(second);
}

/* Agent and yxkey at once: both come to their turn within the two seconds. */
static void both_want_it(void **state)
{
	struct yxcard *y = *state;
	pid_t pids[4];
	int status;

	OK(yxcard_line(y, "INSERT clerk-1"));
	for (size_t i = 0; i < COUNT_OF(pids); i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] > 0)
			continue;
		for (int round = 0; round < 5; round++) {
			AUTO(token) t = yxcard_token(y, "slot0", NULL);
			uint8_t r[64];
			if (token_random(t, r, sizeof(r)) != ERR_OK)
				_exit(1);
		}
		_exit(0);
	}
	for (size_t i = 0; i < COUNT_OF(pids); i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
}

static void removed_in_the_middle(void **state)
{
	struct yxcard *y = *state;
	unsigned tries;

	OK(yxcard_line(y, "INSERT clerk-1"));
	struct token *t = yxcard_token(y, "slot0", NULL);
	mem_personalise(NULL, &bureau, t, PIN);
	OK(login(t, PIN, &tries));
	OK(yxcard_line(y, "REMOVE clerk-1"));
	OK(yxcard_line(y, "INSERT clerk-1")); /* putting it back at once does not revive the connection */
	struct sm2_sig sig;
	FAILS(token_sign_e(t, (const uint8_t[32]){1}, &sig), CARD_GONE);
	FAILS(token_sign_e(t, (const uint8_t[32]){1}, &sig), CARD_GONE);
	token_free(t);
	t = yxcard_token(y, "slot0", NULL);
	FAILS(token_sign_e(t, (const uint8_t[32]){1}, &sig), NOT_LOGGED_IN);
	OK(login(t, PIN, &tries));
	OK(token_sign_e(t, (const uint8_t[32]){1}, &sig));
	token_free(t);
}

/* --- raw frames --- */

static int connect_raw(const struct yxcard *y, const char *name)
{
	struct sockaddr_un sa = {.sun_family = AF_UNIX};
	const struct timeval wait = {.tv_sec = 20};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	(void)snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/%s", y->slots, name);
	assert_int_equal(connect(fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
	return fd;
}

static void expect(int fd, struct span want)
{
	uint8_t got[64];

	assert_true(want.len <= sizeof(got));
	assert_int_equal(recv(fd, got, want.len, MSG_WAITALL), want.len);
	assert_memory_equal(got, want.ptr, want.len);
}

static void expect_end(int fd)
{
	uint8_t byte;
	ssize_t n = recv(fd, &byte, 1, 0);
	assert_true(n <= 0 && (n == 0 || errno != EAGAIN));
}

static void say(int fd, struct span s)
{
	assert_int_equal(send(fd, s.ptr, s.len, MSG_NOSIGNAL), s.len);
}

#define ATR_FRAME SPAN_LIT("\x00\x0B\x3B\x87\x01YXU1100\xD2")

static void frames(void **state)
{
	struct yxcard *y = *state;
	static const struct {
		struct span send;
		bool ends;
	} rows[] = {
		{SPAN_LIT("\x00\x00"), true}, {SPAN_LIT("\x00\x01\x07"), true},  {SPAN_LIT("\x10\x01"), true},
		{SPAN_LIT("\xFF\xFF"), true}, {SPAN_LIT("\x00\x01\x02"), false}, {SPAN_LIT("\x00\x01\x00"), false},
	};

	OK(yxcard_line(y, "INSERT clerk-1"));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		int fd = connect_raw(y, "slot0.sock");
		say(fd, rows[i].send);
		if (rows[i].ends)
			expect_end(fd);
		else { /* still there: power on and ATR, octet by octet */
			const uint8_t on[] = {0, 1, 1, 0, 1, 4};
			for (size_t k = 0; k < sizeof(on); k++)
				say(fd, span_of(on + k, 1));
			expect(fd, ATR_FRAME);
		}
		close(fd);
	}
	/* Not powered on: everything is answered "busy"; several frames in one packet are answered in order. */
	int fd = connect_raw(y, "slot0.sock");
	say(fd, SPAN_LIT("\x00\x01\x04\x00\x04\x80\xCA\x00\x01"));
	expect(fd, SPAN_LIT("\x00\x00\x00\x00"));
	say(fd, SPAN_LIT("\x00\x01\x01\x00\x01\x04\x00\x04\x80\xCA\x00\x01\x00\x04\x00\xCA\x00\x01"));
	expect(fd, ATR_FRAME);
	expect(fd, SPAN_LIT("\x00\x02\x69\x85\x00\x02\x6D\x00"));
	/* Half a frame, then the key is taken out. */
	say(fd, SPAN_LIT("\x00\x0D\x00\xA4\x04"));
	OK(yxcard_line(y, "REMOVE clerk-1"));
	expect_end(fd);
	close(fd);
}

/* A line without end and a NUL end the control connection and nothing else. */
static void hostile_control(void **state)
{
	struct yxcard *y = *state;
	struct bay_entry list[BAY_SLOTS_MAX];
	char line[256];

	memset(line, 'A', sizeof(line));
	int fd = connect_raw(y, "control.sock");
	say(fd, span_of(line, sizeof(line)));
	expect_end(fd);
	close(fd);
	fd = connect_raw(y, "control.sock");
	say(fd, SPAN_LIT("LI\0T\n"));
	expect_end(fd);
	close(fd);
	fd = connect_raw(y, "control.sock"); /* several lines at once, the last half */
	say(fd, SPAN_LIT("LIST\nINSERT clerk-1\nLI"));
	expect(fd, SPAN_LIT("OK\nSLOT slot0 clerk-1 YX26000001\nOK\n"));
	close(fd);
	assert_int_equal(yxcard_list(y, list), 1);
}

static void crash_and_restore(void **state)
{
	struct yxcard *y = *state;
	struct bay_entry list[BAY_SLOTS_MAX];
	unsigned tries;
	char path[128];

	OK(yxcard_line(y, "INSERT clerk-1 slot1"));
	OK(yxcard_line(y, "INSERT blank-1 slot0"));
	struct token *t = yxcard_token(y, "slot1", NULL);
	mem_personalise(NULL, &bureau, t, PIN);
	FAILS(login(t, "Kp7#20-y", &tries), PIN_WRONG);
	assert_int_equal(yxcard_stop(y, SIGKILL), 128 + SIGKILL);
	struct sm2_sig sig;
	FAILS(token_sign_e(t, (const uint8_t[32]){1}, &sig), CARD_GONE);
	token_free(t);
	struct reader_info info[READER_MAX];
	size_t n;
	OK(reader_list(y->slots, info, &n)); /* the dead sockets are there, no card is */
	for (size_t i = 0; i < n; i++)
		assert_false(info[i].present);
	yxcard_start(y, "--restore");
	assert_int_equal(yxcard_list(y, list), 2);
	assert_string_equal(list[0].name, "blank-1");
	assert_string_equal(list[1].name, "clerk-1");
	t = yxcard_token(y, "slot1", NULL);
	enum token_state life;
	bool pin;
	OK(token_state(t, &life, &pin, &tries));
	assert_int_equal(life, TOKEN_READY);
	assert_int_equal(tries, 5);
	token_free(t);
	/* A key that is gone meanwhile does not keep the other out. */
	assert_int_equal(yxcard_stop(y, SIGKILL), 128 + SIGKILL);
	(void)snprintf(path, sizeof(path), "%s/blank-1.card", y->keys);
	assert_int_equal(unlink(path), 0);
	yxcard_start(y, "--restore");
	assert_int_equal(yxcard_list(y, list), 1);
	assert_int_equal(yxcard_stop(y, SIGKILL), 128 + SIGKILL);
	yxcard_start(y, NULL); /* without the option the slots start empty */
	assert_int_equal(yxcard_list(y, list), 0);
}

static void clean_end(void **state)
{
	static const int signals[] = {SIGTERM, SIGINT};
	struct yxcard *y = *state;
	char path[128];

	for (size_t i = 0; i < COUNT_OF(signals); i++) {
		OK(yxcard_line(y, "INSERT clerk-1"));
		struct token *t = yxcard_token(y, "slot0", NULL);
		int64_t start = clock_mono_ms();
		assert_int_equal(yxcard_stop(y, signals[i]), 0);
		if (getenv("SLOW") == NULL)
			assert_true(clock_mono_ms() - start < 1000);
		(void)snprintf(path, sizeof(path), "%s/slot0.sock", y->slots);
		assert_int_not_equal(access(path, F_OK), 0);
		(void)snprintf(path, sizeof(path), "%s/control.sock", y->slots);
		assert_int_not_equal(access(path, F_OK), 0);
		uint8_t r[4];
		FAILS(token_random(t, r, sizeof(r)), CARD_GONE);
		token_free(t);
		yxcard_start(y, NULL);
	}
}

static void command_line(void **state)
{
	struct yxcard *y = *state;
	char keys[128], slots[128];
	const char *program = getenv("YXCARD");
	AUTO_BUF(out, 65536);

	(void)snprintf(keys, sizeof(keys), "keys=%s", y->keys);
	(void)snprintf(slots, sizeof(slots), "slots=%s", y->slots);
	const char *const help[] = {program, "--help", NULL}, *const bad[] = {program, "--slots", NULL};
	const char *const again[] = {program, "-o", keys, "-o", slots, NULL}, *const many[] = {program,    "-o",  keys,
	                                                                                       "-o",       slots, "-o",
	                                                                                       "count=17", NULL},
			  *const check[] = {program, "-o", keys, "-o", slots, "--restore", "-n", NULL};
	assert_int_equal(run_program(help, -1, &out), 0);
	assert_int_equal(run_program(bad, -1, &out), 2);
	buf_clear(&out);
	assert_int_equal(run_program(again, -1, &out), 1); /* these slots are served already */
	assert_non_null(strstr(buf_cstr(&out), "S-004"));
	assert_int_equal(run_program(many, -1, &out), 2);
	buf_clear(&out);
	assert_int_equal(run_program(check, -1, &out), 0);
	assert_non_null(strstr(buf_cstr(&out), "restore = yes"));
}

/* Another uid gets no answer, even when the file's mode would let it in. */
static void foreign_uid(void **state)
{
	struct yxcard *y = *state;
	char path[128];
	int status;

	if (geteuid() != 0) {
		print_message("# another user needs root\n");
		return;
	}
	OK(yxcard_line(y, "INSERT clerk-1"));
	assert_int_equal(chmod(y->dir, 0755), 0);
	assert_int_equal(chmod(y->slots, 0755), 0);
	(void)snprintf(path, sizeof(path), "%s/slot0.sock", y->slots);
	assert_int_equal(chmod(path, 0666), 0);
	pid_t pid = fork();
	if (pid == 0) {
		struct reader *r = NULL;
		if (setgid(65534) != 0 || setuid(65534) != 0)
			_exit(3);
		_exit(reader_open(y->slots, "slot0", &r) == ERR_CARD_GONE ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	token_free(yxcard_token(y, "slot0", NULL));
}

#define WITH_CARDS(f) cmocka_unit_test_setup_teardown(f, prepare, finish)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_CARDS(control_lines),         WITH_CARDS(one_holder), WITH_CARDS(both_want_it),
		WITH_CARDS(removed_in_the_middle), WITH_CARDS(frames),     WITH_CARDS(hostile_control),
		WITH_CARDS(crash_and_restore),     WITH_CARDS(clean_end),  WITH_CARDS(command_line),
		WITH_CARDS(foreign_uid),
	};
	signal(SIGPIPE, SIG_IGN);
	bureau_start(&bureau);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	bureau_end(&bureau);
	return rc;
}
