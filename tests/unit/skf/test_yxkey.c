/* yxkey as a process: slots, list, PIN, and the login against a portal of twenty lines that really verifies. */
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "evidence/act.h"
#include "yxcard_run.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <pty.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

static struct bureau bureau;
static const char PIN[] = "Kp7#20-x";

/* --- a place with one personalised and one blank key --- */

static void save(struct yxcard *y, const char *name, struct span s)
{
	char path[128];
	(void)snprintf(path, sizeof(path), "%s/%s", y->dir, name);
	OK(file_replace(path, s, 0644));
}

static void save_trust(struct yxcard *y, const struct bureau *b)
{
	uint8_t digest[32];
	char dir[96];
	AUTO_BUF(line, 80);

	(void)snprintf(dir, sizeof(dir), "%s/ca", y->dir);
	OK(file_mkdir(dir, 0755));
	save(y, "ca/root.cer", cert_der(b->root));
	save(y, "ca/ca.cer", cert_der(b->ca));
	OK(cert_sm3(b->root, digest));
	text_hex(&line, SPAN_ARR(digest));
	buf_u8(&line, '\n');
	save(y, "root.sm3", buf_span(&line));
}

static void personalise(struct yxcard *y, const char *slot)
{
	struct token *t = yxcard_token(y, slot, NULL);
	AUTO(cert) c = bureau_issue(&bureau, "card", token_device_pub(t), token_serial(t));

	OK(token_set_card_cert(t, cert_der(c)));
	mem_personalise(NULL, &bureau, t, PIN);
	token_free(t);
}

static int prepare(void **state)
{
	static struct yxcard y;
	char clock[96];

	yxcard_prepare(&y);
	yxcard_key(&y, "operator-1", "YX26000001");
	yxcard_key(&y, "blank-1", "YX26000002");
	save_trust(&y, &bureau);
	(void)snprintf(clock, sizeof(clock), "%s/clock", y.dir);
	OK(clock_set_offset(clock, FIXTURE_NOW - (int64_t)time(NULL)));
	yxcard_start(&y, NULL);
	OK(yxcard_line(&y, "INSERT operator-1"));
	personalise(&y, "slot0");
	assert_int_equal(setenv("YINXIN_DATA", y.dir, 1), 0);
	assert_int_equal(unsetenv("YINXIN_SLOTS"), 0);
	*state = &y;
	return 0;
}

static int finish(void **state)
{
	yxcard_done(*state);
	return 0;
}

/* Runs yxkey with words and these lines on descriptor 0; output of both streams. */
static int yxkey(struct buf *out, const char *input, const char *const words[])
{
	const char *argv[12] = {getenv("YXKEY")};
	int fds[2];

	for (size_t i = 0; words[i] != NULL; i++)
		argv[1 + i] = words[i];
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], input, strlen(input)), strlen(input));
	close(fds[1]);
	buf_clear(out);
	int rc = run_program(argv, fds[0], out);
	close(fds[0]);
	return rc;
}
#define YXKEY(out, input, ...) yxkey(out, input, (const char *const[]){__VA_ARGS__, NULL})
#define SAYS(out, text)        assert_non_null(strstr(buf_cstr(out), text))

/* --- without a portal --- */

static void usage(void **state)
{
	static const char *const rows[][6] = {
		{NULL},
		{"eject"},
		{"insert"},
		{"insert", "a", "b", "c"},
		{"remove"},
		{"remove", "a", "b"},
		{"list", "x"},
		{"list", "--pin-fd", "0"},
		{"pin", "--json"},
		{"pin", "--pin-fd", "x"},
		{"pin", "--pin-fd", "-1"},
		{"pin", "--pin-fd"},
		{"login"},
		{"login", "--pin-fd", "0"},
		{"login", "--origin", "http://localhost:1"},
		{"login", "--origin", "ftp://x", "--pin-fd", "0"},
		{"login", "--origin", "http://a/b", "--pin-fd", "0"},
		{"login", "--origin", "http://u@h", "--pin-fd", "0"},
		{"login", "--origin", "http://", "--pin-fd", "0"},
		{"insert", "--key", "x", "y"},
		{"--what"},
	};
	AUTO_BUF(out, 65536);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (yxkey(&out, "", rows[i]) != 2)
			fail_msg("row %zu is not wrong usage: %s", i, buf_cstr(&out));
	assert_int_equal(YXKEY(&out, "", "--help"), 0);
	SAYS(&out, "yxkey login");
}

