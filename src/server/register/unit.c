#include "server/register/unit.h"
#include "base/text.h"
#include "base/text_fold.h"
#include "server/register/entry.h"
#include <stdio.h>
#include <string.h>

/* Whoever's act it serves (a case, the demonstration) has an entry of his own. */
#define REGISTER_RULE "service:register"

/* --- units --- */

static void copy_text(char *ret, size_t cap, const char *s)
{
	(void)snprintf(ret, cap, "%s", s);
}

static enum err unit_row(const struct row *row, void *ctx)
{
	struct unit *u = ctx;
	copy_text(u->unit_no, sizeof(u->unit_no), row_text(row, 0));
	copy_text(u->uscc, sizeof(u->uscc), row_text(row, 1));
	copy_text(u->name, sizeof(u->name), row_text(row, 2));
	copy_text(u->type, sizeof(u->type), row_text(row, 3));
	copy_text(u->region, sizeof(u->region), row_text(row, 4));
	copy_text(u->address, sizeof(u->address), row_text(row, 5));
	u->frozen = row_int(row, 6) != 0;
	u->created = row_int(row, 7);
	return ERR_OK;
}

struct unit_job {
	struct unit *unit;
	const char *statement, *key;
	int64_t now;
};

static enum err unit_find(struct tx *tx, void *arg)
{
	struct unit_job *j = arg;
	return tx_one(tx, j->statement, SQL_ARGS(A_TEXT(j->key)), unit_row, j->unit);
}

static enum err unit_lookup(const struct desk *d, const char *statement, const char *key, struct unit *ret_u)
{
	struct unit u = {0};
	struct unit_job j = {&u, statement, key, 0};
	enum err e = store_read(d->store, unit_find, &j);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR(UNIT_ABSENT, "not in the register");
	}
	TRY(e);
	*ret_u = u;
	return ERR_OK;
}

enum err unit_get(const struct desk *d, const char *unit_no, struct unit *ret_u)
{
	return unit_lookup(d, "unit_by_no", unit_no, ret_u);
}

enum err unit_by_uscc(const struct desk *d, const char *uscc, struct unit *ret_u)
{
	return unit_lookup(d, "unit_by_uscc", uscc, ret_u);
}

static enum err unit_insert(struct tx *tx, void *arg)
{
	struct unit_job *j = arg;
	const struct unit *u = j->unit;
	return tx_exec(tx, "unit_insert",
	               SQL_ARGS(A_TEXT(u->unit_no), A_TEXT(u->uscc), A_TEXT(u->name), A_TEXT(u->type),
	                        A_TEXT(u->region), A_TEXT(u->address), A_INT(j->now)),
	               NULL);
}

static void unit_cover(struct log_act *a, void *arg)
{
	const struct unit_job *j = arg;
	log_act_cover(a, "unit", j->unit->unit_no, 0);
}

enum err unit_put(const struct desk *d, const struct unit *u)
{
	struct unit row = *u;
	bool legacy = false, inner = false;
	TRY(ident_unit_no(span_str(u->unit_no), row.unit_no, &legacy));
	TRY(ident_uscc(span_str(u->uscc), row.uscc, &inner));
	if (row.name[0] == 0)
		return ERR(FIELD_MISSING, "unit name");
	TRY(text_line_check(span_str(row.name)));
	TRY(text_line_check(span_str(row.address)));
	struct unit_job j = {&row, NULL, NULL, clock_now(d->clock)};
	const struct entry entry = {"UNIT-PUT", row.unit_no, REGISTER_RULE, unit_cover};
	return entry_write(d, &entry, unit_insert, &j);
}

struct unit_set {
	const char *statement, *unit_no;
	struct sql_arg value;
};

static enum err unit_update(struct tx *tx, void *arg)
{
	const struct unit_set *j = arg;
	int64_t changed = 0;
	TRY(tx_exec(tx, j->statement, SQL_ARGS(A_TEXT(j->unit_no), j->value), &changed));
	return changed == 1 ? ERR_OK : ERR(UNIT_ABSENT, "not in the register");
}

