/* Whole files, safely. */
#pragma once
#include "base/buf.h"
#include "base/secret.h"
#include <sys/types.h>

/* ERR_ABSENT, ERR_LIMIT (past out's maximum), ERR_IO */
enum err file_read(const char *path, struct buf *out) MUST_CHECK;
enum err file_read_secret(const char *path, size_t max, struct secret **ret_s) MUST_CHECK;
/* New content or old content after any crash: temporary file, fsync, rename, fsync of the folder. */
enum err file_replace(const char *path, struct span content, mode_t mode) MUST_CHECK;
enum err file_mkdir(const char *path, mode_t mode) MUST_CHECK; /* with parents; existing is fine */
bool file_exists(const char *path);