static void slots(void **state)
{
	AUTO_BUF(out, 65536);
	AUTO_JSON v = NULL;

	(void)state;
	assert_int_equal(YXKEY(&out, "", "insert", "nobody"), 1);
	SAYS(&out, "S-008");
	assert_int_equal(YXKEY(&out, "", "insert", "../x"), 1);
	assert_int_equal(YXKEY(&out, "", "insert", "operator-1"), 1);
	SAYS(&out, "S-009");
	assert_int_equal(YXKEY(&out, "", "insert", "blank-1", "slot1"), 0);
	SAYS(&out, "slot1 YX26000002");
	assert_int_equal(YXKEY(&out, "", "list"), 0);
	SAYS(&out, "slot0  operator-1  YX26000001  ready  测试持有人  长沙测试一号科技有限公司");
	SAYS(&out, "剩余6次");
	assert_int_equal(YXKEY(&out, "", "list", "--json"), 0);
	buf_cut(&out, out.len - 1);
	OK(json_parse(buf_span(&out), &v));
	assert_int_equal(json_array_size(v), 2);
	assert_string_equal(json_str_or(json_array_get(v, 1), "state", ""), "blank");
	assert_true(json_is_true(json_object_get(json_array_get(v, 0), "genuine")));
	assert_true(json_is_false(json_object_get(json_array_get(v, 1), "genuine")));
	assert_int_equal(YXKEY(&out, "", "remove", "blank-1"), 0);
	assert_int_equal(YXKEY(&out, "", "remove", "blank-1"), 1);
	assert_int_equal(setenv("YINXIN_SLOTS", "/nonexistent", 1), 0);
	assert_int_equal(YXKEY(&out, "", "list"), 1);
	SAYS(&out, "S-013");
}

static void change_pin(void **state)
{
	AUTO_BUF(out, 65536);

	(void)state;
	assert_int_equal(YXKEY(&out, "wrong-1\nKp7#20-z\n", "pin", "--pin-fd", "0"), 1);
	SAYS(&out, "还可尝试 5 次");
	assert_int_equal(YXKEY(&out, "Kp7#20-x\n123456\n", "pin", "--pin-fd", "0"), 1);
	SAYS(&out, "K-020");
	assert_int_equal(YXKEY(&out, "Kp7#20-x\n", "pin", "--pin-fd", "0"), 1);
	SAYS(&out, "K-004");
	assert_int_equal(YXKEY(&out, "Kp7#20-x\nKp7#20-z\n", "pin", "--key", "blank-1", "--pin-fd", "0"), 1);
	SAYS(&out, "K-001");
	assert_int_equal(YXKEY(&out, "Kp7#20-x\nKp7#20-z\n", "pin", "--key", "operator-1", "--pin-fd", "0"), 0);
	assert_int_equal(YXKEY(&out, "Kp7#20-x\nKp7#20-w\n", "pin", "--pin-fd", "0"), 1);
	assert_null(strstr(buf_cstr(&out), "Kp7")); /* no PIN in any output */
}

/* --- a portal --- */

struct portal {
	int fd, requests;
	char origin[64], named[64], bureau[65];
	const char *answer; /* NULL: verify; else the body of a refusal, "" no cookie */
	bool verified, stop;
	char problem[128];
};
static const char NONCE[] = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

static void problem(struct portal *p, const char *what)
{
	if (!p->problem[0])
		(void)snprintf(p->problem, sizeof(p->problem), "%s", what);
}

