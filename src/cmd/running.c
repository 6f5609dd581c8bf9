#include "cmd/running.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cmd/complain.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	LINE_MAX_BYTES = 256,
	STOP_WAIT_MS = 8000,
	NAME_BYTES = 160,
	HOLDER_BYTES = 240,
	LOOKS = 5,
	PROC_FILE_MAX = 4 << 20
};

/* --- the lock --- */

/* "pid=123 port=8600 agent_port=8610\n" */
static bool read_line(int fd, struct running *ret_r)
{
	char line[LINE_MAX_BYTES];
	ssize_t n = pread(fd, line, sizeof(line) - 1, 0);
	if (n <= 0)
		return false;
	line[n] = 0;
	return sscanf(line, "pid=%d port=%u agent_port=%u", &ret_r->pid, &ret_r->port, &ret_r->agent_port) == 3;
}

static enum err write_line(const struct bureau *b, int fd)
{
	char line[LINE_MAX_BYTES];
	int n = snprintf(line, sizeof(line), "pid=%d port=%u agent_port=%u\n", (int)getpid(), b->port, b->agent_port);
	if (ftruncate(fd, 0) != 0 || pwrite(fd, line, (size_t)n, 0) != n)
		return ERR(IO, "%s/.lock: %s", b->data, strerror(errno));
	return ERR_OK;
}

static enum err already(const struct bureau *b, int fd)
{
	struct running r = {0};
	if (!read_line(fd, &r))
		return ERR(STATE, "%s 的机构已在运行;停止它: yinxin stop", b->data);
	return ERR(
		STATE,
		"%s 的机构已在运行:进程 %d,网址 http://localhost:%u/。请直接在浏览器打开该网址;要重新启动,先执行 yinxin stop",
		b->data, (int)r.pid, r.port);
}

enum err running_take(const struct bureau *b, int *ret_fd)
{
	char path[BUREAU_PATH_MAX];
	TRY(bureau_path(b, ".lock", path, sizeof(path)));
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	/* Somebody who only looks (running_find) holds it for a moment. */
	bool locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
	for (int i = 0; i < LOOKS && !locked; i++) {
		poll(NULL, 0, 20);
		locked = flock(fd, LOCK_EX | LOCK_NB) == 0;
	}
	enum err e = locked ? write_line(b, fd) : already(b, fd);
	if (e != ERR_OK) {
		close(fd);
		return e;
	}
	*ret_fd = fd;
	return ERR_OK;
}

enum err running_find(const struct bureau *b, struct running *ret_r)
{
	char path[BUREAU_PATH_MAX];
	struct running r = {0};
	TRY(bureau_path(b, ".lock", path, sizeof(path)));
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno != ENOENT)
		return ERR(STATE, "%s: %s;请以启动机构的用户执行", path, strerror(errno));
	if (fd >= 0 && flock(fd, LOCK_SH | LOCK_NB) != 0)
		(void)read_line(fd, &r);
	if (fd >= 0)
		close(fd);
	*ret_r = r;
	return ERR_OK;
}

/* --- what answers --- */

static bool answers(int family, const struct sockaddr *a, socklen_t len)
{
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok = fd >= 0 && connect(fd, a, len) == 0;
	if (fd >= 0)
		close(fd);
	return ok;
}

bool running_socket_answers(const char *path)
{
	struct sockaddr_un a = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof(a.sun_path))
		return false;
	memcpy(a.sun_path, path, strlen(path) + 1);
	return answers(AF_UNIX, (struct sockaddr *)&a, sizeof(a));
}

bool running_port_answers(unsigned port)
{
	struct sockaddr_in a = {.sin_family = AF_INET,
	                        .sin_port = htons((uint16_t)port),
	                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	return answers(AF_INET, (struct sockaddr *)&a, sizeof(a));
}

/* --- who holds a port: the socket's inode out of /proc/net/tcp, then the process that has it open --- */

static unsigned long listener_inode(const char *table, unsigned port, unsigned *ret_uid)
{
	AUTO_BUF(text, PROC_FILE_MAX);
	struct span rest, line;
	char row[256];
	if (file_read(table, &text) != ERR_OK)
		return 0;
	for (rest = buf_span(&text); span_take_until(&rest, '\n', &line);) {
		unsigned at, state, uid;
		unsigned long inode;
		(void)snprintf(row, sizeof(row), "%.*s", (int)line.len, (const char *)line.ptr);
		if (sscanf(row, " %*u: %*[0-9A-Fa-f]:%x %*[0-9A-Fa-f]:%*x %x %*s %*s %*s %u %*u %lu", &at, &state, &uid,
		           &inode) == 4 &&
		    at == port && state == 0x0a) {
			*ret_uid = uid;
			return inode;
		}
	}
	return 0;
}

static bool has_open(const char *pid, const char *socket_name)
{
	char path[300], target[64];
	bool hit = false;
	struct dirent *entry;
	(void)snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	DIR *d = opendir(path);
	while (d != NULL && !hit && (entry = readdir(d)) != NULL) {
		ssize_t n = readlinkat(dirfd(d), entry->d_name, target, sizeof(target) - 1);
		target[n > 0 ? n : 0] = 0;
		hit = strcmp(target, socket_name) == 0;
	}
	if (d != NULL)
		closedir(d);
	return hit;
}

static void command_of(const char *pid, char ret[NAME_BYTES])
{
	char path[64];
	AUTO_BUF(text, 64 * 1024);
	(void)snprintf(path, sizeof(path), "/proc/%.20s/cmdline", pid);
	if (file_read(path, &text) != ERR_OK)
		err_clear();
	size_t n = text.len < NAME_BYTES - 1 ? text.len : NAME_BYTES - 1;
	while (n > 0 && n < text.len && (text.ptr[n] & 0xC0) == 0x80) /* never within a character */
		n--;
	for (size_t i = 0; i < n; i++) /* it goes to a terminal */
		ret[i] = (char)(text.ptr[i] == 0 ? ' ' : text.ptr[i] < 0x20 || text.ptr[i] == 0x7f ? '?' : text.ptr[i]);
	while (n > 0 && ret[n - 1] == ' ')
		n--;
	ret[n] = 0;
}

/* "进程 PID(command)"; "用户 NAME 的程序" when the process cannot be seen: others' are shown to root only, and an agent
 * to nobody, since it holds PINs. */
static void holder_of(unsigned port, char ret[HOLDER_BYTES])
{
	char socket_name[64], command[NAME_BYTES];
	struct dirent *entry;
	unsigned uid = 0;
	(void)snprintf(ret, HOLDER_BYTES, "另一程序");
	unsigned long inode = listener_inode("/proc/net/tcp", port, &uid);
	if (inode == 0)
		inode = listener_inode("/proc/net/tcp6", port, &uid);
	err_clear();
	DIR *d = inode ? opendir("/proc") : NULL;
	if (d == NULL)
		return;
	struct passwd *pw = getpwuid(uid);
	(void)snprintf(ret, HOLDER_BYTES, "用户 %.60s 的程序", pw != NULL ? pw->pw_name : "(未知)");
	(void)snprintf(socket_name, sizeof(socket_name), "socket:[%lu]", inode);
	for (bool found = false; !found && (entry = readdir(d)) != NULL;)
		if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && has_open(entry->d_name, socket_name)) {
			command_of(entry->d_name, command);
			(void)snprintf(ret, HOLDER_BYTES, "进程 %.20s(%s)", entry->d_name, command);
			found = true;
		}
	closedir(d);
}

