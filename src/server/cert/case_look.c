/* A look at a case that is not the officer's to open: for a reason, in the log before anything is read; and the
 * auditor's list. */
#include "server/cert/case_i.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

#define KIND    "CASE-LOOK"
#define SUBJECT "look:"
enum { LOOK_TEXT_MAX = 2 * CASE_OPINION_MAX + 400, LOOKS_AT_ONCE = 100 };

enum err case_reason_check(const char *reason)
{
	if (reason[0] == 0)
		return ERR(FIELD_MISSING, "reason");
	if (strlen(reason) > CASE_OPINION_MAX)
		return ERR(LIMIT, "reason");
	return text_line_check(span_str(reason));
}

static enum err append_fn(struct tx *tx, void *arg)
{
	return log_append(tx, arg);
}

static enum err look_log(const struct desk *d, const char *no, const struct officer *by, const char *reason)
{
	char subject[LEAF_TEXT_MAX + 1];
	AUTO_BUF(text, LOOK_TEXT_MAX);
	AUTO_LOG_ACT(log);
	buf_printf(&text, "%s\n%s\n%s\n%s\n", no, by->person_id, by->name, reason);
	TRY(buf_err(&text));
	TRY(case_log_init(&log, d, KIND, by, buf_span(&text)));
	(void)snprintf(subject, sizeof(subject), SUBJECT "%s", no);
	memcpy(log.subject, subject, sizeof(log.subject));
	return store_write(d->store, append_fn, &log);
}

enum err case_look(const struct desk *d, const char *no, const struct officer *by, const char *reason,
                   struct cert_case *ret_c)
{
	struct cert_case c;
	TRY(case_reason_check(reason));
	TRY(case_get(d, no, &c));
	TRY(look_log(d, c.no, by, reason));
	*ret_c = c;
	return ERR_OK;
}

/* --- the auditor's list --- */

struct looks {
	const struct desk *d;
	int limit, offset;
	int64_t seq[LOOKS_AT_ONCE];
	size_t n;
	case_looked_fn *fn;
	void *ctx;
};

static enum err seq_row(const struct row *row, void *ctx)
{
	struct looks *w = ctx;
	if (w->n < LOOKS_AT_ONCE)
		w->seq[w->n++] = row_int(row, 0);
	return ERR_OK;
}

static const char *line_of(struct span *rest, char *ret, size_t cap)
{
	struct span line;
	ret[0] = 0;
	if (span_take_until(rest, '\n', &line))
		(void)snprintf(ret, cap, "%.*s", (int)line.len, (const char *)line.ptr);
	return ret;
}

static enum err entry_fn(const struct log_entry *e, void *ctx)
{
	struct looks *w = ctx;
	char person[64], name[NAME_MAX_BYTES + 1], reason[CASE_OPINION_MAX + 1];
	AUTO_BUF(text, LOOK_TEXT_MAX);
	struct case_looked l = {.time = e->time};
	TRY(log_statement(w->d->keys, e, &text));
	struct span rest = buf_span(&text);
	(void)line_of(&rest, l.no, sizeof(l.no));
	l.person_id = line_of(&rest, person, sizeof(person));
	l.name = line_of(&rest, name, sizeof(name));
	l.reason = line_of(&rest, reason, sizeof(reason));
	return w->fn(&l, w->ctx);
}

static enum err looks_fn(struct tx *tx, void *arg)
{
	struct looks *w = arg;
	w->n = 0;
	TRY(tx_query(tx, "look_list", SQL_ARGS(A_INT(w->limit), A_INT(w->offset)), seq_row, w));
	for (size_t i = 0; i < w->n; i++)
		TRY(log_entry_get(tx, (uint64_t)w->seq[i], entry_fn, w));
	return ERR_OK;
}

enum err case_looks(const struct desk *d, int limit, int offset, case_looked_fn *fn, void *ctx)
{
	struct looks w = {
		.d = d, .limit = limit < LOOKS_AT_ONCE ? limit : LOOKS_AT_ONCE, .offset = offset, .fn = fn, .ctx = ctx};
	return store_read(d->store, looks_fn, &w);
}
