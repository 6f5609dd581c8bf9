/* The window's side of a dialogue: what it is shown, what it answers; and what another page may do about it. */
#include "base/clock.h"
#include "base/json.h"
#include "client/agent/dialogue_i.h"
#include <string.h>

enum err dialogue_error_json(enum err e, int tries, json_t **ret_v)
{
	AUTO_JSON o = json_object();

	if (o == NULL)
		return ERR(NOMEM, "error object");
	TRY(json_put_str(o, "code", span_str(err_code(e))));
	TRY(json_put_str(o, "text", span_str(err_zh(e))));
	TRY(json_put_str(o, "remedy", span_str(err_remedy(e))));
	if (tries >= 0)
		TRY(json_put_int(o, "tries", tries));
	*ret_v = STEAL(o);
	return ERR_OK;
}

static enum err put_error(json_t *o, enum err e, int tries)
{
	json_t *error = NULL;

	TRY(dialogue_error_json(e, tries, &error));
	return json_put(o, "error", error);
}

static enum err key_row(const struct key *k, json_t *list)
{
	AUTO_JSON o = json_object();
	size_t len = strlen(k->serial);

	if (o == NULL)
		return ERR(NOMEM, "key");
	TRY(json_put_str(o, "serial", span_str(k->serial)));
	TRY(json_put_str(o, "tail", span_str(k->serial + (len > 4 ? len - 4 : 0))));
	TRY(json_put_str(o, "unit", span_str(k->unit)));
	TRY(json_put_str(o, "holder", span_str(k->holder)));
	TRY(json_put_int(o, "tries", k->tries));
	TRY(json_put_int(o, "not_after", k->not_after));
	TRY(key_put_last_day(o, k));
	return json_array_append_new(list, STEAL(o)) == 0 ? ERR_OK : ERR(NOMEM, "key");
}

static enum err put_keys(json_t *o, const struct dialogue *d)
{
	json_t *list = json_array();

	TRY(json_put(o, "keys", list));
	for (size_t i = 0; i < d->n_keys; i++)
		TRY(key_row(&d->keys[i], list));
	return ERR_OK;
}

static size_t row_octets(const json_t *row)
{
	return json_string_length(json_object_get(row, "label")) + json_string_length(json_object_get(row, "value")) +
	       json_string_length(json_object_get(row, "shown"));
}

/* A page of what is to be signed; one row at the least. */
static enum err put_rows(json_t *o, const struct dialogue *d, size_t from)
{
	json_t *page = json_array();
	size_t n = json_array_size(d->rows), octets = 0;

	TRY(json_put(o, "rows", page));
	for (size_t i = from; i < n && i - from < DIALOGUE_PAGE_ROWS; i++) {
		const json_t *row = json_array_get(d->rows, i);
		octets += row_octets(row);
		if (i > from && octets > DIALOGUE_PAGE_OCTETS)
			break;
		if (json_array_append_new(page, json_deep_copy(row)) != 0)
			return ERR(NOMEM, "rows");
	}
	TRY(json_put_int(o, "from", (int64_t)from));
	return json_put_int(o, "rows_total", (int64_t)n);
}

static enum err put_job(json_t *o, const struct dialogue *d)
{
	static const char *const needs[] = {"none", "pin", "newpin"};

	TRY(json_put_str(o, "state", d->state == DIALOGUE_ASK ? SPAN_LIT("ask") : SPAN_LIT("busy")));
	TRY(json_put_str(o, "token", span_str(d->token)));
	TRY(json_put_str(o, "title", span_str(d->title)));
	TRY(json_put_str(o, "origin", span_str(d->origin)));
	TRY(json_put_int(o, "called", d->called));
	TRY(put_rows(o, d, 0));
	TRY(json_put_str(o, "need", span_str(needs[d->need])));
	TRY(put_keys(o, d));
	if (d->n_keys == 1)
		TRY(json_put_int(o, "tries", d->tries >= 0 ? d->tries : (int)d->keys[0].tries));
	if (d->state == DIALOGUE_ASK && d->why != ERR_OK)
		return put_error(o, d->why, d->tries);
	return ERR_OK;
}

static enum err put_outcome(json_t *o, const struct dialogue *d, const char *id)
{
	for (size_t i = 0; i < RECENT_MAX; i++) {
		const struct recent *r = &d->recent[i];
		if (strcmp(r->id, id) != 0)
			continue;
		if (r->outcome == ERR_OK)
			return json_put_str(o, "state", SPAN_LIT("done"));
		TRY(json_put_str(o, "state", SPAN_LIT("failed")));
		return put_error(o, r->outcome, r->tries);
	}
	return json_put_str(o, "state", SPAN_LIT("waiting"));
}

static bool is_current(const struct dialogue *d, const char *id)
{
	return d->state != DIALOGUE_IDLE && strcmp(d->id, id) == 0;
}

enum err dialogue_json(struct dialogue *d, const char *id, json_t **ret_v)
{
	AUTO_JSON o = json_object();

