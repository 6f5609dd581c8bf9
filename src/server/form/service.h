/* A business as data: share/services/CODE.json, loaded and checked at start (docs/protocol/services.md).
 *
 * A definition names fields with types, validators and code lists, cross-field rules, attachments, preconditions and
 * effects (functions in C, registered by name), review steps with role and working-day limit, and documents. What a
 * definition says that this engine does not know is refused: an unknown member, validator, precondition, effect,
 * condition, role or field, a name that comes twice, a missing label. The message names file, path within it and fault.
 *
 * A definition that was read is a snapshot and never changes: a changed file is another one, with an SM3 of its own.
 * The folder holds the one in force of each code; versions of before are brought along by services_keep() and found by
 * their SM3 alone (docs/design/07-definitions.md). Everything borrowed lives as long as the struct services, which is
 * constant once the workers run. */
#pragma once
#include "base/json.h"
#include "base/text_fold.h"
#include "evidence/limits.h"
#include "store/store.h"

enum {
	SERVICE_CODE_MAX = 8,
	SERVICE_NAME_MAX = 40,
	SERVICE_FIELDS_MAX = LIMIT_FIELDS,
	SERVICE_ROWS_MAX = LIMIT_ROWS,
	SERVICE_STEPS_MAX = 3,
	SERVICE_REVIEWS_MAX = 2,
	SERVICE_LINE_MAX = 600,          /* octets of a text of one line */
	SERVICE_VALUE_MAX = LIMIT_FIELD, /* of any value */
	SERVICE_FILE_MAX = 1 << 18,
	SERVICES_MAX = 100,
	SERVICE_CODES_SET_MAX = 64
};

/* --- what is wrong with a filing, for its filer --- */
struct fault {
	size_t row;                /* 0: the filing itself; rows from 1 */
	const char *field;         /* name; "" for the row as a whole */
	const char *code;          /* "E-21", "B03-06" */
	const char *text, *remedy; /* Chinese */
};
typedef enum err fault_fn(const struct fault *f, void *ctx); /* borrows f; an error stops the check and is returned */
struct fault_sink {
	fault_fn *fn;
	void *ctx;
	size_t count;
};
enum err fault_put(struct fault_sink *s, const struct fault *f) MUST_CHECK;

/* --- functions that definitions name --- */
/* Normalises a value into ret (NUL-terminated, cap octets) or says what is wrong with it; pure. */
struct service_validator {
	const char *name;
	enum err (*check)(struct span in, int64_t now, char *ret, size_t cap);
	enum fold_as folds; /* how check() folds what it is given: so that a page can say what was changed */
};
enum field_type {
	FIELD_TEXT = 1,
	FIELD_CODE,
	FIELD_CODES,
	FIELD_DATE,
	FIELD_MONTH,
	FIELD_MONEY,
	FIELD_INT,
	FIELD_DATETIME,
	FIELD_LONG_TEXT,
	FIELD_PERSON
};
/* A field of a row that a business counts with; where it stands is found when the definition is read, once. */
struct service_binding {
	const char *name; /* NULL: the end */
	enum field_type type;
};
struct filing_view; /* filing.h: what preconditions and effects see of a filing */
struct service_precondition {
	const char *name;
	/* may read the database */
	enum err (*check)(void *ctx, const struct filing_view *v, struct fault_sink *faults);
	void *ctx;
	const struct service_binding *binds; /* NULL: none; else the definition must have them all, of these types */
};
/* What preconditions decide besides faults. It is kept with the submission: what is decided later, and on whatever day,
 * is decided by it. */
struct service_verdict {
	int month;          /* the one that the filing counts for; 0: none */
	bool back_dated;    /* reaches a month before it: 补缴 */
	bool second_review; /* 复审, where the definition has a step for it */
};
/* Runs once, with the last approval: prepare outside of the transaction (cryptography, reading), apply inside of it
 * through tx alone and perhaps more than once with the same job, cover after it, which names the rows that apply wrote
 * (evidence/log.h), done always. */
struct log_act;
/* How a correction takes an effect back: what it did in the registers, register/change.h; what it did outside of them,
 * an act of its own, or nothing can. */
enum effect_back {
	EFFECT_BY_REGISTERS, /* it did nothing elsewhere */
	EFFECT_BY_REVERSE,   /* `reverse`, done before the correction's own effects, sees the corrected filing */
	EFFECT_FINAL,        /* a filing with it is not corrected */
};
struct service_effect {
	const char *name;
	enum err (*prepare)(void *ctx, const struct filing_view *v, void **ret_job);
	enum err (*apply)(struct tx *tx, void *job);
	void (*done)(void *job);
	void *ctx;
	void (*cover)(struct log_act *a, void *job); /* NULL: apply writes no rows that lie under the log */
	enum effect_back back;
	const struct service_effect *reverse; /* with EFFECT_BY_REVERSE only */
};
/* What follows a signed step of the desk; may be repeated, the answer is the same. */
struct desk;
struct service_work {
	const char *name;
	enum err (*run)(const struct desk *d, const char *no);
};
/* --- code lists --- */
struct service_code {
	const char *code, *text;
	int from, to;     /* months in force, 0: open on that side */
	const char *full; /* another name that sheets may use, NULL: none */
};
struct service_list {
	const char *name;
	struct service_code *v;
	size_t n;
};
const char *service_list_text(const struct service_list *l, struct span code); /* NULL when not in it */

