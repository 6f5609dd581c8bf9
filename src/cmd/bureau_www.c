/* What the edge serves as files: built style sheets and scripts, downloads. Copied under DATA, which its workers can
 * read. */
#include "base/file.h"
#include "cmd/bureau.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { FILE_MAX_BYTES = 32 << 20, DEPTH_MAX = 4 };

static enum err copy_file(const char *from, const char *to)
{
	AUTO_BUF(content, FILE_MAX_BYTES);
	TRY(file_read(from, &content));
	return file_replace(to, buf_span(&content), 0644);
}

static enum err copy_tree(const char *from, const char *to, unsigned depth);

static enum err copy_entry(const char *from, const char *to, const char *name, unsigned depth)
{
	char source[BUREAU_PATH_MAX * 2], target[BUREAU_PATH_MAX * 2];
	struct stat st;
	int a = snprintf(source, sizeof(source), "%s/%s", from, name);
	int z = snprintf(target, sizeof(target), "%s/%s", to, name);
	if (a < 0 || z < 0 || (size_t)a >= sizeof(source) || (size_t)z >= sizeof(target))
		return ERR(CONFIG, "path too long under %s", from);
	if (stat(source, &st) != 0)
		return ERR(IO, "%s: %s", source, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return copy_tree(source, target, depth + 1);
	return S_ISREG(st.st_mode) ? copy_file(source, target) : ERR_OK;
}

static enum err copy_tree(const char *from, const char *to, unsigned depth)
{
	struct dirent *entry;
	enum err e = ERR_OK;
	if (depth > DEPTH_MAX)
		return ERR(LIMIT, "folders below %s are too deep", from);
	TRY(file_mkdir(to, 0755));
	DIR *d = opendir(from);
	if (d == NULL)
		return ERR(IO, "%s: %s", from, strerror(errno));
	while (e == ERR_OK && (entry = readdir(d)) != NULL)
		if (entry->d_name[0] != '.')
			e = copy_entry(from, to, entry->d_name, depth);
	closedir(d);
	return e;
}

enum err bureau_publish(const struct bureau *b)
{
	char to[BUREAU_PATH_MAX];
	if (!*b->www)
		return ERR(CONFIG, "no built assets; run make assets");
	TRY(bureau_path(b, "edge/www", to, sizeof(to)));
	return copy_tree(b->www, to, 0);
}
