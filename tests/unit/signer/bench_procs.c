#include "bench_procs.h"
#include "base/file.h"
#include "ipc/peer.h"
#include <dirent.h>
#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { READY_MS = 10000, ARGS_MAX = 40, FILE_MAX = 8 << 20 };

void procs_path(const struct procs *p, const char *name, char ret[NAME_LEN])
{
	assert_true(snprintf(ret, NAME_LEN, "%s/%s", p->dir, name) < NAME_LEN);
}

static uid_t uid_of(const char *name)
{
	const struct passwd *pw = getpwnam(name);
	assert_non_null(pw);
	return pw->pw_uid;
}

static void become(uid_t uid)
{
	if (getuid() == 0)
		assert_int_equal(seteuid(uid), 0);
}

void procs_be_admin(void)
{
	become(0);
	(void)!setegid(0);
}

void procs_be_portal(void)
{
	become(0);
	become(uid_of("www-data"));
}

/* With his group, which opens the signer's socket to him. */
void procs_be_notary(void)
{
	const struct passwd *pw = getpwnam("news");
	become(0);
	if (pw == NULL || setegid(pw->pw_gid) != 0)
		fail_msg("group of news");
	become(pw->pw_uid);
}

void procs_be_stranger(void)
{
	become(0);
	become(uid_of("nobody"));
}

/* --- start --- */

struct command {
	char text[ARGS_MAX][NAME_LEN + 32];
	char *argv[ARGS_MAX + 1];
	int n;
};

static void arg(struct command *c, const char *value)
{
	assert_true(c->n < ARGS_MAX && strlen(value) < sizeof(c->text[0]));
	memcpy(c->text[c->n], value, strlen(value) + 1);
	c->argv[c->n] = c->text[c->n];
	c->argv[++c->n] = NULL;
}

static void option(struct command *c, const char *key, const char *value)
{
	char text[NAME_LEN + 32];
	assert_true(snprintf(text, sizeof(text), "%s=%s", key, value) < (int)sizeof(text));
	arg(c, "-o");
	arg(c, text);
}

static pid_t spawn(const struct procs *p, const char *name, const struct command *c)
{
	char log[NAME_LEN];
	procs_path(p, name, log);
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid > 0)
		return pid;
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0644);
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (fd < 0 || dup2(fd, 2) < 0 || dup2(fd, 1) < 0)
		_exit(126);
	execv(c->argv[0], c->argv);
	_exit(127);
}

static void program(struct command *c, const char *variable)
{
	const char *path = getenv(variable);
	if (path == NULL || access(path, X_OK) != 0)
		fail_msg("%s does not name the program under test", variable);
	arg(c, path);
}

static void signer_command(const struct procs *p, struct command *c)
{
	char dir[NAME_LEN];
	procs_path(p, "signer", dir);
	program(c, "YX_SIGNER");
	option(c, "socket", p->signer_socket);
	option(c, "escrow_socket", p->escrow_socket);
	option(c, "dir", dir);
	option(c, "clock", p->clock_path);
	option(c, "profiles", getenv("YX_PROFILES"));
	option(c, "user", "daemon");
	option(c, "portal_user", "www-data");
	option(c, "notary_user", "news");
	option(c, "crl_url", "http://localhost:8600/crl/ca.crl");
	option(c, "root_crl_url", "http://localhost:8600/crl/root.crl");
	for (size_t i = 0; i < COUNT_OF(p->signer_options) && p->signer_options[i] != NULL; i++) {
		arg(c, "-o");
		arg(c, p->signer_options[i]);
	}
}

static void escrow_command(const struct procs *p, struct command *c)
{
	char dir[NAME_LEN];
	procs_path(p, "escrow", dir);
	program(c, "YX_ESCROW");
	option(c, "socket", p->escrow_socket);
	option(c, "dir", dir);
	option(c, "clock", p->clock_path);
	option(c, "user", "games");
	option(c, "signer_user", "daemon");
}

/* The socket file appears before the program listens to it; a HELLO tells. */
static void wait_signer(const struct procs *p)
{
	for (int64_t until = clock_mono_ms() + READY_MS; clock_mono_ms() < until; usleep(5000)) {
		struct signer_hello h = {0};
		enum err e = signer_hello(p->client, &h);
		err_clear();
		if (e == ERR_OK) {
			signer_hello_done(&h);
			return;
		}
		assert_int_equal(waitpid(p->signer, NULL, WNOHANG), 0);
	}
	fail_msg("the signer does not answer; see %s/signer.log", p->dir);
}

