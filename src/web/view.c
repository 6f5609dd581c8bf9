#include "web/req.h"
#include <stdio.h>
#include <string.h>

static enum err put_text(json_t *o, const char *key, const char *value)
{
	return json_put_str(o, key, span_str(value));
}

/* --- members that the layer adds to every HTML model --- */

static json_t *error_json(const struct field_error *f)
{
	AUTO_JSON o = json_object();

	if (o == NULL || put_text(o, "field", f->field) != ERR_OK || put_text(o, "label", f->label) != ERR_OK ||
	    put_text(o, "code", err_code(f->e)) != ERR_OK || put_text(o, "text", f->text) != ERR_OK ||
	    put_text(o, "remedy", err_remedy(f->e)) != ERR_OK)
		return NULL;
	return STEAL(o);
}

static enum err errors_json(const struct web_req *rq, json_t **ret_list)
{
	AUTO_JSON list = json_array();

	for (size_t i = 0; list != NULL && i < rq->n_errors; i++)
		if (json_array_append_new(list, error_json(&rq->errors[i])) != 0)
			return ERR(NOMEM, "field errors");
	if (list == NULL)
		return ERR(NOMEM, "field errors");
	*ret_list = STEAL(list);
	return ERR_OK;
}

static const char *error_of(const struct web_req *rq, const char *field)
{
	for (size_t i = 0; i < rq->n_errors; i++)
		if (strcmp(rq->errors[i].field, field) == 0)
			return rq->errors[i].text;
	return "";
}

static enum err put_form(const struct web_req *rq, json_t *model)
{
	json_t *form = json_object();

	TRY(json_put(model, "form", form));
	for (const struct web_field *f = rq->fields; f != NULL && f->name != NULL; f++) {
		const struct input *in = inputs_find(&rq->inputs, f->name);
		json_t *o = json_object();
		TRY(json_put(form, f->name, o));
		TRY(put_text(o, "value", in ? in->value : ""));
		TRY(put_text(o, "error", error_of(rq, f->name)));
	}
	return ERR_OK;
}

static enum err put_layer(const struct web_req *rq, json_t *model)
{
	json_t *list;

	TRY(put_form(rq, model));
	TRY(errors_json(rq, &list));
	TRY(json_put(model, "errors", list));
	return json_put_bool(model, "has_errors", rq->n_errors > 0);
}

static enum err render(struct web_req *rq, const char *view)
{
	TRY(put_layer(rq, rq->model));
	if (rq->conf->common != NULL)
		TRY(rq->conf->common(rq, rq->model));
	if (rq->conf->views == NULL)
		return ERR(INTERNAL, "no views");
	buf_clear(&rq->body);
	TRY(views_render(rq->conf->views, view, rq->model, &rq->body));
	rq->content_type = "text/html; charset=utf-8";
	return ERR_OK;
}

static enum err answer_json(struct web_req *rq)
{
	buf_clear(&rq->body);
	TRY(json_print(rq->model, &rq->body));
	rq->content_type = "application/json";
	return ERR_OK;
}

/* A page that asks in JSON can then post without reading HTML first. */
static enum err put_token_header(struct web_req *rq)
{
	const char *token;

	if (!rq->has_session && rq->pre_token[0] == '\0')
		return ERR_OK;
	TRY(web_csrf(rq, &token));
	web_header(rq, "X-Csrf-Token", token);
	return ERR_OK;
}

enum err view_answer(struct web_req *rq)
{
	const char *view = rq->view != NULL ? rq->view : rq->route->view;

	if (rq->wants_json || view == NULL) {
		TRY(put_token_header(rq));
		return answer_json(rq);
	}
	return render(rq, view);
}

/* --- errors --- */

static enum err fill_error(const struct web_req *rq, enum err e, json_t *o)
{
	TRY(put_text(o, "code", err_code(e)));
	TRY(put_text(o, "text", err_zh(e)));
	TRY(put_text(o, "remedy", err_remedy(e)));
	TRY(put_text(o, "rid", rq->rid));
	return ERR_OK;
}

static enum err error_as_json(struct web_req *rq, enum err e)
{
	json_t *o = json_object(), *list;

	TRY(json_put(rq->model, "error", o));
	TRY(fill_error(rq, e, o));
	if (rq->error_detail != NULL)
		TRY(put_text(o, "detail", rq->error_detail));
	if (rq->n_errors > 0) {
		TRY(errors_json(rq, &list));
		TRY(json_put(o, "fields", list));
	}
	return answer_json(rq);
}

static enum err error_as_page(struct web_req *rq, enum err e)
{
	TRY(fill_error(rq, e, rq->model));
	TRY(put_text(rq->model, "detail", rq->error_detail ? rq->error_detail : ""));
	TRY(json_put_int(rq->model, "status", rq->status));
	return render(rq, "error");
}

/* When even the error page fails: no template, no JSON, next to no memory. */
static void error_as_text(struct web_req *rq, enum err e)
{
	buf_clear(&rq->body);
	buf_printf(&rq->body, "%s %s。%s。\n请求号 %s\n", err_code(e), err_zh(e), err_remedy(e), rq->rid);
	if (buf_err(&rq->body) != ERR_OK)
		buf_clear(&rq->body);
	rq->content_type = "text/plain; charset=utf-8";
}

static void keep_for_log(struct web_req *rq, enum err e)
{
	const char *detail = arena_str(rq->arena, span_str(err_detail())),
		   *where = arena_str(rq->arena, span_str(err_where()));

	rq->failed = e;
	rq->failed_detail = detail != NULL ? detail : "";
	rq->failed_where = where != NULL ? where : "";
	err_clear();
}

void view_error(struct web_req *rq, enum err e)
{
	keep_for_log(rq, e);
	json_object_clear(rq->model);
	rq->n_headers = 0;
	rq->broken = rq->is_shared = rq->answered = false;
	rq->status = rq->n_errors > 0 ? 422 : err_http(e) >= 400 ? err_http(e) : 500;
	if (rq->allow != NULL)
		web_header(rq, "Allow", rq->allow);
	if (rq->status == 429 || rq->status == 503)
		web_header(rq, "Retry-After", "10");
	enum err shown = rq->wants_json ? error_as_json(rq, e) : error_as_page(rq, e);
	if (shown != ERR_OK) {
		err_clear();
		error_as_text(rq, e);
	}
}
