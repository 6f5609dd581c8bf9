/* The log files of a bureau's parts. Each part writes into a pipe; one thread of the supervisor takes the lines to
 * DATA/log/NAME.log and, before a file grows past its limit, renames it to NAME.log.1, that one to .2 and so on; the
 * last is dropped. So no confined process needs to open a log anew, and none can fill a disk. A line stays whole. A log
 * that cannot be written loses lines; no part waits for it longer than the disk takes. */
#pragma once
#include "cmd/bureau.h"

enum { LOGS_MAX = 8, LOGS_KEPT = 4, LOGS_KIB = 4096, LOGS_KIB_MIN = 16, LOGS_KIB_MAX = 1 << 20 };

struct logs;
/* names: of the files, without ".log"; n of them. The size comes from YINXIN_LOG_KIB. */
enum err logs_new(const struct bureau *b, const char *const *names, size_t n, struct logs **ret_l) MUST_CHECK;
void logs_free(struct logs *l); /* writes what is still in the pipes */
DEFINE_AUTO(logs)
int logs_fd(const struct logs *l, size_t i); /* what part i writes into; stays ours */