void procs_start_signer(struct procs *p)
{
	struct command c = {.n = 0};
	signer_command(p, &c);
	p->signer = spawn(p, "signer.log", &c);
	wait_signer(p);
}

int procs_run_signer(struct procs *p)
{
	int status = 0;
	struct command c = {.n = 0};
	signer_command(p, &c);
	pid_t pid = spawn(p, "signer.log", &c);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* As root the last thing that it does before it serves is to give the socket to the signer. */
static bool escrow_listens(const struct procs *p)
{
	int fd = -1;
	struct stat st;
	if (getuid() == 0)
		return stat(p->escrow_socket, &st) == 0 && st.st_uid == uid_of("daemon");
	if (peer_connect(p->escrow_socket, 100, &fd) != ERR_OK)
		return false;
	(void)close(fd);
	return true;
}

void procs_start_escrow(struct procs *p)
{
	struct command c = {.n = 0};
	escrow_command(p, &c);
	p->escrow = spawn(p, "escrow.log", &c);
	for (int64_t until = clock_mono_ms() + READY_MS; !escrow_listens(p); usleep(2000))
		assert_true(clock_mono_ms() < until);
	err_clear();
}

static void end(pid_t *pid, int number)
{
	if (*pid <= 0)
		return;
	(void)kill(*pid, number);
	(void)waitpid(*pid, NULL, 0);
	*pid = 0;
}

void procs_kill_signer(struct procs *p)
{
	end(&p->signer, SIGKILL);
}

void procs_kill_escrow(struct procs *p)
{
	end(&p->escrow, SIGKILL);
	(void)unlink(p->escrow_socket); /* procs_start_escrow waits for the new one */
}

void procs_start(struct procs *p)
{
	char template[] = "/tmp/yx-signer-XXXXXX";
	assert_non_null(mkdtemp(template));
	memcpy(p->dir, template, sizeof(template));
	assert_int_equal(chmod(p->dir, 0755), 0);
	procs_path(p, "signer.sock", p->signer_socket);
	procs_path(p, "escrow.sock", p->escrow_socket);
	procs_path(p, "clock", p->clock_path);
	OK(clock_set_offset(p->clock_path, 0));
	OK(clock_open(p->clock_path, &p->clock));
	OK(signer_client_new(p->signer_socket, &p->client));
	procs_start_escrow(p);
	procs_start_signer(p);
}

static void remove_tree(const char *path)
{
	DIR *d = opendir(path);
	struct dirent *e;
	while (d != NULL && (e = readdir(d)) != NULL) {
		char inner[NAME_LEN * 2];
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
			continue;
		(void)snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		if (unlink(inner) != 0)
			remove_tree(inner);
	}
	if (d != NULL)
		(void)closedir(d);
	(void)rmdir(path);
}

void procs_stop(struct procs *p)
{
	procs_be_admin();
	end(&p->signer, SIGTERM);
	end(&p->escrow, SIGTERM);
	signer_client_free(p->client);
	clock_free(p->clock);
	if (getenv("YX_KEEP") == NULL)
		remove_tree(p->dir);
	memset(p, 0, sizeof(*p));
}

int64_t procs_now(const struct procs *p)
{
	return clock_now(p->clock);
}

void procs_shift_clock(struct procs *p, int64_t offset_sec)
{
	OK(clock_set_offset(p->clock_path, offset_sec));
}

/* --- looking for what must not be there --- */

static bool file_holds(const char *path, struct span octets)
{
	AUTO_BUF(content, FILE_MAX);
	OK(file_read(path, &content));
	return memmem(content.ptr, content.len, octets.ptr, octets.len) != NULL;
}

static bool tree_holds(const char *path, struct span octets)
{
	bool found = false;
	DIR *d = opendir(path);
	struct dirent *e;
	while (d != NULL && !found && (e = readdir(d)) != NULL) {
		char inner[NAME_LEN * 2];
		struct stat st;
		(void)snprintf(inner, sizeof(inner), "%s/%s", path, e->d_name);
		if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0 || lstat(inner, &st) != 0)
			continue;
		found = S_ISDIR(st.st_mode) ? tree_holds(inner, octets)
		                            : S_ISREG(st.st_mode) && file_holds(inner, octets);
	}
	if (d != NULL)
		(void)closedir(d);
	return found;
}

bool procs_log_says(const struct procs *p, const char *log, const char *text)
{
	char path[NAME_LEN];
	procs_path(p, log, path);
	return file_holds(path, span_str(text));
}

bool procs_files_hold(const struct procs *p, struct span octets)
{
	return tree_holds(p->dir, octets);
}
