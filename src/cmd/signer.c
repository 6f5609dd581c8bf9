/* yinxin-signer: opens its journal and keys, gives up what it does not need, and answers portal and ceremony. */
#include "base/log.h"
#include "cmd/daemon.h"
#include "ipc/peer.h"
#include "pki/profile.h"
#include "server/signer/signer.h"
#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/time.h>

enum { FILES_MAX = 128, BACKLOG = 32, TICK_USEC = 500000 };

static const struct conf_opt options[] = {
	{"socket", CONF_PATH, NULL, 0, 0, NULL, "监听的 unix 套接字"},
	{"dir", CONF_PATH, NULL, 0, 0, NULL, "签发日志与密钥目录,权限 0700"},
	{"escrow_socket", CONF_PATH, NULL, 0, 0, NULL, "密钥托管服务的 unix 套接字"},
	{"profiles", CONF_PATH, NULL, 0, 0, NULL, "证书模板文件 profiles.json"},
	{"user", CONF_STR, "yinxin-signer", 0, 0, NULL, "以 root 启动时切换到的系统用户"},
	{"portal_user", CONF_STR, "yinxin-portal", 0, 0, NULL, "仪式结束后允许连接的系统用户"},
	{"notary_user", CONF_STR, "yinxin-notary", 0, 0, NULL, "仪式结束后可读取签发日志的系统用户"},
	{"admin_user", CONF_STR, "root", 0, 0, NULL, "举行初始化仪式的系统用户"},
	{"crl_url", CONF_STR, "", 0, 0, NULL, "写入证书的 CRL 地址,留空不写"},
	{"root_crl_url", CONF_STR, "", 0, 0, NULL, "写入签发机构证书的根证书 CRL 地址,仅初始化仪式使用,留空不写"},
	{"ocsp_url", CONF_STR, "", 0, 0, NULL, "写入证书的证书状态查询(OCSP)地址,留空不写"},
	{"ca_url", CONF_STR, "", 0, 0, NULL, "写入证书的签发者证书地址,留空不写"},
	{"maker_may_accept", CONF_BOOL, "no", 0, 0, NULL, "双人窗口:制证员可由受理员兼任"},
	{"renew_days", CONF_INT, "60", 1, 3660, NULL, "持有人可在证书到期前多少天内自助更新"},
	{"writes_per_minute", CONF_INT, "120", 0, 1000000, NULL,
         "每类调用方每分钟的签发与变更请求数,可一次用完十分钟的量;0 为不限"},
	{"clock", CONF_STR, "", 0, 0, NULL, "演示用时钟文件,留空为真实时间"},
	{"memory_mb", CONF_INT, "2048", 0, 65536, NULL, "内存上限(MiB),0 为不限"},
	{NULL},
};

static void on_tick(int number)
{
	(void)number;
}

/* A descriptor that a peer sends along is closed in this thread, by the kernel if not by us, and closing can wait as
 * long as the peer likes (SO_LINGER). A signal ends that wait. Linux 6.16 and later do not let it come so far
 * (ipc/serve.c). */
static void tick(void)
{
	const struct itimerval every = {.it_interval = {.tv_usec = TICK_USEC}, .it_value = {.tv_usec = TICK_USEC}};
	const struct sigaction a = {.sa_handler = on_tick, .sa_flags = SA_RESTART};
	sigaction(SIGALRM, &a, NULL);
	(void)setitimer(ITIMER_REAL, &every, NULL);
}

_Static_assert((int)SIGNER_STOPPED == (int)DAEMON_STOPPED, "a signal sets the one, serve() waits for the other");

/* After a write that failed only a new start reads again what is on disk; the supervisor gives it. */
static bool journal_failed;

/* What the portal and the notary ask many times a minute, and what changes nothing, would bury the lines that count. */
static bool is_routine(const struct ipc_type *request)
{
	return request->type == SIGNER_HELLO || request->type == SIGNER_CRL || request->type == SIGNER_STATUS ||
	       request->type == SIGNER_FEED || request->type == SIGNER_ROSTER_GET;
}

static void report(struct serve_ctx *s, const struct ipc_type *request, enum err e)
{
	(void)s;
	if (e == ERR_JOURNAL) {
		journal_failed = true;
		daemon_stop = SIGNER_STOPPED;
	}
	const char *name = request == NULL ? "refused" : request->name;
	if (e == ERR_OK) {
		if (request != NULL && !is_routine(request))
			LOG(INFO, "answered", {"request", name});
	} else
		LOG(WARN, "denied", {"request", name}, {"code", err_code(e)}, {"name", err_name(e)},
		    {"detail", err_detail()}, {"at", err_where()});
}

struct peers {
	uid_t admin, portal, notary;
	const char *notary_user;
};