enum err running_port_free(unsigned port, const char *variable)
{
	char holder[HOLDER_BYTES];
	if (!running_port_answers(port))
		return ERR_OK;
	holder_of(port, holder);
	return ERR(STATE, "端口 %u 已被%s占用;请停止它,或用 %s=端口号 另选端口", port, holder, variable);
}

/* --- status, stop --- */

static enum err look(struct bureau *b, struct running *r)
{
	TRY(bureau_find(b));
	return running_find(b, r);
}

static bool part_line(const struct bureau *b, const char *name, const char *socket, unsigned port)
{
	char path[BUREAU_PATH_MAX * 2];
	(void)snprintf(path, sizeof(path), "%s/%s", b->data, socket != NULL ? socket : "");
	bool ok = socket != NULL ? running_socket_answers(path) : running_port_answers(port);
	printf("  %-8s %s\n", name, ok ? "运行中" : "没有应答");
	return ok;
}

static bool part_lines(const struct bureau *b, const struct running *r)
{
	static const struct {
		const char *name, *socket;
	} PARTS[] = {{"escrow", "run/escrow/escrow.sock"}, {"signer", "run/signer/signer.sock"},
	             {"notary", "run/notary/notary.sock"}, {"convert", "run/convert/convert.sock"},
	             {"portal", "run/portal/portal.sock"}, {"nginx", NULL},
	             {"yxcard", "slots/control.sock"},     {"agent", NULL}};
	bool ok = true;
	for (size_t i = 0; i < COUNT_OF(PARTS); i++)
		ok = part_line(b, PARTS[i].name, PARTS[i].socket,
		               strcmp(PARTS[i].name, "nginx") == 0 ? r->port : r->agent_port) &&
		     ok;
	return ok;
}

int running_status(void)
{
	struct bureau b;
	struct running r;
	char demo[BUREAU_PATH_MAX];
	enum err e = look(&b, &r);
	if (e == ERR_OK)
		e = bureau_path(&b, "demo.json", demo, sizeof(demo));
	if (e != ERR_OK)
		return complain("yinxin status", e);
	if (r.pid == 0) {
		printf("机构 %s 没有运行%s;启动: yinxin up\n", b.data, file_exists(demo) ? "" : "(尚未创建)");
		return 1;
	}
	printf("机构 %s 运行中:进程 %d,网址 http://localhost:%u/,助手端口 %u\n", b.data, (int)r.pid, r.port,
	       r.agent_port);
	bool ok = part_lines(&b, &r);
	printf("运行记录: %s/log/;停止: yinxin stop\n", b.data);
	return ok ? 0 : 1;
}

static enum err stop(const struct bureau *b, struct running r)
{
	pid_t pid = r.pid;
	if (kill(pid, SIGTERM) != 0)
		return ERR(STATE, "进程 %d: %s;请以启动机构的用户执行", (int)pid, strerror(errno));
	for (int64_t until = clock_mono_ms() + STOP_WAIT_MS; clock_mono_ms() < until; poll(NULL, 0, 20)) {
		TRY(running_find(b, &r));
		if (r.pid != pid)
			return ERR_OK;
	}
	return ERR(TIMEOUT, "进程 %d 没有结束", (int)pid);
}

int running_stop(void)
{
	struct bureau b;
	struct running r;
	enum err e = look(&b, &r);
	if (e == ERR_OK && r.pid == 0) {
		printf("机构 %s 没有运行\n", b.data);
		return 0;
	}
	if (e == ERR_OK)
		e = stop(&b, r);
	if (e != ERR_OK)
		return complain("yinxin stop", e);
	printf("机构 %s 已停止\n", b.data);
	return 0;
}