static bool read_request(int fd, struct buf *in, const char **ret_body)
{
	const char *end, *len;
	uint8_t part[2048];
	ssize_t n;

	while ((n = recv(fd, part, sizeof(part), 0)) > 0) {
		buf_put(in, span_of(part, (size_t)n));
		end = strstr(buf_cstr(in), "\r\n\r\n");
		len = strcasestr(buf_cstr(in), "content-length:");
		if (end == NULL || len == NULL)
			continue;
		*ret_body = end + 4;
		if (strlen(*ret_body) >= strtoul(len + 15, NULL, 10))
			return true;
	}
	return false;
}

static void reply(int fd, int status, const char *cookie, const char *body)
{
	AUTO_BUF(out, 65536);

	buf_printf(&out,
	           "HTTP/1.1 %d X\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %zu\r\n",
	           status, strlen(body));
	if (cookie != NULL)
		buf_printf(&out, "Set-Cookie: %s; Path=/; HttpOnly; SameSite=Strict\r\n", cookie);
	buf_printf(&out, "\r\n%s", body);
	(void)!send(fd, out.ptr, out.len, MSG_NOSIGNAL);
}

static void challenge(struct portal *p, int fd, const char *body)
{
	char text[512];

	if (strcmp(body, "{}") != 0)
		problem(p, "challenge body is not {}");
	(void)snprintf(text, sizeof(text), "{\"bureau\":\"%s\",\"nonce\":\"%s\",\"origin\":\"%s\",\"time\":%d}",
	               p->bureau, NONCE, p->named, FIXTURE_NOW);
	reply(fd, 200, "yx_pre=abc123", text);
}

static enum err check_answer(struct portal *p, const char *body)
{
	AUTO_JSON v = NULL;
	AUTO_BUF(sig, 256);
	AUTO_BUF(der, CERT_DER_MAX);
	const char *text, *s64, *c64;
	struct act a = {.statement = NULL};

	TRY(json_parse(span_str(body), &v));
	TRY(json_str(v, "statement", &text));
	TRY(json_str(v, "signature", &s64));
	TRY(json_str(v, "cert", &c64));
	TRY(text_unb64(span_str(s64), &sig));
	TRY(text_unb64(span_str(c64), &der));
	TRY(act_open(span_str(text), buf_span(&sig), buf_span(&der), "LOGIN", p->bureau, &a));
	if (strcmp(statement_get(a.statement, "origin"), p->origin) != 0 ||
	    strcmp(statement_get(a.statement, "nonce"), NONCE) != 0)
		problem(p, "statement names another origin or nonce");
	int64_t off = statement_time(a.statement) - FIXTURE_NOW;
	if (off < -60 || off > 60)
		problem(p, "statement is not of the bureau's time");
	act_done(&a);
	return ERR_OK;
}

static void answer(struct portal *p, int fd, const char *head, const char *body)
{
	if (strcasestr(head, "\r\ncookie: yx_pre=abc123") == NULL)
		problem(p, "answer without the cookie of the challenge");
	if (p->answer != NULL && *p->answer) {
		reply(fd, 403, NULL, p->answer);
		return;
	}
	p->verified = check_answer(p, body) == ERR_OK;
	reply(fd, 200, p->answer != NULL ? NULL : "yx_session_8600=s3cr3t.value", "{\"next\":\"/unit\"}");
}

static void *serve(void *arg)
{
	struct portal *p = arg;

	for (;;) {
		int fd = accept(p->fd, NULL, NULL);
		AUTO_BUF(in, 65536);
		const char *body = NULL;
		if (fd < 0 || p->stop) {
			close(fd);
			return NULL;
		}
		char want[96];
		(void)snprintf(want, sizeof(want), "\r\nOrigin: %s\r\n", p->origin);
		if (read_request(fd, &in, &body)) {
			p->requests++;
			if (strstr(buf_cstr(&in), want) == NULL ||
			    strcasestr(buf_cstr(&in), "\r\nContent-Type: application/json\r\n") == NULL)
				problem(p, "Origin or Content-Type");
			if (span_starts(buf_span(&in), SPAN_LIT("POST /login/challenge ")))
				challenge(p, fd, body);
			else if (span_starts(buf_span(&in), SPAN_LIT("POST /login/answer ")))
				answer(p, fd, buf_cstr(&in), body);
			else
				problem(p, "path");
			if (strstr(buf_cstr(&in), "Kp7#20") != NULL)
				problem(p, "the PIN was sent");
		}
		close(fd);
	}
}

