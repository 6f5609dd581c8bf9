/* yinxin-agent: serves pages of permitted sites on loopback; with --skf-helper, the process that holds an SKF library.
 */
#include "base/log.h"
#include "client/agent/agent.h"
#include "client/agent/skf_lib.h"
#include "cmd/complain.h"
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

static enum err stop_signals(int *ret_fd)
{
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGHUP);
	if (pthread_sigmask(SIG_BLOCK, &set, NULL) != 0)
		return ERR(INTERNAL, "signals");
	int fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (fd < 0)
		return ERR(IO, "signalfd");
	*ret_fd = fd;
	return ERR_OK;
}

static enum log_level level_of(const char *name)
{
	static const char *const names[] = {"debug", "info", "warn", "error"};
	size_t i = 0;

	while (i < COUNT_OF(names) - 1 && strcmp(name, names[i]) != 0)
		i++;
	return (enum log_level)i;
}

static enum err run(const struct conf *conf)
{
	AUTO(agent) a = NULL;
	int stop_fd;

	log_open("agent", level_of(conf_str(conf, "log")));
	TRY(stop_signals(&stop_fd));
	TRY(agent_open(conf, &a));
	enum err e = agent_run(a, stop_fd);
	if (a->connections > 0) {
		/* A request that would not end in time still uses the agent's memory; the kernel takes it all back. */
		LOG(WARN, "ended", {"why", "requests under way"});
		_exit(e == ERR_OK ? 0 : 1);
	}
	LOG(INFO, "ended");
	close(stop_fd);
	return e;
}

int main(int argc, char **argv)
{
	AUTO(conf) conf = NULL;

	if (argc == 3 && strcmp(argv[1], "--skf-helper") == 0)
		return skf_helper_main(argv[2]);
	secret_process_harden();
	enum err e = conf_main(argc, argv, "yinxin-agent", "浏览器与证书介质之间的本机助手", agent_options, &conf);
	if (e != ERR_OK)
		return e == ERR_USAGE ? 2 : 1;
	e = run(conf);
	if (e == ERR_OK)
		return 0;
	if (e == ERR_EXISTS)
		e = ERR(STATE, "%s;请先退出另一个证书助手", err_detail());
	return complain("yinxin-agent", e);
}