static void unit_set_cover(struct log_act *a, void *arg)
{
	const struct unit_set *j = arg;
	log_act_cover(a, "unit", j->unit_no, 0);
}

static enum err unit_set(const struct desk *d, const char *kind, struct unit_set *j)
{
	const struct entry entry = {kind, j->unit_no, REGISTER_RULE, unit_set_cover};
	return entry_write(d, &entry, unit_update, j);
}

enum err unit_set_frozen(const struct desk *d, const char *unit_no, bool frozen)
{
	struct unit_set j = {"unit_set_frozen", unit_no, A_INT(frozen)};
	return unit_set(d, frozen ? "UNIT-FREEZE" : "UNIT-UNFREEZE", &j);
}

enum err unit_set_name(const struct desk *d, const char *unit_no, const char *name)
{
	TRY(text_line_check(span_str(name)));
	struct unit_set j = {"unit_set_name", unit_no, A_TEXT(name)};
	return unit_set(d, "UNIT-NAME", &j);
}

const char *unit_type_zh(const char *type)
{
	static const struct {
		const char *code, *zh;
	} table[] = {{"10", "企业"},     {"20", "机关"},           {"30", "事业单位"},
	             {"40", "社会团体"}, {"50", "民办非企业单位"}, {"60", "个体工商户"}};
	for (size_t i = 0; i < COUNT_OF(table); i++)
		if (strcmp(table[i].code, type) == 0)
			return table[i].zh;
	return "其他";
}

/* --- persons --- */

static enum err count_row(const struct row *row, void *ctx)
{
	*(int64_t *)ctx = row_int(row, 0);
	return ERR_OK;
}

static enum err person_number(struct tx *tx, void *arg)
{
	TRY(tx_exec(tx, "counter_next", SQL_ARGS(A_TEXT("person")), NULL));
	return tx_one(tx, "counter_get", SQL_ARGS(A_TEXT("person")), count_row, arg);
}

struct person_job {
	const struct desk *d;
	const char *name;
	uint8_t digest[32];
	struct span id_sealed, mobile_sealed;
	char no[PERSON_NO_LEN + 1], known_name[NAME_MAX_BYTES + 1];
};

static enum err known_row(const struct row *row, void *ctx)
{
	struct person_job *j = ctx;
	copy_text(j->no, sizeof(j->no), row_text(row, 0));
	copy_text(j->known_name, sizeof(j->known_name), row_text(row, 1));
	return ERR_OK;
}

static enum err person_find(struct tx *tx, void *arg)
{
	struct person_job *j = arg;
	return tx_one(tx, "person_by_digest", SQL_ARGS(A_BLOB(SPAN_ARR(j->digest))), known_row, j);
}

static enum err person_insert(struct tx *tx, void *arg)
{
	struct person_job *j = arg;
	return tx_exec(tx, "person_insert",
	               SQL_ARGS(A_TEXT(j->no), A_TEXT(j->name), A_BLOB(j->id_sealed), A_BLOB(SPAN_ARR(j->digest)),
	                        A_BLOB(j->mobile_sealed), A_INT(clock_now(j->d->clock))),
	               NULL);
}

static enum err person_mobile(struct tx *tx, void *arg)
{
	struct person_job *j = arg;
	return tx_exec(tx, "person_set_mobile", SQL_ARGS(A_TEXT(j->no), A_BLOB(j->mobile_sealed)), NULL);
}

static void person_cover(struct log_act *a, void *arg)
{
	const struct person_job *j = arg;
	log_act_cover(a, "person", j->no, 0);
}

bool person_name_is(const char *stored, const char *name)
{
	AUTO_BUF(folded, 4 * NAME_MAX_BYTES);
	if (strcmp(stored, name) == 0)
		return true;
	enum err e = text_fold(FOLD_NAME, span_str(stored), &folded, NULL);
	err_clear();
	return e == ERR_OK && span_eq_str(buf_span(&folded), name);
}