static void portal_start(struct portal *p, pthread_t *ret_t)
{
	struct sockaddr_in sa = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
	socklen_t len = sizeof(sa);
	uint8_t digest[32];
	AUTO_BUF(hex, 64);

	*p = (struct portal){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	assert_int_equal(bind(p->fd, (struct sockaddr *)&sa, sizeof(sa)), 0);
	assert_int_equal(listen(p->fd, 8), 0);
	assert_int_equal(getsockname(p->fd, (struct sockaddr *)&sa, &len), 0);
	(void)snprintf(p->origin, sizeof(p->origin), "http://localhost:%u", ntohs(sa.sin_port));
	memcpy(p->named, p->origin, sizeof(p->named));
	OK(cert_sm3(bureau.root, digest));
	text_hex(&hex, SPAN_ARR(digest));
	(void)snprintf(p->bureau, sizeof(p->bureau), "%s", buf_cstr(&hex));
	assert_int_equal(pthread_create(ret_t, NULL, serve, p), 0);
}

static void portal_stop(struct portal *p, pthread_t t)
{
	p->stop = true;
	(void)shutdown(p->fd, SHUT_RDWR);
	assert_int_equal(pthread_join(t, NULL), 0);
	close(p->fd);
	assert_string_equal(p->problem, "");
}

static void login_works(void **state)
{
	struct portal p;
	pthread_t t;
	AUTO_BUF(out, 65536);

	(void)state;
	portal_start(&p, &t);
	assert_int_equal(YXKEY(&out, "Kp7#20-x\n", "login", "--key", "operator-1", "--origin", p.origin, "--pin-fd",
	                       "0"),
	                 0);
	assert_string_equal(buf_cstr(&out), "yx_session_8600=s3cr3t.value\n");
	assert_true(p.verified);
	assert_int_equal(YXKEY(&out, "Kp7#20-x", "login", "--origin", p.origin, "--pin-fd", "0"), 0);
	portal_stop(&p, t);
}

static void login_refused(void **state)
{
	struct yxcard *y = *state;
	struct portal p;
	pthread_t t;
	AUTO_BUF(out, 65536);
	const char *const good[] = {"login", "--origin", p.origin, "--pin-fd", "0", NULL};
	const char *const blank[] = {"login", "--key", "blank-1", "--origin", p.origin, "--pin-fd", "0", NULL};

	portal_start(&p, &t);
	assert_int_equal(yxkey(&out, "Kp7#20-q\n", good), 1);
	SAYS(&out, "还可尝试 5 次");
	assert_int_equal(yxkey(&out, "\n", good), 1);
	SAYS(&out, "K-004");
	assert_int_equal(p.requests, 2); /* the challenges only: nothing was answered */
	p.answer = "{\"error\":{\"code\":\"L-104\",\"text\":\"账户已冻结\",\"remedy\":\"请联系办理窗口\"}}";
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1);
	SAYS(&out, "L-104");
	p.answer = "{\"error\":{\"code\":\"L-104\",\"text\":\"\\u001b[2Jgone\"}}"; /* nothing that moves a cursor */
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1);
	SAYS(&out, "no reason given");
	assert_null(strchr(buf_cstr(&out), '\x1b'));
	p.answer = "<html>";
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1);
	SAYS(&out, "S-013");
	p.answer = "";
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1);
	SAYS(&out, "L-107");
	p.answer = NULL;
	int before = p.requests;
	(void)snprintf(p.named, sizeof(p.named), "http://elsewhere:1");
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1);
	SAYS(&out, "L-002");
	memcpy(p.named, p.origin, sizeof(p.named));
	p.bureau[0] = p.bureau[0] == '0' ? '1' : '0';
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1);
	SAYS(&out, "C-026");
	assert_int_equal(p.requests, before + 2);
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", blank), 1);
	p.bureau[0] = '\0';
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1);
	portal_stop(&p, t);
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1); /* nobody listens */
	SAYS(&out, "S-013");
	OK(yxcard_line(y, "INSERT blank-1"));
	assert_int_equal(yxkey(&out, "Kp7#20-x\n", good), 1);
}

