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
#define YX_DATADIR "share/yinxin"
#endif
#ifndef YX_LIBDIR
#define YX_LIBDIR "lib"
#endif

enum { DATA_LEN_MAX = 80 /* a socket's path has 108 */, TARGETS_MAX = 99 };

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
	if (text != NULL && *text) {
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
	if (text == NULL || !*text)
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
	if (getcwd(here, sizeof(here)) == NULL)
		return ERR(IO, "current folder: %s", strerror(errno));
	return join(to, size, here, path);
}

/* nginx's and our own configuration take a path with blanks, but not one that ends a quoted word or names a variable
 * there. */
static enum err usable(const char *path)
{
	for (const unsigned char *c = (const unsigned char *)path; *c; c++)
		if (*c < 0x20 || *c == 0x7f || strchr("\"'\\$#", *c) != NULL)
			return ERR(CONFIG, "YINXIN_DATA 的路径中不能有引号、反斜杠、$、# 和控制字符");
	return ERR_OK;
}

/* Links are followed once and here: what opens the database refuses them. A link to nowhere names the folder to be
 * made. */
static enum err find_data(struct bureau *b)
{
	const char *data = getenv("YINXIN_DATA");
	char target[BUREAU_PATH_MAX];
	TRY(absolute(data && *data ? data : "var", b->named, sizeof(b->named)));
	TRY(usable(b->named));
	char *real = realpath(b->named, NULL);
	ssize_t n = real != NULL ? -1 : readlink(b->named, target, sizeof(target) - 1);
	if (n > 0)
		target[n] = 0;
	enum err e = copy(b->data, sizeof(b->data),
	                  real != NULL                ? real
	                  : n > 0 && target[0] == '/' ? target
	                                              : b->named);
	free(real);
	TRY(e);
	return usable(b->data);
}

/* A folder of the installation: relative to PREFIX, which may have been moved since, unless meson was given an absolute
 * one. */
static enum err installed(const char *bin, const char *dir, const char *name, char *to, size_t size)
{
	int n = dir[0] == '/' ? snprintf(to, size, "%s%s", dir, name)
	                      : snprintf(to, size, "%s/../%s%s", bin, dir, name);
	return n > 0 && (size_t)n < size ? ERR_OK : ERR(CONFIG, "path too long: %s/%s", dir, name);
}

static enum err take_real(const char *path, char *to, size_t size)
{
	char *real = realpath(path, NULL);
	enum err e = real != NULL ? copy(to, size, real) : ERR(CONFIG, "没有 %s;安装或编译不完整", path);
	free(real);
	return e;
}

static enum err find_share(struct bureau *b, bool tree)
{
	char path[BUREAU_PATH_MAX * 2];
	const char *share = getenv("YINXIN_SHARE");
	if (share != NULL && *share)
		return copy(b->share, sizeof(b->share), share);
	if (tree)
		return copy(b->share, sizeof(b->share), YX_SOURCE_SHARE);
	TRY(installed(b->bin, YX_DATADIR, "", path, sizeof(path)));
	return take_real(path, b->share, sizeof(b->share));
}

/* In the build tree the programs lie in BUILD/src/cmd; installed, in PREFIX/bin. */
static enum err find_parts(struct bureau *b)
{
	char exe[PATH_MAX], path[BUREAU_PATH_MAX * 2];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
	if (n <= 0)
		return ERR(IO, "/proc/self/exe: %s", strerror(errno));
	exe[n] = 0;
	*strrchr(exe, '/') = 0;
	TRY(copy(b->bin, sizeof(b->bin), exe));
	TRY(join(path, sizeof(path), exe, "../../build.ninja"));
	bool tree = file_exists(path);
	TRY(find_share(b, tree));
	TRY(tree ? join(path, sizeof(path), exe, "../../www") : join(path, sizeof(path), b->share, "www"));
	TRY(copy(b->www, sizeof(b->www), file_exists(path) ? path : ""));
	TRY(tree ? join(path, sizeof(path), exe, "../../share/sql") : join(path, sizeof(path), b->share, "sql"));
	TRY(copy(b->sql, sizeof(b->sql), path));
	TRY(tree ? join(path, sizeof(path), exe, "../client/skf/libyxskf.so")
	         : installed(b->bin, YX_LIBDIR, "/libyxskf.so", path, sizeof(path)));
	return take_real(path, b->skf, sizeof(b->skf));
}

enum err bureau_find(struct bureau *ret_b)
{
	struct bureau b = {.root = geteuid() == 0};
	TRY(find_data(&b));
	TRY(env_port("YINXIN_PORT", 8600, &b.port));
	TRY(env_port("YINXIN_AGENT_PORT", 8610, &b.agent_port));
	if (b.port == b.agent_port)
		return ERR(CONFIG, "YINXIN_PORT and YINXIN_AGENT_PORT must differ");
	TRY(env_pin(b.pin, sizeof(b.pin)));
	TRY(find_parts(&b));
	snprintf(b.origin, sizeof(b.origin), "http://localhost:%u", b.port);
	snprintf(b.agent_origin, sizeof(b.agent_origin), "http://127.0.0.1:%u", b.agent_port);
	*ret_b = b;
	return ERR_OK;
}

/* --- folders --- */

