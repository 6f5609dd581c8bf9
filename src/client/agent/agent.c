#include "client/agent/agent.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "gm/sm3.h"
#include "gm/start.h"
#include <arpa/inet.h>
#include <errno.h>
#include <malloc.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASSET_MAX = 256 * 1024, DRAIN_MS = 700, LISTENERS = 2, STRANGER_LOG_MS = 60000 };

const struct conf_opt agent_options[] = {
	{"port", CONF_INT, "8610", 0, 65535, NULL, "监听的本机端口(仅回环地址),0 为任选"},
	{"origins", CONF_STR, NULL, 0, 0, NULL, "允许使用证书的网站,空格分隔,如 https://rsj.example"},
	{"pin", CONF_CHOICE, "pinentry", 0, 0, "web|pinentry", "密码输入方式;web 仅供演示"},
	{"pinentry", CONF_PATH, "/usr/bin/pinentry", 0, 0, NULL, "pinentry 程序"},
	{"library", CONF_STR, "libyxskf.so", 0, 0, NULL, "SKF 驱动,空格分隔,排在前面的优先,至多 4 个"},
	{"slots", CONF_STR, "", 0, 0, NULL, "虚拟介质插槽目录,空为驱动的默认值"},
	{"root", CONF_PATH, "/etc/yinxin/root.cer", 0, 0, NULL, "本机构根证书(DER)"},
	{"root_sm3", CONF_STR, "", 0, 0, NULL, "根证书的 SM3(64 位十六进制)或存有它的文件;给出则必须相符"},
	{"ca", CONF_PATH, "/etc/yinxin/ca.cer", 0, 0, NULL, "签发证书(DER)"},
	{"window", CONF_PATH, "/usr/share/yinxin/agent", 0, 0, NULL, "窗口页面文件目录"},
	{"clock", CONF_STR, "", 0, 0, NULL, "演示用时钟文件,空为系统时间"},
	{"idle", CONF_INT, "120", 5, 600, NULL, "等待输入密码的最长秒数"},
	{"skf_timeout", CONF_INT, "30", 1, 120, NULL, "驱动一次调用的最长秒数"},
	{"log", CONF_CHOICE, "info", 0, 0, "debug|info|warn|error", "日志级别"},
	{0},
};

/* --- opening --- */

static enum err load_cert(const char *path, struct cert **ret_c)
{
	AUTO_BUF(der, CERT_DER_MAX);

	TRY(file_read(path, &der));
	enum err e = cert_parse(buf_span(&der), ret_c);
	return e == ERR_OK ? e : err_note(e, "%s", path);
}

/* Signatures only: with a wrong clock the agent must still start, to be able to say so. */
static enum err take_trust(struct agent *a)
{
	if (!cert_is_ca(a->root) || !cert_is_ca(a->ca))
		return ERR(CONFIG, "root or ca is not a CA certificate");
	return path_trust_new(a->root, a->ca, &a->trust);
}

/* The option is the digest itself or the path of a file that begins with it. */
static enum err check_pin(const struct agent *a)
{
	AUTO_BUF(text, 256);
	const char *pinned = conf_str(a->conf, "root_sm3");

	if (pinned[0] == '/')
		TRY(file_read(pinned, &text));
	else
		buf_str(&text, pinned);
	if (text.len > 0 && !span_eq_str(span_sub(buf_span(&text), 0, 2 * SM3_LEN), a->bureau))
		return ERR(CONFIG, "root_sm3: the root certificate's is %s", a->bureau);
	return ERR_OK;
}

static enum err load_trust(struct agent *a)
{
	TRY(load_cert(conf_str(a->conf, "root"), &a->root));
	TRY(load_cert(conf_str(a->conf, "ca"), &a->ca));
	TRY(take_trust(a));
	TRY(cert_sm3_hex(a->root, a->bureau));
	return check_pin(a);
}

static enum err load_assets(struct agent *a)
{
	static const struct asset files[AGENT_ASSETS] = {
		{"/window", "window.html", "text/html; charset=utf-8", {0}},
		{"/window.js", "window.js", "text/javascript; charset=utf-8", {0}},
		{"/window.css", "window.css", "text/css; charset=utf-8", {0}},
	};
	char path[4096];

