/* yinxin-escrow: opens its vault, gives up what it does not need, and answers the signer. */
#include "base/log.h"
#include "cmd/daemon.h"
#include "ipc/peer.h"
#include "server/escrow/escrow.h"
#include <errno.h>
#include <string.h>
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

/* The socket belongs to the signer, mode 0600: nobody else can even connect. Who connects is checked again at accept.
 */
static enum err listen_for(const char *path, uid_t signer, int *ret_fd)
{
	TRY(peer_listen(path, 0600, BACKLOG, ret_fd));
	if (geteuid() == 0 && lchown(path, signer, (gid_t)-1) != 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err confine(const struct conf *c)
{
	return daemon_confine(&(struct daemon_cell){.files = FILES_MAX,
	                                            .memory_mb = conf_int(c, "memory_mb"),
	                                            .rw = conf_str(c, "dir"),
	                                            .calls = SANDBOX_KEYHOLDER,
	                                            .warns = true});
}

/* After a write that failed only a new start reads again what is on disk; the supervisor gives it. */
static bool vault_failed;
static void (*escrow_report)(struct serve_ctx *ctx, const struct ipc_type *request, enum err e);

static void watch(struct serve_ctx *ctx, const struct ipc_type *request, enum err e)
{
	escrow_report(ctx, request, e);
	if (e == ERR_IO || e == ERR_JOURNAL) {
		vault_failed = true;
		daemon_stop = DAEMON_STOPPED;
	}
}

static enum err serve(struct vault *v, int listener, uid_t signer)
{
	struct serve_ctx ctx = {.vault = v};
	struct serve s;

	escrow_serve(&ctx, &s);
	s.uids = &signer;
	s.n_uids = 1;
	s.stop = &daemon_stop;
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

	(void)clock;
	TRY(sandbox_uid_of(conf_str(c, "user"), &own));
	TRY(sandbox_uid_of(conf_str(c, "signer_user"), &signer));
	if (own == signer)
		LOG(WARN, "not_isolated", {"why", "escrow and signer run as one user"});
	TRY(daemon_own_dir(conf_str(c, "dir"), own));
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
	const struct daemon d = {.program = "yinxin-escrow",
	                         .purpose = "加密密钥托管服务",
	                         .log = "escrow",
	                         .options = options,
	                         .run = run};

	return daemon_main(&d, argc, argv);
}
