/* yxcard: the process in which virtual UKeys live. Each inserted key is a card state machine behind a slot socket. */
#include "base/clock.h"
#include "base/conf.h"
#include "base/log.h"
#include "base/secret.h"
#include "client/reader/bay.h"
#include "cmd/complain.h"
#include "gm/start.h"
#include "sandbox/sandbox.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct conf_opt options[] = {
	{"keys", CONF_PATH, NULL, 0, 0, NULL, "介质映像所在目录(NAME.card)"},
	{"slots", CONF_PATH, NULL, 0, 0, NULL, "插槽套接字所在目录"},
	{"count", CONF_INT, "2", 1, BAY_SLOTS_MAX, NULL, "插槽个数"},
	{"restore", CONF_BOOL, "no", 0, 0, NULL, "重新插入上次异常结束前插着的介质(同 --restore)"},
	{"clock", CONF_STR, "", 0, 0, NULL, "演示用时钟文件,只用于日志时间"},
	{NULL, CONF_STR, NULL, 0, 0, NULL, NULL},
};
static volatile sig_atomic_t stop;

static void on_signal(int sig)
{
	(void)sig;
	stop = 1;
}

/* Signals arrive only while the loop waits, so none is missed between its test and its wait. */
static void catch_signals(sigset_t *ret_wait_mask)
{
	struct sigaction a = {.sa_handler = on_signal};
	sigset_t block;

	sigemptyset(&a.sa_mask);
	sigaction(SIGTERM, &a, NULL);
	sigaction(SIGINT, &a, NULL);
	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&block);
	sigaddset(&block, SIGTERM);
	sigaddset(&block, SIGINT);
	sigprocmask(SIG_BLOCK, &block, ret_wait_mask);
	sigdelset(ret_wait_mask, SIGTERM);
	sigdelset(ret_wait_mask, SIGINT);
}

static void on_event(const char *what, const char *slot, const char *name)
{
	LOG(INFO, what, {"slot", slot}, {"key", name});
}

/* --restore is the long form of -o restore=yes. */
static enum err read_args(int argc, char **argv, struct conf **ret_c)
{
	static char set[] = "-o", yes[] = "restore=yes";
	char *plain[64];
	int n = 0;

	if (argc > (int)COUNT_OF(plain) / 2) {
		fprintf(stderr, "yxcard: 参数过多;用法见 yxcard --help\n");
		return ERR(USAGE, "too many arguments");
	}
	for (int i = 0; i < argc; i++) {
		if (strcmp(argv[i], "--restore") != 0) {
			plain[n++] = argv[i];
			continue;
		}
		plain[n++] = set;
		plain[n++] = yes;
	}
	plain[n] = NULL;
	return conf_main(n, plain, "yxcard", "虚拟介质与插槽", options, ret_c);
}

static enum err serve(const struct conf *c)
{
	AUTO(bay) bay = NULL;
	sigset_t wait_mask;
	bool filtered = false, fenced = false;
	const char *const ro[] = {NULL}, *const rw[] = {conf_str(c, "keys"), conf_str(c, "slots"), NULL};
	const struct bay_conf bc = {.keys = conf_str(c, "keys"),
	                            .slots = conf_str(c, "slots"),
	                            .count = (unsigned)conf_int(c, "count"),
	                            .restore = conf_bool(c, "restore"),
	                            .event = on_event};

	catch_signals(&wait_mask);
	TRY(gm_start());
	TRY(bay_open(&bc, &bay));
	TRY(sandbox_limits(0, 0)); /* descriptors are bounded by BAY_CONNS_MAX already */
	TRY(sandbox_paths(ro, rw, &fenced));
	TRY(sandbox_syscalls(SANDBOX_CARD, &filtered));
	LOG(INFO, "ready", {"slots", bc.slots}, {"filter", filtered ? "yes" : "no"}, {"fence", fenced ? "yes" : "no"});
	enum err e = bay_run(bay, &stop, &wait_mask);
	LOG(INFO, "end", {"reason", e == ERR_OK ? "signal" : "error"});
	return e;
}

int main(int argc, char **argv)
{
	AUTO(conf) c = NULL;
	AUTO(clock) clock = NULL;

	secret_process_harden();
	enum err e = read_args(argc, argv, &c);
	if (e != ERR_OK)
		return e == ERR_USAGE ? 2 : 1;
	log_open("yxcard", LOG_INFO);
	if (conf_str(c, "clock")[0] && clock_open(conf_str(c, "clock"), &clock) == ERR_OK)
		log_clock(clock);
	e = serve(c);
	if (e == ERR_OK)
		return 0;
	return complain("yxcard", e);
}