static const struct {
	const char *name, *owner; /* NULL: the caller */
	mode_t mode;
} FOLDERS[] = {
	{"ca", NULL, 0755},
	{"ceremony", NULL, 0700},
	{"conf", NULL, 0755},
	{"log", NULL, 0700},
	{"edge", NULL, 0755},
	{"edge/www", NULL, 0755},
	{"edge/nginx", NULL, 0755},
	{"keys", NULL, 0700},
	{"slots", NULL, 0700},
	{"run", NULL, 0755},
	{"signer", "yinxin-signer", 0700},
	{"escrow", "yinxin-escrow", 0700},
	{"notary", "yinxin-notary", 0700},
	{"run/signer", "yinxin-signer", 0755},
	{"run/escrow", "yinxin-escrow", 0755},
	{"run/notary", "yinxin-notary", 0755},
	{"run/portal", "yinxin-portal", 0755},
	{"run/convert", "yinxin-portal", 0755},
};

static enum err own(const char *path, const char *user)
{
	struct passwd *pw = getpwnam(user);
	if (pw == NULL)
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

/* A folder of /var/lib/yinxin that nobody uses. What an earlier bureau at the same path left there is not taken up. */
static enum err free_target(const struct bureau *b, char ret[BUREAU_PATH_MAX])
{
	uint8_t d[SM3_LEN];
	char first[BUREAU_PATH_MAX];
	struct stat st;
	TRY(sm3_digest(span_str(b->named), d));
	snprintf(first, sizeof(first), "/var/lib/yinxin/%02x%02x%02x%02x", d[0], d[1], d[2], d[3]);
	TRY(copy(ret, BUREAU_PATH_MAX, first));
	for (int i = 2; lstat(ret, &st) == 0; i++) {
		if (i > TARGETS_MAX)
			return ERR(STATE, "%s 等 %d 个目录都在使用;请移走不再需要的", first, TARGETS_MAX);
		snprintf(ret, BUREAU_PATH_MAX, "/var/lib/yinxin/%02x%02x%02x%02x-%d", d[0], d[1], d[2], d[3], i);
	}
	if (strcmp(first, ret) != 0)
		printf("同一路径先前的机构还在 %s,没有接管它,另建新机构。要继续用它: ln -sfn %s '%s';不再需要: rm -rf %s\n",
		       first, first, b->named, first);
	return ERR_OK;
}

static enum err move_within_reach(struct bureau *b)
{
	char target[BUREAU_PATH_MAX];
	struct stat st;
	if (reachable(b->data))
		return ERR_OK;
	if (lstat(b->data, &st) == 0)
		return ERR(CONFIG, "%s 不能由各系统用户到达(上级目录没有 x 权限);请把 YINXIN_DATA 设在别处", b->data);
	TRY(free_target(b, target));
	TRY(file_mkdir(target, 0755));
	if (symlink(target, b->named) != 0)
		return ERR(IO, "symlink %s: %s", b->named, strerror(errno));
	printf("数据目录 %s 放在 %s(各系统用户须能到达)\n", b->named, target);
	return copy(b->data, sizeof(b->data), target);
}

static bool same_folder(const char *path, const char *folder)
{
	char *real = realpath(path, NULL);
	bool same = real != NULL && strcmp(real, folder) == 0;
	free(real);
	return same;
}

/* A copied checkout brings the link along and would share the bureau of the first; DATA/.home tells whose it is. */
static enum err check_home(const struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	struct stat st;
	AUTO_BUF(home, BUREAU_PATH_MAX);
	if (lstat(b->named, &st) != 0 || !S_ISLNK(st.st_mode))
		return ERR_OK;
	TRY(bureau_path(b, ".home", path, sizeof(path)));
	enum err e = file_read(path, &home);
	if (e != ERR_OK && e != ERR_ABSENT)
		return e;
	err_clear();
	if (span_eq_str(buf_span(&home), b->named))
		return ERR_OK;
	if (home.len > 0 && same_folder(buf_cstr(&home), b->data))
		return ERR(STATE,
		           "%s 是指向 %s 的链接,那里的机构属于 %s。要另建机构: 删除此链接;要用那个机构: YINXIN_DATA=%s",
		           b->named, b->data, buf_cstr(&home), b->data);
	if (home.len > 0)
		printf("机构 %s 原属于 %s,现由 %s 继续使用\n", b->data, buf_cstr(&home), b->named);
	return file_replace(path, span_str(b->named), 0644);
}

enum err bureau_folders(struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	if (strlen(b->data) > DATA_LEN_MAX)
		return ERR(CONFIG, "YINXIN_DATA 的路径过长(最多 %d 个字节): %s", DATA_LEN_MAX, b->data);
	TRY(bureau_owners(b));
	if (b->root)
		TRY(move_within_reach(b));
	TRY(file_mkdir(b->data, 0755));
	TRY(check_home(b));
	/* The portal creates database files here but, the bit being sticky, cannot touch what others own. */
	if (b->root) {
		struct passwd *pw = getpwnam("yinxin-portal");
		if (pw == NULL)
			return ERR(CONFIG, "no system user yinxin-portal; run tools/setup as root");
		if (chown(b->data, 0, pw->pw_gid) != 0 || chmod(b->data, 01775) != 0)
			return ERR(IO, "owner of %s: %s", b->data, strerror(errno));
	}
	for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
		TRY(bureau_path(b, FOLDERS[i].name, path, sizeof(path)));
		TRY(file_mkdir(path, FOLDERS[i].mode));
		if (b->root && FOLDERS[i].owner != NULL)
			TRY(own(path, FOLDERS[i].owner));
	}
	return ERR_OK;
}

enum err bureau_give_database(const struct bureau *b)
{
	static const char *const FILES[] = {"yinxin.db", "yinxin.db-wal", "yinxin.db-shm"};
	char path[BUREAU_PATH_MAX];
	for (size_t i = 0; b->root && i < COUNT_OF(FILES); i++) {
		TRY(bureau_path(b, FILES[i], path, sizeof(path)));
		if (file_exists(path))
			TRY(own(path, "yinxin-portal"));
	}
	return ERR_OK;
}
