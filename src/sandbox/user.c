#include "sandbox/sandbox.h"
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

enum { PASSWD_BYTES = 16384 };

struct ids {
	uid_t uid;
	gid_t gid;
};

static enum err ids_of(const char *name, struct ids *ret_ids)
{
	struct passwd pw, *found = NULL;
	char *room = malloc(PASSWD_BYTES);

	if (room == NULL)
		return ERR(NOMEM, "user %s", name);
	int rc = getpwnam_r(name, &pw, room, PASSWD_BYTES, &found);
	if (found != NULL)
		*ret_ids = (struct ids){pw.pw_uid, pw.pw_gid};
	free(room);
	if (found == NULL && rc != 0 && rc != ENOENT)
		return ERR(IO, "user %s: %s", name, strerror(rc));
	return found != NULL ? ERR_OK : ERR(ABSENT, "no system user is called %s", name);
}

enum err sandbox_uid_of(const char *name, uid_t *ret_uid)
{
	struct ids ids = {0};

	if (geteuid() != 0) {
		*ret_uid = geteuid();
		return ERR_OK;
	}
	TRY(ids_of(name, &ids));
	*ret_uid = ids.uid;
	return ERR_OK;
}

/* The calls said yes; whether it is so, and for good, is asked again. */
static enum err verify(const struct ids *want)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	if (getresuid(&r, &e, &s) != 0 || getresgid(&gr, &ge, &gs) != 0)
		return ERR(IO, "reading ids: %s", strerror(errno));
	if (r != want->uid || e != want->uid || s != want->uid || gr != want->gid || ge != want->gid || gs != want->gid)
		return ERR(INTERNAL, "ids are not those asked for");
	if (getgroups(0, NULL) != 0)
		return ERR(INTERNAL, "supplementary groups are left");
	if (setresuid(0, 0, 0) == 0 || setresgid(0, 0, 0) == 0)
		return ERR(INTERNAL, "privileges can be taken back");
	return ERR_OK;
}

enum err sandbox_user(const char *name)
{
	struct ids ids = {0};
	int parent_signal = 0;

	if (geteuid() != 0)
		return ERR_OK;
	TRY(ids_of(name, &ids));
	if (ids.uid == 0 || ids.gid == 0)
		return ERR(CONFIG, "user %s is root", name);
	/* The kernel forgets the signal for the parent's death when the uid changes. */
	(void)prctl(PR_GET_PDEATHSIG, &parent_signal, 0, 0, 0);
	if (setgroups(0, NULL) != 0)
		return ERR(DENIED, "setgroups: %s", strerror(errno));
	if (setresgid(ids.gid, ids.gid, ids.gid) != 0)
		return ERR(DENIED, "setresgid: %s", strerror(errno));
	if (setresuid(ids.uid, ids.uid, ids.uid) != 0)
		return ERR(DENIED, "setresuid: %s", strerror(errno));
	(void)prctl(PR_SET_PDEATHSIG, parent_signal, 0, 0, 0);
	return verify(&ids);
}

static enum err limit(__rlimit_resource_t what, rlim_t value)
{
	struct rlimit now;

	if (getrlimit(what, &now) != 0)
		return ERR(IO, "getrlimit: %s", strerror(errno));
	/* Never upwards past what the starter allowed. */
	if (now.rlim_max != RLIM_INFINITY && value > now.rlim_max)
		value = now.rlim_max;
	now = (struct rlimit){value, value};
	if (setrlimit(what, &now) != 0)
		return ERR(IO, "setrlimit: %s", strerror(errno));
	return ERR_OK;
}

/* An address sanitizer reserves terabytes for its shadow: there this limit would only end the test. */
static enum err limit_memory(rlim_t bytes)
{
#ifdef __SANITIZE_ADDRESS__
	(void)bytes;
	return ERR_OK;
#else
	return limit(RLIMIT_AS, bytes);
#endif
}

enum err sandbox_limits(unsigned files, unsigned long memory_bytes)
{
	TRY(limit(RLIMIT_CORE, 0));
	if (files > 0)
		TRY(limit(RLIMIT_NOFILE, files));
	if (memory_bytes > 0)
		TRY(limit_memory(memory_bytes));
	return ERR_OK;
}
