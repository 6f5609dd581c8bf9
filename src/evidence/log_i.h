/* Between the log_*.c files: values of a row, their marks and digest, the tables that entries cover. */
#pragma once
#include "evidence/log.h"
#include "evidence/log_table.h"
#include "evidence/standing.h"

/* Before it is too late: what has a status answer still has to be ordered, signed and stamped. */
enum { LOG_ANSWER_OLD_SEC = STANDING_FRESH_SEC - 60 };

/* --- one row as values in the order of its columns --- */
struct log_value {
	const char *name;   /* of the column */
	enum sql_kind kind; /* SQL_NULL when it is NULL */
	int64_t i;
	struct span s;
	uint8_t own[32]; /* what s is of a column taken by digest: such a value stays where it is */
};
enum { LOG_MARK_LEN = 4, LOG_MARKS_MAX = LOG_MARK_LEN * LOG_COLUMNS_MAX, LOG_KEY_MAX = 256, LOG_GONE_MAX = 16 << 20 };
/* Four octets a column: SM3(salt | name | kind | value). They name a changed column; alone they prove nothing. */
enum err log_marks(struct span salt, const struct log_value *v, size_t n, struct buf *out) MUST_CHECK;
/* The first column whose mark is another; NULL when all agree, "marks" when all are wrong or their number is. */
enum err log_marks_name(struct span salt, const struct log_value *v, size_t n, struct span marks,
                        const char **ret_column) MUST_CHECK;
/* The columns whose marks are others, a bit each. */
enum err log_marks_wrong(struct span salt, const struct log_value *v, size_t n, struct span marks,
                         uint32_t *ret_wrong) MUST_CHECK;
/* SM3 over table and all values with their lengths. */
enum err log_row_sm3(const char *table, const struct log_value *v, size_t n, uint8_t ret_digest[32]) MUST_CHECK;

/* --- rows of tables that entries cover --- */
/* Column texts and blobs are borrowed from the row; not to be copied. */
size_t log_row_values(const struct row *row, int first, const struct log_column *c, struct log_value *ret_v);
/* The parts of a key as written in log_cover; texts are of key. false: no such key. */
bool log_table_parts(const struct log_table *t, const char *key, struct sql_arg ret_part[LOG_KEY_PARTS]);
/* The row by the parts of its key. ERR_ABSENT. */
enum err log_table_one(struct tx *tx, const struct log_table *t, const struct sql_arg *key, row_fn *fn,
                       void *ctx) MUST_CHECK;
/* The row by its key as written in log_cover ("NO/3" for two parts). ERR_ABSENT. */
enum err log_table_get(struct tx *tx, const struct log_table *t, const char *key, row_fn *fn, void *ctx) MUST_CHECK;

/* --- rows of the log itself --- */
#define LOG_ADOPT_KIND "LOG-ADOPT"
#define LOG_ADOPTED                                                                                       \
	"050" /* the version of the schema whose rows were adopted: the one subject of the one such entry \
	       */
enum { LOG_ENTRY_COLUMNS = 16, LOG_HEAD_COLUMNS = 7, LOG_COVER_COLUMNS = 6 };
extern const struct log_column log_entry_columns[]; /* end with a NULL name; without marks */
extern const struct log_column log_head_columns[];
extern const struct log_column log_cover_columns[];
/* ERR_LOG_DAMAGED: no such row was written */
enum err log_entry_read(const struct row *row, struct log_entry *ret_e) MUST_CHECK;
void log_entry_values(const struct log_entry *e, struct log_value ret_v[LOG_ENTRY_COLUMNS]);
enum err log_head_read(const struct row *row, struct log_head *h) MUST_CHECK;
/* The salt of a head's marks: fixed, for a head is public. */
#define LOG_HEAD_SALT SPAN_LIT("log_head")
/* log_sign.c: the head, when the tree has grown past the last one; *ret_made is set true then, else left. */
enum err log_head_make(struct store *s, const struct log_service *v, bool *ret_made) MUST_CHECK;
/* log_recall.c: whether something is pending, or placed and under no head. */
enum err log_has_work(struct store *s, bool *ret_work) MUST_CHECK;
/* Makes the entries from index `from` on pending again when a status answer among them has grown too old for a receipt
 * and no head covers them. */
enum err log_recall(struct store *s, const struct clock *clock, uint64_t epoch, uint64_t from) MUST_CHECK;
/* SM3 over the rows of log_cover of one entry, in order; zeros when there are none. */
enum err log_covers_sm3(struct tx *tx, uint64_t seq, uint8_t ret_digest[32]) MUST_CHECK;
/* Writes the rows of log_cover of an entry. */
enum err log_covers_put(struct tx *tx, const struct log_act *a, uint64_t seq) MUST_CHECK;
