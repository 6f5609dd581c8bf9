/* The server on a real socket, and behind a real nginx with the product's configuration. */
#include "app_test.h"
#include "cmd/edge_conf.h"
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

static int listen_unix(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

static int dial(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

static bool send_all(int fd, struct span s)
{
	while (s.len > 0) {
		ssize_t n = send(fd, s.ptr, s.len, MSG_NOSIGNAL);
		if (n <= 0)
			return false;
		s = span_sub(s, (size_t)n, s.len);
	}
	return true;
}

static void read_all(int fd, struct buf *out)
{
	uint8_t chunk[4096];
	ssize_t n;

	while ((n = recv(fd, chunk, sizeof(chunk), 0)) > 0)
		buf_put(out, span_of(chunk, (size_t)n));
	close(fd);
}

static void ask_socket(const char *path, struct span request, struct buf *out)
{
	int fd = dial(path);

	buf_clear(out);
	assert_true(send_all(fd, request));
	read_all(fd, out);
}

/* As peer_listen() makes it: not blocking. */
static struct web_server *start(const char *path, int *ret_fd)
{
	struct web_server *s = NULL;

	*ret_fd = listen_unix(path);
	assert_int_equal(fcntl(*ret_fd, F_SETFL, O_NONBLOCK), 0);
	assert_int_equal(web_server_start(*ret_fd, &app_conf, &s), ERR_OK);
	return s;
}

/* --- the socket --- */

static void *ask_many(void *arg)
{
	AUTO_BUF(in, 4096);
	AUTO_BUF(out, 1 << 20);
	uintptr_t good = 0;

	test_scgi(&(struct test_request){"GET", "/p/7"}, &in);
	for (int i = 0; i < 20; i++) {
		ask_socket(arg, buf_span(&in), &out);
		good += strstr(buf_cstr(&out), "<p>7</p>") != NULL;
	}
	return (void *)good;
}

static void many_clients(void **state)
{
	const char *path = test_path("many.sock");
	pthread_t t[16];
	void *good;
	uintptr_t total = 0;
	int fd;
	struct web_metrics before, after;

	(void)state;
	app_conf.done = NULL; /* the test's listener is not for threads */
	web_metrics(&before);
	struct web_server *s = start(path, &fd);
	for (size_t i = 0; i < COUNT_OF(t); i++)
		assert_int_equal(pthread_create(&t[i], NULL, ask_many, (void *)(uintptr_t)path), 0);
	for (size_t i = 0; i < COUNT_OF(t); i++) {
		pthread_join(t[i], &good);
		total += (uintptr_t)good;
	}
	web_server_stop(s);
	close(fd);
	web_metrics(&after);
	assert_int_equal(total, 320);
	assert_int_equal(after.requests - before.requests, 320);
	assert_int_equal(after.status_class[2] - before.status_class[2], 320);
}

/* How often the threads of this process gave up the processor of themselves: each sleep, each wait that begins. */
static long waits_of_all(void)
{
	char path[320], line[256];
	long total = 0, n;
	DIR *d = opendir("/proc/self/task");

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		FILE *f = fopen(path, "r");
		while (f != NULL && fgets(line, sizeof(line), f) != NULL)
			if (sscanf(line, "voluntary_ctxt_switches: %ld", &n) == 1)
				total += n;
		if (f != NULL)
			fclose(f);
	}
	closedir(d);
	return total;
}

/* Pages first, so that every worker has served one and begun to wait. */
static void nothing_wakes_while_idle(void **state)
{
	const char *path = test_path("sleep.sock");
	int fd;
	AUTO_BUF(in, 4096);
	AUTO_BUF(out, 1 << 20);

	(void)state;
	struct web_server *s = start(path, &fd);
	test_scgi(&(struct test_request){"GET", "/p/7"}, &in);
	for (int i = 0; i < 40; i++)
		ask_socket(path, buf_span(&in), &out);
	nanosleep(&(struct timespec){0, 300000000}, NULL);
	long before = waits_of_all();
	nanosleep(&(struct timespec){1, 0}, NULL);
	long after = waits_of_all();
	web_server_stop(s);
	close(fd);
	assert_in_range(after - before, 1, 2); /* this thread's own sleep */
}

static void garbage_is_closed_and_the_server_lives(void **state)
{
	static const char *const garbage[] = {"",       "x",      "GET / HTTP/1.1\r\n\r\n",
	                                      "99999:", "5:abcd", "24:CONTENT_LENGTH"};
	const char *path = test_path("garbage.sock");
	AUTO_BUF(in, 4096);
	AUTO_BUF(out, 1 << 20);
	int fd;
	struct web_server *s = start(path, &fd);

	(void)state;
	for (int round = 0; round < 3; round++)
		for (size_t i = 0; i < COUNT_OF(garbage); i++) {
			int c = dial(path);
			assert_true(send_all(c, span_str(garbage[i])));
			shutdown(c, SHUT_WR);
			buf_clear(&out);
			read_all(c, &out);
			assert_int_equal(out.len, 0);
		}
	test_scgi(&(struct test_request){"GET", "/"}, &in);
	ask_socket(path, buf_span(&in), &out);
	assert_non_null(strstr(buf_cstr(&out), "Status: 200"));
	web_server_stop(s);
	close(fd);
}

static void a_body_too_large_is_answered(void **state)
{
	const char *path = test_path("large.sock");
	AUTO_BUF(in, 8 << 20);
	AUTO_BUF(out, 1 << 20);
	int fd;
	struct web_server *s = start(path, &fd);

	(void)state;
	buf_str(&in, "30:");
	buf_put(&in, SPAN_LIT("CONTENT_LENGTH\0"
	                      "7000000\0SCGI\0"
	                      "1\0,"));
	memset(buf_room(&in, 7000000), 'x', 7000000);
	ask_socket(path, buf_span(&in), &out);
	assert_non_null(strstr(buf_cstr(&out), "Status: 413"));
	assert_non_null(strstr(buf_cstr(&out), "S-003"));
	web_server_stop(s);
	close(fd);
}

/* Workers that wait for a client, or for nobody, end in time. */
static void stops_within_three_seconds(void **state)
{
	const char *path = test_path("stop.sock");
	int fd, slow[3];
	struct web_server *s = start(path, &fd);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(slow); i++) {
		slow[i] = dial(path);
		assert_true(send_all(slow[i], SPAN_LIT("24:CONT")));
	}
	nanosleep(&(struct timespec){0, 50000000}, NULL);
	int64_t before = clock_mono_ms();
	web_server_stop(s);
	assert_true(clock_mono_ms() - before < 3500);
	for (size_t i = 0; i < COUNT_OF(slow); i++)
		close(slow[i]);
	close(fd);
}