	for (size_t i = 0; i < AGENT_ASSETS; i++) {
		a->assets[i] = files[i];
		buf_init(&a->assets[i].bytes, ASSET_MAX);
		if (snprintf(path, sizeof(path), "%s/%s", conf_str(a->conf, "window"), files[i].file) >=
		    (int)sizeof(path))
			return ERR(CONFIG, "window: longer than %zu", sizeof(path) - 1);
		TRY(file_read(path, &a->assets[i].bytes));
	}
	return ERR_OK;
}

static enum err open_keys(struct agent *a)
{
	struct link_conf confs[LINKS_MAX];
	char list[1024];
	size_t n = 0;

	if (snprintf(list, sizeof(list), "%s", conf_str(a->conf, "library")) >= (int)sizeof(list))
		return ERR(CONFIG, "library: longer than %zu", sizeof(list) - 1);
	for (char *save = NULL, *lib = strtok_r(list, " ,", &save); lib != NULL; lib = strtok_r(NULL, " ,", &save)) {
		if (n == LINKS_MAX)
			return ERR(CONFIG, "library: more than %d", LINKS_MAX);
		confs[n++] = (struct link_conf){
			.library = lib,
			.slots = conf_str(a->conf, "slots"),
			.clock = conf_str(a->conf, "clock"),
			.root = cert_der(a->root),
			.ca = cert_der(a->ca),
			.timeout_ms = (int)conf_int(a->conf, "skf_timeout") * 1000,
		};
	}
	if (n == 0)
		return ERR(CONFIG, "library: none given");
	return keys_new(confs, n, &a->keys);
}

static enum err open_dialogue(struct agent *a)
{
	bool web = strcmp(conf_str(a->conf, "pin"), "web") == 0;
	const struct dialogue_conf conf = {
		.pinentry = web ? NULL : conf_str(a->conf, "pinentry"),
		.idle_ms = (int)conf_int(a->conf, "idle") * 1000,
		.keys = a->keys,
		.stop = &a->stop,
	};

	return dialogue_new(&conf, &a->dialogue);
}

/* PINs pass through the JSON library's memory: what it gives back is wiped first. */
static void free_wiped(void *p)
{
	if (p != NULL)
		wipe(p, malloc_usable_size(p));
	free(p);
}

enum err agent_open(const struct conf *conf, struct agent **ret_a)
{
	AUTO(agent) a = calloc(1, sizeof(*a));
	const char *clock = conf_str(conf, "clock");

	if (a == NULL)
		return ERR(NOMEM, "agent");
	json_set_alloc_funcs(malloc, free_wiped);
	a->conf = conf;
	TRY(gm_start());
	TRY(clock_open(clock[0] ? clock : NULL, &a->clock));
	log_clock(a->clock);
	TRY(origins_parse(conf_str(conf, "origins"), &a->origins));
	TRY(load_trust(a));
	TRY(load_assets(a));
	TRY(open_keys(a));
	TRY(open_dialogue(a));
	*ret_a = STEAL(a);
	return ERR_OK;
}

void agent_free(struct agent *a)
{
	if (a == NULL)
		return;
	keys_free(a->keys);
	log_clock(NULL);
	dialogue_free(a->dialogue);
	for (size_t i = 0; i < AGENT_ASSETS; i++)
		buf_done(&a->assets[i].bytes);
	path_trust_free(a->trust);
	cert_free(a->root);
	cert_free(a->ca);
	origins_free(a->origins);
	clock_free(a->clock);
	free(a);
}

/* --- listening --- */

static enum err listen_at(const struct sockaddr *addr, socklen_t len, int *ret_fd)
{
	/* Not blocking: a connection that is gone again by the time of accept() must not stop the loop. */
	int on = 1, fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return ERR(IO, "socket: %s", strerror(errno));
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->sa_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, addr, len) != 0 || listen(fd, 64) != 0) {
		int why = errno;
		close(fd);
		return why == EADDRINUSE ? ERR(EXISTS, "port is in use") : ERR(IO, "listen: %s", strerror(why));
	}
	*ret_fd = fd;
	return ERR_OK;
}

