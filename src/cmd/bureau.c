#include "cmd/bureau.h"
#include "base/file.h"
#include "base/text.h"
#include "gm/sm3.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef YX_DATADIR
#define YX_DATADIR "/usr/local/share/yinxin"
#endif
#ifndef YX_LIBDIR
#define YX_LIBDIR "/usr/local/lib"
#endif

static enum err copy(char *to, size_t size, const char *from)
{
	if (strlen(from) >= size)
		return ERR(CONFIG, "path too long: %s", from);
	memcpy(to, from, strlen(from) + 1);
	return ERR_OK;
}

static enum err join(char *to, size_t size, const char *folder, const char *name)
{
	int n = snprintf(to, size, "%s/%s", folder, name);
	if (n < 0 || (size_t)n >= size)
		return ERR(CONFIG, "path too long: %s/%s", folder, name);
	return ERR_OK;
}

enum err bureau_path(const struct bureau *b, const char *name, char *ret, size_t size)
{
	return join(ret, size, b->data, name);
}

static enum err env_port(const char *name, unsigned otherwise, unsigned *ret_port)
{
	const char *text = getenv(name);
	int64_t v = otherwise;
	if (text && *text) {
		enum err e = text_i64(span_str(text), 1, 65535, &v);
		if (e)
			return ERR(CONFIG, "%s must be a port number 1..65535", name);
	}
	*ret_port = (unsigned)v;
	return ERR_OK;
}

static enum err env_pin(char *to, size_t size)
{
	const char *text = getenv("YINXIN_PIN");
	if (!text || !*text)
		text = "web";
	if (strcmp(text, "web") != 0 && strcmp(text, "pinentry") != 0)
		return ERR(CONFIG, "YINXIN_PIN must be web or pinentry");
	return copy(to, size, text);
}

static enum err absolute(const char *path, char *to, size_t size)
{
	char here[PATH_MAX];
	if (path[0] == '/')
		return copy(to, size, path);
	if (!getcwd(here, sizeof here))
		return ERR(IO, "current folder: %s", strerror(errno));
	return join(to, size, here, path);
}

/* In the build tree the programs lie in BUILD/src/cmd; installed, in PREFIX/bin. */
static enum err find_parts(struct bureau *b)
{
	char exe[PATH_MAX], path[BUREAU_PATH_MAX * 2];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
	if (n <= 0)
		return ERR(IO, "/proc/self/exe: %s", strerror(errno));
	exe[n] = 0;
	*strrchr(exe, '/') = 0;
	TRY(copy(b->bin, sizeof b->bin, exe));
	TRY(join(path, sizeof path, exe, "../../build.ninja"));
	bool tree = file_exists(path);
	const char *share = getenv("YINXIN_SHARE");
	TRY(copy(b->share, sizeof b->share, share && *share ? share : tree ? YX_SOURCE_SHARE : YX_DATADIR));
	TRY(tree ? join(path, sizeof path, exe, "../../www") : join(path, sizeof path, b->share, "www"));
	TRY(copy(b->www, sizeof b->www, file_exists(path) ? path : ""));
	TRY(tree ? join(path, sizeof path, exe, "../client/skf/libyxskf.so") : copy(path, sizeof path, YX_LIBDIR "/libyxskf.so"));
	char *real = realpath(path, NULL);
	enum err e = real ? copy(b->skf, sizeof b->skf, real) : ERR(CONFIG, "no %s", path);
	free(real);
	return e;
}

enum err bureau_find(struct bureau *ret_b)
{
	struct bureau b = {.root = geteuid() == 0};
	const char *data = getenv("YINXIN_DATA");
	TRY(absolute(data && *data ? data : "var", b.data, sizeof b.data));
	TRY(env_port("YINXIN_PORT", 8600, &b.port));
	TRY(env_port("YINXIN_AGENT_PORT", 8610, &b.agent_port));
	if (b.port == b.agent_port)
		return ERR(CONFIG, "YINXIN_PORT and YINXIN_AGENT_PORT must differ");
	TRY(env_pin(b.pin, sizeof b.pin));
	TRY(find_parts(&b));
	snprintf(b.origin, sizeof b.origin, "http://localhost:%u", b.port);
	snprintf(b.agent_origin, sizeof b.agent_origin, "http://127.0.0.1:%u", b.agent_port);
	*ret_b = b;
	return ERR_OK;
}

/* --- folders --- */