/* --- at a terminal --- */

static bool echoes(int tty)
{
	struct termios t;

	assert_int_equal(tcgetattr(tty, &t), 0);
	return (t.c_lflag & ECHO) != 0;
}

/* INT at the prompt: the terminal echoes again afterwards. */
static void interrupted_prompt(void **state)
{
	char *argv[] = {getenv("YXKEY"), (char[]){"pin"}, (char[]){"--key"}, (char[]){"operator-1"}, NULL}, text[256];
	int tty = -1, status = 0;
	int64_t until = clock_mono_ms() + 10000;

	(void)state;
	pid_t pid = forkpty(&tty, NULL, NULL, NULL);
	assert_true(pid >= 0);
	if (pid == 0) {
		execv(argv[0], argv);
		_exit(127);
	}
	for (; echoes(tty); usleep(2000))
		assert_true(clock_mono_ms() < until);
	assert_int_equal(write(tty, "\003", 1), 1);
	while (read(tty, text, sizeof(text)) > 0)
		;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	assert_true(echoes(tty));
	close(tty);
}

/* The wrong keys never get a PIN: two inserted and none named, a blank one, another bureau's root. */
static void login_keys(void **state)
{
	struct yxcard *y = *state;
	struct portal p;
	pthread_t t;
	struct bureau foreign;
	AUTO_BUF(out, 65536);

	portal_start(&p, &t);
	OK(yxcard_line(y, "INSERT blank-1"));
	assert_int_equal(YXKEY(&out, "Kp7#20-x\n", "login", "--origin", p.origin, "--pin-fd", "0"), 1);
	SAYS(&out, "K-010");
	assert_int_equal(YXKEY(&out, "Kp7#20-x\n", "login", "--key", "blank-1", "--origin", p.origin, "--pin-fd", "0"),
	                 1);
	SAYS(&out, "K-006");
	OK(yxcard_line(y, "REMOVE operator-1"));
	assert_int_equal(YXKEY(&out, "Kp7#20-x\n", "login", "--key", "operator-1", "--origin", p.origin, "--pin-fd",
	                       "0"),
	                 1);
	SAYS(&out, "K-001");
	OK(yxcard_line(y, "INSERT operator-1"));
	bureau_start(&foreign);
	save(y, "ca/root.cer", cert_der(foreign.root));
	assert_int_equal(YXKEY(&out, "Kp7#20-x\n", "login", "--key", "operator-1", "--origin", p.origin, "--pin-fd",
	                       "0"),
	                 1);
	SAYS(&out, "C-003"); /* not the pinned root */
	save_trust(y, &foreign);
	assert_int_equal(YXKEY(&out, "Kp7#20-x\n", "login", "--key", "operator-1", "--origin", p.origin, "--pin-fd",
	                       "0"),
	                 1);
	bureau_end(&foreign);
	assert_false(p.verified);
	portal_stop(&p, t);
}

#define WITH_KEYS(f) cmocka_unit_test_setup_teardown(f, prepare, finish)
int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_KEYS(usage),         WITH_KEYS(slots),      WITH_KEYS(change_pin),         WITH_KEYS(login_works),
		WITH_KEYS(login_refused), WITH_KEYS(login_keys), WITH_KEYS(interrupted_prompt),
	};
	signal(SIGPIPE, SIG_IGN);
	bureau_start(&bureau);
	int rc = cmocka_run_group_tests(tests, NULL, NULL);
	bureau_end(&bureau);
	return rc;
}
