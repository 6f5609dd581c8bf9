/* The one writer thread with group commit: it takes all waiting writes, runs each in a savepoint of one transaction,
 * commits once, and only then wakes their callers. When the group's transaction is lost (full disk, a deferred
 * reference that fails at the commit) each of its writes is tried once more alone, so that only the guilty one fails.
 * The thread starts with the first write, after the program has given up its privileges. */
#pragma once
#include "store/conn.h"

enum { WRITER_GROUP_MAX = 256, WRITER_LOCK_WAIT_MS = 5000 };
struct writer;
enum err writer_new(struct conn *take, struct writer **ret_w) MUST_CHECK; /* takes the connection, also when it fails */
void writer_free(struct writer *w);                                       /* finishes what waits; NULL is fine */
DEFINE_AUTO(writer)
enum err writer_do(struct writer *w, store_fn *fn, void *arg) MUST_CHECK;
void writer_group_max(struct writer *w, size_t most); /* WRITER_GROUP_MAX unless told */
uint64_t writer_commits(const struct writer *w);