static void idle_workers_stop_at_once(void **state)
{
	int fd;
	struct web_server *s = start(test_path("idle.sock"), &fd);
	int64_t before = clock_mono_ms();

	(void)state;
	web_server_stop(s);
	assert_true(clock_mono_ms() - before < 1000);
	close(fd);
}

static void bad_tables_refuse_to_start(void **state)
{
	static const struct web_field reserved[] = {{"csrf", "x", 10}, {NULL}};
	static const struct web_route no_view[] = {{"GET", "/", .handler = show, .view = "absent"}, {NULL}},
				      method[] = {{"HEAD", "/", .handler = show}, {NULL}},
				      pattern[] = {{"GET", "x", .handler = show}, {NULL}},
				      handler[] = {{"GET", "/"}, {NULL}},
				      field[] = {{"POST", "/", .fields = reserved, .handler = show}, {NULL}},
				      two[] = {{"POST", "/", .fields = q_fields, .declare = fields_of_path,
	                                        .handler = show},
	                                       {NULL}};
	static const struct web_route *const tables[] = {no_view, method, pattern, handler, field, two};
	struct web_config c = app_conf;
	struct web_server *s = NULL;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tables); i++) {
		c.routes = tables[i];
		if (web_server_start(-1, &c, &s) != ERR_CONFIG)
			fail_msg("table %zu", i);
	}
	c.routes = app_routes;
	c.workers = 0;
	assert_int_equal(web_server_start(-1, &c, &s), ERR_CONFIG);
	assert_null(s);
}