	if (o == NULL)
		return ERR(NOMEM, "job");
	pthread_mutex_lock(&d->lock);
	bool current = is_current(d, id);
	if (current) {
		d->seen = true;
		d->seen_ms = clock_mono_ms();
	}
	enum err e = current ? put_job(o, d) : put_outcome(o, d, id);
	pthread_mutex_unlock(&d->lock);
	TRY(e);
	*ret_v = STEAL(o);
	return ERR_OK;
}

enum err dialogue_rows_json(struct dialogue *d, const char *id, size_t from, json_t **ret_v)
{
	AUTO_JSON o = json_object();

	if (o == NULL)
		return ERR(NOMEM, "rows");
	pthread_mutex_lock(&d->lock);
	enum err e = is_current(d, id) ? put_rows(o, d, from) : ERR(STATE, "no such dialogue is open");
	if (e == ERR_OK)
		d->asked_ms = d->seen_ms = clock_mono_ms();
	pthread_mutex_unlock(&d->lock);
	TRY(e);
	*ret_v = STEAL(o);
	return ERR_OK;
}

/* --- another page's request --- */

static enum err put_other(json_t *o, const struct dialogue *d)
{
	if (d->state == DIALOGUE_IDLE)
		return ERR(STATE, "no dialogue is open");
	TRY(json_put_str(o, "ref", span_str(d->ref)));
	TRY(json_put_str(o, "title", span_str(d->title)));
	TRY(json_put_str(o, "origin", span_str(d->origin)));
	return json_put_int(o, "seconds", (clock_mono_ms() - d->begun_ms) / 1000);
}

enum err dialogue_other_json(struct dialogue *d, json_t **ret_v)
{
	AUTO_JSON o = json_object();

	if (o == NULL)
		return ERR(NOMEM, "dialogue");
	pthread_mutex_lock(&d->lock);
	enum err e = put_other(o, d);
	pthread_mutex_unlock(&d->lock);
	TRY(e);
	*ret_v = STEAL(o);
	return ERR_OK;
}

/* With the lock held. */
static enum err check_ref(const struct dialogue *d, const char *ref)
{
	if (d->state == DIALOGUE_IDLE || !ct_equal(span_str(ref), span_str(d->ref)))
		return ERR(STATE, "that dialogue is over");
	return ERR_OK;
}

enum err dialogue_call(struct dialogue *d, const char *ref)
{
	pthread_mutex_lock(&d->lock);
	enum err e = check_ref(d, ref);
	if (e == ERR_OK)
		d->called++;
	pthread_mutex_unlock(&d->lock);
	return e;
}

enum err dialogue_close(struct dialogue *d, const char *ref)
{
	pthread_mutex_lock(&d->lock);
	enum err e = check_ref(d, ref);
	if (e == ERR_OK) {
		d->closed = true;
		pthread_cond_broadcast(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
	return e;
}

bool dialogue_is_closed(struct dialogue *d)
{
	pthread_mutex_lock(&d->lock);
	bool closed = d->closed;
	pthread_mutex_unlock(&d->lock);
	return closed;
}

/* --- answers --- */

static enum err check_token(const struct dialogue *d, const char *id, const char *token)
{
	if (!is_current(d, id))
		return ERR(STATE, "no such dialogue is open");
	if (!ct_equal(span_str(token), span_str(d->token)))
		return ERR(CSRF, "token of another dialogue");
	return ERR_OK;
}

static enum err take_pin(struct dialogue *d, const struct key *k, struct span pin, struct span pin2)
{
	if (d->need == NEED_NONE)
		return ERR_OK;
	TRY(dialogue_check_pin(d, k, pin));
	if (d->need == NEED_NEW_PIN && !ct_equal(pin, pin2))
		return ERR(PIN_DIFFER, "second entry differs");
	return secret_from(pin, &d->answer.pin);
}

static enum err reply(struct dialogue *d, const char *serial, struct span pin, struct span pin2)
{
	const struct key *k = dialogue_offered(d, serial);

	if (k == NULL)
		return ERR(CARD_WRONG, "key was not offered");
	TRY(take_pin(d, k, pin, pin2));
	d->answer.key = *k;
	d->answered = true;
	/* Until the request has looked, a second click must not answer a second time. */
	d->state = DIALOGUE_BUSY;
	pthread_cond_broadcast(&d->changed);
	return ERR_OK;
}

enum err dialogue_reply(struct dialogue *d, const char *id, const char *token, const char *serial, struct span pin,
                        struct span pin2)
{
	pthread_mutex_lock(&d->lock);
	enum err e = check_token(d, id, token);
	if (e == ERR_OK && d->state != DIALOGUE_ASK)
		e = ERR(STATE, "nothing is asked now");
	if (e == ERR_OK)
		e = reply(d, serial, pin, pin2);
	pthread_mutex_unlock(&d->lock);
	return e;
}

enum err dialogue_cancel(struct dialogue *d, const char *id, const char *token)
{
	pthread_mutex_lock(&d->lock);
	enum err e = check_token(d, id, token);
	if (e == ERR_OK) {
		d->cancelled = true;
		pthread_cond_broadcast(&d->changed);
	}
	pthread_mutex_unlock(&d->lock);
	return e;
}