/* The socket belongs to the portal's user and the notary's group, and root needs no permission: no other user can
 * connect at all, let alone send. Only an administrator who is none of them leaves it open to all. The peer's uid is
 * checked at accept besides. */
static enum err listen_for(const char *path, const struct peers *p, int *ret_fd)
{
	if (geteuid() != 0)
		return peer_listen(path, 0600, BACKLOG, ret_fd);
	if (p->admin != 0 && p->admin != p->portal)
		return peer_listen_for(path, p->portal, 0666, BACKLOG, ret_fd);
	const struct passwd *pw = getpwnam(p->notary_user);
	TRY(peer_listen_for(path, p->portal, 0600, BACKLOG, ret_fd));
	if (pw != NULL && (lchown(path, (uid_t)-1, pw->pw_gid) != 0 || chmod(path, 0660) != 0))
		return ERR(IO, "%s: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err confine(const struct conf *c)
{
	return daemon_confine(&(struct daemon_cell){.files = FILES_MAX,
	                                            .memory_mb = conf_int(c, "memory_mb"),
	                                            .rw = conf_str(c, "dir"),
	                                            .calls = SANDBOX_KEYHOLDER});
}

/* Until the ceremony is closed nobody but its holder is heard; then the portal, and the notary for what it may read. */
static enum err serve(struct serve_ctx *s, int listener, const struct peers *p)
{
	const uid_t uids[] = {p->admin, p->portal, p->notary}; /* in the order of enum signer_peer */
	struct serve serve;
	enum err e = ERR_OK;
	signer_serve(s, &daemon_stop, &serve);
	serve.uids = uids;
	serve.report = report;
	while (e == ERR_OK && daemon_stop != SIGNER_STOPPED) {
		bool open = signer_state_of(s) == SIGNER_OPEN;
		serve.n_uids = open ? COUNT_OF(uids) : 1;
		LOG(INFO, "ready", {"state", open ? "open" : "ceremony"});
		e = serve_run(listener, &serve);
		int closed = SIGNER_CLOSED_CEREMONY;
		(void)__atomic_compare_exchange_n(&daemon_stop, &closed, SIGNER_RUNNING, false, __ATOMIC_SEQ_CST,
		                                  __ATOMIC_SEQ_CST);
	}
	return e == ERR_OK && journal_failed ? ERR(JOURNAL, "a write failed; starting anew") : e;
}

static enum err run_signer(const struct conf *c, const struct clock *clock, int listener, const struct peers *p)
{
	struct serve_ctx *s = NULL;
	const struct signer_plan plan = {.dir = conf_str(c, "dir"),
	                                 .escrow_socket = conf_str(c, "escrow_socket"),
	                                 .crl_url = conf_str(c, "crl_url"),
	                                 .ca_url = conf_str(c, "ca_url"),
	                                 .ocsp_url = conf_str(c, "ocsp_url"),
	                                 .root_crl_url = conf_str(c, "root_crl_url"),
	                                 .maker_may_accept = conf_bool(c, "maker_may_accept"),
	                                 .renew_days = conf_int(c, "renew_days"),
	                                 .writes_per_minute = conf_int(c, "writes_per_minute"),
	                                 .clock = clock};
	TRY(signer_open(&plan, &s));
	enum err e = confine(c);
	if (e == ERR_OK)
		e = serve(s, listener, p);
	signer_free(s);
	return e;
}

static enum err open_and_run(const struct conf *c, const struct clock *clock)
{
	uid_t own;
	struct peers p = {.notary_user = conf_str(c, "notary_user")};
	int listener = -1;
	TRY(profile_load(conf_str(c, "profiles")));
	TRY(sandbox_uid_of(conf_str(c, "user"), &own));
	TRY(sandbox_uid_of(conf_str(c, "portal_user"), &p.portal));
	TRY(sandbox_uid_of(conf_str(c, "notary_user"), &p.notary));
	TRY(sandbox_uid_of(conf_str(c, "admin_user"), &p.admin));
	if (own == p.portal || p.notary == p.portal)
		LOG(WARN, "not_isolated", {"why", "signer, portal and notary do not each have a user of their own"});
	TRY(daemon_own_dir(conf_str(c, "dir"), own));
	TRY(listen_for(conf_str(c, "socket"), &p, &listener));
	TRY(sandbox_user(conf_str(c, "user")));
	enum err e = run_signer(c, clock, listener, &p);
	(void)close(listener);
	return e;
}

static enum err run(const struct conf *c, const struct clock *clock)
{
	tick();
	enum err e = open_and_run(c, clock);
	if (e == ERR_CEREMONY_CUT)
		LOG(ERROR, "remedy", {"do", err_remedy_shell(e)});
	return e;
}

int main(int argc, char **argv)
{
	const struct daemon d = {
		.program = "yinxin-signer", .purpose = "证书签发服务", .log = "signer", .options = options, .run = run};

	return daemon_main(&d, argc, argv);
}
