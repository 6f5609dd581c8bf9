/* Between the change*.c files: what was read, and what follows from what is wanted. */
#pragma once
#include "base/arena.h"
#include "server/register/change.h"

enum change_closer { CLOSER_OTHER, CLOSER_CHAIN, CLOSER_UNKNOWN }; /* unknown: not recorded, or nobody */
struct change_held {                                               /* a version, and what becomes of it */
	struct change_row r;
	enum change_closer closer;
	bool mine;     /* ours, and left standing by the chain */
	bool replaced; /* of `before`, and named as ending */
	bool says;     /* mine, and wanted: stays */
	bool ends;     /* to be ended */
};
struct change_add { /* a row to be written, or asked for */
	struct change_add *next;
	const struct sql_arg *value;
	bool stored; /* sealed columns are sealed */
};
enum change_named { KEY_UNNAMED, KEY_NAMED, KEY_KEPT };
struct change_key {
	struct change_key *next; /* of the same person */
	const struct register_table *reg;
	struct change_person *person;
	struct sql_arg part[REGISTER_KEYS_MAX];
	struct change_held *rows, *last;
	bool ours; /* the chain wrote there */
	enum change_named named;
	bool taken;
	struct change_add *wanted, **wanted_end;
	/* change_key_weigh() */
	struct change_add *adds, **adds_end;
	size_t n_ends;
	bool later;
	int month;
};
struct change_person {
	char no[PERSON_NO_LEN + 1];
	size_t at; /* among those that were read */
	bool ours, is_new, changes;
	int month; /* the first that counts for money; 0: none */
	struct change_key *keys, **keys_end;
};
struct change {
	const struct desk *desk;
	struct arena *arena;
	const char *unit_no, *filing_no, *const *chain;
	size_t n_chain;
	const struct register_table *const *registers;
	change_closed_fn *closed;
	int closed_month, month; /* month: the first that the change reaches; 0: none */
	int64_t now;
	struct change_person **v; /* by number as far as they were read, then the new ones */
	size_t n, cap, n_read, n_new;
};

static inline struct change_held *change_next_held(const struct change_held *h)
{
	return (struct change_held *)(uintptr_t)h->r.next;
}

/* --- change_read.c --- */
/* Persons n at a time as the statement's arguments, the last one again in the places that are left. */
size_t change_read_args(const struct change *c, const struct register_table *r, struct change_person *const *p,
                        size_t n, struct sql_arg args[LOG_MANY + 1]);
struct change_key *change_key_find(const struct change_person *p, const struct register_table *r,
                                   const struct sql_arg *part);
enum err change_key_make(struct change *c, struct change_person *p, const struct register_table *r,
                         const struct sql_arg *part, struct change_key **ret_k) MUST_CHECK;
enum err change_person_make(struct change *c, const char *no, struct change_person **ret_p) MUST_CHECK;
bool sql_arg_eq(const struct sql_arg *a, const struct sql_arg *b);
/* A copy of n values with their texts. */
enum err change_copy(struct change *c, const struct sql_arg *v, size_t n, const struct sql_arg **ret_v) MUST_CHECK;

/* --- change.c --- */
/* What follows for one key from what is named: adds, ends, later, month. */
enum err change_key_weigh(struct change *c, struct change_key *k) MUST_CHECK;
/* Name of the sealed column as field.h binds it: "person.id" of person.id_sealed. */
void change_column_label(const struct register_table *r, size_t value, char ret_label[64]);
