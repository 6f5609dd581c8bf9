/* Whose files they are. A folder that was copied, unpacked, or made by another user's run fails otherwise in ways that
 * nobody understands: a daemon that cannot read its keys. */
#include "base/file.h"
#include "cmd/bureau.h"

#include <dirent.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
	const char *name, *owner; /* NULL: the caller */
	bool inside;              /* what lies in the folder, too */
} THINGS[] = {
	{"root.sm3", NULL, false},
	{"demo.json", NULL, false},
	{"clock", NULL, false},
	{"conf", NULL, true},
	{"ca", NULL, true},
	{"log", NULL, true},
	{"keys", NULL, true},
	{"ceremony", NULL, true},
	{"slots", NULL, false},
	{"edge", NULL, false},
	{"signer", "yinxin-signer", true},
	{"escrow", "yinxin-escrow", true},
	{"notary", "yinxin-notary", true},
	{"yinxin.db", "yinxin-portal", false},
};

static const char *user_name(uid_t uid, char ret[64])
{
	struct passwd *pw = getpwuid(uid);
	if (pw != NULL)
		snprintf(ret, 64, "%.60s", pw->pw_name);
	else
		snprintf(ret, 64, "uid %u", (unsigned)uid);
	return ret;
}

static enum err foreign(const struct bureau *b, const char *path, uid_t is, uid_t should)
{
	char was[64], want[64];
	enum err e = ERR(STATE, "%s 属于 %s,本次运行需要它属于 %s:目录是复制、解包来的,或由另一用户创建", path,
	                 user_name(is, was), user_name(should, want));
	if (!b->root)
		return err_note(e, "请以创建它的用户运行,或换一个 YINXIN_DATA,或由 root 执行: chown -R %s: '%s'", want,
		                b->data);
	return err_note(
		e,
		"请以创建它的用户运行,或执行: cd '%s' && chown -R root: . && for u in signer escrow notary; do chown -R yinxin-$u: $u; "
		"done && chown yinxin-portal: yinxin.db*",
		b->data);
}

static enum err check(const struct bureau *b, const char *path, uid_t should)
{
	struct stat st;
	if (lstat(path, &st) != 0 || st.st_uid == should)
		return ERR_OK; /* what cannot be seen lies in a folder that is named before it */
	return foreign(b, path, st.st_uid, should);
}

static enum err check_inside(const struct bureau *b, const char *folder, uid_t should)
{
	char path[BUREAU_PATH_MAX + 256];
	enum err e = ERR_OK;
	struct dirent *entry;
	DIR *d = opendir(folder);
	while (d != NULL && e == ERR_OK && (entry = readdir(d)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		e = check(b, path, should);
	}
	if (d != NULL)
		closedir(d);
	return e;
}

static enum err owner_uid(const struct bureau *b, const char *user, uid_t *ret_uid)
{
	*ret_uid = geteuid();
	if (!b->root || user == NULL)
		return ERR_OK;
	struct passwd *pw = getpwnam(user);
	if (pw == NULL)
		return ERR(CONFIG, "没有系统用户 %s;请以 root 运行 tools/setup", user);
	*ret_uid = pw->pw_uid;
	return ERR_OK;
}

enum err bureau_owners(const struct bureau *b)
{
	char path[BUREAU_PATH_MAX];
	uid_t should;
	TRY(check(b, b->data, geteuid()));
	TRY(bureau_path(b, ".unfinished", path, sizeof(path)));
	if (file_exists(path)) /* a first run that did not end: cleared anew */
		return ERR_OK;
	for (size_t i = 0; i < COUNT_OF(THINGS); i++) {
		TRY(owner_uid(b, THINGS[i].owner, &should));
		TRY(bureau_path(b, THINGS[i].name, path, sizeof(path)));
		TRY(check(b, path, should));
		if (THINGS[i].inside)
			TRY(check_inside(b, path, should));
	}
	return ERR_OK;
}
