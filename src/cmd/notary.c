/* yinxin-notary: opens its state, gives up what it does not need, follows the signer's journal, answers ceremony and
 * portal. */
#include "base/log.h"
#include "cmd/daemon.h"
#include "ipc/peer.h"
#include "server/notary/notary.h"
#include <unistd.h>

enum { FILES_MAX = 96, BACKLOG = 16 };

static const struct conf_opt options[] = {
	{"socket", CONF_PATH, NULL, 0, 0, NULL, "监听的 unix 套接字"},
	{"dir", CONF_PATH, NULL, 0, 0, NULL, "公证服务的状态与密钥目录,权限 0700"},
	{"signer_socket", CONF_PATH, NULL, 0, 0, NULL, "签发服务的 unix 套接字"},
	{"user", CONF_STR, "yinxin-notary", 0, 0, NULL, "以 root 启动时切换到的系统用户"},
	{"portal_user", CONF_STR, "yinxin-portal", 0, 0, NULL, "允许连接的系统用户"},
	{"admin_user", CONF_STR, "root", 0, 0, NULL, "举行初始化仪式的系统用户"},
	{"clock", CONF_STR, "", 0, 0, NULL, "演示用时钟文件,留空为真实时间"},
	{"memory_mb", CONF_INT, "2048", 0, 65536, NULL, "内存上限(MiB),0 为不限"},
	{NULL},
};

static enum err confine(const struct conf *c)
{
	return daemon_confine(&(struct daemon_cell){.files = FILES_MAX,
	                                            .memory_mb = conf_int(c, "memory_mb"),
	                                            .rw = conf_str(c, "dir"),
	                                            .calls = SANDBOX_KEYHOLDER,
	                                            .warns = true});
}

/* Only failures, and that it runs: an answer a request would be a log of who asks about whom. */
static void report(struct serve_ctx *s, const struct ipc_type *request, enum err e)
{
	static enum err head; /* of the last one that was asked for: the portal asks several times a second */

	(void)s;
	if (request != NULL && request->type == NOTARY_HEAD) {
		if (e == head)
			return;
		head = e;
		if (e == ERR_OK)
			LOG(INFO, "head", {"state", "ok"});
	}
	if (e != ERR_OK)
		log_err(request != NULL ? request->name : "refused", e);
}

static enum err serve(struct serve_ctx *s, int listener, const uid_t uids[2])
{
	struct serve serve;

	notary_serve(s, &serve);
	serve.uids = uids;
	serve.n_uids = 2;
	serve.stop = &daemon_stop;
	serve.report = report;
	LOG(INFO, "ready", {"state", s->follow ? "open" : "empty"});
	return serve_run(listener, &serve);
}

static enum err run_notary(const struct conf *c, const struct clock *clock, int listener, const uid_t uids[2])
{
	const struct notary_plan plan = {.dir = conf_str(c, "dir"),
	                                 .signer_socket = conf_str(c, "signer_socket"),
	                                 .clock = clock};
	struct serve_ctx *s = NULL;

	TRY(notary_open(&plan, &s));
	enum err e = confine(c);
	if (e == ERR_OK)
		e = serve(s, listener, uids);
	notary_free(s);
	return e;
}

static enum err run(const struct conf *c, const struct clock *clock)
{
	uid_t own, uids[2]; /* in the order of enum notary_peer */
	int listener = -1;

	TRY(sandbox_uid_of(conf_str(c, "user"), &own));
	TRY(sandbox_uid_of(conf_str(c, "admin_user"), &uids[0]));
	TRY(sandbox_uid_of(conf_str(c, "portal_user"), &uids[1]));
	if (own == uids[1])
		LOG(WARN, "not_isolated", {"why", "notary and portal run as one user"});
	TRY(daemon_own_dir(conf_str(c, "dir"), own));
	/* Two users may connect; the peer's uid is checked at accept. */
	TRY(peer_listen(conf_str(c, "socket"), 0666, BACKLOG, &listener));
	TRY(sandbox_user(conf_str(c, "user")));
	enum err e = run_notary(c, clock, listener, uids);
	close(listener);
	return e;
}

int main(int argc, char **argv)
{
	const struct daemon d = {.program = "yinxin-notary",
	                         .purpose = "证书状态、时间戳与业务日志公证服务",
	                         .log = "notary",
	                         .options = options,
	                         .run = run};

	return daemon_main(&d, argc, argv);
}
