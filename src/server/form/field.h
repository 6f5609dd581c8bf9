/* A field's value: one table of types, one way to read what is stored, one typed result.
 *
 * A value is stored as text, as its validator gives it (service.h): 2026-11-22, 202611, 8000.00, 110,210. field_read()
 * says what is wrong with a stored text, or gives the value in the type that rules and effects count with. It folds
 * nothing: what was signed is judged byte for byte. A new type is a row of field.c. Pure. */
#pragma once
#include "server/form/service.h"

struct field_value;
struct field_kind {
	const char *name; /* in definitions */
	enum field_type type;
	const char *validator; /* "": its list alone */
	bool listed;           /* has a code list */
	bool ranged;           /* may have min and max */
	bool timed;            /* has an order: not-before, not-after */
	size_t typed_max;      /* longest input as people type it; 0: max_len, or the longest code */
	/* the typed value of a text that validator or list accept; false: none */
	bool (*parse)(const struct service_field *f, struct span text, struct field_value *ret_v);
};
const struct field_kind *field_kind(enum field_type t);
const struct field_kind *field_kind_named(const char *name); /* NULL when none */

enum field_state {
	FIELD_GOOD,
	FIELD_EMPTY,
	FIELD_LONG,     /* over max_len or max_chars */
	FIELD_CHARS,    /* why: ERR_PRIVATE_USE, ERR_LINE_TEXT, ERR_UTF8 */
	FIELD_UNLISTED, /* a code that the list does not have, or not in force now, or one twice */
	FIELD_STACKED,  /* a name with more marks than a character carries */
	FIELD_REFUSED,  /* why: the validator's */
	FIELD_UNFOLDED, /* not as the validator gives it */
	FIELD_RANGE     /* outside of min and max */
};
struct field_value {
	enum field_state state;
	enum err why;                            /* FIELD_CHARS, FIELD_REFUSED */
	struct span text;                        /* as stored, borrowed; may be given where the value is not good */
	union {                                  /* of a good one */
		int64_t day;                     /* FIELD_DATE: Beijing midnight */
		int month;                       /* FIELD_MONTH: 202611 */
		int64_t time;                    /* FIELD_DATETIME */
		int64_t number;                  /* FIELD_INT; FIELD_MONEY in fen */
		const struct service_code *code; /* FIELD_CODE */
		uint64_t codes;                  /* FIELD_CODES: bits by the list's order */
	};
};
/* The value itself, never an error of the filer's, which is in ret_v->state: only ERR_NOMEM and the like. now: of
 * validators that need it. */
enum err field_read(const struct service_field *f, struct span text, int64_t now, struct field_value *ret_v) MUST_CHECK;
/* Ends of lines in it are no fault of a long text: each line as text_line_check() has it, none but a blank one empty.
 */
enum err field_chars_check(const struct service_field *f, struct span text) MUST_CHECK;
/* Which of two good values of timed kinds is earlier: below, 0, above; what is told more exactly is cut to the
 * other: a month and a day compare by the month. */
int field_order(const struct service_field *fa, const struct field_value *a, const struct service_field *fb,
                const struct field_value *b);
/* "110,210" from "210, 110"-like text: in the list's order, each once. *ret_bits by the list's order; false when a code
 * is unknown or there twice. */
bool field_codes(const struct service_list *l, struct span text, uint64_t *ret_bits);
enum err field_codes_put(const struct service_list *l, uint64_t bits, struct buf *out) MUST_CHECK;
