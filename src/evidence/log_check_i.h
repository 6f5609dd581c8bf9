/* Between log_check.c (entries, tree, heads) and log_check_rows.c (certificates and covered rows). */
#pragma once
#include "evidence/log_check.h"
#include "evidence/log_i.h"

enum { BAD_COVERS_MAX = 256 };
struct checking {
	const struct log_check *c;
	struct tx *tx;
	struct log_sum sum;
	struct tree_front front;
	uint64_t next_seq, done, total;
	bool pending_seen, adopted;
	uint64_t head_size; /* of the last head seen */
	int64_t head_time;
	uint64_t bad_covers[BAD_COVERS_MAX]; /* entries whose list of covered rows is not the one of their leaf */
	size_t n_bad_covers;
};
void fault_(struct checking *k, const char *table, const char *column, const char *what, const char *row_fmt, ...)
	PRINTF_LIKE(5, 6);
enum err check_certs(struct checking *k) MUST_CHECK;
enum err check_covered(struct checking *k) MUST_CHECK;
enum err check_head_row(const struct row *row, void *ctx) MUST_CHECK; /* ctx: struct checking */
enum { LOG_EPOCH_FIRST = 1 };
