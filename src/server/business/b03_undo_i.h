/* Between b03_undo.c and b03_undo_rows.c: rows as they stand, and the changes that lead to what is wanted. */
#pragma once
#include "base/arena.h"
#include "server/business/b03_undo.h"

enum undo_kind { UNDO_EMPLOYMENT, UNDO_ENROLMENT, UNDO_WAGE, UNDO_KINDS };
enum { UNDO_CLOSE_MAX = 4, UNDO_ADD_MAX = 2 };

/* Employment: hire day, contract from and to, retire class, special; form, contract type, post.
 * Enrolment: status, from, to; type. Wage: fen. */
struct undo_val {
	int64_t n[5];
	const char *s[3];
};
enum undo_closer { CLOSED_BY_OTHER, CLOSED_BY_CHAIN, CLOSED_BY_UNKNOWN };
struct undo_row {
	const char *person_no, *key; /* key: insurance, month, or "" */
	int64_t version, valid_from, valid_to;
	bool ours;
	enum undo_closer closer;
	struct undo_val v;
};
struct undo_list {
	struct undo_row *v;
	size_t n, cap;
};
/* Everything that the registers hold of the chain's persons at the unit, by person, key and version. */
struct undo_rows {
	struct arena *arena;
	struct undo_list list[UNDO_KINDS];
	int approved; /* last month with an approved bill, 0 none */
};
/* again: anew */
enum err undo_rows_read(struct tx *tx, const char *unit_no, const char *corrects, struct undo_rows *r) MUST_CHECK;
void undo_rows_done(struct undo_rows *r);

struct undo_change {
	enum undo_kind kind;
	const char *key;
	const struct undo_row *close[UNDO_CLOSE_MAX];
	struct undo_val add[UNDO_ADD_MAX];
	size_t n_close, n_add;
	bool later;      /* somebody else has built on it */
	int first_month; /* that it touches; 0: none */
};
typedef enum err undo_change_fn(const struct undo_change *c, void *ctx);
/* What must change so that the person's rows say `want`; NULL: as before the chain. In the order in which it must be
 * done. */
enum err undo_changes(const struct undo_rows *r, const struct tables *t, const char *person_no, const struct b03 *want,
                      undo_change_fn *fn, void *ctx) MUST_CHECK;
