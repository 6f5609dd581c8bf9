#include "client/agent/link.h"
#include "base/clock.h"
#include "base/log.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PAUSE_FIRST_MS = 500, PAUSE_MAX_MS = 30000, PROVEN_MS = 10000, ENV_MAX = 256 };

struct link {
	pthread_mutex_t calling; /* held for the length of a call */
	pthread_mutex_t lock;    /* guards the fields below */
	pid_t pid;               /* 0: none */
	int fd;
	bool stopped;
	int64_t started_ms, next_start_ms, pause_ms;
	char *library, *slots, *clock;
	struct buf root, ca;
	int timeout_ms;
};

enum err link_new(const struct link_conf *conf, struct link **ret_l)
{
	AUTO(link) l = calloc(1, sizeof(*l));

	if (l == NULL)
		return ERR(NOMEM, "link");
	pthread_mutex_init(&l->calling, NULL);
	pthread_mutex_init(&l->lock, NULL);
	l->fd = -1;
	l->pause_ms = PAUSE_FIRST_MS;
	l->timeout_ms = conf->timeout_ms;
	l->library = strdup(conf->library);
	l->slots = strdup(conf->slots);
	l->clock = strdup(conf->clock);
	buf_init(&l->root, CERT_DER_MAX);
	buf_init(&l->ca, CERT_DER_MAX);
	buf_put(&l->root, conf->root);
	buf_put(&l->ca, conf->ca);
	if (l->library == NULL || l->slots == NULL || l->clock == NULL)
		return ERR(NOMEM, "link");
	TRY(buf_err(&l->root));
	TRY(buf_err(&l->ca));
	*ret_l = STEAL(l);
	return ERR_OK;
}

/* With the lock held. The process is ours and not yet waited for, so its id cannot belong to another. */
static void end_helper(struct link *l)
{
	if (l->pid > 0) {
		kill(l->pid, SIGKILL);
		while (waitpid(l->pid, NULL, 0) < 0 && errno == EINTR)
			;
	}
	l->pid = 0;
	if (l->fd >= 0)
		close(l->fd);
	l->fd = -1;
}

void link_free(struct link *l)
{
	if (l == NULL)
		return;
	link_stop(l);
	buf_done(&l->root);
	buf_done(&l->ca);
	free(l->library);
	free(l->slots);
	free(l->clock);
	pthread_mutex_destroy(&l->calling);
	pthread_mutex_destroy(&l->lock);
	free(l);
}

/* --- starting --- */

/* Between fork and exec only async-signal-safe calls: other threads may hold any lock. */
static _Noreturn void become_helper(const struct link *l, int fd, char *const env[])
{
	char exe[] = "/proc/self/exe", option[] = "--skf-helper";
	char *const argv[] = {exe, option, l->library, NULL};
	sigset_t none;
	int null_fd = open("/dev/null", O_RDWR);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	/* First away from the low numbers, then into place. */
	fd = fcntl(fd, F_DUPFD, 16);
	if (null_fd < 0 || fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(fd, HELPER_FD) < 0)
		_exit(127);
	close_range(HELPER_FD + 1, ~0u, 0);
	execve(exe, argv, env);
	_exit(127);
}

/* Replaces one variable of the list, or leaves it alone when value is empty. */
static void put_env(char *env[ENV_MAX], size_t *n, const char *name, const char *value, char *room, size_t len)
{
	size_t name_len = strlen(name), kept = 0;

	if (!value[0])
		return;
	for (size_t i = 0; i < *n; i++)
		if (strncmp(env[i], name, name_len) != 0 || env[i][name_len] != '=')
			env[kept++] = env[i];
	snprintf(room, len, "%s=%s", name, value);
	env[kept++] = room;
	*n = kept;
}

struct env {
	char slots[4200], clock[4200], *list[ENV_MAX];
};

/* The own environment; what does not fit is left out. */
static void make_env(const struct link *l, struct env *e)
{
	size_t n = 0;

	for (char **v = environ; *v != NULL && n < ENV_MAX - 3; v++)
		e->list[n++] = *v;
	put_env(e->list, &n, "YINXIN_SLOTS", l->slots, e->slots, sizeof(e->slots));
	put_env(e->list, &n, "YINXIN_CLOCK", l->clock, e->clock, sizeof(e->clock));
	e->list[n] = NULL;
}

static enum err start_helper(struct link *l)
{
	struct env env;
	int pair[2];

	make_env(l, &env);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return ERR(IO, "socketpair: %s", strerror(errno));
	pid_t pid = fork();
	if (pid == 0)
		become_helper(l, pair[1], env.list);
	close(pair[1]);
	if (pid < 0) {
		close(pair[0]);
		return ERR(IO, "fork: %s", strerror(errno));
	}
	l->pid = pid;
	l->fd = pair[0];
	return ERR_OK;
}

