/* yinxin-escrow: opens its vault, gives up what it does not need, and answers the signer. */
#include "base/clock.h"
#include "base/conf.h"
#include "base/file.h"
#include "base/log.h"
#include "gm/start.h"
#include "ipc/peer.h"
#include "sandbox/sandbox.h"
#include "server/escrow/escrow.h"
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FILES_MAX = 96, BACKLOG = 16 };

static const struct conf_opt options[] = {
	{"socket", CONF_PATH, NULL, 0, 0, NULL, "监听的 unix 套接字"},
	{"dir", CONF_PATH, NULL, 0, 0, NULL, "保管库目录,权限 0700"},
	{"user", CONF_STR, "yinxin-escrow", 0, 0, NULL, "以 root 启动时切换到的系统用户"},
	{"signer_user", CONF_STR, "yinxin-signer", 0, 0, NULL, "唯一允许连接的系统用户"},
	{"clock", CONF_STR, "", 0, 0, NULL, "演示用时钟文件,留空为真实时间"},
	{"memory_mb", CONF_INT, "1024", 0, 65536, NULL, "内存上限(MiB),0 为不限"},
	{NULL},
};

static volatile int stop;

static void on_signal(int number)
{
	(void)number;
	stop = 1;
}

static void catch_signals(void)
{
	struct sigaction a = {.sa_handler = on_signal};

	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	a.sa_handler = SIG_IGN;
	sigaction(SIGPIPE, &a, NULL);
}

/* As root: the folder belongs to the user that the process becomes. Without following links, for a folder of that name
 * may lie where others write. */
static enum err give_dir(const char *dir, uid_t uid)
{
	TRY(file_mkdir(dir, 0700));
	if (geteuid() != 0)
		return ERR_OK;
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return ERR(IO, "%s: %s", dir, strerror(errno));
	int rc = fchown(fd, uid, (gid_t)-1);
	if (rc == 0)
		rc = fchmod(fd, 0700);
	close(fd);
	return rc == 0 ? ERR_OK : ERR(IO, "%s: %s", dir, strerror(errno));
}

/* The socket belongs to the signer, mode 0600: nobody else can even connect. Who connects is checked again at accept. */
static enum err listen_for(const char *path, uid_t signer, int *ret_fd)
{
	TRY(peer_listen(path, 0600, BACKLOG, ret_fd));
	if (geteuid() == 0 && lchown(path, signer, (gid_t)-1) != 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err confine(const struct conf *c)
{
	const char *const no_paths[] = {NULL}, *const own[] = {conf_str(c, "dir"), NULL};
	bool paths = false, calls = false;

	TRY(sandbox_limits(FILES_MAX, (unsigned long)conf_int(c, "memory_mb") << 20));
	TRY(sandbox_paths(no_paths, own, &paths));
	TRY(sandbox_syscalls(SANDBOX_KEYHOLDER, &calls));
	if (!calls)
		LOG(WARN, "no_syscall_filter", {"why", "YINXIN_NO_SECCOMP is set"});
	LOG(INFO, "confined", {"landlock", paths ? "yes" : "no"}, {"seccomp", calls ? "yes" : "no"});
	return ERR_OK;
}

/* After a write that failed only a new start reads again what is on disk; the supervisor gives it. */
static bool vault_failed;
static void (*escrow_report)(struct serve_ctx *ctx, const struct ipc_type *request, enum err e);

static void watch(struct serve_ctx *ctx, const struct ipc_type *request, enum err e)
{
	escrow_report(ctx, request, e);
	if (e == ERR_IO || e == ERR_JOURNAL) {
		vault_failed = true;
		stop = 1;
	}
}

static enum err serve(struct vault *v, int listener, uid_t signer)
{
	struct serve_ctx ctx = {.vault = v};
	struct serve s;

	escrow_serve(&ctx, &s);
	s.uids = &signer;
	s.n_uids = 1;
	s.stop = &stop;
	escrow_report = s.report;
	s.report = watch;
	LOG(INFO, "ready", {"state", vault_is_open(v) ? "open" : "empty"});
	enum err e = serve_run(listener, &s);
	return e == ERR_OK && vault_failed ? ERR(JOURNAL, "a write failed; starting anew") : e;
}

static enum err run(const struct conf *c, const struct clock *clock)
{
	AUTO(vault) v = NULL;
	uid_t own, signer;
	int listener = -1;

	log_clock(clock);
	TRY(gm_start());
	TRY(sandbox_uid_of(conf_str(c, "user"), &own));
	TRY(sandbox_uid_of(conf_str(c, "signer_user"), &signer));
	if (own == signer)
		LOG(WARN, "not_isolated", {"why", "escrow and signer run as one user"});
	TRY(give_dir(conf_str(c, "dir"), own));
	TRY(listen_for(conf_str(c, "socket"), signer, &listener));
	TRY(sandbox_user(conf_str(c, "user")));
	TRY(vault_open(conf_str(c, "dir"), &v));
	TRY(confine(c));
	enum err e = serve(v, listener, signer);
	close(listener);
	return e;
}

int main(int argc, char **argv)
{
	AUTO(conf) c = NULL;
	AUTO(clock) clock = NULL;
	enum err e = conf_main(argc, argv, "yinxin-escrow", "加密密钥托管服务", options, &c);

	if (e != ERR_OK)
		return e == ERR_USAGE ? 2 : 1;
	log_open("escrow", LOG_INFO);
	secret_process_harden();
	catch_signals();
	e = clock_open(conf_str(c, "clock")[0] ? conf_str(c, "clock") : NULL, &clock);
	if (e == ERR_OK)
		e = run(c, clock);
	if (e != ERR_OK)
		log_err("stopped", e);
	else
		LOG(INFO, "stopped");
	return e == ERR_OK ? 0 : 1;
}