static const struct {
	const char *name, *owner; /* NULL: the caller */
	mode_t mode;
} FOLDERS[] = {
	{"ca", NULL, 0755},           {"ceremony", NULL, 0700},       {"conf", NULL, 0755},
	{"log", NULL, 0700},          {"edge", NULL, 0755},           {"edge/www", NULL, 0755},       {"edge/nginx", NULL, 0755},
	{"keys", NULL, 0700},         {"slots", NULL, 0700},          {"run", NULL, 0755},
	{"signer", "yinxin-signer", 0700},    {"escrow", "yinxin-escrow", 0700},    {"notary", "yinxin-notary", 0700},
	{"run/signer", "yinxin-signer", 0755}, {"run/escrow", "yinxin-escrow", 0755},
	{"run/notary", "yinxin-notary", 0755}, {"run/portal", "yinxin-portal", 0755},
	{"run/convert", "yinxin-portal", 0755},
};

static enum err own(const char *path, const char *user)
{
	struct passwd *pw = getpwnam(user);
	if (!pw)
		return ERR(CONFIG, "no system user %s; run tools/setup as root", user);
	if (chown(path, pw->pw_uid, pw->pw_gid) != 0)
		return ERR(IO, "chown %s: %s", path, strerror(errno));
	return ERR_OK;
}

/* Whether everybody may pass through every folder above path. */
static bool reachable(const char *path)
{
	char part[BUREAU_PATH_MAX];
	struct stat st;
	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		memcpy(part, path, i);
		part[i] = 0;
		if (stat(part, &st) == 0 && !(st.st_mode & S_IXOTH))
			return false;
	}
	return true;
}

static enum err move_within_reach(struct bureau *b)
{
	uint8_t digest[SM3_LEN];
	char target[BUREAU_PATH_MAX];
	struct stat st;
	if (lstat(b->data, &st) == 0 && S_ISLNK(st.st_mode)) {
		ssize_t n = readlink(b->data, target, sizeof target - 1);
		if (n <= 0)
			return ERR(IO, "readlink %s", b->data);
		target[n] = 0;
		return copy(b->data, sizeof b->data, target);
	}
	if (reachable(b->data))
		return ERR_OK;
	if (lstat(b->data, &st) == 0)
		return ERR(CONFIG, "%s cannot be reached by the system users; set YINXIN_DATA elsewhere", b->data);
	TRY(sm3_digest(span_str(b->data), digest));
	snprintf(target, sizeof target, "/var/lib/yinxin/%02x%02x%02x%02x", digest[0], digest[1], digest[2], digest[3]);
	TRY(file_mkdir(target, 0755));
	if (symlink(target, b->data) != 0)
		return ERR(IO, "symlink %s: %s", b->data, strerror(errno));
	printf("数据目录 %s 放在 %s(各系统用户须能到达)\n", b->data, target);
	return copy(b->data, sizeof b->data, target);
}

enum err bureau_folders(struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	if (b->root)
		TRY(move_within_reach(b));
	TRY(file_mkdir(b->data, 0755));
	/* The portal creates database files here but, the bit being sticky, cannot touch what others own. */
	if (b->root) {
		struct passwd *pw = getpwnam("yinxin-portal");
		if (!pw)
			return ERR(CONFIG, "no system user yinxin-portal; run tools/setup as root");
		if (chown(b->data, 0, pw->pw_gid) != 0 || chmod(b->data, 01775) != 0)
			return ERR(IO, "owner of %s: %s", b->data, strerror(errno));
	}
	for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
		TRY(bureau_path(b, FOLDERS[i].name, path, sizeof path));
		TRY(file_mkdir(path, FOLDERS[i].mode));
		if (b->root && FOLDERS[i].owner)
			TRY(own(path, FOLDERS[i].owner));
	}
	if (strlen(b->data) > 80)
		return ERR(CONFIG, "YINXIN_DATA is too long for unix sockets: %s", b->data);
	return ERR_OK;
}

enum err bureau_give_database(const struct bureau *b)
{
	static const char *const FILES[] = {"yinxin.db", "yinxin.db-wal", "yinxin.db-shm"};
	char path[BUREAU_PATH_MAX];
	for (size_t i = 0; b->root && i < COUNT_OF(FILES); i++) {
		TRY(bureau_path(b, FILES[i], path, sizeof path));
		if (file_exists(path))
			TRY(own(path, "yinxin-portal"));
	}
	return ERR_OK;
}