struct service_registry { /* each ends with a NULL name, or is NULL; the built-in validators need no registering */
	const struct service_validator *validators;
	const struct service_precondition *preconditions;
	const struct service_effect *effects;
	const struct service_work *works;
	const struct service_list *lists;    /* of law's tables: "@ethnic" in a definition */
	const struct service_registry *next; /* where a name that is not here is looked for; NULL: nowhere */
};
const struct service_validator *service_validator_builtin(const char *name); /* valid.c; NULL when none */

/* --- a definition --- */
struct service_names {
	const char **v;
	size_t n;
};
struct service_field {
	const char *name, *label, *label_en, *hint;
	const char *group; /* of the definition's groups; "" when it has none */
	enum field_type type;
	bool radios;                /* FIELD_CODE: shown as radio buttons, else as a list to choose from */
	bool required, key, secret; /* key: 关键指标; secret: masked in lists */
	size_t max_len;             /* octets */
	size_t max_chars;           /* FIELD_LONG_TEXT: characters, ends of lines too; 0: max_len alone */
	int64_t min, max;           /* FIELD_INT, and FIELD_MONEY in fen */
	const struct service_validator *validator;
	const struct service_list *list; /* FIELD_CODE, FIELD_CODES */
	/* of rows, for sheets: other headings, and what a blank cell stands for; "" where none */
	struct service_names aliases;
	const char *blank, *blank_from, *blank_by; /* at most one: a value, another field, a name of sheet.h */
};
struct service_fields {
	struct service_field *v;
	size_t n;
};
const struct service_field *service_field_find(const struct service_fields *f, const char *name);

enum rule_kind {
	RULE_REQUIRED_IF = 1,
	RULE_FORBIDDEN_IF,
	RULE_NOT_BEFORE,
	RULE_NOT_AFTER,
	RULE_DIFFERENT,
	RULE_UNIQUE
};
struct service_rule {
	enum rule_kind kind;
	const char *field, *other, *value; /* other and value "" where the kind has none */
	const char *code, *text, *remedy;
};
/* Whether the rule's value, or one of its values ("101,102"), is this one. */
bool service_rule_means(const struct service_rule *r, struct span value);
struct service_rules {
	struct service_rule *v;
	size_t n;
};
struct service_attachment {
	const char *name, *label, *label_en;
	bool required;
	int64_t max_bytes, max_count;
};
struct service_group {
	const char *name, *label, *hint;
};
struct service_step {
	const char *name, *label, *role, *hint;
	const char *statement;           /* type that its officer signs; "" but for the engine cert */
	int days;                        /* working days */
	bool distinct;                   /* another person than the steps before */
	bool when_asked;                 /* "when": "second-review": only where a verdict asks for it */
	const struct service_work *work; /* NULL: none; only for the engine cert */
};
enum service_filer { FILER_UNIT = 1, FILER_PERSON = 2, FILER_DESK = 4 };
struct service {
	const char *code, *name, *name_en;
	char sm3[65];        /* of the file's octets: statements name it */
	struct span octets;  /* the file as it was read */
	unsigned filers;     /* of enum service_filer */
	bool own_engine;     /* kept and moved by server/cert under this definition: no filing can be opened here */
	bool accept_by_rule; /* acceptance comes with the review; else an officer signs FILING-ACCEPT */
	struct service_fields fields, row_fields;
	struct service_group *groups; /* of fields, in the order of the form */
	size_t n_groups;
	struct service_rules rules, row_rules;
	size_t rows_min, rows_max;        /* 0, 0: no rows */
	bool wide;                        /* a field of it is signed in the wide form only */
	struct service_names unit_column; /* headings of a sheet's column that names the filing unit */
	struct service_attachment *attachments;
	size_t n_attachments;
	const struct service_precondition **preconditions;
	size_t n_preconditions;
	const size_t *bound; /* index in row_fields of each binding of its precondition; NULL: none has any */
	const struct service_effect **effects;
	size_t n_effects;
	struct service_step steps[SERVICE_STEPS_MAX];
	size_t n_steps;
	int promise_days, return_days,
		draft_days;             /* working days; calendar days before 自动作废; the same for drafts */
	struct service_code *documents; /* code: name, text: label */
	size_t n_documents;
};
struct services;
/* Every NAME.json of the folder, in the order of names; ERR_CONFIG, the trail says "B03.json: fields[2].validator: …".
 */
enum err services_load(const char *dir, const struct service_registry *r, struct services **ret_s) MUST_CHECK;
void services_free(struct services *s);
DEFINE_AUTO(services)
/* Those in force: in the order of names, and of a code; NULL when none. */
size_t services_count(const struct services *s);
const struct service *services_at(const struct services *s, size_t i);
const struct service *services_find(const struct services *s, const char *code);
/* Any version, in force or of before; NULL when none. */
const struct service *services_by_sm3(const struct services *s, const char *sm3);
/* One of before, once: found by its SM3 from now on. ERR_CONFIG as for a file, ERR_LOG_DAMAGED when its octets have
 * another SM3. */
enum err services_keep(struct services *s, const char *code, const char *sm3, struct span text,
                       const struct service_registry *r) MUST_CHECK;
/* One definition by itself, for tests and tools. */
enum err services_parse(const char *file, struct span text, const struct service_registry *r,
                        struct services **ret_s) MUST_CHECK;