/* --- behind nginx --- */

static unsigned free_port(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &len), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static pid_t nginx_pid; /* ended by the teardown when a test fails before it does so itself */

static int stop_all(void **state)
{
	if (nginx_pid > 0) {
		kill(nginx_pid, SIGTERM);
		waitpid(nginx_pid, NULL, 0);
	}
	return app_stop(state);
}

static pid_t run_nginx(bool check_only)
{
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		const char *conf = test_path("edge/nginx.conf"), *log = test_path("nginx.log");
		execl("/usr/sbin/nginx", "nginx", "-p", test_dir, "-e", log, "-c", conf, check_only ? "-t" : NULL,
		      (char *)NULL);
		_exit(127);
	}
	return pid;
}

static int dial_port(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	                        .sin_port = htons((uint16_t)port),
	                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	for (int i = 0; i < 100; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (connect(fd, (struct sockaddr *)&a, sizeof(a)) == 0)
			return fd;
		close(fd);
		nanosleep(&(struct timespec){0, 50000000}, NULL);
	}
	fail_msg("nginx does not answer");
	return -1;
}

static void http(unsigned port, struct buf *out, const char *head, const char *body)
{
	AUTO_BUF(in, 4 << 20);
	int fd = dial_port(port);

	buf_printf(&in, "%s\r\nHost: localhost:%u\r\nConnection: close\r\n", head, port);
	if (body != NULL)
		buf_printf(&in, "Content-Length: %zu\r\n", strlen(body));
	buf_printf(&in, "\r\n%s", body != NULL ? body : "");
	assert_int_equal(buf_err(&in), ERR_OK);
	buf_clear(out);
	(void)send_all(fd, buf_span(&in)); /* nginx may refuse in the middle of it */
	read_all(fd, out);
}

/* What nginx says about it stands above, on our standard error. */
static void must_have(struct buf *answer, const char *text)
{
	if (strstr(buf_cstr(answer), text) == NULL)
		fail_msg("no \"%s\" in: %.600s", text, buf_cstr(answer));
}

/* The type size that a person chose is in the cookie of this bureau's port, as all of ours are. */
static void manual_in_its_size(unsigned port)
{
	char request[128];
	AUTO_BUF(a, 1 << 16);

	(void)snprintf(request, sizeof(request), "GET /manual/x.html HTTP/1.1\r\nCookie: yx_mode_%u=elder", port);
	http(port, &a, request, NULL);
	must_have(&a, "large type");
	(void)snprintf(request, sizeof(request), "GET /manual/ HTTP/1.1\r\nCookie: yx_mode_%u=elder", port);
	http(port, &a, request, NULL);
	must_have(&a, "large index");
	http(port, &a, "GET /manual/x.html HTTP/1.1\r\nCookie: yx_mode_1=elder", NULL);
	must_have(&a, "usual type");
}