static enum err send_trust(struct link *l)
{
	AUTO(ipc_msg) m = NULL;

	TRY(ipc_msg_new(SKF_TRUST, &m));
	ipc_put(m, TAG_ROOT, buf_span(&l->root));
	ipc_put(m, TAG_CA, buf_span(&l->ca));
	return link_call(l, m, false, NULL, NULL);
}

static bool may_start(struct link *l)
{
	bool start;

	pthread_mutex_lock(&l->lock);
	start = l->pid == 0 && !l->stopped && clock_mono_ms() >= l->next_start_ms;
	if (start) {
		l->started_ms = clock_mono_ms();
		l->next_start_ms = l->started_ms + l->pause_ms;
		l->pause_ms = l->pause_ms * 2 < PAUSE_MAX_MS ? l->pause_ms * 2 : PAUSE_MAX_MS;
		enum err e = start_helper(l);
		start = e == ERR_OK;
		if (e != ERR_OK)
			log_err("helper", e);
	}
	pthread_mutex_unlock(&l->lock);
	return start;
}

void link_tend(struct link *l)
{
	if (!may_start(l))
		return;
	LOG(INFO, "helper", {"library", l->library});
	enum err e = send_trust(l);
	if (e != ERR_OK)
		log_err("helper", e);
}

bool link_is_up(struct link *l)
{
	pthread_mutex_lock(&l->lock);
	bool up = l->pid > 0;
	pthread_mutex_unlock(&l->lock);
	return up;
}

void link_stop(struct link *l)
{
	pthread_mutex_lock(&l->lock);
	l->stopped = true;
	if (l->pid > 0)
		kill(l->pid, SIGKILL);
	pthread_mutex_unlock(&l->lock);
	/* A call under way ends now that the helper is dead; only then may its descriptor be closed. */
	pthread_mutex_lock(&l->calling);
	pthread_mutex_lock(&l->lock);
	end_helper(l);
	pthread_mutex_unlock(&l->lock);
	pthread_mutex_unlock(&l->calling);
}

/* --- calling --- */

static enum err helper_failed(struct link *l, enum err e)
{
	pthread_mutex_lock(&l->lock);
	end_helper(l);
	/* One that served for a while starts again soon; one that dies at once is given longer and longer pauses. */
	if (clock_mono_ms() - l->started_ms > PROVEN_MS)
		l->pause_ms = PAUSE_FIRST_MS;
	l->next_start_ms = clock_mono_ms() + l->pause_ms;
	pthread_mutex_unlock(&l->lock);
	log_err("helper-lost", e);
	if (e == ERR_TIMEOUT)
		return ERR(TIMEOUT, "%s does not answer", l->library);
	return ERR(LIB_ABSENT, "helper of %s ended", l->library);
}

/* Codes outside the table read as internal errors. */
static enum err from_code(const struct ipc_msg *answer)
{
	char code[16] = "", detail[257] = "";
	struct span c = ipc_get(answer, TAG_CODE), d = ipc_get(answer, TAG_DETAIL);

	if (span_eq_str(c, "ok"))
		return ERR_OK;
	memcpy(code, c.ptr, c.len);
	for (size_t i = 0; i < d.len; i++)
		detail[i] = d.ptr[i] >= ' ' && d.ptr[i] <= '~' ? (char)d.ptr[i] : '?';
	return err_raise(err_from_code(code), __FILE__, __LINE__, "%s", detail);
}

static enum err call(struct link *l, const struct ipc_msg *m, unsigned *ret_tries, struct ipc_msg **ret_answer)
{
	AUTO(ipc_msg) answer = NULL;
	uint64_t tries;

	if (!link_is_up(l))
		return ERR(LIB_ABSENT, "no helper for %s", l->library);
	enum err e = ipc_call(l->fd, m, &skf_answer, l->timeout_ms, &answer);
	if (e != ERR_OK)
		return helper_failed(l, e);
	if (ret_tries != NULL && ipc_has(answer, TAG_TRIES) && ipc_get_u64(answer, TAG_TRIES, &tries) == ERR_OK)
		*ret_tries = (unsigned)tries;
	TRY(from_code(answer));
	if (ret_answer != NULL)
		*ret_answer = STEAL(answer);
	return ERR_OK;
}

enum err link_call(struct link *l, const struct ipc_msg *m, bool try_only, unsigned *ret_tries,
                   struct ipc_msg **ret_answer)
{
	if (try_only && pthread_mutex_trylock(&l->calling) != 0)
		return ERR(BUSY, "library is in use");
	if (!try_only)
		pthread_mutex_lock(&l->calling);
	enum err e = call(l, m, ret_tries, ret_answer);
	pthread_mutex_unlock(&l->calling);
	return e;
}