static enum err listen_all(struct agent *a, struct pollfd ret_fds[LISTENERS])
{
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)conf_int(a->conf, "port"))};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	socklen_t len = sizeof(v4);

	v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ret_fds[1] = (struct pollfd){.fd = -1, .events = POLLIN};
	TRY(listen_at((void *)&v4, sizeof(v4), &ret_fds[0].fd));
	ret_fds[0].events = POLLIN;
	if (getsockname(ret_fds[0].fd, (void *)&v4, &len) != 0)
		return ERR(IO, "getsockname: %s", strerror(errno));
	a->port = ntohs(v4.sin_port);
	v6.sin6_port = v4.sin_port;
	/* Machines without IPv6 have no ::1. */
	if (listen_at((void *)&v6, sizeof(v6), &ret_fds[1].fd) != ERR_OK)
		err_clear();
	return ERR_OK;
}

/* --- connections --- */

struct job {
	struct agent *a;
	int fd;
};

static void *serve(void *arg)
{
	struct job j = *(struct job *)arg;

	free(arg);
	conn_serve(j.a, j.fd);
	j.a->connections--;
	return NULL;
}

static bool start_thread(struct agent *a, int fd)
{
	struct job *j = malloc(sizeof(*j));
	pthread_attr_t attr;
	pthread_t t;

	if (j == NULL)
		return false;
	*j = (struct job){a, fd};
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	bool ok = pthread_create(&t, &attr, serve, j) == 0;
	pthread_attr_destroy(&attr);
	if (!ok)
		free(j);
	return ok;
}

/* Before anything counts: another user of this machine must not take the places of the one who sits at it. */
static bool is_own(struct agent *a, int fd)
{
	if (tcp_peer_check(fd, getuid()) == ERR_OK)
		return true;
	int64_t now = clock_mono_ms();
	if (a->stranger_ms == 0 || now - a->stranger_ms > STRANGER_LOG_MS) {
		LOG(WARN, "connection-refused", {"why", err_detail()});
		a->stranger_ms = now;
	}
	err_clear();
	return false;
}

static void take(struct agent *a, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return;
	if (!is_own(a, fd)) {
		close(fd);
		return;
	}
	if (++a->connections <= AGENT_CONNECTIONS_MAX && start_thread(a, fd))
		return;
	a->connections--;
	close(fd);
	LOG(WARN, "connection-refused", {"why", "too many"});
}

/* Requests under way see the stop flag within 200 ms, calls to a helper end with it. */
static void drain(struct agent *a)
{
	int64_t until = clock_mono_ms() + DRAIN_MS;

	a->stop = 1;
	keys_stop(a->keys);
	while (a->connections > 0 && clock_mono_ms() < until)
		usleep(10000);
}

static enum err loop(struct agent *a, struct pollfd fds[LISTENERS + 1])
{
	while (!(fds[LISTENERS].revents & POLLIN)) {
		if (poll(fds, LISTENERS + 1, -1) < 0) {
			if (errno != EINTR)
				return ERR(IO, "poll: %s", strerror(errno));
			continue;
		}
		for (size_t i = 0; i < LISTENERS; i++)
			if (fds[i].revents & POLLIN)
				take(a, fds[i].fd);
	}
	return ERR_OK;
}

/* Said now, not when somebody waits for a window that cannot come. */
static void tell_no_window(const struct agent *a)
{
	enum err e = dialogue_can_show(a->dialogue);

	if (e == ERR_OK)
		return;
	LOG(WARN, "no-window", {"code", err_code(e)}, {"text", err_zh(e)}, {"remedy", err_remedy(e)},
	    {"why", err_detail()});
	err_clear();
}

enum err agent_run(struct agent *a, int stop_fd)
{
	struct pollfd fds[LISTENERS + 1] = {{.fd = -1}, {.fd = -1}, {.fd = stop_fd, .events = POLLIN}};
	char port[8];

	TRY(listen_all(a, fds));
	snprintf(port, sizeof(port), "%u", a->port);
	enum err e = keys_start(a->keys);
	if (e == ERR_OK) {
		LOG(INFO, "listen", {"port", port}, {"pin", conf_str(a->conf, "pin")}, {"bureau", a->bureau});
		tell_no_window(a);
		e = loop(a, fds);
	}
	for (size_t i = 0; i < LISTENERS; i++)
		if (fds[i].fd >= 0)
			close(fds[i].fd);
	drain(a);
	return e;
}