static void through_nginx(unsigned port)
{
	AUTO_BUF(a, 4 << 20);
	const size_t large = 1100000;
	char *big = calloc(1, large + 1), long_uri[40000] = "GET /";

	http(port, &a, "GET /p/%E9%95%BF HTTP/1.1", NULL);
	must_have(&a, "HTTP/1.1 200 OK");
	must_have(&a, "<p>长</p>");
	must_have(&a, "Content-Security-Policy: default-src 'none'; script-src");
	http(port, &a, "HEAD / HTTP/1.1", NULL);
	must_have(&a, "HTTP/1.1 200 OK");
	assert_null(strstr(buf_cstr(&a), "hello"));
	/* A header that claims to be nginx's request id is not passed on. */
	http(port, &a, "GET / HTTP/1.1\r\nX-Request-Id: 0123456789abcdef0123456789abcdef", NULL);
	must_have(&a, "X-Request-Id: ");
	assert_null(strstr(buf_cstr(&a), "0123456789abcdef0123456789abcdef"));
	http(port, &a, "GET /closed HTTP/1.1\r\nAccept: application/json", NULL);
	must_have(&a, "HTTP/1.1 401");
	must_have(&a, "L-107");
	http(port, &a, "POST /login/nonce HTTP/1.1\r\nContent-Type: application/json\r\nOrigin: http://localhost:8600",
	     "{}");
	must_have(&a, "\"nonce\"");
	must_have(&a, "Set-Cookie: yx_pre_8600=");
	http(port, &a, "POST /login/nonce HTTP/1.1\r\nContent-Type: application/json\r\nOrigin: http://evil.example",
	     "{}");
	must_have(&a, "HTTP/1.1 403");
	http(port, &a, "GET /p/..%2f..%2fetc HTTP/1.1", NULL);
	assert_null(strstr(buf_cstr(&a), "HTTP/1.1 200"));
	http(port, &a, "GET /assets/x.css HTTP/1.1", NULL);
	must_have(&a, "body{}");
	must_have(&a, "Cache-Control: max-age=300");
	manual_in_its_size(port);
	/* What is too large nginx says itself. */
	memset(big, 'a', large);
	http(port, &a, "POST /f HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded", big);
	must_have(&a, "HTTP/1.1 413");
	must_have(&a, "S-003");
	memset(long_uri + 5, 'a', sizeof(long_uri) - 200);
	strncpy(long_uri + sizeof(long_uri) - 195, " HTTP/1.1", 20);
	http(port, &a, long_uri, NULL);
	must_have(&a, "HTTP/1.1 414");
	must_have(&a, "S-031");
	free(big);
}

static void behind_nginx(void **state)
{
	const unsigned port = free_port();
	AUTO_BUF(a, 1 << 20);
	int fd, status;

	(void)state;
	assert_int_equal(access("/usr/sbin/nginx", X_OK), 0); /* tools/setup installs it */
	assert_int_equal(file_mkdir(test_path("edge/www/assets"), 0755), ERR_OK);
	assert_int_equal(file_mkdir(test_path("edge/nginx"), 0755), ERR_OK);
	assert_int_equal(file_mkdir(test_path("run/portal"), 0755), ERR_OK);
	assert_int_equal(file_mkdir(test_path("edge/www/manual"), 0755), ERR_OK);
	assert_int_equal(file_mkdir(test_path("edge/www/manual-elder"), 0755), ERR_OK);
	test_file("edge/www/assets/x.css", "body{}");
	test_file("edge/www/manual/x.html", "usual type");
	test_file("edge/www/manual-elder/x.html", "large type");
	test_file("edge/www/manual-elder/index.html", "large index");
	const struct edge_plan plan = {SHARE_DIR, test_dir, port, 1, geteuid() == 0 ? "root" : NULL};
	assert_int_equal(edge_configure(&plan), ERR_OK);
	pid_t pid = run_nginx(true);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	nginx_pid = run_nginx(false);
	http(port, &a, "GET / HTTP/1.1", NULL);
	bool told = strstr(buf_cstr(&a), "HTTP/1.1 502") != NULL && strstr(buf_cstr(&a), "S-013") != NULL;
	struct web_server *s = start(test_path("run/portal/portal.sock"), &fd);
	through_nginx(port);
	web_server_stop(s);
	close(fd);
	kill(nginx_pid, SIGTERM);
	assert_int_equal(waitpid(nginx_pid, &status, 0), nginx_pid);
	nginx_pid = 0;
	assert_true(told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_clients),
		cmocka_unit_test(nothing_wakes_while_idle),
		cmocka_unit_test(garbage_is_closed_and_the_server_lives),
		cmocka_unit_test(a_body_too_large_is_answered),
		cmocka_unit_test(stops_within_three_seconds),
		cmocka_unit_test(idle_workers_stop_at_once),
		cmocka_unit_test(bad_tables_refuse_to_start),
		cmocka_unit_test(behind_nginx),
	};

	return cmocka_run_group_tests_name("web-server", tests, app_start, stop_all);
}