static enum err person_known(const struct desk *d, struct person_job *j, const char *mobile, char *ret_no)
{
	if (!person_name_is(j->known_name, j->name))
		return ERR(UNIT_MISMATCH, "identity number is registered under another name");
	AUTO_BUF(sealed, 256);
	TRY(field_seal(d->keys, PERSON_MOBILE_COLUMN, span_str(j->no), span_str(mobile), &sealed));
	j->mobile_sealed = buf_span(&sealed);
	const struct entry entry = {"PERSON-MOBILE", j->no, REGISTER_RULE, person_cover};
	TRY(entry_write(d, &entry, person_mobile, j));
	memcpy(ret_no, j->no, sizeof(j->no));
	return ERR_OK;
}

static enum err person_new(const struct desk *d, struct person_job *j, const char *id_number, const char *mobile,
                           char *ret_no)
{
	int64_t serial = 0;
	AUTO_BUF(id, 256);
	AUTO_BUF(sealed, 256);
	TRY(store_write(d->store, person_number, &serial));
	TRY(ident_person_no_make(serial, j->no));
	TRY(field_seal(d->keys, PERSON_ID_COLUMN, span_str(j->no), span_str(id_number), &id));
	TRY(field_seal(d->keys, PERSON_MOBILE_COLUMN, span_str(j->no), span_str(mobile), &sealed));
	j->id_sealed = buf_span(&id);
	j->mobile_sealed = buf_span(&sealed);
	const struct entry entry = {"PERSON-PUT", j->no, REGISTER_RULE, person_cover};
	TRY(entry_write(d, &entry, person_insert, j));
	memcpy(ret_no, j->no, sizeof(j->no));
	return ERR_OK;
}

enum err person_ensure(const struct desk *d, const char *name, const char *id_number, const char *mobile,
                       char ret_no[PERSON_NO_LEN + 1])
{
	struct person_job j = {.d = d, .name = name};
	if (name[0] == 0)
		return ERR(FIELD_MISSING, "person name");
	TRY(text_line_check(span_str(name)));
	TRY(field_digest(d->keys, PERSON_ID_COLUMN, span_str(id_number), j.digest));
	enum err e = store_read(d->store, person_find, &j);
	if (e == ERR_OK)
		return person_known(d, &j, mobile, ret_no);
	if (e != ERR_ABSENT)
		return e;
	err_clear();
	return person_new(d, &j, id_number, mobile, ret_no);
}

struct person_get_job {
	const struct desk *d;
	const char *no;
	struct person *p;
};

static enum err open_text(const struct desk *d, const char *column, const char *key, struct span sealed, char *ret,
                          size_t cap)
{
	AUTO_BUF(plain, 64);
	TRY(field_open(d->keys, column, span_str(key), sealed, &plain));
	copy_text(ret, cap, buf_cstr(&plain));
	return ERR_OK;
}

static enum err person_row(const struct row *row, void *ctx)
{
	struct person_get_job *j = ctx;
	struct person *p = j->p;
	copy_text(p->person_no, sizeof(p->person_no), row_text(row, 0));
	copy_text(p->name, sizeof(p->name), row_text(row, 1));
	TRY(open_text(j->d, PERSON_ID_COLUMN, p->person_no, row_blob(row, 2), p->id_number, sizeof(p->id_number)));
	return open_text(j->d, PERSON_MOBILE_COLUMN, p->person_no, row_blob(row, 3), p->mobile, sizeof(p->mobile));
}

static enum err person_read(struct tx *tx, void *arg)
{
	struct person_get_job *j = arg;
	return tx_one(tx, "person_by_no", SQL_ARGS(A_TEXT(j->no)), person_row, j);
}

enum err person_get(const struct desk *d, const char *person_no, struct person *ret_p)
{
	struct person p = {0};
	struct person_get_job j = {d, person_no, &p};
	TRY(store_read(d->store, person_read, &j));
	*ret_p = p;
	return ERR_OK;
}
