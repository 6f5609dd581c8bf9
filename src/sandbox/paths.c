/* landlock by raw system calls: Debian 12's libc has no wrappers. */
#include "sandbox/sandbox.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Rights that later kernels know and this header may not. */
#define RIGHT_REFER    (1ULL << 13) /* ABI 2 */
#define RIGHT_TRUNCATE (1ULL << 14) /* ABI 3 */
#define RIGHTS_ABI_1   ((1ULL << 13) - 1)

static const uint64_t FILE_RIGHTS =
	LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_READ_FILE | RIGHT_TRUNCATE;
static const uint64_t READ_RIGHTS = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t WRITE_RIGHTS =
	LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
	LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
	LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | RIGHT_REFER | RIGHT_TRUNCATE;

static uint64_t rights_known(void)
{
	long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);

	if (abi < 1)
		return 0;
	return RIGHTS_ABI_1 | (abi >= 2 ? RIGHT_REFER : 0) | (abi >= 3 ? RIGHT_TRUNCATE : 0);
}

static enum err add_fd(int ruleset, int fd, const char *path, uint64_t rights)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	if (!S_ISDIR(st.st_mode))
		rights &= FILE_RIGHTS;
	struct landlock_path_beneath_attr a = {.allowed_access = rights, .parent_fd = fd};
	if (syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &a, 0) != 0)
		return ERR(IO, "%s: %s", path, strerror(errno));
	return ERR_OK;
}

static enum err add_paths(int ruleset, const char *const *paths, uint64_t rights)
{
	for (; paths != NULL && *paths != NULL; paths++) {
		int fd = open(*paths, O_PATH | O_CLOEXEC);
		if (fd < 0)
			return ERR(ABSENT, "%s: %s", *paths, strerror(errno));
		enum err e = add_fd(ruleset, fd, *paths, rights);
		close(fd);
		TRY(e);
	}
	return ERR_OK;
}

static enum err enforce(int ruleset, const char *const *ro, const char *const *rw, uint64_t known)
{
	TRY(add_paths(ruleset, ro, READ_RIGHTS & known));
	TRY(add_paths(ruleset, rw, WRITE_RIGHTS & known));
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
		return ERR(IO, "no_new_privs: %s", strerror(errno));
	if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		return ERR(IO, "landlock: %s", strerror(errno));
	return ERR_OK;
}

enum err sandbox_paths(const char *const *ro, const char *const *rw, bool *ret_on)
{
	uint64_t known = rights_known();
	struct landlock_ruleset_attr attr = {.handled_access_fs = known};

	if (known == 0) {
		*ret_on = false;
		return ERR_OK;
	}
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof(attr.handled_access_fs), 0);
	if (ruleset < 0)
		return ERR(IO, "landlock: %s", strerror(errno));
	enum err e = enforce(ruleset, ro, rw, known);
	close(ruleset);
	TRY(e);
	*ret_on = true;
	return ERR_OK;
}
