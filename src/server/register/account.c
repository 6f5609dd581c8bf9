/* Accounts and their optional login password: PBKDF2-HMAC-SM3, salted, with a waiting time after repeated failures. */
#include "base/secret.h"
#include "gm/kdf.h"
#include "gm/rand.h"
#include "server/register/entry.h"
#include "server/register/unit.h"
#include <stdio.h>
#include <string.h>

enum {
	PW_MIN = 8,
	PW_MAX = 64,
	PW_ROUNDS = 100000,
	PW_SALT = 16,
	PW_HASH = 32,
	PW_FAILS_MAX = 5,
	PW_WAIT_SEC = 15 * 60
};

struct account_job {
	const char *subject;
	struct account *a;
	int64_t now;
};

static enum err account_row(const struct row *row, void *ctx)
{
	struct account *a = ctx;
	(void)snprintf(a->subject, sizeof(a->subject), "%s", row_text(row, 0));
	(void)snprintf(a->kind, sizeof(a->kind), "%s", row_text(row, 1));
	(void)snprintf(a->unit_no, sizeof(a->unit_no), "%s", row_text(row, 2));
	(void)snprintf(a->person_no, sizeof(a->person_no), "%s", row_text(row, 3));
	(void)snprintf(a->holder, sizeof(a->holder), "%s", row_text(row, 4));
	a->frozen = row_int(row, 5) != 0;
	a->has_password = row_int(row, 6) != 0;
	a->password_fails = (int)row_int(row, 7);
	a->password_wait_until = row_int(row, 8);
	return ERR_OK;
}

static enum err account_find(struct tx *tx, void *arg)
{
	struct account_job *j = arg;
	return tx_one(tx, "account_get", SQL_ARGS(A_TEXT(j->subject)), account_row, j->a);
}

enum err account_get(const struct desk *d, const char *subject, struct account *ret_a)
{
	struct account a = {0};
	struct account_job j = {subject, &a, 0};
	enum err e = store_read(d->store, account_find, &j);
	if (e == ERR_ABSENT) {
		err_clear();
		return ERR(L_UNBOUND, "no account for subject %s", subject);
	}
	TRY(e);
	*ret_a = a;
	return ERR_OK;
}

static enum err account_write(struct tx *tx, void *arg)
{
	struct account_job *j = arg;
	const struct account *a = j->a;
	return tx_exec(tx, "account_put",
	               SQL_ARGS(A_TEXT(a->subject), A_TEXT(a->kind), a->unit_no[0] != 0 ? A_TEXT(a->unit_no) : A_NULL,
	                        A_TEXT(a->person_no), A_TEXT(a->holder), A_INT(j->now)),
	               NULL);
}

static void account_cover(struct log_act *a, void *arg)
{
	const struct account_job *j = arg;
	log_act_cover(a, "account", j->subject, 0);
}

enum err account_put(const struct desk *d, const struct account *a)
{
	struct account copy = *a;
	struct account_job j = {a->subject, &copy, clock_now(d->clock)};
	const struct entry entry = {"ACCOUNT-PUT", a->subject, "service:register", account_cover};
	return entry_write(d, &entry, account_write, &j);
}

struct account_set {
	const char *statement, *subject;
	struct sql_arg value;
};

static enum err account_update(struct tx *tx, void *arg)
{
	const struct account_set *j = arg;
	int64_t changed = 0;
	TRY(tx_exec(tx, j->statement, SQL_ARGS(A_TEXT(j->subject), j->value), &changed));
	return changed == 1 ? ERR_OK : ERR(L_UNBOUND, "no account");
}

static void account_set_cover(struct log_act *a, void *arg)
{
	const struct account_set *j = arg;
	log_act_cover(a, "account", j->subject, 0);
}

enum err account_set_frozen(const struct desk *d, const char *subject, bool frozen)
{
	struct account_set j = {"account_set_frozen", subject, A_INT(frozen)};
	const struct entry entry = {frozen ? "ACCOUNT-FREEZE" : "ACCOUNT-UNFREEZE", subject, "service:register",
	                            account_set_cover};
	return entry_write(d, &entry, account_update, &j);
}

/* --- password --- */

static unsigned char_class(char c)
{
	if (c >= '0' && c <= '9')
		return 1;
	if (c >= 'a' && c <= 'z')
		return 2;
	return c >= 'A' && c <= 'Z' ? 4 : 8;
}

static enum err password_check(const char *p)
{
	size_t n = strlen(p);
	unsigned classes = 0;
	if (n < PW_MIN || n > PW_MAX)
		return ERR(FIELD_VALUE, "password length");
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)p[i] < 0x20 || p[i] == 0x7f)
			return ERR(FIELD_VALUE, "password has a control character");
		classes |= char_class(p[i]);
	}
	return (classes & (classes - 1)) != 0 ? ERR_OK : ERR(FIELD_VALUE, "password of one class of characters");
}

static enum err password_hash(const char *password, struct span salt, uint8_t ret_hash[PW_HASH])
{
	return kdf_pin(span_str(password), salt, PW_ROUNDS, ret_hash, PW_HASH);
}

enum err account_set_password(const struct desk *d, const char *subject, const char *password)
{
	uint8_t stored[PW_SALT + PW_HASH];
	struct account_set j = {"account_set_password", subject, A_NULL};
	char rule[LEAF_TEXT_MAX + 1];
	if (password != NULL) {
		TRY(password_check(password));
		TRY(rand_bytes(stored, PW_SALT));
		TRY(password_hash(password, span_of(stored, PW_SALT), stored + PW_SALT));
		j.value = A_BLOB(SPAN_ARR(stored));
	}
	(void)snprintf(rule, sizeof(rule), "session:%s", subject);
	const struct entry entry = {"ACCOUNT-PASSWORD", subject, rule, account_set_cover};
	return entry_write(d, &entry, account_update, &j);
}

struct password_job {
	const char *subject;
	uint8_t stored[PW_SALT + PW_HASH];
	size_t len;
	bool right;
	int64_t wait_until;
};

static enum err password_row(const struct row *row, void *ctx)
{
	struct password_job *j = ctx;
	struct span s = row_blob(row, 0);
	if (s.len == sizeof(j->stored)) {
		memcpy(j->stored, s.ptr, s.len);
		j->len = s.len;
	}
	return ERR_OK;
}

static enum err password_read(struct tx *tx, void *arg)
{
	struct password_job *j = arg;
	return tx_one(tx, "account_password", SQL_ARGS(A_TEXT(j->subject)), password_row, j);
}

static enum err password_note(struct tx *tx, void *arg)
{
	struct password_job *j = arg;
	if (j->right)
		return tx_exec(tx, "account_password_ok", SQL_ARGS(A_TEXT(j->subject)), NULL);
	return tx_exec(tx, "account_password_bad",
	               SQL_ARGS(A_TEXT(j->subject), A_INT(PW_FAILS_MAX), A_INT(j->wait_until)), NULL);
}

enum err account_check_password(const struct desk *d, const char *subject, const char *password)
{
	struct account a;
	struct password_job j = {.subject = subject, .wait_until = clock_now(d->clock) + PW_WAIT_SEC};
	uint8_t hash[PW_HASH];
	TRY(account_get(d, subject, &a));
	if (a.password_wait_until > clock_now(d->clock))
		return ERR(L_RATE, "password attempts");
	TRY(store_read(d->store, password_read, &j));
	if (j.len == 0)
		return ERR(STATE, "account has no password");
	TRY(password_hash(password, span_of(j.stored, PW_SALT), hash));
	j.right = ct_equal(SPAN_ARR(hash), span_of(j.stored + PW_SALT, PW_HASH));
	wipe(hash, sizeof(hash));
	TRY(store_write(d->store, password_note, &j));
	return j.right ? ERR_OK : ERR(L_PASSWORD, "attempt %d", a.password_fails + 1);
}
